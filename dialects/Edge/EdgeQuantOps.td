//===- EdgeQuantOps.td - casts of quantised values ---------*- tablegen -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
//
// The types are those of the upstream quant dialect, its casts are not: the
// folder of `quant.dcast` removes a `quant.qcast` before it, and with it the
// rounding and the saturation that the network was trained with.
//
//===----------------------------------------------------------------------===//

#ifndef EDGECC_DIALECTS_EDGE_EDGEQUANTOPS_TD
#define EDGECC_DIALECTS_EDGE_EDGEQUANTOPS_TD

include "dialects/Edge/EdgeDialect.td"

def Edge_QuantizedTensor : StaticShapeTensorOf<[Edge_Quantized]>;
def Edge_RealTensor : StaticShapeTensorOf<[F32]>;
def Edge_StoredTensor : StaticShapeTensorOf<[AnyInteger, Edge_Quantized]>;

def Edge_QuantizeOp : Edge_Op<"quantize", [Pure, SameOperandsAndResultShape]> {
  let summary = "rounds real numbers to quantised values";
  let description = [{
    The integer is `x / scale`, rounded to the nearest integer and to the even
    one of two, plus the zero point, saturated to the integers of the type.

    Example:

    ```mlir
    %q = edge.quantize %x
        : tensor<4xf32> -> tensor<4x!quant.uniform<u8:f32, 0.5:128>>
    ```
  }];
  let arguments = (ins Edge_RealTensor:$input);
  let results = (outs Edge_QuantizedTensor:$result);
  let assemblyFormat = "$input attr-dict `:` type($input) `->` type($result)";
  let hasFolder = 1;
}

def Edge_DequantizeOp : Edge_Op<"dequantize",
    [Pure, SameOperandsAndResultShape]> {
  let summary = "the real numbers that quantised values express";
  let description = [{
    `(integer - zero point) * scale`.

    Example:

    ```mlir
    %x = edge.dequantize %q
        : tensor<4x!quant.uniform<u8:f32, 0.5:128>> -> tensor<4xf32>
    ```
  }];
  let arguments = (ins Edge_QuantizedTensor:$input);
  let results = (outs Edge_RealTensor:$result);
  let assemblyFormat = "$input attr-dict `:` type($input) `->` type($result)";
}

def Edge_StorageCastOp : Edge_Op<"storage_cast",
    [Pure, SameOperandsAndResultShape]> {
  let summary = "sees integers as quantised values, or the reverse";
  let description = [{
    Moves no bits. One side is quantised, the other one has its integer type:
    signless if the stored integers are signed, `ui8` and the like if not.

    Example:

    ```mlir
    %q = edge.storage_cast %x
        : tensor<4xui8> -> tensor<4x!quant.uniform<u8:f32, 0.5:128>>
    ```
  }];
  let arguments = (ins Edge_StoredTensor:$input);
  let results = (outs Edge_StoredTensor:$result);
  let assemblyFormat = "$input attr-dict `:` type($input) `->` type($result)";
  let hasVerifier = 1;
  let hasFolder = 1;
}

def Edge_DequantizeBlocksOp : Edge_InferredOp<"dequantize_blocks"> {
  let summary = "the real numbers that integers with a scale per block express";
  let description = [{
    `(integer - zero point) * scale` in f32, with one scale, and one zero point
    if there are any, for `block_size` neighbours along `axis`. `scales` and
    `zero_points` have the shape of `input`, but along `axis` the number of
    blocks, of which the last one may be short. Integers are of 8 bits or fewer,
    in bytes.

    Example:

    ```mlir
    %w = edge.dequantize_blocks %q, %s axis 0 block 32
        : (tensor<70x8xi8>, tensor<3x8xf32>) -> tensor<70x8xf32>
    ```
  }];
  let arguments = (ins Edge_IntegerTensor:$input, Edge_RealTensor:$scales,
                       Optional<Edge_IntegerTensor>:$zero_points,
                       I64Attr:$axis, I64Attr:$block_size);
  let results = (outs Edge_RealTensor:$result);
  let assemblyFormat = [{
    $input `,` $scales (`,` $zero_points^)? `axis` $axis `block` $block_size
    attr-dict `:` functional-type(operands, $result)
  }];
  let hasVerifier = 1;
}

#endif // EDGECC_DIALECTS_EDGE_EDGEQUANTOPS_TD
