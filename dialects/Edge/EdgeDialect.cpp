//===- EdgeDialect.cpp - the edge dialect -----------------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "dialects/Edge/EdgeDialect.h"
#include "dialects/Edge/EdgeFold.h"
#include "dialects/Edge/EdgeVerify.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
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
  addInterface(makeFoldInterface(this));
}

Operation *EdgeDialect::materializeConstant(OpBuilder &builder, Attribute value,
                                            Type type, Location loc) {
  auto elements = dyn_cast<ElementsAttr>(value);
  if (!elements || elements.getShapedType() != type)
    return nullptr;
  return ConstantOp::create(builder, loc, elements);
}

Type edgecc::edge::accumulatorType(Type element) {
  MLIRContext *context = element.getContext();
  unsigned width = element.getIntOrFloatBitWidth();
  if (isa<FloatType>(element))
    return width <= 32 ? Float32Type::get(context) : element;
  return IntegerType::get(context, width <= 32 ? 32 : width);
}

Type edgecc::edge::signless(Type element) {
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
  if (!llvm::equal(types, op->getResultTypes()))
    return op->emitOpError("expects results of type ")
           << types << ", found " << op->getResultTypes();
  return success();
}

LogicalResult edgecc::edge::detail::verifySameElementTypes(Operation *op) {
  Type first = getElementTypeOrSelf(op->getOperand(0).getType());
  for (Type type : op->getOperandTypes())
    if (getElementTypeOrSelf(type) != first)
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
    if (type != first && (isa<FloatType>(type) || isa<FloatType>(first)))
      return op->emitOpError("expects floats of one type or integers, found ")
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
