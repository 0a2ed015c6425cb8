//===- MemoryTraffic.cpp - where the data of layers comes from --*- C++ -*-===//
//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "codegen/cost/MemoryTraffic.h"

#include "llvm/ADT/DenseMap.h"
#include <algorithm>

using namespace llvm;
using namespace edgecc;

/// Memory is looked at in pieces of so many bytes.
static constexpr int64_t pageBytes = 4096;

/// How likely a byte is still in a cache after `distance` others. Replacement
/// is not perfect, and neighbours use the cache as well: a cache begins to miss
/// when half of it is used, and always misses at one and a half times its size.
static double findHitRate(double distance, int64_t cache) {
  if (cache == 0)
    return 0;
  return std::clamp(1.5 - distance / cache, 0.0, 1.0);
}

std::vector<MemoryTraffic>
edgecc::findTraffic(ArrayRef<std::vector<OperandMemory>> layers,
                    const CacheSizes &caches) {
  std::vector<MemoryTraffic> traffic(layers.size());
  // When each page was used last, in bytes used until then.
  DenseMap<std::pair<int64_t, int64_t>, double> lastUse;
  double used = 0;
  // Memory that has no cache before it is as near as one.
  bool hasCaches = caches.l1 || caches.l2 || caches.l3;
  for (bool isFirstRun : {true, false}) {
    for (auto [layer, result] : llvm::zip(layers, traffic)) {
      for (const OperandMemory &region : layer) {
        int64_t end = region.begin + region.bytes;
        for (int64_t page = region.begin / pageBytes; page * pageBytes < end;
             ++page) {
          double bytes = std::min(end, (page + 1) * pageBytes) -
                         std::max(region.begin, page * pageBytes);
          auto [place, isNew] = lastUse.try_emplace({region.base, page});
          double distance = used - place->second;
          used += bytes;
          place->second = used;
          if (isFirstRun)
            continue;
          double l1 = hasCaches ? findHitRate(distance, caches.l1) : 1;
          double l2 = std::max(l1, findHitRate(distance, caches.l2));
          double l3 = std::max(l2, findHitRate(distance, caches.l3));
          result.l1 += bytes * l1;
          result.l2 += bytes * (l2 - l1);
          result.l3 += bytes * (l3 - l2);
          result.memory += bytes * (1 - l3);
        }
      }
    }
  }
  return traffic;
}
