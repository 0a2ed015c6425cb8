//===- Execute.h - runs a compiled network ----------------------*- C++ -*-===//
//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef EDGECC_COMPILER_RUN_EXECUTE_H
#define EDGECC_COMPILER_RUN_EXECUTE_H

#include "codegen/numpy/Npz.h"
#include "compiler/api/Compiler.h"

namespace edgecc {

/// What a network used of the memory that it was given, in bytes.
struct MemoryUse {
  uint64_t arena = 0, stack = 0;
};

/// How often to run, and where the times go.
struct ExecuteOptions {
  /// 0 runs once, without a word; otherwise that many runs after a warm-up,
  /// with one latency in microseconds per line on `times`. In this process,
  /// runs that were interrupted by another thread are repeated, up to three
  /// times as many as were asked for.
  unsigned reps = 0;
  /// How long the warm-up takes at least, in this process, in microseconds.
  double warmUp = 100000;
  llvm::raw_ostream *times = nullptr;
  /// Run as `runGuarded` does. Only in this process.
  bool guarded = false;
  /// Receives the median time of each layer in microseconds, if the network
  /// was compiled with timers. Only in this process.
  std::vector<double> *layerTimes = nullptr;
  /// The path of our plug-in for QEMU, if it is to count the instructions of a
  /// run and to print their number on `times`. Only on a board or with a runner
  /// that is QEMU's.
  std::string counter;
  /// Receives what the run used of its memory: up to the last byte of the arena
  /// that it changed. Only on a board.
  MemoryUse *memory = nullptr;
  /// Receives the values that the network shows, in the order of its table.
  /// Only on a board or with a runner.
  TensorData *values = nullptr;
};

/// The name that a model must be compiled under for `executeWithRunner`.
inline constexpr llvm::StringLiteral runnerModelName = "network";

/// Runs a network in this process. It must be for this machine.
llvm::Expected<TensorData> executeHere(const CompiledModel &model,
                                       const TensorData &inputs,
                                       const ExecuteOptions &options);

/// Links a static program for the target, with the C compiler of the target's
/// name on the path, and runs it as `runner program ...`. For WebAssembly it is
/// a module and a script, which Node runs.
llvm::Expected<TensorData> executeWithRunner(const CompiledModel &model,
                                             llvm::StringRef runner,
                                             const TensorData &inputs,
                                             const ExecuteOptions &options);

} // namespace edgecc

#endif // EDGECC_COMPILER_RUN_EXECUTE_H
