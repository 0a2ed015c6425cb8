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

/// Where the channels of a buffer lie: in blocks of `lanes`, each of which is
/// a buffer of its own, `stride` elements after the one before. Without lanes
/// they lie side by side.
struct ChannelBlocks {
  int64_t lanes = 0;
  int64_t stride = 0;

  /// How far from channel 0 of a pixel `channel` lies.
  mlir::Value offsetOf(Emitter &emitter, mlir::Value channel) const;
};

/// A window operation. All lists have one entry per spatial dimension.
struct Window {
  mlir::Type inputType, accumulatorType;
  llvm::SmallVector<int64_t> kernel, strides, dilations;
  FlatOperand input;
  /// Elements from one image, line or pixel of the input to the next.
  llvm::SmallVector<int64_t> inputStrides;
  /// Vectors are as long as the blocks, if there are any.
  ChannelBlocks inputBlocks;
  /// The images, spatial dimensions and channels to compute.
  llvm::SmallVector<int64_t> shape;
  /// The first of these channels among those of weights and result, null for
  /// zero; the input begins with it.
  mlir::Value firstChannel;
  /// The channels of the result for each one of the input. If there are
  /// several, they divide the lanes of a vector or are divided by these, which
  /// divide the channels of the result.
  int64_t multiplier = 1;
  /// The weights, (kernel..., channels), or null.
  mlir::Value weights;
  mlir::Type weightsType;

  /// Whether little code is wanted more than speed, and elements of the result
  /// may be stored twice.
  bool isSmall = false;

  /// The value that the accumulators of the channels from `channel` on start
  /// with.
  std::function<mlir::Value(mlir::Value channel, int64_t lanes)> initial;
  /// What is computed of the elements of the input before anything else; null
  /// for a conversion to the type of the accumulators.
  std::function<mlir::Value(mlir::Value element)> prepare;
  /// The accumulator after `element` with the weight of its tap (null if there
  /// are no weights).
  std::function<mlir::Value(mlir::Value sum, mlir::Value element,
                            mlir::Value weight)>
      combine;
  /// Stores the result elements from `indices` on.
  std::function<void(mlir::Value value, mlir::ValueRange indices)> store;
};

/// Whether a window operation computes `op`: a depthwise convolution whose
/// channels of the result fill vectors, if there are several for one of the
/// input.
bool isWindow(edge::ConvOp op, target::CpuAttr cpu);

/// The window operation that `op`, a depthwise convolution or a pooling, is:
/// all of it, and stored to the result.
Window windowOf(edge::ConvOp op, Emitter &emitter, const KernelArgs &args);
Window windowOf(edge::PoolOp op, Emitter &emitter, const KernelArgs &args);

/// The map that the kernel of `op` computes while it reads, so that its result
/// is nowhere in memory: of bytes, each of which is read once. Null if there is
/// none.
edge::MapOp mapOfInput(edge::PoolOp op);

/// Emits the loops of a window operation.
void emitWindow(Emitter &emitter, const Window &window);

} // namespace edgecc::kernels

#endif // EDGECC_CODEGEN_KERNELS_WINDOWKERNEL_H
