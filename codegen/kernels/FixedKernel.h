//===- FixedKernel.h - float products in fixed point ------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
//
// Contractions of f32 with constant weights on machines without floating point.
// The weights of a channel, and what one pixel reads, are blocks: integers with
// one exponent. A product takes a multiplication and an addition of integers
// then, and only the sum becomes a float. Functions that all layers share do
// this (`codegen/object/rt/fixed.c`, which says how exact it is).
//
//===----------------------------------------------------------------------===//

#ifndef EDGECC_CODEGEN_KERNELS_FIXEDKERNEL_H
#define EDGECC_CODEGEN_KERNELS_FIXEDKERNEL_H

#include "codegen/kernels/GemmKernel.h"
#include "dialects/Edge/EdgeConstants.h"

namespace edgecc::kernels {

/// A contraction in fixed point.
class FixedContraction {
public:
  /// Nothing if the machine has floats, there is more than f32, or the weights
  /// are no constants, not finite, or too far apart. They are rows of the
  /// channels of all groups; a pixel reads runs of `run` neighbouring elements.
  static std::optional<FixedContraction> get(target::CpuAttr cpu,
                                             mlir::Type lhs, mlir::Value rhs,
                                             int64_t groups, int64_t run);

  /// The blocks of all channels and what they list, in i32.
  PackedConstant pack() const;
  /// The block of a pixel; and its floats, if they are not one run.
  llvm::SmallVector<mlir::MemRefType> getScratch() const;

  /// Emits one pixel of one group, which reads `lhs` from its base on by the
  /// loops `levels`, outermost first. `rhs` are the packed weights; the bias
  /// has a null memref if there is none. `store` gets each sum and its channel
  /// in the result.
  void emitPixel(Emitter &emitter, const FlatOperand &lhs,
                 llvm::ArrayRef<ReductionLevel> levels, const FlatOperand &rhs,
                 const FlatOperand &bias, mlir::Value group,
                 mlir::ValueRange scratch,
                 llvm::function_ref<void(mlir::Value sum, mlir::Value channel)>
                     store) const;

private:
  FixedContraction(edge::ConstantView weights, int64_t groups, int64_t run,
                   bool multipliesLong);

  /// The exponent that f32 stores with the largest weight of a channel.
  int32_t channelExponent(int64_t channel) const;
  uint32_t bitsOf(int64_t row, int64_t channel) const;
  /// Elements of the block of a pixel and of a channel.
  int64_t blockSize() const { return 1 + 2 * depth; }
  int64_t channelSize() const { return hasBytes() ? depth : 2 + depth; }
  /// Whether weights are integers of a byte, which are mantissas as they are.
  bool hasBytes() const {
    return weights.getType().getElementType().isSignlessInteger(8);
  }
  PackedConstant packBytes() const;

  edge::ConstantView weights;
  int64_t depth, channels, groups, run;
  /// Whether the machine has 64 bits of a product.
  bool multipliesLong;
};

} // namespace edgecc::kernels

#endif // EDGECC_CODEGEN_KERNELS_FIXEDKERNEL_H
