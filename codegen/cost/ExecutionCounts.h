//===- ExecutionCounts.h - how often code runs ------------------*- C++ -*-===//
//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The shapes of a network are constants, so the control flow of its kernels
// is too: how often each branch goes each way is known when a kernel is
// compiled. It is found by running what decides the branches, and nothing
// else.
//
//===----------------------------------------------------------------------===//

#ifndef EDGECC_CODEGEN_COST_EXECUTIONCOUNTS_H
#define EDGECC_CODEGEN_COST_EXECUTIONCOUNTS_H

#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/StringRef.h"
#include <optional>

namespace llvm {
class BasicBlock;
class Function;
class Instruction;
class Module;
} // namespace llvm

namespace edgecc {

/// How often things happen in one call of a function.
struct ExecutionCounts {
  llvm::DenseMap<const llvm::BasicBlock *, double> blocks;
  /// By the block that is left and the index of its successor.
  llvm::DenseMap<std::pair<const llvm::BasicBlock *, unsigned>, double> edges;
  /// Branches on data, which go each way in turn; all else is exact where there
  /// are none.
  llvm::DenseSet<const llvm::Instruction *> guessed;
  /// Whether one of these ends a loop, so that counts may be off by far.
  bool hasUnknownLoops = false;
};

/// Counts for one call of `function`, whose arguments are not known. Nothing if
/// that takes too long.
std::optional<ExecutionCounts> countExecutions(llvm::Function &function);

/// The attribute of functions in LLVM IR of which counts may be off by far.
inline constexpr llvm::StringLiteral unknownLoopsAttr = "edgecc-unknown-loops";

/// Writes the counts of the functions of a module as branch weights, from which
/// the code generator has the frequency of machine blocks.
void setBranchWeights(llvm::Module &module);

} // namespace edgecc

#endif // EDGECC_CODEGEN_COST_EXECUTIONCOUNTS_H
