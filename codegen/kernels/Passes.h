//===- Passes.h - from operations to kernels --------------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef EDGECC_CODEGEN_KERNELS_PASSES_H
#define EDGECC_CODEGEN_KERNELS_PASSES_H

#include "dialects/Target/TargetDialect.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/Pass.h"

namespace edgecc::kernels {

/// The CPU that `module` is compiled for; null, after an error, if it says
/// nothing of one.
target::CpuAttr requireCpu(mlir::ModuleOp module);

#define GEN_PASS_DECL
#include "codegen/kernels/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "codegen/kernels/Passes.h.inc"

} // namespace edgecc::kernels

#endif // EDGECC_CODEGEN_KERNELS_PASSES_H
