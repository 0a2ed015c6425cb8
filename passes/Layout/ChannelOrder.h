//===- ChannelOrder.h - channels in another order ---------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef EDGECC_PASSES_LAYOUT_CHANNELORDER_H
#define EDGECC_PASSES_LAYOUT_CHANNELORDER_H

#include "dialects/Edge/EdgeDialect.h"
#include "passes/Layout/Layouts.h"

namespace edgecc::layout {

inline mlir::RankedTensorType typeOf(mlir::Value value) {
  return llvm::cast<mlir::RankedTensorType>(value.getType());
}

/// An order of channels, which are the last dimension: new channel `c` is old
/// channel `order[c]`.
using ChannelOrder = Layout;

/// A reshape that splits the channels into a matrix, a transpose of it, and a
/// reshape that joins them.
struct ChannelShuffle {
  edge::ReshapeOp join;
  mlir::Value input;
  int64_t rows, columns;

  static std::optional<ChannelShuffle> get(edge::ReshapeOp join);

  /// The matrix column by column.
  ChannelOrder order() const;
  /// The same shuffle of another value, at the builder.
  mlir::Value build(mlir::OpBuilder &builder, mlir::Value value) const;
};

/// What leads from a value to convolutions whose known weights can take its
/// channels in any order, with nothing but operations between that carry each
/// channel by itself: depthwise convolutions, windows, borders, elementwise
/// operations with known operands.
class ChannelReaders {
public:
  /// Which convolutions with groups are as good as those without.
  using Accepts = llvm::function_ref<bool(edge::ConvOp)>;

  /// Takes in one use; false if it leads elsewhere.
  bool collect(mlir::OpOperand &use, Accepts accepts = nullptr);

  /// Lets all operations between read channels in `order`.
  void reorderCarriers(mlir::OpBuilder &builder,
                       llvm::ArrayRef<int64_t> order) const;
  /// The same for all operations, if the convolutions have no groups.
  void reorder(mlir::OpBuilder &builder, llvm::ArrayRef<int64_t> order) const;

  llvm::ArrayRef<edge::ConvOp> getEnds() const { return ends; }

private:
  llvm::SmallVector<mlir::OpOperand *> carriers;
  llvm::SmallVector<edge::ConvOp> ends;
};

/// A convolution with known weights that can compute its channels in any order,
/// and what carries them to a value that nobody else reads.
class ChannelSource {
public:
  static std::optional<ChannelSource> get(mlir::Value value);

  /// Lets the value have its channels in `order`.
  void reorder(mlir::OpBuilder &builder, llvm::ArrayRef<int64_t> order) const;

private:
  edge::ConvOp conv;
  llvm::SmallVector<mlir::OpOperand *> carriers;
};

/// Whether the operation of `use` computes each channel of its only result from
/// the same channel of the operand and what is known of it.
bool carriesChannels(mlir::OpOperand &use);

/// Lets the operation of `use`, which carries channels, read them in `order`.
void reorderKnown(mlir::OpBuilder &builder, mlir::OpOperand &use,
                  llvm::ArrayRef<int64_t> order);

} // namespace edgecc::layout

#endif // EDGECC_PASSES_LAYOUT_CHANNELORDER_H
