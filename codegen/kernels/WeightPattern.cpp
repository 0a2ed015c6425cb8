//===- WeightPattern.cpp - where the zeros of weights are -------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "codegen/kernels/WeightPattern.h"

#include "llvm/ADT/BitVector.h"
#include "llvm/ADT/Sequence.h"

using namespace edgecc;

namespace {

/// Weights as a matrix of zeros and others.
struct Zeros {
  explicit Zeros(const edge::ConstantView &weights)
      : isZero(unsigned(weights.size())) {
    llvm::ArrayRef<int64_t> shape = weights.getType().getShape();
    columns = shape.back();
    channels = shape[shape.size() - 2];
    rows = weights.size() / columns;
    for (int64_t i : llvm::seq(weights.size()))
      isZero[unsigned(i)] = weights.real(i) == 0;
  }

  /// How many of these output channels by rows are zero.
  int64_t count(int64_t row, int64_t numRows, int64_t column,
                int64_t numColumns) const {
    int64_t zeros = 0;
    for (int64_t i : llvm::seq(row, row + numRows))
      for (int64_t j : llvm::seq(column, column + numColumns))
        zeros += isZero.test(unsigned(i * columns + j));
    return zeros;
  }

  /// Whether at most `kept` of each `group` input channels are not zero.
  bool hasGroups(int64_t kept, int64_t group) const {
    if (channels % group)
      return false;
    for (int64_t row = 0; row < rows; row += group)
      for (int64_t column : llvm::seq(columns))
        if (group - count(row, group, column, 1) > kept)
          return false;
    return true;
  }

  /// Whether nearly all zeros are in blocks of zeros.
  bool hasBlocks(int64_t outputs, int64_t inputs) const {
    if (columns % outputs || channels % inputs)
      return false;
    constexpr int64_t fewIn = 50;
    int64_t strays = 0;
    for (int64_t row = 0; row < rows; row += inputs)
      for (int64_t column = 0; column < columns; column += outputs) {
        int64_t zeros = count(row, inputs, column, outputs);
        if (zeros < inputs * outputs)
          strays += zeros;
      }
    return strays * fewIn <= int64_t(isZero.count());
  }

  llvm::BitVector isZero;
  int64_t rows, channels, columns;
};

} // namespace

int64_t kernels::countZeros(const edge::ConstantView &weights) {
  int64_t zeros = 0;
  for (int64_t i : llvm::seq(weights.size()))
    zeros += weights.real(i) == 0;
  return zeros;
}

std::string kernels::drawWeights(const edge::ConstantView &weights) {
  constexpr int64_t mostLines = 32, mostColumns = 64;
  Zeros zeros(weights);
  if (zeros.rows == 0 || zeros.columns == 0)
    return "";
  int64_t lines = std::min(zeros.columns, mostLines);
  int64_t columns = std::min(zeros.rows, mostColumns);
  std::string text;
  for (int64_t i : llvm::seq(lines)) {
    int64_t channel = i * zeros.columns / lines;
    int64_t channels = (i + 1) * zeros.columns / lines - channel;
    text += i ? "\n" : "";
    for (int64_t j : llvm::seq(columns)) {
      int64_t row = j * zeros.rows / columns;
      int64_t rows = (j + 1) * zeros.rows / columns - row;
      int64_t all = rows * channels;
      int64_t others = all - zeros.count(row, rows, channel, channels);
      // One weight is more than none.
      text += char('0' + (others * 9 + all - 1) / all);
    }
  }
  return text;
}

std::string kernels::findPattern(const edge::ConstantView &weights) {
  // Fewer zeros are nothing to speak of.
  constexpr int64_t fewIn = 10;
  if (countZeros(weights) * fewIn < weights.size())
    return "dense";
  Zeros zeros(weights);
  // The strictest first.
  for (auto [outputs, inputs] : {std::pair(16, 1), {4, 4}, {4, 1}, {1, 4}})
    if (zeros.hasBlocks(outputs, inputs))
      return std::to_string(outputs) + "x" + std::to_string(inputs);
  for (auto [kept, group] : {std::pair(1, 4), {2, 4}, {4, 8}})
    if (zeros.hasGroups(kept, group))
      return std::to_string(kept) + ":" + std::to_string(group);
  return "unstructured";
}
