//===- Passes.h - passes that choose layouts --------------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef EDGECC_PASSES_LAYOUT_PASSES_H
#define EDGECC_PASSES_LAYOUT_PASSES_H

#include "dialects/Edge/EdgeDialect.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/Pass.h"

namespace edgecc::layout {

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "passes/Layout/Passes.h.inc"

} // namespace edgecc::layout

#endif // EDGECC_PASSES_LAYOUT_PASSES_H
