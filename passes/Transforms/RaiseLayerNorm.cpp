//===- RaiseLayerNorm.cpp - find normalisations -----------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "dialects/Edge/EdgeConstants.h"
#include "passes/Transforms/Passes.h"

#include "mlir/IR/Matchers.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

#include <cmath>

namespace edgecc::transforms {
#define GEN_PASS_DEF_RAISELAYERNORM
#include "passes/Transforms/Passes.h.inc"
} // namespace edgecc::transforms

using namespace mlir;
using namespace edgecc::edge;

namespace {

RankedTensorType typeOf(Value value) {
  return cast<RankedTensorType>(value.getType());
}

/// The one number that a constant consists of.
std::optional<double> numberOf(Value value) {
  Attribute constant;
  if (!matchPattern(value, m_Constant(&constant)))
    return std::nullopt;
  if (auto real = dyn_cast_or_null<FloatAttr>(splatValue(constant)))
    return real.getValueAsDouble();
  return std::nullopt;
}

/// The operands of `op`, in both orders, as `accept` likes them.
template <typename Op>
bool matchEither(Value value, llvm::function_ref<bool(Value, Value)> accept) {
  auto op = value.getDefiningOp<Op>();
  return op &&
         (accept(op.getLhs(), op.getRhs()) || accept(op.getRhs(), op.getLhs()));
}

/// The tensor whose mean over its dimensions from `axis` on is `value`.
Value matchMean(Value value, int64_t &axis) {
  Value sum;
  double factor = 0;
  if (auto quotient = value.getDefiningOp<DivOp>()) {
    sum = quotient.getLhs();
    factor = 1 / numberOf(quotient.getRhs()).value_or(0);
  } else if (!matchEither<MulOp>(value, [&](Value a, Value b) {
               std::optional<double> number = numberOf(b);
               if (number) {
                 sum = a;
                 factor = *number;
               }
               return number.has_value();
             }))
    return {};
  auto reduce = sum.getDefiningOp<ReduceOp>();
  if (!reduce || reduce.getKind() != ReduceKind::Sum ||
      !reduce.getEpilogue().empty() || reduce.getAxes().empty())
    return {};
  RankedTensorType type = typeOf(reduce.getInput());
  int64_t count = 1, next = type.getRank();
  for (int64_t dim : llvm::reverse(reduce.getAxes())) {
    if (dim != --next)
      return {};
    count *= type.getDimSize(dim);
  }
  if (std::abs(factor * count - 1) > 1e-6)
    return {};
  axis = next;
  return reduce.getInput();
}

/// What is to be divided by the deviation: x - mean(x), or x.
struct Normalisation {
  Value input;
  int64_t axis = 0;
  double epsilon = 0;
  bool rms = false;
};

/// Whether `deviation` is sqrt(mean(centred^2) + epsilon), or one over it with
/// `inverse`.
bool matchDeviation(Value deviation, bool inverse, Value centred,
                    Normalisation &found) {
  Value radicand;
  if (inverse) {
    if (auto root = deviation.getDefiningOp<RsqrtOp>()) {
      radicand = root.getInput();
    } else if (auto reciprocal = deviation.getDefiningOp<ReciprocalOp>()) {
      deviation = reciprocal.getInput();
    } else {
      return false;
    }
  }
  if (!radicand) {
    auto root = deviation.getDefiningOp<SqrtOp>();
    if (!root)
      return false;
    radicand = root.getInput();
  }
  return matchEither<AddOp>(radicand, [&](Value variance, Value epsilon) {
    std::optional<double> number = numberOf(epsilon);
    Value squares = matchMean(variance, found.axis);
    auto product = squares ? squares.getDefiningOp<MulOp>() : MulOp();
    if (!number || !product || product.getLhs() != product.getRhs())
      return false;
    found.epsilon = *number;
    Value squared = product.getLhs();
    auto same = [](Value a, Value b) {
      auto x = a.getDefiningOp<SubOp>(), y = b.getDefiningOp<SubOp>();
      return a == b || (x && y && x->getOperands() == y->getOperands());
    };
    return same(squared, centred);
  });
}

std::optional<Normalisation> matchNormalisation(Value centred, Value deviation,
                                                bool inverse) {
  Normalisation found;
  if (!isa<FloatType>(typeOf(centred).getElementType()) ||
      !matchDeviation(deviation, inverse, centred, found))
    return std::nullopt;
  found.input = centred;
  found.rms = true;
  if (auto difference = centred.getDefiningOp<SubOp>()) {
    int64_t axis = -1;
    Value averaged = matchMean(difference.getRhs(), axis);
    if (averaged == difference.getLhs() && axis == found.axis) {
      found.input = averaged;
      found.rms = false;
    }
  }
  return found;
}

/// The quotient, or product with one over the deviation, itself.
class RaiseQuotient : public RewritePattern {
public:
  RaiseQuotient(MLIRContext *context, Pass::Statistic &count)
      : RewritePattern(MatchAnyOpTypeTag(), /*benefit=*/2, context),
        count(count) {}

  LogicalResult matchAndRewrite(Operation *op,
                                PatternRewriter &rewriter) const override {
    std::optional<Normalisation> found;
    if (isa<DivOp>(op)) {
      found = matchNormalisation(op->getOperand(0), op->getOperand(1), false);
    } else if (isa<MulOp>(op)) {
      found = matchNormalisation(op->getOperand(0), op->getOperand(1), true);
      if (!found)
        found = matchNormalisation(op->getOperand(1), op->getOperand(0), true);
    }
    if (!found || found->input.getType() != op->getResult(0).getType())
      return failure();
    rewriter.replaceOpWithNewOp<LayerNormOp>(
        op, found->input, Value(), Value(), found->axis,
        APFloat(found->epsilon), found->rms);
    ++count;
    return success();
  }

private:
  Pass::Statistic &count;
};

/// `value` in the shape of the normalised dimensions of `norm`; null if it
/// differs between normalised slices.
Value perElement(PatternRewriter &rewriter, LayerNormOp norm, Value value) {
  RankedTensorType type = typeOf(value);
  ArrayRef<int64_t> inner =
      norm.getType().getShape().drop_front(norm.getAxis());
  ArrayRef<int64_t> shape = type.getShape();
  if (shape.size() < inner.size() ||
      shape.size() > size_t(norm.getType().getRank()) ||
      shape.take_back(inner.size()) != inner ||
      llvm::any_of(shape.drop_back(inner.size()),
                   [](int64_t size) { return size != 1; }))
    return {};
  return rewriter.createOrFold<ReshapeOp>(value.getLoc(), type.clone(inner),
                                          value);
}

/// norm(x) * scale
struct AbsorbScale : OpRewritePattern<MulOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(MulOp op,
                                PatternRewriter &rewriter) const override {
    for (unsigned side : {0, 1}) {
      auto norm = op->getOperand(side).getDefiningOp<LayerNormOp>();
      if (!norm || !norm->hasOneUse() || norm.getScale() || norm.getBias() ||
          norm.getType() != op.getType())
        continue;
      Value scale = perElement(rewriter, norm, op->getOperand(1 - side));
      if (!scale)
        continue;
      rewriter.replaceOpWithNewOp<LayerNormOp>(
          op, norm.getInput(), scale, Value(), norm.getAxis(),
          norm.getEpsilon(), norm.getRms());
      return success();
    }
    return failure();
  }
};

/// norm(x) * scale + bias
struct AbsorbBias : OpRewritePattern<AddOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(AddOp op,
                                PatternRewriter &rewriter) const override {
    for (unsigned side : {0, 1}) {
      auto norm = op->getOperand(side).getDefiningOp<LayerNormOp>();
      if (!norm || !norm->hasOneUse() || !norm.getScale() || norm.getBias() ||
          norm.getType() != op.getType())
        continue;
      Value bias = perElement(rewriter, norm, op->getOperand(1 - side));
      if (!bias)
        continue;
      rewriter.replaceOpWithNewOp<LayerNormOp>(
          op, norm.getInput(), norm.getScale(), bias, norm.getAxis(),
          norm.getEpsilon(), norm.getRms());
      return success();
    }
    return failure();
  }
};

struct RaiseLayerNorm
    : edgecc::transforms::impl::RaiseLayerNormBase<RaiseLayerNorm> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<RaiseQuotient>(&getContext(), numRaised);
    patterns.add<AbsorbScale, AbsorbBias>(&getContext());
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace
