//===- RangeRules.cpp - which range of values is expressed ------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "compiler/run/RangeRules.h"

#include "llvm/ADT/StringSwitch.h"

#include <algorithm>
#include <cmath>

using namespace edgecc;

void Histogram::add(float exampleLeast, float exampleMost) {
  least = std::min(least, exampleLeast);
  most = std::max(most, exampleMost);
  sumOfLeast += exampleLeast;
  sumOfMost += exampleMost;
}

void Histogram::count(float value) {
  auto bin = int64_t((double(value) - least) / width());
  ++counts[std::clamp<int64_t>(bin, 0, bins - 1)];
}

/// The mean square of what 8 bits make of the values, up to a factor.
static double errorOf(const Histogram &histogram, double least, double most) {
  double scale = (most - least) / 255, error = 0;
  for (int64_t bin = 0; bin < Histogram::bins; ++bin) {
    if (histogram.counts[bin] == 0)
      continue;
    double value = histogram.centre(bin);
    double rounded =
        std::clamp(std::nearbyint((value - least) / scale), 0.0, 255.0) *
            scale +
        least;
    error +=
        double(histogram.counts[bin]) * (value - rounded) * (value - rounded);
  }
  return error;
}

/// How much of what the counts say is lost where 8 bits express this range:
/// the divergence (Kullback and Leibler) of the values saturated to it from the
/// same values spread evenly over what each integer expresses. Zero, which is
/// frequent, is always expressed and does not count.
static double divergenceOf(const Histogram &histogram, double least,
                           double most) {
  constexpr int64_t levels = 256;
  constexpr double nothing = 1e-9;
  double scale = (most - least) / levels, total = 0, inside = 0;
  std::vector<double> reference(Histogram::bins, 0), sums(levels, 0);
  std::vector<int64_t> used(levels, 0), level(Histogram::bins, -1);
  for (int64_t bin = 0; bin < Histogram::bins; ++bin) {
    if (std::abs(histogram.centre(bin)) <= histogram.width() / 2)
      continue;
    double centre = histogram.centre(bin),
           count = double(histogram.counts[bin]);
    double seen = std::clamp(centre, least, most);
    int64_t place = bin;
    if (seen != centre)
      place = std::clamp<int64_t>(
          int64_t((seen - histogram.least) / histogram.width()), 0,
          Histogram::bins - 1);
    reference[place] += count;
    total += count;
    if (seen != centre || count == 0)
      continue;
    level[bin] =
        std::clamp<int64_t>(int64_t((centre - least) / scale), 0, levels - 1);
    sums[level[bin]] += count;
    ++used[level[bin]];
    inside += count;
  }
  if (inside == 0)
    return std::numeric_limits<double>::infinity();
  double divergence = 0;
  for (int64_t bin = 0; bin < Histogram::bins; ++bin) {
    if (reference[bin] == 0)
      continue;
    double share = reference[bin] / total, expressed = nothing;
    if (level[bin] >= 0)
      expressed = sums[level[bin]] / double(used[level[bin]]) / inside;
    divergence += share * std::log(share / expressed);
  }
  return divergence;
}

/// Shrinks the whole range toward zero as long as `errorOf` falls.
static CalibratedRange leastError(const Histogram &histogram,
                                  double (*errorOf)(const Histogram &, double,
                                                    double)) {
  CalibratedRange best{histogram.least, histogram.most};
  double bestError = std::numeric_limits<double>::infinity();
  for (int64_t step = 100; step >= 20; --step) {
    double factor = double(step) / 100;
    double least = std::min(double(histogram.least) * factor, 0.0);
    double most = std::max(double(histogram.most) * factor, 0.0);
    double error = errorOf(histogram, least, most);
    if (error < bestError) {
      bestError = error;
      best = {float(least), float(most)};
    }
  }
  return best;
}

/// Leaves out the outermost values, one in 10,000 in all.
static CalibratedRange percentile(const Histogram &histogram) {
  int64_t total = 0;
  for (int64_t count : histogram.counts)
    total += count;
  int64_t allowed = total / 20000;
  int64_t low = 0, high = Histogram::bins - 1;
  for (int64_t seen = histogram.counts[low]; seen <= allowed && low < high;)
    seen += histogram.counts[++low];
  for (int64_t seen = histogram.counts[high]; seen <= allowed && high > low;)
    seen += histogram.counts[--high];
  return {float(histogram.least + low * histogram.width()),
          float(histogram.least + (high + 1) * histogram.width())};
}

bool edgecc::needsCounts(RangeRule rule) {
  return rule != RangeRule::MinMax && rule != RangeRule::Average;
}

CalibratedRange edgecc::chooseRange(const Histogram &histogram, RangeRule rule,
                                    size_t examples) {
  switch (rule) {
  case RangeRule::MinMax:
    break;
  case RangeRule::Average:
    return {float(histogram.sumOfLeast / double(examples)),
            float(histogram.sumOfMost / double(examples))};
  case RangeRule::Percentile:
    return percentile(histogram);
  case RangeRule::MeanSquare:
    return leastError(histogram, errorOf);
  case RangeRule::Entropy:
    return leastError(histogram, divergenceOf);
  }
  return {histogram.least, histogram.most};
}

std::optional<RangeRule> edgecc::parseRangeRule(llvm::StringRef name) {
  return llvm::StringSwitch<std::optional<RangeRule>>(name)
      .Case("minmax", RangeRule::MinMax)
      .Case("average", RangeRule::Average)
      .Case("percentile", RangeRule::Percentile)
      .Case("mse", RangeRule::MeanSquare)
      .Case("entropy", RangeRule::Entropy)
      .Default(std::nullopt);
}
