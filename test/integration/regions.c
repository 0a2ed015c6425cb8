/*===- regions.c - a network in memories of exactly its size ------*- C -*-===//
 *
 * Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Runs a network that was compiled with a memory map, each region in a memory
 * that has no byte to spare, and compares with the results of another machine.
 * memory.py writes data.h: the bytes of the input and of the output.
 *===----------------------------------------------------------------------===*/

#include "board.h"
#include "network.h"

#include "data.h"

#define IN(name) __attribute__((section(name), aligned(NETWORK_ARENA_ALIGN)))

static IN(".fast") unsigned char fast[NETWORK_FAST_BYTES];
static IN(".slow") unsigned char slow[NETWORK_SLOW_BYTES];

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
  if (network_run(in, out, slow, sizeof slow, fast, sizeof fast) != NETWORK_OK)
    fail("the run is refused");
  for (unsigned i = 0; i < sizeof expected; ++i)
    if (output[i] != expected[i])
      fail("the results differ");
  return 0;
}
