//===- FixedLayerNorm.h - layer normalisation in 32 bits --------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
//
// Layer normalisation of bytes with `--rounding=tflite`, in steps that NPUs
// have. TFLite has none; this one is within a tenth of a unit of the real one
// before it is rounded.
//
//===----------------------------------------------------------------------===//

#ifndef EDGECC_PASSES_QUANTIZATION_FIXEDLAYERNORM_H
#define EDGECC_PASSES_QUANTIZATION_FIXEDLAYERNORM_H

#include "passes/Quantization/TfliteArithmetic.h"

namespace edgecc::quantization {

/// With `count` integers `x` less their zero point, `sum` and `squares` of
/// them: `spread = count * squares - sum^2 + epsilon`, and each result is
/// `(count * x - sum) / sqrt(spread) * scale + bias`.
struct FixedLayerNorm {
  /// Nothing for what is no normalisation of bytes with known factors, or
  /// leaves 32 bits. `op` may have quantised operands, or real ones that have
  /// been dequantised.
  static std::optional<FixedLayerNorm> get(edge::LayerNormOp op,
                                           mlir::quant::QuantizedType result);

  /// The same operation on quantised values, with factors of
  /// `scaleType` and `biasType`.
  mlir::Value raise(mlir::OpBuilder &builder, edge::LayerNormOp op,
                    mlir::quant::QuantizedType result) const;

  /// The stored integers of the result.
  mlir::Value lower(mlir::OpBuilder &builder, edge::LayerNormOp op,
                    mlir::quant::QuantizedType result) const;

  /// The squares of longer rows leave 32 bits.
  static constexpr int64_t longestRow = 181;
  /// The largest integer of a scale.
  static constexpr int64_t mostScale = (1 << 13) - 1;
  /// How far what is normalised is shifted to the left before it is multiplied
  /// by a root, and to the right behind that.
  static constexpr int headroom = 10, excess = 11;

  /// Newton's method for `1 / sqrt(x)` with `x` from 1/4 to 1 in 31 bits begins
  /// at `startOffset + startSlope * x`, with 29 bits behind the point.
  static constexpr int32_t startSlope = -654300000, startOffset = 1145030000;
  static constexpr int steps = 3;
  /// Three in the fixed point of a step.
  static constexpr int32_t three = 3 << 27;

  /// Quantised.
  mlir::Value source;
  int64_t count;
  int32_t epsilon;
  /// One number for each position of a row.
  llvm::SmallVector<int64_t> scale, bias;
  /// What a unit of `scale` stands for.
  double scaleUnit;
  /// Of the scaled numbers, to units of the result. Rounded once.
  tflite::FixedPoint factor;
};

} // namespace edgecc::quantization

#endif // EDGECC_PASSES_QUANTIZATION_FIXEDLAYERNORM_H
