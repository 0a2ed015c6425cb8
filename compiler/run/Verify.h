//===- Verify.h - the values inside of two runs -----------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef EDGECC_COMPILER_RUN_VERIFY_H
#define EDGECC_COMPILER_RUN_VERIFY_H

#include "codegen/numpy/Npz.h"
#include "compiler/run/Accuracy.h"

#include <optional>

namespace edgecc {

/// What a network has shown in one run, as arrays by the names of the graph.
/// Types that NumPy has not are missing.
llvm::StringMap<NpzArray> nameValues(llvm::ArrayRef<ValueInterface> values,
                                     const TensorData &data);

/// A value of one run against that of another.
struct ValueComparison {
  std::string name;
  /// Nothing if the other run has no such value, or none of this many elements.
  std::optional<Divergence> divergence;
  /// Whether it is more than rounding.
  bool differs = false;
};

/// What counts as rounding.
struct Tolerance {
  /// The difference of reals over the whole, in the L2 norm.
  double reals;
  /// That of an integer of up to 16 bits, in steps. Others must be equal.
  double steps;
};

/// Compares what a network has shown, in its order, with `wanted`, whose
/// dimensions may be in another order.
std::vector<ValueComparison>
compareValues(llvm::ArrayRef<ValueInterface> values, const TensorData &data,
              const llvm::StringMap<NpzArray> &wanted, Tolerance tolerance);

/// Prints a table with a line for each value, and which is the first that
/// differs. False if there is one.
bool printComparison(llvm::ArrayRef<ValueComparison> values,
                     llvm::StringRef title, llvm::raw_ostream &os);

} // namespace edgecc

#endif // EDGECC_COMPILER_RUN_VERIFY_H
