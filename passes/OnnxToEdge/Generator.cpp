//===- Generator.cpp - tensors made from shapes and numbers ----*- C++ -*-===//
//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Operators whose result, or at least its shape, depends on values that must
// be known at compile time.
//
//===----------------------------------------------------------------------===//

#include "dialects/Edge/EdgeConstants.h"
#include "passes/OnnxToEdge/Arithmetic.h"
#include "llvm/Support/FormatVariadic.h"
#include <cmath>

using namespace mlir;
using namespace edgecc;

namespace {

Value convertConstantOfShape(ConversionContext &ctx) {
  FailureOr<SmallVector<int64_t>> shape = ctx.ints(0, "shape");
  if (failed(shape))
    return {};
  if (llvm::any_of(*shape, [](int64_t size) { return size < 0; }))
    return refuse(ctx, "has a shape with a negative size");
  ElementsAttr value = ctx.getNode().getTensor("value");
  if (!value)
    return ctx.createSplat(0.0, ctx.getBuilder().getF32Type(), *shape);
  if (value.getNumElements() != 1)
    return refuse(ctx, "attribute value has " + Twine(value.getNumElements()) +
                           " elements, not one");
  Type type = value.getElementType();
  if (!type.isIntOrFloat())
    return refuse(ctx, "makes a constant of type " +
                           llvm::formatv("{0}", type).str());
  // One element stands for all, however many they are.
  std::optional<edge::ConstantView> view = edge::ConstantView::get(value);
  if (type.isInteger(1))
    return ctx.createSplat(view->integer(0), type, *shape);
  return ctx.createConstant(DenseElementsAttr::getFromRawBuffer(
      RankedTensorType::get(*shape, type), view->bytes()));
}

Value convertRange(ConversionContext &ctx) {
  if (failed(ctx.requireOperands(3)))
    return {};
  Type type = getElementType(ctx.operand(0));
  if (isa<FloatType>(type)) {
    double numbers[3];
    for (unsigned i = 0; i < 3; ++i) {
      std::optional<double> number = constantNumber(ctx, ctx.operand(i));
      if (!number)
        return refuse(ctx, "needs start, limit and delta to be constant");
      numbers[i] = *number;
    }
    auto [start, limit, delta] = numbers;
    if (delta == 0.0)
      return refuse(ctx, "has the delta zero");
    int64_t size = std::max(std::ceil((limit - start) / delta), 0.0);
    return scale(ctx, ctx.cast(iota(ctx, size), type), delta, start);
  }
  auto start = ctx.ints(0, "start"), limit = ctx.ints(1, "limit"),
       delta = ctx.ints(2, "delta");
  if (failed(start) || failed(limit) || failed(delta))
    return {};
  if (start->size() != 1 || limit->size() != 1 || delta->size() != 1 ||
      delta->front() == 0)
    return refuse(ctx, "needs one start, limit and delta, which is not zero");
  int64_t first = start->front(), end = limit->front(), step = delta->front();
  SmallVector<int64_t> values;
  for (int64_t i = first; step > 0 ? i < end : i > end; i += step)
    values.push_back(i);
  int64_t size = values.size();
  return ctx.cast(ctx.createInts(values, {size}), type);
}

Value convertEyeLike(ConversionContext &ctx) {
  Value x = ctx.operand(0);
  if (getRank(x) != 2)
    return refuse(ctx,
                  "needs an operand of rank 2, has rank " + Twine(getRank(x)));
  Type type = getElementType(x);
  if (std::optional<int64_t> number = ctx.getNode().findI64("dtype")) {
    type = getElementTypeOfOnnx(ctx.getBuilder(), *number);
    if (!type)
      return refuse(ctx, "attribute dtype = " + Twine(*number) +
                             " is not a type that edgecc computes with");
  }
  int64_t diagonal = ctx.getNode().getI64("k", 0);
  int64_t rows = getShape(x)[0], columns = getShape(x)[1];
  SmallVector<int64_t> values(rows * columns, 0);
  for (int64_t row = 0; row < rows; ++row)
    if (row + diagonal >= 0 && row + diagonal < columns)
      values[row * columns + row + diagonal] = 1;
  return ctx.cast(ctx.createInts(values, {rows, columns}), type);
}

Value convertOneHot(ConversionContext &ctx) {
  if (failed(ctx.requireOperands(3)))
    return {};
  Value depthOperand = ctx.operand(1), values = ctx.operand(2);
  std::optional<double> depth = constantNumber(ctx, depthOperand);
  if (!depth || *depth < 0)
    return refuse(ctx, "needs a constant depth that is not negative");
  if (getTensorType(values).getNumElements() != 2)
    return refuse(ctx, "needs two values, off and on");
  Value indices = ctx.cast(ctx.operand(0), ctx.getBuilder().getI64Type());
  int64_t rank = getRank(indices) + 1;
  FailureOr<int64_t> axis =
      ctx.normalizeAxis(ctx.getNode().getI64("axis", -1), rank);
  if (failed(axis))
    return {};
  Value negative = compare(ctx, edge::ComparePredicate::LT, indices,
                           scalar(ctx, indices, 0));
  indices = ctx.create<edge::SelectOp>(negative, scale(ctx, indices, 1, *depth),
                                       indices);
  SmallVector<int64_t> shape = llvm::to_vector(getShape(indices));
  shape.insert(shape.begin() + *axis, 1);
  Value hit =
      compare(ctx, edge::ComparePredicate::EQ, ctx.reshape(indices, shape),
              iota(ctx, *depth, *axis, rank));
  Value off = ctx.reshape(ctx.slice(values, 0, 0, 1), {});
  Value on = ctx.reshape(ctx.slice(values, 0, 1, 1), {});
  return ctx.create<edge::SelectOp>(hit, on, off);
}

//===----------------------------------------------------------------------===//
// Shapes that depend on values
//===----------------------------------------------------------------------===//

/// Which elements of constant operand `index` are not zero.
FailureOr<SmallVector<bool>> findNonZero(ConversionContext &ctx,
                                         unsigned index) {
  ElementsAttr elements = ctx.constant(ctx.operand(index));
  if (!elements)
    return ctx.error() << "has a result whose shape depends on values that are "
                          "not known at compile time";
  SmallVector<bool> flags;
  if (auto ints = readInts(elements))
    for (int64_t number : *ints)
      flags.push_back(number != 0);
  else if (auto floats = readFloats(elements))
    for (float number : *floats)
      flags.push_back(number != 0.0f);
  else
    return ctx.error() << "has elements of a type that cannot be zero";
  return flags;
}

Value convertNonZero(ConversionContext &ctx) {
  FailureOr<SmallVector<bool>> flags = findNonZero(ctx, 0);
  if (failed(flags))
    return {};
  ArrayRef<int64_t> shape = getShape(ctx.operand(0));
  SmallVector<int64_t> hits;
  for (auto [position, flag] : llvm::enumerate(*flags))
    if (flag)
      hits.push_back(position);
  // Row-major: the coordinates of the last dimension vary fastest.
  SmallVector<int64_t> coordinates;
  int64_t pitch = getTensorType(ctx.operand(0)).getNumElements();
  for (int64_t size : shape) {
    pitch = size ? pitch / size : 0;
    for (int64_t hit : hits)
      coordinates.push_back(hit / pitch % size);
  }
  return ctx.createInts(coordinates, {static_cast<int64_t>(shape.size()),
                                      static_cast<int64_t>(hits.size())});
}

Value convertCompress(ConversionContext &ctx) {
  if (failed(ctx.requireOperands(2)))
    return {};
  Value x = ctx.operand(0);
  FailureOr<SmallVector<bool>> flags = findNonZero(ctx, 1);
  if (failed(flags))
    return {};
  int64_t axis = 0;
  if (std::optional<int64_t> number = ctx.getNode().findI64("axis")) {
    FailureOr<int64_t> normal = ctx.normalizeAxis(*number, getRank(x));
    if (failed(normal))
      return {};
    axis = *normal;
  } else {
    x = ctx.reshape(x, {getTensorType(x).getNumElements()});
  }
  SmallVector<int64_t> kept;
  for (auto [position, flag] : llvm::enumerate(*flags))
    if (flag)
      kept.push_back(position);
  int64_t size = kept.size();
  if (size && kept.back() >= getShape(x)[axis])
    return refuse(ctx, "has a condition that is longer than the dimension");
  if (size == 0)
    return ctx.slice(x, axis, 0, 0);
  return ctx.create<edge::GatherOp>(x, ctx.createInts(kept, {size}), axis);
}

} // namespace

void edgecc::registerGeneratorConverters(ConverterTable &table) {
  table.add("ConstantOfShape", single(convertConstantOfShape));
  table.add("Range", single(convertRange));
  table.add("EyeLike", single(convertEyeLike));
  table.add("OneHot", single(convertOneHot));
  table.add("NonZero", single(convertNonZero));
  table.add("Compress", single(convertCompress));
}
