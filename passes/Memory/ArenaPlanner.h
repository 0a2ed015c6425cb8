//===- ArenaPlanner.h - buffers into one arena ------------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
//
// Where in an arena each buffer lies, so that buffers that live at the same
// time do not overlap and the arena is small. Knows nothing of IR.
//
//===----------------------------------------------------------------------===//

#ifndef EDGECC_PASSES_MEMORY_ARENAPLANNER_H
#define EDGECC_PASSES_MEMORY_ARENAPLANNER_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"

#include <cstdint>

namespace edgecc::memory {

/// A buffer of `size` bytes that is in use from time `first` to time `last`,
/// both included.
struct ArenaBuffer {
  int64_t size;
  int64_t first;
  int64_t last;
  /// The number of a buffer that is used for the last time at `first`, by the
  /// step that begins to write this one, or -1: they may share bytes if that
  /// one begins at least `distance` bytes after this one does, since each of
  /// its bytes is then read before it is overwritten. Of two buffers with the
  /// same `first`, only one may have the same `over`.
  int64_t over = -1;
  int64_t distance = 0;
};

/// Those of the numbers `chosen`; what none of them is, nothing lies over.
llvm::SmallVector<ArenaBuffer> takeBuffers(llvm::ArrayRef<ArenaBuffer> buffers,
                                           llvm::ArrayRef<unsigned> chosen);

/// The result of planning, in bytes.
struct ArenaPlan {
  /// The offset of each buffer, a multiple of the alignment.
  llvm::SmallVector<int64_t> offsets;
  /// What the buffers take together.
  int64_t size = 0;
  /// The most bytes alive at one time.
  int64_t lowerBound = 0;
  /// What any plan takes at least: that, or more where all smaller plans were
  /// ruled out.
  int64_t provenBound = 0;
  bool isOptimal() const { return size == provenBound; }
};

/// The largest sum of the (aligned) sizes of buffers alive at one time; one
/// that may lie over another counts as what they take together when it does.
int64_t maxLiveBytes(llvm::ArrayRef<ArenaBuffer> buffers, int64_t alignment);

/// Plans an arena whose start is aligned to `alignment`, a power of two. Tries
/// several orders of placement, each with first fit and best fit, then improves
/// the best one while it misses the lower bound, and at last searches all
/// placements, up to a number of steps; the result depends on nothing but the
/// arguments. Buffers of size zero get offset zero.
ArenaPlan planArena(llvm::ArrayRef<ArenaBuffer> buffers, int64_t alignment);

} // namespace edgecc::memory

#endif // EDGECC_PASSES_MEMORY_ARENAPLANNER_H
