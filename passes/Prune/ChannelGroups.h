//===- ChannelGroups.h - channels that live and die together ----*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
//
// A channel is a position of the last dimension of a value. Channels that
// operations carry from value to value - through depthwise convolutions,
// windows, elementwise operations, additions, joins - are a group: tensors can
// do without all of them or none.
//
//===----------------------------------------------------------------------===//

#ifndef EDGECC_PASSES_PRUNE_CHANNELGROUPS_H
#define EDGECC_PASSES_PRUNE_CHANNELGROUPS_H

#include "dialects/Edge/EdgeDialect.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/BitVector.h"

namespace edgecc::prune {

/// A convolution without groups or a product with a matrix, whose weights and
/// bias are known: it reads the channels of its first operand and makes those
/// of its result.
bool isProduct(mlir::Operation *op);

/// A depthwise convolution with known weights and bias.
bool isDepthwise(mlir::Operation *op);

/// The size of the last dimension; 1 for a scalar.
int64_t channelsOf(mlir::Value value);

/// What the widths of values that lose channels are multiples of: kernels step
/// by vectors, or by words of bytes, and take longer, and more code, for odd
/// widths than for the few channels more.
constexpr int64_t widthMultiple = 4;

class ChannelGroups {
public:
  explicit ChannelGroups(mlir::func::FuncOp function);

  /// The number of the group of a channel, less than `size()`.
  int64_t groupOf(mlir::Value value, int64_t channel) const;
  int64_t size() const { return int64_t(parents.size()); }
  /// Whether the tensors of a group have to keep it.
  bool isPinned(int64_t group) const { return pinned.test(unsigned(group)); }
  /// The products, in the order of the function.
  llvm::ArrayRef<mlir::Operation *> getProducts() const { return products; }
  /// All values with channels, in the order of the function.
  llvm::ArrayRef<mlir::Value> getValues() const { return values; }

  /// Takes groups out of `removed`, those first that cost most, until every
  /// value keeps a channel and, if it keeps more than that many, a multiple of
  /// `widthMultiple` or all that it has. Without costs, the first ones first.
  void keepWidths(llvm::BitVector &removed,
                  llvm::ArrayRef<double> costs = {}) const;

private:
  void number(mlir::Value value);
  void relate(mlir::Operation *op);
  bool relateCarrier(mlir::Operation *op);
  bool relateElementwise(mlir::Operation *op);
  void join(mlir::Value a, int64_t channelA, mlir::Value b, int64_t channelB);
  /// Channel `c` of one is channel `c` modulo its size of the other.
  void joinAll(mlir::Value a, mlir::Value b);
  void pin(mlir::Value value);
  int64_t find(int64_t number) const;

  llvm::DenseMap<mlir::Value, int64_t> firsts;
  llvm::SmallVector<mlir::Value> values;
  llvm::SmallVector<mlir::Operation *> products;
  std::vector<int64_t> parents;
  llvm::BitVector pinned;
};

} // namespace edgecc::prune

#endif // EDGECC_PASSES_PRUNE_CHANNELGROUPS_H
