//===- Passes.td - passes that order the computation -------*- tablegen -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef EDGECC_PASSES_SCHEDULE_PASSES_TD
#define EDGECC_PASSES_SCHEDULE_PASSES_TD

include "mlir/Pass/PassBase.td"

def FormRowBands : Pass<"edgecc-form-row-bands", "::mlir::func::FuncOp"> {
  let summary = "computes windows and their neighbours a few rows at a time";
  let description = [{
    A depthwise convolution or pooling, the convolution before it and the
    pointwise one after it, or one of the two, become an `edge.row_bands` where
    the cost model says that this is faster, and nobody else reads what lies
    between them. Of chains that share an operation, the one that gains most is
    formed. Transpositions from and to channels-first may stand where the
    convolutions do; a window between two of them may pass over the planes of
    its channels instead.
  }];
  let options = [
    Option<"rows", "rows", "int64_t", /*default=*/"0",
           "form every chain, with bands of at most this many rows, whatever "
           "the cost model says">
  ];
  let statistics = [
    Statistic<"numChains", "chains", "chains formed">
  ];
  let constructor = "::edgecc::schedule::createFormRowBandsPass()";
  let dependentDialects = ["::edgecc::edge::EdgeDialect"];
}

def SplitKernels : Pass<"edgecc-split-kernels", "::mlir::ModuleOp"> {
  let summary = "split kernels into parts for several threads";
  let description = [{
    A kernel has phases: the loops at its top that carry `edge.phase` with one
    number, whose iterations, and those of the loops with that attribute right
    below, may run in any order. Each phase becomes a function with one argument
    more, the number of a task, which does an equal stretch of the work, and the
    kernel a function with `edge.tasks` that calls it for every task, one after
    the other. No iteration is cut, so that results do not depend on the number
    of threads. Where loops with `edge.parts`, of as many iterations as there are
    threads, do all of the work, a task is one iteration of each, unless the
    loops at the top can be shared evenly.

    Scratch buffers (arguments with `edge.scratch`) that only one phase uses are
    there once per task afterwards, also where the kernel is called. Phases with
    too little work for a launch stay whole, and so does a kernel that does more
    at its top than phases and filling such a buffer. Without threads, nothing
    happens.
  }];
  let options = [
    Option<"threads", "threads", "int64_t", /*default=*/"0",
           "how many; 0 for what `target.threads` of the module says">,
    Option<"leastWork", "least-work", "double", /*default=*/"20000",
           "how many operations a launch must be worth">
  ];
  let statistics = [
    Statistic<"numSplit", "split", "phases split into tasks">
  ];
  let dependentDialects = ["::mlir::arith::ArithDialect",
                           "::mlir::memref::MemRefDialect",
                           "::mlir::scf::SCFDialect"];
}

def SplitLayers : Pass<"edgecc-split-layers", "::mlir::ModuleOp"> {
  let summary = "lets a network run layer by layer";
  let description = [{
    A layer is one call of a kernel at the top level of `@main`, or a loop or a
    branch there, with what it needs. `@main`, whose memory is planned, receives
    their names as `edge.layers`.

    With `step` a function `@step` is added, which takes the arguments of `@main`
    and a number, and runs the layer of that number: all of them, one after the
    other, do what `@main` does. With `announce` `@main` calls a function
    `@on_layer`, which is declared only, with the number of each layer before it
    begins, and with how many there are when the last one has ended. With
    `values` it calls `@on_value` when a layer has ended, with a number and the
    address of each result that is a value of the graph; `edge.values` tells the
    names, types and strides of these, in the order of their numbers.
  }];
  let options = [
    Option<"step", "step", "bool", /*default=*/"false",
           "add a function that runs one layer">,
    Option<"announce", "announce", "bool", /*default=*/"false",
           "call a function at the begin of each layer">,
    Option<"values", "values", "bool", /*default=*/"false",
           "call a function with the results of each layer">
  ];
  let statistics = [
    Statistic<"numLayers", "layers", "layers found">
  ];
  let dependentDialects = ["::mlir::arith::ArithDialect",
                           "::mlir::func::FuncDialect",
                           "::mlir::memref::MemRefDialect",
                           "::mlir::scf::SCFDialect"];
}

def FormAttention : Pass<"edgecc-form-attention", "::mlir::func::FuncOp"> {
  let summary = "finds attention and computes it without a matrix of scores";
  let description = [{
    A product of f32, whose epilogue scales and masks, a softmax over its last
    dimension and the product of that with values become an `edge.attention`, if
    nobody else reads what lies between, and the cost model says so.
    Transpositions of the factors and of the result become its order of
    dimensions.
  }];
  let options = [
    Option<"all", "all", "bool", /*default=*/"false",
           "form every attention, whatever the cost model says">
  ];
  let statistics = [
    Statistic<"numFormed", "formed", "attentions found">
  ];
  let constructor = "::edgecc::schedule::createFormAttentionPass()";
  let dependentDialects = ["::edgecc::edge::EdgeDialect"];
}

def OverlapCalls : Pass<"edgecc-overlap-calls", "::mlir::func::FuncOp"> {
  let summary = "let the CPU work while an NPU does";
  let description = [{
    Orders the operations of a function so that calls of a driver that can start
    and wait begin as early as what they read is there, one at a time, and the
    operations that do not need their results come before those that do. Where
    all calls say how many cycles they take, what most waits for comes first, and
    a call that must be over by then is waited for if another one is to come. A
    call behind which something can be done meanwhile gets `overlaps`. Where there is
    none, the order stays as it is.
  }];
  let statistics = [
    Statistic<"numOverlapped", "overlapped",
              "calls during which the CPU has something to do">
  ];
  let dependentDialects = ["::edgecc::edge::EdgeDialect"];
}

#endif // EDGECC_PASSES_SCHEDULE_PASSES_TD
