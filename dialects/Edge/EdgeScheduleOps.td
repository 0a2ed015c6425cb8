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

def Edge_RowWindowOp : Edge_Op<"row_window", [Pure]> {
  let summary = "the rows that a window reads, of rows that come one by one";
  let description = [{
    Inside of `edge.row_stream`: rows of a tensor of `lines` rows, with a border
    of `low` rows and pixels before and `high` after it that holds `value`. The
    operand is some rows of that tensor, from the first one on; the result is
    rows of it with the border, of which the next ones begin `step` rows later.

    Example:

    ```mlir
    %w = edge.row_window %x lines 8 step 1 low [1, 1] high [1, 1]
        value -1.280000e+02 : tensor<1x1x8x4xi8> -> tensor<1x3x10x4xi8>
    ```
  }];
  let arguments = (ins Edge_Tensor:$input, I64Attr:$lines, I64Attr:$step,
                       DenseI64ArrayAttr:$low, DenseI64ArrayAttr:$high,
                       F64Attr:$value);
  let results = (outs Edge_Tensor:$result);
  let assemblyFormat = [{
    $input `lines` $lines `step` $step `low` $low `high` $high `value` $value
    attr-dict `:` type($input) `->` type($result)
  }];
  let extraClassDeclaration = [{
    /// Rows of the operand, and of the result.
    int64_t getInputRows();
    int64_t getRows();
    /// How many operands have come when the result is there for the time
    /// `count`.
    int64_t getNeeded(int64_t count);
    /// Rows, border included, that must be kept from the first one of a result
    /// on until the last operand for it has come.
    int64_t getKeptRows();
  }];
  let hasVerifier = 1;
}

def Edge_RowStreamOp : Edge_Op<"row_stream", [IsolatedFromAbove,
    RecursiveMemoryEffects, RecursivelySpeculatable]> {
  let summary = "operations computed a few rows at a time";
  let description = [{
    The rows of the result in order, each time as many as the body yields. The
    body's arguments are rows of the operands, of which each time the next ones
    come; it holds constants, operations on rows, and `edge.row_window` where one
    reads rows around its own. What is needed more often than yielded is
    computed as often as it is needed, so that each row is computed once, and no
    tensor of the body is ever there as a whole.

    Example:

    ```mlir
    %y = edge.row_stream(%x) : (tensor<1x8x8x4xi8>) -> tensor<1x8x8x4xi8> {
    ^bb0(%row: tensor<1x1x8x4xi8>):
      %k = edge.constant dense<1> : tensor<3x3x1x4xi8>
      %w = edge.row_window %row lines 8 step 1 low [1, 1] high [1, 1]
          value 0.0 : tensor<1x1x8x4xi8> -> tensor<1x3x10x4xi8>
      %d = edge.conv(%w, %k) strides [1, 1] pads_low [0, 0] pads_high [0, 0]
          groups 4 : (tensor<1x3x10x4xi8>, tensor<3x3x1x4xi8>)
          -> tensor<1x1x8x4xi8> {
      ^bb0(%sum: i32):
        %byte = arith.trunci %sum : i32 to i8
        edge.yield %byte : i8
      }
      edge.yield %d : tensor<1x1x8x4xi8>
    }
    ```
  }];
  let arguments = (ins Variadic<Edge_Tensor>:$inputs);
  let results = (outs Edge_Tensor:$result);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = [{
    `(` $inputs `)` attr-dict `:` functional-type($inputs, $result) $body
  }];
  let extraClassDeclaration = [{
    /// The rows that the body yields.
    ::mlir::Value getYielded();
    /// How often the body yields.
    int64_t getTrips();
    /// The operations that are computed, without constants and windows.
    ::llvm::SmallVector<::mlir::Operation *> getOperations();
    /// The operands that hold values from outside: those of the operation, then
    /// those of its operations that are constants.
    ::llvm::SmallVector<::mlir::OpOperand *> getOuterOperands();
    /// The first row of argument `index` that is read when `value` is computed
    /// for the time `count` or later; all of its rows if none is.
    int64_t getNextRow(::mlir::Value value, int64_t count, unsigned index);
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
