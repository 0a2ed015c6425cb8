//===- SquareMatrix.cpp - what inputs have to do with each other *- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "passes/Quantization/SquareMatrix.h"

#include "llvm/ADT/STLExtras.h"

#include <algorithm>
#include <cmath>

using namespace edgecc::quantization;

/// The sum of the products of `count` pairs, in a few chains that do not wait
/// for each other.
static double dot(const double *a, const double *b, int64_t count) {
  constexpr int64_t chains = 8;
  double sums[chains] = {};
  int64_t i = 0;
  for (; i + chains <= count; i += chains)
    for (int64_t chain = 0; chain < chains; ++chain)
      sums[chain] += a[i + chain] * b[i + chain];
  double sum = 0;
  for (; i < count; ++i)
    sum += a[i] * b[i];
  for (double part : sums)
    sum += part;
  return sum;
}

bool edgecc::quantization::factorise(SquareMatrix &a) {
  for (int64_t i = 0; i < a.size; ++i)
    for (int64_t j = 0; j <= i; ++j) {
      double sum = a.at(i, j) - dot(&a.at(i, 0), &a.at(j, 0), j);
      if (i != j)
        a.at(i, j) = sum / a.at(j, j);
      else if (sum > 0)
        a.at(i, i) = std::sqrt(sum);
      else
        return false;
    }
  return true;
}

void edgecc::quantization::solve(const SquareMatrix &lower,
                                 std::vector<double> &numbers) {
  int64_t size = lower.size;
  for (int64_t i = 0; i < size; ++i)
    numbers[i] = (numbers[i] -
                  dot(lower.elements.data() + i * size, numbers.data(), i)) /
                 lower.at(i, i);
  for (int64_t i = size; i-- > 0;) {
    numbers[i] /= lower.at(i, i);
    for (int64_t j = 0; j < i; ++j)
      numbers[j] -= lower.at(i, j) * numbers[i];
  }
}

/// Turns rows `p` and `q` of a matrix towards each other.
static void turn(double *p, double *q, int64_t size, double cosine,
                 double sine) {
  for (int64_t k = 0; k < size; ++k) {
    double first = p[k], second = q[k];
    p[k] = cosine * first - sine * second;
    q[k] = sine * first + cosine * second;
  }
}

std::vector<double> edgecc::quantization::diagonalise(SquareMatrix &a,
                                                      SquareMatrix &vectors) {
  int64_t size = a.size;
  vectors = SquareMatrix(size);
  for (int64_t i = 0; i < size; ++i)
    vectors.at(i, i) = 1;
  double whole = std::sqrt(
      dot(a.elements.data(), a.elements.data(), int64_t(a.elements.size())));
  constexpr int sweeps = 30;
  constexpr double tiny = 1e-13;
  bool hasTurned = true;
  for (int sweep = 0; sweep < sweeps && hasTurned; ++sweep) {
    hasTurned = false;
    for (int64_t p = 0; p < size; ++p)
      for (int64_t q = p + 1; q < size; ++q) {
        double beside = a.at(p, q);
        if (std::abs(beside) <= tiny * whole / double(size))
          continue;
        hasTurned = true;
        // The smaller of both angles that make it zero.
        double ratio = (a.at(q, q) - a.at(p, p)) / (2 * beside);
        double tangent = (ratio >= 0 ? 1 : -1) /
                         (std::abs(ratio) + std::sqrt(ratio * ratio + 1));
        double cosine = 1 / std::sqrt(tangent * tangent + 1);
        double sine = tangent * cosine;
        double corner = a.at(p, p) - tangent * beside;
        double other = a.at(q, q) + tangent * beside;
        turn(&a.at(p, 0), &a.at(q, 0), size, cosine, sine);
        for (int64_t k = 0; k < size; ++k) {
          a.at(k, p) = a.at(p, k);
          a.at(k, q) = a.at(q, k);
        }
        a.at(p, p) = corner;
        a.at(q, q) = other;
        a.at(p, q) = a.at(q, p) = 0;
        turn(&vectors.at(p, 0), &vectors.at(q, 0), size, cosine, sine);
      }
  }
  std::vector<int64_t> order(size);
  for (int64_t i = 0; i < size; ++i)
    order[i] = i;
  std::sort(order.begin(), order.end(), [&](int64_t i, int64_t j) {
    return std::pair(-a.at(i, i), i) < std::pair(-a.at(j, j), j);
  });
  std::vector<double> values;
  SquareMatrix sorted(size);
  for (auto [row, i] : llvm::enumerate(order)) {
    values.push_back(a.at(i, i));
    std::copy_n(&vectors.at(i, 0), size, &sorted.at(int64_t(row), 0));
  }
  vectors = std::move(sorted);
  return values;
}

/// The inverse of L L', of which `lower` has L.
static SquareMatrix invert(const SquareMatrix &lower) {
  int64_t size = lower.size;
  // Row j of `columns` is column j of the inverse of L.
  SquareMatrix columns(size), inverse(size);
  for (int64_t j = 0; j < size; ++j)
    for (int64_t i = j; i < size; ++i) {
      double sum = (i == j ? 1 : 0) - dot(lower.elements.data() + i * size + j,
                                          &columns.at(j, j), i - j);
      columns.at(j, i) = sum / lower.at(i, i);
    }
  for (int64_t i = 0; i < size; ++i)
    for (int64_t j = 0; j <= i; ++j)
      inverse.at(i, j) = inverse.at(j, i) =
          dot(&columns.at(i, i), &columns.at(j, i), size - i);
  return inverse;
}

SquareMatrix edgecc::quantization::dampMoments(llvm::ArrayRef<double> moments,
                                               int64_t size) {
  constexpr double damping = 0.01;
  SquareMatrix damped(size);
  std::copy(moments.begin(), moments.end(), damped.elements.begin());
  double mean = 0;
  for (int64_t i = 0; i < size; ++i)
    mean += damped.at(i, i) / double(size);
  for (int64_t i = 0; i < size; ++i)
    damped.at(i, i) += damping * mean;
  return damped;
}

SquareMatrix edgecc::quantization::relateRows(llvm::ArrayRef<double> moments,
                                              int64_t size) {
  SquareMatrix lower = dampMoments(moments, size);
  if (!factorise(lower))
    return SquareMatrix(0);
  SquareMatrix inverse = invert(lower);
  return factorise(inverse) ? inverse : SquareMatrix(0);
}
