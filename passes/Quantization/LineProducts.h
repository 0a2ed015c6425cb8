//===- LineProducts.h - convolutions as products of lines -------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef EDGECC_PASSES_QUANTIZATION_LINEPRODUCTS_H
#define EDGECC_PASSES_QUANTIZATION_LINEPRODUCTS_H

#include "passes/Quantization/Parameters.h"

namespace edgecc::quantization {

/// A convolution of f32 over the pixels of one image, as a loop over its lines:
/// what their pixels read, side by side, times the weights as a matrix. So
/// weights can have all forms that those of products have.
class LineProducts {
public:
  /// As many lines at once as `bytes` of buffers beside input and output have
  /// room for. Nothing for other convolutions, and where one line has none.
  static std::optional<LineProducts> get(edge::ConvOp op, int64_t bytes);

  /// Replaces the convolution; returns the product.
  edge::MatMulOp replace();

private:
  explicit LineProducts(edge::ConvOp op) : op(op) {}

  /// The bytes of the padded input, of what `lines` lines are computed from, of
  /// them, and of all lines once more, as what follows makes them.
  int64_t bytesOf(int64_t lines);
  /// The lines of the input that `lines` lines of the output read.
  int64_t linesRead(int64_t lines);
  /// The pixels' products from the lines of the input that they read.
  edge::MatMulOp multiply(mlir::OpBuilder &builder, mlir::Value read);

  edge::ConvOp op;
  int64_t lines = 1;
};

/// The bytes of the elements that `op` reads as its first operand, and gives.
int64_t bytesAround(mlir::Operation *op);

} // namespace edgecc::quantization

#endif // EDGECC_PASSES_QUANTIZATION_LINEPRODUCTS_H
