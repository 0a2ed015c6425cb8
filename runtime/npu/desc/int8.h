/* A plain C library of int8 layers, which knows nothing of edgecc: what the
 * example driver calls. The kernels of a vendor take its place.
 *
 * Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */

#ifndef INT8_H
#define INT8_H

#include <stdint.h>

/* Integers of a tensor, of which one is the real number 0. */
typedef struct int8_tensor {
  void *data;
  int is_unsigned;
  int32_t zero_point;
  double scale;
  uint32_t height, width, channels;
} int8_tensor_t;

typedef struct int8_window {
  uint32_t kernel[2], strides[2], dilations[2], pads_low[2];
} int8_window_t;

/* Weights are (kernel height, kernel width, channels of x / groups, channels of
 * y); bias may be null; multipliers has one float per channel of y. */
void int8_conv(const int8_tensor_t *x, const int8_t *weights,
               const int32_t *bias, const uint8_t *multipliers, uint32_t groups,
               const int8_window_t *window, const int8_tensor_t *y);
void int8_max_pool(const int8_tensor_t *x, const int8_window_t *window,
                   const int8_tensor_t *y);
void int8_add(const int8_tensor_t *a, const int8_tensor_t *b,
              const int8_tensor_t *y, uint32_t elements);
void int8_clamp(const int8_tensor_t *x, int32_t least, int32_t most,
                const int8_tensor_t *y, uint32_t elements);
/* Puts the element of x at (i, j, ...) where y has i * strides[0] +
 * j * strides[1] + ...: x is dense, with `rank` dimensions of these sizes. */
void int8_place(const uint8_t *x, const uint32_t *sizes, uint32_t rank,
                const uint32_t *strides, uint8_t *y);

#endif /* INT8_H */
