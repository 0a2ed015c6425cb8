//===- Averages.cpp - averages of quantised values --------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "passes/Quantization/Averages.h"

#include "mlir/IR/Matchers.h"

#include <cmath>

using namespace mlir;
using namespace edgecc;
using namespace edgecc::edge;
using namespace edgecc::quantization;

Value edgecc::quantization::quantizedSource(Value value) {
  if (auto producer = value.getDefiningOp<DequantizeOp>())
    value = producer.getInput();
  quant::QuantizedType type = quantizedType(value);
  return type && Parameters(type).isPerTensor() ? value : Value();
}

Value edgecc::quantization::integersOf(OpBuilder &builder, Value value) {
  return builder.createOrFold<StorageCastOp>(
      value.getLoc(), typeOf(value).clone(storageType(quantizedType(value))),
      value);
}

/// What `value` is a reshape or transposition of.
static Value movedSource(Value value) {
  while (isa_and_nonnull<ReshapeOp, TransposeOp>(value.getDefiningOp()))
    value = value.getDefiningOp()->getOperand(0);
  return value;
}

/// The one number of a constant.
static std::optional<double> splatNumber(Value value) {
  Attribute constant;
  if (!matchPattern(value, m_Constant(&constant)))
    return std::nullopt;
  auto number = dyn_cast_if_present<FloatAttr>(splatValue(constant));
  return number ? std::optional(number.getValueAsDouble()) : std::nullopt;
}

/// The number of terms of each sum of `op`, if there are no borders.
static std::optional<int64_t> termsOf(Operation *op) {
  auto isZero = [](int64_t size) { return size == 0; };
  if (auto pool = dyn_cast<PoolOp>(op))
    if (pool.getKind() == PoolKind::Sum && pool.getEpilogue().empty() &&
        llvm::all_of(pool.getPadsLow(), isZero) &&
        llvm::all_of(pool.getPadsHigh(), isZero))
      return llvm::product_of(pool.getKernel());
  if (auto reduce = dyn_cast<ReduceOp>(op))
    if (reduce.getKind() == ReduceKind::Sum && reduce.getEpilogue().empty())
      return typeOf(reduce.getInput()).getNumElements() /
             std::max<int64_t>(reduce.getType().getNumElements(), 1);
  return std::nullopt;
}

std::optional<Average> Average::get(MulOp op) {
  for (auto [moved, factor] : {std::pair(op.getLhs(), op.getRhs()),
                               std::pair(op.getRhs(), op.getLhs())}) {
    Operation *sum = movedSource(moved).getDefiningOp();
    std::optional<double> number = splatNumber(factor);
    if (!sum || !number || moved.getType() != op.getType())
      continue;
    std::optional<int64_t> count = termsOf(sum);
    if (!count || float(*number) != float(1.0 / double(*count)))
      continue;
    Value source = quantizedSource(sum->getOperand(0));
    if (!source)
      continue;
    Parameters p(quantizedType(source));
    constexpr double largestSum = double(1 << 30);
    if (quantizedType(source).getStorageTypeIntegralWidth() <= 16 &&
        double(*count) * double(p.most - p.least) <= largestSum)
      return Average{sum, source, moved, *count};
  }
  return std::nullopt;
}

bool Average::isUntied(quant::QuantizedType type) const {
  Parameters from(inputType()), to(type);
  int64_t least = from.least - from.zeroPoint();
  int64_t most = from.most - from.zeroPoint();
  constexpr int64_t mostSums = int64_t(1) << 22;
  if ((most - least) * count > mostSums)
    return false;
  double factor = from.scale() / (to.scale() * double(count));
  // One rounding per term and addition, three afterwards, and three of the sum
  // of integers.
  double reach = double(std::max(most, -least)) * factor * double(count);
  double error = double(count + 8) * std::ldexp(1.0, -24) * reach;
  for (int64_t sum = least * count; sum <= most * count; ++sum) {
    double value = double(sum) * factor;
    if (value < double(to.least - to.zeroPoint()) - 1 ||
        value > double(to.most - to.zeroPoint()) + 1)
      continue;
    if (std::abs(value - std::floor(value) - 0.5) <= error)
      return false;
  }
  return true;
}

/// What makes `moved` of `source`, on `value`.
static Value moveAs(OpBuilder &builder, Value moved, Value source,
                    Value value) {
  if (moved == source)
    return value;
  Operation *op = moved.getDefiningOp();
  value = moveAs(builder, op->getOperand(0), source, value);
  Operation *copy = builder.clone(*op);
  copy->setOperand(0, value);
  copy->getResult(0).setType(
      typeOf(moved).clone(typeOf(value).getElementType()));
  return copy->getResult(0);
}

/// `type` with another scale.
static quant::QuantizedType withScale(quant::QuantizedType type, double scale) {
  Parameters p(type);
  return quant::UniformQuantizedType::get(
      type.getFlags(), type.getStorageType(), type.getExpressedType(), scale,
      p.zeroPoint(), p.least, p.most);
}

Value Average::raise(OpBuilder &builder, quant::QuantizedType type) const {
  Location loc = sum->getLoc();
  Operation *copy = builder.clone(*sum);
  Value result = copy->getResult(0);
  copy->setOperand(0, source);
  RankedTensorType shape = typeOf(result);
  result.setType(
      shape.clone(withScale(type, Parameters(type).scale() * double(count))));
  for (Type element : {Type(storageType(type)), Type(type)})
    result = StorageCastOp::create(builder, loc, shape.clone(element), result);
  return moveAs(builder, moved, sum->getResult(0), result);
}

quant::QuantizedType Average::typeOfRaised() const {
  quant::QuantizedType type = quantizedType(sum->getResult(0));
  return withScale(type, Parameters(type).scale() / double(count));
}

std::optional<Average> Average::getRaised(Operation *sum) {
  std::optional<int64_t> count = termsOf(sum);
  if (!count || !quantizedType(sum->getResult(0)))
    return std::nullopt;
  return Average{sum, sum->getOperand(0), sum->getResult(0), *count};
}

Value Average::lower(
    OpBuilder &builder, quant::QuantizedType type,
    llvm::function_ref<Value(ImplicitLocOpBuilder &, Value)> emit) const {
  Value integers = integersOf(builder, source);
  Operation *copy = builder.clone(*sum);
  Value result = copy->getResult(0);
  copy->setOperand(0, integers);
  result.setType(typeOf(result).clone(storageType(type)));
  OpBuilder inner(copy);
  Block *block =
      inner.createBlock(&cast<EpilogueOpInterface>(copy).getEpilogueRegion());
  Value total = block->addArgument(inner.getI32Type(), copy->getLoc());
  ImplicitLocOpBuilder b(copy->getLoc(), inner);
  YieldOp::create(b, ValueRange(emit(b, total)));
  return moveAs(builder, moved, sum->getResult(0), result);
}
