/* The driver of the toy: adds bytes.
 *
 * Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */

#include "edgecc/npu.h"

#include <math.h>

/* What Toy.cpp writes. */
struct tensor {
  uint32_t is_unsigned;
  int32_t zero_point;
  float scale;
};

struct program {
  uint8_t inputs[4];
  struct tensor a, b, sum;
};

static float real(const struct tensor *t, uint8_t byte) {
  int32_t q = t->is_unsigned ? byte : (int8_t)byte;
  return (float)(q - t->zero_point) * t->scale;
}

static uint8_t quantize(const struct tensor *t, float value) {
  float low = t->is_unsigned ? 0 : -128, high = t->is_unsigned ? 255 : 127;
  value = rintf(value / t->scale) + (float)t->zero_point;
  return (uint8_t)(int32_t)fminf(fmaxf(value, low), high);
}

int32_t toy_run(const edgecc_npu_call_v0_t *call) {
  const struct program *p = (const struct program *)call->program;
  const uint8_t *a = call->inputs[p->inputs[0]];
  const uint8_t *b = call->inputs[p->inputs[1]];
  uint8_t *sum = call->outputs[0];
  for (size_t i = 0; i < call->output_bytes[0]; ++i)
    sum[i] = quantize(&p->sum, real(&p->a, a[i]) + real(&p->b, b[i]));
  return 0;
}
