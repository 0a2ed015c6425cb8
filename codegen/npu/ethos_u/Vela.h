//===- Vela.h - Arm's compiler for Ethos-U ----------------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef EDGECC_CODEGEN_NPU_ETHOS_U_VELA_H
#define EDGECC_CODEGEN_NPU_ETHOS_U_VELA_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/Error.h"

#include <string>
#include <vector>

namespace edgecc::npu {

/// What Vela compiles for; its words for it.
struct VelaTarget {
  std::string accelerator, system, memoryMode;
  /// How long Vela may take. Large networks take it a minute.
  unsigned seconds = 900;
};

/// What Vela makes of a network.
struct VelaOutput {
  std::vector<char> commands, weights;
  /// Bytes of the memory that the tensors lie in, and of the fast memory.
  int64_t tensorBytes = 0, fastBytes = 0;
  /// What Vela estimates; 0 if its summary does not say.
  int64_t cycles = 0;
  /// Where inputs and outputs lie among the tensors, and how large they are.
  std::vector<int64_t> inputOffsets, outputOffsets;
};

/// Compiles a TOSA file with the program `vela`, which has to be in one of the
/// folders of PATH. The error says what Vela has printed, or how to get it.
llvm::Expected<VelaOutput> runVela(llvm::ArrayRef<char> tosa,
                                   const VelaTarget &target);

} // namespace edgecc::npu

#endif // EDGECC_CODEGEN_NPU_ETHOS_U_VELA_H
