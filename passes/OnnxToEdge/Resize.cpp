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
// borders between two elements, the rounding decides.
//
//===----------------------------------------------------------------------===//

#include "passes/OnnxToEdge/Converters.h"
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

/// A dimension that changes.
struct Axis {
  int64_t dim;
  int64_t from;
  int64_t to;
  float scale;
  float roiStart = 0.0f;
  float roiEnd = 1.0f;
};

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
static float mapCoordinate(const Resize &resize, const Axis &axis, int64_t x) {
  float from = axis.from, to = axis.to, scale = axis.scale;
  StringRef mode = resize.coordinates;
  if (mode == "asymmetric")
    return x / scale;
  if (mode == "align_corners")
    return axis.to == 1 ? 0.0f : x * (from - 1) / (to - 1);
  if (mode == "pytorch_half_pixel")
    return axis.to > 1 ? (x + 0.5f) / scale - 0.5f : 0.0f;
  if (mode == "tf_half_pixel_for_nn")
    return (x + 0.5f) / scale;
  if (mode == "tf_crop_and_resize")
    return axis.to > 1
               ? axis.roiStart * (from - 1) +
                     x * (axis.roiEnd - axis.roiStart) * (from - 1) / (to - 1)
               : 0.5f * (axis.roiStart + axis.roiEnd) * (from - 1);
  float offset = 0.0f;
  if (mode == "half_pixel_symmetric") {
    float adjustment = to / (scale * from);
    offset = from / 2 * (1 - adjustment);
  }
  return offset + (x + 0.5f) / scale - 0.5f;
}

static int64_t roundCoordinate(const Resize &resize, const Axis &axis,
                               float x) {
  StringRef rounding = resize.rounding;
  if (rounding == "round_prefer_floor")
    return std::ceil(x - 0.5f);
  if (rounding == "round_prefer_ceil")
    return std::floor(x + 0.5f);
  if (rounding == "floor")
    return std::floor(x);
  if (rounding == "ceil")
    return std::ceil(x);
  // Before opset 11: toward zero, and upward when the dimension shrinks.
  return axis.scale < 1 ? std::ceil(x) : std::trunc(x);
}

/// The cubic kernel at distance `x`.
static float evaluateCubic(float x, float a) {
  x = std::fabs(x);
  if (x < 1)
    return ((a + 2) * x - (a + 3)) * x * x + 1;
  if (x < 2)
    return ((a * x - 5 * a) * x + 8 * a) * x - 4 * a;
  return 0;
}

/// The taps of output coordinate `x`, as pairs of coordinate (possibly
/// outside) and weight.
static SmallVector<std::pair<int64_t, float>>
getTaps(const Resize &resize, const Axis &axis, float x) {
  bool isCubic = resize.mode == "cubic";
  SmallVector<std::pair<int64_t, float>> taps;
  if (resize.antialias && axis.scale < 1) {
    // The kernel is stretched so that it covers what falls together.
    float support = (isCubic ? 2.0f : 1.0f) / axis.scale;
    for (int64_t i = std::floor(x - support); i <= std::ceil(x + support);
         ++i) {
      float distance = (i - x) * axis.scale;
      float weight = isCubic ? evaluateCubic(distance, resize.cubicA)
                             : std::max(1 - std::fabs(distance), 0.0f);
      if (weight != 0)
        taps.push_back({i, weight});
    }
    return taps;
  }
  if (!isCubic) {
    x = std::clamp(x, 0.0f, static_cast<float>(axis.from - 1));
    int64_t low = std::min<int64_t>(std::floor(x), axis.from - 1);
    return {{low, 1 - (x - low)},
            {std::min<int64_t>(low + 1, axis.from - 1), x - low}};
  }
  int64_t base = std::floor(x);
  for (int64_t i = base - 1; i <= base + 2; ++i)
    taps.push_back({i, evaluateCubic(i - x, resize.cubicA)});
  return taps;
}

/// The table of an axis for linear and cubic interpolation.
static Taps createTaps(const Resize &resize, const Axis &axis) {
  SmallVector<SmallVector<std::pair<int64_t, float>>> rows;
  Taps table;
  for (int64_t position = 0; position < axis.to; ++position) {
    float x = mapCoordinate(resize, axis, position);
    auto taps = getTaps(resize, axis, x);
    bool isStretched = resize.antialias && axis.scale < 1;
    if (resize.excludeOutside || isStretched) {
      float sum = 0;
      for (auto &[index, weight] : taps) {
        if (resize.excludeOutside && (index < 0 || index >= axis.from))
          weight = 0;
        sum += weight;
      }
      for (auto &[index, weight] : taps)
        weight /= sum;
    }
    table.taps = std::max<int64_t>(table.taps, taps.size());
    rows.push_back(std::move(taps));
  }
  for (auto &taps : rows) {
    taps.resize(table.taps, {0, 0.0f});
    for (auto [index, weight] : taps) {
      table.indices.push_back(std::clamp<int64_t>(index, 0, axis.from - 1));
      table.weights.push_back(weight);
    }
  }
  return table;
}

/// Puts the extrapolation value where a cropped region leaves the input.
static Value fillOutside(ConversionContext &ctx, const Resize &resize,
                         const Axis &axis, Value result) {
  SmallVector<bool> isInside;
  for (int64_t i = 0; i < axis.to; ++i) {
    float x = mapCoordinate(resize, axis, i);
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

/// Resizes one dimension of `input`.
static Value createAxis(ConversionContext &ctx, const Resize &resize,
                        const Axis &axis, Value input) {
  OpBuilder &builder = ctx.getBuilder();
  IntegerAttr dim = builder.getI64IntegerAttr(axis.dim);
  if (resize.mode == "nearest") {
    SmallVector<int64_t> indices;
    for (int64_t i = 0; i < axis.to; ++i)
      indices.push_back(std::clamp<int64_t>(
          roundCoordinate(resize, axis, mapCoordinate(resize, axis, i)), 0,
          axis.from - 1));
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
  if (resize.mode != "nearest")
    input = ctx.widen(input);
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
                                              ArrayRef<int64_t> sizes) {
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
  StringRef policy =
      ctx.getNode().getString("keep_aspect_ratio_policy", "stretch");
  if (policy == "stretch" || axes.empty())
    return axes;
  float scale = axes.front().scale;
  for (const Axis &axis : axes)
    scale = policy == "not_larger" ? std::min(scale, axis.scale)
                                   : std::max(scale, axis.scale);
  for (Axis &axis : axes) {
    axis.scale = scale;
    axis.to = std::round(scale * axis.from);
  }
  return axes;
}

static bool hasElements(Value value) {
  return value && getTensorType(value).getNumElements() > 0;
}

/// Drops the dimensions that stay as they are.
static void dropUnchanged(const Resize &resize, SmallVectorImpl<Axis> &axes) {
  llvm::erase_if(axes, [&](const Axis &axis) {
    return axis.from == axis.to && axis.scale == 1 &&
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
  unsigned scalesIndex = isOld ? 1 : 2;
  FailureOr<SmallVector<Axis>> axes;
  if (!isOld && hasElements(ctx.operand(3))) {
    FailureOr<SmallVector<int64_t>> sizes = ctx.ints(3, "sizes");
    if (failed(sizes))
      return failure();
    axes = fromSizes(ctx, *dims, *sizes);
  } else {
    FailureOr<SmallVector<float>> scales = ctx.floats(scalesIndex, "scales");
    if (failed(scales))
      return failure();
    axes = fromScales(ctx, *dims, *scales);
  }
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
      return axis.from == axis.to && axis.roiStart == 0 && axis.roiEnd == 1;
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
  SmallVector<float> scales(ctx.getNode().getFloats("scales"));
  if (ctx.getVersion() >= 9) {
    FailureOr<SmallVector<float>> values = ctx.floats(1, "scales");
    if (failed(values))
      return failure();
    scales = *values;
  }
  FailureOr<SmallVector<Axis>> axes = fromScales(
      ctx, llvm::to_vector(llvm::seq<int64_t>(0, getRank(input))), scales);
  if (failed(axes))
    return failure();
  dropUnchanged(*resize, *axes);
  return SmallVector<Value>{createResize(ctx, *resize, *axes, input)};
}

void edgecc::registerResizeConverters(ConverterTable &table) {
  table.add("Resize", convertResize, 10);
  table.add("Upsample", convertUpsample, 7);
}
