//===- Execute.cpp - runs a compiled network --------------------*- C++ -*-===//
//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/run/Execute.h"

#include "codegen/object/Jit.h"
#include "compiler/run/GuardedRun.h"
#include "compiler/run/Programs.h"
#include "runtime/include/edgecc/pthread_pool.h"

#include "llvm/Support/Alignment.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Program.h"
#include "llvm/Support/StringSaver.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/TargetParser/Host.h"
#include "llvm/TargetParser/Triple.h"
#include <chrono>
#include <sys/resource.h>

using namespace llvm;
using namespace edgecc;

static constexpr StringLiteral runnerProgram =
#include "compiler/run/RunnerProgram.inc"
    ;
static constexpr StringLiteral wasmRunnerProgram =
#include "compiler/run/RunnerProgram.cjs.inc"
    ;

/// How often the system took the processor away from this thread.
static long preemptions() {
  rusage usage = {};
  getrusage(RUSAGE_THREAD, &usage);
  return usage.ru_nivcsw;
}

namespace {

/// What timers of layers have counted in several runs.
class LayerTimes {
public:
  /// Takes in one run, of so many microseconds.
  void add(ArrayRef<uint64_t> run, double microseconds) {
    all.resize(run.size());
    for (auto [layer, number] : zip(all, run)) {
      layer.push_back(number);
      ticks += number;
    }
    time += microseconds;
  }

  /// The median of each layer in microseconds. The layers together take as long
  /// as the network.
  std::vector<double> medians() {
    std::vector<double> result;
    for (std::vector<uint64_t> &layer : all) {
      auto *middle = &layer[layer.size() / 2];
      std::nth_element(layer.data(), middle, layer.data() + layer.size());
      result.push_back(*middle * time / ticks);
    }
    return result;
  }

private:
  std::vector<std::vector<uint64_t>> all;
  double ticks = 0, time = 0;
};

} // namespace

Expected<TensorData> edgecc::executeHere(const CompiledModel &model,
                                         const TensorData &inputs,
                                         const ExecuteOptions &options) {
  target::CpuAttr cpu = model.cpu;
  Triple target(cpu.getTriple()), host(sys::getDefaultTargetTriple());
  if (target.getArch() != host.getArch())
    return makeError("a network for '" + target.str() +
                     "' does not run on this machine; say with --runner what "
                     "it does run on");
  auto loaded = LoadedModel::load({model.object.data(), model.object.size()},
                                  model.interface);
  if (!loaded)
    return loaded.takeError();
  struct DestroyPool {
    void operator()(edgecc_pthread_pool_t *pool) const {
      edgecc_pthread_pool_destroy(pool);
    }
  };
  std::unique_ptr<edgecc_pthread_pool_t, DestroyPool> pool;
  edgecc_threads_v0_t threads = {nullptr, nullptr};
  if (model.interface.threads > 1) {
    pool.reset(edgecc_pthread_pool_create(model.interface.threads));
    if (!pool)
      return makeError("the system gives no " +
                       std::to_string(model.interface.threads) + " threads");
    threads = edgecc_pthread_pool_threads(pool.get());
  }
  if (options.guarded)
    return runGuarded(**loaded, model.interface, inputs, &threads);
  TensorData outputs = makeOutputs(model.interface);
  // Arrays in files begin anywhere; a network's caller can do better.
  constexpr size_t align = 64;
  std::vector<std::vector<char>> memory;
  auto place = [&](size_t bytes) {
    memory.emplace_back(bytes + align);
    return reinterpret_cast<char *>(
        alignAddr(memory.back().data(), Align(align)));
  };
  SmallVector<const void *> in;
  for (const auto &input : inputs) {
    char *copy = place(input.size() + 1);
    llvm::copy(input, copy);
    in.push_back(copy);
  }
  SmallVector<void *> out;
  for (const auto &output : outputs)
    out.push_back(place(output.size()));

  using Clock = std::chrono::steady_clock;
  using Microseconds = std::chrono::duration<double, std::micro>;
  auto begin = Clock::now();
  do {
    if (Error error = (*loaded)->run(in, out, &threads))
      return std::move(error);
  } while (options.reps && Clock::now() - begin < Microseconds(options.warmUp));
  std::vector<double> times;
  times.reserve(options.reps);
  LayerTimes layers;
  (*loaded)->takeLayerTimes();
  // A run during which the system ran somebody else says nothing about the
  // network; it is repeated, unless that happens all the time.
  for (uint64_t left = 4 * uint64_t(options.reps); times.size() < options.reps;
       --left) {
    long before = preemptions();
    auto start = Clock::now();
    if (Error error = (*loaded)->run(in, out, &threads))
      return std::move(error);
    double time = Microseconds(Clock::now() - start).count();
    uint64_t missing = options.reps - times.size();
    std::vector<uint64_t> ticks = (*loaded)->takeLayerTimes();
    if (preemptions() == before || left <= missing) {
      times.push_back(time);
      layers.add(ticks, time);
    }
  }
  if (options.layerTimes)
    *options.layerTimes = layers.medians();
  for (double time : times)
    *options.times << format("%.3f\n", time);
  for (auto [output, pointer] : zip(outputs, out))
    llvm::copy(ArrayRef<char>(static_cast<char *>(pointer), output.size()),
               output.begin());
  return outputs;
}

/// The command that compiles and links C for the triple.
static Expected<std::vector<std::string>> findCCompiler(const Triple &triple) {
  std::string name;
  std::vector<std::string> command(1);
  switch (triple.getArch()) {
  case Triple::aarch64:
    name = "aarch64-linux-gnu-gcc";
    break;
  case Triple::riscv64:
    name = "riscv64-linux-gnu-gcc";
    break;
  case Triple::arm:
  case Triple::thumb:
    name = "arm-linux-gnueabihf-gcc";
    break;
  default:
    if (triple.getArch() == Triple(sys::getDefaultTargetTriple()).getArch()) {
      name = "cc";
      break;
    }
    name = "clang-22";
    command.push_back("--target=" + triple.str());
  }
  auto program = sys::findProgramByName(name);
  if (!program)
    return makeError("no C compiler for '" + triple.str() + "': '" + name +
                     "' is not on the path");
  command.front() = *program;
  return command;
}

/// Links the network in `folder` with a program for its machine. Returns the
/// path of what the runner runs.
static Expected<std::string> linkProgram(const TemporaryFolder &folder,
                                         const CompiledModel &model) {
  target::CpuAttr cpu = model.cpu;
  auto cc = findCCompiler(Triple(cpu.getTriple()));
  if (!cc)
    return cc.takeError();
  if (Error error = writeFile(folder / "main.c", runnerProgram))
    return std::move(error);
  for (StringRef argument : {"-std=c99", "-O1", "-static"})
    cc->push_back(argument.str());
  for (StringRef file : {"main.c", "network.o"})
    cc->push_back(folder / file);
  cc->push_back("-o");
  cc->push_back(folder / "program");
  if (Error error = runProgram(*cc, "", folder / "errors", "linking"))
    return std::move(error);
  return folder / "program";
}

/// The same for WebAssembly: a module, and the script that runs it.
static Expected<std::string> linkModule(const TemporaryFolder &folder,
                                        const CompiledModel &model) {
  auto linker = findProgram("wasm-ld-22", "no linker for WebAssembly");
  if (!linker)
    return linker.takeError();
  std::string module = folder / "network.wasm";
  // The stack lies before the constants, so that too much of it is noticed.
  if (Error error = runProgram(
          {*linker, "--no-entry", "--stack-first", "-z", "stack-size=1048576",
           "--export=" + model.interface.name + "_run", "--export=__heap_base",
           folder / "network.o", "-o", module},
          "", folder / "errors", "linking"))
    return std::move(error);
  auto sizes = [](ArrayRef<TensorInterface> tensors) {
    return json::Array(map_range(tensors, [](const TensorInterface &t) {
      return json::Value(t.bytes);
    }));
  };
  json::Value network =
      json::Object{{"module", module},
                   {"inputs", sizes(model.interface.inputs)},
                   {"outputs", sizes(model.interface.outputs)},
                   {"arenaBytes", model.interface.arenaBytes}};
  std::string script;
  raw_string_ostream(script) << "const network = " << network << ";\n"
                             << wasmRunnerProgram;
  if (Error error = writeFile(folder / "program.cjs", script))
    return std::move(error);
  return folder / "program.cjs";
}

Expected<TensorData> edgecc::executeWithRunner(const CompiledModel &model,
                                               StringRef runner,
                                               const TensorData &inputs,
                                               const ExecuteOptions &options) {
  BumpPtrAllocator allocator;
  StringSaver saver(allocator);
  SmallVector<const char *> words;
  cl::TokenizeGNUCommandLine(runner, saver, words);
  std::vector<std::string> command(words.begin(), words.end());
  if (command.empty())
    return makeError("--runner is empty");
  auto emulator = sys::findProgramByName(command.front());
  if (!emulator)
    return makeError("cannot run '" + command.front() + "': not found");
  if (!options.counter.empty() &&
      !sys::path::filename(*emulator).starts_with("qemu-"))
    return makeError("only QEMU counts instructions, and '" + command.front() +
                     "' is none of its programs");
  command.front() = *emulator;
  target::CpuAttr cpu = model.cpu;
  if (options.values && Triple(cpu.getTriple()).isWasm())
    return makeError("what a network shows of its values cannot be read from "
                     "WebAssembly");

  TemporaryFolder folder;
  if (Error error = folder.create())
    return std::move(error);
  if (Error error = writeNetwork(folder, model, inputs))
    return std::move(error);
  auto program = Triple(cpu.getTriple()).isWasm() ? linkModule(folder, model)
                                                  : linkProgram(folder, model);
  if (!program)
    return program.takeError();
  std::string errors = folder / "errors", times = folder / "times";
  if (!options.counter.empty())
    append_range(command, getCounterWords(folder, options.counter));
  command.push_back(*program);
  for (StringRef file : {"inputs", "outputs"})
    command.push_back(folder / file);
  command.push_back(std::to_string(options.reps));
  command.push_back(folder / "values");
  if (Error error = runProgram(command, times, errors, "'" + runner + "'"))
    return std::move(error);

  if (options.reps)
    if (auto buffer = MemoryBuffer::getFile(times))
      *options.times << (*buffer)->getBuffer();
  if (!options.counter.empty())
    if (Error error = printCount(folder, *options.times))
      return std::move(error);
  if (options.values) {
    auto values = readValues(folder, model);
    if (!values)
      return values.takeError();
    *options.values = std::move(*values);
  }
  return readOutputs(folder, model);
}
