//===- SelectSparse.cpp - where zeros are left out --------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "codegen/kernels/Contractions.h"
#include "codegen/kernels/Passes.h"
#include "codegen/kernels/SparseConv.h"
#include "codegen/kernels/Winograd.h"
#include "dialects/Edge/EdgeScheduleOps.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace edgecc::kernels {
#define GEN_PASS_DEF_SELECTSPARSE
#include "codegen/kernels/Passes.h.inc"
} // namespace edgecc::kernels

using namespace mlir;
using namespace edgecc;

/// All weights are multiplied for less than this.
static constexpr double leastGain = 1.15;

/// The cycles of `op` with all of its weights.
static double denseCycles(edge::ConvOp op, bool winograd, target::CpuAttr cpu) {
  double cycles = kernels::directConvCycles(op, cpu);
  if (winograd)
    if (auto gain = kernels::chooseWinograd(op, cpu))
      cycles -= gain->cycles;
  return cycles;
}

namespace {
struct SelectSparse : kernels::impl::SelectSparseBase<SelectSparse> {
  using SelectSparseBase::SelectSparseBase;

  void runOnOperation() override {
    target::CpuAttr cpu =
        kernels::requireCpu(getOperation()->getParentOfType<ModuleOp>());
    if (!cpu)
      return signalPassFailure();
    getOperation().walk([&](edge::ConvOp op) {
      // Rows of a chain are computed as they are needed.
      if (isa<edge::RowBandsOp>(op->getParentOp()))
        return;
      std::optional<double> cycles = kernels::sparseConvCycles(op, cpu);
      if (cycles && *cycles * leastGain < denseCycles(op, winograd, cpu))
        op->setAttr(kernels::sparseAttrName, UnitAttr::get(&getContext()));
    });
  }
};
} // namespace
