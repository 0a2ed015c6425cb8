//===- Costs.h - whether a region is worth a call ---------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef EDGECC_CODEGEN_NPU_COSTS_H
#define EDGECC_CODEGEN_NPU_COSTS_H

#include "codegen/npu/FieldReader.h"

#include "mlir/IR/Operation.h"

namespace edgecc::npu {

/// What calls cost, in cycles of the NPU.
struct CallCosts {
  /// Of the call itself.
  double launchCycles = 0;
  /// Multiply-accumulates of the CPU, or other results. No comparison if that
  /// is 0.
  double cpuMacsPerCycle = 0;
  /// Values that the CPU quantises, dequantises or transposes where they come
  /// from or go to the NPU, in a pass that it would not need if it computed
  /// what is next to it. No weight if that is 0.
  double cpuValuesPerCycle = 0;

  /// Reads them from the object `costs` of a description.
  void read(FieldReader &fields);
};

/// The bytes of a tensor of integers, which may be quantised.
int64_t storedBytes(mlir::Value tensor);

/// What a region hands over.
struct RegionBorder {
  /// Of the tensors that come in and go out.
  int64_t bytes = 0;
  /// The values among them that the CPU converts.
  int64_t converted = 0;
};

RegionBorder findBorder(llvm::ArrayRef<mlir::Operation *> ops);

/// The bytes of the constants that `ops` read.
int64_t bytesOfConstants(llvm::ArrayRef<mlir::Operation *> ops);

/// Multiply-accumulates, and results of operations that have none.
double countWork(llvm::ArrayRef<mlir::Operation *> ops);

/// What the NPU takes for a region, without the call.
struct RegionCycles {
  double compute = 0, transfer = 0;
};

/// The sentence that says that the CPU takes no longer for `ops`; empty if it
/// does.
std::string compareWithCpu(llvm::ArrayRef<mlir::Operation *> ops,
                           const RegionCycles &cycles, const CallCosts &costs);

} // namespace edgecc::npu

#endif // EDGECC_CODEGEN_NPU_COSTS_H
