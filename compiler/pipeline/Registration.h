//===- Registration.h - all dialects and passes -----------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef EDGECC_COMPILER_PIPELINE_REGISTRATION_H
#define EDGECC_COMPILER_PIPELINE_REGISTRATION_H

#include "mlir/IR/DialectRegistry.h"

namespace edgecc {

/// Every dialect that the compiler uses, with the interfaces attached to them.
void registerDialects(mlir::DialectRegistry &registry);

/// Every pass, ours and those of MLIR that the stages use, under its name.
void registerPasses();

} // namespace edgecc

#endif // EDGECC_COMPILER_PIPELINE_REGISTRATION_H
