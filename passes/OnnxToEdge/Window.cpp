//===- Window.cpp - sliding windows of ONNX nodes ---------------*- C++ -*-===//
//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/OnnxToEdge/Window.h"

using namespace mlir;
using namespace edgecc;

std::pair<int64_t, int64_t> edgecc::splitPadding(StringRef mode,
                                                 int64_t total) {
  int64_t half = total / 2;
  if (mode == "SAME_UPPER")
    return {half, total - half};
  return {total - half, half};
}

/// Reads a list attribute of `count` values of at least `least`.
static FailureOr<SmallVector<int64_t>> readList(ConversionContext &ctx,
                                                StringRef name, size_t count,
                                                int64_t least,
                                                int64_t defaultValue) {
  std::optional<ArrayRef<int64_t>> list = ctx.getNode().findInts(name);
  if (!list || list->empty())
    return SmallVector<int64_t>(count, defaultValue);
  if (list->size() != count)
    return ctx.error() << "attribute '" << name << "' has " << list->size()
                       << " values, expected " << count;
  for (int64_t value : *list)
    if (value < least)
      return ctx.error() << "attribute '" << name << "' holds " << value
                         << ", the least valid value is " << least;
  return SmallVector<int64_t>(*list);
}

FailureOr<Window> edgecc::readWindow(ConversionContext &ctx,
                                     ArrayRef<int64_t> kernel,
                                     ArrayRef<int64_t> input) {
  size_t rank = kernel.size();
  Window window;
  window.kernel.assign(kernel.begin(), kernel.end());
  if (rank != input.size())
    return ctx.error() << "the kernel has " << rank
                       << " dimensions, the input has " << input.size()
                       << " spatial dimensions";
  auto strides = readList(ctx, "strides", rank, 1, 1);
  auto dilations = readList(ctx, "dilations", rank, 1, 1);
  if (failed(strides) || failed(dilations))
    return failure();
  window.strides = *strides;
  window.dilations = *dilations;

  StringRef mode = ctx.getNode().getString("auto_pad", "NOTSET");
  if (mode == "NOTSET" || mode.empty()) {
    auto pads = readList(ctx, "pads", 2 * rank, 0, 0);
    if (failed(pads))
      return failure();
    window.padsLow.assign(pads->begin(), pads->begin() + rank);
    window.padsHigh.assign(pads->begin() + rank, pads->end());
    return window;
  }
  if (mode == "VALID") {
    window.padsLow.assign(rank, 0);
    window.padsHigh.assign(rank, 0);
    return window;
  }
  if (mode != "SAME_UPPER" && mode != "SAME_LOWER")
    return ctx.unsupportedAttribute("auto_pad", mode,
                                    "NOTSET, VALID, SAME_UPPER or SAME_LOWER");
  for (size_t dim = 0; dim < rank; ++dim) {
    int64_t outputs = llvm::divideCeil(input[dim], window.strides[dim]);
    int64_t total = (outputs - 1) * window.strides[dim] +
                    window.getExtent(dim) - input[dim];
    auto [low, high] = splitPadding(mode, std::max<int64_t>(total, 0));
    window.padsLow.push_back(low);
    window.padsHigh.push_back(high);
  }
  return window;
}

FailureOr<Value> edgecc::applyFusedActivation(ConversionContext &ctx,
                                              Value value) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  onnx::NodeOp node = ctx.getNode();
  OpBuilder &builder = ctx.getBuilder();
  StringRef name = node.getString("activation");
  ArrayRef<float> list = node.getFloats("activation_params");
  // FusedGemm names its parameters, FusedConv lists them.
  auto parameter = [&](unsigned index, StringRef attribute,
                       float defaultValue) -> double {
    if (index < list.size())
      return list[index];
    return node.getF32(attribute, defaultValue);
  };
  auto clamp = [&](Value input, double min, double max) {
    return ctx.create<edge::ClampOp>(input, builder.getF64FloatAttr(min),
                                     builder.getF64FloatAttr(max));
  };
  Type type = getElementType(value);

  if (name.empty())
    return value;
  if (name == "Relu")
    return clamp(value, 0, infinity);
  if (name == "Sigmoid")
    return ctx.create<edge::SigmoidOp>(value);
  if (name == "Tanh")
    return ctx.create<edge::TanhOp>(value);
  if (name == "Clip")
    return clamp(value, parameter(0, "activation_min", -infinity),
                 parameter(1, "activation_max", infinity));
  if (name == "LeakyRelu") {
    Value slope =
        ctx.createSplat(parameter(0, "activation_alpha", 0.01f), type);
    Value negative = ctx.create<edge::MulOp>(clamp(value, -infinity, 0), slope);
    return ctx.create<edge::AddOp>(clamp(value, 0, infinity), negative);
  }
  if (name == "HardSigmoid") {
    Value slope = ctx.createSplat(parameter(0, "activation_alpha", 0.2f), type);
    Value offset = ctx.createSplat(parameter(1, "activation_beta", 0.5f), type);
    Value line =
        ctx.create<edge::AddOp>(ctx.create<edge::MulOp>(value, slope), offset);
    return clamp(line, 0, 1);
  }
  return ctx.unsupportedAttribute(
      "activation", name,
      "Relu, Sigmoid, Tanh, Clip, LeakyRelu or HardSigmoid");
}
