//===- LayoutsTest.cpp - tests of layouts and cuts --------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "passes/Layout/Layouts.h"
#include "passes/Layout/MinCut.h"

#include "gtest/gtest.h"

#include <random>

using namespace edgecc::layout;

using Dims = std::vector<int64_t>;

static Dims toVector(llvm::ArrayRef<int64_t> dims) {
  return Dims(dims.begin(), dims.end());
}

TEST(Layouts, ConversionBringsOneLayoutToTheOther) {
  Dims shape{2, 3, 5, 7}, from{0, 2, 3, 1}, to{3, 0, 1, 2};
  auto held = permute(shape, from);
  EXPECT_EQ(toVector(permute(held, conversion(from, to))),
            toVector(permute(shape, to)));
}

TEST(Layouts, InverseUndoes) {
  Dims layout{2, 0, 3, 1}, shape{2, 3, 5, 7};
  EXPECT_EQ(toVector(permute(permute(shape, layout), inverse(layout))), shape);
}

TEST(Layouts, UnitDimensionsMoveFreely) {
  EXPECT_TRUE(sameOrder({1, 8, 1, 1}, {0, 1, 2, 3}, {0, 2, 3, 1}));
  EXPECT_TRUE(sameOrder({1, 8, 4, 1}, {0, 1, 2, 3}, {1, 2, 0, 3}));
  EXPECT_FALSE(sameOrder({1, 8, 4, 1}, {0, 1, 2, 3}, {0, 2, 3, 1}));
}

TEST(Layouts, LowerUndoesLift) {
  Dims layout{1, 0};
  EXPECT_EQ(toVector(lift(layout, 2)), (Dims{0, 1, 3, 2}));
  EXPECT_EQ(toVector(lower(lift(layout, 2), 2)), layout);
}

TEST(Layouts, ReshapeKeepsSplitDimensionsTogether) {
  // (1, 6, 4, 5) channels last, channels split into (2, 3).
  auto split = mapThroughReshape({1, 6, 4, 5}, {1, 2, 3, 4, 5}, {0, 2, 3, 1});
  ASSERT_TRUE(split);
  EXPECT_EQ(toVector(*split), (Dims{0, 3, 4, 1, 2}));
  auto merged = mapThroughReshape({1, 2, 3, 4, 5}, {1, 6, 4, 5}, *split);
  ASSERT_TRUE(merged);
  EXPECT_EQ(toVector(*merged), (Dims{0, 2, 3, 1}));
}

TEST(Layouts, ReshapeTearsNothingApart) {
  EXPECT_FALSE(mapThroughReshape({2, 3, 4}, {6, 4}, {0, 2, 1}));
  EXPECT_FALSE(mapThroughReshape({2, 3, 4}, {6, 4}, {1, 0, 2}));
  EXPECT_FALSE(mapThroughReshape({0, 3}, {3, 0}, {0, 1}));
}

TEST(Layouts, ReshapePlacesNewUnitDimensions) {
  auto squeezed = mapThroughReshape({1, 8, 5}, {1, 8, 1, 5}, {0, 2, 1});
  ASSERT_TRUE(squeezed);
  EXPECT_EQ(toVector(*squeezed), (Dims{0, 2, 3, 1}));
}

/// Sums of random costs, small enough to try all choices.
TEST(BinaryMinimizer, FindsTheOptimum) {
  std::mt19937 random(3);
  for (int instance = 0; instance < 200; ++instance) {
    unsigned count = 1 + random() % 8;
    struct Pair {
      unsigned a, b;
      int64_t cost[4];
    };
    std::vector<std::pair<int64_t, int64_t>> unary;
    std::vector<Pair> pairs;
    BinaryMinimizer minimizer(count);
    for (unsigned i = 0; i < count; ++i) {
      unary.emplace_back(random() % 20, random() % 20);
      minimizer.addCost(i, unary[i].first, unary[i].second);
    }
    for (unsigned i = 0; count > 1 && i < 2 * count; ++i) {
      Pair pair{unsigned(random() % count), unsigned(random() % count), {}};
      if (pair.a == pair.b)
        continue;
      // Agreement never costs more than disagreement.
      pair.cost[0] = random() % 5;
      pair.cost[1] = 5 + random() % 10;
      pair.cost[2] = 5 + random() % 10;
      pair.cost[3] = random() % 5;
      pairs.push_back(pair);
      minimizer.addPair(pair.a, pair.b, pair.cost[0], pair.cost[1],
                        pair.cost[2], pair.cost[3]);
    }
    auto total = [&](auto value) {
      int64_t sum = 0;
      for (unsigned i = 0; i < count; ++i)
        sum += value(i) ? unary[i].second : unary[i].first;
      for (const Pair &pair : pairs)
        sum += pair.cost[2 * value(pair.a) + value(pair.b)];
      return sum;
    };
    int64_t best = std::numeric_limits<int64_t>::max();
    for (unsigned bits = 0; bits < (1u << count); ++bits)
      best = std::min(best, total([&](unsigned i) { return bits >> i & 1; }));
    auto found = minimizer.solve();
    EXPECT_EQ(total([&](unsigned i) { return int(found[i]); }), best);
  }
}

TEST(BinaryMinimizer, StaysAtZeroOnATie) {
  BinaryMinimizer minimizer(2);
  minimizer.addPair(0, 1, 0, 4, 4, 0);
  auto values = minimizer.solve();
  EXPECT_FALSE(values[0]);
  EXPECT_FALSE(values[1]);
}
