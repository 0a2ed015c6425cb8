//===- EdgeDialect.td - the edge dialect -------------------*- tablegen -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
//
// The dialect, its types, enums and the base classes of its operations.
//
//===----------------------------------------------------------------------===//

#ifndef EDGECC_DIALECTS_EDGE_EDGEDIALECT_TD
#define EDGECC_DIALECTS_EDGE_EDGEDIALECT_TD

include "mlir/IR/BuiltinAttributeInterfaces.td"
include "mlir/IR/EnumAttr.td"
include "mlir/IR/OpBase.td"
include "mlir/IR/OpAsmInterface.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"
include "mlir/Interfaces/ControlFlowInterfaces.td"

def EdgeDialect : Dialect {
  let name = "edge";
  let cppNamespace = "::edgecc::edge";
  let summary = "a small closed set of tensor operations";
  let description = [{
    What a network computes, after its file format is gone and before its loops
    are there. All shapes are static. Element types are the floats, signed
    integers as signless types (`i8`), unsigned ones as `ui8`, and `i1`.

    Quantised values carry upstream `!quant.uniform` types with one scale or one
    per position of an axis, which express f32 in integers of 4, 8, 16 or 32
    bits. An operation on them means the same operation on the real numbers that
    they express, and its result in real numbers is rounded once, to the nearest
    value that the result's type has: a result whose type would be f32 by
    inference may have any quantised type that expresses f32. Operations that
    only move elements keep the quantised type.

    Convolutions and pooling are channels-last (N, spatial..., C), weights are
    (spatial..., C_in / groups, C_out). Elementwise operations broadcast as
    NumPy does. Those operations that end in a store of a freshly computed
    value have an *epilogue*: a region of scalar `arith` and `math` operations
    applied to each result element before it is stored.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect",
                           "::mlir::math::MathDialect",
                           "::mlir::quant::QuantDialect"];
  let hasConstantMaterializer = 1;
  let useDefaultAttributePrinterParser = 0;
}

//===----------------------------------------------------------------------===//
// Types
//===----------------------------------------------------------------------===//

/// `!quant.uniform`; what else must hold is in `LegalQuantization`.
def Edge_Quantized : Type<
    CPred<"::llvm::isa<::mlir::quant::QuantizedType>($_self)">,
    "a quantised type", "::mlir::quant::QuantizedType">;

def Edge_Element : AnyTypeOf<[AnyFloat, AnyInteger, Edge_Quantized],
                             "an element type">;

/// A tensor of static shape.
def Edge_Tensor : StaticShapeTensorOf<[Edge_Element]>;
def Edge_FloatTensor : StaticShapeTensorOf<[AnyFloat]>;
def Edge_IntegerTensor : StaticShapeTensorOf<[AnyInteger]>;
def Edge_BoolTensor : StaticShapeTensorOf<[I1]>;
def Edge_IndexTensor : StaticShapeTensorOf<[I32, I64]>;

//===----------------------------------------------------------------------===//
// Enums
//===----------------------------------------------------------------------===//

class Edge_Enum<string name, string summary, list<I32EnumAttrCase> cases>
    : I32EnumAttr<name, summary, cases> {
  let cppNamespace = "::edgecc::edge";
}

def Edge_ComparePredicate : Edge_Enum<"ComparePredicate", "a comparison", [
  I32EnumAttrCase<"EQ", 0, "eq">, I32EnumAttrCase<"NE", 1, "ne">,
  I32EnumAttrCase<"LT", 2, "lt">, I32EnumAttrCase<"LE", 3, "le">]>;

def Edge_PoolKind : Edge_Enum<"PoolKind", "what a window computes", [
  I32EnumAttrCase<"Max", 0, "max">, I32EnumAttrCase<"Sum", 1, "sum">]>;

def Edge_ReduceKind : Edge_Enum<"ReduceKind", "a reduction", [
  I32EnumAttrCase<"Sum", 0, "sum">, I32EnumAttrCase<"Prod", 1, "prod">,
  I32EnumAttrCase<"Max", 2, "max">, I32EnumAttrCase<"Min", 3, "min">]>;

def Edge_ArgKind : Edge_Enum<"ArgKind", "which extremum is looked for", [
  I32EnumAttrCase<"Max", 0, "max">, I32EnumAttrCase<"Min", 1, "min">]>;

def Edge_PadMode : Edge_Enum<"PadMode", "what a border holds", [
  I32EnumAttrCase<"Constant", 0, "constant">,
  I32EnumAttrCase<"Reflect", 1, "reflect">,
  I32EnumAttrCase<"Edge", 2, "edge">,
  I32EnumAttrCase<"Wrap", 3, "wrap">]>;

def Edge_ScatterReduction : Edge_Enum<"ScatterReduction",
    "how a scattered value meets the old one", [
  I32EnumAttrCase<"None", 0, "none">, I32EnumAttrCase<"Add", 1, "add">,
  I32EnumAttrCase<"Mul", 2, "mul">, I32EnumAttrCase<"Max", 3, "max">,
  I32EnumAttrCase<"Min", 4, "min">]>;

def Edge_RnnActivation : Edge_Enum<"RnnActivation",
    "the activation of a recurrent cell", [
  I32EnumAttrCase<"Tanh", 0, "tanh">, I32EnumAttrCase<"Relu", 1, "relu">,
  I32EnumAttrCase<"Sigmoid", 2, "sigmoid">]>;

//===----------------------------------------------------------------------===//
// Base classes
//===----------------------------------------------------------------------===//

/// Quantised operands and results fit their tensors.
def Edge_LegalQuantization : NativeOpTrait<"LegalQuantization"> {
  let cppNamespace = "::edgecc::edge";
}

class Edge_Op<string mnemonic, list<Trait> traits = []>
    : Op<EdgeDialect, mnemonic,
         !listconcat(traits, [Edge_LegalQuantization])>;

/// Which result types go with the inferred ones: a function of `detail`.
class Edge_InferredResults<string check> : NativeOpTrait<"InferredResults", [], [{
    static bool isCompatibleReturnTypes(::mlir::TypeRange inferred,
                                        ::mlir::TypeRange results) {
      return ::edgecc::edge::detail::}] # check # [{(inferred, results);
    }
  }]> {
  let cppNamespace = "::edgecc::edge";
}

/// A pure operation that infers its result types in `inferReturnTypes`.
class Edge_InferredOp<string mnemonic, list<Trait> traits = [],
                      string check = "areCompatible">
    : Edge_Op<mnemonic, !listconcat(traits, [
        Pure, DeclareOpInterfaceMethods<InferTypeOpInterface>,
        Edge_InferredResults<check>])>;

#endif // EDGECC_DIALECTS_EDGE_EDGEDIALECT_TD
