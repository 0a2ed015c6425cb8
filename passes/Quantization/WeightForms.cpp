//===- WeightForms.cpp - weights of contractions as integers ----*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "passes/Quantization/WeightForms.h"
#include "passes/Quantization/AdaptiveRounding.h"
#include "passes/Quantization/Contractions.h"

#include "llvm/Support/MathExtras.h"

#include <cmath>

using namespace mlir;
using namespace edgecc;
using namespace edgecc::edge;
using namespace edgecc::quantization;

FailureOr<InputMoments> InputMoments::find(Calibrator &calibrator,
                                           ArrayRef<Operation *> contractions) {
  InputMoments moments;
  llvm::SetVector<Value> values;
  for (Operation *op : contractions) {
    moments.inputs.push_back(-1);
    if (!hasKnownMatrix(op))
      continue;
    values.insert(op->getOperand(0));
    moments.inputs.back() =
        llvm::find(values, op->getOperand(0)) - values.begin();
  }
  if (values.empty())
    return moments;
  auto found = calibrator.findMoments(values.getArrayRef());
  if (failed(found))
    return failure();
  moments.sums = std::move(*found);
  return moments;
}

RoundedBlocks edgecc::quantization::roundInChannels(Value weights,
                                                    unsigned bits,
                                                    ArrayRef<double> moments) {
  std::optional<SmallVector<float>> numbers = knownFloats(weights);
  if (!numbers || numbers->empty())
    return {};
  return roundInChannels(*numbers, typeOf(weights).getShape().back(), bits,
                         moments);
}

RoundedBlocks edgecc::quantization::roundInChannels(ArrayRef<float> numbers,
                                                    int64_t columns,
                                                    unsigned bits,
                                                    ArrayRef<double> moments) {
  double end = std::ldexp(1.0, int(bits) - 1) - 1;
  Rounding rounding{-end, end};
  RoundedBlocks rounded;
  rounded.columns = columns;
  rounded.size = int64_t(numbers.size()) / rounded.columns;
  SmallVector<double> scales(rounded.columns, 0);
  for (auto [i, number] : llvm::enumerate(numbers)) {
    double &largest = scales[int64_t(i) % rounded.columns];
    largest = std::max(largest, std::abs(double(number)));
  }
  double mean = 0;
  for (double &scale : scales) {
    scale = float(scale / rounding.most);
    mean += scale / double(rounded.columns);
  }
  // A channel without weights still has a bias to express.
  for (double &scale : scales)
    if (!(scale >= std::numeric_limits<float>::min()))
      scale = mean > std::numeric_limits<float>::min() ? float(mean) : 1.0;
  std::vector<double> chosen;
  if (!moments.empty())
    chosen = roundByMoments(numbers, scales, moments);
  rounded.scales.assign(scales.begin(), scales.end());
  rounded.integers.reserve(numbers.size());
  for (auto [i, number] : llvm::enumerate(numbers))
    rounded.integers.push_back(char(int8_t(
        chosen.empty() ? rounding(number, scales[int64_t(i) % rounded.columns])
                       : chosen[i])));
  return rounded;
}

RoundedBlocks edgecc::quantization::roundInBlocks(Value weights, unsigned bits,
                                                  int64_t size,
                                                  ArrayRef<double> moments) {
  RankedTensorType type = typeOf(weights);
  if (type.getRank() < 2)
    return {};
  int64_t rows = type.getDimSize(type.getRank() - 2);
  int64_t columns = type.getShape().back();
  std::optional<SmallVector<float>> numbers = knownFloats(weights);
  if (!numbers || numbers->empty() ||
      int64_t(numbers->size()) != rows * columns)
    return {};
  return roundInBlocks(*numbers, columns, bits, size, moments);
}

RoundedBlocks edgecc::quantization::roundInBlocks(ArrayRef<float> numbers,
                                                  int64_t columns,
                                                  unsigned bits, int64_t size,
                                                  ArrayRef<double> moments) {
  int64_t rows = int64_t(numbers.size()) / columns;
  double end = std::ldexp(1.0, int(bits) - 1);
  return roundBlocks(numbers, columns, size ? std::min(size, rows) : rows,
                     {-end, end - 1}, moments);
}

SmallVector<double>
edgecc::quantization::roundingErrors(Value weights,
                                     const RoundedBlocks &rounded) {
  SmallVector<double> errors;
  std::optional<SmallVector<float>> numbers = knownFloats(weights);
  for (auto [i, number] : llvm::enumerate(*numbers))
    errors.push_back(rounded.number(int64_t(i)) - number);
  return errors;
}

/// The bytes of `rounded` as a constant of the shape of `weights`.
static Value createStored(OpBuilder &builder, OpOperand &weights,
                          const RoundedBlocks &rounded) {
  return ConstantOp::create(
      builder, weights.get().getLoc(),
      makeConstant(typeOf(weights.get()).clone(builder.getI8Type()),
                   ArrayRef<char>(rounded.integers)));
}

void edgecc::quantization::setChannels(OpOperand &weights,
                                       const RoundedBlocks &rounded) {
  OpBuilder builder(weights.getOwner());
  Location loc = weights.get().getLoc();
  RankedTensorType type = typeOf(weights.get());
  auto quantized = quant::UniformQuantizedPerAxisType::get(
      quant::QuantizationFlags::Signed, builder.getI8Type(),
      builder.getF32Type(),
      SmallVector<double>(rounded.scales.begin(), rounded.scales.end()),
      SmallVector<int64_t>(rounded.columns, 0), type.getRank() - 1, -127, 127);
  Value seen = StorageCastOp::create(builder, loc, type.clone(quantized),
                                     createStored(builder, weights, rounded));
  weights.set(DequantizeOp::create(builder, loc, type, seen));
}

void edgecc::quantization::setBlocks(OpOperand &weights,
                                     const RoundedBlocks &rounded) {
  OpBuilder builder(weights.getOwner());
  Location loc = weights.get().getLoc();
  RankedTensorType type = typeOf(weights.get());
  SmallVector<int64_t> shape(type.getShape());
  shape[shape.size() - 2] = int64_t(rounded.scales.size()) / rounded.columns;
  Value stored = createStored(builder, weights, rounded);
  Value factors = createFloats(builder, loc, rounded.scales, shape);
  weights.set(DequantizeBlocksOp::create(builder, loc, stored, factors, Value(),
                                         uint64_t(type.getRank() - 2),
                                         uint64_t(rounded.size)));
}

void edgecc::quantization::roundBias(Operation *contraction) {
  MutableOperandRange bias = biasOf(contraction);
  std::optional<SmallVector<float>> numbers;
  if (!bias.empty())
    numbers = knownFloats(bias[0].get());
  if (!numbers)
    return;
  for (float &number : *numbers)
    number = roundToHalf(number);
  OpBuilder builder(contraction);
  bias[0].set(createFloats(builder, bias[0].get().getLoc(), *numbers,
                           typeOf(bias[0].get()).getShape()));
}
