//===- CycleModel.cpp - cycles of machine code ------------------*- C++ -*-===//
//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "codegen/cost/CycleModel.h"

#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/MC/MCInst.h"
#include "llvm/MC/MCInstrAnalysis.h"
#include "llvm/MC/MCInstrInfo.h"
#include "llvm/MC/MCSubtargetInfo.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/MCA/Context.h"
#include "llvm/MCA/CustomBehaviour.h"
#include "llvm/MCA/InstrBuilder.h"
#include "llvm/MCA/SourceMgr.h"
#include "llvm/Target/TargetMachine.h"

using namespace llvm;
using namespace edgecc;

namespace {

/// An instruction for which the scheduling model of some CPUs is wrong, and one
/// with the same operands that takes what it takes in truth. Each was measured.
struct Correction {
  /// What the names of the CPUs begin with.
  StringLiteral cpus, instruction, standIn;
};

} // namespace

static constexpr Correction corrections[] = {
    // The load unit copies the element; the model has a shuffle after it.
    {"znver", "VBROADCASTSSZrm", "VMOVUPSZrm"},
    {"znver", "VBROADCASTSSZ256rm", "VMOVUPSZ256rm"},
    {"znver", "VBROADCASTSSZ128rm", "VMOVUPSZ128rm"},
    {"znver", "VBROADCASTSSYrm", "VMOVUPSYrm"},
    {"znver", "VBROADCASTSSrm", "VMOVUPSrm"},
};

/// Arithmetic that Sapphire Rapids and its successors start twice a cycle also
/// with 512 bits, where the model has one port for it; it is right for 256
/// bits. Each was measured. The names go on with `Z`, and with `Z256` for 256
/// bits.
static constexpr StringLiteral wideCpus = "rapids";
static constexpr StringLiteral wideArithmetic[] = {
    "VFMADD132PS",  "VFMADD213PS",  "VFMADD231PS", "VFNMADD132PS",
    "VFNMADD213PS", "VFNMADD231PS", "VMULPS",      "VMAXPS",
    "VMINPS",       "VSCALEFPS",    "VCVTPS2DQ",   "VCVTTPS2DQ",
    "VCVTDQ2PS",    "VFMADD132PH",  "VFMADD213PH", "VFMADD231PH",
    "VPDPBUSD",     "VPDPWSSD",     "VPMADDWD",
};

struct CycleModel::Impl {
  explicit Impl(const TargetMachine &machine)
      : target(machine.getTarget()), subtarget(*machine.getMCSubtargetInfo()),
        instructions(*machine.getMCInstrInfo()),
        registers(*machine.getMCRegisterInfo()),
        analysis(target.createMCInstrAnalysis(&instructions)),
        instruments(target.createInstrumentManager(subtarget, instructions)),
        postProcess(target.createInstrPostProcess(subtarget, instructions)) {
    if (!instruments)
      instruments =
          std::make_unique<mca::InstrumentManager>(subtarget, instructions);
    if (!postProcess)
      postProcess =
          std::make_unique<mca::InstrPostProcess>(subtarget, instructions);
    StringMap<unsigned> opcodes;
    for (unsigned i = 0; i < instructions.getNumOpcodes(); ++i)
      opcodes[instructions.getName(i)] = i;
    for (const Correction &correction : corrections)
      if (subtarget.getCPU().starts_with(correction.cpus))
        standIns[opcodes.lookup(correction.instruction)] =
            opcodes.lookup(correction.standIn);
    if (subtarget.getCPU().ends_with(wideCpus))
      for (unsigned i = 0; i < instructions.getNumOpcodes(); ++i) {
        auto [name, form] = instructions.getName(i).rsplit('Z');
        if (!llvm::is_contained(wideArithmetic, name))
          continue;
        if (unsigned narrow = opcodes.lookup((name + "Z256" + form).str()))
          standIns[i] = narrow;
      }
    builder = std::make_unique<mca::InstrBuilder>(
        subtarget, instructions, registers, analysis.get(), *instruments,
        /*CallLatency=*/0);
  }

  const MCSchedModel &getModel() const { return subtarget.getSchedModel(); }
  /// Whether the analyser is not told of the instruction: callees are priced by
  /// themselves.
  bool isSkipped(const MCInst &instruction) const {
    const MCInstrDesc &description = instructions.get(instruction.getOpcode());
    return description.isCall() || description.isReturn() ||
           (analysis &&
            (analysis->isCall(instruction) || analysis->isReturn(instruction)));
  }
  SmallVector<std::unique_ptr<mca::Instruction>>
  translate(ArrayRef<MCInst> block);
  double run(ArrayRef<MCInst> block, unsigned iterations);

  const Target &target;
  const MCSubtargetInfo &subtarget;
  const MCInstrInfo &instructions;
  const MCRegisterInfo &registers;
  std::unique_ptr<MCInstrAnalysis> analysis;
  std::unique_ptr<mca::InstrumentManager> instruments;
  std::unique_ptr<mca::InstrPostProcess> postProcess;
  std::unique_ptr<mca::InstrBuilder> builder;
  /// By opcode, what is simulated instead.
  DenseMap<unsigned, unsigned> standIns;
  /// What instructions before have set.
  SmallVector<mca::UniqueInstrument> active;
};

CycleModel::CycleModel(std::unique_ptr<Impl> impl) : impl(std::move(impl)) {}
CycleModel::~CycleModel() = default;

std::unique_ptr<CycleModel> CycleModel::create(const TargetMachine &machine) {
  if (!machine.getMCSubtargetInfo()->getSchedModel().hasInstrSchedModel())
    return nullptr;
  return std::unique_ptr<CycleModel>(
      new CycleModel(std::make_unique<Impl>(machine)));
}

void CycleModel::beginFunction() { impl->active.clear(); }

double CycleModel::getMispredictPenalty() const {
  return impl->getModel().MispredictPenalty;
}

SmallVector<std::unique_ptr<mca::Instruction>>
CycleModel::Impl::translate(ArrayRef<MCInst> block) {
  SmallVector<std::unique_ptr<mca::Instruction>> result;
  postProcess->resetState();
  for (MCInst instruction : block) {
    if (isSkipped(instruction))
      continue;
    if (unsigned opcode = standIns.lookup(instruction.getOpcode()))
      instruction.setOpcode(opcode);
    if (auto made = instruments->createInstruments(instruction); !made.empty())
      active = std::move(made);
    SmallVector<mca::Instrument *> now;
    for (const mca::UniqueInstrument &instrument : active)
      now.push_back(instrument.get());
    auto translated = builder->createInstruction(instruction, now);
    if (!translated) {
      // The model does not have every instruction.
      consumeError(translated.takeError());
      continue;
    }
    postProcess->postProcessInstruction(**translated, instruction);
    result.push_back(std::move(*translated));
  }
  return result;
}

double CycleModel::Impl::run(ArrayRef<MCInst> block, unsigned iterations) {
  SmallVector<std::unique_ptr<mca::Instruction>> sequence = translate(block);
  if (sequence.empty())
    return 0;
  mca::CircularSourceMgr source(sequence, iterations);
  std::unique_ptr<mca::CustomBehaviour> behaviour(
      target.createCustomBehaviour(subtarget, source, instructions));
  if (!behaviour)
    behaviour =
        std::make_unique<mca::CustomBehaviour>(subtarget, source, instructions);
  mca::Context context(registers, subtarget);
  mca::PipelineOptions options(/*UOPQSize=*/0, /*DecThr=*/0,
                               getModel().IssueWidth, /*RFS=*/0, /*LQS=*/0,
                               /*SQS=*/0, /*NoAlias=*/true);
  std::unique_ptr<mca::Pipeline> pipeline =
      getModel().isOutOfOrder()
          ? context.createDefaultPipeline(options, source, *behaviour)
          : context.createInOrderPipeline(options, source, *behaviour);
  Expected<unsigned> cycles = pipeline->run();
  if (!cycles) {
    consumeError(cycles.takeError());
    return 0;
  }
  return *cycles;
}

double CycleModel::simulate(ArrayRef<MCInst> block) {
  // Enough for the pipelines to be full.
  constexpr unsigned instructions = 400, fewest = 3;
  if (block.empty())
    return 0;
  unsigned iterations = std::max<unsigned>(fewest, instructions / block.size());
  double once = impl->run(block, iterations);
  double twice = impl->run(block, 2 * iterations);
  return std::max((twice - once) / iterations, bound(block));
}

double CycleModel::bound(ArrayRef<MCInst> block) {
  unsigned operations = 0;
  for (const MCInst &instruction : block) {
    const MCSchedClassDesc *description = impl->getModel().getSchedClassDesc(
        impl->instructions.get(instruction.getOpcode()).getSchedClass());
    bool isKnown = description->isValid() && !description->isVariant();
    operations += isKnown ? description->NumMicroOps : 1;
  }
  return double(operations) / impl->getModel().IssueWidth;
}
