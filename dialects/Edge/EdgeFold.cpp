//===- EdgeFold.cpp - folding of elementwise operations ---------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
//
// Elementwise operations fold through their own scalar code: it is built once
// on block arguments and then folded by the arith and math dialects for each
// element. There is no second definition of what an operation means.
//
//===----------------------------------------------------------------------===//

#include "dialects/Edge/EdgeFold.h"
#include "dialects/Edge/EdgeConstants.h"
#include "dialects/Edge/EdgeDialect.h"
#include "dialects/Edge/EdgeScheduleOps.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Interfaces/FoldInterfaces.h"

using namespace mlir;
using namespace edgecc::edge;

bool edgecc::edge::isKnown(Value value) {
  // Each operation once, however often its result is used.
  llvm::SmallPtrSet<Operation *, 8> seen;
  SmallVector<Value> open{value};
  while (!open.empty()) {
    Operation *op = open.pop_back_val().getDefiningOp();
    if (!op || !isa_and_nonnull<EdgeDialect>(op->getDialect()) ||
        op->getNumRegions() != 0)
      return false;
    if (seen.insert(op).second)
      llvm::append_range(open, op->getOperands());
  }
  return true;
}

/// Steps `position` to the next one of `shape` in row-major order.
static void advance(MutableArrayRef<int64_t> position,
                    ArrayRef<int64_t> shape) {
  for (int64_t i = shape.size() - 1; i >= 0; --i) {
    if (++position[i] < shape[i])
      return;
    position[i] = 0;
  }
}

ElementsAttr edgecc::edge::foldMovement(
    Attribute input, RankedTensorType type,
    llvm::function_ref<int64_t(ArrayRef<int64_t>)> source) {
  if (auto dense = dyn_cast_or_null<DenseElementsAttr>(input);
      dense && dense.isSplat() && type.getNumElements() != 0)
    return dense.resizeSplat(type);
  std::optional<ConstantView> view = ConstantView::get(input);
  if (!view)
    return {};
  int64_t width = elementBytes(type.getElementType());
  ArrayRef<char> bytes = view->bytes();
  std::vector<char> result(type.getNumElements() * width);
  SmallVector<int64_t> position(type.getRank(), 0);
  for (int64_t i = 0, e = type.getNumElements(); i < e; ++i) {
    std::copy_n(bytes.data() + source(position) * width, width,
                result.data() + i * width);
    advance(position, type.getShape());
  }
  return makeConstant(type, result);
}

/// Evaluates straight-line scalar code by folding each operation.
static Attribute evaluate(Block &block, Value result,
                          ArrayRef<Attribute> arguments) {
  llvm::DenseMap<Value, Attribute> known;
  for (auto [argument, value] : llvm::zip(block.getArguments(), arguments))
    known[argument] = value;
  for (Operation &op : block) {
    SmallVector<Attribute> operands;
    for (Value operand : op.getOperands())
      operands.push_back(known.lookup(operand));
    SmallVector<OpFoldResult> results;
    if (failed(op.fold(operands, results)) || results.empty())
      return {};
    Attribute value = dyn_cast<Attribute>(results[0]);
    if (!value)
      value = known.lookup(cast<Value>(results[0]));
    if (!value)
      return {};
    known[op.getResult(0)] = value;
  }
  return known.lookup(result);
}

/// The row-major position in `shape` that broadcasts to `position`.
static int64_t broadcastPosition(ArrayRef<int64_t> position,
                                 ArrayRef<int64_t> shape) {
  int64_t offset = position.size() - shape.size(), index = 0;
  for (auto [i, size] : llvm::enumerate(shape))
    index = index * size + (size == 1 ? 0 : position[offset + i]);
  return index;
}

namespace {
struct ElementwiseFold : DialectFoldInterface {
  using DialectFoldInterface::DialectFoldInterface;

  LogicalResult fold(Operation *op, ArrayRef<Attribute> operands,
                     SmallVectorImpl<OpFoldResult> &results) const final {
    auto elementwise = dyn_cast<ElementwiseOpInterface>(op);
    if (!elementwise)
      return failure();
    if (Value same = foldNeutral(op, operands)) {
      results.push_back(same);
      return success();
    }
    auto type = cast<RankedTensorType>(op->getResult(0).getType());
    bool isSplat = type.getNumElements() != 0 &&
                   llvm::all_of(operands, [](Attribute operand) {
                     auto dense = dyn_cast_or_null<DenseElementsAttr>(operand);
                     return dense && dense.isSplat();
                   });
    if (!isSplat && type.getNumElements() > maxFoldedElements)
      return failure();
    SmallVector<ConstantView> views;
    for (Attribute operand : operands) {
      if (isSplat)
        operand =
            cast<DenseElementsAttr>(operand).resizeSplat(RankedTensorType::get(
                {}, cast<DenseElementsAttr>(operand).getElementType()));
      std::optional<ConstantView> view = ConstantView::get(operand);
      if (!view)
        return failure();
      views.push_back(*view);
    }

    Block body;
    for (ConstantView &view : views)
      body.addArgument(signless(view.getType().getElementType()), op->getLoc());
    OpBuilder builder(op->getContext());
    builder.setInsertionPointToEnd(&body);
    Value result = elementwise.emitScalar(builder, body.getArguments());

    SmallVector<Attribute> scalars;
    SmallVector<int64_t> position(type.getRank(), 0);
    int64_t count = isSplat ? 1 : type.getNumElements();
    for (int64_t i = 0; i < count; ++i) {
      SmallVector<Attribute> arguments;
      for (ConstantView &view : views)
        arguments.push_back(view.element(
            broadcastPosition(position, view.getType().getShape())));
      Attribute scalar = evaluate(body, result, arguments);
      if (!isa_and_nonnull<FloatAttr, IntegerAttr>(scalar))
        return failure();
      scalars.push_back(scalar);
      advance(position, type.getShape());
    }
    if (isSplat) {
      auto one = cast<DenseElementsAttr>(makeConstant(
          RankedTensorType::get({}, type.getElementType()), scalars));
      results.push_back(one.resizeSplat(type));
      return success();
    }
    results.push_back(makeConstant(type, scalars));
    return success();
  }

  /// Scalar code is complete in itself: its constants stay inside.
  bool shouldMaterializeInto(Region *region) const final {
    return isa<MapOp, AttentionOp, EpilogueOpInterface>(region->getParentOp());
  }

  /// x + 0, x * 1, x - 0, x / 1, casts to the same type: x.
  static Value foldNeutral(Operation *op, ArrayRef<Attribute> operands) {
    Type type = op->getResult(0).getType();
    if (isa<CastOp>(op))
      return op->getOperand(0).getType() == type ? op->getOperand(0) : Value();
    auto isSplat = [&](unsigned index, double value) {
      TypedAttr scalar = splatValue(operands[index]);
      if (auto real = dyn_cast_or_null<FloatAttr>(scalar))
        return real.getValueAsDouble() == value;
      if (auto integer = dyn_cast_or_null<IntegerAttr>(scalar))
        return integer.getValue() == uint64_t(value);
      return false;
    };
    auto sameType = [&](unsigned index) {
      return op->getOperand(index).getType() == type ? op->getOperand(index)
                                                     : Value();
    };
    double neutral = isa<MulOp, DivOp>(op) ? 1.0 : 0.0;
    if (isa<AddOp, SubOp, MulOp, DivOp>(op) && isSplat(1, neutral))
      if (Value value = sameType(0))
        return value;
    if (isa<AddOp, MulOp>(op) && isSplat(0, neutral))
      return sameType(1);
    return {};
  }
};
} // namespace

std::unique_ptr<DialectInterface>
edgecc::edge::makeFoldInterface(Dialect *dialect) {
  return std::make_unique<ElementwiseFold>(dialect);
}
