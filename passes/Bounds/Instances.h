//===- Instances.h - one network at several sizes ---------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef EDGECC_PASSES_BOUNDS_INSTANCES_H
#define EDGECC_PASSES_BOUNDS_INSTANCES_H

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace edgecc::bounds {

/// A function and others that differ from it in sizes only. Instance 0 is the
/// function itself.
class Instances {
public:
  /// Emits an error that names the first operation where `other` has another
  /// one or takes its operands from elsewhere.
  llvm::LogicalResult add(mlir::func::FuncOp main, mlir::func::FuncOp other);

  unsigned count() const { return values.size() + 1; }
  mlir::RankedTensorType getType(mlir::Value value, unsigned instance) const;
  mlir::Operation *getOp(mlir::Operation *op, unsigned instance) const;
  /// The size of a dimension in each instance.
  llvm::SmallVector<int64_t> getSizes(mlir::Value value, int64_t dim) const;
  /// Whether the shape is the same in all instances.
  bool isFixed(mlir::Value value) const;
  /// Whether attributes of `op`, and of all in its regions, are the same in all
  /// instances.
  bool hasSameAttributes(mlir::Operation *op) const;

private:
  llvm::LogicalResult match(mlir::Block &from, mlir::Block &to);

  llvm::SmallVector<llvm::DenseMap<mlir::Value, mlir::Value>> values;
  llvm::SmallVector<llvm::DenseMap<mlir::Operation *, mlir::Operation *>> ops;
};

} // namespace edgecc::bounds

#endif // EDGECC_PASSES_BOUNDS_INSTANCES_H
