/* An example of a driver for networks that were compiled with --npu=desc: it
 * reads a program and calls a plain C library for each operation.
 * docs/howto/bring-your-own-npu.md explains it.
 *
 * Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */

#include "sound.h"

/* Calls that are to fail, for tests: the one of that number, counted from 1,
 * after it has written half of its first output. 0 for none. */
unsigned example_npu_fails_at;
unsigned example_npu_calls;

int32_t example_npu_run(const edgecc_npu_call_v0_t *call);
int32_t example_npu_start(edgecc_npu_job_v0_t *job);
int32_t example_npu_wait(edgecc_npu_job_v0_t *job);

/* Concat, Transpose, Pad. */
static void move(const edgecc_npu_operation_t *o) {
  uint32_t strides[EDGECC_NPU_MAX_RANK], steps[EDGECC_NPU_MAX_RANK];
  uint8_t *to = o->output.data;
  uint32_t dim, i, stride = 1;
  for (dim = o->output.rank; dim-- > 0; stride *= o->output.shape[dim])
    strides[dim] = stride;
  memcpy(steps, strides, sizeof steps);
  if (o->kind == EDGECC_NPU_PAD) {
    memset(to, o->value & 0xff, o->output.elements);
    for (dim = 0; dim < o->output.rank; ++dim)
      to += o->pads_low[dim] * strides[dim];
  } else if (o->kind == EDGECC_NPU_TRANSPOSE) {
    for (dim = 0; dim < o->output.rank; ++dim)
      steps[o->permutation[dim]] = strides[dim];
  }
  for (i = 0; i < o->num_inputs; ++i) {
    const edgecc_npu_tensor_t *x = &o->inputs[i];
    int8_place(x->data, x->shape, x->rank, steps, to);
    if (o->kind == EDGECC_NPU_CONCAT)
      to += x->shape[o->axis] * strides[o->axis];
  }
}

static void run(const edgecc_npu_operation_t *o) {
  int8_tensor_t x = example_npu_view(&o->inputs[0]),
                y = example_npu_view(&o->output);
  int8_window_t window = {{1, 1}, {1, 1}, {1, 1}, {0, 0}};
  if (o->kind == EDGECC_NPU_CONV || o->kind == EDGECC_NPU_MAX_POOL) {
    memcpy(window.kernel, o->kernel, sizeof window.kernel);
    memcpy(window.strides, o->strides, sizeof window.strides);
    memcpy(window.dilations, o->dilations, sizeof window.dilations);
    memcpy(window.pads_low, o->pads_low, sizeof window.pads_low);
  }
  if (o->kind == EDGECC_NPU_CONV || o->kind == EDGECC_NPU_MATMUL) {
    int8_conv(&x, o->inputs[1].data,
              o->num_inputs == 3 ? o->inputs[2].data : NULL, o->multipliers,
              o->groups, &window, &y);
  } else if (o->kind == EDGECC_NPU_MAX_POOL) {
    int8_max_pool(&x, &window, &y);
  } else if (o->kind == EDGECC_NPU_ADD) {
    int8_tensor_t other = example_npu_view(&o->inputs[1]);
    int8_add(&x, &other, &y, o->output.elements);
  } else if (o->kind == EDGECC_NPU_CLAMP) {
    int8_clamp(&x, o->least, o->most, &y, o->output.elements);
  } else if (o->kind == EDGECC_NPU_RESHAPE) {
    memmove(y.data, x.data, o->output.elements);
  } else {
    move(o);
  }
}

int32_t example_npu_run(const edgecc_npu_call_v0_t *call) {
  edgecc_npu_reader_t reader;
  edgecc_npu_list_t tensors;
  edgecc_npu_list_t operations = edgecc_npu_begin(&reader, call, &tensors);
  int fails = ++example_npu_calls == example_npu_fails_at;
  uint32_t i;
  if (!edgecc_npu_is_whole(call->program, (uint32_t)call->program_bytes))
    return 4;
  /* All of it is checked before any of it runs. */
  for (i = 0; i < operations.count && !reader.broken; ++i) {
    edgecc_npu_operation_t o =
        edgecc_npu_read_operation(&reader, call, operations, tensors, i);
    if (!reader.broken && !example_npu_is_sound(&o))
      return 2;
    if (!reader.broken && fails && o.output.place == EDGECC_NPU_OUTPUT)
      return memset(o.output.data, 0x55, o.output.elements / 2), 3;
  }
  if (reader.broken)
    return 1;
  for (i = 0; i < operations.count; ++i) {
    edgecc_npu_operation_t o =
        edgecc_npu_read_operation(&reader, call, operations, tensors, i);
    run(&o);
  }
  return 0;
}

/* A device would begin here: this driver has none, and computes when somebody
 * waits for it. */
int32_t example_npu_start(edgecc_npu_job_v0_t *job) {
  return job->call.version != 0;
}

int32_t example_npu_wait(edgecc_npu_job_v0_t *job) {
  return example_npu_run(&job->call);
}
