//===- SelectWinograd.cpp - where fewer products pay ------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "codegen/kernels/Passes.h"
#include "codegen/kernels/Winograd.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace edgecc::kernels {
#define GEN_PASS_DEF_SELECTWINOGRAD
#include "codegen/kernels/Passes.h.inc"
} // namespace edgecc::kernels

using namespace mlir;
using namespace edgecc;

namespace {
struct SelectWinograd : kernels::impl::SelectWinogradBase<SelectWinograd> {
  void runOnOperation() override {
    auto module = getOperation()->getParentOfType<ModuleOp>();
    target::CpuAttr cpu = target::getCpu(module);
    if (!cpu) {
      module.emitError("expects the attribute '") << target::cpuAttrName << "'";
      return signalPassFailure();
    }
    OpBuilder builder(&getContext());
    getOperation().walk([&](edge::ConvOp op) {
      if (auto tiling = kernels::chooseWinograd(op, cpu))
        op->setAttr(kernels::winogradAttrName,
                    builder.getI64IntegerAttr(tiling->tile));
    });
  }
};
} // namespace
