//===- PlanArena.cpp - allocations into the arena ---------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "dialects/Target/Alignment.h"
#include "dialects/Target/MemoryMap.h"
#include "passes/Memory/Passes.h"
#include "passes/Memory/RegionPlanner.h"

#include "mlir/Interfaces/LoopLikeInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "mlir/Interfaces/ViewLikeInterface.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;

namespace edgecc::memory {
#define GEN_PASS_DEF_PLANARENA
#include "passes/Memory/Passes.h.inc"
} // namespace edgecc::memory

using namespace edgecc::memory;
using edgecc::target::getMemoryMap;
using edgecc::target::MemoryRegion;

namespace {

constexpr StringLiteral kArena = "edge.arena";
/// On a call: the numbers of an operand that it reads for the last time and of
/// one that it writes, and how many bytes the first must begin after the
/// second, at least, for the two to share memory.
constexpr StringLiteral kOverlap = "edge.overlap";

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

  /// Lets the buffer of a result lie over that of an operand, as far as the
  /// call says that it may, if neither is used by anything else at that time.
  static void findOverlap(func::CallOp call, ArrayRef<memref::AllocOp> allocs,
                          const Clock &clock,
                          MutableArrayRef<ArenaBuffer> buffers) {
    auto overlap = call->getAttrOfType<DenseI64ArrayAttr>(kOverlap);
    if (!overlap)
      return;
    auto bufferOf = [&](Value memref) -> std::optional<unsigned> {
      Operation *source = memref.getDefiningOp();
      while (source && isa<ViewLikeOpInterface>(source))
        source = source->getOperand(0).getDefiningOp();
      const auto *found = llvm::find(allocs, source);
      if (found == allocs.end())
        return std::nullopt;
      return found - allocs.begin();
    };
    std::optional<unsigned> operand = bufferOf(call.getOperand(overlap[0]));
    std::optional<unsigned> result = bufferOf(call.getOperand(overlap[1]));
    int64_t time = clock.begin(call);
    if (!operand || !result || operand == result ||
        buffers[*operand].last != time || buffers[*result].first != time)
      return;
    buffers[*result].over = *operand;
    buffers[*result].distance = std::max<int64_t>(overlap[2], 0);
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
    for (auto &[call, used] : buffersOfCalls)
      findOverlap(cast<func::CallOp>(call), allocs, clock, buffers);
    SmallVector<MemoryRegion> map = writableRegions(func);
    SmallVector<ArenaRegion> regions;
    for (const MemoryRegion &region : map)
      regions.push_back({region.bytes, region.bytesPerCycle});
    if (regions.empty())
      regions.push_back({std::numeric_limits<int64_t>::max(), 1});
    RegionPlan plan = planRegions(
        buffers, countTraffic(buffers, buffersOfCalls), regions, align);
    addArguments(func, arenaIndex, map, plan);

    Builder attributes(&getContext());
    SmallVector<Attribute> rows;
    for (auto [number, allocOp] : llvm::enumerate(allocs)) {
      memref::AllocOp alloc = allocOp;
      const ArenaBuffer &buffer = buffers[number];
      unsigned region = plan.regionOf[number];
      int64_t offset = plan.offsets[number];
      OpBuilder builder(alloc);
      Location loc = alloc.getLoc();
      Value shift = arith::ConstantIndexOp::create(builder, loc, offset);
      Value view = memref::ViewOp::create(builder, loc, alloc.getType(),
                                          func.getArgument(arenaIndex + region),
                                          shift, ValueRange());
      alloc.getResult().replaceAllUsesWith(view);
      alloc.erase();
      SmallVector<int64_t> row{offset, buffer.size, buffer.first, buffer.last};
      if (buffer.over >= 0 && plan.regionOf[buffer.over] == region)
        row.append({buffer.over, buffer.distance});
      rows.push_back(attributes.getDenseI64ArrayAttr(row));
    }
    for (auto &[call, used] : buffersOfCalls) {
      call->setAttr("edge.time",
                    attributes.getI64IntegerAttr(clock.begin(call)));
      call->setAttr("edge.buffers", attributes.getDenseI64ArrayAttr(used));
    }
    int64_t bytes = llvm::sum_of(plan.sizes);
    int64_t bound = llvm::sum_of(plan.lowerBounds);
    func->setAttr("edge.arena_bytes", attributes.getI64IntegerAttr(bytes));
    func->setAttr("edge.arena_align", attributes.getI64IntegerAttr(align));
    func->setAttr("edge.arena_bound", attributes.getI64IntegerAttr(bound));
    func->setAttr("edge.arena_plan", attributes.getArrayAttr(rows));
    if (!map.empty())
      func->setAttr("edge.buffer_regions",
                    attributes.getDenseI64ArrayAttr(SmallVector<int64_t>(
                        plan.regionOf.begin(), plan.regionOf.end())));
    numBuffers += buffers.size();
    numBytes += bytes;
    numBoundBytes += bound;
  }

  static SmallVector<MemoryRegion> writableRegions(func::FuncOp func) {
    SmallVector<MemoryRegion> map = getMemoryMap(func);
    llvm::erase_if(
        map, [](const MemoryRegion &region) { return !region.isWritable; });
    return map;
  }

  /// The bytes that are read from or written to each buffer: all of it, once in
  /// each call.
  static SmallVector<int64_t> countTraffic(
      ArrayRef<ArenaBuffer> buffers,
      const llvm::MapVector<Operation *, SmallVector<int64_t>> &calls) {
    SmallVector<int64_t> traffic(buffers.size(), 0);
    for (const auto &[call, used] : calls)
      for (int64_t buffer : used)
        traffic[buffer] += buffers[buffer].size;
    return traffic;
  }

  /// Makes the arena as large as the plan says; with a memory map, one for each
  /// region.
  void addArguments(func::FuncOp func, unsigned arenaIndex,
                    ArrayRef<MemoryRegion> map, const RegionPlan &plan) {
    Builder builder(&getContext());
    for (unsigned region = 1; region < plan.sizes.size(); ++region)
      (void)func.insertArgument(arenaIndex + region,
                                func.getArgument(arenaIndex).getType(),
                                builder.getDictionaryAttr(builder.getNamedAttr(
                                    kArena, builder.getUnitAttr())),
                                func.getLoc());
    SmallVector<Type> inputs(func.getArgumentTypes());
    for (auto [region, bytes] : llvm::enumerate(plan.sizes)) {
      unsigned index = arenaIndex + region;
      inputs[index] = MemRefType::get({bytes}, builder.getI8Type());
      func.getArgument(index).setType(inputs[index]);
      if (map.empty())
        continue;
      func.setArgAttr(index, "edge.region",
                      builder.getStringAttr(map[region].name));
      func.setArgAttr(index, "edge.region_bound",
                      builder.getI64IntegerAttr(plan.lowerBounds[region]));
    }
    func.setFunctionType(
        builder.getFunctionType(inputs, func.getResultTypes()));
  }
};

} // namespace
