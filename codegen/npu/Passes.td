//===- Passes.td - passes that ask NPU plug-ins ------------*- tablegen -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef EDGECC_CODEGEN_NPU_PASSES_TD
#define EDGECC_CODEGEN_NPU_PASSES_TD

include "mlir/Pass/PassBase.td"

def CompileRegions : Pass<"edgecc-compile-regions", "::mlir::ModuleOp"> {
  let summary = "turn regions into programs for an NPU";
  let description = [{
    Each `edge.region` becomes an `edge.npu_call` with the program that the
    plug-in makes of it. With `fallback`, the call keeps what the region said,
    for the CPU to compute when the driver fails. Calls of a driver that the
    object carries have the attribute `edge.carried`.
  }];
  let options = [
    Option<"npu", "npu", "std::string", /*default=*/"",
           "the plug-in, and behind a colon its argument">,
    Option<"fallback", "fallback", "bool", /*default=*/"false",
           "keep code for the CPU">
  ];
  let constructor = "::edgecc::npu::createCompileRegionsPass()";
  let dependentDialects = ["::edgecc::edge::EdgeDialect"];
}

#endif // EDGECC_CODEGEN_NPU_PASSES_TD
