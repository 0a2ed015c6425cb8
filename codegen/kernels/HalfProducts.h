//===- HalfProducts.h - depthwise convolutions in 16 bits -------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
//
// Where the machine multiplies the even or the odd bytes of two vectors to
// halves, a depthwise convolution of signed bytes computes sixteen channels at
// a time. As many taps as surely fit, by what their weights are, are summed in
// 16 bits before they are added up in 32. The four vectors of sums have every
// fourth channel each; bias and epilogue operands are packed in that order, and
// the requantised bytes come out in the order of channels.
//
//===----------------------------------------------------------------------===//

#ifndef EDGECC_CODEGEN_KERNELS_HALFPRODUCTS_H
#define EDGECC_CODEGEN_KERNELS_HALFPRODUCTS_H

#include "codegen/kernels/GemmKernel.h"
#include "codegen/kernels/Requantize.h"
#include "dialects/Edge/EdgeConstants.h"

namespace edgecc::kernels {

/// A depthwise convolution by products of 16 bits.
class HalfProducts {
public:
  /// How to compute `op`, which has one output channel per group; nothing if
  /// its types, sizes or epilogue, or the machine, do not suit.
  static std::optional<HalfProducts> get(edge::ConvOp op, target::CpuAttr cpu);

  /// Operand `index` as `emit` wants it; nothing if that is as it is.
  std::optional<PackedConstant> pack(unsigned index,
                                     mlir::ElementsAttr value) const;

  /// Emits the loops; `args` has the packed operands.
  void emit(Emitter &e, const KernelArgs &args) const;

private:
  HalfProducts(edge::ConvOp op, edge::ConstantView weights);

  /// Channels of a step; vectors that their sums take.
  static constexpr int64_t block = 16, vectors = 4;

  mlir::Value emitBlock(Emitter &e, const KernelArgs &args, mlir::Value input,
                        mlir::Value channel) const;

  mutable edge::ConvOp op;
  edge::ConstantView weights;
  std::optional<Requantization> requantization;
  int64_t channels, kernelLines = 1, kernelPixels;
  /// For each tap, whether it begins a new sum of 16 bits.
  llvm::SmallVector<bool> begins;
};

} // namespace edgecc::kernels

#endif // EDGECC_CODEGEN_KERNELS_HALFPRODUCTS_H
