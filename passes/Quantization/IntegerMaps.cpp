//===- IntegerMaps.cpp - what functions of integers are made of -*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "passes/Quantization/IntegerMaps.h"
#include "passes/Quantization/Averages.h"
#include "passes/Quantization/LowerContractions.h"

using namespace mlir;
using namespace edgecc;
using namespace edgecc::edge;

Value quantization::createMap(OpBuilder &builder, Location loc,
                              ValueRange inputs, RankedTensorType type,
                              EmitFn emit) {
  OpBuilder::InsertionGuard guard(builder);
  auto map = MapOp::create(builder, loc, type, inputs);
  Block *body = builder.createBlock(&map.getBody());
  for (Value input : inputs)
    body->addArgument(signless(typeOf(input).getElementType()), loc);
  ImplicitLocOpBuilder b(loc, builder);
  YieldOp::create(b, ValueRange(emit(b, body->getArguments())));
  return map.getResult();
}

Value quantization::emitCentred(ImplicitLocOpBuilder &b, Value x,
                                quant::QuantizedType type) {
  Type i32 = b.getI32Type();
  x = type.isSigned() ? arith::ExtSIOp::create(b, i32, x).getResult()
                      : arith::ExtUIOp::create(b, i32, x).getResult();
  int64_t zero = Parameters(type).zeroPoint();
  if (zero == 0)
    return x;
  return arith::SubIOp::create(
      b, x, arith::ConstantOp::create(b, b.getI32IntegerAttr(int32_t(zero))));
}

Value quantization::lookUpDistances(OpBuilder &builder, Location loc,
                                    Value source, int64_t axis,
                                    ArrayRef<int32_t> table) {
  quant::QuantizedType type = quantizedType(source);
  Value integers = integersOf(builder, source);
  RankedTensorType words = typeOf(integers).clone(builder.getI32Type());
  Value largest = builder.createOrFold<ReduceOp>(
      loc, ReduceKind::Max, integers, ValueRange(), ArrayRef<int64_t>(axis));
  Value distance = createMap(
      builder, loc, {largest, integers}, words,
      [&](ImplicitLocOpBuilder &b, ValueRange scalars) {
        Value most = emitCentred(b, scalars[0], type);
        return arith::SubIOp::create(b, most, emitCentred(b, scalars[1], type))
            .getResult();
      });
  return GatherOp::create(
      builder, loc, words,
      createIntegers(
          builder, loc, SmallVector<int64_t>(table.begin(), table.end()),
          RankedTensorType::get({int64_t(table.size())}, builder.getI32Type())),
      distance, builder.getI64IntegerAttr(0));
}
