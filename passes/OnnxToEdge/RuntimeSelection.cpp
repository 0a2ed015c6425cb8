//===- RuntimeSelection.cpp - what values select at run time ----*- C++ -*-===//
//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/OnnxToEdge/RuntimeSelection.h"
#include "passes/OnnxToEdge/ControlFlow.h"

using namespace mlir;
using namespace edgecc;

Chosen edgecc::choose(ConversionContext &ctx, Value flags) {
  int64_t size = getShape(flags)[0];
  Type i32 = ctx.getBuilder().getI32Type();
  Value sums = ctx.create<edge::CumulativeOp>(
      edge::ReduceKind::Sum, ctx.cast(flags, i32), uint64_t(0),
      /*exclusive=*/false, /*reverse=*/false);
  // Each that is chosen goes to its place, all others go behind the end.
  Value targets = ctx.create<edge::SelectOp>(flags, scale(ctx, sums, 1, -1),
                                             scalar(ctx, sums, size));
  Value places = ctx.create<edge::ScatterElementsOp>(
      edge::ScatterReduction::None, iota(ctx, size),
      ctx.createSplat(0, ctx.getBuilder().getI64Type(), {size + 1}), targets,
      uint64_t(0));
  return {ctx.slice(places, 0, 0, size),
          ctx.reshape(ctx.slice(sums, 0, size - 1, 1), {})};
}

Value edgecc::findNonZero(ConversionContext &ctx, Value x) {
  SmallVector<int64_t> shape(getShape(x));
  int64_t size = getTensorType(x).getNumElements();
  Value flat = ctx.reshape(x, {size});
  Value flags =
      compare(ctx, edge::ComparePredicate::NE, flat, scalar(ctx, flat, 0));
  Chosen chosen = choose(ctx, flags);
  SmallVector<Value> rows;
  int64_t inner = size;
  for (int64_t extent : shape) {
    inner /= extent;
    Value row = ctx.create<edge::DivOp>(chosen.places,
                                        scalar(ctx, chosen.places, inner));
    row = ctx.create<edge::ModOp>(row, scalar(ctx, row, extent));
    rows.push_back(ctx.reshape(row, {1, size}));
  }
  Value all =
      ctx.create<edge::ConcatOp>(rows, ctx.getBuilder().getI64IntegerAttr(0));
  return ctx.bounded(all, 1, chosen.count);
}

Value edgecc::compress(ConversionContext &ctx, Value x, Value flags,
                       int64_t axis) {
  Chosen chosen = choose(ctx, flags);
  Value all = ctx.create<edge::GatherOp>(x, chosen.places, axis);
  return ctx.bounded(all, axis, chosen.count);
}

namespace {

/// The places of `rows` (places, elements) in the order of their elements, the
/// first of which decide; equal ones stay in order. Sorted by each column, from
/// the last one on.
FailureOr<Value> sortRows(ConversionContext &ctx, Value rows) {
  IntegerAttr front = ctx.getBuilder().getI64IntegerAttr(0);
  int64_t count = getShape(rows)[0], width = getShape(rows)[1];
  Value columns = ctx.transpose(rows, {1, 0});
  auto body = [&](Value number, ArrayRef<Value> order) -> FailureOr<LoopStep> {
    Value last = ctx.createInts({width - 1}, {});
    Value column = ctx.create<edge::GatherOp>(
        columns, ctx.create<edge::SubOp>(last, number), front);
    Value values = ctx.create<edge::GatherOp>(column, order[0], front);
    SmallVector<Value> sorted = ctx.createAll<edge::TopKOp>(
        edge::ArgKind::Min, values, uint64_t(0), uint64_t(count));
    LoopStep step;
    step.carried.push_back(
        ctx.create<edge::GatherOp>(order[0], sorted[1], front));
    return step;
  };
  LoopBounds bounds;
  bounds.maxTrips = width;
  auto results = createLoop(ctx, bounds, {iota(ctx, count)}, body);
  if (failed(results))
    return failure();
  return results->front();
}

} // namespace

/// Equal slices are neighbours once they are sorted; the first of each group is
/// chosen, and stays the first one since equal ones stay in order.
Converted edgecc::findUnique(ConversionContext &ctx, Value x, int64_t axis,
                             bool isSorted) {
  IntegerAttr front = ctx.getBuilder().getI64IntegerAttr(0);
  Type i32 = ctx.getBuilder().getI32Type(), i64 = ctx.getBuilder().getI64Type();
  int64_t count = getShape(x)[axis];
  SmallVector<int64_t> order =
      llvm::to_vector(llvm::seq<int64_t>(0, getRank(x)));
  std::rotate(order.begin(), order.begin() + axis, order.begin() + axis + 1);
  Value rows = ctx.reshape(ctx.transpose(x, order),
                           {count, getTensorType(x).getNumElements() / count});
  FailureOr<Value> sorted = sortRows(ctx, rows);
  if (failed(sorted))
    return failure();
  auto pick = [&](Value list, Value places) {
    return ctx.create<edge::GatherOp>(list, places, front);
  };
  // What belongs to places in the sorted order, at their places in `x`.
  auto putBack = [&](Value list, edge::ScatterReduction reduction,
                     Value places) {
    Value zeros = ctx.createSplat(0, getElementType(list), {count});
    return ctx.create<edge::ScatterElementsOp>(reduction, list, zeros, places,
                                               uint64_t(0));
  };

  Value values = pick(rows, *sorted);
  Value isFirst = ctx.createSplat(1, ctx.getBuilder().getI1Type(), {1});
  if (count > 1) {
    Value differs = compare(ctx, edge::ComparePredicate::NE,
                            ctx.slice(values, 0, 1, count - 1),
                            ctx.slice(values, 0, 0, count - 1));
    Value any = ctx.create<edge::ReduceOp>(edge::ReduceKind::Max,
                                           ctx.cast(differs, i32), ValueRange(),
                                           SmallVector<int64_t>{1});
    any = ctx.reshape(
        compare(ctx, edge::ComparePredicate::NE, any, scalar(ctx, any, 0)),
        {count - 1});
    isFirst = ctx.create<edge::ConcatOp>(ValueRange{isFirst, any}, front);
  }
  auto number = [&](Value flags) {
    Value sums = ctx.create<edge::CumulativeOp>(
        edge::ReduceKind::Sum, ctx.cast(flags, i64), uint64_t(0),
        /*exclusive=*/false, /*reverse=*/false);
    return scale(ctx, sums, 1, -1);
  };
  Chosen chosen = choose(ctx, isFirst);
  Value group = number(isFirst);
  Value picked = pick(*sorted, chosen.places);
  if (!isSorted) {
    // Groups are numbered by their first places.
    Value flags =
        putBack(ctx.cast(isFirst, i32), edge::ScatterReduction::None, *sorted);
    flags =
        compare(ctx, edge::ComparePredicate::NE, flags, scalar(ctx, flags, 0));
    group = pick(number(flags), pick(picked, group));
    chosen = choose(ctx, flags);
    picked = chosen.places;
  }
  Value inverse = putBack(group, edge::ScatterReduction::None, *sorted);
  Value counts = putBack(ctx.createSplat(1, i64, {count}),
                         edge::ScatterReduction::Add, group);
  Value unique = ctx.create<edge::GatherOp>(
      x, picked, ctx.getBuilder().getI64IntegerAttr(axis));
  return SmallVector<Value>{ctx.bounded(unique, axis, chosen.count),
                            ctx.bounded(picked, 0, chosen.count), inverse,
                            ctx.bounded(counts, 0, chosen.count)};
}

namespace {

/// The corners of boxes, each (batch, 1, boxes).
struct Corners {
  Value low[2], high[2];
};

Corners readCorners(ConversionContext &ctx, Value boxes, bool isCentered) {
  int64_t batch = getShape(boxes)[0], count = getShape(boxes)[1];
  auto part = [&](int64_t index) {
    return ctx.reshape(ctx.slice(boxes, 2, index, 1), {batch, 1, count});
  };
  Corners corners;
  for (int dim : {0, 1}) {
    Value a = part(dim), b = part(dim + 2);
    if (isCentered) {
      Value half = scale(ctx, b, 0.5);
      b = ctx.create<edge::AddOp>(a, half);
      a = ctx.create<edge::SubOp>(a, half);
    }
    corners.low[dim] = ctx.create<edge::MinOp>(a, b);
    corners.high[dim] = ctx.create<edge::MaxOp>(a, b);
  }
  return corners;
}

/// The extent in both dimensions, multiplied; none where high is below low.
Value areaOf(ConversionContext &ctx, const Corners &corners) {
  Value sides[2];
  for (int dim : {0, 1})
    sides[dim] =
        clamp(ctx, ctx.create<edge::SubOp>(corners.high[dim], corners.low[dim]),
              0, kInfinity);
  return ctx.create<edge::MulOp>(sides[0], sides[1]);
}

} // namespace

/// Takes the best box of each batch and class, and then all that overlap it out
/// of the race, as often as boxes may be kept.
Value edgecc::suppress(ConversionContext &ctx, const Suppression &what) {
  ArrayRef<int64_t> shape = getShape(what.scores);
  int64_t batches = shape[0], classes = shape[1], count = shape[2];
  int64_t trips = std::min(what.most, count);
  Corners corners = readCorners(ctx, what.boxes, what.isCentered);
  Value areas = areaOf(ctx, corners);
  Value least = scalar(ctx, what.scores, what.least);
  Value isIn = compare(ctx, edge::ComparePredicate::LT, least, what.scores);
  Value never = scalar(ctx, what.scores, -kInfinity);
  LoopBounds bounds;
  bounds.maxTrips = trips;
  auto body = [&](Value, ArrayRef<Value> states) -> FailureOr<LoopStep> {
    Value inRace = states[0];
    Value scores = ctx.create<edge::SelectOp>(inRace, what.scores, never);
    Value best = ctx.create<edge::ArgReduceOp>(edge::ArgKind::Max, scores,
                                               uint64_t(2), /*last=*/false);
    auto ofBest = [&](Value all) {
      return ctx.create<edge::GatherElementsOp>(ctx.broadcast(all, shape), best,
                                                uint64_t(2));
    };
    Corners common;
    for (int dim : {0, 1}) {
      common.low[dim] =
          ctx.create<edge::MaxOp>(corners.low[dim], ofBest(corners.low[dim]));
      common.high[dim] =
          ctx.create<edge::MinOp>(corners.high[dim], ofBest(corners.high[dim]));
    }
    Value both = areaOf(ctx, common);
    Value sum = ctx.create<edge::SubOp>(
        ctx.create<edge::AddOp>(areas, ofBest(areas)), both);
    Value isPositive =
        compare(ctx, edge::ComparePredicate::LT, scalar(ctx, sum, 0), sum);
    Value ratio = ctx.create<edge::SelectOp>(
        isPositive, ctx.create<edge::DivOp>(both, sum), scalar(ctx, sum, 0));
    Value isFar = compare(ctx, edge::ComparePredicate::LE, ratio,
                          scalar(ctx, ratio, what.threshold));
    Value isOther =
        compare(ctx, edge::ComparePredicate::NE, best, iota(ctx, count, 2, 3));
    LoopStep step;
    step.carried.push_back(ctx.create<edge::AndOp>(
        inRace, ctx.create<edge::AndOp>(isFar, isOther)));
    step.collected.push_back(best);
    step.collected.push_back(ofBest(inRace));
    return step;
  };
  auto results = createLoop(ctx, bounds, {isIn}, body);
  if (failed(results))
    return {};
  // (trips, batch, class, 1) as a list by batch, class and rank.
  auto list = [&](Value collected) {
    Value ordered = ctx.transpose(collected, {1, 2, 0, 3});
    return ctx.reshape(ordered, {batches * classes * trips});
  };
  Value boxes = list((*results)[1]);
  Chosen chosen = choose(ctx, list((*results)[2]));
  auto column = [&](Value value) {
    return ctx.reshape(value, {batches * classes * trips, 1});
  };
  auto part = [&](int64_t inner, int64_t extent) {
    Value number = ctx.create<edge::DivOp>(chosen.places,
                                           scalar(ctx, chosen.places, inner));
    return column(ctx.create<edge::ModOp>(number, scalar(ctx, number, extent)));
  };
  Value box = ctx.create<edge::GatherOp>(boxes, chosen.places,
                                         ctx.getBuilder().getI64IntegerAttr(0));
  Value all =
      ctx.create<edge::ConcatOp>(ValueRange{part(classes * trips, batches),
                                            part(trips, classes), column(box)},
                                 ctx.getBuilder().getI64IntegerAttr(1));
  return ctx.bounded(all, 0, chosen.count);
}
