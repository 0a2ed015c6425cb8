/* A plain C library of int8 layers.
 *
 * Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */

#include "int8.h"

#include <math.h>
#include <string.h>

static int32_t load(const int8_tensor_t *t, uint32_t at) {
  return t->is_unsigned ? ((const uint8_t *)t->data)[at]
                        : ((const int8_t *)t->data)[at];
}

/* Rounds to even, adds the zero point and saturates. */
static void store(const int8_tensor_t *t, uint32_t at, float value) {
  float low = t->is_unsigned ? 0 : -128, high = t->is_unsigned ? 255 : 127;
  value = rintf(value) + (float)t->zero_point;
  /* What is not a number as well. */
  value = !(value > low) ? low : value > high ? high : value;
  ((uint8_t *)t->data)[at] = (uint8_t)(int32_t)value;
}

/* Where tap `k` of an output position is in the input; -1 in the border. */
static int64_t tap(const int8_window_t *w, int dim, uint32_t at, uint32_t k,
                   uint32_t size) {
  int64_t place = (int64_t)at * w->strides[dim] +
                  (int64_t)k * w->dilations[dim] - w->pads_low[dim];
  return place < 0 || place >= size ? -1 : place;
}

void int8_conv(const int8_tensor_t *x, const int8_t *weights,
               const int32_t *bias, const uint8_t *multipliers, uint32_t groups,
               const int8_window_t *window, const int8_tensor_t *y) {
  uint32_t inner = x->channels / groups, outer = y->channels / groups;
  for (uint32_t row = 0; row < y->height; ++row)
    for (uint32_t column = 0; column < y->width; ++column)
      for (uint32_t c = 0; c < y->channels; ++c) {
        /* Modulo 2^32. */
        uint32_t sum = bias ? (uint32_t)bias[c] : 0;
        float multiplier;
        for (uint32_t ky = 0; ky < window->kernel[0]; ++ky)
          for (uint32_t kx = 0; kx < window->kernel[1]; ++kx) {
            int64_t iy = tap(window, 0, row, ky, x->height);
            int64_t ix = tap(window, 1, column, kx, x->width);
            const int8_t *w =
                weights + (ky * window->kernel[1] + kx) * inner * y->channels;
            if (iy < 0 || ix < 0)
              continue;
            for (uint32_t i = 0; i < inner; ++i)
              sum += (uint32_t)((load(x, (uint32_t)(iy * x->width + ix) *
                                                 x->channels +
                                             c / outer * inner + i) -
                                 x->zero_point) *
                                w[i * y->channels + c]);
          }
        memcpy(&multiplier, multipliers + 4 * c, 4);
        store(y, (row * y->width + column) * y->channels + c,
              (float)(int32_t)sum * multiplier);
      }
}

void int8_max_pool(const int8_tensor_t *x, const int8_window_t *window,
                   const int8_tensor_t *y) {
  for (uint32_t row = 0; row < y->height; ++row)
    for (uint32_t column = 0; column < y->width; ++column)
      for (uint32_t c = 0; c < y->channels; ++c) {
        int32_t most = x->is_unsigned ? 0 : -128;
        for (uint32_t ky = 0; ky < window->kernel[0]; ++ky)
          for (uint32_t kx = 0; kx < window->kernel[1]; ++kx) {
            int64_t iy = tap(window, 0, row, ky, x->height);
            int64_t ix = tap(window, 1, column, kx, x->width);
            int32_t value =
                iy < 0 || ix < 0
                    ? most
                    : load(x, (uint32_t)(iy * x->width + ix) * x->channels + c);
            most = value > most ? value : most;
          }
        ((uint8_t *)y->data)[(row * y->width + column) * y->channels + c] =
            (uint8_t)most;
      }
}

void int8_add(const int8_tensor_t *a, const int8_tensor_t *b,
              const int8_tensor_t *y, uint32_t elements) {
  for (uint32_t i = 0; i < elements; ++i) {
    float left = (float)(load(a, i) - a->zero_point) * (float)a->scale;
    float right = (float)(load(b, i) - b->zero_point) * (float)b->scale;
    store(y, i, (left + right) / (float)y->scale);
  }
}

void int8_clamp(const int8_tensor_t *x, int32_t least, int32_t most,
                const int8_tensor_t *y, uint32_t elements) {
  for (uint32_t i = 0; i < elements; ++i) {
    int32_t value = load(x, i);
    value = value < least ? least : value > most ? most : value;
    ((uint8_t *)y->data)[i] = (uint8_t)value;
  }
}

void int8_place(const uint8_t *x, const uint32_t *sizes, uint32_t rank,
                const uint32_t *strides, uint8_t *y) {
  uint32_t inner = 1;
  if (rank == 0) {
    *y = *x;
    return;
  }
  for (uint32_t dim = 1; dim < rank; ++dim)
    inner *= sizes[dim];
  for (uint32_t i = 0; i < sizes[0]; ++i)
    int8_place(x + i * inner, sizes + 1, rank - 1, strides + 1,
               y + i * strides[0]);
}
