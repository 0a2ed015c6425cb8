//===- Contractions.h - products of quantised values ------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
//
// Which convolutions and matrix products can be computed with integers.
//
//===----------------------------------------------------------------------===//

#ifndef EDGECC_PASSES_QUANTIZATION_CONTRACTIONS_H
#define EDGECC_PASSES_QUANTIZATION_CONTRACTIONS_H

#include "passes/Quantization/Parameters.h"

namespace edgecc::quantization {

/// A convolution or matrix product of quantised values.
struct Contraction {
  /// `op` with the quantised values that its operands have been dequantised
  /// from. Nothing for other operations, and when a factor is not quantised.
  static std::optional<Contraction> get(mlir::Operation *op);

  /// Why integers cannot compute it; empty if they can.
  std::string objection() const;

  /// The bias as integers of the scale of the sums; nothing when there is none,
  /// when it is not known, or when it does not fit.
  std::optional<llvm::SmallVector<int64_t>> integerBias() const;
  /// The type of such a bias; null if its scales are too small for a type.
  mlir::quant::QuantizedType biasType() const;

  /// Whether there is no bias, or one that is known in the scale of the sums.
  bool hasIntegerBias() const {
    return !bias || (quantizedType(bias) == biasType() && integerBias());
  }

  /// The scale of the sums of `channel`.
  double scale(int64_t channel) const {
    return inputParameters.scale() * weightParameters.scale(channel);
  }
  int64_t channels() const {
    return llvm::cast<mlir::ShapedType>(weights.getType()).getShape().back();
  }
  /// The number of products in a sum.
  int64_t depth() const;

  /// What the products of a sum may add up to: the bias is on top.
  static constexpr double largestAllowedSum = double(1 << 30);

  mlir::Operation *op;
  /// Quantised values.
  mlir::Value input, weights;
  /// As the operation has it; may be null.
  mlir::Value bias;
  Parameters inputParameters, weightParameters;

private:
  Contraction(mlir::Operation *op, mlir::Value input, mlir::Value weights,
              mlir::Value bias)
      : op(op), input(input), weights(weights), bias(bias),
        inputParameters(quantizedType(input)),
        weightParameters(quantizedType(weights)) {}
};

/// The sums of the absolute weights of each output channel, which is the last
/// dimension, less their zero points; nothing if they are not known.
std::optional<llvm::SmallVector<double>>
columnSums(mlir::Value quantizedWeights);

/// The largest of them.
std::optional<double> largestColumn(mlir::Value quantizedWeights);

/// The bias of a convolution or matrix product, which may be absent.
mlir::MutableOperandRange biasOf(mlir::Operation *contraction);

/// Whether a convolution or matrix product multiplies by one known f32 matrix.
bool hasKnownMatrix(mlir::Operation *contraction);

/// The elements of a known real value, which may be dequantised, or quantised.
std::optional<llvm::SmallVector<double>> knownReals(mlir::Value value);

/// The elements of a known f32 value.
std::optional<llvm::SmallVector<float>> knownFloats(mlir::Value value);

/// Whether a convolution multiplies each pixel by the same matrix.
bool isPointwise(edge::ConvOp op);

} // namespace edgecc::quantization

#endif // EDGECC_PASSES_QUANTIZATION_CONTRACTIONS_H
