//===- PlanArena.cpp - allocations into the arena ---------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "dialects/Target/Alignment.h"
#include "passes/Memory/FunctionBuffers.h"
#include "passes/Memory/Passes.h"

using namespace mlir;

namespace edgecc::memory {
#define GEN_PASS_DEF_PLANARENA
#include "passes/Memory/Passes.h.inc"
} // namespace edgecc::memory

using namespace edgecc::memory;
using edgecc::target::MemoryRegion;

namespace {

constexpr StringLiteral kArena = "edge.arena";

struct PlanArena : edgecc::memory::impl::PlanArenaBase<PlanArena> {
  using PlanArenaBase::PlanArenaBase;

  void runOnOperation() override {
    for (auto func : getOperation().getOps<func::FuncOp>())
      if (!func.isExternal() && failed(plan(func)))
        return signalPassFailure();
  }

  LogicalResult plan(func::FuncOp func) {
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
      return success();
    int64_t align = alignment;
    if (!align) {
      align = edgecc::target::bufferAlignment(edgecc::target::getCpu(func));
      for (memref::AllocOp alloc : allocs)
        align = std::max<int64_t>(align, alloc.getAlignment().value_or(1));
    }
    if (align <= 0 || !llvm::isPowerOf2_64(align))
      return func.emitError("the alignment of the arena must be a power of "
                            "two, is ")
             << align;
    if (!arena) {
      InFlightDiagnostic diagnostic =
          func.emitError("allocates memory but has no argument with '")
          << kArena << "'";
      diagnostic.attachNote(allocs.front().getLoc()) << "allocated here";
      return diagnostic;
    }
    for (memref::AllocOp alloc : allocs)
      if (failed(check(alloc)))
        return failure();
    for (memref::DeallocOp dealloc : deallocs)
      dealloc.erase();
    rewrite(func, *arena, align);
    return success();
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

  void rewrite(func::FuncOp func, unsigned arenaIndex, int64_t align) {
    KernelTraffic kernels;
    FunctionBuffers function(func, kernels);
    SmallVector<MemoryRegion> map = getWritableRegions(func);
    RegionPlan plan = planRegions(function, map, align);
    addArguments(func, arenaIndex, map, plan);

    Builder attributes(&getContext());
    SmallVector<Attribute> rows;
    for (auto [number, allocOp] : llvm::enumerate(function.allocs)) {
      memref::AllocOp alloc = allocOp;
      const ArenaBuffer &buffer = function.buffers[number];
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
    for (auto &[call, used] : function.calls) {
      call->setAttr("edge.time",
                    attributes.getI64IntegerAttr(function.clock.begin(call)));
      call->setAttr("edge.buffers", attributes.getDenseI64ArrayAttr(used));
    }
    int64_t bytes = llvm::sum_of(plan.sizes);
    int64_t bound = llvm::sum_of(plan.lowerBounds);
    func->setAttr("edge.arena_bytes", attributes.getI64IntegerAttr(bytes));
    func->setAttr("edge.arena_align", attributes.getI64IntegerAttr(align));
    func->setAttr("edge.arena_bound", attributes.getI64IntegerAttr(bound));
    func->setAttr("edge.arena_proven", attributes.getI64IntegerAttr(
                                           llvm::sum_of(plan.provenBounds)));
    func->setAttr("edge.arena_plan", attributes.getArrayAttr(rows));
    if (!map.empty())
      func->setAttr("edge.buffer_regions",
                    attributes.getDenseI64ArrayAttr(SmallVector<int64_t>(
                        plan.regionOf.begin(), plan.regionOf.end())));
    numBuffers += function.buffers.size();
    numBytes += bytes;
    numBoundBytes += bound;
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
