//===- CommonFlags.cpp - flags that edgecc and edgecc-run share -*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "compiler/tools/CommonFlags.h"
#include "compiler/api/MemoryMap.h"
#include "compiler/pipeline/Registration.h"
#include "compiler/run/MaskFile.h"
#include "compiler/run/Tune.h"
#include "passes/OnnxToEdge/Operators.h"

#include "mlir/IR/AsmState.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Support/Timing.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/ToolOutputFile.h"
#include "llvm/Support/WithColor.h"
#include "llvm/Support/raw_ostream.h"

using namespace edgecc;
using namespace edgecc::tools;
namespace cl = llvm::cl;

bool tools::reportError(const llvm::Twine &message) {
  llvm::WithColor::error(llvm::errs(), "edgecc") << message << "\n";
  return false;
}

CommonFlags::CommonFlags(cl::OptionCategory &category)
    : category(category),
      model(cl::Positional, cl::desc("model.onnx"), cl::cat(category)),
      runner("runner", cl::value_desc("command"),
             cl::desc("Run programs for the target with this command, such as "
                      "\"qemu-aarch64 -L /\""),
             cl::cat(category)),
      cpu("mcpu", cl::value_desc("cpu"),
          cl::desc("The CPU to compile for: any name of LLVM, or native"),
          cl::cat(category)),
      target("target", cl::value_desc("triple"),
             cl::desc("The target triple (default: that of the CPU, or of this "
                      "machine)"),
             cl::cat(category)),
      attrs("mattr", cl::value_desc("+f,-g"),
            cl::desc("Features to add to or take from the CPU's"),
            cl::cat(category)),
      march("march", cl::value_desc("arch"),
            cl::desc("An architecture with extensions, such as rv64gcv"),
            cl::cat(category)),
      sveVectorBits("msve-vector-bits", cl::init(0), cl::value_desc("N"),
                    cl::desc("Use SVE, whose vectors have 256 or 512 bits on "
                             "the machine"),
                    cl::cat(category)),
      name("name", cl::value_desc("prefix"),
           cl::desc("The prefix of all C names (default: from the file name)"),
           cl::cat(category)),
      level("O", cl::Prefix, cl::init("2"), cl::value_desc("level"),
            cl::desc("Optimise: -O0 to -O3, or -Os for size"),
            cl::cat(category)),
      maxRam("max-ram", cl::value_desc("bytes"),
             cl::desc("The RAM for arena and stack, such as 64K: the fastest "
                      "way that takes no more, or an error"),
             cl::cat(category)),
      maxFlash("max-flash", cl::value_desc("bytes"),
               cl::desc("The flash for code and constants, such as 1M: the "
                        "fastest way that takes no more, or an error"),
               cl::cat(category)),
      memoryMap("memory-map", cl::value_desc("file.json"),
                cl::desc("The memories of the device: tensors are placed in "
                         "the fastest that have room, and each is an argument "
                         "of its own"),
                cl::cat(category)),
      shapes("shape", cl::value_desc("input:1x3x224x224"),
             cl::desc("The shape of an input with symbolic dimensions"),
             cl::cat(category)),
      dims("dim", cl::value_desc("N=1..512"),
           cl::desc("The size of a symbolic dimension, or the least and the "
                    "largest that it has at run time"),
           cl::cat(category)),
      noIntegers("fno-integers",
                 cl::desc("Compute convolutions and products of quantised "
                          "values in f32, as ONNX spells them out"),
                 cl::cat(category)),
      rounding("rounding", cl::init("onnx"), cl::value_desc("form"),
               cl::desc("How quantised values are rounded: onnx (default), or "
                        "tflite for the bits of TFLite's reference kernels"),
               cl::cat(category)),
      warnFallback("Wfloat-fallback", cl::init(true),
                   cl::desc("Name what stays in float in a quantised network "
                            "(default)"),
                   cl::cat(category)),
      noWarnFallback("Wno-float-fallback",
                     cl::desc("Do not name what stays in float"),
                     cl::cat(category)),
      errors("Werror", cl::value_desc("warning"),
             cl::desc("Make a warning an error: float-fallback"),
             cl::cat(category)),
      quantize("quantize", cl::value_desc("form"),
               cl::desc("Quantise a network of real numbers with the examples "
                        "of --calibrate: int8 for all that can be, int16 for "
                        "activations of up to 16 bits, or auto for what each "
                        "layer needs to keep to --max-loss, --max-bytes and "
                        "--max-latency: f32, int16, int8 or f32 by weights of "
                        "4 bits. int8-weights, "
                        "int4-weights and int2-weights store only weights in "
                        "so many bits, and use examples if there are any; "
                        "f16-weights, bf16-weights, f8e4m3-weights and "
                        "f8e5m2-weights as such floats. "
                        "int8-dynamic computes the scales of activations when "
                        "the network runs, and needs no examples"),
               cl::cat(category)),
      blockSize("block-size", cl::init(-1), cl::value_desc("N"),
                cl::desc("The weights of an output channel that share a scale, "
                         "with --quantize=int4-weights and the like: 128, or "
                         "all of them for int8-weights, if this is not given"),
                cl::cat(category)),
      palette(
          "palette", cl::init(0), cl::value_desc("bits"),
          cl::desc("Let the weights of a layer have as few values as 2 to 8 "
                   "bits can tell apart, by the examples of --calibrate if "
                   "there are any; -fcompress-weights stores those bits, or "
                   "fewer"),
          cl::cat(category)),
      maxLoss("max-loss", cl::value_desc("share"),
              cl::desc("How much worse the results may get, such as 0.5%: of "
                       "all answers, if the examples have labels, or the "
                       "relative difference"),
              cl::cat(category)),
      maxBytes("max-bytes", cl::value_desc("bytes"),
               cl::desc("What --quantize=auto may make of the constants, such "
                        "as 500K: the forms of layers that lose least"),
               cl::cat(category)),
      maxLatency("max-latency", cl::value_desc("us"),
                 cl::desc("What an inference may take in microseconds with "
                          "--quantize=auto, as the cost model of the CPU "
                          "predicts: the forms of layers that lose least"),
                 cl::cat(category)),
      accuracyReport("accuracy-report", cl::value_desc("file"),
                     cl::desc("Write how well the quantised network "
                              "approximates the other one, value by value: as "
                              "a page if the name ends in .html, else JSON"),
                     cl::cat(category)),
      calibrate("calibrate", cl::value_desc("examples"),
                cl::desc("Examples of the inputs: an .npz file with them along "
                         "the first dimension, or a folder of such files or of "
                         "pictures (.png, .jpg)"),
                cl::cat(category)),
      calibration("calibration", cl::init("minmax"), cl::value_desc("rule"),
                  cl::desc("The range of values that is expressed: minmax, "
                           "average (of the examples' extremes), percentile, "
                           "mse or entropy"),
                  cl::cat(category)),
      corrections("corrections", cl::init("bias"), cl::value_desc("list"),
                  cl::desc("What makes good for 8 or 16 bits, with commas: "
                           "bias (default) for the means that rounding weights "
                           "shifts, equalize for channels of one range where "
                           "these can be scaled and scaled back, rounding for "
                           "weights up or down as it disturbs products less, "
                           "means for biases by how the means of results shift "
                           "in the network, layer after layer (the default, "
                           "with bias, of --quantize=auto); or none"),
                  cl::cat(category)),
      inputType("input-type", cl::value_desc("type"),
                cl::desc("What the caller gives: int8, uint8, int16 or uint16 "
                         "for the integers of inputs that are quantised, whose "
                         "scales the header has, or f32"),
                cl::cat(category)),
      outputType("output-type", cl::value_desc("type"),
                 cl::desc("What the caller gets; see --input-type"),
                 cl::cat(category)),
      prune(
          "prune", cl::value_desc("method:zeros"),
          cl::desc("Make weights of f32 zero: those of least magnitude "
                   "(magnitude), or those that others make good for best on "
                   "the examples of --calibrate (obc). A share of them "
                   "(magnitude:0.8), a share in blocks of output by input "
                   "channels (magnitude:0.8:4x1), the same share in each layer "
                   "(magnitude:0.8:uniform, magnitude:0.8:4x1:uniform), or "
                   "all but so many of each group of input channels "
                   "(magnitude:2:4); or remove "
                   "channels that a share of the multiplications is for "
                   "(channels:0.4, by examples if there are any), each of "
                   "these in several rounds (obc:0.9:rounds=4); or as many "
                   "in each layer as --max-loss, --max-bytes, --max-flash and "
                   "--max-latency ask for (auto, auto:4x1, auto:2:4), together "
                   "with --quantize=auto"),
          cl::cat(category)),
      pruneMask(
          "prune-mask", cl::value_desc("file.npz"),
          cl::desc("Make weights zero where these masks are, by the names "
                   "of layers as --emit-mask writes them"),
          cl::cat(category)),
      lowRank(
          "low-rank", cl::value_desc("share:loss"),
          cl::desc("Multiply by two small matrices in place of a large one, "
                   "with this share of the multiplications of a layer "
                   "(0.5), where that is faster, chosen by the examples of "
                   "--calibrate; with a limit (0.5:1%) only where results "
                   "of the layer are not further off"),
          cl::cat(category)),
      imageFlags(category),
      tune("tune",
           cl::desc("Measure the best candidates of the cost models for each "
                    "kernel, here or through --runner, and take the fastest"),
           cl::cat(category)),
      tuneCache("tune-cache", cl::value_desc("folder"),
                cl::desc("Keep what --tune measures, and do not measure again "
                         "what is there"),
                cl::cat(category)),
      precision(
          "precision", cl::init(Precision::F32),
          cl::desc("How exact a network of f32 is computed:"),
          cl::values(clEnumValN(Precision::F32, "f32", "in f32 (default)"),
                     clEnumValN(Precision::BF16, "bf16",
                                "products of factors rounded to bf16, summed "
                                "in f32, where the CPU multiplies those"),
                     clEnumValN(Precision::F16, "f16",
                                "weights and what is between layers rounded "
                                "to f16; at most 64 products are summed in "
                                "f16 before they are added in f32. A CPU that "
                                "only converts f16 computes in f32")),
          cl::cat(category)),
      excessPrecision(
          "fexcess-precision", cl::init(ExcessPrecision::Fast),
          cl::desc("How values that the model declares as f16 or bf16 are "
                   "computed:"),
          cl::values(clEnumValN(ExcessPrecision::Fast, "fast",
                                "in f32, and rounded where they leave the "
                                "model (default)"),
                     clEnumValN(ExcessPrecision::None, "none",
                                "rounded after each operation of the model")),
          cl::cat(category)),
      threads("fthreads", cl::init(1), cl::value_desc("N"),
              cl::desc("Split kernels for up to N threads, which the caller of "
                       "the network provides through a hook"),
              cl::cat(category)),
      pic("fPIC", cl::desc("Position independent code"), cl::cat(category)),
      noPic("fno-PIC", cl::desc("Code for a fixed address"), cl::cat(category)),
      noWinograd("fno-winograd",
                 cl::desc("Multiply convolutions out: smaller weights, and no "
                          "other rounding than theirs"),
                 cl::cat(category)),
      noSparse("fno-sparse",
               cl::desc("Multiply by weights that are zero as by any others"),
               cl::cat(category)),
      compressWeights(
          "fcompress-weights",
          cl::desc(
              "Store constants in fewer bytes, where that is possible, and "
              "decode them into the arena before the layer that reads "
              "them, bit for bit; --max-flash does it as far as it has to"),
          cl::cat(category)),
      sparse("fsparse",
             cl::desc("Leave weights that are zero out wherever a kernel can, "
                      "also where that is expected to be slower"),
             cl::cat(category)),
      layerSteps("flayer-steps",
                 cl::desc("Add a function that runs one layer at a time"),
                 cl::cat(category)),
      profileLayers("fprofile-layers",
                    cl::desc("Call a function of yours at the begin of each "
                             "layer"),
                    cl::cat(category)),
      dumpLayers("fdump-layers",
                 cl::desc("Call a function of yours with the results of each "
                          "layer"),
                 cl::cat(category)),
      printTargets("print-targets",
                   cl::desc("Print the CPUs that have records"),
                   cl::cat(category)),
      printOperators("print-operators",
                     cl::desc("Print the operators that have converters, and "
                              "their versions"),
                     cl::cat(category)),
      verbose("v", cl::desc("Say what is compiled, and for what"),
              cl::cat(category)) {}

bool CommonFlags::parseShapes() {
  for (llvm::StringRef text : shapes) {
    auto [input, dims] = text.rsplit(':');
    llvm::SmallVector<llvm::StringRef> parts;
    dims.split(parts, 'x');
    llvm::SmallVector<int64_t> shape;
    for (llvm::StringRef part : parts) {
      int64_t size;
      if (dims.empty() || part.getAsInteger(10, size) || size < 1)
        return reportError("cannot read --shape=" + text +
                           "; expected NAME:SIZExSIZEx..., each size at least "
                           "1");
      shape.push_back(size);
    }
    import.shapes[input] = shape;
  }
  return true;
}

bool CommonFlags::parseDims() {
  constexpr int64_t most = std::numeric_limits<int32_t>::max();
  for (llvm::StringRef text : dims) {
    auto [name, sizes] = text.rsplit('=');
    auto [first, last] = sizes.split("..");
    int64_t low, high;
    bool isRange = sizes.contains("..");
    if (name.empty() || first.getAsInteger(10, low) ||
        (isRange ? last.getAsInteger(10, high) : (high = low, false)) ||
        low < 0 || high < std::max<int64_t>(low, 1) || high > most)
      return reportError("cannot read --dim=" + text +
                         "; expected NAME=SIZE or NAME=LEAST..LARGEST");
    if (low == high)
      import.dims[name] = low;
    else
      import.bounds[name.str()] = {low, high};
  }
  if (!import.bounds.empty() && !calibrate.empty())
    return reportError("--calibrate is for fixed sizes, and --dim=" +
                       dims.front() + " has a range; expected one of them");
  return true;
}

bool CommonFlags::parseLimits() {
  auto parse = [](const cl::opt<std::string> &flag,
                  std::optional<uint64_t> &limit) {
    if (flag.empty())
      return true;
    limit = parseBytes(flag);
    return limit || reportError("cannot read --" + flag.ArgStr + "=" + flag +
                                "; expected a number of bytes, or one that "
                                "ends in K or M");
  };
  return parse(maxRam, limits.ram) && parse(maxFlash, limits.flash);
}

bool CommonFlags::parseMap() {
  if (memoryMap.empty())
    return true;
  if (threads > 1)
    return reportError("--memory-map is for one thread, and -fthreads=" +
                       llvm::Twine(threads) +
                       " for several; expected one of "
                       "them");
  auto file = llvm::MemoryBuffer::getFile(memoryMap);
  if (!file)
    return reportError("cannot read '" + memoryMap +
                       "': " + file.getError().message());
  auto parsed = parseMemoryMap((*file)->getBuffer());
  if (!parsed)
    return reportError("in the memory map '" + memoryMap +
                       "': " + llvm::toString(parsed.takeError()));
  memories = std::move(*parsed);
  return true;
}

bool CommonFlags::parseWarnings() {
  if (!warnFallback || noWarnFallback)
    floatFallback = WarningLevel::Off;
  for (llvm::StringRef name : errors) {
    if (name != "float-fallback")
      return reportError("unknown warning in -Werror=" + name +
                         "; expected float-fallback");
    floatFallback = WarningLevel::Error;
  }
  return true;
}

bool CommonFlags::parseBudget() {
  bool isChosen = quantize == "auto" || prunesBy(prune::Method::Auto);
  if (isChosen && limits.flash)
    budget.flash = double(*limits.flash);
  bool isLimited = !maxLoss.empty() || !maxBytes.empty() || !maxLatency.empty();
  if (isChosen ? !isLimited && !budget.flash : isLimited)
    return reportError("--quantize=auto and --prune=auto go together with "
                       "--max-loss, --max-bytes, --max-flash or "
                       "--max-latency");
  if (quantize.empty())
    budget.forms = FormsAllowed::Real;
  else if (quantize != "auto")
    budget.forms = FormsAllowed::Integers;
  if (!maxLoss.empty()) {
    llvm::StringRef text = maxLoss;
    double unit = text.consume_back("%") ? 0.01 : 1;
    double value = 0;
    if (text.getAsDouble(value) || !(value >= 0 && value * unit <= 1))
      return reportError("cannot read --max-loss=" + maxLoss +
                         "; expected a share such as 0.005 or 0.5%");
    budget.loss = value * unit;
  }
  if (!maxBytes.empty()) {
    std::optional<uint64_t> bytes = parseBytes(maxBytes);
    if (!bytes)
      return reportError("cannot read --max-bytes=" + maxBytes +
                         "; expected a number of bytes, or one that ends in K "
                         "or M");
    budget.bytes = double(*bytes);
  }
  if (!maxLatency.empty()) {
    double value = 0;
    if (llvm::StringRef(maxLatency).getAsDouble(value) ||
        !(value > 0 && value <= 1e12))
      return reportError("cannot read --max-latency=" + maxLatency +
                         "; expected microseconds above 0");
    budget.microseconds = value;
  }
  return true;
}

/// The bits of weights in a form such as `int4-weights`; 0 for other forms.
static unsigned weightBits(llvm::StringRef form) {
  return llvm::StringSwitch<unsigned>(form)
      .Case("int2-weights", 2)
      .Case("int4-weights", 4)
      .Case("int8-weights", 8)
      .Default(0);
}

bool CommonFlags::parseWeights() {
  weights.bits = weightBits(quantize);
  weights.dynamic = quantize == "int8-dynamic";
  weights.floats = llvm::StringSwitch<std::string>(quantize)
                       .Case("f16-weights", "f16")
                       .Case("bf16-weights", "bf16")
                       .Case("f8e4m3-weights", "f8e4m3")
                       .Case("f8e5m2-weights", "f8e5m2")
                       .Default("");
  if (!weights.bits && blockSize.getNumOccurrences())
    return reportError("--block-size is about weights that "
                       "--quantize=int4-weights and the like store");
  constexpr int64_t least = 16;
  if (blockSize.getNumOccurrences() && blockSize != 0 && blockSize < least)
    return reportError("cannot use --block-size=" + llvm::Twine(blockSize) +
                       "; expected at least 16, or 0 for one scale per output "
                       "channel");
  weights.blockSize = weights.bits == 8 ? 0 : 128;
  if (blockSize.getNumOccurrences())
    weights.blockSize = blockSize;
  return true;
}

bool CommonFlags::parsePalette() {
  weights.paletteBits = palette;
  if (palette.getNumOccurrences() && (palette < 2 || palette > 8))
    return reportError("cannot use --palette=" + llvm::Twine(palette) +
                       "; expected 2 to 8 bits");
  if (palette && weights.bits && weights.bits < 8)
    return reportError("--quantize=" + quantize +
                       " has fewer numbers than --palette chooses among; "
                       "expected int8-weights or int8");
  return true;
}

bool CommonFlags::parseQuantization() {
  if (!parseWeights() || !parsePalette())
    return false;
  if (rounding != "onnx" && rounding != "tflite")
    return reportError("unknown form '" + rounding +
                       "' in --rounding; expected onnx or tflite");
  if (rounding == "tflite" && (noIntegers || optLevel == OptLevel::O0))
    return reportError("--rounding=tflite is about integers, which " +
                       llvm::Twine(noIntegers ? "-fno-integers" : "-O0") +
                       " does without");
  if (!quantize.empty() && quantize != "int8" && quantize != "int16" &&
      quantize != "auto" && !weights.bits && !weights.dynamic &&
      weights.floats.empty())
    return reportError(
        "unknown form '" + quantize +
        "' in --quantize; expected int8, int16, auto, "
        "int8-dynamic, int8-weights, int4-weights, int2-weights, "
        "f16-weights, bf16-weights, f8e4m3-weights or f8e5m2-weights");
  bool weightsAlone =
      weights.bits || weights.dynamic || !weights.floats.empty();
  if ((weights.dynamic || !weights.floats.empty()) && !calibrate.empty())
    return reportError("--quantize=" + quantize + " needs no --calibrate");
  if (!weights.floats.empty() && precision == Precision::F16)
    return reportError("--precision=f16 says how weights are stored, so "
                       "--quantize=" +
                       quantize + " cannot");
  if (weightsAlone && prunesBy(prune::Method::Auto))
    return reportError("--prune=auto chooses together with --quantize=auto, "
                       "int8 or int16, not with --quantize=" +
                       quantize);
  if (weightsAlone && !accuracyReport.empty())
    return reportError("--accuracy-report is about activations with known "
                       "scales, which --quantize=" +
                       quantize + " has not");
  if (!weightsAlone && quantize.empty() != calibrate.empty() &&
      !(quantize.empty() && (pruning.pruning || palette || rank.share > 0)))
    return reportError("--quantize and --calibrate go together");
  if (!accuracyReport.empty() && quantize.empty())
    return reportError("--accuracy-report is about networks that --quantize "
                       "quantises");
  if (!parseBudget())
    return false;
  std::optional<RangeRule> rule = parseRangeRule(calibration);
  if (!rule)
    return reportError("unknown rule '" + calibration +
                       "' in --calibration; expected minmax, average, "
                       "percentile, mse or entropy");
  rangeRule = *rule;
  return true;
}

bool CommonFlags::parseCorrections() {
  if (corrections.getNumOccurrences() && calibrate.empty())
    return reportError("--corrections goes with --calibrate");
  llvm::SmallVector<llvm::StringRef> names;
  llvm::StringRef(corrections).split(names, ',');
  chosenCorrections = {};
  chosenCorrections.bias = false;
  std::pair<llvm::StringRef, bool *> known[] = {
      {"bias", &chosenCorrections.bias},
      {"equalize", &chosenCorrections.equalize},
      {"rounding", &chosenCorrections.rounding},
      {"means", &chosenCorrections.means}};
  for (llvm::StringRef name : names) {
    auto *found = llvm::find_if(
        known, [&](const auto &entry) { return entry.first == name; });
    if (found != std::end(known))
      *found->second = true;
    else if (corrections != "none")
      return reportError("unknown name '" + name +
                         "' in --corrections; expected bias, equalize, "
                         "rounding, means or none");
  }
  // Layers are measured many times anyway.
  if (!corrections.getNumOccurrences())
    chosenCorrections.means = quantize == "auto";
  return true;
}

bool CommonFlags::parseImages() {
  auto parsed = imageFlags.parse(!calibrate.empty());
  if (!parsed)
    return reportError(llvm::toString(parsed.takeError()));
  imageRules = std::move(*parsed);
  return true;
}

bool CommonFlags::parseInterface() {
  constexpr llvm::StringRef types[] = {"",      "int8",   "uint8",
                                       "int16", "uint16", "f32"};
  for (const auto *flag : {&inputType, &outputType})
    if (!llvm::is_contained(types, flag->getValue()))
      return reportError("unknown type '" + flag->getValue() + "' in --" +
                         flag->ArgStr +
                         "; expected int8, uint8, int16, uint16 or f32");
  return true;
}

bool CommonFlags::prunesBy(prune::Method method) const {
  return pruning.pruning && pruning.pruning->method == method;
}

bool CommonFlags::parsePruning() {
  if (!prune.empty()) {
    auto parsed = prune::parsePruning(prune);
    if (!parsed)
      return reportError("in --prune: " + llvm::toString(parsed.takeError()));
    pruning.pruning = *parsed;
  }
  if ((prunesBy(prune::Method::SecondOrder) || prunesBy(prune::Method::Auto)) &&
      calibrate.empty())
    return reportError("--prune=" + prune +
                       " goes by examples, which --calibrate names");
  if (pruneMask.empty())
    return true;
  auto masks = readMasks(pruneMask);
  if (!masks)
    return reportError(llvm::toString(masks.takeError()));
  pruning.given = std::make_shared<prune::Masks>(std::move(*masks));
  return true;
}

bool CommonFlags::parseLowRank() {
  if (lowRank.empty())
    return true;
  auto parsed = prune::parseLowRank(lowRank);
  if (!parsed)
    return reportError("in --low-rank: " + llvm::toString(parsed.takeError()));
  if (calibrate.empty())
    return reportError("--low-rank=" + lowRank +
                       " goes by examples, which --calibrate names");
  rank = *parsed;
  return true;
}

bool CommonFlags::parseTuning() {
  if (!tune && !tuneCache.empty())
    return reportError("--tune-cache is for what --tune measures");
  if (tune && optLevel != OptLevel::O2 && optLevel != OptLevel::O3)
    return reportError("--tune is for speed, so it goes with -O2 or -O3 only");
  return true;
}

std::optional<int> CommonFlags::parse(int argc, char **argv,
                                      llvm::StringRef overview) {
  // First, so that --mlir-print-ir-before= and the like know the names.
  registerPasses();
  mlir::registerAsmPrinterCLOptions();
  mlir::registerMLIRContextCLOptions();
  mlir::registerPassManagerCLOptions();
  mlir::registerDefaultTimingManagerCLOptions();
  cl::SetVersionPrinter([](llvm::raw_ostream &os) {
    os << "edgecc " EDGECC_VERSION " (LLVM " LLVM_VERSION_STRING ")\n";
  });
  // The flags of LLVM that come along are for --help-hidden.
  for (auto [flag, option] : cl::getRegisteredOptions()) {
    if (!llvm::is_contained(option->Categories, &category) &&
        !flag.starts_with("mlir-print-ir") &&
        !flag.starts_with("mlir-timing") && !flag.starts_with("help") &&
        flag != "version")
      option->setHiddenFlag(cl::Hidden);
  }
  cl::ParseCommandLineOptions(argc, argv, overview);
  if (printTargets) {
    edgecc::printTargets(llvm::outs());
    return 0;
  }
  if (printOperators) {
    edgecc::printOperators(llvm::outs());
    return 0;
  }
  if (model.empty()) {
    reportError("no model file; see --help");
    return 1;
  }
  std::optional<OptLevel> parsed = parseOptLevel(level);
  if (!parsed) {
    reportError("unknown optimisation level -O" + level +
                "; expected -O0 to -O3 or -Os");
    return 1;
  }
  optLevel = *parsed;
  constexpr unsigned mostThreads = 64;
  if (threads < 1 || threads > mostThreads) {
    reportError(
        "cannot split kernels for -fthreads=" + std::to_string(threads) +
        "; expected 1 to " + std::to_string(mostThreads));
    return 1;
  }
  if (threads > 1 && layerSteps) {
    reportError("-flayer-steps runs layers on one thread, and -fthreads=" +
                std::to_string(threads) + " on several; expected one of them");
    return 1;
  }
  if (!parseShapes() || !parseDims() || !parseLimits() || !parseMap() ||
      !parseWarnings() || !parsePruning() || !parseLowRank() ||
      !parseQuantization() || !parseCorrections() || !parseImages() ||
      !parseInterface() || !parseTuning())
    return 1;
  return std::nullopt;
}

/// Whether `word` stands in `text` and is not a part of a longer word.
static bool hasWord(llvm::StringRef text, llvm::StringRef word) {
  auto isEdge = [&](size_t at) {
    return at >= text.size() || !llvm::isAlnum(text[at]);
  };
  for (size_t at = text.find(word); at != llvm::StringRef::npos;
       at = text.find(word, at + 1))
    if ((at == 0 || isEdge(at - 1)) && isEdge(at + word.size()))
      return true;
  return false;
}

void CommonFlags::install(Compiler &compiler) const {
  bool showRemarks = verbose;
  compiler.getContext().getDiagEngine().registerHandler(
      [showRemarks](mlir::Diagnostic &diagnostic) {
        auto print = [](const mlir::Diagnostic &message,
                        llvm::StringRef severity) {
          llvm::errs() << "edgecc: " << severity << ": ";
          // Most messages name their node or file themselves.
          std::string text = message.str();
          message.getLocation()->walk([&](mlir::Location part) {
            auto named = llvm::dyn_cast<mlir::NameLoc>(part);
            if (!named)
              return mlir::WalkResult::advance();
            llvm::StringRef name = named.getName().getValue();
            if (!hasWord(text, name))
              llvm::errs() << name << ": ";
            return mlir::WalkResult::interrupt();
          });
          llvm::errs() << text << "\n";
        };
        switch (diagnostic.getSeverity()) {
        case mlir::DiagnosticSeverity::Remark:
          if (showRemarks)
            print(diagnostic, "remark");
          break;
        case mlir::DiagnosticSeverity::Note:
          print(diagnostic, "note");
          break;
        case mlir::DiagnosticSeverity::Warning:
          print(diagnostic, "warning");
          break;
        case mlir::DiagnosticSeverity::Error:
          print(diagnostic, "error");
          break;
        }
        if (diagnostic.getSeverity() == mlir::DiagnosticSeverity::Error ||
            showRemarks)
          for (const mlir::Diagnostic &note : diagnostic.getNotes())
            print(note, "note");
        return mlir::success();
      });
}

CompileOptions CommonFlags::getOptions() const {
  CompileOptions options;
  options.import = import;
  options.target = {target, cpu, attrs, march, sveVectorBits};
  options.codegen.optLevel = optLevel;
  // It would mix the few values of weights.
  options.winograd = !noWinograd && !palette;
  options.sparse = !noSparse;
  options.savedConstants = compressWeights ? INT64_MAX : 0;
  options.alwaysSparse = sparse;
  options.threads = threads;
  options.layers = {layerSteps, profileLayers, dumpLayers};
  if (pic || noPic)
    options.codegen.pic = bool(pic);
  options.name = name;
  options.integers = !noIntegers;
  options.roundAsTflite = rounding == "tflite";
  options.precision = precision;
  options.excessPrecision = excessPrecision;
  options.floatFallback = floatFallback;
  options.weights = weights;
  options.prune = pruning;
  options.lowRank = rank;
  options.inputType = inputType;
  options.outputType = outputType;
  if (!calibrate.empty()) {
    CalibratorPtr calibrator = createCalibrator(
        {calibrate, imageRules, rangeRule, quantize == "int16" ? 16u : 8u,
         budget, accuracyReport, chosenCorrections,
         /*compresses=*/compressWeights});
    options.prune.calibrator = calibrator;
    options.paletteCalibrator = calibrator;
    if (!quantize.empty() || prunesBy(prune::Method::Auto))
      options.calibrator = calibrator;
  }
  if (tune)
    options.tuner = createTuner(
        {runner, tuneCache, EDGECC_VERSION " " LLVM_VERSION_STRING});
  options.limits = limits;
  options.memoryMap = memories;
  options.configure = [](mlir::PassManager &manager) {
    mlir::applyDefaultTimingPassManagerCLOptions(manager);
    return mlir::applyPassManagerCLOptions(manager);
  };
  return options;
}

bool tools::writeFile(llvm::StringRef path,
                      llvm::function_ref<void(llvm::raw_ostream &)> write,
                      llvm::function_ref<bool()> then) {
  std::error_code error;
  llvm::ToolOutputFile file(path, error, llvm::sys::fs::OF_None);
  if (error)
    return reportError("cannot write '" + path + "': " + error.message());
  if (then && !then())
    return false;
  write(file.os());
  file.os().flush();
  if (file.os().has_error()) {
    std::string message = file.os().error().message();
    file.os().clear_error();
    return reportError("cannot write '" + path + "': " + message);
  }
  file.keep();
  return true;
}
