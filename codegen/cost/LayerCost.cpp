//===- LayerCost.cpp - time and energy of a layer ---------------*- C++ -*-===//
//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "codegen/cost/LayerCost.h"

#include "mlir/IR/BuiltinTypes.h"

using namespace edgecc;

double LayerCost::getIntensity(int64_t macs) const {
  double bytes = traffic.total();
  return bytes > 0 ? 2 * macs / bytes : 0;
}

/// Cycles for so many bytes; none if it is not known how fast they come.
static double countCycles(double bytes, double bytesPerCycle) {
  return bytesPerCycle > 0 ? bytes / bytesPerCycle : 0;
}

LayerCost edgecc::priceLayer(const CodeCost &code, MemoryTraffic traffic,
                             int64_t macs, target::CpuAttr cpu,
                             const MachineFacts *facts) {
  // Code that accesses less than its operands does not use all of them.
  constexpr double widestAccess = 64;
  // How much of the shorter one of computing and reading the last cache is seen
  // beside the longer one; measured.
  constexpr double visible = 0.7;

  LayerCost cost;
  cost.code = code;
  double share =
      traffic.total() > 0
          ? std::min(1.0, code.accesses * widestAccess / traffic.total())
          : 1;
  for (double *bytes : {&traffic.l1, &traffic.l2, &traffic.l3, &traffic.memory})
    *bytes *= share;
  cost.traffic = traffic;
  if (!facts || code.cycles == 0)
    return cost;

  double l2 = countCycles(traffic.l2, facts->l2BytesPerCycle);
  double l3 = countCycles(traffic.l3, facts->l3BytesPerCycle);
  double memory = countCycles(traffic.memory, facts->memoryGigabytesPerSecond /
                                                  facts->gigahertz);
  double cycles = std::max(code.cycles, l2 + l3) +
                  visible * std::min(code.cycles, l3) + memory;
  double perMicrosecond = facts->gigahertz * 1e3;
  cost.microseconds = cycles / perMicrosecond;
  if (facts->picojoulesPerCycle > 0)
    cost.nanojoules = (cycles * facts->picojoulesPerCycle +
                       traffic.memory * facts->picojoulesPerMemoryByte) /
                      1e3;

  unsigned lanes = cpu.getLanes(mlir::Float32Type::get(cpu.getContext()));
  // Integers may be faster than what is known of f32.
  double compute =
      std::min(double(macs) / (cpu.getFmaPerCycle() * lanes), code.cycles);
  double roof = compute;
  cost.bound = "compute";
  auto limit = [&](double cycles, llvm::StringLiteral level) {
    if (cycles <= roof)
      return;
    roof = cycles;
    cost.bound = level;
  };
  limit(l2, "l2");
  limit(l3, "l3");
  limit(memory, "memory");
  cost.roofMicroseconds = roof / perMicrosecond;
  return cost;
}
