//===- ExpandExtrema.cpp - extrema and comparisons --------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
//
// A maximum that keeps NaN takes a dozen instructions on cores that have none
// of their own. With a constant it is one comparison: what is less than the
// constant becomes it, and NaN is less than nothing.
//
// LLVM exchanges the operands of comparisons of M-profile vectors with a scalar
// as if no element were NaN. There NaN is looked for in the bits, and only
// comparisons are left whose operands stay where they are.
//
//===----------------------------------------------------------------------===//

#include "dialects/Target/TargetDialect.h"
#include "passes/Lowering/FloatBuilder.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Matchers.h"
#include "llvm/TargetParser/Triple.h"

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

/// Whether elements of vectors are NaN, by their bits.
Value isNan(PatternRewriter &rewriter, Location loc, Value value) {
  auto type = cast<VectorType>(value.getType());
  auto element = cast<FloatType>(type.getElementType());
  auto bitsType = VectorType::get(type.getShape(),
                                  rewriter.getIntegerType(element.getWidth()));
  auto constant = [&](const llvm::APInt &bits) -> Value {
    return arith::ConstantOp::create(rewriter, loc,
                                     DenseElementsAttr::get(bitsType, bits));
  };
  Value bits = arith::BitcastOp::create(rewriter, loc, bitsType, value);
  Value size = arith::AndIOp::create(
      rewriter, loc, bits,
      constant(llvm::APInt::getSignedMaxValue(element.getWidth())));
  return arith::CmpIOp::create(
      rewriter, loc, arith::CmpIPredicate::ugt, size,
      constant(
          llvm::APFloat::getInf(element.getFloatSemantics()).bitcastToAPInt()));
}

/// Whether no element can be NaN: constants, and what was chosen because it is
/// greater than one.
bool isNumber(Value value) {
  if (auto select = value.getDefiningOp<arith::SelectOp>()) {
    auto greater = select.getCondition().getDefiningOp<arith::CmpFOp>();
    return greater && greater.getPredicate() == arith::CmpFPredicate::OGT &&
           greater.getLhs() == select.getTrueValue() &&
           isNumber(select.getFalseValue());
  }
  DenseElementsAttr constant;
  return matchPattern(value, m_Constant(&constant)) && constant.isSplat() &&
         !constant.getSplatValue<llvm::APFloat>().isNaN();
}

bool isVectorOfFloats(Type type) {
  auto vector = dyn_cast<VectorType>(type);
  return vector && isa<FloatType>(vector.getElementType());
}

template <typename Op, typename NumberOp>
struct ExpandVectorExtremum : OpRewritePattern<Op> {
  using OpRewritePattern<Op>::OpRewritePattern;

  LogicalResult matchAndRewrite(Op op,
                                PatternRewriter &rewriter) const override {
    if (!isVectorOfFloats(op.getType()))
      return failure();
    Value result = NumberOp::create(rewriter, op.getLoc(), op.getLhs(),
                                    op.getRhs(), op.getFastmath());
    for (Value operand : op->getOperands())
      if (!isNumber(operand))
        result = arith::SelectOp::create(rewriter, op.getLoc(),
                                         isNan(rewriter, op.getLoc(), operand),
                                         operand, result);
    rewriter.replaceOp(op, result);
    return success();
  }
};

struct ExpandVectorComparison : OpRewritePattern<arith::CmpFOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(arith::CmpFOp op,
                                PatternRewriter &rewriter) const override {
    using Predicate = arith::CmpFPredicate;
    // True for NaN, and the comparison that is right for numbers.
    static constexpr std::tuple<Predicate, bool, Predicate> rows[] = {
        {Predicate::OLT, false, Predicate::ULT},
        {Predicate::OLE, false, Predicate::ULE},
        {Predicate::UGT, true, Predicate::OGT},
        {Predicate::UGE, true, Predicate::OGE},
        {Predicate::UNO, true, Predicate::AlwaysFalse},
        {Predicate::ORD, false, Predicate::AlwaysTrue},
    };
    Predicate predicate = op.getPredicate();
    if (op.getLhs() == op.getRhs())
      predicate = predicate == Predicate::UNE   ? Predicate::UNO
                  : predicate == Predicate::OEQ ? Predicate::ORD
                                                : predicate;
    const auto *row = llvm::find_if(
        rows, [&](const auto &row) { return std::get<0>(row) == predicate; });
    if (row == std::end(rows) || !isVectorOfFloats(op.getLhs().getType()))
      return failure();
    Location loc = op.getLoc();
    Value result = arith::CmpFOp::create(rewriter, loc, std::get<2>(*row),
                                         op.getLhs(), op.getRhs());
    Value yes = arith::ConstantOp::create(
        rewriter, loc,
        DenseElementsAttr::get(cast<ShapedType>(result.getType()), true));
    for (Value operand : op->getOperands()) {
      if (isNumber(operand))
        continue;
      Value nan = isNan(rewriter, loc, operand);
      if (std::get<1>(*row))
        result = arith::OrIOp::create(rewriter, loc, result, nan);
      else
        result = arith::AndIOp::create(
            rewriter, loc, result,
            arith::XOrIOp::create(rewriter, loc, nan, yes));
    }
    rewriter.replaceOp(op, result);
    return success();
  }
};

} // namespace

void edgecc::populateExpandExtremaPatterns(RewritePatternSet &patterns,
                                           target::CpuAttr cpu) {
  if (cpu.getVectorBytes()) {
    if (llvm::Triple(cpu.getTriple()).isThumb())
      patterns.add<ExpandVectorExtremum<arith::MaximumFOp, arith::MaxNumFOp>,
                   ExpandVectorExtremum<arith::MinimumFOp, arith::MinNumFOp>,
                   ExpandVectorComparison>(patterns.getContext());
    return;
  }
  patterns.add<ExpandExtremum<arith::MaximumFOp, arith::CmpFPredicate::OLT>,
               ExpandExtremum<arith::MinimumFOp, arith::CmpFPredicate::OGT>>(
      patterns.getContext());
}
