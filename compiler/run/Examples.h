//===- Examples.h - examples of inputs from files ---------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef EDGECC_COMPILER_RUN_EXAMPLES_H
#define EDGECC_COMPILER_RUN_EXAMPLES_H

#include "codegen/numpy/Npz.h"
#include "compiler/run/Images.h"

namespace edgecc {

/// Reads examples for a network from an .npz file, as `readNpzExamples` does,
/// or from all files of a folder in the order of their names: .npz files and,
/// for networks of one input, pictures. Files whose names begin with a dot are
/// passed over. Fails, naming the file, if one cannot be read or is of another
/// kind, or if only some have labels or groups.
llvm::Expected<Examples> readExamples(llvm::StringRef path,
                                      llvm::ArrayRef<TensorInterface> inputs,
                                      const ImageRules &rules);

} // namespace edgecc

#endif // EDGECC_COMPILER_RUN_EXAMPLES_H
