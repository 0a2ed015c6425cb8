/* Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Runs a network on what standard input has and prints the values that it
 * shows: number, name, shape, and the elements without gaps, which are f32. */
#include "net.h"

#include <stdio.h>
#include <stdlib.h>

static NET_ALIGNED unsigned char arena[NET_ARENA_BYTES];
static uint32_t shown;

static void print_elements(const edgecc_value_v0_t *value, const float *data,
                           uint32_t dimension) {
  uint32_t i;
  if (dimension == value->tensor.rank) {
    printf(" %.9g", (double)*data);
    return;
  }
  for (i = 0; i < value->tensor.shape[dimension]; ++i)
    print_elements(value, data + (size_t)i * value->strides[dimension],
                   dimension + 1);
}

void net_on_value(uint32_t number, const edgecc_value_v0_t *value,
                  const void *data) {
  uint32_t i;
  if (number != shown++ || value->tensor.type != EDGECC_TYPE_F32)
    exit(2);
  printf("%s", value->tensor.name);
  for (i = 0; i < value->tensor.rank; ++i)
    printf("%c%u", i ? 'x' : ' ', (unsigned)value->tensor.shape[i]);
  print_elements(value, data, 0);
  printf("\n");
}

int main(void) {
  const edgecc_model_v0_t *model = &net_model;
  void *inputs[1], *outputs[1];
  inputs[0] = malloc(model->inputs[0].bytes);
  outputs[0] = malloc(model->outputs[0].bytes);
  if (!inputs[0] || !outputs[0] ||
      fread(inputs[0], 1, model->inputs[0].bytes, stdin) !=
          model->inputs[0].bytes)
    return 3;
  if (model->run((const void *const *)inputs, outputs, arena, sizeof arena) !=
      EDGECC_OK)
    return 4;
  return shown == NET_VALUES ? 0 : 5;
}
