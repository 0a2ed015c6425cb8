//===- Evaluate.cpp - constants by compile and run --------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "compiler/pipeline/Evaluate.h"
#include "codegen/cpu/ResolveCpu.h"
#include "compiler/pipeline/Stages.h"
#include "dialects/Edge/EdgeConstants.h"
#include "passes/Quantization/Passes.h"

#include "mlir/Analysis/SliceAnalysis.h"
#include "mlir/Analysis/TopologicalSortUtils.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/OwningOpRef.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"

using namespace mlir;
using namespace edgecc;

/// A module whose `main` has no inputs and returns `values`.
static OwningOpRef<ModuleOp> extract(ArrayRef<Value> values, Location loc) {
  llvm::SetVector<Operation *> slice;
  BackwardSliceOptions options;
  options.inclusive = true;
  options.omitBlockArguments = true;
  for (Value value : values)
    (void)getBackwardSlice(value, &slice, options);
  slice = topologicalSort(slice);

  MLIRContext *context = loc.getContext();
  OwningOpRef<ModuleOp> module = ModuleOp::create(loc);
  OpBuilder builder = OpBuilder::atBlockEnd(module->getBody());
  SmallVector<Type> types;
  for (Value value : values)
    types.push_back(value.getType());
  auto main = func::FuncOp::create(builder, loc, "main",
                                   builder.getFunctionType({}, types));
  for (unsigned i = 0; i < values.size(); ++i)
    main.setResultAttr(i, "edge.name",
                       StringAttr::get(context, "value" + Twine(i)));
  builder.setInsertionPointToStart(main.addEntryBlock());
  IRMapping mapping;
  for (Operation *op : slice)
    builder.clone(*op, mapping);
  SmallVector<Value> results;
  for (Value value : values)
    results.push_back(mapping.lookup(value));
  func::ReturnOp::create(builder, loc, results);
  return module;
}

FailureOr<CompiledObject>
edgecc::compileKernels(ModuleOp module, StringRef name,
                       const CodegenOptions &options) {
  FailureOr<ModelInterface> interface = readInterface(module, name);
  if (failed(interface))
    return failure();
  PassManager lowering(module.getContext());
  buildLLVMStage(lowering, {});
  if (failed(lowering.run(module)))
    return failure();
  Location loc = module.getLoc();
  target::CpuAttr cpu = target::getCpu(module);
  std::unique_ptr<llvm::TargetMachine> machine =
      createTargetMachine(cpu, options, loc);
  if (!machine)
    return failure();
  llvm::LLVMContext llvmContext;
  std::unique_ptr<llvm::Module> llvmModule =
      buildLLVMModule(module, *interface, cpu, options, *machine, llvmContext);
  CompiledObject compiled;
  if (!llvmModule ||
      failed(emitObject(*llvmModule, *machine, compiled.object, loc)))
    return failure();
  compiled.interface = std::move(*interface);
  return compiled;
}

FailureOr<RunnableModel> edgecc::loadHere(ModuleOp module, OptLevel level,
                                          bool optimise) {
  Location loc = module.getLoc();
  MLIRContext *context = loc.getContext();
  TargetRequest host;
  host.cpu = "native";
  FailureOr<target::CpuAttr> cpu =
      resolveCpu(host, context, [&] { return emitError(loc); });
  if (failed(cpu))
    return failure();
  module->setAttr(target::cpuAttrName, *cpu);

  PassManager manager(context);
  if (optimise) {
    OptStageOptions opt;
    opt.evaluate = evaluateConstants;
    // As in the networks that are quantised by what is measured here.
    opt.integerSums = true;
    opt.floatFallback = WarningLevel::Off;
    buildOptStage(manager, opt);
  } else {
    manager.addNestedPass<func::FuncOp>(quantization::createLowerQuantized());
  }
  buildKernelStage(manager, {});
  if (failed(manager.run(module)))
    return failure();
  CodegenOptions options;
  options.optLevel = level;
  FailureOr<CompiledObject> compiled =
      compileKernels(module, "evaluated", options);
  if (failed(compiled))
    return failure();
  auto loaded = LoadedModel::load(
      StringRef(compiled->object.data(), compiled->object.size()),
      compiled->interface);
  if (!loaded)
    return emitError(loc) << "cannot load what was compiled to run here: "
                          << llvm::toString(loaded.takeError());
  return RunnableModel{std::move(*loaded), std::move(compiled->interface)};
}

FailureOr<SmallVector<ElementsAttr>>
edgecc::evaluateConstants(ArrayRef<Value> values) {
  Location loc = values.front().getLoc();
  OwningOpRef<ModuleOp> module = extract(values, loc);
  // What runs once is not worth optimising.
  FailureOr<RunnableModel> loaded =
      loadHere(*module, OptLevel::O0, /*optimise=*/false);
  if (failed(loaded))
    return failure();

  ArrayRef<TensorInterface> outputs = loaded->interface.outputs;
  std::vector<std::vector<char>> buffers;
  SmallVector<void *> pointers;
  for (const TensorInterface &output : outputs) {
    buffers.emplace_back(std::max<int64_t>(output.bytes, 1));
    pointers.push_back(buffers.back().data());
  }
  if (llvm::Error error = loaded->model->run({}, pointers))
    return emitError(loc) << "cannot evaluate constants: "
                          << llvm::toString(std::move(error));
  SmallVector<ElementsAttr> constants;
  for (auto [value, buffer, output] : llvm::zip(values, buffers, outputs))
    constants.push_back(
        edge::makeConstant(cast<RankedTensorType>(value.getType()),
                           ArrayRef<char>(buffer).take_front(output.bytes)));
  return constants;
}
