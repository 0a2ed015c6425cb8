//===- RangeRules.h - which range of values is expressed --------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef EDGECC_COMPILER_RUN_RANGERULES_H
#define EDGECC_COMPILER_RUN_RANGERULES_H

#include "compiler/run/Calibrate.h"

#include <limits>
#include <vector>

namespace edgecc {

/// How often values occur in equal parts of an interval.
struct Histogram {
  static constexpr int64_t bins = 2048;

  float least = std::numeric_limits<float>::infinity();
  float most = -std::numeric_limits<float>::infinity();
  /// Of the extremes of each example.
  double sumOfLeast = 0, sumOfMost = 0;
  std::vector<int64_t> counts = std::vector<int64_t>(bins, 0);

  double width() const { return (double(most) - least) / bins; }
  double centre(int64_t bin) const { return least + (bin + 0.5) * width(); }
  /// Takes in the extremes of an example.
  void add(float exampleLeast, float exampleMost);
  void count(float value);
};

/// Whether a rule asks how often values occur between the extremes.
bool needsCounts(RangeRule rule);

/// The range that `rule` takes of values with this histogram, of which not all
/// are the same, from so many examples.
CalibratedRange chooseRange(const Histogram &histogram, RangeRule rule,
                            size_t examples);

} // namespace edgecc

#endif // EDGECC_COMPILER_RUN_RANGERULES_H
