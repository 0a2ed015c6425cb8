//===- WindowKernel.h - sliding windows, channel by channel -----*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
//
// Depthwise convolutions and pooling:
//
//   result[position, channel] = fold over taps of input[position, tap, channel]
//
// with channels in vectors. A tile of a few output pixels is in registers; an
// input vector that several of them need is loaded once.
//
//===----------------------------------------------------------------------===//

#ifndef EDGECC_CODEGEN_KERNELS_WINDOWKERNEL_H
#define EDGECC_CODEGEN_KERNELS_WINDOWKERNEL_H

#include "codegen/kernels/GemmKernel.h"

namespace edgecc::kernels {

/// A window operation. All lists have one entry per spatial dimension.
struct Window {
  mlir::Type inputType, accumulatorType;
  llvm::SmallVector<int64_t> kernel, strides, dilations;
  mlir::Value input;
  /// The buffer whose shape the result has.
  mlir::Value output;
  /// The weights, (kernel..., channels), or null.
  mlir::Value weights;
  mlir::Type weightsType;

  /// The value that the accumulators of the channels from `channel` on start
  /// with.
  std::function<mlir::Value(mlir::Value channel, int64_t lanes)> initial;
  /// The accumulator after `element` with the weight of its tap (null if there
  /// are no weights).
  std::function<mlir::Value(mlir::Value sum, mlir::Value element,
                            mlir::Value weight)>
      combine;
  /// Stores the result elements from `indices` on.
  std::function<void(mlir::Value value, mlir::ValueRange indices)> store;
};

/// Emits the loops of a window operation.
void emitWindow(Emitter &emitter, const Window &window);

} // namespace edgecc::kernels

#endif // EDGECC_CODEGEN_KERNELS_WINDOWKERNEL_H
