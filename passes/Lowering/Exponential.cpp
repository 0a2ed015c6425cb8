//===- Exponential.cpp - powers of e within limits --------------*- C++ -*-===//
//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Lowering/Exponential.h"

using namespace mlir;
using namespace edgecc;

namespace {
/// The parts of e^x = 2^n e^r.
struct PowerOfE {
  /// e^r - 1
  Value fraction;
  /// n as what it adds to the bits of a number.
  Value exponent;
};
} // namespace

static PowerOfE splitExponential(FloatBuilder &b, Value x, Value rest) {
  // The sum has no bits for a fraction; n stands in its low bits, and those
  // above them leave with the shift.
  Value magic = b.constant(0x1.8p23);
  Value shifted = b.fma(x, b.constant(0x1.715476p0), magic);
  Value rounded = b.sub(shifted, magic);
  Value r = b.fma(rounded, b.constant(-0.693359375), x);
  Value low = b.constant(2.12194440e-4);
  r = rest ? b.add(r, b.fma(rounded, low, rest)) : b.fma(rounded, low, r);
  Value p = b.poly(r, {1.3814221602e-3, 8.3688991144e-3, 4.1668403894e-2,
                       1.6666519642e-1, 4.9999994040e-1});
  return {b.fma(b.mul(r, r), p, r),
          arith::ShLIOp::create(b, b.toBits(shifted), b.intConstant(23))};
}

Value edgecc::exponentialBits(FloatBuilder &b, Value x, Value rest) {
  auto [fraction, exponent] = splitExponential(b, x, rest);
  Value power = b.add(fraction, b.constant(1));
  return arith::AddIOp::create(b, b.toBits(power), exponent);
}

Value edgecc::timesExponential(FloatBuilder &b, Value value, Value x,
                               Value rest) {
  auto [fraction, exponent] = splitExponential(b, x, rest);
  Value product = b.fma(value, fraction, value);
  return b.fromBits(arith::AddIOp::create(b, b.toBits(product), exponent));
}

Value edgecc::exponentialNear(FloatBuilder &b, Value x, Value rest) {
  return b.fromBits(exponentialBits(b, x, rest));
}

Value edgecc::onePlusExponential(FloatBuilder &b, Value x) {
  return b.add(exponentialNear(b, b.neg(b.clamp(x, -88, 88))), b.constant(1));
}
