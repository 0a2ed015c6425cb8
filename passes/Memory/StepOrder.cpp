//===- StepOrder.cpp - the order of steps with the least peak ---*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "passes/Memory/StepOrder.h"

#include "llvm/ADT/BitVector.h"
#include "llvm/ADT/STLExtras.h"

#include <map>
#include <queue>
#include <vector>

using namespace llvm;
using namespace edgecc::memory;

namespace {

/// Sets of steps that the search looks at.
constexpr size_t maxStates = 200000;

/// Which steps have run, and what is alive after them.
class Progress {
public:
  Progress(ArrayRef<Step> steps, ArrayRef<int64_t> sizes)
      : steps(steps), sizes(sizes), done(steps.size()), uses(sizes.size(), 0),
        rest(sizes.size(), 0) {
    for (const Step &step : steps)
      for (unsigned buffer : step.buffers)
        ++rest[buffer];
  }

  const BitVector &getDone() const { return done; }
  int64_t getLive() const { return live; }

  bool isReady(unsigned step) const {
    return !done[step] && llvm::all_of(steps[step].after, [&](unsigned before) {
      return done[before];
    });
  }

  /// Bytes alive while `step` runs, and after it.
  std::pair<int64_t, int64_t> cost(unsigned step) const {
    int64_t during = live, after = live;
    for (unsigned buffer : steps[step].buffers) {
      bool isNew = uses[buffer] == 0, ends = rest[buffer] == 1;
      during += isNew ? sizes[buffer] : 0;
      after += (isNew ? sizes[buffer] : 0) - (ends ? sizes[buffer] : 0);
    }
    return {during, after};
  }

  void run(unsigned step) {
    live = cost(step).second;
    for (unsigned buffer : steps[step].buffers) {
      ++uses[buffer];
      --rest[buffer];
    }
    done.set(step);
  }

private:
  ArrayRef<Step> steps;
  ArrayRef<int64_t> sizes;
  BitVector done;
  /// How many steps that have run, and that are to run, use each buffer.
  SmallVector<unsigned> uses, rest;
  int64_t live = 0;
};

/// A set of steps on the way to all of them.
struct State {
  int64_t peak;
  unsigned count;
  /// The state before the last step; the first state is its own.
  size_t parent;
  unsigned step;
};

/// Orders states: least peak first, then the furthest, then the oldest.
struct IsWorse {
  const std::vector<State> &states;
  bool operator()(size_t a, size_t b) const {
    auto key = [&](size_t i) {
      return std::tuple(states[i].peak, ~states[i].count, i);
    };
    return key(a) > key(b);
  }
};

/// Sets of steps, comparable.
std::vector<uint64_t> wordsOf(const BitVector &bits) {
  ArrayRef<uintptr_t> words = bits.getData();
  return {words.begin(), words.end()};
}

class OrderSearch {
public:
  OrderSearch(ArrayRef<Step> steps, ArrayRef<int64_t> sizes)
      : steps(steps), sizes(sizes), open(IsWorse{states}) {}

  /// Improves `best`, whose lower bound no order undercuts.
  void run(StepOrder &best) {
    states.push_back({best.lowerBound, 0, 0, 0});
    open.push(0);
    while (!open.empty()) {
      size_t current = open.top();
      if (states[current].peak >= best.peak)
        break;
      if (states[current].count == steps.size()) {
        best.peak = best.lowerBound = states[current].peak;
        best.order = pathTo(current);
        return;
      }
      if (states.size() > maxStates) {
        best.lowerBound = states[current].peak;
        return;
      }
      open.pop();
      expand(current, best.peak);
    }
    best.lowerBound = best.peak;
  }

private:
  SmallVector<unsigned> pathTo(size_t state) const {
    SmallVector<unsigned> path;
    for (; states[state].count > 0; state = states[state].parent)
      path.push_back(states[state].step);
    std::reverse(path.begin(), path.end());
    return path;
  }

  /// Adds what can follow on a state and needs less than `limit`.
  void expand(size_t current, int64_t limit) {
    Progress progress(steps, sizes);
    for (unsigned step : pathTo(current))
      progress.run(step);
    int64_t peak = states[current].peak;
    SmallVector<unsigned> ready;
    for (unsigned step = 0; step < steps.size(); ++step)
      if (progress.isReady(step))
        ready.push_back(step);
    // A step that adds nothing, neither now nor later, may as well run now.
    for (unsigned step : ready) {
      auto [during, after] = progress.cost(step);
      if (during <= peak && after <= progress.getLive()) {
        add(current, step, progress.getDone(), peak);
        return;
      }
    }
    for (unsigned step : ready)
      if (int64_t during = std::max(peak, progress.cost(step).first);
          during < limit)
        add(current, step, progress.getDone(), during);
  }

  void add(size_t parent, unsigned step, BitVector done, int64_t peak) {
    done.set(step);
    auto [known, isNew] = peaks.try_emplace(wordsOf(done), peak);
    if (!isNew && known->second <= peak)
      return;
    known->second = peak;
    states.push_back({peak, states[parent].count + 1, parent, step});
    open.push(states.size() - 1);
  }

  ArrayRef<Step> steps;
  ArrayRef<int64_t> sizes;
  std::vector<State> states;
  std::priority_queue<size_t, std::vector<size_t>, IsWorse> open;
  /// The least peak with which each set of steps was reached.
  std::map<std::vector<uint64_t>, int64_t> peaks;
};

} // namespace

int64_t edgecc::memory::measurePeak(ArrayRef<Step> steps,
                                    ArrayRef<int64_t> sizes,
                                    ArrayRef<unsigned> order) {
  Progress progress(steps, sizes);
  int64_t peak = 0;
  for (unsigned step : order) {
    assert(progress.isReady(step) && "the order must be possible");
    peak = std::max(peak, progress.cost(step).first);
    progress.run(step);
  }
  return peak;
}

/// Always runs what needs least, now and then after it.
static SmallVector<unsigned> orderGreedily(ArrayRef<Step> steps,
                                           ArrayRef<int64_t> sizes) {
  Progress progress(steps, sizes);
  SmallVector<unsigned> order;
  int64_t peak = 0;
  while (order.size() < steps.size()) {
    std::tuple<int64_t, int64_t, unsigned> best{INT64_MAX, 0, 0};
    for (unsigned step = 0; step < steps.size(); ++step)
      if (progress.isReady(step)) {
        auto [during, after] = progress.cost(step);
        best = std::min(best, {std::max(peak, during), after, step});
      }
    peak = std::get<0>(best);
    order.push_back(std::get<2>(best));
    progress.run(order.back());
  }
  return order;
}

/// The most bytes alive at one step in any order: its own, and what some step
/// that must come before it and one that must come after it both use.
static int64_t boundPeak(ArrayRef<Step> steps, ArrayRef<int64_t> sizes) {
  std::vector<BitVector> before(steps.size(), BitVector(steps.size()));
  for (unsigned step = 0; step < steps.size(); ++step)
    for (unsigned earlier : steps[step].after) {
      before[step] |= before[earlier];
      before[step].set(earlier);
    }
  std::vector<SmallVector<unsigned>> users(sizes.size());
  for (unsigned step = 0; step < steps.size(); ++step)
    for (unsigned buffer : steps[step].buffers)
      users[buffer].push_back(step);
  int64_t bound = 0;
  for (unsigned step = 0; step < steps.size(); ++step) {
    int64_t bytes = 0;
    for (auto [buffer, size] : enumerate(sizes)) {
      bool isEarlier = false, isLater = false;
      for (unsigned user : users[buffer]) {
        isEarlier |= user == step || before[step][user];
        isLater |= user == step || before[user][step];
      }
      bytes += isEarlier && isLater ? size : 0;
    }
    bound = std::max(bound, bytes);
  }
  return bound;
}

StepOrder edgecc::memory::orderSteps(ArrayRef<Step> steps,
                                     ArrayRef<int64_t> sizes) {
  StepOrder best;
  for (unsigned i = 0; i < steps.size(); ++i)
    best.order.push_back(i);
  best.peak = measurePeak(steps, sizes, best.order);
  best.lowerBound = boundPeak(steps, sizes);
  if (best.peak == best.lowerBound)
    return best;
  SmallVector<unsigned> greedy = orderGreedily(steps, sizes);
  if (int64_t peak = measurePeak(steps, sizes, greedy); peak < best.peak) {
    best.peak = peak;
    best.order = std::move(greedy);
  }
  OrderSearch(steps, sizes).run(best);
  return best;
}
