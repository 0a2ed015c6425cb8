//===- EdgeScheduleOps.td - operations computed together ---*- tablegen -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef EDGECC_DIALECTS_EDGE_EDGESCHEDULEOPS_TD
#define EDGECC_DIALECTS_EDGE_EDGESCHEDULEOPS_TD

include "dialects/Edge/EdgeDialect.td"

def Edge_RowBandsOp : Edge_Op<"row_bands", [IsolatedFromAbove,
    RecursiveMemoryEffects, RecursivelySpeculatable]> {
  let summary = "a chain of operations computed a few rows at a time";
  let description = [{
    Computes what its body says: one sliding window, channel by channel (a
    depthwise convolution or a pooling, of two spatial dimensions), what
    produces its input (a convolution, or the transposition from channels-first),
    or what consumes its result (a pointwise convolution, or the transposition to
    channels-first), or both. They run together on bands of `rows` rows of the
    window's result, so that the tensors between them are never there as a whole:
    of what the window reads, the rows that a band needs are kept, and each row
    is computed once.

    The body holds these operations, each of which reads the one before, and
    constants. `rows` divides the rows of the window's result.

    A window between two transpositions may be `planar` instead: it then passes
    over the planes of its channels as they lie, and nothing is transposed.

    Example:

    ```mlir
    %y = edge.row_bands(%x) rows 2
        : (tensor<1x8x8x4xf32>) -> tensor<1x8x8x8xf32> {
    ^bb0(%a: tensor<1x8x8x4xf32>):
      %w = edge.constant dense<1.0> : tensor<1x1x4x8xf32>
      %k = edge.constant dense<1.0> : tensor<3x3x1x8xf32>
      %e = edge.conv(%a, %w) strides [1, 1] pads_low [0, 0] pads_high [0, 0]
          : (tensor<1x8x8x4xf32>, tensor<1x1x4x8xf32>) -> tensor<1x8x8x8xf32>
      %d = edge.conv(%e, %k) strides [1, 1] pads_low [1, 1] pads_high [1, 1]
          groups 8
          : (tensor<1x8x8x8xf32>, tensor<3x3x1x8xf32>) -> tensor<1x8x8x8xf32>
      edge.yield %d : tensor<1x8x8x8xf32>
    }
    ```
  }];
  let arguments = (ins Variadic<Edge_Tensor>:$inputs, I64Attr:$rows,
                       UnitAttr:$planar);
  let results = (outs Edge_Tensor:$result);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = [{
    `(` $inputs `)` `rows` $rows (`planar` $planar^)? attr-dict `:` functional-type($inputs, $result)
    $body
  }];
  let extraClassDeclaration = [{
    /// The operations of the body but for constants and the terminator.
    ::llvm::SmallVector<::mlir::Operation *> getChain();
    /// The window of the chain; null if there is none.
    ::mlir::Operation *getWindow();
    /// The rows of the window's result.
    int64_t getLines();
    /// Whether `op` is a window that rows can be computed of: it works channel
    /// by channel, on two spatial dimensions.
    static bool isWindow(::mlir::Operation *op);
    /// Whether `op` can produce the rows that a window reads.
    static bool isProducer(::mlir::Operation *op);
    /// Whether `op` can consume the rows of a window.
    static bool isConsumer(::mlir::Operation *op);
    /// The operands that hold values from outside: those of the operation, then
    /// those of the chain that are constants.
    ::llvm::SmallVector<::mlir::OpOperand *> getOuterOperands();
    /// Whether `chain` is a window between transpositions, the first and the
    /// last.
    static bool isTransposed(::llvm::ArrayRef<::mlir::Operation *> chain);
    /// Multiply-accumulates of one inference.
    int64_t getMacs();
  }];
  let hasVerifier = 1;
}

def Edge_AttentionOp : Edge_Op<"attention", [
    RecursiveMemoryEffects, RecursivelySpeculatable]> {
  let summary = "weighted means of values, by how queries meet keys";
  let description = [{
    `softmax(scores) * value` for `scores = query * key^T`, of `query`
    (..., queries, depth), `key` (..., keys, depth) and `value` (..., keys,
    width), whose outer dimensions broadcast: (..., queries, width). The region,
    if there is one, takes a product and one element of each of the extras, which
    broadcast to (..., queries, keys), and yields the score. The scores are never
    there as a whole.

    The tensors may have their dimensions in another order: `query_dims` tells
    for each of these dimensions which one of the operand it is, -1 for one of
    size one that the operand does not have; the others likewise.

    Example:

    ```mlir
    %y = edge.attention(%q, %k, %v) query_dims [1, 0, 2] key_dims [1, 0, 2]
        value_dims [1, 0, 2] result_dims [1, 0, 2]
        : (tensor<128x4x64xf32>, tensor<128x4x64xf32>, tensor<128x4x64xf32>)
        -> tensor<128x4x64xf32> {
    ^bb0(%product: f32):
      %scale = arith.constant 1.250000e-01 : f32
      %score = arith.mulf %product, %scale : f32
      edge.yield %score : f32
    }
    ```
  }];
  let arguments = (ins Edge_Tensor:$query, Edge_Tensor:$key, Edge_Tensor:$value,
                       Variadic<Edge_Tensor>:$extras,
                       DenseI64ArrayAttr:$query_dims,
                       DenseI64ArrayAttr:$key_dims,
                       DenseI64ArrayAttr:$value_dims,
                       DenseI64ArrayAttr:$result_dims);
  let results = (outs Edge_Tensor:$result);
  let regions = (region MaxSizedRegion<1>:$scores);
  let assemblyFormat = [{
    `(` $query `,` $key `,` $value `)` (`with` `(` $extras^ `)`)?
    `query_dims` $query_dims `key_dims` $key_dims `value_dims` $value_dims
    `result_dims` $result_dims attr-dict `:` functional-type(operands, $result)
    ($scores^)?
  }];
  let extraClassDeclaration = [{
    /// The sizes of `tensor` in the order of `dims`.
    static ::llvm::SmallVector<int64_t>
    getSizes(::mlir::Value tensor, ::llvm::ArrayRef<int64_t> dims);
    /// The outer dimensions that all broadcast to, queries and keys.
    ::llvm::SmallVector<int64_t> getScoreShape();
    /// Multiply-accumulates of one inference.
    int64_t getMacs();
  }];
  let hasVerifier = 1;
}

#endif // EDGECC_DIALECTS_EDGE_EDGESCHEDULEOPS_TD
