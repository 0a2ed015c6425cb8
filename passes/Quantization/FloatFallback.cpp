//===- FloatFallback.cpp - what stays in float ------------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "passes/Quantization/Contractions.h"
#include "passes/Quantization/IntegerCells.h"
#include "passes/Quantization/Passes.h"

#include "mlir/IR/BuiltinOps.h"

namespace edgecc::quantization {
#define GEN_PASS_DEF_REPORTFLOATFALLBACK
#include "passes/Quantization/Passes.h.inc"
} // namespace edgecc::quantization

using namespace mlir;
using namespace edgecc::edge;
using namespace edgecc::quantization;

/// Whether `op` computes more than one real result from one real operand: what
/// is elementwise or moves elements is joined with the casts around it.
static bool computes(Operation *op) {
  return isa<ConvOp, ConvTransposeOp, MatMulOp, PoolOp, ReduceOp, SoftmaxOp,
             LayerNormOp, ResampleOp, CumulativeOp, LstmOp, GruOp, RnnOp>(op);
}

static bool isReal(Value value) {
  return isa<FloatType>(cast<ShapedType>(value.getType()).getElementType());
}

/// Why `op` works on real numbers.
static std::string reasonFor(Operation *op) {
  if (op->hasAttr(sensitiveAttr))
    return "--quantize=auto keeps it real, for what it would lose or cost";
  if (isa<PoolOp, ReduceOp>(op))
    return "averages are f32 sums, which break ties as ONNX Runtime does";
  if (isa<LstmOp, GruOp>(op))
    return IntegerCell(op).objection();
  if (!isa<ConvOp, MatMulOp>(op))
    return ("edge." + op->getName().stripDialect() + " has no integer form")
        .str();
  if (std::optional<Contraction> contraction = Contraction::get(op))
    return contraction->objection();
  auto isQuantized = [](Value value) {
    return bool(value.getDefiningOp<DequantizeOp>());
  };
  if (!isQuantized(op->getOperand(0)))
    return "its input is not quantised";
  return "its weights are not quantised with known scales";
}

namespace {
struct ReportFloatFallback
    : edgecc::quantization::impl::ReportFloatFallbackBase<ReportFloatFallback> {
  using ReportFloatFallbackBase::ReportFloatFallbackBase;

  void runOnOperation() override {
    bool isQuantized = false;
    llvm::DenseSet<Operation *> known;
    SmallVector<Operation *> fallbacks;
    getOperation().walk<WalkOrder::PreOrder>([&](Operation *op) {
      // Weights alone may be quantised for storage.
      isQuantized |= llvm::any_of(op->getOperands(), [&](Value value) {
        return quantizedType(value) && !known.contains(value.getDefiningOp());
      });
      if (!isa<EdgeDialect>(op->getDialect()) || op->getNumResults() == 0)
        return;
      // What depends on constants only is computed by the compiler.
      if (!isa<IfOp>(op) && llvm::all_of(op->getOperands(), [&](Value value) {
            return known.contains(value.getDefiningOp());
          })) {
        known.insert(op);
        return;
      }
      if (computes(op) && isReal(op->getOperand(0)) && isReal(op->getResult(0)))
        fallbacks.push_back(op);
    });
    if (!isQuantized)
      return;
    getOperation()->setAttr(
        "edge.float_fallbacks",
        Builder(&getContext()).getI64IntegerAttr(int64_t(fallbacks.size())));
    if (silent)
      return;
    for (Operation *op : fallbacks) {
      InFlightDiagnostic diagnostic = asErrors
                                          ? mlir::emitError(op->getLoc())
                                          : mlir::emitWarning(op->getLoc());
      diagnostic << "stays in float inside a quantised network: "
                 << reasonFor(op)
                 << (asErrors ? " [-Werror=float-fallback]"
                              : " [-Wfloat-fallback]");
    }
    if (asErrors && !fallbacks.empty())
      signalPassFailure();
  }
};
} // namespace
