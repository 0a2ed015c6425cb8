//===- Stages.h - the order of the compiler ---------------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
//
// The way of a model through the compiler: one function and one option struct
// for each stage. The only room that knows the order of passes.
//
//===----------------------------------------------------------------------===//

#ifndef EDGECC_COMPILER_PIPELINE_STAGES_H
#define EDGECC_COMPILER_PIPELINE_STAGES_H

#include "codegen/kernels/Tune.h"
#include "codegen/npu/Npu.h"
#include "passes/OnnxToEdge/Passes.h"
#include "passes/Prune/LowRank.h"
#include "passes/Quantization/Calibrate.h"

#include "mlir/Pass/PassManager.h"

#include <optional>
#include <string>

namespace edgecc {

/// What a compilation can stop at, in order (`--compile-to=`).
enum class Stage { Onnx, Edge, Opt, Placed, Kernel, LLVM, Asm, Obj };

/// What becomes of a warning that can be switched (`-Wname`, `-Wno-name`,
/// `-Werror=name`).
enum class WarningLevel { Off, Warning, Error };

/// The stage of this name; nothing for any other name.
std::optional<Stage> parseStage(llvm::StringRef name);
/// All names, in order.
llvm::ArrayRef<llvm::StringRef> stageNames();

/// onnx to edge: operations of the edge dialect on static shapes.
struct EdgeStageOptions {
  OnnxToEdgeOptions conversion;
  /// Whether batches of an open size are computed one slice after the other.
  bool repeatSlices = true;
};
void buildEdgeStage(mlir::OpPassManager &manager,
                    const EdgeStageOptions &options);

/// How weights are stored whose network computes with real numbers.
struct WeightStorage {
  /// Of integers; 0 for floats.
  unsigned bits = 0;
  /// Whether layers multiply bytes, whose scales a run computes.
  bool dynamic = false;
  /// f16 or bf16; empty for as they are.
  std::string floats;
  /// The weights of an output channel that share a scale; 0 for all of them.
  int64_t blockSize = 0;
  /// How many bits tell the numbers of a layer apart; 0 for any numbers.
  unsigned paletteBits = 0;
};

/// What an NPU computes, and what becomes of the rest.
struct NpuOptions {
  /// Null for none.
  npu::NpuPtr npu;
  /// It is an error if anything stays on the CPU.
  bool only = false;
  /// Names of nodes that stay on the CPU.
  std::vector<std::string> excluded;
  /// Keeps code for the CPU, for when the driver of the NPU fails.
  bool fallback = false;
  /// Lets the CPU work while the NPU does, if that can, which keeps more bytes
  /// alive.
  bool overlaps = true;
};

/// edge to opt: channels-last without transposes, fused, constants folded.
struct OptStageOptions {
  /// Evaluates constant parts; without it they are computed at run time.
  EvaluateFn evaluate;
  /// 0 leaves the operations as they are, as far as kernels allow.
  unsigned optLevel = 2;
  /// Computes convolutions and products of quantised values with integers; f32
  /// otherwise.
  bool integers = true;
  /// Adds up integers for averages, exactly; f32 otherwise, which breaks ties
  /// as ONNX Runtime does.
  bool integerSums = false;
  /// Rounds quantised values as TFLite's kernels do, and not as ONNX has it.
  bool roundAsTflite = false;
  /// Finds the ranges by which a network of real numbers is quantised; without
  /// one it is not.
  CalibratorPtr calibrator;
  /// The types of inputs and outputs that are quantised, such as int8; as they
  /// are if empty.
  std::string inputType, outputType;
  /// Tells what quantised networks take, for the budget of the calibrator.
  PriceFn price;
  /// Warns if integers are predicted to take longer than f32, by `price`.
  bool compareIntegers = false;
  /// With `paletteBits`, by the examples of this, if it is not null.
  WeightStorage weights;
  CalibratorPtr paletteCalibrator;
  prune::PruneOptions prune;
  /// By the examples of `prune.calibrator`.
  prune::LowRank lowRank;
  /// Computes products of f32 from factors rounded to bf16.
  bool narrowProducts = false;
  /// What is said of operations that stay in float in a quantised network.
  WarningLevel floatFallback = WarningLevel::Warning;
  NpuOptions npu;
};
void buildOptStage(mlir::OpPassManager &manager,
                   const OptStageOptions &options);

/// opt to placed: what runs where, and in which pieces. All stays on the CPU
/// today; chains of operations are cut into bands of rows.
struct PlacedStageOptions {
  /// 0 leaves the operations as they are.
  unsigned optLevel = 2;
  /// Measures the best candidates of the cost models; without one these decide.
  kernels::KernelTunerPtr tuner;
  /// Whether fewer products may be among these.
  bool winograd = true;
  /// Stores floats as f16, for which constants are evaluated.
  bool narrowStorage = false;
  /// Stores weights of f32 as these floats, f16 or bf16; empty for as they are.
  std::string weightType;
  EvaluateFn evaluate;
};
void buildPlacedStage(mlir::OpPassManager &manager,
                      const PlacedStageOptions &options);

/// What a network offers of its single layers.
struct LayerEntries {
  /// A function that runs one of them.
  bool step = false;
  /// Calls of a function that the user may replace, at the begin of each.
  bool announce = false;
  /// Calls of a function that the user may replace, with the results of each.
  bool values = false;

  bool any() const { return step || announce || values; }
};

/// placed to kernel: loops on planned memory.
struct KernelStageOptions {
  /// Whether convolutions may trade space and rounding for fewer products.
  bool winograd = false;
  /// Whether convolutions may leave out the weights that are zero.
  bool sparse = false;
  /// Whether they do so wherever a kernel can, fast or not.
  bool alwaysSparse = false;
  /// By how much constants may grow for that where memory is scarce, percent.
  unsigned winogradGrowth = 25;
  /// The threads of a run, which the module says as well.
  unsigned threads = 1;
  /// Bytes of arena to reach with the least extra work; without it, the fewest
  /// where memory is scarce.
  std::optional<int64_t> arenaLimit;
  /// Bytes of constants to save by storing them in another form.
  int64_t savedConstants = 0;
  /// Whether the CPU works while an NPU does.
  bool overlapCalls = false;
  /// What the network offers of its layers.
  LayerEntries layers;
};
void buildKernelStage(mlir::OpPassManager &manager,
                      const KernelStageOptions &options);

/// kernel to llvm: the LLVM dialect.
struct LLVMStageOptions {
  /// Makes kernels one that differ in any constants, which is slower; those of
  /// different real numbers become one in any case.
  bool mergeKernels = false;
  /// As for the stage before.
  unsigned threads = 1;
};
void buildLLVMStage(mlir::OpPassManager &manager,
                    const LLVMStageOptions &options);

} // namespace edgecc

#endif // EDGECC_COMPILER_PIPELINE_STAGES_H
