//===- WriteProgram.cpp - command streams of edge-sim -----------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "codegen/npu/edge_sim/WriteProgram.h"
#include "codegen/npu/edge_sim/Schedule.h"
#include "passes/Quantization/Parameters.h"

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

class ProgramWriter {
public:
  ProgramWriter(RegionOp region, const Machine &machine,
                const Schedule &schedule)
      : region(region), machine(machine), schedule(schedule) {}

  std::vector<char> write();

private:
  void addLoads(const Stage &stage);
  void addCommands(const Stage &stage);
  void addStores(const Stage &stage);

  /// Adds a command of `stage` of which `fill` writes the fields of its own.
  template <typename FillFn>
  void addCommand(const Stage &stage, schema::Opcode opcode, FillFn fill);
  void addTransfer(const Stage &stage, schema::Opcode opcode,
                   const Transfer &transfer, int64_t number, int64_t offset);

  /// The view as a command has it: of `tensor`, with what its integers mean.
  schema::Tensor tensorOf(const View &view, Value tensor) const;

  /// The number of `stage`.
  size_t numberOf(const Stage &stage) const {
    return &stage - schedule.stages.data();
  }

  RegionOp region;
  const Machine &machine;
  const Schedule &schedule;
  flatbuffers::FlatBufferBuilder builder;
  std::vector<flatbuffers::Offset<schema::Command>> commands;
  std::vector<uint8_t> constants;
  /// By layer: where its constants begin, and what stands for zero in them.
  SmallVector<int64_t> beginOfConstants, weightZeroPoints;
  int64_t numLoads = 0, numStores = 0;
  /// By stage: how many loads and stores there are up to its own.
  SmallVector<int64_t> loadsOf, storesOf;
};

} // namespace

template <typename FillFn>
void ProgramWriter::addCommand(const Stage &stage, schema::Opcode opcode,
                               FillFn fill) {
  schema::CommandBuilder command(builder);
  command.add_opcode(opcode);
  command.add_node(uint32_t(stage.layer));
  fill(command);
  commands.push_back(command.Finish());
}

schema::Tensor ProgramWriter::tensorOf(const View &view, Value tensor) const {
  bool isUnsigned = false;
  int32_t zeroPoint = 0;
  float scale = 1;
  // Indices into a table express nothing.
  if (quant::QuantizedType type = quantizedType(tensor)) {
    Parameters p(type);
    isUnsigned = storageType(type).isUnsigned();
    zeroPoint = int32_t(p.zeroPoint());
    scale = float(p.scale());
  }
  return {uint32_t(schedule.address(tensor) + view.offset),
          uint32_t(view.height),
          uint32_t(view.width),
          uint32_t(view.channels),
          uint32_t(view.rowPitch),
          uint32_t(view.pixelPitch),
          isUnsigned,
          zeroPoint,
          scale};
}

void ProgramWriter::addTransfer(const Stage &stage, schema::Opcode opcode,
                                const Transfer &transfer, int64_t number,
                                int64_t offset) {
  addCommand(stage, opcode, [&](auto &command) {
    // A load overwrites what is not needed any more, and a store reads what has
    // been computed.
    command.add_wait_compute(0);
    command.add_memory(transfer.memory);
    command.add_number(number);
    command.add_offset(offset);
    command.add_address(transfer.address);
    command.add_bytes(transfer.bytes);
  });
  ++(opcode == schema::Opcode_Load ? numLoads : numStores);
}

void ProgramWriter::addLoads(const Stage &stage) {
  if (stage.layer == beginOfConstants.size()) {
    beginOfConstants.push_back(constants.size());
    llvm::append_range(constants,
                       constantsOf(schedule.layers[stage.layer], machine));
    weightZeroPoints.push_back(weightZeroPointOf(schedule.layers[stage.layer]));
  }
  for (const Transfer &load : stage.loads)
    if (load.tensor)
      addTransfer(stage, schema::Opcode_Load, load,
                  cast<BlockArgument>(load.tensor).getArgNumber(), load.offset);
    else
      addTransfer(stage, schema::Opcode_Load, load, 0,
                  beginOfConstants[stage.layer] + load.offset);
  loadsOf.push_back(numLoads);
}

void ProgramWriter::addCommands(const Stage &stage) {
  const Layer &layer = schedule.layers[stage.layer];
  auto allowed = [](int64_t soFar, int64_t needed) {
    return uint8_t(std::min(soFar - needed, mostOutstanding));
  };
  for (const Command &c : stage.commands)
    addCommand(stage, c.opcode, [&](auto &command) {
      if (int64_t needed = loadsOf[numberOf(stage)])
        command.add_wait_load(allowed(numLoads, needed));
      if (stage.storesDone && storesOf[stage.storesDone - 1])
        command.add_wait_store(
            allowed(numStores, storesOf[stage.storesDone - 1]));
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
      command.add_parameters(stage.parameters);
      command.add_weights(stage.weights);
      command.add_multiplier(c.multiplier);
      command.add_value(c.value);
      command.add_weight_zero_point(weightZeroPoints[stage.layer]);
    });
}

void ProgramWriter::addStores(const Stage &stage) {
  Operation *yield = region.getBody().front().getTerminator();
  for (const Transfer &store : stage.stores)
    for (auto [i, output] : llvm::enumerate(yield->getOperands()))
      if (schedule.storage(output) == store.tensor)
        addTransfer(stage, schema::Opcode_Store, store, i, store.offset);
  storesOf.push_back(numStores);
}

std::vector<char> ProgramWriter::write() {
  std::vector<flatbuffers::Offset<flatbuffers::String>> nodes;
  for (const Layer &layer : schedule.layers) {
    auto named = layer.op->getLoc()->findInstanceOf<NameLoc>();
    nodes.push_back(
        builder.CreateString(named ? named.getName().str() : std::string()));
  }
  const std::vector<Stage> &stages = schedule.stages;
  const Stage *next = stages.data(), *end = next + stages.size();
  for (auto [i, stage] : llvm::enumerate(stages)) {
    for (; next != end && next->loadedBefore <= i; ++next)
      addLoads(*next);
    addCommands(stage);
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
      Schedule::get(region.getOperations(), machine, /*looksFurther=*/true);
  if (!schedule) {
    region.emitError("the scratchpad has no room for this region");
    return failure();
  }
  Program program;
  program.scratch = schedule->bytes;
  program.cycles = int64_t(schedule->cycles);
  program.bytes = ProgramWriter(region, machine, *schedule).write();
  ArrayRef bytes(reinterpret_cast<const uint8_t *>(program.bytes.data()),
                 program.bytes.size());
  flatbuffers::Verifier verifier(bytes.data(), bytes.size());
  if (!schema::VerifyProgramBuffer(verifier)) {
    region.emitError("its command stream is not a FlatBuffer of the schema");
    return failure();
  }
  return program;
}
