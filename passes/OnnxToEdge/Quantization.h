//===- Quantization.h - quantised values as real numbers --------*- C++ -*-===//
//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Quantised operators are expressed as operations on real numbers between
// `edge.dequantize` and `edge.quantize` where scales and zero points are known.
// Otherwise, and for blocks, the casts are f32 arithmetic: integers of 8 and 16
// bits and their moderate sums are exact there. Operators that give sums of
// products as integers multiply integers.
//
//===----------------------------------------------------------------------===//

#ifndef EDGECC_PASSES_ONNXTOEDGE_QUANTIZATION_H
#define EDGECC_PASSES_ONNXTOEDGE_QUANTIZATION_H

#include "passes/OnnxToEdge/Converters.h"

namespace edgecc {

/// Scale and zero point of a quantised value; the zero point may be null.
struct Quantizer {
  mlir::Value scale;
  mlir::Value zeroPoint;
  /// The dimension along which a list of scales runs.
  int64_t axis = 0;
  /// The elements along `axis` that share a scale, if the scales have the rank
  /// of the value; 0 otherwise.
  int64_t blockSize = 0;
};

/// Where a node has scale and zero point of quantised values.
struct QuantizerOperands {
  unsigned scale;
  std::optional<unsigned> zeroPoint = {};
  /// The operand that they belong to; none if that is a result, which has the
  /// type of the zero point.
  std::optional<unsigned> values = {};
};

/// Emits an error unless the scale is of finite numbers above 0, in blocks also
/// below 0, and the zero point of integers that the values can be; 0 for
/// integers of 32 bits and for floats. What is not known at compile time is
/// taken as it is.
llvm::LogicalResult checkQuantizer(ConversionContext &ctx,
                                   const QuantizerOperands &operands);

/// `convert` for nodes whose quantizers pass this check.
ConvertFn checkingScales(ConvertFn convert,
                         llvm::ArrayRef<QuantizerOperands> quantizers);

/// `parameter` (one number, a list along the axis, or blocks) in f32 and in a
/// shape that broadcasts to `shape`. Emits an error if it does not fit.
llvm::FailureOr<mlir::Value> alignParameter(ConversionContext &ctx,
                                            mlir::Value parameter,
                                            const Quantizer &quantizer,
                                            llvm::ArrayRef<int64_t> shape);

/// The quantised type for integers of type `type` in a tensor of shape `shape`.
/// Null if a parameter is not known at compile time, for blocks, and for what
/// has no such type. Emits an error for an axis that is not there.
llvm::FailureOr<mlir::quant::QuantizedType>
getUniformType(ConversionContext &ctx, mlir::Type type,
               const Quantizer &quantizer, llvm::ArrayRef<int64_t> shape);

/// value - zero point, in f32.
llvm::FailureOr<mlir::Value> subtractZeroPoint(ConversionContext &ctx,
                                               mlir::Value value,
                                               const Quantizer &quantizer);

/// (value - zero point) * scale, in f32.
llvm::FailureOr<mlir::Value> dequantize(ConversionContext &ctx,
                                        mlir::Value value,
                                        const Quantizer &quantizer);

/// round(value / scale) + zero point, saturated to the integer type `type`;
/// ties go to the even number. A null scale counts as one.
llvm::FailureOr<mlir::Value> quantize(ConversionContext &ctx, mlir::Value value,
                                      const Quantizer &quantizer,
                                      mlir::Type type);

/// A value as ui8 with a scale and a zero point that come from its range.
struct DynamicQuantization {
  mlir::Value value, scale, zeroPoint;
};
DynamicQuantization quantizeDynamically(ConversionContext &ctx,
                                        mlir::Value input);

/// The type of a zero point, or ui8 for none.
mlir::Type getQuantizedType(ConversionContext &ctx, mlir::Value zeroPoint);

/// Whether a list of parameters is one number.
inline bool isPerTensor(mlir::Value parameter) {
  return getTensorType(parameter).getNumElements() == 1;
}

} // namespace edgecc

#endif // EDGECC_PASSES_ONNXTOEDGE_QUANTIZATION_H
