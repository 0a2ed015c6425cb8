//===- DynamicRange.cpp - scales that a run computes ------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "dialects/Edge/DynamicRange.h"
#include "dialects/Edge/EdgeDialect.h"

#include "mlir/IR/ImplicitLocOpBuilder.h"

using namespace mlir;
using namespace edgecc;
using namespace edgecc::edge;

/// An integer of a byte, still of f32.
static Value roundToByte(ImplicitLocOpBuilder &builder, Value number,
                         Value zeroPoint) {
  number = RoundOp::create(builder, number);
  if (zeroPoint)
    number = AddOp::create(builder, number, zeroPoint);
  return ClampOp::create(builder, number, APFloat(0.0), APFloat(255.0));
}

DynamicRange edge::createDynamicRange(OpBuilder &outer, Location loc,
                                      Value input) {
  ImplicitLocOpBuilder builder(loc, outer);
  auto scalar = RankedTensorType::get({}, builder.getF32Type());
  auto number = [&](float value) -> Value {
    return ConstantOp::create(builder, DenseElementsAttr::get(scalar, value));
  };
  auto axes = llvm::to_vector(
      llvm::seq<int64_t>(0, cast<ShapedType>(input.getType()).getRank()));
  auto extreme = [&](ReduceKind kind) -> Value {
    return ReshapeOp::create(
        builder, scalar,
        ReduceOp::create(builder, kind, input, ValueRange(), axes));
  };
  Value zero = number(0);
  Value most = MaxOp::create(builder, extreme(ReduceKind::Max), zero);
  Value least = MinOp::create(builder, extreme(ReduceKind::Min), zero);
  Value range = SubOp::create(builder, most, least);
  Value scale = DivOp::create(builder, range, number(255));
  Value isNone = CompareOp::create(builder, ComparePredicate::EQ, range, zero);
  scale = SelectOp::create(builder, isNone, number(1), scale);
  Value zeroPoint =
      NegOp::create(builder, DivOp::create(builder, least, scale));
  return {scale, roundToByte(builder, zeroPoint, Value())};
}

Value edge::quantizeDynamically(OpBuilder &outer, Location loc, Value input,
                                const DynamicRange &range) {
  ImplicitLocOpBuilder builder(loc, outer);
  Value integers = roundToByte(
      builder, DivOp::create(builder, input, range.scale), range.zeroPoint);
  return CastOp::create(builder, integers,
                        builder.getIntegerType(8, /*isSigned=*/false));
}
