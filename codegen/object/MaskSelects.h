//===- MaskSelects.h - selects without branches -----------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef EDGECC_CODEGEN_OBJECT_MASKSELECTS_H
#define EDGECC_CODEGEN_OBJECT_MASKSELECTS_H

namespace llvm {
class Module;
class TargetMachine;
} // namespace llvm

namespace edgecc {

/// LLVM makes branches of scalar selects, extrema and comparisons where there
/// is no instruction for them, so that the number of executed instructions
/// depends on the data. Computes them with masks on such machines: Thumb
/// without IT, and RISC-V without Zicond.
void selectByMasks(llvm::Module &module, const llvm::TargetMachine &machine);

} // namespace edgecc

#endif // EDGECC_CODEGEN_OBJECT_MASKSELECTS_H
