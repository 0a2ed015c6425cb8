//===- RoundingTest.cpp - tests of rounding and fixed point -----*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "passes/Quantization/AdaptiveRounding.h"
#include "passes/Quantization/TfliteArithmetic.h"

#include "gtest/gtest.h"

#include <cmath>
#include <random>

using namespace edgecc::quantization;

/// What a product with `weights` of an input with these moments is off by,
/// squared.
static double disturbance(llvm::ArrayRef<double> integers,
                          llvm::ArrayRef<float> weights, double scale,
                          llvm::ArrayRef<double> moments) {
  size_t size = weights.size();
  double sum = 0;
  for (size_t i = 0; i < size; ++i)
    for (size_t k = 0; k < size; ++k)
      sum += (integers[i] * scale - weights[i]) * moments[i * size + k] *
             (integers[k] * scale - weights[k]);
  return sum;
}

TEST(AdaptiveRounding, EqualInputsShareTheirError) {
  std::vector<double> integers =
      roundByMoments({0.4f, 0.4f}, {1.0}, {1.0, 1.0, 1.0, 1.0});
  EXPECT_EQ(integers[0] + integers[1], 1);
}

TEST(AdaptiveRounding, IndependentInputsRoundToTheNearest) {
  std::vector<double> integers =
      roundByMoments({0.4f, -0.6f, 300.0f}, {1.0},
                     {1.0, 0.0, 0.0, 0.0, 2.0, 0.0, 0.0, 0.0, 3.0});
  EXPECT_EQ(integers, (std::vector<double>{0, -1, 127}));
}

TEST(AdaptiveRounding, IsNeverWorseThanTheNearest) {
  std::mt19937 random(1);
  std::normal_distribution<float> normal;
  constexpr size_t size = 12, examples = 40;
  for (int round = 0; round < 20; ++round) {
    std::vector<double> moments(size * size, 0);
    for (size_t e = 0; e < examples; ++e) {
      float shared = normal(random), input[size];
      for (float &number : input)
        number = shared + 0.5f * normal(random);
      for (size_t i = 0; i < size * size; ++i)
        moments[i] += input[i / size] * input[i % size];
    }
    std::vector<float> weights(size);
    std::vector<double> nearest;
    for (float &weight : weights) {
      weight = normal(random);
      nearest.push_back(std::nearbyint(weight / 0.25));
    }
    std::vector<double> chosen = roundByMoments(weights, {0.25}, moments);
    EXPECT_LE(disturbance(chosen, weights, 0.25, moments),
              disturbance(nearest, weights, 0.25, moments) * 1.01);
    for (size_t i = 0; i < size; ++i)
      EXPECT_LT(std::abs(chosen[i] * 0.25 - weights[i]), 0.25);
  }
}

TEST(Tflite, FixedPointIsNormalised) {
  for (double factor : {0.3, 0.5, 0.9999999999, 1.0, 3.7, 1e-5}) {
    tflite::FixedPoint point = tflite::FixedPoint::get(factor);
    EXPECT_GE(point.multiplier, 1 << 30);
    EXPECT_NEAR(std::ldexp(point.multiplier, point.shift - 31) / factor, 1,
                std::ldexp(1.0, -31));
  }
  EXPECT_EQ(tflite::FixedPoint::get(1e-12).multiplier, 0);
}

TEST(Tflite, ExponentialsAreNear) {
  // TFLite's series ends after the fourth power, of 1/8 at most.
  std::array<int32_t, 256> table = tflite::exponentials(0.1);
  EXPECT_EQ(table[0], 2147483647);
  for (int distance = 0; distance < 256; ++distance)
    EXPECT_NEAR(std::ldexp(table[distance], -31), std::exp(-0.1 * distance),
                std::pow(0.125, 5) / 120);
}
