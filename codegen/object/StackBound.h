//===- StackBound.h - the stack that an object needs ------------*- C++ -*-===//
//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A bound on the stack of a call, from the frames that the code generator has
// laid out and from the calls in the machine code, those of helper functions
// included. Interrupts come on top of it.
//
//===----------------------------------------------------------------------===//

#ifndef EDGECC_CODEGEN_OBJECT_STACKBOUND_H
#define EDGECC_CODEGEN_OBJECT_STACKBOUND_H

#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringMap.h"

#include <optional>
#include <string>

namespace llvm {
class FunctionPass;
class MachineInstr;
} // namespace llvm

namespace edgecc {

/// What one function takes of the stack, its return address included.
struct StackFrame {
  uint64_t bytes = 0;
  /// Bytes for each 64 bits of a vector register, where the length of these is
  /// known at run time only.
  uint64_t scalableBytes = 0;
  llvm::SmallVector<std::string> callees;
  /// Whether it calls through a pointer.
  bool callsUnknown = false;
};

/// Frames by the name of the function.
using StackFrames = llvm::StringMap<StackFrame>;

/// Where vector registers have any length, a bound holds up to this one.
inline constexpr unsigned maxVectorRegisterBits = 1024;

/// Whether a machine instruction is a call, and not a bundle that holds one.
bool isCall(const llvm::MachineInstr &instruction);

/// The name of the function that a call goes to; nothing if it goes through a
/// pointer.
std::optional<std::string> findCallee(const llvm::MachineInstr &call);

/// A pass over machine functions that are ready to be printed; fills `frames`,
/// which must outlive it.
llvm::FunctionPass *createCollectStackFrames(StackFrames &frames);

/// The most bytes of stack that a call of `entry` takes. Nothing if a function
/// calls itself, through a pointer, or one that is not in `frames`. With
/// `hasHook`, what is called through a pointer belongs to somebody else, and is
/// not counted.
std::optional<uint64_t> boundStack(const StackFrames &frames,
                                   llvm::StringRef entry, bool hasHook = false);

/// The same for the deepest of the functions that `edgecc-launch-tasks` made
/// for tasks.
std::optional<uint64_t> boundTaskStack(const StackFrames &frames);

} // namespace edgecc

#endif // EDGECC_CODEGEN_OBJECT_STACKBOUND_H
