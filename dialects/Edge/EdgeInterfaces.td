//===- EdgeInterfaces.td - interfaces of edge operations ---*- tablegen -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef EDGECC_DIALECTS_EDGE_EDGEINTERFACES_TD
#define EDGECC_DIALECTS_EDGE_EDGEINTERFACES_TD

include "mlir/IR/OpBase.td"

def Edge_ElementwiseOpInterface : OpInterface<"ElementwiseOpInterface"> {
  let cppNamespace = "::edgecc::edge";
  let description = [{
    An operation whose result element depends only on the operand elements at
    the same (broadcast) position. It can write itself as scalar code: the one
    definition of its meaning, from which folding, fusion and every kernel
    derive.
  }];
  let methods = [
    InterfaceMethod<[{
      Emits the operation on `operands`: scalars, or vectors of one length, of
      signless element type. Returns the value for the result element.
    }], "::mlir::Value", "emitScalar",
    (ins "::mlir::OpBuilder &":$builder, "::mlir::ValueRange":$operands)>,
  ];
}

def Edge_EpilogueOpInterface : OpInterface<"EpilogueOpInterface"> {
  let cppNamespace = "::edgecc::edge";
  let description = [{
    An operation with one result and an epilogue: a region, possibly empty,
    whose block takes the computed element and one element of each epilogue
    operand (broadcast to the result's shape) and yields what is stored.
  }];
  let methods = [
    InterfaceMethod<"The region; empty when nothing is fused.",
      "::mlir::Region &", "getEpilogueRegion", (ins), [{}],
      [{ return $_op.getEpilogue(); }]>,
    InterfaceMethod<"The operands that only the epilogue reads.",
      "::mlir::MutableOperandRange", "getEpilogueOperandsMutable", (ins), [{}],
      [{ return $_op.getExtrasMutable(); }]>,
    InterfaceMethod<"The type of the element that the epilogue receives.",
      "::mlir::Type", "getAccumulatorType", (ins), [{}], [{
        auto input = ::llvm::cast<::mlir::ShapedType>(
            $_op->getOperand(0).getType());
        return ::edgecc::edge::accumulatorType(input.getElementType());
      }]>,
  ];
}

#endif // EDGECC_DIALECTS_EDGE_EDGEINTERFACES_TD
