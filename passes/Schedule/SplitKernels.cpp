//===- SplitKernels.cpp - kernels in parts for several threads --*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
//
// The loops of a phase form a tree: below a loop are those that its body has
// beside what prepares them. Laid out one after the other, with a weight for
// each innermost iteration, they are a line of work, of which every task takes
// an equal stretch. A task finds the bounds of its loops by division: an
// innermost iteration belongs to the task in whose stretch it begins.
//
// Loops over parts of an image say themselves what tasks do: one iteration of
// them, and all iterations of the loops around them.
//
//===----------------------------------------------------------------------===//

#include "dialects/Target/Alignment.h"
#include "dialects/Target/Threads.h"
#include "passes/Schedule/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "mlir/Interfaces/ViewLikeInterface.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace edgecc;

namespace edgecc::schedule {
#define GEN_PASS_DEF_SPLITKERNELS
#include "passes/Schedule/Passes.h.inc"
} // namespace edgecc::schedule

namespace {

/// The iterations of a loop as far as they are known before it runs.
int64_t countTrips(scf::ForOp loop) {
  std::optional<int64_t> step = getConstantIntValue(loop.getStep());
  // The most that `value` can be more than `base`.
  std::function<std::optional<int64_t>(Value, Value)> distance =
      [&](Value value, Value base) -> std::optional<int64_t> {
    auto number = getConstantIntValue(value), from = getConstantIntValue(base);
    if (number && from)
      return *number - *from;
    if (auto sum = value.getDefiningOp<arith::AddIOp>();
        sum && sum.getLhs() == base)
      return getConstantIntValue(sum.getRhs());
    if (auto least = value.getDefiningOp<arith::MinUIOp>())
      if (auto left = distance(least.getLhs(), base))
        return left;
    return std::nullopt;
  };
  constexpr int64_t guess = 4;
  std::optional<int64_t> length =
      distance(loop.getUpperBound(), loop.getLowerBound());
  if (!length || !step)
    return guess;
  return std::max<int64_t>(0, llvm::divideCeil(*length, *step));
}

bool hasStaticTrips(scf::ForOp loop) {
  return getConstantIntValue(loop.getLowerBound()) &&
         getConstantIntValue(loop.getUpperBound()) &&
         getConstantIntValue(loop.getStep());
}

/// The operations that a run of the block executes, roughly: addresses are
/// computed beside them.
double workOf(Block &block) {
  double work = 0;
  for (Operation &op : block) {
    double inside = 0;
    for (Region &region : op.getRegions())
      for (Block &inner : region)
        inside += workOf(inner);
    if (auto loop = dyn_cast<scf::ForOp>(op))
      work += 2 + countTrips(loop) * inside;
    else if (op.getNumRegions())
      work += inside;
    else if (op.getName().getDialectNamespace() == "math")
      work += 16;
    else if (!op.hasTrait<OpTrait::ConstantLike>() &&
             !op.hasTrait<OpTrait::IsTerminator>() &&
             !llvm::any_of(op.getResultTypes(),
                           [](Type type) { return type.isIndex(); }))
      work += 1;
  }
  return work;
}

bool isMarked(Operation &op) {
  return isa<scf::ForOp>(op) && op.hasAttr(target::phaseAttrName);
}

/// The buffer that a memref is a view of.
Value rootOf(Value memref) {
  while (auto view = memref.getDefiningOp<ViewLikeOpInterface>())
    memref = view.getViewSource();
  return memref;
}

/// From the scratch buffer of one task to that of the next.
int64_t bytesPerTask(MemRefType type, int64_t pitch) {
  int64_t element = llvm::divideCeil(type.getElementTypeBitWidth(), 8);
  return llvm::alignTo(type.getNumElements() * element, pitch);
}

/// The tree of the loops of one phase.
struct LoopNode {
  scf::ForOp loop;
  int64_t trips = 0;
  /// Empty where an iteration is done as a whole.
  std::vector<LoopNode> children;
  /// Of one iteration.
  int64_t weight = 1;
  double work = 0;
  /// Whether all of its work is in loops over parts.
  bool hasParts = false;
};

/// A kernel, one phase of it.
class Phase {
public:
  Phase(func::FuncOp kernel, int64_t number, int64_t threads)
      : kernel(kernel), number(number), threads(threads) {}

  /// Removes what other phases do, and finds what is to be split; false if
  /// there is more in the kernel than phases.
  bool isolate();
  double getWork() const;
  bool hasParts() const {
    return llvm::all_of(roots,
                        [](const LoopNode &root) { return root.hasParts; });
  }
  /// Makes the kernel compute the part of its last argument, a new one.
  void split();
  /// Gives every task a part of the scratch buffers that only this phase uses.
  void divideScratch(ArrayRef<unsigned> scratch, int64_t pitch);

private:
  LoopNode build(scf::ForOp loop, int64_t outerTrips);
  bool findParts(scf::ForOp loop);
  bool writesElsewhere(Operation &op);
  void scale(double unit, LoopNode &node);
  Value clampedTrips(OpBuilder &builder, Value boundary, Value position,
                     const LoopNode &node, bool roundUp);
  void restrict(LoopNode &node, Value position);

  func::FuncOp kernel;
  int64_t number, threads;
  std::vector<LoopNode> roots;
  /// The loops over parts that are used as such.
  SmallVector<scf::ForOp> parts;
  /// Where the stretch of the task begins and ends.
  Value begin, end, task;
};

/// Whether `op` writes to memory that is not the task's own.
bool Phase::writesElsewhere(Operation &op) {
  if (isMemoryEffectFree(&op))
    return false;
  WalkResult result = op.walk([&](Operation *inner) {
    if (isa<scf::ForOp, scf::IfOp>(inner))
      return WalkResult::advance();
    auto memory = dyn_cast<MemoryEffectOpInterface>(inner);
    if (!memory)
      return isMemoryEffectFree(inner) ? WalkResult::advance()
                                       : WalkResult::interrupt();
    SmallVector<MemoryEffects::EffectInstance> effects;
    memory.getEffects(effects);
    for (MemoryEffects::EffectInstance &effect : effects) {
      if (!isa<MemoryEffects::Write>(effect.getEffect()))
        continue;
      auto argument = dyn_cast_or_null<BlockArgument>(
          effect.getValue() ? rootOf(effect.getValue()) : Value());
      if (!argument || argument.getOwner() != &kernel.getBody().front() ||
          !kernel.getArgAttr(argument.getArgNumber(), target::scratchAttrName))
        return WalkResult::interrupt();
    }
    return WalkResult::advance();
  });
  return result.wasInterrupted();
}

LoopNode Phase::build(scf::ForOp loop, int64_t outerTrips) {
  LoopNode node;
  node.loop = loop;
  node.trips = countTrips(loop);
  node.work = workOf(*loop.getBody());
  // Enough parts are there for stretches to be equal.
  constexpr int64_t partsPerTask = 32;
  int64_t trips = outerTrips * node.trips;
  if (trips >= partsPerTask * threads || !loop.getInitArgs().empty())
    return node;
  std::vector<LoopNode> children;
  for (Operation &op : loop.getBody()->without_terminator()) {
    if (isMarked(op)) {
      if (!hasStaticTrips(cast<scf::ForOp>(op)))
        return node;
      children.push_back(build(cast<scf::ForOp>(op), trips));
    } else if (writesElsewhere(op)) {
      return node;
    }
  }
  node.children = std::move(children);
  return node;
}

bool Phase::isolate() {
  for (Operation &op : llvm::make_early_inc_range(
           kernel.getBody().front().without_terminator())) {
    if (!isMarked(op)) {
      if (writesElsewhere(op))
        return false;
      continue;
    }
    auto own = op.getAttrOfType<IntegerAttr>(target::phaseAttrName);
    if (own.getInt() != number)
      op.erase();
    else if (hasStaticTrips(cast<scf::ForOp>(op)))
      roots.push_back(build(cast<scf::ForOp>(op), 1));
    else
      return false;
  }
  // Whole images are better parts.
  bool isEven = llvm::all_of(roots, [&](const LoopNode &root) {
    return root.trips % threads == 0 &&
           !root.loop->hasAttr(target::partsAttrName);
  });
  for (LoopNode &root : roots) {
    size_t before = parts.size();
    root.hasParts = !isEven && findParts(root.loop);
    if (!root.hasParts)
      parts.truncate(before);
  }
  return true;
}

/// Adds the loops over parts in `loop` to `parts`; false if there is other work
/// in it.
bool Phase::findParts(scf::ForOp loop) {
  if (loop->hasAttr(target::partsAttrName)) {
    parts.push_back(loop);
    return countTrips(loop) == threads;
  }
  bool hasParts = false;
  for (Operation &op : loop.getBody()->without_terminator()) {
    if (isMarked(op)) {
      if (!findParts(cast<scf::ForOp>(op)))
        return false;
      hasParts = true;
    } else if (writesElsewhere(op)) {
      return false;
    }
  }
  return hasParts;
}

double Phase::getWork() const {
  double work = 0;
  for (const LoopNode &root : roots)
    work += root.trips * root.work;
  return work;
}

/// Sets the weights below and of `node`, in multiples of `unit`.
void Phase::scale(double unit, LoopNode &node) {
  if (node.children.empty()) {
    node.weight = std::max<int64_t>(1, std::llround(node.work / unit));
    return;
  }
  node.weight = 0;
  for (LoopNode &child : node.children) {
    scale(unit, child);
    node.weight += child.trips * child.weight;
  }
}

/// How many iterations of `node`, whose first one begins at `position` of the
/// line, begin before `boundary`; without `roundUp`, how many end before it.
Value Phase::clampedTrips(OpBuilder &b, Value boundary, Value position,
                          const LoopNode &node, bool roundUp) {
  Location loc = kernel.getLoc();
  auto index = [&](int64_t value) {
    return arith::ConstantIndexOp::create(b, loc, value).getResult();
  };
  Value length = b.createOrFold<arith::SubIOp>(loc, boundary, position);
  length = b.createOrFold<arith::MaxSIOp>(loc, length, index(0));
  if (roundUp && node.weight > 1)
    length = b.createOrFold<arith::AddIOp>(loc, length, index(node.weight - 1));
  if (node.weight > 1)
    length = b.createOrFold<arith::DivUIOp>(loc, length, index(node.weight));
  return b.createOrFold<arith::MinUIOp>(loc, length, index(node.trips));
}

/// Leaves of the loops of `node`, which begin at `position`, what the task
/// does.
void Phase::restrict(LoopNode &node, Value position) {
  scf::ForOp loop = node.loop;
  Location loc = loop.getLoc();
  OpBuilder b(loop);
  auto index = [&](int64_t value) {
    return arith::ConstantIndexOp::create(b, loc, value).getResult();
  };
  auto add = [&](Value left, Value right) {
    return b.createOrFold<arith::AddIOp>(loc, left, right);
  };
  auto scaled = [&](Value value, int64_t factor) {
    return b.createOrFold<arith::MulIOp>(loc, value, index(factor));
  };
  int64_t lower = *getConstantIntValue(loop.getLowerBound());
  int64_t step = *getConstantIntValue(loop.getStep());
  bool isLeaf = node.children.empty();
  Value first = clampedTrips(b, begin, position, node, /*roundUp=*/isLeaf);
  Value last = clampedTrips(b, end, position, node, /*roundUp=*/true);
  loop.setLowerBound(add(scaled(first, step), index(lower)));
  loop.setUpperBound(add(scaled(last, step), index(lower)));
  if (isLeaf)
    return;
  b.setInsertionPointToStart(loop.getBody());
  Value trip =
      b.createOrFold<arith::SubIOp>(loc, loop.getInductionVar(), index(lower));
  trip = b.createOrFold<arith::DivUIOp>(loc, trip, index(step));
  Value at = add(position, scaled(trip, node.weight));
  int64_t offset = 0;
  for (LoopNode &child : node.children) {
    restrict(child, add(at, index(offset)));
    offset += child.trips * child.weight;
    b.setInsertionPointAfter(child.loop);
  }
}

void Phase::split() {
  Location loc = kernel.getLoc();
  unsigned position = kernel.getNumArguments();
  (void)kernel.insertArgument(position, IndexType::get(kernel.getContext()), {},
                              loc);
  task = kernel.getArgument(position);

  for (scf::ForOp loop : parts) {
    loop.getInductionVar().replaceAllUsesWith(task);
    Block &body = *loop.getBody();
    body.getTerminator()->erase();
    loop->getBlock()->getOperations().splice(loop->getIterator(),
                                             body.getOperations());
    loop.erase();
  }

  // Numbers stay below 2^31 on every CPU.
  double unit = std::max(1.0, getWork() * double(threads) / double(1 << 28));
  llvm::erase_if(roots, [](const LoopNode &root) { return root.hasParts; });
  if (roots.empty())
    return;
  int64_t total = 0;
  for (LoopNode &root : roots) {
    scale(unit, root);
    total += root.trips * root.weight;
  }
  OpBuilder b = OpBuilder::atBlockBegin(&kernel.getBody().front());
  auto index = [&](int64_t value) {
    return arith::ConstantIndexOp::create(b, loc, value).getResult();
  };
  Value count = index(threads), all = index(total);
  begin = b.createOrFold<arith::DivUIOp>(
      loc, b.createOrFold<arith::MulIOp>(loc, task, all), count);
  Value next = b.createOrFold<arith::AddIOp>(loc, task, index(1));
  end = b.createOrFold<arith::DivUIOp>(
      loc, b.createOrFold<arith::MulIOp>(loc, next, all), count);
  Value at = index(0);
  int64_t offset = 0;
  for (LoopNode &root : roots) {
    b.setInsertionPoint(root.loop);
    restrict(root, offset ? index(offset) : at);
    offset += root.trips * root.weight;
  }
}

void Phase::divideScratch(ArrayRef<unsigned> scratch, int64_t pitch) {
  Block &block = kernel.getBody().front();
  OpBuilder b = OpBuilder::atBlockBegin(&block);
  Location loc = kernel.getLoc();
  for (unsigned position : scratch) {
    BlockArgument argument = block.getArgument(position);
    auto type = cast<MemRefType>(argument.getType());
    int64_t bytes = bytesPerTask(type, pitch);
    Value start = arith::ConstantIndexOp::create(b, loc, 0);
    if (task)
      start = arith::MulIOp::create(
          b, loc, task, arith::ConstantIndexOp::create(b, loc, bytes));
    argument.setType(MemRefType::get({bytes * threads}, b.getI8Type()));
    auto view =
        memref::ViewOp::create(b, loc, type, argument, start, ValueRange());
    argument.replaceAllUsesExcept(view, view);
  }
  SmallVector<Type> types(block.getArgumentTypes());
  kernel.setFunctionType(b.getFunctionType(types, {}));
}

struct SplitKernels : edgecc::schedule::impl::SplitKernelsBase<SplitKernels> {
  using SplitKernelsBase::SplitKernelsBase;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    int64_t count = threads ? threads : target::getThreads(module);
    if (count < 1) {
      module.emitError("the number of threads must be positive, is ") << count;
      return signalPassFailure();
    }
    threads = count;
    llvm::MapVector<StringAttr, SmallVector<func::CallOp>> calls;
    module.walk([&](func::CallOp call) {
      calls[call.getCalleeAttr().getAttr()].push_back(call);
    });
    for (auto &[name, uses] : calls) {
      auto kernel = module.lookupSymbol<func::FuncOp>(name);
      if (count > 1 && kernel && kernel.isPrivate() && !kernel.isExternal() &&
          uses.size() == 1 && kernel.getBody().hasOneBlock())
        splitKernel(kernel, uses.front());
    }
    module.walk([](scf::ForOp loop) {
      loop->removeAttr(target::phaseAttrName);
      loop->removeAttr(target::partsAttrName);
    });
  }

private:
  /// The phases whose loops use an argument.
  llvm::SmallSetVector<int64_t, 4> phasesOf(BlockArgument argument) {
    llvm::SmallSetVector<int64_t, 4> phases;
    SmallVector<Value> views{argument};
    while (!views.empty())
      for (Operation *user : views.pop_back_val().getUsers()) {
        if (isa<ViewLikeOpInterface>(user)) {
          views.push_back(user->getResult(0));
          continue;
        }
        for (Operation *op = user; op; op = op->getParentOp())
          if (auto phase =
                  op->getAttrOfType<IntegerAttr>(target::phaseAttrName)) {
            phases.insert(phase.getInt());
            break;
          }
      }
    return phases;
  }

  /// A function beside `like` with its arguments.
  func::FuncOp makeFunction(func::FuncOp like, StringRef suffix) {
    OpBuilder b(like);
    auto function =
        func::FuncOp::create(b, like.getLoc(), (like.getName() + suffix).str(),
                             like.getFunctionType());
    function.setPrivate();
    return function;
  }

  void splitKernel(func::FuncOp kernel, func::CallOp call) {
    SmallVector<int64_t> numbers;
    for (Operation &op : kernel.getBody().front())
      if (isMarked(op)) {
        auto phase = op.getAttrOfType<IntegerAttr>(target::phaseAttrName);
        if (!llvm::is_contained(numbers, phase.getInt()))
          numbers.push_back(phase.getInt());
      }
    if (numbers.empty())
      return;
    SmallVector<unsigned> scratch;
    for (unsigned i = 0; i < kernel.getNumArguments(); ++i) {
      if (!kernel.getArgAttr(i, target::scratchAttrName))
        continue;
      // What one phase leaves for another is there once.
      if (phasesOf(kernel.getArgument(i)).size() > 1)
        kernel.removeArgAttr(i, target::scratchAttrName);
      else
        scratch.push_back(i);
    }

    SmallVector<func::FuncOp> parts;
    bool isSplit = false, isPossible = true;
    int64_t pitch = target::bufferAlignment(target::getCpu(kernel));
    SmallVector<std::pair<Phase, bool>> phases;
    for (int64_t number : numbers) {
      func::FuncOp part = kernel.clone();
      part.setName((kernel.getName() + "_phase_" + Twine(number)).str());
      parts.push_back(part);
      Phase phase(part, number, threads);
      isPossible &= phase.isolate();
      if (!isPossible)
        break;
      // Parts are in the caches of their threads.
      constexpr double nearness = 16;
      bool pays = phase.getWork() >=
                  (phase.hasParts() ? leastWork / nearness : leastWork);
      isSplit |= pays;
      phases.push_back({phase, pays});
    }
    if (!isPossible || !isSplit) {
      for (func::FuncOp part : parts)
        part.erase();
      return;
    }

    enlargeScratch(kernel, call, scratch, pitch);
    SymbolTable symbols(getOperation());
    Block &body = kernel.getBody().front();
    body.clear();
    SmallVector<Type> types(body.getArgumentTypes());
    OpBuilder b = OpBuilder::atBlockEnd(&body);
    Location loc = kernel.getLoc();
    for (auto [part, choice] : llvm::zip_equal(parts, phases)) {
      auto &[phase, pays] = choice;
      if (pays) {
        phase.split();
        ++numSplit;
      }
      phase.divideScratch(scratch, pitch);
      symbols.insert(part);
      if (!pays) {
        func::CallOp::create(b, loc, part, body.getArguments());
        continue;
      }
      func::FuncOp tasks = kernel;
      if (phases.size() > 1) {
        tasks = makeFunction(kernel, "_tasks");
        symbols.insert(tasks);
        func::CallOp::create(b, loc, tasks, body.getArguments());
        tasks.addEntryBlock();
      }
      emitTasks(tasks, part);
      if (tasks != kernel) {
        OpBuilder last = OpBuilder::atBlockEnd(&tasks.getBody().front());
        func::ReturnOp::create(last, loc);
      }
    }
    func::ReturnOp::create(b, loc);
  }

  /// The tasks one after the other; whoever has threads may do better.
  void emitTasks(func::FuncOp function, func::FuncOp part) {
    Location loc = function.getLoc();
    OpBuilder b = OpBuilder::atBlockEnd(&function.getBody().front());
    auto index = [&](int64_t value) {
      return arith::ConstantIndexOp::create(b, loc, value).getResult();
    };
    function->setAttr(target::tasksAttrName, b.getI64IntegerAttr(threads));
    auto loop = scf::ForOp::create(b, loc, index(0), index(threads), index(1));
    SmallVector<Value> arguments(function.getArguments());
    arguments.push_back(loop.getInductionVar());
    OpBuilder inside(loop.getBody()->getTerminator());
    func::CallOp::create(inside, loc, part, arguments);
  }

  /// Makes room for what each task writes, in the kernel and where it is
  /// called.
  void enlargeScratch(func::FuncOp kernel, func::CallOp call,
                      ArrayRef<unsigned> scratch, int64_t pitch) {
    Block &block = kernel.getBody().front();
    OpBuilder b(call);
    for (unsigned position : scratch) {
      BlockArgument argument = block.getArgument(position);
      auto type = cast<MemRefType>(argument.getType());
      int64_t bytes = bytesPerTask(type, pitch);
      auto all = MemRefType::get({bytes * threads}, b.getI8Type());
      argument.setType(all);
      Value old = call.getOperand(position);
      auto alloc = rootOf(old).getDefiningOp<memref::AllocOp>();
      assert(alloc && "scratch is allocated for its kernel");
      b.setInsertionPoint(alloc);
      auto larger = memref::AllocOp::create(b, alloc.getLoc(), all,
                                            alloc.getAlignmentAttr());
      call.setOperand(position, larger);
      for (Operation *op = old.getDefiningOp(); op && op->use_empty();) {
        Value source =
            isa<ViewLikeOpInterface>(op) ? op->getOperand(0) : Value();
        op->erase();
        op = source ? source.getDefiningOp() : nullptr;
      }
    }
    kernel.setFunctionType(
        b.getFunctionType(SmallVector<Type>(block.getArgumentTypes()), {}));
  }
};

} // namespace
