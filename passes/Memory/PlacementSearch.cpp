//===- PlacementSearch.cpp - all placements in an arena ---------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
//
// Branch and bound in the manner of MiniMalloc (Moffitt, ASPLOS 2023): buffers
// are placed from the bottom up, each right on top of what lies below it, which
// some smallest plan is a result of.
//
//===----------------------------------------------------------------------===//

#include "passes/Memory/PlacementSearch.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"

using namespace llvm;
using namespace edgecc::memory;

PlacementInstance::PlacementInstance(ArrayRef<ArenaBuffer> given,
                                     int64_t alignment)
    : buffers(given), neighbours(given.size()) {
  for (ArenaBuffer &buffer : buffers) {
    buffer.size = alignTo(buffer.size, alignment);
    buffer.distance = alignTo(buffer.distance, alignment);
  }
  // Sweep over time: a buffer meets those that are alive when it begins.
  SmallVector<unsigned> byStart;
  for (unsigned i = 0; i < buffers.size(); ++i)
    if (buffers[i].size > 0)
      byStart.push_back(i);
  llvm::sort(byStart, [&](unsigned a, unsigned b) {
    return std::pair(buffers[a].first, a) < std::pair(buffers[b].first, b);
  });
  SmallVector<unsigned> alive;
  int64_t bytes = 0, saved = 0, now = -1;
  for (unsigned i : byStart) {
    if (buffers[i].first != now)
      saved = 0;
    now = buffers[i].first;
    llvm::erase_if(alive, [&](unsigned j) {
      bool ended = buffers[j].last < now;
      bytes -= ended ? buffers[j].size : 0;
      return ended;
    });
    for (unsigned j : alive) {
      neighbours[i].push_back(j);
      neighbours[j].push_back(i);
    }
    alive.push_back(i);
    bytes += buffers[i].size;
    saved += savedBytes(i);
    bound = std::max(bound, bytes - saved);
  }
}

int64_t PlacementInstance::savedBytes(unsigned result) const {
  const ArenaBuffer &buffer = buffers[result];
  if (buffer.over < 0 || buffer.size == 0)
    return 0;
  int64_t operand = buffers[buffer.over].size;
  return std::max<int64_t>(
      0,
      buffer.size + operand - std::max(buffer.size, buffer.distance + operand));
}

namespace {

/// Comparisons of a buffer with a time in one search: below a second.
constexpr int64_t maxWork = 300000000;

/// Looks for a plan of at most `capacity` bytes.
class Search {
public:
  Search(const PlacementInstance &instance, int64_t capacity)
      : instance(instance), capacity(capacity), work(maxWork),
        offsets(instance.buffers.size(), 0),
        isPlaced(instance.buffers.size(), false) {
    for (unsigned i = 0; i < instance.buffers.size(); ++i) {
      if (instance.buffers[i].size == 0)
        isPlaced[i] = true;
      else
        ++rest;
    }
    // Buffers come alive at these times only: they decide what fits.
    for (const ArenaBuffer &buffer : instance.buffers)
      if (buffer.size > 0)
        times.push_back(buffer.first);
    llvm::sort(times);
    times.erase(llvm::unique(times), times.end());
  }

  enum class Outcome { Found, None, Unknown };
  Outcome run() {
    if (rest == 0)
      return Outcome::Found;
    work -= offsets.size() * times.size();
    if (work < 0)
      return Outcome::Unknown;
    if (!canFit())
      return Outcome::None;
    // One that begins above the end of another could have that one below it;
    // what would begin below the level waits for something under it.
    int64_t lowestEnd = capacity;
    SmallVector<unsigned> candidates;
    for (unsigned i = 0; i < offsets.size(); ++i)
      if (!isPlaced[i])
        lowestEnd = std::min(lowestEnd, std::max(offsets[i], level) + size(i));
    for (unsigned i = 0; i < offsets.size(); ++i)
      if (!isPlaced[i] && offsets[i] >= level && offsets[i] < lowestEnd)
        candidates.push_back(i);
    // The lowest first; of these, what is large and long.
    llvm::sort(candidates, [&](unsigned a, unsigned b) {
      auto key = [&](unsigned i) {
        const ArenaBuffer &buffer = instance.buffers[i];
        return std::tuple(offsets[i],
                          -buffer.size * (buffer.last - buffer.first + 1), i);
      };
      return key(a) < key(b);
    });
    for (unsigned i : candidates) {
      Outcome outcome = place(i);
      if (outcome != Outcome::None)
        return outcome;
    }
    return Outcome::None;
  }

  /// After success: where each buffer lies.
  ArrayRef<int64_t> getOffsets() const { return offsets; }

private:
  int64_t size(unsigned i) const { return instance.buffers[i].size; }

  /// Puts `i` where it is, lifts what lives beside it, and goes on.
  Outcome place(unsigned i) {
    int64_t oldLevel = level;
    SmallVector<std::pair<unsigned, int64_t>> lifted;
    for (unsigned j : instance.neighbours[i]) {
      // What is placed later does not lie lower.
      int64_t height = instance.liesOver(i, j)
                           ? std::min(size(i), instance.buffers[i].distance)
                           : size(i);
      if (!isPlaced[j] && offsets[j] < offsets[i] + height) {
        lifted.emplace_back(j, offsets[j]);
        offsets[j] = offsets[i] + height;
      }
    }
    isPlaced[i] = true;
    level = offsets[i];
    --rest;
    Outcome outcome = run();
    if (outcome == Outcome::Found)
      return outcome;
    ++rest;
    level = oldLevel;
    isPlaced[i] = false;
    for (auto [j, offset] : lifted)
      offsets[j] = offset;
    return outcome;
  }

  /// Whether, at each time, what is to be placed fits above the lowest place
  /// that is left for it.
  bool canFit() const {
    for (int64_t time : times) {
      int64_t lowest = capacity, bytes = 0;
      for (unsigned i = 0; i < offsets.size(); ++i) {
        const ArenaBuffer &buffer = instance.buffers[i];
        if (isPlaced[i] || buffer.first > time || buffer.last < time)
          continue;
        lowest = std::min(lowest, std::max(offsets[i], level));
        bytes += buffer.size;
        if (buffer.first == time && buffer.over >= 0 && !isPlaced[buffer.over])
          bytes -= instance.savedBytes(i);
      }
      if (lowest + bytes > capacity)
        return false;
    }
    return true;
  }

  const PlacementInstance &instance;
  int64_t capacity;
  int64_t work;
  /// Where a buffer is, or the lowest place that is left for it.
  SmallVector<int64_t> offsets;
  SmallVector<bool> isPlaced;
  SmallVector<int64_t> times;
  unsigned rest = 0;
  /// Offsets never fall from one placement to the next.
  int64_t level = 0;
};

} // namespace

/// The most neighbouring times that are looked at by themselves.
constexpr unsigned maxWindow = 4;

/// Whether the buffers of a few neighbouring times alone take more than
/// `capacity`, which can be seen where all of them are too many to search.
static bool exceedsSomewhere(const PlacementInstance &instance,
                             int64_t alignment, int64_t capacity) {
  SmallVector<int64_t> times;
  for (const ArenaBuffer &buffer : instance.buffers)
    if (buffer.size > 0)
      times.push_back(buffer.first);
  llvm::sort(times);
  times.erase(llvm::unique(times), times.end());
  for (unsigned window = 2; window <= maxWindow; ++window)
    for (unsigned at = 0; at + window <= times.size(); ++at) {
      int64_t first = times[at], last = times[at + window - 1];
      SmallVector<unsigned> chosen;
      for (auto [i, buffer] : enumerate(instance.buffers))
        if (buffer.size > 0 && buffer.first <= last && buffer.last >= first)
          chosen.push_back(i);
      PlacementInstance part(takeBuffers(instance.buffers, chosen), alignment);
      if (Search(part, capacity).run() == Search::Outcome::None)
        return true;
    }
  return false;
}

void edgecc::memory::improvePlacement(const PlacementInstance &instance,
                                      int64_t alignment, ArenaPlan &plan) {
  plan.provenBound = instance.bound;
  // The bound itself first: mostly it can be had, and then nothing is left.
  for (int64_t capacity = instance.bound; plan.size > instance.bound;
       capacity = plan.size - alignment) {
    Search search(instance, capacity);
    Search::Outcome outcome = search.run();
    if (outcome == Search::Outcome::Found) {
      plan.offsets.assign(search.getOffsets().begin(),
                          search.getOffsets().end());
      plan.size = 0;
      for (auto [buffer, offset] : zip(instance.buffers, plan.offsets))
        plan.size = std::max(plan.size, offset + buffer.size);
      continue;
    }
    if (outcome == Search::Outcome::None)
      plan.provenBound = capacity + alignment;
    // There is none between the bound and a plan right above it.
    if (capacity != plan.size - alignment)
      continue;
    if (plan.provenBound < plan.size &&
        exceedsSomewhere(instance, alignment, capacity))
      plan.provenBound = plan.size;
    return;
  }
}
