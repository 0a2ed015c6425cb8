//===- IntegerSelects.h - selects of bf16 by their bits ---------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef EDGECC_CODEGEN_OBJECT_INTEGERSELECTS_H
#define EDGECC_CODEGEN_OBJECT_INTEGERSELECTS_H

namespace llvm {
class Module;
} // namespace llvm

namespace edgecc {

/// LLVM's optimiser moves casts of bits before selects, so that these select
/// numbers of bf16, and its code generators make calls of __truncsfbf2 of them
/// where the CPU has no such numbers. Selects the bits instead.
void selectBits(llvm::Module &module);

} // namespace edgecc

#endif // EDGECC_CODEGEN_OBJECT_INTEGERSELECTS_H
