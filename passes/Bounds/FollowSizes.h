//===- FollowSizes.h - where sizes of run time go ---------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef EDGECC_PASSES_BOUNDS_FOLLOWSIZES_H
#define EDGECC_PASSES_BOUNDS_FOLLOWSIZES_H

#include "passes/Bounds/Instances.h"
#include "passes/Bounds/Sizes.h"

namespace edgecc::bounds {

/// What stands where nothing counts: 0, 1, or what is below or above all other
/// elements.
enum class Fill { Zero, One, Least, Most };

/// Knows which dimensions of values are open, operation by operation, and
/// keeps what does not count out of what does.
class FollowSizes {
public:
  FollowSizes(mlir::OpBuilder &builder, const Instances &instances,
              Sizes &sizes)
      : builder(builder), instances(instances), sizes(sizes) {}

  void set(mlir::Value value, Dims dims) { known[value] = std::move(dims); }
  Dims get(mlir::Value value) const;

  /// The results of `op`, whose operands are known. Emits an error if it is not
  /// known what they are.
  llvm::LogicalResult visit(mlir::Operation *op);

private:
  bool isOpen(mlir::Value value) const;
  mlir::InFlightDiagnostic refuse(mlir::Operation *op, int64_t dim);
  /// `value` with `fill` in the places along `dim` that do not count.
  mlir::Value mask(mlir::Location loc, mlir::Value value, int64_t dim,
                   Fill fill);
  /// Puts that in the place of an operand.
  void maskOperand(mlir::Operation *op, unsigned operand, int64_t dim,
                   Fill fill);
  void maskOperand(mlir::Operation *op, unsigned operand, Fill fill);
  /// The dimension that is so large in the instances, or nothing.
  std::optional<Dim> findDim(llvm::ArrayRef<int64_t> at) const;
  /// Whether `value`, the dimensions of a result, is what instances have.
  bool agrees(mlir::Value value, const Dims &dims) const;

  // The dimensions of the result, or an error that has been emitted.
  using Result = llvm::FailureOr<Dims>;
  /// The mark of a dimension whose size depends on values.
  Result visitMark(mlir::UnrealizedConversionCastOp op);
  Result visitConstant(edge::ConstantOp op);
  /// A constant whose elements depend on a size, computed at run time.
  llvm::LogicalResult computeConstant(edge::ConstantOp op);
  Result visitElementwise(mlir::Operation *op);
  Result visitReshape(edge::ReshapeOp op);
  Result visitTranspose(edge::TransposeOp op);
  Result visitBroadcast(edge::BroadcastOp op);
  Result visitSlice(edge::SliceOp op);
  Result visitPad(edge::PadOp op);
  Result visitConcat(edge::ConcatOp op);
  Result visitGather(edge::GatherOp op);
  Result visitMatMul(edge::MatMulOp op);
  Result visitReduce(edge::ReduceOp op);
  Result visitSoftmax(edge::SoftmaxOp op);
  Result visitCumulative(edge::CumulativeOp op);
  Result visitArgReduce(edge::ArgReduceOp op);
  Result visitLayerNorm(edge::LayerNormOp op);
  /// `length` places, by `stride` from one to the next, the first of which is
  /// at the size of `dim` plus `term`.
  mlir::Value countFromEnd(mlir::Location loc, const Dim &dim, int64_t term,
                           int64_t stride, int64_t length);
  /// Indices along `dim` of which those below zero count from its end.
  mlir::Value countFromStart(mlir::Location loc, mlir::Value indices,
                             const Dim &dim);
  llvm::LogicalResult visitLoop(edge::LoopOp op);
  llvm::LogicalResult visitIf(edge::IfOp op);
  /// A recurrent cell; its first operand is (time, batch, gates).
  llvm::LogicalResult visitRecurrent(mlir::Operation *op);
  /// The same along a time that is open: `dim`.
  void endRecurrence(mlir::Operation *op, const Dim &dim);
  /// Windows that move along the dimensions between the first and the last.
  template <typename OpTy>
  Result visitWindow(OpTy op, llvm::ArrayRef<int64_t> kernel, Fill fill);
  /// An operation whose results have the dimensions of its first operand where
  /// that is open, and that does not combine elements along these.
  llvm::LogicalResult visitApart(mlir::Operation *op,
                                 llvm::ArrayRef<int64_t> combined);

  mlir::OpBuilder &builder;
  const Instances &instances;
  Sizes &sizes;
  llvm::DenseMap<mlir::Value, Dims> known;
  /// The sizes that depend on values, by their counts.
  llvm::DenseMap<mlir::Value, int> marked;
};

} // namespace edgecc::bounds

#endif // EDGECC_PASSES_BOUNDS_FOLLOWSIZES_H
