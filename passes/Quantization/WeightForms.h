//===- WeightForms.h - weights of contractions as integers ------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef EDGECC_PASSES_QUANTIZATION_WEIGHTFORMS_H
#define EDGECC_PASSES_QUANTIZATION_WEIGHTFORMS_H

#include "passes/Quantization/BlockRounding.h"
#include "passes/Quantization/Calibrate.h"

namespace edgecc::quantization {

/// The sums of the products of each two inputs of contractions, over examples.
class InputMoments {
public:
  InputMoments() = default;

  /// Those of the contractions that multiply by a known matrix; several with
  /// one input share them.
  static llvm::FailureOr<InputMoments>
  find(Calibrator &calibrator, llvm::ArrayRef<mlir::Operation *> contractions);

  /// Those of contraction `i`; empty if they are not known.
  llvm::ArrayRef<double> of(size_t i) const {
    return i < inputs.size() && inputs[i] >= 0 ? llvm::ArrayRef(sums[inputs[i]])
                                               : llvm::ArrayRef<double>();
  }

private:
  std::vector<std::vector<double>> sums;
  /// The position in `sums` by contraction, or -1.
  llvm::SmallVector<int64_t> inputs;
};

/// The known f32 weights of a contraction in bytes, from -127 to 127 for 8
/// bits, one scale per output channel, which is the last dimension. With
/// `moments` each is rounded up or down as disturbs products least. Empty for
/// other weights.
RoundedBlocks roundInChannels(mlir::Value weights, unsigned bits = 8,
                              llvm::ArrayRef<double> moments = {});
/// The same of other elements of a tensor with so many output channels.
RoundedBlocks roundInChannels(llvm::ArrayRef<float> weights, int64_t columns,
                              unsigned bits = 8,
                              llvm::ArrayRef<double> moments = {});

/// The known f32 matrix, of any number of dimensions before, in integers of
/// `bits` bits with a scale per column of a block of `size` rows, 0 for all.
RoundedBlocks roundInBlocks(mlir::Value weights, unsigned bits, int64_t size,
                            llvm::ArrayRef<double> moments = {});
/// The same of other elements of a matrix with so many columns.
RoundedBlocks roundInBlocks(llvm::ArrayRef<float> weights, int64_t columns,
                            unsigned bits, int64_t size,
                            llvm::ArrayRef<double> moments = {});

/// What each integer is off by.
llvm::SmallVector<double> roundingErrors(mlir::Value weights,
                                         const RoundedBlocks &rounded);

/// Makes an operand of a contraction the integers for its channels, or those of
/// its blocks.
void setChannels(mlir::OpOperand &weights, const RoundedBlocks &rounded);
void setBlocks(mlir::OpOperand &weights, const RoundedBlocks &rounded);

/// Rounds a known bias to f16, which is near enough beside weights of at most 8
/// bits.
void roundBias(mlir::Operation *contraction);

} // namespace edgecc::quantization

#endif // EDGECC_PASSES_QUANTIZATION_WEIGHTFORMS_H
