//===- Compiler.h - the compiler as a library -------------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
//
// All work of the tools: a model file in, text of any stage or an object with
// its header out. Nothing here reads flags or writes files.
//
//===----------------------------------------------------------------------===//

#ifndef EDGECC_COMPILER_API_COMPILER_H
#define EDGECC_COMPILER_API_COMPILER_H

#include "codegen/cost/LayerCost.h"
#include "codegen/cpu/ResolveCpu.h"
#include "codegen/object/EmitObject.h"
#include "compiler/import/Import.h"
#include "compiler/pipeline/Stages.h"
#include "dialects/Target/MemoryMap.h"

#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/OwningOpRef.h"

#include <string>
#include <vector>

namespace edgecc {

/// What a network may take; nothing where there is no limit.
struct MemoryLimits {
  /// Bytes of RAM: arena, stack and variables.
  std::optional<uint64_t> ram;
  /// Bytes of flash: code and constants.
  std::optional<uint64_t> flash;
};

/// How exact a network of f32 is computed.
enum class Precision {
  F32,
  /// Factors of products are rounded to bf16, on CPUs that multiply those, and
  /// summed in f32.
  BF16,
  /// What is stored is rounded to f16. CPUs that multiply f16 sum a few
  /// products in f16, and such sums in f32; others compute in f32.
  F16,
};

/// How values that a model declares as f16 or bf16 are computed.
enum class ExcessPrecision {
  /// In f32, and rounded where they leave the model.
  Fast,
  /// Rounded after each operation.
  None,
};

/// What to compile for, and how.
struct CompileOptions {
  ImportOptions import;
  TargetRequest target;
  CodegenOptions codegen;
  /// Whether convolutions may trade space and rounding for fewer products
  /// (Winograd), where that is faster; at -O2, -O3 and -Os.
  bool winograd = true;
  /// Whether convolutions may leave out weights that are zero, where that is
  /// faster; from -O1 on.
  bool sparse = true;
  /// Bytes of constants to save by storing them in another form, which a run
  /// decodes into the arena layer by layer; all that can be if there are fewer.
  int64_t savedConstants = 0;
  /// Whether they are left out wherever a kernel can, also where that is
  /// slower.
  bool alwaysSparse = false;
  /// The prefix of all C names; from the file name if empty.
  std::string name;
  /// What the network may take. What would take more is compiled anew with
  /// other choices, those that cost least time first.
  MemoryLimits limits;
  /// The memories of the device, if there is more than one.
  target::MemoryMap memoryMap;
  /// Bytes of arena to reach with the least extra work; without it, what limits
  /// of RAM and memory map leave, if there are any.
  std::optional<int64_t> arenaLimit;
  std::optional<int64_t> findArenaLimit() const;
  LayerEntries layers;
  /// Computes convolutions and products of quantised values with integers; f32
  /// otherwise.
  bool integers = true;
  /// Rounds quantised values as TFLite's reference kernels do, bit for bit, and
  /// not as ONNX has it.
  bool roundAsTflite = false;
  /// Finds the ranges by which a network of real numbers is quantised; without
  /// one it is not.
  CalibratorPtr calibrator;
  /// The types of inputs and outputs: int8, uint8, int16 or uint16 for what is
  /// quantised, f32, or empty for as they are.
  std::string inputType, outputType;
  /// Measures the best candidates of the cost models; without one these decide.
  kernels::KernelTunerPtr tuner;
  WeightStorage weights;
  /// Has examples for the tables of weights; may be null.
  CalibratorPtr paletteCalibrator;
  /// Which weights become zero.
  prune::PruneOptions prune;
  /// Which layers go through fewer channels.
  prune::LowRank lowRank;
  Precision precision = Precision::F32;
  ExcessPrecision excessPrecision = ExcessPrecision::Fast;
  /// The threads that a run may have; with one, the object knows nothing of
  /// threads.
  unsigned threads = 1;
  /// What is said of operations that stay in float in a quantised network.
  WarningLevel floatFallback = WarningLevel::Warning;
  /// What an NPU computes.
  NpuOptions npu;
  /// Whether to predict what the layers cost on the CPU.
  bool predictCost = false;
  /// Whether to warn if integers are predicted to take longer than f32, which
  /// takes as long as compiling both networks.
  bool compareIntegers = false;
  /// Called with every pass manager before it runs (printing, timing).
  std::function<llvm::LogicalResult(mlir::PassManager &)> configure;
};

/// The weights of an operation that multiplies.
struct WeightReport {
  int64_t count = 0, zeros = 0;
  /// Of all of them.
  int64_t bytes = 0;
  /// Where the zeros are, as `kernels::findPattern` names it.
  std::string pattern;
  /// Whether the kernel leaves zeros out, and why or why not.
  bool isSparse = false;
  std::string why;
  /// How many times faster the model expects the sparse kernel to be than the
  /// dense one, where both are known.
  std::optional<double> gain;
  /// Where weights are, as `kernels::drawWeights` draws them.
  std::string map;
};

/// One operation of the compiled network, for reports.
struct LayerReport {
  std::string name;
  std::string kind;
  int64_t macs = 0;
  /// Why tensors are transposed in it; empty text for transpositions of the
  /// network itself.
  std::vector<std::string> transposes;
  /// Bytes of the constants that it reads; layers may share some.
  int64_t weightBytes = 0;
  /// Its weights, if they are known.
  std::optional<WeightReport> weights;
  /// When it runs, and the buffers that it reads or writes.
  int64_t time = 0;
  llvm::SmallVector<int64_t> buffers;
  /// The memory of its operands.
  std::vector<OperandMemory> operands;
  /// The function that computes it.
  std::string kernel;
  /// What the kernel costs in one inference, if that was asked for and is
  /// known.
  std::optional<LayerCost> cost;
  /// What it took here, in microseconds, if that was measured.
  std::optional<double> measuredMicroseconds;
};

/// A piece of the arena, in use from time `first` to time `last`.
struct BufferReport {
  int64_t offset = 0, bytes = 0, first = 0, last = 0;
  /// The layer that uses it first.
  std::string layer;
  /// The buffer that it may share bytes with at time `first`, if that one
  /// begins `distance` bytes after it or later; -1 if there is none.
  int64_t over = -1, distance = 0;
  /// The number of the region that it is in.
  int64_t region = 0;
};

/// A copy of constants to faster memory: between `start` and `wait`, into a
/// buffer, for a layer.
struct CopyReport {
  std::string layer;
  int64_t start = 0, wait = 0, bytes = 0, buffer = 0;
};

/// An operation that could not be placed on the NPU.
struct CpuOperation {
  std::string name, kind, reason;
};

/// What an NPU computes of a network.
struct PlacementReport {
  std::string npu;
  int64_t operations = 0, regions = 0;
  std::vector<CpuOperation> onCpu;
};

/// What a change of weights did to the results on the examples.
struct LossReport {
  /// What was done.
  std::string cause;
  /// The relative difference of the results (L2).
  double divergence = 0;
  /// The share of right answers that were lost, if the examples have any.
  std::optional<double> answers;
  /// The share of the multiplications that it saves, if it is known.
  std::optional<double> saved;
};

/// A compiled network.
struct CompiledModel {
  /// The object file.
  llvm::SmallVector<char, 0> object;
  ModelInterface interface;
  target::CpuAttr cpu;
  SectionSizes sizes;
  std::vector<LayerReport> layers;
  std::vector<BufferReport> buffers;
  std::vector<CopyReport> copies;
  /// The most bytes of the arena that are alive at one time, and what any plan
  /// of these buffers takes at least.
  int64_t arenaBound = 0, arenaProven = 0;
  /// How many operations stay in float, if the network is quantised.
  std::optional<int64_t> floatFallbacks;
  /// What an NPU computes, if there is one.
  std::optional<PlacementReport> placement;
  /// What one inference costs, if that was asked for and is known.
  std::optional<LayerCost> cost;
  /// Of pruning and the like, in order, where there were examples.
  std::vector<LossReport> losses;

  /// Bytes of arena, stack and variables.
  uint64_t getRam() const {
    return interface.arenaBytes + interface.stackBytes.value_or(0) +
           sizes.writable;
  }
  /// Bytes of code and constants.
  uint64_t getFlash() const { return sizes.code + sizes.constants; }
};

/// Compiles models. Errors go to the diagnostic engine of its context; a
/// handler should be registered there first.
class Compiler {
public:
  Compiler();

  mlir::MLIRContext &getContext() { return context; }

  /// Reads a model and names it; the module has the CPU of `options`.
  mlir::OwningOpRef<mlir::ModuleOp> import(llvm::StringRef path,
                                           const CompileOptions &options);

  /// Takes a module of the stage `from` to `stage`, at most to `LLVM`.
  llvm::LogicalResult lower(mlir::ModuleOp module, Stage from, Stage stage,
                            const CompileOptions &options);

  /// Compiles a file to an object.
  llvm::FailureOr<CompiledModel> compile(llvm::StringRef path,
                                         const CompileOptions &options);

  /// Compiles a file up to `stage` and prints it: MLIR up to `LLVM`, assembly
  /// for `Asm`, LLVM IR with `asLLVMIR`.
  llvm::LogicalResult print(llvm::StringRef path, Stage stage, bool asLLVMIR,
                            const CompileOptions &options,
                            llvm::raw_ostream &os);

private:
  struct Generated;
  /// What a network of the edge stage takes, compiled with these options.
  llvm::FailureOr<NetworkPrice> price(mlir::ModuleOp module,
                                      CompileOptions options);
  /// From a module of the kernel stage to optimised LLVM IR.
  llvm::LogicalResult generate(mlir::ModuleOp module,
                               const CompileOptions &options,
                               Generated &generated);
  /// From a module of the kernel stage to an object.
  llvm::FailureOr<CompiledModel> finish(mlir::ModuleOp module,
                                        const CompileOptions &options);
  /// From a module of the opt stage to an object within the limits.
  llvm::FailureOr<CompiledModel> fit(mlir::ModuleOp module,
                                     const CompileOptions &options);
  llvm::LogicalResult
  runPasses(mlir::ModuleOp module, const CompileOptions &options,
            llvm::function_ref<void(mlir::OpPassManager &)> build);

  mlir::MLIRContext context;
};

/// The C prefix for a model file: its name without extension, as a C
/// identifier.
std::string modelNameFromPath(llvm::StringRef path);

} // namespace edgecc

#endif // EDGECC_COMPILER_API_COMPILER_H
