//===- CpuTable.cpp - one record per CPU ------------------------*- C++ -*-===//
//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Sources: the vendors' optimisation guides and technical reference manuals.
// Caches of licensed cores are configurable; the rows hold what the common
// parts have.
//
//===----------------------------------------------------------------------===//

#include "codegen/cpu/CpuTable.h"

#include "llvm/ADT/STLExtras.h"

using namespace llvm;
using namespace edgecc;

static constexpr int _ = inherit;

// clang-format off
static constexpr CpuRecord records[] = {
  // Roots: what an instruction set has if nothing better is known.
  //name              base             triple, CPU, features              l1d    l2     l3  line fma lat loads
  {"isa:other",       "",              "", "", "",                         16,    0,     0,  64,  1,  4,  1},
  {"isa:x86",         "isa:other",     "", "", "",                         32,  256,  4096,  64,  1,  4,  2},
  {"isa:aarch64",     "isa:other",     "", "", "",                         32,  512,     0,  64,  1,  4,  1},
  {"isa:arm-a",       "isa:other",     "", "", "",                         32,  256,     0,  64,  1,  8,  1},
  {"isa:arm-m",       "isa:other",     "", "", "",                          0,    0,     0,  32,  1,  3,  1},
  {"isa:riscv",       "isa:other",     "", "", "",                         32,  256,     0,  64,  1,  4,  1},
  {"isa:wasm",        "isa:x86",       "", "", "",                          _,    _,     _,   _,  _,  _,  1},

  // x86. The levels are what compilers and distributions mean by them.
  {"x86-64",          "isa:x86",       "", "", "",                          _,    _,     _,   _,  _,  _,  _},
  {"x86-64-v2",       "isa:x86",       "", "", "",                          _,    _,     _,   _,  _,  _,  _},
  {"x86-64-v3",       "isa:x86",       "", "", "",                          _,  512,     _,   _,  2,  4,  _},
  {"x86-64-v4",       "x86-64-v3",     "", "", "",                         32, 1024,     _,   _,  _,  _,  _},
  {"haswell",         "x86-64-v3",     "", "", "",                          _,  256,  8192,   _,  2,  5,  2},
  {"broadwell",       "haswell",       "", "", "",                          _,    _,     _,   _,  _,  _,  _},
  {"skylake",         "haswell",       "", "", "",                          _,    _,     _,   _,  _,  4,  _},
  {"skylake-avx512",  "skylake",       "", "", "",                          _, 1024, 16384,   _,  _,  _,  _},
  {"cascadelake",     "skylake-avx512","", "", "",                          _,    _,     _,   _,  _,  _,  _},
  {"icelake-client",  "skylake",       "", "", "",                         48,  512,     _,   _,  1,  _,  _},
  {"icelake-server",  "skylake-avx512","", "", "",                         48, 1280,     _,   _,  _,  _,  _},
  {"tigerlake",       "icelake-client","", "", "",                         48, 1280,     _,   _,  _,  _,  _},
  {"alderlake",       "skylake",       "", "", "",                         48, 1280, 16384,   _,  _,  _,  3},
  {"sapphirerapids",  "icelake-server","", "", "",                         48, 2048, 32768,   _,  _,  _,  _},
  {"emeraldrapids",   "sapphirerapids","", "", "",                          _,    _,     _,   _,  _,  _,  _},
  {"graniterapids",   "sapphirerapids","", "", "",                          _,    _,     _,   _,  _,  _,  _},
  {"znver1",          "x86-64-v3",     "", "", "",                         32,  512,  8192,   _,  1,  5,  2},
  {"znver2",          "znver1",        "", "", "",                          _,    _, 16384,   _,  2,  5,  _},
  {"znver3",          "znver2",        "", "", "",                          _,    _, 32768,   _,  _,  4,  _},
  {"znver4",          "znver3",        "", "", "",                          _, 1024,     _,   _,  1,  _,  1},
  {"znver5",          "znver4",        "", "", "",                         48, 1024,     _,   _,  2,  _,  2},

  // AArch64.
  {"cortex-a53",      "isa:aarch64",   "", "", "",                         32,  512,     0,   _,  1,  8,  1},
  {"cortex-a55",      "cortex-a53",    "", "", "",                         32,  128,  1024,   _,  1,  4,  1},
  {"cortex-a72",      "isa:aarch64",   "", "", "",                         32, 1024,     0,   _,  1,  7,  1},
  {"cortex-a73",      "cortex-a72",    "", "", "",                          _,    _,     _,   _,  _,  _,  _},
  {"cortex-a76",      "isa:aarch64",   "", "", "",                         64,  256,  2048,   _,  2,  4,  2},
  {"cortex-a78",      "cortex-a76",    "", "", "",                          _,  512,  4096,   _,  _,  _,  _},
  {"neoverse-n1",     "cortex-a76",    "", "", "",                         64, 1024, 32768,   _,  2,  4,  2},
  {"neoverse-n2",     "neoverse-n1",   "", "", "",                          _,    _,     _,   _,  _,  _,  3},
  {"neoverse-v1",     "neoverse-n1",   "", "", "",                         64, 1024,     _,   _,  4,  4,  3},
  {"neoverse-v2",     "neoverse-v1",   "", "", "",                          _, 2048,     _,   _,  _,  _,  _},

  // Arm M profile.
  {"cortex-m0plus",   "isa:arm-m",     "", "", "",                          0,    0,     0,   _,  _,  _,  _},
  {"cortex-m0",       "cortex-m0plus", "", "", "",                          _,    _,     _,   _,  _,  _,  _},
  {"cortex-m1",       "cortex-m0plus", "", "", "",                          _,    _,     _,   _,  _,  _,  _},
  {"cortex-m3",       "cortex-m0plus", "", "", "",                          _,    _,     _,   _,  _,  _,  _},
  {"cortex-m23",      "cortex-m0plus", "", "", "",                          _,    _,     _,   _,  _,  _,  _},
  {"cortex-m4",       "isa:arm-m",     "", "", "",                          0,    0,     0,   _,  1,  3,  1},
  {"cortex-m33",      "cortex-m4",     "", "", "",                          _,    _,     _,   _,  _,  _,  _},
  {"cortex-m35p",     "cortex-m33",    "", "", "",                          _,    _,     _,   _,  _,  _,  _},
  {"cortex-m7",       "isa:arm-m",     "", "", "",                         16,    0,     0,   _,  1,  3,  2},
  {"cortex-m55",      "isa:arm-m",     "", "", "",                         32,    0,     0,   _,  1,  2,  1},
  {"cortex-m52",      "cortex-m55",    "", "", "",                          _,    _,     _,   _,  _,  _,  _},
  {"cortex-m85",      "cortex-m55",    "", "", "",                          _,    _,     _,   _,  _,  _,  _},

  // RISC-V: names of our own for the two profiles that have no core.
  {"rv64gc",          "isa:riscv",     "riscv64-unknown-linux-gnu", "generic-rv64", "+m,+a,+f,+d,+c",
                                                                            _,    _,     _,   _,  _,  _,  _},
  {"rv64gcv",         "isa:riscv",     "riscv64-unknown-linux-gnu", "generic-rv64", "+m,+a,+f,+d,+c,+v",
                                                                            _,    _,     _,   _,  _,  _,  _},
  {"rv32imc",         "isa:riscv",     "riscv32-unknown-none-elf", "generic-rv32", "+m,+c",
                                                                            0,    0,     0,   _,  _,  _,  _},
  {"rv32imac",        "rv32imc",       "riscv32-unknown-none-elf", "generic-rv32", "+m,+a,+c",
                                                                            _,    _,     _,   _,  _,  _,  _},
  {"rv32imafc",       "rv32imc",       "riscv32-unknown-none-elf", "generic-rv32", "+m,+a,+f,+c",
                                                                            _,    _,     _,   _,  _,  _,  _},

  // WebAssembly.
  {"wasm32",          "isa:wasm",      "wasm32-unknown-unknown", "generic", "+simd128",
                                                                            _,    _,     _,   _,  _,  _,  _},
};
// clang-format on

ArrayRef<CpuRecord> edgecc::getCpuRecords() { return records; }

const CpuRecord *edgecc::findCpuRecord(StringRef name) {
  const auto *record = llvm::find_if(
      records, [&](const CpuRecord &r) { return r.name == name; });
  return record == std::end(records) ? nullptr : record;
}

CpuRecord edgecc::inheritFacts(const CpuRecord &record) {
  CpuRecord result = record;
  for (const CpuRecord *base = findCpuRecord(record.base); base;
       base = findCpuRecord(base->base)) {
    for (auto member :
         {&CpuRecord::l1dKiB, &CpuRecord::l2KiB, &CpuRecord::l3KiB,
          &CpuRecord::cacheLineBytes, &CpuRecord::fmaPerCycle,
          &CpuRecord::fmaLatency, &CpuRecord::loadsPerCycle})
      if (result.*member == inherit)
        result.*member = base->*member;
  }
  return result;
}
