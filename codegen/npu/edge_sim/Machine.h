//===- Machine.h - an edge-sim accelerator ----------------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef EDGECC_CODEGEN_NPU_EDGE_SIM_MACHINE_H
#define EDGECC_CODEGEN_NPU_EDGE_SIM_MACHINE_H

#include "codegen/npu/Costs.h"

#include "llvm/Support/Error.h"

#include <string>

namespace edgecc::npu::edge_sim {

/// Sizes and times of an accelerator; docs/howto/edge-sim.md has the fields of
/// the file that they come from.
struct Machine {
  std::string name;
  /// Of the array: pixels, channels of the result, and factors of a sum that it
  /// multiplies in a cycle.
  int64_t rows = 0, columns = 0, depth = 0;
  int64_t arrayStartCycles = 0;
  /// Results of the vector unit in a cycle.
  int64_t lanes = 0;
  int64_t vectorStartCycles = 0;
  int64_t scratchpadBytes = 0;
  int64_t dmaBytesPerCycle = 0, dmaStartCycles = 0;
  CallCosts costs;

  /// The cycles that the DMA needs for one transfer.
  int64_t transferCycles(int64_t bytes) const;

  /// Reads a description. The error names the field, what was found and what
  /// was expected.
  static llvm::Expected<Machine> parse(llvm::StringRef text);
};

} // namespace edgecc::npu::edge_sim

#endif // EDGECC_CODEGEN_NPU_EDGE_SIM_MACHINE_H
