//===- Rescale.h - how TOSA scales integers ---------------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
//
// TFLite's roundings as TOSA has them. Both scale by a multiplier of 31 bits
// and a shift; what they round alike and what they do not is decided here, for
// the integers that can occur.
//
//===----------------------------------------------------------------------===//

#ifndef EDGECC_CODEGEN_NPU_ETHOS_U_RESCALE_H
#define EDGECC_CODEGEN_NPU_ETHOS_U_RESCALE_H

#include "passes/Quantization/Averages.h"
#include "passes/Quantization/TfliteArithmetic.h"

namespace edgecc::npu {

/// The operation RESCALE without its zero points.
struct Rescale {
  /// One factor, or one per channel.
  llvm::SmallVector<quantization::tflite::FixedPoint> factors;
  /// DOUBLE_ROUND, which is what TFLite does with a multiplier and a shift.
  bool roundsTwice = false;

  /// Times `2^shift`, exactly.
  static Rescale power(int shift) { return {{{1 << 30, shift + 1}}, false}; }

  /// Whether multipliers and shifts are in the ranges that TOSA allows.
  bool isLegal() const;
  /// Whether TOSA allows to scale `x` by the factor of that channel.
  bool takes(int64_t x, size_t channel) const;
  /// What becomes of `x`, with the factor of one channel.
  int64_t apply(int64_t x, size_t channel = 0) const;
};

/// How a sum of two quantised values is computed.
struct SumOfTwo {
  /// Nothing if TOSA cannot add as TFLite does.
  static std::optional<SumOfTwo> get(mlir::quant::QuantizedType lhs,
                                     mlir::quant::QuantizedType rhs,
                                     mlir::quant::QuantizedType result);

  /// The factors include 2^20. Otherwise they follow an exact multiplication:
  /// some pair of integers needs both roundings.
  bool isDirect;
  Rescale lhs, rhs, result;
};

/// How a product of two quantised values is scaled; nothing if TOSA cannot
/// round as TFLite does.
std::optional<Rescale> rescaleOfProduct(mlir::quant::QuantizedType lhs,
                                        mlir::quant::QuantizedType rhs,
                                        mlir::quant::QuantizedType result);

/// How an average of quantised values is computed.
struct AverageOfWindow {
  /// Nothing if TOSA cannot round as TFLite does.
  static std::optional<AverageOfWindow>
  get(const quantization::Average &average);

  /// The operation AVG_POOL2D gives the same; otherwise it is a convolution
  /// with this weight for all terms.
  bool isPool;
  int64_t weight = 1;
  Rescale rescale;
};

} // namespace edgecc::npu

#endif // EDGECC_CODEGEN_NPU_ETHOS_U_RESCALE_H
