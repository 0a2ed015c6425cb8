//===- SplitLayers.cpp - networks that run layer by layer -------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "dialects/Target/MemoryMap.h"
#include "passes/Schedule/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "llvm/ADT/Sequence.h"

namespace edgecc::schedule {
#define GEN_PASS_DEF_SPLITLAYERS
#include "passes/Schedule/Passes.h.inc"
} // namespace edgecc::schedule

using namespace mlir;
using namespace edgecc;
using namespace edgecc::schedule;

namespace {

/// What runs without a break.
struct Layer {
  std::string name;
  SmallVector<Operation *> ops;
};

/// The body of a network in pieces.
struct Layers {
  explicit Layers(Block &body);

  SmallVector<Layer> list;
  /// What all pieces share: constants and views, in order.
  SmallVector<Operation *> shared;
};

} // namespace

/// The layer of the graph that a kernel belongs to, and what kind it is.
static std::string nameOfCall(func::CallOp call) {
  std::string name;
  if (auto layer = call->getAttrOfType<StringAttr>("edge.layer"))
    name = layer.str();
  if (auto kind = call->getAttrOfType<StringAttr>("edge.kind"))
    name += " (" + kind.str() + ")";
  return name;
}

static std::string nameOf(Operation *op) {
  // A loop or a branch is called by its first kernel.
  std::string name;
  op->walk([&](func::CallOp call) {
    name = nameOfCall(call);
    return name.empty() ? WalkResult::advance() : WalkResult::interrupt();
  });
  return name.empty() ? op->getName().getStringRef().str() : name;
}

Layers::Layers(Block &body) {
  llvm::DenseSet<Operation *> isShared;
  llvm::DenseMap<Operation *, size_t> layerOf;
  bool isOpen = false;
  for (Operation &op : body.without_terminator()) {
    auto reads = [&](Value operand) { return operand.getDefiningOp(); };
    bool onlyShared = llvm::all_of(op.getOperands(), [&](Value operand) {
      Operation *source = reads(operand);
      return !source || isShared.contains(source);
    });
    if (isPure(&op) && !op.getNumRegions() && onlyShared) {
      isShared.insert(&op);
      shared.push_back(&op);
      continue;
    }
    if (!isOpen)
      list.emplace_back();
    // What hands a value on has to be in the same piece as its reader.
    size_t first = list.size() - 1;
    op.walk([&](Operation *inner) {
      for (Value operand : inner->getOperands())
        if (Operation *source = reads(operand); layerOf.contains(source))
          first = std::min(first, layerOf.lookup(source));
    });
    while (list.size() - 1 > first) {
      Layer last = list.pop_back_val();
      for (Operation *moved : last.ops)
        layerOf[moved] = list.size() - 1;
      llvm::append_range(list.back().ops, last.ops);
    }
    Layer &layer = list.back();
    layer.ops.push_back(&op);
    layerOf[&op] = list.size() - 1;
    // Copies belong to the kernel that they come before.
    isOpen = (!isa<func::CallOp>(op) && !op.getNumRegions()) ||
             op.hasAttr(target::copyAttrName);
    if (!isOpen && layer.name.empty())
      layer.name = nameOf(&op);
  }
  if (isOpen && list.back().name.empty())
    list.back().name = nameOf(list.back().ops.back());
}

namespace {

struct SplitLayers : schedule::impl::SplitLayersBase<SplitLayers> {
  using SplitLayersBase::SplitLayersBase;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    auto main = module.lookupSymbol<func::FuncOp>("main");
    if (!main || main.getNumResults() || !main.getBody().hasOneBlock()) {
      module.emitError("expects a function @main of one block without results");
      return signalPassFailure();
    }
    Layers layers(main.getBody().front());
    OpBuilder builder(&getContext());
    SmallVector<StringRef> names;
    for (const Layer &layer : layers.list)
      names.push_back(layer.name);
    main->setAttr("edge.layers", builder.getStrArrayAttr(names));
    numLayers += names.size();
    if (step)
      addStep(main, layers);
    if (values)
      addValues(main, layers);
    if (announce)
      addAnnouncements(main, layers);
  }

private:
  /// Adds `@step`, which takes the arguments of `main` and runs one layer.
  void addStep(func::FuncOp main, const Layers &layers);
  /// Calls `@on_value` for the results of each layer when it has ended.
  void addValues(func::FuncOp main, const Layers &layers);
  /// Calls `@on_layer` before each layer, and after the last one.
  void addAnnouncements(func::FuncOp main, const Layers &layers);
};

} // namespace

void SplitLayers::addStep(func::FuncOp main, const Layers &layers) {
  Location loc = main.getLoc();
  OpBuilder builder(main->getContext());
  builder.setInsertionPointAfter(main);
  SmallVector<Type> types(main.getArgumentTypes());
  types.push_back(builder.getI32Type());
  auto function = func::FuncOp::create(builder, loc, "step",
                                       builder.getFunctionType(types, {}));
  Block *body = function.addEntryBlock();
  builder.setInsertionPointToStart(body);
  IRMapping mapping;
  for (auto [from, to] :
       llvm::zip(main.getArguments(), body->getArguments().drop_back()))
    mapping.map(from, to);
  for (Operation *op : layers.shared)
    builder.clone(*op, mapping);
  Value number = arith::IndexCastUIOp::create(
      builder, loc, builder.getIndexType(), body->getArguments().back());
  auto cases = llvm::to_vector(llvm::seq<int64_t>(layers.list.size()));
  auto choice = scf::IndexSwitchOp::create(builder, loc, TypeRange(), number,
                                           cases, cases.size());
  func::ReturnOp::create(builder, loc);
  builder.createBlock(&choice.getDefaultRegion());
  scf::YieldOp::create(builder, loc);
  for (auto [layer, region] :
       llvm::zip_equal(layers.list, choice.getCaseRegions())) {
    builder.createBlock(&region);
    for (Operation *op : layer.ops)
      builder.clone(*op, mapping);
    scf::YieldOp::create(builder, loc);
  }
}

/// The address of the first element.
static Value addressOf(OpBuilder &builder, Location loc, Value memref,
                       int64_t offset) {
  auto type = cast<MemRefType>(memref.getType());
  Value start =
      memref::ExtractAlignedPointerAsIndexOp::create(builder, loc, memref);
  int64_t bytes =
      offset * llvm::divideCeil(type.getElementTypeBitWidth(), int64_t(8));
  if (bytes == 0)
    return start;
  Value distance = arith::ConstantIndexOp::create(builder, loc, bytes);
  return arith::AddIOp::create(builder, loc, start, distance);
}

void SplitLayers::addValues(func::FuncOp main, const Layers &layers) {
  Location loc = main.getLoc();
  OpBuilder builder(main);
  auto hook = func::FuncOp::create(
      builder, loc, "on_value",
      builder.getFunctionType({builder.getI32Type(), builder.getIndexType()},
                              {}));
  hook.setPrivate();
  // Of several calls for one value the last one completes it.
  llvm::DenseMap<Attribute, func::CallOp> lastCall;
  auto valuesOf = [](func::CallOp call) {
    auto list = call->getAttrOfType<ArrayAttr>("edge.values");
    return list ? list.getAsRange<DictionaryAttr>()
                : ArrayAttr::get(call->getContext(), {})
                      .getAsRange<DictionaryAttr>();
  };
  for (auto call : main.getBody().front().getOps<func::CallOp>())
    for (DictionaryAttr value : valuesOf(call))
      lastCall[value.get("name")] = call;

  SmallVector<Attribute> table;
  for (const Layer &layer : layers.list) {
    builder.setInsertionPointAfter(layer.ops.back());
    for (Operation *op : layer.ops) {
      auto call = dyn_cast<func::CallOp>(op);
      if (!call)
        continue;
      for (DictionaryAttr value : valuesOf(call)) {
        Value memref =
            call.getOperand(value.getAs<IntegerAttr>("operand").getInt());
        SmallVector<int64_t> strides;
        int64_t offset;
        if (lastCall[value.get("name")] != call ||
            failed(cast<MemRefType>(memref.getType())
                       .getStridesAndOffset(strides, offset)) ||
            ShapedType::isDynamic(offset) ||
            llvm::any_of(strides, ShapedType::isDynamic))
          continue;
        Value number = arith::ConstantOp::create(
            builder, loc, builder.getI32IntegerAttr(table.size()));
        func::CallOp::create(
            builder, loc, hook,
            ValueRange{number, addressOf(builder, loc, memref, offset)});
        table.push_back(builder.getDictionaryAttr(
            {builder.getNamedAttr("name", value.get("name")),
             builder.getNamedAttr("type", value.get("type")),
             builder.getNamedAttr("strides",
                                  builder.getDenseI64ArrayAttr(strides))}));
      }
    }
  }
  main->setAttr("edge.values", builder.getArrayAttr(table));
}

void SplitLayers::addAnnouncements(func::FuncOp main, const Layers &layers) {
  Location loc = main.getLoc();
  OpBuilder builder(main);
  auto hook =
      func::FuncOp::create(builder, loc, "on_layer",
                           builder.getFunctionType({builder.getI32Type()}, {}));
  hook.setPrivate();
  auto announce = [&](int64_t number) {
    Value value = arith::ConstantOp::create(builder, loc,
                                            builder.getI32IntegerAttr(number));
    func::CallOp::create(builder, loc, hook, value);
  };
  for (auto [number, layer] : llvm::enumerate(layers.list)) {
    builder.setInsertionPoint(layer.ops.front());
    announce(number);
  }
  builder.setInsertionPoint(main.getBody().front().getTerminator());
  announce(layers.list.size());
}
