//===- ArenaPlanner.cpp - buffers into one arena ----------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "passes/Memory/ArenaPlanner.h"

#include "passes/Memory/PlacementSearch.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"

#include <limits>
#include <random>

using namespace llvm;
using namespace edgecc::memory;

namespace {

enum class Fit { First, Best };

/// Places the buffers in `order`, each into a gap between its neighbours.
ArenaPlan place(const PlacementInstance &instance, ArrayRef<unsigned> order,
                Fit fit) {
  ArenaPlan plan;
  plan.lowerBound = instance.bound;
  plan.offsets.assign(instance.buffers.size(), 0);
  SmallVector<bool> placed(instance.buffers.size(), false);
  SmallVector<std::pair<int64_t, int64_t>> taken;
  for (unsigned i : order) {
    int64_t size = instance.buffers[i].size;
    taken.clear();
    for (unsigned j : instance.neighbours[i]) {
      if (!placed[j])
        continue;
      // What ends at `from` or begins at `to` does not touch it.
      int64_t from = plan.offsets[j], to = from + instance.buffers[j].size;
      if (instance.liesOver(i, j))
        from = std::max(from, from - instance.buffers[i].distance + size);
      else if (instance.liesOver(j, i))
        to = std::min(to, from + instance.buffers[j].distance);
      taken.emplace_back(from, to);
    }
    llvm::sort(taken);
    int64_t end = 0, chosen = -1;
    int64_t smallest = std::numeric_limits<int64_t>::max();
    for (auto [from, to] : taken) {
      int64_t gap = from - end;
      if (gap >= size && gap < smallest) {
        chosen = end;
        smallest = gap;
        if (fit == Fit::First)
          break;
      }
      end = std::max(end, to);
    }
    plan.offsets[i] = chosen < 0 ? end : chosen;
    placed[i] = true;
    plan.size = std::max(plan.size, plan.offsets[i] + size);
  }
  return plan;
}

/// Rounds of improvement; each one costs a placement.
constexpr unsigned maxRounds = 256;

/// Moves at random: so many times from the start, each of at most so many
/// moves, which may visit at most so many pairs of neighbours (together below a
/// second); the first of them may be worse than the best by one part of so
/// many.
constexpr int64_t starts = 8, maxMoves = 8192, maxPairs = 4000000,
                  slackShare = 8;

} // namespace

SmallVector<ArenaBuffer>
edgecc::memory::takeBuffers(ArrayRef<ArenaBuffer> buffers,
                            ArrayRef<unsigned> chosen) {
  SmallVector<ArenaBuffer> result;
  for (unsigned i : chosen) {
    result.push_back(buffers[i]);
    int64_t &over = result.back().over;
    const unsigned *found = llvm::find(chosen, unsigned(over));
    over = over < 0 || found == chosen.end() ? -1 : found - chosen.begin();
  }
  return result;
}

int64_t edgecc::memory::maxLiveBytes(ArrayRef<ArenaBuffer> buffers,
                                     int64_t alignment) {
  return PlacementInstance(buffers, alignment).bound;
}

ArenaPlan edgecc::memory::planArena(ArrayRef<ArenaBuffer> buffers,
                                    int64_t alignment) {
  assert(isPowerOf2_64(alignment) && "alignment must be a power of two");
  PlacementInstance instance(buffers, alignment);
  SmallVector<unsigned> inTime;
  for (unsigned i = 0; i < buffers.size(); ++i)
    if (instance.buffers[i].size > 0)
      inTime.push_back(i);

  // What is to be placed first: largest, longest, largest area, by time.
  using Key = int64_t (*)(const ArenaBuffer &);
  const Key keys[] = {
      [](const ArenaBuffer &b) { return b.size; },
      [](const ArenaBuffer &b) { return b.last - b.first; },
      [](const ArenaBuffer &b) { return b.size * (b.last - b.first + 1); },
      [](const ArenaBuffer &b) { return -b.first; },
      [](const ArenaBuffer &b) { return b.last; },
  };

  ArenaPlan best;
  best.size = std::numeric_limits<int64_t>::max();
  SmallVector<unsigned> bestOrder;
  Fit bestFit = Fit::First;
  auto attempt = [&](ArrayRef<unsigned> order, Fit fit) {
    ArenaPlan plan = place(instance, order, fit);
    if (plan.size >= best.size)
      return;
    best = std::move(plan);
    bestOrder.assign(order.begin(), order.end());
    bestFit = fit;
  };
  for (Key key : keys) {
    SmallVector<unsigned> order = inTime;
    llvm::sort(order, [&](unsigned a, unsigned b) {
      return std::pair(-key(instance.buffers[a]), a) <
             std::pair(-key(instance.buffers[b]), b);
    });
    attempt(order, Fit::First);
    attempt(order, Fit::Best);
  }

  // What ends at the top of the arena came too late: place it earlier.
  SmallVector<unsigned> order = bestOrder;
  ArenaPlan plan = best;
  for (unsigned round = 0;
       round < maxRounds && best.size > instance.bound && !order.empty();
       ++round) {
    unsigned top = 0;
    for (unsigned at = 0; at < order.size(); ++at)
      if (plan.offsets[order[at]] + instance.buffers[order[at]].size ==
          plan.size)
        top = at;
    if (top == 0)
      break;
    // Halfway first, to the front when that did not help.
    unsigned target = round % 2 ? 0 : top / 2;
    std::rotate(order.begin() + target, order.begin() + top,
                order.begin() + top + 1);
    plan = place(instance, order, bestFit);
    if (plan.size < best.size)
      best = plan;
  }
  if (inTime.empty())
    best.size = 0;

  // Then buffers anywhere, several times: where the plan does not become much
  // larger than the best one, and less and less so. The same in every run.
  std::mt19937 random;
  int64_t pairs = int64_t(bestOrder.size());
  for (ArrayRef<unsigned> neighbours : instance.neighbours)
    pairs += int64_t(neighbours.size());
  int64_t rounds = std::min(maxMoves, maxPairs / std::max<int64_t>(pairs, 1));
  int64_t current = 0;
  for (int64_t left = rounds * starts; left > 0 && best.size > instance.bound;
       --left) {
    if (left % rounds == 0) {
      order = bestOrder;
      current = 0;
    }
    SmallVector<unsigned> changed = order;
    unsigned moved = changed[random() % changed.size()];
    llvm::erase(changed, moved);
    changed.insert(changed.begin() + random() % order.size(), moved);
    plan = place(instance, changed, bestFit);
    int64_t slack = best.size / slackShare * (left % rounds) / rounds;
    if (plan.size > std::max(current, best.size + slack))
      continue;
    current = plan.size;
    order = std::move(changed);
    if (plan.size < best.size)
      best = plan;
  }
  improvePlacement(instance, alignment, best);
  return best;
}
