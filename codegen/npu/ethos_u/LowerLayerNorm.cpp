//===- LowerLayerNorm.cpp - layer normalisation as TOSA ---------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
//
// The steps are those of passes/Quantization/FixedLayerNorm, where they are
// explained.
//
//===----------------------------------------------------------------------===//

#include "codegen/npu/ethos_u/LowerToTosa.h"

using namespace mlir;
using namespace edgecc;
using namespace edgecc::npu;
using namespace edgecc::quantization;

/// One over the root of numbers that fill 30 or 31 bits.
static Value root(TosaBuilder &b, Value x) {
  int64_t rank = typeOf(x).getRank();
  auto word = [&](int32_t value) { return b.word(value, rank); };
  auto shiftLeft = [&](Value value, int32_t bits) {
    return b.of<tosa::LogicalLeftShiftOp>(value, word(bits));
  };
  Value y =
      b.of<tosa::AddOp>(b.multiplyHigh(x, word(FixedLayerNorm::startSlope)),
                        word(FixedLayerNorm::startOffset));
  for (int step = 0; step < FixedLayerNorm::steps; ++step) {
    Value share = b.multiplyHigh(x, b.multiplyHigh(y, y));
    Value error = b.of<tosa::SubOp>(word(FixedLayerNorm::three), share);
    y = shiftLeft(b.multiplyHigh(y, shiftLeft(error, 2)), 1);
  }
  return y;
}

Value npu::lowerLayerNorm(TosaBuilder &b, Value x, int64_t inputZero,
                          const FixedLayerNorm &norm, int64_t outputZero) {
  RankedTensorType type = typeOf(x);
  // Rows of a matrix.
  int64_t rows = type.getNumElements() / norm.count;
  constexpr int64_t rank = 2;
  constexpr uint32_t axis = 1;
  x = b.reshape(x, {rows, norm.count});
  auto word = [&](int64_t value) { return b.word(int32_t(value), rank); };
  auto sumOf = [&](Value values) -> Value {
    return tosa::ReduceSumOp::create(b, typeOf(values).clone({rows, 1}), values,
                                     axis);
  };
  auto factors = [&](ArrayRef<int64_t> values) {
    return b.words(SmallVector<int32_t>(values.begin(), values.end()),
                   {1, norm.count});
  };
  x = b.rescale(x, b.getI32Type(), Rescale::power(0), inputZero, 0);
  Value sum = sumOf(x);
  Value spread =
      b.of<tosa::SubOp>(b.multiply(sumOf(b.multiply(x, x)), word(norm.count)),
                        b.multiply(sum, sum));
  spread = b.of<tosa::AddOp>(spread, word(norm.epsilon));
  // Half of the bits by which it is shifted.
  Value zeros = tosa::ClzOp::create(b, spread.getType(), spread);
  Value shift = b.shiftDown(b.of<tosa::SubOp>(zeros, word(1)), word(1));
  Value inverse = root(b, b.of<tosa::LogicalLeftShiftOp>(
                              spread, b.of<tosa::AddOp>(shift, shift)));

  x = b.of<tosa::SubOp>(b.multiply(x, word(norm.count)), sum);
  x = b.of<tosa::LogicalLeftShiftOp>(
      x, b.of<tosa::AddOp>(shift, word(FixedLayerNorm::headroom)));
  x = b.shiftRight(b.multiplyHigh(x, inverse), word(FixedLayerNorm::excess));
  x = b.of<tosa::AddOp>(b.multiply(x, factors(norm.scale)), factors(norm.bias));
  x = b.rescale(x, b.getI8Type(), Rescale{{norm.factor}, false}, 0, outputZero);
  return b.reshape(x, type.getShape());
}
