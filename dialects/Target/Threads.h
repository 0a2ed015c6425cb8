//===- Threads.h - how work is spread over threads --------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef EDGECC_DIALECTS_TARGET_THREADS_H
#define EDGECC_DIALECTS_TARGET_THREADS_H

#include "mlir/IR/Operation.h"

namespace edgecc::target {

/// The number of threads of a run, on a module; one without it.
inline constexpr llvm::StringLiteral threadsAttrName = "target.threads";

/// On a loop of a kernel: the phase, whose loops marked like this have
/// iterations that may run in any order and by several threads.
inline constexpr llvm::StringLiteral phaseAttrName = "edge.phase";

/// On such a loop: its iterations are the parts that the threads have of what
/// the loops around it go through.
inline constexpr llvm::StringLiteral partsAttrName = "edge.parts";

/// On an argument of a kernel: nobody looks at the buffer afterwards.
inline constexpr llvm::StringLiteral scratchAttrName = "edge.scratch";

/// On a function that does nothing but call another one for each number below
/// this one: the calls may run in any order and at the same time.
inline constexpr llvm::StringLiteral tasksAttrName = "edge.tasks";

/// The number of threads of the nearest enclosing operation that has one, `op`
/// included; 1 if there is none.
int64_t getThreads(mlir::Operation *op);

} // namespace edgecc::target

#endif // EDGECC_DIALECTS_TARGET_THREADS_H
