//===- SparserWeights.cpp - more and more zeros in layers -------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "passes/Prune/SparserWeights.h"
#include "passes/Prune/Reconstruct.h"
#include "passes/Prune/SelectWeights.h"

using namespace mlir;
using namespace edgecc;
using namespace edgecc::prune;

/// Fewer zeros than half of the weights bring nothing on any CPU.
static constexpr double sharesTried[] = {0.5, 0.7, 0.8, 0.9};

FailureOr<std::vector<std::vector<SparserWeights>>>
edgecc::prune::findSparser(ArrayRef<Operation *> ops,
                           const SparsityPattern &pattern,
                           Calibrator &calibrator) {
  std::vector<std::vector<SparserWeights>> found(ops.size());
  SmallVector<std::optional<LayerWeights>> layers;
  SmallVector<ProductInput> inputs;
  // The position in `inputs`, or -1.
  SmallVector<int64_t> positions;
  for (Operation *op : ops) {
    std::optional<LayerWeights> &layer =
        layers.emplace_back(LayerWeights::get(op));
    positions.push_back(-1);
    if (layer && !layer->canPrune(pattern))
      layer.reset();
    if (!layer)
      continue;
    if (!layer->isFinite())
      return op->emitError("cannot prune weights that hold an infinity or NaN");
    if (!layer->canRelate())
      continue;
    positions.back() = int64_t(inputs.size());
    inputs.push_back(layer->getInput());
  }
  std::vector<std::vector<double>> moments;
  if (!inputs.empty()) {
    auto sums = calibrator.findMoments(inputs);
    if (failed(sums))
      return failure();
    moments = std::move(*sums);
  }
  ArrayRef<double> shares = sharesTried;
  if (pattern.group)
    shares = shares.take_front();
  for (auto [layer, position, own] :
       llvm::zip_equal(layers, positions, found)) {
    for (double share : shares) {
      if (!layer)
        break;
      LayerWeights fewer = *layer;
      llvm::BitVector dropped;
      if (position >= 0) {
        dropped = selectByMoments(fewer, pattern, share, moments[position]);
        reconstruct(fewer, dropped, moments[position]);
      } else {
        dropped = selectWeights(fewer.magnitudes(), pattern, share);
      }
      for (unsigned element : dropped.set_bits())
        fewer.weights[element] = 0;
      own.push_back({std::move(fewer.weights),
                     double(dropped.count()) / double(dropped.size())});
    }
  }
  return found;
}
