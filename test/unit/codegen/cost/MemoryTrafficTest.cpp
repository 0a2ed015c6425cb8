//===- MemoryTrafficTest.cpp - where data comes from ------------*- C++ -*-===//
//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "codegen/cost/MemoryTraffic.h"

#include "gtest/gtest.h"

using namespace edgecc;

namespace {

constexpr int64_t KiB = 1024, MiB = 1024 * KiB;

/// The second layer finds what the first one left; weights are evicted by the
/// time that the network runs again.
TEST(MemoryTraffic, DistanceDecides) {
  std::vector<std::vector<OperandMemory>> layers = {
      {{/*base=*/0, 0, 64 * MiB}, {/*base=*/1, 0, 16 * KiB}},
      {{/*base=*/1, 0, 16 * KiB}}};
  std::vector<MemoryTraffic> traffic =
      findTraffic(layers, {32 * KiB, MiB, 32 * MiB});
  EXPECT_EQ(traffic[0].memory, 64 * MiB + 16 * KiB);
  EXPECT_EQ(traffic[1].l1, 16 * KiB);
  EXPECT_EQ(traffic[1].total(), 16 * KiB);
}

TEST(MemoryTraffic, SmallNetworksStayInTheSecondCache) {
  std::vector<std::vector<OperandMemory>> layers = {{{0, 0, 256 * KiB}},
                                                    {{1, 100, 128 * KiB}}};
  std::vector<MemoryTraffic> traffic =
      findTraffic(layers, {32 * KiB, MiB, 32 * MiB});
  EXPECT_EQ(traffic[0].l2, 256 * KiB);
  EXPECT_EQ(traffic[1].l2, 128 * KiB);
}

TEST(MemoryTraffic, WithoutCachesAllIsNear) {
  std::vector<std::vector<OperandMemory>> layers = {{{0, 0, MiB}}};
  EXPECT_EQ(findTraffic(layers, {})[0].l1, MiB);
}

} // namespace
