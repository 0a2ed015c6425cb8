//===- amx_runner.c - runs programs with AMX on CPUs without ----*- C -*---===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
//
// usage: amx_runner PROGRAM ARGUMENT...
//
// Runs PROGRAM and computes the instructions on tiles that the CPU refuses, one
// signal for each. Knows LDTILECFG, TILERELEASE, TILEZERO, TILELOADD(T1),
// TILESTORED, TDPBF16PS and TDPB(SS|SU|US|UU)D. A tile that is used otherwise
// than it is configured, or before the program has asked for tiles, ends the
// program, as on the machine.
//
//===----------------------------------------------------------------------===//

#define _GNU_SOURCE
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

enum { tiles = 8, mostRows = 16, rowBytes = 64 };

static pid_t child;
static struct user_regs_struct regs;
static uint8_t tile[tiles][mostRows][rowBytes];
static int rows[tiles], columnBytes[tiles], configured, granted;

static void fail(const char *what) {
  fprintf(stderr, "amx_runner: %s at %#llx\n", what, regs.rip);
  kill(child, SIGKILL);
  exit(1);
}

static void copy(uint64_t address, void *bytes, size_t size, int toChild) {
  struct iovec here = {bytes, size}, there = {(void *)address, size};
  ssize_t done = toChild ? process_vm_writev(child, &here, 1, &there, 1, 0)
                         : process_vm_readv(child, &here, 1, &there, 1, 0);
  if (done != (ssize_t)size)
    fail("a tile reaches memory that is not there");
}

static uint64_t reg(int number) {
  const unsigned long long values[16] = {
      regs.rax, regs.rcx, regs.rdx, regs.rbx, regs.rsp, regs.rbp,
      regs.rsi, regs.rdi, regs.r8,  regs.r9,  regs.r10, regs.r11,
      regs.r12, regs.r13, regs.r14, regs.r15};
  return values[number];
}

/// An instruction with a three-byte VEX prefix.
struct Instruction {
  int prefix, opcode, mod, reg, rm, vvvv, length;
  uint64_t base, index;
};

static int decode(const uint8_t *code, struct Instruction *i) {
  if (code[0] != 0xc4 || (code[1] & 31) != 2)
    return 0;
  int x = !(code[1] >> 6 & 1) * 8, b = !(code[1] >> 5 & 1) * 8;
  i->prefix = code[2] & 3;
  i->vvvv = ~code[2] >> 3 & 15;
  i->opcode = code[3];
  i->mod = code[4] >> 6;
  i->reg = code[4] >> 3 & 7;
  i->rm = code[4] & 7;
  i->length = 5;
  i->index = 0;
  if (i->mod == 3)
    return 1;
  if (i->rm == 4) {
    int sib = code[i->length++], index = (sib >> 3 & 7) + x;
    i->index = index == 4 ? 0 : reg(index) << (sib >> 6);
    i->base = (sib & 7) == 5 && !i->mod ? 0 : reg((sib & 7) + b);
    if ((sib & 7) == 5 && !i->mod)
      i->mod = 2;
  } else if (i->rm == 5 && !i->mod) {
    int32_t offset;
    memcpy(&offset, code + i->length, 4);
    i->length += 4;
    i->base = regs.rip + i->length + offset;
    return 1;
  } else {
    i->base = reg(i->rm + b);
  }
  if (i->mod == 1)
    i->base += (int8_t)code[i->length++];
  if (i->mod == 2) {
    int32_t offset;
    memcpy(&offset, code + i->length, 4);
    i->length += 4;
    i->base += offset;
  }
  return 1;
}

static void configure(uint64_t address) {
  uint8_t config[64];
  if (!granted)
    fail("tiles that were not asked for");
  copy(address, config, sizeof config, 0);
  if (config[0] != 1)
    fail("a palette other than 1");
  configured = 1;
  memset(tile, 0, sizeof tile);
  for (int t = 0; t < tiles; ++t) {
    columnBytes[t] = config[16 + 2 * t] | config[17 + 2 * t] << 8;
    rows[t] = config[48 + t];
    if (rows[t] > mostRows || columnBytes[t] > rowBytes)
      fail("a tile that is too large");
  }
}

static float bf16(const uint8_t *bytes) {
  uint32_t bits = (uint32_t)(bytes[0] | bytes[1] << 8) << 16;
  float value;
  memcpy(&value, &bits, 4);
  return value;
}

/// What the four bytes, or two bf16, at `left` and `right` add to `sum`.
typedef uint32_t Accumulate(uint32_t sum, const uint8_t *left,
                            const uint8_t *right);

static uint32_t addFloats(uint32_t sum, const uint8_t *left,
                          const uint8_t *right) {
  float value;
  memcpy(&value, &sum, 4);
  for (int i = 0; i < 4; i += 2)
    value += bf16(left + i) * bf16(right + i);
  memcpy(&sum, &value, 4);
  return sum;
}

#define ADD_BYTES(name, leftType, rightType)                                   \
  static uint32_t name(uint32_t sum, const uint8_t *left,                      \
                       const uint8_t *right) {                                 \
    for (int i = 0; i < 4; ++i)                                                \
      sum += (uint32_t)((leftType)left[i] * (rightType)right[i]);              \
    return sum;                                                                \
  }
ADD_BYTES(addSigned, int8_t, int8_t)
ADD_BYTES(addSignedUnsigned, int8_t, uint8_t)
ADD_BYTES(addUnsignedSigned, uint8_t, int8_t)
ADD_BYTES(addUnsigned, uint8_t, uint8_t)

static void multiply(int to, int left, int right, Accumulate *accumulate) {
  int depth = columnBytes[left] / 4;
  if (rows[to] != rows[left] || columnBytes[to] != columnBytes[right] ||
      depth != rows[right])
    fail("tiles whose shapes do not match");
  for (int m = 0; m < rows[to]; ++m)
    for (int n = 0; n < columnBytes[to] / 4; ++n) {
      uint32_t sum;
      memcpy(&sum, &tile[to][m][4 * n], 4);
      for (int k = 0; k < depth; ++k)
        sum = accumulate(sum, &tile[left][m][4 * k], &tile[right][k][4 * n]);
      memcpy(&tile[to][m][4 * n], &sum, 4);
    }
}

/// Whether the refused instruction is one of those known here.
static int execute(void) {
  enum { none, p66, pF3, pF2 };
  static Accumulate *const bytes[] = {addUnsigned, addUnsignedSigned,
                                      addSignedUnsigned, addSigned};
  uint8_t code[16];
  struct Instruction i = {0};
  copy(regs.rip, code, sizeof code, 0);
  if (!decode(code, &i))
    return 0;
  int isMemory = i.mod != 3;
  if (i.opcode == 0x49 && i.prefix == none) {
    if (isMemory)
      configure(i.base);
    else
      configured = 0;
    regs.rip += i.length;
    return 1;
  }
  if (i.opcode != 0x49 && i.opcode != 0x4b && i.opcode != 0x5c &&
      i.opcode != 0x5e)
    return 0;
  if (!configured || !rows[i.reg])
    fail("a tile that is not configured");
  if (i.opcode == 0x49 && i.prefix == pF2 && !isMemory)
    memset(tile[i.reg], 0, sizeof tile[0]);
  else if (i.opcode == 0x4b && isMemory)
    for (int row = 0; row < rows[i.reg]; ++row)
      copy(i.base + row * i.index, tile[i.reg][row], columnBytes[i.reg],
           i.prefix == pF3);
  else if (i.opcode == 0x5c && i.prefix == pF3 && !isMemory)
    multiply(i.reg, i.rm, i.vvvv, addFloats);
  else if (i.opcode == 0x5e && !isMemory)
    multiply(i.reg, i.rm, i.vvvv, bytes[i.prefix]);
  else
    return 0;
  regs.rip += i.length;
  return 1;
}

/// Grants tiles when the program asks; `entered` says which end of the call.
static void watchCall(int *entered) {
  enum { archPrctl = 158, request = 0x1023, tileData = 18 };
  *entered = !*entered;
  ptrace(PTRACE_GETREGS, child, 0, &regs);
  if (*entered || regs.orig_rax != archPrctl || regs.rdi != request ||
      regs.rsi != tileData)
    return;
  granted = 1;
  regs.rax = 0;
  ptrace(PTRACE_SETREGS, child, 0, &regs);
}

int main(int argc, char **argv) {
  if (argc < 2)
    return 2;
  child = fork();
  if (!child) {
    ptrace(PTRACE_TRACEME, 0, 0, 0);
    execvp(argv[1], argv + 1);
    _exit(127);
  }
  enum { callTrap = SIGTRAP | 0x80 };
  int status, deliver = 0, entered = 0, isKnown = 0;
  while (waitpid(child, &status, 0) == child && WIFSTOPPED(status)) {
    if (!isKnown)
      ptrace(PTRACE_SETOPTIONS, child, 0, PTRACE_O_TRACESYSGOOD);
    isKnown = 1;
    int signal = WSTOPSIG(status);
    deliver = signal == SIGTRAP || signal == callTrap ? 0 : signal;
    if (signal == callTrap)
      watchCall(&entered);
    if (signal == SIGILL) {
      ptrace(PTRACE_GETREGS, child, 0, &regs);
      if (execute()) {
        ptrace(PTRACE_SETREGS, child, 0, &regs);
        deliver = 0;
      }
    }
    ptrace(PTRACE_SYSCALL, child, 0, deliver);
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
