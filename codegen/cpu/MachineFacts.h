//===- MachineFacts.h - how fast machines are -------------------*- C++ -*-===//
//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef EDGECC_CODEGEN_CPU_MACHINEFACTS_H
#define EDGECC_CODEGEN_CPU_MACHINEFACTS_H

#include "llvm/ADT/StringRef.h"

namespace edgecc {

/// Facts about a machine with some CPU that no instruction depends on, for
/// predictions of time and energy. 0 stands for what is not known.
struct MachineFacts {
  llvm::StringLiteral cpu;
  /// The clock under load.
  double gigahertz;
  /// What one core reads from caches, and from memory behind them. Memory
  /// without caches before it costs no time of its own.
  double l2BytesPerCycle, l3BytesPerCycle, memoryGigabytesPerSecond;
  /// Picojoules of one core for a cycle, caches included.
  double picojoulesPerCycle;
  /// Picojoules to read or write a byte of memory outside of the chip.
  double picojoulesPerMemoryByte;
};

/// The facts of a typical machine with that CPU, or null.
/// docs/rationale/cost.md has the sources.
const MachineFacts *findMachineFacts(llvm::StringRef cpu);

} // namespace edgecc

#endif // EDGECC_CODEGEN_CPU_MACHINEFACTS_H
