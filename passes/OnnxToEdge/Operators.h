//===- Operators.h - the operators that have converters ---------*- C++ -*-===//
//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef EDGECC_PASSES_ONNXTOEDGE_OPERATORS_H
#define EDGECC_PASSES_ONNXTOEDGE_OPERATORS_H

#include "llvm/Support/raw_ostream.h"

namespace edgecc {

/// Prints a line for each operator that has a converter: its domain, its name,
/// and the versions of it that are understood, as "7-" or "7-12".
void printOperators(llvm::raw_ostream &os);

} // namespace edgecc

#endif // EDGECC_PASSES_ONNXTOEDGE_OPERATORS_H
