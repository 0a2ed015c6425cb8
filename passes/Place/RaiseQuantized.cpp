//===- RaiseQuantized.cpp - elementwise on quantised values -----*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "passes/Place/Passes.h"
#include "passes/Quantization/Averages.h"
#include "passes/Quantization/FixedLayerNorm.h"
#include "passes/Quantization/Parameters.h"

#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace edgecc::place {
#define GEN_PASS_DEF_RAISEQUANTIZED
#include "passes/Place/Passes.h.inc"
} // namespace edgecc::place

using namespace mlir;
using namespace edgecc;
using namespace edgecc::edge;
using namespace edgecc::quantization;

namespace {

/// quantize(f(dequantize(a), dequantize(b))) is f on quantised values.
struct RaiseElementwise : OpRewritePattern<QuantizeOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(QuantizeOp op,
                                PatternRewriter &rewriter) const override {
    Operation *producer = op.getInput().getDefiningOp();
    if (!isa_and_nonnull<AddOp, SubOp, MulOp, SoftmaxOp>(producer) ||
        !producer->hasOneUse() ||
        !Parameters(quantizedType(op.getResult())).isPerTensor())
      return failure();
    SmallVector<Value> operands;
    for (Value operand : producer->getOperands()) {
      auto cast = operand.getDefiningOp<DequantizeOp>();
      if (!cast || !Parameters(quantizedType(cast.getInput())).isPerTensor())
        return failure();
      operands.push_back(cast.getInput());
    }
    Operation *copy = rewriter.clone(*producer);
    copy->setOperands(operands);
    copy->getResult(0).setType(op.getType());
    rewriter.replaceOp(op, copy->getResults());
    rewriter.eraseOp(producer);
    return success();
  }
};

/// quantize(sum(x) / count) is a sum of quantised values.
struct RaiseAverage : OpRewritePattern<QuantizeOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(QuantizeOp op,
                                PatternRewriter &rewriter) const override {
    auto product = op.getInput().getDefiningOp<MulOp>();
    quant::QuantizedType type = quantizedType(op.getResult());
    if (!product || !Parameters(type).isPerTensor())
      return failure();
    std::optional<Average> average = Average::get(product);
    if (!average)
      return failure();
    rewriter.replaceOp(op, average->raise(rewriter, type));
    return success();
  }
};

/// A layer normalisation that integers compute as the CPU would.
struct RaiseLayerNorm : OpRewritePattern<QuantizeOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(QuantizeOp op,
                                PatternRewriter &rewriter) const override {
    auto producer = op.getInput().getDefiningOp<LayerNormOp>();
    quant::QuantizedType type = quantizedType(op.getResult());
    if (!producer || !Parameters(type).isPerTensor())
      return failure();
    auto norm = FixedLayerNorm::get(producer, type);
    if (!norm)
      return failure();
    rewriter.replaceOp(op, norm->raise(rewriter, producer, type));
    return success();
  }
};

/// A border of zeros before a convolution is one of the convolution.
struct FoldBorder : OpRewritePattern<ConvOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(ConvOp op,
                                PatternRewriter &rewriter) const override {
    auto pad = op.getInput().getDefiningOp<PadOp>();
    if (!pad || pad.getMode() != PadMode::Constant ||
        !pad.getValue().isZero() || !quantizedType(op.getInput()))
      return failure();
    ArrayRef<int64_t> low = pad.getLow(), high = pad.getHigh();
    // Images and channels have none.
    if (low.front() || low.back() || high.front() || high.back())
      return failure();
    auto add = [](ArrayRef<int64_t> of, ArrayRef<int64_t> border) {
      SmallVector<int64_t> sums(of);
      for (auto [sum, more] : llvm::zip(sums, border.drop_front()))
        sum += more;
      return sums;
    };
    rewriter.modifyOpInPlace(op, [&] {
      op.getInputMutable().assign(pad.getInput());
      op.setPadsLow(add(op.getPadsLow(), low));
      op.setPadsHigh(add(op.getPadsHigh(), high));
    });
    return success();
  }
};

struct RaiseQuantized : place::impl::RaiseQuantizedBase<RaiseQuantized> {
  using RaiseQuantizedBase::RaiseQuantizedBase;

  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<RaiseElementwise, FoldBorder>(&getContext());
    if (averages)
      patterns.add<RaiseAverage, RaiseLayerNorm>(&getContext());
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace
