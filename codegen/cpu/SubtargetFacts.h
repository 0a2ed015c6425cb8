//===- SubtargetFacts.h - what LLVM knows about a CPU -----------*- C++ -*-===//
//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef EDGECC_CODEGEN_CPU_SUBTARGETFACTS_H
#define EDGECC_CODEGEN_CPU_SUBTARGETFACTS_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/TargetParser/Triple.h"
#include <memory>
#include <optional>
#include <string>

namespace llvm {
class MCSubtargetInfo;
} // namespace llvm

namespace edgecc {

/// The abilities of an instruction set, as `target::CpuAttr` has them.
struct SubtargetFacts {
  unsigned vectorBytes = 0, vectorRegs = 0;
  bool hasFma = false, hasRounding = false;
  bool hasF32 = true, hasF64 = true;
  bool hasF16Conversion = false, hasF16 = false, hasBF16Conversion = false;
  bool hasMaskedMemory = false, hasGather = false;
  bool hasInt8Dot = false, hasInt8Matmul = false;
  /// The root record for CPUs without one of their own.
  llvm::StringRef root = "isa:other";
  /// The ABI that goes with the features; empty for the triple's own.
  std::string abi;
};

/// LLVM's subtarget; null if LLVM has no code generator for the triple.
/// Unknown CPU names must have been refused before (`isCpuOf`).
std::unique_ptr<llvm::MCSubtargetInfo>
createSubtarget(const llvm::Triple &triple, llvm::StringRef cpu,
                llvm::StringRef features);

/// Whether LLVM's code generator of that triple knows the CPU.
bool isCpuOf(const llvm::Triple &triple, llvm::StringRef cpu);

/// Reads the abilities from the features of a subtarget.
SubtargetFacts readSubtarget(const llvm::MCSubtargetInfo &subtarget);

/// The cycles from the start of one instruction that LLVM calls `opcode` to
/// that of the next, if both wait for nothing; 0 if LLVM does not know.
double startCycles(const llvm::MCSubtargetInfo &subtarget,
                   llvm::StringRef opcode);

/// The triples that CPU names are looked up in, the most likely first.
llvm::ArrayRef<llvm::StringLiteral> getCandidateTriples();

/// The triple that a CPU name implies: the host's if the host's architecture
/// knows it, otherwise the first of the candidate triples that does, made
/// precise (profile, float ABI, 32 or 64 bits) from what LLVM knows about the
/// CPU. Nothing if no architecture knows it.
std::optional<llvm::Triple> inferTriple(llvm::StringRef cpu);

} // namespace edgecc

#endif // EDGECC_CODEGEN_CPU_SUBTARGETFACTS_H
