//===- RegionPlannerTest.cpp - tests of the region planner ------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "passes/Memory/RegionPlanner.h"

#include "gtest/gtest.h"

#include <random>

using namespace edgecc::memory;

namespace {

TEST(RegionPlanner, OneRegionIsAnArena) {
  std::vector<ArenaBuffer> buffers{{100, 0, 1}, {64, 1, 2}, {64, 2, 3, 1, 0}};
  RegionPlan plan = planRegions(buffers, {100, 64, 64}, {{INT64_MAX, 1}}, 64);
  ArenaPlan arena = planArena(buffers, 64);
  EXPECT_EQ(plan.offsets, arena.offsets);
  EXPECT_EQ(plan.sizes[0], arena.size);
  EXPECT_EQ(plan.lowerBounds[0], arena.lowerBound);
}

TEST(RegionPlanner, BusyBuffersGetTheFastRegion) {
  // Both would fit; there is room for one.
  RegionPlan plan = planRegions({{64, 0, 3}, {64, 0, 3}}, {64, 640},
                                {{1024, 1}, {64, 4}}, 64);
  EXPECT_EQ(plan.regionOf[0], 0u);
  EXPECT_EQ(plan.regionOf[1], 1u);
}

TEST(RegionPlanner, WhatIsTooLargeForOneGoesToTheOther) {
  // The busy buffer would leave no room where the other one has to be.
  RegionPlan plan = planRegions({{64, 0, 3}, {512, 0, 3}}, {6400, 512},
                                {{64, 1}, {512, 4}}, 64);
  EXPECT_EQ(plan.regionOf[0], 0u);
  EXPECT_EQ(plan.regionOf[1], 1u);
}

TEST(RegionPlanner, TheSlowestTakesWhatFitsNowhere) {
  RegionPlan plan =
      planRegions({{512, 0, 3}}, {512}, {{64, 4}, {64, 1}, {64, 2}}, 64);
  EXPECT_EQ(plan.regionOf[0], 1u);
  EXPECT_EQ(plan.sizes[1], 512);
}

TEST(RegionPlanner, OnlyRegionsThatTakeABuffer) {
  llvm::SmallBitVector first(2), second(2);
  first[0] = true;
  second[1] = true;
  RegionPlan plan =
      planRegions({{64, 0, 3}, {512, 0, 3}}, {6400, 512},
                  {{64, 4, first}, {64, 2, second}, {64, 1, first}}, 64);
  EXPECT_EQ(plan.regionOf[0], 0u);
  // The slowest that takes it, although it does not fit there.
  EXPECT_EQ(plan.regionOf[1], 1u);
  EXPECT_EQ(plan.sizes[1], 512);
  EXPECT_EQ(plan.sizes[2], 0);
}

TEST(RegionPlanner, RandomInstances) {
  std::mt19937 random(5);
  for (int instance = 0; instance < 50; ++instance) {
    std::vector<ArenaBuffer> buffers;
    std::vector<int64_t> traffic;
    for (int i = 0, count = 1 + random() % 30; i < count; ++i) {
      int64_t first = random() % 20;
      buffers.push_back(
          {1 + int64_t(random() % 1000), first, first + int64_t(random() % 5)});
      traffic.push_back(buffers.back().size * (1 + random() % 4));
    }
    std::vector<ArenaRegion> regions{{100000, 1}, {2048, 8}, {4096, 2}};
    RegionPlan plan = planRegions(buffers, traffic, regions, 16);
    for (size_t i = 0; i < buffers.size(); ++i) {
      EXPECT_EQ(plan.offsets[i] % 16, 0);
      EXPECT_LE(plan.offsets[i] + buffers[i].size,
                plan.sizes[plan.regionOf[i]]);
      for (size_t j = 0; j < i; ++j)
        EXPECT_FALSE(plan.regionOf[i] == plan.regionOf[j] &&
                     buffers[i].first <= buffers[j].last &&
                     buffers[j].first <= buffers[i].last &&
                     plan.offsets[i] < plan.offsets[j] + buffers[j].size &&
                     plan.offsets[j] < plan.offsets[i] + buffers[i].size);
    }
    for (size_t region = 0; region < regions.size(); ++region)
      EXPECT_LE(plan.sizes[region], regions[region].bytes);
  }
}

} // namespace
