//===- OnnxOps.td - the onnx dialect -----------------------*- tablegen -*-===//
//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What a model file says, unchanged: one generic operation for all nodes. The
// dialect knows nothing of single ONNX operators; that knowledge sits in the
// converters of passes/OnnxToEdge.
//
//===----------------------------------------------------------------------===//

#ifndef EDGECC_DIALECTS_ONNX_ONNXOPS_TD
#define EDGECC_DIALECTS_ONNX_ONNXOPS_TD

include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/BuiltinAttributes.td"
include "mlir/IR/BuiltinAttributeInterfaces.td"
include "mlir/IR/OpAsmInterface.td"
include "mlir/IR/OpBase.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def Onnx_Dialect : Dialect {
  let name = "onnx";
  let cppNamespace = "::edgecc::onnx";
  let summary = "a model as its ONNX file states it";
  let description = [{
    The first stage of the compiler. Every node of the graph is one `onnx.node`
    that carries the operator's name, domain and version and its attributes;
    initializers and `Constant` nodes are `onnx.constant`; an optional operand
    that is left out is `onnx.none`. The location of a node is its name.

    Types: tensors of MLIR's types. Signed integers are signless (`i4` to
    `i64`), unsigned ones are `ui4` to `ui64`, bool is `i1`, floats are `f16`,
    `bf16`, `f32`, `f64`, `f8E4M3FN` and so on, complex numbers are
    `complex<f32>`. An unknown dimension is dynamic, an unknown rank is
    `tensor<*xT>`, and a value nothing is known about is `!onnx.unknown`. These
    are what the file and ONNX's inference say; converters infer their own.

    Attributes on the module: `onnx.opsets` (dictionary of the opset versions
    that the model imports, the default domain under "ai.onnx"),
    `onnx.ir_version`; where inference did not find shapes, `onnx.open_dims`
    (arrays of the names of dimensions, empty for a known one, by the name of
    the value), and `onnx.bounds` for what the user says of some (arrays of the
    least and the largest size). On arguments and results of the function:
    `onnx.name` and, where dimensions are symbolic, `onnx.dim_params` (array of
    strings, empty for a known dimension).
  }];
  let hasConstantMaterializer = 1;
  let useDefaultTypePrinterParser = 1;
}

//===----------------------------------------------------------------------===//
// Types
//===----------------------------------------------------------------------===//

class Onnx_Type<string name, string typeMnemonic, list<Trait> traits = []>
    : TypeDef<Onnx_Dialect, name, traits> {
  let mnemonic = typeMnemonic;
}

def Onnx_StringType : Onnx_Type<"String", "string"> {
  let summary = "element type of a tensor of strings";
  let description = [{
    Exists so that a node on strings can be shown and refused by name; no later
    stage takes it.

    Example: `tensor<3x!onnx.string>`
  }];
}

def Onnx_SequenceType : Onnx_Type<"Sequence", "sequence"> {
  let summary = "a sequence of values of one type";
  let parameters = (ins "::mlir::Type":$elementType);
  let assemblyFormat = "`<` $elementType `>`";
  let description = [{
    Example: `!onnx.sequence<tensor<?xf32>>`
  }];
}

def Onnx_OptionalType : Onnx_Type<"Optional", "optional"> {
  let summary = "a value that may be missing at run time";
  let parameters = (ins "::mlir::Type":$elementType);
  let assemblyFormat = "`<` $elementType `>`";
  let description = [{
    Example: `!onnx.optional<tensor<2xf32>>`
  }];
}

def Onnx_MapType : Onnx_Type<"Map", "map"> {
  let summary = "a dictionary from a scalar key to a value";
  let parameters = (ins "::mlir::Type":$keyType, "::mlir::Type":$valueType);
  let assemblyFormat = "`<` $keyType `,` $valueType `>`";
  let description = [{
    Example: `!onnx.map<i64, tensor<f32>>`
  }];
}

def Onnx_UnknownType : Onnx_Type<"Unknown", "unknown"> {
  let summary = "type of a value that inference says nothing about";
  let description = [{
    The results of a node without a known definition have it, and what is
    computed from them.

    Example: `!onnx.unknown`
  }];
}

def Onnx_Value
    : AnyTypeOf<[AnyTensor, NoneType, Onnx_SequenceType, Onnx_OptionalType,
                 Onnx_MapType, Onnx_UnknownType],
                "tensor, none, sequence, optional, map or unknown">;

//===----------------------------------------------------------------------===//
// Operations
//===----------------------------------------------------------------------===//

class Onnx_Op<string mnemonic, list<Trait> traits = []>
    : Op<Onnx_Dialect, mnemonic, traits>;

def Onnx_NodeOp : Onnx_Op<"node"> {
  let summary = "one node of an ONNX graph";
  let description = [{
    `op_type` and `domain` name the operator (the default domain `ai.onnx` is
    the empty string). `since_version` is the version of the operator's
    definition that holds in the model's opset, for example 13 for `Softmax` in
    opset 17; for a domain without known definitions it is the opset's version.

    `onnx_attributes` holds what the file holds, no defaults filled in: an integer
    is `i64`, a float `f32`, a string a string, lists are `array<i64: ...>`,
    `array<f32: ...>` and arrays of strings, a tensor is an elements attribute.

    An attribute that is a graph becomes a region of that name. Its block
    arguments are the graph's inputs, `onnx.yield` returns its outputs, and it
    may use values of the graphs around it.

    An operand that is left out is the result of `onnx.none`; an output that is
    left out is a result of type `none`.

    Example:

    ```mlir
    %bias = onnx.none
    %y = onnx.node "Conv"(%x, %w, %bias) since 11 {
      kernel_shape = array<i64: 3, 3>, pads = array<i64: 1, 1, 1, 1>
    } : (tensor<1x3x8x8xf32>, tensor<4x3x3x3xf32>, none) -> tensor<1x4x8x8xf32>
    %z = onnx.node "Gelu"(%y) domain "com.microsoft" since 1
        : (tensor<1x4x8x8xf32>) -> tensor<1x4x8x8xf32>
    %r = onnx.node "If"(%c) since 19 body "else_branch" {
      onnx.yield %y : tensor<1x4x8x8xf32>
    } body "then_branch" {
      onnx.yield %z : tensor<1x4x8x8xf32>
    } : (tensor<i1>) -> tensor<1x4x8x8xf32>
    ```
  }];
  let arguments = (ins StrAttr:$op_type,
      DefaultValuedStrAttr<StrAttr, "">:$domain,
      I64Attr:$since_version,
      DefaultValuedAttr<DictionaryAttr, "{}">:$onnx_attributes,
      DefaultValuedAttr<StrArrayAttr, "{}">:$region_names,
      Variadic<Onnx_Value>:$inputs);
  let results = (outs Variadic<Onnx_Value>:$outputs);
  let regions = (region VariadicRegion<AnyRegion>:$bodies);
  let assemblyFormat = [{
    $op_type `(` $inputs `)` (`domain` $domain^)? `since`
    custom<Definition>($since_version, $onnx_attributes, $region_names, $bodies)
    attr-dict `:` functional-type($inputs, $outputs)
  }];
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    /// The attribute `name` as the file states it; null when it is not set.
    ::mlir::Attribute getAttribute(::llvm::StringRef name);

    /// Typed attributes with the operator's default; an attribute of another
    /// type counts as not set.
    int64_t getI64(::llvm::StringRef name, int64_t defaultValue);
    std::optional<int64_t> findI64(::llvm::StringRef name);
    float getF32(::llvm::StringRef name, float defaultValue);
    std::optional<float> findF32(::llvm::StringRef name);
    ::llvm::StringRef getString(::llvm::StringRef name,
                                ::llvm::StringRef defaultValue = "");

    /// Lists; `defaultValue` when the attribute is not set. The result lives as
    /// long as the context (or the default).
    ::llvm::ArrayRef<int64_t>
    getInts(::llvm::StringRef name,
            ::llvm::ArrayRef<int64_t> defaultValue = {});
    std::optional<::llvm::ArrayRef<int64_t>> findInts(::llvm::StringRef name);
    ::llvm::ArrayRef<float> getFloats(::llvm::StringRef name,
                                      ::llvm::ArrayRef<float> defaultValue = {});
    ::llvm::SmallVector<::llvm::StringRef> getStrings(::llvm::StringRef name);

    /// A tensor attribute; null when it is not set.
    ::mlir::ElementsAttr getTensor(::llvm::StringRef name);

    /// Whether operand `index` is left out: beyond the operands or of type none.
    bool isAbsent(unsigned index);

    /// Operand `index`, or null when it is left out.
    ::mlir::Value getInput(unsigned index);

    /// Whether result `index` is left out or has no use.
    bool isUnused(unsigned index);

    /// The region of the graph attribute `name`; null when it is not set.
    ::mlir::Region *getBody(::llvm::StringRef name);

    /// The node's name, taken from its location; empty when it has none.
    ::llvm::StringRef getNodeName();

    /// For messages: node 'name' (operator Conv, domain ai.onnx, opset 17).
    std::string describe();
  }];
}

def Onnx_ConstantOp : Onnx_Op<"constant", [Pure, ConstantLike,
    AllTypesMatch<["value", "output"]>]> {
  let summary = "an initializer or the result of a Constant node";
  let description = [{
    Tensors above 1 kB are `dense_resource`: the bytes of the elements in
    row-major order, little endian, 64-byte aligned. Elements of less than a
    byte (`i1`, `i2`, `i4`, `f4E2M1FN`, `f6E2M3FN`) take one byte each there.

    Example:

    ```mlir
    %shape = onnx.constant dense<[1, -1]> : tensor<2xi64>
    ```
  }];
  let arguments = (ins ElementsAttr:$value);
  let results = (outs AnyTensor:$output);
  let assemblyFormat = "attr-dict $value";
  let hasFolder = 1;
}

def Onnx_NoneOp : Onnx_Op<"none", [Pure, ConstantLike]> {
  let summary = "an optional operand that is left out";
  let description = [{
    Example:

    ```mlir
    %0 = onnx.none
    ```
  }];
  let results = (outs NoneType:$output);
  let assemblyFormat = "attr-dict";
  let hasFolder = 1;
  let builders = [OpBuilder<(ins), [{
    build($_builder, $_state, $_builder.getNoneType());
  }]>];
}

def Onnx_YieldOp : Onnx_Op<"yield", [Pure, Terminator, ParentOneOf<["NodeOp"]>]> {
  let summary = "the outputs of a sub-graph";
  let description = [{
    Example:

    ```mlir
    onnx.yield %a, %b : tensor<2xf32>, tensor<i1>
    ```
  }];
  let arguments = (ins Variadic<Onnx_Value>:$values);
  let assemblyFormat = "attr-dict ($values^ `:` type($values))?";
}

#endif // EDGECC_DIALECTS_ONNX_ONNXOPS_TD
