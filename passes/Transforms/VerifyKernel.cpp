//===- VerifyKernel.cpp - what the kernel stage promises --------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "passes/Transforms/Passes.h"

namespace edgecc::transforms {
#define GEN_PASS_DEF_VERIFYKERNEL
#include "passes/Transforms/Passes.h.inc"
} // namespace edgecc::transforms

using namespace mlir;

/// Why `op` must not be there; empty if it may.
static StringRef objection(Operation *op) {
  if (isa_and_nonnull<edgecc::edge::EdgeDialect>(op->getDialect()))
    return "should have become a kernel";
  auto isTensor = [](Type type) { return isa<TensorType>(type); };
  if (llvm::any_of(op->getOperandTypes(), isTensor) ||
      llvm::any_of(op->getResultTypes(), isTensor))
    return "works on tensors";
  if (auto func = dyn_cast<func::FuncOp>(op))
    if (llvm::any_of(func.getArgumentTypes(), isTensor) ||
        llvm::any_of(func.getResultTypes(), isTensor))
      return "takes or gives tensors";
  // Stack memory is accounted for elsewhere; what is freed was on a heap.
  auto memory = dyn_cast<MemoryEffectOpInterface>(op);
  if (!memory)
    return {};
  SmallVector<MemoryEffects::EffectInstance> effects;
  memory.getEffects(effects);
  for (MemoryEffects::EffectInstance &effect : effects) {
    bool onStack =
        isa_and_nonnull<SideEffects::AutomaticAllocationScopeResource>(
            effect.getResource());
    if (isa<MemoryEffects::Free>(effect.getEffect()) ||
        (isa<MemoryEffects::Allocate>(effect.getEffect()) && !onStack))
      return "manages memory of its own";
  }
  return {};
}

namespace {
struct VerifyKernel : edgecc::transforms::impl::VerifyKernelBase<VerifyKernel> {
  void runOnOperation() override {
    WalkResult result = getOperation().walk([](Operation *op) {
      StringRef text = objection(op);
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
