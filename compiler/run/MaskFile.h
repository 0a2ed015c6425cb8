//===- MaskFile.h - which weights stay, in files ----------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef EDGECC_COMPILER_RUN_MASKFILE_H
#define EDGECC_COMPILER_RUN_MASKFILE_H

#include "passes/Prune/Pruning.h"

namespace edgecc {

/// Reads masks from an .npz file, arrays of bool, bytes or floats by the names
/// of layers. Fails, naming what it found and what it expected, for other
/// types.
llvm::Expected<prune::Masks> readMasks(llvm::StringRef path);

/// Writes masks to an .npz file, as arrays of bool.
llvm::Error writeMasks(llvm::StringRef path, const prune::Masks &masks);

} // namespace edgecc

#endif // EDGECC_COMPILER_RUN_MASKFILE_H
