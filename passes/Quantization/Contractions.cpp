//===- Contractions.cpp - products of quantised values ----------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "passes/Quantization/Contractions.h"

#include "mlir/IR/Matchers.h"
#include "llvm/ADT/TypeSwitch.h"

#include <cmath>

using namespace mlir;
using namespace edgecc;
using namespace edgecc::edge;
using namespace edgecc::quantization;

/// What `value` has been dequantised from; itself if it is quantised.
static Value quantizedSource(Value value) {
  if (quantizedType(value))
    return value;
  auto producer = value.getDefiningOp<DequantizeOp>();
  return producer ? Value(producer.getInput()) : Value();
}

std::optional<Contraction> Contraction::get(Operation *op) {
  Value bias;
  if (auto conv = dyn_cast<ConvOp>(op))
    bias = conv.getBias();
  else if (auto product = dyn_cast<MatMulOp>(op))
    bias = product.getBias();
  else
    return std::nullopt;
  if (!cast<EpilogueOpInterface>(op).getEpilogueRegion().empty())
    return std::nullopt;
  Value input = quantizedSource(op->getOperand(0));
  Value weights = quantizedSource(op->getOperand(1));
  if (!input || !weights)
    return std::nullopt;
  return Contraction(op, input, weights, bias);
}

int64_t Contraction::depth() const {
  if (isa<MatMulOp>(op))
    return cast<ShapedType>(input.getType()).getShape().back();
  auto type = cast<ShapedType>(weights.getType());
  return type.getNumElements() / std::max<int64_t>(channels(), 1);
}

/// The largest distance of a stored integer from the zero point.
static double reach(const Parameters &parameters, int64_t channel = 0) {
  int64_t zero = parameters.zeroPoint(channel);
  return double(std::max(parameters.most - zero, zero - parameters.least));
}

std::optional<SmallVector<double>>
edgecc::quantization::columnSums(Value quantizedWeights) {
  std::optional<ConstantView> known = knownIntegers(quantizedWeights);
  if (!known)
    return std::nullopt;
  Parameters parameters(quantizedType(quantizedWeights));
  int64_t channels =
      cast<ShapedType>(quantizedWeights.getType()).getShape().back();
  SmallVector<double> sums(channels, 0);
  for (int64_t i = 0, e = known->size(); i < e; ++i)
    sums[i % channels] += std::abs(
        double(known->integer(i) - parameters.zeroPoint(i % channels)));
  return sums;
}

std::optional<double>
edgecc::quantization::largestColumn(Value quantizedWeights) {
  std::optional<SmallVector<double>> sums = columnSums(quantizedWeights);
  if (!sums)
    return std::nullopt;
  return sums->empty() ? 0 : *llvm::max_element(*sums);
}

/// The largest sum of absolute products over all channels.
static double largestSum(const Contraction &c) {
  double reached = reach(c.inputParameters);
  if (std::optional<double> column = largestColumn(c.weights))
    return *column * reached;
  double sum = 0;
  for (int64_t i = 0, e = c.channels(); i < e; ++i)
    sum = std::max(sum, reach(c.weightParameters, i) * c.depth());
  return sum * reached;
}

std::string Contraction::objection() const {
  auto width = [](Value value) {
    return quantizedType(value).getStorageTypeIntegralWidth();
  };
  auto type = cast<ShapedType>(weights.getType());
  if (width(input) > 16 || width(weights) > 16)
    return "factors of 32 bits";
  if (!inputParameters.isPerTensor())
    return "the input has a scale for each position of an axis";
  if (!weightParameters.isPerTensor() &&
      weightParameters.axis != type.getRank() - 1)
    return "the weights have a scale for each position of an axis that is not "
           "the output channel";
  bool centred = llvm::all_of(weightParameters.zeroPoints,
                              [](int64_t zero) { return zero == 0; });
  if (!centred && !weightParameters.isPerTensor() && !knownIntegers(weights))
    return "the weights have zero points of their own and are not known";
  if (largestSum(*this) > Contraction::largestAllowedSum)
    return "sums would leave 32 bits";
  return {};
}

std::optional<SmallVector<double>>
edgecc::quantization::knownReals(Value value) {
  SmallVector<double> numbers;
  if (Value stored = quantizedSource(value)) {
    std::optional<ConstantView> integers = knownIntegers(stored);
    if (!integers)
      return std::nullopt;
    Parameters parameters(quantizedType(stored));
    for (int64_t i = 0; i < integers->size(); ++i)
      numbers.push_back(double(integers->integer(i) - parameters.zeroPoint(i)) *
                        parameters.scale(i));
    return numbers;
  }
  Attribute constant;
  if (!matchPattern(value, m_Constant(&constant)))
    return std::nullopt;
  std::optional<ConstantView> view = ConstantView::get(constant);
  if (!view)
    return std::nullopt;
  for (int64_t i = 0; i < view->size(); ++i)
    numbers.push_back(view->real(i));
  return numbers;
}

std::optional<SmallVector<int64_t>> Contraction::integerBias() const {
  std::optional<SmallVector<double>> values;
  if (bias)
    values = knownReals(bias);
  if (!values)
    return std::nullopt;
  std::optional<SmallVector<double>> columns = columnSums(weights);
  SmallVector<int64_t> integers;
  for (auto [channel, value] : llvm::enumerate(*values)) {
    double integer = std::nearbyint(value / scale(channel));
    double products = columns ? (*columns)[channel] * reach(inputParameters)
                              : largestAllowedSum;
    if (!(std::abs(integer) + products < std::ldexp(1.0, 31)))
      return std::nullopt;
    integers.push_back(int64_t(integer));
  }
  return integers;
}

quant::QuantizedType Contraction::biasType() const {
  MLIRContext *context = op->getContext();
  Type i32 = IntegerType::get(context, 32), f32 = Float32Type::get(context);
  auto quiet = [&] { return InFlightDiagnostic(); };
  int64_t least = std::numeric_limits<int32_t>::min();
  int64_t most = std::numeric_limits<int32_t>::max();
  if (weightParameters.isPerTensor())
    return quant::UniformQuantizedType::getChecked(
        quiet, quant::QuantizationFlags::Signed, i32, f32, scale(0), 0, least,
        most);
  SmallVector<double> scales;
  for (int64_t i = 0; i < channels(); ++i)
    scales.push_back(scale(i));
  SmallVector<int64_t> zeros(scales.size(), 0);
  return quant::UniformQuantizedPerAxisType::getChecked(
      quiet, quant::QuantizationFlags::Signed, i32, f32, scales, zeros, 0,
      least, most);
}

MutableOperandRange edgecc::quantization::biasOf(Operation *contraction) {
  if (auto conv = dyn_cast<ConvOp>(contraction))
    return conv.getBiasMutable();
  return cast<MatMulOp>(contraction).getBiasMutable();
}

bool edgecc::quantization::hasKnownMatrix(Operation *contraction) {
  auto conv = dyn_cast<ConvOp>(contraction);
  Value weights = contraction->getOperand(1);
  return (conv ? isPointwise(conv) : typeOf(weights).getRank() == 2) &&
         matchPattern(weights, m_Constant()) &&
         typeOf(weights).getElementType().isF32() &&
         typeOf(contraction->getOperand(0)).getElementType().isF32();
}

std::optional<SmallVector<float>>
edgecc::quantization::knownFloats(Value value) {
  Attribute constant;
  if (!value || !matchPattern(value, m_Constant(&constant)) ||
      !typeOf(value).getElementType().isF32())
    return std::nullopt;
  std::optional<ConstantView> view = ConstantView::get(constant);
  if (!view)
    return std::nullopt;
  SmallVector<float> numbers;
  numbers.reserve(view->size());
  for (int64_t i = 0, e = view->size(); i < e; ++i)
    numbers.push_back(float(view->real(i)));
  return numbers;
}

bool edgecc::quantization::isPointwise(ConvOp op) {
  auto isOne = [](int64_t size) { return size == 1; };
  auto isZero = [](int64_t size) { return size == 0; };
  return op.getGroups() == 1 && llvm::all_of(op.getStrides(), isOne) &&
         llvm::all_of(op.getPadsLow(), isZero) &&
         llvm::all_of(op.getPadsHigh(), isZero) &&
         llvm::all_of(typeOf(op.getWeights()).getShape().drop_back(2), isOne);
}
