//===- IntegerCells.h - recurrent cells on integers -------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef EDGECC_PASSES_QUANTIZATION_INTEGERCELLS_H
#define EDGECC_PASSES_QUANTIZATION_INTEGERCELLS_H

#include "passes/Quantization/Parameters.h"

namespace edgecc::quantization {

/// The product that gives an `edge.lstm` or `edge.gru` its projected inputs;
/// null where something else does.
edge::MatMulOp projectionOf(mlir::Operation *cell);

/// An `edge.lstm` or `edge.gru` between quantised values.
struct IntegerCell {
  explicit IntegerCell(mlir::Operation *cell);

  /// Whether integers could compute such a cell if it were quantised.
  static bool hasForm(mlir::Operation *cell);

  /// Why integers cannot compute it; empty if they can.
  std::string objection() const;

  mlir::Operation *op;
  edge::MatMulOp projection;
  /// The quantised matrix of the recurrence; null where it is real or unknown.
  mlir::Value weights;
  /// The largest magnitudes of the projected inputs, and of the recurrence's
  /// products with a bias; infinite where they are not known.
  double projected, recurrent;
  /// What the states are quantised to, or bytes from -1 to 1.
  mlir::quant::QuantizedType stateType;
};

} // namespace edgecc::quantization

#endif // EDGECC_PASSES_QUANTIZATION_INTEGERCELLS_H
