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

#endif // EDGECC_PASSES_SCHEDULE_PASSES_TD
