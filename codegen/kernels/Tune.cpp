//===- Tune.cpp - choices that may be measured ------------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "codegen/kernels/Tune.h"
#include "codegen/kernels/ChooseBands.h"
#include "codegen/kernels/Contractions.h"
#include "codegen/kernels/Passes.h"
#include "codegen/kernels/Winograd.h"
#include "dialects/Edge/EdgeScheduleOps.h"

#include "mlir/IR/IRMapping.h"
#include "mlir/Pass/PassManager.h"

namespace edgecc::kernels {
#define GEN_PASS_DEF_TUNEKERNELS
#include "codegen/kernels/Passes.h.inc"
} // namespace edgecc::kernels

using namespace mlir;
using namespace edgecc;
using namespace edgecc::kernels;

/// What is measured is taken instead of the cost model's choice if it is faster
/// by this factor: less may be noise.
static constexpr double leastGain = 1.05;

KernelTuner::~KernelTuner() = default;

SmallVector<DictionaryAttr>
kernels::listChoices(Operation *op, target::CpuAttr cpu, bool winograd) {
  constexpr size_t mostTiles = 4;
  // What the model finds so much slower is not worth measuring.
  constexpr double tooSlow = 1.5;
  Builder builder(op->getContext());
  SmallVector<DictionaryAttr> choices;
  auto add = [&](int64_t winograd, const cost::ContractionTiles *tiles) {
    SmallVector<NamedAttribute> attributes;
    if (isa<edge::ConvOp>(op))
      attributes.emplace_back(builder.getStringAttr(winogradAttrName),
                              builder.getI64IntegerAttr(winograd));
    if (tiles)
      attributes.emplace_back(
          builder.getStringAttr(tilesAttrName),
          builder.getDenseI64ArrayAttr(
              {tiles->lines, tiles->pixels, tiles->vectors, tiles->lanes}));
    choices.push_back(builder.getDictionaryAttr(attributes));
  };
  std::optional<cost::ContractionShape> shape;
  std::optional<cost::WinogradGain> chosen;
  SmallVector<cost::WinogradGain> gains;
  if (auto conv = dyn_cast<edge::ConvOp>(op)) {
    shape = tiledShape(conv, cpu);
    if (winograd) {
      gains = listWinograd(conv, cpu);
      chosen = kernels::chooseWinograd(conv, cpu);
    }
  } else if (auto product = dyn_cast<edge::MatMulOp>(op)) {
    shape = tiledShape(product, cpu);
  }
  if (!shape)
    return {};
  // Direct, as fast as what Winograd is compared with.
  double direct = gains.empty() ? 0 : gains[0].taken + gains[0].cycles;
  double best = chosen ? chosen->taken : direct;
  if (chosen)
    add(chosen->tile, nullptr);
  if (direct <= tooSlow * best)
    for (const auto &tiles : cost::bestTiles(*shape, cpu, mostTiles))
      add(0, &tiles);
  for (const cost::WinogradGain &gain : gains)
    if (gain.taken <= tooSlow * best && (!chosen || gain.tile != chosen->tile))
      add(gain.tile, nullptr);
  return choices;
}

/// A module of the placed stage with `ops`, of which each uses the one before
/// and constants, for the CPU of the module that they are in.
static OwningOpRef<ModuleOp> isolate(ArrayRef<Operation *> ops) {
  Location loc = UnknownLoc::get(ops.front()->getContext());
  auto from = ops.front()->getParentOfType<ModuleOp>();
  OwningOpRef<ModuleOp> module = ModuleOp::create(loc);
  (*module)->setAttr(target::cpuAttrName, target::getCpu(from));
  OpBuilder builder = OpBuilder::atBlockEnd(module->getBody());
  SmallVector<Value> arguments;
  SmallVector<Operation *> constants;
  for (Operation *op : ops)
    for (Value operand : op->getOperands()) {
      Operation *source = operand.getDefiningOp();
      if (isa_and_nonnull<edge::ConstantOp>(source)) {
        if (!llvm::is_contained(constants, source))
          constants.push_back(source);
      } else if (!llvm::is_contained(ops, source) &&
                 !llvm::is_contained(arguments, operand)) {
        arguments.push_back(operand);
      }
    }
  auto main = func::FuncOp::create(
      builder, loc, "main",
      builder.getFunctionType(ValueRange(arguments).getTypes(),
                              ops.back()->getResultTypes()));
  Block *block = main.addEntryBlock();
  builder.setInsertionPointToStart(block);
  IRMapping mapping;
  for (auto [i, value] : llvm::enumerate(arguments)) {
    main.setArgAttr(i, "edge.name", builder.getStringAttr("x" + Twine(i)));
    mapping.map(value, block->getArgument(i));
  }
  main.setResultAttr(0, "edge.name", builder.getStringAttr("y"));
  for (ArrayRef<Operation *> list : {ArrayRef(constants), ops})
    for (Operation *op : list)
      builder.clone(*op, mapping);
  func::ReturnOp::create(builder, loc,
                         mapping.lookup(ops.back()->getResult(0)));
  return module;
}

static bool hasSoundTiles(Operation *op) {
  Attribute attribute = op->getAttr(tilesAttrName);
  auto tiles = dyn_cast_or_null<DenseI64ArrayAttr>(attribute);
  return !attribute ||
         (tiles && tiles.size() == 4 &&
          llvm::all_of(tiles.asArrayRef(), [](int64_t n) { return n > 0; }));
}

static void apply(DictionaryAttr choice, Operation *op) {
  for (NamedAttribute attribute : choice)
    op->setAttr(attribute.getName(), attribute.getValue());
}

/// The number of the fastest.
static size_t fastest(ArrayRef<double> times) {
  const double *best = llvm::min_element(times);
  return *best * leastGain < times.front() ? best - times.begin() : 0;
}

namespace {

struct TuneKernels : kernels::impl::TuneKernelsBase<TuneKernels> {
  TuneKernels() = default;
  TuneKernels(KernelTunerPtr tuner, bool winograd)
      : tuner(std::move(tuner)), winograd(winograd) {}

  void runOnOperation() override {
    auto module = getOperation()->getParentOfType<ModuleOp>();
    target::CpuAttr cpu = target::getCpu(module);
    auto wrong = getOperation().walk([](Operation *op) {
      if (hasSoundTiles(op))
        return WalkResult::advance();
      op->emitError("expects '")
          << tilesAttrName << "' to be four positive numbers";
      return WalkResult::interrupt();
    });
    if (wrong.wasInterrupted())
      return signalPassFailure();
    if (!tuner || !cpu)
      return;
    auto result = getOperation().walk<WalkOrder::PreOrder>([&](Operation *op) {
      if (isa<edge::RowBandsOp>(op))
        return WalkResult::skip();
      SmallVector<DictionaryAttr> choices = listChoices(op, cpu, winograd);
      if (choices.size() < 2)
        return WalkResult::advance();
      SmallVector<OwningOpRef<ModuleOp>> variants;
      for (DictionaryAttr choice : choices) {
        apply(choice, op);
        variants.push_back(isolate(op));
        for (NamedAttribute attribute : choice)
          op->removeAttr(attribute.getName());
      }
      FailureOr<SmallVector<double>> times = tuner->measure(variants);
      if (failed(times))
        return WalkResult::interrupt();
      size_t best = fastest(*times);
      numChanged += best != 0;
      apply(choices[best], op);
      return WalkResult::advance();
    });
    if (result.wasInterrupted())
      signalPassFailure();
  }

private:
  KernelTunerPtr tuner;
  bool winograd = true;
};

} // namespace

std::unique_ptr<Pass> kernels::createTuneKernelsPass(KernelTunerPtr tuner,
                                                     bool winograd) {
  return std::make_unique<TuneKernels>(std::move(tuner), winograd);
}

schedule::ChooseBands kernels::tuneBands(KernelTunerPtr tuner) {
  return [tuner](ArrayRef<Operation *> chain,
                 target::CpuAttr cpu) -> schedule::BandChoice {
    constexpr size_t most = 3;
    SmallVector<schedule::BandChoice> choices = listBands(chain, cpu, most);
    if (choices.empty())
      return {1, 0};
    // Separately, then in bands.
    SmallVector<OwningOpRef<ModuleOp>> variants;
    variants.push_back(isolate(chain));
    for (schedule::BandChoice choice : choices) {
      variants.push_back(isolate(chain));
      PassManager manager(variants.back()->getContext());
      choice.gain = 1;
      manager.addNestedPass<func::FuncOp>(schedule::createFormRowBandsPass(
          [choice](ArrayRef<Operation *>, target::CpuAttr) { return choice; }));
      if (failed(manager.run(*variants.back())))
        return choices.front();
    }
    FailureOr<SmallVector<double>> times = tuner->measure(variants);
    if (failed(times))
      return choices.front();
    ArrayRef<double> banded = ArrayRef(*times).drop_front();
    size_t best = fastest(banded);
    choices[best].gain = times->front() - leastGain * banded[best];
    return choices[best];
  };
}
