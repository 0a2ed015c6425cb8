//===- ContractionTest.cpp - kernels against naive loops --------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
//
// Convolutions, products and pooling of many shapes, compiled for the host and
// compared with loops in double precision. The shapes are such that every
// remainder (of channels, pixels, lines, the reduction) occurs.
//
//===----------------------------------------------------------------------===//

#include "KernelTest.h"

#include "llvm/ADT/STLExtras.h"

#include <cmath>
#include <functional>

using namespace edgecc::test;
using Shape = std::vector<int64_t>;

namespace {

/// Calls `body` with every index below `shape`.
void forEach(const Shape &shape,
             const std::function<void(const Shape &)> &body) {
  Shape index(shape.size(), 0);
  while (true) {
    body(index);
    size_t dim = shape.size();
    while (dim > 0 && ++index[dim - 1] == shape[dim - 1])
      index[--dim] = 0;
    if (dim == 0)
      return;
  }
}

/// An element type, what it accumulates to, and the type of the weights or of
/// the right side.
struct Element {
  const char *name, *wide, *weights;
};
constexpr Element f32{"f32", "f32", "f32"}, f64{"f64", "f64", "f64"},
    i8{"i8", "i32", "i8"}, u8{"ui8", "i32", "ui8"}, i32{"i32", "i32", "i32"},
    u8i8{"ui8", "i32", "i8"}, u8i16{"ui8", "i32", "i16"},
    i16i8{"i16", "i32", "i8"}, i16{"i16", "i32", "i16"};

class ContractionTest : public ::testing::TestWithParam<Machine> {
protected:
  Array random(Shape shape, const char *element) {
    bool isFloat = element[0] == 'f', isUnsigned = element[0] == 'u';
    return edgecc::test::random(element, shape,
                                isFloat      ? -2
                                : isUnsigned ? 0
                                             : -128,
                                isFloat      ? 2
                                : isUnsigned ? 256
                                             : 128,
                                ++seed);
  }

  /// An operation: its operands, those of the epilogue last.
  struct Case {
    std::string operation, attributes, region;
    std::vector<Array> operands;
    std::vector<bool> isConstant;
    size_t epilogueOperands = 0;
  };

  void check(const Case &c, const Array &expected, const std::string &what) {
    std::string names, extras, types;
    std::vector<unsigned> constants;
    for (auto [i, operand] : llvm::enumerate(c.operands)) {
      bool isExtra = i + c.epilogueOperands >= c.operands.size();
      std::string &list = isExtra ? extras : names;
      list += (list.empty() ? "%" : ", %") + std::to_string(i);
      types += (i ? ", " : "") + operand.type();
      if (c.isConstant[i])
        constants.push_back(i);
    }
    std::string body = "%r = " + c.operation + "(" + names + ")" +
                       (extras.empty() ? "" : " with (" + extras + ")") + " " +
                       c.attributes + " : (" + types + ") -> " +
                       expected.type() + " " + c.region;
    std::vector<Array> results =
        runWithConstants(GetParam(), body, c.operands, constants, {expected});
    ASSERT_EQ(results.size(), 1u) << what;
    bool isFloat = expected.element[0] == 'f';
    EXPECT_LE(relativeError(results[0], expected), isFloat ? 1e-5 : 0) << what;
  }

  struct Conv {
    Shape spatial, kernel;
    int64_t inputs, outputs;
    Shape strides, dilations;
    int64_t groups = 1;
    Element element = f32;
    bool constant = true;
    /// Adds a residual and clips below at zero.
    bool epilogue = false;
    int64_t images = 1;
    /// The output tile of the minimal filtering algorithm; 0 for none.
    int64_t winograd = 0;
  };

  void checkConv(Conv conv) {
    size_t rank = conv.spatial.size();
    conv.strides.resize(rank, 1);
    conv.dilations.resize(rank, 1);
    Shape inputShape{conv.images}, weightShape(conv.kernel),
        outputShape{conv.images};
    for (size_t dim = 0; dim < rank; ++dim) {
      inputShape.push_back(conv.spatial[dim]);
      int64_t extent = conv.dilations[dim] * (conv.kernel[dim] - 1) + 1;
      outputShape.push_back((conv.spatial[dim] - extent) / conv.strides[dim] +
                            1);
    }
    inputShape.push_back(conv.inputs);
    weightShape.push_back(conv.inputs / conv.groups);
    weightShape.push_back(conv.outputs);
    outputShape.push_back(conv.outputs);
    const char *narrow = conv.element.name, *wide = conv.element.wide;
    Array input = random(inputShape, narrow);
    Array weights = random(weightShape, conv.element.weights);
    Array bias = random({conv.outputs}, wide);
    Array residual = random(outputShape, wide);
    Array expected = zeros(wide, outputShape);
    forEach(outputShape, [&](const Shape &at) {
      int64_t channel = at.back();
      double sum = bias.values[channel];
      forEach(weightShape, [&](const Shape &tap) {
        if (tap.back() != channel)
          return;
        Shape from{at[0]};
        for (size_t dim = 0; dim < rank; ++dim)
          from.push_back(at[dim + 1] * conv.strides[dim] +
                         tap[dim] * conv.dilations[dim]);
        int64_t group = channel / (conv.outputs / conv.groups);
        from.push_back(group * (conv.inputs / conv.groups) + tap[rank]);
        sum += input.values[input.at(from)] * weights.values[weights.at(tap)];
      });
      if (conv.epilogue)
        sum = std::max(sum + residual.values[residual.at(at)], 0.0);
      expected.values[expected.at(at)] = sum;
    });
    Case c{"edge.conv", "", "", {}, {false, conv.constant, true}};
    c.operands = {input, weights, bias};
    c.attributes = "strides " + list(conv.strides) + " dilations " +
                   list(conv.dilations) + " pads_low " + list(Shape(rank, 0)) +
                   " pads_high " + list(Shape(rank, 0)) + " groups " +
                   std::to_string(conv.groups);
    if (conv.winograd)
      c.attributes +=
          " {edge.winograd = " + std::to_string(conv.winograd) + " : i64}";
    if (conv.epilogue) {
      c.operands.push_back(residual);
      c.isConstant.push_back(false);
      c.epilogueOperands = 1;
      c.region = wide[0] == 'f' ? "{\n^bb0(%a: f32, %b: f32):\n"
                                  "%z = arith.constant 0.0 : f32\n"
                                  "%s = arith.addf %a, %b : f32\n"
                                  "%m = arith.maximumf %s, %z : f32\n"
                                  "edge.yield %m : f32\n}"
                                : "{\n^bb0(%a: i32, %b: i32):\n"
                                  "%z = arith.constant 0 : i32\n"
                                  "%s = arith.addi %a, %b : i32\n"
                                  "%m = arith.maxsi %s, %z : i32\n"
                                  "edge.yield %m : i32\n}";
    }
    check(c, expected,
          "conv " + list(inputShape) + " * " + list(weightShape) + " strides " +
              list(conv.strides) + " groups " + std::to_string(conv.groups) +
              " " + narrow + " * " + conv.element.weights);
  }

  void checkMatMul(Shape left, Shape right, Element element = f32,
                   bool constant = true) {
    Array lhs = random(left, element.name),
          rhs = random(right, element.weights);
    size_t rank = std::max(left.size(), right.size());
    Shape result(rank);
    // Index from the back; dimensions of size one broadcast.
    auto dimension = [](const Shape &shape, size_t fromBack) {
      return fromBack < shape.size() ? shape[shape.size() - 1 - fromBack] : 1;
    };
    for (size_t i = 2; i < rank; ++i)
      result[rank - 1 - i] = std::max(dimension(left, i), dimension(right, i));
    result[rank - 2] = dimension(left, 1);
    result[rank - 1] = right.back();
    Array expected = zeros(element.wide, result);
    auto indexIn = [&](const Shape &shape, const Shape &at, int64_t row,
                       int64_t column) {
      Shape index(shape.size());
      for (size_t i = 2; i < shape.size(); ++i)
        index[shape.size() - 1 - i] =
            dimension(shape, i) == 1 ? 0 : at[rank - 1 - i];
      index[shape.size() - 2] = row;
      index[shape.size() - 1] = column;
      return index;
    };
    forEach(result, [&](const Shape &at) {
      double sum = 0;
      for (int64_t k = 0; k < left.back(); ++k)
        sum += lhs.values[lhs.at(indexIn(left, at, at[rank - 2], k))] *
               rhs.values[rhs.at(indexIn(right, at, k, at[rank - 1]))];
      expected.values[expected.at(at)] = sum;
    });
    Case c{"edge.matmul", "", "", {}, {false, constant}};
    c.operands = {lhs, rhs};
    check(c, expected,
          "matmul " + list(left) + " * " + list(right) + " " + element.name +
              " * " + element.weights + (constant ? " constant" : " dynamic"));
  }

  void checkPool(const char *kind, Shape input, Shape kernel, Shape strides,
                 Element element = f32) {
    size_t rank = kernel.size();
    Array values = random(input, element.name);
    Shape output{input[0]};
    for (size_t dim = 0; dim < rank; ++dim)
      output.push_back((input[dim + 1] - kernel[dim]) / strides[dim] + 1);
    output.push_back(input.back());
    Array expected = zeros(element.name, output);
    bool isMax = llvm::StringRef(kind) == "max";
    forEach(output, [&](const Shape &at) {
      double result = isMax ? -1e30 : 0;
      forEach(kernel, [&](const Shape &tap) {
        Shape from{at[0]};
        for (size_t dim = 0; dim < rank; ++dim)
          from.push_back(at[dim + 1] * strides[dim] + tap[dim]);
        from.push_back(at.back());
        double value = values.values[values.at(from)];
        result = isMax ? std::max(result, value) : result + value;
      });
      expected.values[expected.at(at)] = result;
    });
    Case c{std::string("edge.pool ") + kind, "", "", {}, {false}};
    c.operands = {values};
    c.attributes = "kernel " + list(kernel) + " strides " + list(strides) +
                   " pads_low " + list(Shape(rank, 0)) + " pads_high " +
                   list(Shape(rank, 0));
    check(c, expected,
          std::string("pool ") + kind + " " + list(input) + " window " +
              list(kernel) + " " + element.name);
  }

  unsigned seed = 0;
};

} // namespace

TEST_P(ContractionTest, DenseConvolutions) {
  checkConv({{8, 8}, {3, 3}, 3, 16, {2, 2}});
  checkConv({{9, 11}, {1, 1}, 16, 24});
  checkConv({{7, 7}, {3, 3}, 17, 40});
  checkConv({{14, 14}, {1, 1}, 32, 96, {}, {}, 1, f32, true, true});
  checkConv({{7, 7}, {3, 3}, 8, 21, {}, {}, 1, f32, true, true, 2});
  checkConv({{6, 6}, {1, 1}, 10, 20, {2, 2}, {}, 1, f32, true, false, 3});
  checkConv({{12, 14}, {3, 3}, 9, 11, {}, {2, 2}});
  checkConv({{6, 6}, {6, 6}, 10, 20});
  checkConv({{12, 12}, {3, 3}, 10, 1});
  checkConv({{10, 10}, {3, 3}, 8, 33, {}, {}, 1, f32, false});
}

TEST_P(ContractionTest, MinimalFiltering) {
  // Taps and output tile: every size of input tile, odd output tiles.
  std::pair<int64_t, int64_t> sizes[] = {{3, 2}, {3, 4}, {3, 6}, {2, 3},
                                         {2, 5}, {4, 3}, {5, 2}, {5, 4},
                                         {6, 3}, {7, 2}};
  for (auto [taps, tile] : sizes) {
    auto check = [&, taps = taps, tile = tile](Shape input, int64_t inputs,
                                               int64_t outputs, bool epilogue,
                                               int64_t images) {
      checkConv({input,
                 {taps, taps},
                 inputs,
                 outputs,
                 {},
                 {},
                 1,
                 f32,
                 true,
                 epilogue,
                 images,
                 tile});
    };
    // Whole tiles; tiles that overlap; one tile; remainders of channels.
    check({14, 26}, 16, 21, true, 1);
    if (taps != 3)
      continue;
    check({15, 24}, 20, 21, true, 2);
    check({tile + taps - 1, tile + taps - 1}, 3, 16, false, 1);
    check({tile + taps, tile + taps - 1}, 33, 5, false, 1);
  }
}

TEST_P(ContractionTest, OtherRanks) {
  checkConv({{5}, {3}, 4, 7});
  checkConv({{20}, {5}, 4, 19, {2}});
  checkConv({{4, 5, 6}, {2, 3, 2}, 3, 9, {}, {}, 1, f32, true, false, 2});
  checkConv({{6, 6, 6}, {3, 3, 3}, 4, 16, {2, 1, 2}, {1, 2, 1}});
}

TEST_P(ContractionTest, GroupedConvolutions) {
  checkConv({{10, 10}, {3, 3}, 12, 18, {}, {}, 3});
  checkConv({{10, 10}, {3, 3}, 8, 10, {}, {}, 2, f32, false});
  checkConv({{9, 9}, {3, 3}, 8, 16, {}, {}, 8});
  checkConv({{9, 9}, {3, 3}, 6, 18, {}, {}, 6});
}

TEST_P(ContractionTest, FewChannels) {
  checkConv({{12, 12}, {3, 3}, 64, 1});
  checkConv({{12, 13}, {3, 3}, 70, 3, {2, 1}, {}, 1, f32, true, true});
  checkConv({{12, 13}, {3, 3}, 140, 4, {}, {}, 2});
  checkConv({{9, 9}, {3, 3}, 40, 2, {}, {}, 1, i8});
  checkMatMul({7, 100}, {100, 1});
  checkMatMul({3, 7, 100}, {3, 100, 2});
}

TEST_P(ContractionTest, DepthwiseConvolutions) {
  checkConv({{12, 12}, {3, 3}, 24, 24, {}, {}, 24, f32, true, true});
  checkConv({{13, 17}, {3, 3}, 21, 21, {2, 2}, {}, 21});
  checkConv({{13, 17}, {5, 5}, 33, 33, {}, {}, 33});
  checkConv({{13, 17}, {7, 7}, 5, 5, {}, {}, 5});
  checkConv({{23, 25}, {11, 11}, 16, 16, {2, 2}, {}, 16});
  checkConv({{13, 13}, {3, 3}, 16, 16, {}, {2, 3}, 16});
  checkConv({{40}, {3}, 7, 7, {}, {}, 7});
  checkConv({{6, 7, 8}, {3, 3, 3}, 7, 7, {}, {}, 7});
}

TEST_P(ContractionTest, Products) {
  checkMatMul({5, 7}, {7, 9});
  checkMatMul({1, 64}, {64, 100});
  checkMatMul({2, 3, 5, 7}, {7, 9});
  checkMatMul({17, 300}, {300, 1}, f32, false);
  checkMatMul({40, 64}, {64, 96}, f32, false);
  checkMatMul({1, 1}, {1, 2});
  checkMatMul({3, 4}, {4, 3}, f32, false);
}

TEST_P(ContractionTest, BatchedProducts) {
  checkMatMul({2, 3, 5, 7}, {2, 3, 7, 33}, f32, false);
  checkMatMul({2, 1, 5, 7}, {3, 7, 10}, f32, false);
  checkMatMul({4, 5, 7}, {4, 7, 10});
  checkMatMul({5, 7}, {4, 7, 10});
  checkMatMul({3, 1, 5, 7}, {1, 4, 7, 10});
}

TEST_P(ContractionTest, Pooling) {
  for (const char *kind : {"max", "sum"}) {
    checkPool(kind, {1, 8, 8, 16}, {3, 3}, {2, 2});
    checkPool(kind, {2, 9, 9, 21}, {2, 2}, {2, 2});
    checkPool(kind, {1, 7, 7, 40}, {7, 7}, {1, 1});
    checkPool(kind, {1, 20, 5}, {3}, {1});
    checkPool(kind, {1, 5, 6, 7, 5}, {3, 2, 3}, {1, 2, 1});
    checkPool(kind, {1, 30, 30, 3}, {13, 13}, {1, 1});
  }
  checkPool("max", {1, 8, 8, 21}, {3, 3}, {2, 2}, i8);
  checkPool("max", {1, 8, 8, 21}, {3, 3}, {2, 2}, u8);
}

TEST_P(ContractionTest, OtherElementTypes) {
  for (Element element : {f64, i8, u8, i32}) {
    checkConv({{8, 8}, {3, 3}, 5, 21, {2, 2}, {}, 1, element});
    checkConv({{8, 8}, {3, 3}, 21, 21, {}, {}, 21, element});
    checkMatMul({6, 17}, {17, 13}, element);
    checkMatMul({3, 6, 17}, {3, 17, 13}, element, false);
  }
}

TEST_P(ContractionTest, NarrowIntegers) {
  for (Element element : {i8, u8i8, u8, u8i16, i16i8, i16}) {
    // Remainders of channels, of groups of the reduction, of both.
    checkConv({{7, 9}, {3, 3}, 12, 40, {}, {}, 1, element});
    checkConv({{12, 11}, {3, 3}, 3, 24, {2, 2}, {}, 1, element});
    checkConv({{9, 9}, {3, 3}, 6, 10, {}, {2, 2}, 1, element});
    checkConv({{8, 8}, {3, 3}, 8, 12, {}, {}, 2, element});
    checkConv({{5, 5}, {1, 1}, 2, 33, {}, {}, 1, element});
    checkConv({{9, 10}, {1, 1}, 30, 20, {}, {}, 1, element, true, true, 2});
    checkConv({{6, 6}, {2, 2}, 5, 9, {}, {}, 1, element, false});
    checkMatMul({7, 37}, {37, 45}, element);
    checkMatMul({1, 64}, {64, 300}, element);
    checkMatMul({20, 33}, {33, 3}, element);
    checkMatMul({2, 4, 3}, {2, 3, 70}, element);
    checkMatMul({2, 3, 5, 18}, {2, 3, 18, 19}, element, false);
    checkMatMul({17, 16}, {16, 6}, element, false);
  }
}

INSTANTIATE_TEST_SUITE_P(Machines, ContractionTest,
                         ::testing::ValuesIn(machines()));
