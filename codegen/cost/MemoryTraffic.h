//===- MemoryTraffic.h - where the data of layers comes from ----*- C++ -*-===//
//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef EDGECC_CODEGEN_COST_MEMORYTRAFFIC_H
#define EDGECC_CODEGEN_COST_MEMORYTRAFFIC_H

#include "llvm/ADT/ArrayRef.h"
#include <cstdint>
#include <vector>

namespace edgecc {

/// Bytes that a layer reads or writes: from `begin` of a piece of memory that
/// `base` stands for.
struct OperandMemory {
  int64_t base = 0, begin = 0, bytes = 0;
};

/// Bytes of data caches, from small to large; 0 for those that are missing.
struct CacheSizes {
  int64_t l1 = 0, l2 = 0, l3 = 0;
};

/// Bytes by where they are when a layer needs them.
struct MemoryTraffic {
  double l1 = 0, l2 = 0, l3 = 0, memory = 0;

  double total() const { return l1 + l2 + l3 + memory; }
};

/// The traffic of each layer in a network that runs again and again. `layers`
/// are the regions that each uses, in the order in which they run. A byte is in
/// a cache if fewer bytes than that has were used since it was.
std::vector<MemoryTraffic>
findTraffic(llvm::ArrayRef<std::vector<OperandMemory>> layers,
            const CacheSizes &caches);

} // namespace edgecc

#endif // EDGECC_CODEGEN_COST_MEMORYTRAFFIC_H
