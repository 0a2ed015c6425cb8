//===- Arithmetic.cpp - short ways to common edge code ----------*- C++ -*-===//
//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/OnnxToEdge/Arithmetic.h"

using namespace mlir;
using namespace edgecc;

ConvertFn edgecc::single(SingleFn *convert) {
  return [convert](ConversionContext &ctx) -> Converted {
    Value value = convert(ctx);
    if (!value)
      return failure();
    return SmallVector<Value>{value};
  };
}

Value edgecc::refuse(ConversionContext &ctx, const Twine &reason) {
  ctx.error() << reason;
  return {};
}

std::optional<double> edgecc::constantNumber(ConversionContext &ctx,
                                             Value value) {
  if (getTensorType(value).getNumElements() != 1)
    return std::nullopt;
  ElementsAttr elements = ctx.constant(value);
  if (!elements)
    return std::nullopt;
  if (auto ints = readInts(elements))
    return static_cast<double>(ints->front());
  if (auto floats = readFloats(elements))
    return floats->front();
  return std::nullopt;
}

/// What a cast from one element type to another makes of `number`; nothing if
/// it does not keep the order of numbers.
static std::optional<double> castNumber(double number, Type from, Type to) {
  if (to.isF64() || from == to)
    return number;
  if (to.isF32())
    return static_cast<float>(number);
  auto narrow = dyn_cast<IntegerType>(from), wide = dyn_cast<IntegerType>(to);
  bool keepsSign = narrow && wide && narrow.isUnsigned() == wide.isUnsigned();
  if (keepsSign && narrow.getWidth() <= wide.getWidth())
    return number;
  if (isa<FloatType>(from) && wide && wide.getWidth() > 1)
    return std::trunc(number);
  return std::nullopt;
}

std::optional<double> edgecc::findExtreme(ConversionContext &ctx, Value value,
                                          bool isLargest) {
  if (std::optional<double> number = constantNumber(ctx, value))
    return number;
  Operation *op = value.getDefiningOp();
  if (auto clamp = dyn_cast_or_null<edge::ClampOp>(op)) {
    double bound =
        (isLargest ? clamp.getMax() : clamp.getMin()).convertToDouble();
    return std::isinf(bound) ? findExtreme(ctx, clamp.getInput(), isLargest)
                             : std::optional(bound);
  }
  if (isa_and_nonnull<edge::CastOp, edge::ReshapeOp>(op)) {
    auto number = findExtreme(ctx, op->getOperand(0), isLargest);
    return number ? castNumber(*number, getElementType(op->getOperand(0)),
                               getElementType(value))
                  : std::nullopt;
  }
  if (!isa_and_nonnull<edge::MinOp, edge::MaxOp>(op))
    return std::nullopt;
  auto a = findExtreme(ctx, op->getOperand(0), isLargest);
  auto b = findExtreme(ctx, op->getOperand(1), isLargest);
  // The largest minimum is known if that of either operand is.
  if (!a || !b)
    return isLargest == isa<edge::MinOp>(op) ? (a ? a : b) : std::nullopt;
  return isa<edge::MinOp>(op) ? std::min(*a, *b) : std::max(*a, *b);
}

Value edgecc::iota(ConversionContext &ctx, int64_t size, int64_t axis,
                   int64_t rank) {
  SmallVector<int64_t> shape(rank, 1);
  if (failed(ctx.checkListed(size)))
    size = 0;
  shape[axis] = size;
  return ctx.createInts(llvm::to_vector(llvm::seq<int64_t>(0, size)), shape);
}

Type edgecc::getElementTypeOfOnnx(OpBuilder &builder, int64_t number) {
  switch (number) {
  case 1:
    return builder.getF32Type();
  case 2:
    return builder.getIntegerType(8, /*isSigned=*/false);
  case 3:
    return builder.getI8Type();
  case 4:
    return builder.getIntegerType(16, /*isSigned=*/false);
  case 5:
    return builder.getI16Type();
  case 6:
    return builder.getI32Type();
  case 7:
    return builder.getI64Type();
  case 9:
    return builder.getI1Type();
  case 10:
    return builder.getF16Type();
  case 11:
    return builder.getF64Type();
  case 12:
    return builder.getIntegerType(32, /*isSigned=*/false);
  case 13:
    return builder.getIntegerType(64, /*isSigned=*/false);
  case 16:
    return builder.getBF16Type();
  case 17:
    return builder.getType<Float8E4M3FNType>();
  case 18:
    return builder.getType<Float8E4M3FNUZType>();
  case 19:
    return builder.getType<Float8E5M2Type>();
  case 20:
    return builder.getType<Float8E5M2FNUZType>();
  case 21:
    return builder.getIntegerType(4, /*isSigned=*/false);
  case 22:
    return builder.getIntegerType(4);
  case 23:
    return builder.getType<Float4E2M1FNType>();
  case 24:
    return builder.getType<Float8E8M0FNUType>();
  case 25:
    return builder.getIntegerType(2, /*isSigned=*/false);
  case 26:
    return builder.getIntegerType(2);
  case 27:
    return builder.getType<Float6E2M3FNType>();
  case 28:
    return builder.getType<Float6E3M2FNType>();
  default:
    return {};
  }
}
