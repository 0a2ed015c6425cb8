//===- SelectWinograd.cpp - where fewer products pay ------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "codegen/kernels/LiveBytes.h"
#include "codegen/kernels/Passes.h"
#include "codegen/kernels/SparseConv.h"
#include "codegen/kernels/SparsePanels.h"
#include "codegen/kernels/Winograd.h"
#include "dialects/Edge/EdgeScheduleOps.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace edgecc::kernels {
#define GEN_PASS_DEF_SELECTWINOGRAD
#include "codegen/kernels/Passes.h.inc"
} // namespace edgecc::kernels

using namespace mlir;
using namespace edgecc;

/// The bytes of all constants that `function` uses.
static int64_t constantBytes(func::FuncOp function) {
  int64_t bytes = 0;
  function.walk([&](edge::ConstantOp constant) {
    auto type = cast<ShapedType>(constant.getType());
    bytes +=
        type.getNumElements() * kernels::storageBytes(type.getElementType());
  });
  return bytes;
}

namespace {
struct SelectWinograd : kernels::impl::SelectWinogradBase<SelectWinograd> {
  using SelectWinogradBase::SelectWinogradBase;

  void runOnOperation() override {
    target::CpuAttr cpu =
        kernels::requireCpu(getOperation()->getParentOfType<ModuleOp>());
    if (!cpu)
      return signalPassFailure();
    SmallVector<std::pair<edge::ConvOp, cost::WinogradGain>> candidates;
    getOperation().walk([&](edge::ConvOp op) {
      // Rows of a chain are computed as they are needed.
      if (isa<edge::RowBandsOp>(op->getParentOp()) ||
          op->hasAttr(kernels::sparseAttrName) ||
          op->hasAttr(kernels::sparsePanelsAttrName))
        return;
      if (auto gain = kernels::chooseWinograd(op, cpu))
        candidates.push_back({op, *gain});
      op->removeAttr(kernels::winogradAttrName);
    });
    // Those that save most cycles for a byte come first.
    llvm::stable_sort(candidates, [](const auto &a, const auto &b) {
      return a.second.cycles * b.second.bytes >
             b.second.cycles * a.second.bytes;
    });
    int64_t budget = constantBytes(getOperation()) * growth / 100;
    bool isBounded = !cpu.getL3Bytes();
    OpBuilder builder(&getContext());
    for (auto [op, gain] : candidates) {
      if (isBounded && gain.bytes > budget)
        continue;
      budget -= gain.bytes;
      op->setAttr(kernels::winogradAttrName,
                  builder.getI64IntegerAttr(gain.tile));
    }
    if (limit >= 0)
      dropOverLimit(cpu);
  }

private:
  /// Multiplies out what needs more memory than there is.
  void dropOverLimit(target::CpuAttr cpu) {
    kernels::LiveBytes live(getOperation().getBody().front(), cpu);
    for (auto [op, bytes] : llvm::zip(live.getOperations(), live.measure()))
      if (bytes > limit)
        op->removeAttr(kernels::winogradAttrName);
  }
};
} // namespace
