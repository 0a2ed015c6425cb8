//===- SelectSparse.cpp - where zeros are left out --------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "codegen/kernels/Contractions.h"
#include "codegen/kernels/Passes.h"
#include "codegen/kernels/SparseConv.h"
#include "codegen/kernels/SparseWeights.h"
#include "codegen/kernels/WeightPattern.h"
#include "codegen/kernels/Winograd.h"
#include "dialects/Edge/EdgeScheduleOps.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/Support/FormatVariadic.h"

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
    getOperation().walk(
        [&](edge::MatMulOp op) { choose(op, choice(op, cpu)); });
    getOperation().walk([&](edge::ConvOp op) {
      // Rows of a chain are computed as they are needed.
      if (!isa<edge::RowBandsOp>(op->getParentOp()))
        choose(op, choice(op, cpu));
    });
  }

private:
  /// Whether zeros are left out, and why or why not.
  struct Choice {
    bool isSparse = false;
    std::string why;
  };

  static Choice choice(edge::MatMulOp op, target::CpuAttr cpu) {
    if (kernels::prefersSparsePairs(op, cpu))
      return {true, byPairs.str()};
    return {false, "no kernel for this product and CPU gains by its zeros"};
  }

  Choice choice(edge::ConvOp op, target::CpuAttr cpu) const {
    if (kernels::prefersSparsePairs(op, cpu))
      return {true, byPairs.str()};
    std::optional<double> sparse = kernels::sparseConvCycles(op, cpu);
    if (!sparse)
      return {false,
              "no kernel for this convolution and CPU gains by its zeros"};
    double dense = denseCycles(op, winograd, cpu);
    return {*sparse * leastGain < dense,
            llvm::formatv("{0:f0} cycles expected without zeros, {1:f0} with "
                          "them",
                          *sparse, dense)
                .str()};
  }

  /// Notes a choice on `op`, whose operand 1 are the weights.
  void choose(Operation *op, const Choice &choice) {
    ElementsAttr constant = kernels::constantOf(op->getOperand(1));
    std::optional<edge::ConstantView> weights;
    if (constant)
      weights = edge::ConstantView::get(constant);
    if (!weights || weights->size() == 0 || weights->getType().getRank() < 2)
      return;
    OpBuilder builder(op);
    NamedAttrList report;
    report.set("count", builder.getI64IntegerAttr(weights->size()));
    report.set("zeros",
               builder.getI64IntegerAttr(kernels::countZeros(*weights)));
    report.set("bytes", builder.getI64IntegerAttr(weights->bytes().size()));
    report.set("pattern",
               builder.getStringAttr(kernels::findPattern(*weights)));
    report.set("why", builder.getStringAttr(choice.why));
    if (choice.isSparse) {
      report.set("sparse", builder.getUnitAttr());
      op->setAttr(kernels::sparseAttrName, builder.getUnitAttr());
    }
    op->setAttr(kernels::weightsAttrName, report.getDictionary(&getContext()));
  }

  static constexpr llvm::StringLiteral byPairs =
      "fewer instructions, or with -Os fewer bytes, without its zeros";
};
} // namespace
