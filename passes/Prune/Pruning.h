//===- Pruning.h - what becomes zero of weights -----------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef EDGECC_PASSES_PRUNE_PRUNING_H
#define EDGECC_PASSES_PRUNE_PRUNING_H

#include "passes/Quantization/Calibrate.h"

#include "llvm/ADT/StringMap.h"
#include "llvm/Support/Error.h"

namespace edgecc::prune {

/// Where zeros may be.
struct SparsityPattern {
  /// The share of weights that become zero, in [0, 1); for patterns without
  /// groups.
  double share = 0;
  /// Of each `group` weights for consecutive input channels at most `kept`
  /// stay; `group` is 0 for other patterns.
  int64_t kept = 0, group = 0;
  /// Weights of a block of so many consecutive output and input channels become
  /// zero together.
  int64_t blockOutputs = 1, blockInputs = 1;
  /// Whether each layer has the same share, so that products go as weights do,
  /// wherever most of them are.
  bool isUniform = false;
};

/// What chooses the weights that become zero.
enum class Method {
  /// How small they are.
  Magnitude,
  /// How little the products on examples change, once the weights that stay
  /// make good for those that do not (optimal brain compression).
  SecondOrder,
  /// How little the channels contribute that they belong to, which go whole.
  Channels,
  /// As `SecondOrder`, each layer as many as a budget asks for
  /// (`QuantizationBudget`).
  Auto,
};

/// What `--prune` says.
struct Pruning {
  Method method = Method::Magnitude;
  SparsityPattern pattern;
  /// In how many rounds the share is reached; after each the weights that stay
  /// make good for those that have gone, and the inputs of layers are found
  /// anew.
  int64_t rounds = 1;
};

/// Reads METHOD:SHARE, METHOD:SHARE:OUTPUTSxINPUTS, one of these with
/// `:uniform`, or METHOD:KEPT:GROUP, METHOD being `magnitude` or `obc`, or
/// `channels` with a share of the multiplications only, or `auto`, with
/// OUTPUTSxINPUTS or KEPT:GROUP if it is not for zeros anywhere. Shares of
/// `obc` and `channels` end in `:rounds=N` if there are several. Fails with
/// what was expected.
llvm::Expected<Pruning> parsePruning(llvm::StringRef text);

/// Which weights of a layer stay: a byte each, not 0 for those. The first
/// dimension are the output channels, the second one the input channels (of a
/// group), then those of the kernel.
struct Mask {
  llvm::SmallVector<int64_t> shape;
  std::vector<char> kept;
};

/// Masks by the names of layers (`LayerWeights::getName`).
using Masks = llvm::StringMap<Mask>;

/// What becomes of the weights of a network.
struct PruneOptions {
  std::optional<Pruning> pruning;
  /// Masks of some layers, which nothing else is chosen for.
  std::shared_ptr<const Masks> given;
  /// Receives the masks of all layers.
  std::shared_ptr<Masks> found;
  /// Finds how the inputs of layers are related; for `Method::SecondOrder`.
  CalibratorPtr calibrator;

  bool any() const { return pruning || given || found; }
};

} // namespace edgecc::prune

#endif // EDGECC_PASSES_PRUNE_PRUNING_H
