//===- SquareMatrix.h - what inputs have to do with each other --*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
//
// Factors of the symmetric matrices that hold the sums of the products of each
// two inputs ("moments"), for weights that make good what others lose.
//
//===----------------------------------------------------------------------===//

#ifndef EDGECC_PASSES_QUANTIZATION_SQUAREMATRIX_H
#define EDGECC_PASSES_QUANTIZATION_SQUAREMATRIX_H

#include "llvm/ADT/ArrayRef.h"

#include <cstdint>
#include <vector>

namespace edgecc::quantization {

/// A square matrix, row-major.
struct SquareMatrix {
  explicit SquareMatrix(int64_t size) : size(size), elements(size * size, 0) {}

  double &at(int64_t i, int64_t j) { return elements[i * size + j]; }
  double at(int64_t i, int64_t j) const { return elements[i * size + j]; }

  int64_t size;
  std::vector<double> elements;
};

/// Makes the lower triangle L of `a` with L L' = a; false if there is none.
bool factorise(SquareMatrix &a);

/// Makes of `numbers` what L L' takes to them; `lower` has L.
void solve(const SquareMatrix &lower, std::vector<double> &numbers);

/// The eigenvalues of the symmetric matrix `a`, the largest first, and their
/// eigenvectors as rows of `vectors`; leaves `a` diagonal (Jacobi's method).
std::vector<double> diagonalise(SquareMatrix &a, SquareMatrix &vectors);

/// `moments` (size x size), made a little rounder: few examples leave
/// directions open, in which nothing should move far.
SquareMatrix dampMoments(llvm::ArrayRef<double> moments, int64_t size);

/// L with L L' = the inverse of damped `moments`; of size 0 if there is none.
/// Column i of it says how rows after i make good what is wrong in row i.
SquareMatrix relateRows(llvm::ArrayRef<double> moments, int64_t size);

} // namespace edgecc::quantization

#endif // EDGECC_PASSES_QUANTIZATION_SQUAREMATRIX_H
