//===- MemoryFit.cpp - choices that fit limits on memory --------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "compiler/api/MemoryFit.h"

using namespace edgecc;

MemoryFit::MemoryFit(const CompileOptions &asked)
    : limits(asked.limits), options(asked) {
  options.arenaLimit = asked.findArenaLimit();
}

/// How far `bytes` exceeds `limit`.
static uint64_t excess(uint64_t bytes, std::optional<uint64_t> limit) {
  return limit && bytes > *limit ? bytes - *limit : 0;
}

void MemoryFit::add(CompiledModel model) {
  ramExcess = excess(model.getRam(), limits.ram);
  for (const RegionInterface &region : model.interface.regions)
    ramExcess =
        std::max(ramExcess, excess(region.bytes, uint64_t(region.capacity)));
  flashExcess = excess(model.getFlash(), limits.flash);
  arena = model.interface.arenaBytes;
  if (!best || ramExcess + flashExcess < leastExcess) {
    best = std::move(model);
    leastExcess = ramExcess + flashExcess;
  }
}

bool MemoryFit::isToTryAgain() {
  if (ramExcess && saveRam())
    return true;
  return flashExcess && saveFlash();
}

bool MemoryFit::saveRam() {
  if (options.npu.npu && options.npu.overlaps) {
    options.npu.overlaps = false;
    return true;
  }
  // What does not count in the arena, stack above all, is known by now; and the
  // arena can come out larger than what was to be reached.
  if (*options.arenaLimit > 0) {
    int64_t next = std::min<int64_t>(*options.arenaLimit, arena) - ramExcess;
    // What brought nothing the last time is not going to be enough.
    bool hasHelped = !lastArena || arena < *lastArena;
    lastArena = arena;
    options.arenaLimit = hasHelped ? std::max<int64_t>(next, 0) : 0;
    return true;
  }
  if (!options.winograd)
    return false;
  options.winograd = false;
  return true;
}

bool MemoryFit::saveFlash() {
  if (options.codegen.optLevel != OptLevel::Os) {
    options.codegen.optLevel = OptLevel::Os;
    return true;
  }
  if (options.winograd) {
    options.winograd = false;
    return true;
  }
  if (options.savedConstants < INT64_MAX) {
    // Estimates of the code that decodes are rough.
    constexpr int64_t slack = 512;
    bool isFirst = options.savedConstants == 0;
    options.savedConstants = isFirst ? int64_t(flashExcess) + slack : INT64_MAX;
    return true;
  }
  // Streams of rows save RAM, and take code.
  if (options.arenaLimit)
    return false;
  options.arenaLimit = INT64_MAX;
  return true;
}
