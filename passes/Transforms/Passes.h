//===- Passes.h - passes that simplify edge operations ----------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef EDGECC_PASSES_TRANSFORMS_PASSES_H
#define EDGECC_PASSES_TRANSFORMS_PASSES_H

#include "dialects/Edge/EdgeDialect.h"
#include "dialects/Edge/Evaluate.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/Pass.h"

namespace edgecc::transforms {

/// Makes the pass `edgecc-fold-constants`.
std::unique_ptr<mlir::Pass> createFoldConstantsPass(EvaluateFn evaluate = {});

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "passes/Transforms/Passes.h.inc"

} // namespace edgecc::transforms

#endif // EDGECC_PASSES_TRANSFORMS_PASSES_H
