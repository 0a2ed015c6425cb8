//===- TosaBuilder.cpp - makes operations of TOSA ---------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "codegen/npu/ethos_u/TosaBuilder.h"

using namespace mlir;
using namespace edgecc;
using namespace edgecc::npu;
using quantization::typeOf;

template <typename T>
static ArrayRef<char> bytesOf(ArrayRef<T> values) {
  return {reinterpret_cast<const char *>(values.data()),
          values.size() * sizeof(T)};
}

Value TosaBuilder::constant(ArrayRef<char> bytes, ArrayRef<int64_t> shape,
                            Type element) {
  auto type = RankedTensorType::get(shape, element);
  return tosa::ConstOp::create(
      *this, type, DenseElementsAttr::getFromRawBuffer(type, bytes));
}

Value TosaBuilder::bytes(ArrayRef<int8_t> values, ArrayRef<int64_t> shape) {
  return constant(bytesOf(values), shape, getI8Type());
}

Value TosaBuilder::words(ArrayRef<int32_t> values, ArrayRef<int64_t> shape) {
  return constant(bytesOf(values), shape, getI32Type());
}

Value TosaBuilder::word(int32_t value, int64_t rank) {
  return words({value}, SmallVector<int64_t>(rank, 1));
}

Value TosaBuilder::shape(ArrayRef<int64_t> sizes) {
  return tosa::ConstShapeOp::create(
      *this, tosa::shapeType::get(getContext(), int(sizes.size())),
      getIndexTensorAttr(sizes));
}

Value TosaBuilder::reshape(Value x, ArrayRef<int64_t> sizes) {
  if (typeOf(x).getShape() == sizes)
    return x;
  return tosa::ReshapeOp::create(*this, typeOf(x).clone(sizes), x,
                                 shape(sizes));
}

Type TosaBuilder::broadcast(Value lhs, Value rhs) {
  SmallVector<int64_t> sizes;
  for (auto [a, b] : llvm::zip(typeOf(lhs).getShape(), typeOf(rhs).getShape()))
    sizes.push_back(std::max(a, b));
  return typeOf(lhs).clone(sizes);
}

Value TosaBuilder::rescale(Value x, Type type, const Rescale &rescale,
                           int64_t inputZero, int64_t outputZero,
                           bool fromUnsigned, bool toUnsigned) {
  SmallVector<int32_t> multipliers;
  SmallVector<int8_t> shifts;
  for (quantization::tflite::FixedPoint factor : rescale.factors) {
    multipliers.push_back(factor.multiplier);
    shifts.push_back(int8_t(31 - factor.shift));
  }
  auto zero = [&](int64_t value, Type element) {
    return element.isInteger(8) ? byte(value) : word(int32_t(value), 1);
  };
  int64_t count = int64_t(shifts.size());
  return tosa::RescaleOp::create(
      *this, typeOf(x).clone(type), x, words(multipliers, {count}),
      bytes(shifts, {count}), zero(inputZero, typeOf(x).getElementType()),
      zero(outputZero, type), /*scale32=*/true,
      rescale.roundsTwice ? tosa::RoundingMode::DOUBLE_ROUND
                          : tosa::RoundingMode::SINGLE_ROUND,
      /*per_channel=*/count > 1, fromUnsigned, toUnsigned);
}

Value TosaBuilder::rescale(Value x, Type type, const Rescale &rescale,
                           int64_t inputZero, int64_t outputZero) {
  return this->rescale(x, type, rescale, inputZero, outputZero, false, false);
}

Value TosaBuilder::changeSign(Value x, bool fromUnsigned) {
  // A byte of 128 is -128 as well.
  return rescale(x, getI8Type(), Rescale::power(0), fromUnsigned ? -128 : 0,
                 fromUnsigned ? 0 : -128, fromUnsigned, !fromUnsigned);
}

Value TosaBuilder::multiply(Value lhs, Value rhs) {
  return tosa::MulOp::create(*this, broadcast(lhs, rhs), lhs, rhs, byte(0));
}

Value TosaBuilder::multiplyHigh(Value lhs, Value rhs) {
  return tosa::MulOp::create(*this, broadcast(lhs, rhs), lhs, rhs, byte(31));
}

Value TosaBuilder::shiftRight(Value x, Value shift) {
  return tosa::ArithmeticRightShiftOp::create(*this, broadcast(x, shift), x,
                                              shift, /*round=*/true);
}

Value TosaBuilder::shiftDown(Value x, Value shift) {
  return tosa::ArithmeticRightShiftOp::create(*this, broadcast(x, shift), x,
                                              shift, /*round=*/false);
}
