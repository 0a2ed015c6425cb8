/*===- board.h - what a program without a system has --------------*- C -*-===//
 *
 * Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * What start_arm_m.c and start_riscv.c provide and program.c uses.
 *===----------------------------------------------------------------------===*/

#ifndef EDGECC_BOARD_H
#define EDGECC_BOARD_H

#include <stdint.h>

/* The ends of the memory that is nobody's; the stack grows down into it.
 * Defined by the linker. */
extern char free_start[], free_end[];

/* Asks the debugger or emulator for a service (Arm's semihosting, which RISC-V
 * has taken over): `arguments` is an array of words, or what the operation
 * says. */
enum {
  SEMIHOST_OPEN = 0x01,
  SEMIHOST_CLOSE = 0x02,
  SEMIHOST_WRITE0 = 0x04,
  SEMIHOST_WRITE = 0x05,
  SEMIHOST_READ = 0x06,
  SEMIHOST_EXIT = 0x20
};
uintptr_t semihost(uintptr_t operation, const void *arguments);

/* The caller's stack pointer. */
char *stack_pointer(void);

/* The program; what it returns is the status. */
int main(void);

/* Ends the program. */
__attribute__((noreturn)) static inline void leave(int status) {
  /* "The application exited", and the status. */
  uintptr_t arguments[2] = {0x20026, (uintptr_t)status};
  semihost(SEMIHOST_EXIT, arguments);
  for (;;)
    ;
}

/* Prints a line, and ends the program with status 1. */
__attribute__((noreturn)) static inline void fail(const char *what) {
  semihost(SEMIHOST_WRITE0, what);
  semihost(SEMIHOST_WRITE0, "\n");
  leave(1);
}

#endif /* EDGECC_BOARD_H */
