/* Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Runs a network as a whole and layer by layer. Prints "same" if the results
 * are, then what a counter of the test read at each layer. */
#include "net.h"

#include <stdio.h>
#include <string.h>

static uint32_t order[NET_LAYERS + 1], calls;

void net_on_layer(uint32_t layer) {
  if (calls <= NET_LAYERS)
    order[calls] = layer;
  ++calls;
}

static NET_ALIGNED unsigned char arena[NET_ARENA_BYTES];
static float x[NET_INPUT_X_SIZE], whole[NET_OUTPUT_Y_SIZE],
    pieces[NET_OUTPUT_Y_SIZE];

int main(void) {
  static const char *const names[] = {NET_LAYER_NAMES};
  if (sizeof names / sizeof *names != NET_LAYERS)
    return 2;
  for (unsigned i = 0; i < NET_INPUT_X_SIZE; ++i)
    x[i] = (float)(i % 17) / 8 - 1;
  if (net_run(x, whole, arena, sizeof arena) != NET_OK)
    return 3;
  if (calls != NET_LAYERS + 1)
    return 4;
  for (uint32_t i = 0; i <= NET_LAYERS; ++i)
    if (order[i] != i)
      return 5;
  memset(arena, 0xff, sizeof arena);
  for (uint32_t i = 0; i < NET_LAYERS; ++i)
    if (net_step(x, pieces, arena, sizeof arena, i) != NET_OK)
      return 6;
  if (calls != NET_LAYERS + 1)
    return 7;
  if (net_step(x, pieces, arena, sizeof arena, NET_LAYERS) !=
          NET_NO_SUCH_LAYER ||
      net_step(x, pieces, NULL, sizeof arena, 0) != NET_NULL_POINTER ||
      net_step(x, pieces, arena, sizeof arena - 1, 0) != NET_SMALL_ARENA)
    return 8;
  if (memcmp(whole, pieces, sizeof whole) != 0)
    return 9;
  puts("same");
  /* A counter that wraps: layer i takes 100 + i. */
  uint32_t counter = 0xffffff00u;
  for (uint32_t i = 0; i <= NET_LAYERS; ++i) {
    printf("0x%x\n", (unsigned)counter);
    counter += 100 + i;
  }
  return 0;
}
