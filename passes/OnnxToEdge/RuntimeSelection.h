//===- RuntimeSelection.h - what values select at run time ------*- C++ -*-===//
//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef EDGECC_PASSES_ONNXTOEDGE_RUNTIMESELECTION_H
#define EDGECC_PASSES_ONNXTOEDGE_RUNTIMESELECTION_H

#include "passes/OnnxToEdge/Arithmetic.h"

namespace edgecc {

/// The places of a list that were chosen.
struct Chosen {
  /// As many as the list has, i64: those that were chosen, in order, then 0.
  mlir::Value places;
  /// How many were chosen, a tensor<i32>.
  mlir::Value count;
};

/// Where `flags`, a list of i1, holds.
Chosen choose(ConversionContext &ctx, mlir::Value flags);

/// What NonZero gives for `x`.
mlir::Value findNonZero(ConversionContext &ctx, mlir::Value x);

/// The slices of `x` along `axis` where `flags`, a list of i1 that is not
/// longer than this dimension, holds.
mlir::Value compress(ConversionContext &ctx, mlir::Value x, mlir::Value flags,
                     int64_t axis);

/// What Unique gives for the slices of `x` along `axis`, in rising order if
/// `isSorted`, else in that of their first places.
Converted findUnique(ConversionContext &ctx, mlir::Value x, int64_t axis,
                     bool isSorted);

/// Boxes (batch, boxes, 4) with scores (batch, classes, boxes) of which at most
/// `most` per batch and class are kept.
struct Suppression {
  mlir::Value boxes, scores;
  int64_t most;
  double threshold, least;
  bool isCentered;
};

/// What NonMaxSuppression gives.
mlir::Value suppress(ConversionContext &ctx, const Suppression &what);

} // namespace edgecc

#endif // EDGECC_PASSES_ONNXTOEDGE_RUNTIMESELECTION_H
