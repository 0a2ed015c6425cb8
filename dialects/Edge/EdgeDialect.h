//===- EdgeDialect.h - the edge dialect -------------------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef EDGECC_DIALECTS_EDGE_EDGEDIALECT_H
#define EDGECC_DIALECTS_EDGE_EDGEDIALECT_H

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/Dialect/Quant/IR/Quant.h"
#include "mlir/Dialect/Quant/IR/QuantTypes.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/Interfaces/ControlFlowInterfaces.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

namespace edgecc::edge {

/// The type in which products and sums of `element` accumulate: i32 for
/// integers of at most 32 bits, f32 for floats of at most 32 bits. Quantised
/// values accumulate as their integers do.
mlir::Type accumulatorType(mlir::Type element);

/// The signless form of an element type: `ui8` becomes `i8`, a quantised type
/// its integer.
mlir::Type signless(mlir::Type element);

/// The integers of a quantised type: signless where signed, `ui8` and the like
/// where not.
mlir::IntegerType storageType(mlir::quant::QuantizedType type);

/// The type of the real numbers that a quantised element type expresses; any
/// other type as it is.
mlir::Type expressedType(mlir::Type element);

/// The shape to which `shapes` broadcast as NumPy does; failure if they do not.
llvm::FailureOr<llvm::SmallVector<int64_t>>
broadcastShapes(llvm::ArrayRef<llvm::ArrayRef<int64_t>> shapes);

namespace detail {
/// Each quantised operand and result has a legal type for its tensor.
llvm::LogicalResult verifyQuantization(mlir::Operation *op);

/// `results` are what was inferred, or express in integers what was inferred
/// to be real.
bool areCompatible(mlir::TypeRange inferred, mlir::TypeRange results);

/// The same for the result of an operation with an epilogue, which may see the
/// signless integers that the epilogue yields as unsigned.
bool areCompatibleEpilogue(mlir::TypeRange inferred, mlir::TypeRange results);

/// All operands have one element type.
llvm::LogicalResult verifySameElementTypes(mlir::Operation *op);

/// `values`, where given, are floats of one type, integers of any, or
/// quantised.
llvm::LogicalResult verifyFactors(mlir::Operation *op,
                                  llvm::ArrayRef<mlir::Value> values);

/// The operands of the `edge.yield` at the end of `region`, or nothing when it
/// does not end so.
std::optional<mlir::ValueRange> getYielded(mlir::Region &region);

/// All operations of the block are pure code of arith and math dialects,
/// except for its terminator.
llvm::LogicalResult verifyScalarCode(mlir::Operation *op, mlir::Block &block);
} // namespace detail

/// Trait of operations that infer their results' types.
template <typename ConcreteType>
class InferredResults
    : public mlir::OpTrait::TraitBase<ConcreteType, InferredResults> {};

/// Trait of all operations: see `detail::verifyQuantization`.
template <typename ConcreteType>
class LegalQuantization
    : public mlir::OpTrait::TraitBase<ConcreteType, LegalQuantization> {
public:
  static llvm::LogicalResult verifyTrait(mlir::Operation *op) {
    return detail::verifyQuantization(op);
  }
};

} // namespace edgecc::edge

#include "dialects/Edge/EdgeDialect.h.inc"
#include "dialects/Edge/EdgeEnums.h.inc"
#include "dialects/Edge/EdgeInterfaces.h.inc"

#define GET_OP_CLASSES
#include "dialects/Edge/EdgeOps.h.inc"

#endif // EDGECC_DIALECTS_EDGE_EDGEDIALECT_H
