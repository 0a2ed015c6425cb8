//===- Parameters.cpp - scales and zero points ------------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "passes/Quantization/Parameters.h"

#include "mlir/IR/Matchers.h"
#include "mlir/IR/TypeUtilities.h"

#include <cmath>

using namespace mlir;
using namespace edgecc;
using namespace edgecc::quantization;

Parameters::Parameters(quant::QuantizedType type)
    : least(type.getStorageTypeMin()), most(type.getStorageTypeMax()) {
  if (auto perAxis = dyn_cast<quant::UniformQuantizedPerAxisType>(type)) {
    llvm::append_range(scales, perAxis.getScales());
    llvm::append_range(zeroPoints, perAxis.getZeroPoints());
    axis = perAxis.getQuantizedDimension();
    return;
  }
  auto perTensor = cast<quant::UniformQuantizedType>(type);
  scales.push_back(perTensor.getScale());
  zeroPoints.push_back(perTensor.getZeroPoint());
}

int64_t Parameters::quantize(double value, int64_t position) const {
  double number = std::nearbyint(float(value) / float(scale(position))) +
                  zeroPoint(position);
  return int64_t(std::clamp(number, double(least), double(most)));
}

bool Parameters::expresses(double value) const {
  if (!isPerTensor())
    return value == 0;
  int64_t integer = quantize(value);
  return float(integer - zeroPoint()) * float(scale()) == float(value);
}

quant::QuantizedType edgecc::quantization::quantizedType(Value value) {
  return dyn_cast<quant::QuantizedType>(getElementTypeOrSelf(value.getType()));
}

quant::QuantizedType edgecc::quantization::withAxis(quant::QuantizedType type,
                                                    int64_t axis) {
  auto perAxis = dyn_cast<quant::UniformQuantizedPerAxisType>(type);
  if (!perAxis)
    return type;
  return quant::UniformQuantizedPerAxisType::get(
      perAxis.getFlags(), perAxis.getStorageType(), perAxis.getExpressedType(),
      perAxis.getScales(), perAxis.getZeroPoints(), axis,
      perAxis.getStorageTypeMin(), perAxis.getStorageTypeMax());
}

std::optional<edge::ConstantView>
edgecc::quantization::knownIntegers(Value quantized) {
  auto stored = quantized.getDefiningOp<edge::StorageCastOp>();
  Attribute constant;
  if (!stored || !matchPattern(stored.getInput(), m_Constant(&constant)))
    return std::nullopt;
  return edge::ConstantView::get(constant);
}

Value edgecc::quantization::createFloats(OpBuilder &builder, Location loc,
                                         ArrayRef<float> numbers,
                                         ArrayRef<int64_t> shape) {
  ArrayRef<char> bytes(reinterpret_cast<const char *>(numbers.data()),
                       numbers.size() * sizeof(float));
  return edge::ConstantOp::create(
      builder, loc,
      edge::makeConstant(RankedTensorType::get(shape, builder.getF32Type()),
                         bytes));
}
