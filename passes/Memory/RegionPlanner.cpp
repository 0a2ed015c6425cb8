//===- RegionPlanner.cpp - buffers into several memories --------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "passes/Memory/RegionPlanner.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/Sequence.h"

#include <tuple>

using namespace llvm;
using namespace edgecc::memory;

namespace {

class RegionPlanning {
public:
  RegionPlanning(ArrayRef<ArenaBuffer> buffers, ArrayRef<int64_t> traffic,
                 ArrayRef<ArenaRegion> regions, int64_t alignment)
      : buffers(buffers), traffic(traffic), regions(regions),
        alignment(alignment),
        bySpeed(to_vector(seq<unsigned>(0, regions.size()))) {
    llvm::stable_sort(bySpeed, [&](unsigned a, unsigned b) {
      return regions[a].bytesPerCycle > regions[b].bytesPerCycle;
    });
    for (unsigned buffer = 0; buffer < buffers.size(); ++buffer)
      lastOf.push_back(
          *llvm::find_if(llvm::reverse(bySpeed), [&](unsigned region) {
            return regions[region].takes(buffer);
          }));
  }

  /// Fills one region after the other, from the fastest one on, with the
  /// buffers in `order`.
  RegionPlan fill(ArrayRef<unsigned> order) const {
    RegionPlan plan;
    plan.regionOf.assign(buffers.size(), bySpeed.back());
    plan.offsets.assign(buffers.size(), 0);
    plan.sizes.assign(regions.size(), 0);
    plan.lowerBounds.assign(regions.size(), 0);
    plan.provenBounds.assign(regions.size(), 0);
    SmallVector<unsigned> rest(order);
    for (unsigned region : bySpeed) {
      // What has nowhere else to go comes first.
      SmallVector<unsigned> chosen, others;
      for (unsigned buffer : rest)
        if (lastOf[buffer] == region)
          chosen.push_back(buffer);
        else if (regions[region].takes(buffer))
          others.push_back(buffer);
      size_t least = chosen.size();
      addWhatFits(chosen, others, regions[region].bytes);
      ArenaPlan placed = planArena(subset(chosen), alignment);
      // Where placing them leaves gaps, the last ones go elsewhere.
      while (chosen.size() > least && placed.size > regions[region].bytes) {
        chosen.pop_back();
        placed = planArena(subset(chosen), alignment);
      }
      plan.sizes[region] = placed.size;
      plan.lowerBounds[region] = placed.lowerBound;
      plan.provenBounds[region] = placed.provenBound;
      for (auto [buffer, offset] : zip_equal(chosen, placed.offsets)) {
        plan.regionOf[buffer] = region;
        plan.offsets[buffer] = offset;
      }
      llvm::erase_if(
          rest, [&](unsigned buffer) { return is_contained(chosen, buffer); });
    }
    return plan;
  }

  /// Bytes beyond the ends of regions, and cycles: less is better.
  std::tuple<int64_t, double> priceOf(const RegionPlan &plan) const {
    int64_t missing = 0;
    double cycles = 0;
    for (auto [region, bytes] : zip_equal(regions, plan.sizes))
      missing += std::max<int64_t>(0, bytes - region.bytes);
    for (auto [region, bytes] : zip_equal(plan.regionOf, traffic))
      cycles += bytes / regions[region].bytesPerCycle;
    return {missing, cycles};
  }

private:
  SmallVector<ArenaBuffer> subset(ArrayRef<unsigned> chosen) const {
    return takeBuffers(buffers, chosen);
  }

  /// Adds those of `order` that may be alive together with `chosen` in `bytes`,
  /// the first ones first.
  void addWhatFits(SmallVectorImpl<unsigned> &chosen, ArrayRef<unsigned> order,
                   int64_t bytes) const {
    for (unsigned i : order) {
      chosen.push_back(i);
      if (maxLiveBytes(subset(chosen), alignment) > bytes)
        chosen.pop_back();
    }
  }

  ArrayRef<ArenaBuffer> buffers;
  ArrayRef<int64_t> traffic;
  ArrayRef<ArenaRegion> regions;
  int64_t alignment;
  SmallVector<unsigned> bySpeed;
  /// The slowest region that takes a buffer.
  SmallVector<unsigned> lastOf;
};

} // namespace

RegionPlan edgecc::memory::planRegions(ArrayRef<ArenaBuffer> buffers,
                                       ArrayRef<int64_t> traffic,
                                       ArrayRef<ArenaRegion> regions,
                                       int64_t alignment) {
  assert(!regions.empty() && "buffers have to lie somewhere");
  RegionPlanning planning(buffers, traffic, regions, alignment);
  auto time = [&](unsigned i) {
    return double(buffers[i].last - buffers[i].first + 1);
  };
  auto size = [&](unsigned i) { return std::max<double>(buffers[i].size, 1); };
  // What is to be in fast memory first: what gains most for the bytes and the
  // time that it takes of it, for the bytes, or at all; or what is large, which
  // may not fit elsewhere, or small.
  const std::function<double(unsigned)> keys[] = {
      [&](unsigned i) { return traffic[i] / size(i) / time(i); },
      [&](unsigned i) { return traffic[i] / size(i); },
      [&](unsigned i) { return double(traffic[i]); },
      [&](unsigned i) { return size(i); },
      [&](unsigned i) { return -size(i); },
  };
  std::optional<RegionPlan> best;
  for (const auto &key : keys) {
    auto order = to_vector(seq<unsigned>(0, buffers.size()));
    llvm::stable_sort(order,
                      [&](unsigned a, unsigned b) { return key(a) > key(b); });
    RegionPlan plan = planning.fill(order);
    if (!best || planning.priceOf(plan) < planning.priceOf(*best))
      best = std::move(plan);
    if (regions.size() == 1)
      break;
  }
  return *best;
}
