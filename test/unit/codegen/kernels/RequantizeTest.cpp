//===- RequantizeTest.cpp - quotients as products ---------------*- C++ -*-===//
//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "codegen/kernels/Requantize.h"

#include "gtest/gtest.h"

#include <cmath>
#include <limits>
#include <random>

using namespace edgecc::kernels;

namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();

float clampTo(float x, int64_t low, int64_t high) {
  return std::fmin(std::fmax(std::nearbyint(x), low), high);
}

TEST(Requantize, FactorsRoundAsQuotientsDo) {
  std::mt19937 random(1);
  std::uniform_real_distribution<float> exponents(-12, 12), units(-1.5, 1.5);
  int found = 0;
  for (int i = 0; i < 300; ++i) {
    float divisor = std::exp2(exponents(random));
    auto factors = findFactors(divisor, -128, 255);
    if (!factors)
      continue;
    ++found;
    auto check = [&](float x) {
      float sum = std::fma(x, factors->first, x * factors->second);
      ASSERT_EQ(clampTo(sum, -128, 255), clampTo(x / divisor, -128, 255))
          << x << " / " << divisor;
    };
    for (int j = 0; j < 2000; ++j)
      check(units(random) * 256 * divisor);
    // Where rounding turns over.
    for (int integer = -130; integer < 258; ++integer) {
      float x = (integer + 0.5f) * divisor;
      for (int step = 0; step < 6; ++step)
        check(x = std::nextafter(x, infinity));
      for (int step = 0; step < 12; ++step)
        check(x = std::nextafter(x, -infinity));
    }
    check(0);
    check(std::numeric_limits<float>::max());
    if (factors->second != 0) {
      check(infinity);
      check(-infinity);
    }
  }
  // Each division that is left costs as much as the rest of an epilogue.
  EXPECT_GE(found, 295);
}

TEST(Requantize, PowersOfTwoHaveOneFactor) {
  auto factors = findFactors(0.25f, -32768, 65535);
  ASSERT_TRUE(factors);
  EXPECT_EQ(factors->first, 4);
  EXPECT_EQ(factors->second, 0);
}

TEST(Requantize, NoFactorsForWhatIsNoScale) {
  EXPECT_FALSE(findFactors(0, 0, 255));
  EXPECT_FALSE(findFactors(-1, 0, 255));
  EXPECT_FALSE(findFactors(infinity, 0, 255));
  EXPECT_FALSE(findFactors(std::nanf(""), 0, 255));
  EXPECT_FALSE(findFactors(1e-40f, 0, 255));
}

} // namespace
