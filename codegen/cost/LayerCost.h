//===- LayerCost.h - time and energy of a layer -----------------*- C++ -*-===//
//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef EDGECC_CODEGEN_COST_LAYERCOST_H
#define EDGECC_CODEGEN_COST_LAYERCOST_H

#include "codegen/cost/MachineCost.h"
#include "codegen/cost/MemoryTraffic.h"
#include "codegen/cpu/MachineFacts.h"
#include "dialects/Target/TargetDialect.h"

#include <optional>

namespace edgecc {

/// What a layer costs on a machine.
struct LayerCost {
  CodeCost code;
  /// The bytes of its operands that it uses, by where they are.
  MemoryTraffic traffic;
  /// Nothing where the machine, or LLVM's model of it, is not known.
  std::optional<double> microseconds, nanojoules;
  /// The least time that the machine allows, and by what: the multiply-adds
  /// ("compute"), or a level of memory ("l2", "l3", "memory").
  std::optional<double> roofMicroseconds;
  llvm::StringLiteral bound = "";

  /// Operations per byte of operands, two for a multiply-add.
  double getIntensity(int64_t macs) const;
};

/// The cost of code that uses `traffic` for `macs` multiply-adds. `facts` may
/// be null.
LayerCost priceLayer(const CodeCost &code, MemoryTraffic traffic, int64_t macs,
                     target::CpuAttr cpu, const MachineFacts *facts);

} // namespace edgecc

#endif // EDGECC_CODEGEN_COST_LAYERCOST_H
