//===- Quantization.cpp - ONNX quantisation of values -----------*- C++ -*-===//
//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/OnnxToEdge/Quantization.h"
#include "dialects/Edge/DynamicRange.h"
#include "dialects/Edge/EdgeConstants.h"
#include "passes/OnnxToEdge/Arithmetic.h"
#include "passes/OnnxToEdge/Cast.h"

#include <cmath>

using namespace mlir;
using namespace edgecc;

//===----------------------------------------------------------------------===//
// Parameters
//===----------------------------------------------------------------------===//

/// Integers of less than a byte as bytes. They are always constants; a value
/// that is not is left to later stages.
static Value widenSubByte(ConversionContext &ctx, Value value) {
  auto type = dyn_cast<IntegerType>(getElementType(value));
  if (!type || type.getWidth() >= 8 || type.getWidth() == 1)
    return value;
  ElementsAttr attr = ctx.constant(value);
  std::optional<SmallVector<int64_t>> numbers;
  if (attr)
    numbers = readInts(attr);
  if (!numbers)
    return value;
  Type byte = IntegerType::get(type.getContext(), 8, type.getSignedness());
  std::vector<char> bytes(numbers->begin(), numbers->end());
  return ctx.createConstant(edge::makeConstant(
      RankedTensorType::get(getShape(value), byte), ArrayRef<char>(bytes)));
}

static Value toFloat(ConversionContext &ctx, Value value) {
  return ctx.cast(widenSubByte(ctx, value), ctx.getBuilder().getF32Type());
}

FailureOr<Value> edgecc::alignParameter(ConversionContext &ctx, Value parameter,
                                        const Quantizer &quantizer,
                                        ArrayRef<int64_t> shape) {
  Value value = toFloat(ctx, parameter);
  if (isPerTensor(value))
    return ctx.reshape(value, {});
  FailureOr<int64_t> axis = ctx.normalizeAxis(quantizer.axis, shape.size());
  if (failed(axis))
    return failure();
  int64_t rank = shape.size(), size = shape[*axis];
  ArrayRef<int64_t> own = getShape(value);
  if (own.size() == 1 && own[0] == size) {
    SmallVector<int64_t> aligned(rank, 1);
    aligned[*axis] = size;
    return ctx.reshape(value, aligned);
  }
  if (own == shape)
    return value;
  bool fits = static_cast<int64_t>(own.size()) == rank &&
              quantizer.blockSize > 0 &&
              own[*axis] == llvm::divideCeilSigned(size, quantizer.blockSize);
  for (int64_t dim = 0; fits && dim < rank; ++dim)
    fits = dim == *axis || own[dim] == shape[dim];
  if (!fits)
    return ctx.error() << "scale or zero point of type " << parameter.getType()
                       << " does not fit the value along axis " << *axis
                       << ", of size " << size;
  SmallVector<int64_t> split(own);
  split.insert(split.begin() + *axis + 1, 1);
  value = ctx.reshape(value, split);
  split[*axis + 1] = quantizer.blockSize;
  value = ctx.broadcast(value, split);
  split.erase(split.begin() + *axis + 1);
  split[*axis] *= quantizer.blockSize;
  return ctx.slice(ctx.reshape(value, split), *axis, 0, size);
}

//===----------------------------------------------------------------------===//
// Quantised types
//===----------------------------------------------------------------------===//

/// The numbers of a scale: one, or one for each position of an axis. Nothing if
/// they are not known at compile time or of another form.
static std::optional<SmallVector<double>>
readScales(ConversionContext &ctx, Value scale, int64_t size) {
  if (!scale || !getElementType(scale).isF32())
    return std::nullopt;
  ElementsAttr attr = ctx.constant(scale);
  std::optional<SmallVector<float>> numbers;
  if (attr)
    numbers = readFloats(attr);
  bool fits =
      isPerTensor(scale) || (getRank(scale) == 1 && getShape(scale)[0] == size);
  if (!numbers || !fits)
    return std::nullopt;
  return SmallVector<double>(numbers->begin(), numbers->end());
}

FailureOr<quant::QuantizedType>
edgecc::getUniformType(ConversionContext &ctx, Type type,
                       const Quantizer &quantizer, ArrayRef<int64_t> shape) {
  quant::QuantizedType none;
  auto integer = dyn_cast<IntegerType>(type);
  if (!integer || !llvm::is_contained({4u, 8u, 16u, 32u}, integer.getWidth()) ||
      (integer.getWidth() == 32 && integer.isUnsigned()))
    return none;
  if (!quantizer.scale || !ctx.constant(quantizer.scale))
    return none;
  bool perTensor = isPerTensor(quantizer.scale);
  int64_t axis = 0, size = 1;
  if (!perTensor) {
    FailureOr<int64_t> normalized =
        ctx.normalizeAxis(quantizer.axis, shape.size());
    if (failed(normalized))
      return failure();
    axis = *normalized;
    size = shape[axis];
  }
  std::optional<SmallVector<double>> scales =
      readScales(ctx, quantizer.scale, size);
  if (!scales)
    return none;

  SmallVector<int64_t> zeros(size, 0);
  if (quantizer.zeroPoint) {
    ElementsAttr attr = ctx.constant(quantizer.zeroPoint);
    std::optional<SmallVector<int64_t>> numbers;
    if (attr)
      numbers = readInts(attr);
    if (!numbers || (numbers->size() != 1 && numbers->size() != zeros.size()))
      return none;
    for (auto [i, zero] : llvm::enumerate(zeros))
      zero = (*numbers)[numbers->size() == 1 ? 0 : i];
  }
  // Integers of less than a byte are stored in bytes.
  unsigned width = integer.getWidth();
  bool isSigned = !integer.isUnsigned();
  unsigned flags = isSigned ? quant::QuantizationFlags::Signed : 0;
  int64_t least =
      quant::QuantizedType::getDefaultMinimumForInteger(isSigned, width);
  int64_t most =
      quant::QuantizedType::getDefaultMaximumForInteger(isSigned, width);
  Builder &builder = ctx.getBuilder();
  Type storage = builder.getIntegerType(std::max(width, 8u));
  // Scales that are too small for the type are left to arithmetic in f32.
  auto quiet = [] { return InFlightDiagnostic(); };
  if (perTensor)
    return quant::QuantizedType(quant::UniformQuantizedType::getChecked(
        quiet, flags, storage, builder.getF32Type(), (*scales)[0], zeros[0],
        least, most));
  return quant::QuantizedType(quant::UniformQuantizedPerAxisType::getChecked(
      quiet, flags, storage, builder.getF32Type(), *scales, zeros, axis, least,
      most));
}

/// `real`, known at compile time, as stored integers of `type`.
static Value quantizeKnown(ConversionContext &ctx, ElementsAttr real,
                           quant::QuantizedType type, ArrayRef<int64_t> shape) {
  std::optional<SmallVector<float>> numbers = readFloats(real);
  if (!numbers)
    return {};
  SmallVector<double> scales;
  SmallVector<int64_t> zeros;
  int64_t inner = 1;
  if (auto perAxis = dyn_cast<quant::UniformQuantizedPerAxisType>(type)) {
    llvm::append_range(scales, perAxis.getScales());
    llvm::append_range(zeros, perAxis.getZeroPoints());
    for (int64_t size : shape.drop_front(perAxis.getQuantizedDimension() + 1))
      inner *= size;
  } else {
    auto perTensor = cast<quant::UniformQuantizedType>(type);
    scales.push_back(perTensor.getScale());
    zeros.push_back(perTensor.getZeroPoint());
  }
  int64_t width = type.getStorageTypeIntegralWidth() / 8;
  std::vector<char> bytes;
  bytes.reserve(numbers->size() * width);
  for (auto [i, number] : llvm::enumerate(*numbers)) {
    int64_t position = int64_t(i) / inner % int64_t(scales.size());
    double integer = std::nearbyint(number / float(scales[position])) +
                     double(zeros[position]);
    integer = std::min(std::max(integer, double(type.getStorageTypeMin())),
                       double(type.getStorageTypeMax()));
    for (int64_t byte = 0; byte < width; ++byte)
      bytes.push_back(char(int64_t(integer) >> (8 * byte)));
  }
  return ctx.createConstant(
      edge::makeConstant(RankedTensorType::get(shape, edge::storageType(type)),
                         ArrayRef<char>(bytes)));
}

//===----------------------------------------------------------------------===//
// Arithmetic
//===----------------------------------------------------------------------===//

FailureOr<Value> edgecc::subtractZeroPoint(ConversionContext &ctx, Value value,
                                           const Quantizer &quantizer) {
  Value number = toFloat(ctx, value);
  if (!quantizer.zeroPoint)
    return number;
  FailureOr<Value> zero =
      alignParameter(ctx, quantizer.zeroPoint, quantizer, getShape(value));
  if (failed(zero))
    return failure();
  return ctx.create<edge::SubOp>(number, *zero);
}

/// `value`, known integers of at most 8 bits with known scales for blocks, as
/// real numbers; null for anything else.
static Value dequantizeBlocks(ConversionContext &ctx, Value value,
                              const Quantizer &quantizer) {
  auto integer = dyn_cast<IntegerType>(getElementType(value));
  int64_t rank = getRank(value);
  if (!integer || integer.getWidth() > 8 || integer.getWidth() == 1 ||
      quantizer.blockSize < 1 || getRank(quantizer.scale) != rank ||
      quantizer.axis < -rank || quantizer.axis >= rank)
    return {};
  int64_t axis = quantizer.axis + (quantizer.axis < 0 ? rank : 0);
  Value scale = toFloat(ctx, quantizer.scale);
  SmallVector<int64_t> shape(getShape(value));
  shape[axis] =
      int64_t(llvm::divideCeilSigned(shape[axis], quantizer.blockSize));
  if (getShape(scale) != ArrayRef<int64_t>(shape))
    return {};
  Value stored = widenSubByte(ctx, value), zero;
  if (quantizer.zeroPoint) {
    zero = widenSubByte(ctx, quantizer.zeroPoint);
    if (zero.getType() != getTensorType(stored).clone(shape))
      return {};
  }
  ElementsAttr scales = ctx.constant(scale);
  ElementsAttr zeros = zero ? ctx.constant(zero) : ElementsAttr();
  ElementsAttr integers = ctx.constant(stored);
  if (!scales || !integers || (zero && !zeros))
    return {};
  if (zero) {
    std::optional<SmallVector<int64_t>> numbers = readInts(zeros);
    if (numbers && llvm::all_of(*numbers, [](int64_t n) { return n == 0; }))
      zeros = {};
  }
  return ctx.create<edge::DequantizeBlocksOp>(
      ctx.createConstant(integers), ctx.createConstant(scales),
      zeros ? ctx.createConstant(zeros) : Value(), axis, quantizer.blockSize);
}

FailureOr<Value> edgecc::dequantize(ConversionContext &ctx, Value value,
                                    const Quantizer &quantizer) {
  if (Value real = dequantizeBlocks(ctx, value, quantizer))
    return real;
  FailureOr<quant::QuantizedType> type =
      getUniformType(ctx, getElementType(value), quantizer, getShape(value));
  if (failed(type))
    return failure();
  Value stored = widenSubByte(ctx, value);
  if (*type && getElementType(stored) == edge::storageType(*type)) {
    RankedTensorType tensor = getTensorType(stored);
    Value quantized =
        ctx.create<edge::StorageCastOp>(tensor.clone(*type), stored);
    return ctx.create<edge::DequantizeOp>(
        tensor.clone(ctx.getBuilder().getF32Type()), quantized);
  }
  FailureOr<Value> centered = subtractZeroPoint(ctx, value, quantizer);
  FailureOr<Value> scale =
      alignParameter(ctx, quantizer.scale, quantizer, getShape(value));
  if (failed(centered) || failed(scale))
    return failure();
  return ctx.create<edge::MulOp>(*centered, *scale);
}

FailureOr<Value> edgecc::quantize(ConversionContext &ctx, Value value,
                                  const Quantizer &quantizer, Type type) {
  Builder &builder = ctx.getBuilder();
  Value number = ctx.cast(value, builder.getF32Type());
  ArrayRef<int64_t> shape = getShape(value);
  FailureOr<quant::QuantizedType> uniform =
      getUniformType(ctx, type, quantizer, shape);
  if (failed(uniform))
    return failure();
  if (*uniform && edge::storageType(*uniform) == type &&
      type.getIntOrFloatBitWidth() <= 16) {
    if (ElementsAttr known = ctx.constant(number))
      if (Value constant = quantizeKnown(ctx, known, *uniform, shape))
        return constant;
    RankedTensorType tensor = getTensorType(number);
    Value quantized =
        ctx.create<edge::QuantizeOp>(tensor.clone(*uniform), number);
    return ctx.create<edge::StorageCastOp>(tensor.clone(type), quantized);
  }
  if (quantizer.scale) {
    FailureOr<Value> scale =
        alignParameter(ctx, quantizer.scale, quantizer, shape);
    if (failed(scale))
      return failure();
    number = ctx.create<edge::DivOp>(number, *scale);
  }
  number = ctx.create<edge::RoundOp>(number);
  if (quantizer.zeroPoint) {
    FailureOr<Value> zero =
        alignParameter(ctx, quantizer.zeroPoint, quantizer, shape);
    if (failed(zero))
      return failure();
    number = ctx.create<edge::AddOp>(number, *zero);
  }
  unsigned width = type.getIntOrFloatBitWidth();
  double least = type.isUnsignedInteger() ? 0 : -std::ldexp(1.0, width - 1);
  double most =
      std::ldexp(1.0, type.isUnsignedInteger() ? width : width - 1) - 1;
  number = ctx.create<edge::ClampOp>(number, builder.getF64FloatAttr(least),
                                     builder.getF64FloatAttr(most));
  return ctx.cast(number, type);
}

Type edgecc::getQuantizedType(ConversionContext &ctx, Value zeroPoint) {
  if (zeroPoint)
    return getElementType(zeroPoint);
  return ctx.getBuilder().getIntegerType(8, /*isSigned=*/false);
}

//===----------------------------------------------------------------------===//
// Operators
//===----------------------------------------------------------------------===//

static Quantizer readQuantizer(ConversionContext &ctx) {
  onnx::NodeOp node = ctx.getNode();
  return {ctx.operand(1), ctx.operand(2), node.getI64("axis", 1),
          node.getI64("block_size", 0)};
}

/// value / scale as floats of a byte or less, which have no zero point but 0.
static FailureOr<Value> quantizeToFloat(ConversionContext &ctx, Value value,
                                        const Quantizer &quantizer, Type type) {
  Value number = ctx.cast(value, ctx.getBuilder().getF32Type());
  FailureOr<Value> scale =
      alignParameter(ctx, quantizer.scale, quantizer, getShape(value));
  if (failed(scale))
    return failure();
  return castTo(ctx, ctx.create<edge::DivOp>(number, *scale), type);
}

static Converted convertQuantizeLinear(ConversionContext &ctx) {
  if (failed(ctx.requireOperands(2)))
    return failure();
  Quantizer quantizer = readQuantizer(ctx);
  Type type = getQuantizedType(ctx, quantizer.zeroPoint);
  if (int64_t number = ctx.getNode().getI64("output_dtype", 0))
    type = getElementTypeOfOnnx(ctx.getBuilder(), number);
  if (!type || (isa<FloatType>(type) && type.getIntOrFloatBitWidth() > 8))
    return ctx.error() << "quantises to integers and to floats of 8 bits only";
  FailureOr<Value> result =
      isa<FloatType>(type)
          ? quantizeToFloat(ctx, ctx.operand(0), quantizer, type)
          : quantize(ctx, ctx.operand(0), quantizer, type);
  if (failed(result))
    return failure();
  return SmallVector<Value>{*result};
}

static Converted convertDequantizeLinear(ConversionContext &ctx) {
  if (failed(ctx.requireOperands(2)))
    return failure();
  FailureOr<Value> result = dequantize(ctx, ctx.operand(0), readQuantizer(ctx));
  if (failed(result))
    return failure();
  return SmallVector<Value>{ctx.cast(*result, getElementType(ctx.operand(1)))};
}

/// Scale and zero point come from the range of the value, which always holds
/// zero.
DynamicQuantization edgecc::quantizeDynamically(ConversionContext &ctx,
                                                Value input) {
  OpBuilder &builder = ctx.getBuilder();
  edge::DynamicRange range =
      edge::createDynamicRange(builder, ctx.getLoc(), input);
  Value result = edge::quantizeDynamically(builder, ctx.getLoc(), input, range);
  return DynamicQuantization{result, range.scale,
                             ctx.cast(range.zeroPoint, getElementType(result))};
}

static Converted convertDynamicQuantizeLinear(ConversionContext &ctx) {
  if (failed(ctx.requireOperands(1)))
    return failure();
  DynamicQuantization result = quantizeDynamically(ctx, ctx.operand(0));
  return SmallVector<Value>{result.value, result.scale, result.zeroPoint};
}

void edgecc::registerQuantizationConverters(ConverterTable &table) {
  for (StringRef domain : {StringRef(), StringRef(kMicrosoftDomain)}) {
    constexpr int64_t newest = ConverterTable::kNewest;
    table.add("QuantizeLinear", checkingScales(convertQuantizeLinear, {{1, 2}}),
              1, newest, domain);
    table.add("DequantizeLinear",
              checkingScales(convertDequantizeLinear, {{1, 2, /*values=*/0}}),
              1, newest, domain);
  }
  table.add("DynamicQuantizeLinear", convertDynamicQuantizeLinear);
}
