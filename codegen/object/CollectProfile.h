//===- CollectProfile.h - looks at code while it is emitted -----*- C++ -*-===//
//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Fills a machine profile with exactly the instructions that go into an object:
// what the code generator has planned is known before, but some of it is
// expanded, and some is nothing, when it is printed.
//
//===----------------------------------------------------------------------===//

#ifndef EDGECC_CODEGEN_OBJECT_COLLECTPROFILE_H
#define EDGECC_CODEGEN_OBJECT_COLLECTPROFILE_H

#include "codegen/cost/MachineProfile.h"
#include <memory>

namespace llvm {
class AsmPrinterHandler;
class FunctionPass;
class MachineBasicBlock;
class MCCodeEmitter;
class MCInstrInfo;
} // namespace llvm

namespace edgecc {

/// What the parts that look at one emission have in common.
struct ProfileCollection {
  MachineProfile &profile;
  const llvm::MCInstrInfo &instructions;
  /// The block that is being printed; null between functions.
  const llvm::MachineBasicBlock *printed = nullptr;
  MachineBlock *block = nullptr;
  /// Whether what is printed was written as assembly.
  bool isAssembly = false;
};

/// A pass over machine functions that are ready to be printed: their blocks
/// with their frequencies and callees.
llvm::FunctionPass *createCollectBlocks(ProfileCollection &collection);

/// Tells which block the instructions are of that are printed.
std::unique_ptr<llvm::AsmPrinterHandler>
createFollowBlocks(ProfileCollection &collection);

/// Encodes as `emitter` does, and adds each instruction to its block.
std::unique_ptr<llvm::MCCodeEmitter>
createCollectInstructions(std::unique_ptr<llvm::MCCodeEmitter> emitter,
                          ProfileCollection &collection);

} // namespace edgecc

#endif // EDGECC_CODEGEN_OBJECT_COLLECTPROFILE_H
