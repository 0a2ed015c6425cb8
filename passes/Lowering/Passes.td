//===- Passes.td - from loops and vectors to LLVM ----------*- tablegen -*-===//
//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef EDGECC_PASSES_LOWERING_PASSES_TD
#define EDGECC_PASSES_LOWERING_PASSES_TD

include "mlir/Pass/PassBase.td"

def ExpandMathPass : Pass<"edgecc-expand-math", "::mlir::ModuleOp"> {
  let summary = "expand math functions into arithmetic";
  let description = [{
    Replaces functions on f32 by polynomials and bit operations, and remainders
    by steps of a long division, on scalars and on vectors of any shape, so that
    nothing of libm is needed; functions on narrower floats are computed in f32.
    Operations that the target of the module (`target.cpu`) has as instructions
    are kept: square roots, fused multiply-adds, roundings, conversions of f16.

    Functions on f64 become calls of the C functions of that name, declared in
    the module: the object carries them. They are rare in networks, and scalar.

    ```mlir
    %y = math.exp %x : vector<8xf32>
    ```
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect",
                           "::mlir::func::FuncDialect",
                           "::mlir::math::MathDialect",
                           "::mlir::vector::VectorDialect"];
}

def LowerVectorsPass : Pass<"edgecc-lower-vectors", "::mlir::ModuleOp"> {
  let summary = "break vector operations down to what LLVM has";
  let description = [{
    Rewrites contractions, multi-dimensional reductions, transposes, transfers,
    gathers and masks until only operations on one-dimensional vectors are left
    (and aggregates of them), unrolled, without loops.
  }];
  let dependentDialects = ["::mlir::affine::AffineDialect",
                           "::mlir::arith::ArithDialect",
                           "::mlir::memref::MemRefDialect",
                           "::mlir::scf::SCFDialect",
                           "::mlir::vector::VectorDialect"];
}

def LowerToLLVMPass : Pass<"edgecc-lower-to-llvm", "::mlir::ModuleOp"> {
  let summary = "convert a module of kernels to the LLVM dialect";
  let description = [{
    The one conversion to the LLVM dialect: func, cf, arith, math, memref,
    vector, index and ub together, with bare pointers and the index width of
    the target, because the stock passes disagree on a 32-bit index when they
    run one after the other. Private functions become internal; loop
    annotations that loops carried move to their branches.

    Memory must have been planned: an allocation is an error.
  }];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect"];
}

def MergeKernels : Pass<"edgecc-merge-kernels", "::mlir::ModuleOp"> {
  let summary = "make kernels that differ in constants one";
  let description = [{
    Internal functions that are the same operations on other constants become
    one function, with the constants that differ as arguments. Only constants
    of real numbers do so unless `any-constants` is set: those cost nothing,
    where a number of trips or a stride that is known makes code faster.

    A group of functions stays as it is where arguments take more instructions
    than the functions. The dictionary `edge.merged` of the module has the names
    of those that are gone, and what they are now.
  }];
  let options = [
    Option<"anyConstants", "any-constants", "bool", /*default=*/"false",
           "Make arguments of integers as well">
  ];
  let statistics = [
    Statistic<"numMerged", "num-merged", "functions that became another one">
  ];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect"];
}

def LaunchTasksPass : Pass<"edgecc-launch-tasks", "::mlir::ModuleOp"> {
  let summary = "hand tasks to the threads of the caller";
  let description = [{
    Functions with `edge.tasks`, and those that call them, receive one more
    argument, a pointer to `edgecc_threads_v0_t` of the runtime header. Where it
    is not null, the tasks go to its hook instead of being called one after the
    other: as a function that takes the arguments out of a closure, which lies
    on the stack of the caller. Modules without such functions stay as they are.
  }];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect"];
}

#endif // EDGECC_PASSES_LOWERING_PASSES_TD
