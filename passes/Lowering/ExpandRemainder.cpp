//===- ExpandRemainder.cpp - remainders of divisions ------------*- C++ -*-===//
//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// `arith.remf` of f32 without a loop that depends on the data: what is left of
// a long division that takes 23 bits of the quotient at a time. Remainders of
// f64 call `fmod`.
//
//===----------------------------------------------------------------------===//

#include "dialects/Target/TargetDialect.h"
#include "passes/Lowering/FloatBuilder.h"

#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace edgecc;

/// `x - n y`, exactly, which a float can hold.
static Value subtractMultiple(FloatBuilder &b, Value x, Value n, Value y,
                              bool hasFma) {
  if (hasFma)
    return math::FmaOp::create(b, b.neg(n), y, x);
  Type type = b.getF64Type();
  if (auto vector = dyn_cast<VectorType>(b.type))
    type = vector.clone(type);
  auto widen = [&](Value v) -> Value {
    return arith::ExtFOp::create(b, type, v);
  };
  Value product = arith::MulFOp::create(b, widen(n), widen(y));
  Value rest = arith::SubFOp::create(b, widen(x), product);
  return arith::TruncFOp::create(b, b.type, rest);
}

/// `x` less the multiple of `y` that leaves the least from zero on. Both are
/// not negative, and x / y is less than 2^24, so that the rounded quotient is
/// too large by one at most.
static Value reduceBy(FloatBuilder &b, Value x, Value y, bool hasFma) {
  Value quotient = math::TruncOp::create(b, b.div(x, y));
  Value rest = subtractMultiple(b, x, quotient, y, hasFma);
  return b.select(b.less(rest, b.constant(0)), b.add(rest, y), rest);
}

namespace {
struct ExpandRemainder : OpRewritePattern<arith::RemFOp> {
  ExpandRemainder(MLIRContext *context, bool hasFma)
      : OpRewritePattern(context), hasFma(hasFma) {}

  LogicalResult matchAndRewrite(arith::RemFOp op,
                                PatternRewriter &rewriter) const override {
    if (!getElementTypeOrSelf(op.getType()).isF32())
      return failure();
    FloatBuilder b(rewriter, op.getLoc(), op.getType(), hasFma);
    Value dividend = b.abs(op.getLhs()), divisor = b.abs(op.getRhs());
    auto exponent = [&](Value x) -> Value {
      return arith::ShRUIOp::create(b, b.toBits(x), b.intConstant(23));
    };
    // Subnormal divisors have an exponent as well.
    Value isSmall = b.less(divisor, b.constant(0x1p-126));
    Value divisorExponent = arith::SubIOp::create(
        b,
        exponent(
            b.select(isSmall, b.mul(divisor, b.constant(0x1p24)), divisor)),
        b.select(isSmall, b.intConstant(24), b.intConstant(0)));
    // x < 2^(distance + 1) y
    Value distance =
        arith::SubIOp::create(b, exponent(dividend), divisorExponent);
    // Exponents are from 254 to -22: eleven times 23 bits, and the last ones.
    Value rest = dividend;
    for (int64_t step = 1; step <= 11; ++step) {
      Value scale =
          arith::SubIOp::create(b, distance, b.intConstant(23 * step));
      scale = arith::MaxSIOp::create(b, scale, b.intConstant(0));
      rest = reduceBy(b, rest, b.scaleByPowerOf2(divisor, scale), hasFma);
    }
    rest = reduceBy(b, rest, divisor, hasFma);
    // Nothing is taken from what is smaller than an infinity.
    rest = b.select(b.less(dividend, divisor), dividend, rest);
    rewriter.replaceOp(op, b.copySign(rest, op.getLhs()));
    return success();
  }

  bool hasFma;
};
} // namespace

void edgecc::populateExpandRemainderPatterns(RewritePatternSet &patterns,
                                             bool hasFma) {
  patterns.add<ExpandRemainder>(patterns.getContext(), hasFma);
}
