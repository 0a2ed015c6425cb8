//===- Rescale.cpp - how TOSA scales integers -------------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "codegen/npu/ethos_u/Rescale.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace edgecc;
using namespace edgecc::edge;
using namespace edgecc::npu;
using namespace edgecc::quantization;
using tflite::FixedPoint;

bool Rescale::isLegal() const {
  return llvm::all_of(factors, [](FixedPoint factor) {
    int shift = 31 - factor.shift;
    return factor.multiplier >= 0 && shift >= 2 && shift <= 62;
  });
}

bool Rescale::takes(int64_t x, size_t channel) const {
  int64_t limit = int64_t(1) << (30 - factors[channel].shift);
  return x >= -limit && x < limit;
}

int64_t Rescale::apply(int64_t x, size_t channel) const {
  FixedPoint factor = factors[channel];
  int shift = 31 - factor.shift;
  int64_t round = int64_t(1) << (shift - 1);
  if (roundsTwice && shift > 31)
    round += x >= 0 ? int64_t(1) << 30 : -(int64_t(1) << 30);
  return (x * factor.multiplier + round) >> shift;
}

static int64_t saturate(int64_t number, const Parameters &p) {
  return std::clamp(number, p.least - p.zeroPoint(), p.most - p.zeroPoint());
}

//===----------------------------------------------------------------------===//
// Sums of two values
//===----------------------------------------------------------------------===//

std::optional<SumOfTwo> SumOfTwo::get(quant::QuantizedType lhsType,
                                      quant::QuantizedType rhsType,
                                      quant::QuantizedType resultType) {
  auto factors = tflite::AdditionFactors::get(lhsType, rhsType, resultType);
  constexpr int headroom = tflite::AdditionFactors::headroom;
  auto withHeadroom = [](FixedPoint factor) {
    return Rescale{{{factor.multiplier, factor.shift + headroom}}, true};
  };
  SumOfTwo direct{true, withHeadroom(factors.lhs), withHeadroom(factors.rhs),
                  Rescale{{factors.result}, true}};
  Parameters lhs(lhsType), rhs(rhsType), result(resultType);
  // All pairs of integers.
  auto terms = [](const Parameters &p, const Rescale &rescale,
                  FixedPoint factor) {
    SmallVector<std::pair<int64_t, int32_t>> pairs;
    for (int64_t q = p.least; q <= p.most; ++q) {
      auto centred = int32_t(q - p.zeroPoint());
      pairs.push_back({rescale.apply(centred),
                       tflite::scale(centred * (1 << headroom), factor)});
    }
    return pairs;
  };
  auto agrees = [&] {
    auto right = terms(rhs, direct.rhs, factors.rhs);
    for (auto [a, exactA] : terms(lhs, direct.lhs, factors.lhs))
      for (auto [b, exactB] : right)
        if (saturate(direct.result.apply(a + b), result) !=
            saturate(tflite::scale(exactA + exactB, factors.result), result))
          return false;
    return true;
  };
  bool isLegal = direct.lhs.isLegal() && direct.rhs.isLegal();
  if (isLegal && direct.result.isLegal() && agrees())
    return direct;
  SumOfTwo exact{false, Rescale{{factors.lhs}, true},
                 Rescale{{factors.rhs}, true}, direct.result};
  if (exact.lhs.isLegal() && exact.rhs.isLegal() && exact.result.isLegal())
    return exact;
  return std::nullopt;
}

//===----------------------------------------------------------------------===//
// Products of two values
//===----------------------------------------------------------------------===//

std::optional<Rescale> npu::rescaleOfProduct(quant::QuantizedType lhs,
                                             quant::QuantizedType rhs,
                                             quant::QuantizedType result) {
  FixedPoint factor = tflite::productFactor(lhs, rhs, result);
  Rescale rescale{{factor}, true};
  // What two bytes give at most.
  constexpr int32_t most = 255 * 255;
  if (!rescale.isLegal() || !rescale.takes(-most, 0) || !rescale.takes(most, 0))
    return std::nullopt;
  for (int32_t product = -most; product <= most; ++product)
    if (rescale.apply(product) != tflite::scale(product, factor))
      return std::nullopt;
  return rescale;
}

//===----------------------------------------------------------------------===//
// Averages
//===----------------------------------------------------------------------===//

/// What AVG_POOL2D makes of a sum of `count` terms.
static int64_t averageOfPool(int64_t sum, int64_t count) {
  int k = 32 - int(llvm::countl_zero(uint32_t(count - 1)));
  int64_t multiplier = (((int64_t(1) << 30) + 1) << k) / count;
  int shift = 30 + k;
  return (sum * multiplier + (int64_t(1) << (shift - 1))) >> shift;
}

/// What TFLite makes of it: half goes away from zero.
static int64_t averageOfTflite(int64_t sum, int64_t count) {
  return (sum > 0 ? sum + count / 2 : sum - count / 2) / count;
}

std::optional<AverageOfWindow> AverageOfWindow::get(const Average &average) {
  int64_t count = average.count;
  quant::QuantizedType from = average.inputType();
  quant::QuantizedType to = average.typeOfRaised();
  if (isa<ReduceOp>(average.sum)) {
    AverageOfWindow mean{
        false, 1, {{tflite::meanFactor(count, from, to)}, true}};
    return mean.rescale.isLegal() ? std::optional(mean) : std::nullopt;
  }
  if (from != to)
    return std::nullopt;
  // TOSA has integers of 0 to 255 less 128.
  int64_t shift = from.isSigned() ? 0 : 128;
  auto agrees = [&](llvm::function_ref<int64_t(int64_t)> compute) {
    for (int64_t sum = -128 * count; sum <= 127 * count; ++sum)
      if (compute(sum) != averageOfTflite(sum + shift * count, count) - shift)
        return false;
    return true;
  };
  if (agrees([&](int64_t sum) { return averageOfPool(sum, count); }))
    return AverageOfWindow{true, 1, {}};
  // Larger sums, of which the first rounding takes nothing.
  constexpr int64_t weight = 64;
  for (bool roundsTwice : {true, false}) {
    Rescale rescale{{FixedPoint::get(1.0 / double(count * weight))},
                    roundsTwice};
    if (rescale.isLegal() &&
        agrees([&](int64_t sum) { return rescale.apply(sum * weight); }))
      return AverageOfWindow{false, weight, rescale};
  }
  return std::nullopt;
}
