//===- TfliteArithmetic.h - TFLite's fixed point as scalar code -*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
//
// What TFLite's reference kernels compute, in integers: a real factor is a
// multiplier of 31 bits and a shift, and a product is rounded after each.
//
//===----------------------------------------------------------------------===//

#ifndef EDGECC_PASSES_QUANTIZATION_TFLITEARITHMETIC_H
#define EDGECC_PASSES_QUANTIZATION_TFLITEARITHMETIC_H

#include "passes/Quantization/Contractions.h"

#include "mlir/IR/ImplicitLocOpBuilder.h"

#include <array>

namespace edgecc::quantization::tflite {

/// The factor `multiplier * 2^(shift - 31)`.
struct FixedPoint {
  /// The nearest one; zero for factors below 2^-32. `factor` is not negative.
  static FixedPoint get(double factor);

  int32_t multiplier;
  int shift;
};

/// The factors of the sums of a contraction: one, or one per channel.
struct SumFactors {
  static SumFactors get(const Contraction &c,
                        mlir::quant::QuantizedType resultType);

  llvm::SmallVector<FixedPoint> perChannel;
  /// A product is rounded once, half away from zero, not after each step.
  bool roundsOnce = false;
  /// Some product that is rounded once lies in the middle of two integers.
  bool hasTies = false;
};

/// The factors of the sum of two quantised values, which are multiplied by
/// 2^headroom first.
struct AdditionFactors {
  static AdditionFactors get(mlir::quant::QuantizedType lhsType,
                             mlir::quant::QuantizedType rhsType,
                             mlir::quant::QuantizedType resultType);

  static constexpr int headroom = 20;
  FixedPoint lhs, rhs, result;
};

/// The factor of the sum of `count` values whose average is taken.
FixedPoint meanFactor(int64_t count, mlir::quant::QuantizedType inputType,
                      mlir::quant::QuantizedType resultType);

/// The factor of the product of two quantised values.
FixedPoint productFactor(mlir::quant::QuantizedType lhsType,
                         mlir::quant::QuantizedType rhsType,
                         mlir::quant::QuantizedType resultType);

/// `x` times the factor: what `emitScaled` computes.
int32_t scale(int32_t x, FixedPoint factor);

/// The product of two numbers of 32 bits, divided by 2^31 and rounded: half
/// goes up.
int32_t multiplyHigh(int32_t x, int32_t y);
mlir::Value emitMultiplyHigh(mlir::ImplicitLocOpBuilder &b, mlir::Value x,
                             mlir::Value y);

/// `x` (i32) times the factor, in i32.
mlir::Value emitScaled(mlir::ImplicitLocOpBuilder &b, mlir::Value x,
                       FixedPoint factor);

/// The same in i64 and rounded once: half goes up. Shifts from 2 to 62 bits.
mlir::Value emitScaledOnce(mlir::ImplicitLocOpBuilder &b, mlir::Value x,
                           FixedPoint factor);

/// `number`, i32 or i64, plus the zero point of `type`, saturated, as its
/// integers.
mlir::Value emitSaturated(mlir::ImplicitLocOpBuilder &b, mlir::Value number,
                          mlir::quant::QuantizedType type);

/// The epilogue of a convolution or product with a quantised result, as
/// `buildEpilogue` of LowerContractions.h.
void buildEpilogue(edge::EpilogueOpInterface op, const Contraction &c,
                   mlir::quant::QuantizedType resultType);

/// The stored integers of the sum of two quantised values.
mlir::Value emitSum(mlir::ImplicitLocOpBuilder &b, mlir::Value lhs,
                    mlir::quant::QuantizedType lhsType, mlir::Value rhs,
                    mlir::quant::QuantizedType rhsType,
                    mlir::quant::QuantizedType resultType);

/// The stored integers of the product of two quantised values.
mlir::Value emitProduct(mlir::ImplicitLocOpBuilder &b, mlir::Value lhs,
                        mlir::quant::QuantizedType lhsType, mlir::Value rhs,
                        mlir::quant::QuantizedType rhsType,
                        mlir::quant::QuantizedType resultType);

/// The average of `count` stored integers from their `sum`, which has the same
/// type.
mlir::Value emitPoolAverage(mlir::ImplicitLocOpBuilder &b, mlir::Value sum,
                            int64_t count, mlir::quant::QuantizedType type);
/// The same by a factor, to another type.
mlir::Value emitMean(mlir::ImplicitLocOpBuilder &b, mlir::Value sum,
                     int64_t count, mlir::quant::QuantizedType inputType,
                     mlir::quant::QuantizedType resultType);

/// Stored integers of a real number: half goes away from zero.
mlir::Value emitQuantized(mlir::ImplicitLocOpBuilder &b, mlir::Value number,
                          mlir::quant::QuantizedType type);

/// Bits above the point of a sum of exponentials.
inline constexpr int sumBits = 12;
/// Where Newton's method begins for one over x, which is from 1/2 to 1:
/// `offset + slope * x`, with 29 bits behind the point.
struct ReciprocalStart {
  int32_t slope, offset;
};
ReciprocalStart reciprocalStart();

/// e^(-d * scale) for d from 0 to 255, times 2^31.
std::array<int32_t, 256> exponentials(double scale);
/// The part of an exponential in a row's sum.
mlir::Value emitSummand(mlir::ImplicitLocOpBuilder &b, mlir::Value exponential);
/// 2^31 divided by a row's sum of such parts, shifted to the left as far as
/// possible.
mlir::Value emitReciprocal(mlir::ImplicitLocOpBuilder &b, mlir::Value sum);
/// Whether bytes of `type` are what TFLite has for a softmax: 1/256, from zero.
bool isShareOfTflite(mlir::quant::QuantizedType type);
/// Bits behind the point of a share that is scaled to another type.
inline constexpr int shareBits = 16;
/// What such a share is multiplied by, and rounded once.
FixedPoint shareFactor(mlir::quant::QuantizedType type);
/// The stored integer of a softmax, as bytes.
mlir::Value emitShare(mlir::ImplicitLocOpBuilder &b, mlir::Value exponential,
                      mlir::Value sum, mlir::Value reciprocal,
                      mlir::quant::QuantizedType type);

} // namespace edgecc::quantization::tflite

#endif // EDGECC_PASSES_QUANTIZATION_TFLITEARITHMETIC_H
