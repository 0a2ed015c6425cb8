//===- Passes.td - passes that fuse operations -------------*- tablegen -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef EDGECC_PASSES_FUSION_PASSES_TD
#define EDGECC_PASSES_FUSION_PASSES_TD

include "mlir/Pass/PassBase.td"

def FoldAffine : Pass<"edgecc-fold-affine", "::mlir::func::FuncOp"> {
  let summary = "folds scales and shifts into the weights and bias before them";
  let description = [{
    An addition of one value per output channel to a convolution or matrix
    product becomes its bias; a multiplication by known factors per channel, as
    a batch normalisation is, scales the known weights and the bias. A known
    number that scales a factor of a matrix product scales the product. Factors
    per input channel of a convolution scale the rows of its weights: those of a
    squeeze-and-excite at run time, if the weights are far fewer. The
    arithmetic on constants that this leaves is for constant folding to do.
    Weights that several operations share are left alone.
  }];
  let statistics = [
    Statistic<"numBiases", "biases", "additions that became biases">,
    Statistic<"numScales", "scales", "factors that went into weights">
  ];
  let dependentDialects = ["::edgecc::edge::EdgeDialect"];
}

def FuseElementwise : Pass<"edgecc-fuse-elementwise", "::mlir::func::FuncOp"> {
  let summary = "joins elementwise operations into maps";
  let description = [{
    Each elementwise operation becomes an `edge.map` with its scalar code;
    constants of one value become scalar constants. A map takes in the maps of
    the same shape that only it uses, cheap ones also when others use them, and
    broadcasts. Reshapes between a computation and its maps move behind them.

    Neither more than `max-inputs` tensors nor more than `max-operations` scalar
    operations meet in one map.
  }];
  let options = [
    Option<"maxInputs", "max-inputs", "unsigned", /*default=*/"8",
           "the most tensors that a fused map reads">,
    Option<"maxOperations", "max-operations", "unsigned", /*default=*/"96",
           "the most scalar operations in a fused map">
  ];
  let statistics = [
    Statistic<"numMaps", "maps", "maps that remain">,
    Statistic<"numFused", "fused", "maps that went into others">
  ];
  let dependentDialects = ["::edgecc::edge::EdgeDialect",
                           "::mlir::arith::ArithDialect",
                           "::mlir::math::MathDialect"];
}

def FuseEpilogues : Pass<"edgecc-fuse-epilogues", "::mlir::func::FuncOp"> {
  let summary = "moves maps into the epilogues of what they read";
  let description = [{
    A map that reads the result of a convolution, matrix product, pooling or
    reduction of its own shape, which nobody else reads, becomes the epilogue of
    that operation; its other inputs become epilogue operands. Where several
    operations qualify, as in a residual addition, the last one computed takes
    the map.
  }];
  let statistics = [
    Statistic<"numFused", "fused", "maps that became epilogues">
  ];
  let dependentDialects = ["::edgecc::edge::EdgeDialect",
                           "::mlir::arith::ArithDialect"];
}

def DelayWidening : Pass<"edgecc-delay-widening", "::mlir::func::FuncOp"> {
  let summary = "leaves sums of windows to widen what they read";
  let description = [{
    What is quantised and then averaged in f32 has been fused into one chain,
    whose result takes four times the memory of the bytes in it. Where a sum over
    windows reads each element once, the operations that widen a byte become a
    map of their own again, which the kernel of the sum computes while it reads.
  }];
  let statistics = [
    Statistic<"numDelayed", "delayed", "chains that were cut">
  ];
  let dependentDialects = ["::edgecc::edge::EdgeDialect",
                           "::mlir::arith::ArithDialect"];
}

#endif // EDGECC_PASSES_FUSION_PASSES_TD
