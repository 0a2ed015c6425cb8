//===- Slice.cpp - parts of tensors and borders -----------------*- C++ -*-===//
//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Operators that cut a part out of a tensor, add a border, or mirror it.
//
//===----------------------------------------------------------------------===//

#include "passes/OnnxToEdge/Arithmetic.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir;
using namespace edgecc;

namespace {

//===----------------------------------------------------------------------===//
// Slice
//===----------------------------------------------------------------------===//

/// A part of each dimension of a tensor; all of it at first.
struct Part {
  SmallVector<int64_t> offsets, sizes, strides;

  explicit Part(ArrayRef<int64_t> shape)
      : offsets(shape.size(), 0), sizes(shape), strides(shape.size(), 1) {}

  /// Cuts the part out; creates nothing when it is everything.
  Value cut(ConversionContext &ctx, Value x) {
    if (llvm::equal(sizes, getShape(x)) &&
        llvm::all_of(strides, [](int64_t stride) { return stride == 1; }))
      return x;
    return ctx.create<edge::SliceOp>(x, offsets, sizes, strides);
  }
};

/// The axes that `axes` names or, when there are none, the first `count` ones.
FailureOr<SmallVector<int64_t>>
normalizeAxes(ConversionContext &ctx,
              const std::optional<SmallVector<int64_t>> &axes, int64_t count,
              int64_t rank) {
  if (!axes)
    return llvm::to_vector(llvm::seq<int64_t>(0, count));
  SmallVector<int64_t> result;
  for (int64_t axis : *axes) {
    FailureOr<int64_t> normal = ctx.normalizeAxis(axis, rank);
    if (failed(normal))
      return failure();
    if (llvm::is_contained(result, *normal))
      return ctx.error() << "names axis " << axis << " twice";
    result.push_back(*normal);
  }
  return result;
}

/// Operand `index` as integers, or nothing if it is absent.
FailureOr<std::optional<SmallVector<int64_t>>>
optionalInts(ConversionContext &ctx, unsigned index, StringRef what) {
  if (!ctx.operand(index))
    return std::optional<SmallVector<int64_t>>();
  FailureOr<SmallVector<int64_t>> list = ctx.ints(index, what);
  if (failed(list))
    return failure();
  return std::optional<SmallVector<int64_t>>(std::move(*list));
}

/// Elements `start` to `end`, exclusive, of dimension `axis`, where both are
/// limited to the tensor as ONNX has it.
void setRange(Part &part, int64_t axis, int64_t start, int64_t end,
              int64_t step) {
  int64_t size = part.sizes[axis];
  bool backwards = step < 0;
  // The extreme integers stand for "to the end" and must not overflow.
  auto position = [&](int64_t index) {
    if (index < 0)
      index = std::max(index, -size - 1) + size;
    return backwards ? std::clamp<int64_t>(index, -1, size - 1)
                     : std::clamp<int64_t>(index, 0, size);
  };
  start = position(start);
  end = position(end);
  if (backwards && size != 0)
    start = std::max<int64_t>(start, 0);
  int64_t distance = backwards ? start - end : end - start;
  uint64_t stride = backwards ? -static_cast<uint64_t>(step) : step;
  int64_t count =
      distance <= 0 ? 0 : 1 + static_cast<int64_t>((distance - 1) / stride);
  part.offsets[axis] = count == 0 ? 0 : start;
  part.sizes[axis] = count;
  part.strides[axis] = count <= 1 ? 1 : step;
}

Value convertSlice(ConversionContext &ctx) {
  Value x = ctx.operand(0);
  SmallVector<int64_t> starts, ends;
  std::optional<SmallVector<int64_t>> axes, steps;
  if (ctx.getVersion() < 10) {
    starts = llvm::to_vector(ctx.getNode().getInts("starts"));
    ends = llvm::to_vector(ctx.getNode().getInts("ends"));
    if (auto list = ctx.getNode().findInts("axes"))
      axes = llvm::to_vector(*list);
  } else {
    auto startList = ctx.ints(1, "starts");
    auto endList = ctx.ints(2, "ends");
    auto axisList = optionalInts(ctx, 3, "axes");
    auto stepList = optionalInts(ctx, 4, "steps");
    if (failed(startList) || failed(endList) || failed(axisList) ||
        failed(stepList))
      return {};
    starts = *startList;
    ends = *endList;
    axes = *axisList;
    steps = *stepList;
  }
  int64_t rank = getRank(x);
  auto normal = normalizeAxes(ctx, axes, starts.size(), rank);
  if (failed(normal))
    return {};
  if (ends.size() != starts.size() || normal->size() != starts.size() ||
      (steps && steps->size() != starts.size()) ||
      static_cast<int64_t>(starts.size()) > rank)
    return refuse(ctx, "has starts, ends, axes and steps of different length");
  Part part(getShape(x));
  for (auto [i, axis] : llvm::enumerate(*normal)) {
    int64_t step = steps ? (*steps)[i] : 1;
    if (step == 0)
      return refuse(ctx, "has the step zero");
    setRange(part, axis, starts[i], ends[i], step);
  }
  return part.cut(ctx, x);
}

//===----------------------------------------------------------------------===//
// Pad
//===----------------------------------------------------------------------===//

/// Adds a border; negative sizes take one off.
Value pad(ConversionContext &ctx, Value x, edge::PadMode mode,
          ArrayRef<int64_t> low, ArrayRef<int64_t> high, double value) {
  Part part(getShape(x));
  SmallVector<int64_t> before(low), after(high);
  for (int64_t dim = 0, rank = getRank(x); dim < rank; ++dim) {
    int64_t offset = std::max<int64_t>(-low[dim], 0);
    part.offsets[dim] = offset;
    part.sizes[dim] -= offset + std::max<int64_t>(-high[dim], 0);
    if (part.sizes[dim] < 0)
      return refuse(ctx, "takes more off dimension " + Twine(dim) +
                             " than its size of " + Twine(getShape(x)[dim]));
    if (part.sizes[dim] == 0)
      part.offsets[dim] = 0;
    before[dim] = std::max<int64_t>(low[dim], 0);
    after[dim] = std::max<int64_t>(high[dim], 0);
  }
  x = part.cut(ctx, x);
  auto isZero = [](int64_t size) { return size == 0; };
  if (llvm::all_of(before, isZero) && llvm::all_of(after, isZero))
    return x;
  return ctx.create<edge::PadOp>(x, mode, before, after, APFloat(value));
}

Value convertPad(ConversionContext &ctx) {
  Value x = ctx.operand(0);
  int64_t rank = getRank(x);
  StringRef name = ctx.getNode().getString("mode", "constant");
  std::optional<edge::PadMode> mode = edge::symbolizePadMode(name);
  if (!mode) {
    (void)ctx.unsupportedAttribute("mode", name,
                                   "constant, reflect, edge or wrap");
    return {};
  }
  SmallVector<int64_t> pads;
  std::optional<SmallVector<int64_t>> axes;
  double value = 0.0;
  if (ctx.getVersion() < 11) {
    pads = llvm::to_vector(ctx.getNode().getInts("pads"));
    value = ctx.getNode().getF32("value", 0.0f);
  } else {
    auto padList = ctx.ints(1, "pads");
    auto axisList = optionalInts(ctx, 3, "axes");
    if (failed(padList) || failed(axisList))
      return {};
    pads = *padList;
    axes = *axisList;
    if (ctx.operand(2) && *mode == edge::PadMode::Constant) {
      std::optional<double> number = constantNumber(ctx, ctx.operand(2));
      if (!number)
        return refuse(ctx, "needs a constant value to pad with");
      value = *number;
    }
  }
  auto normal = normalizeAxes(ctx, axes, rank, rank);
  if (failed(normal))
    return {};
  if (pads.size() != 2 * normal->size())
    return refuse(ctx, "has " + Twine(pads.size()) + " pads for " +
                           Twine(normal->size()) + " dimensions");
  SmallVector<int64_t> low(rank, 0), high(rank, 0);
  for (auto [i, axis] : llvm::enumerate(*normal)) {
    low[axis] = pads[i];
    high[axis] = pads[normal->size() + i];
  }
  return pad(ctx, x, *mode, low, high, value);
}

Value convertCenterCropPad(ConversionContext &ctx) {
  Value x = ctx.operand(0);
  int64_t rank = getRank(x);
  FailureOr<SmallVector<int64_t>> target = ctx.ints(1, "shape");
  if (failed(target))
    return {};
  std::optional<SmallVector<int64_t>> axes;
  if (auto list = ctx.getNode().findInts("axes"))
    axes = llvm::to_vector(*list);
  auto normal = normalizeAxes(ctx, axes, rank, rank);
  if (failed(normal))
    return {};
  if (target->size() != normal->size())
    return refuse(ctx, "has a shape of " + Twine(target->size()) +
                           " sizes for " + Twine(normal->size()) +
                           " dimensions");
  // Where both halves cannot be equal, the first one is the smaller.
  SmallVector<int64_t> low(rank, 0), high(rank, 0);
  for (auto [size, axis] : llvm::zip_equal(*target, *normal)) {
    int64_t difference = size - getShape(x)[axis];
    low[axis] = difference / 2;
    high[axis] = difference - low[axis];
  }
  return pad(ctx, x, edge::PadMode::Constant, low, high, 0.0);
}

//===----------------------------------------------------------------------===//
// Mirrors and triangles
//===----------------------------------------------------------------------===//

Value convertReverseSequence(ConversionContext &ctx) {
  if (failed(ctx.requireOperands(2)))
    return {};
  Value x = ctx.operand(0), lengths = ctx.operand(1);
  int64_t time = ctx.getNode().getI64("time_axis", 0);
  int64_t batch = ctx.getNode().getI64("batch_axis", 1);
  if (getRank(x) < 2 || time + batch != 1 || time * batch != 0)
    return refuse(ctx, "needs an operand of rank 2 and axes 0 and 1");
  ArrayRef<int64_t> shape = getShape(x);
  int64_t steps = shape[time], sequences = shape[batch];

  // Element t of a sequence of length n comes from n - 1 - t if t < n, else
  // from t. Both dimensions are one for the gather.
  Value t = iota(ctx, steps, time, 2);
  Value b = iota(ctx, sequences, batch, 2);
  SmallVector<int64_t> lengthShape = {1, 1};
  lengthShape[batch] = sequences;
  Value n = ctx.cast(ctx.reshape(lengths, lengthShape),
                     ctx.getBuilder().getI64Type());
  Value mirrored = ctx.create<edge::SubOp>(scale(ctx, n, 1.0, -1.0), t);
  Value inside = compare(ctx, edge::ComparePredicate::LT, t, n);
  Value source = ctx.create<edge::SelectOp>(inside, mirrored, t);
  Value index =
      ctx.create<edge::AddOp>(scale(ctx, source, time == 0 ? sequences : 1),
                              scale(ctx, b, time == 0 ? 1 : steps));

  SmallVector<int64_t> merged = {steps * sequences};
  llvm::append_range(merged, shape.drop_front(2));
  Value gathered = ctx.create<edge::GatherOp>(
      ctx.reshape(x, merged), ctx.reshape(index, {steps * sequences}),
      int64_t(0));
  return ctx.reshape(gathered, shape);
}

Value convertTrilu(ConversionContext &ctx) {
  Value x = ctx.operand(0);
  int64_t rank = getRank(x), diagonal = 0;
  if (rank < 2)
    return refuse(ctx, "needs an operand of rank 2 or more, has rank " +
                           Twine(rank));
  if (ctx.operand(1)) {
    FailureOr<SmallVector<int64_t>> list = ctx.ints(1, "diagonal");
    if (failed(list) || list->size() != 1)
      return {};
    diagonal = list->front();
  }
  bool upper = ctx.getNode().getI64("upper", 1);
  int64_t rows = getShape(x)[rank - 2], columns = getShape(x)[rank - 1];
  if (failed(ctx.checkListed(rows * columns)))
    return {};
  SmallVector<bool> kept;
  for (int64_t row = 0; row < rows; ++row)
    for (int64_t column = 0; column < columns; ++column)
      kept.push_back(upper ? column - row >= diagonal
                           : column - row <= diagonal);
  auto type =
      RankedTensorType::get({rows, columns}, ctx.getBuilder().getI1Type());
  Value mask = ctx.createConstant(DenseElementsAttr::get(type, kept));
  return ctx.create<edge::SelectOp>(mask, x, scalar(ctx, x, 0));
}

} // namespace

void edgecc::registerSliceConverters(ConverterTable &table) {
  table.add("Slice", single(convertSlice));
  table.add("Pad", single(convertPad), 2);
  table.add("CenterCropPad", single(convertCenterCropPad));
  table.add("ReverseSequence", single(convertReverseSequence));
  table.add("Trilu", single(convertTrilu));
}
