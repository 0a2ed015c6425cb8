//===- Boards.h - microcontrollers that an emulator plays -------*- C++ -*-===//
//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef EDGECC_COMPILER_RUN_BOARDS_H
#define EDGECC_COMPILER_RUN_BOARDS_H

#include "compiler/run/Execute.h"

namespace edgecc {

/// Memory of a board.
struct MemoryRegion {
  uint64_t origin, bytes;
};

/// A board that QEMU emulates, without any system on it.
struct Board {
  llvm::StringLiteral name;
  /// What to compile for if nothing else is said: `-mcpu=` or `-march=`.
  llvm::StringLiteral cpu, march;
  /// The emulator and its options.
  llvm::StringLiteral emulator, options;
  /// The vector table (on RISC-V, the first instruction), code and constants,
  /// and all else.
  MemoryRegion vectors, code, ram;
};

llvm::ArrayRef<Board> getBoards();

/// Null for any other name.
const Board *findBoard(llvm::StringRef name);

/// Links a network, compiled as `runnerModelName`, into an image for the board
/// and runs that. Fails as well if the network writes outside its arena and
/// outputs, or takes more stack than its header states.
llvm::Expected<TensorData> executeOnBoard(const CompiledModel &model,
                                          const Board &board,
                                          const TensorData &inputs,
                                          const ExecuteOptions &options);

} // namespace edgecc

#endif // EDGECC_COMPILER_RUN_BOARDS_H
