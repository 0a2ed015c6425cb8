/* Runs a network with the simulator of edge-sim on a board.
 *
 * Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */

#include "board.h"
#include "data.h"
#include "edge_sim.h"
#include "network.h"

static unsigned char arena[NETWORK_ARENA_BYTES]
    __attribute__((aligned(NETWORK_ARENA_ALIGN)));
static unsigned char output[sizeof expected] __attribute__((aligned(16)));

int main(void) {
  const void *inputs[] = {input};
  void *outputs[] = {output};
  if (network_model.run(inputs, outputs, arena, sizeof arena) != EDGECC_OK)
    fail("the network has not run");
  for (unsigned i = 0; i < sizeof output; ++i)
    if (output[i] != expected[i])
      fail("other results than on the host");
  if (edge_sim_counts.cycles != CYCLES)
    fail("other cycles than on the host");
  return 0;
}
