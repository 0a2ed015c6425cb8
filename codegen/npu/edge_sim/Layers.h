//===- Layers.h - operations as commands of edge-sim ------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef EDGECC_CODEGEN_NPU_EDGE_SIM_LAYERS_H
#define EDGECC_CODEGEN_NPU_EDGE_SIM_LAYERS_H

#include "codegen/npu/edge_sim/Machine.h"
#include "codegen/npu/edge_sim/edge_sim_generated.h"

#include "mlir/IR/Value.h"

namespace edgecc::npu::edge_sim {

/// A tensor, or a part of one, as commands see it: rows of pixels of channels.
/// Addresses and pitches are bytes, and so are elements.
struct View {
  int64_t height = 1, width = 1, channels = 1;
  int64_t rowPitch = 0, pixelPitch = 0;
  /// From where the tensor begins.
  int64_t offset = 0;

  /// A whole tensor.
  static View dense(int64_t height, int64_t width, int64_t channels) {
    return {height, width, channels, width * channels, channels, 0};
  }
};

/// A command that computes, without the addresses of tensors and constants.
struct Command {
  schema::Opcode opcode;
  View a = {}, b = {}, result = {};
  /// Which inputs of the layer `a` and `b` are.
  unsigned inputOfA = 0, inputOfB = 1;
  schema::Window window = {1, 1, 1, 1, 1, 1, 0, 0};
  float multiplier = 0;
  uint32_t value = 0;
};

/// What an operation is for the accelerator.
struct Layer {
  mlir::Operation *op;
  llvm::SmallVector<mlir::Value, 2> inputs = {};
  llvm::SmallVector<Command, 1> commands = {};
  /// What is loaded for it: parameters, and behind them weights or a table.
  int64_t parameterBytes = 0, weightBytes = 0;
  /// Of weights, with what fills blocks up.
  int64_t bytesPerChannel = 0;

  int64_t constantBytes() const { return parameterBytes + weightBytes; }

  /// Whether a row of the result needs some rows of the inputs only.
  bool canBeTiled() const;
};

/// Why the accelerator has no command for `op`; empty if it has.
std::string checkCommands(mlir::Operation *op);

/// The commands of an operation that breaks no rule.
Layer describe(mlir::Operation *op, const Machine &machine);

/// The constants of a layer, as many bytes as it says.
std::vector<uint8_t> constantsOf(const Layer &layer, const Machine &machine);

/// What stands for zero in the weights of a layer.
int64_t weightZeroPointOf(const Layer &layer);

/// What the accelerator needs for commands if nothing has to be waited for.
int64_t cyclesOf(llvm::ArrayRef<Command> commands, const Machine &machine);

} // namespace edgecc::npu::edge_sim

#endif // EDGECC_CODEGEN_NPU_EDGE_SIM_LAYERS_H
