//===- ChannelOrder.cpp - channels in another order -------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "passes/Layout/ChannelOrder.h"
#include "dialects/Edge/EdgeConstants.h"
#include "dialects/Edge/EdgeFold.h"

#include "mlir/IR/Builders.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir;
using namespace edgecc::edge;
using namespace edgecc::layout;

//===----------------------------------------------------------------------===//
// Shuffles
//===----------------------------------------------------------------------===//

std::optional<ChannelShuffle> ChannelShuffle::get(ReshapeOp join) {
  auto turn = join.getInput().getDefiningOp<TransposeOp>();
  auto split = turn ? turn.getInput().getDefiningOp<ReshapeOp>() : nullptr;
  if (!split || split.getInput().getType() != join.getType() ||
      join.getType().getRank() == 0)
    return std::nullopt;
  SmallVector<int64_t> permutation(turn.getPermutation());
  int64_t rank = permutation.size();
  if (rank < 2)
    return std::nullopt;
  std::swap(permutation[rank - 2], permutation[rank - 1]);
  ArrayRef<int64_t> shape = split.getType().getShape();
  int64_t rows = shape[rank - 2], columns = shape[rank - 1];
  if (!llvm::equal(permutation, llvm::seq<int64_t>(rank)) ||
      rows * columns != join.getType().getShape().back())
    return std::nullopt;
  return ChannelShuffle{join, split.getInput(), rows, columns};
}

ChannelOrder ChannelShuffle::order() const {
  ChannelOrder result;
  for (int64_t column = 0; column < columns; ++column)
    for (int64_t row = 0; row < rows; ++row)
      result.push_back(row * columns + column);
  return result;
}

Value ChannelShuffle::build(OpBuilder &builder, Value value) const {
  RankedTensorType type = typeOf(value);
  int64_t rank = type.getRank();
  SmallVector<int64_t> shape(type.getShape().drop_back());
  shape.append({rows, columns});
  auto permutation = llvm::to_vector(llvm::seq<int64_t>(rank + 1));
  std::swap(permutation[rank - 1], permutation[rank]);
  Location loc = value.getLoc();
  Value matrix = ReshapeOp::create(builder, loc, type.clone(shape), value);
  auto turned = TransposeOp::create(builder, loc, matrix, permutation);
  // Why it remains.
  TransposeOp old =
      cast<TransposeOp>(ReshapeOp(join).getInput().getDefiningOp());
  turned->setDiscardableAttrs(old->getDiscardableAttrDictionary());
  return ReshapeOp::create(builder, loc, type, turned);
}

//===----------------------------------------------------------------------===//
// Operations between
//===----------------------------------------------------------------------===//

/// The known `value` with dimension `dim` in `order`.
static Value reorderDim(OpBuilder &builder, Value value, int64_t dim,
                        ArrayRef<int64_t> order) {
  auto type =
      RankedTensorType::get({int64_t(order.size())}, builder.getI64Type());
  SmallVector<Attribute> indices;
  for (int64_t index : order)
    indices.push_back(builder.getI64IntegerAttr(index));
  Value list =
      ConstantOp::create(builder, value.getLoc(), makeConstant(type, indices));
  return builder.createOrFold<GatherOp>(value.getLoc(), value, list, dim);
}

bool edgecc::layout::carriesChannels(OpOperand &use) {
  Operation *op = use.getOwner();
  Value input = use.get();
  if (op->getNumResults() != 1 || op->getNumRegions() > 1 ||
      typeOf(input).getRank() == 0)
    return false;
  auto epilogue = dyn_cast<EpilogueOpInterface>(op);
  if (epilogue && !epilogue.getEpilogueRegion().empty())
    return false;
  int64_t channels = typeOf(input).getShape().back();
  if (auto conv = dyn_cast<ConvOp>(op))
    return use.getOperandNumber() == 0 &&
           int64_t(conv.getGroups()) == channels &&
           typeOf(conv.getResult()).getShape().back() == channels &&
           isKnown(conv.getWeights()) &&
           (!conv.getBias() || isKnown(conv.getBias()));
  if (auto pad = dyn_cast<PadOp>(op))
    return pad.getLow().back() == 0 && pad.getHigh().back() == 0;
  if (isa<PoolOp>(op))
    return true;
  if (!isa<ElementwiseOpInterface>(op) ||
      typeOf(op->getResult(0)).getShape() != typeOf(input).getShape())
    return false;
  for (OpOperand &other : op->getOpOperands()) {
    RankedTensorType type = typeOf(other.get());
    bool isUniform = type.getRank() == 0 || type.getShape().back() == 1;
    if (&other != &use && !isUniform && !isKnown(other.get()))
      return false;
  }
  return true;
}

void edgecc::layout::reorderKnown(OpBuilder &builder, OpOperand &use,
                                  ArrayRef<int64_t> order) {
  Operation *op = use.getOwner();
  builder.setInsertionPoint(op);
  for (OpOperand &other : op->getOpOperands()) {
    RankedTensorType type = typeOf(other.get());
    if (&other != &use && type.getRank() > 0 &&
        type.getShape().back() == int64_t(order.size()))
      other.set(reorderDim(builder, other.get(), type.getRank() - 1, order));
  }
}

//===----------------------------------------------------------------------===//
// Both ends
//===----------------------------------------------------------------------===//

bool ChannelReaders::collect(OpOperand &use, Accepts accepts) {
  Operation *op = use.getOwner();
  auto conv = dyn_cast<ConvOp>(op);
  if (conv && use.getOperandNumber() == 0 && !conv.isDepthwise() &&
      isKnown(conv.getWeights()) && conv.getWeights().hasOneUse() &&
      (conv.getGroups() == 1 || (accepts && accepts(conv)))) {
    ends.push_back(conv);
    return true;
  }
  if (!carriesChannels(use))
    return false;
  carriers.push_back(&use);
  return llvm::all_of(op->getResult(0).getUses(),
                      [&](OpOperand &next) { return collect(next, accepts); });
}

void ChannelReaders::reorderCarriers(OpBuilder &builder,
                                     ArrayRef<int64_t> order) const {
  for (OpOperand *use : carriers)
    reorderKnown(builder, *use, order);
}

void ChannelReaders::reorder(OpBuilder &builder,
                             ArrayRef<int64_t> order) const {
  reorderCarriers(builder, order);
  for (ConvOp conv : ends) {
    builder.setInsertionPoint(conv);
    Value weights = conv.getWeights();
    conv.getWeightsMutable().assign(
        reorderDim(builder, weights, typeOf(weights).getRank() - 2, order));
  }
}

std::optional<ChannelSource> ChannelSource::get(Value value) {
  ChannelSource source;
  while (true) {
    Operation *op = value.getDefiningOp();
    if (!op || !value.hasOneUse())
      return std::nullopt;
    source.conv = dyn_cast<ConvOp>(op);
    if (source.conv && !source.conv.isDepthwise())
      break;
    auto *next = llvm::find_if(op->getOpOperands(), [](OpOperand &operand) {
      return !isKnown(operand.get()) && carriesChannels(operand);
    });
    if (next == op->getOpOperands().end())
      return std::nullopt;
    source.carriers.push_back(&*next);
    value = next->get();
  }
  ConvOp conv = source.conv;
  if (conv.getGroups() != 1 || !conv.getEpilogue().empty() ||
      !isKnown(conv.getWeights()) || !conv.getWeights().hasOneUse() ||
      (conv.getBias() && !isKnown(conv.getBias())))
    return std::nullopt;
  return source;
}

void ChannelSource::reorder(OpBuilder &builder, ArrayRef<int64_t> order) const {
  for (OpOperand *use : carriers)
    reorderKnown(builder, *use, order);
  ConvOp last = conv;
  reorderKnown(builder, last->getOpOperand(0), order);
}
