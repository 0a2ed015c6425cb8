//===- ExpandRounding.cpp - roundings without instructions ------*- C++ -*-===//
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

/// `round`, which breaks ties away from zero, by `trunc`. Adding the largest
/// number below one half, not one half, keeps 0.49999997 at 0.
struct ExpandRound : OpRewritePattern<math::RoundOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(math::RoundOp op,
                                PatternRewriter &rewriter) const override {
    Type element = getElementTypeOrSelf(op.getType());
    if (!element.isF32() && !element.isF64())
      return failure();
    FloatBuilder b(rewriter, op.getLoc(), op.getType(), /*hasFma=*/false);
    double half = element.isF32() ? 0x1.fffffep-2 : 0x1.fffffffffffffp-2;
    Value x = op.getOperand();
    Value moved = b.add(x, b.copySign(b.constant(half), x));
    rewriter.replaceOpWithNewOp<math::TruncOp>(op, moved);
    return success();
  }
};

/// The other roundings by adding and subtracting 2^mantissa, which rounds ties
/// to even; then a step back where that went the wrong way. Numbers from
/// 2^mantissa on, infinities and not-a-numbers are their own result.
template <typename OpTy>
struct ExpandByMagic : OpRewritePattern<OpTy> {
  using OpRewritePattern<OpTy>::OpRewritePattern;
  LogicalResult matchAndRewrite(OpTy op,
                                PatternRewriter &rewriter) const override {
    Type element = getElementTypeOrSelf(op.getType());
    if (!element.isF32() && !element.isF64())
      return rewriter.notifyMatchFailure(op, "neither f32 nor f64");
    FloatBuilder b(rewriter, op.getLoc(), op.getType(), /*hasFma=*/false);
    Value x = op.getOperand();
    Value magnitude = b.abs(x);
    Value magic = b.constant(element.isF32() ? 0x1p23 : 0x1p52);
    Value rounded = b.sub(b.add(magnitude, magic), magic);
    Value one = b.constant(1), zero = b.constant(0);
    auto stepIf = [&](Value condition) {
      return b.select(condition, one, zero);
    };
    if constexpr (std::is_same_v<OpTy, math::TruncOp>)
      rounded = b.sub(rounded, stepIf(b.greater(rounded, magnitude)));
    rounded = b.copySign(rounded, x);
    if constexpr (std::is_same_v<OpTy, math::FloorOp>)
      rounded = b.copySign(b.sub(rounded, stepIf(b.greater(rounded, x))), x);
    if constexpr (std::is_same_v<OpTy, math::CeilOp>)
      rounded = b.copySign(b.add(rounded, stepIf(b.less(rounded, x))), x);
    rewriter.replaceOp(op, b.select(b.less(magnitude, magic), rounded, x));
    return success();
  }
};

} // namespace

void edgecc::populateExpandRoundingPatterns(RewritePatternSet &patterns,
                                            target::CpuAttr cpu) {
  patterns.add<ExpandRound>(patterns.getContext());
  if (!cpu.getHasRounding())
    patterns
        .add<ExpandByMagic<math::FloorOp>, ExpandByMagic<math::CeilOp>,
             ExpandByMagic<math::TruncOp>, ExpandByMagic<math::RoundEvenOp>>(
            patterns.getContext());
}
