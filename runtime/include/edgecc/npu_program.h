#ifndef EDGECC_NPU_PROGRAM_H
#define EDGECC_NPU_PROGRAM_H

/* Reads the programs of networks that were compiled with --npu=desc, which are
 * FlatBuffers of runtime/schema/npu_program.fbs, in C, without a heap and
 * without any library. Drivers may use it, or what flatc makes of the schema.
 *
 * Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * No access leaves the program, whatever its bytes are: what lies outside reads
 * as empty, and the reader remembers it in `broken`, which has to be looked at
 * before anything is done with what was read.
 */

#include "edgecc/flatbuffer.h"
#include "edgecc/npu.h"

#include <string.h>

#define EDGECC_NPU_MAX_INPUTS 8
#define EDGECC_NPU_MAX_RANK 6

enum { EDGECC_NPU_I8, EDGECC_NPU_U8, EDGECC_NPU_I32 };
enum {
  EDGECC_NPU_INPUT,
  EDGECC_NPU_OUTPUT,
  EDGECC_NPU_SCRATCH,
  EDGECC_NPU_CONSTANT
};
enum {
  EDGECC_NPU_CONV,
  EDGECC_NPU_MATMUL,
  EDGECC_NPU_ADD,
  EDGECC_NPU_MAX_POOL,
  EDGECC_NPU_RESHAPE,
  EDGECC_NPU_CLAMP,
  EDGECC_NPU_CONCAT,
  EDGECC_NPU_TRANSPOSE,
  EDGECC_NPU_PAD
};

typedef struct edgecc_npu_tensor {
  int32_t element, place, zero_point;
  uint32_t rank, shape[EDGECC_NPU_MAX_RANK];
  uint32_t elements; /* the product of the shape */
  double scale;      /* the first one */
  void *data;        /* where it is in this call */
} edgecc_npu_tensor_t;

typedef struct edgecc_npu_operation {
  int32_t kind;
  uint32_t num_inputs;
  edgecc_npu_tensor_t inputs[EDGECC_NPU_MAX_INPUTS], output;
  /* Of windows, for height and width. */
  uint32_t kernel[2], strides[2], dilations[2];
  /* Of windows, and of borders with all dimensions. */
  uint32_t pads_low[EDGECC_NPU_MAX_RANK], pads_high[EDGECC_NPU_MAX_RANK];
  int32_t least, most, value;
  uint32_t axis, permutation[EDGECC_NPU_MAX_RANK];
  uint32_t groups;
  const uint8_t *multipliers; /* floats, perhaps not aligned */
  uint32_t num_multipliers;
} edgecc_npu_operation_t;

/* The tensor of that number in the program of `call`, all of which is inside of
 * the memory that the call or the program has for it. */
static inline edgecc_npu_tensor_t
edgecc_npu_read_tensor(edgecc_npu_reader_t *r, const edgecc_npu_call_v0_t *call,
                       edgecc_npu_list_t tensors, uint32_t number) {
  edgecc_npu_tensor_t t;
  edgecc_npu_list_t shape, scales, data;
  uint32_t table, offset, i, width;
  size_t room;
  memset(&t, 0, sizeof t);
  if (number >= tensors.count) {
    r->broken = 1;
    return t;
  }
  table = edgecc_npu_follow(r, tensors.at + 4 * number);
  t.element = (int32_t)edgecc_npu_number(r, table, 0, 1, 0);
  shape = edgecc_npu_vector(r, table, 1, 4);
  t.place = (int32_t)edgecc_npu_number(r, table, 2, 1, 0);
  offset = edgecc_npu_number(r, table, 3, 4, 0);
  data = edgecc_npu_vector(r, table, 4, 1);
  scales = edgecc_npu_vector(r, table, 5, 8);
  t.zero_point = (int32_t)edgecc_npu_number(r, table, 6, 4, 0);
  if (r->broken || shape.count > EDGECC_NPU_MAX_RANK ||
      t.element > EDGECC_NPU_I32) {
    r->broken = 1;
    return t;
  }
  t.rank = shape.count;
  t.elements = 1;
  for (i = 0; i < t.rank; ++i) {
    t.shape[i] = edgecc_npu_read(r, shape.at + 4 * i, 4);
    if (t.shape[i] && t.elements > 0x3fffffffu / t.shape[i])
      r->broken = 1;
    t.elements *= t.shape[i];
  }
  if (scales.count)
    memcpy(&t.scale, r->bytes + scales.at, sizeof t.scale);
  width = t.element == EDGECC_NPU_I32 ? 4 : 1;
  room = 0;
  if (t.place == EDGECC_NPU_INPUT && offset < call->num_inputs) {
    t.data = (void *)call->inputs[offset];
    room = call->input_bytes[offset];
  } else if (t.place == EDGECC_NPU_OUTPUT && offset < call->num_outputs) {
    t.data = call->outputs[offset];
    room = call->output_bytes[offset];
  } else if (t.place == EDGECC_NPU_SCRATCH && offset <= call->scratch_bytes) {
    t.data = (uint8_t *)call->scratch + offset;
    room = call->scratch_bytes - offset;
  } else if (t.place == EDGECC_NPU_CONSTANT) {
    t.data = (void *)(r->bytes + data.at);
    room = data.count;
  }
  if (!t.data || t.elements > room / width || (uintptr_t)t.data % width)
    r->broken = 1;
  return t;
}

/* Begins to read: the list of operations, and that of tensors in `tensors`.
 * `broken` is set if this is no program of version 0. */
static inline edgecc_npu_list_t
edgecc_npu_begin(edgecc_npu_reader_t *r, const edgecc_npu_call_v0_t *call,
                 edgecc_npu_list_t *tensors) {
  uint32_t root;
  r->bytes = call->program;
  r->size = (uint32_t)call->program_bytes;
  r->broken = call->version != 0 || call->program_bytes < 8 ||
              call->program_bytes > 0x7fffffffu ||
              memcmp(call->program + 4, "ENP0", 4) != 0;
  root = r->broken ? 0 : edgecc_npu_follow(r, 0);
  if (edgecc_npu_number(r, root, 0, 4, 0) != 0)
    r->broken = 1;
  *tensors = edgecc_npu_vector(r, root, 2, 4);
  return edgecc_npu_vector(r, root, 3, 4);
}

/* The operation of that number. */
static inline edgecc_npu_operation_t edgecc_npu_read_operation(
    edgecc_npu_reader_t *r, const edgecc_npu_call_v0_t *call,
    edgecc_npu_list_t operations, edgecc_npu_list_t tensors, uint32_t number) {
  edgecc_npu_operation_t o;
  edgecc_npu_list_t list;
  uint32_t table, i, dim;
  uint32_t *lists[6];
  static const uint32_t fields[6] = {4, 5, 6, 7, 8, 15};
  memset(&o, 0, sizeof o);
  table = edgecc_npu_follow(r, operations.at + 4 * number);
  o.kind = (int32_t)edgecc_npu_number(r, table, 0, 1, 0);
  list = edgecc_npu_vector(r, table, 2, 4);
  if (list.count < 1 || list.count > EDGECC_NPU_MAX_INPUTS)
    r->broken = 1;
  o.num_inputs = r->broken ? 0 : list.count;
  for (i = 0; i < o.num_inputs; ++i)
    o.inputs[i] = edgecc_npu_read_tensor(
        r, call, tensors, edgecc_npu_read(r, list.at + 4 * i, 4));
  list = edgecc_npu_vector(r, table, 3, 4);
  if (list.count != 1)
    r->broken = 1;
  o.output =
      edgecc_npu_read_tensor(r, call, tensors, edgecc_npu_read(r, list.at, 4));
  lists[0] = o.kernel;
  lists[1] = o.strides;
  lists[2] = o.dilations;
  lists[3] = o.pads_low;
  lists[4] = o.pads_high;
  lists[5] = o.permutation;
  for (i = 0; i < 6; ++i) {
    uint32_t most = i < 3 ? 2 : EDGECC_NPU_MAX_RANK;
    list = edgecc_npu_vector(r, table, fields[i], 4);
    for (dim = 0; dim < most && dim < list.count; ++dim)
      lists[i][dim] = edgecc_npu_read(r, list.at + 4 * dim, 4);
  }
  o.groups = edgecc_npu_number(r, table, 9, 4, 1);
  list = edgecc_npu_vector(r, table, 10, 4);
  o.multipliers = r->bytes + list.at;
  o.num_multipliers = list.count;
  o.least = (int32_t)edgecc_npu_number(r, table, 11, 4, 0);
  o.most = (int32_t)edgecc_npu_number(r, table, 12, 4, 0);
  o.value = (int32_t)edgecc_npu_number(r, table, 13, 4, 0);
  o.axis = edgecc_npu_number(r, table, 14, 4, 0);
  return o;
}

#endif /* EDGECC_NPU_PROGRAM_H */
