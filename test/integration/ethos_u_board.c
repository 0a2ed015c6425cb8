/* Runs a network whose regions an Ethos-U computes on a board without one:
 * their results are known, or the CPU computes them.
 *
 * Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */

#include "board.h"
#include "network.h"

/* A tensor of an invocation, among the tensors of its program. */
struct piece {
  unsigned invocation, is_output, offset, bytes;
  const unsigned char *data;
};

#include "data.h"

extern int (*ethos_u_compute)(const void *commands, int bytes, uint64_t *bases);
extern unsigned ethos_u_invocations;
extern const char *ethos_u_mistake;

static unsigned char arena[NETWORK_ARENA_BYTES]
    __attribute__((aligned(NETWORK_ARENA_ALIGN)));
static unsigned char output[sizeof expected] __attribute__((aligned(16)));

static int compute(const void *commands, int bytes, uint64_t *bases) {
  unsigned i, k;
  (void)commands;
  (void)bytes;
#ifdef HAS_FALLBACK
  /* The CPU computes what is right whatever is there. */
  for (i = 0; i < sizeof pieces / sizeof *pieces; ++i)
    if (pieces[i].invocation == ethos_u_invocations && pieces[i].is_output)
      ((unsigned char *)(uintptr_t)bases[1])[pieces[i].offset] = 0x55;
  return 1;
#endif
  for (i = 0; i < sizeof pieces / sizeof *pieces; ++i) {
    const struct piece *piece = pieces + i;
    unsigned char *tensor =
        (unsigned char *)(uintptr_t)bases[1] + piece->offset;
    if (piece->invocation != ethos_u_invocations)
      continue;
    for (k = 0; k < piece->bytes; ++k)
      if (piece->is_output)
        tensor[k] = piece->data[k];
      else if (tensor[k] != piece->data[k])
        fail("a region has other inputs than on the host");
  }
  return 0;
}

int main(void) {
  const void *inputs[] = {input};
  void *outputs[] = {output};
  unsigned i;
  ethos_u_compute = compute;
  if (network_model.run(inputs, outputs, arena, sizeof arena) != EDGECC_OK)
    fail(ethos_u_mistake ? ethos_u_mistake : "the network has not run");
  if (ethos_u_invocations != INVOCATIONS)
    fail("another number of invocations than on the host");
  for (i = 0; i < sizeof output; ++i)
    if (output[i] != expected[i])
      fail("other results than on the host");
  return 0;
}
