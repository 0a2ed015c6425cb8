//===- VerifyEdge.cpp - what the edge stage promises ------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "passes/Transforms/Passes.h"

namespace edgecc::transforms {
#define GEN_PASS_DEF_VERIFYEDGE
#include "passes/Transforms/Passes.h.inc"
} // namespace edgecc::transforms

using namespace mlir;
using namespace edgecc::edge;

namespace {
struct VerifyEdge : edgecc::transforms::impl::VerifyEdgeBase<VerifyEdge> {
  void runOnOperation() override {
    WalkResult result = getOperation().walk([](Operation *op) {
      if (isa<ModuleOp, func::FuncOp, func::ReturnOp>(op))
        return WalkResult::advance();
      if (!isa_and_nonnull<EdgeDialect>(op->getDialect())) {
        // Scalar code is checked by the operation that holds it.
        if (isa_and_nonnull<MapOp, EpilogueOpInterface>(op->getParentOp()))
          return WalkResult::advance();
        op->emitOpError("has no place in the edge stage");
        return WalkResult::interrupt();
      }
      return WalkResult::advance();
    });
    if (result.wasInterrupted())
      signalPassFailure();
  }
};
} // namespace
