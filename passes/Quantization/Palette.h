//===- Palette.h - numbers of few values ------------------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef EDGECC_PASSES_QUANTIZATION_PALETTE_H
#define EDGECC_PASSES_QUANTIZATION_PALETTE_H

#include "llvm/ADT/ArrayRef.h"

#include <cstdint>
#include <vector>

namespace edgecc::quantization {

/// A few numbers, in order, that others are rounded to.
class Palette {
public:
  /// At most `size` of them, such that the squares of what `numbers` are off by
  /// add up to little, together with the bits that name them in a code with few
  /// bits for frequent ones (k-means with an entropy constraint). Those in
  /// `fixed` are always among them.
  static Palette choose(std::vector<double> numbers, size_t size,
                        llvm::ArrayRef<double> fixed);

  llvm::ArrayRef<double> getLevels() const { return levels; }
  /// The one that stands for `number`.
  double operator()(double number) const;
  /// Rounds all of them to integers.
  void makeIntegers();

private:
  /// Each number below a limit has a level before the one of that position.
  std::vector<double> levels, limits;
};

} // namespace edgecc::quantization

#endif // EDGECC_PASSES_QUANTIZATION_PALETTE_H
