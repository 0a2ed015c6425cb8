//===- Passes.h - passes for sizes of run time ------------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef EDGECC_PASSES_BOUNDS_PASSES_H
#define EDGECC_PASSES_BOUNDS_PASSES_H

#include "dialects/Edge/EdgeDialect.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/Pass.h"

namespace edgecc::bounds {

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "passes/Bounds/Passes.h.inc"

} // namespace edgecc::bounds

#endif // EDGECC_PASSES_BOUNDS_PASSES_H
