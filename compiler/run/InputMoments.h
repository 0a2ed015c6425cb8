//===- InputMoments.h - how inputs of products are related ------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef EDGECC_COMPILER_RUN_INPUTMOMENTS_H
#define EDGECC_COMPILER_RUN_INPUTMOMENTS_H

#include "passes/Quantization/Calibrate.h"

namespace edgecc {

/// Sums the products of each two elements of the rows that go into a product.
class InputMoments {
public:
  explicit InputMoments(const ProductInput &input);

  /// Takes in the rows of one example; `elements` are those of the value.
  void add(llvm::ArrayRef<float> elements);
  /// The sums, a symmetric matrix.
  std::vector<double> take();

private:
  void addWindows(llvm::ArrayRef<float> elements);
  /// Takes in a row that lies in pieces of `pieceSize`; null for zeros.
  void addRow(llvm::ArrayRef<const float *> pieces, int64_t pieceSize);
  void flush();

  edge::ConvOp windows;
  int64_t size;
  std::vector<double> sums;
  /// Rows that are still to be multiplied, a few at a time.
  std::vector<double> rows;
};

} // namespace edgecc

#endif // EDGECC_COMPILER_RUN_INPUTMOMENTS_H
