//===- Convolution.cpp - ONNX convolutions ----------------------*- C++ -*-===//
//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/OnnxToEdge/Window.h"

using namespace mlir;
using namespace edgecc;

/// The operands of a convolution, checked.
struct ConvolutionOperands {
  Value input;
  Value weights;
  Value bias;
  int64_t groups;
};

/// Checks input, weights and bias. The weights are (C_out, C_in /
/// groups, spatial...), or (C_in, C_out / groups, spatial...) if `transposed`.
static FailureOr<ConvolutionOperands>
checkOperands(ConversionContext &ctx, Value inputValue, Value weightsValue,
              Value bias, bool transposed) {
  ConvolutionOperands operands{inputValue, weightsValue, bias,
                               ctx.getNode().getI64("group", 1)};
  ArrayRef<int64_t> input = getShape(operands.input);
  ArrayRef<int64_t> weights = getShape(operands.weights);
  int64_t groups = operands.groups;
  if (input.size() < 3 || weights.size() != input.size())
    return ctx.error() << "input and weights must have the same rank, at "
                          "least 3; found "
                       << operands.input.getType() << " and "
                       << operands.weights.getType();
  if (groups < 1 || input[1] % groups != 0 || weights[0] % groups != 0)
    return ctx.error() << "attribute 'group' is " << groups
                       << ", which divides not both of "
                       << operands.input.getType() << " and "
                       << operands.weights.getType();
  int64_t channels = transposed ? weights[0] : weights[1] * groups;
  if (channels != input[1])
    return ctx.error() << "the input has " << input[1]
                       << " channels, the weights expect " << channels;
  int64_t outputs = transposed ? weights[1] * groups : weights[0];
  if (operands.bias && getShape(operands.bias) != ArrayRef<int64_t>(outputs))
    return ctx.error() << "the bias must have " << outputs
                       << " elements, found " << operands.bias.getType();
  std::optional<ArrayRef<int64_t>> kernel =
      ctx.getNode().findInts("kernel_shape");
  if (kernel && !kernel->empty() && *kernel != weights.drop_front(2))
    return ctx.error() << "attribute 'kernel_shape' contradicts the weights, "
                       << operands.weights.getType();
  return operands;
}

/// The permutation that puts the spatial dimensions first, then `third`, then
/// `last`.
static SmallVector<int64_t> getWeightPermutation(int64_t rank, int64_t third,
                                                 int64_t last) {
  SmallVector<int64_t> permutation =
      llvm::to_vector(llvm::seq<int64_t>(2, rank));
  permutation.append({third, last});
  return permutation;
}

static DenseI64ArrayAttr getDilations(ConversionContext &ctx,
                                      const Window &window) {
  if (llvm::all_of(window.dilations, [](int64_t d) { return d == 1; }))
    return {};
  return ctx.getBuilder().getDenseI64ArrayAttr(window.dilations);
}

FailureOr<Value> edgecc::createConvolution(ConversionContext &ctx,
                                           Value inputValue, Value weightsValue,
                                           Value biasValue) {
  FailureOr<ConvolutionOperands> operands =
      checkOperands(ctx, inputValue, weightsValue, biasValue, false);
  if (failed(operands))
    return failure();
  ArrayRef<int64_t> spatial = getShape(operands->input).drop_front(2);
  FailureOr<Window> window =
      readWindow(ctx, getShape(operands->weights).drop_front(2), spatial);
  if (failed(window))
    return failure();
  for (auto [dim, size] : llvm::enumerate(spatial))
    if (size + window->padsLow[dim] + window->padsHigh[dim] <
        window->getExtent(dim))
      return ctx.error() << "the kernel spans " << window->getExtent(dim)
                         << " elements of spatial dimension " << dim
                         << ", the padded input has "
                         << size + window->padsLow[dim] + window->padsHigh[dim];

  Value input = ctx.toChannelsLast(ctx.widen(operands->input));
  Value weights =
      ctx.transpose(ctx.widen(operands->weights),
                    getWeightPermutation(getRank(operands->weights), 1, 0));
  Value bias = operands->bias ? ctx.widen(operands->bias) : Value();
  return ctx.toChannelsFirst(ctx.create<edge::ConvOp>(
      input, weights, bias, ValueRange(), window->strides,
      getDilations(ctx, *window), window->padsLow, window->padsHigh,
      operands->groups));
}

/// The convolution of operands 0 to 2.
static FailureOr<Value> createConv(ConversionContext &ctx) {
  if (failed(ctx.requireOperands(2)))
    return failure();
  return createConvolution(ctx, ctx.operand(0), ctx.operand(1), ctx.operand(2));
}

static Converted convertConv(ConversionContext &ctx) {
  FailureOr<Value> result = createConv(ctx);
  if (failed(result))
    return failure();
  return SmallVector<Value>{ctx.cast(*result, getElementType(ctx.operand(0)))};
}

/// activation(Conv(x, w, b) + z), an operator of ONNX Runtime.
static Converted convertFusedConv(ConversionContext &ctx) {
  FailureOr<Value> result = createConv(ctx);
  if (failed(result))
    return failure();
  if (Value residual = ctx.operand(3))
    result = ctx.create<edge::AddOp>(*result, ctx.widen(residual));
  result = applyFusedActivation(ctx, *result);
  if (failed(result))
    return failure();
  return SmallVector<Value>{ctx.cast(*result, getElementType(ctx.operand(0)))};
}

/// The pads and output paddings of a transposed convolution: given as they
/// are, or computed from the output shape.
static LogicalResult resolveOutput(ConversionContext &ctx, Window &window,
                                   ArrayRef<int64_t> input,
                                   SmallVectorImpl<int64_t> &outputPadding) {
  onnx::NodeOp node = ctx.getNode();
  size_t rank = input.size();
  ArrayRef<int64_t> given = node.getInts("output_padding");
  if (!given.empty() && given.size() != rank)
    return ctx.error() << "attribute 'output_padding' has " << given.size()
                       << " values, expected " << rank;
  outputPadding.assign(given.begin(), given.end());
  outputPadding.resize(rank, 0);

  StringRef mode = node.getString("auto_pad", "NOTSET");
  ArrayRef<int64_t> outputShape = node.getInts("output_shape");
  bool isSame = mode == "SAME_UPPER" || mode == "SAME_LOWER";
  if (!outputShape.empty() && outputShape.size() < rank)
    return ctx.error() << "attribute 'output_shape' has " << outputShape.size()
                       << " values, expected " << rank;
  if (outputShape.empty() && !isSame)
    return success();
  for (size_t dim = 0; dim < rank; ++dim) {
    int64_t full = (input[dim] - 1) * window.strides[dim] + outputPadding[dim] +
                   window.getExtent(dim);
    // Some exporters list batch and channels too.
    int64_t wanted = outputShape.empty() ? input[dim] * window.strides[dim]
                                         : outputShape.take_back(rank)[dim];
    std::tie(window.padsLow[dim], window.padsHigh[dim]) =
        splitPadding(mode, std::max<int64_t>(full - wanted, 0));
    outputPadding[dim] += std::max<int64_t>(wanted - full, 0);
  }
  return success();
}

static Converted convertConvTranspose(ConversionContext &ctx) {
  if (failed(ctx.requireOperands(2)))
    return failure();
  FailureOr<ConvolutionOperands> operands =
      checkOperands(ctx, ctx.operand(0), ctx.operand(1), ctx.operand(2), true);
  if (failed(operands))
    return failure();
  ArrayRef<int64_t> spatial = getShape(operands->input).drop_front(2);
  FailureOr<Window> window =
      readWindow(ctx, getShape(operands->weights).drop_front(2), spatial);
  SmallVector<int64_t> outputPadding;
  if (failed(window) ||
      failed(resolveOutput(ctx, *window, spatial, outputPadding)))
    return failure();

  Type type = getElementType(operands->input);
  Value input = ctx.toChannelsLast(ctx.widen(operands->input));
  Value weights =
      ctx.transpose(ctx.widen(operands->weights),
                    getWeightPermutation(getRank(operands->weights), 0, 1));
  Value bias = operands->bias ? ctx.widen(operands->bias) : Value();
  Value result = ctx.toChannelsFirst(ctx.create<edge::ConvTransposeOp>(
      input, weights, bias, ValueRange(), window->strides,
      getDilations(ctx, *window), window->padsLow, window->padsHigh,
      outputPadding, operands->groups));
  return SmallVector<Value>{ctx.cast(result, type)};
}

/// The columns of integers in `input`, (N, C * window, columns), added up to an
/// image: for each place of the window, an image of what lies there.
static Value sumColumns(ConversionContext &ctx, Value input,
                        ArrayRef<int64_t> image, ArrayRef<int64_t> block,
                        ArrayRef<int64_t> counts, ArrayRef<int64_t> strides,
                        ArrayRef<int64_t> dilations, ArrayRef<int64_t> pads) {
  ArrayRef<int64_t> shape = getShape(input);
  int64_t window = llvm::product_of(block), columns = shape[2];
  int64_t channels = shape[1] / window, pixels = llvm::product_of(image);
  SmallVector<int64_t> lines{shape[0], channels, window * columns};
  // Behind all elements is a zero, for pixels without one.
  SmallVector<int64_t> places(window * pixels, lines[2]);
  for (int64_t place = 0; place < window; ++place) {
    for (int64_t column = 0; column < columns; ++column) {
      int64_t pixel = 0, inside = window, before = columns;
      bool isInside = true;
      for (auto [dim, size] : llvm::enumerate(image)) {
        inside /= block[dim];
        before /= counts[dim];
        int64_t at = column / before % counts[dim] * strides[dim] +
                     place / inside % block[dim] * dilations[dim] - pads[dim];
        isInside &= at >= 0 && at < size;
        pixel = pixel * size + at;
      }
      if (isInside)
        places[place * pixels + pixel] = place * columns + column;
    }
  }
  Type type = getElementType(input);
  Value elements = ctx.create<edge::ConcatOp>(
      ValueRange{ctx.reshape(input, lines),
                 ctx.createSplat(0, type, {shape[0], channels, 1})},
      uint64_t(2));
  Value images = ctx.create<edge::GatherOp>(
      elements, ctx.createInts(places, {window, pixels}),
      ctx.getBuilder().getI64IntegerAttr(2));
  Value sum = ctx.create<edge::ReduceOp>(
      type.isInteger(1) ? edge::ReduceKind::Max : edge::ReduceKind::Sum, images,
      ValueRange(), ctx.getBuilder().getDenseI64ArrayAttr({2}));
  SmallVector<int64_t> result{shape[0], channels};
  llvm::append_range(result, image);
  return ctx.reshape(sum, result);
}

/// The columns of a convolution added up to an image: a transposed convolution
/// whose weights pick each row of a column for its place in the window.
static Converted convertCol2Im(ConversionContext &ctx) {
  FailureOr<SmallVector<int64_t>> image = ctx.ints(1, "image_shape");
  if (failed(image))
    return failure();
  FailureOr<SmallVector<int64_t>> block = ctx.ints(2, "block_shape");
  if (failed(block))
    return failure();
  Value input = ctx.operand(0);
  int64_t rank = image->size(), window = 1, columns = 1;
  onnx::NodeOp node = ctx.getNode();
  SmallVector<int64_t> ones(rank, 1), none(2 * rank, 0);
  ArrayRef<int64_t> strides = node.getInts("strides", ones);
  ArrayRef<int64_t> dilations = node.getInts("dilations", ones);
  ArrayRef<int64_t> pads = node.getInts("pads", none);
  if (int64_t(block->size()) != rank || int64_t(strides.size()) != rank ||
      int64_t(dilations.size()) != rank || int64_t(pads.size()) != 2 * rank ||
      getRank(input) != 3)
    return ctx.error() << "has operands and attributes of different ranks";
  SmallVector<int64_t> counts, outputPadding;
  for (int64_t dim = 0; dim < rank; ++dim) {
    int64_t extent = ((*block)[dim] - 1) * dilations[dim] + 1;
    int64_t size = (*image)[dim] + pads[dim] + pads[dim + rank];
    if ((*block)[dim] < 1 || strides[dim] < 1 || dilations[dim] < 1 ||
        size < extent)
      return ctx.error() << "has windows that do not fit the image";
    counts.push_back((size - extent) / strides[dim] + 1);
    outputPadding.push_back((size - extent) % strides[dim]);
    columns *= counts.back();
    window *= (*block)[dim];
  }
  ArrayRef<int64_t> shape = getShape(input);
  if (shape[2] != columns || shape[1] % window != 0)
    return ctx.error() << "needs " << columns << " columns of a multiple of "
                       << window << " rows, found " << input.getType();
  int64_t channels = shape[1] / window;
  SmallVector<int64_t> inputShape{shape[0], shape[1]};
  llvm::append_range(inputShape, counts);
  Type type = getElementType(input);
  int64_t size = llvm::product_of(*image);
  if (failed(ctx.checkListed(window * std::max(shape[1], size))))
    return failure();
  if (!isa<FloatType>(type))
    return SmallVector<Value>{sumColumns(ctx, input, *image, *block, counts,
                                         strides, dilations, pads)};
  Value pixels = ctx.toChannelsLast(ctx.reshape(ctx.widen(input), inputShape));
  SmallVector<float> picks(window * shape[1], 0);
  for (int64_t row = 0; row < shape[1]; ++row)
    picks[row % window * shape[1] + row] = 1;
  SmallVector<int64_t> weightShape(*block);
  llvm::append_range(weightShape, ArrayRef<int64_t>{shape[1], 1});
  Value weights = ctx.createFloats(picks, weightShape, getElementType(pixels));
  Value result = ctx.create<edge::ConvTransposeOp>(
      pixels, weights, Value(), ValueRange(), strides,
      ctx.getBuilder().getDenseI64ArrayAttr(dilations), pads.take_front(rank),
      pads.drop_front(rank), outputPadding, uint64_t(channels));
  return SmallVector<Value>{ctx.cast(ctx.toChannelsFirst(result), type)};
}

void edgecc::registerConvolutionConverters(ConverterTable &table) {
  table.add("Conv", convertConv);
  table.add("Col2Im", convertCol2Im);
  table.add("ConvTranspose", convertConvTranspose);
  table.add("FusedConv", convertFusedConv, 1, ConverterTable::kNewest,
            kMicrosoftDomain);
}
