//===- Passes.h - from onnx to edge -----------------------------*- C++ -*-===//
//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef EDGECC_PASSES_ONNXTOEDGE_PASSES_H
#define EDGECC_PASSES_ONNXTOEDGE_PASSES_H

#include "dialects/Edge/EdgeDialect.h"
#include "dialects/Edge/Evaluate.h"
#include "dialects/Onnx/OnnxOps.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/Pass.h"
#include <functional>
#include <memory>

namespace edgecc {

/// Replaces a node, where it stands, by the nodes of the body that the ONNX
/// library has for its operator, and erases it. Fails without a diagnostic and
/// without a change when there is no such body.
using InlineFunctionFn = std::function<llvm::LogicalResult(onnx::NodeOp)>;

/// What the conversion cannot do by itself. Either function may be null: then
/// operators without a converter are errors, and only what folds is known.
struct OnnxToEdgeOptions {
  InlineFunctionFn inlineFunction;
  EvaluateFn evaluate;
  /// Rounds values of f16 and bf16 after each node, and takes the function
  /// body, where ONNX has one, for operators that give such values.
  bool roundNarrow = false;
};

/// Makes the pass `edgecc-onnx-to-edge`.
std::unique_ptr<mlir::Pass>
createOnnxToEdgePass(OnnxToEdgeOptions options = {});

#define GEN_PASS_REGISTRATION
#include "passes/OnnxToEdge/Passes.h.inc"

} // namespace edgecc

#endif // EDGECC_PASSES_ONNXTOEDGE_PASSES_H
