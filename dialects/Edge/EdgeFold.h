//===- EdgeFold.h - folding of elementwise operations -----------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef EDGECC_DIALECTS_EDGE_EDGEFOLD_H
#define EDGECC_DIALECTS_EDGE_EDGEFOLD_H

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/Dialect.h"

namespace edgecc::edge {

/// Constants of up to this many elements are folded one element at a time.
/// Larger ones wait for the pass that compiles and runs constant parts.
inline constexpr int64_t maxFoldedElements = 256;

/// Whether `value` is computed from constants only.
bool isKnown(mlir::Value value);

/// The folder for all elementwise operations of the dialect.
std::unique_ptr<mlir::DialectInterface>
makeFoldInterface(mlir::Dialect *dialect);

/// The constant of `type` whose element `i` is element `source(i)` of `input`
/// (row-major positions); null if `input` is no constant.
mlir::ElementsAttr
foldMovement(mlir::Attribute input, mlir::RankedTensorType type,
             llvm::function_ref<int64_t(llvm::ArrayRef<int64_t>)> source);

} // namespace edgecc::edge

#endif // EDGECC_DIALECTS_EDGE_EDGEFOLD_H
