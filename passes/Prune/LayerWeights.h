//===- LayerWeights.h - the weights of one layer ----------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef EDGECC_PASSES_PRUNE_LAYERWEIGHTS_H
#define EDGECC_PASSES_PRUNE_LAYERWEIGHTS_H

#include "dialects/Edge/EdgeDialect.h"
#include "passes/Prune/SelectWeights.h"

#include "llvm/ADT/BitVector.h"

namespace edgecc::prune {

/// With fewer weights for an output channel each of them is needed.
inline constexpr int64_t leastRows = 16;

/// Known weights of f32 of a convolution or a product with a matrix, as a
/// matrix: a column for each output channel, a row for each of the inputs that
/// go into it, all channels of one position of the kernel after the other.
class LayerWeights {
public:
  /// Nothing for other operations.
  static std::optional<LayerWeights> get(mlir::Operation *op);

  mlir::Operation *getOperation() const { return op; }
  /// The name of the node, with `.` for what the names of files cannot have.
  std::string getName() const;
  int64_t rows() const { return int64_t(weights.size()) / columns; }
  int64_t size() const { return int64_t(weights.size()); }

  /// Whether weights can become zero by a pattern: there are enough for each
  /// output channel, and groups divide them.
  bool canPrune(const SparsityPattern &pattern) const;
  bool isFinite() const;
  /// Whether it has groups, which inputs of products have not.
  bool isGrouped() const;
  /// Whether it takes a reasonable time to find how inputs are related.
  bool canRelate() const;
  /// What the products read.
  ProductInput getInput() const;
  /// The squares of the weights as what it costs to make them zero.
  Scores magnitudes() const;

  /// The shape of a mask.
  llvm::SmallVector<int64_t> maskShape() const;
  /// The mask of the weights that are not zero.
  Mask makeMask() const;
  /// The weights that a mask of this shape makes zero.
  llvm::BitVector dropped(const Mask &mask) const;

  /// Gives the operation `weights`.
  void write() const;

  /// Input channels (of a group) and output channels.
  int64_t channels = 0, columns = 0;
  std::vector<float> weights;

private:
  explicit LayerWeights(mlir::Operation *op) : op(op) {}
  /// The element of a mask for an element of the weights.
  int64_t maskElement(int64_t element) const;

  mlir::Operation *op;
};

} // namespace edgecc::prune

#endif // EDGECC_PASSES_PRUNE_LAYERWEIGHTS_H
