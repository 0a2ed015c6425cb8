//===- MemoryFit.cpp - choices that fit limits on memory --------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "compiler/api/MemoryFit.h"

using namespace edgecc;

MemoryFit::MemoryFit(const CompileOptions &asked)
    : limits(asked.limits), options(asked) {
  if (limits.ram)
    options.arenaLimit = *limits.ram;
}

/// How far `bytes` exceeds `limit`.
static uint64_t excess(uint64_t bytes, std::optional<uint64_t> limit) {
  return limit && bytes > *limit ? bytes - *limit : 0;
}

uint64_t MemoryFit::excessOf(const CompiledModel &model) const {
  return excess(model.getRam(), limits.ram) +
         excess(model.getFlash(), limits.flash);
}

void MemoryFit::add(CompiledModel model) {
  ram = model.getRam();
  flash = model.getFlash();
  arena = model.interface.arenaBytes;
  if (!best || excessOf(model) < excessOf(*best))
    best = std::move(model);
}

bool MemoryFit::isToTryAgain() {
  if (excess(ram, limits.ram) && saveRam())
    return true;
  return excess(flash, limits.flash) && saveFlash();
}

bool MemoryFit::saveRam() {
  // What does not count in the arena, stack above all, is known by now; and the
  // arena can come out larger than what was to be reached.
  if (*options.arenaLimit > 0) {
    int64_t over = excess(ram, limits.ram);
    int64_t next = std::min<int64_t>(*options.arenaLimit, arena) - over;
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
  // Streams of rows save RAM, and take code.
  if (options.arenaLimit)
    return false;
  options.arenaLimit = INT64_MAX;
  return true;
}
