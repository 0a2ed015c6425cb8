//===- Cast.h - the conversions of ONNX between types -----------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef EDGECC_PASSES_ONNXTOEDGE_CAST_H
#define EDGECC_PASSES_ONNXTOEDGE_CAST_H

#include "passes/OnnxToEdge/Converters.h"

namespace edgecc {

/// `x` as `type`. Floats of less than a byte have no infinity, and others none
/// unless the node's attribute `saturate` says so. Integers of less than a byte
/// wrap around.
mlir::Value castTo(ConversionContext &ctx, mlir::Value x, mlir::Type type);

} // namespace edgecc

#endif // EDGECC_PASSES_ONNXTOEDGE_CAST_H
