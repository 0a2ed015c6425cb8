//===- StepOrderTest.cpp - the order with the least peak ------------------===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "passes/Memory/StepOrder.h"

#include "llvm/ADT/STLExtras.h"

#include <gtest/gtest.h>
#include <numeric>
#include <random>

using namespace edgecc::memory;

static bool isPossible(llvm::ArrayRef<Step> steps,
                       llvm::ArrayRef<unsigned> order) {
  std::vector<bool> done(steps.size(), false);
  for (unsigned step : order) {
    for (unsigned before : steps[step].after)
      if (!done[before])
        return false;
    done[step] = true;
  }
  return order.size() == steps.size();
}

/// Straight from the definition: who uses a buffer first and last.
static int64_t countPeak(llvm::ArrayRef<Step> steps,
                         llvm::ArrayRef<int64_t> sizes,
                         llvm::ArrayRef<unsigned> order) {
  int64_t peak = 0;
  for (size_t now = 0; now < order.size(); ++now) {
    int64_t bytes = 0;
    for (unsigned buffer = 0; buffer < sizes.size(); ++buffer) {
      bool before = false, after = false;
      for (size_t at = 0; at < order.size(); ++at)
        if (llvm::is_contained(steps[order[at]].buffers, buffer)) {
          before |= at <= now;
          after |= at >= now;
        }
      bytes += before && after ? sizes[buffer] : 0;
    }
    peak = std::max(peak, bytes);
  }
  return peak;
}

static int64_t tryAllOrders(llvm::ArrayRef<Step> steps,
                            llvm::ArrayRef<int64_t> sizes) {
  std::vector<unsigned> order(steps.size());
  std::iota(order.begin(), order.end(), 0);
  int64_t best = std::numeric_limits<int64_t>::max();
  do {
    if (isPossible(steps, order))
      best = std::min(best, countPeak(steps, sizes, order));
  } while (std::next_permutation(order.begin(), order.end()));
  return best;
}

TEST(StepOrder, Nothing) {
  EXPECT_EQ(orderSteps({}, {}).peak, 0);
  EXPECT_TRUE(orderSteps({}, {}).order.empty());
}

// Two branches that begin with a large buffer and end with a small one: one
// after the other, not side by side.
TEST(StepOrder, FinishesOneBranchBeforeTheNext) {
  Step steps[] = {{{}, {0}},     {{0}, {0, 1}}, {{0}, {0, 2}},
                  {{1}, {1, 3}}, {{2}, {2, 4}}, {{3, 4}, {3, 4, 5}}};
  int64_t sizes[] = {1, 100, 100, 1, 1, 1};
  StepOrder best = orderSteps(steps, sizes);
  EXPECT_TRUE(isPossible(steps, best.order));
  EXPECT_EQ(best.peak, 102);
  EXPECT_EQ(best.lowerBound, 102);
}

TEST(StepOrder, StaysWhereNothingIsBetter) {
  Step steps[] = {{{}, {0}}, {{}, {1}}, {{0, 1}, {0, 1, 2}}};
  int64_t sizes[] = {5, 5, 5};
  StepOrder best = orderSteps(steps, sizes);
  EXPECT_EQ(best.order, (llvm::SmallVector<unsigned>{0, 1, 2}));
  EXPECT_EQ(best.peak, 15);
}

// So many branches that not all sets of them can be looked at; the tensor that
// lives beside each of them is in the bound.
TEST(StepOrder, BoundsByWhatLivesThrough) {
  std::vector<Step> steps{{{}, {0}}};
  std::vector<int64_t> sizes{100};
  Step last{{0}, {0}};
  for (unsigned i = 1; i <= 60; ++i) {
    steps.push_back({{0}, {i}});
    sizes.push_back(i % 2 ? 8 : 10);
    last.after.push_back(i);
  }
  steps.push_back(last);
  StepOrder order = orderSteps(steps, sizes);
  EXPECT_EQ(order.peak, 110);
  EXPECT_EQ(order.lowerBound, 110);
}

TEST(StepOrder, SmallGraphsAreOptimal) {
  std::mt19937 random(5);
  int better = 0;
  for (int graph = 0; graph < 60; ++graph) {
    std::vector<Step> steps;
    std::vector<int64_t> sizes;
    for (unsigned i = 0; i < 7; ++i) {
      Step step;
      for (unsigned before = 0; before < i; ++before)
        if (random() % 3 == 0) {
          step.after.push_back(before);
          step.buffers.push_back(before);
        }
      step.buffers.push_back(i);
      sizes.push_back(1 + random() % 20);
      steps.push_back(step);
    }
    StepOrder best = orderSteps(steps, sizes);
    ASSERT_TRUE(isPossible(steps, best.order));
    EXPECT_EQ(best.peak, countPeak(steps, sizes, best.order));
    EXPECT_EQ(best.peak, measurePeak(steps, sizes, best.order));
    EXPECT_EQ(best.peak, tryAllOrders(steps, sizes));
    EXPECT_EQ(best.lowerBound, best.peak);
    std::vector<unsigned> given(steps.size());
    std::iota(given.begin(), given.end(), 0);
    better += best.peak < measurePeak(steps, sizes, given);
  }
  EXPECT_GT(better, 5);
}
