//===- Import.h - model file to onnx dialect ---------------------*- C++
//-*-===//
//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The first hop: an ONNX file becomes a module of the onnx dialect. Nothing of
// the ONNX library or of protobuf shows here.
//
//===----------------------------------------------------------------------===//

#ifndef EDGECC_COMPILER_IMPORT_IMPORT_H
#define EDGECC_COMPILER_IMPORT_IMPORT_H

#include "dialects/Onnx/OnnxOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"
#include "llvm/ADT/StringMap.h"

#include <map>

namespace edgecc {

/// What the user says about a model beyond what its file says.
struct ImportOptions {
  /// Input name -> its shape (`--shape=input:1x3x224x224`). A negative
  /// dimension leaves the model's as it is.
  llvm::StringMap<llvm::SmallVector<int64_t>> shapes;
  /// Shapes of arrays that the model will run on, by input name or `arr_N` with
  /// N the position: the sizes of dimensions that model and user leave open.
  llvm::StringMap<llvm::SmallVector<int64_t>> openShapes;
  /// Name of a symbolic dimension -> its value.
  llvm::StringMap<int64_t> dims;
  /// Name of a symbolic dimension -> the least and the largest value that it
  /// has at run time.
  std::map<std::string, std::pair<int64_t, int64_t>> bounds;
};

/// Reads the model at `path`: IR version 3 and opset 7 to the newest that the
/// ONNX library knows. The result has one function `main`; local functions are
/// inlined, nodes and initializers that no output needs are dropped.
///
/// Symbolic dimensions get their values from `options`; a leading dimension of
/// an input that is still unknown is taken as 1, with a remark. Others stay
/// dynamic, their names in the argument attribute `onnx.dim_params`. Bounded
/// ones have their largest value in `main` and are named there as well; the
/// module has the attribute `edge.bounds`, and further functions with the
/// attribute `edge.sizes` that are the network at other sizes.
///
/// Unknown operators are not an error here. Everything else that is wrong with
/// the file is: one error diagnostic, whose text names file, node or tensor by
/// itself, and a null result.
mlir::OwningOpRef<mlir::ModuleOp> importOnnx(llvm::StringRef path,
                                             const ImportOptions &options,
                                             mlir::MLIRContext *context);

/// Replaces `node` by the body that ONNX defines for its operator; the nodes of
/// the body stand where `node` stood, in topological order, and `node` is
/// erased. Fails without a diagnostic and without a change when ONNX defines no
/// body for this operator, version and operand types.
llvm::LogicalResult inlineFunctionBody(onnx::NodeOp node);

} // namespace edgecc

#endif // EDGECC_COMPILER_IMPORT_IMPORT_H
