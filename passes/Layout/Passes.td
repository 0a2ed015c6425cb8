//===- Passes.td - passes that choose layouts --------------*- tablegen -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef EDGECC_PASSES_LAYOUT_PASSES_TD
#define EDGECC_PASSES_LAYOUT_PASSES_TD

include "mlir/Pass/PassBase.td"

def PropagateTransposes : Pass<"edgecc-propagate-transposes",
                               "::mlir::func::FuncOp"> {
  let summary = "lets operations work in the layout of their neighbours";
  let description = [{
    Networks made for channels-first tensors bring a transpose on each side of
    each convolution. This pass dissolves all transposes, chooses the layout of
    each operation so that the fewest bytes have to be moved, and puts back the
    transposes that remain. Elementwise operations, reductions, movements and
    reshapes work in any layout; convolutions, matrix products, recurrent cells
    and the function's arguments and results keep theirs.

    Each transpose that it puts back says in its attribute `edge.reason` who
    decides about the layouts on its two sides.

    A tensor that is flattened into the rows of constant weights is not
    transposed: the rows of the weights are.

    Example: here nothing is left to transpose between the convolutions.

    ```mlir
    %0 = edge.conv(%x, %w) ...
    %1 = edge.transpose %0 [0, 3, 1, 2] : ...
    %2 = edge.clamp %1 {min = 0.0 : f64, max = 6.0 : f64} : ...
    %3 = edge.transpose %2 [0, 2, 3, 1] : ...
    %4 = edge.conv(%3, %v) ...
    ```
  }];
  let statistics = [
    Statistic<"numBefore", "transposes-before", "transposes that were there">,
    Statistic<"numAfter", "transposes-after", "transposes that remain">,
    Statistic<"numMoved", "bytes-moved", "bytes that these move">
  ];
  let dependentDialects = ["::edgecc::edge::EdgeDialect"];
}

def FoldShuffles : Pass<"edgecc-fold-shuffles", "::mlir::func::FuncOp"> {
  let summary = "folds channel shuffles into the weights around them";
  let description = [{
    A reshape, transpose and reshape that read the channels as a matrix column
    by column leave no trace if all that reads the result is a convolution with
    known weights, whose rows change their order instead, or if the result comes
    from one, whose columns do. In between, depthwise convolutions, windows,
    borders and elementwise operations with known operands carry the channels in
    any order. A grouped pointwise convolution reads the rows of that matrix as
    the taps of a window, if each group takes equally many channels of each.

    What cannot be folded moves behind an operation that makes the tensor
    smaller. Weights that several operations share are left alone.
  }];
  let statistics = [
    Statistic<"numFolded", "folded", "shuffles that went into weights">,
    Statistic<"numMoved", "moved", "shuffles that went behind an operation">
  ];
  let dependentDialects = ["::edgecc::edge::EdgeDialect"];
}

#endif // EDGECC_PASSES_LAYOUT_PASSES_TD
