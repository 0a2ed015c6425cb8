//===- MemoryFit.h - choices that fit limits on memory ----------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
//
// Which options to compile with next when a network takes more RAM or flash
// than it may: those that cost least time come first.
//
//===----------------------------------------------------------------------===//

#ifndef EDGECC_COMPILER_API_MEMORYFIT_H
#define EDGECC_COMPILER_API_MEMORYFIT_H

#include "compiler/api/Compiler.h"

namespace edgecc {

class MemoryFit {
public:
  explicit MemoryFit(const CompileOptions &asked);

  /// What to compile with.
  const CompileOptions &getOptions() const { return options; }

  /// Adds what was compiled with these options.
  void add(CompiledModel model);

  /// Whether that is too large and other options, which are set then, are left.
  bool isToTryAgain();

  /// What exceeds the limits least, the first of several.
  CompiledModel takeBest() { return std::move(*best); }

private:
  bool saveRam();
  bool saveFlash();

  MemoryLimits limits;
  CompileOptions options;
  std::optional<CompiledModel> best;
  uint64_t leastExcess = 0;
  /// Of the last one that was added: bytes above the limits, and of arena.
  uint64_t ramExcess = 0, flashExcess = 0, arena = 0;
  /// Of the one whose arena was too large before.
  std::optional<uint64_t> lastArena;
};

} // namespace edgecc

#endif // EDGECC_COMPILER_API_MEMORYFIT_H
