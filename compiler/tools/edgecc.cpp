//===- edgecc.cpp - the compiler --------------------------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "compiler/api/Report.h"
#include "compiler/kit/Kit.h"
#include "compiler/run/MaskFile.h"
#include "compiler/tools/CommonFlags.h"

#include "codegen/object/Bindings.h"
#include "codegen/object/Header.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

using namespace edgecc;
namespace cl = llvm::cl;

namespace {
struct Flags {
  cl::OptionCategory category{"edgecc options"};
  tools::CommonFlags common{category};
  cl::opt<std::string> output{"o", cl::value_desc("file"),
                              cl::desc("Write the object to this file, and its "
                                       "header beside it; with --emit, a "
                                       "folder"),
                              cl::cat(category)};
  cl::opt<std::string> compileTo{
      "compile-to", cl::init("obj"), cl::value_desc("stage"),
      cl::desc("Stop after onnx, edge, opt, placed, kernel, llvm, asm or obj"),
      cl::cat(category)};
  cl::opt<std::string> emit{
      "emit", cl::value_desc("kit:system"),
      cl::desc("Write a folder that a build system takes as a library: "
               "kit:zephyr, kit:esp-idf, kit:arduino, kit:platformio, "
               "kit:cmsis-pack or kit:make"),
      cl::cat(category)};
  cl::list<std::string> bindings{
      "bindings", cl::CommaSeparated, cl::value_desc("c++,rust"),
      cl::desc("Write beside the header how these languages call the network: "
               "c++ (.hpp), rust (.rs)"),
      cl::cat(category)};
  cl::opt<bool> assembly{"S", cl::desc("Write assembly"), cl::cat(category)};
  cl::opt<bool> emitLLVM{"emit-llvm", cl::desc("Write LLVM IR"),
                         cl::cat(category)};
  cl::opt<std::string> report{
      "report", cl::value_desc("file"),
      cl::desc("Write a report in JSON, or as a page (.html)"),
      cl::cat(category)};
  cl::opt<std::string> emitMask{
      "emit-mask", cl::value_desc("file.npz"),
      cl::desc(
          "Write which weights of each layer are not zero, output channels "
          "first, for training to go on with"),
      cl::cat(category)};
  cl::opt<std::string> npu{
      "npu", cl::value_desc("name[:argument]"),
      cl::desc(
          "Let an NPU compute what it can of a quantised network: desc:FILE "
          "for one that a file describes, ethos-u55:128 and the like"),
      cl::cat(category)};
  cl::opt<bool> npuOnly{"npu-only",
                        cl::desc("Fail if the CPU has anything to compute"),
                        cl::cat(category)};
  cl::list<std::string> npuExclude{
      "npu-exclude", cl::value_desc("node"),
      cl::desc("Leave this node to the CPU; may be given several times"),
      cl::cat(category)};
  cl::opt<std::string> npuFallback{
      "npu-fallback", cl::init("none"), cl::value_desc("none|cpu"),
      cl::desc("What computes a region when the driver of the NPU fails: "
               "nothing, which ends the run (default), or the CPU"),
      cl::cat(category)};
  cl::opt<bool> summary{"summary",
                        cl::desc("Print layers, memory and code size"),
                        cl::cat(category)};
};

/// What the flags say of an NPU. False, with an error, if they contradict each
/// other or name none.
bool readNpu(Compiler &compiler, const Flags &flags, CompileOptions &options) {
  options.npu.only = flags.npuOnly;
  options.npu.excluded.assign(flags.npuExclude.begin(), flags.npuExclude.end());
  options.npu.fallback = flags.npuFallback == "cpu";
  if (flags.npuFallback != "cpu" && flags.npuFallback != "none")
    return tools::reportError("unknown form '" + flags.npuFallback +
                              "' in --npu-fallback; expected none or cpu");
  if (flags.npu.empty()) {
    if (flags.npuOnly || !flags.npuExclude.empty() || options.npu.fallback)
      return tools::reportError("--npu-only, --npu-exclude and --npu-fallback "
                                "are about the NPU of --npu, which is missing");
    return true;
  }
  if (!options.integers)
    return tools::reportError("-fno-integers computes in f32, and the NPU of "
                              "--npu with integers; expected one of them");
  if (options.layers.any() && !options.npu.fallback)
    return tools::reportError("a run that an NPU may end cannot go layer by "
                              "layer; expected --npu-fallback=cpu with "
                              "-flayer-steps and the like");
  options.npu.npu = npu::createNpu(flags.npu, [&] {
    return mlir::emitError(mlir::UnknownLoc::get(&compiler.getContext()));
  });
  if (!options.npu.npu)
    return false;
  const auto &regions = options.memoryMap.regions;
  if (!regions.empty() &&
      llvm::none_of(regions, [](const target::MemoryRegion &region) {
        return region.isWritable && region.npu == target::NpuAccess::Reached;
      }))
    return tools::reportError(
        "--memory-map has no region that the NPU reaches; "
        "expected one that can be written without "
        "\"npu\": false");
  bool asTflite = options.npu.npu->roundsAsTflite();
  if (asTflite != options.roundAsTflite)
    return tools::reportError("the NPU '" + options.npu.npu->getName() +
                              "' rounds as " +
                              (asTflite ? "TFLite does; expected "
                                          "--rounding=tflite"
                                        : "ONNX has it; expected "
                                          "--rounding=onnx"));
  return true;
}

/// The file for a stage that is text.
std::string textOutput(const Flags &flags, Stage stage) {
  if (!flags.output.empty())
    return flags.output;
  if (flags.emitLLVM || stage != Stage::Asm)
    return "-";
  return llvm::sys::path::stem(flags.common.model).str() + ".s";
}

bool printStage(Compiler &compiler, const Flags &flags, Stage stage) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  CompileOptions options = flags.common.getOptions();
  if (!readNpu(compiler, flags, options) ||
      failed(compiler.print(flags.common.model, stage, flags.emitLLVM, options,
                            stream)))
    return false;
  return tools::writeFile(textOutput(flags, stage),
                          [&](llvm::raw_ostream &os) { os << text; });
}

/// Compiles a network and writes it as the kit that --emit names.
bool compileKit(Compiler &compiler, const Flags &flags) {
  llvm::StringRef kit = flags.emit;
  if (!kit.consume_front("kit:") || !llvm::is_contained(kitNames(), kit))
    return tools::reportError("unknown form '" + flags.emit +
                              "' in --emit; expected kit: and one of " +
                              llvm::join(kitNames(), ", "));
  llvm::FailureOr<CompiledModel> model =
      compiler.compile(flags.common.model, flags.common.getOptions());
  if (failed(model))
    return false;
  std::string folder = flags.output;
  if (folder.empty())
    folder = model->interface.name;
  if (llvm::Error error = writeKit(*model, kit, folder))
    return tools::reportError(llvm::toString(std::move(error)));
  return true;
}

/// The languages that --bindings names; nothing if there is none of a name.
std::optional<std::vector<Binding>>
findBindings(llvm::ArrayRef<std::string> languages) {
  std::vector<Binding> found;
  for (llvm::StringRef language : languages) {
    const auto *binding =
        llvm::find_if(getBindings(), [&](const Binding &candidate) {
          return candidate.language == language;
        });
    if (binding == getBindings().end()) {
      tools::reportError("unknown language '" + language.str() +
                         "' in --bindings; expected c++ or rust");
      return std::nullopt;
    }
    found.push_back(*binding);
  }
  return found;
}

bool compileObject(Compiler &compiler, const Flags &flags) {
  std::string output = flags.output;
  if (output.empty())
    output = llvm::sys::path::stem(flags.common.model).str() + ".o";
  CompileOptions options = flags.common.getOptions();
  options.predictCost = flags.summary || !flags.report.empty();
  options.compareIntegers = options.predictCost;
  if (options.prune.calibrator)
    options.prune.calibrator->notesLosses = options.predictCost;
  if (!readNpu(compiler, flags, options))
    return false;
  std::optional<std::vector<Binding>> bindings = findBindings(flags.bindings);
  if (!bindings)
    return false;
  if (!flags.emitMask.empty()) {
    const std::optional<prune::Pruning> &pruning = options.prune.pruning;
    if (pruning && pruning->method == prune::Method::Auto)
      return tools::reportError("--prune=auto chooses once weights are no "
                                "longer in the order of the network, and "
                                "--emit-mask has no masks to write");
    options.prune.found = std::make_shared<prune::Masks>();
  }
  llvm::FailureOr<CompiledModel> model =
      compiler.compile(flags.common.model, options);
  if (failed(model))
    return false;
  llvm::SmallString<128> header(output);
  llvm::sys::path::replace_extension(header, "h");
  auto writeBindings = [&] {
    return llvm::all_of(*bindings, [&](const Binding &binding) {
      llvm::SmallString<128> path(header);
      llvm::sys::path::replace_extension(path, binding.extension);
      return tools::writeFile(path, [&](llvm::raw_ostream &os) {
        binding.write(model->interface, llvm::sys::path::filename(header), os);
      });
    });
  };
  auto writeMask = [&] {
    if (flags.emitMask.empty())
      return true;
    llvm::Error error = writeMasks(flags.emitMask, *options.prune.found);
    return !error || tools::reportError(llvm::toString(std::move(error)));
  };
  auto writeRest = [&] {
    return writeBindings() && writeMask() &&
           (flags.report.empty() ||
            tools::writeFile(
                flags.report,
                [&](llvm::raw_ostream &os) {
                  bool isPage =
                      llvm::StringRef(flags.report).ends_with(".html");
                  (isPage ? writeReportPage : writeReport)(*model, os);
                })) &&
           tools::writeFile(header, [&](llvm::raw_ostream &os) {
             writeHeader(model->interface, llvm::sys::path::filename(header),
                         os);
           });
  };
  // Opened first, so that an error names what was asked for; the object stays
  // only when all else is there.
  if (!tools::writeFile(
          output,
          [&](llvm::raw_ostream &os) {
            os.write(model->object.data(), model->object.size());
          },
          writeRest)) {
    llvm::sys::fs::remove(header);
    return false;
  }
  if (flags.summary)
    writeSummary(*model, llvm::outs());
  return true;
}
} // namespace

int main(int argc, char **argv) {
  Flags flags;
  std::optional<int> done =
      flags.common.parse(argc, argv, "edgecc: compiles ONNX networks\n");
  if (done)
    return *done;
  std::optional<Stage> stage = parseStage(flags.compileTo);
  if (!stage) {
    tools::reportError("unknown stage '" + flags.compileTo +
                       "' in --compile-to; expected one of " +
                       llvm::join(stageNames(), ", "));
    return 1;
  }
  if (flags.assembly)
    stage = Stage::Asm;
  Compiler compiler;
  flags.common.install(compiler);
  if (!flags.emit.empty())
    return !compileKit(compiler, flags);
  bool isText = *stage != Stage::Obj || flags.emitLLVM;
  return isText ? !printStage(compiler, flags, *stage)
                : !compileObject(compiler, flags);
}
