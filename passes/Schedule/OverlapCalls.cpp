//===- OverlapCalls.cpp - let the CPU work while an NPU does ----*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "dialects/Edge/EdgePlaceOps.h"
#include "dialects/Edge/EdgeScheduleOps.h"
#include "dialects/Target/TargetDialect.h"
#include "passes/Schedule/Passes.h"

#include "llvm/ADT/BitVector.h"
#include "llvm/ADT/SetVector.h"

#include <set>

namespace edgecc::schedule {
#define GEN_PASS_DEF_OVERLAPCALLS
#include "passes/Schedule/Passes.h.inc"
} // namespace edgecc::schedule

using namespace mlir;
using namespace edgecc;
using namespace edgecc::edge;

/// Whether the NPU can compute `op` on its own.
static bool isJob(Operation *op) {
  auto call = dyn_cast<NpuCallOp>(op);
  return call && call.getStart();
}

/// Whether the CPU does something where `op` is.
static bool isWork(Operation *op) {
  return !op->hasTrait<OpTrait::ConstantLike>() &&
         !isa<ReshapeOp, ConcatOp, NpuCallOp>(op);
}

/// What the CPU takes, if each of `lanes` elements of a vector takes a cycle:
/// enough to tell long work from short.
static double cyclesOnCpu(Operation *op, double lanes) {
  if (!isWork(op))
    return 0;
  double work = double(macsOf(op));
  auto count = [&](TypeRange types) {
    for (Type type : types)
      if (auto tensor = dyn_cast<RankedTensorType>(type))
        work = std::max(work, double(tensor.getNumElements()));
  };
  count(op->getOperandTypes());
  count(op->getResultTypes());
  return work / lanes;
}

namespace {

/// The operations of a block in an order that keeps NPU and CPU busy.
class Overlapping {
public:
  Overlapping(Block &block, double lanes);

  /// Finds the order. Whether the CPU has something to do during a call.
  bool run();

  SmallVector<Operation *> order;
  llvm::DenseSet<Operation *> overlapped;

private:
  struct Step {
    Operation *op;
    SmallVector<unsigned> producers, readers;
    /// How many of its producers are not done.
    unsigned missing = 0;
    /// What it takes, and what it takes from its begin to the end of all that
    /// waits for it.
    double cycles = 0, toEnd = 0;
  };

  /// Of the steps in `ready`, the one for which most waits.
  unsigned mostUrgent(const std::set<unsigned> &ready) const {
    return *llvm::max_element(ready, [&](unsigned a, unsigned b) {
      return steps[a].toEnd < steps[b].toEnd;
    });
  }
  /// Whether the NPU has something to do once `running` is done.
  bool hasMoreCalls(unsigned running) const {
    return llvm::any_of(calls, [&](const auto &call) {
      return call.first != running && !done.test(call.first);
    });
  }

  void makeReady(unsigned step) {
    (isa<NpuCallOp>(steps[step].op) ? readyCalls : readyWork).insert(step);
  }
  void finish(unsigned step) {
    done.set(step);
    for (unsigned reader : steps[step].readers)
      if (--steps[reader].missing == 0)
        makeReady(reader);
  }
  /// What the call that needs least of it needs, and is not done.
  llvm::BitVector findWayToCall() const;

  std::vector<Step> steps;
  llvm::BitVector done;
  /// The steps that could be next, in the order of the block.
  std::set<unsigned> readyCalls, readyWork;
  /// Calls, and all that comes before each of them.
  std::vector<std::pair<unsigned, llvm::BitVector>> calls;
  /// Whether all jobs say how long they take.
  bool knowsTimes = true;
};

} // namespace

Overlapping::Overlapping(Block &block, double lanes) {
  llvm::DenseMap<Operation *, unsigned> numberOf;
  for (Operation &op : block.without_terminator()) {
    unsigned number = steps.size();
    numberOf[&op] = number;
    Step &step = steps.emplace_back();
    step.op = &op;
    auto call = dyn_cast<NpuCallOp>(op);
    step.cycles = call ? double(call.getCycles()) : cyclesOnCpu(&op, lanes);
    knowsTimes &= !isJob(&op) || step.cycles > 0;
    llvm::SmallSetVector<unsigned, 4> producers;
    op.walk([&](Operation *reader) {
      for (Value operand : reader->getOperands())
        if (auto found = numberOf.find(operand.getDefiningOp());
            found != numberOf.end() && found->second != number)
          producers.insert(found->second);
    });
    step.missing = producers.size();
    step.producers = producers.takeVector();
    for (unsigned producer : step.producers)
      steps[producer].readers.push_back(number);
  }
  for (Step &step : llvm::reverse(steps)) {
    for (unsigned reader : step.readers)
      step.toEnd = std::max(step.toEnd, steps[reader].toEnd);
    step.toEnd += step.cycles;
  }
  done.resize(steps.size());
  for (unsigned number = 0; number < steps.size(); ++number) {
    if (!isa<NpuCallOp>(steps[number].op))
      continue;
    llvm::BitVector before(steps.size());
    SmallVector<unsigned> open{number};
    while (!open.empty())
      for (unsigned producer : steps[open.pop_back_val()].producers)
        if (!before.test(producer)) {
          before.set(producer);
          open.push_back(producer);
        }
    calls.push_back({number, std::move(before)});
  }
}

llvm::BitVector Overlapping::findWayToCall() const {
  llvm::BitVector least;
  for (const auto &[call, before] : calls) {
    if (done.test(call))
      continue;
    llvm::BitVector way = before;
    way.reset(done);
    if (least.empty() || way.count() < least.count())
      least = std::move(way);
  }
  return least;
}

bool Overlapping::run() {
  for (unsigned i = 0; i < steps.size(); ++i)
    if (steps[i].missing == 0)
      makeReady(i);
  std::optional<unsigned> running;
  llvm::BitVector way;
  // Where the CPU is, and when the NPU will be done.
  double now = 0, end = 0;
  while (order.size() < steps.size()) {
    if (!running && readyCalls.empty())
      way = findWayToCall();
    bool isLate = running && knowsTimes && now >= end && hasMoreCalls(*running);
    std::set<unsigned> &ready =
        !running && !readyCalls.empty() ? readyCalls : readyWork;
    if (isLate || ready.empty()) {
      // The NPU has waited, or nothing is left to do meanwhile.
      assert(running && "an operation reads what comes after it");
      now = std::max(now, end);
      finish(*std::exchange(running, std::nullopt));
      continue;
    }
    unsigned step = knowsTimes ? mostUrgent(ready) : *ready.begin();
    if (!running && readyCalls.empty())
      if (auto first = llvm::find_if(
              ready, [&](unsigned step) { return !way.empty() && way[step]; });
          first != ready.end())
        step = *first;
    ready.erase(step);
    Operation *op = steps[step].op;
    order.push_back(op);
    if (running && isWork(op))
      overlapped.insert(steps[*running].op);
    if (isJob(op)) {
      running = step;
      end = now + steps[step].cycles;
    } else {
      now += steps[step].cycles;
      finish(step);
    }
  }
  return !overlapped.empty();
}

namespace {
struct OverlapCalls : schedule::impl::OverlapCallsBase<OverlapCalls> {
  void runOnOperation() override {
    func::FuncOp func = getOperation();
    if (func.isExternal() || llvm::none_of(func.getBody().front(),
                                           [](auto &op) { return isJob(&op); }))
      return;
    Block &block = func.getBody().front();
    target::CpuAttr cpu = target::getCpu(func);
    Overlapping overlapping(
        block, cpu ? std::max(double(cpu.getVectorBytes()) / 4, 1.0) : 1);
    if (!overlapping.run())
      return;
    for (Operation *op : overlapping.order) {
      op->moveBefore(block.getTerminator());
      if (overlapping.overlapped.contains(op)) {
        cast<NpuCallOp>(op).setOverlaps(true);
        ++numOverlapped;
      }
    }
  }
};
} // namespace
