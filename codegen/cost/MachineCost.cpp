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
    for (const MachineBlock &block : found->second) {
      CodeCost once;
      once.instructions = block.instructions.size();
      once.isPartial = block.isOpaque;
      for (StringRef callee : block.callees)
        once.add(ofCall(callee));
      total.add(once, block.frequency);
    }
  }
  return known[function] = total;
}
