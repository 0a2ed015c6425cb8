//===- Arithmetic.cpp - sums and extrema of any element type ----*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "codegen/kernels/Arithmetic.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;

namespace edgecc::kernels {

/// What kernels compute themselves may be fused.
static constexpr auto contract = arith::FastMathFlags::contract;

Value splatWord(Emitter &e, int64_t value, int64_t lanes) {
  return e.splat(e.constant(e.getI32IntegerAttr(value)), lanes);
}

Value addf(Emitter &e, Value a, Value b) {
  return arith::AddFOp::create(e, a, b, contract);
}
Value subf(Emitter &e, Value a, Value b) {
  return arith::SubFOp::create(e, a, b, contract);
}
Value mulf(Emitter &e, Value a, Value b) {
  return arith::MulFOp::create(e, a, b, contract);
}

Value fma(Emitter &e, Value a, Value b, Value c) {
  if (!e.cpu.getHasFma())
    return addf(e, mulf(e, a, b), c);
  if (isa<VectorType>(a.getType()))
    return vector::FMAOp::create(e, a, b, c);
  return math::FmaOp::create(e, a, b, c);
}

bool isUnsignedElement(Type element) {
  return element.isUnsignedInteger() || element.isInteger(1);
}

Value combine(Emitter &e, Fold fold, Value a, Value b, bool isUnsigned) {
  bool isFloat = isa<FloatType>(getElementTypeOrSelf(a.getType()));
  switch (fold) {
  case Fold::Sum:
    return isFloat ? addf(e, a, b) : arith::AddIOp::create(e, a, b).getResult();
  case Fold::Prod:
    return isFloat ? mulf(e, a, b) : arith::MulIOp::create(e, a, b).getResult();
  case Fold::Max:
  case Fold::Min:
    break;
  }
  bool max = fold == Fold::Max;
  Value first;
  if (isFloat) {
    auto predicate =
        max ? arith::CmpFPredicate::OGT : arith::CmpFPredicate::OLT;
    first = arith::CmpFOp::create(e, predicate, a, b);
  } else {
    using P = arith::CmpIPredicate;
    auto predicate =
        isUnsigned ? (max ? P::ugt : P::ult) : (max ? P::sgt : P::slt);
    first = arith::CmpIOp::create(e, predicate, a, b);
  }
  return arith::SelectOp::create(e, first, a, b);
}

Value neutral(Emitter &e, Fold fold, Type type, bool isUnsigned) {
  auto number = dyn_cast<FloatType>(type);
  if (fold == Fold::Sum)
    return e.zero(type);
  if (fold == Fold::Prod)
    return number ? e.floatConstant(1.0, type)
                  : e.constant(e.getIntegerAttr(type, 1));
  bool max = fold == Fold::Max;
  if (number)
    return e.constant(
        FloatAttr::get(type, APFloat::getInf(number.getFloatSemantics(), max)));
  unsigned width = type.getIntOrFloatBitWidth();
  APInt value =
      isUnsigned ? (max ? APInt::getMinValue(width) : APInt::getMaxValue(width))
                 : (max ? APInt::getSignedMinValue(width)
                        : APInt::getSignedMaxValue(width));
  return e.constant(IntegerAttr::get(type, value));
}

Value convert(Emitter &e, Value value, Type type, bool isUnsigned) {
  Type from = getElementTypeOrSelf(value.getType());
  if (from == type)
    return value;
  Type to = type;
  if (auto vector = dyn_cast<VectorType>(value.getType()))
    to = vector.clone(type);
  unsigned before = from.getIntOrFloatBitWidth();
  unsigned after = type.getIntOrFloatBitWidth();
  if (isa<FloatType>(type)) {
    if (isa<IntegerType>(from) && isUnsigned)
      return arith::UIToFPOp::create(e, to, value);
    if (isa<IntegerType>(from))
      return arith::SIToFPOp::create(e, to, value);
    if (before < after)
      return arith::ExtFOp::create(e, to, value);
    return arith::TruncFOp::create(e, to, value);
  }
  if (before > after)
    return arith::TruncIOp::create(e, to, value);
  if (isUnsigned)
    return arith::ExtUIOp::create(e, to, value);
  return arith::ExtSIOp::create(e, to, value);
}

} // namespace edgecc::kernels
