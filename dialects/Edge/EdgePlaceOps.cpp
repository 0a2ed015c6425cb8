//===- EdgePlaceOps.cpp - operations that run elsewhere ---------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "dialects/Edge/EdgePlaceOps.h"

using namespace mlir;
using namespace edgecc::edge;

#define GET_OP_CLASSES
#include "dialects/Edge/EdgePlaceOps.cpp.inc"

/// The body maps the operands to the results, none of which is quantised.
static LogicalResult verifyBody(Operation *op, Region &body,
                                ValueRange inputs) {
  auto isQuantized = [](Type type) {
    return isa<quant::QuantizedType>(cast<ShapedType>(type).getElementType());
  };
  for (TypeRange types : {TypeRange(inputs), TypeRange(op->getResultTypes())})
    for (Type type : types)
      if (isQuantized(type))
        return op->emitOpError("expects operands and results that are not "
                               "quantised, found ")
               << type;
  if (body.empty())
    return success();
  if (TypeRange(body.front().getArgumentTypes()) != TypeRange(inputs))
    return op->emitOpError("expects a body whose arguments have the types of "
                           "the operands");
  std::optional<ValueRange> yielded = edgecc::edge::detail::getYielded(body);
  if (!yielded || TypeRange(*yielded) != TypeRange(op->getResultTypes()))
    return op->emitOpError("expects a body that yields the types of the "
                           "results");
  return success();
}

SmallVector<Operation *> RegionOp::getOperations() {
  SmallVector<Operation *> operations;
  for (Operation &op : getBody().front().without_terminator())
    if (!isa<ConstantOp, StorageCastOp>(op))
      operations.push_back(&op);
  return operations;
}

LogicalResult RegionOp::verify() {
  return verifyBody(*this, getBody(), getInputs());
}

LogicalResult NpuCallOp::verify() {
  auto program = cast<ShapedType>(getProgram().getType());
  if (program.getRank() != 1 || !program.getElementType().isSignlessInteger(8))
    return emitOpError("expects a program of bytes, found ") << program;
  for (int64_t bytes : {getScratch(), getFast()})
    if (bytes < 0)
      return emitOpError("cannot have ") << bytes << " bytes of scratch";
  size_t places = getPlaces().size();
  if (places && places != getInputs().size() + getNumResults())
    return emitOpError("expects a place for each input and result, found ")
           << places;
  if (getStart().has_value() != getWait().has_value())
    return emitOpError("expects both 'start' and 'wait' or none of them");
  if (getOverlaps() && !getStart())
    return emitOpError("cannot overlap without 'start' and 'wait'");
  return verifyBody(*this, getFallback(), getInputs());
}
