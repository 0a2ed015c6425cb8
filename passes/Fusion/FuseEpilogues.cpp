//===- FuseEpilogues.cpp - maps into epilogues ------------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "passes/Fusion/MapBody.h"
#include "passes/Fusion/Passes.h"

#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace edgecc::edge;

namespace edgecc::fusion {
#define GEN_PASS_DEF_FUSEEPILOGUES
#include "passes/Fusion/Passes.h.inc"
} // namespace edgecc::fusion

using namespace edgecc::fusion;

namespace {

/// The value that an epilogue receives in the element type of the result that
/// the operation has without epilogue.
Value narrow(OpBuilder &builder, Location loc, Value value, Type type) {
  if (value.getType() == type)
    return value;
  if (isa<FloatType>(type))
    return arith::TruncFOp::create(builder, loc, type, value);
  return arith::TruncIOp::create(builder, loc, type, value);
}

/// The operation that can take `map` into its epilogue, the last one if there
/// are several; null if there is none.
EpilogueOpInterface findProducer(MapOp map) {
  EpilogueOpInterface chosen;
  for (Value input : map.getInputs()) {
    auto producer = input.getDefiningOp<EpilogueOpInterface>();
    if (!producer || !input.hasOneUse() ||
        producer->getBlock() != map->getBlock() ||
        cast<ShapedType>(input.getType()).getShape() !=
            map.getType().getShape())
      continue;
    if (!chosen || chosen->isBeforeInBlock(producer))
      chosen = producer;
  }
  return chosen;
}

void moveIntoEpilogue(MapOp map, EpilogueOpInterface producer) {
  OpBuilder builder(map);
  Location loc = map.getLoc();
  Value result = producer->getResult(0);
  Region &region = producer.getEpilogueRegion();
  if (region.empty()) {
    Block *block = builder.createBlock(&region);
    Value computed = block->addArgument(producer.getAccumulatorType(), loc);
    Value value = narrow(builder, loc, computed,
                         signless(getElementTypeOrSelf(result.getType())));
    YieldOp::create(builder, loc, ValueRange(value));
  }
  Block &block = region.front();
  Operation *yield = block.getTerminator();
  builder.setInsertionPoint(yield);

  // What the map reads comes after the map's producer: that one moves.
  producer->moveBefore(map);
  SmallVector<Value> arguments;
  for (Value input : map.getInputs()) {
    if (input == result) {
      arguments.push_back(yield->getOperand(0));
      continue;
    }
    MutableOperandRange extras = producer.getEpilogueOperandsMutable();
    OperandRange known(extras);
    auto it = llvm::find(known, input);
    if (it == known.end()) {
      block.addArgument(signless(getElementTypeOrSelf(input.getType())), loc);
      arguments.push_back(block.getArguments().back());
      extras.append(input);
      continue;
    }
    arguments.push_back(
        block.getArgument(1 + std::distance(known.begin(), it)));
  }
  Value value = inlineBody(builder, map.getBody().front(), arguments);
  yield->setOperand(0, value);
  result.setType(map.getType());
  map.getResult().replaceAllUsesWith(result);
  map.erase();
}

struct FuseEpilogues : edgecc::fusion::impl::FuseEpiloguesBase<FuseEpilogues> {
  void runOnOperation() override {
    SmallVector<MapOp> maps;
    bool plain = false;
    getOperation().walk([&](Operation *op) {
      if (auto map = dyn_cast<MapOp>(op))
        maps.push_back(map);
      else if (isa<ElementwiseOpInterface>(op) && !plain) {
        plain = true;
        op->emitError("expects maps in place of elementwise operations");
      }
    });
    if (plain)
      return signalPassFailure();
    for (MapOp map : maps)
      if (EpilogueOpInterface producer = findProducer(map)) {
        moveIntoEpilogue(map, producer);
        ++numFused;
      }
  }
};

} // namespace
