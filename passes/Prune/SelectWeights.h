//===- SelectWeights.h - which weights become zero --------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef EDGECC_PASSES_PRUNE_SELECTWEIGHTS_H
#define EDGECC_PASSES_PRUNE_SELECTWEIGHTS_H

#include "passes/Prune/Pruning.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/BitVector.h"

namespace edgecc::prune {

/// What it costs to make each weight of a matrix zero, row-major, at least 0;
/// each `channels` rows belong to one position of a kernel.
struct Scores {
  std::vector<double> costs;
  int64_t channels, columns;
};

/// The weights of a matrix that become zero by a pattern: those that cost
/// least. Without groups, this share of the blocks.
llvm::BitVector selectWeights(const Scores &scores,
                              const SparsityPattern &pattern, double share);

/// The share of the blocks of each matrix to make zero, so that together it is
/// that of the pattern. A block goes before another if it costs less, in
/// relation to what is left in its matrix when all cheaper ones have gone
/// (LAMP); so no matrix becomes zero altogether. Or all shares are the same.
std::vector<double> shareAmongLayers(llvm::ArrayRef<Scores> layers,
                                     const SparsityPattern &pattern);

} // namespace edgecc::prune

#endif // EDGECC_PASSES_PRUNE_SELECTWEIGHTS_H
