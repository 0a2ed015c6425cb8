//===- Kit.h - networks for the build systems of firmware -------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
//
// A kit is a folder that a build system or an IDE takes as a library: the
// network as a static library, its header, the files of that system, an example
// and a page that says how to use it.
//
//===----------------------------------------------------------------------===//

#ifndef EDGECC_COMPILER_KIT_KIT_H
#define EDGECC_COMPILER_KIT_KIT_H

#include "compiler/api/Compiler.h"

namespace edgecc {

/// The names of all systems that there are kits for.
std::vector<llvm::StringRef> kitNames();

/// Writes the kit of that name into `folder`, which is made if it is missing.
/// Fails for networks that the system cannot take.
llvm::Error writeKit(const CompiledModel &model, llvm::StringRef kit,
                     llvm::StringRef folder);

} // namespace edgecc

#endif // EDGECC_COMPILER_KIT_KIT_H
