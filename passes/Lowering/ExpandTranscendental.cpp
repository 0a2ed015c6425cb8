//===- ExpandTranscendental.cpp - exp, sin and their kin --------*- C++ -*-===//
//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The functions that upstream's approximations lack or compute with more error
// than is needed. The rest is expanded in terms of those.
//
//===----------------------------------------------------------------------===//

#include "dialects/Target/TargetDialect.h"
#include "passes/Lowering/Exponential.h"
#include "passes/Lowering/FloatBuilder.h"

#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/TypeUtilities.h"
#include <cmath>
#include <limits>

using namespace mlir;
using namespace edgecc;

/// e^x for x up to 88.
static Value exponentialBelow(FloatBuilder &b, Value x) {
  Value lowest = b.constant(-104);
  Value bits = exponentialBits(b, b.select(b.less(x, lowest), lowest, x));
  // Bits below zero are an exponent too small; so is nearly all of what is not
  // a normal number.
  bits = arith::MaxSIOp::create(b, bits, b.intConstant(0));
  return b.fromBits(bits);
}

static Value expandExp(FloatBuilder &b, Value x) {
  Value power = exponentialBelow(b, x);
  // Infinity beyond the largest number; not-a-numbers stay what they are.
  Value isFinite = b.less(x, b.constant(0x1.62e430p6));
  Value infinity = b.constant(std::numeric_limits<double>::infinity());
  return b.select(isFinite, power, b.add(x, infinity));
}

/// Near one an error counts twice as much as it does below, so there both
/// functions come as one minus something small.
static Value expandTanh(FloatBuilder &b, Value x) {
  Value a = b.atMost(b.abs(x), 10), z = b.mul(x, x), one = b.constant(1);
  Value p = b.poly(z, {1.643758420769683e-2, -5.267181544153535e-2,
                       1.332072509289551e-1, -3.333294663865657e-1});
  Value small = b.fma(b.mul(x, z), p, x);
  Value power = exponentialNear(b, b.add(a, a));
  Value large = b.sub(one, b.quotient(b.constant(2), b.add(power, one)));
  return b.select(b.greater(a, b.constant(0.55)), b.copySign(large, x), small);
}

static Value expandErf(FloatBuilder &b, Value x) {
  Value a = b.atMost(b.abs(x), 3.92), z = b.mul(x, x);
  Value p = b.poly(z, {-6.090457352985532e-4, 5.011984663768462e-3,
                       -2.677892676554019e-2, 1.128214145145609e-1,
                       -3.761252337002259e-1, 1.283791538359361e-1});
  Value small = b.fma(x, p, x);
  // The logarithm of 1 - erf(a).
  Value log = b.poly(a, {1.971822246881482e-4, -3.055612077394988e-3,
                         2.227710366752270e-2, -1.040373912729349e-1,
                         -6.370597199679740e-1, -1.127749580591875,
                         -1.774906166149712e-4});
  Value large = b.sub(b.constant(1), exponentialNear(b, log));
  return b.select(b.greater(a, b.constant(0.9)), b.copySign(large, x), small);
}

/// e^x - 1 = 2^n (e^r - 1) + (2^n - 1), by half of it because 2^n may be too
/// large by one.
static Value expandExpM1(FloatBuilder &b, Value x) {
  Value limited = b.clamp(x, -18, 89);
  auto [n, integer] = b.roundToInt(b.mul(limited, b.constant(0x1.715476p0)));
  Value r = b.fma(n, b.constant(-0.693359375), limited);
  r = b.fma(n, b.constant(2.12194440e-4), r);
  Value p = b.poly(r, {1.9875691500e-4, 1.3981999507e-3, 8.3334519073e-3,
                       4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1});
  p = b.fma(b.mul(r, r), p, r);
  Value half = b.fromBits(arith::AddIOp::create(
      b, b.toBits(b.constant(0.5)),
      arith::ShLIOp::create(b, integer, b.intConstant(23))));
  Value result = b.fma(p, half, b.sub(half, b.constant(0.5)));
  return b.add(result, result);
}

/// The logarithm of f 2^e with f from sqrt(1/2) to sqrt(2).
static Value expandLog(FloatBuilder &b, Value x) {
  Value zero = b.constant(0), smallest = b.constant(0x1p-126);
  Value isTiny = b.less(x, smallest);
  Value bits = b.toBits(b.select(isTiny, b.mul(x, b.constant(0x1p23)), x));
  Value e = arith::ShRSIOp::create(
      b, arith::SubIOp::create(b, bits, b.intConstant(0x3f3504f3)),
      b.intConstant(23));
  Value f = b.fromBits(arith::SubIOp::create(
      b, bits, arith::ShLIOp::create(b, e, b.intConstant(23))));
  e = b.sub(b.toFloat(e), b.select(isTiny, b.constant(23), zero));
  f = b.sub(f, b.constant(1));
  Value z = b.mul(f, f);
  Value p = b.poly(f, {7.0376836292e-2, -1.1514610310e-1, 1.1676998740e-1,
                       -1.2420140846e-1, 1.4249322787e-1, -1.6668057665e-1,
                       2.0000714765e-1, -2.4999993993e-1, 3.3333331174e-1});
  p = b.fma(e, b.constant(-2.12194440e-4), b.mul(b.mul(f, z), p));
  p = b.fma(z, b.constant(-0.5), p);
  Value log = b.fma(e, b.constant(0.693359375), b.add(f, p));
  Value infinity = b.constant(std::numeric_limits<double>::infinity());
  Value nan = b.constant(std::numeric_limits<double>::quiet_NaN());
  log = b.select(b.less(x, infinity), log, x);
  log = b.select(b.equal(x, zero), b.neg(infinity), log);
  return b.select(b.less(x, zero), nan, log);
}

static Value expandExp2(FloatBuilder &b, Value x) {
  x = b.clamp(x, -151, 129);
  auto [rounded, n] = b.roundToInt(x);
  Value p =
      b.poly(b.sub(x, rounded),
             {1.525273380405984e-5, 1.540353039338161e-4, 1.333355814642844e-3,
              9.618129107628477e-3, 5.550410866482158e-2, 2.402265069591007e-1,
              6.931471805599453e-1, 1.0});
  return b.scaleByPowerOf2(p, n);
}

/// x = j pi/2 + r, for sines and cosines to the last places for |x| up to 10^5
/// and ever less beyond. The first parts of pi/2 have eight bits each, so that
/// their products with j of up to 16 bits are exact without a fused
/// multiply-add, too.
static std::pair<Value, Value> reduceAngle(FloatBuilder &b, Value x) {
  auto [rounded, j] = b.roundToInt(b.mul(x, b.constant(0.636619772367581343)));
  Value r = x;
  for (double part : {1.5703125, 0.0004825592041015625, 1.2665987014770508e-06,
                      9.89530235528946e-10, 2.5633440682570896e-12})
    r = b.fma(rounded, b.constant(-part), r);
  return {b.clamp(r, -0.8, 0.8), j};
}

/// Whether `bit` of the integers is set.
static Value hasBit(FloatBuilder &b, Value integer, int64_t bit) {
  return arith::CmpIOp::create(
      b, arith::CmpIPredicate::ne,
      arith::AndIOp::create(b, integer, b.intConstant(bit)), b.intConstant(0));
}

static std::pair<Value, Value> expandSinCos(FloatBuilder &b, Value x) {
  auto [r, j] = reduceAngle(b, x);
  Value z = b.mul(r, r);
  Value sine = b.poly(z, {-1.9515295891e-4, 8.3321608736e-3, -1.6666654611e-1});
  sine = b.fma(b.mul(sine, z), r, r);
  Value cosine = b.poly(
      z, {2.443315711809948e-5, -1.388731625493765e-3, 4.166664568298827e-2});
  cosine =
      b.fma(b.mul(cosine, z), z, b.fma(z, b.constant(-0.5), b.constant(1)));

  Value isSwapped = hasBit(b, j, 1);
  Value sinMagnitude = b.select(isSwapped, cosine, sine);
  Value cosMagnitude = b.select(isSwapped, sine, cosine);
  Value next = arith::AddIOp::create(b, j, b.intConstant(1));
  return {b.select(hasBit(b, j, 2), b.neg(sinMagnitude), sinMagnitude),
          b.select(hasBit(b, next, 2), b.neg(cosMagnitude), cosMagnitude)};
}

static Value expandSin(FloatBuilder &b, Value x) {
  return expandSinCos(b, x).first;
}
static Value expandCos(FloatBuilder &b, Value x) {
  return expandSinCos(b, x).second;
}
/// The tangent of r, or of r + pi/2, which is -1 over it.
static Value expandTan(FloatBuilder &b, Value x) {
  auto [r, j] = reduceAngle(b, x);
  Value z = b.mul(r, r);
  Value p = b.poly(z, {9.38540185543e-3, 3.11992232697e-3, 2.44301354525e-2,
                       5.34112807005e-2, 1.33387994085e-1, 3.33331568548e-1});
  Value tangent = b.fma(b.mul(p, z), r, r);
  return b.select(hasBit(b, j, 1), b.div(b.constant(-1), tangent), tangent);
}

/// Above one half by the angle of half of 1 - |x|.
static Value expandAsin(FloatBuilder &b, Value x) {
  Value a = b.abs(x), half = b.constant(0.5);
  Value isLarge = b.greater(a, half);
  Value z = b.select(isLarge, b.fma(a, b.constant(-0.5), half), b.mul(a, a));
  Value t = b.select(isLarge, b.sqrt(z), a);
  Value p = b.poly(z, {4.2163199048e-2, 2.4181311049e-2, 4.5470025998e-2,
                       7.4953002686e-2, 1.6666752422e-1});
  Value angle = b.fma(b.mul(p, z), t, t);
  Value large = b.fma(angle, b.constant(-2), b.constant(1.57079632679489662));
  return b.copySign(b.select(isLarge, large, angle), x);
}

/// The angle of the point (x, y), both of them not negative.
static Value expandAngle(FloatBuilder &b, Value y, Value x) {
  Value zero = b.constant(0), one = b.constant(1);
  Value isSteep = b.greater(y, x);
  Value small = b.select(isSteep, x, y), large = b.select(isSteep, y, x);
  // The ratio is from 0 to 1; above tan(pi/8) it is turned back by pi/4.
  Value isFlat = b.cmp(arith::CmpFPredicate::OLE, small,
                       b.mul(large, b.constant(0.414213562373095)));
  Value numerator = b.select(isFlat, small, b.sub(small, large));
  Value denominator = b.select(isFlat, large, b.add(small, large));
  Value t = b.div(numerator, denominator);
  // The ratios that division does not know.
  t = b.select(b.equal(large, zero), zero, t);
  Value infinity = b.constant(std::numeric_limits<double>::infinity());
  Value isHuge = b.equal(large, infinity);
  t = b.select(isHuge, zero, t);
  Value isDiagonal = b.equal(small, infinity);
  Value turn = b.select(isFlat, zero, b.constant(0.785398163397448310));
  turn = b.select(isHuge, zero, turn);
  turn = b.select(isDiagonal, b.constant(0.785398163397448310), turn);
  Value z = b.mul(t, t);
  Value p = b.poly(z, {8.05374449538e-2, -1.38776856032e-1, 1.99777106478e-1,
                       -3.33329491539e-1});
  Value angle = b.add(turn, b.fma(b.mul(p, z), t, t));
  Value isAnyNan = b.cmp(arith::CmpFPredicate::UNO, y, x);
  angle =
      b.select(isSteep, b.sub(b.constant(1.57079632679489662), angle), angle);
  return b.select(isAnyNan, b.add(b.add(y, x), one), angle);
}

static Value expandAtan(FloatBuilder &b, Value x) {
  return b.copySign(expandAngle(b, b.abs(x), b.constant(1)), x);
}

/// e^x / 2 for x from 0 on, also where e^x itself is too large.
static Value halfExponential(FloatBuilder &b, Value x) {
  Value bits = exponentialBits(b, b.atMost(x, 89.415985));
  Value half =
      b.fromBits(arith::SubIOp::create(b, bits, b.intConstant(1 << 23)));
  Value infinity = b.constant(std::numeric_limits<double>::infinity());
  return b.select(b.greater(x, b.constant(89.415985)), infinity, half);
}

static Value expandSinh(FloatBuilder &b, Value x) {
  Value a = b.abs(x), z = b.mul(x, x);
  Value p = b.poly(z, {2.03721912945e-4, 8.33028376239e-3, 1.66667160211e-1});
  Value small = b.fma(b.mul(x, z), p, x);
  Value half = halfExponential(b, a);
  Value large = b.sub(half, b.div(b.constant(0.25), half));
  return b.select(b.greater(a, b.constant(1)), b.copySign(large, x), small);
}

static Value expandCosh(FloatBuilder &b, Value x) {
  Value half = halfExponential(b, b.abs(x));
  return b.add(half, b.div(b.constant(0.25), half));
}

static Value expandAsinh(FloatBuilder &b, Value x) {
  Value a = b.abs(x), one = b.constant(1);
  Value square = b.mul(a, a);
  Value root = b.sqrt(b.add(square, one));
  Value small =
      math::Log1pOp::create(b, b.add(a, b.div(square, b.add(one, root))));
  Value large =
      b.add(math::LogOp::create(b, a), b.constant(0.69314718055994530942));
  return b.copySign(b.select(b.greater(a, b.constant(1e9)), large, small), x);
}

static Value expandAcosh(FloatBuilder &b, Value x) {
  Value t = b.sub(x, b.constant(1));
  Value root = b.sqrt(b.fma(t, t, b.add(t, t)));
  Value small = math::Log1pOp::create(b, b.add(t, root));
  Value large =
      b.add(math::LogOp::create(b, x), b.constant(0.69314718055994530942));
  return b.select(b.greater(x, b.constant(1e9)), large, small);
}

static Value expandAtanh(FloatBuilder &b, Value x) {
  Value a = b.abs(x);
  Value ratio = b.div(b.add(a, a), b.sub(b.constant(1), a));
  Value half = b.mul(math::Log1pOp::create(b, ratio), b.constant(0.5));
  return b.copySign(half, x);
}

static Value expandLog10(FloatBuilder &b, Value x) {
  return b.mul(math::LogOp::create(b, x), b.constant(0.43429448190325182765));
}

static Value expandRsqrt(FloatBuilder &b, Value x) {
  return b.div(b.constant(1), b.sqrt(x));
}

namespace {

/// A function of one operand by a formula on f32, and on f64 if `anyWidth`.
template <typename OpTy>
struct ExpandUnary : OpRewritePattern<OpTy> {
  using Formula = Value (*)(FloatBuilder &, Value);
  ExpandUnary(MLIRContext *context, Formula formula, bool hasFma,
              bool anyWidth = false)
      : OpRewritePattern<OpTy>(context), formula(formula), hasFma(hasFma),
        anyWidth(anyWidth) {}

  LogicalResult matchAndRewrite(OpTy op,
                                PatternRewriter &rewriter) const override {
    Type element = getElementTypeOrSelf(op.getType());
    if (!element.isF32() && !(anyWidth && element.isF64()))
      return rewriter.notifyMatchFailure(op, "not f32");
    FloatBuilder b(rewriter, op.getLoc(), op.getType(), hasFma);
    rewriter.replaceOp(op, formula(b, op.getOperand()));
    return success();
  }

  Formula formula;
  bool hasFma, anyWidth;
};

/// The angle of a point in any quadrant.
struct ExpandAtan2 : OpRewritePattern<math::Atan2Op> {
  ExpandAtan2(MLIRContext *context, bool hasFma)
      : OpRewritePattern(context), hasFma(hasFma) {}
  LogicalResult matchAndRewrite(math::Atan2Op op,
                                PatternRewriter &rewriter) const override {
    if (!getElementTypeOrSelf(op.getType()).isF32())
      return failure();
    FloatBuilder b(rewriter, op.getLoc(), op.getType(), hasFma);
    Value y = op.getLhs(), x = op.getRhs();
    Value angle = expandAngle(b, b.abs(y), b.abs(x));
    Value isLeft = arith::CmpIOp::create(b, arith::CmpIPredicate::slt,
                                         b.toBits(x), b.intConstant(0));
    angle =
        b.select(isLeft, b.sub(b.constant(3.14159265358979324), angle), angle);
    rewriter.replaceOp(op, b.copySign(angle, y));
    return success();
  }
  bool hasFma;
};

/// Sine and cosine at once.
struct ExpandSinCosOp : OpRewritePattern<math::SincosOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(math::SincosOp op,
                                PatternRewriter &rewriter) const override {
    Value x = op.getOperand();
    Value sine = math::SinOp::create(rewriter, op.getLoc(), x);
    Value cosine = math::CosOp::create(rewriter, op.getLoc(), x);
    rewriter.replaceOp(op, {sine, cosine});
    return success();
  }
};

/// Without the instruction a fused multiply-add would be a call.
struct ExpandFma : OpRewritePattern<math::FmaOp> {
  ExpandFma(MLIRContext *context, target::CpuAttr cpu)
      : OpRewritePattern(context), cpu(cpu) {}
  LogicalResult matchAndRewrite(math::FmaOp op,
                                PatternRewriter &rewriter) const override {
    bool isF64 = getElementTypeOrSelf(op.getType()).isF64();
    if (cpu.getHasFma() && (!isF64 || cpu.getHasF64()))
      return failure();
    Value product =
        arith::MulFOp::create(rewriter, op.getLoc(), op.getA(), op.getB());
    rewriter.replaceOpWithNewOp<arith::AddFOp>(op, product, op.getC());
    return success();
  }
  target::CpuAttr cpu;
};

} // namespace

void edgecc::populateExpandTranscendentalPatterns(RewritePatternSet &patterns,
                                                  target::CpuAttr cpu) {
  MLIRContext *context = patterns.getContext();
  bool hasFma = cpu.getHasFma();
  patterns.add<ExpandUnary<math::ExpOp>>(context, expandExp, hasFma);
  patterns.add<ExpandUnary<math::Exp2Op>>(context, expandExp2, hasFma);
  patterns.add<ExpandUnary<math::ExpM1Op>>(context, expandExpM1, hasFma);
  patterns.add<ExpandUnary<math::LogOp>>(context, expandLog, hasFma);
  patterns.add<ExpandUnary<math::AsinOp>>(context, expandAsin, hasFma);
  patterns.add<ExpandUnary<math::TanhOp>>(context, expandTanh, hasFma);
  patterns.add<ExpandUnary<math::ErfOp>>(context, expandErf, hasFma);
  patterns.add<ExpandUnary<math::SinOp>>(context, expandSin, hasFma);
  patterns.add<ExpandUnary<math::CosOp>>(context, expandCos, hasFma);
  patterns.add<ExpandUnary<math::TanOp>>(context, expandTan, hasFma);
  patterns.add<ExpandUnary<math::SinhOp>>(context, expandSinh, hasFma);
  patterns.add<ExpandUnary<math::CoshOp>>(context, expandCosh, hasFma);
  patterns.add<ExpandUnary<math::AsinhOp>>(context, expandAsinh, hasFma,
                                           /*anyWidth=*/true);
  patterns.add<ExpandUnary<math::AcoshOp>>(context, expandAcosh, hasFma,
                                           /*anyWidth=*/true);
  patterns.add<ExpandUnary<math::AtanhOp>>(context, expandAtanh, hasFma,
                                           /*anyWidth=*/true);
  patterns.add<ExpandUnary<math::Log10Op>>(context, expandLog10, hasFma,
                                           /*anyWidth=*/true);
  patterns.add<ExpandUnary<math::RsqrtOp>>(context, expandRsqrt, hasFma,
                                           /*anyWidth=*/true);
  patterns.add<ExpandUnary<math::AtanOp>>(context, expandAtan, hasFma);
  patterns.add<ExpandAtan2>(context, hasFma);
  patterns.add<ExpandSinCosOp>(context);
  patterns.add<ExpandFma>(context, cpu);
}
