//===- SubtargetCheck.h - which instructions a CPU has ----------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef EDGECC_CODEGEN_KERNELS_SUBTARGETCHECK_H
#define EDGECC_CODEGEN_KERNELS_SUBTARGETCHECK_H

#include "codegen/cpu/ResolveCpu.h"
#include "codegen/cpu/SubtargetFacts.h"

#include "llvm/MC/MCSubtargetInfo.h"

namespace edgecc::kernels {

/// Which rows of a table of instructions a CPU has.
class SubtargetCheck {
public:
  explicit SubtargetCheck(target::CpuAttr cpu) {
    llvm::Triple triple(cpu.getTriple());
    arch = rowArch(triple);
    initializeTargets();
    subtarget = createSubtarget(triple, cpu.getCpu(), cpu.getFeatures());
  }

  /// `features` are as LLVM spells them.
  bool has(llvm::Triple::ArchType rows, llvm::StringRef features) const {
    return rows == arch && subtarget &&
           subtarget->checkFeatures(features.str());
  }

  /// Null if LLVM has none for the triple.
  const llvm::MCSubtargetInfo *get() const { return subtarget.get(); }

private:
  /// 32-bit relatives share the rows.
  static llvm::Triple::ArchType rowArch(const llvm::Triple &triple) {
    switch (triple.getArch()) {
    case llvm::Triple::x86:
      return llvm::Triple::x86_64;
    case llvm::Triple::wasm64:
      return llvm::Triple::wasm32;
    default:
      return triple.getArch();
    }
  }

  llvm::Triple::ArchType arch;
  std::unique_ptr<llvm::MCSubtargetInfo> subtarget;
};

} // namespace edgecc::kernels

#endif // EDGECC_CODEGEN_KERNELS_SUBTARGETCHECK_H
