//===- ArenaPlannerTest.cpp - tests of the arena planner --------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "passes/Memory/ArenaPlanner.h"

#include "gtest/gtest.h"

#include <numeric>
#include <random>

using namespace edgecc::memory;

/// No two buffers share a byte at one time, all lie inside and aligned.
static void expectValid(llvm::ArrayRef<ArenaBuffer> buffers,
                        const ArenaPlan &plan, int64_t alignment) {
  ASSERT_EQ(plan.offsets.size(), buffers.size());
  EXPECT_GE(plan.size, plan.lowerBound);
  for (size_t i = 0; i < buffers.size(); ++i) {
    EXPECT_EQ(plan.offsets[i] % alignment, 0);
    EXPECT_GE(plan.offsets[i], 0);
    EXPECT_LE(plan.offsets[i] + buffers[i].size, plan.size);
    for (size_t j = 0; j < i; ++j) {
      bool sameTime = buffers[i].first <= buffers[j].last &&
                      buffers[j].first <= buffers[i].last;
      auto mayShare = [&](size_t result, size_t operand) {
        return buffers[result].over == int64_t(operand) &&
               plan.offsets[operand] >=
                   plan.offsets[result] + buffers[result].distance;
      };
      if (mayShare(i, j) || mayShare(j, i))
        continue;
      bool sameBytes = plan.offsets[i] < plan.offsets[j] + buffers[j].size &&
                       plan.offsets[j] < plan.offsets[i] + buffers[i].size;
      EXPECT_FALSE(sameTime && sameBytes) << i << " meets " << j;
    }
  }
}

TEST(ArenaPlanner, Nothing) {
  ArenaPlan plan = planArena({}, 64);
  EXPECT_EQ(plan.size, 0);
  EXPECT_EQ(plan.lowerBound, 0);
}

TEST(ArenaPlanner, EmptyBuffersTakeNothing) {
  ArenaBuffer buffers[] = {{0, 0, 9}, {0, 3, 4}};
  ArenaPlan plan = planArena(buffers, 64);
  EXPECT_EQ(plan.size, 0);
}

TEST(ArenaPlanner, AlignsSizes) {
  ArenaBuffer buffers[] = {{1, 0, 1}, {65, 1, 2}};
  ArenaPlan plan = planArena(buffers, 64);
  expectValid(buffers, plan, 64);
  EXPECT_EQ(plan.size, 192);
}

TEST(ArenaPlanner, ReusesWhatIsDead) {
  ArenaBuffer buffers[] = {{128, 0, 1}, {64, 1, 2}, {128, 2, 3}};
  ArenaPlan plan = planArena(buffers, 64);
  expectValid(buffers, plan, 64);
  EXPECT_EQ(plan.size, 192);
  EXPECT_EQ(plan.lowerBound, 192);
}

TEST(ArenaPlanner, EndsAreIncluded) {
  ArenaBuffer buffers[] = {{64, 0, 1}, {64, 1, 1}};
  EXPECT_EQ(planArena(buffers, 64).size, 128);
}

TEST(ArenaPlanner, ResultsOverOperands) {
  // As far apart as it must be, and not at all.
  ArenaBuffer apart[] = {{128, 0, 1}, {128, 1, 2, 0, 64}, {64, 1, 1}};
  ArenaPlan plan = planArena(apart, 64);
  expectValid(apart, plan, 64);
  EXPECT_EQ(plan.size, 256);
  EXPECT_EQ(plan.lowerBound, 256);
  ArenaBuffer inPlace[] = {{128, 0, 1}, {64, 1, 2, 0, 0}, {128, 2, 3, 1, 64}};
  plan = planArena(inPlace, 64);
  expectValid(inPlace, plan, 64);
  // The first one does not begin below the second one, which does not begin
  // below byte 64.
  EXPECT_EQ(plan.size, 192);
  EXPECT_TRUE(plan.isOptimal());
}

TEST(ArenaPlanner, RandomChainsOverOperands) {
  std::mt19937 random(3);
  for (int instance = 0; instance < 10; ++instance) {
    std::vector<ArenaBuffer> buffers;
    for (int64_t time = 0; time < 8; ++time) {
      int64_t size = 64 * (1 + random() % 20);
      ArenaBuffer result{size, time, time + 1};
      if (time > 0) {
        result.over = 2 * (time - 1);
        result.distance = random() % 200;
      }
      buffers.push_back(result);
      buffers.push_back({64 * int64_t(random() % 4), time, time});
    }
    ArenaPlan plan = planArena(buffers, 64);
    expectValid(buffers, plan, 64);
    EXPECT_LE(plan.size, plan.lowerBound * 3 / 2);
  }
}

TEST(ArenaPlanner, IsDeterministic) {
  std::mt19937 random(7);
  std::vector<ArenaBuffer> buffers;
  for (int i = 0; i < 100; ++i) {
    int64_t first = random() % 200;
    buffers.push_back(
        {int64_t(random() % 5000), first, first + int64_t(random() % 30)});
  }
  EXPECT_EQ(planArena(buffers, 64).offsets, planArena(buffers, 64).offsets);
}

TEST(ArenaPlanner, RandomInstances) {
  std::mt19937 random(1);
  double excess = 0;
  constexpr int instances = 300;
  for (int instance = 0; instance < instances; ++instance) {
    std::vector<ArenaBuffer> buffers;
    int count = 1 + random() % 60;
    int64_t alignment = int64_t(1) << (random() % 8);
    for (int i = 0; i < count; ++i) {
      int64_t first = random() % 80;
      buffers.push_back(
          {int64_t(random() % 10000), first, first + int64_t(random() % 12)});
    }
    ArenaPlan plan = planArena(buffers, alignment);
    expectValid(buffers, plan, alignment);
    EXPECT_EQ(plan.lowerBound, maxLiveBytes(buffers, alignment));
    if (plan.lowerBound)
      excess += double(plan.size) / plan.lowerBound - 1;
  }
  // On average a plan is close to what no plan can beat.
  EXPECT_LT(excess / instances, 0.03);
}

/// The smallest size of any order of placement, each buffer as low as it can.
static int64_t tryAllOrders(llvm::ArrayRef<ArenaBuffer> buffers) {
  std::vector<unsigned> order(buffers.size());
  std::iota(order.begin(), order.end(), 0);
  int64_t best = std::numeric_limits<int64_t>::max();
  do {
    std::vector<int64_t> offsets(buffers.size(), 0);
    int64_t size = 0;
    for (unsigned at = 0; at < order.size(); ++at) {
      const ArenaBuffer &buffer = buffers[order[at]];
      int64_t &offset = offsets[order[at]];
      for (bool moved = true; moved;) {
        moved = false;
        for (unsigned before = 0; before < at; ++before) {
          const ArenaBuffer &other = buffers[order[before]];
          int64_t begin = offsets[order[before]];
          if (buffer.first <= other.last && other.first <= buffer.last &&
              offset < begin + other.size && begin < offset + buffer.size) {
            offset = begin + other.size;
            moved = true;
          }
        }
      }
      size = std::max(size, offset + buffer.size);
    }
    best = std::min(best, size);
  } while (std::next_permutation(order.begin(), order.end()));
  return best;
}

static std::vector<ArenaBuffer> makeRandom(std::mt19937 &random, int count) {
  std::vector<ArenaBuffer> buffers;
  for (int i = 0; i < count; ++i) {
    int64_t first = random() % count;
    buffers.push_back({1 + int64_t(random() % 50), first,
                       first + int64_t(random() % (2 + count / 3))});
  }
  return buffers;
}

TEST(ArenaPlanner, SmallInstancesAreOptimal) {
  std::mt19937 random(3);
  for (int instance = 0; instance < 100; ++instance) {
    std::vector<ArenaBuffer> buffers = makeRandom(random, 7);
    ArenaPlan plan = planArena(buffers, 1);
    expectValid(buffers, plan, 1);
    EXPECT_TRUE(plan.isOptimal());
    EXPECT_EQ(plan.size, tryAllOrders(buffers));
  }
}

// Each result lies right below its operand, twice in a row: the room below the
// lower one and below the upper one would have to be filled by sums of 580, 240
// and 40, 80 apart. Many buffers that live at other times are in the way of a
// search over all.
TEST(ArenaPlanner, ProvesTheBoundOfAFewNeighbouringTimes) {
  std::vector<ArenaBuffer> buffers = {
      {320, 0, 1}, {320, 1, 2, 0, 80}, {580, 1, 1},
      {240, 1, 1}, {40, 1, 1},         {320, 2, 3, 1, 80},
      {580, 2, 2}, {240, 2, 2},        {40, 2, 2}};
  std::mt19937 random(7);
  for (ArenaBuffer buffer : makeRandom(random, 60)) {
    buffer.first += 10;
    buffer.last = std::min(buffer.last + 10, buffer.first + 2);
    buffers.push_back(buffer);
  }
  ArenaPlan plan = planArena(buffers, 1);
  expectValid(buffers, plan, 1);
  EXPECT_EQ(plan.lowerBound, 1260);
  EXPECT_EQ(plan.provenBound, 1300);
  EXPECT_TRUE(plan.isOptimal());
}

TEST(ArenaPlanner, ProvesThatTheBoundCannotBeReached) {
  std::mt19937 random(3);
  int aboveBound = 0;
  for (int instance = 0; instance < 1000; ++instance) {
    std::vector<ArenaBuffer> buffers = makeRandom(random, 14);
    ArenaPlan plan = planArena(buffers, 1);
    expectValid(buffers, plan, 1);
    EXPECT_TRUE(plan.isOptimal());
    aboveBound += plan.size > plan.lowerBound;
  }
  EXPECT_EQ(aboveBound, 1);
}
