//===- LayoutRules.cpp - which operations bear other layouts ----*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "passes/Layout/LayoutRules.h"
#include "dialects/Edge/EdgeDialect.h"

#include "llvm/ADT/TypeSwitch.h"

#include "mlir/IR/IRMapping.h"

using namespace mlir;
using namespace edgecc::edge;

namespace edgecc::layout {

static RankedTensorType typeOf(Value value) {
  return cast<RankedTensorType>(value.getType());
}

/// Operations on dimensions that know them by number only: the operands have
/// the layout of the result.
static bool isUniform(Operation *op) {
  if (isa<QuantizeOp, DequantizeOp, StorageCastOp>(op))
    return bearsLayout(typeOf(op->getOperand(0)).getElementType()) &&
           bearsLayout(typeOf(op->getResult(0)).getElementType());
  return isa<ElementwiseOpInterface, MapOp, BroadcastOp, ReduceOp, SoftmaxOp,
             CumulativeOp, ArgReduceOp, TopKOp, ResampleOp, SliceOp, PadOp,
             ConcatOp, GatherElementsOp>(op);
}

/// The operation picks along one dimension with a list of indices.
static bool isGather(Operation *op) {
  auto gather = dyn_cast<GatherOp>(op);
  return gather && typeOf(gather.getIndices()).getRank() == 1;
}

bool bearsLayout(Type element) {
  return element.isIntOrFloat() || isa<quant::UniformQuantizedType>(element);
}

bool hasLayoutRules(Operation *op) {
  for (Type type : op->getResultTypes())
    if (llvm::is_contained(cast<RankedTensorType>(type).getShape(), 0))
      return false;
  return isUniform(op) || isGather(op) ||
         isa<LayerNormOp, TransposeOp, ReshapeOp>(op);
}

int64_t operandRank(Operation *op, unsigned operand) {
  if (isUniform(op))
    return typeOf(op->getResult(0)).getRank();
  return typeOf(op->getOperand(operand)).getRank();
}

/// Layouts of a normalisation keep the normalised dimensions last.
static bool keepsLast(LayerNormOp op, LayoutRef layout) {
  for (int64_t i = op.getAxis(), e = layout.size(); i < e; ++i)
    if (layout[i] != i)
      return false;
  return true;
}

std::optional<Layout> operandLayout(Operation *op, unsigned operand,
                                    LayoutRef layout) {
  int64_t rank = operandRank(op, operand);
  if (isUniform(op))
    return Layout(layout);
  if (isGather(op))
    return operand == 0 ? Layout(layout) : identityLayout(rank);
  if (auto norm = dyn_cast<LayerNormOp>(op)) {
    if (!keepsLast(norm, layout))
      return std::nullopt;
    return operand == 0 ? Layout(layout) : identityLayout(rank);
  }
  if (auto transpose = dyn_cast<TransposeOp>(op)) {
    Layout result;
    for (int64_t dim : layout)
      result.push_back(transpose.getPermutation()[dim]);
    return result;
  }
  if (auto reshape = dyn_cast<ReshapeOp>(op))
    return mapThroughReshape(reshape.getType().getShape(),
                             typeOf(reshape.getInput()).getShape(), layout);
  if (!isIdentity(layout))
    return std::nullopt;
  return identityLayout(rank);
}

std::optional<Layout> resultLayout(Operation *op, unsigned operand,
                                   LayoutRef layout) {
  std::optional<Layout> result;
  if (isUniform(op) || (isGather(op) && operand == 0) ||
      (isa<LayerNormOp>(op) && operand == 0)) {
    result = Layout(layout);
  } else if (auto transpose = dyn_cast<TransposeOp>(op)) {
    Layout place = inverse(transpose.getPermutation());
    result.emplace();
    for (int64_t dim : layout)
      result->push_back(place[dim]);
  } else if (auto reshape = dyn_cast<ReshapeOp>(op)) {
    result = mapThroughReshape(typeOf(reshape.getInput()).getShape(),
                               reshape.getType().getShape(), layout);
  }
  if (result && !operandLayout(op, operand, *result))
    return std::nullopt;
  return result;
}

/// Rewrites the attributes that name dimensions.
static void permuteAttributes(Operation *op, LayoutRef layout) {
  Layout place = inverse(layout);
  llvm::TypeSwitch<Operation *>(op)
      .Case<SoftmaxOp, CumulativeOp, ArgReduceOp, TopKOp, ResampleOp, ConcatOp,
            GatherElementsOp, GatherOp>(
          [&](auto typed) { typed.setAxis(place[typed.getAxis()]); })
      .Case([&](ReduceOp reduce) {
        SmallVector<int64_t> axes;
        for (int64_t axis : reduce.getAxes())
          axes.push_back(place[axis]);
        llvm::sort(axes);
        reduce.setAxes(axes);
      })
      .Case([&](SliceOp slice) {
        slice.setOffsets(permute(slice.getOffsets(), layout));
        slice.setSizes(permute(slice.getSizes(), layout));
        slice.setStrides(permute(slice.getStrides(), layout));
      })
      .Case([&](PadOp pad) {
        pad.setLow(permute(pad.getLow(), layout));
        pad.setHigh(permute(pad.getHigh(), layout));
      });
}

SmallVector<Value> rebuild(OpBuilder &builder, Operation *op, LayoutRef layout,
                           ValueRange operands) {
  if (isa<TransposeOp>(op))
    return {operands[0]};
  IRMapping mapping;
  mapping.map(op->getOperands(), operands);
  Operation *copy = builder.clone(*op, mapping);
  // An operand that occurs twice may come in two forms.
  copy->setOperands(operands);
  permuteAttributes(copy, layout);
  for (Value result : copy->getResults()) {
    RankedTensorType type = typeOf(result);
    result.setType(type.clone(permute(type.getShape(), layout)));
  }
  return SmallVector<Value>(copy->getResults());
}

std::optional<int64_t>
flattenedFrom(Operation *op, llvm::function_ref<bool(Value)> isConstant) {
  auto reshape = dyn_cast<ReshapeOp>(op);
  if (!reshape || reshape->use_empty() || reshape.getType().getRank() < 1)
    return std::nullopt;
  for (OpOperand &use : reshape->getUses()) {
    auto product = dyn_cast<MatMulOp>(use.getOwner());
    if (!product || use.getOperandNumber() != 0 ||
        typeOf(product.getRhs()).getRank() != 2 ||
        !isConstant(product.getRhs()) ||
        product->getBlock() != reshape->getBlock())
      return std::nullopt;
  }
  ArrayRef<int64_t> shape = typeOf(reshape.getInput()).getShape();
  int64_t rows = reshape.getType().getShape().back(), product = 1;
  int64_t from = shape.size();
  while (from > 0 && product < rows)
    product *= shape[--from];
  if (product != rows || product == 0)
    return std::nullopt;
  return from;
}

} // namespace edgecc::layout
