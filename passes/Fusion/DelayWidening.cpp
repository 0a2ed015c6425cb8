//===- DelayWidening.cpp - sums read narrow elements ------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "dialects/Edge/EdgeDialect.h"
#include "passes/Fusion/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Matchers.h"

namespace edgecc::fusion {
#define GEN_PASS_DEF_DELAYWIDENING
#include "passes/Fusion/Passes.h.inc"
} // namespace edgecc::fusion

using namespace mlir;
using namespace edgecc;
using namespace edgecc::edge;

namespace {

/// The scalar code that computes the elements of `producer`; null if there is
/// none.
Region *scalarCodeOf(Operation *producer) {
  if (auto map = dyn_cast_or_null<MapOp>(producer))
    return &map.getBody();
  auto epilogue = dyn_cast_or_null<EpilogueOpInterface>(producer);
  if (!epilogue || epilogue.getEpilogueRegion().empty())
    return nullptr;
  return &epilogue.getEpilogueRegion();
}

bool isConstant(Value value) { return matchPattern(value, m_Constant()); }

/// The value of a byte of which `wide` is a function, with the operations
/// between them, the last one first; null if there is none.
Value findByte(Value wide, SmallVectorImpl<Operation *> &between) {
  Value value = wide;
  while (!value.getType().isInteger(8)) {
    Operation *op = value.getDefiningOp();
    if (!op || op->getNumResults() != 1 || !value.hasOneUse())
      return {};
    Value source;
    for (Value operand : op->getOperands()) {
      if (isConstant(operand))
        continue;
      if (source && source != operand)
        return {};
      source = operand;
    }
    if (!source)
      return {};
    between.push_back(op);
    value = source;
  }
  return value;
}

/// Makes a map of its own of the end of `code`, which computes what `producer`
/// gives to `pool`.
bool delay(PoolOp pool, Operation *producer, Region &code) {
  Operation *yield = code.front().getTerminator();
  SmallVector<Operation *> between;
  Value byte = findByte(yield->getOperand(0), between);
  if (!byte || between.empty())
    return false;
  Value result = producer->getResult(0);
  auto wide = cast<RankedTensorType>(result.getType());
  OpBuilder builder(pool);
  auto map = MapOp::create(builder, producer->getLoc(), wide, result);
  Block &body = map.getBody().emplaceBlock();
  IRMapping values;
  values.map(byte, body.addArgument(byte.getType(), byte.getLoc()));
  builder.setInsertionPointToStart(&body);
  for (Operation *op : llvm::reverse(between)) {
    for (Value operand : op->getOperands())
      if (isConstant(operand) && !values.contains(operand))
        values.map(operand,
                   builder.clone(*operand.getDefiningOp())->getResult(0));
    builder.clone(*op, values);
  }
  YieldOp::create(builder, map.getLoc(), values.lookup(yield->getOperand(0)));
  yield->setOperand(0, byte);
  for (Operation *op : between)
    op->erase();
  result.setType(wide.clone(byte.getType()));
  pool.getInputMutable().assign(map.getResult());
  return true;
}

/// Whether every element is read once.
bool readsOnce(PoolOp pool) {
  return llvm::all_of(
      llvm::zip_equal(pool.getKernel(), pool.getStrides()),
      [](auto sizes) { return std::get<0>(sizes) <= std::get<1>(sizes); });
}

struct DelayWidening : edgecc::fusion::impl::DelayWideningBase<DelayWidening> {
  void runOnOperation() override {
    getOperation().walk([&](PoolOp pool) {
      Operation *producer = pool.getInput().getDefiningOp();
      Region *code = scalarCodeOf(producer);
      if (code && pool.getKind() == PoolKind::Sum && readsOnce(pool) &&
          pool.getInput().hasOneUse() && producer->getNumResults() == 1 &&
          delay(pool, producer, *code))
        ++numDelayed;
    });
  }
};

} // namespace
