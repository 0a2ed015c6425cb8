//===- TableForms.h - tables of rows as integers ----------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef EDGECC_PASSES_QUANTIZATION_TABLEFORMS_H
#define EDGECC_PASSES_QUANTIZATION_TABLEFORMS_H

#include "dialects/Edge/EdgeDialect.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace edgecc::quantization {

/// Gathers the rows of known f32 matrices of at least 4,096 numbers
/// (embeddings) from tables of integers of `bits` bits (2, 4 or 8) with a scale
/// of f16 for each `blockSize` numbers of a row, 0 for all. Returns how many
/// there are.
int64_t quantizeTables(mlir::func::FuncOp function, unsigned bits,
                       int64_t blockSize);

} // namespace edgecc::quantization

#endif // EDGECC_PASSES_QUANTIZATION_TABLEFORMS_H
