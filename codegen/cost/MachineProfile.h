//===- MachineProfile.h - what a call of machine code executes --*- C++ -*-===//
//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The instructions of an object by blocks, and how often each block runs.
//
//===----------------------------------------------------------------------===//

#ifndef EDGECC_CODEGEN_COST_MACHINEPROFILE_H
#define EDGECC_CODEGEN_COST_MACHINEPROFILE_H

#include "llvm/ADT/StringMap.h"
#include "llvm/MC/MCInst.h"
#include <string>
#include <vector>

namespace edgecc {

/// One basic block of machine code.
struct MachineBlock {
  /// How often it runs in one call of its function.
  double frequency = 0;
  /// How often the next block that runs is itself, of all times.
  double repetition = 0;
  std::vector<llvm::MCInst> instructions;
  /// How many of them read or write memory.
  unsigned accesses = 0;
  /// Whether its frequency is not known, or it holds assembly with branches of
  /// its own.
  bool isOpaque = false;
  /// The functions that it calls, in order.
  std::vector<std::string> callees;
};

/// The blocks of each function.
using MachineProfile = llvm::StringMap<std::vector<MachineBlock>>;

} // namespace edgecc

#endif // EDGECC_CODEGEN_COST_MACHINEPROFILE_H
