//===- MachineCost.cpp - what machine code costs ----------------*- C++ -*-===//
//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "codegen/cost/MachineCost.h"

using namespace llvm;
using namespace edgecc;

const CodeCost &MachineCost::ofCall(StringRef function) {
  auto [place, isNew] = known.try_emplace(function);
  if (!isNew)
    return place->second;
  CodeCost total;
  auto found = profile.find(function);
  if (found != profile.end()) {
    const std::vector<MachineBlock> &blocks = found->second;
    SmallVector<CodeCost> costs(blocks.size());
    if (model)
      countCycles(blocks, costs);
    for (auto [block, cost] : zip(blocks, costs)) {
      cost.instructions = block.instructions.size();
      cost.accesses = block.accesses;
      cost.isPartial = block.isOpaque;
      for (StringRef callee : block.callees)
        cost.add(ofCall(callee));
      total.add(cost, block.frequency);
    }
  }
  return known[function] = total;
}

void MachineCost::countCycles(ArrayRef<MachineBlock> blocks,
                              MutableArrayRef<CodeCost> costs) {
  // What takes less than this part of the instructions is not simulated.
  constexpr double rare = 0.002;
  // Loops that run more often end with a branch that nobody expects.
  constexpr double longLoop = 32;
  double all = 0;
  for (const MachineBlock &block : blocks)
    all += block.frequency * block.instructions.size();
  model->beginFunction();
  for (auto [block, cost] : zip(blocks, costs)) {
    bool isRare = block.frequency * block.instructions.size() < rare * all;
    cost.cycles = isRare ? model->bound(block.instructions)
                         : model->simulate(block.instructions);
    double ends = 1 - block.repetition;
    if (ends * longLoop < 1)
      cost.cycles += ends * model->getMispredictPenalty();
  }
}
