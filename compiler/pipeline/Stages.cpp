//===- Stages.cpp - the order of the compiler -------------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "compiler/pipeline/Stages.h"
#include "codegen/kernels/ChooseBands.h"
#include "codegen/kernels/Passes.h"
#include "passes/Bounds/Passes.h"
#include "passes/Fusion/Passes.h"
#include "passes/Layout/Passes.h"
#include "passes/Lowering/Passes.h"
#include "passes/Memory/Passes.h"
#include "passes/Place/Passes.h"
#include "passes/Prune/Passes.h"
#include "passes/Prune/SparserWeights.h"
#include "passes/Quantization/Passes.h"
#include "passes/Schedule/Passes.h"
#include "passes/Transforms/Passes.h"

#include "mlir/Conversion/Passes.h"
#include "mlir/Dialect/Func/Transforms/Passes.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;
using namespace edgecc;

/// The names of `Stage`, in its order.
static constexpr llvm::StringRef names[] = {"onnx",   "edge", "opt", "placed",
                                            "kernel", "llvm", "asm", "obj"};

std::optional<Stage> edgecc::parseStage(llvm::StringRef name) {
  const auto *found = llvm::find(names, name);
  if (found == std::end(names))
    return std::nullopt;
  return Stage(found - std::begin(names));
}

llvm::ArrayRef<llvm::StringRef> edgecc::stageNames() { return names; }

void edgecc::buildEdgeStage(OpPassManager &manager,
                            const EdgeStageOptions &options) {
  manager.addPass(createOnnxToEdgePass(options.conversion));
  // Before anything is equal by chance at one size.
  manager.addPass(bounds::createBoundShapes({options.repeatSlices}));
  manager.addPass(createCanonicalizerPass());
  manager.addPass(createCSEPass());
  manager.addPass(transforms::createVerifyEdge());
}

/// Fewer operations, while normalised dimensions are last: before layout.
static void addSimplification(OpPassManager &function) {
  function.addPass(transforms::createSimplify());
  function.addPass(createCSEPass());
  function.addPass(transforms::createRaiseLayerNorm());
}

/// Brings convolutions and what follows them together, and joins them.
static void addLayout(OpPassManager &function) {
  function.addPass(layout::createPropagateTransposes());
  function.addPass(createCSEPass());
  function.addPass(layout::createFoldShuffles());
  function.addPass(fusion::createFoldAffine());
}

static void addConstantFolding(OpPassManager &function,
                               const EvaluateFn &evaluate) {
  function.addPass(transforms::createFoldConstantsPass(evaluate));
  function.addPass(createCanonicalizerPass());
  function.addPass(createCSEPass());
}

/// Moves what an NPU computes into calls of its driver: while values say what
/// they express, and once no transposition is in between.
static void addPlacement(OpPassManager &manager, const OptStageOptions &opt) {
  const NpuOptions &options = opt.npu;
  OpPassManager &function = manager.nest<func::FuncOp>();
  function.addPass(layout::createPropagateTransposes());
  function.addPass(createCanonicalizerPass());
  function.addPass(createCSEPass());
  manager.addPass(place::createRaiseTablesPass(
      {options.npu, opt.evaluate, opt.roundAsTflite}));
  manager.addNestedPass<func::FuncOp>(
      place::createRaiseQuantized({/*averages=*/opt.roundAsTflite}));
  manager.addPass(place::createPlaceRegionsPass(
      {options.npu, options.only, options.excluded}));
  manager.addPass(createCanonicalizerPass());
  manager.addPass(createCSEPass());
  manager.addPass(npu::createCompileRegionsPass(options.npu, options.fallback));
}

/// Whether an input or output of this type has integers.
static bool isInteger(llvm::StringRef type) {
  return !type.empty() && type != "f32";
}

/// Finds weights with more zeros, if a budget says how many there are to be.
static FindSparserFn findSparser(const prune::PruneOptions &options) {
  if (!options.pruning || options.pruning->method != prune::Method::Auto)
    return {};
  return [pattern = options.pruning->pattern](
             llvm::ArrayRef<Operation *> layers, Calibrator &calibrator) {
    return prune::findSparser(layers, pattern, calibrator);
  };
}

void edgecc::buildOptStage(OpPassManager &manager,
                           const OptStageOptions &options) {
  OpPassManager &first = manager.nest<func::FuncOp>();
  // While weights are in the order of the graph, which masks have.
  if (options.prune.any())
    first.addPass(prune::createPruneWeightsPass(options.prune));
  // Before layout, which knows convolutions only in their ordinary form.
  first.addPass(transforms::createDecomposeConvTranspose());
  bool prunesChannels =
      options.prune.pruning &&
      options.prune.pruning->method == prune::Method::Channels;
  if (options.calibrator || options.weights.bits || options.weights.dynamic ||
      options.weights.paletteBits || prunesChannels ||
      options.lowRank.share > 0) {
    // What is quantised has its normalisations in the weights, and nothing is
    // transposed in between.
    addSimplification(first);
    addLayout(first);
    addConstantFolding(first, options.evaluate);
  }
  if (prunesChannels)
    first.addPass(prune::createPruneChannelsPass(
        options.prune.pruning->pattern.share, options.prune.calibrator,
        options.prune.pruning->rounds));
  if (options.prune.any())
    first.addPass(prune::createRemoveDeadChannels());
  if (options.lowRank.share > 0)
    first.addPass(prune::createFactorWeightsPass(
        options.lowRank, options.prune.calibrator, options.price));
  bool quantizes = options.calibrator &&
                   options.calibrator->budget.forms != FormsAllowed::Real;
  if (unsigned bits = options.weights.paletteBits)
    first.addPass(quantization::createPalettizeWeightsPass(
        {bits, /*scaled=*/options.weights.bits || quantizes},
        options.paletteCalibrator));
  if (options.weights.bits)
    first.addPass(quantization::createQuantizeWeightsPass(
        {options.weights.bits, options.weights.blockSize}, options.calibrator));
  else if (options.weights.dynamic)
    first.addPass(quantization::createQuantizeDynamicPass(
        options.compareIntegers ? options.price : PriceFn()));
  else if (options.calibrator) {
    first.addPass(quantization::createEqualizeChannelsPass(options.calibrator));
    first.addPass(quantization::createQuantizeStaticPass(
        options.calibrator, options.price,
        {bool(options.npu.npu), isInteger(options.inputType),
         isInteger(options.outputType)},
        findSparser(options.prune)));
  }
  // An NPU has no such prices.
  if (options.compareIntegers && options.integers && !options.npu.npu)
    first.addPass(quantization::createCompareIntegersPass(options.price));
  first.addPass(quantization::createIntegerInterface(
      {options.inputType, options.outputType}));
  if (options.optLevel > 0)
    addSimplification(first);
  bool growsIntegers = (options.optLevel > 0 || options.npu.npu) &&
                       (options.integers || options.calibrator);
  if (growsIntegers) {
    // Before layout, which then moves integers.
    first.addPass(quantization::createGrowIntegerRegions(
        {options.integerSums, /*integerAverages=*/!options.roundAsTflite}));
    first.addPass(createCSEPass());
  }
  // Before what stays in float is reported: with weights alone all does.
  first.addPass(quantization::createFormBlockProducts());
  first.addPass(createCSEPass());
  if (options.npu.npu)
    addPlacement(manager, options);
  if (growsIntegers && options.roundAsTflite)
    manager.addNestedPass<func::FuncOp>(quantization::createRoundAsTflite());
  if (growsIntegers) {
    manager.addNestedPass<func::FuncOp>(quantization::createFormIntegerCells());
    manager.addNestedPass<func::FuncOp>(
        quantization::createNormalizeIntegers());
    manager.addPass(quantization::createReportFloatFallback(
        {/*silent=*/options.floatFallback == WarningLevel::Off,
         /*asErrors=*/options.floatFallback == WarningLevel::Error}));
  }
  OpPassManager &function = manager.nest<func::FuncOp>();
  function.addPass(quantization::createLowerQuantized());
  function.addPass(createCSEPass());
  if (options.optLevel > 0)
    addLayout(function);
  if (options.narrowProducts) {
    function.addPass(transforms::createNarrowProducts({"bf16"}));
    function.addPass(createCSEPass());
  }
  // Before maps are made, which take constants of one value into their body.
  addConstantFolding(function, options.evaluate);
  if (options.optLevel > 0)
    function.addPass(prune::createRemoveDeadChannels());
  if (options.optLevel > 0) {
    function.addPass(fusion::createFuseElementwise());
    function.addPass(createCSEPass());
    // Once chains are whole, and before contractions take them in.
    function.addPass(quantization::createTabulateFunctions());
    addConstantFolding(function, options.evaluate);
    function.addPass(fusion::createFuseEpilogues());
    function.addPass(fusion::createDelayWidening());
    function.addPass(createCanonicalizerPass());
    function.addPass(createCSEPass());
  }
  manager.addPass(
      transforms::createVerifyOpt({/*fused=*/options.optLevel > 0}));
}

void edgecc::buildPlacedStage(OpPassManager &manager,
                              const PlacedStageOptions &options) {
  OpPassManager &function = manager.nest<func::FuncOp>();
  if (options.optLevel > 0)
    function.addPass(
        schedule::createFormAttentionPass(kernels::prefersAttention));
  if (options.narrowStorage || !options.weightType.empty()) {
    function.addPass(transforms::createNarrowStorage(
        {options.narrowStorage ? "f16" : options.weightType,
         /*weightsOnly=*/!options.narrowStorage}));
    addConstantFolding(function, options.evaluate);
  }
  if (options.optLevel == 0)
    return;
  function.addPass(schedule::createFormRowBandsPass(
      options.tuner ? kernels::tuneBands(options.tuner)
                    : schedule::ChooseBands(kernels::chooseBands)));
  if (options.tuner)
    function.addPass(
        kernels::createTuneKernelsPass(options.tuner, options.winograd));
}

void edgecc::buildKernelStage(OpPassManager &manager,
                              const KernelStageOptions &options) {
  OpPassManager &function = manager.nest<func::FuncOp>();
  if (options.sparse)
    function.addPass(
        kernels::createSelectSparse({options.winograd, options.alwaysSparse,
                                     /*coded=*/options.savedConstants > 0}));
  if (options.winograd)
    function.addPass(kernels::createSelectWinograd(
        {options.winogradGrowth, options.arenaLimit.value_or(-1)}));
  function.addPass(transforms::createMaterializePadding());
  // Equal borders of one tensor are one.
  function.addPass(createCSEPass());
  if (options.threads == 1) {
    kernels::FormRowStreamsOptions streams;
    streams.limit = options.arenaLimit.value_or(streams.limit);
    function.addPass(kernels::createFormRowStreams(streams));
  }
  function.addPass(kernels::createMaterializeCopies());
  if (options.overlapCalls)
    function.addPass(schedule::createOverlapCalls());
  manager.addPass(kernels::createEmitKernels());
  // While also loops of one trip are there.
  if (options.threads > 1)
    manager.addPass(schedule::createSplitKernels());
  manager.addNestedPass<func::FuncOp>(createCanonicalizerPass());
  manager.addNestedPass<func::FuncOp>(createCSEPass());
  manager.addNestedPass<func::FuncOp>(createLoopInvariantCodeMotionPass());
  // Layers of one kind and size share a kernel.
  manager.addPass(func::createDuplicateFunctionEliminationPass());
  // After kernels are there: they decide what is computed in place.
  manager.addNestedPass<func::FuncOp>(memory::createOrderCalls());
  // Before copies: what is decoded is in fast memory.
  if (options.savedConstants > 0)
    manager.addPass(kernels::createCompressConstants(
        {options.savedConstants, options.arenaLimit.value_or(-1)}));
  manager.addPass(memory::createCopyConstants());
  manager.addPass(memory::createPlanArena());
  if (options.layers.any())
    manager.addPass(schedule::createSplitLayers(
        {options.layers.step, options.layers.announce, options.layers.values}));
  manager.addPass(transforms::createVerifyKernel());
}

void edgecc::buildLLVMStage(OpPassManager &manager,
                            const LLVMStageOptions &options) {
  manager.addPass(createExpandMathPass());
  manager.addPass(kernels::createEstimateQuotients());
  manager.addPass(createLowerVectorsPass());
  manager.addPass(createSCFToControlFlowPass());
  manager.addPass(createLowerToLLVMPass());
  manager.addPass(createCanonicalizerPass());
  manager.addPass(createCSEPass());
  // Once memrefs are nothing but pointers.
  if (options.threads > 1)
    manager.addPass(createLaunchTasksPass());
  // Afterwards, a function with tasks may have constants as arguments.
  manager.addPass(createMergeKernels({options.mergeKernels}));
}
