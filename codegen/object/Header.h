//===- Header.h - the C header of a network ---------------------*- C++ -*-===//
//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef EDGECC_CODEGEN_OBJECT_HEADER_H
#define EDGECC_CODEGEN_OBJECT_HEADER_H

#include "codegen/object/ModelInterface.h"

namespace llvm {
class raw_ostream;
} // namespace llvm

namespace edgecc {

/// Writes the header: clean C99 and C++, self-contained, with an example in a
/// comment. `fileName` is the name under which the example includes it.
void writeHeader(const ModelInterface &model, llvm::StringRef fileName,
                 llvm::raw_ostream &os);

/// The parts of a C program that runs a network.
struct ExampleProgram {
  /// Declarations of the arena and of a buffer for each input and output.
  std::string buffers;
  /// Statements that put something into the inputs.
  std::string fill;
  /// The call that runs it, an expression.
  std::string call;
};
ExampleProgram makeExample(const ModelInterface &model);

} // namespace edgecc

#endif // EDGECC_CODEGEN_OBJECT_HEADER_H
