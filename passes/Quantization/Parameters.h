//===- Parameters.h - scales and zero points --------------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef EDGECC_PASSES_QUANTIZATION_PARAMETERS_H
#define EDGECC_PASSES_QUANTIZATION_PARAMETERS_H

#include "dialects/Edge/EdgeConstants.h"
#include "dialects/Edge/EdgeDialect.h"

namespace edgecc::quantization {

/// The type of a value that is known to be a ranked tensor.
inline mlir::RankedTensorType typeOf(mlir::Value value) {
  return llvm::cast<mlir::RankedTensorType>(value.getType());
}

/// Marks a contraction that stays real because it is too sensitive (unit).
inline constexpr llvm::StringLiteral sensitiveAttr = "edge.sensitive";

/// What a quantised type says, alike for one scale and for one per position of
/// an axis.
struct Parameters {
  explicit Parameters(mlir::quant::QuantizedType type);

  bool isPerTensor() const { return axis < 0; }
  /// The scale and zero point at `position` of the axis, if there is one.
  double scale(int64_t position = 0) const {
    return scales[isPerTensor() ? 0 : position];
  }
  int64_t zeroPoint(int64_t position = 0) const {
    return zeroPoints[isPerTensor() ? 0 : position];
  }
  /// The integer of the real number `value`: rounded to even and saturated.
  int64_t quantize(double value, int64_t position = 0) const;
  /// Whether `value` is one of the numbers that the type expresses.
  bool expresses(double value) const;

  llvm::SmallVector<double> scales;
  llvm::SmallVector<int64_t> zeroPoints;
  /// The quantised axis, or -1.
  int64_t axis = -1;
  /// The smallest and the largest stored integer.
  int64_t least, most;
};

/// The quantised element type of a tensor; null for any other.
mlir::quant::QuantizedType quantizedType(mlir::Value value);

/// `type` along another axis.
mlir::quant::QuantizedType withAxis(mlir::quant::QuantizedType type,
                                    int64_t axis);

/// The constant of `shape` with these elements.
mlir::Value createFloats(mlir::OpBuilder &builder, mlir::Location loc,
                         llvm::ArrayRef<float> numbers,
                         llvm::ArrayRef<int64_t> shape);

/// The stored integers of a quantised value that is known at compile time.
std::optional<edge::ConstantView> knownIntegers(mlir::Value quantized);

} // namespace edgecc::quantization

#endif // EDGECC_PASSES_QUANTIZATION_PARAMETERS_H
