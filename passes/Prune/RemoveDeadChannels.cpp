//===- RemoveDeadChannels.cpp - tensors without useless channels *- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "passes/Prune/ChannelGroups.h"
#include "passes/Prune/KnownChannels.h"
#include "passes/Prune/Passes.h"
#include "passes/Quantization/Parameters.h"

namespace edgecc::prune {
#define GEN_PASS_DEF_REMOVEDEADCHANNELS
#include "passes/Prune/Passes.h.inc"
} // namespace edgecc::prune

using namespace mlir;
using namespace edgecc;
using namespace edgecc::edge;
using namespace edgecc::prune;
using quantization::typeOf;

/// A constant of these positions `kept` of a dimension.
static Value select(OpBuilder &builder, Value value, int64_t dim,
                    ArrayRef<int64_t> kept) {
  std::optional<ConstantView> view = constantView(value);
  RankedTensorType type = view->getType();
  SmallVector<int64_t> shape(type.getShape());
  int64_t size = shape[dim], outer = 1, inner = 1;
  for (auto [i, length] : llvm::enumerate(shape))
    (int64_t(i) < dim ? outer : inner) *= int64_t(i) == dim ? 1 : length;
  shape[dim] = int64_t(kept.size());
  inner *= elementBytes(type.getElementType());
  std::vector<char> bytes;
  bytes.reserve(outer * kept.size() * inner);
  for (int64_t o = 0; o < outer; ++o)
    for (int64_t position : kept) {
      ArrayRef<char> piece =
          view->bytes().slice((o * size + position) * inner, inner);
      bytes.insert(bytes.end(), piece.begin(), piece.end());
    }
  return ConstantOp::create(builder, value.getLoc(),
                            makeConstant(type.clone(shape), bytes));
}

/// Which inputs of a product all weights are zero for.
static llvm::BitVector deadRows(Operation *op) {
  int64_t inputs = channelsOf(op->getOperand(0));
  llvm::BitVector dead(unsigned(inputs), true);
  std::optional<ConstantView> weights = constantView(op->getOperand(1));
  if (!weights)
    return llvm::BitVector(unsigned(inputs));
  int64_t columns = weights->getType().getShape().back();
  int64_t rows = columns ? weights->size() / columns : 0;
  for (int64_t row = 0; row < rows && dead.any(); ++row)
    for (int64_t column = 0;
         column < columns && dead.test(unsigned(row % inputs)); ++column)
      if (weights->real(row * columns + column) != 0)
        dead.reset(unsigned(row % inputs));
  return dead;
}

namespace {

struct RemoveDeadChannels
    : edgecc::prune::impl::RemoveDeadChannelsBase<RemoveDeadChannels> {
  void runOnOperation() override {
    // Less is read by what is smaller.
    while (removeOnce())
      ;
  }

private:
  bool removeOnce() {
    ChannelGroups groups(getOperation());
    KnownChannels known(getOperation());
    llvm::BitVector removed = findDead(groups, known);
    groups.keepWidths(removed);
    if (removed.none())
      return false;
    keptOf.clear();
    for (Value value : groups.getValues()) {
      SmallVector<int64_t> kept;
      for (int64_t c = 0; c < channelsOf(value); ++c)
        if (!removed.test(unsigned(groups.groupOf(value, c))))
          kept.push_back(c);
      if (int64_t(kept.size()) != channelsOf(value)) {
        numRemoved += channelsOf(value) - kept.size();
        keptOf[value] = std::move(kept);
      }
    }
    SmallVector<Operation *> touched;
    getOperation().walk([&](Operation *op) {
      auto isChanged = [&](Value value) { return keptOf.contains(value); };
      if (llvm::any_of(op->getOperands(), isChanged) ||
          llvm::any_of(op->getResults(), isChanged))
        touched.push_back(op);
    });
    for (Operation *op : touched)
      if (isProduct(op))
        foldKnown(op, known);
    for (Operation *op : touched)
      shrink(op);
    for (auto &[value, kept] : keptOf) {
      SmallVector<int64_t> shape(typeOf(value).getShape());
      shape.back() = int64_t(kept.size());
      Value shrunk = value;
      shrunk.setType(typeOf(value).clone(shape));
    }
    return true;
  }

  /// The groups that no product has to read: its weights for them are zero, or
  /// they are a number, which can go into its bias.
  static llvm::BitVector findDead(const ChannelGroups &groups,
                                  const KnownChannels &known) {
    llvm::BitVector isRead(unsigned(groups.size())),
        isMade(unsigned(groups.size()));
    for (Operation *op : groups.getProducts()) {
      Value input = op->getOperand(0);
      llvm::BitVector dead = deadRows(op);
      for (int64_t c = 0; c < channelsOf(input); ++c) {
        std::optional<double> number = known.get(input, c);
        bool isNumber = number && (*number == 0 || !hasBorder(op));
        if (!dead.test(unsigned(c)) && !isNumber)
          isRead.set(unsigned(groups.groupOf(input, c)));
      }
      for (int64_t c = 0; c < channelsOf(op->getResult(0)); ++c)
        isMade.set(unsigned(groups.groupOf(op->getResult(0), c)));
    }
    for (int64_t group = 0; group < groups.size(); ++group)
      if (isRead.test(unsigned(group)) || groups.isPinned(group))
        isMade.reset(unsigned(group));
    return isMade;
  }

  /// Adds to the bias of a product what channels of one number that go would
  /// have added.
  void foldKnown(Operation *op, const KnownChannels &known) {
    auto kept = keptOf.find(op->getOperand(0));
    if (kept == keptOf.end())
      return;
    int64_t inputs = channelsOf(op->getOperand(0));
    SmallVector<double> numbers(inputs, 0);
    for (int64_t c = 0; c < inputs; ++c)
      if (!llvm::is_contained(kept->second, c))
        numbers[c] = known.get(op->getOperand(0), c).value_or(0);
    if (llvm::all_of(numbers, [](double number) { return number == 0; }))
      return;
    std::optional<ConstantView> weights = constantView(op->getOperand(1));
    int64_t columns = weights->getType().getShape().back();
    SmallVector<double> sums(columns, 0);
    MutableOperandRange bias = isa<ConvOp>(op)
                                   ? cast<ConvOp>(op).getBiasMutable()
                                   : cast<MatMulOp>(op).getBiasMutable();
    if (!bias.empty()) {
      std::optional<ConstantView> old = constantView(bias[0].get());
      for (int64_t column = 0; column < columns; ++column)
        sums[column] = old->real(column);
    }
    for (int64_t i = 0; i < weights->size(); ++i)
      if (double number = numbers[i / columns % inputs])
        sums[i % columns] += number * weights->real(i);
    OpBuilder builder(op);
    bias.assign(quantization::createFloats(
        builder, op->getLoc(), SmallVector<float>(sums.begin(), sums.end()),
        {columns}));
  }

  /// Takes from the constants of `op` what belongs to channels that go.
  void shrink(Operation *op) {
    OpBuilder builder(op);
    // What has one number for all channels keeps it.
    auto takeLast = [&](OpOperand &operand, ArrayRef<int64_t> kept) {
      int64_t rank = typeOf(operand.get()).getRank();
      if (constantView(operand.get()) && rank > 0 &&
          channelsOf(operand.get()) == channelsOf(op->getResult(0)))
        operand.set(select(builder, operand.get(), rank - 1, kept));
    };
    auto results = keptOf.end();
    if (op->getNumResults() == 1)
      results = keptOf.find(op->getResult(0));
    if (isProduct(op)) {
      auto inputs = keptOf.find(op->getOperand(0));
      Value weights = op->getOperand(1);
      if (inputs != keptOf.end())
        op->setOperand(1,
                       select(builder, weights, typeOf(weights).getRank() - 2,
                              inputs->second));
      if (results != keptOf.end())
        for (OpOperand &operand : op->getOpOperands().drop_front())
          takeLast(operand, results->second);
      return;
    }
    if (results == keptOf.end())
      return;
    if (prune::isDepthwise(op)) {
      for (OpOperand &operand : op->getOpOperands().drop_front())
        takeLast(operand, results->second);
      cast<ConvOp>(op).setGroups(int64_t(results->second.size()));
      return;
    }
    if (isa<ElementwiseOpInterface>(op))
      for (OpOperand &operand : op->getOpOperands())
        takeLast(operand, results->second);
  }

  /// The channels that stay of the values that lose some.
  llvm::DenseMap<Value, SmallVector<int64_t>> keptOf;
};

} // namespace
