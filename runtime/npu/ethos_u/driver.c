/* The part of a network that an Ethos-U computes: hands a program of
 * codegen/npu/ethos_u/EthosU.cpp to Arm's core driver.
 *
 * Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Objects carry these functions, or those of them that they call. What they
 * call is of the core driver, which also does what caches need: it writes the
 * tensors back before the NPU begins, and invalidates them when it has ended.
 */

#include "edgecc/flatbuffer.h"
#include "edgecc/npu.h"

struct ethosu_driver;
struct ethosu_driver *ethosu_reserve_driver(void);
void ethosu_release_driver(struct ethosu_driver *driver);
int ethosu_invoke_v3(struct ethosu_driver *driver, const void *commands,
                     int command_bytes, uint64_t *base_addresses,
                     const size_t *sizes, int count, void *user);
int ethosu_invoke_async(struct ethosu_driver *driver, const void *commands,
                        int command_bytes, uint64_t *base_addresses,
                        const size_t *sizes, int count, void *user);
/* Takes a bool, which is handed over like a word. */
int ethosu_wait(struct ethosu_driver *driver, int blocks);

/* What a program begins with; its parts follow at multiples of 16 bytes. */
struct header {
  uint32_t command_offset, command_bytes;
  uint32_t weight_offset, weight_bytes;
  /* The tensors of the network, and what is to be fast. */
  uint32_t tensor_bytes, fast_bytes;
  /* Where the inputs and then the outputs of the call are among the tensors. */
  uint32_t offsets[];
};

enum { NUM_BASES = 3 };

/* What the core driver gets, and reads until the NPU is done. */
struct invocation {
  uint64_t bases[NUM_BASES];
  size_t sizes[NUM_BASES];
  struct ethosu_driver *driver;
};

/* The invocation lies in the state of a job. */
typedef char invocation_fits[sizeof(struct invocation) <=
                                     sizeof((edgecc_npu_job_v0_t *)0)->state
                                 ? 1
                                 : -1];

static const struct header *header_of(const edgecc_npu_call_v0_t *call) {
  return (const struct header *)call->program;
}

/* Not what is where it belongs. */
static void copy(uint8_t *to, const uint8_t *from, size_t bytes) {
  if (to == from)
    return;
  for (size_t i = 0; i < bytes; ++i)
    to[i] = from[i];
}

static const void *commands_of(const edgecc_npu_call_v0_t *call) {
  return call->program + header_of(call)->command_offset;
}

/* What is handed to the core driver; 0 if there is a device. */
static int prepare(const edgecc_npu_call_v0_t *call, struct invocation *i) {
  const struct header *header = header_of(call);
  uint8_t *tensors = call->scratch;
  for (uint32_t n = 0; n < call->num_inputs; ++n)
    copy(tensors + header->offsets[n], call->inputs[n], call->input_bytes[n]);
  i->bases[0] = (uintptr_t)(call->program + header->weight_offset);
  i->bases[1] = (uintptr_t)tensors;
  i->bases[2] = (uintptr_t)call->fast_scratch;
  i->sizes[0] = header->weight_bytes;
  i->sizes[1] = header->tensor_bytes;
  i->sizes[2] = header->fast_bytes;
  i->driver = ethosu_reserve_driver();
  return !i->driver;
}

/* Gives the device back, and hands the outputs over if nothing has failed. */
static int32_t end(const edgecc_npu_call_v0_t *call, struct invocation *i,
                   int status) {
  const uint32_t *offset = header_of(call)->offsets + call->num_inputs;
  if (i->driver)
    ethosu_release_driver(i->driver);
  for (uint32_t n = 0; !status && n < call->num_outputs; ++n)
    copy(call->outputs[n], (uint8_t *)call->scratch + offset[n],
         call->output_bytes[n]);
  return status;
}

int32_t edgecc_ethos_u_run(const edgecc_npu_call_v0_t *call) {
  struct invocation i;
  int status = prepare(call, &i);
  if (!status)
    status = ethosu_invoke_v3(i.driver, commands_of(call),
                              (int)header_of(call)->command_bytes, i.bases,
                              i.sizes, NUM_BASES, 0);
  return end(call, &i, status);
}

int32_t edgecc_ethos_u_start(edgecc_npu_job_v0_t *job) {
  struct invocation *i = (struct invocation *)job->state;
  int status = prepare(&job->call, i);
  if (!status)
    status = ethosu_invoke_async(i->driver, commands_of(&job->call),
                                 (int)header_of(&job->call)->command_bytes,
                                 i->bases, i->sizes, NUM_BASES, 0);
  return status ? end(&job->call, i, status) : 0;
}

int32_t edgecc_ethos_u_wait(edgecc_npu_job_v0_t *job) {
  struct invocation *i = (struct invocation *)job->state;
  return end(&job->call, i, ethosu_wait(i->driver, /*blocks=*/1));
}

/* The same for programs that may have lost bits: a device would read beyond its
 * memory. */
static int is_whole(const edgecc_npu_call_v0_t *call) {
  return edgecc_npu_is_whole(call->program, (uint32_t)call->program_bytes);
}

int32_t edgecc_ethos_u_run_whole(const edgecc_npu_call_v0_t *call) {
  return is_whole(call) ? edgecc_ethos_u_run(call) : -1;
}

int32_t edgecc_ethos_u_start_whole(edgecc_npu_job_v0_t *job) {
  return is_whole(&job->call) ? edgecc_ethos_u_start(job) : -1;
}
