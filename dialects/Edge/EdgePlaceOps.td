//===- EdgePlaceOps.td - operations that run elsewhere -----*- tablegen -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef EDGECC_DIALECTS_EDGE_EDGEPLACEOPS_TD
#define EDGECC_DIALECTS_EDGE_EDGEPLACEOPS_TD

include "dialects/Edge/EdgeDialect.td"

def Edge_RegionOp
    : Edge_Op<"region", [IsolatedFromAbove, RecursiveMemoryEffects,
                         RecursivelySpeculatable]> {
  let summary = "operations that an NPU computes together";
  let description = [{
    What the body says, computed by the NPU of that name. The body holds the
    operations and the constants that they read; its arguments are the operands.
    No operand and no result has a quantised type: these are inside only,
    behind `edge.storage_cast`.

    Example:

    ```mlir
    %y = edge.region "npu" (%x) : (tensor<4xi8>) -> tensor<4xi8> {
    ^bb0(%a: tensor<4xi8>):
      %q = edge.storage_cast %a
          : tensor<4xi8> -> tensor<4x!quant.uniform<i8:f32, 0.5>>
      %s = edge.add %q, %q : tensor<4x!quant.uniform<i8:f32, 0.5>>,
          tensor<4x!quant.uniform<i8:f32, 0.5>>
          -> tensor<4x!quant.uniform<i8:f32, 1.0>>
      %b = edge.storage_cast %s
          : tensor<4x!quant.uniform<i8:f32, 1.0>> -> tensor<4xi8>
      edge.yield %b : tensor<4xi8>
    }
    ```
  }];
  let arguments = (ins StrAttr:$npu, Variadic<Edge_Tensor>:$inputs);
  let results = (outs Variadic<Edge_Tensor>:$outputs);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = [{
    $npu `(` $inputs `)` attr-dict `:` functional-type($inputs, $outputs) $body
  }];
  let extraClassDeclaration = [{
    /// The operations of the body but for constants, casts of storage and the
    /// terminator.
    ::llvm::SmallVector<::mlir::Operation *> getOperations();
  }];
  let hasVerifier = 1;
}

def Edge_NpuCallOp
    : Edge_Op<"npu_call", [IsolatedFromAbove, RecursiveMemoryEffects,
                           RecursivelySpeculatable]> {
  let summary = "a call of the driver of an NPU";
  let description = [{
    Hands `program`, which a plug-in has made of an `edge.region`, the operands,
    `scratch` bytes of memory and `fast` bytes of what is fast for the NPU to the
    C function `driver`, which fills the results. If that fails, `fallback` computes them; where it is empty, the run
    of the network ends.

    With `places`, inputs and results are wanted at these offsets of the scratch
    memory, which begins at a multiple of `alignment`; a driver copies those
    that lie elsewhere.

    `cycles` is what the NPU is predicted to take, 0 if nobody knows.

    A driver that can work on its own has two more functions: `start` begins,
    and `wait` ends. They are called instead where the CPU has something to do
    meanwhile: with `overlaps`, the results are there when the first operation
    behind the call reads one of them, and at the next call at the latest.

    Example:

    ```mlir
    %y = edge.npu_call "npu_run" %p(%x) scratch 1024
        : tensor<96xi8>, (tensor<4xi8>) -> tensor<4xi8>
    ```
  }];
  let arguments = (ins StrAttr:$driver, Edge_Tensor:$program,
      Variadic<Edge_Tensor>:$inputs, I64Attr:$scratch,
      DefaultValuedAttr<I64Attr, "0">:$fast,
      DefaultValuedAttr<I64Attr, "0">:$cycles,
      DefaultValuedAttr<I64Attr, "0">:$macs,
      DefaultValuedAttr<I64Attr, "0">:$alignment,
      DefaultValuedAttr<DenseI64ArrayAttr, "{}">:$places,
      OptionalAttr<StrAttr>:$start, OptionalAttr<StrAttr>:$wait,
      UnitAttr:$overlaps);
  let results = (outs Variadic<Edge_Tensor>:$outputs);
  let regions = (region MaxSizedRegion<1>:$fallback);
  let assemblyFormat = [{
    $driver $program `(` $inputs `)` `scratch` $scratch attr-dict `:`
    type($program) `,` functional-type($inputs, $outputs)
    (`else` $fallback^)?
  }];
  let hasVerifier = 1;
}

#endif // EDGECC_DIALECTS_EDGE_EDGEPLACEOPS_TD
