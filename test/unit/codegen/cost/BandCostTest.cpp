//===- BandCostTest.cpp - which chains run in bands -------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "codegen/cost/BandCost.h"

#include "mlir/AsmParser/AsmParser.h"
#include "mlir/IR/MLIRContext.h"
#include "gtest/gtest.h"

using namespace edgecc;
using namespace edgecc::cost;

namespace {

class BandCostTest : public ::testing::Test {
protected:
  BandCostTest() { context.loadDialect<target::TargetDialect>(); }

  target::CpuAttr cpu(const std::string &facts) {
    return llvm::cast<target::CpuAttr>(mlir::parseAttribute(
        "#target.cpu<triple = \"x86_64-unknown-linux-gnu\", cpu = "
        "\"haswell\", " +
            facts + ">",
        &context));
  }
  target::CpuAttr server() {
    return cpu("vectorBytes = 64, vectorRegs = 32, hasFma = true, "
               "l1dBytes = 32768, l2Bytes = 1048576, l3Bytes = 33554432");
  }
  target::CpuAttr withoutCaches() {
    return cpu("l1dBytes = 0, l2Bytes = 0, hasFma = true");
  }

  /// An inverted residual block on images of `size`, with a 3x3 window.
  static BandChain block(int64_t size, int64_t inputs, int64_t expanded,
                         int64_t outputs, int64_t stride, int64_t lanes) {
    BandChain chain;
    auto conv = [&](int64_t extent, int64_t depth, int64_t channels) {
      BandConv result;
      result.shape = {1,
                      extent * extent,
                      channels,
                      depth,
                      extent * extent * depth * 4,
                      4,
                      4,
                      lanes};
      result.weightBytes = double(depth * channels * 4);
      return result;
    };
    int64_t result = size / stride;
    chain.producer.emplace().conv = conv(size, inputs, expanded);
    chain.consumer.emplace().conv = conv(result, expanded, outputs);
    chain.lines = chain.pixels = {result, 3, stride, 1};
    chain.channels = expanded;
    chain.elementBytes = 4;
    chain.lanes = lanes;
    chain.hasWeights = true;
    chain.inputLines = chain.inputPixels = size;
    chain.border = 2;
    return chain;
  }

  mlir::MLIRContext context;
};

} // namespace

TEST_F(BandCostTest, TensorsBeyondTheCacheGain) {
  // 4.8 MB between the operations, in a second cache of 1 MB.
  BandChain chain = block(112, 16, 96, 24, 2, 16);
  BandPrediction best = chooseBands(chain, server());
  EXPECT_GT(best.gain, 0.1 * separateCycles(chain, server()));
  EXPECT_LE(best.rows, 8);
  EXPECT_EQ(56 % best.rows, 0);
}

TEST_F(BandCostTest, GainGrowsWithTheTensors) {
  double large = chooseBands(block(56, 24, 144, 24, 1, 16), server()).gain;
  double small = chooseBands(block(14, 24, 144, 24, 1, 16), server()).gain;
  EXPECT_GT(large, 16 * small);
}

TEST_F(BandCostTest, ManyWeightsWantHighBands) {
  // The weights are larger than the tensor: they should pass by once.
  BandPrediction best = chooseBands(block(7, 160, 960, 160, 1, 16), server());
  EXPECT_EQ(best.rows, 7);
}

TEST_F(BandCostTest, NothingToGainWithoutCaches) {
  BandPrediction best =
      chooseBands(block(14, 16, 96, 16, 1, 1), withoutCaches());
  EXPECT_LE(best.gain, 0);
}

TEST_F(BandCostTest, TranspositionsNearTheCacheGain) {
  // A window between transpositions, on 1.6 MB and on 18 KB.
  auto between = [](int64_t size) {
    BandChain chain = block(size, 32, 32, 32, 2, 16);
    chain.producer = chain.consumer = BandNeighbour();
    return chain;
  };
  BandChain large = between(112);
  EXPECT_GT(chooseBands(large, server()).gain,
            0.2 * separateCycles(large, server()));
  BandChain small = between(12);
  EXPECT_LT(chooseBands(small, server()).gain,
            0.1 * separateCycles(small, server()));
}

TEST_F(BandCostTest, LongLinesArePlanar) {
  // Lines of seven vectors, and of less than half of one.
  auto between = [](int64_t size) {
    BandChain chain = block(size, 512, 512, 512, 1, 16);
    chain.producer = chain.consumer = BandNeighbour();
    chain.canBePlanar = true;
    return chain;
  };
  EXPECT_TRUE(chooseBands(between(112), server()).planar);
  EXPECT_FALSE(chooseBands(between(5), server()).planar);
}

TEST_F(BandCostTest, BandsDivideTheLines) {
  for (int64_t size : {7, 19, 28, 38, 75}) {
    BandPrediction best = chooseBands(block(size, 16, 96, 16, 1, 16), server());
    EXPECT_EQ(size % best.rows, 0) << size;
  }
}

TEST_F(BandCostTest, TrafficGrowsWithDistance) {
  target::CpuAttr cpu = server();
  double last = 0;
  for (double size : {1e4, 5e5, 1e7, 1e9}) {
    double cycles = trafficCycles(1e6, size, cpu);
    EXPECT_GT(cycles, last);
    last = cycles;
  }
}
