//===- ControlFlow.cpp - ONNX operators with sub-graphs ---------*- C++ -*-===//
//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/OnnxToEdge/ControlFlow.h"
#include "mlir/IR/Matchers.h"
#include "passes/OnnxToEdge/Arithmetic.h"

using namespace mlir;
using namespace edgecc;

static Region *getBranch(onnx::NodeOp node, bool condition) {
  return node.getBody(condition ? "then_branch" : "else_branch");
}

Region *edgecc::getDecidedBranch(onnx::NodeOp node) {
  ElementsAttr condition;
  if (node.getOpType() != "If" || node.isAbsent(0) ||
      !matchPattern(node.getInput(0), m_Constant(&condition)))
    return nullptr;
  std::optional<SmallVector<int64_t>> value = readInts(condition);
  return value && value->size() == 1 ? getBranch(node, value->front())
                                     : nullptr;
}

static constexpr StringLiteral kOpenInBody =
    "a size that depends on values is not supported in a loop or branch";

/// Whether there is a size in `block` that depends on values.
static bool hasOpenSizes(Block &block) {
  return block
      .walk([](UnrealizedConversionCastOp mark) {
        return mark.use_empty() ? WalkResult::advance()
                                : WalkResult::interrupt();
      })
      .wasInterrupted();
}

/// Hands bindings to the results of the node; gives the tensors among them.
static SmallVector<Value> bindResults(ConversionContext &ctx,
                                      ArrayRef<Binding> bindings) {
  SmallVector<Value> tensors;
  for (auto [index, binding] : llvm::enumerate(bindings)) {
    tensors.push_back(binding.tensor);
    if (!binding.tensor)
      ctx.bindResult(index, binding);
  }
  return tensors;
}

//===----------------------------------------------------------------------===//
// If
//===----------------------------------------------------------------------===//

/// Converts a branch into `region`; fails where it has a size that depends on
/// values, unless there is no other way.
static Converted convertBranch(ConversionContext &ctx, Region &branch,
                               Region &region, bool isLastWay) {
  OpBuilder &builder = ctx.getBuilder();
  OpBuilder::InsertionGuard guard(builder);
  Block *block = builder.createBlock(&region);
  Converted results = ctx.convertBlock(branch.front());
  if (failed(results))
    return failure();
  if (!isLastWay && hasOpenSizes(*block))
    return ctx.error() << kOpenInBody;
  edge::YieldOp::create(builder, ctx.getLoc(), *results);
  return results;
}

/// Whether `op` may run without need: it divides no integers by what may be
/// zero.
static bool isSpeculatable(ConversionContext &ctx, Operation &op) {
  auto traps = [&](Operation *inner) {
    bool traps = isa<edge::DivOp, edge::ModOp>(inner) &&
                 !isa<FloatType>(getElementType(inner->getResult(0))) &&
                 constantNumber(ctx, inner->getOperand(1)).value_or(0) == 0;
    return traps ? WalkResult::interrupt() : WalkResult::advance();
  };
  return !op.walk(traps).wasInterrupted();
}

/// As both branches and a choice, because sizes that depend on values are
/// followed outside of branches only. The results must have fixed sizes.
static Converted convertToSelects(ConversionContext &ctx, Value condition,
                                  Region &thenBranch, Region &elseBranch) {
  Block &block = *ctx.getBuilder().getInsertionBlock();
  condition = ctx.reshape(condition, {});
  auto convert = [&](Region &branch, Value isTaken) -> Converted {
    ConversionContext::Speculation guard(ctx, isTaken);
    bool isFirst = block.empty();
    Block::iterator before = isFirst ? block.end() : std::prev(block.end());
    Converted results = ctx.convertBlock(branch.front());
    if (failed(results))
      return failure();
    for (Operation &op : llvm::make_range(
             isFirst ? block.begin() : std::next(before), block.end()))
      if (!isSpeculatable(ctx, op))
        return ctx.error() << kOpenInBody;
    return results;
  };
  Converted yes = convert(thenBranch, condition);
  if (failed(yes))
    return failure();
  Converted no = convert(elseBranch, ctx.create<edge::NotOp>(condition));
  if (failed(no))
    return failure();
  SmallVector<Value> results;
  Operation *yields = thenBranch.front().getTerminator();
  for (auto [index, a, b] : llvm::enumerate(*yes, *no)) {
    auto told = dyn_cast<RankedTensorType>(yields->getOperand(index).getType());
    if (!told || !told.hasStaticShape() || a.getType() != b.getType())
      return ctx.error() << kOpenInBody;
    results.push_back(ctx.create<edge::SelectOp>(condition, a, b));
  }
  return results;
}

/// As an `edge.if`.
static Converted convertToIf(ConversionContext &ctx, Value condition,
                             Region &thenBranch, Region &elseBranch,
                             bool isLastWay) {
  Region thenRegion, elseRegion;
  Converted thenResults = convertBranch(ctx, thenBranch, thenRegion, isLastWay);
  if (failed(thenResults))
    return failure();
  Converted elseResults = convertBranch(ctx, elseBranch, elseRegion, isLastWay);
  if (failed(elseResults))
    return failure();
  SmallVector<Type> types(ValueRange(*thenResults).getTypes());
  SmallVector<Type> otherTypes(ValueRange(*elseResults).getTypes());
  if (types.size() != otherTypes.size())
    return ctx.error() << "the branches give " << types.size() << " and "
                       << otherTypes.size() << " results";
  for (auto [index, type, other] : llvm::enumerate(types, otherTypes))
    if (type != other)
      return ctx.error() << "result " << index << " is " << type
                         << " in one branch and " << other
                         << " in the other; with a condition known at run "
                            "time only, they must be equal";
  auto op = edge::IfOp::create(ctx.getBuilder(), ctx.getLoc(), types,
                               ctx.reshape(condition, {}));
  op.getThenRegion().takeBody(thenRegion);
  op.getElseRegion().takeBody(elseRegion);
  return SmallVector<Value>(op.getResults());
}

static Converted convertIf(ConversionContext &ctx) {
  if (failed(ctx.requireOperands(1)))
    return failure();
  onnx::NodeOp node = ctx.getNode();
  Region *thenBranch = getBranch(node, true);
  Region *elseBranch = getBranch(node, false);
  if (!thenBranch || !elseBranch)
    return ctx.error() << "needs the sub-graphs then_branch and else_branch";
  Value condition = ctx.operand(0);
  if (getTensorType(condition).getNumElements() != 1)
    return ctx.error() << "the condition must have one element, found "
                       << condition.getType();

  if (ElementsAttr value = ctx.constant(condition))
    if (auto bits = readInts(value)) {
      auto bindings = ctx.convertBlockToBindings(
          getBranch(node, bits->front() != 0)->front());
      if (failed(bindings))
        return failure();
      return bindResults(ctx, *bindings);
    }

  for (Value value : thenBranch->front().getTerminator()->getOperands())
    if (isa<onnx::SequenceType, onnx::OptionalType>(value.getType()))
      return ctx.error() << "operand 0 (cond) must be known at compile time, "
                            "because a branch gives a "
                         << value.getType();
  auto convert = [&](bool isLastWay) {
    return convertToIf(ctx, condition, *thenBranch, *elseBranch, isLastWay);
  };
  // In a body there is no better way.
  Block *block = ctx.getBuilder().getInsertionBlock();
  if (!isa_and_nonnull<func::FuncOp>(block->getParentOp()))
    return convert(/*isLastWay=*/true);
  Converted results = failure();
  auto attempt = [&](llvm::function_ref<Converted()> way) {
    return ctx.attempt([&] {
      results = way();
      return success(succeeded(results));
    });
  };
  if (attempt([&] { return convert(/*isLastWay=*/false); }) || attempt([&] {
        return convertToSelects(ctx, condition, *thenBranch, *elseBranch);
      }))
    return results;
  // What there is to say about it.
  return convert(/*isLastWay=*/true);
}

//===----------------------------------------------------------------------===//
// Loops of the edge dialect
//===----------------------------------------------------------------------===//

/// Loops without a number of iterations end by their condition.
static constexpr int64_t kUnbounded = std::numeric_limits<int32_t>::max();

FailureOr<SmallVector<Value>> edgecc::createLoop(ConversionContext &ctx,
                                                 const LoopBounds &bounds,
                                                 ArrayRef<Value> carried,
                                                 LoopBodyFn body) {
  OpBuilder &builder = ctx.getBuilder();
  Region region;
  SmallVector<Type> types(ValueRange(carried).getTypes());
  SmallVector<Value> collected;
  bool hasCondition = bool(bounds.condition);
  // How many iterations run, where that is not known and something is
  // collected.
  Value counter;
  {
    OpBuilder::InsertionGuard guard(builder);
    Block *block = builder.createBlock(&region);
    Value number = block->addArgument(
        RankedTensorType::get({}, builder.getI64Type()), ctx.getLoc());
    for (Type type : types)
      block->addArgument(type, ctx.getLoc());
    SmallVector<Value> arguments(block->getArguments().drop_front());
    FailureOr<LoopStep> step = body(number, arguments);
    if (failed(step))
      return failure();
    for (auto [index, before, after] : llvm::enumerate(carried, step->carried))
      if (before.getType() != after.getType())
        return ctx.error() << "the value " << index
                           << " that one iteration hands to the next is "
                           << before.getType() << " before and "
                           << after.getType() << " after it";
    collected = step->collected;
    SmallVector<Value> yielded;
    // A condition that is always true is none.
    ElementsAttr known =
        step->condition ? ctx.constant(step->condition) : ElementsAttr();
    bool isTrue = !step->condition;
    if (known && !bounds.condition)
      isTrue = readInts(known)->front() != 0;
    if (!isTrue || hasCondition) {
      hasCondition = true;
      yielded.push_back(step->condition
                            ? ctx.reshape(step->condition, {})
                            : ctx.createSplat(1, builder.getI1Type()));
    }
    llvm::append_range(yielded, step->carried);
    if ((hasCondition || bounds.trips) && !collected.empty()) {
      if (!bounds.collectsAny || bounds.maxTrips == kUnbounded)
        return ctx.error()
               << "collects values over iterations whose number has no limit "
                  "that is known at compile time";
      counter = block->addArgument(
          RankedTensorType::get({}, builder.getI32Type()), ctx.getLoc());
      types.push_back(counter.getType());
      yielded.push_back(scale(ctx, counter, 1, 1));
    }
    llvm::append_range(yielded, collected);
    edge::YieldOp::create(builder, ctx.getLoc(), yielded);
  }
  Value condition;
  if (hasCondition)
    condition = bounds.condition ? ctx.reshape(bounds.condition, {})
                                 : ctx.createSplat(1, builder.getI1Type());
  SmallVector<Value> initial(carried);
  if (counter)
    initial.push_back(scalar(ctx, counter, 0));
  // One more than there may be tells that there are too many.
  int64_t maxTrips = bounds.maxTrips + (counter && bounds.named);
  for (Value value : collected) {
    SmallVector<int64_t> shape{maxTrips};
    llvm::append_range(shape, getShape(value));
    auto type = RankedTensorType::get(shape, getElementType(value));
    if (isTooLarge(type))
      return ctx.error() << "makes a tensor of more than 2^31 elements, "
                         << type;
    types.push_back(type);
  }
  auto op = edge::LoopOp::create(builder, ctx.getLoc(), types, bounds.trips,
                                 condition, initial,
                                 builder.getI64IntegerAttr(maxTrips));
  op.getBody().takeBody(region);
  // By itself: around it may be a body that belongs to nothing yet.
  if (failed(op.verifyInvariants()))
    return failure();
  SmallVector<Value> results(op.getResults());
  if (counter) {
    Value count = results[carried.size()];
    results.erase(results.begin() + carried.size());
    if (bounds.named)
      count = ctx.limit(count, *bounds.named);
    for (Value &value : MutableArrayRef(results).drop_front(carried.size()))
      value = ctx.bounded(ctx.slice(value, 0, 0, bounds.maxTrips), 0, count);
  }
  return results;
}

//===----------------------------------------------------------------------===//
// Loop
//===----------------------------------------------------------------------===//

namespace {
/// A loop with more iterations than this is not unrolled.
constexpr int64_t kMostUnrolled = 1024;
/// A Loop node, read.
struct LoopNode {
  Block *body;
  /// The number of iterations, and the condition before the first one, where
  /// they are known.
  std::optional<int64_t> trips;
  std::optional<bool> condition;
  SmallVector<Binding> initial;

  size_t numCarried() const { return initial.size(); }
};
} // namespace

static FailureOr<LoopNode> readLoop(ConversionContext &ctx) {
  onnx::NodeOp node = ctx.getNode();
  Region *region = node.getBody("body");
  if (!region)
    return ctx.error() << "needs the sub-graph body";
  LoopNode loop;
  loop.body = &region->front();
  auto known = [&](unsigned index) -> std::optional<int64_t> {
    if (node.isAbsent(index))
      return std::nullopt;
    ElementsAttr value = ctx.constant(ctx.operand(index));
    std::optional<SmallVector<int64_t>> numbers;
    if (value)
      numbers = readInts(value);
    if (!numbers || numbers->size() != 1)
      return std::nullopt;
    return numbers->front();
  };
  loop.trips = known(0);
  if (loop.trips)
    loop.trips = std::max<int64_t>(*loop.trips, 0);
  if (node.isAbsent(1))
    loop.condition = true;
  else if (auto condition = known(1))
    loop.condition = *condition != 0;
  for (unsigned i = 2; i < ctx.getNumOperands(); ++i)
    loop.initial.push_back(ctx.binding(i));
  size_t arguments = loop.body->getNumArguments();
  size_t yielded = loop.body->getTerminator()->getNumOperands();
  if (arguments != loop.numCarried() + 2 || yielded < loop.numCarried() + 1)
    return ctx.error() << "has a body of " << arguments << " inputs and "
                       << yielded << " outputs for " << loop.numCarried()
                       << " values";
  return loop;
}

/// Sets how many iterations a loop has at most that collects values over a
/// number of them that is known at run time.
static LogicalResult boundTrips(ConversionContext &ctx, const LoopNode &loop,
                                LoopBounds &bounds) {
  std::optional<int64_t> most;
  if (bounds.trips)
    if (auto number = findExtreme(ctx, bounds.trips, /*isLargest=*/true);
        number && *number < kUnbounded)
      most = std::max(*number, 1.0);
  FailureOr<SizeBound> bound =
      ctx.findBound(loop.numCarried(), 0, most,
                    "collects values over iterations whose number has no limit "
                    "that is known at compile time");
  if (failed(bound))
    return failure();
  bounds.maxTrips = bound->most;
  if (!bound->name.empty())
    bounds.named = *bound;
  return success();
}

/// As an `edge.loop`. That something in its body has a size that depends on
/// values is an error, unless there is no other way than a loop.
static LogicalResult convertToLoop(ConversionContext &ctx, LoopNode &loop,
                                   SmallVector<Binding> &results,
                                   bool isLastWay) {
  onnx::NodeOp node = ctx.getNode();
  SmallVector<Value> carried;
  for (const Binding &binding : loop.initial) {
    if (!binding.tensor)
      return ctx.error() << "hands on a sequence, so the number of iterations "
                            "must be known at compile time";
    carried.push_back(binding.tensor);
  }
  LoopBounds bounds;
  bounds.collectsAny = isLastWay;
  bounds.maxTrips = loop.trips.value_or(kUnbounded);
  if (loop.condition == false)
    bounds.maxTrips = 0;
  if (!loop.trips && !node.isAbsent(0))
    bounds.trips = ctx.operand(0);
  if (!loop.condition)
    bounds.condition = ctx.operand(1);
  bool collects =
      loop.body->getTerminator()->getNumOperands() > 1 + loop.numCarried();
  if (isLastWay && collects && bounds.maxTrips == kUnbounded &&
      failed(boundTrips(ctx, loop, bounds)))
    return failure();
  auto body = [&](Value number, ArrayRef<Value> values) -> FailureOr<LoopStep> {
    Value condition = ctx.createSplat(1, ctx.getBuilder().getI1Type());
    ctx.map(loop.body->getArgument(0), number);
    ctx.map(loop.body->getArgument(1), condition);
    for (auto [argument, value] :
         llvm::zip(loop.body->getArguments().drop_front(2), values))
      ctx.map(argument, value);
    Converted yielded = ctx.convertBlock(*loop.body);
    if (failed(yielded))
      return failure();
    if (!isLastWay && hasOpenSizes(*ctx.getBuilder().getInsertionBlock()))
      return ctx.error() << kOpenInBody;
    ArrayRef<Value> rest = *yielded;
    LoopStep step;
    step.condition = rest.front();
    llvm::append_range(step.carried, rest.slice(1, loop.numCarried()));
    llvm::append_range(step.collected, rest.drop_front(1 + loop.numCarried()));
    return step;
  };
  auto values = createLoop(ctx, bounds, carried, body);
  if (failed(values))
    return failure();
  for (Value value : *values)
    results.push_back({value, std::nullopt, false});
  return success();
}

/// One iteration after the other, which can change the shapes of what is
/// handed on.
static LogicalResult unroll(ConversionContext &ctx, LoopNode &loop,
                            SmallVector<Binding> &results) {
  Builder &builder = ctx.getBuilder();
  SmallVector<Binding> carried = loop.initial;
  size_t numCollected =
      loop.body->getTerminator()->getNumOperands() - 1 - loop.numCarried();
  SmallVector<SmallVector<Value>> collected(numCollected);
  bool goesOn = *loop.condition;
  int64_t i = 0;
  for (; goesOn && (!loop.trips || i < *loop.trips); ++i) {
    if (i == kMostUnrolled)
      return ctx.error() << "has more than " << kMostUnrolled
                         << " iterations that must be known one by one";
    ctx.map(loop.body->getArgument(0), ctx.createInts({i}, {}));
    ctx.map(loop.body->getArgument(1), ctx.createSplat(1, builder.getI1Type()));
    for (auto [argument, binding] :
         llvm::zip(loop.body->getArguments().drop_front(2), carried))
      ctx.map(argument, binding);
    auto yielded = ctx.convertBlockToBindings(*loop.body);
    if (failed(yielded))
      return failure();
    Binding &condition = yielded->front();
    ElementsAttr known =
        condition.tensor ? ctx.constant(condition.tensor) : ElementsAttr();
    if (!known)
      return ctx.error() << "the condition after iteration " << i
                         << " must be known at compile time";
    goesOn = readInts(known)->front() != 0;
    ArrayRef<Binding> rest = ArrayRef<Binding>(*yielded).drop_front();
    carried.assign(rest.begin(), rest.begin() + loop.numCarried());
    for (auto [list, binding] :
         llvm::zip(collected, rest.drop_front(loop.numCarried()))) {
      if (!binding.tensor)
        return ctx.error() << "collects a sequence";
      SmallVector<int64_t> shape{1};
      llvm::append_range(shape, getShape(binding.tensor));
      list.push_back(ctx.reshape(binding.tensor, shape));
    }
  }
  results = std::move(carried);
  for (ArrayRef<Value> list : collected) {
    if (list.empty())
      return ctx.error() << "collects values over no iteration";
    Value all =
        list.size() == 1
            ? list.front()
            : ctx.create<edge::ConcatOp>(list, builder.getI64IntegerAttr(0));
    results.push_back({all, std::nullopt, false});
  }
  return success();
}

static Converted convertLoop(ConversionContext &ctx) {
  FailureOr<LoopNode> loop = readLoop(ctx);
  if (failed(loop))
    return failure();
  SmallVector<Binding> results;
  bool isShort = loop->trips && *loop->trips <= 1;
  bool canUnroll =
      loop->condition && (!loop->trips || *loop->trips <= kMostUnrolled);
  auto unrolls = [&] {
    results.clear();
    return canUnroll &&
           ctx.attempt([&] { return unroll(ctx, *loop, results); });
  };
  if (isShort && unrolls())
    return bindResults(ctx, results);
  auto loops = [&](bool isLastWay) {
    results.clear();
    return ctx.attempt(
        [&] { return convertToLoop(ctx, *loop, results, isLastWay); });
  };
  // A number of iterations that unrolling finds out is better than a limit.
  if (loops(false) || (!isShort && unrolls()) || loops(true))
    return bindResults(ctx, results);
  // What there is to say about it.
  results.clear();
  if (failed(canUnroll && loop->trips ? unroll(ctx, *loop, results)
                                      : convertToLoop(ctx, *loop, results,
                                                      /*isLastWay=*/true)))
    return failure();
  return bindResults(ctx, results);
}

//===----------------------------------------------------------------------===//
// Scan
//===----------------------------------------------------------------------===//

namespace {
/// A Scan node, read; the inputs have the scanned dimension in front.
struct ScanNode {
  Block *body;
  SmallVector<Value> states, inputs;
  SmallVector<bool> inputsReversed, outputsReversed;
  SmallVector<int64_t> outputAxes;
  int64_t trips = 0;
};
} // namespace

/// `value` with dimension `axis` in front, or, with `back`, the first one at
/// `axis`.
static Value moveAxis(ConversionContext &ctx, Value value, int64_t axis,
                      bool back) {
  SmallVector<int64_t> permutation =
      llvm::to_vector(llvm::seq<int64_t>(0, getRank(value)));
  if (back) {
    permutation.erase(permutation.begin());
    permutation.insert(permutation.begin() + axis, 0);
  } else {
    permutation.erase(permutation.begin() + axis);
    permutation.insert(permutation.begin(), axis);
  }
  return ctx.transpose(value, permutation);
}

/// The first dimension from its end to its start.
static Value reversed(ConversionContext &ctx, Value value) {
  SmallVector<int64_t> offsets(getRank(value), 0), strides(getRank(value), 1);
  SmallVector<int64_t> sizes(getShape(value));
  if (sizes.front() == 0)
    return value;
  offsets.front() = sizes.front() - 1;
  strides.front() = -1;
  return ctx.create<edge::SliceOp>(value, offsets, sizes, strides);
}

/// The scan over the inputs of `scan`: last states, then outputs.
static Converted createScan(ConversionContext &ctx, const ScanNode &scan) {
  LoopBounds bounds;
  bounds.maxTrips = scan.trips;
  SmallVector<Value> inputs;
  for (auto [input, isReversed] : llvm::zip(scan.inputs, scan.inputsReversed))
    inputs.push_back(isReversed ? reversed(ctx, input) : input);
  auto body = [&](Value number, ArrayRef<Value> states) -> FailureOr<LoopStep> {
    auto arguments = scan.body->getArguments();
    for (auto [argument, state] : llvm::zip(arguments, states))
      ctx.map(argument, state);
    for (auto [argument, input] :
         llvm::zip(arguments.drop_front(states.size()), inputs))
      ctx.map(argument,
              ctx.create<edge::GatherOp>(
                  input, number, ctx.getBuilder().getI64IntegerAttr(0)));
    Converted yielded = ctx.convertBlock(*scan.body);
    if (failed(yielded))
      return failure();
    LoopStep step;
    ArrayRef<Value> all = *yielded;
    llvm::append_range(step.carried, all.take_front(states.size()));
    llvm::append_range(step.collected, all.drop_front(states.size()));
    return step;
  };
  auto results = createLoop(ctx, bounds, scan.states, body);
  if (failed(results))
    return failure();
  size_t states = scan.states.size();
  for (size_t i = states; i < results->size(); ++i) {
    Value &output = (*results)[i];
    if (scan.outputsReversed[i - states])
      output = reversed(ctx, output);
    FailureOr<int64_t> axis =
        ctx.normalizeAxis(scan.outputAxes[i - states], getRank(output));
    if (failed(axis))
      return failure();
    output = moveAxis(ctx, output, *axis, /*back=*/true);
  }
  return *results;
}

/// Reads a Scan whose operands from `first` on are states and inputs.
static FailureOr<ScanNode> readScan(ConversionContext &ctx, unsigned first) {
  onnx::NodeOp node = ctx.getNode();
  Region *region = node.getBody("body");
  if (!region)
    return ctx.error() << "needs the sub-graph body";
  ScanNode scan;
  scan.body = &region->front();
  int64_t numInputs = node.getI64("num_scan_inputs", 0);
  int64_t numStates = int64_t(ctx.getNumOperands()) - first - numInputs;
  int64_t numOutputs =
      int64_t(scan.body->getTerminator()->getNumOperands()) - numStates;
  if (numInputs < 1 || numStates < 0 || numOutputs < 0 ||
      int64_t(scan.body->getNumArguments()) != numStates + numInputs)
    return ctx.error() << "has " << ctx.getNumOperands() << " operands, "
                       << numInputs << " of them scanned, for a body of "
                       << scan.body->getNumArguments() << " inputs";
  auto flags = [&](StringRef name, int64_t count) {
    ArrayRef<int64_t> values = node.getInts(name);
    SmallVector<bool> result(count, false);
    for (auto [flag, value] : llvm::zip(result, values))
      flag = value != 0;
    return result;
  };
  StringRef inputFlags = first ? "directions" : "scan_input_directions";
  scan.inputsReversed = flags(inputFlags, numInputs);
  scan.outputsReversed = flags("scan_output_directions", numOutputs);
  scan.outputAxes.assign(numOutputs, 0);
  for (auto [axis, value] :
       llvm::zip(scan.outputAxes, node.getInts("scan_output_axes")))
    axis = value;
  for (int64_t i = 0; i < numStates; ++i)
    scan.states.push_back(ctx.operand(first + i));
  for (int64_t i = 0; i < numInputs; ++i)
    scan.inputs.push_back(ctx.operand(first + numStates + i));
  return scan;
}

/// Sets the number of iterations from the inputs' first dimension.
static LogicalResult countTrips(ConversionContext &ctx, ScanNode &scan) {
  for (Value input : scan.inputs) {
    if (getRank(input) == 0)
      return ctx.error() << "scans a tensor without dimensions";
    int64_t size = getShape(input).front();
    if (input != scan.inputs.front() && size != scan.trips)
      return ctx.error() << "scans dimensions of size " << scan.trips << " and "
                         << size;
    scan.trips = size;
  }
  return success();
}

static Converted convertScan(ConversionContext &ctx) {
  FailureOr<ScanNode> scan = readScan(ctx, 0);
  if (failed(scan))
    return failure();
  ArrayRef<int64_t> axes = ctx.getNode().getInts("scan_input_axes");
  for (auto [index, input] : llvm::enumerate(scan->inputs)) {
    FailureOr<int64_t> axis = ctx.normalizeAxis(
        index < axes.size() ? axes[index] : 0, getRank(input));
    if (failed(axis))
      return failure();
    input = moveAxis(ctx, input, *axis, /*back=*/false);
  }
  if (failed(countTrips(ctx, *scan)))
    return failure();
  return createScan(ctx, *scan);
}

/// In opset 8, everything has a batch in front of the scanned dimension.
static Converted convertBatchedScan(ConversionContext &ctx) {
  if (!ctx.getNode().isAbsent(0))
    return ctx.error() << "operand 0 (sequence_lens) is not supported";
  FailureOr<ScanNode> whole = readScan(ctx, 1);
  if (failed(whole))
    return failure();
  SmallVector<Value> all(whole->states);
  llvm::append_range(all, whole->inputs);
  int64_t batch = getRank(all.front()) ? getShape(all.front()).front() : 0;
  for (Value value : all)
    if (getRank(value) == 0 || getShape(value).front() != batch || !batch)
      return ctx.error() << "needs operands of one batch size, found "
                         << value.getType();
  SmallVector<SmallVector<Value>> parts;
  for (int64_t i = 0; i < batch; ++i) {
    ScanNode scan = *whole;
    auto pick = [&](Value &value) {
      value =
          ctx.reshape(ctx.slice(value, 0, i, 1), getShape(value).drop_front());
    };
    llvm::for_each(scan.states, pick);
    llvm::for_each(scan.inputs, pick);
    if (failed(countTrips(ctx, scan)))
      return failure();
    Converted results = createScan(ctx, scan);
    if (failed(results))
      return failure();
    parts.resize(results->size());
    for (auto [list, value] : llvm::zip(parts, *results)) {
      SmallVector<int64_t> shape{1};
      llvm::append_range(shape, getShape(value));
      list.push_back(ctx.reshape(value, shape));
    }
  }
  SmallVector<Value> results;
  for (ArrayRef<Value> list : parts)
    results.push_back(list.size() == 1
                          ? list.front()
                          : ctx.create<edge::ConcatOp>(
                                list, ctx.getBuilder().getI64IntegerAttr(0)));
  return results;
}

void edgecc::registerControlFlowConverters(ConverterTable &table) {
  table.add("If", convertIf);
  table.add("Loop", convertLoop);
  table.add("Scan", convertBatchedScan, 8, 8);
  table.add("Scan", convertScan, 9);
}
