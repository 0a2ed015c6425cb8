//===- IntegerMaps.h - what functions of integers are made of ---*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef EDGECC_PASSES_QUANTIZATION_INTEGERMAPS_H
#define EDGECC_PASSES_QUANTIZATION_INTEGERMAPS_H

#include "passes/Quantization/Parameters.h"

#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace edgecc::quantization {

using EmitFn = llvm::function_ref<mlir::Value(mlir::ImplicitLocOpBuilder &,
                                              mlir::ValueRange)>;

/// The map of `inputs` to elements of `type`.
mlir::Value createMap(mlir::OpBuilder &builder, mlir::Location loc,
                      mlir::ValueRange inputs, mlir::RankedTensorType type,
                      EmitFn emit);

/// The integer `x` of `type`, 32 bits wide, less the zero point.
mlir::Value emitCentred(mlir::ImplicitLocOpBuilder &b, mlir::Value x,
                        mlir::quant::QuantizedType type);

/// For each element of `source`, bytes, what `table` (256 numbers) has for its
/// distance from the largest one along `axis`.
mlir::Value lookUpDistances(mlir::OpBuilder &builder, mlir::Location loc,
                            mlir::Value source, int64_t axis,
                            llvm::ArrayRef<int32_t> table);

} // namespace edgecc::quantization

#endif // EDGECC_PASSES_QUANTIZATION_INTEGERMAPS_H
