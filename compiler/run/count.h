/*===- count.h - where instructions are counted -----------------*- C -*-===//
 *
 * Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * What count_instructions.c looks for in a program.
 *===----------------------------------------------------------------------===*/

#ifndef COUNT_H
#define COUNT_H

__attribute__((noinline)) static void count_begin(void) {
  __asm__ volatile("" ::: "memory");
}

__attribute__((noinline)) static void count_end(void) {
  __asm__ volatile("" ::: "memory");
}

#endif /* COUNT_H */
