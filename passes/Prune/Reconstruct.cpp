//===- Reconstruct.cpp - weights that make good for others ------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "passes/Prune/Reconstruct.h"
#include "passes/Prune/SelectWeights.h"
#include "passes/Quantization/SquareMatrix.h"

#include "llvm/ADT/STLExtras.h"

using namespace edgecc::prune;
using edgecc::quantization::SquareMatrix;
using llvm::ArrayRef;
using llvm::BitVector;

/// How many rows are chosen from at a time: a part of the channels of one
/// position of the kernel, in whole groups and blocks.
static int64_t rowsAtATime(const LayerWeights &layer,
                           const SparsityPattern &pattern) {
  if (pattern.group)
    return pattern.group;
  constexpr int64_t most = 128;
  int64_t rows = std::min(most, layer.channels);
  return std::max(rows / pattern.blockInputs, int64_t(1)) * pattern.blockInputs;
}

BitVector edgecc::prune::selectByMoments(const LayerWeights &layer,
                                         const SparsityPattern &pattern,
                                         double share,
                                         ArrayRef<double> moments) {
  int64_t rows = layer.rows(), columns = layer.columns;
  SquareMatrix related = quantization::relateRows(moments, rows);
  // Inputs that say nothing.
  if (related.size == 0)
    related = SquareMatrix(rows);
  std::vector<double> left(layer.weights.begin(), layer.weights.end());
  BitVector dropped(layer.weights.size());
  int64_t step = rowsAtATime(layer, pattern);
  for (int64_t first = 0, end = 0; first < rows; first = end) {
    int64_t position = first / layer.channels * layer.channels;
    end = std::min(first + step, position + layer.channels);
    Scores scores{{}, end - first, columns};
    for (int64_t row = first; row < end; ++row)
      for (int64_t column = 0; column < columns; ++column) {
        double weight = left[row * columns + column];
        double scale = related.at(row, row);
        scores.costs.push_back(scale > 0 ? weight * weight / (scale * scale)
                                         : weight * weight);
      }
    BitVector chosen = selectWeights(scores, pattern, share);
    for (int64_t row = first; row < end; ++row)
      for (int64_t i = row + 1; i < rows; ++i) {
        double factor = related.at(row, row) > 0
                            ? related.at(i, row) / related.at(row, row)
                            : 0;
        for (int64_t column = 0; column < columns; ++column)
          if (chosen[(row - first) * columns + column])
            left[i * columns + column] -= left[row * columns + column] * factor;
      }
    for (unsigned element : chosen.set_bits())
      dropped.set(first * columns + element);
  }
  return dropped;
}

void edgecc::prune::reconstruct(LayerWeights &layer, const BitVector &dropped,
                                ArrayRef<double> moments) {
  int64_t rows = layer.rows(), columns = layer.columns;
  SquareMatrix damped = quantization::dampMoments(moments, rows);
  for (int64_t column = 0; column < columns; ++column) {
    llvm::SmallVector<int64_t> kept;
    for (int64_t row = 0; row < rows; ++row)
      if (!dropped[row * columns + column])
        kept.push_back(row);
    // The part of the moments of the inputs that stay, and what all weights
    // take them to.
    SquareMatrix part(int64_t(kept.size()));
    std::vector<double> solution(kept.size(), 0);
    for (auto [i, row] : llvm::enumerate(kept)) {
      for (auto [j, other] : llvm::enumerate(kept))
        part.at(int64_t(i), int64_t(j)) = damped.at(row, other);
      for (int64_t other = 0; other < rows; ++other)
        solution[i] += damped.at(row, other) *
                       double(layer.weights[other * columns + column]);
    }
    bool isKnown = quantization::factorise(part);
    if (isKnown)
      quantization::solve(part, solution);
    for (int64_t row = 0; row < rows; ++row)
      if (dropped[row * columns + column])
        layer.weights[row * columns + column] = 0;
    for (auto [i, row] : llvm::enumerate(kept))
      if (isKnown)
        layer.weights[row * columns + column] = float(solution[i]);
  }
}
