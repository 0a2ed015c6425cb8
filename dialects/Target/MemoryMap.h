//===- MemoryMap.h - the memories that a network may use --------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef EDGECC_DIALECTS_TARGET_MEMORYMAP_H
#define EDGECC_DIALECTS_TARGET_MEMORYMAP_H

#include "mlir/IR/Operation.h"
#include <string>

namespace edgecc::target {

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
};

/// The memories that the user lists, on a module.
inline constexpr llvm::StringLiteral memoryMapAttrName = "edge.memory_map";

mlir::Attribute encodeMemoryMap(llvm::ArrayRef<MemoryRegion> regions,
                                mlir::MLIRContext *context);

/// Those of the nearest enclosing operation that has some, `op` included.
llvm::SmallVector<MemoryRegion> getMemoryMap(mlir::Operation *op);

} // namespace edgecc::target

#endif // EDGECC_DIALECTS_TARGET_MEMORYMAP_H
