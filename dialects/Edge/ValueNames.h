//===- ValueNames.h - values of the graph inside of locations ---*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
//
// What an operation computes has a name in the graph if its location says so:
// behind the name of the node there is that of the value. Fusion keeps the
// locations of what it fuses, so that the last one names the result.
//
//===----------------------------------------------------------------------===//

#ifndef EDGECC_DIALECTS_EDGE_VALUENAMES_H
#define EDGECC_DIALECTS_EDGE_VALUENAMES_H

#include "mlir/IR/Location.h"
#include "mlir/IR/Value.h"

namespace edgecc::edge {

/// The location of a node with the names of its outputs, none of which is
/// computed by an operation that just has this location.
mlir::Location nodeLocation(mlir::MLIRContext *context, llvm::StringRef node,
                            llvm::ArrayRef<llvm::StringRef> outputs);

/// The name of an output in such a location; empty if it has none.
llvm::StringRef getOutputName(mlir::Location node, unsigned output);

/// Notes that `value`, if it is the only result of an operation at the location
/// `node`, is the output of that number; what is only reordered or reshaped to
/// it is called the same.
void nameOutput(mlir::Value value, mlir::Location node, unsigned output);

/// The location of what a node needs and does not give: without a value.
mlir::Location withoutValue(mlir::Location loc);

/// The name in the graph of what an operation computes; empty if it has none.
llvm::StringRef getValueName(mlir::OpResult result);

} // namespace edgecc::edge

#endif // EDGECC_DIALECTS_EDGE_VALUENAMES_H
