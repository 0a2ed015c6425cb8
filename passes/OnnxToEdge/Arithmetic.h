//===- Arithmetic.h - short ways to common edge code ------------*- C++ -*-===//
//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What the converters of several families write often.
//
//===----------------------------------------------------------------------===//

#ifndef EDGECC_PASSES_ONNXTOEDGE_ARITHMETIC_H
#define EDGECC_PASSES_ONNXTOEDGE_ARITHMETIC_H

#include "passes/OnnxToEdge/Converters.h"

namespace edgecc {

inline constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// A converter of a node with one output: gives its value, or null after it
/// has emitted an error.
using SingleFn = mlir::Value(ConversionContext &);

/// Such a converter as the table takes it.
ConvertFn single(SingleFn *convert);

/// Emits an error that names the node; gives the null of a SingleFn.
mlir::Value refuse(ConversionContext &ctx, const llvm::Twine &reason);

/// A constant of rank 0 and of the element type of `like`.
inline mlir::Value scalar(ConversionContext &ctx, mlir::Value like,
                          double value) {
  return ctx.createSplat(value, getElementType(like));
}

/// `x * factor + offset`, without what changes nothing.
inline mlir::Value scale(ConversionContext &ctx, mlir::Value x, double factor,
                         double offset = 0.0) {
  if (factor != 1.0)
    x = ctx.create<edge::MulOp>(x, scalar(ctx, x, factor));
  if (offset != 0.0)
    x = ctx.create<edge::AddOp>(x, scalar(ctx, x, offset));
  return x;
}

/// `min(max(x, low), high)`; an infinite bound is none. `high` wins if it is
/// below `low`.
inline mlir::Value clamp(ConversionContext &ctx, mlir::Value x, double low,
                         double high) {
  if (low == -kInfinity && high == kInfinity)
    return x;
  low = std::min(low, high);
  mlir::OpBuilder &builder = ctx.getBuilder();
  return ctx.create<edge::ClampOp>(x, builder.getF64FloatAttr(low),
                                   builder.getF64FloatAttr(high));
}

/// `lhs < rhs` and so on, of element type i1.
inline mlir::Value compare(ConversionContext &ctx,
                           edge::ComparePredicate predicate, mlir::Value lhs,
                           mlir::Value rhs) {
  return ctx.create<edge::CompareOp>(predicate, lhs, rhs);
}

/// The number that a constant of one element holds; nothing for a value that
/// is not constant or has another number of elements.
std::optional<double> constantNumber(ConversionContext &ctx, mlir::Value value);

/// The largest number that `value` can be, or the least, where the graph says
/// so: by a Clip or Min.
std::optional<double> findExtreme(ConversionContext &ctx, mlir::Value value,
                                  bool isLargest);

/// 0, 1, ... `size - 1` as i64 along dimension `axis` of a tensor of rank
/// `rank`; the other dimensions are one.
mlir::Value iota(ConversionContext &ctx, int64_t size, int64_t axis = 0,
                 int64_t rank = 1);

/// The type that a number of ONNX's TensorProto.DataType stands for; null for
/// types that edgecc does not compute with.
mlir::Type getElementTypeOfOnnx(mlir::OpBuilder &builder, int64_t number);

} // namespace edgecc

#endif // EDGECC_PASSES_ONNXTOEDGE_ARITHMETIC_H
