//===- WriteProgram.cpp - command streams of edge-sim -----------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "codegen/npu/edge_sim/WriteProgram.h"
#include "codegen/npu/edge_sim/Schedule.h"
#include "passes/Quantization/Parameters.h"

#include "llvm/Support/CRC.h"
#include "llvm/Support/Endian.h"

using namespace mlir;
using namespace edgecc;
using namespace edgecc::edge;
using namespace edgecc::npu;
using namespace edgecc::npu::edge_sim;
using edgecc::quantization::Parameters;
using edgecc::quantization::quantizedType;

/// The most commands that may be outstanding behind what is waited for.
static constexpr int64_t mostOutstanding = 31;

namespace {

/// What the commands of a stream that compute wait for, and what they have.
class ProgramWriter {
public:
  ProgramWriter(RegionOp region, const Machine &machine,
                const Schedule &schedule)
      : region(region), machine(machine), schedule(schedule) {}

  std::vector<char> write();

private:
  void addLoads(const Stage &stage);
  void addLayer(const Stage &stage);
  void addStores(const Stage &stage);

  /// Adds a command of `stage` of which `fill` writes the fields of its own.
  template <typename FillFn>
  void addCommand(const Stage &stage, schema::Opcode opcode, FillFn fill);

  /// The view as a command has it: of `tensor`, with what its integers mean.
  schema::Tensor tensorOf(const View &view, Value tensor) const;

  RegionOp region;
  const Machine &machine;
  const Schedule &schedule;
  flatbuffers::FlatBufferBuilder builder;
  std::vector<flatbuffers::Offset<flatbuffers::String>> nodes;
  std::vector<flatbuffers::Offset<schema::Command>> commands;
  std::vector<uint8_t> constants;
  /// How many loads there are so far, and how many of them the layers of the
  /// stream so far need.
  int64_t numLoads = 0, numNeededLoads = 0;
  /// By stage: the last load that it needs.
  SmallVector<int64_t> neededLoads;
};

} // namespace

template <typename FillFn>
void ProgramWriter::addCommand(const Stage &stage, schema::Opcode opcode,
                               FillFn fill) {
  schema::CommandBuilder command(builder);
  command.add_opcode(opcode);
  command.add_node(uint32_t(&stage - schedule.stages.data()));
  fill(command);
  commands.push_back(command.Finish());
}

schema::Tensor ProgramWriter::tensorOf(const View &view, Value tensor) const {
  quant::QuantizedType type = quantizedType(tensor);
  Parameters p(type);
  return {uint32_t(schedule.address(tensor) + view.offset),
          uint32_t(view.height),
          uint32_t(view.width),
          uint32_t(view.channels),
          uint32_t(view.rowPitch),
          uint32_t(view.pixelPitch),
          storageType(type).isUnsigned(),
          int32_t(p.zeroPoint()),
          float(p.scale())};
}

void ProgramWriter::addLoads(const Stage &stage) {
  auto load = [&](schema::Memory memory, int64_t number, int64_t offset,
                  int64_t address, int64_t bytes) {
    addCommand(stage, schema::Opcode_Load, [&](auto &command) {
      // What has been in that place is not needed any more.
      command.add_wait_compute(0);
      command.add_memory(memory);
      command.add_number(number);
      command.add_offset(offset);
      command.add_address(address);
      command.add_bytes(bytes);
    });
    ++numLoads;
  };
  for (Value input : stage.loads)
    load(schema::Memory_Input, cast<BlockArgument>(input).getArgNumber(), 0,
         schedule.address(input), bytesOf(input));
  if (stage.constantBytes()) {
    load(schema::Memory_Constants, 0, constants.size(), stage.constants,
         stage.constantBytes());
    llvm::append_range(constants, constantsOf(stage.layer, machine));
  }
  neededLoads.push_back(numLoads);
}

void ProgramWriter::addLayer(const Stage &stage) {
  const Layer &layer = stage.layer;
  int64_t needed = neededLoads[&stage - schedule.stages.data()];
  for (const Command &c : layer.commands)
    addCommand(stage, c.opcode, [&](auto &command) {
      if (needed > numNeededLoads)
        command.add_wait_load(std::min(numLoads - needed, mostOutstanding));
      numNeededLoads = std::max(numNeededLoads, needed);
      schema::Tensor a, b, result = tensorOf(c.result, layer.op->getResult(0));
      if (c.opcode != schema::Opcode_Fill) {
        a = tensorOf(c.a, layer.inputs[c.inputOfA]);
        command.add_a(&a);
      }
      if (c.opcode == schema::Opcode_Add ||
          c.opcode == schema::Opcode_Subtract ||
          c.opcode == schema::Opcode_Multiply) {
        b = tensorOf(c.b, layer.inputs[c.inputOfB]);
        command.add_b(&b);
      }
      command.add_result(&result);
      command.add_window(&c.window);
      command.add_parameters(stage.constants);
      command.add_weights(stage.constants + layer.parameterBytes);
      command.add_multiplier(c.multiplier);
      command.add_value(c.value);
    });
}

void ProgramWriter::addStores(const Stage &stage) {
  Value result = stage.layer.op->getResult(0);
  Operation *yield = region.getBody().front().getTerminator();
  for (auto [i, output] : llvm::enumerate(yield->getOperands()))
    if (schedule.storage(output) == result)
      addCommand(stage, schema::Opcode_Store, [&, i = i](auto &command) {
        command.add_wait_compute(0);
        command.add_memory(schema::Memory_Output);
        command.add_number(i);
        command.add_address(schedule.address(result));
        command.add_bytes(bytesOf(result));
      });
}

std::vector<char> ProgramWriter::write() {
  const std::vector<Stage> &stages = schedule.stages;
  for (const Stage &stage : stages) {
    auto named = stage.layer.op->getLoc()->findInstanceOf<NameLoc>();
    nodes.push_back(
        builder.CreateString(named ? named.getName().str() : std::string()));
  }
  const Stage *next = stages.data(), *end = next + stages.size();
  for (auto [i, stage] : llvm::enumerate(stages)) {
    for (; next != end && next->loadedBefore <= i; ++next)
      addLoads(*next);
    addLayer(stage);
    addStores(stage);
  }
  schema::Machine sizes(machine.rows, machine.columns, machine.depth,
                        machine.arrayStartCycles, machine.lanes,
                        machine.vectorStartCycles, schedule.bytes,
                        machine.dmaBytesPerCycle, machine.dmaStartCycles);
  auto nodeList = builder.CreateVector(nodes);
  auto commandList = builder.CreateVector(commands);
  builder.ForceVectorAlignment(constants.size(), 1, 16);
  auto constantList = builder.CreateVector(constants);
  schema::FinishProgramBuffer(
      builder,
      schema::CreateProgram(builder, /*version=*/0, &sizes, nodeList,
                            commandList, constantList, schedule.cycles));
  const auto *data = reinterpret_cast<const char *>(builder.GetBufferPointer());
  return std::vector<char>(data, data + builder.GetSize());
}

FailureOr<Program> edge_sim::writeProgram(RegionOp region,
                                          const Machine &machine) {
  std::optional<Schedule> schedule =
      Schedule::get(region.getOperations(), machine, /*looksAhead=*/true);
  if (!schedule) {
    region.emitError("the scratchpad has no room for this region");
    return failure();
  }
  Program program;
  program.scratch = schedule->bytes;
  program.bytes = ProgramWriter(region, machine, *schedule).write();
  program.bytes.resize(llvm::alignTo(program.bytes.size(), 4));
  ArrayRef bytes(reinterpret_cast<const uint8_t *>(program.bytes.data()),
                 program.bytes.size());
  flatbuffers::Verifier verifier(bytes.data(), bytes.size());
  if (!schema::VerifyProgramBuffer(verifier)) {
    region.emitError("its command stream is not a FlatBuffer of the schema");
    return failure();
  }
  uint8_t sum[4];
  llvm::support::endian::write32le(sum, llvm::crc32(bytes));
  program.bytes.insert(program.bytes.end(), sum, sum + sizeof sum);
  return program;
}
