//===- WriteProgram.h - command streams of edge-sim -------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef EDGECC_CODEGEN_NPU_EDGE_SIM_WRITEPROGRAM_H
#define EDGECC_CODEGEN_NPU_EDGE_SIM_WRITEPROGRAM_H

#include "codegen/npu/Npu.h"
#include "codegen/npu/edge_sim/Machine.h"

namespace edgecc::npu::edge_sim {

/// Writes a region, whose operations break no rule and have room in the
/// scratchpad, as runtime/schema/edge_sim.fbs has it.
llvm::FailureOr<Program> writeProgram(edge::RegionOp region,
                                      const Machine &machine);

} // namespace edgecc::npu::edge_sim

#endif // EDGECC_CODEGEN_NPU_EDGE_SIM_WRITEPROGRAM_H
