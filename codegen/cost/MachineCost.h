//===- MachineCost.h - what machine code costs ------------------*- C++ -*-===//
//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef EDGECC_CODEGEN_COST_MACHINECOST_H
#define EDGECC_CODEGEN_COST_MACHINECOST_H

#include "codegen/cost/CycleModel.h"
#include "codegen/cost/MachineProfile.h"

namespace edgecc {

/// What running some code costs.
struct CodeCost {
  /// Instructions that are executed.
  double instructions = 0;
  /// Instructions that read or write memory.
  double accesses = 0;
  /// Cycles of the core, if all data were in its first cache; 0 if LLVM has no
  /// model of the CPU.
  double cycles = 0;

  /// Whether some of the code is not known, and the numbers are too low.
  bool isPartial = false;

  /// Adds `times` runs of other code.
  void add(const CodeCost &other, double times = 1) {
    instructions += times * other.instructions;
    accesses += times * other.accesses;
    cycles += times * other.cycles;
    isPartial |= other.isPartial;
  }
};

/// Prices functions of a profile, with those that they call.
class MachineCost {
public:
  /// Without a `model` no cycles are known.
  MachineCost(const MachineProfile &profile, CycleModel *model)
      : profile(profile), model(model) {}

  /// The cost of one call. Functions that the profile does not have cost
  /// nothing, and a function that is called by itself nothing more.
  const CodeCost &ofCall(llvm::StringRef function);

private:
  /// Sets the cycles of the blocks of a function.
  void countCycles(llvm::ArrayRef<MachineBlock> blocks,
                   llvm::MutableArrayRef<CodeCost> costs);

  const MachineProfile &profile;
  CycleModel *model;
  llvm::StringMap<CodeCost> known;
};

} // namespace edgecc

#endif // EDGECC_CODEGEN_COST_MACHINECOST_H
