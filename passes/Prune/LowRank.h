//===- LowRank.h - products through few channels ----------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef EDGECC_PASSES_PRUNE_LOWRANK_H
#define EDGECC_PASSES_PRUNE_LOWRANK_H

#include "passes/Prune/LayerWeights.h"

namespace edgecc::prune {

/// What `--low-rank` says.
struct LowRank {
  /// Of the multiplications of a layer, what may be left, in (0, 1); nothing to
  /// do if it is 0.
  double share = 0;
  /// How far the results of a layer may be off, relatively; a layer that would
  /// be further off stays.
  std::optional<double> divergence;
};

/// Reads SHARE or SHARE:DIVERGENCE. Fails with what was expected.
llvm::Expected<LowRank> parseLowRank(llvm::StringRef text);

/// Directions of the outputs of a layer in which most of its results lie.
class OutputDirections {
public:
  /// For inputs whose products sum up to `moments` (rows x rows).
  OutputDirections(const LayerWeights &layer, llvm::ArrayRef<double> moments);

  /// By how much results in the first `rank` directions are off, relatively
  /// (L2).
  double divergence(int64_t rank) const;
  /// The least rank that is not off by more; nothing if there is none.
  std::optional<int64_t> findRank(double divergence) const;

  /// Two matrices whose product is nearest: (rows x rank) and (rank x columns).
  std::pair<std::vector<float>, std::vector<float>> factors(int64_t rank) const;

private:
  const LayerWeights &layer;
  /// A row for each direction.
  std::vector<std::vector<double>> directions;
  /// The squares of the results in each, and of all.
  std::vector<double> squares;
  double whole = 0;
};

} // namespace edgecc::prune

#endif // EDGECC_PASSES_PRUNE_LOWRANK_H
