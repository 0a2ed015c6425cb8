//===- FunctionBuffers.cpp - what a function keeps in memory ----*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "passes/Memory/FunctionBuffers.h"

#include "mlir/Interfaces/LoopLikeInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "mlir/Interfaces/ViewLikeInterface.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;
using namespace edgecc::memory;
using edgecc::target::MemoryRegion;

Clock::Clock(func::FuncOp func) {
  for (Block &block : func.getBody())
    number(block);
}

void Clock::number(Block &block) {
  for (Operation &op : block) {
    int64_t start = now++;
    for (Region &region : op.getRegions())
      for (Block &inner : region)
        number(inner);
    times[&op] = {start, now - 1};
  }
}

Operation *edgecc::memory::findSource(Value memref) {
  Operation *source = memref.getDefiningOp();
  while (source && isa<ViewLikeOpInterface>(source))
    source = source->getOperand(0).getDefiningOp();
  return source;
}

/// The values through which the memory of `alloc` can be reached: views of it
/// and whatever a region hands out.
static llvm::SetVector<Value> aliasesOf(Value alloc) {
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
static void extend(ArenaBuffer &buffer, Operation *op, Operation *alloc,
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

FunctionBuffers::FunctionBuffers(func::FuncOp func, KernelTraffic &kernels)
    : clock(func) {
  func.walk([&](Operation *op) {
    if (auto alloc = dyn_cast<memref::AllocOp>(op))
      allocs.push_back(alloc);
    else if (isa<func::CallOp>(op))
      calls[op];
  });
  for (memref::AllocOp alloc : allocs)
    addBuffer(alloc);
  traffic.assign(buffers.size(), 0);
  access.assign(buffers.size(), target::NpuAccess::None);
  for (auto &[op, used] : calls) {
    auto call = cast<func::CallOp>(op);
    findOverlap(call);
    auto needs =
        call->getAttrOfType<DenseI64ArrayAttr>(target::npuAccessAttrName);
    for (auto [number, operand] : llvm::enumerate(call.getOperands()))
      if (std::optional<unsigned> buffer = bufferOf(operand)) {
        traffic[*buffer] += kernels.ofOperand(call, number);
        if (needs && number < size_t(needs.size()))
          access[*buffer] =
              std::max(access[*buffer], target::NpuAccess(needs[number]));
      }
  }
}

void FunctionBuffers::addBuffer(memref::AllocOp alloc) {
  MemRefType type = alloc.getType();
  ArenaBuffer buffer;
  buffer.size = type.getNumElements() *
                llvm::divideCeil(type.getElementTypeBitWidth(), 8);
  // From the first use on: until then nobody wrote anything.
  buffer.first = std::numeric_limits<int64_t>::max();
  buffer.last = clock.begin(alloc);
  for (Value alias : aliasesOf(alloc.getResult()))
    for (Operation *user : alias.getUsers()) {
      // A view touches nothing; its users do. Freeing is not a use.
      if (isMemoryEffectFree(user) || isa<memref::DeallocOp>(user))
        continue;
      extend(buffer, user, alloc, clock);
      auto call = calls.find(user);
      if (call != calls.end() &&
          (call->second.empty() ||
           call->second.back() != int64_t(buffers.size())))
        call->second.push_back(buffers.size());
    }
  if (buffer.first > buffer.last)
    buffer.first = buffer.last;
  buffers.push_back(buffer);
}

std::optional<unsigned> FunctionBuffers::bufferOf(Value memref) const {
  const auto *found = llvm::find(allocs, findSource(memref));
  if (found == allocs.end())
    return std::nullopt;
  return found - allocs.begin();
}

/// Lets the buffer of a result lie over that of an operand, as far as the call
/// says that it may, if neither is used by anything else at that time.
void FunctionBuffers::findOverlap(func::CallOp call) {
  auto overlap = call->getAttrOfType<DenseI64ArrayAttr>(overlapAttrName);
  if (!overlap)
    return;
  std::optional<unsigned> operand = bufferOf(call.getOperand(overlap[0]));
  std::optional<unsigned> result = bufferOf(call.getOperand(overlap[1]));
  int64_t time = clock.begin(call);
  if (!operand || !result || operand == result ||
      buffers[*operand].last != time || buffers[*result].first != time)
    return;
  buffers[*result].over = *operand;
  buffers[*result].distance = std::max<int64_t>(overlap[2], 0);
}

SmallVector<MemoryRegion>
edgecc::memory::getWritableRegions(func::FuncOp func) {
  SmallVector<MemoryRegion> map = target::getMemoryMap(func);
  llvm::erase_if(map,
                 [](const MemoryRegion &region) { return !region.isWritable; });
  return map;
}

RegionPlan edgecc::memory::planRegions(const FunctionBuffers &function,
                                       ArrayRef<MemoryRegion> map,
                                       int64_t alignment) {
  SmallVector<ArenaRegion> regions;
  bool hasFast = llvm::any_of(map, [](const MemoryRegion &region) {
    return region.npu == target::NpuAccess::Fast;
  });
  auto takes = [&](const MemoryRegion &region, target::NpuAccess access) {
    if (access == target::NpuAccess::Fast && !hasFast)
      access = target::NpuAccess::Reached;
    if (region.npu == target::NpuAccess::Fast)
      return access == target::NpuAccess::Fast;
    return access <= region.npu;
  };
  for (const MemoryRegion &region : map) {
    llvm::SmallBitVector taken(function.buffers.size());
    for (auto [buffer, access] : llvm::enumerate(function.access))
      taken[buffer] = takes(region, access);
    regions.push_back({region.bytes, region.bytesPerCycle, std::move(taken)});
  }
  if (regions.empty())
    regions.push_back({std::numeric_limits<int64_t>::max(), 1, {}});
  return planRegions(function.buffers, function.traffic, regions, alignment);
}
