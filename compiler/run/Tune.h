//===- Tune.h - measured choices, and their cache ---------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef EDGECC_COMPILER_RUN_TUNE_H
#define EDGECC_COMPILER_RUN_TUNE_H

#include "codegen/kernels/Tune.h"

#include <string>

namespace edgecc {

/// Where candidates are measured, and where the times are kept.
struct TuningOptions {
  /// A command that runs programs for the target; empty for this process.
  std::string runner;
  /// A folder with a file for each kernel, which is made; empty for none.
  std::string cache;
  /// The version of the compiler: other versions measure anew.
  std::string version;
};

/// A tuner that compiles candidates and runs them. What is in the cache is not
/// measured again, so that with all of it there the choice is the same every
/// time.
kernels::KernelTunerPtr createTuner(TuningOptions options);

} // namespace edgecc

#endif // EDGECC_COMPILER_RUN_TUNE_H
