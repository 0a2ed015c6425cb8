//===- Passes.td - from onnx to edge -----------------------*- tablegen -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef EDGECC_PASSES_ONNXTOEDGE_PASSES_TD
#define EDGECC_PASSES_ONNXTOEDGE_PASSES_TD

include "mlir/Pass/PassBase.td"

def OnnxToEdge : Pass<"edgecc-onnx-to-edge", "::mlir::ModuleOp"> {
  let summary = "convert the nodes of a model to edge operations";
  let description = [{
    Rebuilds the function `main`, node by node in its order, from operations of
    the edge dialect; each operator of ONNX has a converter, chosen by operator,
    domain and version. Types come from the inference of the edge operations;
    what the model states about intermediate values is not read.

    All shapes become static. A dimension of an input that is not known and
    that comes first is taken as 1, and so are the dimensions of the same name;
    any other one is an error that says how to set it.

    Values of f16 and bf16 are computed in f32 and rounded where they leave the
    model: that is exact enough, and no processor without arithmetic on 16 bits
    pays for casts around each operation. With `roundNarrow` they are rounded
    after each node, as ONNX defines them.

    An operator without a converter is replaced by its function body where the
    pass has a way to get it. All nodes that remain are reported in one go, and
    nothing is converted. Branches of an `If` that is decided at compile time
    do not count.

    Leaves no operation, type or attribute of the onnx dialect behind.
  }];
  let constructor = "::edgecc::createOnnxToEdgePass()";
  let dependentDialects = ["::edgecc::edge::EdgeDialect",
                           "::mlir::func::FuncDialect"];
}

#endif // EDGECC_PASSES_ONNXTOEDGE_PASSES_TD
