//===- RegionPlanner.h - buffers into several memories ----------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
//
// In which memory each buffer lies, and where. Knows nothing of IR.
//
//===----------------------------------------------------------------------===//

#ifndef EDGECC_PASSES_MEMORY_REGIONPLANNER_H
#define EDGECC_PASSES_MEMORY_REGIONPLANNER_H

#include "passes/Memory/ArenaPlanner.h"

#include "llvm/ADT/SmallBitVector.h"

namespace edgecc::memory {

/// A memory of `bytes` bytes that moves `bytesPerCycle`.
struct ArenaRegion {
  int64_t bytes;
  double bytesPerCycle;
  /// Which buffers it takes; all if it is empty.
  llvm::SmallBitVector taken;
  bool takes(unsigned buffer) const { return taken.empty() || taken[buffer]; }
};

struct RegionPlan {
  /// The region of each buffer, and its offset there.
  llvm::SmallVector<unsigned> regionOf;
  llvm::SmallVector<int64_t> offsets;
  /// What each region has to hold, the most bytes alive at one time in it, and
  /// what its buffers are proven to take at least. What fits nowhere is in the
  /// slowest one that takes it, which may so have to hold more than it can.
  llvm::SmallVector<int64_t> sizes, lowerBounds, provenBounds;
};

/// Gives those buffers the fastest memory for which that saves most: `traffic`
/// are the bytes read from and written to each. Several orders are tried in
/// which buffers get what is left of a memory; the best is the one that fits,
/// and of several the fastest. Buffers lie over others in the same region only.
/// Some region takes each of them.
RegionPlan planRegions(llvm::ArrayRef<ArenaBuffer> buffers,
                       llvm::ArrayRef<int64_t> traffic,
                       llvm::ArrayRef<ArenaRegion> regions, int64_t alignment);

} // namespace edgecc::memory

#endif // EDGECC_PASSES_MEMORY_REGIONPLANNER_H
