//===- LowerContractions.cpp - products of integers -------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "passes/Quantization/LowerContractions.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace edgecc;
using namespace edgecc::edge;
using namespace edgecc::quantization;

Value edgecc::quantization::createIntegers(OpBuilder &builder, Location loc,
                                           ArrayRef<int64_t> values,
                                           RankedTensorType type) {
  int64_t width = elementBytes(type.getElementType());
  std::vector<char> bytes;
  bytes.reserve(values.size() * width);
  for (int64_t value : values)
    for (int64_t i = 0; i < width; ++i)
      bytes.push_back(char(uint64_t(value) >> (8 * i)));
  return ConstantOp::create(builder, loc,
                            makeConstant(type, ArrayRef<char>(bytes)));
}

Value edgecc::quantization::padSpatial(OpBuilder &builder, Location loc,
                                       Value value, ArrayRef<int64_t> low,
                                       ArrayRef<int64_t> high, int64_t filler) {
  SmallVector<int64_t> before{0}, after{0};
  llvm::append_range(before, low);
  llvm::append_range(after, high);
  before.push_back(0);
  after.push_back(0);
  return PadOp::create(builder, loc, value, PadMode::Constant, before, after,
                       APFloat(double(filler)));
}

namespace {

/// Factors whose zero points are 0, and what that adds to the sums.
struct Factors {
  Value input, weights;
  /// The zero point that the input still has.
  int64_t inputZero = 0;
  /// One term per channel; empty for none.
  SmallVector<int64_t> terms;
};

/// `value` minus its zero point, in i16.
Value centre(OpBuilder &builder, Location loc, Value value, int64_t zero) {
  Type i16 = builder.getI16Type();
  value = builder.createOrFold<CastOp>(loc, value, i16);
  if (zero == 0)
    return value;
  return builder.createOrFold<SubOp>(
      loc, value,
      createIntegers(builder, loc, {zero}, RankedTensorType::get({}, i16)));
}

/// Known weights are shifted by their zero points here and now; the zero point
/// of the input becomes a term of the sums.
std::optional<Factors> shiftKnown(OpBuilder &builder, const Contraction &c,
                                  Value input, Value weights) {
  Attribute constant;
  auto type = typeOf(weights);
  bool batched = isa<MatMulOp>(c.op) && type.getRank() > 2;
  if (batched || !matchPattern(weights, m_Constant(&constant)))
    return std::nullopt;
  std::optional<ConstantView> view = ConstantView::get(constant);
  if (!view)
    return std::nullopt;
  int64_t channels = c.channels();
  SmallVector<int64_t> shifted, sums(channels, 0);
  shifted.reserve(view->size());
  int64_t least = 0, most = 0;
  for (int64_t i = 0, e = view->size(); i < e; ++i) {
    int64_t value =
        view->integer(i) - c.weightParameters.zeroPoint(i % channels);
    least = std::min(least, value);
    most = std::max(most, value);
    sums[i % channels] += value;
    shifted.push_back(value);
  }
  Factors factors{input, weights, c.inputParameters.zeroPoint(), {}};
  bool isByte = least >= -128 && most <= 127;
  Type element = isByte ? builder.getI8Type() : builder.getI16Type();
  bool changes = element != type.getElementType() ||
                 llvm::any_of(c.weightParameters.zeroPoints,
                              [](int64_t zero) { return zero != 0; });
  if (changes)
    factors.weights =
        createIntegers(builder, c.op->getLoc(), shifted, type.clone(element));
  if (factors.inputZero != 0)
    for (int64_t sum : sums)
      factors.terms.push_back(-factors.inputZero * sum);
  return factors;
}

Factors centreBoth(OpBuilder &builder, const Contraction &c, Value input,
                   Value weights) {
  Location loc = c.op->getLoc();
  auto centred = [&](Value value, int64_t zero) {
    Type element = typeOf(value).getElementType();
    if (zero == 0 && !element.isUnsignedInteger())
      return value;
    return centre(builder, loc, value, zero);
  };
  return {centred(input, c.inputParameters.zeroPoint()),
          centred(weights, c.weightParameters.zeroPoint()),
          0,
          {}};
}

/// The bias with the terms of the zero points, modulo 2^32 as the sums are.
Value addTerms(OpBuilder &builder, const Contraction &c, Value bias,
               ArrayRef<int64_t> terms) {
  if (terms.empty())
    return bias;
  SmallVector<int64_t> sums(terms);
  if (bias) {
    Attribute constant;
    bool known = matchPattern(bias, m_Constant(&constant));
    assert(known && "biases are constants");
    (void)known;
    std::optional<ConstantView> view = ConstantView::get(constant);
    for (auto [i, sum] : llvm::enumerate(sums))
      sum += view->integer(i);
  }
  return createIntegers(
      builder, c.op->getLoc(), sums,
      RankedTensorType::get({c.channels()}, builder.getI32Type()));
}

} // namespace

Value edgecc::quantization::emitRequantized(ImplicitLocOpBuilder &b,
                                            Value number,
                                            quant::QuantizedType type) {
  Parameters p(type);
  auto real = [&](int64_t value) -> Value {
    return arith::ConstantOp::create(b, b.getF32FloatAttr(float(value)));
  };
  // What comes from an integer and a finite factor is a number.
  auto flags = arith::FastMathFlags::nnan | arith::FastMathFlags::nsz;
  number = math::RoundEvenOp::create(b, number);
  number = arith::MaximumFOp::create(b, number, real(p.least - p.zeroPoint()),
                                     flags);
  number =
      arith::MinimumFOp::create(b, number, real(p.most - p.zeroPoint()), flags);
  Value integer = arith::FPToSIOp::create(b, b.getI32Type(), number);
  if (p.zeroPoint() != 0)
    integer = arith::AddIOp::create(
        b, integer,
        arith::ConstantOp::create(b, b.getI32IntegerAttr(p.zeroPoint())));
  return arith::TruncIOp::create(b, signless(type), integer);
}

void edgecc::quantization::buildEpilogue(EpilogueOpInterface op,
                                         const Contraction &c,
                                         quant::QuantizedType resultType) {
  Location loc = op.getLoc();
  OpBuilder outer(op);
  double divisor = resultType ? Parameters(resultType).scale() : 1.0;
  SmallVector<float> factors;
  for (int64_t i = 0, e = c.weightParameters.isPerTensor() ? 1 : c.channels();
       i < e; ++i)
    factors.push_back(float(c.scale(i) / divisor));
  bool isSplat = llvm::all_equal(factors);

  if (!isSplat) {
    auto type =
        RankedTensorType::get({int64_t(factors.size())}, outer.getF32Type());
    Value list = ConstantOp::create(
        outer, loc,
        makeConstant(
            type, ArrayRef<char>(reinterpret_cast<const char *>(factors.data()),
                                 factors.size() * sizeof(float))));
    op.getEpilogueOperandsMutable().append(list);
  }
  Block *block = outer.createBlock(&op.getEpilogueRegion());
  ImplicitLocOpBuilder b(loc, outer);
  Type f32 = b.getF32Type();
  auto real = [&](double value) -> Value {
    return arith::ConstantOp::create(b, b.getF32FloatAttr(float(value)));
  };
  Value sum = block->addArgument(b.getI32Type(), loc);
  Value factor = isSplat ? real(factors.front()) : block->addArgument(f32, loc);
  Value number = arith::SIToFPOp::create(b, f32, sum);
  number = arith::MulFOp::create(b, number, factor);
  if (!resultType) {
    YieldOp::create(b, ValueRange(number));
    return;
  }
  YieldOp::create(b, ValueRange(emitRequantized(b, number, resultType)));
}

Value edgecc::quantization::lowerContraction(OpBuilder &builder,
                                             const Contraction &c, Value input,
                                             Value weights, Value bias,
                                             BuildEpilogueFn epilogue) {
  Location loc = c.op->getLoc();
  std::optional<Factors> known = shiftKnown(builder, c, input, weights);
  Factors factors = known ? *known : centreBoth(builder, c, input, weights);
  bias = addTerms(builder, c, bias, factors.terms);

  Operation *copy = builder.clone(*c.op);
  quant::QuantizedType resultType = quantizedType(c.op->getResult(0));
  if (auto conv = dyn_cast<ConvOp>(copy)) {
    auto isZero = [](int64_t size) { return size == 0; };
    if (factors.inputZero != 0 && (!llvm::all_of(conv.getPadsLow(), isZero) ||
                                   !llvm::all_of(conv.getPadsHigh(), isZero))) {
      OpBuilder::InsertionGuard guard(builder);
      builder.setInsertionPoint(copy);
      factors.input = padSpatial(builder, loc, factors.input, conv.getPadsLow(),
                                 conv.getPadsHigh(), factors.inputZero);
      SmallVector<int64_t> none(conv.getPadsLow().size(), 0);
      conv.setPadsLow(none);
      conv.setPadsHigh(none);
    }
    conv.getBiasMutable().clear();
    if (bias)
      conv.getBiasMutable().assign(bias);
  } else {
    auto product = cast<MatMulOp>(copy);
    product.getBiasMutable().clear();
    if (bias)
      product.getBiasMutable().assign(bias);
  }
  copy->setOperand(0, factors.input);
  copy->setOperand(1, factors.weights);
  Value result = copy->getResult(0);
  Type element =
      resultType ? Type(storageType(resultType)) : Type(builder.getF32Type());
  result.setType(typeOf(result).clone(element));
  OpBuilder::InsertionGuard guard(builder);
  epilogue(cast<EpilogueOpInterface>(copy), c, resultType);
  return result;
}
