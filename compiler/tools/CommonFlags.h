//===- CommonFlags.h - flags that edgecc and edgecc-run share ---*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef EDGECC_COMPILER_TOOLS_COMMONFLAGS_H
#define EDGECC_COMPILER_TOOLS_COMMONFLAGS_H

#include "compiler/api/Compiler.h"
#include "compiler/run/Calibrate.h"
#include "compiler/tools/ImageFlags.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/CommandLine.h"

namespace edgecc::tools {

/// Prints `error: message` and returns false.
bool reportError(const llvm::Twine &message);

/// Writes a file whole or not at all. With `then`, that has to succeed as well,
/// after the file has been opened and before it is written.
bool writeFile(llvm::StringRef path,
               llvm::function_ref<void(llvm::raw_ostream &)> write,
               llvm::function_ref<bool()> then = {});

/// The model, the target, the optimisation level, shapes, and MLIR's flags for
/// printing and timing.
class CommonFlags {
public:
  explicit CommonFlags(llvm::cl::OptionCategory &category);

  /// Parses the command line. The exit code when there is nothing more to do,
  /// because of an error or a question such as `--version`.
  std::optional<int> parse(int argc, char **argv, llvm::StringRef overview);

  /// Directs the diagnostics of `compiler` to standard error.
  void install(Compiler &compiler) const;

  CompileOptions getOptions() const;

private:
  llvm::cl::OptionCategory &category;

public:
  llvm::cl::opt<std::string> model;
  llvm::cl::opt<std::string> runner;

private:
  bool parseShapes();
  bool parseDims();
  bool parseWarnings();
  bool parseBudget();
  bool parseWeights();
  bool parsePalette();
  bool parseQuantization();
  bool parseLimits();
  bool parseMap();
  bool parseCorrections();
  bool parseImages();
  bool parseInterface();
  bool parseTuning();
  bool parsePruning();
  bool parseLowRank();
  bool prunesBy(prune::Method method) const;

  llvm::cl::opt<std::string> cpu, target, attrs, march;
  llvm::cl::opt<unsigned> sveVectorBits;
  llvm::cl::opt<std::string> name;
  llvm::cl::opt<std::string> level, maxRam, maxFlash, memoryMap;
  llvm::cl::list<std::string> shapes, dims;
  llvm::cl::opt<bool> noIntegers;
  llvm::cl::opt<std::string> rounding;
  llvm::cl::opt<bool> warnFallback, noWarnFallback;
  llvm::cl::list<std::string> errors;
  llvm::cl::opt<std::string> quantize, maxLoss, maxBytes, maxLatency,
      accuracyReport, calibrate, calibration, corrections, inputType,
      outputType, prune, pruneMask, lowRank;
  ImageFlags imageFlags;
  llvm::cl::opt<bool> tune;
  llvm::cl::opt<std::string> tuneCache;
  llvm::cl::opt<int64_t> blockSize;
  llvm::cl::opt<unsigned> palette;
  llvm::cl::opt<Precision> precision;
  llvm::cl::opt<ExcessPrecision> excessPrecision;
  llvm::cl::opt<unsigned> threads;
  llvm::cl::opt<bool> pic, noPic, noWinograd, noSparse, compressWeights, sparse,
      layerSteps, profileLayers, dumpLayers, printTargets, printOperators,
      verbose;
  ImportOptions import;
  MemoryLimits limits;
  target::MemoryMap memories;
  OptLevel optLevel = OptLevel::O2;
  WarningLevel floatFallback = WarningLevel::Warning;
  RangeRule rangeRule = RangeRule::MinMax;
  QuantizationBudget budget;
  Corrections chosenCorrections;
  ImageRules imageRules;
  WeightStorage weights;
  prune::PruneOptions pruning;
  prune::LowRank rank;
};

} // namespace edgecc::tools

#endif // EDGECC_COMPILER_TOOLS_COMMONFLAGS_H
