//===- Elementwise.cpp - arithmetic, logic, comparison, cast ----*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
//
// Operators that map one edge elementwise operation, or a few of them.
//
//===----------------------------------------------------------------------===//

#include "passes/OnnxToEdge/Arithmetic.h"
#include "passes/OnnxToEdge/Cast.h"

using namespace mlir;
using namespace edgecc;

namespace {

//===----------------------------------------------------------------------===//
// One operation each
//===----------------------------------------------------------------------===//

template <typename OpT>
Value convertUnary(ConversionContext &ctx) {
  return ctx.create<OpT>(ctx.operand(0));
}

template <typename OpT>
Value convertBinary(ConversionContext &ctx) {
  return ctx.create<OpT>(ctx.operand(0), ctx.operand(1));
}

template <edge::ComparePredicate predicate, bool swap = false>
Value convertCompare(ConversionContext &ctx) {
  return compare(ctx, predicate, ctx.operand(swap), ctx.operand(!swap));
}

template <typename OpT>
Value convertVariadic(ConversionContext &ctx) {
  Value result = ctx.operand(0);
  for (unsigned i = 1, end = ctx.getNumOperands(); i < end; ++i)
    result = ctx.create<OpT>(result, ctx.operand(i));
  return result;
}

Value convertMean(ConversionContext &ctx) {
  Value sum = convertVariadic<edge::AddOp>(ctx);
  size_t count = ctx.getNumOperands();
  if (count == 1)
    return sum;
  return ctx.create<edge::DivOp>(sum, scalar(ctx, sum, count));
}

Value convertWhere(ConversionContext &ctx) {
  return ctx.create<edge::SelectOp>(ctx.operand(0), ctx.operand(1),
                                    ctx.operand(2));
}

//===----------------------------------------------------------------------===//
// Attributes that choose
//===----------------------------------------------------------------------===//

Value convertMod(ConversionContext &ctx) {
  if (ctx.getNode().getI64("fmod", 0))
    return convertBinary<edge::FmodOp>(ctx);
  return convertBinary<edge::ModOp>(ctx);
}

Value convertBitShift(ConversionContext &ctx) {
  StringRef direction = ctx.getNode().getString("direction");
  if (direction == "LEFT")
    return convertBinary<edge::ShiftLeftOp>(ctx);
  if (direction == "RIGHT")
    return convertBinary<edge::ShiftRightOp>(ctx);
  (void)ctx.unsupportedAttribute("direction", direction, "LEFT or RIGHT");
  return {};
}

Value convertIsInf(ConversionContext &ctx) {
  Value x = ctx.operand(0);
  bool negative = ctx.getNode().getI64("detect_negative", 1);
  bool positive = ctx.getNode().getI64("detect_positive", 1);
  if (negative && positive)
    return ctx.create<edge::IsInfOp>(x);
  if (!negative && !positive)
    return ctx.createSplat(0, ctx.getBuilder().getI1Type(), getShape(x));
  return compare(ctx, edge::ComparePredicate::EQ, x,
                 scalar(ctx, x, positive ? kInfinity : -kInfinity));
}

/// x^n for the exponents that need no logarithm; null for the others.
Value powByConstant(ConversionContext &ctx, Value x, double exponent) {
  bool isFloat = isa<FloatType>(getElementType(x));
  if (exponent == 1.0)
    return x;
  if (exponent == 2.0)
    return ctx.create<edge::MulOp>(x, x);
  if (exponent == 3.0)
    return ctx.create<edge::MulOp>(ctx.create<edge::MulOp>(x, x), x);
  if (isFloat && exponent == 0.5)
    return ctx.create<edge::SqrtOp>(x);
  if (isFloat && exponent == -0.5)
    return ctx.create<edge::RsqrtOp>(x);
  if (isFloat && exponent == -1.0)
    return ctx.create<edge::ReciprocalOp>(x);
  return {};
}

Value convertPow(ConversionContext &ctx) {
  Value x = ctx.operand(0), exponent = ctx.operand(1);
  Type type = getElementType(x);
  Type exponentType = getElementType(exponent);
  // A single constant exponent; it must not broaden the result's shape.
  if (std::optional<double> number = constantNumber(ctx, exponent))
    if (getShape(exponent).size() <= getShape(x).size())
      if (Value result = powByConstant(ctx, x, *number))
        return result;
  // The result has the type of the base; the power of an integer by a float
  // is taken in that float.
  bool widens = isa<IntegerType>(type) && isa<FloatType>(exponentType);
  Type computed = widens ? exponentType : type;
  Value result = ctx.create<edge::PowOp>(ctx.cast(x, computed),
                                         ctx.cast(exponent, computed));
  return ctx.cast(result, type);
}

//===----------------------------------------------------------------------===//
// Clip
//===----------------------------------------------------------------------===//

/// The constant `bound` as a number that f64 holds exactly, else nothing.
std::optional<double> exactBound(ConversionContext &ctx, Value bound) {
  std::optional<double> number = constantNumber(ctx, bound);
  constexpr double kExact = 9007199254740992.0; // 2^53
  if (number && isa<IntegerType>(getElementType(bound)) &&
      std::abs(*number) > kExact)
    return std::nullopt;
  return number;
}

Value convertClip(ConversionContext &ctx) {
  Value x = ctx.operand(0);
  double low = -kInfinity, high = kInfinity;
  if (ctx.getVersion() < 11) {
    if (std::optional<float> min = ctx.getNode().findF32("min"))
      low = *min;
    if (std::optional<float> max = ctx.getNode().findF32("max"))
      high = *max;
    return clamp(ctx, x, low, high);
  }
  Value min = ctx.operand(1), max = ctx.operand(2);
  if (min)
    if (std::optional<double> number = exactBound(ctx, min)) {
      low = *number;
      min = nullptr;
    }
  if (min) {
    x = ctx.create<edge::MaxOp>(x, ctx.reshape(min, {}));
    low = -kInfinity;
  }
  if (max)
    if (std::optional<double> number = exactBound(ctx, max)) {
      high = *number;
      max = nullptr;
    }
  x = clamp(ctx, x, low, high);
  return max ? ctx.create<edge::MinOp>(x, ctx.reshape(max, {})) : x;
}

//===----------------------------------------------------------------------===//
// Cast
//===----------------------------------------------------------------------===//

/// The exponent of `x` as the one number that f8E8M0FNU keeps; not-a-number
/// is 255.
Value castToExponent(ConversionContext &ctx, Value x) {
  Builder &builder = ctx.getBuilder();
  Type f32 = builder.getF32Type(), i32 = builder.getI32Type();
  StringRef mode = ctx.getNode().getString("round_mode", "up");
  int64_t bias = mode == "up" ? 0x7fffff : mode == "nearest" ? 0x400000 : 0;
  bool saturates = ctx.getNode().getI64("saturate", 1);
  Value bits = ctx.create<edge::BitcastOp>(
      ctx.create<edge::AbsOp>(ctx.cast(x, f32)), i32);
  auto number = [&](int64_t value) { return ctx.createSplat(value, i32); };
  Value isNan = compare(ctx, edge::ComparePredicate::LT,
                        number(saturates ? 0x7f800000 : 0x7f7fffff), bits);
  Value exponent = ctx.create<edge::ShiftRightOp>(
      ctx.create<edge::AddOp>(bits, number(bias)), number(23));
  exponent = ctx.create<edge::MinOp>(exponent, number(saturates ? 254 : 255));
  exponent = ctx.create<edge::SelectOp>(isNan, number(255), exponent);
  return ctx.create<edge::BitcastOp>(
      ctx.cast(exponent, builder.getIntegerType(8, /*isSigned=*/false)),
      builder.getType<Float8E8M0FNUType>());
}

} // namespace

Value edgecc::castTo(ConversionContext &ctx, Value x, Type type) {
  auto target = dyn_cast<FloatType>(type);
  if (!target && isa<FloatType>(getElementType(x)) &&
      type.getIntOrFloatBitWidth() < 8 && !type.isInteger(1))
    x = ctx.cast(x, ctx.getBuilder().getI32Type());
  if (!target || target.getWidth() > 8 || getElementType(x) == type)
    return ctx.cast(x, type);
  if (isa<Float8E8M0FNUType>(type))
    return castToExponent(ctx, x);
  x = ctx.cast(x, ctx.getBuilder().getF32Type());
  if (target.getWidth() < 8 || ctx.getNode().getI64("saturate", 1)) {
    double most =
        APFloat::getLargest(target.getFloatSemantics()).convertToDouble();
    x = clamp(ctx, x, -most, most);
  }
  if (target.getWidth() < 8)
    x = ctx.create<edge::SelectOp>(ctx.create<edge::IsNanOp>(x),
                                   scalar(ctx, x, -0.0), x);
  return ctx.cast(x, type);
}

namespace {

Value convertCast(ConversionContext &ctx) {
  Type type =
      getElementTypeOfOnnx(ctx.getBuilder(), ctx.getNode().getI64("to", 0));
  if (!type)
    return refuse(ctx,
                  "attribute to = " + Twine(ctx.getNode().getI64("to", 0)) +
                      " is not a type that edgecc computes with");
  return castTo(ctx, ctx.operand(0), type);
}

Value convertBitCast(ConversionContext &ctx) {
  Type type =
      getElementTypeOfOnnx(ctx.getBuilder(), ctx.getNode().getI64("to", 0));
  if (!type)
    return refuse(ctx,
                  "attribute to = " + Twine(ctx.getNode().getI64("to", 0)) +
                      " is not a type that edgecc computes with");
  return ctx.create<edge::BitcastOp>(ctx.operand(0), type);
}

Value convertCastLike(ConversionContext &ctx) {
  return castTo(ctx, ctx.operand(0), getElementType(ctx.operand(1)));
}

} // namespace

void edgecc::registerElementwiseConverters(ConverterTable &table) {
  table.add("Abs", single(convertUnary<edge::AbsOp>));
  table.add("Acos", single(convertUnary<edge::AcosOp>));
  table.add("Acosh", single(convertUnary<edge::AcoshOp>));
  table.add("Asin", single(convertUnary<edge::AsinOp>));
  table.add("Asinh", single(convertUnary<edge::AsinhOp>));
  table.add("Atan", single(convertUnary<edge::AtanOp>));
  table.add("Atanh", single(convertUnary<edge::AtanhOp>));
  table.add("BitwiseNot", single(convertUnary<edge::NotOp>));
  table.add("Ceil", single(convertUnary<edge::CeilOp>));
  table.add("Cos", single(convertUnary<edge::CosOp>));
  table.add("Cosh", single(convertUnary<edge::CoshOp>));
  table.add("Erf", single(convertUnary<edge::ErfOp>));
  table.add("Exp", single(convertUnary<edge::ExpOp>));
  table.add("Floor", single(convertUnary<edge::FloorOp>));
  table.add("IsNaN", single(convertUnary<edge::IsNanOp>));
  table.add("Log", single(convertUnary<edge::LogOp>));
  table.add("Neg", single(convertUnary<edge::NegOp>));
  table.add("Not", single(convertUnary<edge::NotOp>));
  table.add("Reciprocal", single(convertUnary<edge::ReciprocalOp>));
  table.add("Round", single(convertUnary<edge::RoundOp>));
  table.add("Sigmoid", single(convertUnary<edge::SigmoidOp>));
  table.add("Sign", single(convertUnary<edge::SignOp>));
  table.add("Sin", single(convertUnary<edge::SinOp>));
  table.add("Sinh", single(convertUnary<edge::SinhOp>));
  table.add("Sqrt", single(convertUnary<edge::SqrtOp>));
  table.add("Tan", single(convertUnary<edge::TanOp>));
  table.add("Tanh", single(convertUnary<edge::TanhOp>));

  table.add("Add", single(convertBinary<edge::AddOp>));
  table.add("And", single(convertBinary<edge::AndOp>));
  table.add("BitwiseAnd", single(convertBinary<edge::AndOp>));
  table.add("BitwiseOr", single(convertBinary<edge::OrOp>));
  table.add("BitwiseXor", single(convertBinary<edge::XorOp>));
  table.add("Div", single(convertBinary<edge::DivOp>));
  table.add("Mul", single(convertBinary<edge::MulOp>));
  table.add("Or", single(convertBinary<edge::OrOp>));
  table.add("Sub", single(convertBinary<edge::SubOp>));
  table.add("Xor", single(convertBinary<edge::XorOp>));

  table.add("Equal", single(convertCompare<edge::ComparePredicate::EQ>));
  table.add("Less", single(convertCompare<edge::ComparePredicate::LT>));
  table.add("LessOrEqual", single(convertCompare<edge::ComparePredicate::LE>));
  table.add("Greater",
            single(convertCompare<edge::ComparePredicate::LT, true>));
  table.add("GreaterOrEqual",
            single(convertCompare<edge::ComparePredicate::LE, true>));

  table.add("Max", single(convertVariadic<edge::MaxOp>));
  table.add("Min", single(convertVariadic<edge::MinOp>));
  table.add("Sum", single(convertVariadic<edge::AddOp>));
  table.add("Mean", single(convertMean));

  table.add("BitShift", single(convertBitShift));
  table.add("Clip", single(convertClip));
  table.add("IsInf", single(convertIsInf));
  table.add("Mod", single(convertMod));
  table.add("Pow", single(convertPow));
  table.add("Where", single(convertWhere));

  table.add("BitCast", single(convertBitCast));
  table.add("Cast", single(convertCast));
  table.add("CastLike", single(convertCastLike));
}
