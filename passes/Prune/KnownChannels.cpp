//===- KnownChannels.cpp - channels of one number ---------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "passes/Prune/KnownChannels.h"
#include "passes/Quantization/Parameters.h"

#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace edgecc;
using namespace edgecc::edge;
using namespace edgecc::prune;
using quantization::typeOf;

std::optional<ConstantView> edgecc::prune::constantView(Value value) {
  Attribute constant;
  if (!value || !matchPattern(value, m_Constant(&constant)))
    return std::nullopt;
  return ConstantView::get(constant);
}

bool edgecc::prune::hasBorder(Operation *op) {
  auto conv = dyn_cast<ConvOp>(op);
  auto isZero = [](int64_t pad) { return pad == 0; };
  return conv && !(llvm::all_of(conv.getPadsLow(), isZero) &&
                   llvm::all_of(conv.getPadsHigh(), isZero));
}

KnownChannels::KnownChannels(func::FuncOp function) {
  function.walk([&](Operation *op) {
    if (op->getNumResults() != 1)
      return;
    auto type = dyn_cast<RankedTensorType>(op->getResult(0).getType());
    if (type && type.getElementType().isF32() && type.getNumElements() > 0)
      visit(op);
  });
}

std::optional<double> KnownChannels::get(Value value, int64_t channel) const {
  auto known = numbers.find(value);
  if (known == numbers.end())
    return std::nullopt;
  auto number = known->second.find(channel);
  if (number == known->second.end())
    return std::nullopt;
  return number->second;
}

void KnownChannels::set(Value value, int64_t channel, double number) {
  if (std::isfinite(number))
    numbers[value][channel] = number;
}

void KnownChannels::visitProduct(Operation *op) {
  std::optional<ConstantView> weights = constantView(op->getOperand(1));
  if (!weights || !weights->getType().getElementType().isF32())
    return;
  std::optional<ConstantView> bias;
  if (op->getNumOperands() > 2)
    bias = constantView(op->getOperand(2));
  int64_t columns = weights->getType().getShape().back();
  int64_t rows = columns ? weights->size() / columns : 0;
  llvm::BitVector isZero(unsigned(columns), true);
  SmallVector<double> sums(columns, 0);
  for (int64_t row = 0; row < rows; ++row) {
    // Most networks have nothing to find after the first row.
    if (isZero.none() && !prune::isDepthwise(op))
      return;
    for (int64_t column = 0; column < columns; ++column) {
      double weight = weights->real(row * columns + column);
      if (weight != 0)
        isZero.reset(unsigned(column));
      sums[column] += weight;
    }
  }
  for (int64_t column = 0; column < columns; ++column) {
    double rest = bias ? bias->real(column) : 0;
    if (isZero.test(unsigned(column)))
      set(op->getResult(0), column, rest);
    else if (prune::isDepthwise(op))
      if (auto input = get(op->getOperand(0), column);
          input && (*input == 0 || !hasBorder(op)))
        set(op->getResult(0), column, *input * sums[column] + rest);
  }
}

/// The element of a constant that meets a channel; nothing if that depends on
/// more than the channel.
static TypedAttr elementOf(const ConstantView &view, int64_t channel) {
  int64_t size = view.size();
  int64_t channels =
      view.getType().getRank() ? view.getType().getShape().back() : 1;
  if (size != channels)
    return {};
  return view.element(channels == 1 ? 0 : channel);
}

void KnownChannels::visitElementwise(Operation *op) {
  if (llvm::none_of(op->getOperands(),
                    [&](Value operand) { return numbers.contains(operand); }))
    return;
  SmallVector<std::optional<ConstantView>> views;
  for (Value operand : op->getOperands())
    views.push_back(constantView(operand));
  auto type = cast<RankedTensorType>(op->getResult(0).getType());
  Type scalar = RankedTensorType::get({}, type.getElementType());
  for (int64_t c = 0; c < channelsOf(op->getResult(0)); ++c) {
    // The same operation on one element.
    SmallVector<Attribute> operands;
    for (auto [operand, view] : llvm::zip_equal(op->getOperands(), views)) {
      TypedAttr element;
      if (view)
        element = elementOf(*view, c);
      else if (channelsOf(operand) == channelsOf(op->getResult(0)))
        if (std::optional<double> number = get(operand, c))
          element = FloatAttr::get(typeOf(operand).getElementType(), *number);
      if (!element)
        break;
      operands.push_back(DenseElementsAttr::get(
          RankedTensorType::get({}, element.getType()), element));
    }
    if (operands.size() != op->getNumOperands())
      continue;
    OwningOpRef<Operation *> single(op->cloneWithoutRegions());
    single->getResult(0).setType(scalar);
    SmallVector<OpFoldResult> folded;
    if (failed(single->fold(operands, folded)) || folded.size() != 1)
      continue;
    auto attribute = dyn_cast<Attribute>(folded.front());
    std::optional<ConstantView> view;
    if (attribute)
      view = ConstantView::get(attribute);
    if (view)
      set(op->getResult(0), c, view->real(0));
  }
}

void KnownChannels::visit(Operation *op) {
  auto epilogue = dyn_cast<EpilogueOpInterface>(op);
  if (isa<ConstantOp>(op) ||
      (epilogue && !epilogue.getEpilogueRegion().empty()))
    return;
  if (isProduct(op) || prune::isDepthwise(op))
    return visitProduct(op);
  if (isa<ElementwiseOpInterface>(op))
    return visitElementwise(op);
  Value result = op->getResult(0);
  int64_t channels = channelsOf(result);
  if (auto concat = dyn_cast<ConcatOp>(op)) {
    if (int64_t(concat.getAxis()) + 1 != typeOf(result).getRank())
      return;
    int64_t offset = 0;
    for (Value part : concat.getInputs()) {
      for (int64_t c = 0; c < channelsOf(part); ++c)
        if (std::optional<double> number = get(part, c))
          set(result, offset + c, *number);
      offset += channelsOf(part);
    }
    return;
  }
  // What moves elements, or takes the largest of them, keeps any number; sums
  // and borders keep zero.
  bool keepsAll =
      isa<ReshapeOp>(op) ||
      (isa<PoolOp>(op) && cast<PoolOp>(op).getKind() == PoolKind::Max);
  if (auto transpose = dyn_cast<TransposeOp>(op))
    keepsAll = transpose.getPermutation().back() ==
               int64_t(transpose.getPermutation().size()) - 1;
  bool keepsZero = isa<PoolOp>(op);
  if (auto reduce = dyn_cast<ReduceOp>(op))
    keepsZero = reduce.getKind() == ReduceKind::Sum &&
                channelsOf(op->getOperand(0)) == channels;
  if (auto pad = dyn_cast<PadOp>(op))
    keepsZero = pad.getValue().isZero() && pad.getLow().back() == 0 &&
                pad.getHigh().back() == 0;
  if (!keepsAll && !keepsZero)
    return;
  int64_t inputs = channelsOf(op->getOperand(0));
  if (channels % inputs != 0)
    return;
  for (int64_t c = 0; c < channels; ++c)
    if (std::optional<double> number = get(op->getOperand(0), c % inputs);
        number && (keepsAll || *number == 0))
      set(result, c, *number);
}
