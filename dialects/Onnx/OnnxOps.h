//===- OnnxOps.h - the onnx dialect ------------------------------*- C++
//-*-===//
//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Operations and types of the onnx stage; documented in OnnxOps.td.
//
//===----------------------------------------------------------------------===//

#ifndef EDGECC_DIALECTS_ONNX_ONNXOPS_H
#define EDGECC_DIALECTS_ONNX_ONNXOPS_H

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include <optional>
#include <string>

#include "dialects/Onnx/OnnxDialect.h.inc"

#define GET_TYPEDEF_CLASSES
#include "dialects/Onnx/OnnxTypes.h.inc"

#define GET_OP_CLASSES
#include "dialects/Onnx/OnnxOps.h.inc"

namespace edgecc::onnx {

/// Names of the discardable attributes that the importer sets.
inline constexpr llvm::StringLiteral kNameAttr = "onnx.name";
inline constexpr llvm::StringLiteral kDimParamsAttr = "onnx.dim_params";
inline constexpr llvm::StringLiteral kOpsetsAttr = "onnx.opsets";
inline constexpr llvm::StringLiteral kOpenDimsAttr = "onnx.open_dims";
inline constexpr llvm::StringLiteral kBoundsAttr = "onnx.bounds";
inline constexpr llvm::StringLiteral kIrVersionAttr = "onnx.ir_version";

} // namespace edgecc::onnx

#endif // EDGECC_DIALECTS_ONNX_ONNXOPS_H
