//===- FormPath.h - from what loses least to what costs least ---*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef EDGECC_PASSES_QUANTIZATION_FORMPATH_H
#define EDGECC_PASSES_QUANTIZATION_FORMPATH_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"

#include <optional>

namespace edgecc::quantization {

/// What a layer in one of its forms does to the whole network.
struct FormPrice {
  /// Losses of layers add up: squares of independent errors.
  double loss = 0;
  double cost = 0;
};

/// Choices of a form for each layer, in order: the first has the least loss,
/// and each following one makes one layer cheaper, the one that loses least for
/// what it saves. Of all choices that cost no more than one on the way, but for
/// the last step, none loses less by the sum of these losses.
class FormPath {
public:
  /// `layers` has the prices by form; a form without a price is not there. Each
  /// layer has at least one.
  explicit FormPath(
      llvm::ArrayRef<llvm::SmallVector<std::optional<FormPrice>>> layers);

  /// The number of choices, at least one.
  size_t size() const { return steps.size() + 1; }
  /// The forms by layer.
  llvm::SmallVector<unsigned> at(size_t position) const;

private:
  struct Step {
    size_t layer;
    unsigned form;
    /// Loss per cost that it saves.
    double slope;
    /// Among all steps as they were found.
    size_t position;
  };
  llvm::SmallVector<unsigned> first;
  llvm::SmallVector<Step> steps;
};

} // namespace edgecc::quantization

#endif // EDGECC_PASSES_QUANTIZATION_FORMPATH_H
