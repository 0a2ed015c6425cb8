/*===- start_arm_m.c - from reset to main on Cortex-M -------------*- C -*-===//
 *
 * Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *===----------------------------------------------------------------------===*/

#include "board.h"

uintptr_t semihost(uintptr_t operation, const void *arguments) {
  register uintptr_t r0 __asm__("r0") = operation;
  register const void *r1 __asm__("r1") = arguments;
  __asm__ volatile("bkpt 0xab"
                   : "+r"(r0)
                   : "r"(r1)
                   : "memory", "r2", "r3", "r12", "lr");
  return r0;
}

__attribute__((naked)) char *stack_pointer(void) {
  __asm__ volatile("mov r0, sp\n"
                   "bx lr\n");
}

/* The first code that runs: the stack pointer comes from the vector table. */
static void reset(void) {
#if defined(__ARM_FP) || defined(__ARM_FEATURE_MVE)
  /* Coprocessors 10 and 11 are the floating point and vector unit. */
  *(volatile uint32_t *)0xE000ED88u |= 0xFu << 20;
  __asm__ volatile("dsb\n isb\n" ::: "memory");
#endif
  leave(main());
}

static void fault(void) { fail("the processor took a fault"); }

typedef void (*vector_t)(void);

__attribute__((section(".vectors"), used)) static const vector_t vectors[16] = {
    (vector_t)free_end,
    reset,
    fault,
    fault,
    fault,
    fault,
    fault,
    fault,
    fault,
    fault,
    fault,
    fault,
    fault,
    fault,
    fault,
    fault};
