//===- FoldConstants.cpp - evaluate what depends on constants ---*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "passes/Transforms/Passes.h"

namespace edgecc::transforms {
#define GEN_PASS_DEF_FOLDCONSTANTS
#include "passes/Transforms/Passes.h.inc"
} // namespace edgecc::transforms

using namespace mlir;
using namespace edgecc;

namespace {

struct FoldConstants : transforms::impl::FoldConstantsBase<FoldConstants> {
  FoldConstants() = default;
  explicit FoldConstants(EvaluateFn evaluate) : evaluate(std::move(evaluate)) {}

  void runOnOperation() override {
    if (!evaluate)
      return;
    SmallVector<Value> values = collect();
    if (values.empty())
      return;
    FailureOr<SmallVector<ElementsAttr>> constants = evaluate(values);
    if (failed(constants)) {
      getOperation().emitError("cannot evaluate the constant part");
      return signalPassFailure();
    }
    OpBuilder builder(&getContext());
    for (auto [value, constant] : llvm::zip(values, *constants)) {
      builder.setInsertionPointAfter(value.getDefiningOp());
      value.replaceAllUsesWith(
          edge::ConstantOp::create(builder, value.getLoc(), constant));
      ++numFolded;
    }
  }

private:
  /// What a function of constants gives to the rest of the function. A result
  /// that is only a larger copy of its operand stays as it is.
  SmallVector<Value> collect() {
    llvm::DenseSet<Operation *> known;
    SmallVector<Operation *> order;
    getOperation().walk<WalkOrder::PreOrder>([&](Operation *op) {
      if (op->hasTrait<OpTrait::ConstantLike>()) {
        known.insert(op);
        return;
      }
      bool isEdge = isa<edge::EdgeDialect>(op->getDialect());
      if (!isEdge ||
          isa<edge::YieldOp, edge::IfOp, edge::LoopOp, edge::BroadcastOp,
              edge::DequantizeBlocksOp>(op) ||
          op->getNumResults() == 0)
        return;
      if (llvm::all_of(op->getOperands(), [&](Value operand) {
            return known.contains(operand.getDefiningOp());
          })) {
        known.insert(op);
        order.push_back(op);
      }
    });
    SmallVector<Value> values;
    for (Operation *op : order)
      for (Value result : op->getResults())
        if (llvm::any_of(result.getUsers(), [&](Operation *user) {
              return !known.contains(user);
            }))
          values.push_back(result);
    return values;
  }

  EvaluateFn evaluate;
};

} // namespace

std::unique_ptr<Pass> transforms::createFoldConstantsPass(EvaluateFn evaluate) {
  return std::make_unique<FoldConstants>(std::move(evaluate));
}
