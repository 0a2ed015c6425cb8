/* What sound.h declares.
 *
 * Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */

#include "sound.h"

int8_tensor_t example_npu_view(const edgecc_npu_tensor_t *t) {
  int8_tensor_t v = {
      t->data, t->element == EDGECC_NPU_U8, t->zero_point, t->scale, 1, 1, 1};
  if (t->rank)
    v.channels = t->shape[t->rank - 1];
  if (t->rank == 4) {
    v.height = t->shape[1];
    v.width = t->shape[2];
  } else if (v.channels) {
    v.width = t->elements / v.channels;
  }
  return v;
}

/* Whether the shapes of what only moves elements go together. */
static int moves_soundly(const edgecc_npu_operation_t *o) {
  const edgecc_npu_tensor_t *x = &o->inputs[0], *y = &o->output;
  uint64_t joined = 0;
  uint32_t dim, i, seen = 0;
  if (x->rank != y->rank ||
      (o->kind == EDGECC_NPU_CONCAT && o->axis >= y->rank))
    return 0;
  for (i = 0; i < o->num_inputs; ++i) {
    const edgecc_npu_tensor_t *part = &o->inputs[i];
    if (part->rank != y->rank || part->element != y->element)
      return 0;
    joined += o->kind == EDGECC_NPU_CONCAT ? part->shape[o->axis] : 0;
  }
  for (dim = 0; dim < y->rank; ++dim) {
    uint64_t want = x->shape[dim];
    if (o->kind == EDGECC_NPU_PAD) {
      want += (uint64_t)o->pads_low[dim] + o->pads_high[dim];
    } else if (o->kind == EDGECC_NPU_TRANSPOSE) {
      if (o->permutation[dim] >= y->rank)
        return 0;
      seen |= 1u << o->permutation[dim];
      want = x->shape[o->permutation[dim]];
    } else if (dim == o->axis) {
      want = joined;
    } else {
      for (i = 1; i < o->num_inputs; ++i)
        if (o->inputs[i].shape[dim] != want)
          return 0;
    }
    if (y->shape[dim] != want)
      return 0;
  }
  return o->kind != EDGECC_NPU_TRANSPOSE || seen == (1u << y->rank) - 1;
}

int example_npu_is_sound(const edgecc_npu_operation_t *o) {
  const edgecc_npu_tensor_t *x = &o->inputs[0], *w = &o->inputs[1];
  int8_tensor_t vx = example_npu_view(x), vy = example_npu_view(&o->output);
  uint64_t taps = 1;
  uint32_t i;
  for (i = 0; i <= o->num_inputs; ++i) {
    int32_t zero = (i ? &o->inputs[i - 1] : &o->output)->zero_point;
    if (zero < -128 || zero > 255)
      return 0;
  }
  if (o->output.place == EDGECC_NPU_CONSTANT ||
      o->output.place == EDGECC_NPU_INPUT || o->output.element > 1 ||
      x->element > 1)
    return 0;
  switch (o->kind) {
  case EDGECC_NPU_CONCAT:
  case EDGECC_NPU_TRANSPOSE:
  case EDGECC_NPU_PAD:
    return moves_soundly(o);
  case EDGECC_NPU_CLAMP:
  case EDGECC_NPU_RESHAPE:
    return x->elements == o->output.elements;
  case EDGECC_NPU_ADD:
    return o->num_inputs == 2 && x->elements == o->output.elements &&
           w->elements == x->elements && w->element <= EDGECC_NPU_U8;
  case EDGECC_NPU_MAX_POOL:
    return x->rank == 4 && x->shape[0] == 1 && o->output.rank == 4 &&
           vx.channels == vy.channels && o->kernel[0] <= 256 &&
           o->kernel[1] <= 256;
  case EDGECC_NPU_CONV:
    taps = (uint64_t)o->kernel[0] * o->kernel[1];
    if (x->rank != 4 || x->shape[0] != 1 || o->output.rank != 4 ||
        o->kernel[0] > 0xffff || o->kernel[1] > 0xffff)
      return 0;
    /* fall through */
  case EDGECC_NPU_MATMUL:
    return o->num_inputs >= 2 && w->element == EDGECC_NPU_I8 && o->groups &&
           vx.channels % o->groups == 0 && vy.channels % o->groups == 0 &&
           o->num_multipliers == vy.channels &&
           w->elements == taps * (vx.channels / o->groups) * vy.channels &&
           (o->kind == EDGECC_NPU_CONV || vx.width == vy.width) &&
           (o->num_inputs == 2 || (o->inputs[2].element == EDGECC_NPU_I32 &&
                                   o->inputs[2].elements == vy.channels));
  default:
    return 0;
  }
}
