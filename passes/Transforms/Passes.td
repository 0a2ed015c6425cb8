//===- Passes.td - passes that simplify edge operations ----*- tablegen -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef EDGECC_PASSES_TRANSFORMS_PASSES_TD
#define EDGECC_PASSES_TRANSFORMS_PASSES_TD

include "mlir/Pass/PassBase.td"

def DecomposeConvTranspose : Pass<"edgecc-decompose-conv-transpose",
                                  "::mlir::func::FuncOp"> {
  let summary = "turn transposed convolutions into convolutions";
  let description = [{
    A transposed convolution with strides is one ordinary convolution of stride
    one, which computes all phases of the output as channels, followed by a
    reordering of these channels into space and a crop. Nothing is multiplied
    by inserted zeros unless the kernel is no multiple of the stride or is
    dilated. The weights are rearranged by operations on constants, which fold.
    The phases of a depthwise one are convolutions of their own, so that they
    remain depthwise, and write next to each other. An epilogue becomes an
    `edge.map` after the crop.
  }];
  let dependentDialects = ["::edgecc::edge::EdgeDialect"];
}

def MaterializePadding : Pass<"edgecc-materialize-padding",
                              "::mlir::func::FuncOp"> {
  let summary = "make the borders of convolutions and windows explicit";
  let description = [{
    Kernels slide windows that lie inside their input. The border becomes an
    `edge.pad`: zero for convolutions and sums, the least value of the element
    type for maxima.
  }];
  let dependentDialects = ["::edgecc::edge::EdgeDialect"];
}

def FoldConstants : Pass<"edgecc-fold-constants", "::mlir::func::FuncOp"> {
  let summary = "evaluate what depends on constants only";
  let description = [{
    Collects all values that depend on constants only, are used by an operation
    that does not, and are too large for the folders. They are evaluated in one
    go by the function that the pipeline gives to the pass, which compiles them
    with this compiler and runs them; without one nothing is changed.
  }];
  let constructor = "::edgecc::transforms::createFoldConstantsPass()";
  let dependentDialects = ["::edgecc::edge::EdgeDialect"];
  let statistics = [
    Statistic<"numFolded", "folded", "values that became constants">
  ];
}

def Simplify : Pass<"edgecc-simplify", "::mlir::func::FuncOp"> {
  let summary = "rewrite operations as cheaper ones";
  let description = [{
    A gather at known, evenly spaced indices is a slice, and so is a slice of a
    slice; a transpose that only moves dimensions of size one is a reshape; a
    quotient by known floats is a product; rows and columns of a window that
    meet only its border are left out. Folds and removes what nobody uses.
  }];
  let dependentDialects = ["::edgecc::edge::EdgeDialect"];
  let statistics = [
    Statistic<"numSlices", "slices", "gathers that became slices">,
    Statistic<"numReshapes", "reshapes", "transposes that became reshapes">,
    Statistic<"numProducts", "products", "quotients that became products">,
    Statistic<"numTrimmed", "trimmed", "convolutions with smaller windows">
  ];
}

def RaiseLayerNorm : Pass<"edgecc-raise-layer-norm", "::mlir::func::FuncOp"> {
  let summary = "find layer normalisations that were written out";
  let description = [{
    `(x - mean(x)) / sqrt(mean((x - mean(x))^2) + epsilon)` over the last
    dimensions becomes `edge.layer_norm`, the same without the means that are
    taken off its `rms` form; a factor and a term of the normalised shape become
    its scale and bias.
  }];
  let dependentDialects = ["::edgecc::edge::EdgeDialect"];
  let statistics = [
    Statistic<"numRaised", "raised", "normalisations found">
  ];
}

//===----------------------------------------------------------------------===//
// What each stage leaves behind
//===----------------------------------------------------------------------===//

def VerifyEdge : Pass<"edgecc-verify-edge", "::mlir::ModuleOp"> {
  let summary = "check what the edge stage promises";
  let description = [{
    Functions hold edge operations only, whose types make sure that all shapes
    are static.
  }];
}

def VerifyOpt : Pass<"edgecc-verify-opt", "::mlir::ModuleOp"> {
  let summary = "check what the opt stage promises";
  let description = [{
    In addition to the edge stage: elementwise operations are maps and nothing
    is left of transposed convolutions.
  }];
  let options = [
    Option<"fused", "fused", "bool", /*default=*/"true",
           "elementwise operations have become maps">
  ];
}

def VerifyKernel : Pass<"edgecc-verify-kernel", "::mlir::ModuleOp"> {
  let summary = "check what the kernel stage promises";
  let description = [{
    No tensors and no edge operations are left, and nothing allocates memory:
    all of it is in the arena of the caller.
  }];
}

def NarrowProducts : Pass<"edgecc-narrow-products", "::mlir::func::FuncOp"> {
  let summary = "compute products of narrower floats";
  let description = [{
    Convolutions and matrix products of f32 get factors of `type`, bf16 or f16,
    by casts before them; they still sum up, add their bias and yield in f32.
    Depthwise convolutions stay: they wait for memory rather than for products.
    Results differ by the rounding of the factors, so that somebody has to ask
    for it.
  }];
  let options = [
    Option<"type", "type", "std::string", /*default=*/"\"bf16\"",
           "the element type of factors: bf16 or f16">
  ];
  let dependentDialects = ["::edgecc::edge::EdgeDialect"];
}

def NarrowStorage : Pass<"edgecc-narrow-storage", "::mlir::func::FuncOp"> {
  let summary = "store floats as narrower ones";
  let description = [{
    Tensors of f32 between operations, and the weights of convolutions and
    products, become `type`, f16 or bf16. Scalar code still computes in f32: it
    widens what it reads and rounds what it yields. What enters and leaves the
    function, biases and other constants for each channel stay as they are, and
    so does what operations without narrow kernels read and write. With
    `weights-only` nothing but the weights becomes narrow. A constant beyond the
    range of `type` is an error. Weights alone may have 8 bits as well: those of
    an operation, and its bias, are multiplied by a power of two that makes use
    of the range of the type, and the sums are divided by it.
  }];
  let options = [
    Option<"type", "type", "std::string", /*default=*/"\"f16\"",
           "the element type of what is stored: bf16 or f16, or with "
           "weights-only f8e4m3 or f8e5m2">,
    Option<"weightsOnly", "weights-only", "bool", /*default=*/"false",
           "only the weights of convolutions and products">
  ];
  let dependentDialects = ["::edgecc::edge::EdgeDialect",
                           "::mlir::arith::ArithDialect"];
  let statistics = [
    Statistic<"numNarrowed", "narrowed", "results that became narrow">
  ];
}

#endif // EDGECC_PASSES_TRANSFORMS_PASSES_TD
