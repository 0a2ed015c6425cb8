//===- GuardedRun.h - runs a network among guard pages ----------*- C++ -*-===//
//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef EDGECC_COMPILER_RUN_GUARDEDRUN_H
#define EDGECC_COMPILER_RUN_GUARDEDRUN_H

#include "codegen/numpy/Npz.h"
#include "codegen/object/Jit.h"

namespace edgecc {

/// Runs the network twice, each input, each output and the arena between pages
/// that cannot be accessed, of which they touch one the first time and the
/// other the second time. The inputs can only be read, and the arena is full of
/// NaNs first and of other bytes then. An access beyond ends this process; an
/// error if the outputs differ.
llvm::Expected<TensorData> runGuarded(LoadedModel &model,
                                      const ModelInterface &interface,
                                      const TensorData &inputs,
                                      const edgecc_threads_v0 *threads);

} // namespace edgecc

#endif // EDGECC_COMPILER_RUN_GUARDEDRUN_H
