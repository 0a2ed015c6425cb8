//===- Resize.cpp - ONNX resizing -------------------------------*- C++ -*-===//
//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Resizing is separable: each dimension whose size changes gets a table of the
// input coordinates that an output coordinate reads, and of their weights.
// Coordinates are computed in single precision, as the reference does: at the
// borders between two elements, the rounding decides. Where a size is known at
// run time only, so is the table.
//
//===----------------------------------------------------------------------===//

#include "passes/OnnxToEdge/Arithmetic.h"
#include <cmath>

using namespace mlir;
using namespace edgecc;

namespace {
/// What the node asks for.
struct Resize {
  std::string mode;
  std::string coordinates;
  std::string rounding;
  float cubicA = -0.75f;
  bool excludeOutside = false;
  bool antialias = false;
  float extrapolation = 0.0f;
};

/// A number in single precision: known, or a tensor<f32> computed at run time.
class Number {
public:
  Number(float known) : known(known) {}
  Number(ConversionContext &ctx, Value value) : ctx(&ctx), value(value) {}

  /// A number that is known.
  float get() const {
    assert(!value && "known at run time only");
    return known;
  }
  Value in(ConversionContext &context) const {
    return value
               ? value
               : context.createSplat(known, context.getBuilder().getF32Type());
  }

  template <typename OpTy, typename Fn, typename... Numbers>
  static Number apply(Fn compute, const Numbers &...numbers) {
    ConversionContext *ctx = nullptr;
    ((ctx = numbers.ctx ? numbers.ctx : ctx), ...);
    if (!ctx)
      return compute(numbers.known...);
    return Number(*ctx, ctx->create<OpTy>(numbers.in(*ctx)...));
  }

  friend Number operator+(const Number &a, const Number &b) {
    return apply<edge::AddOp>(std::plus<float>(), a, b);
  }
  friend Number operator-(const Number &a, const Number &b) {
    return apply<edge::SubOp>(std::minus<float>(), a, b);
  }
  friend Number operator*(const Number &a, const Number &b) {
    return apply<edge::MulOp>(std::multiplies<float>(), a, b);
  }
  friend Number operator/(const Number &a, const Number &b) {
    return apply<edge::DivOp>(std::divides<float>(), a, b);
  }
  friend Number floor(const Number &x) {
    return apply<edge::FloorOp>([](float x) { return std::floor(x); }, x);
  }
  friend Number ceil(const Number &x) {
    return apply<edge::CeilOp>([](float x) { return std::ceil(x); }, x);
  }
  friend Number trunc(const Number &x) {
    return apply<edge::TruncOp>([](float x) { return std::trunc(x); }, x);
  }
  friend Number fabs(const Number &x) {
    return apply<edge::AbsOp>([](float x) { return std::fabs(x); }, x);
  }
  friend Number min(const Number &a, const Number &b) {
    return apply<edge::MinOp>([](float a, float b) { return std::min(a, b); },
                              a, b);
  }
  friend Number max(const Number &a, const Number &b) {
    return apply<edge::MaxOp>([](float a, float b) { return std::max(a, b); },
                              a, b);
  }
  /// `yes` where a < b, else `no`.
  friend Number ifLess(const Number &a, const Number &b, const Number &yes,
                       const Number &no) {
    ConversionContext *ctx = a.ctx ? a.ctx : b.ctx;
    if (!ctx)
      return a.known < b.known ? yes : no;
    Value isLess =
        compare(*ctx, edge::ComparePredicate::LT, a.in(*ctx), b.in(*ctx));
    return Number(
        *ctx, ctx->create<edge::SelectOp>(isLess, yes.in(*ctx), no.in(*ctx)));
  }

private:
  ConversionContext *ctx = nullptr;
  Value value;
  float known = 0;
};

/// A dimension that changes.
struct Axis {
  int64_t dim;
  int64_t from;
  /// The size that it gets; the largest one if `count` tells how many count.
  int64_t to;
  Number scale;
  float roiStart = 0.0f;
  float roiEnd = 1.0f;
  Value count = {};
  Number size = static_cast<float>(to);
  /// The table is made at run time: `count` or the scale is known then only.
  bool isOpen = false;
  float leastScale = 1.0f / from;
};

/// Coordinates of the input and their weights.
using Weighted = SmallVector<std::pair<Number, Number>>;

/// For each output coordinate, the input coordinates it reads, `taps` each.
struct Taps {
  int64_t taps = 0;
  SmallVector<int32_t> indices;
  SmallVector<float> weights;
};
} // namespace

//===----------------------------------------------------------------------===//
// Coordinates
//===----------------------------------------------------------------------===//

/// The input coordinate of output coordinate `x`.
static Number mapCoordinate(const Resize &resize, const Axis &axis,
                            const Number &x) {
  float from = axis.from;
  const Number &to = axis.size, &scale = axis.scale;
  StringRef mode = resize.coordinates;
  if (mode == "asymmetric")
    return x / scale;
  if (mode == "align_corners")
    return ifLess(1, to, x * (from - 1) / (to - 1), 0);
  if (mode == "pytorch_half_pixel")
    return ifLess(1, to, (x + 0.5f) / scale - 0.5f, 0);
  if (mode == "tf_half_pixel_for_nn")
    return (x + 0.5f) / scale;
  if (mode == "tf_crop_and_resize")
    return ifLess(1, to,
                  axis.roiStart * (from - 1) +
                      x * (axis.roiEnd - axis.roiStart) * (from - 1) / (to - 1),
                  0.5f * (axis.roiStart + axis.roiEnd) * (from - 1));
  if (mode == "half_pixel_symmetric")
    return from / 2 * (1 - to / (scale * from)) + (x + 0.5f) / scale - 0.5f;
  return (x + 0.5f) / scale - 0.5f;
}

static Number roundCoordinate(const Resize &resize, const Axis &axis,
                              const Number &x) {
  StringRef rounding = resize.rounding;
  // Scales are rounded; what is so close to a half as that makes it is a tie,
  // for ONNX Runtime as well.
  constexpr float tie = 1e-6f;
  if (rounding == "round_prefer_floor")
    return ceil(x - 0.5f - tie);
  if (rounding == "round_prefer_ceil")
    return floor(x + 0.5f + tie);
  if (rounding == "floor")
    return floor(x);
  if (rounding == "ceil")
    return ceil(x);
  // Before opset 11: toward zero, and upward when the dimension shrinks.
  return ifLess(axis.scale, 1, ceil(x), trunc(x));
}

/// The cubic kernel at distance `x`.
static Number evaluateCubic(Number x, float a) {
  x = fabs(x);
  Number near = ((a + 2) * x - (a + 3)) * x * x + 1;
  Number far = ((a * x - 5 * a) * x + 8 * a) * x - 4 * a;
  return ifLess(x, 1, near, ifLess(x, 2, far, 0));
}

/// The distance at which the kernel has come to zero.
static float getReach(const Resize &resize) {
  return resize.mode == "cubic" ? 2 : 1;
}

/// The kernel of the mode at distance `x`.
static Number evaluateKernel(const Resize &resize, const Number &x) {
  return resize.mode == "cubic" ? evaluateCubic(x, resize.cubicA)
                                : max(1 - fabs(x), 0);
}

/// The taps of output coordinate `x`, as pairs of coordinate (possibly
/// outside) and weight.
static Weighted getTaps(const Resize &resize, const Axis &axis, Number x) {
  bool isCubic = resize.mode == "cubic";
  Weighted taps;
  if (resize.antialias && axis.scale.get() < 1) {
    // The kernel is stretched so that it covers what falls together.
    float support = getReach(resize) / axis.scale.get();
    for (float i = floor(x - support).get(); i <= ceil(x + support).get();
         ++i) {
      Number weight = evaluateKernel(resize, (i - x) * axis.scale);
      if (weight.get() != 0)
        taps.push_back({i, weight});
    }
    return taps;
  }
  if (!isCubic) {
    float last = axis.from - 1;
    x = min(max(x, 0), last);
    Number low = min(floor(x), last);
    return {{low, 1 - (x - low)}, {min(low + 1, last), x - low}};
  }
  Number base = floor(x);
  for (float step : {-1, 0, 1, 2}) {
    Number i = base + step;
    taps.push_back({i, evaluateCubic(i - x, resize.cubicA)});
  }
  return taps;
}

/// The taps of an output position, whose weights add up to one.
static Weighted getWeighted(const Resize &resize, const Axis &axis,
                            const Number &position) {
  Weighted taps = getTaps(resize, axis, mapCoordinate(resize, axis, position));
  bool isStretched = resize.antialias && !axis.isOpen && axis.scale.get() < 1;
  if (!resize.excludeOutside && !isStretched)
    return taps;
  Number sum = 0;
  for (auto &[index, weight] : taps) {
    if (resize.excludeOutside)
      weight = ifLess(index, 0, 0, ifLess(axis.from - 1, index, 0, weight));
    sum = sum + weight;
  }
  for (auto &[index, weight] : taps)
    weight = weight / sum;
  return taps;
}

/// The table of an axis for linear and cubic interpolation.
static Taps createTaps(const Resize &resize, const Axis &axis) {
  SmallVector<Weighted> rows;
  Taps table;
  for (int64_t position = 0; position < axis.to; ++position) {
    rows.push_back(getWeighted(resize, axis, position));
    table.taps = std::max<int64_t>(table.taps, rows.back().size());
  }
  for (Weighted &taps : rows) {
    taps.resize(table.taps, {0, 0});
    for (const auto &[index, weight] : taps) {
      table.indices.push_back(
          std::clamp<int64_t>(index.get(), 0, axis.from - 1));
      table.weights.push_back(weight.get());
    }
  }
  return table;
}

/// 0, 1, ... `size - 1` along dimension `axis`, of a matrix if `rank` is 2.
static Number createPositions(ConversionContext &ctx, int64_t size,
                              int64_t axis = 0, int64_t rank = 1) {
  return Number(ctx, ctx.cast(iota(ctx, size, axis, rank),
                              ctx.getBuilder().getF32Type()));
}

/// Puts the extrapolation value where a cropped region leaves the input.
static Value fillOutside(ConversionContext &ctx, const Resize &resize,
                         const Axis &axis, Value result) {
  if (axis.isOpen) {
    SmallVector<int64_t> shape(getRank(result), 1);
    shape[axis.dim] = getShape(result)[axis.dim];
    Number x =
        mapCoordinate(resize, axis, createPositions(ctx, shape[axis.dim]));
    Number isOutside = ifLess(x, 0, 1, ifLess(axis.from - 1, x, 1, 0));
    Value mask = compare(ctx, edge::ComparePredicate::NE, isOutside.in(ctx),
                         Number(0).in(ctx));
    return ctx.create<edge::SelectOp>(
        ctx.reshape(mask, shape),
        ctx.createSplat(resize.extrapolation, getElementType(result)), result);
  }
  SmallVector<bool> isInside;
  for (int64_t i = 0; i < axis.to; ++i) {
    float x = mapCoordinate(resize, axis, i).get();
    isInside.push_back(x >= 0 && x <= axis.from - 1);
  }
  if (llvm::all_of(isInside, [](bool inside) { return inside; }))
    return result;
  SmallVector<int64_t> shape(getRank(result), 1);
  shape[axis.dim] = axis.to;
  Value mask = ctx.createConstant(DenseElementsAttr::get(
      RankedTensorType::get(shape, ctx.getBuilder().getI1Type()),
      ArrayRef<bool>(isInside)));
  return ctx.create<edge::SelectOp>(
      mask, result,
      ctx.createSplat(resize.extrapolation, getElementType(result)));
}

/// What each position of the input (columns) weighs in each one of the output
/// (rows), where the kernel may be stretched.
static Value createWeights(ConversionContext &ctx, const Resize &resize,
                           const Axis &axis) {
  // The kernel is widest where one element is left. What it covers outside of
  // the input counts for the border, or not at all.
  int64_t outside = resize.excludeOutside
                        ? 0
                        : std::ceil(getReach(resize) / axis.leastScale) + 2;
  int64_t columns = axis.from + 2 * outside;
  Number x = mapCoordinate(resize, axis, createPositions(ctx, axis.to, 0, 2));
  Number index =
      createPositions(ctx, columns, 1, 2) - static_cast<float>(outside);
  Number narrowed = ifLess(axis.scale, 1, axis.scale, 1);
  Value weights = evaluateKernel(resize, (index - x) * narrowed).in(ctx);
  auto sum = [&](Value matrix) {
    return ctx.create<edge::ReduceOp>(
        edge::ReduceKind::Sum, matrix, ValueRange(),
        ctx.getBuilder().getDenseI64ArrayAttr({1}));
  };
  weights =
      ctx.create<edge::DivOp>(weights, ctx.reshape(sum(weights), {axis.to, 1}));
  if (outside == 0)
    return weights;
  auto border = [&](int64_t offset, int64_t size) {
    return ctx.reshape(sum(ctx.slice(weights, 1, offset, size)), {axis.to, 1});
  };
  if (axis.from == 1)
    return border(0, columns);
  SmallVector<Value> parts{border(0, outside + 1)};
  if (axis.from > 2)
    parts.push_back(ctx.slice(weights, 1, outside + 1, axis.from - 2));
  parts.push_back(border(outside + axis.from - 1, outside + 1));
  return ctx.create<edge::ConcatOp>(parts, uint64_t(1));
}

/// Applies `weights`, a matrix, to one dimension of `input`.
static Value applyWeights(ConversionContext &ctx, const Axis &axis,
                          Value weights, Value input) {
  SmallVector<int64_t> shape(getShape(input));
  ArrayRef<int64_t> all = shape;
  int64_t inner = llvm::product_of(all.drop_front(axis.dim + 1));
  Value lines = ctx.reshape(
      input, {llvm::product_of(all.take_front(axis.dim)), axis.from, inner});
  shape[axis.dim] = axis.to;
  return ctx.reshape(
      ctx.create<edge::MatMulOp>(weights, lines, Value(), ValueRange()), shape);
}

/// Resizes one dimension of `input` by a table that is made at run time.
static Value createOpenAxis(ConversionContext &ctx, const Resize &resize,
                            const Axis &axis, Value input) {
  Number position = createPositions(ctx, axis.to);
  auto pick = [&](const Number &index) {
    Value places = ctx.cast(index.in(ctx), ctx.getBuilder().getI32Type());
    return ctx.create<edge::GatherOp>(
        input, clamp(ctx, places, 0, axis.from - 1),
        ctx.getBuilder().getI64IntegerAttr(axis.dim));
  };
  Value result;
  if (resize.mode == "nearest") {
    Number x = mapCoordinate(resize, axis, position);
    result = pick(roundCoordinate(resize, axis, x));
  } else if (resize.antialias) {
    result = applyWeights(ctx, axis, createWeights(ctx, resize, axis), input);
  } else {
    SmallVector<int64_t> shape(getRank(input), 1);
    shape[axis.dim] = axis.to;
    for (const auto &[index, weight] : getWeighted(resize, axis, position)) {
      Value part = ctx.create<edge::MulOp>(pick(index),
                                           ctx.reshape(weight.in(ctx), shape));
      result = result ? ctx.create<edge::AddOp>(result, part) : part;
    }
  }
  return axis.count ? ctx.bounded(result, axis.dim, axis.count) : result;
}

/// Resizes one dimension of `input`.
static Value createAxis(ConversionContext &ctx, const Resize &resize,
                        const Axis &axis, Value input) {
  if (axis.isOpen)
    return createOpenAxis(ctx, resize, axis, input);
  OpBuilder &builder = ctx.getBuilder();
  IntegerAttr dim = builder.getI64IntegerAttr(axis.dim);
  if (resize.mode == "nearest") {
    SmallVector<int64_t> indices;
    for (int64_t i = 0; i < axis.to; ++i)
      indices.push_back(std::clamp<int64_t>(
          roundCoordinate(resize, axis, mapCoordinate(resize, axis, i)).get(),
          0, axis.from - 1));
    return ctx.create<edge::GatherOp>(input, ctx.createInts(indices, axis.to),
                                      dim);
  }
  Taps table = createTaps(resize, axis);
  SmallVector<int64_t> shape{axis.to, table.taps};
  return ctx.create<edge::ResampleOp>(
      input, dim,
      DenseElementsAttr::get(RankedTensorType::get(shape, builder.getI32Type()),
                             ArrayRef<int32_t>(table.indices)),
      DenseElementsAttr::get(RankedTensorType::get(shape, builder.getF32Type()),
                             ArrayRef<float>(table.weights)));
}

/// Resizes all dimensions in `axes`. Images are handled channels last, so that
/// whole pixels move.
static Value createResize(ConversionContext &ctx, const Resize &resize,
                          MutableArrayRef<Axis> axes, Value input) {
  bool isImage = getRank(input) >= 3 &&
                 llvm::all_of(axes, [](Axis &axis) { return axis.dim >= 2; });
  if (axes.empty())
    return input;
  Type type = getElementType(input);
  // Sums of integers are cut once, after all dimensions.
  if (resize.mode != "nearest")
    input = isa<IntegerType>(type)
                ? ctx.cast(input, ctx.getBuilder().getF32Type())
                : ctx.widen(input);
  Value result = isImage ? ctx.toChannelsLast(input) : input;
  for (Axis &axis : axes) {
    if (isImage)
      --axis.dim;
    result = createAxis(ctx, resize, axis, result);
  }
  // Last, so that no extrapolated element takes part in interpolation.
  if (resize.coordinates == "tf_crop_and_resize")
    for (const Axis &axis : axes)
      result = fillOutside(ctx, resize, axis, result);
  return ctx.cast(isImage ? ctx.toChannelsFirst(result) : result, type);
}

//===----------------------------------------------------------------------===//
// Reading the node
//===----------------------------------------------------------------------===//

static FailureOr<Resize> readModes(ConversionContext &ctx) {
  onnx::NodeOp node = ctx.getNode();
  bool isOld = ctx.getVersion() < 11;
  Resize resize;
  resize.mode = node.getString("mode", "nearest").str();
  resize.coordinates =
      isOld ? "asymmetric"
            : node.getString("coordinate_transformation_mode", "half_pixel")
                  .str();
  resize.rounding =
      isOld ? "" : node.getString("nearest_mode", "round_prefer_floor").str();
  resize.cubicA = node.getF32("cubic_coeff_a", -0.75f);
  resize.excludeOutside = node.getI64("exclude_outside", 0) != 0;
  resize.antialias = node.getI64("antialias", 0) != 0;
  resize.extrapolation = node.getF32("extrapolation_value", 0.0f);
  if (resize.mode == "bilinear")
    resize.mode = "linear";

  static constexpr StringLiteral modes[] = {"nearest", "linear", "cubic"};
  static constexpr StringLiteral coordinates[] = {
      "half_pixel",        "half_pixel_symmetric", "pytorch_half_pixel",
      "align_corners",     "asymmetric",           "tf_half_pixel_for_nn",
      "tf_crop_and_resize"};
  static constexpr StringLiteral roundings[] = {
      "", "round_prefer_floor", "round_prefer_ceil", "floor", "ceil"};
  if (!llvm::is_contained(modes, resize.mode))
    return ctx.unsupportedAttribute("mode", resize.mode,
                                    "nearest, linear or cubic");
  if (!llvm::is_contained(coordinates, resize.coordinates))
    return ctx.unsupportedAttribute("coordinate_transformation_mode",
                                    resize.coordinates, "one that ONNX names");
  if (!llvm::is_contained(roundings, resize.rounding))
    return ctx.unsupportedAttribute("nearest_mode", resize.rounding,
                                    "one that ONNX names");
  return resize;
}

/// The dimensions that scales, sizes and the region of interest speak of.
static FailureOr<SmallVector<int64_t>> readAxes(ConversionContext &ctx,
                                                int64_t rank) {
  SmallVector<int64_t> axes;
  std::optional<ArrayRef<int64_t>> given = ctx.getNode().findInts("axes");
  if (!given)
    return llvm::to_vector(llvm::seq<int64_t>(0, rank));
  for (int64_t axis : *given) {
    FailureOr<int64_t> normal = ctx.normalizeAxis(axis, rank);
    if (failed(normal))
      return failure();
    axes.push_back(*normal);
  }
  return axes;
}

static LogicalResult checkCount(ConversionContext &ctx, size_t count,
                                size_t expected, StringRef what) {
  if (count == expected)
    return success();
  return ctx.error() << what << " has " << count << " values, expected "
                     << expected;
}

/// The axes from scales, one per entry of `dims`.
static FailureOr<SmallVector<Axis>> fromScales(ConversionContext &ctx,
                                               ArrayRef<int64_t> dims,
                                               ArrayRef<float> scales) {
  if (failed(checkCount(ctx, scales.size(), dims.size(), "scales")))
    return failure();
  SmallVector<Axis> axes;
  for (auto [dim, scale] : llvm::zip(dims, scales)) {
    int64_t from = getShape(ctx.operand(0))[dim];
    if (!(scale > 0))
      return ctx.error() << "scales must be positive, dimension " << dim
                         << " has " << std::to_string(scale);
    axes.push_back({dim, from, static_cast<int64_t>(scale * from), scale});
  }
  return axes;
}

/// The axes from output sizes, one per entry of `dims`.
static FailureOr<SmallVector<Axis>> fromSizes(ConversionContext &ctx,
                                              ArrayRef<int64_t> dims,
                                              ArrayRef<int64_t> sizes,
                                              StringRef policy) {
  if (failed(checkCount(ctx, sizes.size(), dims.size(), "sizes")))
    return failure();
  SmallVector<Axis> axes;
  for (auto [dim, size] : llvm::zip(dims, sizes)) {
    int64_t from = getShape(ctx.operand(0))[dim];
    if (size < 1 || from < 1)
      return ctx.error() << "sizes must be positive, dimension " << dim
                         << " has " << size;
    axes.push_back({dim, from, size, static_cast<float>(size) / from});
  }
  if (policy == "stretch" || axes.empty())
    return axes;
  float scale = axes.front().scale.get();
  for (const Axis &axis : axes)
    scale = policy == "not_larger" ? std::min(scale, axis.scale.get())
                                   : std::max(scale, axis.scale.get());
  for (Axis &axis : axes) {
    axis.scale = scale;
    axis.to = std::round(scale * axis.from);
    axis.size = axis.to;
  }
  return axes;
}

/// `x`, which is not negative, to the nearest integer, halves up.
static Number roundHalfUp(const Number &x) {
  Number whole = floor(x);
  return ifLess(x - whole, 0.5f, whole, whole + 1);
}

/// The scale of each dimension, and the sizes that follow, where operand `list`
/// holds sizes or scales; of all dimensions, where a policy keeps their ratio.
static SmallVector<std::pair<Number, Value>>
readOpen(ConversionContext &ctx, ArrayRef<int64_t> dims, Value list,
         StringRef policy, bool isSizes) {
  ArrayRef<int64_t> shape = getShape(ctx.operand(0));
  Type f32 = ctx.getBuilder().getF32Type();
  SmallVector<std::pair<Number, Value>> numbers;
  for (auto [i, dim] : llvm::enumerate(dims)) {
    Value value = ctx.reshape(ctx.slice(list, 0, i, 1), {});
    Number number(ctx, ctx.cast(value, f32));
    float from = shape[dim];
    if (isSizes)
      numbers.push_back({number / from, value});
    else
      numbers.push_back({number, (number * from).in(ctx)});
  }
  if (policy == "stretch" || !isSizes)
    return numbers;
  Number scale = numbers.front().first;
  for (const auto &[other, size] : numbers)
    scale = policy == "not_larger" ? min(scale, other) : max(scale, other);
  for (auto [number, dim] : llvm::zip(numbers, dims))
    number = {scale, roundHalfUp(scale * shape[dim]).in(ctx)};
  return numbers;
}

/// The axes where operand `index`, which holds sizes or scales, is known at run
/// time: dimensions whose size the model tells have that one, others have one
/// that the user has bounded.
static FailureOr<SmallVector<Axis>> fromOpen(ConversionContext &ctx,
                                             ArrayRef<int64_t> dims,
                                             unsigned index, StringRef policy,
                                             bool isSizes) {
  Value list = ctx.operand(index);
  StringRef what = isSizes ? "sizes" : "scales";
  if (failed(checkCount(ctx, getTensorType(list).getNumElements(), dims.size(),
                        what)))
    return failure();
  std::string unknown = ("operand " + Twine(index) + " (" + what +
                         ") must be known at compile time")
                            .str();
  ArrayRef<int64_t> shape = getShape(ctx.operand(0));
  auto told =
      dyn_cast<RankedTensorType>(ctx.getNode().getOutputs()[0].getType());
  bool keepsRatio = isSizes && policy != "stretch";
  Type i32 = ctx.getBuilder().getI32Type();
  auto numbers = readOpen(ctx, dims, list, policy, isSizes);
  SmallVector<Axis> axes;
  for (auto [dim, number] : llvm::zip(dims, numbers)) {
    auto [factor, extent] = number;
    int64_t from = shape[dim];
    bool isTold = told &&
                  told.getRank() == static_cast<int64_t>(shape.size()) &&
                  !told.isDynamicDim(dim);
    int64_t to = isTold ? told.getDimSize(dim) : 0;
    if (isTold && !keepsRatio && (isSizes || to == from)) {
      axes.push_back({dim, from, to, static_cast<float>(to) / from});
      continue;
    }
    if (isTold && !keepsRatio)
      return ctx.error() << unknown;
    axes.push_back({dim, from, to, factor});
    Axis &axis = axes.back();
    axis.isOpen = true;
    // A ratio that is kept may round half an element up to one.
    if (keepsRatio)
      axis.leastScale /= 2;
    if (isTold)
      continue;
    FailureOr<SizeBound> bound = ctx.findBound(0, dim, std::nullopt, unknown);
    if (failed(bound) || failed(ctx.checkListed(bound->most)))
      return failure();
    axis.to = bound->most;
    axis.count =
        ctx.limit(ctx.cast(clamp(ctx, extent, 0, 0x1p31 - 1), i32), *bound);
    axis.size =
        Number(ctx, ctx.cast(axis.count, ctx.getBuilder().getF32Type()));
  }
  return axes;
}

/// The axes that operand `index`, which holds sizes or scales, tells of.
static FailureOr<SmallVector<Axis>> fromOperand(ConversionContext &ctx,
                                                ArrayRef<int64_t> dims,
                                                unsigned index, bool isSizes) {
  StringRef policy =
      ctx.getNode().getString("keep_aspect_ratio_policy", "stretch");
  if (ctx.operand(index) && !ctx.constant(ctx.operand(index)))
    return fromOpen(ctx, dims, index, policy, isSizes);
  if (isSizes) {
    FailureOr<SmallVector<int64_t>> sizes = ctx.ints(index, "sizes");
    if (failed(sizes))
      return failure();
    return fromSizes(ctx, dims, *sizes, policy);
  }
  FailureOr<SmallVector<float>> scales = ctx.floats(index, "scales");
  if (failed(scales))
    return failure();
  return fromScales(ctx, dims, *scales);
}

static bool hasElements(Value value) {
  return value && getTensorType(value).getNumElements() > 0;
}

/// Drops the dimensions that stay as they are.
static void dropUnchanged(const Resize &resize, SmallVectorImpl<Axis> &axes) {
  llvm::erase_if(axes, [&](const Axis &axis) {
    return !axis.isOpen && axis.from == axis.to && axis.scale.get() == 1 &&
           resize.coordinates != "tf_crop_and_resize" &&
           resize.coordinates != "tf_half_pixel_for_nn";
  });
}

static Converted convertResize(ConversionContext &ctx) {
  if (failed(ctx.requireOperands(1)))
    return failure();
  FailureOr<Resize> resize = readModes(ctx);
  Value input = ctx.operand(0);
  FailureOr<SmallVector<int64_t>> dims = readAxes(ctx, getRank(input));
  if (failed(resize) || failed(dims))
    return failure();

  bool isOld = ctx.getVersion() < 11;
  bool isSizes = !isOld && hasElements(ctx.operand(3));
  FailureOr<SmallVector<Axis>> axes = fromOperand(ctx, *dims,
                                                  isSizes ? 3
                                                  : isOld ? 1
                                                          : 2,
                                                  isSizes);
  if (failed(axes))
    return failure();

  if (resize->coordinates == "tf_crop_and_resize") {
    FailureOr<SmallVector<float>> roi = ctx.floats(1, "roi");
    if (failed(roi) ||
        failed(checkCount(ctx, roi->size(), 2 * dims->size(), "roi")))
      return failure();
    for (auto [index, axis] : llvm::enumerate(*axes)) {
      axis.roiStart = (*roi)[index];
      axis.roiEnd = (*roi)[index + axes->size()];
    }
    // A dimension that is wholly kept needs no table.
    llvm::erase_if(*axes, [](const Axis &axis) {
      return !axis.isOpen && axis.from == axis.to && axis.roiStart == 0 &&
             axis.roiEnd == 1;
    });
  }
  dropUnchanged(*resize, *axes);
  return SmallVector<Value>{createResize(ctx, *resize, *axes, input)};
}

/// Upsample has its scales in an attribute (7) or an operand (9).
static Converted convertUpsample(ConversionContext &ctx) {
  if (failed(ctx.requireOperands(1)))
    return failure();
  FailureOr<Resize> resize = readModes(ctx);
  if (failed(resize))
    return failure();
  Value input = ctx.operand(0);
  auto dims = llvm::to_vector(llvm::seq<int64_t>(0, getRank(input)));
  FailureOr<SmallVector<Axis>> axes =
      ctx.getVersion() >= 9
          ? fromOperand(ctx, dims, 1, /*isSizes=*/false)
          : fromScales(ctx, dims,
                       SmallVector<float>(ctx.getNode().getFloats("scales")));
  if (failed(axes))
    return failure();
  dropUnchanged(*resize, *axes);
  return SmallVector<Value>{createResize(ctx, *resize, *axes, input)};
}

void edgecc::registerResizeConverters(ConverterTable &table) {
  table.add("Resize", convertResize, 10);
  table.add("Upsample", convertUpsample, 7);
}
