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

  /// `slice` is the network at the size one, or null.
  LogicalResult run(func::FuncOp slice);

private:
  void addArguments();
  void addResults();
  /// The name of the result that holds the shape of another one.
  StringAttr shapeName(unsigned result);
  /// The attributes of a result whose shape is open.
  DictionaryAttr describeOpen(unsigned result);
  void setResults(ArrayRef<Value> results, ArrayRef<DictionaryAttr> attributes);
  /// Whether each slice of the results along their first dimension depends on
  /// the same slice of the inputs only.
  bool isApart(ArrayRef<Operation *> operations);
  /// `slice` computes one slice, and takes the place of the network.
  void takeSlice(func::FuncOp slice);
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

StringAttr Bounder::shapeName(unsigned result) {
  auto name = main.getResultAttrOfType<StringAttr>(result, "edge.name");
  return builder.getStringAttr((name ? name.getValue() : StringRef("result")) +
                               ".shape");
}

DictionaryAttr Bounder::describeOpen(unsigned result) {
  NamedAttrList attrs(main.getResultAttrDict(result));
  attrs.set("edge.shape", shapeName(result));
  return attrs.getDictionary(builder.getContext());
}

void Bounder::setResults(ArrayRef<Value> results,
                         ArrayRef<DictionaryAttr> attributes) {
  Block &body = main.getBody().front();
  body.getTerminator()->setOperands(results);
  main.setType(builder.getFunctionType(body.getArgumentTypes(),
                                       ValueRange(results).getTypes()));
  main.setAllResultAttrs(attributes);
}

void Bounder::addResults() {
  Operation *end = main.getBody().front().getTerminator();
  builder.setInsertionPoint(end);
  SmallVector<Value> results;
  SmallVector<DictionaryAttr> attributes;
  for (auto [i, value] : llvm::enumerate(end->getOperands())) {
    Dims dims = follow.get(value);
    if (!isOpen(dims)) {
      results.push_back(value);
      attributes.push_back(main.getResultAttrDict(i));
      continue;
    }
    results.push_back(packed(value, dims));
    attributes.push_back(describeOpen(i));
    results.push_back(shapeOf(value.getLoc(), dims));
    attributes.push_back(builder.getDictionaryAttr(
        builder.getNamedAttr("edge.name", shapeName(i))));
  }
  setResults(results, attributes);
}

bool Bounder::isApart(ArrayRef<Operation *> operations) {
  auto isLeading = [](const Dims &dims) {
    return !dims.empty() && dims[0].size() == 1 && dims[0][0].size == 0 &&
           !isOpen(Dims(llvm::drop_begin(dims)));
  };
  unsigned count = main.getNumArguments() - 1;
  // What combines slices asks how many there are.
  if (bounds.size() != 1 || !main.getArgument(count).use_empty())
    return false;
  for (Value input : main.getArguments().take_front(count)) {
    Dims dims = follow.get(input);
    if (isOpen(dims) && !isLeading(dims))
      return false;
  }
  for (Value result : main.getBody().front().getTerminator()->getOperands())
    if (!isLeading(follow.get(result)))
      return false;
  return llvm::all_of(operations, [&](Operation *op) {
    if (auto slice = dyn_cast<edge::SliceOp>(op)) {
      Dims dims = follow.get(slice.getInput());
      for (auto [dim, before, after] : llvm::zip(
               dims, slice.getInput().getType().getShape(), slice.getSizes()))
        if (isOpen(dim) && before != after)
          return false;
    }
    if (auto sums = dyn_cast<edge::CumulativeOp>(op))
      return !isOpen(follow.get(sums.getInput())[sums.getAxis()]);
    return true;
  });
}

void Bounder::takeSlice(func::FuncOp slice) {
  Operation *end = main.getBody().front().getTerminator();
  SmallVector<Dims> inputs, results;
  for (Value input : main.getArguments())
    inputs.push_back(follow.get(input));
  for (Value result : end->getOperands())
    results.push_back(follow.get(result));
  main.getBody().takeBody(slice.getBody());
  Block &body = main.getBody().front();
  end = body.getTerminator();
  Value count = body.addArgument(
      RankedTensorType::get({}, builder.getI32Type()), main.getLoc());
  unsigned last = body.getNumArguments() - 1;
  auto slicesOf = [&](const Dims &dims) {
    return builder.getI64IntegerAttr(dims[0][0].bound);
  };
  main.setArgAttr(last, "edge.repeats", builder.getUnitAttr());
  for (unsigned i = 0; i < last; ++i)
    if (isOpen(inputs[i]))
      main.setArgAttr(i, "edge.slices", slicesOf(inputs[i]));
  builder.setInsertionPoint(end);
  SmallVector<Value> values;
  SmallVector<DictionaryAttr> attributes;
  for (auto [i, value] : llvm::enumerate(end->getOperands())) {
    Location loc = value.getLoc();
    values.push_back(value);
    NamedAttrList attrs(describeOpen(i));
    attrs.set("edge.slices", slicesOf(results[i]));
    attributes.push_back(attrs.getDictionary(builder.getContext()));
    Value shape = edge::ReshapeOp::create(
        builder, loc, RankedTensorType::get({1}, builder.getI32Type()), count);
    auto rest = cast<RankedTensorType>(value.getType()).getShape().drop_front();
    if (!rest.empty()) {
      Value others = sizes.constant(loc, llvm::to_vector_of<int32_t>(rest),
                                    {int64_t(rest.size())});
      shape =
          edge::ConcatOp::create(builder, loc, ValueRange{shape, others}, 0);
    }
    values.push_back(shape);
    attributes.push_back(builder.getDictionaryAttr(
        builder.getNamedAttr("edge.name", shapeName(i))));
  }
  setResults(values, attributes);
}

LogicalResult Bounder::run(func::FuncOp slice) {
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
  if (slice && isApart(operations))
    takeSlice(slice);
  else
    addResults();
  return success();
}

namespace {

struct BoundShapes : bounds::impl::BoundShapesBase<BoundShapes> {
  using BoundShapesBase::BoundShapesBase;

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
    SmallVector<func::FuncOp> others, slices;
    for (auto function : module.getOps<func::FuncOp>())
      if (function->hasAttr("edge.slice"))
        slices.push_back(function);
      else if (function->hasAttr("edge.sizes"))
        others.push_back(function);
    if (!main || others.empty()) {
      module.emitError("expected a function 'main' and others with the "
                       "attribute 'edge.sizes'");
      return signalPassFailure();
    }
    bool canRepeat = repeatSlices && slices.size() == 1 && !hasMarks;
    if (failed(Bounder(main, others, bounds)
                   .run(canRepeat ? slices.front() : func::FuncOp())) ||
        failed(eraseMarks(main)))
      return signalPassFailure();
    for (func::FuncOp other : llvm::concat<func::FuncOp>(others, slices))
      other.erase();
    module->removeAttr("edge.bounds");
  }
};

} // namespace
