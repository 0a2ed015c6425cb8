/* Stands between a network and a driver that starts and waits: while a job
 * runs, nobody may write what it works with, and what it writes is garbage.
 *
 * Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */

#include "edgecc/npu.h"

#include <string.h>

int32_t example_npu_run(const edgecc_npu_call_v0_t *call);

/* The start and the wait that are to fail, counted from 1; 0 for none. */
unsigned watched_fails_to_start_at, watched_fails_at;
unsigned watched_runs, watched_starts, watched_waits;
/* The layers that have begun, and those of them that did while a job ran. */
unsigned watched_layers, watched_layers_meanwhile;
/* What was wrong first, or a null pointer. */
const char *watched_mistake;

static const edgecc_npu_job_v0_t *running;

static void expect(int condition, const char *mistake) {
  if (!condition && !watched_mistake)
    watched_mistake = mistake;
}

void network_on_layer(uint32_t layer) {
  (void)layer;
  ++watched_layers;
}

static uint64_t add(uint64_t sum, const void *data, size_t bytes) {
  for (size_t i = 0; i < bytes; ++i)
    sum = (sum ^ ((const uint8_t *)data)[i]) * 0x100000001b3u;
  return sum;
}

/* Of all that has to stay as it is. */
static uint64_t sum_of(const edgecc_npu_call_v0_t *call) {
  uint64_t sum = add(1, call->program, call->program_bytes);
  for (uint32_t i = 0; i < call->num_inputs; ++i)
    sum = add(sum, call->inputs[i], call->input_bytes[i]);
  for (uint32_t i = 0; i < call->num_outputs; ++i)
    sum = add(sum, call->outputs[i], call->output_bytes[i]);
  return add(sum, call->scratch, call->scratch_bytes);
}

static void spoil(const edgecc_npu_call_v0_t *call, int value) {
  for (uint32_t i = 0; i < call->num_outputs; ++i)
    memset(call->outputs[i], value, call->output_bytes[i]);
  if (call->scratch_bytes)
    memset(call->scratch, value, call->scratch_bytes);
}

int32_t watched_npu_run(const edgecc_npu_call_v0_t *call) {
  expect(!running, "a call during a job");
  ++watched_runs;
  return example_npu_run(call);
}

int32_t watched_npu_start(edgecc_npu_job_v0_t *job) {
  expect(!running, "a start during a job");
  spoil(&job->call, 0x55);
  if (++watched_starts == watched_fails_to_start_at)
    return 7;
  running = job;
  job->state[0] = sum_of(&job->call);
  job->state[7] = watched_layers;
  return 0;
}

int32_t watched_npu_wait(edgecc_npu_job_v0_t *job) {
  expect(running == job, "a wait for another job");
  running = NULL;
  expect(job->state[0] == sum_of(&job->call),
         "memory of a job was written while it ran");
  watched_layers_meanwhile += watched_layers - (unsigned)job->state[7];
  if (++watched_waits == watched_fails_at) {
    spoil(&job->call, 0x66);
    return 3;
  }
  return example_npu_run(&job->call);
}
