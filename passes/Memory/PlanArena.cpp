//===- PlanArena.cpp - allocations into the arena ---------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "dialects/Target/Alignment.h"
#include "passes/Memory/ArenaPlanner.h"
#include "passes/Memory/Passes.h"

#include "mlir/Interfaces/LoopLikeInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;

namespace edgecc::memory {
#define GEN_PASS_DEF_PLANARENA
#include "passes/Memory/Passes.h.inc"
} // namespace edgecc::memory

using namespace edgecc::memory;

namespace {

constexpr StringLiteral kArena = "edge.arena";

/// Times of operations: each one takes the interval from its own number to that
/// of the last operation in its regions.
class Clock {
public:
  explicit Clock(func::FuncOp func) {
    for (Block &block : func.getBody())
      number(block);
  }
  int64_t begin(Operation *op) const { return times.at(op).first; }
  int64_t end(Operation *op) const { return times.at(op).second; }

private:
  void number(Block &block) {
    for (Operation &op : block) {
      int64_t start = now++;
      for (Region &region : op.getRegions())
        for (Block &inner : region)
          number(inner);
      times[&op] = {start, now - 1};
    }
  }
  int64_t now = 0;
  llvm::DenseMap<Operation *, std::pair<int64_t, int64_t>> times;
};

/// The values through which the memory of `alloc` can be reached: views of it
/// and whatever a region hands out.
llvm::SetVector<Value> aliasesOf(Value alloc) {
  llvm::SetVector<Value> aliases;
  aliases.insert(alloc);
  for (unsigned i = 0; i < aliases.size(); ++i)
    for (OpOperand &use : aliases[i].getUses()) {
      Operation *user = use.getOwner();
      // A terminator hands its operands to the results of the operation around
      // it and, in a loop, to the next iteration.
      Operation *holder =
          user->hasTrait<OpTrait::IsTerminator>() ? user->getParentOp() : user;
      if (isa<func::CallOp, func::FuncOp>(holder))
        continue;
      for (Value result : holder->getResults())
        if (isa<BaseMemRefType>(result.getType()))
          aliases.insert(result);
      for (Region &region : holder->getRegions())
        for (Value argument : region.getArguments())
          if (isa<BaseMemRefType>(argument.getType()))
            aliases.insert(argument);
    }
  return aliases;
}

/// The time at which `op` counts: a loop around it that does not hold the
/// allocation is one point in time.
void extend(ArenaBuffer &buffer, Operation *op, Operation *alloc,
            const Clock &clock) {
  buffer.first = std::min(buffer.first, clock.begin(op));
  buffer.last = std::max(buffer.last, clock.end(op));
  for (Operation *parent = op->getParentOp();
       parent && !isa<func::FuncOp>(parent); parent = parent->getParentOp())
    if (isa<LoopLikeOpInterface>(parent) && !parent->isAncestor(alloc)) {
      buffer.first = std::min(buffer.first, clock.begin(parent));
      buffer.last = std::max(buffer.last, clock.end(parent));
    }
}

struct PlanArena : edgecc::memory::impl::PlanArenaBase<PlanArena> {
  using PlanArenaBase::PlanArenaBase;

  void runOnOperation() override {
    func::FuncOp func = getOperation();
    if (func.isExternal())
      return;
    SmallVector<memref::AllocOp> allocs;
    SmallVector<memref::DeallocOp> deallocs;
    func.walk([&](Operation *op) {
      if (auto alloc = dyn_cast<memref::AllocOp>(op))
        allocs.push_back(alloc);
      else if (auto dealloc = dyn_cast<memref::DeallocOp>(op))
        deallocs.push_back(dealloc);
    });
    std::optional<unsigned> arena;
    for (unsigned i = 0; i < func.getNumArguments(); ++i)
      if (func.getArgAttr(i, kArena))
        arena = i;
    if (!arena && allocs.empty())
      return;
    int64_t align = alignment;
    if (!align)
      align = edgecc::target::bufferAlignment(edgecc::target::getCpu(func));
    if (align <= 0 || !llvm::isPowerOf2_64(align)) {
      func.emitError("the alignment of the arena must be a power of two, is ")
          << align;
      return signalPassFailure();
    }
    if (!arena) {
      InFlightDiagnostic diagnostic =
          func.emitError("allocates memory but has no argument with '")
          << kArena << "'";
      diagnostic.attachNote(allocs.front().getLoc()) << "allocated here";
      return signalPassFailure();
    }
    for (memref::AllocOp alloc : allocs)
      if (failed(check(alloc)))
        return signalPassFailure();
    // Freeing is not a use.
    for (memref::DeallocOp dealloc : deallocs)
      dealloc.erase();
    rewrite(func, *arena, allocs, align);
  }

  LogicalResult check(memref::AllocOp alloc) {
    MemRefType type = alloc.getType();
    if (!type.hasStaticShape() || !type.getLayout().isIdentity())
      return alloc.emitError("expects an allocation of static shape and "
                             "contiguous layout, found ")
             << type;
    if (!type.getElementType().isIntOrFloat())
      return alloc.emitError("expects numbers in memory, found ") << type;
    return success();
  }

  void rewrite(func::FuncOp func, unsigned arenaIndex,
               ArrayRef<memref::AllocOp> allocs, int64_t align) {
    Clock clock(func);
    SmallVector<ArenaBuffer> buffers;
    llvm::MapVector<Operation *, SmallVector<int64_t>> buffersOfCalls;
    func.walk([&](func::CallOp call) { buffersOfCalls[call]; });
    for (memref::AllocOp alloc : allocs) {
      MemRefType type = alloc.getType();
      ArenaBuffer buffer;
      buffer.size = type.getNumElements() *
                    llvm::divideCeil(type.getElementTypeBitWidth(), 8);
      // From the first use on: until then nobody wrote anything.
      buffer.first = std::numeric_limits<int64_t>::max();
      buffer.last = clock.begin(alloc);
      for (Value alias : aliasesOf(alloc.getResult()))
        for (Operation *user : alias.getUsers()) {
          // A view touches nothing; its users do.
          if (isMemoryEffectFree(user))
            continue;
          extend(buffer, user, alloc, clock);
          auto call = buffersOfCalls.find(user);
          if (call != buffersOfCalls.end() &&
              (call->second.empty() ||
               call->second.back() != int64_t(buffers.size())))
            call->second.push_back(buffers.size());
        }
      if (buffer.first > buffer.last)
        buffer.first = buffer.last;
      buffers.push_back(buffer);
    }
    ArenaPlan plan = planArena(buffers, align);

    BlockArgument arena = func.getArgument(arenaIndex);
    auto arenaType =
        MemRefType::get({plan.size}, IntegerType::get(&getContext(), 8));
    arena.setType(arenaType);
    SmallVector<Type> inputs(func.getArgumentTypes());
    inputs[arenaIndex] = arenaType;
    func.setFunctionType(
        FunctionType::get(&getContext(), inputs, func.getResultTypes()));

    Builder attributes(&getContext());
    SmallVector<Attribute> rows;
    for (auto [allocOp, buffer, offset] :
         llvm::zip_equal(allocs, buffers, plan.offsets)) {
      memref::AllocOp alloc = allocOp;
      OpBuilder builder(alloc);
      Location loc = alloc.getLoc();
      Value shift = arith::ConstantIndexOp::create(builder, loc, offset);
      Value view = memref::ViewOp::create(builder, loc, alloc.getType(), arena,
                                          shift, ValueRange());
      alloc.getResult().replaceAllUsesWith(view);
      alloc.erase();
      rows.push_back(attributes.getDenseI64ArrayAttr(
          {offset, buffer.size, buffer.first, buffer.last}));
    }
    for (auto &[call, used] : buffersOfCalls) {
      call->setAttr("edge.time",
                    attributes.getI64IntegerAttr(clock.begin(call)));
      call->setAttr("edge.buffers", attributes.getDenseI64ArrayAttr(used));
    }
    func->setAttr("edge.arena_bytes", attributes.getI64IntegerAttr(plan.size));
    func->setAttr("edge.arena_align", attributes.getI64IntegerAttr(align));
    func->setAttr("edge.arena_bound",
                  attributes.getI64IntegerAttr(plan.lowerBound));
    func->setAttr("edge.arena_plan", attributes.getArrayAttr(rows));
    numBuffers += buffers.size();
    numBytes += plan.size;
    numBoundBytes += plan.lowerBound;
  }
};

} // namespace
