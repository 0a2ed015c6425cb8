/* The part of a network that an Ethos-U computes: hands a program of
 * codegen/npu/ethos_u/Program.cpp to Arm's core driver.
 *
 * Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Objects carry this function. What it calls is of the core driver, which also
 * does what caches need: it writes back and invalidates the base addresses.
 */

#include "edgecc/npu.h"

struct ethosu_driver;
struct ethosu_driver *ethosu_reserve_driver(void);
void ethosu_release_driver(struct ethosu_driver *driver);
int ethosu_invoke_v3(struct ethosu_driver *driver, const void *commands,
                     int command_bytes, uint64_t *base_addresses,
                     const size_t *sizes, int count, void *user);

/* What a program begins with; its parts follow at multiples of 16 bytes. */
struct header {
  uint32_t command_offset, command_bytes;
  uint32_t weight_offset, weight_bytes;
  /* The tensors of the network, and behind them what is to be fast. */
  uint32_t tensor_bytes, fast_bytes;
  /* Where the inputs and then the outputs of the call are among the tensors. */
  uint32_t offsets[];
};

static void copy(uint8_t *to, const uint8_t *from, size_t bytes) {
  for (size_t i = 0; i < bytes; ++i)
    to[i] = from[i];
}

int32_t edgecc_ethos_u_run(const edgecc_npu_call_v0_t *call) {
  const struct header *header = (const struct header *)call->program;
  uint8_t *tensors = call->scratch;
  const uint32_t *offset = header->offsets;
  for (uint32_t i = 0; i < call->num_inputs; ++i)
    copy(tensors + *offset++, call->inputs[i], call->input_bytes[i]);
  uint64_t bases[] = {(uintptr_t)(call->program + header->weight_offset),
                      (uintptr_t)tensors,
                      (uintptr_t)(tensors + header->tensor_bytes)};
  size_t sizes[] = {header->weight_bytes, header->tensor_bytes,
                    header->fast_bytes};
  struct ethosu_driver *driver = ethosu_reserve_driver();
  if (!driver)
    return 1;
  int status = ethosu_invoke_v3(driver, call->program + header->command_offset,
                                (int)header->command_bytes, bases, sizes, 3, 0);
  ethosu_release_driver(driver);
  if (status)
    return status;
  for (uint32_t i = 0; i < call->num_outputs; ++i)
    copy(call->outputs[i], tensors + *offset++, call->output_bytes[i]);
  return 0;
}
