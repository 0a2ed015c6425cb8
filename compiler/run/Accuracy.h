//===- Accuracy.h - how well a network is approximated ----------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef EDGECC_COMPILER_RUN_ACCURACY_H
#define EDGECC_COMPILER_RUN_ACCURACY_H

#include "passes/Quantization/Parameters.h"

#include "llvm/Support/raw_ostream.h"

#include <string>
#include <vector>

namespace edgecc {

/// Sums over pairs of a number and its approximation.
class Divergence {
public:
  void add(double number, double approximation);
  void add(llvm::ArrayRef<float> numbers, llvm::ArrayRef<float> approximations);

  /// Signal to noise; infinite where there is no noise.
  double decibels() const;
  /// The cosine of the angle between the two.
  double cosine() const;
  /// The L2 norm of the error over that of the numbers.
  double relative() const;
  /// The largest difference.
  double largest() const { return worst; }

private:
  double signal = 0, noise = 0, product = 0, power = 0, worst = 0;
};

/// What became of one value inside a network.
struct ValueAccuracy {
  std::string name;
  quantization::Parameters parameters;
  /// What it is in the quantised network, over all and per channel: position
  /// of the last dimension.
  Divergence whole;
  std::vector<Divergence> channels;
  /// What its own rounding and saturation do to it.
  Divergence rounding;
  float least = std::numeric_limits<float>::infinity();
  float most = -std::numeric_limits<float>::infinity();
  int64_t saturated = 0, elements = 0;
  /// How often integers occur, in equal parts of all that there are.
  std::vector<int64_t> counts = std::vector<int64_t>(64, 0);

  /// Takes in one example: the elements in the network of real numbers and in
  /// the quantised one.
  void add(llvm::ArrayRef<float> real, llvm::ArrayRef<float> quantised);

  /// Of the range that integers express, the part that occurs.
  double rangeUse() const;
  /// The share of the elements that were cut off.
  double saturation() const;
  /// At most `count` channels, the one with most noise first.
  llvm::SmallVector<size_t> worstChannels(size_t count) const;
};

/// One result of a network. Classes are the positions of the largest elements
/// of the last dimension.
struct OutputAccuracy {
  std::string name;
  Divergence whole = {};
  int64_t classes = 0, sameClass = 0;

  /// Takes in one example; `width` is the size of the last dimension.
  void add(llvm::ArrayRef<float> real, llvm::ArrayRef<float> quantised,
           int64_t width);
};

/// The examples of one group.
struct GroupAccuracy {
  int64_t group = 0, examples = 0;
  /// Of the results of real numbers.
  Divergence whole;
  /// Right answers, where the examples have labels.
  int64_t right = 0, quantisedRight = 0;
};

/// Of a network of real numbers and the quantised one that it became.
struct AccuracyReport {
  int64_t examples = 0;
  bool hasLabels = false;
  /// All examples, and each group of them if they have any.
  GroupAccuracy all;
  std::vector<GroupAccuracy> groups;
  std::vector<OutputAccuracy> outputs;
  std::vector<ValueAccuracy> values;

  /// Writes JSON, or a page of HTML.
  void write(llvm::raw_ostream &os) const;
  void writePage(llvm::raw_ostream &os) const;
};

/// The position of the largest element; the first of several.
int64_t largestElement(llvm::ArrayRef<float> elements);

} // namespace edgecc

#endif // EDGECC_COMPILER_RUN_ACCURACY_H
