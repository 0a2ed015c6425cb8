//===- EthosU.cpp - Arm's Ethos-U55, U65 and U85 ----------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "codegen/npu/Costs.h"
#include "codegen/npu/Npu.h"
#include "codegen/npu/Rules.h"
#include "codegen/npu/ethos_u/LowerToTosa.h"
#include "codegen/npu/ethos_u/Vela.h"
#include "codegen/npu/ethos_u/WriteTosa.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace edgecc;
using namespace edgecc::edge;
using namespace edgecc::npu;

namespace {

/// One type of NPU.
struct Model {
  StringLiteral name;
  /// Multipliers.
  ArrayRef<StringLiteral> configurations;
  /// What memory it has, in Vela's words: the usual first.
  ArrayRef<StringLiteral> memoryModes;
  /// Clock and speed of memories, in Vela's words.
  StringLiteral system;
  /// Whether its multipliers wait for memory rather than memory for them, so
  /// that products with zeros are cheaper than a tensor of which somebody reads
  /// a part of each row: Vela does not lay such tensors out in bricks.
  bool keepsWidths;
};

} // namespace

static constexpr StringLiteral of55[] = {"32", "64", "128", "256"};
static constexpr StringLiteral of65[] = {"256", "512"};
static constexpr StringLiteral of85[] = {"128", "256", "512", "1024", "2048"};
static constexpr StringLiteral modes55[] = {"Shared_Sram", "Sram_Only"};
static constexpr StringLiteral modes65[] = {"Dedicated_Sram", "Shared_Sram",
                                            "Sram_Only"};
static constexpr StringLiteral modes85[] = {
    "Dedicated_Sram_384KB", "Dedicated_Sram_512KB", "Shared_Sram", "Sram_Only"};
static constexpr Model model55 = {"ethos-u55", of55, modes55,
                                  "Ethos_U55_High_End_Embedded", false};
static constexpr Model model65 = {"ethos-u65", of65, modes65,
                                  "Ethos_U65_High_End", false};
static constexpr Model model85 = {"ethos-u85", of85, modes85,
                                  "Ethos_U85_SYS_DRAM_Mid", true};

//===----------------------------------------------------------------------===//
// Rules
//===----------------------------------------------------------------------===//

static std::string checkBatch(Operation *op) {
  if (!isa<ConvOp, PoolOp, ReduceOp>(op))
    return {};
  int64_t batch = quantization::typeOf(op->getOperand(0)).getShape().front();
  if (batch == 1)
    return {};
  return "it has " + std::to_string(batch) +
         " images, and the NPU takes one at a time";
}

static std::string checkLimits(Operation *op) {
  if (auto pool = dyn_cast<PoolOp>(op))
    return checkWindow(op, /*kernel=*/256, /*stride=*/3, /*dilation=*/1);
  return checkWindow(op, /*kernel=*/64, /*stride=*/3, /*dilation=*/64);
}

//===----------------------------------------------------------------------===//
// The NPU
//===----------------------------------------------------------------------===//

namespace {
class EthosU : public Npu {
public:
  EthosU(const Model &model, StringRef configuration, VelaTarget target,
         CallCosts costs, bool verifies)
      : name((model.name + ":" + configuration).str()),
        target(std::move(target)), costs(costs), verifies(verifies),
        keepsWidths(model.keepsWidths) {
    configuration.getAsInteger(10, multipliers);
  }

  StringRef getName() const override { return name; }
  StringRef getDriver() const override {
    return verifies ? "edgecc_ethos_u_run_whole" : "edgecc_ethos_u_run";
  }
  std::optional<AsynchronousDriver> getAsynchronousDriver() const override {
    return AsynchronousDriver{verifies ? "edgecc_ethos_u_start_whole"
                                       : "edgecc_ethos_u_start",
                              "edgecc_ethos_u_wait"};
  }
  bool bringsDriver() const override { return true; }
  bool roundsAsTflite() const override { return true; }

  std::string objection(Operation *op) const override {
    static const std::vector<std::string> types = {"i8", "u8"};
    if (std::string sentence = checkTypes(op, types); !sentence.empty())
      return sentence;
    for (auto *rule : {checkRange, checkAnyContraction, checkSumWithConstant,
                       checkBatch, checkLimits, checkTosa})
      if (std::string sentence = rule(op); !sentence.empty())
        return sentence;
    return {};
  }

  /// As if all multipliers were busy, and the bus: Vela tells more, but takes
  /// long.
  std::string regionObjection(ArrayRef<Operation *> ops) const override {
    constexpr double bytesPerCycle = 8;
    double bytes = double(bytesOfConstants(ops) + findBorder(ops).bytes);
    return compareWithCpu(
        ops, {countWork(ops) / double(multipliers), bytes / bytesPerCycle},
        costs);
  }

  FailureOr<Program> compile(RegionOp region) const override;

private:
  std::string name;
  VelaTarget target;
  CallCosts costs;
  /// Whether each call checks that the program is whole.
  bool verifies;
  bool keepsWidths;
  int64_t multipliers = 1;
};
} // namespace

/// The bytes that runtime/npu/ethos_u/driver.c reads.
static Program packProgram(const VelaOutput &output) {
  // The core driver writes the tensors back and invalidates them, in lines of
  // caches that nobody else may use meanwhile.
  constexpr int64_t cacheLine = 32;
  auto aligned = [](size_t bytes) {
    return int64_t(llvm::alignTo(bytes, cacheLine));
  };
  std::vector<int64_t> offsets = output.inputOffsets;
  llvm::append_range(offsets, output.outputOffsets);
  int64_t commands = aligned(4 * (6 + offsets.size()));
  int64_t weights = commands + aligned(output.commands.size());
  std::vector<int64_t> header = {commands,
                                 int64_t(output.commands.size()),
                                 weights,
                                 int64_t(output.weights.size()),
                                 aligned(output.tensorBytes),
                                 aligned(output.fastBytes)};
  llvm::append_range(header, offsets);
  Program program;
  program.scratch = aligned(output.tensorBytes);
  program.fast = aligned(output.fastBytes);
  program.cycles = output.cycles;
  program.alignment = cacheLine;
  program.places.assign(offsets.begin(), offsets.end());
  program.bytes.resize(weights + aligned(output.weights.size()));
  for (auto [i, number] : llvm::enumerate(header))
    llvm::support::endian::write32le(program.bytes.data() + 4 * i,
                                     uint32_t(number));
  llvm::copy(output.commands, program.bytes.begin() + commands);
  llvm::copy(output.weights, program.bytes.begin() + weights);
  return program;
}

/// The operations of a region, for a message.
static std::string namesOf(RegionOp region) {
  SmallVector<std::string> names;
  for (Operation *op : region.getOperations())
    if (auto named = op->getLoc()->findInstanceOf<NameLoc>())
      if (std::string name = named.getName().str();
          !llvm::is_contained(names, name))
        names.push_back(name);
  constexpr size_t most = 6;
  size_t more = names.size() > most ? names.size() - most : 0;
  names.truncate(names.size() - more);
  std::string text = llvm::join(names, ", ");
  return more ? text + " and " + std::to_string(more) + " more" : text;
}

FailureOr<Program> EthosU::compile(RegionOp region) const {
  // Not the region's context: while passes run, it takes no more dialects.
  DialectRegistry registry;
  registry.insert<tosa::TosaDialect, func::FuncDialect>();
  MLIRContext context(registry, MLIRContext::Threading::DISABLED);
  context.loadAllAvailableDialects();
  OwningOpRef<ModuleOp> module =
      lowerToTosa(region, context, {multipliers, keepsWidths});
  if (!module)
    return failure();
  llvm::Expected<VelaOutput> output = runVela(writeTosa(*module), target);
  if (!output) {
    mlir::emitError(region.getLoc()) << llvm::toString(output.takeError())
                                     << " (for " << namesOf(region) << ")";
    return failure();
  }
  return packProgram(*output);
}

/// `argument` is a configuration, and behind commas how memory is used and
/// options with numbers: how long Vela may take, and costs.
static NpuPtr createEthosU(const Model &model, StringRef argument,
                           ErrorFn emitError) {
  auto [configuration, rest] = argument.split(',');
  VelaTarget target{(model.name + "-" + configuration).str(),
                    model.system.str(), model.memoryModes.front().str()};
  CallCosts costs;
  bool verifies = false;
  if (!llvm::is_contained(model.configurations, configuration)) {
    emitError() << "--npu=" << model.name << " has no configuration '"
                << configuration << "'; expected --npu=" << model.name
                << ": and one of " << llvm::join(model.configurations, ", ");
    return nullptr;
  }
  for (StringRef option : llvm::split(rest, ',')) {
    auto [name, text] = option.split('=');
    double number = 0;
    bool isNumber = !text.getAsDouble(number) && number > 0;
    if (isNumber && name == "timeout" && number >= 1)
      target.seconds = unsigned(std::min(number, 1e9));
    else if (isNumber && name == "launch")
      costs.launchCycles = number;
    else if (isNumber && name == "cpu-macs")
      costs.cpuMacsPerCycle = number;
    else if (llvm::is_contained({"timeout", "launch", "cpu-macs"}, name)) {
      emitError() << "--npu=" << model.name << " has '" << option
                  << "'; expected a number of "
                  << (name == "timeout"  ? "seconds"
                      : name == "launch" ? "cycles"
                                         : "multiply-accumulates per cycle");
      return nullptr;
    } else if (option == "verify") {
      verifies = true;
    } else if (llvm::is_contained(model.memoryModes, option)) {
      target.memoryMode = option.str();
    } else if (!option.empty()) {
      emitError() << "--npu=" << model.name << " has no memory mode '" << option
                  << "'; expected one of "
                  << llvm::join(model.memoryModes, ", ")
                  << ", or verify, timeout=, launch= and cpu-macs=";
      return nullptr;
    }
  }
  if (costs.launchCycles > 0 && costs.cpuMacsPerCycle == 0) {
    emitError() << "--npu=" << model.name
                << " has launch= and nothing to compare with; expected "
                   "cpu-macs= as well";
    return nullptr;
  }
  return std::make_shared<EthosU>(model, configuration, std::move(target),
                                  costs, verifies);
}

namespace edgecc::npu {
NpuPtr create_ethos_u55(StringRef argument, ErrorFn emitError) {
  return createEthosU(model55, argument, emitError);
}
NpuPtr create_ethos_u65(StringRef argument, ErrorFn emitError) {
  return createEthosU(model65, argument, emitError);
}
NpuPtr create_ethos_u85(StringRef argument, ErrorFn emitError) {
  return createEthosU(model85, argument, emitError);
}
} // namespace edgecc::npu
