//===- FloatBuilder.cpp - arithmetic on scalars or vectors ------*- C++ -*-===//
//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Lowering/FloatBuilder.h"

#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace edgecc;

/// The integer type of the width and shape of `type`.
static Type getIntTypeFor(Type type) {
  Type integer = IntegerType::get(
      type.getContext(), getElementTypeOrSelf(type).getIntOrFloatBitWidth());
  if (auto vector = dyn_cast<VectorType>(type))
    return vector.clone(integer);
  return integer;
}

FloatBuilder::FloatBuilder(OpBuilder &builder, Location loc, Type type,
                           bool hasFma)
    : ImplicitLocOpBuilder(loc, builder), type(type),
      intType(getIntTypeFor(type)), hasFma(hasFma) {}

unsigned FloatBuilder::mantissaBits() const {
  return getElementTypeOrSelf(type).isF64() ? 52 : 23;
}

static TypedAttr splatTo(Type type, TypedAttr scalar) {
  if (auto vector = dyn_cast<VectorType>(type))
    return DenseElementsAttr::get(vector, Attribute(scalar));
  return scalar;
}

Value FloatBuilder::constant(double value) {
  return arith::ConstantOp::create(
      *this, splatTo(type, getFloatAttr(getElementTypeOrSelf(type), value)));
}

Value FloatBuilder::intConstant(int64_t value) {
  return arith::ConstantOp::create(
      *this,
      splatTo(intType, getIntegerAttr(getElementTypeOrSelf(intType), value)));
}

Value FloatBuilder::add(Value a, Value b) {
  return arith::AddFOp::create(*this, a, b);
}
Value FloatBuilder::sub(Value a, Value b) {
  return arith::SubFOp::create(*this, a, b);
}
Value FloatBuilder::mul(Value a, Value b) {
  return arith::MulFOp::create(*this, a, b);
}
Value FloatBuilder::div(Value a, Value b) {
  return arith::DivFOp::create(*this, a, b);
}
Value FloatBuilder::quotient(Value a, Value b, bool isFinite) {
  auto flags = arith::FastMathFlags::arcp;
  if (isFinite)
    flags = flags | arith::FastMathFlags::ninf;
  return arith::DivFOp::create(*this, a, b, flags);
}
Value FloatBuilder::neg(Value a) { return arith::NegFOp::create(*this, a); }
Value FloatBuilder::abs(Value a) { return math::AbsFOp::create(*this, a); }
Value FloatBuilder::sqrt(Value a) { return math::SqrtOp::create(*this, a); }
Value FloatBuilder::copySign(Value a, Value b) {
  return math::CopySignOp::create(*this, a, b);
}

Value FloatBuilder::fma(Value a, Value b, Value c) {
  if (hasFma)
    return math::FmaOp::create(*this, a, b, c);
  return add(mul(a, b), c);
}

Value FloatBuilder::productError(Value a, Value b, Value p) {
  if (hasFma)
    return math::FmaOp::create(*this, a, b, neg(p));
  // Dekker: halves of the mantissa multiply exactly.
  Value factor = constant(double(1 << (mantissaBits() / 2 + 2)) + 1);
  auto split = [&](Value x) {
    Value t = mul(factor, x);
    Value high = sub(t, sub(t, x));
    return std::make_pair(high, sub(x, high));
  };
  auto [ah, al] = split(a);
  auto [bh, bl] = split(b);
  Value error = sub(mul(ah, bh), p);
  error = add(error, mul(ah, bl));
  error = add(error, mul(al, bh));
  return add(error, mul(al, bl));
}

Value FloatBuilder::poly(Value x, ArrayRef<double> coefficients) {
  Value result = constant(coefficients.front());
  for (double c : coefficients.drop_front())
    result = fma(result, x, constant(c));
  return result;
}

Value FloatBuilder::cmp(arith::CmpFPredicate predicate, Value a, Value b) {
  return arith::CmpFOp::create(*this, predicate, a, b);
}

Value FloatBuilder::select(Value condition, Value a, Value b) {
  return arith::SelectOp::create(*this, condition, a, b);
}

Value FloatBuilder::clamp(Value x, double low, double high) {
  return atMost(atLeast(x, low), high);
}

Value FloatBuilder::atLeast(Value x, double low) {
  Value l = constant(low);
  return select(less(x, l), l, x);
}

Value FloatBuilder::atMost(Value x, double high) {
  Value h = constant(high);
  return select(greater(x, h), h, x);
}

Value FloatBuilder::toBits(Value a) {
  return arith::BitcastOp::create(*this, intType, a);
}
Value FloatBuilder::fromBits(Value a) {
  return arith::BitcastOp::create(*this, type, a);
}
Value FloatBuilder::toFloat(Value integer) {
  return arith::SIToFPOp::create(*this, type, integer);
}

std::pair<Value, Value> FloatBuilder::roundToInt(Value x) {
  // Adding 1.5 * 2^mantissa leaves no bits for a fraction, so the addition
  // itself rounds, and the integer stands in the low bits.
  double magic = 1.5 * std::ldexp(1.0, mantissaBits());
  Value shifted = add(x, constant(magic));
  Value rounded = sub(shifted, constant(magic));
  Value integer =
      arith::SubIOp::create(*this, toBits(shifted), toBits(constant(magic)));
  return {rounded, integer};
}

Value FloatBuilder::scaleByPowerOf2(Value x, Value n) {
  // In two halves: 2^n itself may be out of range where x * 2^n is not.
  unsigned mantissa = mantissaBits();
  int64_t bias = mantissa == 23 ? 127 : 1023;
  Value half = arith::ShRSIOp::create(*this, n, intConstant(1));
  Value rest = arith::SubIOp::create(*this, n, half);
  auto power = [&](Value e) {
    Value biased = arith::AddIOp::create(*this, e, intConstant(bias));
    return fromBits(
        arith::ShLIOp::create(*this, biased, intConstant(mantissa)));
  };
  return mul(mul(x, power(half)), power(rest));
}

std::optional<double> edgecc::splatOf(Value value) {
  Attribute attr;
  if (!matchPattern(value, m_Constant(&attr)))
    return std::nullopt;
  if (auto dense = dyn_cast<DenseFPElementsAttr>(attr);
      dense && dense.isSplat())
    return dense.getSplatValue<APFloat>().convertToDouble();
  if (auto scalar = dyn_cast<FloatAttr>(attr))
    return scalar.getValueAsDouble();
  return std::nullopt;
}
