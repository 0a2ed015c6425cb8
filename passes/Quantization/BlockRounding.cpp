//===- BlockRounding.cpp - weights to integers in blocks --------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "passes/Quantization/BlockRounding.h"

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

//===----------------------------------------------------------------------===//
// Second order
//===----------------------------------------------------------------------===//

namespace {

/// A square matrix.
struct Square {
  explicit Square(int64_t size) : size(size), elements(size * size, 0) {}

  double &at(int64_t i, int64_t j) { return elements[i * size + j]; }
  double at(int64_t i, int64_t j) const { return elements[i * size + j]; }

  int64_t size;
  std::vector<double> elements;
};

} // namespace

/// Makes the lower triangle L of `a` with L L' = a; false if there is none.
static bool factorise(Square &a) {
  for (int64_t i = 0; i < a.size; ++i)
    for (int64_t j = 0; j <= i; ++j) {
      double sum = a.at(i, j);
      for (int64_t k = 0; k < j; ++k)
        sum -= a.at(i, k) * a.at(j, k);
      if (i != j)
        a.at(i, j) = sum / a.at(j, j);
      else if (sum > 0)
        a.at(i, i) = std::sqrt(sum);
      else
        return false;
    }
  return true;
}

/// The inverse of L L', of which `lower` has L.
static Square invert(const Square &lower) {
  int64_t size = lower.size;
  // Row j of `columns` is column j of the inverse of L.
  Square columns(size), inverse(size);
  for (int64_t j = 0; j < size; ++j)
    for (int64_t i = j; i < size; ++i) {
      double sum = i == j ? 1 : 0;
      for (int64_t k = j; k < i; ++k)
        sum -= lower.at(i, k) * columns.at(j, k);
      columns.at(j, i) = sum / lower.at(i, i);
    }
  for (int64_t i = 0; i < size; ++i)
    for (int64_t j = 0; j <= i; ++j) {
      double sum = 0;
      for (int64_t k = i; k < size; ++k)
        sum += columns.at(i, k) * columns.at(j, k);
      inverse.at(i, j) = inverse.at(j, i) = sum;
    }
  return inverse;
}

/// L with L L' = the inverse of `moments`, which is made a little rounder, so
/// that there is one; of size 0 if there is none nevertheless. Column i of it
/// says how rows after i make good what is wrong in row i.
static Square relations(ArrayRef<double> moments, int64_t size) {
  constexpr double damping = 0.01;
  Square lower(size);
  std::copy(moments.begin(), moments.end(), lower.elements.begin());
  double mean = 0;
  for (int64_t i = 0; i < size; ++i)
    mean += lower.at(i, i) / double(size);
  if (!(mean > 0))
    return Square(0);
  for (int64_t i = 0; i < size; ++i)
    lower.at(i, i) += damping * mean;
  if (!factorise(lower))
    return Square(0);
  Square inverse = invert(lower);
  return factorise(inverse) ? inverse : Square(0);
}

RoundedBlocks edgecc::quantization::roundBlocks(ArrayRef<float> matrix,
                                                int64_t columns, int64_t size,
                                                const Rounding &rounding,
                                                ArrayRef<double> moments) {
  int64_t rows = int64_t(matrix.size()) / columns;
  Square related(0);
  if (!moments.empty())
    related = relations(moments, rows);
  std::vector<double> left(matrix.begin(), matrix.end()), wrong(columns);
  RoundedBlocks rounded;
  rounded.columns = columns;
  rounded.size = size;
  rounded.integers.resize(matrix.size());
  rounded.scales.resize(llvm::divideCeil(rows, size) * columns);
  for (int64_t row = 0; row < rows; ++row) {
    float *scales = rounded.scales.data() + row / size * columns;
    if (row % size == 0)
      for (int64_t column = 0; column < columns; ++column) {
        std::vector<double> numbers;
        for (int64_t i = row; i < std::min(row + size, rows); ++i)
          numbers.push_back(left[i * columns + column]);
        scales[column] = chooseScale(numbers, rounding);
      }
    for (int64_t column = 0; column < columns; ++column) {
      double number = left[row * columns + column];
      double integer = rounding(number, scales[column]);
      rounded.integers[row * columns + column] = char(int8_t(integer));
      wrong[column] = number - integer * scales[column];
    }
    for (int64_t i = row + 1; i < related.size; ++i) {
      double factor = related.at(i, row) / related.at(row, row);
      for (int64_t column = 0; column < columns; ++column)
        left[i * columns + column] -= wrong[column] * factor;
    }
  }
  return rounded;
}
