//===- Indexing.cpp - access by computed indices ----------------*- C++ -*-===//
//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Gather, scatter and their kin, and TopK.
//
//===----------------------------------------------------------------------===//

#include "passes/OnnxToEdge/Arithmetic.h"

using namespace mlir;
using namespace edgecc;

namespace {

/// The axis attribute, counted from the front of operand 0.
FailureOr<int64_t> getAxis(ConversionContext &ctx, int64_t defaultValue) {
  return ctx.normalizeAxis(ctx.getNode().getI64("axis", defaultValue),
                           getRank(ctx.operand(0)));
}

//===----------------------------------------------------------------------===//
// Gather
//===----------------------------------------------------------------------===//

/// Constant indices as numbers in [0, size); an error for one outside.
FailureOr<SmallVector<int64_t>> getConstantIndices(ConversionContext &ctx,
                                                   ElementsAttr elements,
                                                   int64_t size) {
  std::optional<SmallVector<int64_t>> indices = readInts(elements);
  if (!indices)
    return ctx.error() << "has indices that are no integers";
  for (int64_t &index : *indices) {
    if (index < -size || index >= size)
      return ctx.error() << "index " << index
                         << " is out of range for a dimension of " << size;
    if (index < 0)
      index += size;
  }
  return *indices;
}

/// The constant distance of neighbours, or nothing if there is none.
std::optional<int64_t> getStride(ArrayRef<int64_t> indices) {
  if (indices.size() < 2)
    return 1;
  int64_t stride = indices[1] - indices[0];
  for (size_t i = 1; i + 1 < indices.size(); ++i)
    if (indices[i + 1] - indices[i] != stride)
      return std::nullopt;
  return stride == 0 ? std::nullopt : std::optional<int64_t>(stride);
}

Value convertGather(ConversionContext &ctx) {
  if (failed(ctx.requireOperands(2)))
    return {};
  Value x = ctx.operand(0), indices = ctx.operand(1);
  FailureOr<int64_t> axis = getAxis(ctx, 0);
  if (failed(axis))
    return {};
  ElementsAttr elements = ctx.constant(indices);
  if (!elements || elements.getNumElements() == 0)
    return ctx.create<edge::GatherOp>(x, indices, *axis);
  auto numbers = getConstantIndices(ctx, elements, getShape(x)[*axis]);
  if (failed(numbers))
    return {};
  // Evenly spaced indices are a slice, which later passes know more about.
  std::optional<int64_t> stride = getStride(*numbers);
  if (!stride)
    return ctx.create<edge::GatherOp>(x, indices, *axis);
  SmallVector<int64_t> offsets(getRank(x), 0), strides(getRank(x), 1);
  SmallVector<int64_t> sizes(getShape(x)), shape(getShape(x));
  offsets[*axis] = numbers->front();
  sizes[*axis] = numbers->size();
  strides[*axis] = *stride;
  Value slice = ctx.create<edge::SliceOp>(x, offsets, sizes, strides);
  shape.erase(shape.begin() + *axis);
  ArrayRef<int64_t> inner = getShape(indices);
  shape.insert(shape.begin() + *axis, inner.begin(), inner.end());
  return ctx.reshape(slice, shape);
}

Value convertGatherElements(ConversionContext &ctx) {
  FailureOr<int64_t> axis = getAxis(ctx, 0);
  if (failed(ctx.requireOperands(2)) || failed(axis))
    return {};
  return ctx.create<edge::GatherElementsOp>(ctx.operand(0), ctx.operand(1),
                                            *axis);
}

Value convertGatherND(ConversionContext &ctx) {
  if (failed(ctx.requireOperands(2)))
    return {};
  return ctx.create<edge::GatherNDOp>(ctx.operand(0), ctx.operand(1),
                                      ctx.getNode().getI64("batch_dims", 0));
}

//===----------------------------------------------------------------------===//
// Scatter
//===----------------------------------------------------------------------===//

FailureOr<edge::ScatterReduction> getReduction(ConversionContext &ctx) {
  StringRef name = ctx.getNode().getString("reduction", "none");
  if (auto reduction = edge::symbolizeScatterReduction(name))
    return *reduction;
  return ctx.unsupportedAttribute("reduction", name,
                                  "none, add, mul, max or min");
}

Value convertScatterElements(ConversionContext &ctx) {
  if (failed(ctx.requireOperands(3)))
    return {};
  FailureOr<int64_t> axis = getAxis(ctx, 0);
  FailureOr<edge::ScatterReduction> reduction = getReduction(ctx);
  if (failed(axis) || failed(reduction))
    return {};
  return ctx.create<edge::ScatterElementsOp>(
      *reduction, ctx.operand(2), ctx.operand(0), ctx.operand(1), *axis);
}

/// The slice that constant index tuples address when they list a box of the
/// input's first dimensions in row-major order, each with stride one.
struct Box {
  SmallVector<int64_t> offsets, sizes;
};

std::optional<Box> findBox(ArrayRef<int64_t> tuples, int64_t length,
                           ArrayRef<int64_t> shape) {
  if (length == 0 || tuples.empty())
    return std::nullopt;
  Box box;
  int64_t count = tuples.size() / length, volume = 1;
  for (int64_t dim = 0; dim < length; ++dim) {
    int64_t first = tuples[dim], last = tuples[tuples.size() - length + dim];
    if (first < 0 || last >= shape[dim] || last < first)
      return std::nullopt;
    box.offsets.push_back(first);
    box.sizes.push_back(last - first + 1);
    volume *= box.sizes.back();
  }
  if (volume != count)
    return std::nullopt;
  for (int64_t i = 0; i < count; ++i) {
    int64_t rest = i;
    for (int64_t dim = length - 1; dim >= 0; --dim) {
      if (tuples[i * length + dim] != box.offsets[dim] + rest % box.sizes[dim])
        return std::nullopt;
      rest /= box.sizes[dim];
    }
  }
  return box;
}

/// `update` in the place of that box of `x`: the parts of `x` around it are
/// joined to it, one dimension at a time. Null when the box is smaller than the
/// input in more than one dimension.
Value replaceBox(ConversionContext &ctx, Value x, Value update,
                 const Box &box) {
  std::optional<int64_t> axis;
  for (auto [dim, size] : llvm::enumerate(box.sizes))
    if (size != getShape(x)[dim]) {
      if (axis)
        return {};
      axis = dim;
    }
  if (!axis)
    return update;
  int64_t begin = box.offsets[*axis], end = begin + box.sizes[*axis];
  int64_t size = getShape(x)[*axis];
  SmallVector<Value> parts;
  if (begin > 0)
    parts.push_back(ctx.slice(x, *axis, 0, begin));
  parts.push_back(update);
  if (end < size)
    parts.push_back(ctx.slice(x, *axis, end, size - end));
  return ctx.create<edge::ConcatOp>(parts, *axis);
}

Value convertScatterND(ConversionContext &ctx) {
  if (failed(ctx.requireOperands(3)))
    return {};
  Value x = ctx.operand(0), indices = ctx.operand(1), updates = ctx.operand(2);
  FailureOr<edge::ScatterReduction> reduction = getReduction(ctx);
  if (failed(reduction))
    return {};
  // Assigning to a slice comes as ScatterND of constant indices.
  ElementsAttr elements = ctx.constant(indices);
  if (elements && *reduction == edge::ScatterReduction::None &&
      getRank(indices) > 0 && getShape(indices).back() <= getRank(x)) {
    int64_t length = getShape(indices).back();
    std::optional<SmallVector<int64_t>> tuples = readInts(elements);
    if (auto box =
            tuples ? findBox(*tuples, length, getShape(x)) : std::nullopt) {
      SmallVector<int64_t> shape = box->sizes;
      llvm::append_range(shape, getShape(x).drop_front(length));
      if (Value result = replaceBox(ctx, x, ctx.reshape(updates, shape), *box))
        return result;
    }
  }
  return ctx.create<edge::ScatterNDOp>(*reduction, updates, x, indices);
}

//===----------------------------------------------------------------------===//
// TopK
//===----------------------------------------------------------------------===//

Converted convertTopK(ConversionContext &ctx) {
  FailureOr<int64_t> axis = getAxis(ctx, -1);
  if (failed(axis))
    return failure();
  int64_t k = ctx.getNode().getI64("k", 0);
  // Where k is known at run time, all are sorted and the first k are there.
  Value count;
  if (ctx.getVersion() >= 10 && ctx.operand(1) &&
      !ctx.constant(ctx.operand(1))) {
    k = getShape(ctx.operand(0))[*axis];
    count = ctx.cast(ctx.reshape(ctx.operand(1), {}),
                     ctx.getBuilder().getI32Type());
    count = clamp(ctx, count, 0, double(k));
  } else if (ctx.getVersion() >= 10) {
    FailureOr<SmallVector<int64_t>> list = ctx.ints(1, "k");
    if (failed(list))
      return failure();
    if (list->size() != 1)
      return ctx.error() << "needs one k, has " << list->size();
    k = list->front();
  }
  auto kind = ctx.getNode().getI64("largest", 1) ? edge::ArgKind::Max
                                                 : edge::ArgKind::Min;
  Converted all = ctx.createAll<edge::TopKOp>(kind, ctx.operand(0), *axis, k);
  if (count && succeeded(all))
    for (Value &value : *all)
      value = ctx.bounded(value, *axis, count);
  return all;
}

//===----------------------------------------------------------------------===//
// TensorScatter
//===----------------------------------------------------------------------===//

/// Writes an update into a cache, for each batch from an index of its own on.
Value convertTensorScatter(ConversionContext &ctx) {
  if (failed(ctx.requireOperands(2)))
    return {};
  Value cache = ctx.operand(0), update = ctx.operand(1);
  Value start = ctx.operand(2);
  FailureOr<int64_t> axis = getAxis(ctx, -2);
  if (failed(axis))
    return {};
  ArrayRef<int64_t> shape = getShape(cache);
  int64_t rank = shape.size(), size = shape[*axis];
  SmallVector<int64_t> expected(shape);
  if (getRank(update) == rank)
    expected[*axis] = getShape(update)[*axis];
  if (*axis == 0 || getShape(update) != ArrayRef<int64_t>(expected) ||
      expected[*axis] == 0)
    return refuse(ctx, "has an update that does not fit the cache");
  Value position = iota(ctx, size, *axis, rank);
  if (start) {
    SmallVector<int64_t> column(rank, 1);
    column[0] = shape[0];
    position = ctx.create<edge::SubOp>(
        position,
        ctx.reshape(ctx.cast(start, ctx.getBuilder().getI64Type()), column));
  }
  if (ctx.getNode().getString("mode", "linear") == "circular")
    position = ctx.create<edge::ModOp>(position, scalar(ctx, position, size));
  Value isUpdated =
      ctx.create<edge::AndOp>(compare(ctx, edge::ComparePredicate::LE,
                                      scalar(ctx, position, 0), position),
                              compare(ctx, edge::ComparePredicate::LT, position,
                                      scalar(ctx, position, expected[*axis])));
  Value index = clamp(ctx, position, 0, expected[*axis] - 1);
  Value picked = ctx.create<edge::GatherElementsOp>(
      update, ctx.broadcast(index, shape),
      ctx.getBuilder().getI64IntegerAttr(*axis));
  return ctx.create<edge::SelectOp>(isUpdated, picked, cache);
}

//===----------------------------------------------------------------------===//
// TfIdfVectorizer
//===----------------------------------------------------------------------===//

/// Counts n-grams: lists of numbers that stand in a row, or with a distance of
/// up to max_skip_count others between them.
Value convertTfIdfVectorizer(ConversionContext &ctx) {
  if (failed(ctx.requireOperands(1)))
    return {};
  onnx::NodeOp node = ctx.getNode();
  ArrayRef<int64_t> pool = node.getInts("pool_int64s");
  ArrayRef<int64_t> starts = node.getInts("ngram_counts");
  ArrayRef<int64_t> columns = node.getInts("ngram_indexes");
  ArrayRef<float> weights = node.getFloats("weights");
  int64_t least = node.getI64("min_gram_length", 1);
  int64_t most = node.getI64("max_gram_length", 1);
  int64_t skips = node.getI64("max_skip_count", 0);
  StringRef mode = node.getString("mode", "TF");
  if (pool.empty() || !node.getStrings("pool_strings").empty())
    return refuse(ctx, "needs n-grams of numbers; strings are not supported");
  if (least < 1 || most < least || most > 64 || skips < 0 || skips > 1024)
    return refuse(ctx, "has lengths out of range");
  Value x = ctx.cast(ctx.operand(0), ctx.getBuilder().getI64Type());
  bool isVector = getRank(x) == 1;
  if (isVector)
    x = ctx.reshape(x, {1, getShape(x)[0]});
  if (getRank(x) != 2)
    return refuse(ctx, "needs one or two dimensions");
  int64_t rows = getShape(x)[0], length = getShape(x)[1];
  int64_t width = 0;
  for (int64_t column : columns)
    width = std::max(width, column + 1);
  Type f32 = ctx.getBuilder().getF32Type();
  SmallVector<Value> counts(width);
  int64_t gram = 0;
  for (int64_t n = 1; n <= int64_t(starts.size()); ++n) {
    int64_t first = starts[n - 1];
    int64_t end = n < int64_t(starts.size()) ? starts[n] : pool.size();
    if (first < 0 || end > int64_t(pool.size()) || (end - first) % n != 0)
      return refuse(ctx, "has n-grams that do not fit their counts");
    for (int64_t at = first; at < end; at += n, ++gram) {
      if (gram >= int64_t(columns.size()) || columns[gram] < 0)
        return refuse(ctx, "has an n-gram without an index");
      if (n < least || n > most)
        continue;
      Value &count = counts[columns[gram]];
      // Single numbers have nothing between them.
      for (int64_t skip = 0; skip <= (n == 1 ? 0 : skips); ++skip) {
        int64_t places = length - (n - 1) * (skip + 1);
        if (places <= 0)
          break;
        Value matches;
        for (int64_t i = 0; i < n; ++i) {
          Value part = ctx.slice(x, 1, i * (skip + 1), places);
          Value same = compare(ctx, edge::ComparePredicate::EQ, part,
                               ctx.createInts({pool[at + i]}, {}));
          matches = matches ? ctx.create<edge::AndOp>(matches, same) : same;
        }
        Value sum = ctx.create<edge::ReduceOp>(
            edge::ReduceKind::Sum, ctx.cast(matches, f32), ValueRange(),
            SmallVector<int64_t>{1});
        count = count ? ctx.create<edge::AddOp>(count, sum) : sum;
      }
    }
  }
  for (Value &count : counts)
    if (!count)
      count = ctx.createSplat(0, f32, {rows, 1});
  Value result = counts.size() == 1
                     ? counts.front()
                     : ctx.create<edge::ConcatOp>(
                           counts, ctx.getBuilder().getI64IntegerAttr(1));
  if (mode == "IDF")
    result = ctx.cast(compare(ctx, edge::ComparePredicate::LT,
                              scalar(ctx, result, 0), result),
                      f32);
  if (mode != "TF" && !weights.empty()) {
    SmallVector<float> row(width, 1);
    for (auto [column, weight] : llvm::zip(columns, weights))
      row[column] = weight;
    result =
        ctx.create<edge::MulOp>(result, ctx.createFloats(row, {width}, f32));
  }
  return isVector ? ctx.reshape(result, {width}) : result;
}

} // namespace

void edgecc::registerIndexingConverters(ConverterTable &table) {
  table.add("Gather", single(convertGather));
  table.add("GatherElements", single(convertGatherElements));
  table.add("GatherND", single(convertGatherND));
  table.add("Scatter", single(convertScatterElements));
  table.add("ScatterElements", single(convertScatterElements));
  table.add("ScatterND", single(convertScatterND));
  table.add("TopK", convertTopK);
  table.add("TensorScatter", single(convertTensorScatter));
  table.add("TfIdfVectorizer", single(convertTfIdfVectorizer));
}
