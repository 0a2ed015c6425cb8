//===- FunctionBuffers.h - what a function keeps in memory ------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef EDGECC_PASSES_MEMORY_FUNCTIONBUFFERS_H
#define EDGECC_PASSES_MEMORY_FUNCTIONBUFFERS_H

#include "dialects/Target/MemoryMap.h"
#include "passes/Memory/KernelTraffic.h"
#include "passes/Memory/RegionPlanner.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "llvm/ADT/MapVector.h"

namespace edgecc::memory {

/// On a call: the numbers of an operand that it reads for the last time and of
/// one that it writes, and how many bytes the first must begin after the
/// second, at least, for the two to share memory.
inline constexpr llvm::StringLiteral overlapAttrName = "edge.overlap";

/// Times of operations: each one takes the interval from its own number to that
/// of the last operation in its regions.
class Clock {
public:
  explicit Clock(mlir::func::FuncOp func);
  int64_t begin(mlir::Operation *op) const { return times.at(op).first; }
  int64_t end(mlir::Operation *op) const { return times.at(op).second; }

private:
  void number(mlir::Block &block);
  int64_t now = 0;
  llvm::DenseMap<mlir::Operation *, std::pair<int64_t, int64_t>> times;
};

/// The operation behind all views that `memref` is; null for an argument.
mlir::Operation *findSource(mlir::Value memref);

/// The allocations of a function as buffers: sizes, times, and what calls do
/// with them. Allocations must have static shapes.
struct FunctionBuffers {
  FunctionBuffers(mlir::func::FuncOp func, KernelTraffic &kernels);

  Clock clock;
  llvm::SmallVector<mlir::memref::AllocOp> allocs;
  llvm::SmallVector<ArenaBuffer> buffers;
  /// The bytes that are read from or written to each buffer.
  llvm::SmallVector<int64_t> traffic;
  /// What each of them has to do with an NPU.
  llvm::SmallVector<target::NpuAccess> access;
  /// The numbers of the buffers that each call uses, in order.
  llvm::MapVector<mlir::Operation *, llvm::SmallVector<int64_t>> calls;

private:
  void addBuffer(mlir::memref::AllocOp alloc);
  void findOverlap(mlir::func::CallOp call);
  std::optional<unsigned> bufferOf(mlir::Value memref) const;
};

/// The memories of `func` that can be written; none without a memory map.
llvm::SmallVector<target::MemoryRegion>
getWritableRegions(mlir::func::FuncOp func);

/// Puts buffers into those regions; into one without end if there are none.
RegionPlan planRegions(const FunctionBuffers &buffers,
                       llvm::ArrayRef<target::MemoryRegion> map,
                       int64_t alignment);

} // namespace edgecc::memory

#endif // EDGECC_PASSES_MEMORY_FUNCTIONBUFFERS_H
