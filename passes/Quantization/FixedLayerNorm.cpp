//===- FixedLayerNorm.cpp - layer normalisation in 32 bits ------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "passes/Quantization/FixedLayerNorm.h"
#include "passes/Quantization/Averages.h"
#include "passes/Quantization/IntegerMaps.h"
#include "passes/Quantization/LowerContractions.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"

#include <cmath>

using namespace mlir;
using namespace edgecc;
using namespace edgecc::edge;
using namespace edgecc::quantization;

/// What a unit of the normalised numbers is: 31 bits of `x` have the root of
/// 2^31, the root has 29, the product loses 31.
static double normalUnit() {
  return std::ldexp(std::sqrt(2.0), -(15 + FixedLayerNorm::headroom + 29 - 31 -
                                      FixedLayerNorm::excess + 1));
}

std::optional<FixedLayerNorm> FixedLayerNorm::get(LayerNormOp op,
                                                  quant::QuantizedType result) {
  Value source = quantizedSource(op.getInput());
  auto isByte = [](quant::QuantizedType type) {
    return type.getStorageTypeIntegralWidth() == 8 &&
           Parameters(type).isPerTensor();
  };
  if (!source || !isByte(quantizedType(source)) || !isByte(result) ||
      op.getRms())
    return std::nullopt;
  FixedLayerNorm norm;
  norm.source = source;
  norm.count = 1;
  for (int64_t size : op.getType().getShape().drop_front(op.getAxis()))
    norm.count *= size;
  if (norm.count < 1 || norm.count > longestRow)
    return std::nullopt;
  double unit = Parameters(quantizedType(source)).scale();
  double epsilon = op.getEpsilon().convertToDouble() *
                   double(norm.count * norm.count) / (unit * unit);
  constexpr double largest = double(1 << 30);
  if (!(epsilon < largest / 2))
    return std::nullopt;
  norm.epsilon = std::max(int32_t(std::llround(epsilon)), 1);

  SmallVector<double> scale(norm.count, 1), bias(norm.count, 0);
  for (auto [operand, numbers] :
       {std::pair(op.getScale(), &scale), std::pair(op.getBias(), &bias)}) {
    if (!operand)
      continue;
    std::optional<SmallVector<double>> known = knownReals(operand);
    if (!known || int64_t(known->size()) != norm.count)
      return std::nullopt;
    *numbers = std::move(*known);
  }
  double most = 0;
  for (double number : scale)
    most = std::max(most, std::abs(number));
  if (most == 0 || !std::isfinite(most))
    return std::nullopt;
  norm.scaleUnit = most / double(mostScale);
  double sumUnit = norm.scaleUnit * normalUnit();
  for (auto [factor, offset] : llvm::zip(scale, bias)) {
    norm.scale.push_back(std::llround(factor / norm.scaleUnit));
    double steps = std::nearbyint(offset / sumUnit);
    if (!(std::abs(steps) < largest))
      return std::nullopt;
    norm.bias.push_back(int64_t(steps));
  }
  norm.factor = tflite::FixedPoint::get(sumUnit / Parameters(result).scale());
  if (norm.factor.multiplier == 0 || norm.factor.shift >= 0)
    return std::nullopt;
  return norm;
}

Value FixedLayerNorm::raise(OpBuilder &builder, LayerNormOp op,
                            quant::QuantizedType result) const {
  auto factors = [&](ArrayRef<int64_t> integers, unsigned width, double unit) {
    Type storage = builder.getIntegerType(width);
    auto type = quant::UniformQuantizedType::get(
        quant::QuantizationFlags::Signed, storage, builder.getF32Type(), unit,
        0, llvm::minIntN(width), llvm::maxIntN(width));
    RankedTensorType shape = RankedTensorType::get(
        op.getType().getShape().drop_front(op.getAxis()), storage);
    return StorageCastOp::create(
        builder, op.getLoc(), shape.clone(type),
        createIntegers(builder, op.getLoc(), integers, shape));
  };
  Value scales = factors(scale, 16, scaleUnit);
  Value biases = factors(bias, 32, scaleUnit * normalUnit());
  return LayerNormOp::create(builder, op.getLoc(), op.getType().clone(result),
                             source, scales, biases, op.getAxis(),
                             op.getEpsilon(), op.getRms());
}

/// One over the root of `spread`: see the constants of FixedLayerNorm.
static Value emitRoot(ImplicitLocOpBuilder &b, Value spread, Value shift) {
  auto word = [&](int32_t value) -> Value {
    return arith::ConstantOp::create(b, b.getI32IntegerAttr(value));
  };
  auto shiftLeft = [&](Value x, int32_t bits) -> Value {
    return arith::ShLIOp::create(b, x, word(bits));
  };
  Value x = arith::ShLIOp::create(
      b, spread, arith::AddIOp::create(b, shift, shift).getResult());
  Value y = arith::AddIOp::create(
      b, tflite::emitMultiplyHigh(b, x, word(FixedLayerNorm::startSlope)),
      word(FixedLayerNorm::startOffset));
  for (int step = 0; step < FixedLayerNorm::steps; ++step) {
    Value share =
        tflite::emitMultiplyHigh(b, x, tflite::emitMultiplyHigh(b, y, y));
    Value error = arith::SubIOp::create(b, word(FixedLayerNorm::three), share);
    y = shiftLeft(tflite::emitMultiplyHigh(b, y, shiftLeft(error, 2)), 1);
  }
  return y;
}

/// Half of the bits by which `spread` is shifted to fill 30 or 31.
static Value emitShift(ImplicitLocOpBuilder &b, Value spread) {
  Value one = arith::ConstantOp::create(b, b.getI32IntegerAttr(1));
  Value zeros = math::CountLeadingZerosOp::create(b, spread);
  return arith::ShRUIOp::create(
      b, arith::SubIOp::create(b, zeros, one).getResult(), one);
}

Value FixedLayerNorm::lower(OpBuilder &builder, LayerNormOp op,
                            quant::QuantizedType result) const {
  Location loc = op.getLoc();
  quant::QuantizedType type = quantizedType(source);
  RankedTensorType words = op.getType().clone(builder.getI32Type());
  SmallVector<int64_t> axes;
  for (int64_t axis = op.getAxis(); axis < words.getRank(); ++axis)
    axes.push_back(axis);
  auto word = [](ImplicitLocOpBuilder &b, int64_t value) -> Value {
    return arith::ConstantOp::create(b, b.getI32IntegerAttr(int32_t(value)));
  };
  auto sumOf = [&](Value values) {
    return builder.createOrFold<ReduceOp>(loc, ReduceKind::Sum, values,
                                          ValueRange(), axes);
  };
  Value centred = createMap(builder, loc, integersOf(builder, source), words,
                            [&](ImplicitLocOpBuilder &b, ValueRange scalars) {
                              return emitCentred(b, scalars[0], type);
                            });
  Value squares =
      createMap(builder, loc, centred, words,
                [](ImplicitLocOpBuilder &b, ValueRange scalars) -> Value {
                  return arith::MulIOp::create(b, scalars[0], scalars[0]);
                });
  Value sum = sumOf(centred);
  Value spread = createMap(
      builder, loc, {sumOf(squares), sum}, typeOf(sum),
      [&](ImplicitLocOpBuilder &b, ValueRange scalars) -> Value {
        Value all = arith::MulIOp::create(b, scalars[0], word(b, count));
        all = arith::SubIOp::create(
            b, all,
            arith::MulIOp::create(b, scalars[1], scalars[1]).getResult());
        return arith::AddIOp::create(b, all, word(b, epsilon));
      });
  Value root =
      createMap(builder, loc, spread, typeOf(sum),
                [](ImplicitLocOpBuilder &b, ValueRange scalars) {
                  return emitRoot(b, scalars[0], emitShift(b, scalars[0]));
                });
  RankedTensorType row = RankedTensorType::get(
      words.getShape().drop_front(op.getAxis()), words.getElementType());
  return createMap(
      builder, loc,
      {centred, sum, spread, root, createIntegers(builder, loc, scale, row),
       createIntegers(builder, loc, bias, row)},
      words.clone(storageType(result)),
      [&](ImplicitLocOpBuilder &b, ValueRange scalars) {
        Value x = arith::MulIOp::create(b, scalars[0], word(b, count));
        x = arith::SubIOp::create(b, x, scalars[1]);
        Value shift = arith::AddIOp::create(b, emitShift(b, scalars[2]),
                                            word(b, headroom));
        x = arith::ShLIOp::create(b, x, shift);
        x = tflite::emitMultiplyHigh(b, x, scalars[3]);
        x = arith::AddIOp::create(b, x, word(b, 1 << (excess - 1)));
        x = arith::ShRSIOp::create(b, x, word(b, excess));
        x = arith::MulIOp::create(b, x, scalars[4]);
        x = arith::AddIOp::create(b, x, scalars[5]);
        return tflite::emitSaturated(b, tflite::emitScaledOnce(b, x, factor),
                                     result);
      });
}
