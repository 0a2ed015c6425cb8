//===- Evaluate.h - constants by compile and run ----------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef EDGECC_COMPILER_PIPELINE_EVALUATE_H
#define EDGECC_COMPILER_PIPELINE_EVALUATE_H

#include "codegen/object/EmitObject.h"
#include "codegen/object/Jit.h"

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/Value.h"

namespace edgecc {

/// A network in this process.
struct RunnableModel {
  std::unique_ptr<LoadedModel> model;
  ModelInterface interface;
};

/// An object file and what it offers.
struct CompiledObject {
  llvm::SmallVector<char, 0> object;
  ModelInterface interface;
};

/// Compiles a module of the kernel stage for its CPU, under the prefix `name`.
/// Fails with a diagnostic.
llvm::FailureOr<CompiledObject> compileKernels(mlir::ModuleOp module,
                                               llvm::StringRef name,
                                               const CodegenOptions &options);

/// Compiles a module of the edge stage for this machine and loads it; with
/// `optimise` by way of the opt stage. Fails with a diagnostic.
llvm::FailureOr<RunnableModel> loadHere(mlir::ModuleOp module, OptLevel level,
                                        bool optimise);

/// The values of edge operations that depend on constants only: the operations
/// are copied into a module of their own, compiled for this machine by the
/// stages of this compiler, and run. The IR is not changed. Fails with a
/// diagnostic where the compilation does.
llvm::FailureOr<llvm::SmallVector<mlir::ElementsAttr>>
evaluateConstants(llvm::ArrayRef<mlir::Value> values);

} // namespace edgecc

#endif // EDGECC_COMPILER_PIPELINE_EVALUATE_H
