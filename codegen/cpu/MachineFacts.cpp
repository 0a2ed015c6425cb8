//===- MachineFacts.cpp - how fast machines are -----------------*- C++ -*-===//
//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "codegen/cpu/MachineFacts.h"

#include "llvm/ADT/STLExtras.h"

using namespace llvm;
using namespace edgecc;

// clang-format off
static constexpr MachineFacts machines[] = {
  // CPU             GHz    L2  L3  memory  pJ/cycle  pJ/byte of memory
  {"sapphirerapids", 3.1,   54,  9,     14,     2080,  162},
  {"znver4",         3.62,  32, 27,     16,     1060,  162},
  {"cortex-a53",     1.2,   16,  0,      2,        0,  162},
  {"cortex-a72",     1.5,   16,  0,      4,        0,  162},
  {"cortex-m0plus",  0.032,  0,  0,      0,      280,    0},
  {"cortex-m4",      0.08,   0,  0,      0,      300,    0},
  {"cortex-m33",     0.16,   0,  0,      0,       64,    0},
  {"cortex-m7",      0.4,    0,  0,      0,      900,    0},
};
// clang-format on

const MachineFacts *edgecc::findMachineFacts(StringRef cpu) {
  const auto *found = llvm::find_if(
      machines, [&](const MachineFacts &m) { return m.cpu == cpu; });
  return found == std::end(machines) ? nullptr : found;
}
