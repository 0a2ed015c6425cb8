//===- ExpandNarrow.cpp - floats of 8 and 4 bits ----------------*- C++ -*-===//
//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Conversions between f32 and the floats that no CPU computes with, as
// arithmetic on bits. They round to nearest even; what is too large becomes
// what the format has for it: infinity, else not-a-number, else its largest
// number.
//
//===----------------------------------------------------------------------===//

#include "passes/Lowering/FloatBuilder.h"

#include "mlir/IR/TypeUtilities.h"
#include "llvm/ADT/APFloat.h"
#include <cmath>

using namespace mlir;
using namespace edgecc;

namespace {

/// A format of at most 8 bits: sign, exponent, fraction; E8M0 is an exponent.
struct Format {
  explicit Format(FloatType type) {
    const llvm::fltSemantics &semantics = type.getFloatSemantics();
    width = type.getWidth();
    isExponent = isa<Float8E8M0FNUType>(type);
    fraction = type.getFPMantissaWidth() - 1;
    smallest = APFloat::semanticsMinExponent(semantics) - fraction;
    APFloat largest = APFloat::getLargest(semantics);
    most = largest.bitcastToAPInt().getZExtValue();
    hasNan = APFloat::semanticsHasNaN(semantics);
    hasInfinity = APFloat::semanticsHasInf(semantics);
    // Formats without a negative zero use its bits for not-a-number.
    hasNegativeZero = !isa<Float8E4M3FNUZType, Float8E5M2FNUZType>(type);
    if (hasNan)
      nan = hasNegativeZero ? (1 << (width - 1)) - 1 : 1 << (width - 1);
    beyond = hasInfinity ? most + 1 : hasNan ? nan : most;
  }

  unsigned width;
  /// Bits of the fraction.
  int64_t fraction;
  /// The binary logarithm of the smallest positive number.
  int64_t smallest;
  /// The bits of the largest number, of not-a-number, of what is too large.
  int64_t most, nan = 0, beyond;
  bool isExponent, hasNan, hasInfinity, hasNegativeZero;

  /// What the exponents of f32 are more by.
  int64_t bias() const { return 127 - (1 - smallest - fraction); }
};

bool isNarrow(Type type) {
  auto element = dyn_cast<FloatType>(getElementTypeOrSelf(type));
  return element && element.getWidth() <= 8;
}

Type likeType(Type type, Type element) {
  if (auto vector = dyn_cast<VectorType>(type))
    return vector.clone(element);
  return element;
}

/// Integer arithmetic on the bits.
class BitBuilder : public FloatBuilder {
public:
  using FloatBuilder::FloatBuilder;
  Value addInt(Value a, Value b) { return arith::AddIOp::create(*this, a, b); }
  Value andInt(Value a, int64_t b) {
    return arith::AndIOp::create(*this, a, intConstant(b));
  }
  Value orInt(Value a, Value b) { return arith::OrIOp::create(*this, a, b); }
  Value left(Value a, int64_t by) {
    return arith::ShLIOp::create(*this, a, intConstant(by));
  }
  Value right(Value a, int64_t by) {
    return arith::ShRUIOp::create(*this, a, intConstant(by));
  }
  Value is(arith::CmpIPredicate predicate, Value a, int64_t b) {
    return arith::CmpIOp::create(*this, predicate, a, intConstant(b));
  }
};

struct ExpandExtend : OpRewritePattern<arith::ExtFOp> {
  ExpandExtend(MLIRContext *context, bool hasFma)
      : OpRewritePattern(context), hasFma(hasFma) {}

  LogicalResult matchAndRewrite(arith::ExtFOp op,
                                PatternRewriter &rewriter) const override {
    Value x = op.getIn();
    if (!isNarrow(x.getType()))
      return failure();
    Format format(cast<FloatType>(getElementTypeOrSelf(x.getType())));
    Type wide = likeType(op.getType(), rewriter.getF32Type());
    BitBuilder b(rewriter, op.getLoc(), wide, hasFma);
    Value raw = arith::BitcastOp::create(
        b, likeType(x.getType(), rewriter.getIntegerType(format.width)), x);
    Value bits = arith::ExtUIOp::create(b, b.intType, raw);
    Value result =
        format.isExponent ? fromExponent(b, bits) : fromBits(b, bits, format);
    unsigned width = getElementTypeOrSelf(op.getType()).getIntOrFloatBitWidth();
    if (width > 32)
      result = arith::ExtFOp::create(b, op.getType(), result);
    else if (width < 32)
      result = arith::TruncFOp::create(b, op.getType(), result);
    rewriter.replaceOp(op, result);
    return success();
  }

  static Value fromExponent(BitBuilder &b, Value bits) {
    Value number = b.fromBits(b.left(bits, 23));
    number = b.select(b.is(arith::CmpIPredicate::eq, bits, 0),
                      b.constant(std::ldexp(1.0, -127)), number);
    return b.select(b.is(arith::CmpIPredicate::eq, bits, 255),
                    b.constant(std::nan("")), number);
  }

  static Value fromBits(BitBuilder &b, Value bits, const Format &format) {
    Value size = b.andInt(bits, (1 << (format.width - 1)) - 1);
    Value small =
        b.mul(b.toFloat(size), b.constant(std::ldexp(1.0, format.smallest)));
    Value normal = b.addInt(b.left(size, 23 - format.fraction),
                            b.intConstant(format.bias() << 23));
    Value isSmall =
        b.is(arith::CmpIPredicate::ult, size, int64_t(1) << format.fraction);
    Value number = b.select(isSmall, small, b.fromBits(normal));
    if (format.hasInfinity)
      number = b.select(b.is(arith::CmpIPredicate::ugt, size, format.most),
                        b.constant(INFINITY), number);
    Value sign = b.left(b.right(bits, format.width - 1), 31);
    number = b.fromBits(b.orInt(b.toBits(number), sign));
    if (!format.hasNan)
      return number;
    Value isNan = format.hasNegativeZero
                      ? b.is(arith::CmpIPredicate::ugt, size,
                             format.hasInfinity ? format.beyond : format.most)
                      : b.is(arith::CmpIPredicate::eq, bits, format.nan);
    return b.select(isNan, b.constant(std::nan("")), number);
  }

  bool hasFma;
};

struct ExpandTruncate : OpRewritePattern<arith::TruncFOp> {
  ExpandTruncate(MLIRContext *context, bool hasFma)
      : OpRewritePattern(context), hasFma(hasFma) {}

  LogicalResult matchAndRewrite(arith::TruncFOp op,
                                PatternRewriter &rewriter) const override {
    Value x = op.getIn();
    if (!isNarrow(op.getType()))
      return failure();
    Format format(cast<FloatType>(getElementTypeOrSelf(op.getType())));
    Type wide = likeType(x.getType(), rewriter.getF32Type());
    BitBuilder b(rewriter, op.getLoc(), wide, hasFma);
    unsigned width = getElementTypeOrSelf(x.getType()).getIntOrFloatBitWidth();
    if (width < 32)
      x = arith::ExtFOp::create(b, wide, x);
    else if (width > 32)
      x = arith::TruncFOp::create(b, wide, x);
    Value bits = format.isExponent ? toExponent(b, x) : toBits(b, x, format);
    Value raw = arith::TruncIOp::create(
        b, likeType(x.getType(), rewriter.getIntegerType(format.width)), bits);
    rewriter.replaceOpWithNewOp<arith::BitcastOp>(op, op.getType(), raw);
    return success();
  }

  /// The nearest power of two; the mean of two goes to the larger.
  static Value toExponent(BitBuilder &b, Value x) {
    Value bits = b.andInt(b.toBits(x), 0x7fffffff);
    Value rounded = b.right(b.addInt(bits, b.intConstant(0x400000)), 23);
    Value isNan = b.is(arith::CmpIPredicate::uge, bits, 0x7f800000);
    return b.select(isNan, b.intConstant(255), rounded);
  }

  static Value toBits(BitBuilder &b, Value x, const Format &format) {
    int64_t shift = 23 - format.fraction;
    Value bits = b.toBits(x);
    Value size = b.andInt(bits, 0x7fffffff);
    // Half of the last place, less for an even number: the carry rounds.
    Value odd = b.andInt(b.right(size, shift), 1);
    Value rounded = b.addInt(b.addInt(size, odd),
                             b.intConstant((int64_t(1) << (shift - 1)) - 1));
    Value normal =
        arith::SubIOp::create(b, b.right(rounded, shift),
                              b.intConstant(format.bias() << format.fraction));
    // The last place of this sum is that of the smallest number.
    Value base = b.constant(std::ldexp(1.0, format.smallest + 23));
    Value sum = b.add(b.fromBits(size), base);
    Value small = arith::SubIOp::create(b, b.toBits(sum), b.toBits(base));
    Value isSmall =
        b.less(b.fromBits(size),
               b.constant(std::ldexp(1.0, format.smallest + format.fraction)));
    Value result = b.select(isSmall, small, normal);
    Value isBeyond = b.is(arith::CmpIPredicate::sgt, result, format.most);
    result = b.select(isBeyond, b.intConstant(format.beyond), result);
    Value isNan = b.is(arith::CmpIPredicate::ugt, size, 0x7f800000);
    result = b.select(
        isNan, b.intConstant(format.hasNan ? format.nan : format.most), result);
    Value sign = b.left(b.right(bits, 31), format.width - 1);
    if (!format.hasNegativeZero)
      sign = b.select(b.is(arith::CmpIPredicate::eq, result, 0),
                      b.intConstant(0), sign);
    return b.orInt(result, sign);
  }

  bool hasFma;
};

/// f64 becomes f32 on the way to what is narrower: rounded to the odd of its
/// two neighbours where it is not exact, which leaves the second rounding
/// right.
struct TruncateByF32 : OpRewritePattern<arith::TruncFOp> {
  TruncateByF32(MLIRContext *context, bool hasFma)
      : OpRewritePattern(context, /*benefit=*/2), hasFma(hasFma) {}

  LogicalResult matchAndRewrite(arith::TruncFOp op,
                                PatternRewriter &rewriter) const override {
    Value x = op.getIn();
    if (!getElementTypeOrSelf(x.getType()).isF64() ||
        getElementTypeOrSelf(op.getType()).isF32())
      return failure();
    Type type = likeType(op.getType(), rewriter.getF32Type());
    BitBuilder b(rewriter, op.getLoc(), type, hasFma);
    FloatBuilder wide(rewriter, op.getLoc(), x.getType(), hasFma);
    Value near = arith::TruncFOp::create(b, type, x);
    Value back = arith::ExtFOp::create(b, x.getType(), near);
    Value isInexact = wide.cmp(arith::CmpFPredicate::UNE, back, x);
    Value isBeyond = wide.greater(wide.abs(back), wide.abs(x));
    Value bits = b.toBits(near);
    Value toward = b.select(isBeyond, b.addInt(bits, b.intConstant(-1)), bits);
    Value odd = b.orInt(toward, b.intConstant(1));
    Value rounded = b.fromBits(b.select(isInexact, odd, bits));
    rewriter.replaceOpWithNewOp<arith::TruncFOp>(op, op.getType(), rounded);
    return success();
  }

  bool hasFma;
};

} // namespace

void edgecc::populateExpandNarrowPatterns(RewritePatternSet &patterns,
                                          bool hasFma) {
  patterns.add<ExpandExtend, ExpandTruncate, TruncateByF32>(
      patterns.getContext(), hasFma);
}
