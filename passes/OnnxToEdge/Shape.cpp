//===- Shape.cpp - reshape, transpose, join and split -----------*- C++ -*-===//
//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Operators that rearrange whole tensors. Those that cut a part out or add a
// border are in Slice.cpp, those that make values from shapes in Generator.cpp.
//
//===----------------------------------------------------------------------===//

#include "passes/OnnxToEdge/Arithmetic.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir;
using namespace edgecc;

namespace {

//===----------------------------------------------------------------------===//
// Shapes as values
//===----------------------------------------------------------------------===//

Value convertShape(ConversionContext &ctx) {
  ArrayRef<int64_t> shape = getShape(ctx.operand(0));
  int64_t rank = shape.size();
  auto limit = [&](int64_t index) {
    return std::clamp<int64_t>(index < 0 ? index + rank : index, 0, rank);
  };
  int64_t start = limit(ctx.getNode().getI64("start", 0));
  int64_t end = limit(ctx.getNode().getI64("end", rank));
  int64_t size = std::max<int64_t>(end - start, 0);
  return ctx.createInts(shape.slice(start, size), {size});
}

Value convertSize(ConversionContext &ctx) {
  return ctx.createInts({getTensorType(ctx.operand(0)).getNumElements()}, {});
}

//===----------------------------------------------------------------------===//
// The same elements in another shape
//===----------------------------------------------------------------------===//

Value convertReshape(ConversionContext &ctx) {
  Value x = ctx.operand(0);
  FailureOr<SmallVector<int64_t>> target = ctx.ints(1, "shape");
  if (failed(target))
    return {};
  ArrayRef<int64_t> from = getShape(x);
  bool keepsZero = ctx.getNode().getI64("allowzero", 0);
  SmallVector<int64_t> shape = *target;
  std::optional<size_t> unknown;
  int64_t known = 1;
  for (auto [dim, size] : llvm::enumerate(shape)) {
    if (size == 0 && !keepsZero) {
      if (dim >= from.size())
        return refuse(ctx, "copies dimension " + Twine(dim) +
                               " of an operand of rank " + Twine(from.size()));
      size = from[dim];
    }
    if (size < -1)
      return refuse(ctx, "has a shape with the size " + Twine(size));
    if (size == -1) {
      if (unknown)
        return refuse(ctx, "leaves two dimensions of its shape open");
      unknown = dim;
    } else {
      known *= size;
    }
  }
  int64_t elements = getTensorType(x).getNumElements();
  if (unknown) {
    if (known == 0 || elements % known != 0)
      return refuse(ctx, "cannot split " + Twine(elements) +
                             " elements into slices of " + Twine(known));
    shape[*unknown] = elements / known;
    known = elements;
  }
  if (known != elements)
    return refuse(ctx, "reshapes " + Twine(elements) + " elements to " +
                           Twine(known));
  return ctx.reshape(x, shape);
}

Value convertFlatten(ConversionContext &ctx) {
  Value x = ctx.operand(0);
  ArrayRef<int64_t> shape = getShape(x);
  int64_t rank = getRank(x), axis = ctx.getNode().getI64("axis", 1);
  if (axis != rank) {
    FailureOr<int64_t> normal = ctx.normalizeAxis(axis, rank);
    if (failed(normal))
      return {};
    axis = *normal;
  }
  int64_t rows = 1, columns = 1;
  for (int64_t dim = 0; dim < rank; ++dim)
    (dim < axis ? rows : columns) *= shape[dim];
  return ctx.reshape(x, {rows, columns});
}

/// The axes of Squeeze and Unsqueeze, an attribute before version 13 and an
/// operand since; counted from the front of `rank`, sorted, all different. An
/// empty optional when there are none.
FailureOr<std::optional<SmallVector<int64_t>>>
getAxes(ConversionContext &ctx, int64_t extraRank, int64_t rank) {
  std::optional<SmallVector<int64_t>> axes;
  if (ctx.getVersion() < 13) {
    if (auto list = ctx.getNode().findInts("axes"))
      axes = llvm::to_vector(*list);
  } else if (ctx.operand(1)) {
    FailureOr<SmallVector<int64_t>> list = ctx.ints(1, "axes");
    if (failed(list))
      return failure();
    axes = std::move(*list);
  }
  if (!axes)
    return axes;
  if (extraRank)
    rank += axes->size();
  for (int64_t &axis : *axes) {
    FailureOr<int64_t> normal = ctx.normalizeAxis(axis, rank);
    if (failed(normal))
      return failure();
    axis = *normal;
  }
  llvm::sort(*axes);
  if (llvm::adjacent_find(*axes) != axes->end())
    return ctx.error() << "names an axis twice";
  return axes;
}

Value convertSqueeze(ConversionContext &ctx) {
  Value x = ctx.operand(0);
  auto axes = getAxes(ctx, /*extraRank=*/0, getRank(x));
  if (failed(axes))
    return {};
  SmallVector<int64_t> shape;
  for (auto [dim, size] : llvm::enumerate(getShape(x))) {
    bool isNamed =
        *axes && llvm::is_contained(**axes, static_cast<int64_t>(dim));
    if (isNamed && size != 1)
      return refuse(ctx, "squeezes dimension " + Twine(dim) + " of size " +
                             Twine(size));
    if (*axes ? !isNamed : size != 1)
      shape.push_back(size);
  }
  return ctx.reshape(x, shape);
}

Value convertUnsqueeze(ConversionContext &ctx) {
  Value x = ctx.operand(0);
  auto axes = getAxes(ctx, /*extraRank=*/1, getRank(x));
  if (failed(axes))
    return {};
  if (!*axes)
    return refuse(ctx, "has no axes");
  SmallVector<int64_t> shape = llvm::to_vector(getShape(x));
  for (int64_t axis : **axes)
    shape.insert(shape.begin() + axis, 1);
  return ctx.reshape(x, shape);
}

//===----------------------------------------------------------------------===//
// Permutation and repetition
//===----------------------------------------------------------------------===//

Value convertTranspose(ConversionContext &ctx) {
  Value x = ctx.operand(0);
  SmallVector<int64_t> reversed = llvm::to_vector(
      llvm::reverse(llvm::to_vector(llvm::seq<int64_t>(0, getRank(x)))));
  ArrayRef<int64_t> permutation = ctx.getNode().getInts("perm", reversed);
  SmallVector<int64_t> sorted = llvm::to_vector(permutation);
  llvm::sort(sorted);
  if (!llvm::equal(sorted, llvm::seq<int64_t>(0, getRank(x))))
    return refuse(ctx, "attribute perm is not a permutation of the " +
                           Twine(getRank(x)) + " dimensions");
  return ctx.transpose(x, permutation);
}

Value convertExpand(ConversionContext &ctx) {
  Value x = ctx.operand(0);
  FailureOr<SmallVector<int64_t>> target = ctx.ints(1, "shape");
  if (failed(target))
    return {};
  FailureOr<SmallVector<int64_t>> shape =
      edge::broadcastShapes({getShape(x), ArrayRef<int64_t>(*target)});
  if (failed(shape))
    return refuse(ctx, "expands to a shape that does not broadcast");
  return ctx.broadcast(x, *shape);
}

Value convertTile(ConversionContext &ctx) {
  Value x = ctx.operand(0);
  FailureOr<SmallVector<int64_t>> repeats = ctx.ints(1, "repeats");
  if (failed(repeats))
    return {};
  ArrayRef<int64_t> shape = getShape(x);
  if (repeats->size() != shape.size())
    return refuse(ctx, "has " + Twine(repeats->size()) +
                           " repeats for an operand of rank " +
                           Twine(shape.size()));
  // A dimension that repeats gets another one before it to broadcast along,
  // unless it can broadcast itself.
  SmallVector<int64_t> narrow, wide, result;
  for (auto [size, repeat] : llvm::zip_equal(shape, *repeats)) {
    if (repeat < 0)
      return refuse(ctx, "repeats " + Twine(repeat) + " times");
    result.push_back(size * repeat);
    if (repeat != 1 && size != 1) {
      narrow.push_back(1);
      wide.push_back(repeat);
    }
    narrow.push_back(size);
    wide.push_back(size == 1 ? repeat : size);
  }
  return ctx.reshape(ctx.broadcast(ctx.reshape(x, narrow), wide), result);
}

//===----------------------------------------------------------------------===//
// Joining and splitting
//===----------------------------------------------------------------------===//

Value convertConcat(ConversionContext &ctx) {
  if (failed(ctx.requireOperands(1)))
    return {};
  FailureOr<int64_t> axis = ctx.normalizeAxis(ctx.getNode().getI64("axis", 1),
                                              getRank(ctx.operand(0)));
  if (failed(axis))
    return {};
  SmallVector<Value> parts;
  for (unsigned i = 0, end = ctx.getNumOperands(); i < end; ++i) {
    Value part = ctx.operand(i);
    if (getRank(part) != getRank(ctx.operand(0)))
      return refuse(ctx, "joins operands of rank " +
                             Twine(getRank(ctx.operand(0))) + " and " +
                             Twine(getRank(part)));
    if (getShape(part)[*axis] != 0)
      parts.push_back(part);
  }
  if (parts.empty())
    return ctx.operand(0);
  if (parts.size() == 1)
    return parts.front();
  return ctx.create<edge::ConcatOp>(parts, *axis);
}

/// The sizes into which Split cuts a dimension of `size`: given, or about equal
/// ones, of which the last may be smaller.
FailureOr<SmallVector<int64_t>> getSplit(ConversionContext &ctx, int64_t size) {
  int64_t outputs = ctx.getNode().getOutputs().size();
  if (ctx.getVersion() < 13) {
    if (auto split = ctx.getNode().findInts("split"))
      return llvm::to_vector(*split);
  } else if (ctx.operand(1)) {
    return ctx.ints(1, "split");
  }
  int64_t count = ctx.getNode().getI64("num_outputs", outputs);
  if (count < 1)
    return ctx.error() << "splits into " << count << " parts";
  int64_t chunk = llvm::divideCeil(size, count);
  SmallVector<int64_t> split;
  for (int64_t part = 0; part < count; ++part)
    split.push_back(std::clamp<int64_t>(size - part * chunk, 0, chunk));
  return split;
}

Converted convertSplit(ConversionContext &ctx) {
  Value x = ctx.operand(0);
  FailureOr<int64_t> axis =
      ctx.normalizeAxis(ctx.getNode().getI64("axis", 0), getRank(x));
  if (failed(axis))
    return failure();
  int64_t size = getShape(x)[*axis];
  FailureOr<SmallVector<int64_t>> split = getSplit(ctx, size);
  if (failed(split))
    return failure();
  int64_t total = 0;
  for (int64_t part : *split) {
    if (part < 0)
      return ctx.error() << "splits off a part of size " << part;
    total += part;
  }
  if (total != size || split->size() < ctx.getNode().getOutputs().size())
    return ctx.error() << "splits a dimension of size " << size << " into "
                       << split->size() << " parts of size " << total
                       << " in all for " << ctx.getNode().getOutputs().size()
                       << " outputs";
  SmallVector<Value> results;
  int64_t offset = 0;
  for (int64_t part : *split) {
    results.push_back(ctx.slice(x, *axis, offset, part));
    offset += part;
  }
  results.truncate(ctx.getNode().getOutputs().size());
  return results;
}

} // namespace

void edgecc::registerShapeConverters(ConverterTable &table) {
  table.add("Shape", single(convertShape));
  table.add("Size", single(convertSize));
  table.add("Reshape", single(convertReshape), 5);
  table.add("Flatten", single(convertFlatten));
  table.add("Squeeze", single(convertSqueeze));
  table.add("Unsqueeze", single(convertUnsqueeze));
  table.add("Transpose", single(convertTranspose));
  table.add("Expand", single(convertExpand));
  table.add("Tile", single(convertTile), 6);
  table.add("Concat", single(convertConcat));
  table.add("Split", convertSplit, 2);
}
