//===- EdgeSim.cpp - the accelerator that is a simulator --------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
//
// The example of a plug-in for an NPU with a compiler of its own:
//
//   Machine       what the file that describes it says
//   Rules         below
//   Layers        operations as commands, and what each of them takes
//   Schedule      where tensors are, and what is loaded when
//   WriteProgram  the command stream
//
// docs/howto/edge-sim.md describes the accelerator.
//
//===----------------------------------------------------------------------===//

#include "codegen/npu/Npu.h"
#include "codegen/npu/Rules.h"
#include "codegen/npu/edge_sim/Schedule.h"
#include "codegen/npu/edge_sim/WriteProgram.h"

#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/MemoryBuffer.h"

using namespace mlir;
using namespace edgecc;
using namespace edgecc::edge;
using namespace edgecc::npu;
using edgecc::npu::edge_sim::Machine;
using edgecc::npu::edge_sim::Schedule;

/// Where no file is given.
static constexpr char defaultMachine[] =
#include "codegen/npu/edge_sim/DefaultMachine.inc"
    ;

//===----------------------------------------------------------------------===//
// Rules
//===----------------------------------------------------------------------===//

namespace {
/// One rule: the sentence that says how `op` breaks it; empty if it does not.
using Rule = std::string (*)(Operation *op);
} // namespace

static std::string checkBytes(Operation *op) {
  static const std::vector<std::string> types = {"i8", "u8"};
  for (Value value : ends(op))
    if (!quantization::quantizedType(value))
      return "its values are not quantised";
  return checkTypes(op, types);
}

static constexpr Rule rules[] = {checkBytes, checkRange, checkContraction,
                                 edge_sim::checkCommands};

//===----------------------------------------------------------------------===//
// The NPU
//===----------------------------------------------------------------------===//

namespace {
class EdgeSim : public Npu {
public:
  explicit EdgeSim(Machine machine) : machine(std::move(machine)) {}

  StringRef getName() const override { return machine.name; }
  StringRef getDriver() const override { return "edge_sim_run"; }
  std::optional<AsynchronousDriver> getAsynchronousDriver() const override {
    return AsynchronousDriver{"edge_sim_start", "edge_sim_wait"};
  }

  std::string objection(Operation *op) const override {
    for (Rule rule : rules)
      if (std::string sentence = rule(op); !sentence.empty())
        return sentence;
    std::optional<Schedule> alone = schedule(op);
    if (!alone)
      return llvm::formatv("it does not fit into the scratchpad of {0} bytes",
                           machine.scratchpadBytes);
    return {};
  }

  bool canHold(ArrayRef<Operation *> ops) const override {
    return schedule(ops).has_value();
  }

  std::string regionObjection(ArrayRef<Operation *> ops) const override {
    if (machine.costs.cpuMacsPerCycle == 0)
      return {};
    // The DMA works beside the array: what it takes is a part of the schedule.
    return compareWithCpu(ops, {double(schedule(ops)->cycles), 0},
                          machine.costs);
  }

  FailureOr<Program> compile(RegionOp region) const override {
    return edge_sim::writeProgram(region, machine);
  }

private:
  std::optional<Schedule> schedule(ArrayRef<Operation *> ops) const {
    SmallVector<Operation *> sorted(ops);
    llvm::sort(sorted, [](Operation *a, Operation *b) {
      return a->isBeforeInBlock(b);
    });
    return Schedule::get(sorted, machine, /*looksFurther=*/false);
  }

  Machine machine;
};
} // namespace

namespace edgecc::npu {
/// `argument` is a file that describes the accelerator, or empty.
NpuPtr create_edge_sim(StringRef argument, ErrorFn emitError) {
  std::string text = defaultMachine;
  if (!argument.empty()) {
    auto file = llvm::MemoryBuffer::getFile(argument);
    if (!file) {
      emitError() << "cannot read '" << argument
                  << "': " << file.getError().message();
      return nullptr;
    }
    text = (*file)->getBuffer().str();
  }
  llvm::Expected<Machine> machine = Machine::parse(text);
  if (!machine) {
    emitError() << argument << ": " << llvm::toString(machine.takeError());
    return nullptr;
  }
  return std::make_shared<EdgeSim>(std::move(*machine));
}
} // namespace edgecc::npu
