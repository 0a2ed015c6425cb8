//===- RaiseQuantized.cpp - elementwise on quantised values -----*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "passes/Place/Passes.h"
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
    if (!isa_and_nonnull<AddOp, SubOp, MulOp>(producer) ||
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

struct RaiseQuantized : place::impl::RaiseQuantizedBase<RaiseQuantized> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<RaiseElementwise>(&getContext());
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace
