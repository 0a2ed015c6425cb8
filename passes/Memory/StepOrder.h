//===- StepOrder.h - the order of steps with the least peak -----*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
//
// In which order steps that use buffers may run so that few bytes are alive at
// any time. Knows nothing of IR.
//
//===----------------------------------------------------------------------===//

#ifndef EDGECC_PASSES_MEMORY_STEPORDER_H
#define EDGECC_PASSES_MEMORY_STEPORDER_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"

#include <cstdint>

namespace edgecc::memory {

/// One step of a program.
struct Step {
  /// The steps that must have run before.
  llvm::SmallVector<unsigned> after;
  /// The buffers that it reads or writes, each once. A buffer is alive from the
  /// first to the last step that uses it.
  llvm::SmallVector<unsigned> buffers;
};

/// An order and what it needs, in bytes.
struct StepOrder {
  llvm::SmallVector<unsigned> order;
  /// The most bytes alive at one time.
  int64_t peak = 0;
  /// What any order needs; equal to the peak if there is no better one.
  int64_t lowerBound = 0;
};

/// The most bytes alive at one time when the steps run in `order`.
int64_t measurePeak(llvm::ArrayRef<Step> steps, llvm::ArrayRef<int64_t> sizes,
                    llvm::ArrayRef<unsigned> order);

/// Finds the order with the least peak. The given one must be possible, and
/// stays unless another one needs less. Searches the sets of steps that can
/// have run, those with the least peak first, up to a number of them; the
/// result depends on nothing but the arguments.
StepOrder orderSteps(llvm::ArrayRef<Step> steps, llvm::ArrayRef<int64_t> sizes);

} // namespace edgecc::memory

#endif // EDGECC_PASSES_MEMORY_STEPORDER_H
