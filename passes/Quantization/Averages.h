//===- Averages.h - averages of quantised values ----------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef EDGECC_PASSES_QUANTIZATION_AVERAGES_H
#define EDGECC_PASSES_QUANTIZATION_AVERAGES_H

#include "passes/Quantization/Parameters.h"

#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace edgecc::quantization {

/// What `value` has been dequantised from, or itself if it is quantised, with
/// one scale; null for other values.
mlir::Value quantizedSource(mlir::Value value);

/// The stored integers of a quantised value.
mlir::Value integersOf(mlir::OpBuilder &builder, mlir::Value value);

/// A sum of quantised values over a window without borders or over dimensions,
/// times one over the number of its terms.
struct Average {
  /// Nothing for other products, and where terms have more than 16 bits or
  /// their sum could leave 32 bits.
  static std::optional<Average> get(edge::MulOp op);

  /// The average that `raise` has made `sum` of; nothing for others.
  static std::optional<Average> getRaised(mlir::Operation *sum);

  /// The average as `type`, as a sum of quantised values. The type of the sum
  /// has `count` times the scale, and so the same integers.
  mlir::Value raise(mlir::OpBuilder &builder,
                    mlir::quant::QuantizedType type) const;

  /// The type of the average that has been raised. Exact: scales are f32.
  mlir::quant::QuantizedType typeOfRaised() const;

  /// Whether the average as `type` is the same as that of dequantised values in
  /// f32, in whatever order they are added up: no sum comes as near to a tie as
  /// their rounding reaches.
  bool isUntied(mlir::quant::QuantizedType type) const;

  mlir::quant::QuantizedType inputType() const { return quantizedType(source); }

  /// The integers of `type` that `emit` makes of the sums of integers.
  mlir::Value lower(
      mlir::OpBuilder &builder, mlir::quant::QuantizedType type,
      llvm::function_ref<mlir::Value(mlir::ImplicitLocOpBuilder &, mlir::Value)>
          emit) const;

  /// A PoolOp or ReduceOp.
  mlir::Operation *sum;
  /// The quantised terms.
  mlir::Value source;
  /// The sums, reshaped or transposed as they are multiplied.
  mlir::Value moved;
  int64_t count;
};

} // namespace edgecc::quantization

#endif // EDGECC_PASSES_QUANTIZATION_AVERAGES_H
