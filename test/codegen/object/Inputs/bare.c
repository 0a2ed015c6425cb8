/*===- bare.c - a program without libc ---------------------------*- C -*-===//
 *
 * Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Runs the digits network on a machine without floating point: the input comes
 * from standard input, the output goes to standard output, by system calls of
 * Linux.
 *===----------------------------------------------------------------------===*/

#include "digits.h"
#if defined(__arm__)
static long call3(long n, long a, long b, long c) {
  register long r7 __asm__("r7") = n;
  register long r0 __asm__("r0") = a;
  register long r1 __asm__("r1") = b;
  register long r2 __asm__("r2") = c;
  __asm__ volatile("svc 0" : "+r"(r0) : "r"(r1), "r"(r2), "r"(r7) : "memory");
  return r0;
}
#define READ 3
#define WRITE 4
#define EXIT 1
#else
static long call3(long n, long a, long b, long c) {
  register long a7 __asm__("a7") = n;
  register long a0 __asm__("a0") = a;
  register long a1 __asm__("a1") = b;
  register long a2 __asm__("a2") = c;
  __asm__ volatile("ecall" : "+r"(a0) : "r"(a1), "r"(a2), "r"(a7) : "memory");
  return a0;
}
#define READ 63
#define WRITE 64
#define EXIT 93
#endif
static float image[DIGITS_INPUT_IMAGE_SIZE];
static float logits[DIGITS_OUTPUT_LOGITS_SIZE];
static DIGITS_ALIGNED unsigned char arena[DIGITS_ARENA_BYTES];
void _start(void);
void _start(void) {
  call3(READ, 0, (long)image, sizeof image);
  int status = digits_run(image, logits, arena, sizeof arena);
  call3(WRITE, 1, (long)logits, sizeof logits);
  call3(EXIT, status, 0, 0);
  for (;;)
    ;
}
