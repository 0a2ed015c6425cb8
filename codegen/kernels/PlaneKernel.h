//===- PlaneKernel.h - sliding windows, plane by plane ----------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
//
// Depthwise convolutions and pooling of tensors with channels first: vectors
// are neighbouring pixels of one channel. Input vectors are loaded where the
// result's vectors lie; taps beside them are shifted in from the neighbours.
//
//===----------------------------------------------------------------------===//

#ifndef EDGECC_CODEGEN_KERNELS_PLANEKERNEL_H
#define EDGECC_CODEGEN_KERNELS_PLANEKERNEL_H

#include "codegen/kernels/WindowKernel.h"

namespace edgecc::kernels {

/// A window over planes of channels.
struct PlaneWindow {
  /// What is computed, as for channels that come last. `input` is the buffer
  /// with channels first, whose pixels lie side by side; `inputStrides` has an
  /// entry each for images, channels and lines. `store` is not used.
  Window window;
  /// Lines and pixels of the input.
  std::array<int64_t, 2> extents;
  /// How many lines and pixels before the input the first window begins.
  std::array<int64_t, 2> padsLow;
  /// What the border holds; it leaves any sum (or maximum) as it is.
  double border = 0;
  /// Emits what is computed once per channel.
  std::function<void(mlir::Value image, mlir::Value channel)> beginPlane;
  /// Stores the elements of that channel from (line, pixel) on.
  std::function<void(mlir::Value value, mlir::Value line, mlir::Value pixel)>
      store;
};

/// Whether `op`, a window of two spatial dimensions, can be computed plane by
/// plane on vectors of `cpu`.
bool canBePlanar(mlir::Operation *op, target::CpuAttr cpu);

/// Emits the loops of a window over planes.
void emitPlanes(Emitter &emitter, const PlaneWindow &planes);

} // namespace edgecc::kernels

#endif // EDGECC_CODEGEN_KERNELS_PLANEKERNEL_H
