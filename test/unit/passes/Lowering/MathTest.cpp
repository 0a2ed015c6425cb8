//===- MathTest.cpp - the accuracy of expanded functions --------*- C++ -*-===//
//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Compiles loops over math operations as kernels are compiled, runs them here,
// and compares with the C library in double.
//
//===----------------------------------------------------------------------===//

#include "codegen/cpu/ResolveCpu.h"
#include "codegen/object/EmitObject.h"
#include "codegen/object/Jit.h"
#include "compiler/pipeline/Registration.h"
#include "compiler/pipeline/Stages.h"

#include "mlir/IR/MLIRContext.h"
#include "mlir/Parser/Parser.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"
#include "llvm/TargetParser/Host.h"
#include "llvm/TargetParser/Triple.h"
#include "gtest/gtest.h"
#include <cmath>
#include <limits>

using namespace edgecc;

namespace {

constexpr unsigned count = 4096;

/// Compiles and runs `op` (`math.exp`) on `inputs` for a CPU of this machine.
/// `last`, if any, defines its last operand, `%vN` after N inputs.
std::vector<float> run(const std::string &op, const char *cpu,
                       std::vector<std::vector<float>> inputs,
                       const std::string &last = "") {
  static mlir::DialectRegistry registry = [] {
    mlir::DialectRegistry result;
    registerDialects(result);
    return result;
  }();
  mlir::MLIRContext context(registry);
  context.loadAllAvailableDialects();
  auto attr = resolveCpu({"", cpu, "", ""}, &context, [&] {
    return mlir::emitError(mlir::UnknownLoc::get(&context));
  });
  std::string arguments, loads, operands;
  for (unsigned i = 0; i < inputs.size(); ++i) {
    std::string n = std::to_string(i);
    arguments += "%x" + n + ": memref<4096xf32> {edge.name = \"x" + n +
                 "\", edge.type = tensor<4096xf32>}, ";
    loads += "%v" + n + " = vector.load %x" + n +
             "[%i] : memref<4096xf32>, vector<8xf32>\n";
    operands += (i ? ", %v" : "%v") + n;
  }
  if (!last.empty()) {
    loads += last;
    operands += ", %v" + std::to_string(inputs.size());
  }
  std::string text =
      "module { func.func @main(" + arguments +
      "%y: memref<4096xf32> {edge.name = \"y\", edge.output, "
      "edge.type = tensor<4096xf32>}, %arena: memref<0xi8> {edge.arena}) {\n"
      "%c0 = arith.constant 0 : index\n%c8 = arith.constant 8 : index\n"
      "%n = arith.constant 4096 : index\n"
      "scf.for %i = %c0 to %n step %c8 {\n" +
      loads + "%r = " + op + " " + operands +
      " : vector<8xf32>\n"
      "vector.store %r, %y[%i] : memref<4096xf32>, vector<8xf32>\n}\n"
      "return } }";
  auto module = mlir::parseSourceString<mlir::ModuleOp>(text, &context);
  (*module)->setAttr(target::cpuAttrName, *attr);
  auto interface = readInterface(*module, "math");
  mlir::PassManager manager(&context);
  buildLLVMStage(manager, {});
  CodegenOptions options;
  llvm::LLVMContext llvmContext;
  auto machine = createTargetMachine(*attr, options, module->getLoc());
  llvm::SmallVector<char, 0> object;
  if (failed(manager.run(*module)))
    return {};
  auto llvmModule = buildLLVMModule(*module, *interface, *attr, options,
                                    *machine, llvmContext);
  if (!llvmModule ||
      failed(emitObject(*llvmModule, *machine, object, module->getLoc())))
    return {};
  auto model = llvm::cantFail(
      LoadedModel::load({object.data(), object.size()}, *interface));
  std::vector<float> result(count);
  llvm::SmallVector<const void *> pointers;
  for (auto &input : inputs)
    pointers.push_back(input.data());
  llvm::cantFail(model->run(pointers, {result.data()}));
  return result;
}

/// The CPUs to test: with and without a fused multiply-add and roundings.
std::vector<const char *> cpus() {
  if (llvm::Triple(llvm::sys::getDefaultTargetTriple()).isX86())
    return {"native", "x86-64"};
  return {"native"};
}

/// The distance in units of the last place of the right answer.
double ulps(float got, double want) {
  if (std::isnan(want))
    return std::isnan(got) ? 0 : INFINITY;
  float rounded = static_cast<float>(want);
  if (got == rounded)
    return 0;
  if (!std::isfinite(got) || !std::isfinite(rounded))
    return INFINITY;
  double unit = std::max<double>(
      std::abs(std::nextafter(rounded, 0.0f) - rounded), 0x1p-149);
  return std::abs(got - want) / unit;
}

/// Numbers from `low` to `high`, spread evenly, or over magnitudes.
std::vector<float> spread(double low, double high, bool byMagnitude = false) {
  std::vector<float> result;
  for (unsigned i = 0; i < count; ++i) {
    double t = (i + 0.5) / count;
    result.push_back(byMagnitude ? low * std::pow(high / low, t)
                                 : low + (high - low) * t);
  }
  return result;
}

struct Function {
  const char *op;
  double (*reference)(double);
  double low, high, tolerance;
};

double rsqrtOf(double x) { return 1 / std::sqrt(x); }
double roundEvenOf(double x) { return std::nearbyint(x); }

TEST(MathTest, FunctionsOfOneOperand) {
  const Function functions[] = {
      {"math.exp", std::exp, -87, 88, 2},
      {"math.exp", std::exp, -1, 1, 2},
      {"math.exp2", std::exp2, -126, 127, 2},
      {"math.expm1", std::expm1, -2, 5, 4},
      {"math.log", std::log, 1e-3, 100, 2},
      {"math.log2", std::log2, 1e-3, 100, 4},
      {"math.log10", std::log10, 1e-3, 100, 4},
      {"math.log1p", std::log1p, -0.9, 10, 4},
      {"math.sin", std::sin, -3, 3, 4},
      {"math.cos", std::cos, -1.5, 1.5, 4},
      {"math.sin", std::sin, -1e5, 1e5, 4},
      {"math.cos", std::cos, -1e5, 1e5, 4},
      {"math.tan", std::tan, -1.5, 1.5, 4},
      {"math.asin", std::asin, -0.99, 0.99, 4},
      {"math.acos", std::acos, -0.99, 0.99, 4},
      {"math.atan", std::atan, -10, 10, 4},
      {"math.sinh", std::sinh, -10, 10, 4},
      {"math.cosh", std::cosh, -10, 10, 4},
      {"math.tanh", std::tanh, -9, 9, 4},
      {"math.asinh", std::asinh, -10, 10, 4},
      {"math.acosh", std::acosh, 1.1, 10, 4},
      {"math.atanh", std::atanh, -0.99, 0.99, 4},
      {"math.erf", std::erf, -4, 4, 4},
      {"math.cbrt", std::cbrt, -100, 100, 12},
      {"math.sqrt", std::sqrt, 0, 100, 1},
      {"math.rsqrt", rsqrtOf, 0.01, 100, 2},
      {"math.floor", std::floor, -5, 5, 0},
      {"math.ceil", std::ceil, -5, 5, 0},
      {"math.trunc", std::trunc, -5, 5, 0},
      {"math.round", std::round, -5.5, 5.5, 0},
      {"math.roundeven", roundEvenOf, -5.5, 5.5, 0},
      {"math.floor", std::floor, -1e9, 1e9, 0},
  };
  for (const char *cpu : cpus()) {
    for (const Function &function : functions) {
      std::vector<float> x = spread(function.low, function.high);
      // Halves, where roundings have to choose.
      for (int i = 0; i < 10; ++i)
        if (function.tolerance == 0)
          x[i] = i - 4.5f;
      std::vector<float> y = run(function.op, cpu, {x});
      ASSERT_EQ(y.size(), count) << function.op << " on " << cpu;
      double worst = 0, at = 0;
      for (unsigned i = 0; i < count; ++i)
        if (double error = ulps(y[i], function.reference(x[i]));
            error > worst) {
          worst = error;
          at = x[i];
        }
      EXPECT_LE(worst, function.tolerance + 0.5)
          << function.op << " of " << at << " on " << cpu;
    }
  }
}

TEST(MathTest, ExponentialsSaturate) {
  const float inf = std::numeric_limits<float>::infinity();
  std::vector<float> x(count, 0);
  const float special[] = {inf, -inf, NAN, 200, -200, -95, 0, -0.0f};
  std::copy(std::begin(special), std::end(special), x.begin());
  for (const char *cpu : cpus()) {
    std::vector<float> y = run("math.exp", cpu, {x});
    EXPECT_EQ(y[0], inf);
    EXPECT_EQ(y[1], 0);
    EXPECT_TRUE(std::isnan(y[2]));
    EXPECT_EQ(y[3], inf);
    EXPECT_EQ(y[4], 0);
    // Subnormal results may be 0.
    EXPECT_NEAR(y[5], 0, 1e-38);
    EXPECT_EQ(y[6], 1);
    EXPECT_EQ(y[7], 1);
    y = run("math.tanh", cpu, {x});
    EXPECT_EQ(y[0], 1);
    EXPECT_EQ(y[1], -1);
    EXPECT_TRUE(std::isnan(y[2]));
  }
}

TEST(MathTest, AnglesOfAllQuadrants) {
  std::vector<float> y = spread(-3, 3), x = spread(-5, 5);
  for (unsigned i = 0; i < count; ++i)
    std::swap(x[i], x[(i * 2477) % count]);
  const float inf = std::numeric_limits<float>::infinity();
  const float special[] = {0, -0.0f, 1, -1, inf, -inf, 1e-30f, -1e30f};
  unsigned n = 0;
  for (float a : special)
    for (float b : special) {
      y[n] = a;
      x[n++] = b;
    }
  for (const char *cpu : cpus()) {
    std::vector<float> angle = run("math.atan2", cpu, {y, x});
    for (unsigned i = 0; i < count; ++i)
      EXPECT_LE(ulps(angle[i], std::atan2(double(y[i]), double(x[i]))), 4.5)
          << y[i] << ", " << x[i] << ": " << angle[i] << " on " << cpu;
  }
}

TEST(MathTest, PowersAreRight) {
  std::vector<float> base = spread(1e-3, 1e3, /*byMagnitude=*/true);
  std::vector<float> exponent = spread(-12, 12);
  for (unsigned i = 0; i < count; ++i)
    std::swap(exponent[i], exponent[(i * 2477) % count]);
  for (const char *cpu : cpus()) {
    std::vector<float> y = run("math.powf", cpu, {base, exponent});
    double worst = 0;
    for (unsigned i = 0; i < count; ++i)
      worst = std::max(
          worst, ulps(y[i], std::pow(double(base[i]), double(exponent[i]))));
    EXPECT_LE(worst, 4.5) << cpu;
  }
}

TEST(MathTest, ConstantPowersAreRight) {
  const float inf = std::numeric_limits<float>::infinity();
  std::vector<float> base = spread(1e-37, 1e37, /*byMagnitude=*/true);
  llvm::copy(std::vector<float>{0, -0.0f, 1, -1, inf, -inf, NAN, -2, 1e-40f},
             base.begin());
  for (const char *exponent :
       {"0.25", "-0.25", "0.5", "-0.5", "0.75", "-0.75", "2.0", "3.0", "8.0",
        "-1.0", "-2.0", "-3.0", "-4.0"})
    for (const char *cpu : cpus()) {
      std::vector<float> y = run("math.powf", cpu, {base},
                                 std::string("%v1 = arith.constant dense<") +
                                     exponent + "> : vector<8xf32>\n");
      for (unsigned i = 0; i < count; ++i) {
        double want = std::pow(double(base[i]), std::stod(exponent));
        EXPECT_LE(ulps(y[i], want), 4)
            << base[i] << " to the " << exponent << " on " << cpu;
        if (!std::isnan(want))
          EXPECT_EQ(std::signbit(y[i]), std::signbit(want))
              << base[i] << " to the " << exponent;
      }
    }
}

TEST(MathTest, PowersOfSpecialValuesAreThoseOfC) {
  const float inf = std::numeric_limits<float>::infinity();
  const float values[] = {0,      -0.0f,  1,    -1,  2,       -2,  0.5f,
                          -0.5f,  3,      -3,   inf, -inf,    NAN, 1e30f,
                          -1e30f, 1e-40f, 2.5f, -7,  16777216};
  std::vector<float> base(count, 1), exponent(count, 1);
  unsigned n = 0;
  for (float x : values)
    for (float y : values) {
      base[n] = x;
      exponent[n++] = y;
    }
  for (const char *cpu : cpus()) {
    std::vector<float> y = run("math.powf", cpu, {base, exponent});
    for (unsigned i = 0; i < n; ++i) {
      float want = std::pow(base[i], exponent[i]);
      EXPECT_LE(ulps(y[i], want), 4)
          << base[i] << " to the " << exponent[i] << ": " << y[i] << ", not "
          << want << " on " << cpu;
      if (!std::isnan(want)) {
        EXPECT_EQ(std::signbit(y[i]), std::signbit(want))
            << base[i] << " to the " << exponent[i];
      }
    }
  }
}

} // namespace
