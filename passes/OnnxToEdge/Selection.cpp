//===- Selection.cpp - results whose size depends on values -----*- C++ -*-===//
//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Where what these operators look at is known at compile time, which elements
// they select is worked out here; elsewhere in RuntimeSelection.cpp.
//
//===----------------------------------------------------------------------===//

#include "dialects/Edge/EdgeConstants.h"
#include "passes/OnnxToEdge/RuntimeSelection.h"
#include <map>
#include <numeric>

using namespace mlir;
using namespace edgecc;

namespace {

/// The elements of operand `index`; an error when they are not known.
FailureOr<SmallVector<double>> readNumbers(ConversionContext &ctx,
                                           unsigned index, StringRef what) {
  if (failed(ctx.requireOperands(index + 1)))
    return failure();
  ElementsAttr attr = ctx.constant(ctx.operand(index));
  std::optional<edge::ConstantView> view = edge::ConstantView::get(attr);
  if (!view)
    return ctx.error() << "operand " << index << " (" << what
                       << ") must be known at compile time, because the size "
                          "of the result depends on it";
  SmallVector<double> numbers;
  for (int64_t i = 0; i < view->size(); ++i)
    numbers.push_back(view->real(i));
  return numbers;
}

/// Whether the elements of operand `index` are known, as far as it is there.
bool isKnown(ConversionContext &ctx, unsigned index) {
  return ctx.getNode().isAbsent(index) || ctx.constant(ctx.operand(index));
}

Value convertNonZero(ConversionContext &ctx) {
  if (failed(ctx.requireOperands(1)))
    return {};
  Value x = ctx.operand(0);
  if (!isKnown(ctx, 0) && getRank(x) > 0 &&
      getTensorType(x).getNumElements() > 0)
    return findNonZero(ctx, x);
  FailureOr<SmallVector<double>> numbers = readNumbers(ctx, 0, "X");
  if (failed(numbers))
    return {};
  ArrayRef<int64_t> shape = getShape(x);
  SmallVector<int64_t> found;
  for (auto [position, number] : llvm::enumerate(*numbers))
    if (number != 0)
      found.push_back(position);
  int64_t count = found.size(), rank = shape.size();
  SmallVector<int64_t> result(rank * count);
  for (auto [column, position] : llvm::enumerate(found))
    for (int64_t dim = rank - 1, rest = position; dim >= 0; --dim) {
      result[dim * count + column] = rest % shape[dim];
      rest /= shape[dim];
    }
  return ctx.createInts(result, {rank, count});
}

Value convertCompress(ConversionContext &ctx) {
  if (failed(ctx.requireOperands(2)))
    return {};
  Value x = ctx.operand(0);
  int64_t axis = 0;
  if (std::optional<int64_t> number = ctx.getNode().findI64("axis")) {
    FailureOr<int64_t> normal = ctx.normalizeAxis(*number, getRank(x));
    if (failed(normal))
      return {};
    axis = *normal;
  } else {
    x = ctx.reshape(x, {getTensorType(x).getNumElements()});
  }
  if (!isKnown(ctx, 1) && getShape(ctx.operand(1))[0] > 0) {
    if (getShape(ctx.operand(1))[0] > getShape(x)[axis])
      return refuse(ctx, "has a condition that is longer than the dimension");
    return compress(ctx, x, ctx.operand(1), axis);
  }
  FailureOr<SmallVector<double>> flags = readNumbers(ctx, 1, "condition");
  if (failed(flags))
    return {};
  SmallVector<int64_t> kept;
  for (auto [position, flag] : llvm::enumerate(*flags))
    if (flag != 0)
      kept.push_back(position);
  int64_t size = kept.size();
  if (size && kept.back() >= getShape(x)[axis])
    return refuse(ctx, "has a condition that is longer than the dimension");
  if (size == 0)
    return ctx.slice(x, axis, 0, 0);
  return ctx.create<edge::GatherOp>(x, ctx.createInts(kept, {size}), axis);
}

/// Slices along an axis, or single elements, compared as lists of numbers.
Converted convertUnique(ConversionContext &ctx) {
  if (failed(ctx.requireOperands(1)))
    return failure();
  Value input = ctx.operand(0);
  std::optional<int64_t> axis = ctx.getNode().findI64("axis");
  if (axis) {
    FailureOr<int64_t> normal = ctx.normalizeAxis(*axis, getRank(input));
    if (failed(normal))
      return failure();
    axis = *normal;
  } else {
    input = ctx.reshape(input, {getTensorType(input).getNumElements()});
  }
  int64_t dim = axis.value_or(0);
  bool isSorted = ctx.getNode().getI64("sorted", 1);
  if (!isKnown(ctx, 0) && getTensorType(input).getNumElements() > 0)
    return findUnique(ctx, input, dim, isSorted);
  FailureOr<SmallVector<double>> numbers = readNumbers(ctx, 0, "X");
  if (failed(numbers))
    return failure();
  ArrayRef<int64_t> shape = getShape(input);
  int64_t count = shape[dim], inner = 1;
  for (int64_t size : shape.drop_front(dim + 1))
    inner *= size;
  SmallVector<std::vector<double>> slices(count);
  for (auto [position, number] : llvm::enumerate(*numbers))
    slices[position / inner % count].push_back(number);

  SmallVector<int64_t> firsts, inverse(count);
  std::map<std::vector<double>, int64_t> known;
  for (int64_t i = 0; i < count; ++i) {
    auto [it, isNew] = known.try_emplace(slices[i], firsts.size());
    if (isNew)
      firsts.push_back(i);
    inverse[i] = it->second;
  }
  // The place of each one in the result.
  SmallVector<int64_t> places(firsts.size());
  std::iota(places.begin(), places.end(), 0);
  if (isSorted) {
    int64_t place = 0;
    for (const auto &[slice, index] : known)
      places[index] = place++;
  }
  SmallVector<int64_t> ordered(firsts.size()), counts(firsts.size(), 0);
  for (auto [index, first] : llvm::enumerate(firsts))
    ordered[places[index]] = first;
  for (int64_t &index : inverse) {
    index = places[index];
    ++counts[index];
  }
  int64_t found = ordered.size();
  Value picked = ctx.createInts(ordered, {found});
  Value unique = ctx.create<edge::GatherOp>(
      input, picked, ctx.getBuilder().getI64IntegerAttr(dim));
  return SmallVector<Value>{unique, picked, ctx.createInts(inverse, {count}),
                            ctx.createInts(counts, {found})};
}

/// The corners of a box, smaller ones first.
struct Corners {
  double low[2], high[2];
};

Corners readCorners(ArrayRef<double> box, bool isCentered) {
  Corners corners;
  for (int dim : {0, 1}) {
    double a = box[dim], b = box[dim + 2];
    if (isCentered) {
      a = box[dim] - box[dim + 2] / 2;
      b = box[dim] + box[dim + 2] / 2;
    }
    corners.low[dim] = std::min(a, b);
    corners.high[dim] = std::max(a, b);
  }
  return corners;
}

/// The common area of two boxes over the area of both.
double overlap(const Corners &a, const Corners &b) {
  double common = 1, areaA = 1, areaB = 1;
  for (int dim : {0, 1}) {
    common *= std::max(0.0, std::min(a.high[dim], b.high[dim]) -
                                std::max(a.low[dim], b.low[dim]));
    areaA *= a.high[dim] - a.low[dim];
    areaB *= b.high[dim] - b.low[dim];
  }
  double both = areaA + areaB - common;
  return both > 0 ? common / both : 0;
}

Value convertNonMaxSuppression(ConversionContext &ctx) {
  if (failed(ctx.requireOperands(2)))
    return {};
  double limits[3] = {0, 0, -kInfinity};
  for (unsigned i = 0; i < 3; ++i) {
    if (ctx.getNode().isAbsent(i + 2))
      continue;
    std::optional<double> number = constantNumber(ctx, ctx.operand(i + 2));
    if (!number)
      return refuse(ctx, "operand " + Twine(i + 2) +
                             " must be known at compile time");
    limits[i] = *number;
  }
  ArrayRef<int64_t> boxShape = getShape(ctx.operand(0));
  ArrayRef<int64_t> scoreShape = getShape(ctx.operand(1));
  if (boxShape.size() != 3 || boxShape[2] != 4 || scoreShape.size() != 3 ||
      scoreShape[0] != boxShape[0] || scoreShape[2] != boxShape[1])
    return refuse(ctx, "needs boxes (batch, boxes, 4) and scores (batch, "
                       "classes, boxes)");
  bool isCentered = ctx.getNode().getI64("center_point_box", 0);
  double most = limits[0], threshold = limits[1], least = limits[2];
  int64_t count = boxShape[1];
  bool isAny = most >= 1 && getTensorType(ctx.operand(1)).getNumElements() > 0;
  if (isAny && (!isKnown(ctx, 0) || !isKnown(ctx, 1)))
    return suppress(ctx, {ctx.operand(0), ctx.operand(1),
                          int64_t(std::min<double>(most, count)), threshold,
                          least, isCentered});
  auto boxes = readNumbers(ctx, 0, "boxes");
  auto scores = readNumbers(ctx, 1, "scores");
  if (failed(boxes) || failed(scores))
    return {};
  SmallVector<int64_t> selected;
  for (int64_t batch = 0; batch < scoreShape[0]; ++batch)
    for (int64_t label = 0; label < scoreShape[1]; ++label) {
      ArrayRef<double> row = ArrayRef<double>(*scores).slice(
          (batch * scoreShape[1] + label) * count, count);
      SmallVector<int64_t> order;
      for (int64_t i = 0; i < count; ++i)
        if (row[i] > least)
          order.push_back(i);
      llvm::sort(order, [&](int64_t a, int64_t b) {
        return std::pair(-row[a], a) < std::pair(-row[b], b);
      });
      SmallVector<Corners> kept;
      for (int64_t i : order) {
        if (double(kept.size()) >= most)
          break;
        Corners box = readCorners(
            ArrayRef<double>(*boxes).slice((batch * count + i) * 4, 4),
            isCentered);
        if (llvm::any_of(kept, [&](const Corners &other) {
              return overlap(box, other) > threshold;
            }))
          continue;
        kept.push_back(box);
        llvm::append_range(selected, ArrayRef<int64_t>{batch, label, i});
      }
    }
  return ctx.createInts(selected, {int64_t(selected.size()) / 3, 3});
}

} // namespace

void edgecc::registerSelectionConverters(ConverterTable &table) {
  table.add("Compress", single(convertCompress));
  table.add("NonMaxSuppression", single(convertNonMaxSuppression));
  table.add("NonZero", single(convertNonZero));
  table.add("Unique", convertUnique);
}
