//===- PlacementSearch.h - all placements in an arena -----------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef EDGECC_PASSES_MEMORY_PLACEMENTSEARCH_H
#define EDGECC_PASSES_MEMORY_PLACEMENTSEARCH_H

#include "passes/Memory/ArenaPlanner.h"

#include <vector>

namespace edgecc::memory {

/// The buffers with aligned sizes, and who lives beside whom.
struct PlacementInstance {
  PlacementInstance(llvm::ArrayRef<ArenaBuffer> given, int64_t alignment);

  /// Whether `result` may share bytes with `operand`.
  bool liesOver(unsigned result, unsigned operand) const {
    return buffers[result].over == int64_t(operand);
  }
  /// What sharing saves when `result` begins; nothing if it has nothing to lie
  /// over.
  int64_t savedBytes(unsigned result) const;

  llvm::SmallVector<ArenaBuffer> buffers;
  std::vector<llvm::SmallVector<unsigned>> neighbours;
  /// The most bytes alive at one time.
  int64_t bound = 0;
};

/// Searches for a smaller plan than `plan` and puts it there, until there is
/// none or that takes too long (counted in steps, not in time). Sets the bound
/// that is proven.
void improvePlacement(const PlacementInstance &instance, int64_t alignment,
                      ArenaPlan &plan);

} // namespace edgecc::memory

#endif // EDGECC_PASSES_MEMORY_PLACEMENTSEARCH_H
