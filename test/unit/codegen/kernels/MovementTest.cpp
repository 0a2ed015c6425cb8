//===- MovementTest.cpp - transposes, slices, borders, indices --*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "test/unit/codegen/kernels/KernelTest.h"

#include <algorithm>
#include <numeric>

using namespace edgecc::test;
using llvm::ArrayRef;
using Shape = std::vector<int64_t>;

namespace {

class MovementTest : public Kernels {};
class IndexingTest : public Kernels {};

TEST_P(MovementTest, Transpose) {
  struct Case {
    Shape shape, permutation;
    std::string element = "f32";
  };
  const Case cases[] = {
      {{1, 3, 10, 13}, {0, 2, 3, 1}},
      {{1, 10, 13, 3}, {0, 3, 1, 2}},
      {{1, 2, 37}, {0, 2, 1}},
      {{1, 37, 2}, {0, 2, 1}},
      {{5, 4, 33}, {0, 2, 1}},
      {{5, 33, 4}, {0, 2, 1}},
      {{1, 24, 7, 7}, {0, 2, 3, 1}},
      {{1, 7, 7, 24}, {0, 3, 1, 2}},
      {{1, 64, 20, 20}, {0, 2, 3, 1}},
      {{2, 5, 6, 7}, {3, 1, 0, 2}},
      {{2, 9, 4, 16}, {0, 2, 1, 3}},
      {{2, 9, 4, 16}, {0, 2, 3, 1}},
      {{17, 19}, {1, 0}},
      {{3, 3}, {1, 0}},
      {{16, 16}, {1, 0}},
      {{40, 32}, {1, 0}, "i8"},
      {{17, 33}, {1, 0}, "i1"},
      {{20, 18}, {1, 0}, "f64"},
      {{20, 18}, {1, 0}, "f16"},
      {{9, 3}, {1, 0}, "ui8"},
      {{3, 50}, {1, 0}, "ui8"},
      {{20, 18}, {1, 0}, "i64"},
      {{2, 3, 4, 5, 6}, {4, 2, 0, 3, 1}},
      {{1, 1, 8, 1}, {3, 2, 1, 0}},
      {{6, 7, 2}, {1, 0, 2}},
      {{3, 100}, {1, 0}},
      {{100, 3}, {1, 0}},
  };
  for (const Case &test : cases) {
    Array x = random(test.element, test.shape, 0, 100);
    Shape shape;
    for (int64_t dim : test.permutation)
      shape.push_back(test.shape[dim]);
    Array y = arrayOf(test.element, shape, [&](ArrayRef<int64_t> i) {
      Shape from(i.size());
      for (size_t d = 0; d < i.size(); ++d)
        from[test.permutation[d]] = i[d];
      return x.values[x.at(from)];
    });
    expect("%r = edge.transpose %0 " + list(test.permutation) + arrow(x, y),
           {x}, {y});
  }
}

TEST_P(MovementTest, Broadcast) {
  struct Case {
    Shape from, to;
  };
  const Case cases[] = {{{3, 1}, {2, 3, 21}},
                        {{21}, {3, 21}},
                        {{}, {2, 9}},
                        {{2, 1, 5}, {2, 7, 5}},
                        {{1, 1}, {1, 1}}};
  for (const Case &test : cases) {
    Array x = random("f32", test.from);
    Array y = arrayOf("f32", test.to, [&](ArrayRef<int64_t> i) {
      Shape from;
      size_t lead = i.size() - test.from.size();
      for (size_t d = 0; d < test.from.size(); ++d)
        from.push_back(test.from[d] == 1 ? 0 : i[lead + d]);
      return x.values[x.at(from)];
    });
    expect("%r = edge.broadcast %0" + arrow(x, y), {x}, {y});
  }
}

TEST_P(MovementTest, Slice) {
  struct Case {
    Shape shape, offsets, sizes, strides;
    std::string element = "f32";
  };
  const Case cases[] = {
      {{2, 40}, {0, 3}, {2, 33}, {1, 1}},
      {{2, 40}, {1, 39}, {1, 40}, {1, -1}},
      {{7, 40}, {6, 37}, {4, 18}, {-2, -2}},
      {{4, 5, 6}, {1, 0, 2}, {2, 5, 3}, {1, 1, 1}},
      {{4, 5, 6}, {3, 4, 5}, {4, 5, 6}, {-1, -1, -1}},
      {{1, 8, 8, 12}, {0, 0, 1, 4}, {1, 4, 4, 4}, {1, 2, 2, 1}},
      {{3, 50}, {0, 1}, {3, 20}, {1, 2}, "i1"},
      {{3, 50}, {0, 49}, {3, 50}, {1, -1}, "i64"},
      {{3, 50}, {0, 49}, {3, 50}, {1, -1}, "ui8"},
  };
  for (const Case &test : cases) {
    Array x = random(test.element, test.shape, 0, 100);
    Array y = arrayOf(test.element, test.sizes, [&](ArrayRef<int64_t> i) {
      Shape from;
      for (size_t d = 0; d < i.size(); ++d)
        from.push_back(test.offsets[d] + i[d] * test.strides[d]);
      return x.values[x.at(from)];
    });
    expect("%r = edge.slice %0 offsets " + list(test.offsets) + " sizes " +
               list(test.sizes) + " strides " + list(test.strides) +
               arrow(x, y),
           {x}, {y});
  }
}

/// Where a padded dimension of `size` reads for `i`, or -1.
int64_t padIndex(const std::string &mode, int64_t i, int64_t size) {
  if (i >= 0 && i < size)
    return i;
  if (mode == "constant")
    return -1;
  if (mode == "edge")
    return i < 0 ? 0 : size - 1;
  if (mode == "wrap")
    return (i + size) % size;
  return i < 0 ? -i : 2 * (size - 1) - i;
}

TEST_P(MovementTest, Pad) {
  struct Case {
    Shape shape, low, high;
    std::string element = "f32";
  };
  const Case cases[] = {
      {{2, 21}, {0, 1}, {0, 2}},
      {{1, 7, 9, 5}, {0, 1, 2, 0}, {0, 3, 1, 0}},
      {{3, 4, 5}, {1, 2, 3}, {2, 1, 4}},
      {{4, 40}, {3, 20}, {2, 17}},
      {{3, 6}, {1, 1}, {1, 1}, "i8"},
      {{3, 6}, {2, 1}, {1, 3}, "i1"},
  };
  for (const std::string mode : {"constant", "edge", "reflect", "wrap"})
    for (const Case &test : cases) {
      Array x = random(test.element, test.shape, 0, 100);
      Shape shape;
      for (size_t d = 0; d < test.shape.size(); ++d)
        shape.push_back(test.low[d] + test.shape[d] + test.high[d]);
      Array y = arrayOf(test.element, shape, [&](ArrayRef<int64_t> i) {
        Shape from;
        for (size_t d = 0; d < i.size(); ++d) {
          from.push_back(padIndex(mode, i[d] - test.low[d], test.shape[d]));
          if (from.back() < 0)
            return 1.0;
        }
        return x.values[x.at(from)];
      });
      expect("%r = edge.pad %0 " + mode + " low " + list(test.low) + " high " +
                 list(test.high) + " {value = 1.0 : f64}" + arrow(x, y),
             {x}, {y});
    }
}

TEST_P(MovementTest, Concat) {
  Array a = random("f32", {2, 3, 7}), b = random("f32", {2, 5, 7}, -4, 4, 2);
  Array y = arrayOf("f32", {2, 8, 7}, [&](ArrayRef<int64_t> i) {
    return i[1] < 3 ? a.values[a.at(i)]
                    : b.values[b.at({i[0], i[1] - 3, i[2]})];
  });
  expect("%r = edge.concat(%0, %1) {axis = 1 : i64} : (" + a.type() + ", " +
             b.type() + ") -> " + y.type(),
         {a, b}, {y});
}

/// Indices in [-size, size).
Array indices(Shape shape, int64_t size, unsigned seed = 7) {
  return random("i64", std::move(shape), -size, size - 0.01, seed);
}

int64_t wrap(double index, int64_t size) {
  return index < 0 ? index + size : index;
}

TEST_P(IndexingTest, Gather) {
  struct Case {
    Shape shape, indices;
    int64_t axis;
  };
  const Case cases[] = {{{10, 21}, {3}, 0},     {{4, 10, 5}, {2, 3}, 1},
                        {{4, 10}, {7}, 1},      {{6, 9}, {}, 0},
                        {{2, 3, 4, 8}, {5}, 2}, {{30}, {4, 4}, 0}};
  for (const Case &test : cases) {
    Array x = random("f32", test.shape);
    int64_t size = test.shape[test.axis];
    Array at = indices(test.indices, size);
    Shape shape(test.shape.begin(), test.shape.begin() + test.axis);
    shape.insert(shape.end(), test.indices.begin(), test.indices.end());
    shape.insert(shape.end(), test.shape.begin() + test.axis + 1,
                 test.shape.end());
    size_t picked = test.indices.size();
    Array y = arrayOf("f32", shape, [&](ArrayRef<int64_t> i) {
      Shape from(i.begin(), i.begin() + test.axis);
      from.push_back(wrap(at.values[at.at(i.slice(test.axis, picked))], size));
      from.insert(from.end(), i.begin() + test.axis + picked, i.end());
      return x.values[x.at(from)];
    });
    expect("%r = edge.gather %0[%1] {axis = " + std::to_string(test.axis) +
               " : i64} : " + x.type() + ", " + at.type() + " -> " + y.type(),
           {x, at}, {y});
  }
}

TEST_P(IndexingTest, GatherElements) {
  Array x = random("f32", {4, 10, 3});
  for (int64_t axis : {0, 1, 2}) {
    Array at = indices({3, 8, 2}, x.shape[axis]);
    Array y = arrayOf("f32", at.shape, [&](ArrayRef<int64_t> i) {
      Shape from(i.begin(), i.end());
      from[axis] = wrap(at.values[at.at(i)], x.shape[axis]);
      return x.values[x.at(from)];
    });
    expect("%r = edge.gather_elements %0[%1] {axis = " + std::to_string(axis) +
               " : i64} : " + x.type() + ", " + at.type() + " -> " + y.type(),
           {x, at}, {y});
  }
}

TEST_P(IndexingTest, GatherND) {
  Array x = random("f32", {2, 5, 4, 19});
  Array at = zeros("i64", {2, 3, 2});
  for (size_t i = 0; i < at.values.size(); ++i)
    at.values[i] = i % 2 ? double(i % 4) - 4 : double(i % 5);
  Array y = arrayOf("f32", {2, 3, 19}, [&](ArrayRef<int64_t> i) {
    return x.values[x.at({i[0], wrap(at.values[at.at({i[0], i[1], 0})], 5),
                          wrap(at.values[at.at({i[0], i[1], 1})], 4), i[2]})];
  });
  expect("%r = edge.gather_nd %0[%1] {batch_dims = 1 : i64} : " + x.type() +
             ", " + at.type() + " -> " + y.type(),
         {x, at}, {y});
}

double meet(const std::string &reduction, double a, double b) {
  return reduction == "add"   ? a + b
         : reduction == "mul" ? a * b
         : reduction == "max" ? std::max(a, b)
         : reduction == "min" ? std::min(a, b)
                              : b;
}

TEST_P(IndexingTest, Scatter) {
  for (const std::string reduction : {"none", "add", "mul", "max", "min"})
    for (const std::string element : {"f32", "i32", "ui8"}) {
      Array x = random(element, {6, 20}, 0, 5);
      Array u = random(element, {3, 20}, 0, 5, 2), at = indices({3, 20}, 6);
      for (Array *array : {&x, &u})
        for (double &value : array->values)
          value = double(int64_t(value));
      Array y = x;
      for (int64_t i = 0; i < u.size(); ++i) {
        double &value = y.values[wrap(at.values[i], 6) * 20 + i % 20];
        value = meet(reduction, value, u.values[i]);
      }
      if (element == "ui8")
        for (double &value : y.values)
          value = int64_t(value) % 256;
      expect("%r = edge.scatter_elements " + reduction +
                 " %0 into %1[%2] {axis = 0 : i64} : " + u.type() + " into " +
                 x.type() + ", " + at.type() + " -> " + y.type(),
             {u, x, at}, {y});

      Array slices = zeros("i64", {3, 1});
      slices.values = {4, -6, 4};
      Array z = x;
      for (int64_t i = 0; i < u.size(); ++i) {
        double &value = z.values[wrap(slices.values[i / 20], 6) * 20 + i % 20];
        value = meet(reduction, value, u.values[i]);
      }
      if (element == "ui8")
        for (double &value : z.values)
          value = int64_t(value) % 256;
      expect("%r = edge.scatter_nd " + reduction +
                 " %0 into %1[%2] : " + u.type() + " into " + x.type() + ", " +
                 slices.type() + " -> " + z.type(),
             {u, x, slices}, {z});
    }
}

TEST_P(IndexingTest, TopK) {
  struct Case {
    Shape shape;
    int64_t axis, k;
    std::string element = "f32";
  };
  const Case cases[] = {{{3, 20}, 1, 5},
                        {{20, 3}, 0, 20},
                        {{40}, 0, 1},
                        {{2, 9, 4}, 1, 3, "i32"},
                        {{50}, 0, 50, "ui8"}};
  for (const std::string kind : {"max", "min"})
    for (const Case &test : cases) {
      Array x = random(test.element, test.shape, 0, 200);
      if (test.element == "f32")
        for (double &value : x.values)
          value = double(int64_t(value / 10));
      Shape shape = test.shape;
      shape[test.axis] = test.k;
      Array values = zeros(test.element, shape), where = zeros("i64", shape);
      arrayOf("f32", shape, [&](ArrayRef<int64_t> i) {
        Shape index(i.begin(), i.end());
        std::vector<int64_t> order(test.shape[test.axis]);
        std::iota(order.begin(), order.end(), 0);
        auto value = [&](int64_t j) {
          index[test.axis] = j;
          return x.values[x.at(index)];
        };
        std::stable_sort(order.begin(), order.end(), [&](int64_t a, int64_t b) {
          return kind == "max" ? value(a) > value(b) : value(a) < value(b);
        });
        int64_t best = order[i[test.axis]];
        values.values[values.at(i)] = value(best);
        where.values[where.at(i)] = double(best);
        return 0.0;
      });
      expect("%r:2 = edge.top_k " + kind +
                 " %0 {axis = " + std::to_string(test.axis) + " : i64, k = " +
                 std::to_string(test.k) + " : i64} : " + x.type() + " -> " +
                 values.type() + ", " + where.type(),
             {x}, {values, where});
    }
}

INSTANTIATE_TEST_SUITE_P(Machines, MovementTest, testing::ValuesIn(machines()));
INSTANTIATE_TEST_SUITE_P(Machines, IndexingTest, testing::ValuesIn(machines()));

} // namespace
