//===- AdaptiveRounding.cpp - rounding that examples choose -----*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "passes/Quantization/AdaptiveRounding.h"
#include "passes/Quantization/SquareMatrix.h"

#include <algorithm>
#include <cmath>

using namespace llvm;
using namespace edgecc::quantization;

static constexpr double mostInteger = 127;

/// Rounds the numbers of one column; `row(k)` is row `k` of the moments.
template <typename RowFn>
static void roundColumn(MutableArrayRef<double> integers,
                        ArrayRef<double> exact, RowFn row) {
  size_t size = exact.size();
  // How the sum of squares grows with each number, in units of the scale.
  std::vector<double> slopes(size, 0);
  auto move = [&](size_t at, double step) {
    const double *products = row(at);
    for (size_t k = 0; k < size; ++k)
      slopes[k] += step * products[k];
  };
  for (size_t k = 0; k < size; ++k) {
    integers[k] =
        std::clamp(std::nearbyint(exact[k]), -mostInteger, mostInteger);
    if (integers[k] != exact[k])
      move(k, integers[k] - exact[k]);
  }
  constexpr int sweeps = 4;
  bool changed = true;
  for (int sweep = 0; sweep < sweeps && changed; ++sweep) {
    changed = false;
    for (size_t k = 0; k < size; ++k) {
      // The other of the two neighbours.
      double step = integers[k] > exact[k] ? -1 : 1;
      // What has been pruned stays so.
      if (exact[k] == 0 || std::abs(integers[k] + step - exact[k]) > 1 ||
          std::abs(integers[k] + step) > mostInteger ||
          2 * step * slopes[k] + row(k)[k] >= 0)
        continue;
      integers[k] += step;
      move(k, step);
      changed = true;
    }
  }
}

std::vector<double> edgecc::quantization::roundByMoments(
    ArrayRef<float> matrix, ArrayRef<double> scales, ArrayRef<double> moments) {
  size_t columns = scales.size(), rows = matrix.size() / columns;
  SquareMatrix damped = dampMoments(moments, int64_t(rows));
  std::vector<double> result(matrix.size()), integers(rows), exact(rows);
  for (size_t column = 0; column < columns; ++column) {
    for (size_t k = 0; k < rows; ++k)
      exact[k] = matrix[k * columns + column] / scales[column];
    roundColumn(integers, exact,
                [&](size_t k) { return &damped.at(int64_t(k), 0); });
    for (size_t k = 0; k < rows; ++k)
      result[k * columns + column] = integers[k];
  }
  return result;
}
