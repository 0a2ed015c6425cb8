//===- JoinFunctions.cpp - sums and quotients of functions ----*- C++ -*-===//
//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What several operations compute together with less error than one by one.
//
//===----------------------------------------------------------------------===//

#include "dialects/Target/TargetDialect.h"
#include "passes/Lowering/Exponential.h"
#include "passes/Lowering/FloatBuilder.h"

#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/TypeUtilities.h"
#include <cmath>

using namespace mlir;
using namespace edgecc;

/// e^(y^2) (1 - erf(y)) for y = `a` times `inner`, from zero on, as a quotient:
/// N / (sqrt(pi) y N + P) with polynomials N and P of y. The more y counts in
/// the denominator, the less do rounding errors of N, which both sides have.
static std::pair<Value, Value> scaledErfc(FloatBuilder &b, Value a,
                                          double inner) {
  auto poly = [&](SmallVector<double> coefficients) {
    // By a factor that keeps sums away from the lower ends of binades, where
    // roundings are largest.
    double power = 1.7;
    for (double &c : llvm::reverse(coefficients)) {
      c *= power;
      power *= inner;
    }
    return b.poly(a, coefficients);
  };
  Value numerator =
      poly({0.01388348952229923, 0.11800059538253457, 0.4791024814602153,
            1.125651853960805, 1.530695224660649, 1});
  Value rest = poly({0.012305312994832658, 0.10452748872123528,
                     0.4130106692664562, 0.8866204698779347, 1});
  double slope = 1.7724538509055160 * inner;
  return {numerator, b.fma(numerator, b.mul(a, b.constant(slope)), rest)};
}

/// 1 + erf(y), which is small for negative y, where y = x `scale`: e^-y^2 times
/// a function that changes slowly. The square is of x, if y is x / sqrt(2), and
/// comes with its rounding error. With `inDouble` that function is computed in
/// f64, because sums of rounded products cost it too many digits.
static Value expandOnePlusErf(FloatBuilder &b, Value x, double scale,
                              bool inDouble) {
  double inner = std::abs(scale * scale - 0.5) < 1e-6 ? std::sqrt(0.5) : 1;
  if (inner == 1 && scale != 1)
    x = b.mul(x, b.constant(scale));
  double farthest = 9.33 / inner;
  Value distance = b.abs(x), a = b.atMost(distance, farthest);
  Value square = b.mul(a, a), factor = b.constant(-inner * inner);
  Value y = b.mul(square, factor);
  Value rest = b.mul(b.productError(a, a, square), factor);
  Value tail;
  if (inDouble) {
    Type wide = b.getF64Type();
    if (auto vector = dyn_cast<VectorType>(b.type))
      wide = vector.clone(wide);
    FloatBuilder d(b, b.getLoc(), wide, /*hasFma=*/false);
    Value exact = arith::ExtFOp::create(d, wide, a);
    auto [numerator, denominator] = scaledErfc(d, exact, inner);
    Value quotient =
        arith::TruncFOp::create(b, b.type, d.div(numerator, denominator));
    // The product may be less than the least normal number.
    tail = b.mul(exponentialNear(b, y, rest), quotient);
  } else {
    auto [numerator, denominator] = scaledErfc(b, a, inner);
    tail = b.quotient(timesExponential(b, numerator, y, rest), denominator);
  }
  tail = b.select(b.less(b.constant(farthest), distance), b.constant(0), tail);
  return b.select(b.less(x, b.constant(0)), tail, b.sub(b.constant(2), tail));
}

//===----------------------------------------------------------------------===//
// GELU with tanh: x / (1 + e^-y), y = 2 sqrt(2 / pi) (x + 0.044715 x^3)
//===----------------------------------------------------------------------===//

static constexpr double geluLinear = 1.5957691216057308;
static constexpr double geluCubic = geluLinear * 0.044715;

/// The coefficients of `value` as a polynomial in `x` of degree 3 at most,
/// computed by at most `depth` operations one after the other.
static std::optional<std::array<double, 4>> polynomialIn(Value value, Value x,
                                                         unsigned depth = 6) {
  using Polynomial = std::array<double, 4>;
  if (value == x)
    return Polynomial{0, 1, 0, 0};
  if (std::optional<double> constant = splatOf(value))
    return Polynomial{*constant, 0, 0, 0};
  Operation *op = value.getDefiningOp();
  if (depth == 0 || !isa_and_nonnull<arith::AddFOp, arith::MulFOp>(op))
    return std::nullopt;
  std::optional<Polynomial> a = polynomialIn(op->getOperand(0), x, depth - 1);
  std::optional<Polynomial> b = polynomialIn(op->getOperand(1), x, depth - 1);
  if (!a || !b)
    return std::nullopt;
  Polynomial result{};
  for (unsigned i = 0; i < 4; ++i) {
    if (isa<arith::AddFOp>(op)) {
      result[i] = (*a)[i] + (*b)[i];
      continue;
    }
    for (unsigned j = 0; j < 4; ++j) {
      double product = (*a)[i] * (*b)[j];
      if (i + j < 4)
        result[i + j] += product;
      else if (product != 0)
        return std::nullopt;
    }
  }
  return result;
}

/// The x of which `value` is y or, with `factor` 0.5, y / 2.
static Value argumentOfGelu(Value value, double factor) {
  auto isNear = [](double a, double b) {
    return std::abs(a - b) <= 1e-6 * std::abs(b);
  };
  // x is a factor of one of the products that y consists of.
  SmallVector<Value> pending{value};
  for (unsigned i = 0; i < pending.size() && i < 16; ++i) {
    auto p = polynomialIn(value, pending[i]);
    if (p && (*p)[0] == 0 && isNear((*p)[1], factor * geluLinear) &&
        (*p)[2] == 0 && isNear((*p)[3], factor * geluCubic))
      return pending[i];
    Operation *op = pending[i].getDefiningOp();
    if (isa_and_nonnull<arith::AddFOp, arith::MulFOp>(op))
      llvm::append_range(pending, op->getOperands());
  }
  return {};
}

/// 1 + e^-y, at most e^87.4. For negative x an error of y counts |y| times, so
/// y comes in two floats, by the constants above rather than their roundings.
static Value onePlusGeluExponential(FloatBuilder &b, Value x) {
  x = b.clamp(x, -10, 10);
  // Of so few bits that subtracting it from the slope is exact.
  constexpr double linear = 0x1.988p0;
  const double cubic = float(geluCubic);
  Value square = b.mul(x, x);
  Value product = b.mul(square, b.constant(cubic));
  Value slope = b.add(product, b.constant(linear));
  Value y = b.mul(x, slope);
  // What rounding took from each of the four.
  Value squareRest = b.productError(x, x, square);
  Value productRest = b.productError(square, b.constant(cubic), product);
  Value slopeRest = b.sub(product, b.sub(slope, b.constant(linear)));
  Value yRest = b.productError(x, slope, y);
  slopeRest = b.add(slopeRest, productRest);
  slopeRest = b.fma(squareRest, b.constant(cubic), slopeRest);
  slopeRest = b.add(slopeRest, b.fma(square, b.constant(geluCubic - cubic),
                                     b.constant(geluLinear - linear)));
  yRest = b.fma(x, slopeRest, yRest);
  return b.add(exponentialNear(b, b.neg(y), b.neg(yRest)), b.constant(1));
}

//===----------------------------------------------------------------------===//
// Patterns
//===----------------------------------------------------------------------===//

/// 1 + tanh(x) = 2 / (1 + e^-2x), which is small for negative x.
static Value expandOnePlusTanh(FloatBuilder &b, Value x) {
  Value two = b.constant(2);
  if (Value argument = argumentOfGelu(x, 0.5))
    return b.select(b.less(argument, b.constant(-10)), b.constant(0),
                    b.quotient(two, onePlusGeluExponential(b, argument)));
  Value twice = b.add(x, x);
  Value sum = b.quotient(two, onePlusExponential(b, twice));
  return b.select(b.less(twice, b.constant(-87)), b.constant(0), sum);
}

namespace {

/// 1 + erf(y), 1 + tanh(x) and e^x - 1, which lose digits if computed one by
/// one.
struct JoinSum : OpRewritePattern<arith::AddFOp> {
  JoinSum(MLIRContext *context, target::CpuAttr cpu)
      : OpRewritePattern(context), hasFma(cpu.getHasFma()),
        hasF64(cpu.getHasF64()) {}
  LogicalResult matchAndRewrite(arith::AddFOp op,
                                PatternRewriter &rewriter) const override {
    if (!getElementTypeOrSelf(op.getType()).isF32())
      return failure();
    for (unsigned side : {0, 1}) {
      Value function = op->getOperand(side);
      std::optional<double> term = splatOf(op->getOperand(1 - side));
      if (auto exp = function.getDefiningOp<math::ExpOp>(); exp && term == -1) {
        rewriter.replaceOpWithNewOp<math::ExpM1Op>(op, exp.getOperand());
        return success();
      }
      FloatBuilder b(rewriter, op.getLoc(), op.getType(), hasFma);
      if (auto tanh = function.getDefiningOp<math::TanhOp>();
          tanh && term == 1) {
        rewriter.replaceOp(op, expandOnePlusTanh(b, tanh.getOperand()));
        return success();
      }
      auto erf = function.getDefiningOp<math::ErfOp>();
      if (!erf || term != 1)
        continue;
      Value x = erf.getOperand();
      double scale = 1;
      if (auto product = x.getDefiningOp<arith::MulFOp>())
        if (std::optional<double> factor = splatOf(product.getRhs())) {
          scale = *factor;
          x = product.getLhs();
        }
      rewriter.replaceOp(op, expandOnePlusErf(b, x, scale, !hasFma && hasF64));
      return success();
    }
    return failure();
  }
  bool hasFma, hasF64;
};

/// e^x - 1
struct JoinDifference : OpRewritePattern<arith::SubFOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(arith::SubFOp op,
                                PatternRewriter &rewriter) const override {
    auto exp = op.getLhs().getDefiningOp<math::ExpOp>();
    if (!exp || splatOf(op.getRhs()) != 1 ||
        !getElementTypeOrSelf(op.getType()).isF32())
      return failure();
    rewriter.replaceOpWithNewOp<math::ExpM1Op>(op, exp.getOperand());
    return success();
  }
};

/// The x of 1 / (1 + e^-x) on f32.
static Value argumentOfSigmoid(arith::DivFOp op) {
  auto sum = op.getRhs().getDefiningOp<arith::AddFOp>();
  if (!sum || splatOf(op.getLhs()) != 1 ||
      !getElementTypeOrSelf(op.getType()).isF32())
    return {};
  for (unsigned side : {0, 1})
    if (auto exp = sum->getOperand(side).getDefiningOp<math::ExpOp>();
        exp && splatOf(sum->getOperand(1 - side)) == 1)
      if (auto negated = exp.getOperand().getDefiningOp<arith::NegFOp>())
        return negated.getOperand();
  return {};
}

/// Whether the x of SiLU or GELU with tanh is all that its sigmoid, `op`, is
/// multiplied by.
static bool isPartOfActivation(arith::DivFOp op) {
  if (!op->hasOneUse())
    return false;
  auto product = dyn_cast<arith::MulFOp>(*op->user_begin());
  if (!product)
    return false;
  Value argument = argumentOfSigmoid(op);
  Value x = product.getLhs() == op ? product.getRhs() : product.getLhs();
  return x == argument || x == argumentOfGelu(argument, 1);
}

/// 1 / (1 + e^-x), whose power needs no limits where it makes no difference.
struct JoinSigmoid : OpRewritePattern<arith::DivFOp> {
  JoinSigmoid(MLIRContext *context, bool hasFma)
      : OpRewritePattern(context), hasFma(hasFma) {}
  LogicalResult matchAndRewrite(arith::DivFOp op,
                                PatternRewriter &rewriter) const override {
    Value x = argumentOfSigmoid(op);
    if (!x || isPartOfActivation(op))
      return failure();
    FloatBuilder b(rewriter, op.getLoc(), op.getType(), hasFma);
    rewriter.replaceOp(op, b.quotient(b.constant(1), onePlusExponential(b, x)));
    return success();
  }
  bool hasFma;
};

/// x (1 / d) = x / d: one rounding less in x sigmoid(x).
struct JoinQuotient : OpRewritePattern<arith::MulFOp> {
  JoinQuotient(MLIRContext *context, bool hasFma)
      : OpRewritePattern(context), hasFma(hasFma) {}
  LogicalResult matchAndRewrite(arith::MulFOp op,
                                PatternRewriter &rewriter) const override {
    for (unsigned side : {0, 1}) {
      auto inverse = op->getOperand(side).getDefiningOp<arith::DivFOp>();
      if (!inverse || !inverse->hasOneUse() || splatOf(inverse.getLhs()) != 1)
        continue;
      FloatBuilder b(rewriter, op.getLoc(), op.getType(), hasFma);
      Value x = op->getOperand(1 - side), divisor = inverse.getRhs();
      Value argument = argumentOfSigmoid(inverse);
      // Below the limit of the power the quotient is next to nothing.
      Value quotient;
      if (argument == x)
        quotient = b.quotient(b.atLeast(x, -88), onePlusExponential(b, x),
                              /*isFinite=*/false);
      else if (argument && argumentOfGelu(argument, 1) == x)
        quotient = b.quotient(b.atLeast(x, -10), onePlusGeluExponential(b, x),
                              /*isFinite=*/false);
      else
        quotient = b.div(x, divisor);
      rewriter.replaceOp(op, quotient);
      return success();
    }
    return failure();
  }
  bool hasFma;
};

} // namespace

void edgecc::populateJoinFunctionsPatterns(RewritePatternSet &patterns,
                                           target::CpuAttr cpu) {
  patterns.add<JoinSum>(patterns.getContext(), cpu);
  patterns.add<JoinSigmoid, JoinQuotient>(patterns.getContext(),
                                          cpu.getHasFma());
  patterns.add<JoinDifference>(patterns.getContext());
}
