//===- ArithmeticTest.cpp - maps, reductions, cells -------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "test/unit/codegen/kernels/KernelTest.h"

#include <algorithm>
#include <cmath>

using namespace edgecc::test;
using llvm::ArrayRef;
using Shape = std::vector<int64_t>;

namespace {

class ElementwiseTest : public Kernels {};
class ReductionTest : public Kernels {};
class NormalizationTest : public Kernels {};
class RecurrentTest : public Kernels {};

/// How far narrow floats may be off.
double toleranceOf(const std::string &element) {
  return element == "bf16" ? 1e-2 : element == "f16" ? 1e-3 : 1e-6;
}

/// The element of `array` that broadcasts to `index`.
double broadcast(const Array &array, ArrayRef<int64_t> index) {
  index = index.take_back(array.shape.size());
  Shape own(index.begin(), index.end());
  for (size_t d = 0; d < own.size(); ++d)
    if (array.shape[d] == 1)
      own[d] = 0;
  return array.values[array.at(own)];
}

//===----------------------------------------------------------------------===//
// Elementwise
//===----------------------------------------------------------------------===//

TEST_P(ElementwiseTest, Map) {
  struct Case {
    Shape result, lhs, rhs;
  };
  const Case cases[] = {{{2, 3, 37}, {2, 3, 37}, {37}},
                        {{2, 3, 37}, {2, 3, 37}, {2, 3, 1}},
                        {{5, 3}, {5, 3}, {3}},
                        {{4, 4, 4}, {4, 1, 4}, {1, 4, 1}},
                        {{1000}, {1000}, {1}},
                        {{}, {}, {}},
                        {{1, 5, 5, 24}, {1, 5, 5, 24}, {1, 1, 1, 24}},
                        {{3, 1}, {3, 1}, {1}},
                        {{7, 9}, {1, 9}, {7, 1}},
                        {{2, 127}, {2, 127}, {2, 127}}};
  for (const Case &test : cases) {
    Array a = random("f32", test.lhs), b = random("f32", test.rhs, 1, 2, 2);
    Array y = arrayOf("f32", test.result, [&](ArrayRef<int64_t> i) {
      double x = broadcast(a, i) * broadcast(b, i);
      return std::max(x, 0.0) + std::exp(-std::abs(x));
    });
    expect("%r = edge.map(%0, %1) : (" + a.type() + ", " + b.type() + ") -> " +
               y.type() + R"( {
           ^bb0(%a: f32, %b: f32):
             %zero = arith.constant 0.0 : f32
             %p = arith.mulf %a, %b : f32
             %m = arith.maximumf %p, %zero : f32
             %abs = math.absf %p : f32
             %n = arith.negf %abs : f32
             %e = math.exp %n : f32
             %s = arith.addf %m, %e : f32
             edge.yield %s : f32
           })",
           {a, b}, {y}, 1e-6);
  }
}

TEST_P(ElementwiseTest, Types) {
  for (const std::string element :
       {"f32", "f64", "f16", "bf16", "i8", "i16", "i32", "i64", "ui8", "ui16",
        "ui32", "ui64"}) {
    Array a = random(element, {3, 21}, 0, 60);
    Array b = random(element, {21}, 1, 60, 2);
    auto of = [&](double (*f)(double, double)) {
      return arrayOf(element, {3, 21}, [&](ArrayRef<int64_t> i) {
        return rounded(element, f(broadcast(a, i), broadcast(b, i)));
      });
    };
    auto text = [&](const std::string &name, const std::string &type) {
      return "%r = edge." + name + " %0, %1 : " + a.type() + ", " + b.type() +
             " -> tensor<3x21x" + type + ">";
    };
    double tolerance = toleranceOf(element);
    expect(text("add", element), {a, b},
           {of([](double x, double y) { return x + y; })}, tolerance);
    expect(text("max", element), {a, b},
           {of([](double x, double y) { return std::max(x, y); })}, 0);
    expect(text("div", element), {a, b},
           {of([](double x, double y) { return x / y; })}, tolerance);
    Array less = arrayOf("i1", {3, 21}, [&](ArrayRef<int64_t> i) {
      return double(broadcast(a, i) < broadcast(b, i));
    });
    expect(text("compare lt", "i1"), {a, b}, {less}, 0);
    Array c = random("i1", {3, 1}, 0, 1, 3);
    Array chosen = arrayOf(element, {3, 21}, [&](ArrayRef<int64_t> i) {
      return broadcast(c, i) ? broadcast(a, i) : broadcast(b, i);
    });
    expect("%r = edge.select %2, %0, %1 : " + c.type() + ", " + a.type() +
               ", " + b.type() + " -> " + chosen.type(),
           {a, b, c}, {chosen}, 0);
    Array real = a;
    real.element = "f32";
    for (double &value : real.values)
      value = rounded("f32", value);
    expect("%r = edge.cast %0 to f32" + arrow(a, real), {a}, {real}, 0);
  }
}

TEST_P(ElementwiseTest, Truths) {
  Array a = random("i1", {5, 13}, 0, 1), b = random("i1", {13}, 0, 1, 2);
  Array y = arrayOf("i1", a.shape, [&](ArrayRef<int64_t> i) {
    return double(broadcast(a, i) && broadcast(b, i));
  });
  expect("%r = edge.and %0, %1 : " + a.type() + ", " + b.type() + " -> " +
             y.type(),
         {a, b}, {y});
  Array z = arrayOf("i1", a.shape,
                    [&](ArrayRef<int64_t> i) { return !broadcast(a, i); });
  expect("%r = edge.not %0" + arrow(a, z), {a}, {z});
}

/// The worst error of `function` in units in the last place.
double worstUlp(Machine machine, const std::string &name, double low,
                double high, double (*f)(double)) {
  const int64_t count = 200000;
  Array x = arrayOf("f32", {count}, [&](ArrayRef<int64_t> i) {
    return rounded("f32", low + (high - low) * double(i[0]) / (count - 1));
  });
  std::vector<Array> y =
      run(machine, "%r = edge." + name + " %0" + arrow(x, x), {x}, {x});
  if (y.empty())
    return INFINITY;
  double worst = 0;
  for (int64_t i = 0; i < count; ++i) {
    double exact = f(x.values[i]);
    float magnitude = std::max(std::abs(float(exact)), 1.1754944e-38f);
    double ulp = std::nextafter(magnitude, INFINITY) - double(magnitude);
    worst = std::max(worst, std::abs(y[0].values[i] - exact) / ulp);
  }
  return worst;
}

TEST_P(ElementwiseTest, Accuracy) {
  struct Case {
    std::string name;
    double low, high;
    double (*f)(double);
    double ulp = 4;
  };
  auto sigmoid = [](double x) { return 1 / (1 + std::exp(-x)); };
  const Case cases[] = {
      {"exp", -87, 88, std::exp},       {"exp", -1, 1, std::exp},
      {"log", 1e-6, 1e4, std::log},     {"log", 0.5, 2, std::log},
      {"tanh", -10, 10, std::tanh},     {"tanh", -0.5, 0.5, std::tanh},
      {"erf", -4.5, 4.5, std::erf},     {"erf", -0.5, 0.5, std::erf},
      {"sigmoid", -80, 80, sigmoid},    {"sigmoid", -4, 4, sigmoid},
      {"sin", -30, 30, std::sin, 40},   {"cos", -30, 30, std::cos, 40},
      {"sqrt", 0, 100, std::sqrt, 0.5},
  };
  for (const Case &test : cases) {
    double worst = worstUlp(GetParam(), test.name, test.low, test.high, test.f);
    EXPECT_LE(worst, test.ulp)
        << test.name << " on [" << test.low << ", " << test.high << "]";
    RecordProperty(test.name, std::to_string(worst));
  }
}

//===----------------------------------------------------------------------===//
// Reductions
//===----------------------------------------------------------------------===//

double fold(const std::string &kind, double a, double b) {
  return kind == "sum"    ? a + b
         : kind == "prod" ? a * b
         : kind == "max"  ? std::max(a, b)
                          : std::min(a, b);
}

Array reduceReference(const std::string &kind, const Array &x,
                      const Shape &axes) {
  Shape shape = x.shape;
  for (int64_t axis : axes)
    shape[axis] = 1;
  Array y = zeros(x.element, shape);
  std::vector<bool> seen(y.size());
  arrayOf("f64", x.shape, [&](ArrayRef<int64_t> i) {
    Shape to(i.begin(), i.end());
    for (int64_t axis : axes)
      to[axis] = 0;
    int64_t at = y.at(to);
    double value = x.values[x.at(i)];
    y.values[at] = seen[at] ? fold(kind, y.values[at], value) : value;
    seen[at] = true;
    return 0.0;
  });
  return y;
}

TEST_P(ReductionTest, Reduce) {
  struct Case {
    Shape shape, axes;
  };
  const Case cases[] = {{{1, 7, 7, 40}, {1, 2}},
                        {{1, 7, 7, 3}, {1, 2}},
                        {{3, 129}, {1}},
                        {{1000}, {0}},
                        {{5, 3}, {1}},
                        {{5, 3}, {0}},
                        {{2, 3, 4, 5}, {0, 2}},
                        {{2, 3, 4, 5}, {1, 3}},
                        {{2, 3, 4, 5}, {}},
                        {{4, 6, 7}, {0, 1, 2}},
                        {{1, 16, 10, 10}, {2, 3}},
                        {{9, 70}, {0}},
                        {{1, 1, 5}, {1}},
                        {{3, 31}, {1}}};
  for (const Case &test : cases)
    for (const std::string kind : {"sum", "prod", "max", "min"}) {
      Array x = random("f32", test.shape, 0.9, 1.1);
      Array y = reduceReference(kind, x, test.axes);
      expect("%r = edge.reduce " + kind + "(%0) axes " + list(test.axes) +
                 " : (" + x.type() + ") -> " + y.type(),
             {x}, {y}, kind == "prod" ? 1e-5 : 1e-6);
    }
}

// Rounding errors do not pile up over a long sum.
TEST_P(ReductionTest, LongSums) {
  for (const Shape &shape : {Shape{1, 300, 400, 3}, Shape{1, 360000, 2}})
    for (bool last : {false, true}) {
      Shape axes;
      Shape turned(shape);
      if (last)
        std::rotate(turned.begin(), turned.end() - 1, turned.end());
      for (size_t dim = 1; dim < shape.size(); ++dim)
        axes.push_back(last ? dim : dim - 1);
      Array x = random("f32", turned, 90, 110);
      Array y = reduceReference("sum", x, axes);
      expect("%r = edge.reduce sum(%0) axes " + list(axes) + " : (" + x.type() +
                 ") -> " + y.type(),
             {x}, {y}, 2e-6);
    }
}

TEST_P(ReductionTest, ReduceTypes) {
  for (const std::string element :
       {"f64", "f16", "bf16", "i8", "i32", "i64", "ui8", "ui32", "i1"})
    for (const Shape &axes : {Shape{0}, Shape{1}})
      for (const std::string kind : {"sum", "max", "min"}) {
        if (kind == "sum" && element == "i1")
          continue;
        Array x = random(element, {5, 37}, 0, 3);
        if (element == "ui8" && kind != "sum")
          for (double &value : x.values)
            value *= 80;
        Array y = reduceReference(kind, x, axes);
        expect("%r = edge.reduce " + kind + "(%0) axes " + list(axes) + " : (" +
                   x.type() + ") -> " + y.type(),
               {x}, {y}, toleranceOf(element));
      }
}

TEST_P(ReductionTest, Epilogue) {
  for (const Shape &axes : {Shape{1}, Shape{2}, Shape{0, 1, 2}}) {
    Array x = random("f32", {3, 21, 19});
    Array sum = reduceReference("sum", x, axes);
    Array extra = random("f32", {sum.shape[2]}, 1, 2, 2);
    Array y = arrayOf("f32", sum.shape, [&](ArrayRef<int64_t> i) {
      return 0.5 * sum.values[sum.at(i)] + broadcast(extra, i);
    });
    expect("%r = edge.reduce sum(%0) with (%1) axes " + list(axes) + " : (" +
               x.type() + ", " + extra.type() + ") -> " + y.type() + R"( {
           ^bb0(%s: f32, %e: f32):
             %half = arith.constant 0.5 : f32
             %m = arith.mulf %s, %half : f32
             %a = arith.addf %m, %e : f32
             edge.yield %a : f32
           })",
           {x, extra}, {y}, 1e-5);
  }
}

TEST_P(ReductionTest, ArgReduce) {
  struct Case {
    Shape shape;
    int64_t axis;
    std::string element = "f32";
  };
  const Case cases[] = {{{3, 133}, 1},       {{3, 21, 40}, 1},
                        {{50}, 0},           {{4, 5}, 1},
                        {{7, 3}, 0},         {{3, 1}, 1},
                        {{70, 2}, 0},        {{2, 200}, 1, "ui8"},
                        {{2, 90}, 1, "i64"}, {{5, 64}, 1, "f16"}};
  for (const Case &test : cases)
    for (const std::string kind : {"max", "min"})
      for (bool last : {false, true}) {
        Array x = random(test.element, test.shape, 0, 20);
        for (double &value : x.values)
          value = double(int64_t(value));
        Shape shape = test.shape;
        shape[test.axis] = 1;
        Array y = arrayOf("i64", shape, [&](ArrayRef<int64_t> i) {
          Shape from(i.begin(), i.end());
          int64_t best = 0;
          double extremum = 0;
          for (int64_t j = 0; j < test.shape[test.axis]; ++j) {
            from[test.axis] = j;
            double value = x.values[x.at(from)];
            bool wins = kind == "max" ? value > extremum : value < extremum;
            if (j == 0 || wins || (last && value == extremum)) {
              best = j;
              extremum = value;
            }
          }
          return double(best);
        });
        expect("%r = edge.arg_reduce " + kind +
                   " %0 {axis = " + std::to_string(test.axis) + " : i64" +
                   (last ? ", last" : "") + "}" + arrow(x, y),
               {x}, {y});
      }
}

TEST_P(ReductionTest, CumulativeSum) {
  for (const Shape &shape : {Shape{3, 21}, Shape{4, 5, 19}, Shape{1, 7}})
    for (size_t axis = 0; axis < shape.size(); ++axis)
      for (bool exclusive : {false, true})
        for (bool reverse : {false, true}) {
          Array x = random("f32", shape);
          Array y = arrayOf("f32", shape, [&](ArrayRef<int64_t> i) {
            Shape from(i.begin(), i.end());
            double sum = 0;
            for (int64_t j = 0; j < shape[axis]; ++j) {
              bool in = reverse ? j > i[axis] : j < i[axis];
              from[axis] = j;
              if (in || (j == i[axis] && !exclusive))
                sum += x.values[x.at(from)];
            }
            return sum;
          });
          expect("%r = edge.cumulative sum %0 {axis = " + std::to_string(axis) +
                     " : i64" + (exclusive ? ", exclusive" : "") +
                     (reverse ? ", reverse" : "") + "}" + arrow(x, y),
                 {x}, {y}, 1e-6);
        }
}

TEST_P(ReductionTest, Resample) {
  for (const std::string element : {"f32", "f16"})
    for (int64_t axis : {1, 2, 3}) {
      Array x = random(element, {2, 3, 4, 5});
      Shape shape = x.shape;
      shape[axis] = 2;
      Array y = arrayOf(element, shape, [&](ArrayRef<int64_t> i) {
        Shape from(i.begin(), i.end());
        from[axis] = i[axis] == 0 ? 0 : 1;
        double sum = 0.25 * x.values[x.at(from)];
        from[axis] = i[axis] == 0 ? 1 : 2;
        return sum + 0.75 * x.values[x.at(from)];
      });
      expect("%r = edge.resample %0 {axis = " + std::to_string(axis) +
                 " : i64, indices = dense<[[0, 1], [1, 2]]> : tensor<2x2xi32>, "
                 "weights = dense<[[0.25, 0.75], [0.25, 0.75]]> : "
                 "tensor<2x2xf32>}" +
                 arrow(x, y),
             {x}, {y}, toleranceOf(element));
    }
}

//===----------------------------------------------------------------------===//
// Normalisation
//===----------------------------------------------------------------------===//

TEST_P(NormalizationTest, Softmax) {
  struct Case {
    Shape shape;
    int64_t axis;
    std::string element = "f32";
  };
  const Case cases[] = {
      {{3, 10}, 1},         {{2, 1000}, 1},      {{2, 5, 37}, 1},
      {{5, 3}, 1},          {{2, 4, 17}, 2},     {{21, 2}, 0},
      {{1, 1}, 1},          {{3, 40}, 1, "f16"}, {{3, 40}, 0, "f16"},
      {{3, 40}, 1, "bf16"}, {{3, 33}, 1, "f64"}, {{1, 16, 16, 4}, 3}};
  for (const Case &test : cases)
    for (bool log : {false, true}) {
      Array x = random(test.element, test.shape, -8, 8);
      Array y = arrayOf(test.element, test.shape, [&](ArrayRef<int64_t> i) {
        Shape from(i.begin(), i.end());
        double sum = 0, own = x.values[x.at(i)];
        for (int64_t j = 0; j < test.shape[test.axis]; ++j) {
          from[test.axis] = j;
          sum += std::exp(x.values[x.at(from)] - own);
        }
        return log ? -std::log(sum) : 1 / sum;
      });
      expect("%r = edge.softmax %0 {axis = " + std::to_string(test.axis) +
                 " : i64" + (log ? ", log" : "") + "}" + arrow(x, y),
             {x}, {y}, toleranceOf(test.element));
    }
}

TEST_P(NormalizationTest, LayerNorm) {
  struct Case {
    Shape shape;
    int64_t axis;
    std::string element = "f32";
  };
  const Case cases[] = {
      {{3, 64}, 1}, {{2, 5, 37}, 2},      {{2, 5, 7}, 1},    {{4, 3}, 1},
      {{40}, 0},    {{2, 128}, 1, "f16"}, {{2, 9}, 1, "f64"}};
  for (const Case &test : cases)
    for (bool rms : {false, true})
      for (int factors : {0, 1, 2}) {
        Array x = random(test.element, test.shape);
        Shape inner(test.shape.begin() + test.axis, test.shape.end());
        Array scale = random(test.element, inner, 1, 2, 2);
        Array bias = random(test.element, inner, -1, 1, 3);
        int64_t count = scale.size();
        Array y = x;
        for (int64_t row = 0; row < x.size(); row += count) {
          double mean = 0, variance = 0;
          for (int64_t i = 0; i < count && !rms; ++i)
            mean += x.values[row + i] / count;
          for (int64_t i = 0; i < count; ++i)
            variance += std::pow(x.values[row + i] - mean, 2) / count;
          for (int64_t i = 0; i < count; ++i) {
            double value =
                (x.values[row + i] - mean) / std::sqrt(variance + 1e-5);
            if (factors > 0)
              value *= scale.values[i];
            if (factors > 1)
              value += bias.values[i];
            y.values[row + i] = value;
          }
        }
        std::vector<Array> inputs{x};
        std::string names = "%0", types = x.type();
        if (factors > 0) {
          inputs.push_back(scale);
          names += ", %1";
          types += ", " + scale.type();
        }
        if (factors > 1) {
          inputs.push_back(bias);
          names += ", %2";
          types += ", " + bias.type();
        }
        expect("%r = edge.layer_norm(" + names +
                   ") {axis = " + std::to_string(test.axis) +
                   " : i64, epsilon = 1.0e-5 : f64" + (rms ? ", rms" : "") +
                   "} : (" + types + ") -> " + y.type(),
               inputs, {y}, toleranceOf(test.element));
      }
}

//===----------------------------------------------------------------------===//
// Recurrent cells
//===----------------------------------------------------------------------===//

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

struct Sizes {
  int64_t time, batch, units;
  bool reverse;
};

const Sizes cellSizes[] = {
    {3, 1, 8, false}, {4, 2, 13, true}, {2, 1, 64, false}, {1, 3, 5, false}};

/// sum over k of h[k] * weights[k, column].
double product(const std::vector<double> &h, const Array &weights,
               int64_t column) {
  double sum = 0;
  for (size_t k = 0; k < h.size(); ++k)
    sum += h[k] * weights.values[k * weights.shape[1] + column];
  return sum;
}

TEST_P(RecurrentTest, Lstm) {
  for (Sizes s : cellSizes)
    for (bool peepholes : {false, true}) {
      int64_t units = s.units;
      Array x = random("f32", {s.time, s.batch, 4 * units}, -1, 1);
      Array w = random("f32", {units, 4 * units}, -0.5, 0.5, 2);
      Array h0 = random("f32", {s.batch, units}, -1, 1, 3);
      Array c0 = random("f32", {s.batch, units}, -1, 1, 4);
      Array p = random("f32", {3 * units}, -1, 1, 5);
      Array y = zeros("f32", {s.time, s.batch, units}), hn = h0, cn = c0;
      for (int64_t n = 0; n < s.batch; ++n)
        for (int64_t step = 0; step < s.time; ++step) {
          int64_t t = s.reverse ? s.time - 1 - step : step;
          std::vector<double> h(hn.values.begin() + n * units,
                                hn.values.begin() + (n + 1) * units);
          for (int64_t j = 0; j < units; ++j) {
            auto gate = [&](int64_t g) {
              return x.values[x.at({t, n, g * units + j})] +
                     product(h, w, g * units + j);
            };
            double &c = cn.values[n * units + j];
            auto peep = [&](int64_t g) {
              return peepholes ? p.values[g * units + j] * c : 0;
            };
            double in = sigmoid(gate(0) + peep(0));
            double forget = sigmoid(gate(2) + peep(2));
            c = forget * c + in * std::tanh(gate(3));
            double value = sigmoid(gate(1) + peep(1)) * std::tanh(c);
            y.values[y.at({t, n, j})] = hn.values[n * units + j] = value;
          }
        }
      std::string types =
          x.type() + ", " + w.type() + ", " + h0.type() + ", " + c0.type();
      std::vector<Array> inputs{x, w, h0, c0};
      if (peepholes) {
        inputs.push_back(p);
        types += ", " + p.type();
      }
      expect(std::string("%r:3 = edge.lstm(%0, %1, %2, %3") +
                 (peepholes ? ", %4" : "") + ")" +
                 (s.reverse ? " {reverse}" : "") + " : (" + types + ") -> (" +
                 y.type() + ", " + hn.type() + ", " + cn.type() + ")",
             inputs, {y, hn, cn}, 1e-6);
    }
}

TEST_P(RecurrentTest, Gru) {
  for (Sizes s : cellSizes)
    for (bool linear : {false, true})
      for (bool biased : {false, true}) {
        int64_t units = s.units;
        Array x = random("f32", {s.time, s.batch, 3 * units}, -1, 1);
        Array w = random("f32", {units, 3 * units}, -0.5, 0.5, 2);
        Array h0 = random("f32", {s.batch, units}, -1, 1, 3);
        Array b = random("f32", {3 * units}, -1, 1, 4);
        Array y = zeros("f32", {s.time, s.batch, units}), hn = h0;
        for (int64_t n = 0; n < s.batch; ++n)
          for (int64_t step = 0; step < s.time; ++step) {
            int64_t t = s.reverse ? s.time - 1 - step : step;
            std::vector<double> h(hn.values.begin() + n * units,
                                  hn.values.begin() + (n + 1) * units);
            auto input = [&](int64_t g, int64_t j) {
              return x.values[x.at({t, n, g * units + j})];
            };
            auto bias = [&](int64_t g, int64_t j) {
              return biased ? b.values[g * units + j] : 0;
            };
            auto recurrent = [&](int64_t g, int64_t j) {
              return product(h, w, g * units + j) + bias(g, j);
            };
            std::vector<double> damped(units);
            for (int64_t j = 0; j < units; ++j)
              damped[j] = h[j] * sigmoid(input(1, j) + recurrent(1, j));
            for (int64_t j = 0; j < units; ++j) {
              double update = sigmoid(input(0, j) + recurrent(0, j));
              double reset = sigmoid(input(1, j) + recurrent(1, j));
              double hidden =
                  linear ? reset * recurrent(2, j)
                         : product(damped, w, 2 * units + j) + bias(2, j);
              double value = update * h[j] +
                             (1 - update) * std::tanh(input(2, j) + hidden);
              y.values[y.at({t, n, j})] = hn.values[n * units + j] = value;
            }
          }
        std::string types = x.type() + ", " + w.type() + ", " + h0.type();
        std::vector<Array> inputs{x, w, h0};
        if (biased) {
          inputs.push_back(b);
          types += ", " + b.type();
        }
        std::string flags = linear && s.reverse
                                ? " {linear_before_reset, reverse}"
                            : linear    ? " {linear_before_reset}"
                            : s.reverse ? " {reverse}"
                                        : "";
        expect(std::string("%r:2 = edge.gru(%0, %1, %2") +
                   (biased ? ", %3" : "") + ")" + flags + " : (" + types +
                   ") -> (" + y.type() + ", " + hn.type() + ")",
               inputs, {y, hn}, 1e-6);
      }
}

TEST_P(RecurrentTest, Rnn) {
  for (Sizes s : cellSizes)
    for (const std::string activation : {"tanh", "relu", "sigmoid"}) {
      int64_t units = s.units;
      Array x = random("f32", {s.time, s.batch, units}, -1, 1);
      Array w = random("f32", {units, units}, -0.5, 0.5, 2);
      Array h0 = random("f32", {s.batch, units}, -1, 1, 3);
      Array y = zeros("f32", {s.time, s.batch, units}), hn = h0;
      for (int64_t n = 0; n < s.batch; ++n)
        for (int64_t step = 0; step < s.time; ++step) {
          int64_t t = s.reverse ? s.time - 1 - step : step;
          std::vector<double> h(hn.values.begin() + n * units,
                                hn.values.begin() + (n + 1) * units);
          for (int64_t j = 0; j < units; ++j) {
            double sum = x.values[x.at({t, n, j})] + product(h, w, j);
            y.values[y.at({t, n, j})] = hn.values[n * units + j] =
                activation == "tanh"   ? std::tanh(sum)
                : activation == "relu" ? std::max(sum, 0.0)
                                       : sigmoid(sum);
          }
        }
      expect("%r:2 = edge.rnn " + activation + "(%0, %1, %2)" +
                 (s.reverse ? " {reverse}" : "") + " : (" + x.type() + ", " +
                 w.type() + ", " + h0.type() + ") -> (" + y.type() + ", " +
                 hn.type() + ")",
             {x, w, h0}, {y, hn}, 1e-6);
    }
}

INSTANTIATE_TEST_SUITE_P(Machines, ElementwiseTest,
                         testing::ValuesIn(machines()));
INSTANTIATE_TEST_SUITE_P(Machines, ReductionTest,
                         testing::ValuesIn(machines()));
INSTANTIATE_TEST_SUITE_P(Machines, NormalizationTest,
                         testing::ValuesIn(machines()));
INSTANTIATE_TEST_SUITE_P(Machines, RecurrentTest,
                         testing::ValuesIn(machines()));

} // namespace
