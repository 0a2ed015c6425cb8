//===- ConstantOperands.cpp - constants that calls read ---------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "passes/Memory/ConstantOperands.h"
#include "passes/Memory/FunctionBuffers.h"

#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/IRMapping.h"

using namespace mlir;
using namespace edgecc::memory;

std::optional<ConstantOperand> edgecc::memory::findConstant(func::CallOp call,
                                                            unsigned operand) {
  Operation *source = findSource(call.getOperand(operand));
  if (!isa_and_nonnull<memref::GetGlobalOp>(source))
    return std::nullopt;
  Operation *view = call.getOperand(operand).getDefiningOp();
  while (view != source && view->getOperand(0).getDefiningOp() != source)
    view = view->getOperand(0).getDefiningOp();
  auto bytes = dyn_cast<memref::ViewOp>(view);
  std::optional<int64_t> begin =
      bytes ? getConstantIntValue(bytes.getByteShift()) : std::nullopt;
  if (!begin)
    return std::nullopt;
  MemRefType type = bytes.getType();
  int64_t size = type.getNumElements() *
                 llvm::divideCeil(type.getElementTypeBitWidth(), 8);
  return ConstantOperand{operand, bytes, *begin, *begin + size};
}

void edgecc::memory::readInstead(OpBuilder &builder, func::CallOp call,
                                 const ConstantOperand &constant, Value memory,
                                 llvm::function_ref<void(Operation *)> added) {
  OpOperand &operand = call->getOpOperand(constant.operand);
  // From the innermost view on.
  SmallVector<Operation *> chain;
  for (Operation *op = operand.get().getDefiningOp(); op != constant.view;
       op = op->getOperand(0).getDefiningOp())
    chain.push_back(op);
  for (Operation *op : llvm::reverse(chain)) {
    IRMapping mapping;
    mapping.map(op->getOperand(0), memory);
    Operation *clone = builder.clone(*op, mapping);
    added(clone);
    memory = clone->getResult(0);
  }
  operand.set(memory);
}
