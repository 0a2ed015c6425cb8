//===- Sizes.h - sizes that are known at run time ---------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef EDGECC_PASSES_BOUNDS_SIZES_H
#define EDGECC_PASSES_BOUNDS_SIZES_H

#include "dialects/Edge/EdgeDialect.h"

#include "mlir/IR/Builders.h"

#include <map>

namespace edgecc::bounds {

/// A size that is known at run time.
struct Size {
  /// A tensor<i32>.
  mlir::Value value;
  /// What it is in each instance, the first of which has the largest sizes.
  llvm::SmallVector<int64_t> at;
  /// What it is at least.
  int64_t least = 0;
};

/// A part of a dimension: `bound` places, of which the first count: as many as
/// size number `size` says, or all if that is -1.
struct Factor {
  int64_t bound;
  int size = -1;

  bool operator==(const Factor &other) const {
    return bound == other.bound && size == other.size;
  }
};

/// The factors of a dimension, the one that varies least first. None for one
/// place.
using Dim = llvm::SmallVector<Factor, 1>;
/// Those of each dimension of a tensor.
using Dims = llvm::SmallVector<Dim>;

/// A dimension whose places all count.
Dim fixedDim(int64_t size);
bool isOpen(const Dim &dim);
bool isOpen(const Dims &dims);
/// The factors of all dimensions, neighbours that are fixed as one.
Dim flatten(const Dims &dims);

/// All sizes of a network, and code that computes with them.
class Sizes {
public:
  Sizes(mlir::OpBuilder &builder) : builder(builder) {}

  int add(mlir::Value value, llvm::ArrayRef<int64_t> at, int64_t least);
  int size() const { return sizes.size(); }
  const Size &operator[](int size) const { return sizes[size]; }
  /// The number of a size that is so large in each instance; -1 for none.
  int find(llvm::ArrayRef<int64_t> at) const;
  /// max(size + term, 0) / divisor.
  int derive(mlir::Location loc, int size, int64_t term, int64_t divisor = 1);
  /// The sum of `parts` and `term`.
  int sum(mlir::Location loc, llvm::ArrayRef<int> parts, int64_t term);

  int64_t getBound(const Dim &dim) const { return getSize(dim, 0); }
  int64_t getLeast(const Dim &dim) const;
  /// The product of what the factors are in an instance.
  int64_t getSize(const Dim &dim, unsigned instance) const;
  /// The number of places that count, a tensor<i32>.
  mlir::Value count(mlir::Location loc, llvm::ArrayRef<Factor> factors);

  mlir::Value constant(mlir::Location loc, llvm::ArrayRef<int32_t> numbers,
                       llvm::ArrayRef<int64_t> shape);
  /// For each place along `factors`, its coordinate in factor `index`.
  llvm::SmallVector<int32_t> coordinates(llvm::ArrayRef<Factor> factors,
                                         unsigned index) const;

private:
  /// What is derived in the body of a loop is computed before the loop.
  void leaveBodies();

  mlir::OpBuilder &builder;
  llvm::SmallVector<Size> sizes;
  /// What has been derived, by the numbers that it was derived from.
  std::map<std::tuple<int, int64_t, int64_t>, int> derived;
  std::map<std::pair<llvm::SmallVector<int>, int64_t>, int> sums;
};

} // namespace edgecc::bounds

#endif // EDGECC_PASSES_BOUNDS_SIZES_H
