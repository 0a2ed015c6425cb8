//===- KnownChannels.h - channels of one number -----------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef EDGECC_PASSES_PRUNE_KNOWNCHANNELS_H
#define EDGECC_PASSES_PRUNE_KNOWNCHANNELS_H

#include "dialects/Edge/EdgeConstants.h"

#include "passes/Prune/ChannelGroups.h"

#include <optional>

namespace edgecc::prune {

/// The channels of values of f32 that hold one number everywhere, whatever the
/// inputs of the network are: what products make of weights that are all zero,
/// and what follows from it.
class KnownChannels {
public:
  explicit KnownChannels(mlir::func::FuncOp function);

  /// The number; nothing if there is not one.
  std::optional<double> get(mlir::Value value, int64_t channel) const;

private:
  void visit(mlir::Operation *op);
  void visitProduct(mlir::Operation *op);
  void visitElementwise(mlir::Operation *op);
  void set(mlir::Value value, int64_t channel, double number);

  llvm::DenseMap<mlir::Value, llvm::SmallDenseMap<int64_t, double>> numbers;
};

/// The elements of `value`, which may be null, if it is known to be a constant.
std::optional<edge::ConstantView> constantView(mlir::Value value);

/// Whether a convolution has a border, which products with a number differ at.
bool hasBorder(mlir::Operation *op);

} // namespace edgecc::prune

#endif // EDGECC_PASSES_PRUNE_KNOWNCHANNELS_H
