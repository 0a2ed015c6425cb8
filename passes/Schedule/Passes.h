//===- Passes.h - passes that order the computation -------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef EDGECC_PASSES_SCHEDULE_PASSES_H
#define EDGECC_PASSES_SCHEDULE_PASSES_H

#include "dialects/Edge/EdgeDialect.h"
#include "dialects/Target/TargetDialect.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/Pass.h"

#include <functional>

namespace edgecc::schedule {

/// How a chain is best cut into bands.
struct BandChoice {
  /// Rows of the result per band, a divisor of all its rows.
  int64_t rows;
  /// The cycles that this saves; bands are formed if it is positive.
  double gain;
  /// Whether the window works on planes of channels instead.
  bool planar = false;
};

/// The cost model's answer for a chain of a window and its neighbours.
using ChooseBands = std::function<BandChoice(
    llvm::ArrayRef<mlir::Operation *> chain, target::CpuAttr cpu)>;

/// Makes the pass `edgecc-form-row-bands`. Without cost model it forms no
/// bands.
std::unique_ptr<mlir::Pass> createFormRowBandsPass(ChooseBands choose = {});

/// The sizes of an attention.
struct AttentionSizes {
  int64_t heads, queries, keys, depth, width;
};

/// Whether the cost model prefers one kernel for an attention of these sizes.
using PrefersAttention =
    std::function<bool(const AttentionSizes &sizes, target::CpuAttr cpu)>;

/// Makes the pass `edgecc-form-attention`. Without cost model it forms none.
std::unique_ptr<mlir::Pass>
createFormAttentionPass(PrefersAttention prefers = {});

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "passes/Schedule/Passes.h.inc"

} // namespace edgecc::schedule

#endif // EDGECC_PASSES_SCHEDULE_PASSES_H
