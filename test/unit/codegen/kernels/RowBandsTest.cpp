//===- RowBandsTest.cpp - chains in bands against naive loops ---*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
//
// A convolution, a window and a pointwise convolution in bands of rows, with
// every remainder of channels and pixels, compared with loops in double
// precision over whole tensors.
//
//===----------------------------------------------------------------------===//

#include "KernelTest.h"

#include "llvm/ADT/STLExtras.h"

#include <optional>

using namespace edgecc::test;

namespace {

/// A convolution of square kernels, or a pooling if it has no outputs.
struct Step {
  int64_t kernel = 1, stride = 1, dilation = 1, low = 0, high = 0;
  int64_t outputs = 0, groups = 1;
};

/// The result of `step` on `input` (N, H, W, C), clipped below at zero if it is
/// a convolution.
Array apply(const Step &step, const Array &input, const Array &weights,
            const Array &bias, const Array *residual) {
  bool isPool = step.outputs == 0;
  int64_t channels = input.shape[3];
  int64_t outputs = isPool ? channels : step.outputs;
  int64_t extent = (step.kernel - 1) * step.dilation + 1;
  auto size = [&](int64_t from) {
    return (from + step.low + step.high - extent) / step.stride + 1;
  };
  Array result = zeros("f32", {input.shape[0], size(input.shape[1]),
                               size(input.shape[2]), outputs});
  for (size_t i = 0; i < result.values.size(); ++i) {
    int64_t channel = i % outputs, rest = i / outputs;
    int64_t x = rest % result.shape[2], y = rest / result.shape[2];
    int64_t n = y / result.shape[1];
    y %= result.shape[1];
    int64_t perGroup = isPool ? 1 : channels / step.groups;
    int64_t first =
        isPool ? channel : channel / (outputs / step.groups) * perGroup;
    double sum = isPool ? -1e30 : bias.values[channel];
    for (int64_t ky = 0; ky < step.kernel; ++ky)
      for (int64_t kx = 0; kx < step.kernel; ++kx) {
        int64_t fromY = y * step.stride + ky * step.dilation - step.low;
        int64_t fromX = x * step.stride + kx * step.dilation - step.low;
        if (fromY < 0 || fromX < 0 || fromY >= input.shape[1] ||
            fromX >= input.shape[2])
          continue;
        for (int64_t c = 0; c < perGroup; ++c) {
          double value = input.values[input.at({n, fromY, fromX, first + c})];
          if (isPool)
            sum = std::max(sum, value);
          else
            sum += value * weights.values[weights.at({ky, kx, c, channel})];
        }
      }
    if (!isPool)
      sum = std::max(sum, 0.0);
    if (residual)
      sum += residual->values[i];
    result.values[i] = sum;
  }
  return result;
}

/// `array` with its dimensions in the order `permutation`.
Array transposed(const Array &array, const std::vector<int64_t> &permutation) {
  std::vector<int64_t> shape, from(permutation.size());
  for (int64_t dim : permutation)
    shape.push_back(array.shape[dim]);
  return arrayOf(array.element, shape, [&](llvm::ArrayRef<int64_t> index) {
    for (auto [dim, i] : llvm::zip_equal(permutation, index))
      from[dim] = i;
    return array.values[array.at(from)];
  });
}

class RowBandsTest : public ::testing::TestWithParam<Machine> {
protected:
  /// Where channels come first: nowhere, in what the chain reads, in what it
  /// computes, or in both.
  enum ChannelsFirst { Nowhere = 0, Read = 1, Computed = 2, Both = 3 };

  /// Runs `steps` one after the other in bands; the last one adds the input if
  /// `hasResidual`.
  void check(std::vector<int64_t> shape, const std::vector<Step> &steps,
             Bands bands, bool hasResidual = false,
             ChannelsFirst channelsFirst = Nowhere) {
    unsigned seed = 0;
    Array input = random("f32", shape, -2, 2, ++seed);
    std::vector<Array> operands{input};
    std::vector<unsigned> constants;
    Array value = input;
    std::string body, previous = "%0", what;
    if (channelsFirst & Read) {
      operands.front() = transposed(input, {0, 3, 1, 2});
      body = "%first = edge.transpose %0 [0, 2, 3, 1]" +
             arrow(operands.front(), input) + "\n";
      previous = "%first";
    }
    for (auto [i, step] : llvm::enumerate(steps)) {
      bool isLast = i + 1 == steps.size() && !(channelsFirst & Computed);
      bool adds = isLast && hasResidual;
      int64_t channels = value.shape[3];
      Array weights = zeros("f32", {0}), bias = weights;
      std::string from = value.type(), name = isLast ? "%r" : "%s";
      name += isLast ? "" : std::string(1, char('a' + i));
      auto pair = [](int64_t a) { return list({a, a}); };
      std::string attributes = "strides " + pair(step.stride) + " dilations " +
                               pair(step.dilation) + " pads_low " +
                               pair(step.low) + " pads_high " + pair(step.high);
      if (step.outputs) {
        weights = random(
            "f32",
            {step.kernel, step.kernel, channels / step.groups, step.outputs},
            -1, 1, ++seed);
        bias = random("f32", {step.outputs}, -1, 1, ++seed);
        std::string w = "%" + std::to_string(operands.size());
        constants.push_back(operands.size());
        operands.push_back(weights);
        std::string b = "%" + std::to_string(operands.size());
        constants.push_back(operands.size());
        operands.push_back(bias);
        value = apply(step, value, weights, bias, adds ? &input : nullptr);
        body += name + " = edge.conv(" + previous + ", " + w + ", " + b + ")" +
                (adds ? " with (%0) " : " ") + attributes + " groups " +
                std::to_string(step.groups) + " : (" + from + ", " +
                weights.type() + ", " + bias.type() +
                (adds ? ", " + input.type() : "") + ") -> " + value.type() +
                "{\n^bb0(%a: f32" + (adds ? ", %b: f32" : "") +
                "):\n%z = arith.constant 0.0 : f32\n"
                "%m = arith.maximumf %a, %z : f32\n" +
                (adds ? "%t = arith.addf %m, %b : f32\nedge.yield %t"
                      : "edge.yield %m") +
                " : f32\n}\n";
      } else {
        value = apply(step, value, weights, bias, nullptr);
        body += name + " = edge.pool max(" + previous + ") kernel " +
                pair(step.kernel) + " " + attributes + " : (" + from + ") -> " +
                value.type() + "\n";
      }
      previous = name;
      what +=
          " " + std::to_string(step.kernel) + "/" + std::to_string(step.stride);
    }
    if (channelsFirst & Computed) {
      Array last = transposed(value, {0, 3, 1, 2});
      body += "%r = edge.transpose " + previous + " [0, 3, 1, 2]" +
              arrow(value, last) + "\n";
      value = last;
    }
    std::vector<Array> results = runWithConstants(
        GetParam(), body, operands, constants, {value}, nullptr, bands);
    ASSERT_EQ(results.size(), 1u) << what;
    EXPECT_LE(relativeError(results[0], value), 1e-5)
        << list(shape) << what << " rows " << bands.rows << " channels first "
        << channelsFirst;
  }

  static Step pointwise(int64_t outputs, int64_t groups = 1) {
    return {1, 1, 1, 0, 0, outputs, groups};
  }
  static Step depthwise(int64_t channels, int64_t kernel, int64_t stride,
                        int64_t low, int64_t high, int64_t dilation = 1) {
    return {kernel, stride, dilation, low, high, channels, channels};
  }
};

} // namespace

TEST_P(RowBandsTest, InvertedResiduals) {
  for (int64_t rows : {1, 2, 4, 8})
    check({1, 8, 8, 16},
          {pointwise(96), depthwise(96, 3, 1, 1, 1), pointwise(16)}, {rows},
          true);
  for (int64_t rows : {1, 7})
    check({1, 14, 13, 10},
          {pointwise(37), depthwise(37, 3, 2, 1, 1), pointwise(21)}, {rows});
  check({2, 10, 9, 24},
        {pointwise(72), depthwise(72, 5, 1, 2, 2), pointwise(24)}, {5}, true);
  check({2, 10, 9, 24},
        {pointwise(72), depthwise(72, 5, 1, 2, 2), pointwise(24)}, {1}, true);
  check({1, 12, 12, 8},
        {pointwise(88), depthwise(88, 5, 2, 2, 2), pointwise(40)}, {2});
  check({1, 12, 11, 8},
        {pointwise(20), depthwise(20, 7, 1, 3, 3), pointwise(5)}, {3});
}

TEST_P(RowBandsTest, TwoOperations) {
  check({1, 12, 10, 9}, {pointwise(33), depthwise(33, 3, 1, 1, 1)}, {3});
  check({1, 12, 10, 33}, {depthwise(33, 3, 1, 1, 1), pointwise(20)}, {4});
  check({2, 12, 10, 33}, {depthwise(33, 3, 2, 1, 1), pointwise(20)}, {2});
  check({1, 16, 16, 3}, {{3, 2, 1, 1, 0, 12}, {3, 2, 1, 1, 0}}, {2});
  check({2, 20, 18, 3}, {{5, 1, 1, 2, 2, 21}, {2, 2}}, {5});
}

TEST_P(RowBandsTest, UnusualWindows) {
  // No border, borders of one side, a stride longer than the window, dilation.
  check({1, 12, 12, 8},
        {pointwise(16), depthwise(16, 3, 1, 0, 0), pointwise(8)}, {5});
  check({1, 12, 12, 8},
        {pointwise(16), depthwise(16, 3, 1, 2, 0), pointwise(8)}, {4});
  check({1, 12, 12, 8},
        {pointwise(16), depthwise(16, 3, 1, 0, 2), pointwise(8)}, {4});
  check({1, 15, 15, 8},
        {pointwise(16), depthwise(16, 2, 3, 0, 0), pointwise(8)}, {1});
  check({1, 12, 12, 8},
        {pointwise(16), depthwise(16, 3, 1, 2, 2, 2), pointwise(8)}, {3});
  check({1, 6, 6, 8}, {pointwise(16), depthwise(16, 5, 1, 4, 4), pointwise(8)},
        {2});
}

TEST_P(RowBandsTest, Groups) {
  check({1, 8, 7, 24},
        {pointwise(40, 4), depthwise(40, 3, 1, 1, 1), pointwise(16, 4)}, {2});
  check({1, 8, 8, 12},
        {{3, 1, 1, 1, 1, 24}, depthwise(24, 3, 1, 1, 1), pointwise(2)}, {4});
}

TEST_P(RowBandsTest, ChannelsFirst) {
  for (int64_t rows : {1, 3, 6}) {
    check({1, 12, 19, 40}, {depthwise(40, 3, 2, 1, 1)}, {rows}, false, Both);
    check({2, 12, 5, 19}, {{3, 2, 1, 1, 1}}, {rows}, false, Both);
  }
  check({2, 9, 33, 16}, {depthwise(16, 5, 1, 2, 2)}, {3}, false, Read);
  check({2, 9, 33, 7}, {depthwise(7, 5, 1, 2, 2)}, {3}, false, Computed);
  check({1, 8, 18, 21}, {depthwise(21, 3, 1, 1, 1), pointwise(13)}, {2}, false,
        Read);
  check({1, 8, 18, 13}, {pointwise(35), depthwise(35, 3, 1, 1, 1)}, {4}, false,
        Computed);
}

TEST_P(RowBandsTest, Planes) {
  if (GetParam() == Machine::Scalar)
    GTEST_SKIP() << "planes are for vectors";
  auto planes = [&](std::vector<int64_t> shape, Step window) {
    check(std::move(shape), {window}, {1, /*planar=*/true}, false, Both);
  };
  // One vector of pixels and a part, a few vectors, more than a tile has.
  for (int64_t width : {5, 16, 23, 56, 64, 150})
    for (int64_t stride : {1, 2}) {
      planes({1, 9, width, 3}, depthwise(3, 3, stride, 1, 1));
      planes({2, 7, width, 2}, {3, stride, 1, 1, 1});
    }
  planes({1, 20, 40, 2}, depthwise(2, 5, 1, 2, 2));
  planes({1, 21, 41, 2}, depthwise(2, 5, 2, 2, 2));
  planes({1, 20, 70, 2}, depthwise(2, 7, 1, 3, 3));
  planes({1, 12, 36, 2}, depthwise(2, 3, 1, 2, 2, 2));
  planes({1, 12, 36, 2}, depthwise(2, 3, 2, 3, 3, 3));
  planes({1, 12, 36, 2}, depthwise(2, 2, 1, 1, 0));
  planes({1, 12, 36, 2}, depthwise(2, 3, 1, 0, 0));
  planes({1, 12, 36, 2}, depthwise(2, 4, 2, 0, 2));
  planes({1, 3, 3, 2}, depthwise(2, 5, 1, 4, 4));
  planes({1, 40, 90, 2}, depthwise(2, 3, 1, 20, 20, 20));
  planes({1, 24, 64, 2}, {2, 2});
  planes({1, 24, 40, 2}, {1, 2});
}

INSTANTIATE_TEST_SUITE_P(Machines, RowBandsTest,
                         ::testing::ValuesIn(machines()));
