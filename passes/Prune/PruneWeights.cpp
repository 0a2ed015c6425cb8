//===- PruneWeights.cpp - make weights zero ---------------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "passes/Prune/LayerWeights.h"
#include "passes/Prune/Passes.h"
#include "passes/Prune/Reconstruct.h"
#include "passes/Prune/SelectWeights.h"
#include "passes/Quantization/NoteLoss.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"

#include <cmath>

namespace edgecc::prune {
#define GEN_PASS_DEF_PRUNEWEIGHTS
#include "passes/Prune/Passes.h.inc"
} // namespace edgecc::prune

using namespace mlir;
using namespace edgecc;
using namespace edgecc::prune;

static std::string formatShape(ArrayRef<int64_t> shape) {
  return llvm::join(
      llvm::map_range(shape, [](int64_t size) { return std::to_string(size); }),
      "x");
}

namespace {

struct PruneWeights : edgecc::prune::impl::PruneWeightsBase<PruneWeights> {
  PruneWeights() = default;
  explicit PruneWeights(PruneOptions options) : options(std::move(options)) {}

  void runOnOperation() override {
    if (failed(readPruning()))
      return signalPassFailure();
    getOperation().walk([&](Operation *op) {
      if (std::optional<LayerWeights> layer = LayerWeights::get(op))
        layers.push_back(std::move(*layer));
    });
    dropped.resize(layers.size());
    quantization::LossNote note(getOperation(), options.calibrator);
    bool choosesWeights =
        options.pruning && (options.pruning->method == Method::Magnitude ||
                            options.pruning->method == Method::SecondOrder);
    if (failed(useGiven()) || (choosesWeights && failed(prune())))
      return signalPassFailure();
    bool isPruned = false;
    for (auto [layer, zeros] : llvm::zip_equal(layers, dropped)) {
      if (!zeros.empty()) {
        for (unsigned element : zeros.set_bits())
          layer.weights[element] = 0;
        layer.write();
        ++numPruned;
        isPruned = true;
      }
      if (options.found)
        (*options.found)[layer.getName()] = layer.makeMask();
    }
    if (isPruned && failed(note.write(getOperation(), "pruning")))
      signalPassFailure();
  }

private:
  /// What the option of the pass says, if it is given.
  LogicalResult readPruning() {
    if (pruning.empty())
      return success();
    llvm::Expected<Pruning> parsed = parsePruning(pruning);
    if (!parsed)
      return getOperation().emitError(llvm::toString(parsed.takeError()));
    options.pruning = *parsed;
    return success();
  }

  /// Applies the masks that are given.
  LogicalResult useGiven() {
    if (!options.given)
      return success();
    size_t used = 0;
    for (auto [layer, zeros] : llvm::zip_equal(layers, dropped)) {
      auto found = options.given->find(layer.getName());
      if (found == options.given->end())
        continue;
      const Mask &mask = found->second;
      if (mask.shape != layer.maskShape())
        return layer.getOperation()->emitError("the mask '")
               << found->first() << "' is " << formatShape(mask.shape)
               << ", but the weights are " << formatShape(layer.maskShape())
               << " (output channels, input channels, kernel)";
      zeros = layer.dropped(mask);
      ++used;
    }
    if (used == options.given->size())
      return success();
    return refuseOthers();
  }

  /// Names a mask that belongs to no layer.
  LogicalResult refuseOthers() {
    llvm::StringSet<> names;
    for (const LayerWeights &layer : layers)
      names.insert(layer.getName());
    SmallVector<StringRef> others, known(names.keys());
    for (StringRef name : options.given->keys())
      if (!names.contains(name))
        others.push_back(name);
    llvm::sort(others);
    llvm::sort(known);
    constexpr size_t most = 8;
    return emitError(UnknownLoc::get(&getContext()))
           << "no layer with known weights of f32 has the name of the mask '"
           << others.front() << "'; there are "
           << llvm::join(ArrayRef(known).take_front(most), ", ")
           << (known.size() > most ? ", ..." : "");
  }

  /// Chooses zeros in all layers without a mask.
  LogicalResult prune() {
    const SparsityPattern &pattern = options.pruning->pattern;
    SmallVector<size_t> chosen;
    for (auto [i, layer] : llvm::enumerate(layers)) {
      if (!dropped[i].empty() || !layer.canPrune(pattern))
        continue;
      if (!layer.isFinite())
        return layer.getOperation()->emitError(
            "cannot prune weights that hold an infinity or NaN");
      chosen.push_back(i);
    }
    if (chosen.empty() && !options.given)
      return emitError(UnknownLoc::get(&getContext()))
             << "there is nothing to prune; expected convolutions or products "
                "with known weights of f32, at least "
             << leastRows << " for each output channel"
             << (pattern.group ? ", whose input channels are a multiple of " +
                                     std::to_string(pattern.group)
                               : "");
    SmallVector<LayerWeights> whole(layers);
    for (int64_t round = 1; round <= options.pruning->rounds; ++round) {
      // The same share of what is left in each round.
      double part = double(round) / double(options.pruning->rounds);
      SparsityPattern reached = pattern;
      reached.share = 1 - std::pow(1 - pattern.share, part);
      std::vector<Scores> scores;
      for (size_t i : chosen)
        scores.push_back(layers[i].magnitudes());
      std::vector<double> shares = shareAmongLayers(scores, reached);
      if (options.pruning->method == Method::SecondOrder) {
        if (failed(pruneByMoments(chosen, shares, scores, whole)))
          return failure();
        continue;
      }
      for (auto [i, own, share] : llvm::zip_equal(chosen, scores, shares))
        dropped[i] = selectWeights(own, reached, share);
    }
    return success();
  }

  /// Prunes such that the weights that stay make good for the others; also in
  /// layers with a given mask. The products of the `whole` layers are what they
  /// approximate.
  LogicalResult pruneByMoments(ArrayRef<size_t> chosen, ArrayRef<double> shares,
                               ArrayRef<Scores> scores,
                               ArrayRef<LayerWeights> whole) {
    const SparsityPattern &pattern = options.pruning->pattern;
    llvm::DenseMap<size_t, size_t> positions;
    for (auto [position, i] : llvm::enumerate(chosen))
      positions[i] = position;
    SmallVector<size_t> related;
    SmallVector<ProductInput> inputs;
    for (auto [i, layer] : llvm::enumerate(layers)) {
      if (dropped[i].empty() && !positions.contains(i))
        continue;
      if (!layer.canRelate()) {
        if (warned.insert(i).second)
          emitWarning(layer.getOperation()->getLoc())
              << "is pruned by magnitude: it has "
              << (layer.isGrouped() ? "groups"
                                    : "more inputs than can be related")
              << ", and the weights that stay make good for nothing";
        if (positions.contains(i))
          dropped[i] = selectWeights(scores[positions[i]], pattern,
                                     shares[positions[i]]);
        continue;
      }
      related.push_back(i);
      inputs.push_back(layer.getInput());
    }
    if (inputs.empty())
      return success();
    auto moments = options.calibrator->findMoments(inputs);
    if (failed(moments))
      return failure();
    for (auto [i, sums] : llvm::zip_equal(related, *moments)) {
      if (positions.contains(i))
        dropped[i] =
            selectByMoments(layers[i], pattern, shares[positions[i]], sums);
      layers[i].weights = whole[i].weights;
      reconstruct(layers[i], dropped[i], sums);
      // For the inputs of the next round.
      if (options.pruning->rounds > 1)
        layers[i].write();
      // One matrix is enough to hold.
      sums = {};
    }
    return success();
  }

  PruneOptions options;
  SmallVector<LayerWeights> layers;
  /// The weights of each layer that become zero; empty if it is left alone.
  SmallVector<llvm::BitVector> dropped;
  /// Those of which something has been said.
  llvm::SmallDenseSet<size_t> warned;
};

} // namespace

std::unique_ptr<Pass>
edgecc::prune::createPruneWeightsPass(PruneOptions options) {
  return std::make_unique<PruneWeights>(std::move(options));
}
