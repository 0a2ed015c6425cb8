//===- ExpandExtrema.cpp - extrema with constants ---------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
//
// A maximum that keeps NaN takes a dozen instructions on cores that have none
// of their own. With a constant it is one comparison: what is less than the
// constant becomes it, and NaN is less than nothing.
//
//===----------------------------------------------------------------------===//

#include "dialects/Target/TargetDialect.h"
#include "passes/Lowering/FloatBuilder.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace edgecc;

namespace {

template <typename Op, arith::CmpFPredicate Predicate>
struct ExpandExtremum : OpRewritePattern<Op> {
  using OpRewritePattern<Op>::OpRewritePattern;

  LogicalResult matchAndRewrite(Op op,
                                PatternRewriter &rewriter) const override {
    if (isa<VectorType>(op.getType()))
      return failure();
    for (int side : {0, 1}) {
      FloatAttr bound;
      Value constant = op->getOperand(side), other = op->getOperand(1 - side);
      if (!matchPattern(constant, m_Constant(&bound)) ||
          bound.getValue().isNaN())
        continue;
      // The other zero would stay.
      if (bound.getValue().isZero() &&
          !bitEnumContainsAll(op.getFastmath(), arith::FastMathFlags::nsz))
        continue;
      Value beyond = arith::CmpFOp::create(rewriter, op.getLoc(), Predicate,
                                           other, constant);
      rewriter.replaceOpWithNewOp<arith::SelectOp>(op, beyond, constant, other);
      return success();
    }
    return failure();
  }
};

} // namespace

void edgecc::populateExpandExtremaPatterns(RewritePatternSet &patterns,
                                           target::CpuAttr cpu) {
  if (cpu.getVectorBytes())
    return;
  patterns.add<ExpandExtremum<arith::MaximumFOp, arith::CmpFPredicate::OLT>,
               ExpandExtremum<arith::MinimumFOp, arith::CmpFPredicate::OGT>>(
      patterns.getContext());
}
