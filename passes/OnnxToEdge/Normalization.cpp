//===- Normalization.cpp - ONNX normalisations ------------------*- C++ -*-===//
//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/OnnxToEdge/Converters.h"

using namespace mlir;
using namespace edgecc;

//===----------------------------------------------------------------------===//
// Pieces
//===----------------------------------------------------------------------===//

/// `perChannel` (C) as (C, 1...), which broadcasts to a channels-first value
/// of rank `rank`.
static Value alignToChannels(ConversionContext &ctx, Value perChannel,
                             int64_t rank) {
  SmallVector<int64_t> shape(rank - 1, 1);
  shape[0] = getShape(perChannel)[0];
  return ctx.reshape(perChannel, shape);
}

/// Checks that `value` is (C) for the channels of `input`.
static LogicalResult checkPerChannel(ConversionContext &ctx, Value value,
                                     Value input, StringRef what) {
  if (getShape(value) == ArrayRef<int64_t>(getShape(input)[1]))
    return success();
  return ctx.error() << what << " must have " << getShape(input)[1]
                     << " elements, found " << value.getType();
}

static Value createMean(ConversionContext &ctx, Value input,
                        ArrayRef<int64_t> axes) {
  int64_t count = 1;
  for (int64_t axis : axes)
    count *= getShape(input)[axis];
  Value sum = ctx.create<edge::ReduceOp>(edge::ReduceKind::Sum, input,
                                         ValueRange(), axes);
  return ctx.create<edge::MulOp>(
      sum, ctx.createSplat(1.0 / std::max<int64_t>(count, 1),
                           getElementType(input)));
}

/// 1 / sqrt(variance + epsilon).
static Value createInverseDeviation(ConversionContext &ctx, Value variance,
                                    double epsilon) {
  return ctx.create<edge::RsqrtOp>(ctx.create<edge::AddOp>(
      variance, ctx.createSplat(epsilon, getElementType(variance))));
}

static Value createSquare(ConversionContext &ctx, Value value) {
  return ctx.create<edge::MulOp>(value, value);
}

//===----------------------------------------------------------------------===//
// Over batches and instances
//===----------------------------------------------------------------------===//

/// Statistics are constants, so that this is one product and one sum per
/// element, with constants that fold here and into a convolution later.
static Converted convertBatchNormalization(ConversionContext &ctx) {
  onnx::NodeOp node = ctx.getNode();
  if (failed(ctx.requireOperands(5)))
    return failure();
  if (node.getI64("spatial", 1) != 1)
    return ctx.unsupportedAttribute("spatial", "0", "1");
  Value input = ctx.widen(ctx.operand(0));
  if (getRank(input) < 2)
    return ctx.error() << "the input must have at least 2 dimensions, found "
                       << input.getType();
  static constexpr StringLiteral names[] = {"the scale", "the bias", "the mean",
                                            "the variance"};
  SmallVector<Value> statistics;
  for (unsigned i = 0; i < 4; ++i) {
    Value value = ctx.cast(ctx.operand(i + 1), getElementType(input));
    if (failed(checkPerChannel(ctx, value, input, names[i])))
      return failure();
    statistics.push_back(value);
  }
  // In training, the statistics are those of the input, and what is known of
  // others moves toward them.
  SmallVector<Value> running;
  if (node.getI64("training_mode", 0) != 0) {
    SmallVector<int64_t> axes{0};
    for (int64_t dim = 2; dim < getRank(input); ++dim)
      axes.push_back(dim);
    Value mean = createMean(ctx, input, axes);
    Value variance = createMean(
        ctx, createSquare(ctx, ctx.create<edge::SubOp>(input, mean)), axes);
    double momentum = node.getF32("momentum", 0.9f);
    for (auto [index, own] : {std::pair(2, mean), std::pair(3, variance)}) {
      Value flat = ctx.reshape(own, getShape(statistics[index]));
      Value moved = ctx.create<edge::AddOp>(
          ctx.create<edge::MulOp>(
              statistics[index],
              ctx.createSplat(momentum, getElementType(input))),
          ctx.create<edge::MulOp>(
              flat, ctx.createSplat(1 - momentum, getElementType(input))));
      running.push_back(
          ctx.cast(moved, getElementType(ctx.operand(index + 1))));
      statistics[index] = flat;
    }
  }
  Value deviation =
      createInverseDeviation(ctx, statistics[3], node.getF32("epsilon", 1e-5f));
  Value scale = ctx.create<edge::MulOp>(statistics[0], deviation);
  Value shift = ctx.create<edge::SubOp>(
      statistics[1], ctx.create<edge::MulOp>(statistics[2], scale));
  int64_t rank = getRank(input);
  Value result = ctx.create<edge::AddOp>(
      ctx.create<edge::MulOp>(input, alignToChannels(ctx, scale, rank)),
      alignToChannels(ctx, shift, rank));
  SmallVector<Value> results{ctx.cast(result, getElementType(ctx.operand(0)))};
  llvm::append_range(results, running);
  return results;
}

/// Computed channels last: the reductions then run along whole rows of
/// channels, and the transposes around it cancel with those of convolutions.
static Converted convertInstanceNormalization(ConversionContext &ctx) {
  if (failed(ctx.requireOperands(3)))
    return failure();
  Value operand = ctx.operand(0);
  if (getRank(operand) < 3)
    return ctx.error() << "the input must have at least 3 dimensions, found "
                       << operand.getType();
  Value scale = ctx.widen(ctx.operand(1)), bias = ctx.widen(ctx.operand(2));
  if (failed(checkPerChannel(ctx, scale, operand, "the scale")) ||
      failed(checkPerChannel(ctx, bias, operand, "the bias")))
    return failure();
  Value input = ctx.toChannelsLast(ctx.widen(operand));
  SmallVector<int64_t> axes =
      llvm::to_vector(llvm::seq<int64_t>(1, getRank(input) - 1));
  Value centered = ctx.create<edge::SubOp>(input, createMean(ctx, input, axes));
  Value variance = createMean(ctx, createSquare(ctx, centered), axes);
  Value factor = ctx.create<edge::MulOp>(
      createInverseDeviation(ctx, variance,
                             ctx.getNode().getF32("epsilon", 1e-5f)),
      scale);
  Value result =
      ctx.create<edge::AddOp>(ctx.create<edge::MulOp>(centered, factor), bias);
  return SmallVector<Value>{
      ctx.cast(ctx.toChannelsFirst(result), getElementType(operand))};
}

static Converted convertGroupNormalization(ConversionContext &ctx) {
  if (failed(ctx.requireOperands(3)))
    return failure();
  Value operand = ctx.operand(0);
  ArrayRef<int64_t> shape = getShape(operand);
  int64_t groups = ctx.getNode().getI64("num_groups", 0);
  if (shape.size() < 2 || groups < 1 || shape[1] % groups != 0)
    return ctx.error() << "attribute 'num_groups' is " << groups
                       << ", which does not divide the channels of "
                       << operand.getType();
  int64_t elements = shape[1] / groups;
  for (int64_t size : shape.drop_front(2))
    elements *= size;
  Value input = ctx.reshape(ctx.widen(operand), {shape[0], groups, elements});
  Value result = ctx.reshape(
      ctx.create<edge::LayerNormOp>(input, Value(), Value(),
                                    ctx.getBuilder().getI64IntegerAttr(2),
                                    ctx.getBuilder().getF64FloatAttr(
                                        ctx.getNode().getF32("epsilon", 1e-5f)),
                                    UnitAttr()),
      shape);
  SmallVector<Value> affine;
  for (unsigned i = 1; i < 3; ++i) {
    Value value = ctx.widen(ctx.operand(i));
    // Up to opset 20 there is one number per group.
    if (ctx.getVersion() < 21 && getShape(value) == ArrayRef<int64_t>(groups))
      value = ctx.reshape(ctx.broadcast(ctx.reshape(value, {groups, 1}),
                                        {groups, shape[1] / groups}),
                          {shape[1]});
    if (failed(checkPerChannel(ctx, value, operand,
                               i == 1 ? "the scale" : "the bias")))
      return failure();
    affine.push_back(alignToChannels(ctx, value, shape.size()));
  }
  result = ctx.create<edge::AddOp>(ctx.create<edge::MulOp>(result, affine[0]),
                                   affine[1]);
  return SmallVector<Value>{ctx.cast(result, getElementType(operand))};
}

//===----------------------------------------------------------------------===//
// Over the last dimensions
//===----------------------------------------------------------------------===//

/// `value` (scale or bias, null for none) in the shape of the normalised
/// dimensions; null if it varies along others too, or is not there.
static Value fitToNormalized(ConversionContext &ctx, Value value,
                             ArrayRef<int64_t> normalized) {
  if (!value)
    return {};
  ArrayRef<int64_t> shape = getShape(value);
  while (shape.size() > normalized.size() && shape.front() == 1)
    shape = shape.drop_front();
  if (shape.size() > normalized.size())
    return {};
  for (auto [size, whole] :
       llvm::zip(shape, normalized.take_back(shape.size())))
    if (size != 1 && size != whole)
      return {};
  return ctx.broadcast(ctx.reshape(value, shape), normalized);
}

/// The epsilon of ONNX Runtime's operators.
static constexpr float kContributedEpsilon = 1e-12f;

/// Normalises `input` over the dimensions from `axis` on; scale and bias may
/// be null and may be of any shape that broadcasts. `epsilon` is used where the
/// node does not say.
static Value createLayerNorm(ConversionContext &ctx, Value input, Value scale,
                             Value bias, int64_t axis, bool rms,
                             float epsilon = 1e-5f) {
  Builder &builder = ctx.getBuilder();
  ArrayRef<int64_t> normalized = getShape(input).drop_front(axis);
  Value innerScale = fitToNormalized(ctx, scale, normalized);
  Value innerBias =
      innerScale ? fitToNormalized(ctx, bias, normalized) : Value();
  Value result = ctx.create<edge::LayerNormOp>(
      input, innerScale, innerBias, builder.getI64IntegerAttr(axis),
      builder.getF64FloatAttr(ctx.getNode().getF32("epsilon", epsilon)),
      rms ? builder.getUnitAttr() : UnitAttr());
  if (scale && !innerScale)
    result = ctx.create<edge::MulOp>(result, scale);
  if (bias && !innerBias)
    result = ctx.create<edge::AddOp>(result, bias);
  return result;
}

/// The mean and the inverse deviation that LayerNormalization can return.
static void appendStatistics(ConversionContext &ctx, Value input, int64_t axis,
                             bool rms, SmallVectorImpl<Value> &results) {
  bool wantsMean = !ctx.isUnused(1), wantsDeviation = !ctx.isUnused(2);
  results.resize(3);
  if (!wantsMean && !wantsDeviation)
    return;
  SmallVector<int64_t> axes =
      llvm::to_vector(llvm::seq<int64_t>(axis, getRank(input)));
  Value centered = input;
  if (!rms) {
    results[1] = createMean(ctx, input, axes);
    centered = ctx.create<edge::SubOp>(input, results[1]);
  }
  results[2] = createInverseDeviation(
      ctx, createMean(ctx, createSquare(ctx, centered), axes),
      ctx.getNode().getF32("epsilon", 1e-5f));
  if (ctx.getNode().getI64("stash_type", 1) == 1)
    for (Value &result : MutableArrayRef(results).drop_front())
      if (result)
        result = ctx.cast(result, ctx.getBuilder().getF32Type());
  // An RMS normalisation returns the deviation in the place of the mean.
  if (rms && ctx.getNode().getOutputs().size() == 2)
    results[1] = results[2];
}

static Converted convertLayerNormalization(ConversionContext &ctx, bool rms) {
  if (failed(ctx.requireOperands(1)))
    return failure();
  Value operand = ctx.operand(0);
  FailureOr<int64_t> axis =
      ctx.normalizeAxis(ctx.getNode().getI64("axis", -1), getRank(operand));
  if (failed(axis))
    return failure();
  Value input = ctx.widen(operand);
  Value scale = ctx.operand(1), bias = rms ? Value() : ctx.operand(2);
  scale = scale ? ctx.cast(scale, getElementType(input)) : scale;
  bias = bias ? ctx.cast(bias, getElementType(input)) : bias;
  Value result = createLayerNorm(ctx, input, scale, bias, *axis, rms);
  SmallVector<Value> results{ctx.cast(result, getElementType(operand))};
  appendStatistics(ctx, input, *axis, rms, results);
  return results;
}

/// The sum of the embeddings of words, positions and, where they are given,
/// segments, normalised; with the number of words that a mask keeps.
static Converted convertEmbedNormalization(ConversionContext &ctx) {
  if (failed(ctx.requireOperands(1)))
    return failure();
  Builder &builder = ctx.getBuilder();
  Value ids = ctx.operand(0), segments = ctx.operand(1);
  Value words = ctx.operand(2), positions = ctx.operand(3);
  Value segmentTable = ctx.operand(4), scale = ctx.operand(5);
  Value bias = ctx.operand(6), mask = ctx.operand(7), places = ctx.operand(8);
  if (!words || !positions || !scale || getRank(ids) != 2)
    return ctx.error() << "needs words of two dimensions and the embeddings of "
                          "words and positions";
  int64_t batch = getShape(ids)[0], length = getShape(ids)[1];
  auto pick = [&](Value table, Value index) {
    return ctx.create<edge::GatherOp>(ctx.widen(table), index,
                                      builder.getI64IntegerAttr(0));
  };
  if (!places)
    places = ctx.createInts(llvm::to_vector(llvm::seq<int64_t>(0, length)),
                            {1, length});
  Value sum =
      ctx.create<edge::AddOp>(pick(words, ids), pick(positions, places));
  if (segments && segmentTable)
    sum = ctx.create<edge::AddOp>(sum, pick(segmentTable, segments));
  Value result = createLayerNorm(ctx, sum, ctx.widen(scale),
                                 bias ? ctx.widen(bias) : Value(), 2,
                                 /*rms=*/false, kContributedEpsilon);
  Type type = getElementType(words), i32 = builder.getI32Type();
  Value count = ctx.createSplat(0, i32, {batch});
  if (mask)
    count = ctx.reshape(
        ctx.create<edge::ReduceOp>(edge::ReduceKind::Sum, ctx.cast(mask, i32),
                                   ValueRange(), SmallVector<int64_t>{1}),
        {batch});
  return SmallVector<Value>{ctx.cast(result, type), count, ctx.cast(sum, type)};
}

/// Normalises input + skip + bias, which is the fourth result; operators of
/// ONNX Runtime.
static Converted convertSkipNormalization(ConversionContext &ctx, bool rms) {
  if (failed(ctx.requireOperands(3)))
    return failure();
  Value operand = ctx.operand(0);
  Value beta = rms ? Value() : ctx.operand(3);
  Value bias = ctx.operand(rms ? 3 : 4);
  Value sum =
      ctx.create<edge::AddOp>(ctx.widen(operand), ctx.widen(ctx.operand(1)));
  if (bias)
    sum = ctx.create<edge::AddOp>(sum, ctx.widen(bias));
  int64_t axis = getRank(sum) - 1;
  Value result = createLayerNorm(ctx, sum, ctx.widen(ctx.operand(2)),
                                 beta ? ctx.widen(beta) : Value(), axis, rms,
                                 kContributedEpsilon);
  SmallVector<Value> results{ctx.cast(result, getElementType(operand))};
  appendStatistics(ctx, sum, axis, rms, results);
  results.push_back(ctx.cast(sum, getElementType(operand)));
  return results;
}

//===----------------------------------------------------------------------===//
// Others
//===----------------------------------------------------------------------===//

/// x / (bias + alpha / size * (sum of squares over `size` channels)) ^ beta.
/// The sum is a pool that slides over the channels.
static Converted convertLRN(ConversionContext &ctx) {
  if (failed(ctx.requireOperands(1)))
    return failure();
  onnx::NodeOp node = ctx.getNode();
  Value operand = ctx.operand(0), input = ctx.widen(operand);
  Type type = getElementType(input);
  ArrayRef<int64_t> shape = getShape(input);
  int64_t size = node.getI64("size", 0);
  if (size < 1)
    return ctx.unsupportedAttribute("size", Twine(size), "at least 1");
  if (shape.size() < 3)
    return ctx.error() << "the input must have at least 3 dimensions, found "
                       << input.getType();
  int64_t spatial = 1;
  for (int64_t dim : shape.drop_front(2))
    spatial *= dim;
  SmallVector<int64_t> kernel{size}, strides{1}, low{(size - 1) / 2},
      high{size - 1 - (size - 1) / 2};
  Value squares =
      ctx.reshape(createSquare(ctx, input), {shape[0], shape[1], spatial});
  Value sum =
      ctx.create<edge::PoolOp>(edge::PoolKind::Sum, squares, ValueRange(),
                               kernel, strides, DenseI64ArrayAttr(), low, high);
  Value base = ctx.create<edge::AddOp>(
      ctx.create<edge::MulOp>(
          sum,
          ctx.createSplat(node.getF32("alpha", 1e-4f) / double(size), type)),
      ctx.createSplat(node.getF32("bias", 1.0f), type));
  Value factor = ctx.create<edge::PowOp>(
      base, ctx.createSplat(-node.getF32("beta", 0.75f), type));
  Value result = ctx.create<edge::MulOp>(input, ctx.reshape(factor, shape));
  return SmallVector<Value>{ctx.cast(result, getElementType(operand))};
}

static Converted convertMeanVarianceNormalization(ConversionContext &ctx) {
  if (failed(ctx.requireOperands(1)))
    return failure();
  Value operand = ctx.operand(0), input = ctx.widen(operand);
  SmallVector<int64_t> axes;
  for (int64_t axis : ctx.getNode().getInts("axes", {0, 2, 3})) {
    FailureOr<int64_t> normal = ctx.normalizeAxis(axis, getRank(input));
    if (failed(normal))
      return failure();
    axes.push_back(*normal);
  }
  llvm::sort(axes);
  Value centered = ctx.create<edge::SubOp>(input, createMean(ctx, input, axes));
  Value deviation = ctx.create<edge::SqrtOp>(
      createMean(ctx, createSquare(ctx, centered), axes));
  Value result = ctx.create<edge::DivOp>(
      centered, ctx.create<edge::AddOp>(
                    deviation, ctx.createSplat(1e-9, getElementType(input))));
  return SmallVector<Value>{ctx.cast(result, getElementType(operand))};
}

/// x / |x|_p along an axis; zeros stay zeros.
static Converted convertLpNormalization(ConversionContext &ctx) {
  if (failed(ctx.requireOperands(1)))
    return failure();
  Value operand = ctx.operand(0), input = ctx.widen(operand);
  int64_t p = ctx.getNode().getI64("p", 2);
  if (p != 1 && p != 2)
    return ctx.unsupportedAttribute("p", Twine(p), "1 or 2");
  FailureOr<int64_t> axis =
      ctx.normalizeAxis(ctx.getNode().getI64("axis", -1), getRank(input));
  if (failed(axis))
    return failure();
  SmallVector<int64_t> axes{*axis};
  Value powers =
      p == 1 ? ctx.create<edge::AbsOp>(input) : createSquare(ctx, input);
  Value norm = ctx.create<edge::ReduceOp>(edge::ReduceKind::Sum, powers,
                                          ValueRange(), axes);
  if (p == 2)
    norm = ctx.create<edge::SqrtOp>(norm);
  norm = ctx.create<edge::MaxOp>(
      norm, ctx.createSplat(std::numeric_limits<float>::min(),
                            getElementType(input)));
  return SmallVector<Value>{
      ctx.cast(ctx.create<edge::DivOp>(input, norm), getElementType(operand))};
}

void edgecc::registerNormalizationConverters(ConverterTable &table) {
  constexpr int64_t newest = ConverterTable::kNewest;
  auto layerNorm = [](ConversionContext &ctx) {
    return convertLayerNormalization(ctx, /*rms=*/false);
  };
  auto rmsNorm = [](ConversionContext &ctx) {
    return convertLayerNormalization(ctx, /*rms=*/true);
  };
  table.add("BatchNormalization", convertBatchNormalization, 7);
  table.add("InstanceNormalization", convertInstanceNormalization);
  table.add("GroupNormalization", convertGroupNormalization);
  table.add("LayerNormalization", layerNorm);
  table.add("RMSNormalization", rmsNorm);
  // ONNX Runtime puts these into the default domain.
  table.add("SimplifiedLayerNormalization", rmsNorm);
  table.add("SimplifiedLayerNormalization", rmsNorm, 1, newest,
            kMicrosoftDomain);
  table.add("EmbedLayerNormalization", convertEmbedNormalization, 1, newest,
            kMicrosoftDomain);
  table.add(
      "SkipLayerNormalization",
      [](ConversionContext &ctx) {
        return convertSkipNormalization(ctx, /*rms=*/false);
      },
      1, newest, kMicrosoftDomain);
  table.add(
      "SkipSimplifiedLayerNormalization",
      [](ConversionContext &ctx) {
        return convertSkipNormalization(ctx, /*rms=*/true);
      },
      1, newest, kMicrosoftDomain);
  table.add("LRN", convertLRN);
  table.add("MeanVarianceNormalization", convertMeanVarianceNormalization);
  table.add("LpNormalization", convertLpNormalization);
}
