//===- EdgeComputeOps.td - contractions, windows, reductions -*- tablegen -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef EDGECC_DIALECTS_EDGE_EDGECOMPUTEOPS_TD
#define EDGECC_DIALECTS_EDGE_EDGECOMPUTEOPS_TD

include "dialects/Edge/EdgeDialect.td"
include "dialects/Edge/EdgeInterfaces.td"

/// An operation with an epilogue. Its result's shape is inferred from the
/// operands and attributes; the element type is what the epilogue yields, or
/// its unsigned form.
class Edge_EpilogueOp<string mnemonic, list<Trait> traits = []>
    : Edge_InferredOp<mnemonic, !listconcat(traits, [
        RecursiveMemoryEffects,
        DeclareOpInterfaceMethods<Edge_EpilogueOpInterface>]),
        "areCompatibleEpilogue"> {
  let results = (outs Edge_Tensor:$result);
  let regions = (region MaxSizedRegion<1>:$epilogue);
  let hasVerifier = 1;
}

//===----------------------------------------------------------------------===//
// Contractions
//===----------------------------------------------------------------------===//

def Edge_ConvOp : Edge_EpilogueOp<"conv", [AttrSizedOperandSegments]> {
  let summary = "convolution, channels last, in any number of dimensions";
  let description = [{
    `input` is (N, spatial..., C_in), `weights` (spatial..., C_in / groups,
    C_out), `bias` (C_out). Output channel `o` belongs to group
    `o / (C_out / groups)`. The border that `pads_low` and `pads_high` add is
    zero. Integer inputs accumulate in i32; floats take floats of their type,
    or bytes, as weights, f32 also f16 and bf16. A depthwise convolution has `groups` = C_in.

    Example:

    ```mlir
    %y = edge.conv(%x, %w, %b) strides [2, 2] pads_low [1, 1] pads_high [1, 1]
        : (tensor<1x8x8x3xf32>, tensor<3x3x3x16xf32>, tensor<16xf32>)
        -> tensor<1x4x4x16xf32>
    ```
  }];
  let arguments = (ins Edge_Tensor:$input, Edge_Tensor:$weights,
                       Optional<Edge_Tensor>:$bias,
                       Variadic<Edge_Tensor>:$extras,
                       DenseI64ArrayAttr:$strides,
                       OptionalAttr<DenseI64ArrayAttr>:$dilations,
                       DenseI64ArrayAttr:$pads_low,
                       DenseI64ArrayAttr:$pads_high,
                       DefaultValuedAttr<I64Attr, "1">:$groups);
  let assemblyFormat = [{
    `(` $input `,` $weights (`,` $bias^)? `)` (`with` `(` $extras^ `)`)?
    `strides` $strides (`dilations` $dilations^)? `pads_low` $pads_low
    `pads_high` $pads_high (`groups` $groups^)? attr-dict `:`
    functional-type(operands, $result) ($epilogue^)?
  }];
  let extraClassDeclaration = [{
    /// The number of spatial dimensions.
    int64_t getSpatialRank() { return getStrides().size(); }
    /// The dilation of spatial dimension `dim`; one if there is no attribute.
    int64_t getDilation(int64_t dim) {
      return getDilations() ? (*getDilations())[dim] : 1;
    }
    /// One group per input channel.
    bool isDepthwise();
    /// Multiply-accumulates of one inference.
    int64_t getMacs();
  }];
}

def Edge_ConvTransposeOp : Edge_EpilogueOp<"conv_transpose", [AttrSizedOperandSegments]> {
  let summary = "transposed convolution, channels last";
  let description = [{
    The gradient of a convolution: each input element adds its product with the
    kernel to the output window that starts at `stride * position - pads_low`.
    `input` is (N, spatial..., C_in), `weights` (spatial..., C_in, C_out /
    groups). The output size is `stride * (size - 1) + output_padding +
    dilation * (kernel - 1) + 1 - pads_low - pads_high`.

    Example:

    ```mlir
    %y = edge.conv_transpose(%x, %w) strides [2, 2] pads_low [0, 0]
        pads_high [0, 0] output_padding [0, 0]
        : (tensor<1x4x4x8xf32>, tensor<2x2x8x16xf32>) -> tensor<1x8x8x16xf32>
    ```
  }];
  let arguments = (ins Edge_Tensor:$input, Edge_Tensor:$weights,
                       Optional<Edge_Tensor>:$bias,
                       Variadic<Edge_Tensor>:$extras,
                       DenseI64ArrayAttr:$strides,
                       OptionalAttr<DenseI64ArrayAttr>:$dilations,
                       DenseI64ArrayAttr:$pads_low,
                       DenseI64ArrayAttr:$pads_high,
                       DenseI64ArrayAttr:$output_padding,
                       DefaultValuedAttr<I64Attr, "1">:$groups);
  let assemblyFormat = [{
    `(` $input `,` $weights (`,` $bias^)? `)` (`with` `(` $extras^ `)`)?
    `strides` $strides (`dilations` $dilations^)? `pads_low` $pads_low
    `pads_high` $pads_high `output_padding` $output_padding
    (`groups` $groups^)? attr-dict `:`
    functional-type(operands, $result) ($epilogue^)?
  }];
  let extraClassDeclaration = [{
    /// The dilation of spatial dimension `dim`; one if there is no attribute.
    int64_t getDilation(int64_t dim) {
      return getDilations() ? (*getDilations())[dim] : 1;
    }
  }];
}

def Edge_MatMulOp : Edge_EpilogueOp<"matmul", [AttrSizedOperandSegments]> {
  let summary = "matrix product over broadcast batches";
  let description = [{
    `lhs` is (batch..., M, K), `rhs` (batch..., K, N), `bias` (N); the batch
    dimensions broadcast. Integer operands accumulate in i32.

    Example:

    ```mlir
    %y = edge.matmul(%a, %b, %c) : (tensor<4x8x16xf32>, tensor<16x32xf32>,
        tensor<32xf32>) -> tensor<4x8x32xf32>
    ```
  }];
  let arguments = (ins Edge_Tensor:$lhs, Edge_Tensor:$rhs,
                       Optional<Edge_Tensor>:$bias,
                       Variadic<Edge_Tensor>:$extras);
  let assemblyFormat = [{
    `(` $lhs `,` $rhs (`,` $bias^)? `)` (`with` `(` $extras^ `)`)? attr-dict
    `:` functional-type(operands, $result) ($epilogue^)?
  }];
  let extraClassDeclaration = [{
    /// Multiply-accumulates of one inference.
    int64_t getMacs();
  }];
}

def Edge_BlockMatMulOp
    : Edge_EpilogueOp<"block_matmul", [AttrSizedOperandSegments]> {
  let summary = "matrix product with weights in blocks of a scale each";
  let description = [{
    `lhs` is (batch..., M, K), `weights` (K, N), integers of 8 bits or fewer in
    bytes; `scales` and `zero_points` are (ceil(K / block_size), N), `bias` (N).
    In f32, with k in its order:

        sum over blocks b of scales[b, n]
            * (sum over k in b of lhs[m, k] * (weights[k, n] - zero_points[b, n]))

    on top of the bias. All operands but `lhs` are constants, which the object
    holds in as many bits as the integers need.

    Example:

    ```mlir
    %y = edge.block_matmul(%x, %w, %s) block 32
        : (tensor<1x70xf32>, tensor<70x8xi8>, tensor<3x8xf32>) -> tensor<1x8xf32>
    ```
  }];
  let arguments = (ins StaticShapeTensorOf<[F32]>:$lhs,
                       Edge_IntegerTensor:$weights,
                       StaticShapeTensorOf<[F32]>:$scales,
                       Optional<Edge_IntegerTensor>:$zero_points,
                       Optional<StaticShapeTensorOf<[F32]>>:$bias,
                       Variadic<Edge_Tensor>:$extras,
                       I64Attr:$block_size);
  let assemblyFormat = [{
    `(` $lhs `,` $weights `,` $scales (`zero_points` $zero_points^)?
    (`bias` $bias^)? `)` (`with` `(` $extras^ `)`)? `block` $block_size
    attr-dict `:` functional-type(operands, $result) ($epilogue^)?
  }];
  let extraClassDeclaration = [{
    /// Multiply-accumulates of one inference.
    int64_t getMacs();
  }];
}

//===----------------------------------------------------------------------===//
// Windows and reductions
//===----------------------------------------------------------------------===//

def Edge_PoolOp : Edge_EpilogueOp<"pool"> {
  let summary = "maximum or sum over a sliding window, channels last";
  let description = [{
    `input` is (N, spatial..., C). The border counts as minus infinity (`max`)
    or zero (`sum`). An average is a sum with a product in the epilogue.

    Example:

    ```mlir
    %y = edge.pool max(%x) kernel [3, 3] strides [2, 2] pads_low [1, 1]
        pads_high [1, 1] : (tensor<1x8x8x16xf32>) -> tensor<1x4x4x16xf32>
    ```
  }];
  let arguments = (ins Edge_PoolKind:$kind, Edge_Tensor:$input,
                       Variadic<Edge_Tensor>:$extras,
                       DenseI64ArrayAttr:$kernel, DenseI64ArrayAttr:$strides,
                       OptionalAttr<DenseI64ArrayAttr>:$dilations,
                       DenseI64ArrayAttr:$pads_low,
                       DenseI64ArrayAttr:$pads_high);
  let assemblyFormat = [{
    $kind `(` $input `)` (`with` `(` $extras^ `)`)? `kernel` $kernel `strides`
    $strides (`dilations` $dilations^)? `pads_low` $pads_low `pads_high`
    $pads_high attr-dict `:` functional-type(operands, $result) ($epilogue^)?
  }];
  let extraClassDeclaration = [{
    /// The dilation of spatial dimension `dim`; one if there is no attribute.
    int64_t getDilation(int64_t dim) {
      return getDilations() ? (*getDilations())[dim] : 1;
    }
  }];
}

def Edge_ReduceOp : Edge_EpilogueOp<"reduce"> {
  let summary = "reduces dimensions to size one";
  let description = [{
    The reduced dimensions stay, with size one. Narrow floats accumulate in
    f32. A mean is a sum with a product in the epilogue.

    Example:

    ```mlir
    %y = edge.reduce sum(%x) axes [1, 2]
        : (tensor<1x7x7x64xf32>) -> tensor<1x1x1x64xf32>
    ```
  }];
  let arguments = (ins Edge_ReduceKind:$kind, Edge_Tensor:$input,
                       Variadic<Edge_Tensor>:$extras,
                       DenseI64ArrayAttr:$axes);
  let assemblyFormat = [{
    $kind `(` $input `)` (`with` `(` $extras^ `)`)? `axes` $axes attr-dict `:`
    functional-type(operands, $result) ($epilogue^)?
  }];
}

def Edge_ArgReduceOp : Edge_InferredOp<"arg_reduce"> {
  let summary = "the index of an extremum along a dimension";
  let description = [{
    The dimension stays, with size one. Among equal elements the first one
    wins, or the last one with `last`.

    Example:

    ```mlir
    %y = edge.arg_reduce max %x {axis = 1 : i64}
        : tensor<2x10xf32> -> tensor<2x1xi64>
    ```
  }];
  let arguments = (ins Edge_ArgKind:$kind, Edge_Tensor:$input, I64Attr:$axis,
                       UnitAttr:$last);
  let results = (outs Edge_IndexTensor:$result);
  let assemblyFormat = [{
    $kind $input attr-dict `:` type($input) `->` type($result)
  }];
  let hasVerifier = 1;
}

def Edge_CumulativeOp : Edge_InferredOp<"cumulative"> {
  let summary = "running reductions along a dimension";
  let description = [{
    Each element is the reduction of those up to it. With `exclusive` it is not
    in its own; with `reverse` they run from the end.

    Example:

    ```mlir
    %y = edge.cumulative sum %x {axis = 1 : i64}
        : tensor<2x10xf32> -> tensor<2x10xf32>
    ```
  }];
  let arguments = (ins Edge_ReduceKind:$kind, Edge_Tensor:$input, I64Attr:$axis,
                       UnitAttr:$exclusive, UnitAttr:$reverse);
  let results = (outs Edge_Tensor:$result);
  let assemblyFormat = [{
    $kind $input attr-dict `:` type($input) `->` type($result)
  }];
  let hasVerifier = 1;
}

def Edge_SoftmaxOp : Edge_InferredOp<"softmax"> {
  let summary = "exponentials that add up to one";
  let description = [{
    `e^(x - m) / sum(e^(x - m))` along `axis`, where `m` is the maximum; its
    logarithm with `log`.

    Example:

    ```mlir
    %y = edge.softmax %x {axis = 1 : i64} : tensor<2x10xf32> -> tensor<2x10xf32>
    ```
  }];
  let arguments = (ins Edge_Tensor:$input, I64Attr:$axis, UnitAttr:$log);
  let results = (outs Edge_Tensor:$result);
  let assemblyFormat = "$input attr-dict `:` type($input) `->` type($result)";
  let hasVerifier = 1;
}

def Edge_LayerNormOp : Edge_InferredOp<"layer_norm", [AttrSizedOperandSegments]> {
  let summary = "normalises over the last dimensions";
  let description = [{
    `(x - mean) / sqrt(variance + epsilon) * scale + bias` over the dimensions
    from `axis` on; with `rms` neither mean is taken off nor does the variance
    know of it. `scale` and `bias` have the shape of these dimensions.

    Example:

    ```mlir
    %y = edge.layer_norm(%x, %s, %b) {axis = 1 : i64, epsilon = 1.0e-5 : f64}
        : (tensor<8x64xf32>, tensor<64xf32>, tensor<64xf32>) -> tensor<8x64xf32>
    ```
  }];
  let arguments = (ins Edge_Tensor:$input, Optional<Edge_Tensor>:$scale,
                       Optional<Edge_Tensor>:$bias, I64Attr:$axis,
                       F64Attr:$epsilon, UnitAttr:$rms);
  let results = (outs Edge_Tensor:$result);
  let assemblyFormat = [{
    `(` $input (`,` $scale^)? (`,` $bias^)? `)` attr-dict `:`
    functional-type(operands, $result)
  }];
  let hasVerifier = 1;
}

def Edge_ResampleOp : Edge_InferredOp<"resample"> {
  let summary = "a weighted sum of a few elements along a dimension";
  let description = [{
    Result coordinate `i` of dimension `axis` is the sum over `t` of
    `weights[i, t]` times the input at coordinate `indices[i, t]`. Linear and
    cubic resizing, one dimension at a time.

    Example:

    ```mlir
    %y = edge.resample %x {axis = 1 : i64,
        indices = dense<[[0, 1], [1, 2]]> : tensor<2x2xi32>,
        weights = dense<0.5> : tensor<2x2xf32>}
        : tensor<1x3x8xf32> -> tensor<1x2x8xf32>
    ```
  }];
  let arguments = (ins Edge_Tensor:$input, I64Attr:$axis,
                       ElementsAttr:$indices, ElementsAttr:$weights);
  let results = (outs Edge_Tensor:$result);
  let assemblyFormat = "$input attr-dict `:` type($input) `->` type($result)";
  let hasVerifier = 1;
}

//===----------------------------------------------------------------------===//
// Recurrent cells
//===----------------------------------------------------------------------===//

def Edge_LstmOp : Edge_InferredOp<"lstm"> {
  let summary = "the recurrent part of an LSTM";
  let description = [{
    `projected` is (T, N, 4H): the input times its weights plus all biases;
    `weights` (H, 4H), `h` and `c` (N, H), gates in the order input, output,
    forget, cell; `peepholes` (3H), in the order input, output, forget. Gives
    all hidden states (T, N, H), the last one and the last cell state (N, H).
    `reverse` walks time backwards.

    Example:

    ```mlir
    %y, %hn, %cn = edge.lstm(%xw, %r, %h, %c) : (tensor<5x1x32xf32>,
        tensor<8x32xf32>, tensor<1x8xf32>, tensor<1x8xf32>)
        -> (tensor<5x1x8xf32>, tensor<1x8xf32>, tensor<1x8xf32>)
    ```
  }];
  let arguments = (ins Edge_Tensor:$projected, Edge_Tensor:$weights,
                       Edge_Tensor:$h, Edge_Tensor:$c,
                       Optional<Edge_Tensor>:$peepholes, UnitAttr:$reverse);
  let results = (outs Edge_Tensor:$states, Edge_Tensor:$last_h,
                      Edge_Tensor:$last_c);
  let assemblyFormat = [{
    `(` $projected `,` $weights `,` $h `,` $c (`,` $peepholes^)? `)` attr-dict
    `:` functional-type(operands, results)
  }];
  let hasVerifier = 1;
}

def Edge_GruOp : Edge_InferredOp<"gru"> {
  let summary = "the recurrent part of a GRU";
  let description = [{
    `projected` is (T, N, 3H): the input times its weights plus its biases;
    `weights` (H, 3H), `h` (N, H), gates in the order update, reset, hidden;
    `recurrent_bias` (3H). With `linear_before_reset` the reset gate scales the
    product of the hidden gate and its bias, otherwise the state before the
    product. Gives all hidden states (T, N, H) and the last one (N, H).

    Example:

    ```mlir
    %y, %hn = edge.gru(%xw, %r, %h, %b) {linear_before_reset} :
        (tensor<5x1x24xf32>, tensor<8x24xf32>, tensor<1x8xf32>, tensor<24xf32>)
        -> (tensor<5x1x8xf32>, tensor<1x8xf32>)
    ```
  }];
  let arguments = (ins Edge_Tensor:$projected, Edge_Tensor:$weights,
                       Edge_Tensor:$h, Optional<Edge_Tensor>:$recurrent_bias,
                       UnitAttr:$linear_before_reset, UnitAttr:$reverse);
  let results = (outs Edge_Tensor:$states, Edge_Tensor:$last_h);
  let assemblyFormat = [{
    `(` $projected `,` $weights `,` $h (`,` $recurrent_bias^)? `)` attr-dict
    `:` functional-type(operands, results)
  }];
  let hasVerifier = 1;
}

def Edge_RnnOp : Edge_InferredOp<"rnn"> {
  let summary = "the recurrent part of a simple recurrent network";
  let description = [{
    `h_t = activation(projected_t + h_(t-1) * weights)` with `projected`
    (T, N, H), `weights` (H, H), `h` (N, H).

    Example:

    ```mlir
    %y, %hn = edge.rnn tanh(%xw, %r, %h) : (tensor<5x1x8xf32>,
        tensor<8x8xf32>, tensor<1x8xf32>)
        -> (tensor<5x1x8xf32>, tensor<1x8xf32>)
    ```
  }];
  let arguments = (ins Edge_RnnActivation:$activation, Edge_Tensor:$projected,
                       Edge_Tensor:$weights, Edge_Tensor:$h, UnitAttr:$reverse);
  let results = (outs Edge_Tensor:$states, Edge_Tensor:$last_h);
  let assemblyFormat = [{
    $activation `(` $projected `,` $weights `,` $h `)` attr-dict `:`
    functional-type(operands, results)
  }];
  let hasVerifier = 1;
}

#endif // EDGECC_DIALECTS_EDGE_EDGECOMPUTEOPS_TD
