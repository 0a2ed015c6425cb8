//===- Reduction.cpp - sums, extrema and running sums -----------*- C++ -*-===//
//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// All reductions become edge.reduce with elementwise code before and after.
//
//===----------------------------------------------------------------------===//

#include "passes/OnnxToEdge/Arithmetic.h"
#include "passes/OnnxToEdge/ControlFlow.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir;
using namespace edgecc;

namespace {

//===----------------------------------------------------------------------===//
// Axes and shapes
//===----------------------------------------------------------------------===//

/// What a Reduce* node reduces.
struct Extent {
  /// Sorted, counted from the front; may be empty.
  SmallVector<int64_t> axes;
  /// The shape of the node's result.
  SmallVector<int64_t> shape;
  /// The number of elements that meet in one.
  int64_t count = 1;
};

/// The axes come as an attribute or, in newer versions, as an operand. None at
/// all means every dimension, unless the node says that it means none.
FailureOr<Extent> getExtent(ConversionContext &ctx) {
  int64_t rank = getRank(ctx.operand(0));
  Extent extent;
  if (ctx.operand(1)) {
    FailureOr<SmallVector<int64_t>> list = ctx.ints(1, "axes");
    if (failed(list))
      return failure();
    extent.axes = *list;
  } else {
    extent.axes = llvm::to_vector(ctx.getNode().getInts("axes"));
  }
  if (extent.axes.empty() && !ctx.getNode().getI64("noop_with_empty_axes", 0))
    extent.axes = llvm::to_vector(llvm::seq<int64_t>(0, rank));
  for (int64_t &axis : extent.axes) {
    FailureOr<int64_t> normal = ctx.normalizeAxis(axis, rank);
    if (failed(normal))
      return failure();
    axis = *normal;
  }
  llvm::sort(extent.axes);
  extent.axes.erase(llvm::unique(extent.axes), extent.axes.end());

  bool keeps = ctx.getNode().getI64("keepdims", 1);
  for (auto [dim, size] : llvm::enumerate(getShape(ctx.operand(0)))) {
    bool isReduced = llvm::is_contained(extent.axes, static_cast<int64_t>(dim));
    if (isReduced)
      extent.count *= size;
    if (!isReduced || keeps)
      extent.shape.push_back(isReduced ? 1 : size);
  }
  return extent;
}

/// The least or largest value of an element type.
double getLimit(Type type, bool isLeast) {
  if (isa<FloatType>(type))
    return isLeast ? -kInfinity : kInfinity;
  unsigned width = type.getIntOrFloatBitWidth();
  if (type.isUnsignedInteger() || width == 1)
    return isLeast ? 0.0 : std::ldexp(1.0, width) - 1;
  return isLeast ? -std::ldexp(1.0, width - 1) : std::ldexp(1.0, width - 1) - 1;
}

/// What a reduction of no elements gives.
double getNeutral(edge::ReduceKind kind, Type type) {
  switch (kind) {
  case edge::ReduceKind::Sum:
    return 0.0;
  case edge::ReduceKind::Prod:
    return 1.0;
  case edge::ReduceKind::Max:
    return getLimit(type, /*isLeast=*/true);
  case edge::ReduceKind::Min:
    return getLimit(type, /*isLeast=*/false);
  }
  llvm_unreachable("all kinds are covered");
}

/// Reduces `axes`, which stay with size one, and keeps the element type.
Value reduce(ConversionContext &ctx, edge::ReduceKind kind, Value x,
             ArrayRef<int64_t> axes) {
  if (axes.empty())
    return x;
  Type type = getElementType(x);
  if (type.isInteger(1)) {
    Type byte = ctx.getBuilder().getIntegerType(8, /*isSigned=*/false);
    return ctx.cast(reduce(ctx, kind, ctx.cast(x, byte), axes), type);
  }
  bool isEmpty = getTensorType(x).getNumElements() == 0;
  SmallVector<int64_t> shape(getShape(x));
  for (int64_t axis : axes)
    shape[axis] = 1;
  if (isEmpty)
    return ctx.createSplat(getNeutral(kind, type), type, shape);
  Value result = ctx.create<edge::ReduceOp>(kind, x, ValueRange(), axes);
  return ctx.cast(result, type);
}

//===----------------------------------------------------------------------===//
// Reductions
//===----------------------------------------------------------------------===//

Value sum(ConversionContext &ctx, Value x, const Extent &extent) {
  return reduce(ctx, edge::ReduceKind::Sum, x, extent.axes);
}

/// The sum of elements of type `narrow`, each addition rounded to it, from the
/// first element to the last. NumPy, and with it ONNX's reference, does so for
/// bf16; f16 is summed in f32 there as here.
Value sumInSteps(ConversionContext &ctx, Value x, Type narrow,
                 const Extent &extent) {
  SmallVector<int64_t> order(extent.axes), shape(getShape(x));
  for (int64_t dim = 0; dim < getRank(x); ++dim)
    if (!llvm::is_contained(extent.axes, dim))
      order.push_back(dim);
  for (int64_t axis : extent.axes)
    shape[axis] = 1;
  int64_t sums = getTensorType(x).getNumElements() / extent.count;
  Value rows = ctx.reshape(ctx.transpose(x, order), {extent.count, sums});
  auto step = [&](Value number,
                  ArrayRef<Value> carried) -> FailureOr<LoopStep> {
    Value row = ctx.create<edge::GatherOp>(
        rows, number, ctx.getBuilder().getI64IntegerAttr(0));
    Value sum = ctx.create<edge::AddOp>(ctx.widen(carried[0]), row);
    LoopStep next;
    next.carried.push_back(ctx.cast(sum, narrow));
    return next;
  };
  LoopBounds bounds;
  bounds.maxTrips = extent.count;
  Value zero = ctx.createSplat(0, narrow, {sums});
  auto results = createLoop(ctx, bounds, {zero}, step);
  return failed(results) ? x : ctx.reshape(ctx.widen(results->front()), shape);
}

/// A reduction whose code is `body(x, extent)`; shapes are seen to here.
template <typename Body>
Value convertReduction(ConversionContext &ctx, Body body) {
  if (failed(ctx.requireOperands(1)))
    return {};
  FailureOr<Extent> extent = getExtent(ctx);
  if (failed(extent))
    return {};
  return ctx.reshape(body(ctx.operand(0), *extent), extent->shape);
}

/// The same in floats that neither overflow nor lose digits before the end:
/// integers go through f64, narrow floats through f32.
template <typename Body>
Value convertRealReduction(ConversionContext &ctx, Body body) {
  return convertReduction(ctx, [&](Value x, const Extent &extent) {
    Type type = getElementType(x);
    bool isInteger = isa<IntegerType>(type);
    Value real =
        isInteger ? ctx.cast(x, ctx.getBuilder().getF64Type()) : ctx.widen(x);
    return ctx.cast(body(real, extent), type);
  });
}

template <edge::ReduceKind kind>
Value convertReduce(ConversionContext &ctx) {
  return convertReduction(ctx, [&](Value x, const Extent &extent) {
    return reduce(ctx, kind, x, extent.axes);
  });
}

Value convertSum(ConversionContext &ctx) {
  return convertReduction(ctx, [&](Value x, const Extent &extent) {
    Type rounded = ctx.roundedType(0);
    if (rounded && rounded.isBF16() && extent.count > 1 &&
        getTensorType(x).getNumElements() > 0)
      return sumInSteps(ctx, x, rounded, extent);
    return sum(ctx, x, extent);
  });
}

Value convertMean(ConversionContext &ctx) {
  return convertReduction(ctx, [&](Value x, const Extent &extent) -> Value {
    Type type = getElementType(x);
    if (isa<FloatType>(type))
      return ctx.cast(
          scale(ctx, sum(ctx, ctx.widen(x), extent), 1.0 / extent.count), type);
    return ctx.create<edge::DivOp>(sum(ctx, x, extent),
                                   scalar(ctx, x, extent.count));
  });
}

Value convertL1(ConversionContext &ctx) {
  return convertReduction(ctx, [&](Value x, const Extent &extent) {
    return sum(ctx, ctx.create<edge::AbsOp>(x), extent);
  });
}

Value convertSumSquare(ConversionContext &ctx) {
  return convertReduction(ctx, [&](Value x, const Extent &extent) {
    return sum(ctx, ctx.create<edge::MulOp>(x, x), extent);
  });
}

Value convertL2(ConversionContext &ctx) {
  return convertRealReduction(ctx, [&](Value x, const Extent &extent) {
    Value squares = ctx.create<edge::MulOp>(x, x);
    return ctx.create<edge::SqrtOp>(sum(ctx, squares, extent));
  });
}

Value convertLogSum(ConversionContext &ctx) {
  return convertRealReduction(ctx, [&](Value x, const Extent &extent) {
    return ctx.create<edge::LogOp>(sum(ctx, x, extent));
  });
}

Value convertLogSumExp(ConversionContext &ctx) {
  return convertRealReduction(ctx, [&](Value x, const Extent &extent) {
    // The maximum is taken off, limited to the finite numbers so that the
    // difference to it is never infinity less infinity.
    Value largest = reduce(ctx, edge::ReduceKind::Max, x, extent.axes);
    APFloat most = APFloat::getLargest(
        cast<FloatType>(getElementType(x)).getFloatSemantics());
    bool inexact;
    most.convert(APFloat::IEEEdouble(), APFloat::rmTowardZero, &inexact);
    double limit = most.convertToDouble();
    largest = clamp(ctx, largest, -limit, limit);
    Value shifted = ctx.create<edge::SubOp>(x, largest);
    Value total = sum(ctx, ctx.create<edge::ExpOp>(shifted), extent);
    return ctx.create<edge::AddOp>(ctx.create<edge::LogOp>(total), largest);
  });
}

//===----------------------------------------------------------------------===//
// Positions of extrema, running sums
//===----------------------------------------------------------------------===//

template <edge::ArgKind kind>
Value convertArgReduce(ConversionContext &ctx) {
  Value x = ctx.operand(0);
  FailureOr<int64_t> axis =
      ctx.normalizeAxis(ctx.getNode().getI64("axis", 0), getRank(x));
  if (failed(axis))
    return {};
  bool last = ctx.getNode().getI64("select_last_index", 0);
  Value result = ctx.create<edge::ArgReduceOp>(kind, x, *axis, last);
  if (ctx.getNode().getI64("keepdims", 1))
    return result;
  SmallVector<int64_t> shape(getShape(x));
  shape.erase(shape.begin() + *axis);
  return ctx.reshape(result, shape);
}

template <edge::ReduceKind kind>
Value convertCumulative(ConversionContext &ctx) {
  Value x = ctx.operand(0);
  FailureOr<SmallVector<int64_t>> list = ctx.ints(1, "axis");
  if (failed(list))
    return {};
  if (list->size() != 1)
    return refuse(ctx, "needs one axis, has " + Twine(list->size()));
  FailureOr<int64_t> axis = ctx.normalizeAxis(list->front(), getRank(x));
  if (failed(axis))
    return {};
  bool exclusive = ctx.getNode().getI64("exclusive", 0);
  bool reverse = ctx.getNode().getI64("reverse", 0);
  return ctx.create<edge::CumulativeOp>(kind, x, *axis, exclusive, reverse);
}

} // namespace

void edgecc::registerReductionConverters(ConverterTable &table) {
  table.add("ReduceSum", single(convertSum));
  table.add("ReduceProd", single(convertReduce<edge::ReduceKind::Prod>));
  table.add("ReduceMax", single(convertReduce<edge::ReduceKind::Max>));
  table.add("ReduceMin", single(convertReduce<edge::ReduceKind::Min>));
  table.add("ReduceMean", single(convertMean));
  table.add("ReduceL1", single(convertL1));
  table.add("ReduceL2", single(convertL2));
  table.add("ReduceSumSquare", single(convertSumSquare));
  table.add("ReduceLogSum", single(convertLogSum));
  table.add("ReduceLogSumExp", single(convertLogSumExp));
  table.add("ArgMax", single(convertArgReduce<edge::ArgKind::Max>));
  table.add("ArgMin", single(convertArgReduce<edge::ArgKind::Min>));
  table.add("CumSum", single(convertCumulative<edge::ReduceKind::Sum>));
  table.add("CumProd", single(convertCumulative<edge::ReduceKind::Prod>));
}
