//===- BlockRounding.h - weights to integers in blocks ----------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
//
// How the numbers of a matrix become integers with a scale for each column of a
// block of rows: each by itself, or such that the errors of the products with
// known inputs stay small (GPTQ).
//
//===----------------------------------------------------------------------===//

#ifndef EDGECC_PASSES_QUANTIZATION_BLOCKROUNDING_H
#define EDGECC_PASSES_QUANTIZATION_BLOCKROUNDING_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/STLFunctionalExtras.h"

#include <cstdint>
#include <vector>

namespace edgecc::quantization {

/// The integers that a scale gives for some numbers: ties to even, saturated.
struct Rounding {
  double least, most;

  double operator()(double number, double scale) const;
};

/// `number` as the f16 next to it, if that is finite.
float roundToHalf(double number);

/// A matrix as integers, row-major, and the scale of each column of each block
/// of `size` rows.
struct RoundedBlocks {
  std::vector<char> integers;
  std::vector<float> scales;
  int64_t columns = 0, size = 0;

  /// The number that the integer at position `i` expresses.
  double number(int64_t i) const {
    return double(integers[i]) *
           scales[i / columns / size * columns + i % columns];
  }
  bool empty() const { return integers.empty(); }
};

/// Rounds a row: `left` is the matrix as it would be without the errors of the
/// rows before, `rounded` receives what the row becomes.
using RoundRowFn =
    llvm::function_ref<void(int64_t row, llvm::ArrayRef<double> left,
                            llvm::MutableArrayRef<double> rounded)>;

/// Rounds the matrix of `columns` columns with these row-major elements one row
/// after the other. With `moments`, the sums of the products of each two inputs
/// (rows x rows), what rounding does to one row is made good by those after it,
/// as far as the inputs are related.
void roundRows(llvm::ArrayRef<float> matrix, int64_t columns,
               llvm::ArrayRef<double> moments, RoundRowFn round);

/// The matrix of `columns` columns with these row-major elements in blocks of
/// `size` rows; with `moments` as by `roundRows`.
RoundedBlocks roundBlocks(llvm::ArrayRef<float> matrix, int64_t columns,
                          int64_t size, const Rounding &rounding,
                          llvm::ArrayRef<double> moments = {});

} // namespace edgecc::quantization

#endif // EDGECC_PASSES_QUANTIZATION_BLOCKROUNDING_H
