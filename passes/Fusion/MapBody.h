//===- MapBody.h - building the scalar code of maps -------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef EDGECC_PASSES_FUSION_MAPBODY_H
#define EDGECC_PASSES_FUSION_MAPBODY_H

#include "dialects/Edge/EdgeDialect.h"

#include "mlir/IR/Builders.h"

namespace edgecc::fusion {

/// Copies the operations of `body` but the terminator to the insertion point
/// with `arguments` for its arguments; returns what the terminator yields.
mlir::Value inlineBody(mlir::OpBuilder &builder, mlir::Block &body,
                       mlir::ValueRange arguments);

/// The map of an elementwise operation. Operands that are constants of one
/// value become constants of its body.
edge::MapOp createMap(mlir::OpBuilder &builder,
                      edge::ElementwiseOpInterface op);

/// The scalar operations of a body that do work.
unsigned countOperations(mlir::Block &body);

/// Whether a body takes hardly longer than reading what it computes.
bool isCheap(mlir::Block &body);

/// The map that computes what `consumer` does with `producer`, which defines
/// its input `input`, inside it. An input of both is read once.
edge::MapOp fuseMaps(mlir::OpBuilder &builder, edge::MapOp consumer,
                     unsigned input, edge::MapOp producer);

} // namespace edgecc::fusion

#endif // EDGECC_PASSES_FUSION_MAPBODY_H
