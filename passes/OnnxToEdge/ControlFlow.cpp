//===- ControlFlow.cpp - ONNX operators with sub-graphs ---------*- C++ -*-===//
//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "mlir/IR/Matchers.h"
#include "passes/OnnxToEdge/Converters.h"

using namespace mlir;
using namespace edgecc;

static Region *getBranch(onnx::NodeOp node, bool condition) {
  return node.getBody(condition ? "then_branch" : "else_branch");
}

Region *edgecc::getDecidedBranch(onnx::NodeOp node) {
  ElementsAttr condition;
  if (node.getOpType() != "If" || node.isAbsent(0) ||
      !matchPattern(node.getInput(0), m_Constant(&condition)))
    return nullptr;
  std::optional<SmallVector<int64_t>> value = readInts(condition);
  return value && value->size() == 1 ? getBranch(node, value->front())
                                     : nullptr;
}

/// Converts a branch into `region`.
static Converted convertBranch(ConversionContext &ctx, Region &branch,
                               Region &region) {
  OpBuilder &builder = ctx.getBuilder();
  OpBuilder::InsertionGuard guard(builder);
  builder.createBlock(&region);
  Converted results = ctx.convertBlock(branch.front());
  if (succeeded(results))
    edge::YieldOp::create(builder, ctx.getLoc(), *results);
  return results;
}

static Converted convertIf(ConversionContext &ctx) {
  if (failed(ctx.requireOperands(1)))
    return failure();
  onnx::NodeOp node = ctx.getNode();
  Region *thenBranch = getBranch(node, true);
  Region *elseBranch = getBranch(node, false);
  if (!thenBranch || !elseBranch)
    return ctx.error() << "needs the sub-graphs then_branch and else_branch";
  Value condition = ctx.operand(0);
  if (getTensorType(condition).getNumElements() != 1)
    return ctx.error() << "the condition must have one element, found "
                       << condition.getType();

  if (ElementsAttr value = ctx.constant(condition))
    if (auto bits = readInts(value))
      return ctx.convertBlock(getBranch(node, bits->front() != 0)->front());

  Region thenRegion, elseRegion;
  Converted thenResults = convertBranch(ctx, *thenBranch, thenRegion);
  if (failed(thenResults))
    return failure();
  Converted elseResults = convertBranch(ctx, *elseBranch, elseRegion);
  if (failed(elseResults))
    return failure();
  SmallVector<Type> types(ValueRange(*thenResults).getTypes());
  SmallVector<Type> otherTypes(ValueRange(*elseResults).getTypes());
  if (types.size() != otherTypes.size())
    return ctx.error() << "the branches give " << types.size() << " and "
                       << otherTypes.size() << " results";
  for (auto [index, type, other] : llvm::enumerate(types, otherTypes))
    if (type != other)
      return ctx.error() << "result " << index << " is " << type
                         << " in one branch and " << other
                         << " in the other; with a condition known at run "
                            "time only, they must be equal";
  auto op = edge::IfOp::create(ctx.getBuilder(), ctx.getLoc(), types,
                               ctx.reshape(condition, {}));
  op.getThenRegion().takeBody(thenRegion);
  op.getElseRegion().takeBody(elseRegion);
  return SmallVector<Value>(op.getResults());
}

void edgecc::registerControlFlowConverters(ConverterTable &table) {
  table.add("If", convertIf);
}
