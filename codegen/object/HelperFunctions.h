//===- HelperFunctions.h - what code generators call ------------*- C++ -*-===//
//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Where a target has no instruction, LLVM calls a function of the compiler's
// run-time library or of libc. An object has neither, so it carries its own:
// the C sources in rt/, which edgecc's build compiles to neutral bitcode.
//
//===----------------------------------------------------------------------===//

#ifndef EDGECC_CODEGEN_OBJECT_HELPERFUNCTIONS_H
#define EDGECC_CODEGEN_OBJECT_HELPERFUNCTIONS_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/Error.h"
#include <string>

namespace llvm {
class Module;
} // namespace llvm

namespace edgecc {

/// Links the functions named in `symbols`, and what those call, into `module`
/// as internal functions that survive without a visible use. Returns how many
/// were found; fails only if our own bitcode is broken.
llvm::Expected<unsigned>
linkHelperFunctions(llvm::Module &module, llvm::ArrayRef<std::string> symbols);

} // namespace edgecc

#endif // EDGECC_CODEGEN_OBJECT_HELPERFUNCTIONS_H
