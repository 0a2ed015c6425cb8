//===- Passes.td - passes that choose what runs where ------*- tablegen -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef EDGECC_PASSES_PLACE_PASSES_TD
#define EDGECC_PASSES_PLACE_PASSES_TD

include "mlir/Pass/PassBase.td"

def RaiseQuantized : Pass<"edgecc-raise-quantized", "::mlir::func::FuncOp"> {
  let summary = "write operations on quantised values as NPUs have them";
  let description = [{
    A sum, difference, product or softmax between dequantisations of its
    operands and a quantisation of its result becomes the same operation on the
    quantised values, which means just that. With `averages`, an average becomes
    a sum whose type has the scale of the result times the number of terms, and a
    layer normalisation of bytes gets factors of integers: as `--rounding=tflite`
    has both. `edgecc-lower-quantized` takes the others apart again where they
    stay on the CPU. A border of zeros before a convolution becomes
    part of the convolution.

    Example:

    ```mlir
    %0 = edge.dequantize %a : tensor<4x!quant.uniform<i8:f32, 0.5>> -> tensor<4xf32>
    %1 = edge.dequantize %b : tensor<4x!quant.uniform<i8:f32, 0.25>> -> tensor<4xf32>
    %2 = edge.add %0, %1 : tensor<4xf32>, tensor<4xf32> -> tensor<4xf32>
    %3 = edge.quantize %2 : tensor<4xf32> -> tensor<4x!quant.uniform<i8:f32, 1.0>>
    // becomes
    %3 = edge.add %a, %b : ... -> tensor<4x!quant.uniform<i8:f32, 1.0>>
    ```
  }];
  let options = [
    Option<"averages", "averages", "bool", /*default=*/"false",
           "also averages, whose rounding as sums of f32 is lost, and layer "
           "normalisations">
  ];
  let dependentDialects = ["::edgecc::edge::EdgeDialect"];
}

def RaiseTables : Pass<"edgecc-raise-tables", "::mlir::ModuleOp"> {
  let summary = "write functions of quantised bytes as tables";
  let description = [{
    What is computed element by element between the dequantisation of one value
    of 8 bits and a quantisation to 8 bits becomes a look-up of its integers
    (`edge.gather`) in a table of 256, if the rules of the NPU take that.
    Constants in it have the same number everywhere. The tables are evaluated by
    the function that the pipeline gives to the pass, with the rounding that the
    CPU would use; without one nothing is changed.
  }];
  let constructor = "::edgecc::place::createRaiseTablesPass()";
  let statistics = [Statistic<"numTables", "tables", "tables made">];
  let dependentDialects = ["::edgecc::edge::EdgeDialect"];
}

def PlaceRegions : Pass<"edgecc-place-regions", "::mlir::ModuleOp"> {
  let summary = "gather what an NPU computes";
  let description = [{
    The operations of `@main` to which the rules of an NPU have no objection
    become regions (`edge.region`): as large as they can be while no path leaves
    a region and comes back, and as the rules allow. A region that only moves
    elements stays on the CPU. So does all that is in loops and branches.

    The module receives `edge.placement`: the name of the NPU, how many
    operations and regions are placed on it, and each operation on the CPU, with
    its name, its kind and the reason. Reshapes, which cost nothing, and
    conversions from and to real numbers do not count.

    A network without quantised values is an error, and so are, with `only`,
    operations on the CPU, and names in `exclude` that no operation has.
  }];
  let options = [
    Option<"npu", "npu", "std::string", /*default=*/"\"npu\"",
           "the name of the NPU">,
    Option<"only", "only", "bool", /*default=*/"false",
           "nothing may stay on the CPU">,
    ListOption<"exclude", "exclude", "std::string",
               "names of nodes that stay on the CPU">,
    ListOption<"operators", "operators", "std::string",
               "the operations that the NPU has, where no rules are given">
  ];
  let constructor = "::edgecc::place::createPlaceRegionsPass()";
  let dependentDialects = ["::edgecc::edge::EdgeDialect"];
}

#endif // EDGECC_PASSES_PLACE_PASSES_TD
