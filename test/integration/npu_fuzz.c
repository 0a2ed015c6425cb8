/* Stands between a network and a driver: hands the driver many damaged copies
 * of each program first, with memory that ends where the driver may write, and
 * then the program itself. NPU_RUN is the driver that the network calls. With
 * NPU_CHECK, its function that only checks a program, programs end with a
 * CRC-32: the driver has to refuse all damaged ones, and those whose sum is
 * right again must not make it leave its memory. It runs only some of these, to
 * be fast.
 *
 * Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */

#include "network.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int32_t real_npu_run(const edgecc_npu_call_v0_t *call);

static unsigned long executions = 1000, refused, run;
static uint64_t state = 1;

static uint32_t random_number(uint32_t below) {
  state = state * 6364136223846793005u + 1442695040888963407u;
  return (uint32_t)(state >> 33) % below;
}

/* One to four bits of the copy, in one of two cases near its end, where the
 * operations are. */
static void damage(uint8_t *bytes, size_t size) {
  uint32_t count = 1 + random_number(4);
  while (count--) {
    size_t window = random_number(2) && size > 2048 ? 2048 : size;
    size_t at = random_number(2) ? random_number((uint32_t)window)
                                 : size - 1 - random_number((uint32_t)window);
    bytes[at] ^= (uint8_t)(1u << random_number(8));
  }
}

#ifdef NPU_CHECK
int32_t NPU_CHECK(const edgecc_npu_call_v0_t *call);

/* Makes the sum at the end right. */
static void repair(uint8_t *bytes, size_t size) {
  static uint32_t table[256];
  uint32_t crc = 0xffffffff, bit;
  size_t i;
  for (i = 0; i < 256 && !table[255]; ++i)
    for (table[i] = (uint32_t)i, bit = 0; bit < 8; ++bit)
      table[i] = table[i] & 1 ? (table[i] >> 1) ^ 0xedb88320 : table[i] >> 1;
  for (i = 0; i < size - 4; ++i)
    crc = table[(crc ^ bytes[i]) & 255] ^ (crc >> 8);
  crc = ~crc;
  memcpy(bytes + size - 4, &crc, 4);
}

/* Whether the driver refuses a damaged program. */
static int is_refused(const edgecc_npu_call_v0_t *call, uint8_t *program) {
  const unsigned long one_in = 64;
  if (!NPU_CHECK(call)) {
    fprintf(stderr, "a damaged program is not refused\n");
    abort();
  }
  repair(program, call->program_bytes);
  return (run % one_in ? NPU_CHECK(call) : real_npu_run(call)) != 0;
}
#else
static int is_refused(const edgecc_npu_call_v0_t *call, uint8_t *program) {
  (void)program;
  return real_npu_run(call) != 0;
}
#endif

int32_t NPU_RUN(const edgecc_npu_call_v0_t *call) {
  edgecc_npu_call_v0_t copy = *call;
  uint8_t *program = aligned_alloc(16, (call->program_bytes + 15) / 16 * 16);
  void *scratch = malloc(call->scratch_bytes);
  void *output = malloc(call->output_bytes[0]);
  unsigned long i;
  copy.program = program;
  copy.scratch = scratch;
  copy.outputs = (void *const *)&output;
  copy.num_outputs = 1;
  for (i = 0; i < executions; ++i) {
    /* Two changes of one bit are none. */
    do {
      memcpy(program, call->program, call->program_bytes);
      damage(program, call->program_bytes);
    } while (!memcmp(program, call->program, call->program_bytes));
    refused += is_refused(&copy, program);
    ++run;
  }
  free(program);
  free(scratch);
  free(output);
  return real_npu_run(call);
}

int main(int argc, char **argv) {
  static NETWORK_ALIGNED unsigned char arena[NETWORK_ARENA_BYTES];
  const void *inputs[16];
  void *outputs[16];
  uint32_t i;
  if (argc > 1)
    executions = strtoul(argv[1], NULL, 10);
  for (i = 0; i < network_model.num_inputs; ++i)
    inputs[i] = calloc(network_model.inputs[i].bytes, 1);
  for (i = 0; i < network_model.num_outputs; ++i)
    outputs[i] = malloc(network_model.outputs[i].bytes);
  if (network_model.run(inputs, outputs, arena, sizeof arena) != NETWORK_OK)
    return 1;
  printf("%lu of %lu refused\n", refused, run);
  for (i = 0; i < network_model.num_inputs; ++i)
    free((void *)inputs[i]);
  for (i = 0; i < network_model.num_outputs; ++i)
    free(outputs[i]);
  return 0;
}
