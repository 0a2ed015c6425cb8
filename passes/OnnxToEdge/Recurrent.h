//===- Recurrent.h - recurrent nodes, read ----------------------*- C++ -*-===//
//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef EDGECC_PASSES_ONNXTOEDGE_RECURRENT_H
#define EDGECC_PASSES_ONNXTOEDGE_RECURRENT_H

#include "passes/OnnxToEdge/Converters.h"

namespace edgecc {

/// The cells of ONNX.
enum class Cell { Lstm, Gru, Rnn };

/// An activation of a cell, with its numbers.
struct CellActivation {
  enum Kind {
    Affine,
    Elu,
    HardSigmoid,
    LeakyRelu,
    Relu,
    ScaledTanh,
    Sigmoid,
    Softplus,
    Softsign,
    Tanh,
    ThresholdedRelu
  };
  Kind kind = Tanh;
  double alpha = 0, beta = 0;
};

/// A recurrent node, read and checked; all values in f32 (or f64) and with
/// time first.
struct Recurrent {
  Cell cell;
  int64_t gates;
  mlir::Value input;      // (T, N, I)
  mlir::Value weights;    // (D, G * H, I)
  mlir::Value recurrence; // (D, G * H, H)
  mlir::Value bias;       // (D, 2 * G * H) or null
  mlir::Value lengths;    // (N), or null if all are T
  mlir::Value initialH;   // (D, N, H) or null
  mlir::Value initialC;   // (D, N, H) or null
  mlir::Value peepholes;  // (D, 3 * H) or null
  int64_t directions, time, batch, size;
  /// One flag per direction.
  llvm::SmallVector<bool> reverse;
  /// Per direction: f, g and h of an LSTM, f and g of a GRU, f of an RNN.
  llvm::SmallVector<llvm::SmallVector<CellActivation>> activations;
  /// The limit for what activations get; infinite if there is none.
  double clip = std::numeric_limits<double>::infinity();
  bool linearBeforeReset;
  bool inputForget;
  bool batchFirst;
  mlir::Type resultType;
};

/// What one direction computes: (T, N, H), (N, H), (N, H).
struct Direction {
  mlir::Value states;
  mlir::Value lastH;
  mlir::Value lastC;
};

/// The operands of one direction: the input times its weights plus biases
/// (T, N, G * H), the recurrence (H, G * H), its bias (G * H) or null, the
/// first states (N, H), the peepholes (3 * H) or null.
struct DirectionOperands {
  mlir::Value projected, recurrence, recurrentBias, h, c, peepholes;
};

/// Direction `index` as a loop of general operations: what the cells of the
/// edge dialect do not know.
llvm::FailureOr<Direction> createLoopOfCells(ConversionContext &ctx,
                                             const Recurrent &node,
                                             int64_t index,
                                             const DirectionOperands &operands);

} // namespace edgecc

#endif // EDGECC_PASSES_ONNXTOEDGE_RECURRENT_H
