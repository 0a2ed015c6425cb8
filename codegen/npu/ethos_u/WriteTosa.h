//===- WriteTosa.h - TOSA as a FlatBuffer -----------------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef EDGECC_CODEGEN_NPU_ETHOS_U_WRITETOSA_H
#define EDGECC_CODEGEN_NPU_ETHOS_U_WRITETOSA_H

#include "mlir/IR/BuiltinOps.h"

#include <vector>

namespace edgecc::npu {

/// The file that has function @main of a module which `lowerToTosa` has made.
/// Inputs are called `input_0`, `input_1` and so on, outputs `output_0`, other
/// values as the operations that make them, with a number.
std::vector<char> writeTosa(mlir::ModuleOp module);

} // namespace edgecc::npu

#endif // EDGECC_CODEGEN_NPU_ETHOS_U_WRITETOSA_H
