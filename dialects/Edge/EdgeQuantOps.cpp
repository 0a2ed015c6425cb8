//===- EdgeQuantOps.cpp - casts of quantised values -------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "dialects/Edge/EdgeDialect.h"

#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace edgecc::edge;

/// A value that was quantised in this way already stays as it is: integers of
/// up to 16 bits come back exactly.
OpFoldResult QuantizeOp::fold(FoldAdaptor adaptor) {
  auto producer = getInput().getDefiningOp<DequantizeOp>();
  if (!producer || producer.getInput().getType() != getType())
    return {};
  auto type = cast<quant::QuantizedType>(getType().getElementType());
  return type.getStorageTypeIntegralWidth() <= 16 ? producer.getInput()
                                                  : Value();
}

LogicalResult StorageCastOp::verify() {
  Type from = getElementTypeOrSelf(getInput().getType());
  Type to = getType().getElementType();
  auto quantized = dyn_cast<quant::QuantizedType>(from);
  Type stored = to;
  if (!quantized) {
    quantized = dyn_cast<quant::QuantizedType>(to);
    stored = from;
  }
  if (!quantized || stored != storageType(quantized))
    return emitOpError("expects a quantised type and its integer type, found ")
           << from << " and " << to;
  return success();
}

OpFoldResult StorageCastOp::fold(FoldAdaptor adaptor) {
  auto producer = getInput().getDefiningOp<StorageCastOp>();
  if (producer && producer.getInput().getType() == getType())
    return producer.getInput();
  return {};
}
