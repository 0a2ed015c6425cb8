//===- ChannelGroups.cpp - channels that live and die together --*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "passes/Prune/ChannelGroups.h"

#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace edgecc;
using namespace edgecc::edge;
using namespace edgecc::prune;

static ArrayRef<int64_t> shapeOf(Value value) {
  return cast<ShapedType>(value.getType()).getShape();
}

static bool isConstant(Value value) {
  return matchPattern(value, m_Constant());
}

int64_t edgecc::prune::channelsOf(Value value) {
  return shapeOf(value).empty() ? 1 : shapeOf(value).back();
}

/// Whether all operands but the first are constants; an epilogue reads nothing
/// else.
static bool hasKnownWeights(Operation *op) {
  return llvm::all_of(op->getOperands().drop_front(), isConstant);
}

bool edgecc::prune::isProduct(Operation *op) {
  auto conv = dyn_cast<ConvOp>(op);
  bool isMatrix =
      conv ? conv.getGroups() == 1
           : isa<MatMulOp>(op) && shapeOf(op->getOperand(1)).size() == 2;
  return isMatrix && hasKnownWeights(op);
}

bool edgecc::prune::isDepthwise(Operation *op) {
  auto conv = dyn_cast<ConvOp>(op);
  return conv && conv.getGroups() > 1 && hasKnownWeights(op) &&
         int64_t(conv.getGroups()) == channelsOf(conv.getInput()) &&
         channelsOf(conv.getResult()) == channelsOf(conv.getInput());
}

ChannelGroups::ChannelGroups(func::FuncOp function) {
  auto isNumbered = [](Value value) {
    auto type = dyn_cast<RankedTensorType>(value.getType());
    return type && type.hasStaticShape();
  };
  function.walk<WalkOrder::PreOrder>([&](Operation *op) {
    for (Region &region : op->getRegions())
      for (Block &block : region)
        for (Value argument :
             llvm::make_filter_range(block.getArguments(), isNumbered)) {
          number(argument);
          pinned.resize(unsigned(parents.size()));
          pin(argument);
        }
    for (Value result : llvm::make_filter_range(op->getResults(), isNumbered))
      number(result);
  });
  pinned.resize(unsigned(parents.size()));
  function.walk([&](Operation *op) { relate(op); });
  // Of the groups that have been joined.
  for (unsigned i : pinned.set_bits())
    pinned.set(unsigned(find(i)));
}

void ChannelGroups::number(Value value) {
  firsts[value] = int64_t(parents.size());
  values.push_back(value);
  for (int64_t i = 0; i < channelsOf(value); ++i)
    parents.push_back(int64_t(parents.size()));
}

int64_t ChannelGroups::find(int64_t number) const {
  while (parents[number] != number)
    number = parents[number];
  return number;
}

int64_t ChannelGroups::groupOf(Value value, int64_t channel) const {
  return find(firsts.lookup(value) + channel);
}

void ChannelGroups::join(Value a, int64_t channelA, Value b, int64_t channelB) {
  int64_t first = groupOf(a, channelA), second = groupOf(b, channelB);
  // The smaller number leads, so that paths stay short.
  parents[std::max(first, second)] = std::min(first, second);
}

void ChannelGroups::joinAll(Value a, Value b) {
  int64_t sizeA = channelsOf(a), sizeB = channelsOf(b);
  for (int64_t c = 0; c < std::max(sizeA, sizeB); ++c)
    join(a, c % sizeA, b, c % sizeB);
}

void ChannelGroups::pin(Value value) {
  auto first = firsts.find(value);
  if (first == firsts.end())
    return;
  for (int64_t c = 0; c < channelsOf(value); ++c)
    pinned.set(unsigned(first->second + c));
}

bool ChannelGroups::relateElementwise(Operation *op) {
  Value result = op->getResult(0);
  int64_t channels = channelsOf(result);
  for (Value operand : op->getOperands()) {
    if (isConstant(operand))
      continue;
    if (channelsOf(operand) == channels && !shapeOf(operand).empty())
      joinAll(operand, result);
    else
      pin(operand);
  }
  return true;
}

/// Joins what an operation carries from channel to channel; false for others.
bool ChannelGroups::relateCarrier(Operation *op) {
  if (op->getNumResults() != 1 || !firsts.contains(op->getResult(0)) ||
      op->getNumOperands() == 0)
    return false;
  Value input = op->getOperand(0), result = op->getResult(0);
  auto epilogue = dyn_cast<EpilogueOpInterface>(op);
  if (epilogue && !epilogue.getEpilogueRegion().empty() &&
      !prune::isDepthwise(op))
    return false;
  if (isa<ElementwiseOpInterface>(op))
    return relateElementwise(op);
  if (auto concat = dyn_cast<ConcatOp>(op)) {
    bool joinsChannels =
        int64_t(concat.getAxis()) + 1 == int64_t(shapeOf(result).size());
    if (llvm::any_of(concat.getInputs(), isConstant))
      return false;
    int64_t offset = 0;
    for (Value part : concat.getInputs()) {
      for (int64_t c = 0; c < channelsOf(part); ++c)
        join(part, c, result, c + (joinsChannels ? offset : 0));
      offset += channelsOf(part);
    }
    return true;
  }
  if (!firsts.contains(input) || shapeOf(input).empty() ||
      shapeOf(result).empty() || isConstant(input))
    return false;
  bool keepsChannels = false;
  if (auto pad = dyn_cast<PadOp>(op))
    keepsChannels = pad.getLow().back() == 0 && pad.getHigh().back() == 0;
  else if (auto transpose = dyn_cast<TransposeOp>(op))
    keepsChannels = transpose.getPermutation().back() ==
                    int64_t(transpose.getPermutation().size()) - 1;
  else if (auto reduce = dyn_cast<ReduceOp>(op))
    keepsChannels = !llvm::is_contained(reduce.getAxes(),
                                        int64_t(shapeOf(input).size()) - 1);
  else if (isa<ReshapeOp>(op))
    keepsChannels = channelsOf(input) > 0 && channelsOf(result) > 0 &&
                    (channelsOf(input) % channelsOf(result) == 0 ||
                     channelsOf(result) % channelsOf(input) == 0);
  else
    keepsChannels = isa<PoolOp>(op) || prune::isDepthwise(op);
  if (keepsChannels)
    joinAll(input, result);
  return keepsChannels;
}

void ChannelGroups::relate(Operation *op) {
  if (isa<ConstantOp>(op))
    return;
  if (isProduct(op)) {
    products.push_back(op);
    if (isConstant(op->getOperand(0)))
      pin(op->getOperand(0));
    return;
  }
  if (relateCarrier(op))
    return;
  for (Value operand : op->getOperands())
    pin(operand);
  for (Value result : op->getResults())
    pin(result);
}

void ChannelGroups::keepWidths(llvm::BitVector &removed,
                               ArrayRef<double> costs) const {
  // A group that comes back is one more channel of other values as well.
  for (bool isChanged = true; isChanged;) {
    isChanged = false;
    for (Value value : values) {
      int64_t channels = channelsOf(value);
      SmallVector<unsigned> gone;
      for (int64_t c = 0; c < channels; ++c)
        if (unsigned group = unsigned(groupOf(value, c)); removed.test(group))
          gone.push_back(group);
      if (!costs.empty())
        llvm::stable_sort(
            gone, [&](unsigned a, unsigned b) { return costs[a] > costs[b]; });
      int64_t kept = channels - int64_t(gone.size());
      int64_t wanted = kept > widthMultiple ? llvm::alignTo(kept, widthMultiple)
                                            : std::max<int64_t>(kept, 1);
      int64_t missing = std::min(wanted, channels) - kept;
      for (unsigned group : ArrayRef(gone).take_front(missing))
        removed.reset(group);
      isChanged |= missing > 0;
    }
  }
}
