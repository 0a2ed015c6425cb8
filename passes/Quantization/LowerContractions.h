//===- LowerContractions.h - products of integers ---------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef EDGECC_PASSES_QUANTIZATION_LOWERCONTRACTIONS_H
#define EDGECC_PASSES_QUANTIZATION_LOWERCONTRACTIONS_H

#include "passes/Quantization/Contractions.h"

#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace edgecc::quantization {

/// A constant of these integers.
mlir::Value createIntegers(mlir::OpBuilder &builder, mlir::Location loc,
                           llvm::ArrayRef<int64_t> values,
                           mlir::RankedTensorType type);

/// `value` with a border of `low` and `high` elements in its spatial
/// dimensions, all but the first and the last one.
mlir::Value padSpatial(mlir::OpBuilder &builder, mlir::Location loc,
                       mlir::Value value, llvm::ArrayRef<int64_t> low,
                       llvm::ArrayRef<int64_t> high, int64_t filler);

/// `number` (f32) in units of the scale of `type` as its integer: rounded to
/// even, saturated, plus the zero point.
mlir::Value emitRequantized(mlir::ImplicitLocOpBuilder &b, mlir::Value number,
                            mlir::quant::QuantizedType type);

/// The epilogue of `op`, the integer form of `c`: the sum as f32, times a
/// factor per channel, and for a quantised result rounded, saturated and
/// shifted. `resultType` is null for a real result.
void buildEpilogue(edge::EpilogueOpInterface op, const Contraction &c,
                   mlir::quant::QuantizedType resultType);
using BuildEpilogueFn =
    llvm::function_ref<void(edge::EpilogueOpInterface, const Contraction &,
                            mlir::quant::QuantizedType)>;

/// The contraction on stored integers with an epilogue that gives the result:
/// stored integers if the operation's result is quantised, otherwise f32.
/// `input`, `weights` and `bias` (or null) are the stored integers.
mlir::Value lowerContraction(mlir::OpBuilder &builder, const Contraction &c,
                             mlir::Value input, mlir::Value weights,
                             mlir::Value bias,
                             BuildEpilogueFn epilogue = buildEpilogue);

} // namespace edgecc::quantization

#endif // EDGECC_PASSES_QUANTIZATION_LOWERCONTRACTIONS_H
