//===- Schedule.h - when and where edge-sim computes ------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
//
// Layers run one after the other, each with all of its tensors and constants in
// the scratchpad, while the DMA loads what later layers need. A layer that is
// too large for that runs in tiles: bands of rows, and blocks of channels.
//
//===----------------------------------------------------------------------===//

#ifndef EDGECC_CODEGEN_NPU_EDGE_SIM_SCHEDULE_H
#define EDGECC_CODEGEN_NPU_EDGE_SIM_SCHEDULE_H

#include "codegen/npu/edge_sim/Layers.h"

#include "llvm/ADT/DenseSet.h"

namespace edgecc::npu::edge_sim {

/// Bytes that the DMA moves between memory and the scratchpad.
struct Transfer {
  schema::Memory memory;
  /// Which tensor it is; null for constants, which are the layer's.
  mlir::Value tensor;
  /// Where in the tensor or the constants, and where in the scratchpad.
  int64_t offset, address;
  int64_t bytes;
};

/// A layer, or a tile of one.
struct Stage {
  size_t layer;
  llvm::SmallVector<Transfer, 2> loads = {}, stores = {};
  llvm::SmallVector<Command, 1> commands = {};
  /// Where its constants are in the scratchpad.
  int64_t parameters = 0, weights = 0;
  /// Its loads begin before that stage computes: itself if it is the first one.
  size_t loadedBefore = 0;
  /// The stores of that many stages are done before it computes.
  size_t storesDone = 0;
};

class Schedule {
public:
  /// Plans operations that break no rule, in the order of `ops`, in which they
  /// can run. Nothing if they need more memory than there is: a single
  /// operation may run in tiles. If `looksFurther`, loads begin as early, and
  /// tiles are as large, as is of use; otherwise the first plan that works is
  /// taken.
  static std::optional<Schedule> get(llvm::ArrayRef<mlir::Operation *> ops,
                                     const Machine &machine, bool looksFurther);

  /// Whose bytes those of `value` are: casts and reshapes have none of their
  /// own.
  mlir::Value storage(mlir::Value value) const;

  /// Where the bytes of a tensor, or of its first tile, are in the scratchpad.
  int64_t address(mlir::Value value) const {
    return addresses.lookup(storage(value));
  }

  std::vector<Layer> layers;
  std::vector<Stage> stages;
  /// Of the scratchpad.
  int64_t bytes = 0;
  /// What the accelerator needs for all of it.
  int64_t cycles = 0;

private:
  Schedule(llvm::ArrayRef<mlir::Operation *> ops, const Machine &machine);

  /// Makes a stage of each layer, with loads that begin that many stages ahead.
  /// Whether there is memory for it.
  bool place(size_t distance);
  bool placeTiles(int64_t rows, int64_t channels);
  /// The best one of all ways to look ahead, or to make tiles of the one layer.
  bool placeWell();
  bool tileWell(bool looksFurther);

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
