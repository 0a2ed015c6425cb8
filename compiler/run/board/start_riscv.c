/*===- start_riscv.c - from reset to main on RISC-V ---------------*- C -*-===//
 *
 * Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *===----------------------------------------------------------------------===*/

#include "board.h"

uintptr_t semihost(uintptr_t operation, const void *arguments) {
  register uintptr_t a0 __asm__("a0") = operation;
  register const void *a1 __asm__("a1") = arguments;
  __asm__ volatile(".balign 16\n" /* all three on one page */
                   ".option push\n"
                   ".option norvc\n"
                   "slli x0, x0, 0x1f\n"
                   "ebreak\n"
                   "srai x0, x0, 7\n"
                   ".option pop\n"
                   : "+r"(a0)
                   : "r"(a1)
                   : "memory");
  return a0;
}

__attribute__((naked)) char *stack_pointer(void) {
  __asm__ volatile("mv a0, sp\n"
                   "ret\n");
}

__attribute__((used)) static void trap(void) {
  fail("the processor took a trap");
}

__attribute__((used)) static void start(void) { leave(main()); }

/* The first code that runs. Switches the floating point and vector units on;
 * the bits stay zero where there is none. */
__attribute__((naked, section(".vectors"), used)) void reset(void);
void reset(void) {
  __asm__ volatile("la sp, free_end\n"
                   "la t0, 1f\n"
                   "csrw mtvec, t0\n"
                   "li t0, 0x6600\n"
                   "csrs mstatus, t0\n"
                   "j %1\n"
                   ".balign 4\n"
                   "1: j %0\n" ::"i"(trap),
                   "i"(start));
}
