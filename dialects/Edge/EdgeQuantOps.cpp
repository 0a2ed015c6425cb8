//===- EdgeQuantOps.cpp - casts of quantised values -------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "dialects/Edge/EdgeDialect.h"
#include "dialects/Edge/EdgeVerify.h"

#include "mlir/IR/TypeUtilities.h"
#include "llvm/Support/MathExtras.h"

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

LogicalResult edgecc::edge::detail::verifyBlocks(Operation *op, Value integers,
                                                 Value scales, Value zeroPoints,
                                                 int64_t axis,
                                                 int64_t blockSize) {
  auto type = cast<RankedTensorType>(integers.getType());
  if (!type.getElementType().isIntOrIndex() ||
      type.getElementTypeBitWidth() != 8)
    return op->emitOpError("expects integers in bytes, found ") << type;
  if (axis < 0 || axis >= type.getRank() || blockSize < 1)
    return op->emitOpError("cannot cut ")
           << type << " into blocks of " << blockSize << " along axis " << axis;
  SmallVector<int64_t> shape(type.getShape());
  shape[axis] = int64_t(llvm::divideCeil(shape[axis], blockSize));
  if (cast<RankedTensorType>(scales.getType()).getShape() !=
      ArrayRef<int64_t>(shape))
    return op->emitOpError("expects scales of type ")
           << RankedTensorType::get(shape, Float32Type::get(op->getContext()))
           << ", found " << scales.getType();
  if (zeroPoints && zeroPoints.getType() != type.clone(shape))
    return op->emitOpError("expects zero points of type ")
           << type.clone(shape) << ", found " << zeroPoints.getType();
  return success();
}

LogicalResult DequantizeBlocksOp::inferReturnTypes(
    MLIRContext *context, std::optional<Location> loc, ValueRange operands,
    DictionaryAttr attributes, OpaqueProperties properties, RegionRange regions,
    SmallVectorImpl<Type> &results) {
  results.push_back(cast<RankedTensorType>(operands[0].getType())
                        .clone(Float32Type::get(context)));
  return success();
}

LogicalResult DequantizeBlocksOp::verify() {
  return detail::verifyBlocks(*this, getInput(), getScales(), getZeroPoints(),
                              getAxis(), getBlockSize());
}
