//===- ExpandHalf.cpp - f16 and bf16 by f32 ---------------------*- C++ -*-===//
//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/Target/TargetDialect.h"
#include "passes/Lowering/FloatBuilder.h"

#include "mlir/Dialect/Arith/Transforms/Passes.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace edgecc;

static Type withElement(Type type, Type element) {
  if (auto shaped = dyn_cast<VectorType>(type))
    return shaped.clone(element);
  return element;
}

namespace {

/// Computes an operation of arith, math or vector on f16 or bf16 in f32.
struct ComputeInF32 : RewritePattern {
  ComputeInF32(MLIRContext *context, bool hasF16)
      : RewritePattern(MatchAnyOpTypeTag(), /*benefit=*/1, context),
        hasF16(hasF16) {}

  /// Whether arithmetic on the type has to be avoided.
  bool isNarrow(Type type, bool isMath) const {
    Type element = getElementTypeOrSelf(type);
    return element.isBF16() || (element.isF16() && (isMath || !hasF16));
  }

  /// Conversions, constants and moves are no arithmetic.
  static bool isArithmetic(Operation *op) {
    if (isa_and_present<math::MathDialect>(op->getDialect()))
      return true;
    return isa<arith::AddFOp, arith::SubFOp, arith::MulFOp, arith::DivFOp,
               arith::RemFOp, arith::NegFOp, arith::MaximumFOp,
               arith::MinimumFOp, arith::MaxNumFOp, arith::MinNumFOp,
               arith::CmpFOp, arith::SIToFPOp, arith::UIToFPOp, arith::FPToSIOp,
               arith::FPToUIOp, vector::FMAOp, vector::ReductionOp,
               vector::MultiDimReductionOp>(op);
  }

  LogicalResult matchAndRewrite(Operation *op,
                                PatternRewriter &rewriter) const override {
    bool isMath = isa_and_present<math::MathDialect>(op->getDialect());
    auto isNarrowType = [&](Type type) { return isNarrow(type, isMath); };
    if (!isArithmetic(op) || op->getNumResults() != 1 ||
        !(llvm::any_of(op->getOperandTypes(), isNarrowType) ||
          llvm::any_of(op->getResultTypes(), isNarrowType)))
      return failure();
    Location loc = op->getLoc();
    Type f32 = rewriter.getF32Type();
    SmallVector<Value> operands;
    for (Value operand : op->getOperands())
      operands.push_back(
          isNarrowType(operand.getType())
              ? arith::ExtFOp::create(
                    rewriter, loc, withElement(operand.getType(), f32), operand)
                    .getResult()
              : operand);
    Type type = op->getResult(0).getType();
    OperationState state(loc, op->getName(), operands,
                         isNarrowType(type) ? withElement(type, f32) : type,
                         op->getAttrs());
    Value result = rewriter.create(state)->getResult(0);
    if (isNarrowType(type))
      result = arith::TruncFOp::create(rewriter, loc, type, result);
    rewriter.replaceOp(op, result);
    return success();
  }

  bool hasF16;
};

/// f16 to f32 on integers: the exponent is moved by a multiplication, which
/// normalises subnormal numbers as well.
struct ExpandExtF16 : OpRewritePattern<arith::ExtFOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(arith::ExtFOp op,
                                PatternRewriter &rewriter) const override {
    Type from = op.getIn().getType();
    if (!getElementTypeOrSelf(from).isF16())
      return failure();
    Type f32 = withElement(from, rewriter.getF32Type());
    if (op.getType() != f32) {
      Value wide =
          arith::ExtFOp::create(rewriter, op.getLoc(), f32, op.getIn());
      rewriter.replaceOpWithNewOp<arith::ExtFOp>(op, op.getType(), wide);
      return success();
    }
    FloatBuilder b(rewriter, op.getLoc(), f32, /*hasFma=*/false);
    Value half = arith::BitcastOp::create(b, withElement(from, b.getI16Type()),
                                          op.getIn());
    Value bits = arith::ExtUIOp::create(b, b.intType, half);
    Value payload = arith::ShLIOp::create(
        b, arith::AndIOp::create(b, bits, b.intConstant(0x7fff)),
        b.intConstant(13));
    Value number = b.toBits(b.mul(b.fromBits(payload), b.constant(0x1p112)));
    Value isSpecial = arith::CmpIOp::create(b, arith::CmpIPredicate::uge,
                                            payload, b.intConstant(0x0f800000));
    Value special = arith::OrIOp::create(b, payload, b.intConstant(0x7f800000));
    Value sign = arith::ShLIOp::create(
        b, arith::AndIOp::create(b, bits, b.intConstant(0x8000)),
        b.intConstant(16));
    Value result =
        arith::OrIOp::create(b, b.select(isSpecial, special, number), sign);
    rewriter.replaceOp(op, b.fromBits(result));
    return success();
  }
};

/// f32 to f16 on integers, rounding to nearest, ties to even. For subnormal
/// results an addition does the rounding.
struct ExpandTruncF16 : OpRewritePattern<arith::TruncFOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(arith::TruncFOp op,
                                PatternRewriter &rewriter) const override {
    Type to = op.getType(), from = op.getIn().getType();
    if (!getElementTypeOrSelf(to).isF16())
      return failure();
    Type f32 = withElement(to, rewriter.getF32Type());
    if (from != f32) {
      Value narrow =
          arith::TruncFOp::create(rewriter, op.getLoc(), f32, op.getIn());
      rewriter.replaceOpWithNewOp<arith::TruncFOp>(op, to, narrow);
      return success();
    }
    FloatBuilder b(rewriter, op.getLoc(), f32, /*hasFma=*/false);
    Value bits = b.toBits(op.getIn());
    Value magnitude = arith::AndIOp::create(b, bits, b.intConstant(0x7fffffff));
    auto isBelow = [&](int64_t bound) {
      return arith::CmpIOp::create(b, arith::CmpIPredicate::ult, magnitude,
                                   b.intConstant(bound));
    };
    // Normal: rebias, add just under half of the last place, plus its parity.
    Value parity = arith::AndIOp::create(
        b, arith::ShRUIOp::create(b, magnitude, b.intConstant(13)),
        b.intConstant(1));
    Value normal =
        arith::AddIOp::create(b, arith::AddIOp::create(b, magnitude, parity),
                              b.intConstant(0xfff - (112 << 23)));
    normal = arith::ShRUIOp::create(b, normal, b.intConstant(13));
    // Subnormal: 0.5 has its last place where that of f16 is.
    Value aligned = b.toBits(b.add(b.fromBits(magnitude), b.constant(0.5)));
    Value subnormal =
        arith::SubIOp::create(b, aligned, b.intConstant(0x3f000000));
    Value finite = b.select(isBelow(113 << 23), subnormal, normal);
    // From 65520 on infinity; not-a-numbers stay some.
    Value isNan = arith::CmpIOp::create(b, arith::CmpIPredicate::ugt, magnitude,
                                        b.intConstant(0x7f800000));
    Value special =
        b.select(isNan, b.intConstant(0x7e00), b.intConstant(0x7c00));
    Value result = b.select(isBelow(0x477ff000), finite, special);
    Value sign = arith::AndIOp::create(
        b, arith::ShRUIOp::create(b, bits, b.intConstant(16)),
        b.intConstant(0x8000));
    Value half = arith::TruncIOp::create(b, withElement(to, b.getI16Type()),
                                         arith::OrIOp::create(b, result, sign));
    rewriter.replaceOpWithNewOp<arith::BitcastOp>(op, to, half);
    return success();
  }
};

} // namespace

void edgecc::populateExpandHalfPatterns(RewritePatternSet &patterns,
                                        target::CpuAttr cpu) {
  MLIRContext *context = patterns.getContext();
  patterns.add<ComputeInF32>(context, cpu.getHasF16());
  arith::populateExpandBFloat16Patterns(patterns);
  if (!cpu.getHasF16Conversion())
    patterns.add<ExpandExtF16, ExpandTruncF16>(context);
}
