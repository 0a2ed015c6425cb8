//===- CpuTable.h - one record per CPU --------------------------*- C++ -*-===//
//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef EDGECC_CODEGEN_CPU_CPUTABLE_H
#define EDGECC_CODEGEN_CPU_CPUTABLE_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"

namespace edgecc {

/// A fact that a record leaves to its base.
inline constexpr int inherit = -1;

/// A row of the table: what LLVM's subtarget does not know about a CPU. What
/// the instruction set can do is never written here; it is read from LLVM.
struct CpuRecord {
  /// The name for `-mcpu=`.
  llvm::StringLiteral name;
  /// The record that facts are inherited from; empty for a root.
  llvm::StringLiteral base;
  /// For names of our own: the triple, LLVM's CPU and the features they stand
  /// for; empty for names that LLVM knows.
  llvm::StringLiteral triple;
  llvm::StringLiteral llvmCpu;
  llvm::StringLiteral features;
  /// Cache sizes in KiB; 0 if there is none.
  int l1dKiB, l2KiB, l3KiB;
  int cacheLineBytes;
  /// Vector multiply-adds started per cycle, cycles to the result, and vector
  /// loads per cycle.
  int fmaPerCycle, fmaLatency, loadsPerCycle;
};

/// All records, roots first.
llvm::ArrayRef<CpuRecord> getCpuRecords();

/// The record of that name, or null.
const CpuRecord *findCpuRecord(llvm::StringRef name);

/// The record with every inherited number filled in.
CpuRecord inheritFacts(const CpuRecord &record);

} // namespace edgecc

#endif // EDGECC_CODEGEN_CPU_CPUTABLE_H
