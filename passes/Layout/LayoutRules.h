//===- LayoutRules.h - which operations bear other layouts ------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
//
// What the layout of an operation's result asks of its operands, and how the
// operation is written in another layout. An operation without rules works in
// the identity layout only.
//
//===----------------------------------------------------------------------===//

#ifndef EDGECC_PASSES_LAYOUT_LAYOUTRULES_H
#define EDGECC_PASSES_LAYOUT_LAYOUTRULES_H

#include "passes/Layout/Layouts.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Operation.h"

namespace edgecc::layout {

/// Whether a tensor of these elements may have its dimensions in another order:
/// their type names none of them.
bool bearsLayout(mlir::Type element);

/// Whether `op` can work in layouts other than the identity.
bool hasLayoutRules(mlir::Operation *op);

/// The rank at which `op` sees its operand: one that broadcasts counts as if it
/// had leading dimensions of size one.
int64_t operandRank(mlir::Operation *op, unsigned operand);

/// The layout (of `operandRank` dimensions) in which an operand must come for
/// the results of `op` to be in `layout`; nothing if they cannot be.
std::optional<Layout> operandLayout(mlir::Operation *op, unsigned operand,
                                    LayoutRef layout);

/// The layout of the results of `op` that fits to an operand in `layout` (of
/// `operandRank` dimensions); nothing if none does or the operand has no say.
std::optional<Layout> resultLayout(mlir::Operation *op, unsigned operand,
                                   LayoutRef layout);

/// Creates `op` with results in `layout` from `operands`, which come as
/// `operandLayout` says. A transpose gives its operand back.
llvm::SmallVector<mlir::Value> rebuild(mlir::OpBuilder &builder,
                                       mlir::Operation *op, LayoutRef layout,
                                       mlir::ValueRange operands);

/// A reshape that flattens its input into the rows of constant weights takes
/// it in any order of the flattened dimensions: the weights are reordered. The
/// number of leading dimensions that it leaves alone; nothing if `op` is not
/// such a reshape. `isConstant` tells what is known at compile time.
std::optional<int64_t>
flattenedFrom(mlir::Operation *op,
              llvm::function_ref<bool(mlir::Value)> isConstant);

} // namespace edgecc::layout

#endif // EDGECC_PASSES_LAYOUT_LAYOUTRULES_H
