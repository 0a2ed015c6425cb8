//===- Schedule.h - when and where edge-sim computes ------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
//
// Layers run one after the other, each with all of its tensors and constants in
// the scratchpad. Meanwhile the DMA loads what later layers need.
//
//===----------------------------------------------------------------------===//

#ifndef EDGECC_CODEGEN_NPU_EDGE_SIM_SCHEDULE_H
#define EDGECC_CODEGEN_NPU_EDGE_SIM_SCHEDULE_H

#include "codegen/npu/edge_sim/Layers.h"

#include "llvm/ADT/DenseSet.h"

namespace edgecc::npu::edge_sim {

/// A layer in its place.
struct Stage {
  Layer layer;
  /// Tensors of the region's inputs that are loaded for it.
  llvm::SmallVector<mlir::Value> loads = {};
  /// Where its constants are in the scratchpad.
  int64_t constants = 0;
  /// Its loads begin before this stage computes: itself if it is the first one.
  size_t loadedBefore = 0;
  /// Whether its result leaves the region.
  bool isOutput = false;

  int64_t constantBytes() const {
    return layer.parameterBytes + layer.weightBytes;
  }
};

class Schedule {
public:
  /// Plans operations that break no rule, in the order of `ops`, in which they
  /// can run. Nothing if they need more memory than there is. If
  /// `looksAhead`, loads begin as early as is of use; otherwise one layer
  /// before.
  static std::optional<Schedule> get(llvm::ArrayRef<mlir::Operation *> ops,
                                     const Machine &machine, bool looksAhead);

  /// Whose bytes those of `value` are: casts and reshapes have none of their
  /// own.
  mlir::Value storage(mlir::Value value) const;

  /// Where the bytes of a tensor are in the scratchpad.
  int64_t address(mlir::Value value) const {
    return addresses.lookup(storage(value));
  }

  std::vector<Stage> stages;
  /// Of the scratchpad.
  int64_t bytes = 0;
  /// What the accelerator needs for all of it.
  int64_t cycles = 0;

private:
  Schedule(llvm::ArrayRef<mlir::Operation *> ops, const Machine &machine);

  /// Begins loads that many stages ahead. Whether there is memory for it.
  bool place(size_t distance);
  int64_t predict() const;
  bool isReadOutside(mlir::Value value) const;

  Machine machine;
  llvm::DenseSet<mlir::Operation *> members;
  llvm::DenseMap<mlir::Value, int64_t> addresses;
};

/// The bytes of a tensor.
int64_t bytesOf(mlir::Value value);

} // namespace edgecc::npu::edge_sim

#endif // EDGECC_CODEGEN_NPU_EDGE_SIM_SCHEDULE_H
