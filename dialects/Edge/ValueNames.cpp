//===- ValueNames.cpp - values of the graph inside of locations -*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "dialects/Edge/ValueNames.h"

#include "dialects/Edge/EdgeScheduleOps.h"
#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace edgecc::edge;

Location edgecc::edge::nodeLocation(MLIRContext *context, StringRef node,
                                    ArrayRef<StringRef> outputs) {
  Builder builder(context);
  Location names = FusedLoc::get({}, builder.getStrArrayAttr(outputs), context);
  return NameLoc::get(builder.getStringAttr(node), names);
}

StringRef edgecc::edge::getOutputName(Location node, unsigned output) {
  auto named = dyn_cast<NameLoc>(node);
  auto list = named ? dyn_cast<FusedLoc>(named.getChildLoc()) : FusedLoc();
  auto names =
      list ? dyn_cast_or_null<ArrayAttr>(list.getMetadata()) : ArrayAttr();
  return names && output < names.size()
             ? cast<StringAttr>(names[output]).getValue()
             : "";
}

void edgecc::edge::nameOutput(Value value, Location node, unsigned output) {
  StringRef name = getOutputName(node, output);
  if (name.empty())
    return;
  // In another order it is the same value; that order may not remain.
  Location loc =
      NameLoc::get(cast<NameLoc>(node).getName(),
                   NameLoc::get(StringAttr::get(value.getContext(), name)));
  Operation *op = value.getDefiningOp();
  while (op && op->getNumResults() == 1 && op->getLoc() == node) {
    op->setLoc(loc);
    op = isa<TransposeOp, ReshapeOp, StorageCastOp>(op)
             ? op->getOperand(0).getDefiningOp()
             : nullptr;
  }
}

Location edgecc::edge::withoutValue(Location loc) {
  auto node = loc->findInstanceOf<NameLoc>();
  return node ? Location(NameLoc::get(node.getName())) : loc;
}

/// The name of the value that a location tells, the last one.
static StringRef getValueName(Location loc) {
  if (auto fused = dyn_cast<FusedLoc>(loc)) {
    ArrayRef<Location> parts = fused.getLocations();
    return parts.empty() ? "" : getValueName(parts.back());
  }
  auto node = dyn_cast<NameLoc>(loc);
  auto value = node ? dyn_cast<NameLoc>(node.getChildLoc()) : NameLoc();
  return value ? value.getName().getValue() : "";
}

StringRef edgecc::edge::getValueName(OpResult result) {
  Operation *op = result.getOwner();
  // What a region yields is the result: epilogues, maps, bands. The scores of
  // an attention are none, nor is what a branch or a loop yields.
  bool isPart = !isa<AttentionOp, IfOp, LoopOp>(op) &&
                op->getNumRegions() == 1 && !op->getRegion(0).empty();
  if (isPart) {
    Operation *terminator = op->getRegion(0).front().getTerminator();
    unsigned number = result.getResultNumber();
    if (number < terminator->getNumOperands())
      if (auto inner = dyn_cast<OpResult>(terminator->getOperand(number)))
        return getValueName(inner);
  }
  return ::getValueName(op->getLoc());
}
