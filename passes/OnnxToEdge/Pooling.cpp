//===- Pooling.cpp - ONNX pooling -------------------------------*- C++ -*-===//
//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/OnnxToEdge/Arithmetic.h"
#include "passes/OnnxToEdge/ControlFlow.h"
#include "passes/OnnxToEdge/Window.h"

using namespace mlir;
using namespace edgecc;

/// Pooling by a window: what the node says, and the sizes that follow.
struct Pooling {
  Window window;
  /// The pads at the end that give the right number of outputs; with ceil_mode
  /// they differ from those of the node.
  SmallVector<int64_t> padsHigh;
  SmallVector<int64_t> inputs;
  SmallVector<int64_t> outputs;
};

/// What the node says about an `input` (N, C, spatial...).
static FailureOr<Pooling> readPooling(ConversionContext &ctx, Value input) {
  onnx::NodeOp node = ctx.getNode();
  ArrayRef<int64_t> shape = getShape(input);
  if (shape.size() < 3)
    return ctx.error() << "the input must have at least 3 dimensions, found "
                       << input.getType();
  ArrayRef<int64_t> spatial = shape.drop_front(2);
  FailureOr<Window> window =
      readWindow(ctx, node.getInts("kernel_shape"), spatial);
  if (failed(window))
    return failure();

  Pooling pooling;
  pooling.window = *window;
  pooling.inputs.assign(spatial.begin(), spatial.end());
  bool ceil = node.getI64("ceil_mode", 0) != 0;
  for (auto [dim, size] : llvm::enumerate(spatial)) {
    int64_t low = window->padsLow[dim], high = window->padsHigh[dim];
    int64_t stride = window->strides[dim], extent = window->getExtent(dim);
    int64_t room = size + low + high - extent;
    if (room < 0 && !(ceil && room > -stride))
      return ctx.error() << "the kernel spans " << extent
                         << " elements of spatial dimension " << dim
                         << ", the padded input has " << size + low + high;
    int64_t steps = ceil ? llvm::divideCeilSigned(room, stride)
                         : llvm::divideFloorSigned(room, stride);
    // A window that would start in the border at the end is left out.
    if (ceil && steps * stride >= size + low)
      --steps;
    pooling.outputs.push_back(steps + 1);
    pooling.padsHigh.push_back(
        ceil ? std::max<int64_t>(steps * stride + extent - size - low, 0)
             : high);
  }
  return pooling;
}

/// The pool operation on a channels-last value.
static Value createPool(ConversionContext &ctx, edge::PoolKind kind,
                        const Pooling &pooling, Value input) {
  const Window &window = pooling.window;
  DenseI64ArrayAttr dilations;
  if (llvm::any_of(window.dilations, [](int64_t d) { return d != 1; }))
    dilations = ctx.getBuilder().getDenseI64ArrayAttr(window.dilations);
  return ctx.create<edge::PoolOp>(kind, input, ValueRange(), window.kernel,
                                  window.strides, dilations, window.padsLow,
                                  pooling.padsHigh);
}

/// The elements of all windows of an image.
struct WindowElements {
  /// Where each is, (windows, elements of one) numbers in the order of memory,
  /// and in the order that `storage_order` asks for.
  SmallVector<int64_t> places, labels;
  /// Whether it is inside the image; the place is 0 if it is not.
  SmallVector<bool> inside;
};

static WindowElements listElements(const Pooling &pooling, bool columnMajor) {
  const Window &window = pooling.window;
  int64_t rank = window.getRank();
  WindowElements list;
  int64_t windows = llvm::product_of(pooling.outputs);
  int64_t taps = llvm::product_of(window.kernel);
  for (int64_t i = 0; i < windows * taps; ++i) {
    int64_t position = i / taps, tap = i % taps;
    int64_t place = 0, label = 0, step = 1;
    SmallVector<int64_t> at(rank);
    bool inside = true;
    for (int64_t dim = rank - 1; dim >= 0; --dim) {
      at[dim] = position % pooling.outputs[dim] * window.strides[dim] -
                window.padsLow[dim] +
                tap % window.kernel[dim] * window.dilations[dim];
      position /= pooling.outputs[dim];
      tap /= window.kernel[dim];
      inside &= at[dim] >= 0 && at[dim] < pooling.inputs[dim];
      place += at[dim] * step;
      step *= pooling.inputs[dim];
    }
    for (int64_t dim = rank - 1; dim >= 0; --dim)
      label = label * pooling.inputs[dim] + at[dim];
    list.inside.push_back(inside);
    list.places.push_back(inside ? place : 0);
    list.labels.push_back(columnMajor ? label : place);
  }
  return list;
}

/// The positions of the largest elements in the flattened input, (N, C,
/// spatial...). The first of equal ones counts.
static Value createMaxIndices(ConversionContext &ctx, const Pooling &pooling,
                              Value input) {
  ArrayRef<int64_t> shape = getShape(input);
  int64_t images = shape[0] * shape[1];
  int64_t pixels = llvm::product_of(shape.drop_front(2));
  int64_t windows = llvm::product_of(pooling.outputs);
  int64_t taps = llvm::product_of(pooling.window.kernel);
  Builder &builder = ctx.getBuilder();
  SmallVector<int64_t> result(shape.take_front(2));
  llvm::append_range(result, pooling.outputs);
  if (images * pixels * windows == 0 || failed(ctx.checkListed(windows * taps)))
    return ctx.createSplat(0, builder.getI64Type(), result);
  WindowElements list =
      listElements(pooling, ctx.getNode().getI64("storage_order", 0) != 0);
  if (isa<IntegerType>(getElementType(input)))
    input = ctx.cast(input, builder.getF32Type());
  Value elements = ctx.create<edge::GatherOp>(
      ctx.reshape(input, {images, pixels}),
      ctx.createInts(list.places, {windows, taps}), uint64_t(1));
  auto mask = RankedTensorType::get({1, windows, taps}, builder.getI1Type());
  elements = ctx.create<edge::SelectOp>(
      ctx.createConstant(DenseElementsAttr::get(mask, list.inside)), elements,
      ctx.createSplat(-kInfinity, getElementType(elements)));
  Value largest = ctx.create<edge::ArgReduceOp>(edge::ArgKind::Max, elements,
                                                uint64_t(2), /*last=*/false);
  SmallVector<int64_t> first, image;
  for (int64_t i = 0; i < windows; ++i)
    first.push_back(i * taps);
  for (int64_t i = 0; i < images; ++i)
    image.push_back(i * pixels);
  largest =
      ctx.create<edge::AddOp>(largest, ctx.createInts(first, {1, windows, 1}));
  Value label = ctx.create<edge::GatherOp>(
      ctx.createInts(list.labels, {windows * taps}), largest, uint64_t(0));
  return ctx.reshape(
      ctx.create<edge::AddOp>(label, ctx.createInts(image, {images, 1, 1})),
      result);
}

static Converted convertMaxPool(ConversionContext &ctx) {
  if (failed(ctx.requireOperands(1)))
    return failure();
  FailureOr<Pooling> pooling = readPooling(ctx, ctx.operand(0));
  if (failed(pooling))
    return failure();
  Value input = ctx.operand(0);
  Value result = createPool(ctx, edge::PoolKind::Max, *pooling,
                            ctx.toChannelsLast(ctx.widen(input)));
  SmallVector<Value> results{
      ctx.cast(ctx.toChannelsFirst(result), getElementType(input))};
  if (!ctx.isUnused(1))
    results.push_back(createMaxIndices(ctx, *pooling, ctx.widen(input)));
  return results;
}

/// How many elements window `position` of dimension `dim` covers; those of the
/// border count if `withBorder`.
static int64_t countElements(const Pooling &pooling, int64_t dim,
                             int64_t position, bool withBorder) {
  const Window &window = pooling.window;
  int64_t first = withBorder ? -window.padsLow[dim] : 0;
  int64_t end = pooling.inputs[dim] + (withBorder ? window.padsHigh[dim] : 0);
  int64_t count = 0;
  for (int64_t tap = 0; tap < window.kernel[dim]; ++tap) {
    int64_t at = position * window.strides[dim] - window.padsLow[dim] +
                 tap * window.dilations[dim];
    count += first <= at && at < end;
  }
  return std::max<int64_t>(count, 1);
}

/// The reciprocals of the window sizes: one number if all are equal, otherwise
/// one per position, (spatial..., 1).
static Value createReciprocals(ConversionContext &ctx, const Pooling &pooling,
                               bool withBorder, Type type) {
  int64_t count = 1;
  for (int64_t size : pooling.outputs)
    count *= size;
  if (failed(ctx.checkListed(count)))
    return ctx.createSplat(1, type);
  SmallVector<double> reciprocals{1.0};
  for (int64_t dim = 0; dim < pooling.window.getRank(); ++dim) {
    SmallVector<double> next;
    for (double outer : reciprocals)
      for (int64_t i = 0; i < pooling.outputs[dim]; ++i)
        next.push_back(outer / countElements(pooling, dim, i, withBorder));
    reciprocals = std::move(next);
  }
  if (llvm::all_equal(reciprocals))
    return ctx.createSplat(reciprocals.empty() ? 1.0 : reciprocals.front(),
                           type);
  SmallVector<int64_t> shape(pooling.outputs);
  shape.push_back(1);
  return ctx.createFloats(reciprocals, shape, type);
}

FailureOr<Value> edgecc::createAveragePool(ConversionContext &ctx,
                                           Value input) {
  FailureOr<Pooling> pooling = readPooling(ctx, input);
  if (failed(pooling))
    return failure();
  Value sum = createPool(ctx, edge::PoolKind::Sum, *pooling,
                         ctx.toChannelsLast(ctx.widen(input)));
  bool withBorder = ctx.getNode().getI64("count_include_pad", 0) != 0;
  Value mean = ctx.create<edge::MulOp>(
      sum, createReciprocals(ctx, *pooling, withBorder, getElementType(sum)));
  return ctx.toChannelsFirst(mean);
}

static Converted convertAveragePool(ConversionContext &ctx) {
  if (failed(ctx.requireOperands(1)))
    return failure();
  Value input = ctx.operand(0);
  FailureOr<Value> result = createAveragePool(ctx, input);
  if (failed(result))
    return failure();
  return SmallVector<Value>{ctx.cast(*result, getElementType(input))};
}

//===----------------------------------------------------------------------===//
// Unpooling
//===----------------------------------------------------------------------===//

/// Puts each element where its index in the output that pooling would have had
/// says; a larger output has zeros after it.
static Converted convertMaxUnpool(ConversionContext &ctx) {
  if (failed(ctx.requireOperands(2)))
    return failure();
  Value input = ctx.operand(0), indices = ctx.operand(1);
  ArrayRef<int64_t> shape = getShape(input);
  if (shape.size() < 3 || getShape(indices) != shape)
    return ctx.error() << "needs an image and indices of its shape, found "
                       << input.getType() << " and " << indices.getType();
  int64_t rank = shape.size() - 2;
  onnx::NodeOp node = ctx.getNode();
  SmallVector<int64_t> ones(rank, 1), none(2 * rank, 0);
  ArrayRef<int64_t> kernel = node.getInts("kernel_shape");
  ArrayRef<int64_t> strides = node.getInts("strides", ones);
  ArrayRef<int64_t> pads = node.getInts("pads", none);
  if (int64_t(kernel.size()) != rank || int64_t(strides.size()) != rank ||
      int64_t(pads.size()) != 2 * rank)
    return ctx.error() << "has attributes that do not fit " << input.getType();
  SmallVector<int64_t> full(shape.take_front(2));
  int64_t count = shape[0] * shape[1];
  for (int64_t dim = 0; dim < rank; ++dim) {
    full.push_back((shape[dim + 2] - 1) * strides[dim] + kernel[dim] -
                   pads[dim] - pads[dim + rank]);
    count *= full.back();
  }
  int64_t elements = getTensorType(input).getNumElements();
  Value result = ctx.create<edge::ScatterElementsOp>(
      edge::ScatterReduction::None, ctx.reshape(input, {elements}),
      ctx.createSplat(0, getElementType(input), {count}),
      ctx.reshape(indices, {elements}), uint64_t(0));
  result = ctx.reshape(result, full);
  if (node.isAbsent(2))
    return SmallVector<Value>{result};
  FailureOr<SmallVector<int64_t>> wanted = ctx.ints(2, "output_shape");
  if (failed(wanted))
    return failure();
  SmallVector<int64_t> low(full.size(), 0), high;
  for (auto [want, have] : llvm::zip(*wanted, full))
    high.push_back(want - have);
  if (high.size() != full.size() ||
      llvm::any_of(high, [](int64_t size) { return size < 0; }))
    return ctx.error() << "operand 2 (output_shape) is smaller than the output";
  return SmallVector<Value>{ctx.create<edge::PadOp>(
      result, edge::PadMode::Constant, low, high, APFloat(0.0))};
}

//===----------------------------------------------------------------------===//
// Norms
//===----------------------------------------------------------------------===//

/// |x|^p.
static Value createPower(ConversionContext &ctx, Value input, int64_t p) {
  if (p == 2)
    return ctx.create<edge::MulOp>(input, input);
  Value magnitude = ctx.create<edge::AbsOp>(input);
  if (p == 1)
    return magnitude;
  return ctx.create<edge::PowOp>(magnitude,
                                 ctx.createSplat(p, getElementType(input)));
}

/// x^(1/p) for x that is not negative.
static Value createRoot(ConversionContext &ctx, Value input, int64_t p) {
  if (p == 1)
    return input;
  if (p == 2)
    return ctx.create<edge::SqrtOp>(input);
  return ctx.create<edge::PowOp>(
      input, ctx.createSplat(1.0 / p, getElementType(input)));
}

static FailureOr<int64_t> readExponent(ConversionContext &ctx) {
  int64_t p = ctx.getNode().getI64("p", 2);
  if (p < 1)
    return ctx.unsupportedAttribute("p", Twine(p), "at least 1");
  return p;
}

static Converted convertLpPool(ConversionContext &ctx) {
  if (failed(ctx.requireOperands(1)))
    return failure();
  FailureOr<Pooling> pooling = readPooling(ctx, ctx.operand(0));
  FailureOr<int64_t> p = readExponent(ctx);
  if (failed(pooling) || failed(p))
    return failure();
  Value input = ctx.toChannelsLast(ctx.widen(ctx.operand(0)));
  Value sum = createPool(ctx, edge::PoolKind::Sum, *pooling,
                         createPower(ctx, input, *p));
  return SmallVector<Value>{
      ctx.cast(ctx.toChannelsFirst(createRoot(ctx, sum, *p)),
               getElementType(ctx.operand(0)))};
}

//===----------------------------------------------------------------------===//
// Global pooling
//===----------------------------------------------------------------------===//

/// Reduces the spatial dimensions of a channels-last value and gives (N, C,
/// 1...).
static Value createGlobal(ConversionContext &ctx, edge::ReduceKind kind,
                          Value input) {
  int64_t rank = getRank(input);
  SmallVector<int64_t> axes = llvm::to_vector(llvm::seq<int64_t>(1, rank - 1));
  Value reduced = ctx.create<edge::ReduceOp>(kind, input, ValueRange(), axes);
  SmallVector<int64_t> shape(rank, 1);
  shape[0] = getShape(input)[0];
  shape[1] = getShape(input)[rank - 1];
  return ctx.reshape(reduced, shape);
}

/// The input of global pooling, channels last.
static FailureOr<Value> readGlobalInput(ConversionContext &ctx) {
  if (failed(ctx.requireOperands(1)))
    return failure();
  if (getRank(ctx.operand(0)) < 3)
    return ctx.error() << "the input must have at least 3 dimensions, found "
                       << ctx.operand(0).getType();
  return ctx.toChannelsLast(ctx.widen(ctx.operand(0)));
}

static Converted convertGlobalAveragePool(ConversionContext &ctx) {
  FailureOr<Value> input = readGlobalInput(ctx);
  if (failed(input))
    return failure();
  Value sum = createGlobal(ctx, edge::ReduceKind::Sum, *input);
  int64_t count = getTensorType(*input).getNumElements() /
                  std::max<int64_t>(getTensorType(sum).getNumElements(), 1);
  Value mean = ctx.create<edge::MulOp>(
      sum, ctx.createSplat(1.0 / count, getElementType(sum)));
  return SmallVector<Value>{ctx.cast(mean, getElementType(ctx.operand(0)))};
}

static Converted convertGlobalMaxPool(ConversionContext &ctx) {
  FailureOr<Value> input = readGlobalInput(ctx);
  if (failed(input))
    return failure();
  Value result = createGlobal(ctx, edge::ReduceKind::Max, *input);
  return SmallVector<Value>{ctx.cast(result, getElementType(ctx.operand(0)))};
}

static Converted convertGlobalLpPool(ConversionContext &ctx) {
  FailureOr<Value> input = readGlobalInput(ctx);
  FailureOr<int64_t> p = readExponent(ctx);
  if (failed(input) || failed(p))
    return failure();
  Value sum =
      createGlobal(ctx, edge::ReduceKind::Sum, createPower(ctx, *input, *p));
  return SmallVector<Value>{
      ctx.cast(createRoot(ctx, sum, *p), getElementType(ctx.operand(0)))};
}

//===----------------------------------------------------------------------===//
// Pooling of regions
//===----------------------------------------------------------------------===//

/// Which pixels of a dimension of `size` the bins of regions cover, (regions,
/// bins, size) of i1; `first` and `last` (regions, 1, 1), i64, are the pixels
/// at the ends of the regions.
static Value coverBins(ConversionContext &ctx, Value first, Value last,
                       int64_t bins, int64_t size) {
  Value extent =
      clamp(ctx, scale(ctx, ctx.create<edge::SubOp>(last, first), 1, 1), 1,
            kInfinity);
  Value number = iota(ctx, bins, 1, 3), pixel = iota(ctx, size, 2, 3);
  // Of the extents of `count` bins, the whole part, or the next whole number.
  auto reach = [&](Value count, bool roundsUp) {
    Value sum = scale(ctx, ctx.create<edge::MulOp>(count, extent), 1,
                      roundsUp ? bins - 1 : 0);
    return ctx.create<edge::AddOp>(
        first, ctx.create<edge::DivOp>(sum, scalar(ctx, sum, bins)));
  };
  Value start = reach(number, false);
  Value end = reach(scale(ctx, number, 1, 1), true);
  return ctx.create<edge::AndOp>(
      compare(ctx, edge::ComparePredicate::LE, start, pixel),
      compare(ctx, edge::ComparePredicate::LT, pixel, end));
}

/// The nearest whole number, away from zero where two are equally near.
static Value roundAway(ConversionContext &ctx, Value x) {
  Value size =
      ctx.create<edge::FloorOp>(scale(ctx, ctx.create<edge::AbsOp>(x), 1, 0.5));
  return ctx.create<edge::MulOp>(size, ctx.create<edge::SignOp>(x));
}

/// Row by row of each region: the largest pixels of the lines of a bin, and of
/// these those of its columns.
static Converted convertMaxRoiPool(ConversionContext &ctx) {
  if (failed(ctx.requireOperands(2)))
    return failure();
  Value input = ctx.operand(0), rois = ctx.operand(1);
  ArrayRef<int64_t> pooled = ctx.getNode().getInts("pooled_shape");
  if (getRank(input) != 4 || getRank(rois) != 2 || getShape(rois)[1] != 5 ||
      pooled.size() != 2 || pooled[0] < 1 || pooled[1] < 1)
    return ctx.error() << "needs an image of 4 dimensions, regions of 5 "
                          "numbers and a pooled_shape of 2 positive ones";
  if (getTensorType(rois).getNumElements() == 0 ||
      getTensorType(input).getNumElements() == 0)
    return ctx.error() << "has no regions or no pixels";
  Builder &builder = ctx.getBuilder();
  IntegerAttr front = builder.getI64IntegerAttr(0);
  Value image = ctx.widen(input);
  rois = ctx.cast(rois, getElementType(image));
  int64_t count = getShape(rois)[0], channels = getShape(image)[1];
  Value batches = ctx.cast(ctx.reshape(ctx.slice(rois, 1, 0, 1), {count}),
                           builder.getI64Type());
  float ratio = ctx.getNode().getF32("spatial_scale", 1);
  auto corner = [&](int64_t column) {
    Value end = ctx.reshape(ctx.slice(rois, 1, column, 1), {count, 1, 1});
    return ctx.cast(roundAway(ctx, scale(ctx, end, ratio)),
                    builder.getI64Type());
  };
  int64_t height = getShape(image)[2], width = getShape(image)[3];
  // x comes before y.
  Value lines = coverBins(ctx, corner(2), corner(4), pooled[0], height);
  lines = ctx.reshape(lines, {count * pooled[0], 1, height, 1});
  Value columns = coverBins(ctx, corner(1), corner(3), pooled[1], width);
  columns = ctx.reshape(columns, {count, 1, pooled[1], width});
  Value nothing = scalar(ctx, image, -kInfinity);
  auto largest = [&](Value x, int64_t axis) {
    return ctx.create<edge::ReduceOp>(edge::ReduceKind::Max, x, ValueRange(),
                                      SmallVector<int64_t>{axis});
  };
  LoopBounds bounds;
  bounds.maxTrips = count * pooled[0];
  auto body = [&](Value number, ArrayRef<Value>) -> FailureOr<LoopStep> {
    auto pick = [&](Value list, Value index) {
      return ctx.create<edge::GatherOp>(list, index, front);
    };
    Value region =
        ctx.create<edge::DivOp>(number, scalar(ctx, number, pooled[0]));
    Value picture = pick(image, pick(batches, region));
    Value row = largest(
        ctx.create<edge::SelectOp>(pick(lines, number), picture, nothing), 1);
    Value bins = largest(
        ctx.create<edge::SelectOp>(pick(columns, region), row, nothing), 2);
    LoopStep step;
    step.collected.push_back(ctx.reshape(bins, {channels, pooled[1]}));
    return step;
  };
  auto results = createLoop(ctx, bounds, {}, body);
  if (failed(results))
    return failure();
  Value rows =
      ctx.reshape(results->front(), {count, pooled[0], channels, pooled[1]});
  Value bins = ctx.transpose(rows, {0, 2, 1, 3});
  // Bins without a pixel are zero.
  Value isEmpty = compare(ctx, edge::ComparePredicate::EQ, bins, nothing);
  bins = ctx.create<edge::SelectOp>(isEmpty, scalar(ctx, bins, 0), bins);
  return SmallVector<Value>{ctx.cast(bins, getElementType(input))};
}

void edgecc::registerPoolingConverters(ConverterTable &table) {
  table.add("MaxPool", convertMaxPool);
  table.add("AveragePool", convertAveragePool);
  table.add("LpPool", convertLpPool);
  table.add("MaxRoiPool", convertMaxRoiPool);
  table.add("GlobalAveragePool", convertGlobalAveragePool);
  table.add("GlobalMaxPool", convertGlobalMaxPool);
  table.add("GlobalLpPool", convertGlobalLpPool);
  table.add("MaxUnpool", convertMaxUnpool);
}
