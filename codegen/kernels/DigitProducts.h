//===- DigitProducts.h - a row of floats as bytes ---------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
//
// A product of one row with weights of 4 bits in blocks would spend three
// instructions on as many weights as a vector has lanes: a shift, a table
// look-up, a multiplication. Machines that multiply bytes four at a time take a
// quarter of that if the row is bytes as well. So each block of the row becomes
// integers of 24 bits, relative to its largest element, and these three digits
// of 8 bits each. The products of a digit with all weights of the block are
// exact; the three sums are put together and scaled in f32. What the row loses
// is at most 2^-23 of the block's largest element for each of them, about what
// sums of f32 lose. Infinite elements give NaN.
//
//===----------------------------------------------------------------------===//

#ifndef EDGECC_CODEGEN_KERNELS_DIGITPRODUCTS_H
#define EDGECC_CODEGEN_KERNELS_DIGITPRODUCTS_H

#include "codegen/kernels/BlockWeights.h"
#include "codegen/kernels/GemmKernel.h"
#include "codegen/kernels/InnerProduct.h"

namespace edgecc::kernels {

class DigitProducts {
public:
  /// How `cpu` multiplies `rows` rows with `weights` for `channels` channels by
  /// digits; nothing if it does not, or if floats are as good.
  static std::optional<DigitProducts> find(target::CpuAttr cpu,
                                           const BlockWeights &weights,
                                           int64_t rows, int64_t channels);

  /// Vectors of channels that share what they read of the row.
  static constexpr int64_t vectors = 4;

  /// Words with four digits each; for each block and place what its sum begins
  /// with; for each block its scale and, for zero points, the sum of its
  /// integers.
  llvm::SmallVector<mlir::MemRefType> getScratch(mlir::MLIRContext *c) const;

  /// Emits what makes digits of the row at `lhs`, into `scratch`.
  void emitDigits(Emitter &e, const FlatOperand &lhs, mlir::ValueRange scratch);

  /// `accumulators`, a vector for each column of `run`, and the products of the
  /// row with the panel at `base` of the packed weights `rhs`.
  llvm::SmallVector<mlir::Value> reduce(Emitter &e, const PanelRun &run,
                                        mlir::Value rhs, mlir::Value base,
                                        mlir::ValueRange accumulators) const;

private:
  DigitProducts(const BlockWeights &weights, const InnerProduct &product)
      : weights(&weights), product(product) {}

  int64_t countBlocks() const;
  void emitBlock(Emitter &e, const FlatOperand &lhs, mlir::Value block,
                 int64_t size) const;
  llvm::SmallVector<mlir::Value> reduceBlock(Emitter &e, const PanelRun &run,
                                             mlir::Value rhs, mlir::Value base,
                                             mlir::Value block, int64_t size,
                                             mlir::ValueRange sums) const;

  const BlockWeights *weights;
  InnerProduct product;
  mlir::Value digits, starts, scales, totals;
};

} // namespace edgecc::kernels

#endif // EDGECC_CODEGEN_KERNELS_DIGITPRODUCTS_H
