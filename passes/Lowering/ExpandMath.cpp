//===- ExpandMath.cpp - math functions into arithmetic ----------*- C++ -*-===//
//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/Target/TargetDialect.h"
#include "passes/Lowering/FloatBuilder.h"
#include "passes/Lowering/Passes.h"

#include "mlir/Conversion/MathToLibm/MathToLibm.h"
#include "mlir/Dialect/Arith/Transforms/Passes.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Math/Transforms/Passes.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace edgecc {
#define GEN_PASS_DEF_EXPANDMATHPASS
#include "passes/Lowering/Passes.h.inc"
} // namespace edgecc

using namespace mlir;
using namespace edgecc;

/// Whether LLVM has instructions for the operation on every target, or lowers
/// it inline.
static bool isPrimitive(Operation *op) {
  return isa<math::AbsFOp, math::AbsIOp, math::CopySignOp, math::SqrtOp,
             math::FmaOp, math::FloorOp, math::CeilOp, math::TruncOp,
             math::RoundEvenOp, math::CountLeadingZerosOp,
             math::CountTrailingZerosOp, math::CtPopOp, math::IsFiniteOp,
             math::IsInfOp, math::IsNaNOp, math::IsNormalOp>(op);
}

namespace {

/// Operations of math on f64 that no pattern has expanded: calls of C
/// functions. The upstream patterns would call for roundings too.
struct LibraryPatterns {
  explicit LibraryPatterns(MLIRContext *context) : patterns(context) {
    populateMathToLibmConversionPatterns(patterns);
  }
  RewritePatternSet patterns;
};

struct ExpandMathPass : edgecc::impl::ExpandMathPassBase<ExpandMathPass> {
  void runOnOperation() override;
};

} // namespace

void ExpandMathPass::runOnOperation() {
  ModuleOp module = getOperation();
  target::CpuAttr cpu = target::getCpu(module);
  if (!cpu) {
    module.emitError("the module has no 'target.cpu'");
    return signalPassFailure();
  }

  MLIRContext *context = &getContext();
  RewritePatternSet joined(context);
  populateJoinFunctionsPatterns(joined, cpu);
  if (failed(applyPatternsGreedily(module, std::move(joined))))
    return signalPassFailure();
  RewritePatternSet patterns(context);
  populateExpandRoundingPatterns(patterns, cpu);
  populateExpandExtremaPatterns(patterns, cpu);
  populateExpandHalfPatterns(patterns, cpu);
  populateExpandNarrowPatterns(patterns, cpu.getHasFma());
  populateExpandRemainderPatterns(patterns, cpu.getHasFma());
  populateExpandPowPatterns(patterns, cpu);
  populateExpandTranscendentalPatterns(patterns, cpu);
  populateMathPolynomialApproximationPatterns(patterns, [](StringRef name) {
    return !llvm::is_contained(
        {math::ExpOp::getOperationName(), math::TanhOp::getOperationName(),
         math::ErfOp::getOperationName(), math::SinOp::getOperationName(),
         math::ExpM1Op::getOperationName(), math::LogOp::getOperationName(),
         math::AsinOp::getOperationName(), math::CosOp::getOperationName(),
         math::AtanOp::getOperationName(), math::Atan2Op::getOperationName()},
        name);
  });
  math::populateExpansionPatterns(
      patterns, {math::ClampFOp::getOperationName().split('.').second});
  arith::populateCeilFloorDivExpandOpsPatterns(patterns);
  // One f16 operation in f32 makes conversions around it; they fold.
  if (failed(applyPatternsGreedily(module, std::move(patterns))))
    return signalPassFailure();

  SmallVector<Operation *> remaining;
  module.walk([&](Operation *op) {
    if (isa_and_present<math::MathDialect>(op->getDialect()) &&
        !isPrimitive(op))
      remaining.push_back(op);
  });
  if (remaining.empty())
    return;
  LibraryPatterns library(context);
  GreedyRewriteConfig config;
  config.setStrictness(GreedyRewriteStrictness::ExistingAndNewOps);
  if (failed(applyOpPatternsGreedily(remaining, std::move(library.patterns),
                                     config)))
    return signalPassFailure();
  WalkResult result = module.walk([&](Operation *op) {
    if (!isa_and_present<math::MathDialect>(op->getDialect()) ||
        isPrimitive(op))
      return WalkResult::advance();
    op->emitOpError("has no expansion for ") << op->getResult(0).getType();
    return WalkResult::interrupt();
  });
  if (result.wasInterrupted())
    signalPassFailure();
}
