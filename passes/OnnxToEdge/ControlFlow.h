//===- ControlFlow.h - loops for converters ---------------------*- C++ -*-===//
//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef EDGECC_PASSES_ONNXTOEDGE_CONTROLFLOW_H
#define EDGECC_PASSES_ONNXTOEDGE_CONTROLFLOW_H

#include "passes/OnnxToEdge/Converters.h"

namespace edgecc {

/// How often a loop runs: `maxTrips` times, or at most `trips` times, and only
/// while the condition holds, where these are not null.
struct LoopBounds {
  int64_t maxTrips = 0;
  mlir::Value trips;
  mlir::Value condition;
  /// Whether something may be collected over iterations whose number is known
  /// at run time only. It then has a size that depends on values.
  bool collectsAny = false;
  /// What that number may be, where the user has said so.
  std::optional<SizeBound> named = std::nullopt;
};

/// What one iteration computes: the condition of the next one (null: it runs),
/// what is handed to it, and what is collected.
struct LoopStep {
  mlir::Value condition;
  llvm::SmallVector<mlir::Value> carried;
  llvm::SmallVector<mlir::Value> collected;
};

/// Creates the body of a loop for the number of the iteration, a tensor<i64>,
/// and the values that were handed to it.
using LoopBodyFn = llvm::function_ref<llvm::FailureOr<LoopStep>(
    mlir::Value number, llvm::ArrayRef<mlir::Value> carried)>;

/// An `edge.loop`: the last values that were handed on, then what was
/// collected, each with a new first dimension.
llvm::FailureOr<llvm::SmallVector<mlir::Value>>
createLoop(ConversionContext &ctx, const LoopBounds &bounds,
           llvm::ArrayRef<mlir::Value> carried, LoopBodyFn body);

} // namespace edgecc

#endif // EDGECC_PASSES_ONNXTOEDGE_CONTROLFLOW_H
