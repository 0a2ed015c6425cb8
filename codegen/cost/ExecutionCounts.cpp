//===- ExecutionCounts.cpp - how often code runs ----------------*- C++ -*-===//
//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "codegen/cost/ExecutionCounts.h"

#include "llvm/ADT/SetVector.h"
#include "llvm/Analysis/AssumptionCache.h"
#include "llvm/Analysis/ConstantFolding.h"
#include "llvm/Analysis/LoopInfo.h"
#include "llvm/Analysis/ScalarEvolution.h"
#include "llvm/Analysis/ScalarEvolutionExpressions.h"
#include "llvm/Analysis/TargetLibraryInfo.h"
#include "llvm/IR/Constants.h"
#include "llvm/IR/Dominators.h"
#include "llvm/IR/Instructions.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/IR/Module.h"
#include "llvm/IR/ProfDataUtils.h"
#include <cmath>
#include <map>

using namespace llvm;
using namespace edgecc;

namespace {

/// Where control goes from one block to another; `to` is null at the end of the
/// function.
struct Step {
  BasicBlock *from = nullptr, *to = nullptr;
};

/// What running a piece of code did.
struct Trace {
  MapVector<std::pair<BasicBlock *, unsigned>, double> edges;
  bool isExact = true;

  void add(const Trace &other, double times = 1) {
    for (const auto &[edge, count] : other.edges)
      edges[edge] += times * count;
    isExact &= other.isExact;
  }
};

/// Runs the instructions of a function that decide where its branches go. A
/// loop that is entered again with the same values is not run again; of one
/// whose iterations do not differ, one is run.
class ControlFlow {
public:
  explicit ControlFlow(Function &function)
      : function(function), layout(function.getDataLayout()),
        library(libraryImpl), assumptions(function), dominators(function),
        loops(dominators),
        evolution(function, library, assumptions, dominators, loops) {
    findSlice();
  }

  std::optional<ExecutionCounts> run();

private:
  /// The values that decide something in a loop.
  struct LoopFacts {
    /// From outside of it.
    SetVector<Value *> inputs;
    /// Of it, needed outside.
    SetVector<Value *> outputs;
    /// How often it runs, if nothing in it depends on which time it is.
    uint64_t uniformTrips = 0;
  };
  struct LoopRun {
    Trace trace;
    Step exit;
    SmallVector<Constant *> outputs;
  };

  void findSlice();
  const LoopFacts &getFacts(Loop *loop);
  uint64_t findUniformTrips(Loop *loop, const LoopFacts &facts);
  /// Runs from `block`, entered from `before`, until control leaves `loop`
  /// (null: the function), or with `once` its first iteration ends.
  Step runFrom(Loop *loop, BasicBlock *before, BasicBlock *block, bool once,
               Trace &trace);
  const LoopRun &runLoop(Loop *loop, BasicBlock *before);
  LoopRun runUniformLoop(Loop *loop, BasicBlock *before, uint64_t trips);
  void enter(BasicBlock *before, BasicBlock *block);
  unsigned chooseSuccessor(Instruction *terminator, Trace &trace);
  /// The value now, or null if it is not known.
  Constant *get(Value *value) const {
    if (auto *constant = dyn_cast<Constant>(value))
      return constant;
    return values.lookup(value);
  }

  Function &function;
  const DataLayout &layout;
  TargetLibraryInfoImpl libraryImpl{function.getParent()->getTargetTriple()};
  TargetLibraryInfo library;
  AssumptionCache assumptions;
  DominatorTree dominators;
  LoopInfo loops;
  ScalarEvolution evolution;

  /// What branches depend on, by blocks.
  SmallPtrSet<Value *, 32> slice;
  DenseMap<BasicBlock *, SmallVector<Instruction *>> sliceOfBlock;
  DenseMap<Loop *, LoopFacts> facts;
  std::map<std::pair<Loop *, SmallVector<Constant *>>, LoopRun> runs;
  DenseMap<Value *, Constant *> values;
  /// For branches on data: the way that was taken last.
  DenseMap<Instruction *, unsigned> turns;
  unsigned budget = 1000000;
};

} // namespace

/// The value that decides where a terminator goes, if there is a choice.
static Value *getCondition(Instruction *terminator) {
  if (auto *branch = dyn_cast<BranchInst>(terminator))
    return branch->isConditional() ? branch->getCondition() : nullptr;
  if (auto *choice = dyn_cast<SwitchInst>(terminator))
    return choice->getCondition();
  return nullptr;
}

/// Whether the result is known where those of the operands are.
static bool canEvaluate(const Instruction *instruction) {
  // Where weights that are not zero lie is read from constants.
  if (isa<GetElementPtrInst>(instruction))
    return instruction->getType()->isPointerTy();
  if (!instruction->getType()->isIntegerTy())
    return false;
  if (auto *load = dyn_cast<LoadInst>(instruction))
    return load->isSimple();
  if (auto *call = dyn_cast<IntrinsicInst>(instruction))
    return canConstantFoldCallTo(call, call->getCalledFunction());
  return isa<BinaryOperator, CmpInst, SelectInst, CastInst, FreezeInst,
             PHINode>(instruction);
}

void ControlFlow::findSlice() {
  SmallVector<Value *> worklist;
  for (BasicBlock &block : function)
    if (Value *condition = getCondition(block.getTerminator()))
      worklist.push_back(condition);
  while (!worklist.empty()) {
    auto *instruction = dyn_cast<Instruction>(worklist.pop_back_val());
    if (!instruction || !canEvaluate(instruction) ||
        !slice.insert(instruction).second)
      continue;
    append_range(worklist, instruction->operands());
  }
  for (BasicBlock &block : function)
    for (Instruction &instruction : block)
      if (slice.contains(&instruction))
        sliceOfBlock[&block].push_back(&instruction);
}

const ControlFlow::LoopFacts &ControlFlow::getFacts(Loop *loop) {
  auto [place, isNew] = facts.try_emplace(loop);
  if (!isNew)
    return place->second;
  LoopFacts found;
  for (BasicBlock *block : loop->blocks()) {
    auto addInput = [&](Value *value) {
      auto *inside = dyn_cast<Instruction>(value);
      if (slice.contains(value) && !(inside && loop->contains(inside)))
        found.inputs.insert(value);
    };
    if (Value *condition = getCondition(block->getTerminator()))
      addInput(condition);
    for (Instruction *instruction : sliceOfBlock.lookup(block)) {
      for (Value *operand : instruction->operands())
        addInput(operand);
      for (User *user : instruction->users())
        if (auto *outside = dyn_cast<Instruction>(user);
            outside && !loop->contains(outside) &&
            (slice.contains(outside) || getCondition(outside) == instruction))
          found.outputs.insert(instruction);
    }
  }
  found.uniformTrips = findUniformTrips(loop, found);
  return facts[loop] = std::move(found);
}

uint64_t ControlFlow::findUniformTrips(Loop *loop, const LoopFacts &found) {
  BasicBlock *latch = loop->getLoopLatch();
  if (!latch || loop->getExitingBlock() != latch || !found.outputs.empty())
    return 0;
  auto *taken = dyn_cast<SCEVConstant>(evolution.getBackedgeTakenCount(loop));
  if (!taken || taken->getAPInt().getActiveBits() > 62)
    return 0;
  // What differs from iteration to iteration.
  SmallVector<Value *> worklist;
  SmallPtrSet<Value *, 16> varying;
  for (PHINode &phi : loop->getHeader()->phis())
    worklist.push_back(&phi);
  while (!worklist.empty()) {
    Value *value = worklist.pop_back_val();
    if (!slice.contains(value) || !varying.insert(value).second)
      continue;
    for (User *user : value->users())
      if (auto *instruction = dyn_cast<Instruction>(user);
          instruction && loop->contains(instruction))
        worklist.push_back(instruction);
  }
  for (BasicBlock *block : loop->blocks())
    if (block != latch)
      if (Value *condition = getCondition(block->getTerminator());
          condition && varying.contains(condition))
        return 0;
  return taken->getAPInt().getZExtValue() + 1;
}

void ControlFlow::enter(BasicBlock *before, BasicBlock *block) {
  auto found = sliceOfBlock.find(block);
  if (found == sliceOfBlock.end())
    return;
  SmallVector<std::pair<Value *, Constant *>> phis;
  SmallVector<Constant *> operands;
  for (Instruction *instruction : found->second) {
    if (auto *phi = dyn_cast<PHINode>(instruction)) {
      phis.push_back({phi, get(phi->getIncomingValueForBlock(before))});
      continue;
    }
    // All phis of a block change at once.
    for (auto [phi, value] : phis)
      values[phi] = value;
    phis.clear();
    operands.clear();
    for (Value *operand : instruction->operands())
      operands.push_back(get(operand));
    Constant *result = nullptr;
    if (isa<SelectInst>(instruction)) {
      // Known already when what it chooses is.
      if (auto *flag = dyn_cast_or_null<ConstantInt>(operands[0]))
        result = flag->isZero() ? operands[2] : operands[1];
    } else if (is_contained(operands, nullptr)) {
      result = nullptr;
    } else if (isa<LoadInst>(instruction)) {
      result = ConstantFoldLoadFromConstPtr(operands[0], instruction->getType(),
                                            layout);
    } else {
      result =
          ConstantFoldInstOperands(instruction, operands, layout, &library);
    }
    values[instruction] = result;
  }
  for (auto [phi, value] : phis)
    values[phi] = value;
}

unsigned ControlFlow::chooseSuccessor(Instruction *terminator, Trace &trace) {
  Value *condition = getCondition(terminator);
  if (!condition)
    return 0;
  auto *known = dyn_cast_or_null<ConstantInt>(get(condition));
  if (!known) {
    trace.isExact = false;
    unsigned &turn = turns[terminator];
    turn = (turn + 1) % terminator->getNumSuccessors();
    return turn;
  }
  if (isa<BranchInst>(terminator))
    return known->isZero();
  return cast<SwitchInst>(terminator)
      ->findCaseValue(known)
      ->getSuccessorIndex();
}

Step ControlFlow::runFrom(Loop *loop, BasicBlock *before, BasicBlock *block,
                          bool once, Trace &trace) {
  while (budget) {
    --budget;
    Loop *inner = loops.getLoopFor(block);
    if (inner != loop && inner && inner->getHeader() == block) {
      const LoopRun &run = runLoop(inner, before);
      trace.add(run.trace);
      for (auto [output, value] : zip(getFacts(inner).outputs, run.outputs))
        values[output] = value;
      before = run.exit.from;
      block = run.exit.to;
    } else {
      enter(before, block);
      Instruction *terminator = block->getTerminator();
      // Where an iteration ends is not for its values to say.
      if (once && block == loop->getLoopLatch())
        return {block, loop->getHeader()};
      unsigned chosen = chooseSuccessor(terminator, trace);
      trace.edges[{block, chosen}] += 1;
      if (terminator->getNumSuccessors() == 0)
        return {block, nullptr};
      before = block;
      block = terminator->getSuccessor(chosen);
    }
    if (!block || (loop && !loop->contains(block)))
      return {before, block};
  }
  return {before, nullptr};
}

ControlFlow::LoopRun ControlFlow::runUniformLoop(Loop *loop, BasicBlock *before,
                                                 uint64_t trips) {
  LoopRun run;
  Trace once;
  runFrom(loop, before, loop->getHeader(), /*once=*/true, once);
  // A branch on data goes the other way the next time.
  double iterations = 1;
  if (!once.isExact && trips > 1) {
    runFrom(loop, before, loop->getHeader(), /*once=*/true, once);
    iterations = 2;
  }
  run.trace.add(once, trips / iterations);
  BasicBlock *latch = loop->getLoopLatch();
  Instruction *terminator = latch->getTerminator();
  for (unsigned i = 0; i < terminator->getNumSuccessors(); ++i) {
    BasicBlock *next = terminator->getSuccessor(i);
    bool isBack = next == loop->getHeader();
    run.trace.edges[{latch, i}] += isBack ? trips - 1 : 1;
    if (!isBack)
      run.exit = {latch, next};
  }
  return run;
}

const ControlFlow::LoopRun &ControlFlow::runLoop(Loop *loop,
                                                 BasicBlock *before) {
  const LoopFacts &known = getFacts(loop);
  SmallVector<Constant *> key;
  for (Value *input : known.inputs)
    key.push_back(get(input));
  // The values at the header depend on where control comes from.
  for (PHINode &phi : loop->getHeader()->phis())
    if (slice.contains(&phi))
      key.push_back(get(phi.getIncomingValueForBlock(before)));
  auto place = runs.find({loop, key});
  if (place != runs.end())
    return place->second;
  LoopRun run;
  if (uint64_t trips = known.uniformTrips) {
    run = runUniformLoop(loop, before, trips);
  } else {
    run.exit =
        runFrom(loop, before, loop->getHeader(), /*once=*/false, run.trace);
    for (Value *output : getFacts(loop).outputs)
      run.outputs.push_back(get(output));
  }
  return runs[{loop, key}] = std::move(run);
}

std::optional<ExecutionCounts> ControlFlow::run() {
  Trace trace;
  runFrom(/*loop=*/nullptr, nullptr, &function.getEntryBlock(), /*once=*/false,
          trace);
  if (!budget)
    return std::nullopt;
  ExecutionCounts counts;
  for (const auto &[branch, turn] : turns) {
    counts.guessed.insert(branch);
    BasicBlock *block = branch->getParent();
    Loop *loop = loops.getLoopFor(block);
    counts.hasUnknownLoops |= loop && loop->isLoopExiting(block);
  }
  for (const auto &[edge, count] : trace.edges) {
    counts.edges[edge] = count;
    counts.blocks[edge.first] += count;
  }
  // Nor is anything known of loops on the way that was not taken.
  if (!counts.guessed.empty())
    for (BasicBlock &block : function)
      counts.hasUnknownLoops |=
          loops.isLoopHeader(&block) && !counts.blocks.contains(&block);
  return counts;
}

std::optional<ExecutionCounts> edgecc::countExecutions(Function &function) {
  return ControlFlow(function).run();
}

void edgecc::setBranchWeights(Module &module) {
  for (Function &function : module) {
    if (function.isDeclaration() || function.size() == 1)
      continue;
    std::optional<ExecutionCounts> counts = countExecutions(function);
    if (!counts || counts->hasUnknownLoops)
      function.addFnAttr(unknownLoopsAttr);
    if (!counts)
      continue;
    for (BasicBlock &block : function) {
      Instruction *terminator = block.getTerminator();
      // The code generator has guesses of its own for branches on data.
      if (!getCondition(terminator) || !counts->blocks.contains(&block) ||
          counts->guessed.contains(terminator))
        continue;
      SmallVector<uint64_t> weights;
      for (unsigned i = 0; i < terminator->getNumSuccessors(); ++i)
        weights.push_back(std::llround(counts->edges.lookup({&block, i})));
      setFittedBranchWeights(*terminator, weights, /*IsExpected=*/false);
    }
  }
}
