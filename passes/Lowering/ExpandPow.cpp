//===- ExpandPow.cpp - powers -----------------------------------*- C++ -*-===//
//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/Target/TargetDialect.h"
#include "passes/Lowering/FloatBuilder.h"

#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace edgecc;

namespace {

/// A number as the sum of two floats, the second below the last place of the
/// first.
struct Pair {
  Value high, low;
};

/// The parts of `pow(x, y) = 2^(y * log2|x|)` on f32. The exponent can reach
/// 128 and its error is the relative error of the result, so the logarithm and
/// the product are carried in pairs.
class PowBuilder : public FloatBuilder {
public:
  using FloatBuilder::FloatBuilder;

  /// log2 of a positive finite number.
  Pair log2(Value x);
  /// `a * y`.
  Pair times(Pair a, Value y);
  /// 2 to the power of `a`, saturating.
  Value exp2(Pair a);
  Value pow(Value x, Value y);

private:
  Pair sum(Value a, Value b) {
    Value s = add(a, b);
    Value bb = sub(s, a);
    return {s, add(sub(a, sub(s, bb)), sub(b, bb))};
  }
};

} // namespace

Pair PowBuilder::log2(Value x) {
  // x = 2^n m with m in [sqrt(1/2), sqrt(2)); subnormal numbers scaled first.
  Value tiny = less(x, constant(0x1p-126));
  Value bits = toBits(select(tiny, mul(x, constant(0x1p24)), x));
  Value n = arith::ShRSIOp::create(
      *this, arith::SubIOp::create(*this, bits, intConstant(0x3f3504f3)),
      intConstant(23));
  Value m = fromBits(arith::SubIOp::create(
      *this, bits, arith::ShLIOp::create(*this, n, intConstant(23))));
  n = arith::SubIOp::create(*this, n,
                            select(tiny, intConstant(24), intConstant(0)));

  // log(1 + f) = f - f^2/2 + f^3 P(f), the first two terms exactly.
  Value f = sub(m, constant(1));
  Value square = mul(f, f);
  Value squareError = productError(f, f, square);
  Value half = constant(-0.5);
  Value p = poly(f, {7.0376836292e-2, -1.1514610310e-1, 1.1676998740e-1,
                     -1.2420140846e-1, 1.4249322787e-1, -1.6668057665e-1,
                     2.0000714765e-1, -2.4999993993e-1, 3.3333331174e-1});
  Pair log = sum(f, mul(half, square));
  log.low = add(log.low, fma(half, squareError, mul(mul(square, f), p)));
  log = sum(log.high, log.low);

  // To base 2, plus n.
  Value highFactor = constant(0x1.715476p0);
  Value product = mul(log.high, highFactor);
  Value error = productError(log.high, highFactor, product);
  error = fma(log.high, constant(1.925963033500e-08), error);
  error = fma(log.low, highFactor, error);
  Pair result = sum(toFloat(n), product);
  return {result.high, add(result.low, error)};
}

Pair PowBuilder::times(Pair a, Value y) {
  Value product = mul(a.high, y);
  return {product, fma(a.low, y, productError(a.high, y, product))};
}

Value PowBuilder::exp2(Pair a) {
  // Out of range the low part may be anything; the result is 0 or infinity.
  Value inRange = less(abs(a.high), constant(200));
  Value high = clamp(a.high, -200, 200);
  Value low = select(inRange, a.low, constant(0));
  auto [rounded, n] = roundToInt(high);
  Value r = add(sub(high, rounded), low);
  Value p =
      poly(r, {1.525273380405984e-5, 1.540353039338161e-4, 1.333355814642844e-3,
               9.618129107628477e-3, 5.550410866482158e-2, 2.402265069591007e-1,
               6.931471805599453e-1, 1.0});
  return scaleByPowerOf2(p, n);
}

Value PowBuilder::pow(Value x, Value y) {
  Value zero = constant(0), one = constant(1);
  Value infinity = constant(std::numeric_limits<double>::infinity());
  Value nan = constant(std::numeric_limits<double>::quiet_NaN());
  Value magnitude = abs(x);
  Value power = exp2(times(log2(magnitude), y));

  // Where the formula does not hold: |x| of 0, 1 and infinity.
  Value yIsPositive = greater(y, zero);
  power = select(equal(magnitude, infinity),
                 select(yIsPositive, infinity, zero), power);
  power = select(equal(magnitude, zero), select(yIsPositive, zero, infinity),
                 power);
  power = select(equal(magnitude, one), one, power);

  // The sign: y from 2^24 on is even.
  Value yMagnitude = abs(y);
  Value isSmall = less(yMagnitude, constant(0x1p24));
  Value integer =
      arith::FPToSIOp::create(*this, intType, select(isSmall, y, zero));
  Value isFraction = arith::AndIOp::create(
      *this, isSmall, cmp(arith::CmpFPredicate::UNE, toFloat(integer), y));
  Value parity = arith::AndIOp::create(*this, integer, intConstant(1));
  Value signBit = arith::AndIOp::create(
      *this, toBits(x), arith::ShLIOp::create(*this, parity, intConstant(31)));
  Value isFinite = less(magnitude, infinity);
  Value isNegative = arith::AndIOp::create(*this, less(x, zero), isFinite);
  power =
      select(arith::AndIOp::create(*this, isNegative, isFraction), nan, power);
  power = fromBits(arith::XOrIOp::create(*this, toBits(power), signBit));

  // Not-a-numbers, unless the other operand decides alone.
  power = select(cmp(arith::CmpFPredicate::UNO, x, y), nan, power);
  Value isOne = arith::OrIOp::create(*this, equal(y, zero), equal(x, one));
  return select(isOne, one, power);
}

namespace {

struct ExpandPow : OpRewritePattern<math::PowFOp> {
  ExpandPow(MLIRContext *context, bool hasFma)
      : OpRewritePattern(context), hasFma(hasFma) {}

  LogicalResult matchAndRewrite(math::PowFOp op,
                                PatternRewriter &rewriter) const override {
    PowBuilder b(rewriter, op.getLoc(), op.getType(), hasFma);
    Type element = getElementTypeOrSelf(op.getType());
    if (!element.isF32() && !element.isF64())
      return failure();
    Value x = op.getLhs();
    if (auto exponent = splatOf(op.getRhs()))
      if (Value result = expandConstant(b, x, *exponent)) {
        rewriter.replaceOp(op, result);
        return success();
      }
    if (!element.isF32())
      return failure();
    rewriter.replaceOp(op, b.pow(x, op.getRhs()));
    return success();
  }

  /// Quarters by square roots, of which two and a product are at most 2 units
  /// in the last place off.
  static Value expandQuarters(FloatBuilder &b, Value x, int quarters) {
    // Unlike its root, the power of -infinity is infinity and that of -0 is 0.
    Value infinity = b.constant(std::numeric_limits<double>::infinity());
    Value minusInfinity = b.constant(-std::numeric_limits<double>::infinity());
    x = b.select(b.equal(x, minusInfinity), infinity, b.add(x, b.constant(0)));
    Value root = b.sqrt(x);
    if (quarters == 2)
      return root;
    Value second = b.sqrt(root);
    return quarters == 1 ? second : b.mul(root, second);
  }

  /// Small integers by multiplication, quarters below one by square roots.
  static Value expandConstant(FloatBuilder &b, Value x, double exponent) {
    double magnitude = std::abs(exponent);
    if (double quarters = 4 * magnitude;
        quarters == 1 || quarters == 2 || quarters == 3) {
      Value result = expandQuarters(b, x, int(quarters));
      return exponent < 0 ? b.div(b.constant(1), result) : result;
    }
    // Each factor adds a rounding: no more than four of them. The power of a
    // reciprocal has two for each, but the reciprocal of the power would be 0
    // where that is too large.
    double most = exponent < 0 ? 2 : 5;
    if (magnitude != std::floor(magnitude) || magnitude > most)
      return {};
    Value square = exponent < 0 ? b.div(b.constant(1), x) : x;
    Value result;
    for (unsigned n = magnitude; n; n >>= 1) {
      if (n & 1)
        result = result ? b.mul(result, square) : square;
      if (n > 1)
        square = b.mul(square, square);
    }
    return result ? result : b.constant(1);
  }

  bool hasFma;
};

/// A float to an integer power: the power of floats.
struct ExpandFPowI : OpRewritePattern<math::FPowIOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(math::FPowIOp op,
                                PatternRewriter &rewriter) const override {
    Value exponent = arith::SIToFPOp::create(rewriter, op.getLoc(),
                                             op.getType(), op.getRhs());
    rewriter.replaceOpWithNewOp<math::PowFOp>(op, op.getLhs(), exponent);
    return success();
  }
};

/// An integer power by squaring, one step per bit of the exponent: vectors
/// have no use for an early exit. Negative exponents leave 0 of all bases but
/// 1 and -1.
struct ExpandIPowI : OpRewritePattern<math::IPowIOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(math::IPowIOp op,
                                PatternRewriter &rewriter) const override {
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    Type type = op.getType();
    unsigned width = getElementTypeOrSelf(type).getIntOrFloatBitWidth();
    auto constant = [&](int64_t value) -> Value {
      TypedAttr attr = b.getIntegerAttr(getElementTypeOrSelf(type), value);
      if (auto vector = dyn_cast<VectorType>(type))
        attr = DenseElementsAttr::get(vector, Attribute(attr));
      return arith::ConstantOp::create(b, attr);
    };
    auto compare = [&](arith::CmpIPredicate predicate, Value left,
                       int64_t right) -> Value {
      return arith::CmpIOp::create(b, predicate, left, constant(right));
    };
    Value base = op.getLhs(), exponent = op.getRhs();
    Value result = constant(1), square = base;
    // Exponents from 2^16 on give nothing but 0, 1 and what has overflowed.
    for (unsigned bit = 0, bits = std::min(width, 16u); bit < bits; ++bit) {
      Value isSet = compare(
          arith::CmpIPredicate::ne,
          arith::AndIOp::create(b, exponent, constant(int64_t(1) << bit)), 0);
      result = arith::SelectOp::create(
          b, isSet, arith::MulIOp::create(b, result, square), result);
      if (bit + 1 < bits)
        square = arith::MulIOp::create(b, square, square);
    }
    Value isUnit =
        arith::OrIOp::create(b, compare(arith::CmpIPredicate::eq, base, 1),
                             compare(arith::CmpIPredicate::eq, base, -1));
    Value isNegative = compare(arith::CmpIPredicate::slt, exponent, 0);
    Value inverse = arith::SelectOp::create(b, isUnit, result, constant(0));
    rewriter.replaceOpWithNewOp<arith::SelectOp>(op, isNegative, inverse,
                                                 result);
    return success();
  }
};

} // namespace

void edgecc::populateExpandPowPatterns(RewritePatternSet &patterns,
                                       target::CpuAttr cpu) {
  patterns.add<ExpandPow>(patterns.getContext(), cpu.getHasFma());
  patterns.add<ExpandFPowI, ExpandIPowI>(patterns.getContext());
}
