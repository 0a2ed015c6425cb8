//===- Image.cpp - ONNX operators that rearrange pictures -------*- C++ -*-===//
//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// DepthToSpace and its inverse, and operators that ONNX had as experiments up
// to opset 9 and that old models still use.
//
//===----------------------------------------------------------------------===//

#include "passes/OnnxToEdge/Converters.h"

using namespace mlir;
using namespace edgecc;

/// Fails unless operand 0 is there and is (N, C, H, W).
static LogicalResult requireImage(ConversionContext &ctx) {
  if (failed(ctx.requireOperands(1)))
    return failure();
  if (getRank(ctx.operand(0)) != 4)
    return ctx.error() << "the input must have 4 dimensions, found "
                       << ctx.operand(0).getType();
  return success();
}

static Converted convertDepthToSpace(ConversionContext &ctx) {
  if (failed(requireImage(ctx)))
    return failure();
  onnx::NodeOp node = ctx.getNode();
  ArrayRef<int64_t> shape = getShape(ctx.operand(0));
  int64_t block = node.getI64("blocksize", 0);
  StringRef mode = node.getString("mode", "DCR");
  if (mode != "DCR" && mode != "CRD")
    return ctx.unsupportedAttribute("mode", mode, "DCR or CRD");
  if (block < 1 || shape[1] % (block * block) != 0)
    return ctx.error() << "attribute 'blocksize' is " << block
                       << ", its square must divide the channels of "
                       << ctx.operand(0).getType();
  int64_t channels = shape[1] / (block * block);
  int64_t height = shape[2], width = shape[3];
  Value image = ctx.toChannelsLast(ctx.operand(0));
  if (mode == "DCR") {
    image =
        ctx.reshape(image, {shape[0], height, width, block, block, channels});
    image = ctx.transpose(image, {0, 1, 3, 2, 4, 5});
  } else {
    image =
        ctx.reshape(image, {shape[0], height, width, channels, block, block});
    image = ctx.transpose(image, {0, 1, 4, 2, 5, 3});
  }
  image =
      ctx.reshape(image, {shape[0], height * block, width * block, channels});
  return SmallVector<Value>{ctx.toChannelsFirst(image)};
}

static Converted convertSpaceToDepth(ConversionContext &ctx) {
  if (failed(requireImage(ctx)))
    return failure();
  ArrayRef<int64_t> shape = getShape(ctx.operand(0));
  int64_t block = ctx.getNode().getI64("blocksize", 0);
  StringRef mode = ctx.getNode().getString("mode", "DCR");
  if (mode != "DCR" && mode != "CRD")
    return ctx.unsupportedAttribute("mode", mode, "DCR or CRD");
  if (block < 1 || shape[2] % block != 0 || shape[3] % block != 0)
    return ctx.error() << "attribute 'blocksize' is " << block
                       << ", it must divide the size of "
                       << ctx.operand(0).getType();
  int64_t height = shape[2] / block, width = shape[3] / block;
  Value image = ctx.toChannelsLast(ctx.operand(0));
  image = ctx.reshape(image, {shape[0], height, block, width, block, shape[1]});
  if (mode == "DCR")
    image = ctx.transpose(image, {0, 1, 3, 2, 4, 5});
  else
    image = ctx.transpose(image, {0, 1, 3, 5, 2, 4});
  image =
      ctx.reshape(image, {shape[0], height, width, block * block * shape[1]});
  return SmallVector<Value>{ctx.toChannelsFirst(image)};
}

/// Takes off `border` (left, top, right, bottom); with `scale`, what remains
/// has this height and width.
static Converted convertCrop(ConversionContext &ctx) {
  if (failed(requireImage(ctx)))
    return failure();
  ArrayRef<int64_t> shape = getShape(ctx.operand(0));
  ArrayRef<int64_t> border = ctx.getNode().getInts("border");
  ArrayRef<int64_t> scale = ctx.getNode().getInts("scale");
  if (border.size() != 4 || (!scale.empty() && scale.size() != 2))
    return ctx.error() << "attribute 'border' must have 4 values and 'scale' "
                          "2 or none, found "
                       << border.size() << " and " << scale.size();
  int64_t left = border[0], top = border[1];
  int64_t height = scale.empty() ? shape[2] - top - border[3] : scale[0];
  int64_t width = scale.empty() ? shape[3] - left - border[2] : scale[1];
  if (left < 0 || top < 0 || height < 1 || width < 1 ||
      top + height > shape[2] || left + width > shape[3])
    return ctx.error() << "the region " << height << "x" << width << " at row "
                       << top << ", column " << left << " is not inside "
                       << ctx.operand(0).getType();
  Value rows = ctx.slice(ctx.operand(0), 2, top, height);
  return SmallVector<Value>{ctx.slice(rows, 3, left, width)};
}

/// scale * x + bias[channel].
static Converted convertImageScaler(ConversionContext &ctx) {
  if (failed(requireImage(ctx)))
    return failure();
  Value input = ctx.operand(0);
  Type type = getElementType(input);
  ArrayRef<float> bias = ctx.getNode().getFloats("bias");
  int64_t channels = getShape(input)[1];
  if (static_cast<int64_t>(bias.size()) != channels)
    return ctx.error() << "attribute 'bias' has " << bias.size()
                       << " values, expected " << channels;
  Value scaled = ctx.create<edge::MulOp>(
      input, ctx.createSplat(ctx.getNode().getF32("scale", 1.0f), type));
  return SmallVector<Value>{ctx.create<edge::AddOp>(
      scaled, ctx.createFloats(bias, {channels, 1, 1}, type))};
}

/// alpha * x + beta.
static Converted convertAffine(ConversionContext &ctx) {
  if (failed(ctx.requireOperands(1)))
    return failure();
  Value input = ctx.operand(0);
  Type type = getElementType(input);
  Value scaled = ctx.create<edge::MulOp>(
      input, ctx.createSplat(ctx.getNode().getF32("alpha", 1.0f), type));
  return SmallVector<Value>{ctx.create<edge::AddOp>(
      scaled, ctx.createSplat(ctx.getNode().getF32("beta", 0.0f), type))};
}

void edgecc::registerImageConverters(ConverterTable &table) {
  table.add("DepthToSpace", convertDepthToSpace);
  table.add("SpaceToDepth", convertSpaceToDepth);
  table.add("Crop", convertCrop);
  table.add("ImageScaler", convertImageScaler);
  table.add("Affine", convertAffine);
}
