//===- LowRank.cpp - products through few channels --------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "passes/Prune/LowRank.h"
#include "passes/Quantization/SquareMatrix.h"

#include <cmath>

using namespace edgecc::prune;
using edgecc::quantization::SquareMatrix;
using llvm::ArrayRef;
using llvm::StringRef;

/// Reads a number above 0 and below 1, or one in percent.
static bool readShare(StringRef text, double &share) {
  double unit = text.consume_back("%") ? 0.01 : 1;
  if (text.getAsDouble(share))
    return false;
  share *= unit;
  return share > 0 && share < 1;
}

llvm::Expected<LowRank> edgecc::prune::parseLowRank(StringRef text) {
  auto [share, divergence] = text.split(':');
  LowRank rank;
  if (readShare(share, rank.share) &&
      (divergence.empty() || readShare(divergence, rank.divergence.emplace())))
    return rank;
  return llvm::createStringError(
      "cannot read '" + text +
      "'; expected the share of the multiplications of a layer that may be "
      "left, above 0 and below 1, and how far its results may be off, such as "
      "0.5 or 0.5:1%");
}

OutputDirections::OutputDirections(const LayerWeights &layer,
                                   ArrayRef<double> moments)
    : layer(layer) {
  int64_t rows = layer.rows(), columns = layer.columns;
  SquareMatrix root = quantization::dampMoments(moments, rows);
  if (!quantization::factorise(root))
    return;
  // What inputs without relations to each other are multiplied by.
  std::vector<double> product(rows * columns, 0);
  for (int64_t i = 0; i < rows; ++i)
    for (int64_t k = 0; k <= i; ++k)
      for (int64_t j = 0; j < columns; ++j)
        product[k * columns + j] +=
            root.at(i, k) * double(layer.weights[i * columns + j]);
  // The smaller one of its products with itself has the same eigenvalues.
  bool isWide = rows < columns;
  int64_t size = std::min(rows, columns);
  SquareMatrix squared(size), vectors(0);
  for (int64_t k = 0; k < (isWide ? columns : rows); ++k)
    for (int64_t i = 0; i < size; ++i) {
      double factor =
          isWide ? product[i * columns + k] : product[k * columns + i];
      for (int64_t j = 0; j < size; ++j)
        squared.at(i, j) += factor * (isWide ? product[j * columns + k]
                                             : product[k * columns + j]);
    }
  std::vector<double> values = quantization::diagonalise(squared, vectors);
  for (int64_t i = 0; i < size && values[i] > 1e-12 * values[0]; ++i) {
    std::vector<double> &direction = directions.emplace_back(columns, 0);
    for (int64_t j = 0; j < columns; ++j)
      direction[j] = isWide ? 0 : vectors.at(i, j);
    for (int64_t k = 0; isWide && k < rows; ++k)
      for (int64_t j = 0; j < columns; ++j)
        direction[j] +=
            vectors.at(i, k) * product[k * columns + j] / std::sqrt(values[i]);
    squares.push_back(values[i]);
  }
  for (double value : values)
    whole += std::max(value, 0.0);
}

double OutputDirections::divergence(int64_t rank) const {
  double left = whole;
  for (double square :
       ArrayRef(squares).take_front(std::min<size_t>(rank, squares.size())))
    left -= square;
  return whole > 0 ? std::sqrt(std::max(left, 0.0) / whole) : 0;
}

std::optional<int64_t> OutputDirections::findRank(double most) const {
  for (int64_t rank = 1; rank <= int64_t(squares.size()); ++rank)
    if (divergence(rank) <= most)
      return rank;
  return std::nullopt;
}

std::pair<std::vector<float>, std::vector<float>>
OutputDirections::factors(int64_t rank) const {
  int64_t rows = layer.rows(), columns = layer.columns;
  std::vector<float> first(rows * rank, 0), second(rank * columns, 0);
  for (int64_t k = 0; k < std::min<int64_t>(rank, directions.size()); ++k) {
    for (int64_t i = 0; i < rows; ++i) {
      double sum = 0;
      for (int64_t j = 0; j < columns; ++j)
        sum += double(layer.weights[i * columns + j]) * directions[k][j];
      first[i * rank + k] = float(sum);
    }
    for (int64_t j = 0; j < columns; ++j)
      second[k * columns + j] = float(directions[k][j]);
  }
  return {std::move(first), std::move(second)};
}
