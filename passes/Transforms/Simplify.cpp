//===- Simplify.cpp - operations as cheaper ones ----------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "dialects/Edge/EdgeConstants.h"
#include "passes/Transforms/Passes.h"

#include "mlir/IR/Matchers.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace edgecc::transforms {
#define GEN_PASS_DEF_SIMPLIFY
#include "passes/Transforms/Passes.h.inc"
} // namespace edgecc::transforms

using namespace mlir;
using namespace edgecc::edge;

namespace {

RankedTensorType typeOf(Value value) {
  return cast<RankedTensorType>(value.getType());
}

/// A pattern that counts its applications.
template <typename Op>
class CountingPattern : public OpRewritePattern<Op> {
public:
  CountingPattern(MLIRContext *context, Pass::Statistic &count)
      : OpRewritePattern<Op>(context), count(count) {}

protected:
  Pass::Statistic &count;
};

/// Indices first, first + step, ...: a slice, without the dimension for a
/// single index that is no tensor of one.
struct GatherToSlice : CountingPattern<GatherOp> {
  using CountingPattern::CountingPattern;

  LogicalResult matchAndRewrite(GatherOp op,
                                PatternRewriter &rewriter) const override {
    Attribute constant;
    if (!matchPattern(op.getIndices(), m_Constant(&constant)))
      return failure();
    std::optional<ConstantView> indices = ConstantView::get(constant);
    if (!indices || indices->getType().getRank() > 1 || indices->size() == 0)
      return failure();
    RankedTensorType input = typeOf(op.getInput());
    int64_t axis = op.getAxis(), size = input.getDimSize(axis);
    auto index = [&](int64_t i) {
      int64_t value = indices->integer(i);
      return value < 0 ? value + size : value;
    };
    int64_t first = index(0), step = indices->size() > 1 ? index(1) - first : 1;
    for (int64_t i = 0; i < indices->size(); ++i)
      if (index(i) != first + i * step || index(i) < 0 || index(i) >= size)
        return failure();
    if (step == 0)
      return failure();
    SmallVector<int64_t> offsets(input.getRank(), 0), sizes(input.getShape()),
        strides(input.getRank(), 1);
    offsets[axis] = first;
    sizes[axis] = indices->size();
    strides[axis] = step;
    Value slice = rewriter.createOrFold<SliceOp>(op.getLoc(), op.getInput(),
                                                 offsets, sizes, strides);
    rewriter.replaceOp(
        op, rewriter.createOrFold<ReshapeOp>(op.getLoc(), op.getType(), slice));
    ++count;
    return success();
  }
};

/// No element moves if the larger dimensions keep their order.
struct TransposeToReshape : CountingPattern<TransposeOp> {
  using CountingPattern::CountingPattern;

  LogicalResult matchAndRewrite(TransposeOp op,
                                PatternRewriter &rewriter) const override {
    ArrayRef<int64_t> shape = typeOf(op.getInput()).getShape();
    SmallVector<int64_t> large;
    for (int64_t dim : op.getPermutation())
      if (shape[dim] != 1)
        large.push_back(dim);
    if (!llvm::is_sorted(large))
      return failure();
    rewriter.replaceOpWithNewOp<ReshapeOp>(op, op.getType(), op.getInput());
    ++count;
    return success();
  }
};

/// A part of a part is a part.
struct SliceOfSlice : OpRewritePattern<SliceOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(SliceOp op,
                                PatternRewriter &rewriter) const override {
    auto inner = op.getInput().getDefiningOp<SliceOp>();
    if (!inner)
      return failure();
    SmallVector<int64_t> offsets, strides;
    for (int64_t i = 0, e = op.getType().getRank(); i < e; ++i) {
      offsets.push_back(inner.getOffsets()[i] +
                        op.getOffsets()[i] * inner.getStrides()[i]);
      strides.push_back(op.getStrides()[i] * inner.getStrides()[i]);
    }
    rewriter.replaceOpWithNewOp<SliceOp>(op, inner.getInput(), offsets,
                                         op.getSizes(), strides);
    return success();
  }
};

/// One over x.
struct DivToReciprocal : OpRewritePattern<DivOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(DivOp op,
                                PatternRewriter &rewriter) const override {
    Attribute constant;
    if (!matchPattern(op.getLhs(), m_Constant(&constant)) ||
        op.getRhs().getType() != op.getType())
      return failure();
    auto one = dyn_cast_or_null<FloatAttr>(splatValue(constant));
    if (!one || one.getValueAsDouble() != 1.0)
      return failure();
    rewriter.replaceOpWithNewOp<ReciprocalOp>(op, op.getRhs());
    return success();
  }
};

/// A product takes a fraction of the time of a quotient.
struct DivToMul : CountingPattern<DivOp> {
  using CountingPattern::CountingPattern;

  LogicalResult matchAndRewrite(DivOp op,
                                PatternRewriter &rewriter) const override {
    Attribute constant;
    if (!isa<FloatType>(op.getType().getElementType()) ||
        op.getType().getElementTypeBitWidth() < 32 ||
        !matchPattern(op.getRhs(), m_Constant(&constant)))
      return failure();
    // One number costs little, and may be the scale of a quantisation.
    if (op.getType().getNumElements() == 1)
      return failure();
    // Rounding to integers, as quantisation does, shows the last bit.
    if (llvm::any_of(op->getUsers(),
                     [](Operation *user) { return isa<RoundOp>(user); }))
      return failure();
    Value reciprocal =
        rewriter.createOrFold<ReciprocalOp>(op.getRhs().getLoc(), op.getRhs());
    rewriter.replaceOp(
        op, rewriter.createOrFold<MulOp>(op.getLoc(), op.getLhs(), reciprocal));
    ++count;
    return success();
  }
};

/// Rows and columns of weights that meet nothing but the border, as those of
/// widely dilated convolutions on small images do, are left out.
struct TrimWindow : CountingPattern<ConvOp> {
  using CountingPattern::CountingPattern;

  /// One dimension: the taps to keep, and the border for these.
  struct Trimmed {
    int64_t first, count, padLow, padHigh;
  };

  /// Nothing if there is nothing to keep, or if the rest would need a border of
  /// less than nothing.
  static std::optional<Trimmed> trim(ConvOp op, int64_t dim) {
    int64_t size = typeOf(op.getInput()).getDimSize(1 + dim);
    int64_t outputs = op.getType().getDimSize(1 + dim);
    int64_t stride = op.getStrides()[dim], dilation = op.getDilation(dim);
    int64_t low = op.getPadsLow()[dim];
    auto isAlive = [&](int64_t tap) {
      for (int64_t i = 0; i < outputs; ++i)
        if (int64_t at = i * stride + tap * dilation - low;
            at >= 0 && at < size)
          return true;
      return false;
    };
    int64_t first = 0, last = typeOf(op.getWeights()).getDimSize(dim) - 1;
    while (first < last && !isAlive(first))
      ++first;
    while (first < last && !isAlive(last))
      --last;
    Trimmed trimmed{first, last - first + 1, low - first * dilation, 0};
    int64_t unpadded = size + trimmed.padLow - (last - first) * dilation - 1;
    trimmed.padHigh = std::max<int64_t>((outputs - 1) * stride - unpadded, 0);
    if (trimmed.padLow < 0 ||
        (unpadded + trimmed.padHigh) / stride + 1 != outputs)
      return std::nullopt;
    return trimmed;
  }

  LogicalResult matchAndRewrite(ConvOp op,
                                PatternRewriter &rewriter) const override {
    RankedTensorType weights = typeOf(op.getWeights());
    if (!isa<FloatType>(weights.getElementType()) ||
        !matchPattern(op.getWeights(), m_Constant()))
      return failure();
    SmallVector<int64_t> offsets(weights.getRank(), 0),
        sizes(weights.getShape()), ones(weights.getRank(), 1),
        low(op.getPadsLow()), high(op.getPadsHigh());
    for (int64_t dim = 0; dim < op.getSpatialRank(); ++dim) {
      std::optional<Trimmed> trimmed = trim(op, dim);
      if (!trimmed)
        continue;
      offsets[dim] = trimmed->first;
      sizes[dim] = trimmed->count;
      low[dim] = trimmed->padLow;
      high[dim] = trimmed->padHigh;
    }
    if (ArrayRef(sizes) == weights.getShape())
      return failure();
    Value rest = rewriter.createOrFold<SliceOp>(
        op.getWeights().getLoc(), op.getWeights(), offsets, sizes, ones);
    rewriter.modifyOpInPlace(op, [&] {
      op.getWeightsMutable().assign(rest);
      op.setPadsLow(low);
      op.setPadsHigh(high);
    });
    ++count;
    return success();
  }
};

struct Simplify : edgecc::transforms::impl::SimplifyBase<Simplify> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<GatherToSlice>(&getContext(), numSlices);
    patterns.add<TransposeToReshape>(&getContext(), numReshapes);
    patterns.add<DivToMul>(&getContext(), numProducts);
    patterns.add<TrimWindow>(&getContext(), numTrimmed);
    patterns.add<DivToReciprocal, SliceOfSlice>(&getContext());
    IfOp::getCanonicalizationPatterns(patterns, &getContext());
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace
