//===- LowerToTosa.h - regions as TOSA --------------------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef EDGECC_CODEGEN_NPU_ETHOS_U_LOWERTOTOSA_H
#define EDGECC_CODEGEN_NPU_ETHOS_U_LOWERTOTOSA_H

#include "codegen/npu/ethos_u/TosaBuilder.h"
#include "dialects/Edge/EdgePlaceOps.h"
#include "passes/Quantization/FixedLayerNorm.h"

#include "mlir/IR/BuiltinOps.h"

namespace edgecc::npu {

/// Why TOSA, or Vela, has nothing for `op`; empty if it has.
std::string checkTosa(mlir::Operation *op);

/// What forms of TOSA depend on.
struct TosaTarget {
  int64_t multipliers;
  /// Whether convolutions of 1x1 that leave columns at the end of rows out have
  /// weights without effect for them. Without, and for other windows, what no
  /// position reaches is cut off first.
  bool keepsWidths;
};

/// A module with a function @main of TOSA 1.0 (pro_int, with DOUBLE_ROUND) that
/// computes the region, with the roundings of `--rounding=tflite`. Every
/// operation in it passes `checkTosa`. The module is of `context`, which has
/// the dialect, and not of the region's. Null, with an error, if
/// `tosa-validate` finds a mistake.
mlir::OwningOpRef<mlir::ModuleOp> lowerToTosa(edge::RegionOp region,
                                              mlir::MLIRContext &context,
                                              const TosaTarget &target);

/// The shares of a row of bytes, as `--rounding=tflite` has them: `x` is of i8
/// and scale `scale`, the result of i8 with the scale of `type` and the zero
/// point `outputZero`.
mlir::Value lowerSoftmax(TosaBuilder &b, mlir::Value x, double scale,
                         mlir::quant::QuantizedType type, int64_t outputZero);

/// A layer normalisation, as `--rounding=tflite` has it: of i8 and to i8, with
/// these zero points.
mlir::Value lowerLayerNorm(TosaBuilder &b, mlir::Value x, int64_t inputZero,
                           const quantization::FixedLayerNorm &norm,
                           int64_t outputZero);

/// The most elements of a row that `lowerSoftmax` takes: larger sums would be
/// shifted by more than 31 bits.
inline constexpr int64_t longestSoftmax = 256;

} // namespace edgecc::npu

#endif // EDGECC_CODEGEN_NPU_ETHOS_U_LOWERTOTOSA_H
