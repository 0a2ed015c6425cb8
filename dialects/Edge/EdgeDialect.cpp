//===- EdgeDialect.cpp - the edge dialect -----------------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "dialects/Edge/EdgeDialect.h"
#include "dialects/Edge/EdgeFold.h"
#include "dialects/Edge/EdgePlaceOps.h"
#include "dialects/Edge/EdgeScheduleOps.h"
#include "dialects/Edge/EdgeVerify.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Quant/IR/Quant.h"
#include "mlir/IR/DialectImplementation.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace edgecc::edge;

#include "dialects/Edge/EdgeDialect.cpp.inc"
#include "dialects/Edge/EdgeEnums.cpp.inc"
#include "dialects/Edge/EdgeInterfaces.cpp.inc"

#define GET_OP_CLASSES
#include "dialects/Edge/EdgeOps.cpp.inc"

void EdgeDialect::initialize() {
  addOperations<
#define GET_OP_LIST
#include "dialects/Edge/EdgeOps.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "dialects/Edge/EdgeScheduleOps.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "dialects/Edge/EdgePlaceOps.cpp.inc"
      >();
  addInterface(makeFoldInterface(this));
}

Operation *EdgeDialect::materializeConstant(OpBuilder &builder, Attribute value,
                                            Type type, Location loc) {
  auto elements = dyn_cast<ElementsAttr>(value);
  if (!elements || elements.getShapedType() != type)
    return nullptr;
  return ConstantOp::create(builder, loc, elements);
}

IntegerType edgecc::edge::storageType(quant::QuantizedType type) {
  return IntegerType::get(type.getContext(), type.getStorageTypeIntegralWidth(),
                          type.isSigned() ? IntegerType::Signless
                                          : IntegerType::Unsigned);
}

Type edgecc::edge::expressedType(Type element) {
  auto quantized = dyn_cast<quant::QuantizedType>(element);
  return quantized ? quantized.getExpressedType() : element;
}

Type edgecc::edge::accumulatorType(Type element) {
  MLIRContext *context = element.getContext();
  if (auto quantized = dyn_cast<quant::QuantizedType>(element))
    element = storageType(quantized);
  unsigned width = element.getIntOrFloatBitWidth();
  if (isa<FloatType>(element))
    return width <= 32 ? Float32Type::get(context) : element;
  return IntegerType::get(context, width <= 32 ? 32 : width);
}

Type edgecc::edge::signless(Type element) {
  if (auto quantized = dyn_cast<quant::QuantizedType>(element))
    element = storageType(quantized);
  auto integer = dyn_cast<IntegerType>(element);
  return integer ? IntegerType::get(element.getContext(), integer.getWidth())
                 : element;
}

FailureOr<SmallVector<int64_t>>
edgecc::edge::broadcastShapes(ArrayRef<ArrayRef<int64_t>> shapes) {
  size_t rank = 0;
  for (ArrayRef<int64_t> shape : shapes)
    rank = std::max(rank, shape.size());
  SmallVector<int64_t> result(rank, 1);
  for (ArrayRef<int64_t> shape : shapes)
    for (auto [i, size] : llvm::enumerate(llvm::reverse(shape))) {
      int64_t &dim = result[rank - 1 - i];
      if (dim == 1)
        dim = size;
      else if (size != 1 && size != dim)
        return failure();
    }
  return result;
}

LogicalResult edgecc::edge::detail::verifyInferred(Operation *op) {
  SmallVector<Type> types;
  if (failed(cast<InferTypeOpInterface>(op).inferReturnTypes(
          op->getContext(), op->getLoc(), op->getOperands(),
          op->getDiscardableAttrDictionary(), op->getPropertiesStorage(),
          op->getRegions(), types)))
    return failure();
  if (!cast<InferTypeOpInterface>(op).isCompatibleReturnTypes(
          types, op->getResultTypes()))
    return op->emitOpError("expects results of type ")
           << types << ", found " << op->getResultTypes();
  return success();
}

/// The zero points of `type` are among its integers.
static LogicalResult verifyZeroPoints(Operation *op, quant::QuantizedType type,
                                      ArrayRef<int64_t> zeroPoints) {
  for (int64_t zeroPoint : zeroPoints)
    if (zeroPoint < type.getStorageTypeMin() ||
        zeroPoint > type.getStorageTypeMax())
      return op->emitOpError("zero point ")
             << zeroPoint << " is outside [" << type.getStorageTypeMin() << ", "
             << type.getStorageTypeMax() << "] in " << type;
  return success();
}

LogicalResult edgecc::edge::detail::verifyQuantization(Operation *op) {
  auto verify = [&](Type value) -> LogicalResult {
    auto tensor = dyn_cast<RankedTensorType>(value);
    auto type = dyn_cast<quant::QuantizedType>(getElementTypeOrSelf(value));
    if (!tensor || !type)
      return success();
    if (!type.getExpressedType().isF32())
      return op->emitOpError("expects quantised types that express f32, found ")
             << type;
    if (!llvm::is_contained({4u, 8u, 16u, 32u},
                            type.getStorageTypeIntegralWidth()))
      return op->emitOpError(
                 "expects quantised values in 4, 8, 16 or 32 bits, found ")
             << type;
    if (auto perTensor = dyn_cast<quant::UniformQuantizedType>(type))
      return verifyZeroPoints(op, type, {perTensor.getZeroPoint()});
    auto perAxis = dyn_cast<quant::UniformQuantizedPerAxisType>(type);
    if (!perAxis)
      return op->emitOpError("expects one scale or one for each position of an "
                             "axis, found ")
             << type;
    int64_t axis = perAxis.getQuantizedDimension();
    if (axis < 0 || axis >= tensor.getRank())
      return op->emitOpError("quantised axis ")
             << axis << " is outside [0, " << tensor.getRank() << ") in "
             << tensor;
    if (int64_t(perAxis.getScales().size()) != tensor.getDimSize(axis))
      return op->emitOpError("expects ")
             << tensor.getDimSize(axis) << " scales along axis " << axis
             << ", found " << perAxis.getScales().size() << " in " << tensor;
    return verifyZeroPoints(op, type, perAxis.getZeroPoints());
  };
  for (Type type : op->getOperandTypes())
    if (failed(verify(type)))
      return failure();
  for (Type type : op->getResultTypes())
    if (failed(verify(type)))
      return failure();
  return success();
}

bool edgecc::edge::detail::areCompatible(TypeRange inferred,
                                         TypeRange results) {
  if (inferred.size() != results.size())
    return false;
  for (auto [expected, found] : llvm::zip(inferred, results)) {
    if (expected == found)
      continue;
    auto tensor = dyn_cast<RankedTensorType>(found);
    if (!tensor || !isa<quant::QuantizedType>(tensor.getElementType()) ||
        tensor.clone(expressedType(tensor.getElementType())) != expected)
      return false;
  }
  return true;
}

bool edgecc::edge::detail::areCompatibleEpilogue(TypeRange inferred,
                                                 TypeRange results) {
  if (areCompatible(inferred, results))
    return true;
  auto found = dyn_cast<RankedTensorType>(results.front());
  return found && isa<IntegerType>(found.getElementType()) &&
         found.clone(signless(found.getElementType())) == inferred.front();
}

LogicalResult edgecc::edge::detail::verifySameElementTypes(Operation *op) {
  Type first = expressedType(getElementTypeOrSelf(op->getOperand(0).getType()));
  for (Type type : op->getOperandTypes())
    if (expressedType(getElementTypeOrSelf(type)) != first)
      return op->emitOpError("expects operands of one element type, found ")
             << first << " and " << getElementTypeOrSelf(type);
  return verifyInferred(op);
}

LogicalResult edgecc::edge::detail::verifyFactors(Operation *op,
                                                  ArrayRef<Value> values) {
  Type first = getElementTypeOrSelf(values.front().getType());
  for (Value value : values) {
    if (!value)
      continue;
    Type type = getElementTypeOrSelf(value.getType());
    if (type != first &&
        (!isa<IntegerType>(type) || !isa<IntegerType>(first)) &&
        (!isa<quant::QuantizedType>(type) || !isa<quant::QuantizedType>(first)))
      return op->emitOpError(
                 "expects floats of one type, integers or quantised values, "
                 "found ")
             << first << " and " << type;
  }
  return success();
}

std::optional<ValueRange> edgecc::edge::detail::getYielded(Region &region) {
  if (region.empty() || region.front().empty())
    return std::nullopt;
  auto yield = dyn_cast<YieldOp>(region.front().back());
  if (!yield)
    return std::nullopt;
  return ValueRange(yield.getValues());
}

LogicalResult edgecc::edge::detail::verifyScalarCode(Operation *op,
                                                     Block &block) {
  for (Operation &inner : block.without_terminator())
    if (!isa_and_nonnull<arith::ArithDialect, math::MathDialect>(
            inner.getDialect())) {
      InFlightDiagnostic diagnostic =
          op->emitOpError("holds more than code of arith and math");
      diagnostic.attachNote(inner.getLoc()) << "this is none";
      return diagnostic;
    }
  return success();
}
