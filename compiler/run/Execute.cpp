//===- Execute.cpp - runs a compiled network --------------------*- C++ -*-===//
//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/run/Execute.h"

#include "codegen/object/Header.h"
#include "codegen/object/Jit.h"

#include "llvm/Support/Alignment.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Program.h"
#include "llvm/Support/StringSaver.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/TargetParser/Host.h"
#include "llvm/TargetParser/Triple.h"
#include <chrono>

using namespace llvm;
using namespace edgecc;

static constexpr StringLiteral runnerProgram =
#include "compiler/run/RunnerProgram.inc"
    ;

static Error makeError(const Twine &message) {
  return createStringError(inconvertibleErrorCode(), message);
}

static StringRef getObject(const CompiledModel &model) {
  return {model.object.data(), model.object.size()};
}

static TensorData makeOutputs(const ModelInterface &interface) {
  TensorData outputs;
  for (const TensorInterface &output : interface.outputs)
    outputs.emplace_back(std::max<int64_t>(output.bytes, 1));
  return outputs;
}

Expected<TensorData> edgecc::executeHere(const CompiledModel &model,
                                         const TensorData &inputs,
                                         const ExecuteOptions &options) {
  target::CpuAttr cpu = model.cpu;
  Triple target(cpu.getTriple()), host(sys::getDefaultTargetTriple());
  if (target.getArch() != host.getArch())
    return makeError("a network for '" + target.str() +
                     "' does not run on this machine; say with --runner what "
                     "it does run on");
  auto loaded = LoadedModel::load(getObject(model), model.interface);
  if (!loaded)
    return loaded.takeError();
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
    if (Error error = (*loaded)->run(in, out))
      return std::move(error);
  } while (options.reps && Clock::now() - begin < Microseconds(100000));
  std::vector<double> times;
  times.reserve(options.reps);
  for (unsigned i = 0; i < options.reps; ++i) {
    auto start = Clock::now();
    if (Error error = (*loaded)->run(in, out))
      return std::move(error);
    times.push_back(Microseconds(Clock::now() - start).count());
  }
  for (double time : times)
    *options.times << format("%.3f\n", time);
  for (auto [output, pointer] : zip(outputs, out))
    llvm::copy(ArrayRef<char>(static_cast<char *>(pointer), output.size()),
               output.begin());
  return outputs;
}

namespace {

/// A folder that goes with its contents.
class TemporaryFolder {
public:
  Error create() {
    if (sys::fs::createUniqueDirectory("edgecc-run", path))
      return makeError("cannot make a temporary folder");
    return Error::success();
  }
  ~TemporaryFolder() {
    if (!path.empty())
      sys::fs::remove_directories(path);
  }
  std::string operator/(StringRef name) const {
    SmallString<128> result(path);
    sys::path::append(result, name);
    return std::string(result);
  }

private:
  SmallString<128> path;
};

} // namespace

static Error writeFile(StringRef path, StringRef contents) {
  std::error_code code;
  raw_fd_ostream os(path, code);
  if (!code) {
    os << contents;
    os.close();
    code = os.error();
    os.clear_error();
  }
  if (code)
    return makeError("cannot write '" + path + "': " + code.message());
  return Error::success();
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

/// Runs a program, with its standard output in the file `out` unless that is
/// empty. The error has the first line of what it wrote to the file `errors`.
static Error runProgram(ArrayRef<std::string> command, StringRef out,
                        const std::string &errors, const Twine &what) {
  SmallVector<StringRef> arguments(command.begin(), command.end());
  std::optional<StringRef> redirects[] = {
      StringRef(""), out.empty() ? std::nullopt : std::optional(out),
      StringRef(errors)};
  std::string message;
  int status = sys::ExecuteAndWait(command.front(), arguments, std::nullopt,
                                   redirects, 0, 0, &message);
  if (status == 0)
    return Error::success();
  if (auto buffer = MemoryBuffer::getFile(errors); buffer && message.empty())
    message = (*buffer)->getBuffer().trim().split('\n').first.str();
  return makeError(what + " failed with status " + Twine(status) +
                   (message.empty() ? "" : ": " + message));
}

/// Writes the network, the program around it and the inputs.
static Error writeSources(const TemporaryFolder &folder,
                          const CompiledModel &model,
                          const TensorData &inputs) {
  std::string header, bytes;
  raw_string_ostream os(header);
  writeHeader(model.interface, "network.h", os);
  for (auto [tensor, input] : zip(model.interface.inputs, inputs))
    bytes.append(input.data(), tensor.bytes);
  const std::pair<StringRef, StringRef> files[] = {
      {"main.c", runnerProgram},
      {"network.h", header},
      {"network.o", getObject(model)},
      {"inputs", bytes}};
  for (auto [name, contents] : files)
    if (Error error = writeFile(folder / name, contents))
      return error;
  return Error::success();
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
  command.front() = *emulator;
  target::CpuAttr cpu = model.cpu;
  auto cc = findCCompiler(Triple(cpu.getTriple()));
  if (!cc)
    return cc.takeError();

  TemporaryFolder folder;
  if (Error error = folder.create())
    return std::move(error);
  if (Error error = writeSources(folder, model, inputs))
    return std::move(error);
  for (StringRef argument : {"-std=c99", "-O1", "-static"})
    cc->push_back(argument.str());
  for (StringRef file : {"main.c", "network.o"})
    cc->push_back(folder / file);
  cc->push_back("-o");
  cc->push_back(folder / "program");
  std::string errors = folder / "errors", times = folder / "times";
  if (Error error = runProgram(*cc, "", errors, "linking"))
    return std::move(error);
  for (StringRef file : {"program", "inputs", "outputs"})
    command.push_back(folder / file);
  command.push_back(std::to_string(options.reps));
  if (Error error = runProgram(command, times, errors, "'" + runner + "'"))
    return std::move(error);

  if (options.reps)
    if (auto buffer = MemoryBuffer::getFile(times))
      *options.times << (*buffer)->getBuffer();
  auto result = MemoryBuffer::getFile(folder / "outputs");
  if (!result)
    return makeError("the network wrote no outputs");
  TensorData outputs = makeOutputs(model.interface);
  StringRef rest = (*result)->getBuffer();
  for (auto [tensor, output] : zip(model.interface.outputs, outputs)) {
    if (rest.size() < static_cast<size_t>(tensor.bytes))
      return makeError("the network's outputs are too short");
    llvm::copy(rest.take_front(tensor.bytes), output.begin());
    rest = rest.drop_front(tensor.bytes);
  }
  return outputs;
}
