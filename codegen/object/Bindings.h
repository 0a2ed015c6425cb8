//===- Bindings.h - a network for other languages than C --------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef EDGECC_CODEGEN_OBJECT_BINDINGS_H
#define EDGECC_CODEGEN_OBJECT_BINDINGS_H

#include "codegen/object/ModelInterface.h"

namespace llvm {
class raw_ostream;
} // namespace llvm

namespace edgecc {

/// Writes how a language calls a network; `header` is the name of its C header.
using WriteBinding = void (*)(const ModelInterface &model,
                              llvm::StringRef header, llvm::raw_ostream &os);

/// A language: what --bindings calls it, and how its files end.
struct Binding {
  llvm::StringLiteral language, extension;
  WriteBinding write;
};

/// C++20, whose spans have the sizes of tensors, and Rust without its standard
/// library: arrays of these sizes, and arenas as types with their alignment.
llvm::ArrayRef<Binding> getBindings();

} // namespace edgecc

#endif // EDGECC_CODEGEN_OBJECT_BINDINGS_H
