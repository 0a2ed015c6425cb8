//===- EdgeElementwiseOps.td - elementwise operations ------*- tablegen -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef EDGECC_DIALECTS_EDGE_EDGEELEMENTWISEOPS_TD
#define EDGECC_DIALECTS_EDGE_EDGEELEMENTWISEOPS_TD

include "dialects/Edge/EdgeDialect.td"
include "dialects/Edge/EdgeInterfaces.td"

class Edge_ElementwiseOp<string mnemonic, list<Trait> traits = []>
    : Edge_InferredOp<mnemonic, !listconcat(traits, [
        DeclareOpInterfaceMethods<Edge_ElementwiseOpInterface>])> {
  let results = (outs Edge_Tensor:$result);
}

//===----------------------------------------------------------------------===//
// One operand
//===----------------------------------------------------------------------===//

class Edge_UnaryOp<string mnemonic, string formula, string note = "",
                   string type = "f32", string result = type,
                   TypeConstraint operand = Edge_Tensor>
    : Edge_ElementwiseOp<mnemonic> {
  let summary = formula;
  let description = "Computes `" # formula # "` of each element. " # note # [{

    Example:

    ```mlir
    %y = edge.}] # mnemonic # " %x : tensor<2x3x" # type # "> -> tensor<2x3x"
    # result # [{>
    ```
  }];
  let arguments = (ins operand:$input);
  let assemblyFormat = [{
    $input attr-dict `:` type($input) `->` type($result)
  }];
}

/// A function of the real numbers.
class Edge_RealOp<string mnemonic, string formula, string result = "f32">
    : Edge_UnaryOp<mnemonic, formula, "", "f32", result, Edge_FloatTensor>;

def Edge_AbsOp : Edge_UnaryOp<"abs", "|x|">;
def Edge_NegOp : Edge_UnaryOp<"neg", "-x">;
def Edge_ExpOp : Edge_RealOp<"exp", "e^x">;
def Edge_LogOp : Edge_RealOp<"log", "ln(x)">;
def Edge_SqrtOp : Edge_RealOp<"sqrt", "sqrt(x)">;
def Edge_RsqrtOp : Edge_RealOp<"rsqrt", "1 / sqrt(x)">;
def Edge_ReciprocalOp : Edge_RealOp<"reciprocal", "1 / x">;
def Edge_ErfOp : Edge_RealOp<"erf", "erf(x)">;
def Edge_TanhOp : Edge_RealOp<"tanh", "tanh(x)">;
def Edge_SigmoidOp : Edge_RealOp<"sigmoid", "1 / (1 + e^-x)">;
def Edge_SinOp : Edge_RealOp<"sin", "sin(x)">;
def Edge_CosOp : Edge_RealOp<"cos", "cos(x)">;
def Edge_TanOp : Edge_RealOp<"tan", "tan(x)">;
def Edge_AsinOp : Edge_RealOp<"asin", "asin(x)">;
def Edge_AcosOp : Edge_RealOp<"acos", "acos(x)">;
def Edge_AtanOp : Edge_RealOp<"atan", "atan(x)">;
def Edge_SinhOp : Edge_RealOp<"sinh", "sinh(x)">;
def Edge_CoshOp : Edge_RealOp<"cosh", "cosh(x)">;
def Edge_AsinhOp : Edge_RealOp<"asinh", "asinh(x)">;
def Edge_AcoshOp : Edge_RealOp<"acosh", "acosh(x)">;
def Edge_AtanhOp : Edge_RealOp<"atanh", "atanh(x)">;
def Edge_Log1pOp : Edge_RealOp<"log1p", "ln(1 + x)">;
def Edge_CeilOp : Edge_UnaryOp<"ceil", "the least integer not below x">;
def Edge_FloorOp : Edge_UnaryOp<"floor", "the largest integer not above x">;
def Edge_RoundOp : Edge_UnaryOp<"round", "the nearest integer, ties to even">;
def Edge_TruncOp : Edge_UnaryOp<"trunc", "the integer part of x">;
def Edge_SignOp : Edge_UnaryOp<"sign", "-1, 0 or 1 as the sign of x">;
def Edge_NotOp : Edge_UnaryOp<"not", "not x", "Logical on `i1`, bitwise on wider integers.", "i1", "i1", Edge_IntegerTensor>;
def Edge_IsNanOp : Edge_RealOp<"is_nan", "x is not a number", "i1">;
def Edge_IsInfOp : Edge_RealOp<"is_inf", "x is infinite", "i1">;

def Edge_ClampOp : Edge_ElementwiseOp<"clamp"> {
  let summary = "min(max(x, min), max)";
  let description = [{
    Limits each element to the closed interval. A bound beyond the element
    type's range has no effect, so a rectifier is `min = 0`, `max = inf`.

    Example:

    ```mlir
    %y = edge.clamp %x {min = 0.0 : f64, max = 6.0 : f64}
        : tensor<2x3xf32> -> tensor<2x3xf32>
    ```
  }];
  let arguments = (ins Edge_Tensor:$input, F64Attr:$min, F64Attr:$max);
  let assemblyFormat = [{
    $input attr-dict `:` type($input) `->` type($result)
  }];
  let hasVerifier = 1;
}

def Edge_CastOp : Edge_ElementwiseOp<"cast"> {
  let summary = "converts the element type";
  let description = [{
    Floats round to nearest even; a float to an integer truncates toward zero
    and saturates; an integer to a narrower one wraps; anything to `i1` is a
    comparison with zero.

    Example:

    ```mlir
    %y = edge.cast %x to f32 : tensor<4xui8> -> tensor<4xf32>
    ```
  }];
  let arguments = (ins Edge_Tensor:$input, TypeAttr:$to);
  let assemblyFormat = [{
    $input `to` $to attr-dict `:` type($input) `->` type($result)
  }];
}

def Edge_BitcastOp : Edge_ElementwiseOp<"bitcast"> {
  let summary = "the same bits as another element type";
  let description = [{
    Both element types have the same width; `i1` counts as eight bits.

    Example:

    ```mlir
    %y = edge.bitcast %x to i32 : tensor<4xf32> -> tensor<4xi32>
    ```
  }];
  let arguments = (ins Edge_Tensor:$input, TypeAttr:$to);
  let assemblyFormat = [{
    $input `to` $to attr-dict `:` type($input) `->` type($result)
  }];
  let hasVerifier = 1;
}

//===----------------------------------------------------------------------===//
// Two operands
//===----------------------------------------------------------------------===//

class Edge_BinaryOp<string mnemonic, string formula, string note = "",
                    string type = "f32", TypeConstraint operand = Edge_Tensor>
    : Edge_ElementwiseOp<mnemonic> {
  let summary = formula;
  let description = "Computes `" # formula # [{` of each pair of elements; shapes
    broadcast. }] # note # [{

    Example:

    ```mlir
    %y = edge.}] # mnemonic # " %a, %b : tensor<2x3x" # type # ">, tensor<3x"
    # type # "> -> tensor<2x3x" # type # [{>
    ```
  }];
  let arguments = (ins operand:$lhs, operand:$rhs);
  let assemblyFormat = [{
    $lhs `,` $rhs attr-dict `:` type($lhs) `,` type($rhs) `->` type($result)
  }];
  let hasVerifier = 1;
  let extraClassDefinition = [{
    ::llvm::LogicalResult $cppClass::verify() {
      return ::edgecc::edge::detail::verifySameElementTypes(getOperation());
    }
  }];
}

def Edge_AddOp : Edge_BinaryOp<"add", "a + b">;
def Edge_SubOp : Edge_BinaryOp<"sub", "a - b">;
def Edge_MulOp : Edge_BinaryOp<"mul", "a * b">;
def Edge_DivOp : Edge_BinaryOp<"div", "a / b", "Integers truncate toward zero.">;
def Edge_ModOp : Edge_BinaryOp<"mod", "the remainder of a / b", "It has the sign of b.">;
def Edge_FmodOp : Edge_BinaryOp<"fmod", "the remainder of a / b", "It has the sign of a.">;
def Edge_PowOp : Edge_BinaryOp<"pow", "a ^ b">;
def Edge_MaxOp : Edge_BinaryOp<"max", "max(a, b)", "A NaN operand gives NaN.">;
def Edge_MinOp : Edge_BinaryOp<"min", "min(a, b)", "A NaN operand gives NaN.">;
def Edge_AndOp : Edge_BinaryOp<"and", "a and b", "Logical on `i1`, bitwise on wider integers.", "i1", Edge_IntegerTensor>;
def Edge_OrOp : Edge_BinaryOp<"or", "a or b", "Logical on `i1`, bitwise on wider integers.", "i1", Edge_IntegerTensor>;
def Edge_XorOp : Edge_BinaryOp<"xor", "a xor b", "Logical on `i1`, bitwise on wider integers.", "i1", Edge_IntegerTensor>;
def Edge_ShiftLeftOp : Edge_BinaryOp<"shift_left", "a << b", "", "ui32", Edge_IntegerTensor>;
def Edge_ShiftRightOp : Edge_BinaryOp<"shift_right", "a >> b", "Logical on unsigned, arithmetic on signed elements.", "ui32", Edge_IntegerTensor>;

def Edge_CompareOp : Edge_ElementwiseOp<"compare"> {
  let summary = "compares two tensors";
  let description = [{
    Compares each pair of elements; shapes broadcast. A NaN is unequal to
    everything and in no order.

    Example:

    ```mlir
    %y = edge.compare lt %a, %b
        : tensor<2x3xf32>, tensor<3xf32> -> tensor<2x3xi1>
    ```
  }];
  let arguments = (ins Edge_ComparePredicate:$predicate, Edge_Tensor:$lhs,
                       Edge_Tensor:$rhs);
  let assemblyFormat = [{
    $predicate $lhs `,` $rhs attr-dict `:` type($lhs) `,` type($rhs) `->`
    type($result)
  }];
  let hasVerifier = 1;
  let extraClassDefinition = [{
    ::llvm::LogicalResult $cppClass::verify() {
      return ::edgecc::edge::detail::verifySameElementTypes(getOperation());
    }
  }];
}

def Edge_SelectOp : Edge_ElementwiseOp<"select"> {
  let summary = "picks by a condition";
  let description = [{
    Each element is that of `on_true` where the condition holds, else that of
    `on_false`; the three shapes broadcast.

    Example:

    ```mlir
    %y = edge.select %c, %a, %b
        : tensor<2x1xi1>, tensor<2x3xf32>, tensor<f32> -> tensor<2x3xf32>
    ```
  }];
  let arguments = (ins Edge_BoolTensor:$condition, Edge_Tensor:$on_true,
                       Edge_Tensor:$on_false);
  let assemblyFormat = [{
    $condition `,` $on_true `,` $on_false attr-dict `:` type($condition) `,`
    type($on_true) `,` type($on_false) `->` type($result)
  }];
  let hasVerifier = 1;
}

//===----------------------------------------------------------------------===//
// The fused form
//===----------------------------------------------------------------------===//

def Edge_MapOp : Edge_Op<"map", [Pure, SingleBlock,
    RecursiveMemoryEffects]> {
  let summary = "applies scalar code to every element";
  let description = [{
    The form that fusion gives to elementwise operations: the body takes one
    element of each input, broadcast to the result's shape, and yields the
    result's element. It holds only pure scalar `arith` and `math` operations
    on signless types.

    Example:

    ```mlir
    %y = edge.map(%a, %b) : (tensor<2x3xf32>, tensor<3xf32>) -> tensor<2x3xf32> {
    ^bb0(%s: f32, %t: f32):
      %u = arith.addf %s, %t : f32
      edge.yield %u : f32
    }
    ```
  }];
  let arguments = (ins Variadic<Edge_Tensor>:$inputs);
  let results = (outs Edge_Tensor:$result);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = [{
    `(` $inputs `)` attr-dict `:` functional-type($inputs, $result) $body
  }];
  let hasVerifier = 1;
}

def Edge_YieldOp : Edge_Op<"yield", [Pure, Terminator, ReturnLike]> {
  let summary = "ends a region of an edge operation";
  let description = [{
    Gives the scalars of a body or an epilogue, or the tensors of a branch, to
    the operation around it.

    Example:

    ```mlir
    %y = edge.map(%a) : (tensor<4xf32>) -> tensor<4xf32> {
    ^bb0(%s: f32):
      %t = math.absf %s : f32
      edge.yield %t : f32
    }
    ```
  }];
  let arguments = (ins Variadic<AnyType>:$values);
  let assemblyFormat = "attr-dict ($values^ `:` type($values))?";
  let builders = [OpBuilder<(ins), [{
    build($_builder, $_state, ::mlir::ValueRange());
  }]>];
}

#endif // EDGECC_DIALECTS_EDGE_EDGEELEMENTWISEOPS_TD
