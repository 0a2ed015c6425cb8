//===- BlockRounding.cpp - weights to integers in blocks --------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "passes/Quantization/BlockRounding.h"
#include "passes/Quantization/SquareMatrix.h"

#include "llvm/ADT/APFloat.h"
#include "llvm/Support/MathExtras.h"

#include <cmath>

using namespace edgecc::quantization;
using llvm::ArrayRef;

double Rounding::operator()(double number, double scale) const {
  if (scale == 0)
    return 0;
  return std::clamp(std::nearbyint(number / scale), least, most);
}

float edgecc::quantization::roundToHalf(double number) {
  llvm::APFloat half(number);
  bool losesInfo = false;
  half.convert(llvm::APFloat::IEEEhalf(), llvm::APFloat::rmNearestTiesToEven,
               &losesInfo);
  return half.isFinite() ? half.convertToFloat() : float(number);
}

/// The scale for which the squares of the rounding errors of `numbers` add up
/// to the least. The number furthest from zero gets one end of the integers, or
/// is cut off a little.
static float chooseScale(ArrayRef<double> numbers, const Rounding &rounding) {
  constexpr int64_t steps = 20;
  constexpr double shrink = 0.02;
  double furthest = 0;
  for (double number : numbers)
    if (std::abs(number) > std::abs(furthest))
      furthest = number;
  if (furthest == 0)
    return 0;
  float best = 0;
  double bestError = std::numeric_limits<double>::infinity();
  for (int64_t step = 0; step < steps; ++step)
    for (double end : {rounding.least, rounding.most}) {
      float scale = roundToHalf(furthest / end * (1 - shrink * double(step)));
      double error = 0;
      for (double number : numbers) {
        double apart = number - rounding(number, scale) * scale;
        error += apart * apart;
      }
      if (error < bestError) {
        bestError = error;
        best = scale;
      }
    }
  return best;
}

void edgecc::quantization::roundRows(ArrayRef<float> matrix, int64_t columns,
                                     ArrayRef<double> moments,
                                     RoundRowFn round) {
  int64_t rows = int64_t(matrix.size()) / columns;
  SquareMatrix related(0);
  if (!moments.empty())
    related = relateRows(moments, rows);
  std::vector<double> left(matrix.begin(), matrix.end()), rounded(columns);
  for (int64_t row = 0; row < rows; ++row) {
    round(row, left, rounded);
    for (int64_t i = row + 1; i < related.size; ++i) {
      double factor = related.at(i, row) / related.at(row, row);
      for (int64_t column = 0; column < columns; ++column)
        // What has been pruned stays so.
        if (matrix[i * columns + column] != 0)
          left[i * columns + column] -=
              (left[row * columns + column] - rounded[column]) * factor;
    }
  }
}

RoundedBlocks edgecc::quantization::roundBlocks(ArrayRef<float> matrix,
                                                int64_t columns, int64_t size,
                                                const Rounding &rounding,
                                                ArrayRef<double> moments) {
  int64_t rows = int64_t(matrix.size()) / columns;
  RoundedBlocks blocks;
  blocks.columns = columns;
  blocks.size = size;
  blocks.integers.resize(matrix.size());
  blocks.scales.resize(llvm::divideCeil(rows, size) * columns);
  roundRows(matrix, columns, moments,
            [&](int64_t row, ArrayRef<double> left,
                llvm::MutableArrayRef<double> rounded) {
              float *scales = blocks.scales.data() + row / size * columns;
              for (int64_t column = 0; column < columns; ++column) {
                if (row % size == 0) {
                  std::vector<double> numbers;
                  for (int64_t i = row; i < std::min(row + size, rows); ++i)
                    numbers.push_back(left[i * columns + column]);
                  scales[column] = chooseScale(numbers, rounding);
                }
                double integer =
                    rounding(left[row * columns + column], scales[column]);
                blocks.integers[row * columns + column] = char(int8_t(integer));
                rounded[column] = integer * scales[column];
              }
            });
  return blocks;
}
