//===- MapBody.cpp - building the scalar code of maps -----------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "passes/Fusion/MapBody.h"
#include "dialects/Edge/EdgeConstants.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace edgecc::edge;

namespace edgecc::fusion {

Value inlineBody(OpBuilder &builder, Block &body, ValueRange arguments) {
  IRMapping mapping;
  mapping.map(body.getArguments(), arguments);
  for (Operation &op : body.without_terminator())
    builder.clone(op, mapping);
  return mapping.lookupOrDefault(body.getTerminator()->getOperand(0));
}

static Type scalarType(Value tensor) {
  return signless(getElementTypeOrSelf(tensor.getType()));
}

/// The one value of a constant; null if there is more than one.
static TypedAttr splatOf(Value value) {
  Attribute constant;
  if (!matchPattern(value, m_Constant(&constant)))
    return {};
  return splatValue(constant);
}

MapOp createMap(OpBuilder &builder, ElementwiseOpInterface op) {
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPoint(op);
  SmallVector<TypedAttr> splats;
  for (Value operand : op->getOperands())
    splats.push_back(splatOf(operand));
  // Something has to be read.
  if (llvm::all_of(splats, [](TypedAttr splat) { return bool(splat); }))
    splats[0] = {};
  SmallVector<Value> inputs;
  for (auto [operand, splat] : llvm::zip_equal(op->getOperands(), splats))
    if (!splat && !llvm::is_contained(inputs, operand))
      inputs.push_back(operand);

  Location loc = op->getLoc();
  auto map = MapOp::create(builder, loc, op->getResult(0).getType(), inputs);
  Block *body = builder.createBlock(&map.getBody());
  for (Value input : inputs)
    body->addArgument(scalarType(input), loc);
  SmallVector<Value> scalars;
  for (auto [operand, splat] : llvm::zip_equal(op->getOperands(), splats)) {
    if (splat)
      scalars.push_back(arith::ConstantOp::create(builder, loc, splat));
    else
      scalars.push_back(body->getArgument(
          std::distance(inputs.begin(), llvm::find(inputs, operand))));
  }
  Value result = op.emitScalar(builder, scalars);
  YieldOp::create(builder, loc, ValueRange(result));
  return map;
}

unsigned countOperations(Block &body) {
  return llvm::count_if(body.without_terminator(), [](Operation &op) {
    return !isa<arith::ConstantOp>(op);
  });
}

bool isCheap(Block &body) {
  unsigned count = 0;
  for (Operation &op : body.without_terminator()) {
    if (isa<arith::ConstantOp>(op))
      continue;
    if (isa<arith::DivFOp, arith::DivSIOp, arith::DivUIOp, arith::RemSIOp,
            arith::RemUIOp, arith::RemFOp>(op) ||
        (isa_and_nonnull<math::MathDialect>(op.getDialect()) &&
         !isa<math::AbsFOp, math::AbsIOp, math::FloorOp, math::CeilOp,
              math::RoundEvenOp, math::TruncOp, math::CopySignOp>(op)))
      return false;
    ++count;
  }
  return count <= 4;
}

MapOp fuseMaps(OpBuilder &builder, MapOp consumer, unsigned input,
               MapOp producer) {
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPoint(consumer);
  SmallVector<Value> inputs;
  auto add = [&](Value value) {
    if (!llvm::is_contained(inputs, value))
      inputs.push_back(value);
  };
  for (auto [i, value] : llvm::enumerate(consumer.getInputs())) {
    if (i != input) {
      add(value);
      continue;
    }
    for (Value inner : producer.getInputs())
      add(inner);
  }
  auto map = MapOp::create(
      builder, builder.getFusedLoc({producer.getLoc(), consumer.getLoc()}),
      consumer.getType(), inputs);
  Block *body = builder.createBlock(&map.getBody());
  for (Value value : inputs)
    body->addArgument(scalarType(value), value.getLoc());
  auto argumentOf = [&](Value value) -> Value {
    return body->getArgument(
        std::distance(inputs.begin(), llvm::find(inputs, value)));
  };
  SmallVector<Value> arguments;
  for (Value value : producer.getInputs())
    arguments.push_back(argumentOf(value));
  Value produced = inlineBody(builder, producer.getBody().front(), arguments);
  arguments.clear();
  for (auto [i, value] : llvm::enumerate(consumer.getInputs()))
    arguments.push_back(i == input ? produced : argumentOf(value));
  Value result = inlineBody(builder, consumer.getBody().front(), arguments);
  YieldOp::create(builder, consumer.getLoc(), ValueRange(result));
  return map;
}

} // namespace edgecc::fusion
