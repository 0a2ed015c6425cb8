//===- BoundShapes.cpp - sizes of run time, up to a bound -------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "passes/Bounds/FollowSizes.h"
#include "passes/Bounds/Passes.h"

#include "llvm/ADT/MapVector.h"

namespace edgecc::bounds {
#define GEN_PASS_DEF_BOUNDSHAPES
#include "passes/Bounds/Passes.h.inc"
} // namespace edgecc::bounds

using namespace mlir;
using namespace edgecc;
using namespace edgecc::bounds;

namespace {

/// Makes one network one of bounded sizes.
class Bounder {
public:
  Bounder(func::FuncOp main, ArrayRef<func::FuncOp> others,
          DictionaryAttr bounds)
      : main(main), others(others), bounds(bounds), builder(main.getContext()),
        sizes(builder), follow(builder, instances, sizes) {}

  LogicalResult run();

private:
  void addArguments();
  void addResults();
  Value packed(Value value, const Dims &dims);
  Value unpacked(Value value, const Dims &dims);
  Value shapeOf(Location loc, const Dims &dims);
  /// The rows at `indices` of a tensor whose last factors are a row.
  Value pickRows(Value value, Value indices);

  func::FuncOp main;
  ArrayRef<func::FuncOp> others;
  DictionaryAttr bounds;
  OpBuilder builder;
  Sizes sizes;
  Instances instances;
  FollowSizes follow;
};

/// The factors up to the last one that is open.
ArrayRef<Factor> leading(ArrayRef<Factor> factors) {
  while (!factors.empty() && factors.back().size < 0)
    factors = factors.drop_back();
  return factors;
}

int64_t productOf(ArrayRef<Factor> factors) {
  int64_t product = 1;
  for (Factor factor : factors)
    product *= factor.bound;
  return product;
}

/// The size of the dimension `name` in the instance `function`.
int64_t sizeIn(func::FuncOp function, NamedAttribute bound) {
  auto own = function->getAttrOfType<DictionaryAttr>("edge.sizes");
  auto size = own.getAs<IntegerAttr>(bound.getName());
  return size ? size.getInt() : cast<DenseI64ArrayAttr>(bound.getValue())[1];
}

/// Marks that have been followed have no use any more; others are in bodies of
/// loops and branches.
LogicalResult eraseMarks(func::FuncOp main) {
  WalkResult result = main.walk([&](UnrealizedConversionCastOp mark) {
    if (!mark.use_empty()) {
      mark.emitError("a size that depends on values is not supported in a loop "
                     "or branch");
      return WalkResult::interrupt();
    }
    mark.erase();
    return WalkResult::advance();
  });
  return failure(result.wasInterrupted());
}

} // namespace

void Bounder::addArguments() {
  Block &body = main.getBody().front();
  unsigned inputs = body.getNumArguments();
  llvm::StringMap<int> numbers;
  for (NamedAttribute bound : bounds) {
    auto range = cast<DenseI64ArrayAttr>(bound.getValue()).asArrayRef();
    unsigned index = main.getNumArguments();
    auto attrs = builder.getDictionaryAttr(
        {builder.getNamedAttr("edge.name", bound.getName()),
         builder.getNamedAttr("edge.range", bound.getValue())});
    auto type = RankedTensorType::get({}, builder.getI32Type());
    (void)main.insertArgument(index, type, attrs, main.getLoc());
    SmallVector<int64_t> at{range[1]};
    for (func::FuncOp other : others)
      at.push_back(sizeIn(other, bound));
    numbers[bound.getName()] = sizes.add(main.getArgument(index), at, range[0]);
  }
  builder.setInsertionPointToStart(&body);
  for (unsigned i = 0; i < inputs; ++i) {
    auto symbols = main.getArgAttrOfType<ArrayAttr>(i, "edge.dims");
    if (!symbols)
      continue;
    Value input = main.getArgument(i);
    auto type = cast<RankedTensorType>(input.getType());
    Dims dims;
    for (auto [size, symbol] :
         llvm::zip(type.getShape(), symbols.getAsRange<StringAttr>())) {
      auto number = numbers.find(symbol.getValue());
      dims.push_back(number == numbers.end() ? fixedDim(size)
                                             : Dim{{size, number->second}});
    }
    Value value = unpacked(input, dims);
    if (value != input)
      input.replaceUsesWithIf(value, [&](OpOperand &use) {
        return use.getOwner()->getBlock() != &body ||
               !use.getOwner()->isBeforeInBlock(&*builder.getInsertionPoint());
      });
    follow.set(value, dims);
  }
}

Value Bounder::pickRows(Value value, Value indices) {
  auto type = cast<RankedTensorType>(value.getType());
  int64_t rows = cast<RankedTensorType>(indices.getType()).getDimSize(0);
  auto flat = RankedTensorType::get({rows, type.getNumElements() / rows},
                                    type.getElementType());
  Location loc = value.getLoc();
  value = edge::ReshapeOp::create(builder, loc, flat, value);
  value = edge::GatherOp::create(builder, loc, value, indices, 0);
  return edge::ReshapeOp::create(builder, loc, type, value);
}

/// The caller's arrays have no gaps: place (i, j) is i * n + j there.
Value Bounder::unpacked(Value value, const Dims &dims) {
  Dim all = flatten(dims);
  ArrayRef<Factor> factors = leading(all);
  if (factors.size() <= 1)
    return value;
  Location loc = value.getLoc();
  int64_t rows = productOf(factors);
  Value from = sizes.constant(loc, sizes.coordinates(factors, 0), rows);
  for (size_t i = 1; i < factors.size(); ++i) {
    from =
        edge::MulOp::create(builder, loc, from, sizes.count(loc, factors[i]));
    from = edge::AddOp::create(
        builder, loc, from,
        sizes.constant(loc, sizes.coordinates(factors, i), rows));
  }
  return pickRows(value, from);
}

/// The reverse: row r of what is handed out is at the coordinates that r has in
/// an array without gaps.
Value Bounder::packed(Value value, const Dims &dims) {
  Dim all = flatten(dims);
  ArrayRef<Factor> factors = leading(all);
  if (factors.size() <= 1)
    return value;
  Location loc = value.getLoc();
  int64_t rows = productOf(factors);
  Value rest = sizes.constant(loc, sizes.coordinates({{rows, -1}}, 0), rows);
  Value one = sizes.constant(loc, {1}, {});
  Value from;
  int64_t stride = 1;
  for (Factor factor : llvm::reverse(factors)) {
    Value count =
        edge::MaxOp::create(builder, loc, sizes.count(loc, factor), one);
    Value place = edge::ModOp::create(builder, loc, rest, count);
    rest = edge::DivOp::create(builder, loc, rest, count);
    place = edge::MulOp::create(builder, loc, place,
                                sizes.constant(loc, {int32_t(stride)}, {}));
    from = from ? edge::AddOp::create(builder, loc, from, place).getResult()
                : place;
    stride *= factor.bound;
  }
  return pickRows(value, from);
}

Value Bounder::shapeOf(Location loc, const Dims &dims) {
  SmallVector<Value> parts;
  auto type = RankedTensorType::get({1}, builder.getI32Type());
  for (const Dim &dim : dims)
    parts.push_back(
        edge::ReshapeOp::create(builder, loc, type, sizes.count(loc, dim)));
  return edge::ConcatOp::create(builder, loc, parts, 0);
}

void Bounder::addResults() {
  Operation *end = main.getBody().front().getTerminator();
  builder.setInsertionPoint(end);
  SmallVector<Value> results;
  SmallVector<DictionaryAttr> attributes;
  for (auto [i, value] : llvm::enumerate(end->getOperands())) {
    Dims dims = follow.get(value);
    NamedAttrList attrs(main.getResultAttrDict(i));
    if (!isOpen(dims)) {
      results.push_back(value);
      attributes.push_back(attrs.getDictionary(builder.getContext()));
      continue;
    }
    auto name = main.getResultAttrOfType<StringAttr>(i, "edge.name");
    auto shapeName = builder.getStringAttr(
        (name ? name.getValue() : StringRef("result")) + ".shape");
    results.push_back(packed(value, dims));
    attrs.set("edge.shape", shapeName);
    attributes.push_back(attrs.getDictionary(builder.getContext()));
    results.push_back(shapeOf(value.getLoc(), dims));
    attributes.push_back(builder.getDictionaryAttr(
        builder.getNamedAttr("edge.name", shapeName)));
  }
  end->setOperands(results);
  main.setType(builder.getFunctionType(main.getArgumentTypes(),
                                       ValueRange(results).getTypes()));
  main.setAllResultAttrs(attributes);
}

LogicalResult Bounder::run() {
  for (func::FuncOp other : others)
    if (failed(instances.add(main, other)))
      return failure();
  SmallVector<Operation *> operations;
  for (Operation &op : main.getBody().front().without_terminator())
    operations.push_back(&op);
  addArguments();
  for (Operation *op : operations)
    if (failed(follow.visit(op)))
      return failure();
  addResults();
  return success();
}

namespace {

struct BoundShapes : bounds::impl::BoundShapesBase<BoundShapes> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    auto main = module.lookupSymbol<func::FuncOp>("main");
    auto bounds = module->getAttrOfType<DictionaryAttr>("edge.bounds");
    bool hasMarks = false;
    if (main)
      main.walk([&](UnrealizedConversionCastOp) { hasMarks = true; });
    if (!bounds && !hasMarks)
      return;
    if (!bounds)
      bounds = DictionaryAttr::get(&getContext());
    SmallVector<func::FuncOp> others;
    for (auto function : module.getOps<func::FuncOp>())
      if (function->hasAttr("edge.sizes"))
        others.push_back(function);
    if (!main || others.empty()) {
      module.emitError("expected a function 'main' and others with the "
                       "attribute 'edge.sizes'");
      return signalPassFailure();
    }
    if (failed(Bounder(main, others, bounds).run()) || failed(eraseMarks(main)))
      return signalPassFailure();
    for (func::FuncOp other : others)
      other.erase();
    module->removeAttr("edge.bounds");
  }
};

} // namespace
