//===- EdgeTensorOps.td - constants, movement, control flow -*- tablegen -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef EDGECC_DIALECTS_EDGE_EDGETENSOROPS_TD
#define EDGECC_DIALECTS_EDGE_EDGETENSOROPS_TD

include "dialects/Edge/EdgeDialect.td"

def Edge_ConstantOp : Edge_InferredOp<"constant", [ConstantLike]> {
  let summary = "a tensor known at compile time";
  let description = [{
    Example:

    ```mlir
    %w = edge.constant dense<[1.0, 2.0]> : tensor<2xf32>
    ```
  }];
  let arguments = (ins ElementsAttr:$value);
  let results = (outs Edge_Tensor:$result);
  let assemblyFormat = "attr-dict $value";
  let hasFolder = 1;
}

def Edge_ReshapeOp : Edge_Op<"reshape", [Pure]> {
  let summary = "the same elements in another shape";
  let description = [{
    Keeps the elements in row-major order. Costs nothing at run time.

    Example:

    ```mlir
    %y = edge.reshape %x : tensor<2x3xf32> -> tensor<6xf32>
    ```
  }];
  let arguments = (ins Edge_Tensor:$input);
  let results = (outs Edge_Tensor:$result);
  let assemblyFormat = "$input attr-dict `:` type($input) `->` type($result)";
  let hasVerifier = 1;
  let hasFolder = 1;
}

def Edge_TransposeOp : Edge_InferredOp<"transpose"> {
  let summary = "permutes the dimensions";
  let description = [{
    Result dimension `i` is input dimension `permutation[i]`.

    Example:

    ```mlir
    %y = edge.transpose %x [0, 2, 1] : tensor<2x3x4xf32> -> tensor<2x4x3xf32>
    ```
  }];
  let arguments = (ins Edge_Tensor:$input, DenseI64ArrayAttr:$permutation);
  let results = (outs Edge_Tensor:$result);
  let assemblyFormat = [{
    $input $permutation attr-dict `:` type($input) `->` type($result)
  }];
  let hasVerifier = 1;
  let hasFolder = 1;
}

def Edge_BroadcastOp : Edge_Op<"broadcast", [Pure]> {
  let summary = "repeats along dimensions of size one";
  let description = [{
    Result and input shapes are aligned at the last dimension; an input
    dimension is that of the result, one, or absent.

    Example:

    ```mlir
    %y = edge.broadcast %x : tensor<3x1xf32> -> tensor<2x3x4xf32>
    ```
  }];
  let arguments = (ins Edge_Tensor:$input);
  let results = (outs Edge_Tensor:$result);
  let assemblyFormat = "$input attr-dict `:` type($input) `->` type($result)";
  let hasVerifier = 1;
  let hasFolder = 1;
}

def Edge_SliceOp : Edge_InferredOp<"slice"> {
  let summary = "a strided part of a tensor";
  let description = [{
    Element `i` of a dimension is input element `offset + i * stride`; a
    negative stride walks backwards. All of them lie inside the input.

    Example:

    ```mlir
    %y = edge.slice %x offsets [0, 3] sizes [2, 2] strides [1, -2]
        : tensor<2x4xf32> -> tensor<2x2xf32>
    ```
  }];
  let arguments = (ins Edge_Tensor:$input, DenseI64ArrayAttr:$offsets,
                       DenseI64ArrayAttr:$sizes, DenseI64ArrayAttr:$strides);
  let results = (outs Edge_Tensor:$result);
  let assemblyFormat = [{
    $input `offsets` $offsets `sizes` $sizes `strides` $strides attr-dict `:`
    type($input) `->` type($result)
  }];
  let hasVerifier = 1;
  let hasFolder = 1;
}

def Edge_PadOp : Edge_InferredOp<"pad"> {
  let summary = "adds a border";
  let description = [{
    Adds `low` elements before and `high` elements after each dimension. They
    hold `value` (`constant`), the mirrored inside without (`reflect`) or the
    nearest element (`edge`), or the opposite side (`wrap`).

    Example:

    ```mlir
    %y = edge.pad %x constant low [0, 1] high [0, 1] {value = 0.0 : f64}
        : tensor<2x3xf32> -> tensor<2x5xf32>
    ```
  }];
  let arguments = (ins Edge_Tensor:$input, Edge_PadMode:$mode,
                       DenseI64ArrayAttr:$low, DenseI64ArrayAttr:$high,
                       DefaultValuedAttr<F64Attr, "0.0">:$value);
  let results = (outs Edge_Tensor:$result);
  let assemblyFormat = [{
    $input $mode `low` $low `high` $high attr-dict `:` type($input) `->`
    type($result)
  }];
  let hasVerifier = 1;
  let hasFolder = 1;
}

def Edge_ConcatOp : Edge_InferredOp<"concat"> {
  let summary = "joins tensors along a dimension";
  let description = [{
    Example:

    ```mlir
    %y = edge.concat(%a, %b) {axis = 1 : i64}
        : (tensor<2x3xf32>, tensor<2x4xf32>) -> tensor<2x7xf32>
    ```
  }];
  let arguments = (ins Variadic<Edge_Tensor>:$inputs, I64Attr:$axis);
  let results = (outs Edge_Tensor:$result);
  let assemblyFormat = [{
    `(` $inputs `)` attr-dict `:` functional-type($inputs, $result)
  }];
  let hasVerifier = 1;
  let hasFolder = 1;
}

//===----------------------------------------------------------------------===//
// Indexed access
//===----------------------------------------------------------------------===//

def Edge_GatherOp : Edge_InferredOp<"gather"> {
  let summary = "picks slices along a dimension";
  let description = [{
    The result's shape is the input's with dimension `axis` replaced by the
    shape of `indices`. A negative index counts from the end; one out of range
    is undefined. Bytes as indices look up a table.

    Example:

    ```mlir
    %y = edge.gather %x[%i] {axis = 0 : i64}
        : tensor<10x4xf32>, tensor<3xi64> -> tensor<3x4xf32>
    ```
  }];
  let arguments = (ins Edge_Tensor:$input,
                       StaticShapeTensorOf<[I8, UI8, I32, I64]>:$indices,
                       I64Attr:$axis);
  let results = (outs Edge_Tensor:$result);
  let assemblyFormat = [{
    $input `[` $indices `]` attr-dict `:` type($input) `,` type($indices) `->`
    type($result)
  }];
  let hasVerifier = 1;
  let hasFolder = 1;
}

def Edge_GatherElementsOp : Edge_InferredOp<"gather_elements"> {
  let summary = "picks single elements along a dimension";
  let description = [{
    Result element `p` is the input's at `p` with coordinate `axis` replaced by
    `indices[p]`. A negative index counts from the end.

    Example:

    ```mlir
    %y = edge.gather_elements %x[%i] {axis = 1 : i64}
        : tensor<2x4xf32>, tensor<2x3xi64> -> tensor<2x3xf32>
    ```
  }];
  let arguments = (ins Edge_Tensor:$input, Edge_IndexTensor:$indices,
                       I64Attr:$axis);
  let results = (outs Edge_Tensor:$result);
  let assemblyFormat = [{
    $input `[` $indices `]` attr-dict `:` type($input) `,` type($indices) `->`
    type($result)
  }];
  let hasVerifier = 1;
}

def Edge_GatherNDOp : Edge_InferredOp<"gather_nd"> {
  let summary = "picks slices by index tuples";
  let description = [{
    The last dimension of `indices` holds tuples that index the dimensions of
    the input after the first `batch_dims`, which both share.

    Example:

    ```mlir
    %y = edge.gather_nd %x[%i] {batch_dims = 0 : i64}
        : tensor<5x4x3xf32>, tensor<7x2xi64> -> tensor<7x3xf32>
    ```
  }];
  let arguments = (ins Edge_Tensor:$input, Edge_IndexTensor:$indices,
                       DefaultValuedAttr<I64Attr, "0">:$batch_dims);
  let results = (outs Edge_Tensor:$result);
  let assemblyFormat = [{
    $input `[` $indices `]` attr-dict `:` type($input) `,` type($indices) `->`
    type($result)
  }];
  let hasVerifier = 1;
}

def Edge_ScatterElementsOp : Edge_InferredOp<"scatter_elements"> {
  let summary = "writes single elements along a dimension";
  let description = [{
    A copy of the input in which the element at `p` with coordinate `axis`
    replaced by `indices[p]` meets `updates[p]`, in row-major order of `p`.

    Example:

    ```mlir
    %y = edge.scatter_elements none %u into %x[%i] {axis = 0 : i64}
        : tensor<2x4xf32> into tensor<5x4xf32>, tensor<2x4xi64>
        -> tensor<5x4xf32>
    ```
  }];
  let arguments = (ins Edge_ScatterReduction:$reduction, Edge_Tensor:$updates,
                       Edge_Tensor:$input, Edge_IndexTensor:$indices,
                       I64Attr:$axis);
  let results = (outs Edge_Tensor:$result);
  let assemblyFormat = [{
    $reduction $updates `into` $input `[` $indices `]` attr-dict `:`
    type($updates) `into` type($input) `,` type($indices) `->` type($result)
  }];
  let hasVerifier = 1;
}

def Edge_ScatterNDOp : Edge_InferredOp<"scatter_nd"> {
  let summary = "writes slices at index tuples";
  let description = [{
    A copy of the input in which the slice that each tuple in the last
    dimension of `indices` addresses meets the slice of `updates`, in row-major
    order.

    Example:

    ```mlir
    %y = edge.scatter_nd none %u into %x[%i]
        : tensor<7x3xf32> into tensor<5x4x3xf32>, tensor<7x2xi64>
        -> tensor<5x4x3xf32>
    ```
  }];
  let arguments = (ins Edge_ScatterReduction:$reduction, Edge_Tensor:$updates,
                       Edge_Tensor:$input, Edge_IndexTensor:$indices);
  let results = (outs Edge_Tensor:$result);
  let assemblyFormat = [{
    $reduction $updates `into` $input `[` $indices `]` attr-dict `:`
    type($updates) `into` type($input) `,` type($indices) `->` type($result)
  }];
  let hasVerifier = 1;
}

def Edge_TopKOp : Edge_InferredOp<"top_k"> {
  let summary = "the k largest or smallest elements along a dimension";
  let description = [{
    Sorted, equal elements by rising index. The second result holds their
    indices.

    Example:

    ```mlir
    %v, %i = edge.top_k max %x {axis = 1 : i64, k = 3 : i64}
        : tensor<2x10xf32> -> tensor<2x3xf32>, tensor<2x3xi64>
    ```
  }];
  let arguments = (ins Edge_ArgKind:$kind, Edge_Tensor:$input, I64Attr:$axis,
                       I64Attr:$k);
  let results = (outs Edge_Tensor:$values, Edge_IndexTensor:$indices);
  let assemblyFormat = [{
    $kind $input attr-dict `:` type($input) `->` type($values) `,`
    type($indices)
  }];
  let hasVerifier = 1;
}

//===----------------------------------------------------------------------===//
// Control flow
//===----------------------------------------------------------------------===//

def Edge_IfOp : Edge_Op<"if", [RecursiveMemoryEffects,
    RecursivelySpeculatable, NoRegionArguments]> {
  let summary = "one of two branches";
  let description = [{
    Runs one region and gives what it yields. The regions see the values
    around them.

    Example:

    ```mlir
    %y = edge.if %c -> (tensor<4xf32>) {
      edge.yield %x : tensor<4xf32>
    } else {
      %z = edge.neg %x : tensor<4xf32> -> tensor<4xf32>
      edge.yield %z : tensor<4xf32>
    } : tensor<i1>
    ```
  }];
  let arguments = (ins Edge_BoolTensor:$condition);
  let results = (outs Variadic<Edge_Tensor>:$outputs);
  let regions = (region SizedRegion<1>:$then_region,
                        SizedRegion<1>:$else_region);
  let assemblyFormat = [{
    $condition `->` `(` type($outputs) `)` $then_region `else` $else_region
    attr-dict `:` type($condition)
  }];
  let hasVerifier = 1;
  let hasCanonicalizer = 1;
}

def Edge_LoopOp : Edge_Op<"loop", [AttrSizedOperandSegments,
    RecursiveMemoryEffects, SingleBlock]> {
  let summary = "repeats a body";
  let description = [{
    Runs the body `max_trips` times, or fewer: at most `trips` times, and only
    while the condition holds, where these operands are there. The body gets
    the number of the iteration, from zero, and the values that one iteration
    hands to the next; it sees the values around it. It yields the next
    condition, if there is a condition, the values for the next iteration, and
    any number of tensors that are collected. The results are the last values
    that were handed on, and for each collected tensor one with a new first
    dimension of `max_trips`, which is zero where no iteration wrote.

    Example:

    ```mlir
    %last, %all = edge.loop 5 from (%x) : (tensor<4xf32>)
        -> (tensor<4xf32>, tensor<5x4xf32>) {
    ^bb0(%i: tensor<i64>, %v: tensor<4xf32>):
      %w = edge.add %v, %v : tensor<4xf32>, tensor<4xf32> -> tensor<4xf32>
      edge.yield %w, %v : tensor<4xf32>, tensor<4xf32>
    }
    ```
  }];
  let arguments = (ins Optional<Edge_IndexTensor>:$trips,
                       Optional<Edge_BoolTensor>:$condition,
                       Variadic<Edge_Tensor>:$carried,
                       I64Attr:$max_trips);
  let results = (outs Variadic<Edge_Tensor>:$outputs);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = [{
    $max_trips (`trips` $trips^ `:` type($trips))?
    (`while` $condition^ `:` type($condition))? `from` `(` $carried `)`
    attr-dict `:` functional-type($carried, $outputs) $body
  }];
  let extraClassDeclaration = [{
    /// Whether fewer than `max_trips` iterations may run.
    bool isBounded() { return getTrips() || getCondition(); }
    /// What one iteration hands to the next, without the condition.
    ::mlir::OperandRange getNext();
    /// What is collected over the iterations.
    ::mlir::OperandRange getCollected();
  }];
  let hasVerifier = 1;
}

#endif // EDGECC_DIALECTS_EDGE_EDGETENSOROPS_TD
