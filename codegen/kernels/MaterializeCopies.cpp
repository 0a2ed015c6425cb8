//===- MaterializeCopies.cpp - copies where values have a place -*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "codegen/kernels/Buffers.h"
#include "codegen/kernels/Passes.h"
#include "dialects/Edge/EdgePlaceOps.h"
#include "dialects/Edge/ValueNames.h"

namespace edgecc::kernels {
#define GEN_PASS_DEF_MATERIALIZECOPIES
#include "codegen/kernels/Passes.h.inc"
} // namespace edgecc::kernels

using namespace mlir;
using namespace edgecc;

namespace {

struct MaterializeCopies
    : kernels::impl::MaterializeCopiesBase<MaterializeCopies> {
  void runOnOperation() override {
    // Outer places first: what a function returns may then be a concatenation
    // that is built in place.
    SmallVector<OpOperand *> uses;
    getOperation().walk<WalkOrder::PreOrder>([&](Operation *op) {
      if (auto yield = dyn_cast<edge::YieldOp>(op);
          yield && !kernels::isBranch(yield->getParentOp()))
        return;
      if (isa<func::ReturnOp, edge::YieldOp>(op))
        for (OpOperand &use : op->getOpOperands())
          uses.push_back(&use);
    });
    getOperation().walk([&](edge::LoopOp op) {
      for (OpOperand &use :
           op.getBody().front().getTerminator()->getOpOperands())
        if (isHandedOver(op, use))
          copy(use);
    });
    getOperation().walk([&](edge::ConcatOp op) {
      for (OpOperand &use : op->getOpOperands())
        uses.push_back(&use);
    });
    getOperation().walk([&](edge::PadOp op) {
      if (op.getMode() == edge::PadMode::Constant)
        uses.push_back(&op.getInputMutable());
    });
    for (OpOperand *use : uses)
      if (!claim(*use))
        copy(*use);
  }

private:
  /// Whether the value of `use` can be computed right where `use` wants it,
  /// which nobody else may then ask for.
  bool claim(OpOperand &use) {
    Value value = use.get();
    Operation *producer = value.getDefiningOp();
    if (!producer || producer->hasTrait<OpTrait::ConstantLike>())
      return false;
    bool isContiguous = isa<func::ReturnOp, edge::YieldOp>(use.getOwner());
    // Who reads it as one piece of memory.
    bool hasViews = llvm::any_of(value.getUsers(), [](Operation *user) {
      return isa<edge::ReshapeOp, edge::NpuCallOp>(user);
    });
    if (auto reshape = dyn_cast<edge::ReshapeOp>(producer)) {
      // A view of the place, if the place is contiguous and the viewed value
      // is computed by one kernel.
      Operation *source = reshape.getInput().getDefiningOp();
      return isContiguous && source &&
             source->getBlock() == use.getOwner()->getBlock() &&
             !source->hasTrait<OpTrait::ConstantLike>() &&
             !isa<edge::ReshapeOp, edge::LoopOp>(source) &&
             !kernels::isBranch(source) && claimed.insert(value).second &&
             claimed.insert(reshape.getInput()).second;
    }
    if (isa<edge::LoopOp>(producer) || kernels::isBranch(producer) ||
        producer->getBlock() != use.getOwner()->getBlock())
      return false;
    if (!isContiguous && hasViews)
      return false;
    return claimed.insert(value).second;
  }

  /// Whether what the body of `loop` yields lies where another value of the
  /// next iteration will be.
  static bool isHandedOver(edge::LoopOp loop, OpOperand &use) {
    Value value = use.get();
    while (auto reshape = value.getDefiningOp<edge::ReshapeOp>())
      value = reshape.getInput();
    auto argument = dyn_cast<BlockArgument>(value);
    if (!argument || argument.getOwner() != &loop.getBody().front())
      return false;
    unsigned place = use.getOperandNumber() - (loop.getCondition() ? 1 : 0);
    return argument.getArgNumber() != place + 1 || value != use.get();
  }

  void copy(OpOperand &use) {
    OpBuilder builder(use.getOwner());
    auto type = cast<RankedTensorType>(use.get().getType());
    auto map = edge::MapOp::create(builder,
                                   edge::withoutValue(use.getOwner()->getLoc()),
                                   type, ValueRange{use.get()});
    Block &body = map.getBody().emplaceBlock();
    Value element =
        body.addArgument(edge::signless(type.getElementType()), map.getLoc());
    builder.setInsertionPointToStart(&body);
    edge::YieldOp::create(builder, map.getLoc(), element);
    use.set(map.getResult());
    claimed.insert(map.getResult());
  }

  llvm::DenseSet<Value> claimed;
};

} // namespace
