//===- QLinear.cpp - ONNX operators on quantised values ---------*- C++ -*-===//
//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/Edge/EdgeConstants.h"
#include "passes/OnnxToEdge/Quantization.h"
#include "passes/OnnxToEdge/Window.h"

using namespace mlir;
using namespace edgecc;

//===----------------------------------------------------------------------===//
// Pieces
//===----------------------------------------------------------------------===//

/// Scale and zero point in operands `index` and `index + 1`.
static Quantizer getQuantizer(ConversionContext &ctx, unsigned index,
                              int64_t axis = 0) {
  return {ctx.operand(index), ctx.operand(index + 1), axis};
}

/// Operand `index` as real numbers; its scale and zero point follow it.
static FailureOr<Value> dequantizeOperand(ConversionContext &ctx,
                                          unsigned index) {
  if (!ctx.operand(index) || !ctx.operand(index + 1))
    return ctx.error() << "operand " << index << " or its scale is missing";
  return dequantize(ctx, ctx.operand(index), getQuantizer(ctx, index + 1));
}

/// `value` quantised with the scale and the zero point in operands `index` and
/// `index + 1`, as the result of the node.
static Converted quantizeResult(ConversionContext &ctx, Value value,
                                unsigned index) {
  if (!ctx.operand(index))
    return ctx.error() << "operand " << index << " is missing";
  FailureOr<Value> result =
      quantize(ctx, value, getQuantizer(ctx, index),
               getQuantizedType(ctx, ctx.operand(index + 1)));
  if (failed(result))
    return failure();
  return SmallVector<Value>{*result};
}

/// What an operator does to a real value.
using RealFn = std::function<FailureOr<Value>(ConversionContext &, Value)>;

/// Registers an operator whose operands are X, its scale and zero point, and
/// scale and zero point of the result.
static void addUnary(ConverterTable &table, StringRef name, RealFn compute) {
  table.add(
      name,
      checkingScales(
          [compute = std::move(compute)](ConversionContext &ctx) -> Converted {
            FailureOr<Value> input = dequantizeOperand(ctx, 0);
            if (failed(input) || failed(input = compute(ctx, *input)))
              return failure();
            return quantizeResult(ctx, *input, 3);
          },
          {{1, 2, 0}, {3, 4}}),
      1, ConverterTable::kNewest, kMicrosoftDomain);
}

/// scale(a) * scale(b) / scale(result) in a shape that broadcasts to `shape`;
/// `axis` is the dimension of lists of scales of b. A null scale counts as one.
static FailureOr<Value> combineScales(ConversionContext &ctx, Value a, Value b,
                                      Value result, int64_t aAxis,
                                      int64_t bAxis, ArrayRef<int64_t> shape) {
  FailureOr<Value> left =
      alignParameter(ctx, a, Quantizer{a, Value(), aAxis}, shape);
  FailureOr<Value> right =
      alignParameter(ctx, b, Quantizer{b, Value(), bAxis}, shape);
  if (failed(left) || failed(right))
    return failure();
  Value product = ctx.create<edge::MulOp>(*left, *right);
  if (!result)
    return product;
  FailureOr<Value> divisor = alignParameter(ctx, result, Quantizer{}, shape);
  if (failed(divisor))
    return failure();
  return ctx.create<edge::DivOp>(product, *divisor);
}

/// The product of two matrices, or of batches of them.
static FailureOr<Value> createProduct(ConversionContext &ctx, Value lhs,
                                      Value rhs) {
  if (getRank(lhs) < 2 || getRank(rhs) < 2 ||
      getShape(lhs).back() != getShape(rhs)[getRank(rhs) - 2])
    return ctx.error() << "operands do not fit together: " << lhs.getType()
                       << " and " << rhs.getType();
  return ctx.create<edge::MatMulOp>(lhs, rhs, Value(), ValueRange());
}

/// Whether scale and zero point are known at compile time, so that the value
/// has a quantised type.
static bool isKnown(ConversionContext &ctx, const Quantizer &quantizer) {
  return quantizer.scale && ctx.constant(quantizer.scale) &&
         (!quantizer.zeroPoint || ctx.constant(quantizer.zeroPoint));
}

/// A bias of integers, in the scale of products of `input` and `weights`.
static FailureOr<Value> dequantizeBias(ConversionContext &ctx, Value bias,
                                       const Quantizer &input,
                                       const Quantizer &weights) {
  if (!bias)
    return Value();
  Value scale = ctx.create<edge::MulOp>(ctx.reshape(input.scale, {}),
                                        isPerTensor(weights.scale)
                                            ? ctx.reshape(weights.scale, {})
                                            : weights.scale);
  return dequantize(ctx, bias, {scale, Value(), 0});
}

/// Weights minus their zero points (null, one, or one per position of `axis`)
/// in the narrowest integers that hold them. Null unless both are known.
static Value centreWeights(ConversionContext &ctx, Value weights,
                           Value zeroPoint, int64_t axis) {
  ElementsAttr attr = ctx.constant(weights);
  ElementsAttr zeroAttr = zeroPoint ? ctx.constant(zeroPoint) : ElementsAttr();
  if (!attr || (zeroPoint && !zeroAttr))
    return {};
  std::optional<SmallVector<int64_t>> numbers = readInts(attr);
  std::optional<SmallVector<int64_t>> zeros = SmallVector<int64_t>{0};
  if (zeroAttr)
    zeros = readInts(zeroAttr);
  ArrayRef<int64_t> shape = getShape(weights);
  if (!numbers || !zeros ||
      (zeros->size() != 1 && int64_t(zeros->size()) != shape[axis]))
    return {};
  int64_t inner = 1;
  for (int64_t size : shape.drop_front(axis + 1))
    inner *= size;
  bool isByte = true;
  for (auto [i, number] : llvm::enumerate(*numbers)) {
    number -= (*zeros)[int64_t(i) / inner % int64_t(zeros->size())];
    isByte &= number >= -128 && number <= 127;
  }
  int64_t width = isByte ? 1 : 2;
  std::vector<char> bytes;
  bytes.reserve(numbers->size() * width);
  for (int64_t number : *numbers)
    for (int64_t i = 0; i < width; ++i)
      bytes.push_back(char(number >> (8 * i)));
  Type type = ctx.getBuilder().getIntegerType(8 * width);
  return ctx.createConstant(edge::makeConstant(
      RankedTensorType::get(shape, type), ArrayRef<char>(bytes)));
}

/// Whether a zero point is left out or one number.
static bool isScalarZero(Value zeroPoint) {
  return !zeroPoint || isPerTensor(zeroPoint);
}

//===----------------------------------------------------------------------===//
// Convolutions
//===----------------------------------------------------------------------===//

/// Quantised values are convolved if all parameters are known. Otherwise
/// integers are, in f32, and scaled once.
static Converted convertQLinearConv(ConversionContext &ctx) {
  if (failed(ctx.requireOperands(8)))
    return failure();
  Quantizer x = getQuantizer(ctx, 1), w = getQuantizer(ctx, 4, 0);
  if (isKnown(ctx, x) && isPerTensor(x.scale) && isKnown(ctx, w) &&
      isKnown(ctx, getQuantizer(ctx, 6))) {
    FailureOr<Value> input = dequantize(ctx, ctx.operand(0), x);
    FailureOr<Value> weights = dequantize(ctx, ctx.operand(3), w);
    FailureOr<Value> bias = dequantizeBias(ctx, ctx.operand(8), x, w);
    if (failed(input) || failed(weights) || failed(bias))
      return failure();
    FailureOr<Value> sum = createConvolution(ctx, *input, *weights, *bias);
    if (failed(sum))
      return failure();
    return quantizeResult(ctx, *sum, 6);
  }
  FailureOr<Value> input =
      subtractZeroPoint(ctx, ctx.operand(0), getQuantizer(ctx, 1));
  FailureOr<Value> weights =
      subtractZeroPoint(ctx, ctx.operand(3), getQuantizer(ctx, 4));
  if (failed(input) || failed(weights))
    return failure();
  Type f32 = ctx.getBuilder().getF32Type();
  Value bias = ctx.operand(8) ? ctx.cast(ctx.operand(8), f32) : Value();
  FailureOr<Value> sum = createConvolution(ctx, *input, *weights, bias);
  if (failed(sum))
    return failure();
  FailureOr<Value> factor = combineScales(ctx, ctx.operand(1), ctx.operand(4),
                                          ctx.operand(6), 0, 1, getShape(*sum));
  if (failed(factor))
    return failure();
  FailureOr<Value> result =
      quantize(ctx, ctx.create<edge::MulOp>(*sum, *factor),
               {Value(), ctx.operand(7)}, getElementType(ctx.operand(7)));
  if (failed(result))
    return failure();
  return SmallVector<Value>{*result};
}

/// value - zero point, in i16.
static FailureOr<Value> centreBytes(ConversionContext &ctx, Value value,
                                    const Quantizer &quantizer) {
  Type i16 = ctx.getBuilder().getI16Type();
  Value number = ctx.cast(value, i16);
  if (!quantizer.zeroPoint)
    return number;
  FailureOr<Value> zero =
      alignParameter(ctx, quantizer.zeroPoint, quantizer, getShape(value));
  if (failed(zero))
    return failure();
  return ctx.create<edge::SubOp>(number, ctx.cast(*zero, i16));
}

static Converted convertConvInteger(ConversionContext &ctx) {
  if (failed(ctx.requireOperands(2)))
    return failure();
  Value zero = ctx.operand(2);
  Value known = centreWeights(ctx, ctx.operand(1), ctx.operand(3), 0);
  if (known && isScalarZero(zero)) {
    Value x = ctx.operand(0);
    Type i16 = ctx.getBuilder().getI16Type();
    if (zero)
      x = ctx.create<edge::SubOp>(ctx.cast(x, i16),
                                  ctx.cast(ctx.reshape(zero, {}), i16));
    FailureOr<Value> sum = createConvolution(ctx, x, known, Value());
    if (failed(sum))
      return failure();
    return SmallVector<Value>{*sum};
  }
  FailureOr<Value> input =
      centreBytes(ctx, ctx.operand(0), Quantizer{Value(), ctx.operand(2)});
  FailureOr<Value> weights =
      centreBytes(ctx, ctx.operand(1), Quantizer{Value(), ctx.operand(3)});
  if (failed(input) || failed(weights))
    return failure();
  FailureOr<Value> sum = createConvolution(ctx, *input, *weights, Value());
  if (failed(sum))
    return failure();
  return SmallVector<Value>{*sum};
}

//===----------------------------------------------------------------------===//
// Matrix products
//===----------------------------------------------------------------------===//

/// The last but one dimension, along which scales of a left operand run.
static int64_t getRowAxis(Value value) { return getRank(value) - 2; }
static int64_t getColumnAxis(Value value) { return getRank(value) - 1; }

static Converted convertQLinearMatMul(ConversionContext &ctx) {
  if (failed(ctx.requireOperands(8)))
    return failure();
  Value a = ctx.operand(0), b = ctx.operand(3);
  Quantizer x = getQuantizer(ctx, 1, getRowAxis(a));
  Quantizer w = getQuantizer(ctx, 4, getColumnAxis(b));
  if (isKnown(ctx, x) && isPerTensor(x.scale) && isKnown(ctx, w) &&
      isKnown(ctx, getQuantizer(ctx, 6))) {
    FailureOr<Value> input = dequantize(ctx, a, x);
    FailureOr<Value> weights = dequantize(ctx, b, w);
    if (failed(input) || failed(weights))
      return failure();
    FailureOr<Value> sum = createProduct(ctx, *input, *weights);
    if (failed(sum))
      return failure();
    return quantizeResult(ctx, *sum, 6);
  }
  FailureOr<Value> lhs =
      subtractZeroPoint(ctx, a, getQuantizer(ctx, 1, getRowAxis(a)));
  FailureOr<Value> rhs =
      subtractZeroPoint(ctx, b, getQuantizer(ctx, 4, getColumnAxis(b)));
  if (failed(lhs) || failed(rhs))
    return failure();
  FailureOr<Value> sum = createProduct(ctx, *lhs, *rhs);
  if (failed(sum))
    return failure();
  FailureOr<Value> factor =
      combineScales(ctx, ctx.operand(1), ctx.operand(4), ctx.operand(6),
                    getRowAxis(*sum), getColumnAxis(*sum), getShape(*sum));
  if (failed(factor))
    return failure();
  FailureOr<Value> result =
      quantize(ctx, ctx.create<edge::MulOp>(*sum, *factor),
               {Value(), ctx.operand(7)}, getElementType(ctx.operand(7)));
  if (failed(result))
    return failure();
  return SmallVector<Value>{*result};
}

/// The product of two integer matrices less their zero points, in i32.
static FailureOr<Value> createIntegerProduct(ConversionContext &ctx, Value a,
                                             Value b, Value zero,
                                             Value otherZero) {
  Type i32 = ctx.getBuilder().getI32Type();
  Value known = getRank(b) == 2 && isScalarZero(zero)
                    ? centreWeights(ctx, b, otherZero, 1)
                    : Value();
  if (known) {
    FailureOr<Value> sum = createProduct(ctx, a, known);
    if (failed(sum) || !zero)
      return sum;
    Value columns =
        ctx.create<edge::ReduceOp>(edge::ReduceKind::Sum, ctx.cast(known, i32),
                                   ValueRange(), ArrayRef<int64_t>{0});
    Value term = ctx.create<edge::MulOp>(ctx.reshape(columns, {getShape(b)[1]}),
                                         ctx.cast(ctx.reshape(zero, {}), i32));
    return ctx.create<edge::SubOp>(*sum, term);
  }
  FailureOr<Value> lhs =
      centreBytes(ctx, a, Quantizer{Value(), zero, getRowAxis(a)});
  FailureOr<Value> rhs =
      centreBytes(ctx, b, Quantizer{Value(), otherZero, getColumnAxis(b)});
  if (failed(lhs) || failed(rhs))
    return failure();
  return createProduct(ctx, *lhs, *rhs);
}

static Converted convertMatMulInteger(ConversionContext &ctx) {
  if (failed(ctx.requireOperands(2)))
    return failure();
  FailureOr<Value> sum = createIntegerProduct(
      ctx, ctx.operand(0), ctx.operand(1), ctx.operand(2), ctx.operand(3));
  if (failed(sum))
    return failure();
  return SmallVector<Value>{*sum};
}

/// An integer product times the scales of its operands, plus a bias if there is
/// one, in the type of the left scale.
static Converted scaleProduct(ConversionContext &ctx, FailureOr<Value> product,
                              Value scale, Value otherScale, Value bias) {
  if (failed(product))
    return failure();
  FailureOr<Value> factor =
      combineScales(ctx, scale, otherScale, Value(), getRowAxis(*product),
                    getColumnAxis(*product), getShape(*product));
  if (failed(factor))
    return failure();
  Value result = ctx.create<edge::MulOp>(
      ctx.cast(*product, ctx.getBuilder().getF32Type()), *factor);
  if (bias)
    result = ctx.create<edge::AddOp>(result, ctx.widen(bias));
  return SmallVector<Value>{ctx.cast(result, getElementType(scale))};
}

/// A, which is quantised as its values are, B with scale and zero point, bias.
static Converted convertDynamicQuantizeMatMul(ConversionContext &ctx) {
  if (failed(ctx.requireOperands(3)))
    return failure();
  DynamicQuantization a = quantizeDynamically(ctx, ctx.operand(0));
  return scaleProduct(ctx,
                      createIntegerProduct(ctx, a.value, ctx.operand(1),
                                           a.zeroPoint, ctx.operand(3)),
                      a.scale, ctx.operand(2), ctx.operand(4));
}

/// A, B, scales of A and B, zero points of A and B, bias.
static Converted convertMatMulIntegerToFloat(ConversionContext &ctx) {
  if (failed(ctx.requireOperands(4)))
    return failure();
  return scaleProduct(ctx,
                      createIntegerProduct(ctx, ctx.operand(0), ctx.operand(1),
                                           ctx.operand(4), ctx.operand(5)),
                      ctx.operand(2), ctx.operand(3), ctx.operand(6));
}

/// alpha * A * B + C with C in the scale of the product; a result without
/// scale stays real.
static Converted convertQGemm(ConversionContext &ctx) {
  if (failed(ctx.requireOperands(6)))
    return failure();
  onnx::NodeOp node = ctx.getNode();
  bool transA = node.getI64("transA", 0), transB = node.getI64("transB", 0);
  float alpha = node.getF32("alpha", 1.0f);
  Quantizer x = getQuantizer(ctx, 1);
  Quantizer w = getQuantizer(ctx, 4, transB ? 0 : 1);
  bool isQuantized = alpha == 1.0f && isKnown(ctx, x) && isPerTensor(x.scale) &&
                     isKnown(ctx, w) &&
                     (!ctx.operand(7) || isKnown(ctx, getQuantizer(ctx, 7)));
  auto convertFactor = isQuantized ? dequantize : subtractZeroPoint;
  FailureOr<Value> lhs = convertFactor(ctx, ctx.operand(0), x);
  FailureOr<Value> rhs = convertFactor(ctx, ctx.operand(3), w);
  if (failed(lhs) || failed(rhs))
    return failure();
  if (getRank(*lhs) != 2 || getRank(*rhs) != 2)
    return ctx.error() << "operands must have two dimensions, found "
                       << lhs->getType() << " and " << rhs->getType();
  FailureOr<Value> sum =
      createProduct(ctx, transA ? ctx.transpose(*lhs, {1, 0}) : *lhs,
                    transB ? ctx.transpose(*rhs, {1, 0}) : *rhs);
  if (failed(sum))
    return failure();
  if (isQuantized) {
    FailureOr<Value> bias = dequantizeBias(ctx, ctx.operand(6), x, w);
    if (failed(bias))
      return failure();
    if (*bias)
      sum = ctx.create<edge::AddOp>(*sum, *bias);
    return ctx.operand(7) ? quantizeResult(ctx, *sum, 7)
                          : Converted(SmallVector<Value>{*sum});
  }
  if (Value bias = ctx.operand(6))
    sum = ctx.create<edge::AddOp>(
        *sum, ctx.cast(bias, ctx.getBuilder().getF32Type()));
  FailureOr<Value> factor = combineScales(ctx, ctx.operand(1), ctx.operand(4),
                                          ctx.operand(7), 0, 1, getShape(*sum));
  if (failed(factor))
    return failure();
  if (alpha != 1.0f)
    factor = ctx.create<edge::MulOp>(
        *factor, ctx.createSplat(alpha, ctx.getBuilder().getF32Type()));
  Value product = ctx.create<edge::MulOp>(*sum, *factor);
  if (!ctx.operand(7))
    return SmallVector<Value>{product};
  FailureOr<Value> result = quantize(ctx, product, {Value(), ctx.operand(8)},
                                     getQuantizedType(ctx, ctx.operand(8)));
  if (failed(result))
    return failure();
  return SmallVector<Value>{*result};
}

//===----------------------------------------------------------------------===//
// Weights in blocks of a few bits
//===----------------------------------------------------------------------===//

/// Reads `bits` bits per number from rows of `rowBytes` bytes, low bits first.
static int64_t readPacked(ArrayRef<int64_t> bytes, int64_t rowBytes,
                          int64_t row, int64_t column, int64_t bits) {
  int64_t perByte = 8 / bits;
  int64_t byte = bytes[row * rowBytes + column / perByte];
  return (byte >> (column % perByte * bits)) & ((1 << bits) - 1);
}

/// The constant of bytes (`ui8` if `isUnsigned`, else `i8`) of shape `shape`.
static Value createBytes(ConversionContext &ctx, ArrayRef<char> bytes,
                         ArrayRef<int64_t> shape, bool isUnsigned) {
  Builder &builder = ctx.getBuilder();
  Type type = isUnsigned ? builder.getIntegerType(8, /*isSigned=*/false)
                         : builder.getI8Type();
  return ctx.createConstant(
      edge::makeConstant(RankedTensorType::get(shape, type), bytes));
}

static Value createFloats(ConversionContext &ctx, ArrayRef<float> numbers,
                          ArrayRef<int64_t> shape) {
  return ctx.createConstant(edge::makeConstant(
      RankedTensorType::get(shape, ctx.getBuilder().getF32Type()),
      ArrayRef<char>(reinterpret_cast<const char *>(numbers.data()),
                     numbers.size() * sizeof(float))));
}

/// A times the matrix whose columns (N of K numbers) are packed in blocks with
/// a scale each. The weights are constants; with zero points that are real
/// numbers they become real numbers here.
static Converted convertMatMulNBits(ConversionContext &ctx) {
  if (failed(ctx.requireOperands(3)))
    return failure();
  onnx::NodeOp node = ctx.getNode();
  int64_t k = node.getI64("K", 0), n = node.getI64("N", 0);
  int64_t bits = node.getI64("bits", 4), block = node.getI64("block_size", 0);
  if (bits != 2 && bits != 4 && bits != 8)
    return ctx.unsupportedAttribute("bits", Twine(bits), "2, 4 or 8");
  if (k < 1 || n < 1 || block < 8)
    return ctx.error() << "attributes K, N and block_size are " << k << ", "
                       << n << " and " << block
                       << "; expected positive sizes and blocks of at least 8";
  if (ctx.operand(4))
    return ctx.error() << "operand 4 (g_idx) is not supported";
  auto packed = ctx.ints(1, "B");
  auto scales = ctx.floats(2, "scales");
  if (failed(packed) || failed(scales))
    return failure();

  int64_t blocks = llvm::divideCeil(k, block);
  int64_t blockBytes = block * bits / 8;
  int64_t zeroBytes = llvm::divideCeil(blocks * bits, 8);
  if (static_cast<int64_t>(packed->size()) != n * blocks * blockBytes ||
      static_cast<int64_t>(scales->size()) != n * blocks)
    return ctx.error() << "B and scales do not have the sizes that K, N and "
                          "block_size imply";
  // Without zero points, the middle of the integers is zero.
  int64_t middle = int64_t(1) << (bits - 1);
  std::optional<SmallVector<float>> realZeros;
  std::optional<SmallVector<int64_t>> zeros;
  if (Value zeroPoints = ctx.operand(3)) {
    size_t count;
    if (isa<FloatType>(getElementType(zeroPoints))) {
      auto values = ctx.floats(3, "zero_points");
      if (failed(values))
        return failure();
      count = values->size();
      realZeros = *values;
    } else {
      auto values = ctx.ints(3, "zero_points");
      if (failed(values))
        return failure();
      zeros.emplace();
      if (static_cast<int64_t>(values->size()) == n * zeroBytes)
        for (int64_t i = 0; i < n * blocks; ++i)
          zeros->push_back(
              readPacked(*values, zeroBytes, i / blocks, i % blocks, bits));
      count = zeros->size();
      if (llvm::all_of(*zeros, [&](int64_t zero) { return zero == middle; }))
        zeros.reset();
    }
    if (static_cast<int64_t>(count) != n * blocks)
      return ctx.error() << "zero_points do not have the size that K, N and "
                            "block_size imply";
  }

  std::vector<char> integers(k * n);
  std::vector<float> reals(realZeros ? k * n : 0);
  for (int64_t column = 0; column < n; ++column)
    for (int64_t row = 0; row < k; ++row) {
      int64_t at = column * blocks + row / block, to = row * n + column;
      int64_t number = readPacked(*packed, blockBytes, at, row % block, bits);
      integers[to] = char(zeros ? number : number - middle);
      if (realZeros)
        reals[to] = (float(number) - (*realZeros)[at]) * (*scales)[at];
    }
  Value rhs;
  if (realZeros) {
    rhs = createFloats(ctx, reals, {k, n});
  } else {
    SmallVector<float> factors(n * blocks);
    std::vector<char> offsets(n * blocks);
    for (int64_t i = 0; i < n * blocks; ++i) {
      int64_t to = i % blocks * n + i / blocks;
      factors[to] = (*scales)[i];
      offsets[to] = char(zeros ? (*zeros)[i] : 0);
    }
    bool isUnsigned = zeros.has_value();
    rhs = ctx.create<edge::DequantizeBlocksOp>(
        createBytes(ctx, integers, {k, n}, isUnsigned),
        createFloats(ctx, factors, {blocks, n}),
        zeros ? createBytes(ctx, offsets, {blocks, n}, true) : Value(),
        /*axis=*/0, block);
  }
  FailureOr<Value> result = createProduct(ctx, ctx.widen(ctx.operand(0)), rhs);
  if (failed(result))
    return failure();
  if (Value bias = ctx.operand(5))
    result = ctx.create<edge::AddOp>(*result, ctx.widen(bias));
  return SmallVector<Value>{ctx.cast(*result, getElementType(ctx.operand(0)))};
}

//===----------------------------------------------------------------------===//
// Elementwise operators, pooling, softmax, joining
//===----------------------------------------------------------------------===//

template <typename OpTy>
static Converted convertQLinearBinary(ConversionContext &ctx) {
  FailureOr<Value> lhs = dequantizeOperand(ctx, 0);
  FailureOr<Value> rhs = dequantizeOperand(ctx, 3);
  if (failed(lhs) || failed(rhs))
    return failure();
  return quantizeResult(ctx, ctx.create<OpTy>(*lhs, *rhs), 6);
}

static FailureOr<Value> createLeakyRelu(ConversionContext &ctx, Value input) {
  Type f32 = ctx.getBuilder().getF32Type();
  Value zero = ctx.createSplat(0, f32);
  Value slope = ctx.createSplat(ctx.getNode().getF32("alpha", 0.01f), f32);
  return ctx.create<edge::AddOp>(
      ctx.create<edge::MaxOp>(input, zero),
      ctx.create<edge::MulOp>(ctx.create<edge::MinOp>(input, zero), slope));
}

static bool isChannelsLast(ConversionContext &ctx) {
  return ctx.getNode().getI64("channels_last", 0) != 0;
}

static FailureOr<Value> createGlobalAverage(ConversionContext &ctx,
                                            Value input) {
  int64_t first = isChannelsLast(ctx) ? 1 : 2;
  SmallVector<int64_t> axes =
      llvm::to_vector(llvm::seq<int64_t>(first, getRank(input) + first - 2));
  int64_t count = 1;
  for (int64_t axis : axes)
    count *= getShape(input)[axis];
  Value sum = ctx.create<edge::ReduceOp>(edge::ReduceKind::Sum, input,
                                         ValueRange(), axes);
  return ctx.create<edge::MulOp>(
      sum, ctx.createSplat(1.0 / count, getElementType(input)));
}

static FailureOr<Value> createLocalAverage(ConversionContext &ctx,
                                           Value input) {
  if (!isChannelsLast(ctx))
    return createAveragePool(ctx, input);
  FailureOr<Value> result = createAveragePool(ctx, ctx.toChannelsFirst(input));
  if (failed(result))
    return failure();
  return ctx.toChannelsLast(*result);
}

/// Along one axis from opset 13 on, over all dimensions from it on before.
static FailureOr<Value> createSoftmax(ConversionContext &ctx, Value input) {
  onnx::NodeOp node = ctx.getNode();
  FailureOr<int64_t> axis =
      ctx.normalizeAxis(node.getI64("axis", -1), getRank(input));
  if (failed(axis))
    return failure();
  Builder &builder = ctx.getBuilder();
  auto softmax = [&](Value value, int64_t dim) {
    return ctx.create<edge::SoftmaxOp>(value, builder.getI64IntegerAttr(dim),
                                       UnitAttr());
  };
  if (node.getI64("opset", 13) >= 13)
    return softmax(input, *axis);
  ArrayRef<int64_t> shape = getShape(input);
  int64_t outer = 1, inner = 1;
  for (auto [dim, size] : llvm::enumerate(shape))
    (static_cast<int64_t>(dim) < *axis ? outer : inner) *= size;
  return ctx.reshape(softmax(ctx.reshape(input, {outer, inner}), 1), shape);
}

/// Scale and zero point of the result, then value, scale, zero point of each
/// part.
static Converted convertQLinearConcat(ConversionContext &ctx) {
  SmallVector<Value> parts;
  if (failed(checkQuantizer(ctx, {0, 1})))
    return failure();
  for (unsigned i = 2; i + 1 < ctx.getNumOperands(); i += 3) {
    if (failed(checkQuantizer(ctx, {i + 1, i + 2, i})))
      return failure();
    FailureOr<Value> part = dequantizeOperand(ctx, i);
    if (failed(part))
      return failure();
    parts.push_back(*part);
  }
  if (parts.empty())
    return ctx.error() << "has nothing to join";
  FailureOr<int64_t> axis = ctx.normalizeAxis(ctx.getNode().getI64("axis", 0),
                                              getRank(parts.front()));
  if (failed(axis))
    return failure();
  return quantizeResult(ctx,
                        ctx.create<edge::ConcatOp>(
                            parts, ctx.getBuilder().getI64IntegerAttr(*axis)),
                        0);
}

void edgecc::registerQLinearConverters(ConverterTable &table) {
  auto add = [&](StringRef name, ConvertFn convert) {
    table.add(name, std::move(convert), 1, ConverterTable::kNewest,
              kMicrosoftDomain);
  };
  // Two operands and a result, each followed by its scale and zero point.
  auto checking = [](ConvertFn convert) {
    return checkingScales(std::move(convert), {{1, 2, 0}, {4, 5, 3}, {6, 7}});
  };
  table.add("QLinearConv", checking(convertQLinearConv));
  table.add("QLinearMatMul", checking(convertQLinearMatMul));
  table.add("ConvInteger", convertConvInteger);
  table.add("MatMulInteger", convertMatMulInteger);
  add("QLinearConv", checking(convertQLinearConv));
  add("DynamicQuantizeMatMul",
      checkingScales(convertDynamicQuantizeMatMul, {{2, 3, 1}}));
  add("MatMulIntegerToFloat",
      checkingScales(convertMatMulIntegerToFloat, {{2, 4, 0}, {3, 5, 1}}));
  // A bias comes before scale and zero point of the result.
  add("QGemm", checkingScales(convertQGemm, {{1, 2, 0}, {4, 5, 3}, {7, 8}}));
  // Its zero points are packed.
  add("MatMulNBits", checkingScales(convertMatMulNBits, {{2}}));
  add("QLinearAdd", checking(convertQLinearBinary<edge::AddOp>));
  add("QLinearMul", checking(convertQLinearBinary<edge::MulOp>));
  add("QLinearConcat", convertQLinearConcat);
  addUnary(table, "QLinearSigmoid", [](ConversionContext &ctx, Value input) {
    return FailureOr<Value>(ctx.create<edge::SigmoidOp>(input));
  });
  addUnary(table, "QLinearLeakyRelu", createLeakyRelu);
  addUnary(table, "QLinearGlobalAveragePool", createGlobalAverage);
  addUnary(table, "QLinearSoftmax", createSoftmax);
  addUnary(table, "QLinearAveragePool", createLocalAverage);
}
