//===- SelectSparse.cpp - where zeros are left out --------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "codegen/cost/BandCost.h"
#include "codegen/kernels/Contractions.h"
#include "codegen/kernels/Passes.h"
#include "codegen/kernels/SparseConv.h"
#include "codegen/kernels/SparsePanels.h"
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
static constexpr double leastGain = 1.25;
/// With a smaller share of zeros it is another kernel, which the model knows
/// less well, that is faster, and not what it leaves out.
static constexpr double leastZeros = 0.4;
/// How slow fewer bytes may be, where they are wanted.
static constexpr double smallGain = 0.75;

/// The cycles of `op` with all of its weights; nothing where other units than
/// vectors compute it, which nothing here is faster than.
static std::optional<double> denseCycles(Operation *op, bool winograd,
                                         target::CpuAttr cpu) {
  winograd &= !isa<edge::RowBandsOp>(op->getParentOp());
  if (auto product = dyn_cast<edge::MatMulOp>(op))
    return kernels::vectorCycles(product, cpu);
  auto conv = cast<edge::ConvOp>(op);
  std::optional<double> cycles = kernels::vectorCycles(conv, cpu);
  if (cycles && winograd)
    if (auto gain = kernels::chooseWinograd(conv, cpu))
      *cycles -= gain->cycles;
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
    getOperation().walk([&](Operation *op) {
      auto bands = dyn_cast<edge::RowBandsOp>(op->getParentOp());
      if (isa<edge::MatMulOp, edge::ConvOp>(op) &&
          !(bands && bands.getWindow() == op))
        choose(op, choice(op, cpu));
    });
  }

private:
  /// Whether zeros are left out, and why or why not.
  struct Choice {
    /// The attribute that asks for it; empty if all are multiplied.
    StringRef kernel;
    std::string why;
    /// How many times faster that is expected to be, if it is known.
    std::optional<double> gain;
  };

  static int64_t denseBytes(Operation *op) {
    auto type = cast<ShapedType>(op->getOperand(1).getType());
    return type.getNumElements() * kernels::storageBytes(type.getElementType());
  }

  /// The better one of the kernels that leave weights out, and the attribute
  /// that asks for it; nothing if there are none for `op`.
  std::optional<std::pair<kernels::SparseGain, StringRef>>
  bestKernel(Operation *op, target::CpuAttr cpu) const {
    // Rows of a chain are computed as they are needed.
    std::optional<kernels::SparseGain> single;
    if (!isa<edge::RowBandsOp>(op->getParentOp()))
      single = kernels::sparseGain(op, cpu);
    auto conv = dyn_cast<edge::ConvOp>(op);
    std::optional<kernels::SparseGain> panels;
    if (!coded)
      panels = conv ? kernels::panelGain(conv, cpu)
                    : kernels::panelGain(cast<edge::MatMulOp>(op), cpu);
    bool isSmall = kernels::wantsSmallCode(op);
    if (panels && (!single || (isSmall ? panels->bytes < single->bytes
                                       : panels->cycles < single->cycles)))
      return std::pair{*panels, kernels::sparsePanelsAttrName};
    if (!single)
      return std::nullopt;
    return std::pair{*single, kernels::sparseAttrName};
  }

  Choice choice(Operation *op, target::CpuAttr cpu) const {
    auto conv = dyn_cast<edge::ConvOp>(op);
    bool byPairs =
        conv ? kernels::prefersSparsePairs(conv, cpu)
             : kernels::prefersSparsePairs(cast<edge::MatMulOp>(op), cpu);
    if (byPairs)
      return {kernels::sparseAttrName, "fewer instructions, or with -Os fewer "
                                       "bytes, without its zeros"};
    auto best = bestKernel(op, cpu);
    std::optional<double> dense = denseCycles(op, winograd, cpu);
    if (!best || !dense)
      return {"", "no kernel for this operation and CPU gains by its zeros"};
    auto [sparse, kernel] = *best;
    // A few rows wait for their weights.
    auto arrival = [&](double bytes) {
      return cost::trafficCycles(bytes, bytes, cpu);
    };
    sparse.cycles = std::max(sparse.cycles, arrival(double(sparse.bytes)));
    dense = std::max(*dense, arrival(double(denseBytes(op))));
    Choice result;
    result.gain = *dense / sparse.cycles;
    bool isBetter = result.gain > leastGain;
    if (kernels::wantsSmallCode(op))
      isBetter = sparse.bytes < denseBytes(op) && result.gain > smallGain;
    if (always || (isBetter && sparse.zeros >= leastZeros))
      result.kernel = kernel;
    result.why = llvm::formatv("{0:f0} cycles expected without zeros, {1:f0} "
                               "with them",
                               sparse.cycles, *dense);
    if (kernels::wantsSmallCode(op))
      result.why += llvm::formatv("; {0} bytes, {1} with them", sparse.bytes,
                                  denseBytes(op));
    return result;
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
    report.set("map", builder.getStringAttr(kernels::drawWeights(*weights)));
    if (choice.gain)
      report.set("gain", builder.getF64FloatAttr(*choice.gain));
    report.set("why", builder.getStringAttr(choice.why));
    if (!choice.kernel.empty()) {
      report.set("sparse", builder.getUnitAttr());
      op->setAttr(choice.kernel, builder.getUnitAttr());
    }
    // A chain is reported with the largest of its layers.
    Operation *layer = op;
    if (isa<edge::RowBandsOp>(op->getParentOp()))
      layer = op->getParentOp();
    if (auto other =
            layer->getAttrOfType<DictionaryAttr>(kernels::weightsAttrName);
        other && other.getAs<IntegerAttr>("count").getInt() > weights->size())
      return;
    layer->setAttr(kernels::weightsAttrName,
                   report.getDictionary(&getContext()));
  }
};
} // namespace
