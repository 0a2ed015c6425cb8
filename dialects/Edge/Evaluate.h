//===- Evaluate.h - constants by compile and run ----------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef EDGECC_DIALECTS_EDGE_EVALUATE_H
#define EDGECC_DIALECTS_EDGE_EVALUATE_H

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/Value.h"

#include <functional>

namespace edgecc {

/// Evaluates values of the edge stage that depend on constants only, one
/// elements attribute per value. Must not change the IR. Fails with or without
/// a diagnostic. The pipeline gives one to the passes that need it.
using EvaluateFn =
    std::function<llvm::FailureOr<llvm::SmallVector<mlir::ElementsAttr>>(
        llvm::ArrayRef<mlir::Value>)>;

} // namespace edgecc

#endif // EDGECC_DIALECTS_EDGE_EVALUATE_H
