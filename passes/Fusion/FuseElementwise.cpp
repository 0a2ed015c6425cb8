//===- FuseElementwise.cpp - elementwise operations into maps ---*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "passes/Fusion/MapBody.h"
#include "passes/Fusion/Passes.h"

#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

using namespace mlir;
using namespace edgecc::edge;

namespace edgecc::fusion {
#define GEN_PASS_DEF_FUSEELEMENTWISE
#include "passes/Fusion/Passes.h.inc"
} // namespace edgecc::fusion

using namespace edgecc::fusion;

namespace {

RankedTensorType typeOf(Value value) {
  return cast<RankedTensorType>(value.getType());
}

/// The shape without leading dimensions of size one.
ArrayRef<int64_t> trimmed(Value value) {
  return typeOf(value).getShape().drop_while([](int64_t d) { return d == 1; });
}

bool definedByEpilogueOp(Value value) {
  return value.hasOneUse() && value.getDefiningOp<EpilogueOpInterface>();
}

struct FuseElementwise
    : edgecc::fusion::impl::FuseElementwiseBase<FuseElementwise> {
  using FuseElementwiseBase::FuseElementwiseBase;

  void runOnOperation() override {
    func::FuncOp func = getOperation();
    if (maxInputs < 1) {
      func.emitError("a map reads at least one tensor, the limit is ")
          << maxInputs.getValue();
      return signalPassFailure();
    }
    OpBuilder builder(&getContext());
    SmallVector<ElementwiseOpInterface> elementwise;
    func.walk([&](ElementwiseOpInterface op) { elementwise.push_back(op); });
    for (ElementwiseOpInterface op : elementwise) {
      MapOp map = createMap(builder, op);
      op->getResult(0).replaceAllUsesWith(map.getResult());
      op->erase();
    }
    // Producers first: what a map takes in is complete.
    SmallVector<MapOp> maps;
    func.walk([&](MapOp map) { maps.push_back(map); });
    for (MapOp map : maps)
      grow(builder, map);
    if (failed(applyPatternsGreedily(func, {})))
      return signalPassFailure();
    func.walk([&](MapOp) { ++numMaps; });
  }

  /// Takes producers into `map` until there is none left to take.
  void grow(OpBuilder &builder, MapOp map) {
    for (bool changed = true; changed;) {
      changed = false;
      for (unsigned i = 0; i < map.getInputs().size() && !changed; ++i) {
        Value input = map.getInputs()[i];
        if (auto broadcast = input.getDefiningOp<BroadcastOp>()) {
          readThrough(map, i, broadcast);
          changed = true;
        } else if (auto producer = input.getDefiningOp<MapOp>()) {
          if (!isWorthwhile(map, producer))
            continue;
          MapOp fused = fuseMaps(builder, map, i, producer);
          map.getResult().replaceAllUsesWith(fused.getResult());
          map.erase();
          if (producer->use_empty()) {
            producer.erase();
            ++numFused;
          }
          map = fused;
          changed = true;
        }
      }
      if (!changed)
        changed = sinkReshape(builder, map);
    }
  }

  /// Reads what a broadcast repeats instead of its result.
  static void readThrough(MapOp map, unsigned index, BroadcastOp broadcast) {
    map.getInputsMutable()[index].set(broadcast.getInput());
    if (broadcast->use_empty())
      broadcast.erase();
  }

  bool isWorthwhile(MapOp consumer, MapOp producer) {
    if (producer->getBlock() != consumer->getBlock() ||
        trimmed(producer.getResult()) != trimmed(consumer.getResult()))
      return false;
    SmallVector<Value> inputs(consumer.getInputs());
    llvm::append_range(inputs, producer.getInputs());
    llvm::sort(inputs, [](Value a, Value b) {
      return a.getAsOpaquePointer() < b.getAsOpaquePointer();
    });
    inputs.erase(llvm::unique(inputs), inputs.end());
    if (inputs.size() - 1 > maxInputs ||
        countOperations(producer.getBody().front()) +
                countOperations(consumer.getBody().front()) >
            maxOperations)
      return false;
    if (llvm::all_of(producer->getUsers(),
                     [&](Operation *user) { return user == consumer; }))
      return true;
    // Computed again by each user, if that is cheaper than a tensor between
    // them and nothing before could do it on the way.
    unsigned large = 0;
    for (Value input : producer.getInputs()) {
      if (definedByEpilogueOp(input))
        return false;
      large += trimmed(input) == trimmed(producer.getResult());
    }
    return large <= 1 && isCheap(producer.getBody().front()) &&
           llvm::all_of(producer->getUsers(), [&](Operation *user) {
             return isa<MapOp>(user) &&
                    user->getBlock() == producer->getBlock() &&
                    trimmed(user->getResult(0)) ==
                        trimmed(producer.getResult());
           });
  }

  /// Moves a reshape between a computation and a map behind the map, so that
  /// the two meet. `map` becomes the new map.
  static bool sinkReshape(OpBuilder &builder, MapOp &map) {
    for (auto [i, input] : llvm::enumerate(map.getInputs())) {
      auto reshape = input.getDefiningOp<ReshapeOp>();
      if (!reshape || !reshape->hasOneUse() ||
          reshape->getBlock() != map->getBlock() ||
          reshape.getType().getShape() != map.getType().getShape())
        continue;
      Value source = reshape.getInput();
      if (!source.hasOneUse() ||
          !(source.getDefiningOp<EpilogueOpInterface>() ||
            source.getDefiningOp<MapOp>()))
        continue;
      builder.setInsertionPoint(map);
      std::optional<SmallVector<Value>> inputs =
          inputsOfShape(builder, map, i, typeOf(source).getShape());
      if (!inputs)
        continue;
      RankedTensorType type = map.getType();
      auto moved =
          MapOp::create(builder, map.getLoc(),
                        type.clone(typeOf(source).getShape()), *inputs);
      moved.getBody().takeBody(map.getBody());
      Value result = ReshapeOp::create(builder, reshape.getLoc(), type, moved);
      map.getResult().replaceAllUsesWith(result);
      map.erase();
      reshape.erase();
      map = moved;
      return true;
    }
    return false;
  }

  /// The inputs of `map` for a result reshaped to `shape`; nothing if one of
  /// them broadcasts otherwise than along the last dimension.
  static std::optional<SmallVector<Value>>
  inputsOfShape(OpBuilder &builder, MapOp map, unsigned reshaped,
                ArrayRef<int64_t> shape) {
    ArrayRef<int64_t> old = map.getType().getShape();
    int64_t elements = map.getType().getNumElements();
    SmallVector<SmallVector<int64_t>> shapes;
    for (auto [i, input] : llvm::enumerate(map.getInputs())) {
      RankedTensorType type = typeOf(input);
      bool lastOnly = type.getRank() > 0 && !old.empty() && !shape.empty() &&
                      type.getNumElements() == type.getShape().back() &&
                      type.getShape().back() == old.back() &&
                      old.back() == shape.back();
      if (i == reshaped)
        shapes.emplace_back(shape);
      else if (type.getNumElements() == 1)
        shapes.push_back({});
      else if (lastOnly)
        shapes.push_back({shape.back()});
      else if (type.getNumElements() == elements && !definedByEpilogueOp(input))
        shapes.emplace_back(shape);
      else
        return std::nullopt;
    }
    SmallVector<Value> inputs;
    for (auto [i, input] : llvm::enumerate(map.getInputs())) {
      // The reshape itself goes away.
      if (i == reshaped)
        inputs.push_back(input.getDefiningOp<ReshapeOp>().getInput());
      else
        inputs.push_back(builder.createOrFold<ReshapeOp>(
            input.getLoc(), typeOf(input).clone(shapes[i]), input));
    }
    return inputs;
  }
};

} // namespace
