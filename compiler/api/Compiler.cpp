//===- Compiler.cpp - the compiler as a library -----------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "compiler/api/Compiler.h"
#include "codegen/kernels/InnerProduct.h"
#include "codegen/kernels/WeightPattern.h"
#include "compiler/api/MemoryFit.h"
#include "compiler/api/Report.h"
#include "compiler/pipeline/Evaluate.h"
#include "compiler/pipeline/Registration.h"
#include "dialects/Target/Threads.h"
#include "passes/Quantization/NoteLoss.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/AsmState.h"
#include "mlir/Interfaces/ViewLikeInterface.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"
#include <queue>

using namespace mlir;
using namespace edgecc;

std::string edgecc::modelNameFromPath(StringRef path) {
  return makeCIdentifier(llvm::sys::path::stem(path));
}

static DialectRegistry allDialects() {
  DialectRegistry registry;
  registerDialects(registry);
  return registry;
}

Compiler::Compiler()
    : context(allDialects(), MLIRContext::Threading::DISABLED) {
  context.loadAllAvailableDialects();
  initializeTargets();
}

/// Refuses a precision that would cost accuracy and bring nothing.
static LogicalResult checkPrecision(Precision precision, target::CpuAttr cpu) {
  auto error = [&] { return emitError(UnknownLoc::get(cpu.getContext())); };
  Type bf16 = BFloat16Type::get(cpu.getContext());
  switch (precision) {
  case Precision::F32:
    return success();
  case Precision::BF16:
    if (kernels::InnerProduct::find(cpu, bf16, bf16, /*constant=*/{}))
      return success();
    return error() << "'" << cpu.getCpu() << "' does not multiply bf16; "
                   << "--precision=bf16 would lose accuracy and gain no speed";
  case Precision::F16:
    if (cpu.getHasF16() || cpu.getHasF16Conversion())
      return success();
    return error() << "'" << cpu.getCpu() << "' neither multiplies nor "
                   << "converts f16; --precision=f16 would be slower than f32";
  }
  llvm_unreachable("unknown precision");
}

std::optional<int64_t> CompileOptions::findArenaLimit() const {
  if (arenaLimit)
    return arenaLimit;
  std::optional<int64_t> limit;
  for (const target::MemoryRegion &region : memoryMap.regions)
    if (region.isWritable)
      limit = limit.value_or(0) + region.bytes;
  if (limits.ram)
    limit = std::min<int64_t>(limit.value_or(INT64_MAX), *limits.ram);
  return limit;
}

OwningOpRef<ModuleOp> Compiler::import(StringRef path,
                                       const CompileOptions &options) {
  if (!options.name.empty() && makeCIdentifier(options.name) != options.name) {
    emitError(UnknownLoc::get(&context))
        << "the name '" << options.name << "' is not a C identifier";
    return {};
  }
  FailureOr<target::CpuAttr> cpu = resolveCpu(options.target, &context, [&] {
    return emitError(UnknownLoc::get(&context));
  });
  if (failed(cpu) || failed(checkPrecision(options.precision, *cpu)))
    return {};
  OwningOpRef<ModuleOp> module = importOnnx(path, options.import, &context);
  if (!module)
    return {};
  std::string name =
      options.name.empty() ? modelNameFromPath(path) : options.name;
  (*module)->setAttr(target::cpuAttrName, *cpu);
  (*module)->setAttr("edge.model_name", StringAttr::get(&context, name));
  if (const target::MemoryMap &map = options.memoryMap; !map.regions.empty()) {
    (*module)->setAttr(target::memoryMapAttrName,
                       target::encodeMemoryMap(map.regions, &context));
    if (map.dmaBytesPerCycle > 0)
      (*module)->setAttr(target::dmaAttrName, Builder(&context).getF64FloatAttr(
                                                  map.dmaBytesPerCycle));
  }
  if (options.threads > 1)
    (*module)->setAttr(target::threadsAttrName,
                       Builder(&context).getI64IntegerAttr(options.threads));
  return module;
}

LogicalResult
Compiler::runPasses(ModuleOp module, const CompileOptions &options,
                    llvm::function_ref<void(OpPassManager &)> build) {
  PassManager manager(&context);
  if (options.configure && failed(options.configure(manager)))
    return failure();
  build(manager);
  return manager.run(module);
}

static LLVMStageOptions llvmStage(const CompileOptions &options) {
  LLVMStageOptions stage;
  stage.mergeKernels = options.codegen.optLevel == OptLevel::Os;
  stage.threads = options.threads;
  return stage;
}

LogicalResult Compiler::lower(ModuleOp module, Stage from, Stage stage,
                              const CompileOptions &options) {
  auto passes = [&](Stage next) { return from < next && next <= stage; };
  if (options.codegen.optLevel == OptLevel::Os)
    module->setAttr("edge.small_code", UnitAttr::get(&context));
  return runPasses(module, options, [&](OpPassManager &manager) {
    EdgeStageOptions edge;
    edge.conversion.inlineFunction = inlineFunctionBody;
    edge.conversion.evaluate = evaluateConstants;
    edge.conversion.roundNarrow =
        options.excessPrecision == ExcessPrecision::None;
    edge.repeatSlices = !options.layers.step;
    OptStageOptions opt;
    opt.evaluate = evaluateConstants;
    opt.optLevel = options.codegen.optLevel == OptLevel::O0 ? 0 : 2;
    opt.integers = options.integers;
    opt.roundAsTflite = options.roundAsTflite;
    opt.calibrator = options.calibrator;
    opt.inputType = options.inputType;
    opt.outputType = options.outputType;
    opt.price = [&](ModuleOp quantized) { return price(quantized, options); };
    opt.compareIntegers = options.compareIntegers;
    opt.weights = options.weights;
    opt.paletteCalibrator = options.paletteCalibrator;
    opt.prune = options.prune;
    opt.lowRank = options.lowRank;
    // Nobody else has computed such a network before.
    opt.integerSums = bool(options.calibrator);
    opt.narrowProducts = options.precision == Precision::BF16;
    PlacedStageOptions placed;
    placed.optLevel = opt.optLevel;
    placed.narrowStorage = options.precision == Precision::F16;
    placed.weightType = options.weights.floats;
    placed.evaluate = evaluateConstants;
    opt.floatFallback = options.floatFallback;
    opt.npu = options.npu;
    placed.tuner = options.tuner;
    placed.winograd = options.winograd;
    KernelStageOptions kernel;
    kernel.threads = options.threads;
    kernel.winograd = options.winograd &&
                      options.codegen.optLevel != OptLevel::O0 &&
                      options.codegen.optLevel != OptLevel::O1;
    kernel.sparse = options.sparse && options.codegen.optLevel != OptLevel::O0;
    kernel.alwaysSparse = options.alwaysSparse;
    // More than it can be: no bound.
    if (options.codegen.optLevel == OptLevel::O3)
      kernel.winogradGrowth = 1000;
    kernel.arenaLimit = options.findArenaLimit();
    kernel.overlapCalls = options.npu.npu && options.npu.overlaps;
    kernel.layers = options.layers;
    kernel.savedConstants = options.savedConstants;
    if (passes(Stage::Edge))
      buildEdgeStage(manager, edge);
    if (passes(Stage::Opt))
      buildOptStage(manager, opt);
    if (passes(Stage::Placed))
      buildPlacedStage(manager, placed);
    if (passes(Stage::Kernel))
      buildKernelStage(manager, kernel);
    if (passes(Stage::LLVM))
      buildLLVMStage(manager, llvmStage(options));
  });
}

FailureOr<NetworkPrice> Compiler::price(ModuleOp module,
                                        CompileOptions options) {
  // It is pruned and quantised, and nothing but a number is wanted of it.
  options.calibrator = nullptr;
  options.prune = {};
  options.lowRank = {};
  options.weights.paletteBits = 0;
  options.weights.dynamic = false;
  options.tuner = nullptr;
  options.floatFallback = WarningLevel::Off;
  options.predictCost = true;
  options.compareIntegers = false;
  OwningOpRef<ModuleOp> copy(module.clone());
  if (failed(lower(*copy, Stage::Edge, Stage::Kernel, options)))
    return failure();
  FailureOr<CompiledModel> model = finish(*copy, options);
  if (failed(model))
    return failure();
  auto timeOf = [](const std::optional<LayerCost> &cost) {
    return cost ? cost->microseconds : std::nullopt;
  };
  NetworkPrice price;
  price.whole = {double(model->sizes.constants), timeOf(model->cost)};
  price.flash = double(model->getFlash());
  for (const LayerReport &layer : model->layers) {
    LayerPrice &sum = price.layers[layer.name];
    sum.bytes += double(layer.weightBytes);
    std::optional<double> time = timeOf(layer.cost);
    if (!time)
      sum.microseconds = std::nullopt;
    else if (sum.microseconds)
      *sum.microseconds += *time;
  }
  return price;
}

/// What code generation leaves behind.
struct Compiler::Generated {
  ModelInterface interface;
  target::CpuAttr cpu;
  std::vector<LayerReport> layers;
  std::vector<BufferReport> buffers;
  std::vector<CopyReport> copies;
  int64_t arenaBound = 0, arenaProven = 0;
  std::optional<int64_t> floatFallbacks;
  std::optional<PlacementReport> placement;
  std::vector<LossReport> losses;
  llvm::LLVMContext llvmContext;
  std::unique_ptr<llvm::TargetMachine> machine;
  std::unique_ptr<llvm::Module> llvmModule;
};

/// What `edge.placement` says, if there is one.
static std::optional<PlacementReport> readPlacement(ModuleOp module) {
  auto attr = module->getAttrOfType<DictionaryAttr>(place::placementAttrName);
  if (!attr)
    return std::nullopt;
  PlacementReport report;
  report.npu = attr.getAs<StringAttr>("npu").str();
  report.operations = attr.getAs<IntegerAttr>("operations").getInt();
  report.regions = attr.getAs<IntegerAttr>("regions").getInt();
  for (auto row : attr.getAs<ArrayAttr>("cpu").getAsRange<ArrayAttr>()) {
    auto text = [&](unsigned i) { return cast<StringAttr>(row[i]).str(); };
    report.onCpu.push_back({text(0), text(1), text(2)});
  }
  return report;
}

/// What `edge.losses` says.
static std::vector<LossReport> readLosses(ModuleOp module) {
  std::vector<LossReport> losses;
  auto rows = module->getAttrOfType<ArrayAttr>(quantization::lossesAttrName);
  if (!rows)
    return losses;
  for (auto row : rows.getAsRange<DictionaryAttr>()) {
    auto number = [&](StringRef name) -> std::optional<double> {
      auto attr = row.getAs<FloatAttr>(name);
      return attr ? std::optional(attr.getValueAsDouble()) : std::nullopt;
    };
    losses.push_back({row.getAs<StringAttr>("cause").str(),
                      *number("divergence"), number("answers"),
                      number("saved")});
  }
  return losses;
}

/// In C.
static std::string declareDriver(const npu::Npu &npu) {
  auto declare = [](StringRef name, StringRef argument) {
    return ("int32_t " + name + "(" + argument + ");\n").str();
  };
  std::string text =
      declare(npu.getDriver(), "const edgecc_npu_call_v0_t *call");
  if (auto functions = npu.getAsynchronousDriver())
    text +=
        "/* Called instead where the CPU has something to do meanwhile. */\n" +
        declare(functions->start, "edgecc_npu_job_v0_t *job") +
        declare(functions->wait, "edgecc_npu_job_v0_t *job");
  return text;
}

/// Bytes of the constants that a call reads.
static int64_t countWeights(func::CallOp call) {
  int64_t bytes = 0;
  if (auto copied =
          call->getAttrOfType<IntegerAttr>(target::copiedBytesAttrName))
    bytes = copied.getInt();
  for (Value operand : call.getOperands()) {
    auto type = cast<MemRefType>(operand.getType());
    Operation *source = operand.getDefiningOp();
    while (source && isa<ViewLikeOpInterface>(source))
      source = source->getOperand(0).getDefiningOp();
    if (isa_and_nonnull<memref::GetGlobalOp>(source))
      bytes += type.getNumElements() *
               llvm::divideCeil(type.getElementTypeBitWidth(), 8);
  }
  return bytes;
}

/// The memory that a call uses. The base is 0 for constants, and counts
/// the arguments.
static std::vector<OperandMemory> findRegions(func::CallOp call) {
  std::vector<OperandMemory> regions;
  for (Value operand : call.getOperands()) {
    auto type = dyn_cast<MemRefType>(operand.getType());
    if (!type)
      continue;
    int64_t elementBytes = llvm::divideCeil(type.getElementTypeBitWidth(), 8);
    OperandMemory region;
    region.bytes = type.getNumElements() * elementBytes;
    while (Operation *source = operand.getDefiningOp()) {
      if (auto cast = dyn_cast<memref::ReinterpretCastOp>(source)) {
        if (int64_t offset = cast.getStaticOffset(0);
            !ShapedType::isDynamic(offset))
          region.begin += offset * elementBytes;
      } else if (auto view = dyn_cast<memref::ViewOp>(source)) {
        if (std::optional<int64_t> shift =
                getConstantIntValue(view.getByteShift()))
          region.begin += *shift;
      } else if (!isa<ViewLikeOpInterface>(source)) {
        break;
      }
      operand = source->getOperand(0);
    }
    if (auto argument = dyn_cast<BlockArgument>(operand))
      region.base = 1 + argument.getArgNumber();
    regions.push_back(region);
  }
  return regions;
}

/// What `edge.weights` of a call says, if it is there.
static std::optional<WeightReport> readWeights(func::CallOp call) {
  auto attr = call->getAttrOfType<DictionaryAttr>(kernels::weightsAttrName);
  if (!attr)
    return std::nullopt;
  WeightReport report;
  report.count = attr.getAs<IntegerAttr>("count").getInt();
  report.zeros = attr.getAs<IntegerAttr>("zeros").getInt();
  report.bytes = attr.getAs<IntegerAttr>("bytes").getInt();
  report.pattern = attr.getAs<StringAttr>("pattern").str();
  report.isSparse = bool(attr.get("sparse"));
  report.why = attr.getAs<StringAttr>("why").str();
  report.map = attr.getAs<StringAttr>("map").str();
  if (auto gain = attr.getAs<FloatAttr>("gain"))
    report.gain = gain.getValueAsDouble();
  return report;
}

static std::vector<LayerReport> readLayers(func::FuncOp main) {
  std::vector<LayerReport> layers;
  main.walk([&](func::CallOp call) {
    auto name = call->getAttrOfType<StringAttr>("edge.layer");
    auto kind = call->getAttrOfType<StringAttr>("edge.kind");
    auto macs = call->getAttrOfType<IntegerAttr>("edge.macs");
    if (!name || !kind || !macs)
      return;
    LayerReport layer;
    layer.name = name.str();
    layer.kind = kind.str();
    layer.macs = macs.getInt();
    if (auto reasons = call->getAttrOfType<ArrayAttr>("edge.transposes"))
      for (auto reason : reasons.getAsRange<StringAttr>())
        layer.transposes.push_back(reason.str());
    layer.weightBytes = countWeights(call);
    layer.weights = readWeights(call);
    layer.kernel = call.getCallee().str();
    layer.operands = findRegions(call);
    if (auto time = call->getAttrOfType<IntegerAttr>("edge.time"))
      layer.time = time.getInt();
    if (auto used = call->getAttrOfType<DenseI64ArrayAttr>("edge.buffers"))
      layer.buffers.assign(used.asArrayRef().begin(), used.asArrayRef().end());
    layers.push_back(std::move(layer));
  });
  return layers;
}

static std::vector<BufferReport> readPlan(func::FuncOp main,
                                          ArrayRef<LayerReport> layers) {
  std::vector<BufferReport> buffers;
  auto regions = main->getAttrOfType<DenseI64ArrayAttr>("edge.buffer_regions");
  if (auto plan = main->getAttrOfType<ArrayAttr>("edge.arena_plan"))
    for (auto row : plan.getAsRange<DenseI64ArrayAttr>()) {
      buffers.push_back({row[0], row[1], row[2], row[3], ""});
      if (row.size() > 4) {
        buffers.back().over = row[4];
        buffers.back().distance = row[5];
      }
      if (regions)
        buffers.back().region = regions[buffers.size() - 1];
    }
  for (const LayerReport &layer : layers)
    for (int64_t index : layer.buffers)
      if (buffers[index].layer.empty())
        buffers[index].layer = layer.name;
  return buffers;
}

static std::vector<CopyReport> readCopies(func::FuncOp main,
                                          ArrayRef<BufferReport> buffers) {
  std::vector<CopyReport> copies;
  size_t waiting = 0;
  main.walk([&](func::CallOp call) {
    auto time = call->getAttrOfType<IntegerAttr>("edge.time");
    auto used = call->getAttrOfType<DenseI64ArrayAttr>("edge.buffers");
    if (!call->hasAttr(target::copyAttrName) || !time || !used)
      return;
    if (used.empty()) {
      for (; waiting < copies.size(); ++waiting)
        copies[waiting].wait = time.getInt();
      return;
    }
    const BufferReport &buffer = buffers[used[0]];
    copies.push_back({buffer.layer, time.getInt(), 0, buffer.bytes, used[0]});
  });
  return copies;
}

LogicalResult Compiler::generate(ModuleOp module, const CompileOptions &options,
                                 Generated &generated) {
  auto name = module->getAttrOfType<StringAttr>("edge.model_name");
  FailureOr<ModelInterface> interface = readInterface(module, name);
  if (failed(interface))
    return failure();
  generated.interface = *interface;
  generated.cpu = target::getCpu(module);
  if (const target::MemoryRegion *region = target::chooseConstantRegion(
          options.memoryMap.regions, generated.interface.weightBytes,
          target::callsNpu(module)))
    generated.interface.weightSection = region->section;
  auto main = module.lookupSymbol<func::FuncOp>("main");
  if (auto bound = main->getAttrOfType<IntegerAttr>("edge.arena_bound"))
    generated.arenaBound = bound.getInt();
  if (auto bound = main->getAttrOfType<IntegerAttr>("edge.arena_proven"))
    generated.arenaProven = bound.getInt();
  if (auto count = module->getAttrOfType<IntegerAttr>("edge.float_fallbacks"))
    generated.floatFallbacks = count.getInt();
  generated.layers = readLayers(main);
  generated.buffers = readPlan(main, generated.layers);
  generated.copies = readCopies(main, generated.buffers);
  generated.interface.threads = options.threads;
  generated.placement = readPlacement(module);
  generated.losses = readLosses(module);
  if (generated.placement && generated.placement->regions) {
    generated.interface.npuFunctions = declareDriver(*options.npu.npu);
    generated.interface.bringsNpuDriver = options.npu.npu->bringsDriver();
    generated.interface.hasNpuFallback = options.npu.fallback;
  }
  if (failed(runPasses(module, options, [&](OpPassManager &manager) {
        buildLLVMStage(manager, llvmStage(options));
      })))
    return failure();
  if (auto merged = module->getAttrOfType<DictionaryAttr>("edge.merged"))
    for (LayerReport &layer : generated.layers)
      if (auto name = merged.getAs<StringAttr>(layer.kernel))
        layer.kernel = name.str();
  generated.machine =
      createTargetMachine(generated.cpu, options.codegen, module.getLoc());
  if (!generated.machine)
    return failure();
  generated.llvmModule = buildLLVMModule(
      module, generated.interface, generated.cpu, options.codegen,
      *generated.machine, generated.llvmContext);
  return success(generated.llvmModule != nullptr);
}

/// The cost of the code of each layer, if it is known.
static std::vector<std::optional<CodeCost>>
priceKernels(const MachineProfile &profile, ArrayRef<LayerReport> layers,
             MachineCost &costs) {
  // The calls of each kernel, in their order.
  llvm::StringMap<std::queue<double>> calls;
  if (auto network = profile.find("network"); network != profile.end())
    for (const MachineBlock &block : network->second)
      for (llvm::StringRef callee : block.callees)
        calls[callee].push(block.frequency);
  std::vector<std::optional<CodeCost>> result;
  for (const LayerReport &layer : layers) {
    std::optional<CodeCost> &cost = result.emplace_back();
    std::queue<double> &left = calls[layer.kernel];
    if (left.empty())
      continue;
    if (const CodeCost &once = costs.ofCall(layer.kernel); !once.isPartial)
      cost.emplace().add(once, left.front());
    left.pop();
  }
  return result;
}

/// The whole, from its code and its layers. A number that one layer does not
/// have is not known of the whole.
static LayerCost sumCosts(const CodeCost &code, ArrayRef<LayerReport> layers) {
  LayerCost sum;
  sum.code = code;
  for (auto member : {&LayerCost::microseconds, &LayerCost::nanojoules,
                      &LayerCost::roofMicroseconds}) {
    double total = 0;
    bool isKnown = !layers.empty();
    for (const LayerReport &layer : layers) {
      isKnown &= layer.cost && layer.cost.value().*member;
      if (isKnown)
        total += *(layer.cost.value().*member);
    }
    if (isKnown)
      sum.*member = total;
  }
  for (const LayerReport &layer : layers)
    if (layer.cost)
      for (auto level : {&MemoryTraffic::l1, &MemoryTraffic::l2,
                         &MemoryTraffic::l3, &MemoryTraffic::memory})
        sum.traffic.*level += layer.cost->traffic.*level;
  return sum;
}

/// Prices the layers and the whole by the code that was emitted.
static void predictCost(const MachineProfile &profile,
                        const llvm::TargetMachine &machine,
                        CompiledModel &model) {
  std::unique_ptr<CycleModel> cycles = CycleModel::create(machine);
  MachineCost costs(profile, cycles.get());
  std::vector<std::optional<CodeCost>> codes =
      priceKernels(profile, model.layers, costs);
  target::CpuAttr cpu = model.cpu;
  const MachineFacts *facts = findMachineFacts(cpu.getCpu());
  std::vector<std::vector<OperandMemory>> operands;
  for (const LayerReport &layer : model.layers)
    operands.push_back(layer.operands);
  std::vector<MemoryTraffic> traffic = findTraffic(
      operands, {cpu.getL1dBytes(), cpu.getL2Bytes(), cpu.getL3Bytes()});
  for (auto [layer, code, bytes] : llvm::zip(model.layers, codes, traffic))
    if (code)
      layer.cost = priceLayer(*code, bytes, layer.macs, cpu, facts);
  if (const CodeCost &code = costs.ofCall("network"); !code.isPartial)
    model.cost = sumCosts(code, model.layers);
}

FailureOr<CompiledModel> Compiler::compile(StringRef path,
                                           const CompileOptions &options) {
  OwningOpRef<ModuleOp> module = import(path, options);
  if (!module || failed(lower(*module, Stage::Onnx, Stage::Opt, options)))
    return failure();
  if (options.limits.ram || options.limits.flash ||
      !options.memoryMap.regions.empty())
    return fit(*module, options);
  if (failed(lower(*module, Stage::Opt, Stage::Kernel, options)))
    return failure();
  return finish(*module, options);
}

FailureOr<CompiledModel> Compiler::fit(ModuleOp module,
                                       const CompileOptions &options) {
  MemoryFit fit(options);
  do {
    OwningOpRef<ModuleOp> trial(module.clone());
    if (failed(lower(*trial, Stage::Opt, Stage::Kernel, fit.getOptions())))
      return failure();
    FailureOr<CompiledModel> model = finish(*trial, fit.getOptions());
    if (failed(model))
      return failure();
    fit.add(std::move(*model));
  } while (fit.isToTryAgain());
  CompiledModel best = fit.takeBest();
  if (failed(checkLimits(best, options.limits, module.getLoc())) ||
      failed(checkRegions(best, options.memoryMap.regions, module.getLoc())))
    return failure();
  return best;
}

FailureOr<CompiledModel> Compiler::finish(ModuleOp module,
                                          const CompileOptions &options) {
  Generated generated;
  if (failed(generate(module, options, generated)))
    return failure();
  CompiledModel model;
  CodeFacts facts;
  facts.collectProfile = options.predictCost;
  if (failed(emitObject(*generated.llvmModule, *generated.machine, model.object,
                        module.getLoc(), &facts)))
    return failure();
  model.interface = std::move(generated.interface);
  // The other entries, for callers that work with any network, call this one.
  auto boundOf = [&](const std::string &entry) {
    return boundStack(facts.frames, entry, options.threads > 1);
  };
  std::optional<uint64_t> stack = boundOf(model.interface.genericEntry());
  if (model.interface.hasStep) {
    std::optional<uint64_t> step = boundOf(model.interface.name + "_step");
    stack = stack && step ? std::max(stack, step) : std::nullopt;
  }
  model.interface.stackBytes = stack;
  if (options.threads > 1)
    model.interface.taskStackBytes = boundTaskStack(facts.frames);
  model.cpu = generated.cpu;
  model.layers = std::move(generated.layers);
  model.buffers = std::move(generated.buffers);
  model.copies = std::move(generated.copies);
  model.arenaBound = generated.arenaBound;
  model.arenaProven = generated.arenaProven;
  model.floatFallbacks = generated.floatFallbacks;
  model.placement = std::move(generated.placement);
  model.losses = std::move(generated.losses);
  model.sizes =
      measureSections(StringRef(model.object.data(), model.object.size()));
  if (options.predictCost)
    predictCost(facts.profile, *generated.machine, model);
  return model;
}

LogicalResult Compiler::print(StringRef path, Stage stage, bool asLLVMIR,
                              const CompileOptions &options, raw_ostream &os) {
  OwningOpRef<ModuleOp> module = import(path, options);
  if (!module)
    return failure();
  if (stage <= Stage::LLVM && !asLLVMIR) {
    if (failed(lower(*module, Stage::Onnx, stage, options)))
      return failure();
    OpPrintingFlags flags;
    flags.elideLargeElementsAttrs(16).elideLargeResourceString(64);
    module->print(os, flags);
    return success();
  }
  Generated generated;
  if (failed(lower(*module, Stage::Onnx, Stage::Kernel, options)) ||
      failed(generate(*module, options, generated)))
    return failure();
  if (asLLVMIR) {
    generated.llvmModule->print(os, nullptr);
    return success();
  }
  llvm::SmallVector<char, 0> object, text;
  if (failed(emitObject(*generated.llvmModule, *generated.machine, object,
                        module->getLoc())) ||
      failed(emitAssembly(*generated.llvmModule, *generated.machine, text,
                          module->getLoc())))
    return failure();
  os << StringRef(text.data(), text.size());
  return success();
}
