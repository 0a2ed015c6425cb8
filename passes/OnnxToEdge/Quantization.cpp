//===- Quantization.cpp - ONNX quantisation of values -----------*- C++ -*-===//
//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/OnnxToEdge/Quantization.h"
#include "dialects/Edge/EdgeConstants.h"

using namespace mlir;
using namespace edgecc;

//===----------------------------------------------------------------------===//
// Arithmetic
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

FailureOr<Value> edgecc::dequantize(ConversionContext &ctx, Value value,
                                    const Quantizer &quantizer) {
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

/// The type that `output_dtype` (a number of TensorProto) asks for, or
/// `defaultType`; null for one that is no integer.
static Type readOutputType(ConversionContext &ctx, Type defaultType) {
  Builder &builder = ctx.getBuilder();
  switch (ctx.getNode().getI64("output_dtype", 0)) {
  case 0:
    return defaultType;
  case 2:
    return builder.getIntegerType(8, false);
  case 3:
    return builder.getI8Type();
  case 4:
    return builder.getIntegerType(16, false);
  case 5:
    return builder.getIntegerType(16);
  case 21:
    return builder.getIntegerType(4, false);
  case 22:
    return builder.getIntegerType(4);
  default:
    return {};
  }
}

static Converted convertQuantizeLinear(ConversionContext &ctx) {
  if (failed(ctx.requireOperands(2)))
    return failure();
  Quantizer quantizer = readQuantizer(ctx);
  Type type = readOutputType(ctx, getQuantizedType(ctx, quantizer.zeroPoint));
  if (!isa_and_nonnull<IntegerType>(type))
    return ctx.error() << "supported are integers as quantised type only";
  FailureOr<Value> result = quantize(ctx, ctx.operand(0), quantizer, type);
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
static Converted convertDynamicQuantizeLinear(ConversionContext &ctx) {
  if (failed(ctx.requireOperands(1)))
    return failure();
  Value input = ctx.operand(0);
  Builder &builder = ctx.getBuilder();
  Type f32 = builder.getF32Type();
  Type ui8 = builder.getIntegerType(8, false);
  SmallVector<int64_t> axes =
      llvm::to_vector(llvm::seq<int64_t>(0, getRank(input)));
  Value zero = ctx.createSplat(0, f32);
  auto reduce = [&](edge::ReduceKind kind) {
    return ctx.reshape(
        ctx.create<edge::ReduceOp>(kind, input, ValueRange(), axes), {});
  };
  Value most = ctx.create<edge::MaxOp>(reduce(edge::ReduceKind::Max), zero);
  Value least = ctx.create<edge::MinOp>(reduce(edge::ReduceKind::Min), zero);
  Value range = ctx.create<edge::SubOp>(most, least);
  Value scale = ctx.create<edge::DivOp>(range, ctx.createSplat(255, f32));
  scale = ctx.create<edge::SelectOp>(
      ctx.create<edge::CompareOp>(edge::ComparePredicate::EQ, range, zero),
      ctx.createSplat(1, f32), scale);
  FailureOr<Value> zeroPoint = quantize(
      ctx, ctx.create<edge::NegOp>(ctx.create<edge::DivOp>(least, scale)),
      Quantizer{}, ui8);
  if (failed(zeroPoint))
    return failure();
  FailureOr<Value> result = quantize(ctx, input, {scale, *zeroPoint}, ui8);
  if (failed(result))
    return failure();
  return SmallVector<Value>{*result, scale, *zeroPoint};
}

void edgecc::registerQuantizationConverters(ConverterTable &table) {
  for (StringRef domain : {StringRef(), StringRef(kMicrosoftDomain)}) {
    constexpr int64_t newest = ConverterTable::kNewest;
    table.add("QuantizeLinear", convertQuantizeLinear, 1, newest, domain);
    table.add("DequantizeLinear", convertDequantizeLinear, 1, newest, domain);
  }
  table.add("DynamicQuantizeLinear", convertDynamicQuantizeLinear);
}
