//===- MemoryMap.h - the memories that a network may use --------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef EDGECC_DIALECTS_TARGET_MEMORYMAP_H
#define EDGECC_DIALECTS_TARGET_MEMORYMAP_H

#include "mlir/IR/Operation.h"
#include <string>
#include <vector>

namespace edgecc::target {

/// What an NPU has to do with a memory, or with a tensor in it: nothing; it
/// reaches it; it is its own, and fast.
enum class NpuAccess : int64_t { None, Reached, Fast };

/// On calls: the NpuAccess that each operand needs.
inline constexpr llvm::StringLiteral npuAccessAttrName = "edge.npu_access";

/// Whether some call in `op` has such a list.
bool callsNpu(mlir::Operation *op);

/// One memory of a device.
struct MemoryRegion {
  /// A C identifier.
  std::string name;
  int64_t bytes = 0;
  double bytesPerCycle = 1;
  /// Whether tensors may be in it; constants are in what is not.
  bool isWritable = true;
  /// Where the linker finds the constants.
  std::string section;
  /// What is fast for the NPU holds nothing else.
  NpuAccess npu = NpuAccess::Reached;
};

/// The memories of a device, and what copies between them.
struct MemoryMap {
  std::vector<MemoryRegion> regions;
  /// What copies while the CPU computes moves so many bytes in a cycle; 0 if
  /// there is no such thing.
  double dmaBytesPerCycle = 0;
};

/// Where constants of so many bytes are read fastest: the region, or the
/// largest one if none has the room; null without regions for constants. With
/// `forNpu`, one that the NPU reaches.
const MemoryRegion *chooseConstantRegion(llvm::ArrayRef<MemoryRegion> regions,
                                         int64_t bytes, bool forNpu);

/// The memories that the user lists, on a module.
inline constexpr llvm::StringLiteral memoryMapAttrName = "edge.memory_map";

/// What `MemoryMap::dmaBytesPerCycle` is, on a module.
inline constexpr llvm::StringLiteral dmaAttrName = "edge.dma_bytes_per_cycle";

/// On calls that copy constants (unit), and on the one that reads the copies:
/// how many bytes they are.
inline constexpr llvm::StringLiteral copyAttrName = "edge.copy",
                                     copiedBytesAttrName = "edge.copied_bytes";
/// The functions that begin a copy, and that wait for all that have begun.
inline constexpr llvm::StringLiteral copyStartName = "copy_start",
                                     copyWaitName = "copy_wait";

mlir::Attribute encodeMemoryMap(llvm::ArrayRef<MemoryRegion> regions,
                                mlir::MLIRContext *context);

/// Those of the nearest enclosing operation that has some, `op` included.
llvm::SmallVector<MemoryRegion> getMemoryMap(mlir::Operation *op);

} // namespace edgecc::target

#endif // EDGECC_DIALECTS_TARGET_MEMORYMAP_H
