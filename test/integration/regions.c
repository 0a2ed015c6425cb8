/*===- regions.c - a network in memories of exactly its size ------*- C -*-===//
 *
 * Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Runs a network that was compiled with a memory map, each region in a memory
 * that has no byte to spare, and compares with the results of another machine.
 * memory.py writes data.h: the bytes of the input and of the output. With
 * COPIES, the number of copies of constants, there are hooks for them here: one
 * spoils the memory that a copy is for when it begins, another copies when
 * somebody waits for it, as late as it may be. Without, the object's own copy
 * at once. With STEPS layers run one by one.
 *===----------------------------------------------------------------------===*/

#include "board.h"
#include "network.h"

#include "data.h"

#define IN(name) __attribute__((section(name), aligned(NETWORK_ARENA_ALIGN)))

static IN(".fast") unsigned char fast[NETWORK_FAST_BYTES];
static IN(".slow") unsigned char slow[NETWORK_SLOW_BYTES];

#ifdef COPIES
static struct {
  unsigned char *to;
  const unsigned char *from;
  size_t bytes;
} copies[COPIES];
static unsigned begun, done;

void network_copy_start(void *to, const void *from, size_t bytes) {
  unsigned char *start = to;
  if (begun == COPIES)
    fail("too many copies");
  if (start < fast || start + bytes > fast + sizeof fast)
    fail("a copy to somewhere else");
  for (size_t i = 0; i < bytes; ++i)
    start[i] = 0x5a;
  copies[begun].to = to;
  copies[begun].from = from;
  copies[begun++].bytes = bytes;
}

void network_copy_wait(void) {
  if (done == begun)
    fail("nothing to wait for");
  for (; done < begun; ++done)
    for (size_t i = 0; i < copies[done].bytes; ++i)
      copies[done].to[i] = copies[done].from[i];
}
#endif

int main(void) {
  static IN(".bss.output") unsigned char output[sizeof expected];
  const void *in = input;
  void *out = output;
  if (network_run(in, out, slow, sizeof slow - 1, fast, sizeof fast) !=
          NETWORK_SMALL_ARENA ||
      network_run(in, out, slow, sizeof slow, fast, sizeof fast - 1) !=
          NETWORK_SMALL_ARENA ||
      network_run(in, out, slow, sizeof slow, fast + 1, sizeof fast) !=
          NETWORK_MISALIGNED_ARENA ||
      network_run(in, out, 0, sizeof slow, fast, sizeof fast) !=
          NETWORK_NULL_POINTER)
    fail("a wrong region is not refused");
#ifdef STEPS
  for (unsigned i = 0; i < NETWORK_LAYERS; ++i)
    if (network_step(in, out, slow, sizeof slow, fast, sizeof fast, i) !=
        NETWORK_OK)
      fail("a layer is refused");
#else
  if (network_run(in, out, slow, sizeof slow, fast, sizeof fast) != NETWORK_OK)
    fail("the run is refused");
#endif
  for (unsigned i = 0; i < sizeof expected; ++i)
    if (output[i] != expected[i])
      fail("the results differ");
#ifdef COPIES
  if (begun != COPIES || done != COPIES)
    fail("fewer copies than stated");
#endif
  return 0;
}
