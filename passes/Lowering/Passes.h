//===- Passes.h - from loops and vectors to the LLVM dialect ----*- C++ -*-===//
//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef EDGECC_PASSES_LOWERING_PASSES_H
#define EDGECC_PASSES_LOWERING_PASSES_H

#include "mlir/Pass/Pass.h"

namespace edgecc {

#define GEN_PASS_DECL
#include "passes/Lowering/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "passes/Lowering/Passes.h.inc"

} // namespace edgecc

#endif // EDGECC_PASSES_LOWERING_PASSES_H
