//===- OrderCalls.cpp - kernels in the order with the least peak *- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "dialects/Target/Alignment.h"
#include "passes/Memory/Passes.h"
#include "passes/Memory/StepOrder.h"

#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "mlir/Interfaces/ViewLikeInterface.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace edgecc::memory {
#define GEN_PASS_DEF_ORDERCALLS
#include "passes/Memory/Passes.h.inc"
} // namespace edgecc::memory

using namespace edgecc::memory;

namespace {

/// The calls of a block as steps, the allocations as buffers.
class CallOrder {
public:
  explicit CallOrder(int64_t alignment) : alignment(alignment) {}

  /// False if the block has more in it than calls and what prepares them.
  bool read(Block &block) {
    llvm::DenseMap<int64_t, unsigned> stepOfId;
    for (Operation &op : block.without_terminator()) {
      auto call = dyn_cast<func::CallOp>(op);
      if (!call) {
        if (!isa<memref::AllocOp, memref::DeallocOp>(op) && !isPure(&op))
          return false;
        others.push_back(&op);
        continue;
      }
      auto id = call->getAttrOfType<IntegerAttr>("edge.step");
      auto after = call->getAttrOfType<DenseI64ArrayAttr>("edge.after");
      if (!id || !after)
        return false;
      Step step;
      for (int64_t before : after.asArrayRef()) {
        auto found = stepOfId.find(before);
        if (found == stepOfId.end())
          return false;
        step.after.push_back(found->second);
      }
      addBuffers(call, step);
      stepOfId[id.getInt()] = steps.size();
      steps.push_back(std::move(step));
      calls.push_back(call);
    }
    return true;
  }

  StepOrder solve() const { return orderSteps(steps, sizes); }
  int64_t getPeak() const {
    return measurePeak(steps, sizes,
                       llvm::to_vector(llvm::seq<unsigned>(0, steps.size())));
  }

  /// Moves the calls to the end of the block, in this order.
  void apply(ArrayRef<unsigned> order, Block &block) {
    for (unsigned step : order)
      calls[step]->moveBefore(block.getTerminator());
    // Freeing is the end of a life, which the new order decides.
    for (Operation *op : others)
      if (isa<memref::DeallocOp>(op))
        op->erase();
  }

private:
  void addBuffers(func::CallOp call, Step &step) {
    for (Value operand : call.getOperands()) {
      Operation *source = operand.getDefiningOp();
      while (source && isa<ViewLikeOpInterface>(source))
        source = source->getOperand(0).getDefiningOp();
      auto alloc = dyn_cast_or_null<memref::AllocOp>(source);
      if (!alloc)
        continue;
      auto [row, isNew] = buffers.insert({alloc, sizes.size()});
      if (isNew) {
        MemRefType type = alloc.getType();
        sizes.push_back(llvm::alignTo(
            type.getNumElements() *
                llvm::divideCeil(type.getElementTypeBitWidth(), 8),
            alignment));
      }
      if (!llvm::is_contained(step.buffers, row->second))
        step.buffers.push_back(row->second);
    }
  }

  int64_t alignment;
  std::vector<Step> steps;
  std::vector<int64_t> sizes;
  std::vector<func::CallOp> calls;
  std::vector<Operation *> others;
  llvm::MapVector<Operation *, unsigned> buffers;
};

struct OrderCalls : edgecc::memory::impl::OrderCallsBase<OrderCalls> {
  using OrderCallsBase::OrderCallsBase;

  void runOnOperation() override {
    func::FuncOp func = getOperation();
    if (func.isExternal() || !func.getBody().hasOneBlock())
      return;
    Block &block = func.getBody().front();
    CallOrder calls(alignment ? alignment
                              : edgecc::target::bufferAlignment(
                                    edgecc::target::getCpu(func)));
    if (!calls.read(block))
      return;
    int64_t peak = calls.getPeak();
    StepOrder best = calls.solve();
    func->setAttr("edge.order_bound",
                  Builder(&getContext()).getI64IntegerAttr(best.lowerBound));
    if (best.peak == peak)
      return;
    calls.apply(best.order, block);
    numSavedBytes += peak - best.peak;
  }
};

} // namespace
