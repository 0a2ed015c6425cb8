//===- edgecc-run.cpp - compiles a network and runs it ----------*- C++ -*-===//
//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/api/Report.h"
#include "compiler/run/Boards.h"
#include "compiler/run/Execute.h"
#include "compiler/run/Sizes.h"
#include "compiler/run/Verify.h"
#include "compiler/tools/CommonFlags.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"

using namespace edgecc;
namespace cl = llvm::cl;

namespace {
struct Flags {
  cl::OptionCategory category{"edgecc-run options"};
  tools::CommonFlags common{category};
  cl::opt<std::string> inputs{
      "inputs", cl::value_desc("file.npz"),
      cl::desc("The inputs, by their names in the graph or as arr_0, arr_1, "
               "... by position"),
      cl::cat(category)};
  cl::opt<std::string> outputs{"outputs", cl::value_desc("file.npz"),
                               cl::desc("Where the outputs go"),
                               cl::cat(category)};
  cl::opt<unsigned> reps{
      "reps", cl::init(0), cl::value_desc("n"),
      cl::desc("Warm up, run so many times, and print the microseconds of each "
               "run on a line of its own"),
      cl::cat(category)};
  cl::opt<std::string> board{
      "board", cl::value_desc("name"),
      cl::desc("Run without a system on a board that QEMU emulates, such as "
               "mps2-an386; compiles for its CPU unless told otherwise"),
      cl::cat(category)};
  cl::opt<std::string> profile{
      "profile", cl::value_desc("file"),
      cl::desc("Write a report in JSON, as edgecc does, with the median time "
               "of each layer in --reps runs here"),
      cl::cat(category)};
  cl::opt<bool> count{
      "count-instructions",
      cl::desc(
          "Print how many instructions the run takes on the --board, or with a "
          "--runner that is QEMU's"),
      cl::cat(category)};
  cl::opt<bool> memory{
      "measure-memory",
      cl::desc("Print in JSON how many bytes of arena and stack the header "
               "states, and how many the run used of them on the --board"),
      cl::cat(category)};
  cl::opt<bool> guarded{
      "check-memory",
      cl::desc(
          "Run twice, the arena full of NaNs and of other bytes, all memory "
          "between pages that cannot be accessed; the results must agree"),
      cl::cat(category)};
  cl::opt<bool> verify{
      "verify",
      cl::desc("Compare the values inside of the network, layer by layer, with "
               "those of a run on this machine, and name the first one that "
               "differs"),
      cl::cat(category)};
  cl::opt<std::string> verifyAgainst{
      "verify-against", cl::value_desc("file.npz"),
      cl::desc("Compare with these values, by their names in the graph, such "
               "as utils/onnx-values writes"),
      cl::cat(category)};

  bool verifies() const { return verify || !verifyAgainst.empty(); }
};
} // namespace

static bool isTargetOpen(const TargetRequest &target) {
  return target.cpu.empty() && target.triple.empty() && target.march.empty();
}

/// The board asked for, or null; nothing after an error.
static std::optional<const Board *> chooseBoard(const Flags &flags) {
  bool isElsewhere = !flags.board.empty() || !flags.common.runner.empty();
  if (flags.count && (!isElsewhere || flags.reps != 0)) {
    tools::reportError("--count-instructions needs a --board or a --runner, "
                       "and does not go with --reps");
    return std::nullopt;
  }
  if (!flags.profile.empty() && (isElsewhere || flags.reps == 0)) {
    tools::reportError("--profile needs --reps, and goes neither with --board "
                       "nor with --runner");
    return std::nullopt;
  }
  if (flags.verify && !isElsewhere) {
    tools::reportError("--verify needs a --board or a --runner");
    return std::nullopt;
  }
  if (flags.verifies() && (flags.reps != 0 || flags.count)) {
    tools::reportError("--verify and --verify-against go neither with --reps "
                       "nor with --count-instructions");
    return std::nullopt;
  }
  if (flags.memory && (flags.board.empty() || flags.verifies())) {
    tools::reportError("--measure-memory needs a --board, and does not go with "
                       "--verify");
    return std::nullopt;
  }
  if (flags.guarded && (isElsewhere || flags.reps != 0 || flags.verifies())) {
    tools::reportError("--check-memory goes neither with --board, --runner and "
                       "--reps nor with --verify");
    return std::nullopt;
  }
  if (flags.board.empty())
    return nullptr;
  if (!flags.common.runner.empty() || flags.reps != 0) {
    tools::reportError("--board goes neither with --runner nor with --reps");
    return std::nullopt;
  }
  if (const Board *board = findBoard(flags.board))
    return board;
  std::string known;
  for (const Board &board : getBoards())
    known += (known.empty() ? "" : ", ") + board.name.str();
  tools::reportError("unknown board '" + flags.board + "'; expected one of " +
                     known);
  return std::nullopt;
}

/// What runs a program on this machine as it is.
static constexpr llvm::StringLiteral runHere = "env";

/// Compares the values of a run with those that the flags name. False if there
/// is one that differs, or after an error.
static bool verify(Compiler &compiler, const Flags &flags,
                   const CompileOptions &options, const CompiledModel &model,
                   const TensorData &inputs, const TensorData &values) {
  auto report = [](llvm::Error error) {
    return tools::reportError(llvm::toString(std::move(error)));
  };
  bool isSame = true;
  auto compare = [&](const llvm::StringMap<NpzArray> &wanted,
                     Tolerance tolerance, llvm::StringRef title) {
    isSame &= printComparison(
        compareValues(model.interface.values, values, wanted, tolerance), title,
        llvm::outs());
  };
  if (flags.verify) {
    CompileOptions here = options;
    here.target = {};
    here.target.cpu = "native";
    here.limits = {};
    llvm::FailureOr<CompiledModel> other =
        compiler.compile(flags.common.model, here);
    if (failed(other))
      return false;
    TensorData otherValues;
    ExecuteOptions execute;
    execute.values = &otherValues;
    auto outputs = executeWithRunner(*other, runHere, inputs, execute);
    if (!outputs)
      return report(outputs.takeError());
    // Sums of reals in another order.
    compare(nameValues(other->interface.values, otherValues), {1e-5, 0},
            "against this machine:");
  }
  if (!flags.verifyAgainst.empty()) {
    auto arrays = readNpzArrays(flags.verifyAgainst);
    if (!arrays)
      return report(arrays.takeError());
    // Which may have computed integers with reals.
    compare(*arrays, {1e-4, 1}, "against '" + flags.verifyAgainst + "':");
  }
  return isSame;
}

static void printMemory(const ModelInterface &interface, MemoryUse used) {
  llvm::outs() << llvm::json::Value(
                      llvm::json::Object{{"arena_bytes", interface.arenaBytes},
                                         {"arena_used", used.arena},
                                         {"stack_bytes", interface.stackBytes},
                                         {"stack_used", used.stack}})
               << "\n";
}

/// Runs the model; false after an error.
static bool run(Compiler &compiler, const Flags &flags,
                llvm::StringRef program) {
  std::optional<const Board *> board = chooseBoard(flags);
  if (!board)
    return false;
  CompileOptions options = flags.common.getOptions();
  // What a network shows goes to a program of its own, here as well.
  std::string runner = flags.common.runner;
  if (flags.verifies() && !*board && runner.empty()) {
    runner = runHere.str();
    if (isTargetOpen(options.target))
      options.target.cpu = "native";
  }
  options.layers.values |= flags.verifies();
  bool isElsewhere = !runner.empty() || *board;
  if (*board && isTargetOpen(options.target)) {
    options.target.cpu = (*board)->cpu.str();
    options.target.march = (*board)->march.str();
  }
  // Memory of this process is wherever it happens to be.
  if (!isElsewhere)
    options.codegen.pic = true;
  // Here the network may use all that this machine has.
  if (!isElsewhere && isTargetOpen(options.target))
    options.target.cpu = "native";
  if (isElsewhere || options.name.empty())
    options.name = runnerModelName.str();
  options.codegen.timeLayers = options.predictCost = !flags.profile.empty();
  auto report = [](llvm::Error error) {
    return tools::reportError(llvm::toString(std::move(error)));
  };
  // Symbolic dimensions are what the arrays have.
  if (!flags.inputs.empty()) {
    auto shapes = readNpzShapes(flags.inputs);
    if (!shapes)
      return report(shapes.takeError());
    options.import.openShapes = std::move(*shapes);
  }
  llvm::FailureOr<CompiledModel> model =
      compiler.compile(flags.common.model, options);
  if (failed(model))
    return false;

  TensorData inputs;
  if (!flags.inputs.empty() || !model->interface.inputs.empty()) {
    if (flags.inputs.empty())
      return tools::reportError("the network has inputs; say with --inputs "
                                "where they are");
    auto read = readInputs(flags.inputs, model->interface);
    if (!read)
      return report(read.takeError());
    inputs = std::move(*read);
  }
  ExecuteOptions execute;
  execute.reps = flags.reps;
  execute.times = &llvm::outs();
  execute.guarded = flags.guarded;
  std::vector<double> layerTimes;
  execute.layerTimes = &layerTimes;
  if (flags.count) {
    llvm::SmallString<128> counter(llvm::sys::path::parent_path(program));
    llvm::sys::path::append(counter, "edgecc-count-instructions.so");
    execute.counter = counter.str().str();
  }
  TensorData values;
  if (flags.verifies())
    execute.values = &values;
  MemoryUse memory;
  execute.memory = &memory;
  auto outputs = *board ? executeOnBoard(*model, **board, inputs, execute)
                 : isElsewhere
                     ? executeWithRunner(*model, runner, inputs, execute)
                     : executeHere(*model, inputs, execute);
  if (!outputs)
    return report(outputs.takeError());
  if (!flags.profile.empty()) {
    for (auto [layer, time] : llvm::zip(model->layers, layerTimes))
      layer.measuredMicroseconds = time;
    if (!tools::writeFile(flags.profile, [&](llvm::raw_ostream &os) {
          writeReport(*model, os);
        }))
      return false;
  }
  if (flags.memory)
    printMemory(model->interface, memory);
  if (!flags.outputs.empty()) {
    SizedOutputs sized = takeSizes(model->interface, std::move(*outputs));
    if (llvm::Error error = writeNpz(flags.outputs, sized.tensors, sized.data))
      return report(std::move(error));
  }
  return !flags.verifies() ||
         verify(compiler, flags, options, *model, inputs, values);
}

int main(int argc, char **argv) {
  Flags flags;
  if (std::optional<int> done = flags.common.parse(
          argc, argv, "edgecc-run: compiles a network and runs it\n"))
    return *done;
  Compiler compiler;
  flags.common.install(compiler);
  std::string program = llvm::sys::fs::getMainExecutable(
      argv[0], reinterpret_cast<void *>(&chooseBoard));
  return !run(compiler, flags, program);
}
