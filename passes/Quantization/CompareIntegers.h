//===- CompareIntegers.h - warn of integers that are slow -------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
//
// Integers are not faster everywhere; who asks for them hears of it.
//
//===----------------------------------------------------------------------===//

#ifndef EDGECC_PASSES_QUANTIZATION_COMPAREINTEGERS_H
#define EDGECC_PASSES_QUANTIZATION_COMPAREINTEGERS_H

#include "passes/Quantization/Calibrate.h"

#include "mlir/IR/BuiltinOps.h"

namespace edgecc::quantization {

/// Warns at `loc` if `quantised` is predicted to take longer than `real`, the
/// same network without its integers, and names the layer that loses most.
void warnOfSlowIntegers(mlir::ModuleOp quantised, mlir::ModuleOp real,
                        const PriceFn &price, mlir::Location loc);

} // namespace edgecc::quantization

#endif // EDGECC_PASSES_QUANTIZATION_COMPAREINTEGERS_H
