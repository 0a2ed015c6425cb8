//===- Window.h - sliding windows of ONNX nodes -----------------*- C++ -*-===//
//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What convolutions and pooling share: the attributes of a sliding window, and
// the activations of fused operators.
//
//===----------------------------------------------------------------------===//

#ifndef EDGECC_PASSES_ONNXTOEDGE_WINDOW_H
#define EDGECC_PASSES_ONNXTOEDGE_WINDOW_H

#include "passes/OnnxToEdge/Converters.h"

namespace edgecc {

/// A window that slides over the spatial dimensions; one entry per dimension.
struct Window {
  llvm::SmallVector<int64_t> kernel;
  llvm::SmallVector<int64_t> strides;
  llvm::SmallVector<int64_t> dilations;
  llvm::SmallVector<int64_t> padsLow;
  llvm::SmallVector<int64_t> padsHigh;

  int64_t getRank() const { return kernel.size(); }

  /// The input elements that dimension `dim` of the kernel spans.
  int64_t getExtent(int64_t dim) const {
    return (kernel[dim] - 1) * dilations[dim] + 1;
  }
};

/// Reads strides, dilations, pads and auto_pad of the node for a kernel of
/// shape `kernel` over an input of spatial shape `input`. Pads of SAME_* are
/// those of a convolution. Emits an error for what makes no sense.
llvm::FailureOr<Window> readWindow(ConversionContext &ctx,
                                   llvm::ArrayRef<int64_t> kernel,
                                   llvm::ArrayRef<int64_t> input);

/// Splits `total` padding to both sides as an auto_pad of `mode` says; the
/// larger half is at the end for SAME_UPPER only.
std::pair<int64_t, int64_t> splitPadding(llvm::StringRef mode, int64_t total);

/// Applies the activation that the attributes `activation` and
/// `activation_params` (or `<prefix>activation_alpha` and so on) of a fused
/// operator name. An operator without one gives `value`.
llvm::FailureOr<mlir::Value> applyFusedActivation(ConversionContext &ctx,
                                                  mlir::Value value);

/// The convolution that the attributes of the node (those of Conv) describe, of
/// values in the layouts of ONNX; `bias` may be null. In f32 if they are
/// narrower.
llvm::FailureOr<mlir::Value> createConvolution(ConversionContext &ctx,
                                               mlir::Value input,
                                               mlir::Value weights,
                                               mlir::Value bias);

/// The average that the attributes of the node (those of AveragePool) describe,
/// of `input` in the layout of ONNX.
llvm::FailureOr<mlir::Value> createAveragePool(ConversionContext &ctx,
                                               mlir::Value input);

} // namespace edgecc

#endif // EDGECC_PASSES_ONNXTOEDGE_WINDOW_H
