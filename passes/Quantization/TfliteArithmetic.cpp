//===- TfliteArithmetic.cpp - TFLite's fixed point --------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "passes/Quantization/TfliteArithmetic.h"
#include "passes/Quantization/IntegerMaps.h"
#include "passes/Quantization/LowerContractions.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "llvm/Support/MathExtras.h"

#include <cmath>
#include <limits>

using namespace mlir;
using namespace edgecc;
using namespace edgecc::edge;
using namespace edgecc::quantization;
using namespace edgecc::quantization::tflite;

FixedPoint FixedPoint::get(double factor) {
  int shift;
  int64_t multiplier = std::llround(std::ldexp(std::frexp(factor, &shift), 31));
  if (multiplier == int64_t(1) << 31) {
    multiplier /= 2;
    ++shift;
  }
  if (shift < -31)
    return {0, 0};
  return {int32_t(multiplier), shift};
}

int32_t tflite::multiplyHigh(int32_t x, int32_t y) {
  return int32_t((int64_t(x) * y + (int64_t(1) << 30)) >> 31);
}

static int32_t divideRounding(int32_t x, int shift) {
  return (((x + (x >> 31)) >> (shift - 1)) + 1) >> 1;
}

int32_t tflite::scale(int32_t x, FixedPoint factor) {
  if (factor.shift >= 0)
    return multiplyHigh(int32_t(uint32_t(x) << factor.shift),
                        factor.multiplier);
  return divideRounding(multiplyHigh(x, factor.multiplier), -factor.shift);
}

AdditionFactors AdditionFactors::get(quant::QuantizedType lhsType,
                                     quant::QuantizedType rhsType,
                                     quant::QuantizedType resultType) {
  double lhs = Parameters(lhsType).scale(), rhs = Parameters(rhsType).scale();
  double twice = 2 * std::max(lhs, rhs);
  double ofSum = double(1 << headroom) * Parameters(resultType).scale();
  return {FixedPoint::get(lhs / twice), FixedPoint::get(rhs / twice),
          FixedPoint::get(twice / ofSum)};
}

FixedPoint tflite::meanFactor(int64_t count, quant::QuantizedType inputType,
                              quant::QuantizedType resultType) {
  FixedPoint factor = FixedPoint::get(Parameters(inputType).scale() /
                                      Parameters(resultType).scale());
  int shift = std::min<int>(llvm::Log2_64(uint64_t(count)), 31 + factor.shift);
  factor.multiplier = int32_t((int64_t(factor.multiplier) << shift) / count);
  factor.shift -= shift;
  return factor;
}

//===----------------------------------------------------------------------===//
// Scalar code
//===----------------------------------------------------------------------===//

static Value integer(ImplicitLocOpBuilder &b, int64_t value, Type type) {
  return arith::ConstantOp::create(b, b.getIntegerAttr(type, value));
}

static Value word(ImplicitLocOpBuilder &b, int64_t value) {
  return integer(b, value, b.getI32Type());
}

/// `x / 2^shift`, half away from zero: `shiftLessOne` is one less and not
/// negative.
static Value shiftRounding(ImplicitLocOpBuilder &b, Value x,
                           Value shiftLessOne) {
  Type type = x.getType();
  int64_t width = type.getIntOrFloatBitWidth();
  Value sign = arith::ShRSIOp::create(b, x, integer(b, width - 1, type));
  Value number = arith::AddIOp::create(b, x, sign);
  number = arith::ShRSIOp::create(b, number, shiftLessOne);
  Value one = integer(b, 1, type);
  number = arith::AddIOp::create(b, number, one);
  return arith::ShRSIOp::create(b, number, one);
}

static Value extend(ImplicitLocOpBuilder &b, Value x) {
  return arith::ExtSIOp::create(b, b.getI64Type(), x);
}

Value tflite::emitMultiplyHigh(ImplicitLocOpBuilder &b, Value x, Value y) {
  Type i64 = b.getI64Type();
  Value product = arith::MulIOp::create(b, extend(b, x), extend(b, y));
  product =
      arith::AddIOp::create(b, product, integer(b, int64_t(1) << 30, i64));
  product = arith::ShRSIOp::create(b, product, integer(b, 31, i64));
  return arith::TruncIOp::create(b, b.getI32Type(), product);
}

Value tflite::emitScaled(ImplicitLocOpBuilder &b, Value x, FixedPoint factor) {
  if (factor.shift > 0)
    x = arith::ShLIOp::create(b, x, word(b, factor.shift));
  Value product = emitMultiplyHigh(b, x, word(b, factor.multiplier));
  if (factor.shift >= 0)
    return product;
  return shiftRounding(b, product, word(b, -factor.shift - 1));
}

Value tflite::emitScaledOnce(ImplicitLocOpBuilder &b, Value x,
                             FixedPoint factor) {
  Type i64 = b.getI64Type();
  int shift = 31 - factor.shift;
  Value product = arith::MulIOp::create(b, extend(b, x),
                                        integer(b, factor.multiplier, i64));
  product = arith::AddIOp::create(b, product,
                                  integer(b, int64_t(1) << (shift - 1), i64));
  return arith::ShRSIOp::create(b, product, integer(b, shift, i64));
}

Value tflite::emitSaturated(ImplicitLocOpBuilder &b, Value number,
                            quant::QuantizedType type) {
  Parameters p(type);
  int64_t zero = p.zeroPoint();
  auto limit = [&](int64_t value) {
    return integer(b, value - zero, number.getType());
  };
  number = arith::MaxSIOp::create(b, number, limit(p.least));
  number = arith::MinSIOp::create(b, number, limit(p.most));
  if (zero != 0)
    number =
        arith::AddIOp::create(b, number, integer(b, zero, number.getType()));
  return arith::TruncIOp::create(b, signless(storageType(type)), number);
}

//===----------------------------------------------------------------------===//
// Contractions
//===----------------------------------------------------------------------===//

/// Whether `candidate` rounds every sum, once, as a product with `factor` in
/// f64 is rounded, half away from zero; with `halfUp`, if half goes up instead.
static bool roundsAlike(FixedPoint candidate, double factor, int64_t least,
                        int64_t most, bool halfUp) {
  int shift = 31 - candidate.shift;
  auto rounded = [&](int64_t sum) {
    int64_t product = sum * candidate.multiplier;
    product -= product < 0 && !halfUp;
    return ((product >> (shift - 1)) + 1) >> 1;
  };
  // Both only grow with the sum: they are the same if they step together.
  for (int64_t step = least; step <= most + 1; ++step) {
    double edge = std::floor((double(step) - 0.5) / factor);
    if (std::abs(edge) >= std::ldexp(1.0, 31))
      continue;
    for (int64_t sum = int64_t(edge) - 1; sum <= int64_t(edge) + 2; ++sum)
      if (rounded(sum) != std::llround(double(sum) * factor))
        return false;
  }
  return true;
}

/// The factor of a product with one scale; `perChannel` is empty if no factor
/// rounds as a product in f64 does.
static SumFactors singleRounding(double factor, int64_t least, int64_t most) {
  FixedPoint exact = FixedPoint::get(factor);
  if (exact.shift <= 29)
    for (bool halfUp : {true, false})
      for (int32_t change : {0, -1, 1}) {
        FixedPoint candidate{exact.multiplier + change, exact.shift};
        if (roundsAlike(candidate, factor, least, most, /*halfUp=*/false) &&
            (!halfUp || roundsAlike(candidate, factor, least, most, halfUp)))
          return {{candidate}, /*roundsOnce=*/true, /*hasTies=*/!halfUp};
      }
  return {};
}

SumFactors SumFactors::get(const Contraction &c,
                           quant::QuantizedType resultType) {
  Parameters p(resultType);
  bool oneScale = c.weightParameters.isPerTensor();
  if (isa<MatMulOp>(c.op) && oneScale)
    if (SumFactors once =
            singleRounding(c.scale(0) / p.scale(), p.least - p.zeroPoint(),
                           p.most - p.zeroPoint());
        once.roundsOnce)
      return once;
  SumFactors factors;
  for (int64_t i = 0, e = oneScale ? 1 : c.channels(); i < e; ++i)
    factors.perChannel.push_back(FixedPoint::get(c.scale(i) / p.scale()));
  return factors;
}

/// The elements of an operand of the epilogue, or the one value that all have.
static Value perChannel(ImplicitLocOpBuilder &b, OpBuilder &outer,
                        EpilogueOpInterface op, ArrayRef<int64_t> values) {
  if (llvm::all_equal(values))
    return word(b, values.front());
  Location loc = op.getLoc();
  Value list = createIntegers(
      outer, loc, values,
      RankedTensorType::get({int64_t(values.size())}, outer.getI32Type()));
  op.getEpilogueOperandsMutable().append(list);
  return op.getEpilogueRegion().front().addArgument(b.getI32Type(), loc);
}

void tflite::buildEpilogue(EpilogueOpInterface op, const Contraction &c,
                           quant::QuantizedType resultType) {
  Location loc = op.getLoc();
  OpBuilder outer(op);
  OpBuilder inner(op);
  Block *block = inner.createBlock(&op.getEpilogueRegion());
  ImplicitLocOpBuilder b(loc, inner);
  Value sum = block->addArgument(b.getI32Type(), loc);
  auto yield = [&](Value number) {
    YieldOp::create(b, ValueRange(emitSaturated(b, number, resultType)));
  };
  SumFactors factors = SumFactors::get(c, resultType);
  if (factors.roundsOnce) {
    FixedPoint factor = factors.perChannel.front();
    Type i64 = b.getI64Type();
    Value product = arith::MulIOp::create(b, extend(b, sum),
                                          integer(b, factor.multiplier, i64));
    yield(shiftRounding(b, product, integer(b, 30 - factor.shift, i64)));
    return;
  }
  SmallVector<int64_t> multipliers, left, right;
  for (FixedPoint factor : factors.perChannel) {
    multipliers.push_back(factor.multiplier);
    // A factor of zero takes the shift of the others.
    left.push_back(std::max(factor.shift, 0));
    right.push_back(factor.multiplier == 0 ? 1 : std::max(-factor.shift, 0));
  }
  if (llvm::any_of(left, [](int64_t shift) { return shift > 0; }))
    sum = arith::ShLIOp::create(b, sum, perChannel(b, outer, op, left));
  Value product =
      emitMultiplyHigh(b, sum, perChannel(b, outer, op, multipliers));
  SmallVector<int64_t> lessOne;
  for (int64_t shift : right)
    lessOne.push_back(std::max<int64_t>(shift - 1, 0));
  auto isZero = [](int64_t shift) { return shift == 0; };
  Value number = product;
  if (!llvm::all_of(right, isZero)) {
    number = shiftRounding(b, product, perChannel(b, outer, op, lessOne));
    if (llvm::any_of(right, isZero)) {
      Value shift = perChannel(b, outer, op, right);
      Value none =
          arith::CmpIOp::create(b, arith::CmpIPredicate::eq, shift, word(b, 0));
      number = arith::SelectOp::create(b, none, product, number);
    }
  }
  yield(number);
}

//===----------------------------------------------------------------------===//
// Sums
//===----------------------------------------------------------------------===//

Value tflite::emitSum(ImplicitLocOpBuilder &b, Value lhs,
                      quant::QuantizedType lhsType, Value rhs,
                      quant::QuantizedType rhsType,
                      quant::QuantizedType resultType) {
  auto factors = AdditionFactors::get(lhsType, rhsType, resultType);
  auto term = [&](Value x, quant::QuantizedType type, FixedPoint factor) {
    x = arith::ShLIOp::create(b, emitCentred(b, x, type),
                              word(b, AdditionFactors::headroom));
    return emitScaled(b, x, factor);
  };
  Value left = term(lhs, lhsType, factors.lhs);
  Value right = term(rhs, rhsType, factors.rhs);
  Value sum = arith::AddIOp::create(b, left, right);
  return emitSaturated(b, emitScaled(b, sum, factors.result), resultType);
}

FixedPoint tflite::productFactor(quant::QuantizedType lhsType,
                                 quant::QuantizedType rhsType,
                                 quant::QuantizedType resultType) {
  return FixedPoint::get(Parameters(lhsType).scale() *
                         Parameters(rhsType).scale() /
                         Parameters(resultType).scale());
}

Value tflite::emitProduct(ImplicitLocOpBuilder &b, Value lhs,
                          quant::QuantizedType lhsType, Value rhs,
                          quant::QuantizedType rhsType,
                          quant::QuantizedType resultType) {
  Value product = arith::MulIOp::create(b, emitCentred(b, lhs, lhsType),
                                        emitCentred(b, rhs, rhsType));
  FixedPoint factor = productFactor(lhsType, rhsType, resultType);
  return emitSaturated(b, emitScaled(b, product, factor), resultType);
}

Value tflite::emitPoolAverage(ImplicitLocOpBuilder &b, Value sum, int64_t count,
                              quant::QuantizedType type) {
  Value zero = word(b, 0), half = word(b, count / 2);
  Value isPositive =
      arith::CmpIOp::create(b, arith::CmpIPredicate::sgt, sum, zero);
  Value number = arith::SelectOp::create(
      b, isPositive, arith::AddIOp::create(b, sum, half).getResult(),
      arith::SubIOp::create(b, sum, half).getResult());
  number = arith::DivSIOp::create(b, number, word(b, count));
  Parameters p(type);
  number = arith::MaxSIOp::create(b, number, word(b, p.least));
  number = arith::MinSIOp::create(b, number, word(b, p.most));
  return arith::TruncIOp::create(b, signless(storageType(type)), number);
}

Value tflite::emitMean(ImplicitLocOpBuilder &b, Value sum, int64_t count,
                       quant::QuantizedType inputType,
                       quant::QuantizedType resultType) {
  Parameters p(inputType);
  if (p.zeroPoint() != 0)
    sum = arith::SubIOp::create(b, sum, word(b, p.zeroPoint() * count));
  FixedPoint factor = meanFactor(count, inputType, resultType);
  return emitSaturated(b, emitScaled(b, sum, factor), resultType);
}

Value tflite::emitQuantized(ImplicitLocOpBuilder &b, Value number,
                            quant::QuantizedType type) {
  Parameters p(type);
  auto real = [&](double value) -> Value {
    return arith::ConstantOp::create(b, b.getF32FloatAttr(float(value)));
  };
  number = arith::DivFOp::create(b, number, real(p.scale()));
  // Not a number becomes the least integer, as elsewhere.
  number = arith::MaxNumFOp::create(b, number,
                                    real(double(p.least - p.zeroPoint())));
  number =
      arith::MinNumFOp::create(b, number, real(double(p.most - p.zeroPoint())));
  // The largest number below a half: a half itself would be added with a
  // rounding that can reach the next integer.
  Value half = math::CopySignOp::create(b, real(0x1.fffffep-2), number);
  number = arith::AddFOp::create(b, number, half);
  Value result = arith::FPToSIOp::create(b, b.getI32Type(), number);
  return emitSaturated(b, result, type);
}

//===----------------------------------------------------------------------===//
// Softmax
//===----------------------------------------------------------------------===//

/// Bits of the fraction of what is taken e to the power of.
static constexpr int exponentBits = 26;

/// round(value * 2^bits).
static int32_t fixed(double value, int bits) {
  return int32_t(std::llround(std::ldexp(value, bits)));
}

/// e^x times 2^31 for a negative `x` with `exponentBits`: four terms of a
/// series around -1/8 for what is left over of quarters, and one factor for
/// each bit of their number.
static int32_t exponential(int32_t x) {
  if (x == 0)
    return std::numeric_limits<int32_t>::max();
  constexpr int32_t quarter = 1 << (exponentBits - 2);
  int32_t rest = (x & (quarter - 1)) - quarter;
  int32_t near = rest * (1 << (31 - exponentBits)) + (1 << 28);
  int32_t square = multiplyHigh(near, near);
  int32_t cube = multiplyHigh(square, near);
  int32_t fourth = divideRounding(multiplyHigh(square, square), 2);
  int32_t tail = divideRounding(
      multiplyHigh(fourth + cube, fixed(1.0 / 3, 31)) + square, 1);
  int32_t start = fixed(std::exp(-0.125), 31);
  int32_t result = start + multiplyHigh(start, near + tail);
  int32_t quarters = rest - x;
  for (int bit = -2; bit < 31 - exponentBits; ++bit)
    if (quarters & (1 << (exponentBits + bit)))
      result = multiplyHigh(result, fixed(std::exp(-std::ldexp(1.0, bit)), 31));
  return result;
}

std::array<int32_t, 256> tflite::exponentials(double scale) {
  FixedPoint factor = FixedPoint::get(
      std::min(std::ldexp(scale, exponentBits), std::ldexp(1.0, 31) - 1));
  int left = std::max(factor.shift, 0);
  // Beyond it nothing is left of e^x, and x would not fit.
  double farthest =
      std::floor(std::ldexp(31.0, exponentBits) / std::ldexp(1.0, left));
  std::array<int32_t, 256> table;
  for (int d = 0; d < 256; ++d)
    table[d] = d > farthest
                   ? 0
                   : exponential(multiplyHigh(-(d << left), factor.multiplier));
  return table;
}

Value tflite::emitSummand(ImplicitLocOpBuilder &b, Value exponential) {
  return shiftRounding(b, exponential, word(b, sumBits - 1));
}

ReciprocalStart tflite::reciprocalStart() {
  return {fixed(-32.0 / 17, 29), fixed(48.0 / 17, 29)};
}

Value tflite::emitReciprocal(ImplicitLocOpBuilder &b, Value sum) {
  Value zeros = math::CountLeadingZerosOp::create(b, sum);
  Value half = arith::ShRUIOp::create(
      b, arith::ShLIOp::create(b, sum, zeros).getResult(), word(b, 1));
  // Three steps of Newton's method, with two bits above the point.
  auto saturatingShift = [&](Value x, int shift) -> Value {
    int64_t bound = (int64_t(1) << (31 - shift)) - 1;
    auto pick = [&](arith::CmpIPredicate predicate, int64_t limit, Value value,
                    int64_t saturated) {
      Value beyond = arith::CmpIOp::create(b, predicate, x, word(b, limit));
      return arith::SelectOp::create(b, beyond, word(b, saturated), value)
          .getResult();
    };
    Value shifted = arith::ShLIOp::create(b, x, word(b, shift));
    shifted = pick(arith::CmpIPredicate::sgt, bound, shifted,
                   std::numeric_limits<int32_t>::max());
    return pick(arith::CmpIPredicate::slt, -bound, shifted,
                std::numeric_limits<int32_t>::min());
  };
  ReciprocalStart start = reciprocalStart();
  Value x =
      arith::AddIOp::create(b, emitMultiplyHigh(b, half, word(b, start.slope)),
                            word(b, start.offset));
  for (int step = 0; step < 3; ++step) {
    Value error = arith::SubIOp::create(b, word(b, 1 << 29),
                                        emitMultiplyHigh(b, half, x));
    x = arith::AddIOp::create(
        b, x, saturatingShift(emitMultiplyHigh(b, x, error), 2));
  }
  return saturatingShift(x, 1);
}

bool tflite::isShareOfTflite(quant::QuantizedType type) {
  Parameters p(type);
  return p.scale() == 1.0 / 256 && p.zeroPoint() == p.least &&
         p.most - p.least == 255;
}

FixedPoint tflite::shareFactor(quant::QuantizedType type) {
  return FixedPoint::get(std::ldexp(1 / Parameters(type).scale(), -shareBits));
}

Value tflite::emitShare(ImplicitLocOpBuilder &b, Value exponential, Value sum,
                        Value reciprocal, quant::QuantizedType type) {
  bool isDirect = isShareOfTflite(type);
  Value zeros = math::CountLeadingZerosOp::create(b, sum);
  Value number = emitMultiplyHigh(b, reciprocal, exponential);
  int bits = isDirect ? 8 : shareBits;
  Value lessOne =
      arith::SubIOp::create(b, word(b, sumBits + 31 - bits - 1), zeros);
  number = shiftRounding(b, number, lessOne);
  if (!isDirect)
    number = emitScaledOnce(b, number, shareFactor(type));
  return emitSaturated(b, number, type);
}
