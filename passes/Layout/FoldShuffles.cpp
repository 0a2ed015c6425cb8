//===- FoldShuffles.cpp - orders of channels into weights -------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "passes/Layout/ChannelOrder.h"
#include "passes/Layout/Passes.h"

#include "mlir/IR/PatternMatch.h"
#include "llvm/ADT/STLExtras.h"

namespace edgecc::layout {
#define GEN_PASS_DEF_FOLDSHUFFLES
#include "passes/Layout/Passes.h.inc"
} // namespace edgecc::layout

using namespace mlir;
using namespace edgecc::edge;
using namespace edgecc::layout;

namespace {

/// Whether each group of a pointwise convolution takes as many channels of
/// every row of the shuffled matrix: they are the taps of a window that lies
/// across the rows.
bool readsRowsEvenly(ConvOp op, const ChannelShuffle &shuffle) {
  auto areAll = [](ArrayRef<int64_t> values, int64_t expected) {
    return llvm::all_of(values,
                        [=](int64_t value) { return value == expected; });
  };
  int64_t groups = op.getGroups();
  return shuffle.columns % groups == 0 && shuffle.columns > groups &&
         areAll(typeOf(op.getWeights()).getShape().drop_back(2), 1) &&
         areAll(op.getStrides(), 1) && areAll(op.getPadsLow(), 0) &&
         areAll(op.getPadsHigh(), 0) && op.getEpilogue().empty();
}

/// Lets `op`, for which that holds, read channels that are not shuffled.
void readRows(OpBuilder &builder, ConvOp op, const ChannelShuffle &shuffle) {
  builder.setInsertionPoint(op);
  Location loc = op.getLoc();
  int64_t groups = op.getGroups(), share = shuffle.columns / groups;
  RankedTensorType type = op.getType();
  int64_t outputs = type.getShape().back();
  auto reshape = [&](Value value, ArrayRef<int64_t> shape) {
    return builder.createOrFold<ReshapeOp>(loc, typeOf(value).clone(shape),
                                           value);
  };
  Value weights = reshape(op.getWeights(), {share, shuffle.rows, outputs});
  weights = builder.createOrFold<TransposeOp>(loc, weights,
                                              ArrayRef<int64_t>{1, 0, 2});
  int64_t pixels = type.getNumElements() / outputs;
  SmallVector<int64_t> ones(2, 1), zeros(2, 0);
  auto conv = ConvOp::create(
      builder, loc, type.clone({int64_t(1), pixels, int64_t(1), outputs}),
      reshape(op.getInput(),
              {int64_t(1), pixels, shuffle.rows, shuffle.columns}),
      reshape(weights, {int64_t(1), shuffle.rows, share, outputs}),
      op.getBias(), ValueRange(), builder.getDenseI64ArrayAttr(ones),
      DenseI64ArrayAttr(), builder.getDenseI64ArrayAttr(zeros),
      builder.getDenseI64ArrayAttr(zeros), builder.getI64IntegerAttr(groups));
  op.replaceAllUsesWith(reshape(conv, type.getShape()));
  op.erase();
}

struct FoldShuffles : edgecc::layout::impl::FoldShufflesBase<FoldShuffles> {
  void runOnOperation() override {
    SmallVector<Operation *> joins;
    getOperation().walk([&](ReshapeOp op) {
      if (ChannelShuffle::get(op))
        joins.push_back(op);
    });
    for (Operation *op : joins) {
      auto join = cast<ReshapeOp>(op);
      std::optional<ChannelShuffle> shuffle = ChannelShuffle::get(join);
      if (!shuffle || join->use_empty())
        continue;
      if (foldIntoReaders(*shuffle) || foldIntoSource(*shuffle))
        ++numFolded;
      else if (moveToSmallest(*shuffle))
        ++numMoved;
      // Nobody else may seem to read its input.
      for (; op && op->use_empty();) {
        Operation *before = op->getOperand(0).getDefiningOp();
        if (op != join.getOperation() && llvm::is_contained(joins, op))
          break;
        op->erase();
        op = isa_and_nonnull<ReshapeOp, TransposeOp>(before) ? before : nullptr;
      }
    }
  }

private:
  static bool foldIntoReaders(ChannelShuffle shuffle) {
    ChannelReaders readers;
    for (OpOperand &use : shuffle.join->getUses())
      if (!readers.collect(
              use, [&](ConvOp conv) { return readsRowsEvenly(conv, shuffle); }))
        return false;
    OpBuilder builder(shuffle.join);
    ChannelOrder order = inverse(shuffle.order());
    shuffle.join.replaceAllUsesWith(shuffle.input);
    if (llvm::all_of(readers.getEnds(),
                     [](ConvOp conv) { return conv.getGroups() == 1; })) {
      readers.reorder(builder, order);
      return true;
    }
    readers.reorderCarriers(builder, order);
    for (ConvOp conv : readers.getEnds())
      readRows(builder, conv, shuffle);
    return true;
  }

  static bool foldIntoSource(ChannelShuffle shuffle) {
    std::optional<ChannelSource> source = ChannelSource::get(shuffle.input);
    if (!source)
      return false;
    OpBuilder builder(shuffle.join);
    source->reorder(builder, shuffle.order());
    shuffle.join.replaceAllUsesWith(shuffle.input);
    return true;
  }

  /// Behind the one of the operations that follow which leaves the least to
  /// move.
  static bool moveToSmallest(ChannelShuffle shuffle) {
    SmallVector<OpOperand *> carriers;
    Value value = shuffle.join, smallest = value;
    size_t count = 0;
    while (value.hasOneUse()) {
      OpOperand &use = *value.use_begin();
      if (!carriesChannels(use))
        break;
      carriers.push_back(&use);
      value = use.getOwner()->getResult(0);
      if (bytesOf(value) < bytesOf(smallest)) {
        smallest = value;
        count = carriers.size();
      }
    }
    if (count == 0)
      return false;
    OpBuilder builder(shuffle.join);
    for (OpOperand *use : ArrayRef(carriers).take_front(count))
      reorderKnown(builder, *use, inverse(shuffle.order()));
    shuffle.join.replaceAllUsesWith(shuffle.input);
    builder.setInsertionPointAfterValue(smallest);
    auto uses = llvm::map_to_vector(smallest.getUses(),
                                    [](OpOperand &use) { return &use; });
    Value behind = shuffle.build(builder, smallest);
    for (OpOperand *use : uses)
      use->set(behind);
    return true;
  }

  static int64_t bytesOf(Value value) {
    return typeOf(value).getNumElements() *
           llvm::divideCeil(
               signless(typeOf(value).getElementType()).getIntOrFloatBitWidth(),
               8);
  }
};

} // namespace
