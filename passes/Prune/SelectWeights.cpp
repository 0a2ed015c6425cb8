//===- SelectWeights.cpp - which weights become zero ------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "passes/Prune/SelectWeights.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/Sequence.h"
#include "llvm/Support/MathExtras.h"

#include <cmath>
#include <tuple>

using namespace llvm;
using namespace edgecc::prune;

/// Puts the cheapest first, of equal ones that of the lowest number.
static void sortByCost(MutableArrayRef<int64_t> numbers,
                       ArrayRef<double> costs) {
  sort(numbers, [&](int64_t a, int64_t b) {
    return std::tie(costs[a], a) < std::tie(costs[b], b);
  });
}

namespace {

/// A matrix in blocks of weights that become zero together; those at the end of
/// a row or of the channels may be smaller.
class Blocks {
public:
  Blocks(const Scores &scores, const SparsityPattern &pattern)
      : channels(scores.channels), columns(scores.columns),
        inputs(pattern.blockInputs), outputs(pattern.blockOutputs),
        perRow(int64_t(divideCeil(columns, outputs))),
        perPosition(int64_t(divideCeil(channels, inputs)) * perRow),
        costs(perPosition * (scores.costs.size() / (channels * columns)), 0),
        sizes(costs.size(), 0) {
    for (auto [element, cost] : enumerate(scores.costs)) {
      costs[of(int64_t(element))] += cost;
      ++sizes[of(int64_t(element))];
    }
    for (auto [cost, size] : zip_equal(costs, sizes))
      cost /= size;
  }

  /// The block of an element of the matrix.
  int64_t of(int64_t element) const {
    int64_t row = element / columns;
    return row / channels * perPosition + row % channels / inputs * perRow +
           element % columns / outputs;
  }
  /// Of each block, for a weight of it.
  ArrayRef<double> getCosts() const { return costs; }
  /// How many weights each block has.
  ArrayRef<double> getSizes() const { return sizes; }

  /// All blocks, the cheapest one first.
  std::vector<int64_t> order() const {
    auto numbers = to_vector(seq<int64_t>(0, costs.size()));
    sortByCost(numbers, costs);
    return {numbers.begin(), numbers.end()};
  }

private:
  int64_t channels, columns, inputs, outputs, perRow, perPosition;
  std::vector<double> costs, sizes;
};

} // namespace

/// Of each group of consecutive channels, all but the dearest weights.
static BitVector selectInGroups(const Scores &scores,
                                const SparsityPattern &pattern) {
  BitVector dropped(scores.costs.size());
  int64_t rows = int64_t(scores.costs.size()) / scores.columns;
  for (int64_t first = 0; first < rows; first += pattern.group)
    for (int64_t column = 0; column < scores.columns; ++column) {
      SmallVector<int64_t> elements;
      for (int64_t row = first; row < first + pattern.group; ++row)
        elements.push_back(row * scores.columns + column);
      sortByCost(elements, scores.costs);
      for (int64_t element : ArrayRef(elements).drop_back(size_t(pattern.kept)))
        dropped.set(element);
    }
  return dropped;
}

BitVector edgecc::prune::selectWeights(const Scores &scores,
                                       const SparsityPattern &pattern,
                                       double share) {
  if (pattern.group)
    return selectInGroups(scores, pattern);
  Blocks blocks(scores, pattern);
  std::vector<int64_t> order = blocks.order();
  BitVector isDropped(order.size());
  for (int64_t block : ArrayRef(order).take_front(
           size_t(std::llround(share * double(order.size())))))
    isDropped.set(block);
  BitVector dropped(scores.costs.size());
  for (int64_t element = 0; element < int64_t(dropped.size()); ++element)
    dropped[element] = isDropped[blocks.of(element)];
  return dropped;
}

std::vector<double>
edgecc::prune::shareAmongLayers(ArrayRef<Scores> layers,
                                const SparsityPattern &pattern) {
  if (pattern.isUniform)
    return std::vector<double>(layers.size(), pattern.share);
  // Of each block its relative cost, its layer, its place in the order of
  // that, and its size.
  struct Candidate {
    double cost;
    size_t layer, position;
    double weights;
  };
  std::vector<Candidate> candidates;
  std::vector<double> counts;
  double total = 0;
  for (auto [layer, scores] : enumerate(layers)) {
    Blocks blocks(scores, pattern);
    ArrayRef<double> costs = blocks.getCosts();
    std::vector<int64_t> order = blocks.order();
    // What a block and all dearer ones cost.
    std::vector<double> left(order.size());
    double sum = 0;
    for (size_t i = order.size(); i-- > 0;)
      left[i] = sum += costs[order[i]] * blocks.getSizes()[order[i]];
    for (auto [i, block] : enumerate(order))
      candidates.push_back({left[i] > 0 ? costs[block] / left[i] : 0, layer, i,
                            blocks.getSizes()[block]});
    counts.push_back(double(costs.size()));
    total += double(scores.costs.size());
  }
  sort(candidates, [](const Candidate &a, const Candidate &b) {
    return std::tie(a.cost, a.layer, a.position) <
           std::tie(b.cost, b.layer, b.position);
  });
  std::vector<double> shares(layers.size(), 0);
  double zeros = 0;
  for (const Candidate &candidate : candidates) {
    if (zeros + candidate.weights / 2 > pattern.share * total)
      break;
    zeros += candidate.weights;
    shares[candidate.layer] += 1 / counts[candidate.layer];
  }
  return shares;
}
