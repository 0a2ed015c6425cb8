//===- Requantize.cpp - floats to narrow integers ---------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "codegen/kernels/Requantize.h"
#include "dialects/Edge/EdgeConstants.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/TypeUtilities.h"
#include "llvm/TargetParser/Triple.h"

#include <algorithm>
#include <cmath>
#include <limits>

using namespace mlir;
using namespace edgecc;
using namespace edgecc::kernels;

static constexpr double infinity = std::numeric_limits<double>::infinity();

static std::optional<double> constantFloat(Value value) {
  FloatAttr attribute;
  if (!matchPattern(value, m_Constant(&attribute)))
    return std::nullopt;
  return attribute.getValueAsDouble();
}

namespace {

/// `max(value, bound)` or `min(value, bound)`.
struct Limit {
  Value value;
  double bound;
  bool isMax;
};

} // namespace

/// Reads a comparison and selection, or an operation, with a constant.
static std::optional<Limit> matchLimit(Operation *op) {
  using P = arith::CmpFPredicate;
  if (auto select = dyn_cast<arith::SelectOp>(op)) {
    auto compare = select.getCondition().getDefiningOp<arith::CmpFOp>();
    std::optional<double> bound = constantFloat(select.getFalseValue());
    if (!compare || !bound || compare.getLhs() != select.getTrueValue() ||
        constantFloat(compare.getRhs()) != bound)
      return std::nullopt;
    switch (compare.getPredicate()) {
    case P::OGT:
    case P::OGE:
      return Limit{select.getTrueValue(), *bound, true};
    case P::OLT:
    case P::OLE:
      return Limit{select.getTrueValue(), *bound, false};
    default:
      return std::nullopt;
    }
  }
  bool isMax = isa<arith::MaximumFOp, arith::MaxNumFOp>(op);
  if (!isMax && !isa<arith::MinimumFOp, arith::MinNumFOp>(op))
    return std::nullopt;
  for (int side : {0, 1})
    if (std::optional<double> bound = constantFloat(op->getOperand(side)))
      return Limit{op->getOperand(1 - side), *bound, isMax};
  return std::nullopt;
}

/// The constant that `value` adds to another one, which takes its place; zero
/// if it is no such sum.
static int64_t stripAddition(Value &value) {
  auto add = value.getDefiningOp<arith::AddIOp>();
  APInt term;
  if (!add || !matchPattern(add.getRhs(), m_ConstantInt(&term)))
    return 0;
  value = add.getLhs();
  return term.getSExtValue();
}

std::optional<Requantization> Requantization::match(Operation &last) {
  Operation *conversion = &last;
  double offset = 0;
  // The offset may also be added to the integer.
  if (auto truncation = dyn_cast<arith::TruncIOp>(last)) {
    Value wide = truncation.getIn();
    offset = stripAddition(wide);
    conversion = wide.getDefiningOp();
  }
  bool isUnsigned = isa_and_nonnull<arith::FPToUIOp>(conversion);
  if (!isUnsigned && !isa_and_nonnull<arith::FPToSIOp>(conversion))
    return std::nullopt;
  Value current = conversion->getOperand(0);
  unsigned width = conversion->getResult(0).getType().getIntOrFloatBitWidth();
  if (width > 32 || !current.getType().isF32() ||
      last.getResult(0).getType().getIntOrFloatBitWidth() > 16)
    return std::nullopt;
  // Limits of what comes before the `offset` that has been passed.
  double low = isUnsigned ? 0 : -std::ldexp(1.0, width - 1);
  double high = std::ldexp(1.0, isUnsigned ? width : width - 1) - 1;
  constexpr double most = 65536;
  while (Operation *op = current.getDefiningOp()) {
    if (auto round = dyn_cast<math::RoundEvenOp>(op)) {
      if (std::max({-low, high, std::abs(offset)}) > most)
        return std::nullopt;
      return Requantization{round.getOperand(), int64_t(low), int64_t(high),
                            int64_t(offset)};
    }
    if (std::optional<Limit> limit = matchLimit(op)) {
      // Only bounds that are integers go past the rounding.
      double bound = limit->isMax ? std::max(limit->bound, low)
                                  : std::min(limit->bound, high);
      if (bound != std::round(bound))
        return std::nullopt;
      (limit->isMax ? low : high) = bound;
      current = limit->value;
    } else if (auto add = dyn_cast<arith::AddFOp>(op)) {
      std::optional<double> term = constantFloat(add.getRhs());
      if (!term || *term != std::round(*term) || std::abs(*term) > most)
        return std::nullopt;
      low -= *term;
      high -= *term;
      offset += *term;
      current = add.getLhs();
    } else {
      return std::nullopt;
    }
    if (low > high)
      return std::nullopt;
  }
  return std::nullopt;
}

std::optional<Requantization> Requantization::ofRegion(Region &epilogue) {
  if (epilogue.empty())
    return std::nullopt;
  Operation *last =
      epilogue.front().getTerminator()->getOperand(0).getDefiningOp();
  return last ? match(*last) : std::nullopt;
}

/// See `Requantization::bound`.
static double boundOf(Value value, ArrayRef<double> bounds) {
  if (auto argument = dyn_cast<BlockArgument>(value))
    return bounds[argument.getArgNumber()];
  if (std::optional<double> constant = constantFloat(value))
    return std::abs(*constant);
  Operation *op = value.getDefiningOp();
  auto operand = [&](unsigned i) { return boundOf(op->getOperand(i), bounds); };
  if (isa<arith::SIToFPOp, arith::UIToFPOp>(op)) {
    int width = op->getOperand(0).getType().getIntOrFloatBitWidth();
    return std::ldexp(1.0, isa<arith::SIToFPOp>(op) ? width - 1 : width);
  }
  if (auto divide = dyn_cast<arith::DivFOp>(op))
    if (std::optional<double> divisor = constantFloat(divide.getRhs());
        divisor && *divisor != 0)
      return operand(0) / std::abs(*divisor);
  if (isa<arith::MulFOp>(op))
    return operand(0) * operand(1);
  if (isa<arith::AddFOp, arith::SubFOp>(op))
    return operand(0) + operand(1);
  return infinity;
}

double Requantization::bound(ArrayRef<double> bounds) const {
  double result = boundOf(value, bounds);
  return std::isnan(result) ? infinity : result;
}

/// Whether quotients and sums of products by `factors` round alike where they
/// come to the tie after `integer`. Both grow with `x`; so they do everywhere
/// if they do near all ties.
static bool roundAlikeAfter(int64_t integer, float divisor,
                            std::pair<float, float> factors) {
  constexpr int steps = 4;
  float x = static_cast<float>((integer + 0.5) * divisor);
  for (int i = 0; i < steps; ++i)
    x = std::nextafter(x, -std::numeric_limits<float>::infinity());
  auto isAfter = [&](float number) {
    return std::nearbyint(number) > static_cast<float>(integer);
  };
  bool first = isAfter(x / divisor), last = first;
  for (int i = 0; i <= 2 * steps; ++i) {
    last = isAfter(x / divisor);
    if (last != isAfter(std::fma(x, factors.first, x * factors.second)))
      return false;
    x = std::nextafter(x, std::numeric_limits<float>::infinity());
  }
  return !first && last;
}

std::optional<std::pair<float, float>>
kernels::findFactors(float divisor, int64_t low, int64_t high) {
  // The second factor is for what the first one lacks, and not below zero, so
  // that infinities stay what they are.
  float first = 1 / divisor;
  if (!(divisor > 0) || !std::isnormal(divisor) || !std::isnormal(first))
    return std::nullopt;
  if (std::fma(-divisor, first, 1.0f) < 0)
    first = std::nextafter(first, 0.0f);
  std::pair<float, float> factors(first,
                                  std::fma(-divisor, first, 1.0f) / divisor);
  for (int64_t integer = low - 1; integer <= high; ++integer)
    if (!roundAlikeAfter(integer, divisor, factors))
      return std::nullopt;
  return factors;
}

Value Requantization::lookup(Emitter &e, const IRMapping &mapping) const {
  auto divide = value.getDefiningOp<arith::DivFOp>();
  std::optional<double> divisor;
  if (divide && e.cpu.getHasFma())
    divisor = constantFloat(divide.getRhs());
  std::optional<std::pair<float, float>> factors;
  if (divisor)
    factors = findFactors(static_cast<float>(*divisor), low, high);
  if (!factors)
    return mapping.lookup(value);
  Value number = mapping.lookup(divide.getLhs());
  auto times = [&](float factor) {
    return e.floatConstant(factor, number.getType());
  };
  // A power of two has one factor; zero times infinity is no number.
  if (factors->second == 0)
    return arith::MulFOp::create(e, number, times(factors->first));
  Value small = arith::MulFOp::create(e, number, times(factors->second));
  return math::FmaOp::create(e, number, times(factors->first), small);
}

double kernels::largestElement(Value value) {
  ElementsAttr elements = constantOf(value);
  if (!elements || !elements.getElementType().isF32())
    return infinity;
  std::optional<edge::ConstantView> view = edge::ConstantView::get(elements);
  if (!view)
    return infinity;
  double most = 0;
  ArrayRef<char> bytes = view->bytes();
  for (size_t at = 0; at + 4 <= bytes.size(); at += 4) {
    float number;
    std::memcpy(&number, bytes.data() + at, 4);
    if (!std::isfinite(number))
      return infinity;
    most = std::max<double>(most, std::abs(number));
  }
  return most;
}

/// Absolute values that the conversion of x86 rounds to 32 bits.
static constexpr double convertible = 0x1p30;

static Value callIntrinsic(Emitter &e, StringRef name, Type result,
                           ValueRange operands) {
  return LLVM::CallIntrinsicOp::create(e, result, e.getStringAttr(name),
                                       operands)
      .getResults();
}

Value Requantization::emitPacked(Emitter &e, ValueRange numbers,
                                 double bound) const {
  if (!llvm::Triple(e.cpu.getTriple()).isX86() || bound >= convertible)
    return {};
  int64_t lanes = cast<VectorType>(numbers[0].getType()).getNumElements();
  auto vectorOf = [&](int64_t count, Type type) {
    return VectorType::get({count}, type);
  };
  auto words = vectorOf(lanes, e.getI32Type());
  auto halves = vectorOf(2 * lanes, e.getI16Type());
  auto bytes = vectorOf(4 * lanes, e.getI8Type());
  bool isUnsigned = high + offset > 127;
  StringRef toHalves, toBytes;
  switch (lanes) {
  case 16:
    toHalves = "llvm.x86.avx512.packssdw.512";
    toBytes = isUnsigned ? "llvm.x86.avx512.packuswb.512"
                         : "llvm.x86.avx512.packsswb.512";
    break;
  case 8:
    toHalves = "llvm.x86.avx2.packssdw";
    toBytes = isUnsigned ? "llvm.x86.avx2.packuswb" : "llvm.x86.avx2.packsswb";
    break;
  case 4:
    toHalves = "llvm.x86.sse2.packssdw.128";
    toBytes = isUnsigned ? "llvm.x86.sse2.packuswb.128"
                         : "llvm.x86.sse2.packsswb.128";
    break;
  default:
    return {};
  }
  auto splat = [&](VectorType type, int64_t value) {
    return e.constant(DenseElementsAttr::get(
        type, Attribute(IntegerAttr::get(
                  type.getElementType(),
                  APInt(type.getElementTypeBitWidth(), value, true, true)))));
  };
  SmallVector<Value> packed;
  for (int64_t pair : {0, 2}) {
    Value a = callIntrinsic(e, "llvm.lrint", words, numbers[pair]);
    Value b = callIntrinsic(e, "llvm.lrint", words, numbers[pair + 1]);
    Value half = callIntrinsic(e, toHalves, halves, {a, b});
    // What saturates here saturates as a byte as well.
    if (offset)
      half = callIntrinsic(e, "llvm.sadd.sat", halves,
                           {half, splat(halves, offset)});
    packed.push_back(half);
  }
  Value result = callIntrinsic(e, toBytes, bytes, packed);
  int64_t least = low + offset, most = high + offset;
  if (least > (isUnsigned ? 0 : -128)) {
    Value bound = splat(bytes, least);
    result = isUnsigned ? arith::MaxUIOp::create(e, result, bound).getResult()
                        : arith::MaxSIOp::create(e, result, bound).getResult();
  }
  if (most < (isUnsigned ? 255 : 127)) {
    Value bound = splat(bytes, most);
    result = isUnsigned ? arith::MinUIOp::create(e, result, bound).getResult()
                        : arith::MinSIOp::create(e, result, bound).getResult();
  }
  return result;
}

Value Requantization::emitInterleaved(Emitter &e, ValueRange numbers) const {
  auto words = VectorType::get({4}, e.getI32Type());
  auto halves = VectorType::get({8}, e.getI16Type());
  auto bytes = VectorType::get({16}, e.getI8Type());
  auto flag = [&](int32_t value) {
    return e.constant(e.getI32IntegerAttr(value));
  };
  auto splat = [&](VectorType type, int64_t value) {
    return e.constant(DenseElementsAttr::get(
        type, Attribute(IntegerAttr::get(type.getElementType(), value))));
  };
  // Two vectors in one of half the width, the second in the odd places.
  auto merge = [&](StringRef name, VectorType type, Value even, Value odd) {
    Value result = e.zero(type);
    for (auto [place, vector] : {std::pair(0, even), std::pair(1, odd)})
      result = callIntrinsic(e, name, type,
                             {result, vector, flag(0), flag(0), flag(place)});
    return result;
  };
  SmallVector<Value> rounded;
  for (Value number : numbers)
    rounded.push_back(callIntrinsic(e, "llvm.arm.mve.vcvtn.v4i32.v4f32", words,
                                    {flag(0), number}));
  SmallVector<Value> pairs;
  for (int64_t first : {0, 1}) {
    // What saturates here saturates as a byte as well.
    Value pair = merge("llvm.arm.mve.vqmovn.v8i16.v4i32", halves,
                       rounded[first], rounded[first + 2]);
    if (offset)
      pair = callIntrinsic(e, "llvm.sadd.sat", halves,
                           {pair, splat(halves, offset)});
    pairs.push_back(pair);
  }
  Value result =
      merge("llvm.arm.mve.vqmovn.v16i8.v8i16", bytes, pairs[0], pairs[1]);
  if (low + offset > -128)
    result = arith::MaxSIOp::create(e, result, splat(bytes, low + offset));
  if (high + offset < 127)
    result = arith::MinSIOp::create(e, result, splat(bytes, high + offset));
  return result;
}

Value Requantization::emit(Emitter &e, Value number, double bound,
                           unsigned width) const {
  Type floats = number.getType();
  auto vector = dyn_cast<VectorType>(floats);
  auto typeOf = [&](Type element) -> Type {
    return vector ? Type(vector.clone(element)) : element;
  };
  Type words = typeOf(e.getI32Type());
  auto integer = [&](int64_t value) -> Value {
    auto scalar = e.getI32IntegerAttr(static_cast<int32_t>(value));
    if (vector)
      return e.constant(
          DenseElementsAttr::get(cast<VectorType>(words), Attribute(scalar)));
    return e.constant(scalar);
  };
  llvm::Triple triple(e.cpu.getTriple());
  bool isArm = triple.isARM() || triple.isThumb();
  if (isArm && !vector && e.cpu.getHasF32()) {
    // This conversion rounds to even and saturates.
    Value bits = callIntrinsic(e, "llvm.arm.vcvtr", floats, number);
    Value result = arith::BitcastOp::create(e, words, bits);
    if (offset)
      result =
          callIntrinsic(e, "llvm.sadd.sat", words, {result, integer(offset)});
    result = arith::MaxSIOp::create(e, result, integer(low + offset));
    result = arith::MinSIOp::create(e, result, integer(high + offset));
    return arith::TruncIOp::create(e, e.getIntegerType(width), result);
  }
  // The x86 conversion rounds to even, as long as the result has 32 bits.
  // Elsewhere an addition rounds: to a number whose last bit is one, as long as
  // that has 23 bits.
  bool converts = triple.isX86();
  double range = converts ? convertible : 0x1p21;
  bool saturates = bound < range;
  if (!saturates) {
    Value least = e.floatConstant(low, floats);
    Value most = e.floatConstant(high, floats);
    using P = arith::CmpFPredicate;
    number = arith::SelectOp::create(
        e, arith::CmpFOp::create(e, P::OGT, number, least), number, least);
    number = arith::SelectOp::create(
        e, arith::CmpFOp::create(e, P::OLT, number, most), number, most);
  }
  Value result;
  int64_t added = offset;
  if (converts) {
    result = callIntrinsic(e, "llvm.lrint", words, number);
  } else {
    constexpr float magic = 0x1.8p23f;
    number = arith::AddFOp::create(e, number, e.floatConstant(magic, floats));
    result = arith::BitcastOp::create(e, words, number);
    added -= llvm::bit_cast<int32_t>(magic);
  }
  if (added)
    result = arith::AddIOp::create(e, result, integer(added));
  if (saturates) {
    result = arith::MaxSIOp::create(e, result, integer(low + offset));
    result = arith::MinSIOp::create(e, result, integer(high + offset));
  }
  return arith::TruncIOp::create(e, typeOf(e.getIntegerType(width)), result);
}
