//===- Instances.cpp - one network at several sizes -------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "passes/Bounds/Instances.h"

#include "dialects/Edge/EdgeDialect.h"

using namespace mlir;
using namespace edgecc::bounds;

LogicalResult Instances::match(Block &from, Block &to) {
  auto &valueMap = values.back();
  for (auto [a, b] : llvm::zip(from.getArguments(), to.getArguments()))
    valueMap[a] = b;
  auto other = to.begin();
  for (Operation &op : from) {
    auto differs = [&] {
      return op.emitError("at other sizes the network has other operations "
                          "here");
    };
    if (other == to.end() || other->getName() != op.getName() ||
        other->getNumOperands() != op.getNumOperands() ||
        other->getNumResults() != op.getNumResults() ||
        other->getNumRegions() != op.getNumRegions())
      return differs();
    for (auto [a, b] : llvm::zip(op.getOperands(), other->getOperands()))
      if (valueMap.lookup(a) != b)
        return differs();
    for (auto [a, b] : llvm::zip(op.getResults(), other->getResults()))
      valueMap[a] = b;
    for (auto [a, b] : llvm::zip(op.getRegions(), other->getRegions())) {
      if (a.empty() && b.empty())
        continue;
      if (!a.hasOneBlock() || !b.hasOneBlock() ||
          a.getNumArguments() != b.getNumArguments())
        return differs();
      if (failed(match(a.front(), b.front())))
        return failure();
    }
    ops.back()[&op] = &*other++;
  }
  return success();
}

LogicalResult Instances::add(func::FuncOp main, func::FuncOp other) {
  values.emplace_back();
  ops.emplace_back();
  return match(main.getBody().front(), other.getBody().front());
}

RankedTensorType Instances::getType(Value value, unsigned instance) const {
  if (instance > 0)
    value = values[instance - 1].lookup(value);
  return cast<RankedTensorType>(value.getType());
}

Operation *Instances::getOp(Operation *op, unsigned instance) const {
  return instance == 0 ? op : ops[instance - 1].lookup(op);
}

SmallVector<int64_t> Instances::getSizes(Value value, int64_t dim) const {
  SmallVector<int64_t> sizes;
  for (unsigned i = 0; i < count(); ++i)
    sizes.push_back(getType(value, i).getDimSize(dim));
  return sizes;
}

bool Instances::isFixed(Value value) const {
  for (unsigned i = 1; i < count(); ++i)
    if (getType(value, i) != getType(value, 0))
      return false;
  return true;
}

bool Instances::hasSameAttributes(Operation *op) const {
  WalkResult result = op->walk([&](Operation *inner) {
    for (unsigned i = 1; i < count(); ++i)
      if (getOp(inner, i)->getAttrDictionary() != inner->getAttrDictionary() ||
          getOp(inner, i)->getPropertiesAsAttribute() !=
              inner->getPropertiesAsAttribute())
        return WalkResult::interrupt();
    return WalkResult::advance();
  });
  return !result.wasInterrupted();
}
