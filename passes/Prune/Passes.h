//===- Passes.h - passes that take weights away -----------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef EDGECC_PASSES_PRUNE_PASSES_H
#define EDGECC_PASSES_PRUNE_PASSES_H

#include "dialects/Edge/EdgeDialect.h"
#include "passes/Prune/LowRank.h"
#include "passes/Prune/Pruning.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/Pass.h"

namespace edgecc::prune {

std::unique_ptr<mlir::Pass> createPruneWeightsPass(PruneOptions options = {});
std::unique_ptr<mlir::Pass>
createPruneChannelsPass(double share = 0, CalibratorPtr calibrator = {},
                        int64_t rounds = 1);

std::unique_ptr<mlir::Pass>
createFactorWeightsPass(LowRank wanted = {}, CalibratorPtr calibrator = {},
                        PriceFn price = {});

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "passes/Prune/Passes.h.inc"

} // namespace edgecc::prune

#endif // EDGECC_PASSES_PRUNE_PASSES_H
