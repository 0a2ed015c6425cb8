//===- VerifyOpt.cpp - what the opt stage promises --------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "passes/Transforms/Passes.h"

namespace edgecc::transforms {
#define GEN_PASS_DEF_VERIFYOPT
#include "passes/Transforms/Passes.h.inc"
} // namespace edgecc::transforms

using namespace mlir;
using namespace edgecc::edge;

/// Why `op` must not be there; empty if it may.
static StringRef objection(Operation *op, bool fused) {
  // Scalar code is checked by the operation that holds it.
  if (isa_and_nonnull<MapOp, EpilogueOpInterface>(op->getParentOp()))
    return {};
  if (isa<ModuleOp, func::FuncOp, func::ReturnOp>(op))
    return {};
  if (!isa_and_nonnull<EdgeDialect>(op->getDialect()))
    return "has no place in the opt stage";
  if (fused && isa<ElementwiseOpInterface>(op))
    return "should have become a map";
  if (isa<ConvTransposeOp>(op))
    return "should have been decomposed";
  return {};
}

namespace {
struct VerifyOpt : edgecc::transforms::impl::VerifyOptBase<VerifyOpt> {
  using VerifyOptBase::VerifyOptBase;

  void runOnOperation() override {
    WalkResult result = getOperation().walk([&](Operation *op) {
      StringRef text = objection(op, fused);
      if (text.empty())
        return WalkResult::advance();
      op->emitOpError(text);
      return WalkResult::interrupt();
    });
    if (result.wasInterrupted())
      signalPassFailure();
  }
};
} // namespace
