//===- Sampling.cpp - reading images between their pixels -------*- C++ -*-===//
//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// GridSample, RoiAlign and DeformConv read an image at positions that are known
// at run time only. Along each dimension a position has a few neighbours with
// an index and a weight; the pixels are picked by `edge.gather` from a list of
// them, channels last, and added up.
//
//===----------------------------------------------------------------------===//

#include "passes/OnnxToEdge/Arithmetic.h"
#include "passes/OnnxToEdge/ControlFlow.h"
#include "llvm/ADT/StringSwitch.h"
#include <array>
#include <cmath>

using namespace mlir;
using namespace edgecc;

namespace {

/// A neighbour of positions along one dimension: where it is, inside of the
/// image (i64), and how much it counts. Both have the positions' shape.
struct Tap {
  Value index;
  Value weight;
};

/// Arithmetic on positions.
struct Positions {
  ConversionContext &ctx;

  Value add(Value a, Value b) const { return ctx.create<edge::AddOp>(a, b); }
  Value sub(Value a, Value b) const { return ctx.create<edge::SubOp>(a, b); }
  Value mul(Value a, Value b) const { return ctx.create<edge::MulOp>(a, b); }
  Value floor(Value a) const { return ctx.create<edge::FloorOp>(a); }
  Value select(Value condition, Value a, Value b) const {
    return ctx.create<edge::SelectOp>(condition, a, b);
  }
  Value less(Value a, Value b) const {
    return compare(ctx, edge::ComparePredicate::LT, a, b);
  }
  Value less(Value a, double b) const { return less(a, scalar(ctx, a, b)); }
  Value greater(Value a, double b) const { return less(scalar(ctx, a, b), a); }
  Value either(Value a, Value b) const { return ctx.create<edge::OrOp>(a, b); }
  Value zero(Value like) const { return scalar(ctx, like, 0); }
  /// The whole number `position`, held inside of `size` pixels.
  Value index(Value position, int64_t size) const {
    return ctx.cast(clamp(ctx, position, 0, double(size - 1)),
                    ctx.getBuilder().getI64Type());
  }
};

/// How samples are joined.
enum class Join { Sum, Max };

/// The samples of an image at the taps of each dimension. `pixels` is (number
/// of pixels, C), a step along dimension `i` is `strides[i]` pixels, `base` the
/// pixel of position zero. Taps and base broadcast to the samples' shape, to
/// which the result adds C.
Value sample(ConversionContext &ctx, Value pixels, Value base,
             ArrayRef<SmallVector<Tap>> dims, ArrayRef<int64_t> strides,
             Join join = Join::Sum) {
  Positions p{ctx};
  Value result;
  SmallVector<size_t> choice(dims.size(), 0);
  while (true) {
    Value index = base, weight;
    for (auto [dim, taps] : llvm::enumerate(dims)) {
      const Tap &tap = taps[choice[dim]];
      index = p.add(index, scale(ctx, tap.index, strides[dim]));
      weight = weight ? p.mul(weight, tap.weight) : tap.weight;
    }
    Value picked = ctx.create<edge::GatherOp>(
        pixels, index, ctx.getBuilder().getI64IntegerAttr(0));
    SmallVector<int64_t> shape(getShape(weight));
    shape.push_back(1);
    Value product = p.mul(picked, ctx.reshape(weight, shape));
    if (!result)
      result = product;
    else if (join == Join::Sum)
      result = p.add(result, product);
    else
      result = ctx.create<edge::MaxOp>(result, product);
    size_t dim = 0;
    while (dim < dims.size() && ++choice[dim] == dims[dim].size())
      choice[dim++] = 0;
    if (dim == dims.size())
      return result;
  }
}

/// The pixels of an image (N, spatial..., C) as a list, and the steps along its
/// spatial dimensions.
std::pair<Value, SmallVector<int64_t>> listPixels(ConversionContext &ctx,
                                                  Value image) {
  ArrayRef<int64_t> shape = getShape(image);
  ArrayRef<int64_t> spatial = shape.drop_front().drop_back();
  SmallVector<int64_t> strides(spatial.size(), 1);
  for (size_t i = spatial.size() - 1; i > 0; --i)
    strides[i - 1] = strides[i] * spatial[i];
  int64_t count = getTensorType(image).getNumElements() / shape.back();
  return {ctx.reshape(image, {count, shape.back()}), strides};
}

//===----------------------------------------------------------------------===//
// GridSample
//===----------------------------------------------------------------------===//

enum class Padding { Zeros, Border, Reflection };
enum class Interpolation { Nearest, Linear, Cubic };

/// One dimension of an image that a grid addresses.
struct GridAxis {
  int64_t size;
  bool alignCorners;
  Padding padding;

  double low() const { return alignCorners ? 0.0 : -0.5; }
  double high() const { return alignCorners ? size - 1.0 : size - 0.5; }
};

/// -1 to 1 as a position in pixels.
Value toPixels(ConversionContext &ctx, Value grid, const GridAxis &axis) {
  double factor = (axis.alignCorners ? axis.size - 1 : axis.size) / 2.0;
  double offset = (axis.size - 1) / 2.0;
  return scale(ctx, grid, factor, offset);
}

/// `position` mirrored at the borders as often as it takes.
Value reflect(ConversionContext &ctx, Value position, const GridAxis &axis) {
  Positions p{ctx};
  double range = axis.high() - axis.low();
  if (range == 0)
    return p.mul(position, p.zero(position));
  Value offset = ctx.create<edge::AbsOp>(scale(ctx, position, 1, -axis.low()));
  Value folded =
      ctx.create<edge::FmodOp>(offset, scalar(ctx, offset, 2 * range));
  Value back = scale(ctx, folded, -1, 2 * range);
  return scale(ctx, ctx.create<edge::MinOp>(folded, back), 1, axis.low());
}

/// A position beyond the borders brought back.
Value bringBack(ConversionContext &ctx, Value position, const GridAxis &axis) {
  Positions p{ctx};
  if (axis.padding == Padding::Zeros)
    return position;
  Value isOutside =
      p.either(p.less(position, axis.low()), p.greater(position, axis.high()));
  Value inside = axis.padding == Padding::Border
                     ? clamp(ctx, position, 0, double(axis.size - 1))
                     : reflect(ctx, position, axis);
  return p.select(isOutside, inside, position);
}

/// The tap at the whole number `position`.
Tap makeTap(ConversionContext &ctx, Value position, Value weight,
            const GridAxis &axis) {
  Positions p{ctx};
  if (axis.padding == Padding::Zeros) {
    Value isOutside = p.either(p.less(position, 0.0),
                               p.greater(position, double(axis.size - 1)));
    weight = p.select(isOutside, p.zero(weight), weight);
  } else if (axis.padding == Padding::Reflection) {
    position = ctx.create<edge::TruncOp>(reflect(ctx, position, axis));
  }
  return {p.index(position, axis.size), weight};
}

SmallVector<Tap> makeTaps(ConversionContext &ctx, Value grid,
                          Interpolation interpolation, const GridAxis &axis) {
  Positions p{ctx};
  Value position = toPixels(ctx, grid, axis);
  if (interpolation == Interpolation::Nearest) {
    position = bringBack(ctx, ctx.create<edge::RoundOp>(position), axis);
    position = ctx.create<edge::RoundOp>(position);
    Value one =
        ctx.createSplat(1, getElementType(position), getShape(position));
    return {makeTap(ctx, position, one, axis)};
  }
  // PyTorch and ONNX Runtime bring each tap of a cubic kernel back.
  if (interpolation != Interpolation::Cubic || axis.padding != Padding::Border)
    position = bringBack(ctx, position, axis);
  Value first = p.floor(position);
  Value t = p.sub(position, first);
  auto at = [&](double offset, Value weight) {
    return makeTap(ctx, scale(ctx, first, 1, offset), weight, axis);
  };
  if (interpolation == Interpolation::Linear)
    return {at(0, scale(ctx, t, -1, 1)), at(1, t)};
  // Keys' kernel with a = -0.75, for distances below one and from one to two.
  constexpr double a = -0.75;
  auto near = [&](Value d) {
    Value square = p.mul(d, d);
    return scale(ctx, p.mul(scale(ctx, d, a + 2, -(a + 3)), square), 1, 1);
  };
  auto far = [&](Value d) {
    Value sum = scale(ctx, d, a, -5 * a);
    sum = scale(ctx, p.mul(sum, d), 1, 8 * a);
    return scale(ctx, p.mul(sum, d), 1, -4 * a);
  };
  Value rest = scale(ctx, t, -1, 1);
  return {at(-1, far(scale(ctx, t, 1, 1))), at(0, near(t)), at(1, near(rest)),
          at(2, far(scale(ctx, rest, 1, 1)))};
}

/// The positions that affine transforms give to the pixels of an image, from -1
/// to 1. ONNX's function body fails for a single image.
Value convertAffineGrid(ConversionContext &ctx) {
  if (failed(ctx.requireOperands(2)))
    return {};
  Value transforms = ctx.operand(0);
  FailureOr<SmallVector<int64_t>> size = ctx.ints(1, "size");
  if (failed(size))
    return {};
  int64_t spatial = int64_t(size->size()) - 2;
  SmallVector<int64_t> expected{size->empty() ? 0 : size->front(), spatial,
                                spatial + 1};
  if (spatial < 1 || getShape(transforms) != ArrayRef(expected))
    return refuse(ctx, "needs transforms that fit the size of the image");
  ArrayRef<int64_t> sizes = ArrayRef(*size).drop_front(2);
  int64_t points = llvm::product_of(sizes);
  if (failed(ctx.checkListed(points * (spatial + 1))))
    return {};
  bool alignCorners = ctx.getNode().getI64("align_corners", 0);
  SmallVector<double> grid;
  for (int64_t point = 0; point < points; ++point) {
    // The grid names the last dimension first, and ends with a one.
    int64_t rest = point;
    for (int64_t dim = spatial - 1; dim >= 0; --dim) {
      double at = rest % sizes[dim], count = sizes[dim];
      rest /= sizes[dim];
      if (alignCorners)
        grid.push_back(count > 1 ? 2 * at / (count - 1) - 1 : 1);
      else
        grid.push_back((2 * at + 1) / count - 1);
    }
    grid.push_back(1);
  }
  Value base =
      ctx.createFloats(grid, {points, spatial + 1}, getElementType(transforms));
  Value moved = ctx.create<edge::MatMulOp>(
      base, ctx.transpose(transforms, {0, 2, 1}), Value(), ValueRange());
  SmallVector<int64_t> shape{size->front()};
  llvm::append_range(shape, sizes);
  shape.push_back(spatial);
  return ctx.reshape(moved, shape);
}

Value convertGridSample(ConversionContext &ctx) {
  if (failed(ctx.requireOperands(2)))
    return {};
  onnx::NodeOp node = ctx.getNode();
  Value input = ctx.operand(0), grid = ctx.operand(1);
  int64_t spatial = getRank(input) - 2;
  if (spatial < 1 || getRank(grid) != spatial + 2 ||
      getShape(grid).back() != spatial ||
      getShape(grid).front() != getShape(input).front())
    return refuse(ctx, "needs an image and a grid that fits it");
  if (llvm::is_contained(getShape(input), 0))
    return refuse(ctx, "has an image without pixels");
  StringRef mode = node.getString("mode", "linear");
  StringRef border = node.getString("padding_mode", "zeros");
  auto interpolation = llvm::StringSwitch<std::optional<Interpolation>>(mode)
                           .Case("nearest", Interpolation::Nearest)
                           .Cases({"linear", "bilinear"}, Interpolation::Linear)
                           .Cases({"cubic", "bicubic"}, Interpolation::Cubic)
                           .Default(std::nullopt);
  auto padding = llvm::StringSwitch<std::optional<Padding>>(border)
                     .Case("zeros", Padding::Zeros)
                     .Case("border", Padding::Border)
                     .Case("reflection", Padding::Reflection)
                     .Default(std::nullopt);
  if (!interpolation || !padding)
    return refuse(ctx, "has the mode " + mode + " and the padding " + border +
                           ", which are not known");
  Type type = getElementType(input);
  input = ctx.toChannelsLast(ctx.widen(input));
  grid = ctx.cast(grid, ctx.getBuilder().getF32Type());
  auto [pixels, strides] = listPixels(ctx, input);
  pixels = ctx.cast(pixels, ctx.getBuilder().getF32Type());
  int64_t batch = getShape(input).front();
  int64_t points = getTensorType(grid).getNumElements() / (batch * spatial);
  Value flat = ctx.reshape(grid, {batch, points, spatial});
  bool alignCorners = node.getI64("align_corners", 0);
  SmallVector<SmallVector<Tap>> dims;
  for (int64_t dim = 0; dim < spatial; ++dim) {
    // The grid names the last dimension first.
    Value part =
        ctx.reshape(ctx.slice(flat, 2, spatial - 1 - dim, 1), {batch, points});
    dims.push_back(
        makeTaps(ctx, part, *interpolation,
                 {getShape(input)[dim + 1], alignCorners, *padding}));
  }
  Value base =
      scale(ctx, iota(ctx, batch, 0, 2), strides[0] * getShape(input)[1]);
  Value result = sample(ctx, pixels, base, dims, strides);
  SmallVector<int64_t> shape(getShape(grid).drop_back());
  shape.push_back(getShape(input).back());
  return ctx.cast(ctx.toChannelsFirst(ctx.reshape(result, shape)), type);
}

//===----------------------------------------------------------------------===//
// RoiAlign
//===----------------------------------------------------------------------===//

/// What all regions of a RoiAlign have in common.
struct Regions {
  Value pixels;
  SmallVector<int64_t> strides;
  int64_t sizes[2];
  int64_t pooled[2];
  double spatialScale;
  bool halfPixel;
  Join join;
};

/// Two neighbours of positions that lie up to one pixel beyond the border.
SmallVector<Tap> makeRegionTaps(ConversionContext &ctx, Value position,
                                int64_t size) {
  Positions p{ctx};
  Value isOutside =
      p.either(p.less(position, -1.0), p.greater(position, double(size)));
  position = clamp(ctx, position, 0, double(size - 1));
  Value first = p.floor(position);
  Value t = p.sub(position, first);
  auto weight = [&](Value value) {
    return p.select(isOutside, p.zero(value), value);
  };
  return {{p.index(first, size), weight(scale(ctx, t, -1, 1))},
          {p.index(scale(ctx, first, 1, 1), size), weight(t)}};
}

/// The pooled region (P_H, P_W, C) for `roi` (4) in picture `batch` (i64), read
/// at `samples` points per bin and dimension.
Value poolRegion(ConversionContext &ctx, const Regions &regions, Value roi,
                 Value batch, std::array<int64_t, 2> samples) {
  Positions p{ctx};
  roi = scale(ctx, roi, regions.spatialScale, regions.halfPixel ? -0.5 : 0.0);
  SmallVector<SmallVector<Tap>> dims;
  for (int64_t dim = 0; dim < 2; ++dim) {
    // x comes before y.
    Value start = ctx.slice(roi, 0, 1 - dim, 1);
    Value extent = p.sub(ctx.slice(roi, 0, 3 - dim, 1), start);
    if (!regions.halfPixel)
      extent = clamp(ctx, extent, 1, kInfinity);
    int64_t count = regions.pooled[dim] * samples[dim];
    SmallVector<double> steps;
    for (int64_t i = 0; i < count; ++i)
      steps.push_back((i + 0.5) / count);
    Value position = p.add(
        start,
        p.mul(extent, ctx.createFloats(steps, {count}, getElementType(roi))));
    SmallVector<int64_t> shape{1, 1};
    shape[dim] = count;
    dims.push_back(
        makeRegionTaps(ctx, ctx.reshape(position, shape), regions.sizes[dim]));
  }
  Value base = scale(ctx, ctx.reshape(batch, {1, 1}),
                     regions.sizes[0] * regions.sizes[1]);
  Value points =
      sample(ctx, regions.pixels, base, dims, regions.strides, regions.join);
  int64_t channels = getShape(points).back();
  points = ctx.reshape(points, {regions.pooled[0], samples[0],
                                regions.pooled[1], samples[1], channels});
  auto kind =
      regions.join == Join::Sum ? edge::ReduceKind::Sum : edge::ReduceKind::Max;
  Value result = ctx.create<edge::ReduceOp>(kind, points, ValueRange(),
                                            SmallVector<int64_t>{1, 3});
  if (regions.join == Join::Sum)
    result = scale(ctx, result, 1.0 / (samples[0] * samples[1]));
  return ctx.reshape(result, {regions.pooled[0], regions.pooled[1], channels});
}

/// One region after the other, with as many samples as its bins have pixels:
/// the regions must be known.
Value poolKnownRegions(ConversionContext &ctx, const Regions &regions,
                       Value rois, Value batches) {
  FailureOr<SmallVector<float>> numbers = ctx.floats(1, "rois");
  if (failed(numbers))
    return {};
  SmallVector<Value> parts;
  for (int64_t i = 0; i < getShape(rois)[0]; ++i) {
    std::array<int64_t, 2> samples;
    for (int64_t dim = 0; dim < 2; ++dim) {
      float extent =
          ((*numbers)[4 * i + 3 - dim] - (*numbers)[4 * i + 1 - dim]) *
          regions.spatialScale;
      if (!regions.halfPixel)
        extent = std::max(extent, 1.0f);
      samples[dim] =
          std::max<int64_t>(1, std::ceil(extent / float(regions.pooled[dim])));
    }
    Value part =
        poolRegion(ctx, regions, ctx.reshape(ctx.slice(rois, 0, i, 1), {4}),
                   ctx.slice(batches, 0, i, 1), samples);
    SmallVector<int64_t> shape{1};
    llvm::append_range(shape, getShape(part));
    parts.push_back(ctx.reshape(part, shape));
  }
  return parts.size() == 1 ? parts.front()
                           : ctx.create<edge::ConcatOp>(
                                 parts, ctx.getBuilder().getI64IntegerAttr(0));
}

Value convertRoiAlign(ConversionContext &ctx) {
  if (failed(ctx.requireOperands(3)))
    return {};
  onnx::NodeOp node = ctx.getNode();
  Value input = ctx.operand(0), rois = ctx.operand(1);
  if (getRank(input) != 4 || getRank(rois) != 2 || getShape(rois)[1] != 4 ||
      getShape(ctx.operand(2)) != getShape(rois).take_front())
    return refuse(ctx, "needs an image of 4 dimensions and regions of 4 "
                       "numbers, one batch index each");
  if (getTensorType(rois).getNumElements() == 0 ||
      getTensorType(input).getNumElements() == 0)
    return refuse(ctx, "has no regions or no pixels");
  Builder &builder = ctx.getBuilder();
  Type type = getElementType(input);
  Value image = ctx.toChannelsLast(ctx.cast(input, builder.getF32Type()));
  rois = ctx.cast(rois, builder.getF32Type());
  Value batches = ctx.cast(ctx.operand(2), builder.getI64Type());
  Regions regions;
  std::tie(regions.pixels, regions.strides) = listPixels(ctx, image);
  for (int64_t dim : {0, 1})
    regions.sizes[dim] = getShape(image)[dim + 1];
  regions.pooled[0] = node.getI64("output_height", 1);
  regions.pooled[1] = node.getI64("output_width", 1);
  regions.spatialScale = node.getF32("spatial_scale", 1);
  StringRef mode = node.getString("coordinate_transformation_mode",
                                  ctx.getVersion() < 16 ? "output_half_pixel"
                                                        : "half_pixel");
  regions.halfPixel = mode == "half_pixel";
  regions.join = node.getString("mode", "avg") == "max" ? Join::Max : Join::Sum;
  int64_t ratio = node.getI64("sampling_ratio", 0);
  if (regions.pooled[0] < 1 || regions.pooled[1] < 1 || ratio < 0)
    return refuse(ctx, "needs an output and a sampling ratio that are not "
                       "negative");
  Value pooled;
  if (ratio == 0) {
    pooled = poolKnownRegions(ctx, regions, rois, batches);
    if (!pooled)
      return {};
  } else {
    LoopBounds bounds;
    bounds.maxTrips = getShape(rois)[0];
    auto body = [&](Value number, ArrayRef<Value>) -> FailureOr<LoopStep> {
      auto pick = [&](Value list) {
        return ctx.create<edge::GatherOp>(list, number,
                                          builder.getI64IntegerAttr(0));
      };
      LoopStep step;
      step.collected.push_back(
          poolRegion(ctx, regions, pick(rois), pick(batches), {ratio, ratio}));
      return step;
    };
    auto results = createLoop(ctx, bounds, {}, body);
    if (failed(results))
      return {};
    pooled = results->front();
  }
  return ctx.cast(ctx.toChannelsFirst(pooled), type);
}

//===----------------------------------------------------------------------===//
// DeformConv
//===----------------------------------------------------------------------===//

/// The list that attribute `name` holds, `count` times `byDefault` without it;
/// an error for another length.
FailureOr<SmallVector<int64_t>> readList(ConversionContext &ctx, StringRef name,
                                         int64_t count, int64_t byDefault) {
  auto values = ctx.getNode().findInts(name);
  if (!values)
    return SmallVector<int64_t>(count, byDefault);
  if (int64_t(values->size()) != count)
    return ctx.error() << "attribute '" << name << "' has " << values->size()
                       << " values, expected " << count;
  return SmallVector<int64_t>(*values);
}

Value convertDeformConv(ConversionContext &ctx) {
  if (failed(ctx.requireOperands(3)))
    return {};
  onnx::NodeOp node = ctx.getNode();
  Value input = ctx.operand(0), weights = ctx.operand(1);
  Value offset = ctx.operand(2), bias = ctx.operand(3), mask = ctx.operand(4);
  if (getRank(input) != 4 || getRank(weights) != 4 || getRank(offset) != 4)
    return refuse(ctx, "supports images of two dimensions");
  auto strides = readList(ctx, "strides", 2, 1);
  auto dilations = readList(ctx, "dilations", 2, 1);
  auto pads = readList(ctx, "pads", 4, 0);
  if (failed(strides) || failed(dilations) || failed(pads))
    return {};
  int64_t group = node.getI64("group", 1);
  int64_t offsetGroup = node.getI64("offset_group", 1);
  int64_t batch = getShape(input)[0], channels = getShape(input)[1];
  int64_t out = getShape(weights)[0];
  int64_t kernel[2] = {getShape(weights)[2], getShape(weights)[3]};
  int64_t result[2] = {getShape(offset)[2], getShape(offset)[3]};
  int64_t count = kernel[0] * kernel[1];
  if (group < 1 || offsetGroup < 1 || channels % offsetGroup != 0 ||
      channels != getShape(weights)[1] * group || out % group != 0 ||
      getShape(offset)[1] != 2 * count * offsetGroup ||
      getTensorType(input).getNumElements() == 0)
    return refuse(ctx, "has operands whose channels do not fit");
  Positions p{ctx};
  Value image = ctx.toChannelsLast(input);
  int64_t sizes[2] = {getShape(image)[1], getShape(image)[2]};
  Value base = scale(ctx, iota(ctx, batch, 0, 4), sizes[0] * sizes[1]);
  Value shifts =
      ctx.reshape(offset, {batch, offsetGroup, count, 2, result[0], result[1]});
  SmallVector<Value> columns;
  for (int64_t part = 0; part < offsetGroup; ++part) {
    int64_t width = channels / offsetGroup;
    auto [pixels, steps] =
        listPixels(ctx, ctx.slice(image, 3, part * width, width));
    Value own = ctx.slice(shifts, 1, part, 1);
    SmallVector<SmallVector<Tap>> dims;
    for (int64_t dim = 0; dim < 2; ++dim) {
      // Where an ordinary convolution reads, for each tap of the kernel.
      SmallVector<float> grid;
      for (int64_t k = 0; k < count; ++k)
        for (int64_t i = 0; i < result[dim]; ++i)
          grid.push_back(i * (*strides)[dim] - (*pads)[dim] +
                         (dim ? k % kernel[1] : k / kernel[1]) *
                             (*dilations)[dim]);
      SmallVector<int64_t> shape{1, count, 1, 1};
      shape[2 + dim] = result[dim];
      Value position =
          p.add(ctx.reshape(ctx.slice(own, 3, dim, 1),
                            {batch, count, result[0], result[1]}),
                ctx.createFloats(grid, shape, getElementType(offset)));
      Value first = p.floor(position);
      Value t = p.sub(position, first);
      GridAxis axis{sizes[dim], false, Padding::Zeros};
      dims.push_back({makeTap(ctx, first, scale(ctx, t, -1, 1), axis),
                      makeTap(ctx, scale(ctx, first, 1, 1), t, axis)});
    }
    Value points = sample(ctx, pixels, base, dims, steps);
    if (mask) {
      Value own = ctx.slice(ctx.reshape(mask, {batch, offsetGroup, count,
                                               result[0], result[1], 1}),
                            1, part, 1);
      points = p.mul(points,
                     ctx.reshape(own, {batch, count, result[0], result[1], 1}));
    }
    columns.push_back(points);
  }
  IntegerAttr last = ctx.getBuilder().getI64IntegerAttr(4);
  Value points = columns.size() == 1
                     ? columns.front()
                     : ctx.create<edge::ConcatOp>(columns, last);
  points = ctx.transpose(points, {0, 2, 3, 1, 4});
  SmallVector<Value> products;
  int64_t inner = channels / group, outer = out / group;
  for (int64_t part = 0; part < group; ++part) {
    Value rows = ctx.reshape(ctx.slice(points, 4, part * inner, inner),
                             {batch * result[0] * result[1], count * inner});
    Value own =
        ctx.transpose(ctx.slice(weights, 0, part * outer, outer), {2, 3, 1, 0});
    own = ctx.reshape(own, {count * inner, outer});
    products.push_back(
        ctx.create<edge::MatMulOp>(rows, own, Value(), ValueRange()));
  }
  Value product = products.size() == 1
                      ? products.front()
                      : ctx.create<edge::ConcatOp>(
                            products, ctx.getBuilder().getI64IntegerAttr(1));
  if (bias)
    product = p.add(product, bias);
  return ctx.toChannelsFirst(
      ctx.reshape(product, {batch, result[0], result[1], out}));
}

} // namespace

void edgecc::registerSamplingConverters(ConverterTable &table) {
  table.add("AffineGrid", single(convertAffineGrid));
  table.add("DeformConv", single(convertDeformConv));
  table.add("GridSample", single(convertGridSample));
  table.add("RoiAlign", single(convertRoiAlign));
}
