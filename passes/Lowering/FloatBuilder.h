//===- FloatBuilder.h - arithmetic on scalars or vectors --------*- C++ -*-===//
//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The notation of the expansions: a formula on f32 or f64 written once for
// scalars and for vectors of any shape.
//
//===----------------------------------------------------------------------===//

#ifndef EDGECC_PASSES_LOWERING_FLOATBUILDER_H
#define EDGECC_PASSES_LOWERING_FLOATBUILDER_H

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/IR/TypeUtilities.h"

namespace edgecc {

namespace target {
class CpuAttr;
} // namespace target

/// Builds arithmetic on values of one type, `type`: f32, f64 or a vector of
/// them. Integers are of the same width and shape.
class FloatBuilder : public mlir::ImplicitLocOpBuilder {
public:
  /// `hasFma` says whether the target has a fused multiply-add.
  FloatBuilder(mlir::OpBuilder &builder, mlir::Location loc, mlir::Type type,
               bool hasFma);

  mlir::Value constant(double value);
  mlir::Value intConstant(int64_t value);

  mlir::Value add(mlir::Value a, mlir::Value b);
  mlir::Value sub(mlir::Value a, mlir::Value b);
  mlir::Value mul(mlir::Value a, mlir::Value b);
  mlir::Value div(mlir::Value a, mlir::Value b);
  /// `a / b` of a divisor that is finite and at least one: the target may
  /// estimate its reciprocal and be off by 1.5 units in the last place, or,
  /// where `a` is finite as well, by .6.
  mlir::Value quotient(mlir::Value a, mlir::Value b, bool isFinite = true);
  mlir::Value neg(mlir::Value a);
  mlir::Value abs(mlir::Value a);
  mlir::Value sqrt(mlir::Value a);
  /// The magnitude of `a` with the sign of `b`.
  mlir::Value copySign(mlir::Value a, mlir::Value b);
  /// `a * b + c`, fused if the target can.
  mlir::Value fma(mlir::Value a, mlir::Value b, mlir::Value c);
  /// The rounding error of the product `p = a * b`, that is `a * b - p`, exact
  /// with or without a fused multiply-add.
  mlir::Value productError(mlir::Value a, mlir::Value b, mlir::Value p);
  /// A polynomial, highest coefficient first.
  mlir::Value poly(mlir::Value x, llvm::ArrayRef<double> coefficients);

  mlir::Value cmp(mlir::arith::CmpFPredicate predicate, mlir::Value a,
                  mlir::Value b);
  mlir::Value less(mlir::Value a, mlir::Value b) {
    return cmp(mlir::arith::CmpFPredicate::OLT, a, b);
  }
  mlir::Value greater(mlir::Value a, mlir::Value b) {
    return cmp(mlir::arith::CmpFPredicate::OGT, a, b);
  }
  mlir::Value equal(mlir::Value a, mlir::Value b) {
    return cmp(mlir::arith::CmpFPredicate::OEQ, a, b);
  }
  mlir::Value isNan(mlir::Value a) {
    return cmp(mlir::arith::CmpFPredicate::UNO, a, a);
  }
  mlir::Value select(mlir::Value condition, mlir::Value a, mlir::Value b);
  /// `x` held between two numbers; not-a-numbers pass.
  mlir::Value clamp(mlir::Value x, double low, double high);
  /// `x` held above a number; not-a-numbers pass.
  mlir::Value atLeast(mlir::Value x, double low);
  /// `x` held below a number; not-a-numbers pass.
  mlir::Value atMost(mlir::Value x, double high);

  mlir::Value toBits(mlir::Value a);
  mlir::Value fromBits(mlir::Value a);
  mlir::Value toFloat(mlir::Value integer);

  /// `x`, of magnitude below 2^22, rounded to the nearest integer: as a float
  /// and as an integer.
  std::pair<mlir::Value, mlir::Value> roundToInt(mlir::Value x);
  /// `x * 2^n` for integers n between -252 and 254, right for subnormal
  /// results (f32).
  mlir::Value scaleByPowerOf2(mlir::Value x, mlir::Value n);

  const mlir::Type type;
  const mlir::Type intType;

private:
  unsigned mantissaBits() const;
  bool hasFma;
};

/// The value of all elements of a constant.
std::optional<double> splatOf(mlir::Value value);

/// Adds the patterns of one family each. The CPU record says what to keep.
void populateExpandRoundingPatterns(mlir::RewritePatternSet &patterns,
                                    target::CpuAttr cpu);
void populateExpandExtremaPatterns(mlir::RewritePatternSet &patterns,
                                   target::CpuAttr cpu);
void populateExpandHalfPatterns(mlir::RewritePatternSet &patterns,
                                target::CpuAttr cpu);
void populateExpandNarrowPatterns(mlir::RewritePatternSet &patterns,
                                  bool hasFma);
void populateExpandRemainderPatterns(mlir::RewritePatternSet &patterns,
                                     bool hasFma);
void populateExpandPowPatterns(mlir::RewritePatternSet &patterns,
                               target::CpuAttr cpu);
/// What several operations compute together with less error; before these are
/// expanded one by one.
void populateJoinFunctionsPatterns(mlir::RewritePatternSet &patterns,
                                   target::CpuAttr cpu);
void populateExpandTranscendentalPatterns(mlir::RewritePatternSet &patterns,
                                          target::CpuAttr cpu);

} // namespace edgecc

#endif // EDGECC_PASSES_LOWERING_FLOATBUILDER_H
