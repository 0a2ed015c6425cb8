//===- Activation.cpp - activation functions and softmax --------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
//
// Activation functions become the few primitives that every CPU has fast code
// for: clamp, min, max, arithmetic, exp, tanh, erf. All formulas are stable:
// no intermediate value overflows where the result does not.
//
//===----------------------------------------------------------------------===//

#include "passes/OnnxToEdge/Arithmetic.h"
#include <cmath>

using namespace mlir;
using namespace edgecc;

namespace {

//===----------------------------------------------------------------------===//
// Rectifiers: piecewise linear
//===----------------------------------------------------------------------===//

Value convertRelu(ConversionContext &ctx) {
  return clamp(ctx, ctx.operand(0), 0.0, kInfinity);
}

/// x < 0 ? slope * x : x
Value leaky(ConversionContext &ctx, Value x, Value slope) {
  Value negative =
      compare(ctx, edge::ComparePredicate::LT, x, scalar(ctx, x, 0));
  return ctx.create<edge::SelectOp>(negative, ctx.create<edge::MulOp>(x, slope),
                                    x);
}

Value convertLeakyRelu(ConversionContext &ctx) {
  Value x = ctx.operand(0);
  float alpha = ctx.getNode().getF32("alpha", 0.01f);
  if (alpha < 0.0f || alpha > 1.0f)
    return leaky(ctx, x, scalar(ctx, x, alpha));
  return ctx.create<edge::MaxOp>(
      x, ctx.create<edge::MulOp>(x, scalar(ctx, x, alpha)));
}

Value convertPRelu(ConversionContext &ctx) {
  Value x = ctx.operand(0), slope = ctx.operand(1);
  ArrayRef<int64_t> shape = getShape(x), slopes = getShape(slope);
  // Slopes that do not broadcast are one for each channel, as they were before
  // opset 7; exporters have not all noticed.
  if (slopes.size() == 1 && shape.size() > 2 && slopes[0] == shape[1] &&
      slopes[0] != shape.back() && slopes[0] != 1) {
    SmallVector<int64_t> aligned(shape.size() - 1, 1);
    aligned.front() = slopes[0];
    slope = ctx.reshape(slope, aligned);
  }
  return leaky(ctx, x, slope);
}

Value convertThresholdedRelu(ConversionContext &ctx) {
  Value x = ctx.operand(0);
  Value above = compare(ctx, edge::ComparePredicate::LT,
                        scalar(ctx, x, ctx.getNode().getF32("alpha", 1.0f)), x);
  return ctx.create<edge::SelectOp>(above, x, scalar(ctx, x, 0));
}

Value convertShrink(ConversionContext &ctx) {
  Value x = ctx.operand(0);
  Type type = getElementType(x);
  // Of integers the bounds are real numbers, and negative ones of unsigned.
  if (isa<IntegerType>(type))
    x = ctx.cast(x, type.getIntOrFloatBitWidth() < 32
                        ? ctx.getBuilder().getF32Type()
                        : ctx.getBuilder().getF64Type());
  float lambda = ctx.getNode().getF32("lambd", 0.5f);
  Value bias = scalar(ctx, x, ctx.getNode().getF32("bias", 0.0f));
  Value below =
      compare(ctx, edge::ComparePredicate::LT, x, scalar(ctx, x, -lambda));
  Value above =
      compare(ctx, edge::ComparePredicate::LT, scalar(ctx, x, lambda), x);
  Value right = ctx.create<edge::SelectOp>(
      above, ctx.create<edge::SubOp>(x, bias), scalar(ctx, x, 0));
  Value result = ctx.create<edge::SelectOp>(
      below, ctx.create<edge::AddOp>(x, bias), right);
  return isa<IntegerType>(type) ? ctx.cast(result, type) : result;
}

Value convertHardSigmoid(ConversionContext &ctx) {
  return clamp(ctx,
               scale(ctx, ctx.operand(0), ctx.getNode().getF32("alpha", 0.2f),
                     ctx.getNode().getF32("beta", 0.5f)),
               0.0, 1.0);
}

Value convertHardSwish(ConversionContext &ctx) {
  // x / 6 * (x + 3), whose sum is exact near its root.
  Value x = ctx.operand(0);
  return ctx.create<edge::MulOp>(scale(ctx, x, 1.0 / 6.0, 0.0),
                                 clamp(ctx, scale(ctx, x, 1.0, 3.0), 0.0, 6.0));
}

//===----------------------------------------------------------------------===//
// Exponential units
//===----------------------------------------------------------------------===//

/// height * (e^min(x / divisor, 0) - 1), which is zero for positive x.
Value negativeBranch(ConversionContext &ctx, Value x, double divisor,
                     double height) {
  Value limited = clamp(ctx, x, -kInfinity, 0.0);
  if (divisor != 1.0)
    limited = ctx.create<edge::MulOp>(limited, scalar(ctx, x, 1.0 / divisor));
  Value e = ctx.create<edge::ExpOp>(limited);
  return scale(ctx, ctx.create<edge::SubOp>(e, scalar(ctx, e, 1)), height, 0.0);
}

/// positive(x) for x > 0, negative otherwise.
Value atZero(ConversionContext &ctx, Value x, Value positive, Value negative) {
  Value above = compare(ctx, edge::ComparePredicate::LT, scalar(ctx, x, 0), x);
  return ctx.create<edge::SelectOp>(above, positive, negative);
}

Value convertElu(ConversionContext &ctx) {
  Value x = ctx.operand(0);
  return atZero(
      ctx, x, x,
      negativeBranch(ctx, x, 1.0, ctx.getNode().getF32("alpha", 1.0f)));
}

Value convertSelu(ConversionContext &ctx) {
  Value x = ctx.operand(0);
  double alpha = ctx.getNode().getF32("alpha", 1.67326319217681884765625f);
  double gamma = ctx.getNode().getF32("gamma", 1.05070102214813232421875f);
  return atZero(ctx, x, scale(ctx, x, gamma, 0.0),
                negativeBranch(ctx, x, 1.0, alpha * gamma));
}

Value convertCelu(ConversionContext &ctx) {
  Value x = ctx.operand(0);
  double alpha = ctx.getNode().getF32("alpha", 1.0f);
  return atZero(ctx, x, x, negativeBranch(ctx, x, alpha, alpha));
}

Value convertSoftplus(ConversionContext &ctx) {
  // max(x, 0) + ln(1 + e^-|x|)
  Value x = ctx.operand(0);
  Value decay = ctx.create<edge::ExpOp>(
      ctx.create<edge::NegOp>(ctx.create<edge::AbsOp>(x)));
  return ctx.create<edge::AddOp>(clamp(ctx, x, 0.0, kInfinity),
                                 ctx.create<edge::Log1pOp>(decay));
}

Value convertSoftsign(ConversionContext &ctx) {
  Value x = ctx.operand(0);
  return ctx.create<edge::DivOp>(
      x, scale(ctx, ctx.create<edge::AbsOp>(x), 1.0, 1.0));
}

Value convertMish(ConversionContext &ctx) {
  // tanh(ln(1 + e)) = n / (n + 2) with n = e^2 + 2 e, where e = e^x and 2 e is
  // exact. At ten the quotient has become one in every float type that holds n.
  Value x = ctx.operand(0);
  double limit = getElementType(x).isF64() ? 20.0 : 10.0;
  if (getElementType(x).isF16())
    limit = 5.0;
  Value e = ctx.create<edge::ExpOp>(clamp(ctx, x, -kInfinity, limit));
  Value n = ctx.create<edge::AddOp>(ctx.create<edge::MulOp>(e, e),
                                    ctx.create<edge::AddOp>(e, e));
  Value quotient = ctx.create<edge::DivOp>(n, scale(ctx, n, 1.0, 2.0));
  return ctx.create<edge::MulOp>(x, quotient);
}

//===----------------------------------------------------------------------===//
// Gated units
//===----------------------------------------------------------------------===//

/// x * sigmoid(alpha * x)
Value swish(ConversionContext &ctx, Value x, double alpha) {
  return ctx.create<edge::MulOp>(
      x, ctx.create<edge::SigmoidOp>(scale(ctx, x, alpha, 0.0)));
}

Value convertSwish(ConversionContext &ctx) {
  return swish(ctx, ctx.operand(0), ctx.getNode().getF32("alpha", 1.0f));
}

Value convertQuickGelu(ConversionContext &ctx) {
  return swish(ctx, ctx.operand(0), ctx.getNode().getF32("alpha", 1.702f));
}

/// x / 2 * (1 + erf(x / sqrt(2)))
Value exactGelu(ConversionContext &ctx, Value x) {
  Value erf = ctx.create<edge::ErfOp>(scale(ctx, x, std::sqrt(0.5), 0.0));
  return ctx.create<edge::MulOp>(
      x, scale(ctx, scale(ctx, erf, 1.0, 1.0), 0.5, 0.0));
}

/// x / 2 * (1 + tanh(y)) = x * sigmoid(2 * y) with
/// y = sqrt(2 / pi) * (x + 0.044715 * x^3)
Value tanhGelu(ConversionContext &ctx, Value x) {
  double factor = 2 * std::sqrt(2.0 / M_PI);
  Value square = ctx.create<edge::MulOp>(x, x);
  Value inner =
      ctx.create<edge::MulOp>(x, scale(ctx, square, factor * 0.044715, factor));
  return ctx.create<edge::MulOp>(x, ctx.create<edge::SigmoidOp>(inner));
}

Value convertGelu(ConversionContext &ctx) {
  StringRef approximate = ctx.getNode().getString("approximate", "none");
  if (approximate == "none")
    return exactGelu(ctx, ctx.operand(0));
  if (approximate == "tanh")
    return tanhGelu(ctx, ctx.operand(0));
  (void)ctx.unsupportedAttribute("approximate", approximate, "none or tanh");
  return {};
}

/// The first operand plus the optional second one.
Value biased(ConversionContext &ctx) {
  Value x = ctx.operand(0), bias = ctx.operand(1);
  return bias ? ctx.create<edge::AddOp>(x, bias) : x;
}

Value convertBiasGelu(ConversionContext &ctx) {
  return exactGelu(ctx, biased(ctx));
}

Value convertFastGelu(ConversionContext &ctx) {
  return tanhGelu(ctx, biased(ctx));
}

//===----------------------------------------------------------------------===//
// Along an axis
//===----------------------------------------------------------------------===//

/// Runs `body(x, axis)`. Before version 13 the default axis is one and the
/// operator sees a matrix: all dimensions from the axis on are one.
template <typename Body>
Value alongAxis(ConversionContext &ctx, Body body) {
  Value x = ctx.operand(0);
  ArrayRef<int64_t> shape = getShape(x);
  int64_t rank = shape.size();
  bool flattens = ctx.getVersion() < 13;
  int64_t axis = ctx.getNode().getI64("axis", flattens ? 1 : -1);
  if (!flattens || axis != rank) {
    FailureOr<int64_t> normal = ctx.normalizeAxis(axis, rank);
    if (failed(normal))
      return {};
    axis = *normal;
  }
  if (!flattens || axis == rank - 1)
    return body(x, axis);
  int64_t rows = 1, columns = 1;
  for (int64_t dim = 0; dim < rank; ++dim)
    (dim < axis ? rows : columns) *= shape[dim];
  return ctx.reshape(body(ctx.reshape(x, {rows, columns}), 1), shape);
}

template <bool log>
Value convertSoftmax(ConversionContext &ctx) {
  return alongAxis(ctx, [&](Value x, int64_t axis) -> Value {
    return ctx.create<edge::SoftmaxOp>(x, static_cast<uint64_t>(axis), log);
  });
}

Value convertHardmax(ConversionContext &ctx) {
  return alongAxis(ctx, [&](Value x, int64_t axis) -> Value {
    Value winner = ctx.create<edge::ArgReduceOp>(
        edge::ArgKind::Max, x, static_cast<uint64_t>(axis), /*last=*/false);
    Value positions = iota(ctx, getShape(x)[axis], axis, getRank(x));
    Value hit = compare(ctx, edge::ComparePredicate::EQ, winner, positions);
    return ctx.cast(hit, getElementType(x));
  });
}

} // namespace

void edgecc::registerActivationConverters(ConverterTable &table) {
  table.add("Relu", single(convertRelu));
  table.add("LeakyRelu", single(convertLeakyRelu));
  table.add("PRelu", single(convertPRelu));
  table.add("ThresholdedRelu", single(convertThresholdedRelu));
  table.add("Shrink", single(convertShrink));
  table.add("HardSigmoid", single(convertHardSigmoid));
  table.add("HardSwish", single(convertHardSwish));
  table.add("Elu", single(convertElu));
  table.add("Selu", single(convertSelu));
  table.add("Celu", single(convertCelu));
  table.add("Softplus", single(convertSoftplus));
  table.add("Softsign", single(convertSoftsign));
  table.add("Mish", single(convertMish));
  table.add("Swish", single(convertSwish));
  table.add("Gelu", single(convertGelu));
  table.add("Softmax", single(convertSoftmax<false>));
  table.add("LogSoftmax", single(convertSoftmax<true>));
  table.add("Hardmax", single(convertHardmax));
  table.add("Gelu", single(convertGelu), 1, ConverterTable::kNewest,
            kMicrosoftDomain);
  table.add("BiasGelu", single(convertBiasGelu), 1, ConverterTable::kNewest,
            kMicrosoftDomain);
  table.add("FastGelu", single(convertFastGelu), 1, ConverterTable::kNewest,
            kMicrosoftDomain);
  table.add("QuickGelu", single(convertQuickGelu), 1, ConverterTable::kNewest,
            kMicrosoftDomain);
}
