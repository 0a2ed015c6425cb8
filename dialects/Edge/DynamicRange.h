//===- DynamicRange.h - scales that a run computes --------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef EDGECC_DIALECTS_EDGE_DYNAMICRANGE_H
#define EDGECC_DIALECTS_EDGE_DYNAMICRANGE_H

#include "mlir/IR/Builders.h"

namespace edgecc::edge {

/// Scale and zero point of bytes that express a tensor of f32, by its extremes
/// and zero: what DynamicQuantizeLinear of ONNX computes.
struct DynamicRange {
  /// Of f32, without dimensions; the zero point is an integer from 0 to 255.
  mlir::Value scale, zeroPoint;
};
DynamicRange createDynamicRange(mlir::OpBuilder &builder, mlir::Location loc,
                                mlir::Value input);

/// The integers of type ui8 by which `range` expresses `input`.
mlir::Value quantizeDynamically(mlir::OpBuilder &builder, mlir::Location loc,
                                mlir::Value input, const DynamicRange &range);

} // namespace edgecc::edge

#endif // EDGECC_DIALECTS_EDGE_DYNAMICRANGE_H
