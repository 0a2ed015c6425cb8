//===- KernelTest.h - running kernels in tests ------------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
//
// Compiles a few edge operations through the passes of the real pipeline, runs
// them in this process and hands back what they wrote. References are written
// in the tests, as plainly as possible, on doubles.
//
//===----------------------------------------------------------------------===//

#ifndef EDGECC_TEST_UNIT_CODEGEN_KERNELS_KERNELTEST_H
#define EDGECC_TEST_UNIT_CODEGEN_KERNELS_KERNELTEST_H

#include "dialects/Target/TargetDialect.h"

#include "mlir/IR/MLIRContext.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include "gtest/gtest.h"

#include <cstdint>
#include <string>
#include <vector>

namespace edgecc::test {

/// A tensor of numbers.
struct Array {
  /// The element type as MLIR spells it: `f32`, `ui8`, `i1`.
  std::string element;
  std::vector<int64_t> shape;
  /// Row-major.
  std::vector<double> values;

  int64_t size() const;
  /// `tensor<2x3xf32>`
  std::string type() const;
  /// The row-major position of `index`.
  int64_t at(llvm::ArrayRef<int64_t> index) const;
};

/// An array of zeros.
Array zeros(std::string element, std::vector<int64_t> shape);

/// Numbers between `low` and `high` that the element type holds exactly; the
/// same ones for the same `seed`.
Array random(std::string element, std::vector<int64_t> shape, double low = -4,
             double high = 4, unsigned seed = 1);

/// What `f(index)` gives for every index of `shape`.
Array arrayOf(std::string element, std::vector<int64_t> shape,
              llvm::function_ref<double(llvm::ArrayRef<int64_t>)> f);

/// `value` rounded to the element type.
double rounded(const std::string &element, double value);

/// The distance of two arrays in the Euclidean norm, relative to `expected`.
/// Numbers that are not finite have to be the same.
double relativeError(const Array &actual, const Array &expected);

/// `[1, 2, 3]`
std::string list(llvm::ArrayRef<int64_t> values);

/// ` : tensor<2xf32> -> tensor<2xi1>`
std::string arrow(const Array &from, const Array &to);

/// The kinds of machine that the tests imitate on the host: the bytes of their
/// vectors, and one that has inner products of bytes.
enum class Machine { Scalar, Vector16, Vector32, Vector64, ByteProducts64 };

/// The machines that the host can imitate.
std::vector<Machine> machines();

/// Compiles `body`, operations on the values %0, %1, ... of the shapes of
/// `inputs` that define %r, or %r:2 and so on, runs them, and returns arrays of
/// the types of `results`. Fails the test, and returns nothing, if compilation
/// fails or memory beside the results is written. If `microseconds` is given,
/// it receives the shortest of several runs.
std::vector<Array> run(Machine machine, const std::string &body,
                       const std::vector<Array> &inputs,
                       const std::vector<Array> &results,
                       double *microseconds = nullptr);

/// How chains of operations run.
struct Bands {
  /// In bands of so many rows; one operation after the other if zero.
  int64_t rows = 0;
  /// Those between transpositions plane by plane instead.
  bool planar = false;
};

/// Inputs that are constants of the compiled code instead of arguments are
/// marked by their position; kernels may pack them.
std::vector<Array> runWithConstants(Machine machine, const std::string &body,
                                    const std::vector<Array> &inputs,
                                    const std::vector<unsigned> &constants,
                                    const std::vector<Array> &results,
                                    double *microseconds = nullptr,
                                    const Bands &bands = {});

/// The base of tests of kernels.
class Kernels : public testing::TestWithParam<Machine> {
protected:
  /// Runs `body` (see `run`) and compares with `expected`.
  void expect(const std::string &body, const std::vector<Array> &inputs,
              const std::vector<Array> &expected, double tolerance = 0);
};

} // namespace edgecc::test

#endif // EDGECC_TEST_UNIT_CODEGEN_KERNELS_KERNELTEST_H
