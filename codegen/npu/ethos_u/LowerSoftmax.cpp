//===- LowerSoftmax.cpp - TFLite's softmax as TOSA --------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
//
// The steps are those of passes/Quantization/TfliteArithmetic, where they are
// explained.
//
//===----------------------------------------------------------------------===//

#include "codegen/npu/ethos_u/LowerToTosa.h"

using namespace mlir;
using namespace edgecc;
using namespace edgecc::npu;
using namespace edgecc::quantization;

/// `table[d]` in i32 for distances `d`: tables of TOSA hold bytes. Vela makes
/// one operation of a difference and the table that alone reads it, and one of
/// the sum of two scaled bytes: so each table has a difference of its own, and
/// bytes are added in pairs.
static Value lookUp(TosaBuilder &b, llvm::function_ref<Value()> distance,
                    const std::array<int32_t, 256> &table) {
  // A byte of each entry, at bit 0 or 8 of the result.
  auto part = [&](int byte) {
    // Bytes are signed: -128 stands for the distance 0.
    Value index =
        b.rescale(distance(), b.getI8Type(), Rescale::power(0), 0, -128);
    // All but the highest are unsigned: less 128 in the table, more here.
    int zero = byte < 3 ? -128 : 0;
    SmallVector<int8_t> entries;
    for (int32_t entry : table)
      entries.push_back(int8_t((entry >> (8 * byte)) + zero));
    Value bytes = tosa::TableOp::create(b, index.getType(), index,
                                        b.bytes(entries, {256}));
    return b.rescale(bytes, b.getI32Type(), Rescale::power(8 * (byte % 2)),
                     zero, 0);
  };
  auto pair = [&](int byte) {
    return b.of<tosa::AddOp>(part(byte), part(byte + 1));
  };
  Value low = pair(0), high = pair(2);
  // A factor of 2^16 would leave the range of RESCALE.
  high =
      b.of<tosa::LogicalLeftShiftOp>(high, b.word(16, typeOf(high).getRank()));
  return b.of<tosa::AddOp>(low, high);
}

/// 2^31 divided by `sum`, shifted to the left as far as possible.
static Value reciprocal(TosaBuilder &b, Value sum, Value zeros) {
  int64_t rank = typeOf(sum).getRank();
  auto word = [&](int32_t value) { return b.word(value, rank); };
  auto shiftLeft = [&](Value x, Value bits) {
    return b.of<tosa::LogicalLeftShiftOp>(x, bits);
  };
  Value half = shiftLeft(sum, b.of<tosa::SubOp>(zeros, word(1)));
  tflite::ReciprocalStart start = tflite::reciprocalStart();
  Value x = b.of<tosa::AddOp>(b.multiplyHigh(half, word(start.slope)),
                              word(start.offset));
  for (int step = 0; step < 3; ++step) {
    Value error = b.of<tosa::SubOp>(word(1 << 29), b.multiplyHigh(half, x));
    x = b.of<tosa::AddOp>(x, shiftLeft(b.multiplyHigh(x, error), word(2)));
  }
  // Twice x; 2^31 saturates to 2^31 - 1.
  constexpr int32_t most = 1 << 30;
  Value below = b.of<tosa::MinimumOp>(x, word(most - 1));
  Value excess = b.of<tosa::SubOp>(b.of<tosa::MinimumOp>(x, word(most)), below);
  return b.of<tosa::AddOp>(shiftLeft(below, word(1)), excess);
}

Value npu::lowerSoftmax(TosaBuilder &b, Value x, double scale,
                        quant::QuantizedType type, int64_t outputZero) {
  RankedTensorType shape = typeOf(x);
  int64_t rank = shape.getRank(), axis = rank - 1;
  SmallVector<int64_t> one(shape.getShape());
  one[axis] = 1;
  auto widen = [&](Value value) {
    return b.rescale(value, b.getI32Type(), Rescale::power(0), 0, 0);
  };
  Value largest =
      tosa::ReduceMaxOp::create(b, shape.clone(one), x, uint32_t(axis));
  auto distance = [&] { return b.of<tosa::SubOp>(widen(largest), widen(x)); };
  Value exponentials = lookUp(b, distance, tflite::exponentials(scale));
  Value summands = b.shiftRight(exponentials, b.word(tflite::sumBits, rank));
  Value sum = tosa::ReduceSumOp::create(b, typeOf(summands).clone(one),
                                        summands, uint32_t(axis));
  Value zeros = tosa::ClzOp::create(b, sum.getType(), sum);
  Value shares = b.multiplyHigh(reciprocal(b, sum, zeros), exponentials);
  // Shares of other types are rounded once more.
  bool isDirect = tflite::isShareOfTflite(type);
  int bits = isDirect ? 8 : tflite::shareBits;
  Value shift =
      b.of<tosa::SubOp>(b.word(tflite::sumBits + 31 - bits, rank), zeros);
  Rescale rescale = isDirect ? Rescale::power(0)
                             : Rescale{{tflite::shareFactor(type)}, false};
  return b.rescale(b.shiftRight(shares, shift), b.getI8Type(), rescale, 0,
                   outputZero);
}
