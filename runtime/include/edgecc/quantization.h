#ifndef EDGECC_QUANTIZATION_H
#define EDGECC_QUANTIZATION_H

/* Real numbers as the integers of a quantised input or output, and back.
 *
 * Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The compiler puts this text into the headers of networks with such inputs or
 * outputs. It needs no library.
 */

#include <stdint.h>

/* The integer of `value`: value / scale, rounded to nearest, and to even in the
 * middle, plus the zero point, and no less than `least` and no more than
 * `most`. NaN becomes `least`. What QuantizeLinear of ONNX gives, bit for bit,
 * where the compiler keeps to IEEE 754 (no -ffast-math). */
static inline int32_t edgecc_quantize_v0(float value, float scale, int32_t zero,
                                         int32_t least, int32_t most) {
  const float units = value / scale;
  int32_t whole;
  float rest;
  if (!(units > (float)(least - zero)))
    return least;
  if (units >= (float)(most - zero))
    return most;
  whole = (int32_t)units;
  rest = units - (float)whole;
  if (rest > 0.5f || (rest == 0.5f && (whole & 1) != 0))
    ++whole;
  else if (rest < -0.5f || (rest == -0.5f && (whole & 1) != 0))
    --whole;
  return whole + zero;
}

/* The real number that the integer `value` stands for. */
static inline float edgecc_dequantize_v0(int32_t value, float scale,
                                         int32_t zero) {
  return (float)(value - zero) * scale;
}

#endif /* EDGECC_QUANTIZATION_H */
