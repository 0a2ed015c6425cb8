//===- Tune.cpp - measured choices, and their cache -------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "compiler/run/Tune.h"
#include "compiler/pipeline/Evaluate.h"
#include "compiler/run/Execute.h"

#include "llvm/Support/BLAKE3.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"

using namespace mlir;
using namespace edgecc;

/// The operations of `module` without names, places and the values of
/// constants, which do not decide how fast they are.
static void describe(ModuleOp module, llvm::raw_ostream &os) {
  llvm::DenseMap<Value, unsigned> numbers;
  auto number = [&](Value value) {
    return numbers.try_emplace(value, numbers.size()).first->second;
  };
  module.walk<WalkOrder::PreOrder>([&](Operation *op) {
    os << op->getName();
    for (Value operand : op->getOperands())
      os << " %" << number(operand);
    if (op->getNumResults())
      os << " ->";
    for (Value result : op->getResults())
      os << " %" << number(result) << " " << result.getType();
    for (Region &region : op->getRegions())
      for (Block &block : region)
        for (BlockArgument argument : block.getArguments())
          os << " ^%" << number(argument) << " " << argument.getType();
    if (!isa<edge::ConstantOp>(op))
      os << " " << op->getAttrDictionary();
    os << "\n";
  });
}

/// The median of the microseconds that are on the lines of `text`.
static double median(llvm::StringRef text) {
  std::vector<double> times;
  llvm::SmallVector<llvm::StringRef> lines;
  text.split(lines, '\n');
  for (llvm::StringRef line : lines)
    if (double time; !line.trim().getAsDouble(time))
      times.push_back(time);
  if (times.empty())
    return 0;
  auto middle = times.begin() + times.size() / 2;
  std::nth_element(times.begin(), middle, times.end());
  return *middle;
}

namespace {

class Tuner : public kernels::KernelTuner {
public:
  explicit Tuner(TuningOptions options) : options(std::move(options)) {}

  FailureOr<SmallVector<double>>
  measure(llvm::MutableArrayRef<OwningOpRef<ModuleOp>> variants) override {
    std::string kernels;
    llvm::raw_string_ostream os(kernels);
    os << options.version << " " << options.runner << "\n";
    for (OwningOpRef<ModuleOp> &variant : variants)
      describe(*variant, os);
    std::string path = cachePath(kernels);
    Location loc = variants.front()->getLoc();
    if (std::optional<SmallVector<double>> known =
            read(path, kernels, variants.size()))
      return *known;
    FailureOr<SmallVector<double>> times = run(variants);
    if (succeeded(times) && failed(write(path, kernels, *times, loc)))
      return failure();
    return times;
  }

private:
  std::string cachePath(llvm::StringRef kernels) const {
    if (options.cache.empty())
      return "";
    llvm::BLAKE3 hasher;
    hasher.update(kernels);
    auto hash = hasher.final<16>();
    llvm::SmallString<128> path(options.cache);
    llvm::sys::path::append(path, llvm::toHex(hash, true) + ".json");
    return path.str().str();
  }

  /// The times in the file, if it is there and about the same kernels.
  std::optional<SmallVector<double>>
  read(llvm::StringRef path, llvm::StringRef kernels, size_t count) {
    auto again = seen.find(kernels);
    if (again != seen.end())
      return again->second;
    if (path.empty())
      return std::nullopt;
    auto buffer = llvm::MemoryBuffer::getFile(path);
    if (!buffer)
      return std::nullopt;
    auto json = llvm::json::parse((*buffer)->getBuffer());
    if (!json) {
      llvm::consumeError(json.takeError());
      return std::nullopt;
    }
    const llvm::json::Object *object = json->getAsObject();
    const llvm::json::Array *list =
        object ? object->getArray("microseconds") : nullptr;
    if (!list || list->size() != count ||
        object->getString("kernels") != kernels)
      return std::nullopt;
    SmallVector<double> times;
    for (const llvm::json::Value &time : *list)
      times.push_back(time.getAsNumber().value_or(0));
    return times;
  }

  LogicalResult write(llvm::StringRef path, llvm::StringRef kernels,
                      ArrayRef<double> times, Location loc) {
    seen[kernels] = SmallVector<double>(times);
    if (path.empty())
      return success();
    llvm::json::Value content = llvm::json::Object{
        {"kernels", kernels}, {"microseconds", llvm::json::Array(times)}};
    std::error_code error = llvm::sys::fs::create_directories(options.cache);
    if (!error)
      if (llvm::Error failed =
              llvm::writeToOutput(path, [&](llvm::raw_ostream &os) {
                os << llvm::formatv("{0:2}", content) << "\n";
                return llvm::Error::success();
              }))
        error = llvm::errorToErrorCode(std::move(failed));
    if (error)
      return emitError(loc)
             << "cannot write '" << path << "': " << error.message();
    return success();
  }

  FailureOr<SmallVector<double>>
  run(llvm::MutableArrayRef<OwningOpRef<ModuleOp>> variants) {
    std::vector<CompiledModel> models(variants.size());
    for (auto [variant, model] : llvm::zip(variants, models))
      if (failed(compile(*variant, model)))
        return failure();
    // In turns, so that a slow moment of the machine meets all of them.
    constexpr unsigned rounds = 4, reps = 10;
    constexpr double warmUp = 5000;
    SmallVector<double> best(models.size(),
                             std::numeric_limits<double>::infinity());
    for (unsigned round = 0; round < rounds; ++round)
      for (auto [model, time] : llvm::zip(models, best)) {
        TensorData inputs;
        for (const TensorInterface &input : model.interface.inputs)
          inputs.emplace_back(input.bytes);
        std::string text;
        llvm::raw_string_ostream os(text);
        ExecuteOptions execute;
        execute.reps = reps;
        execute.warmUp = warmUp;
        execute.times = &os;
        auto outputs =
            options.runner.empty()
                ? executeHere(model, inputs, execute)
                : executeWithRunner(model, options.runner, inputs, execute);
        if (!outputs)
          return emitError(UnknownLoc::get(model.cpu.getContext()))
                 << "cannot measure a kernel: "
                 << llvm::toString(outputs.takeError());
        time = std::min(time, median(text));
      }
    return best;
  }

  LogicalResult compile(ModuleOp module, CompiledModel &model) const {
    model.cpu = target::getCpu(module);
    PassManager manager(module.getContext());
    KernelStageOptions kernel;
    kernel.winograd = true;
    // As far as it is asked for.
    kernel.winogradGrowth = 1000;
    buildKernelStage(manager, kernel);
    if (failed(manager.run(module)))
      return failure();
    CodegenOptions codegen;
    codegen.pic = options.runner.empty();
    FailureOr<CompiledObject> compiled =
        compileKernels(module, runnerModelName, codegen);
    if (failed(compiled))
      return failure();
    model.object = std::move(compiled->object);
    model.interface = std::move(compiled->interface);
    return success();
  }

  TuningOptions options;
  /// What was measured by this tuner.
  llvm::StringMap<SmallVector<double>> seen;
};

} // namespace

kernels::KernelTunerPtr edgecc::createTuner(TuningOptions options) {
  return std::make_shared<Tuner>(std::move(options));
}
