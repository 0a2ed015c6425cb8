//===- StackBound.cpp - the stack that an object needs ----------*- C++ -*-===//
//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "codegen/object/StackBound.h"

#include "llvm/CodeGen/MachineFrameInfo.h"
#include "llvm/CodeGen/MachineFunction.h"
#include "llvm/CodeGen/MachineFunctionPass.h"
#include "llvm/CodeGen/TargetFrameLowering.h"
#include "llvm/CodeGen/TargetSubtargetInfo.h"
#include "llvm/IR/GlobalValue.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/InstrTypes.h"

using namespace llvm;
using namespace edgecc;

namespace {

class CollectStackFrames : public MachineFunctionPass {
public:
  explicit CollectStackFrames(StackFrames &frames)
      : MachineFunctionPass(ID), frames(frames) {}

  StringRef getPassName() const override { return "Collect stack frames"; }

  void getAnalysisUsage(AnalysisUsage &usage) const override {
    usage.setPreservesAll();
    MachineFunctionPass::getAnalysisUsage(usage);
  }

  bool runOnMachineFunction(MachineFunction &function) override;

  static char ID;

private:
  StackFrames &frames;
};

} // namespace

/// What LLVM knows a pass by is the address.
char CollectStackFrames::ID = 0;

/// Bytes of the frame of a function whose prologue exists.
static uint64_t measureFrame(const MachineFunction &function) {
  const MachineFrameInfo &frame = function.getFrameInfo();
  const TargetFrameLowering &lowering =
      *function.getSubtarget().getFrameLowering();
  uint64_t bytes = frame.getStackSize() + frame.getUnsafeStackSize();
  // What the call itself has put there.
  if (int area = lowering.getOffsetOfLocalArea(); area < 0)
    bytes += -area;
  if (!lowering.hasReservedCallFrame(function))
    bytes += frame.getMaxCallFrameSize();
  // A frame with its own alignment begins at the next such address.
  if (frame.getMaxAlign() > lowering.getStackAlign())
    bytes += frame.getMaxAlign().value() - lowering.getStackAlign().value();
  return bytes;
}

static uint64_t measureScalableObjects(const MachineFrameInfo &frame) {
  uint64_t bytes = 0;
  for (int i = frame.getObjectIndexBegin(); i < frame.getObjectIndexEnd(); ++i)
    if (frame.hasScalableStackID(i) && !frame.isDeadObjectIndex(i))
      bytes += alignTo(frame.getObjectSize(i), 16);
  return bytes;
}

bool edgecc::isCall(const MachineInstr &instruction) {
  return instruction.isCall() && !instruction.isBundle();
}

std::optional<std::string> edgecc::findCallee(const MachineInstr &call) {
  for (const MachineOperand &operand : call.operands()) {
    if (operand.isGlobal())
      return operand.getGlobal()->getName().str();
    if (operand.isSymbol())
      return operand.getSymbolName();
    if (operand.isMCSymbol())
      return std::nullopt;
  }
  return std::nullopt;
}

/// The functions that `function` calls; nothing if it has calls of addresses.
static std::optional<std::vector<std::string>>
findCallees(const Function &function) {
  std::vector<std::string> names;
  for (const Instruction &instruction : instructions(function)) {
    const auto *call = dyn_cast<CallBase>(&instruction);
    if (!call)
      continue;
    if (!call->getCalledFunction())
      return std::nullopt;
    if (!call->getCalledFunction()->isIntrinsic())
      names.push_back(call->getCalledFunction()->getName().str());
  }
  return names;
}

bool CollectStackFrames::runOnMachineFunction(MachineFunction &function) {
  StackFrame frame;
  frame.bytes = measureFrame(function);
  frame.scalableBytes = measureScalableObjects(function.getFrameInfo());
  for (const MachineBasicBlock &block : function)
    for (const MachineInstr &instruction : block.instrs())
      if (isCall(instruction)) {
        if (std::optional<std::string> callee = findCallee(instruction))
          frame.callees.push_back(*callee);
        else
          frame.callsUnknown = true;
      }
  // An address that is kept in a register for several calls is one of these.
  if (frame.callsUnknown)
    if (auto callees = findCallees(function.getFunction())) {
      llvm::append_range(frame.callees, *callees);
      frame.callsUnknown = false;
    }
  frames[function.getName()] = std::move(frame);
  return false;
}

FunctionPass *edgecc::createCollectStackFrames(StackFrames &frames) {
  return new CollectStackFrames(frames);
}

namespace {

/// The deepest path through the calls, each function once.
class DeepestPath {
public:
  DeepestPath(const StackFrames &frames, bool hasHook)
      : frames(frames), hasHook(hasHook) {}

  std::optional<uint64_t> from(StringRef name) {
    auto known = depths.find(name);
    // Nothing is known of a function while it is being looked at.
    if (known != depths.end())
      return known->second;
    depths[name] = std::nullopt;
    auto found = frames.find(name);
    if (found == frames.end() || (found->second.callsUnknown && !hasHook))
      return std::nullopt;
    const StackFrame &frame = found->second;
    uint64_t deepest = 0;
    for (StringRef callee : frame.callees) {
      std::optional<uint64_t> depth = from(callee);
      if (!depth)
        return std::nullopt;
      deepest = std::max(deepest, *depth);
    }
    uint64_t total =
        frame.bytes + frame.scalableBytes * (maxVectorRegisterBits / 64);
    depths[name] = total + deepest;
    return total + deepest;
  }

private:
  const StackFrames &frames;
  bool hasHook;
  StringMap<std::optional<uint64_t>> depths;
};

} // namespace

std::optional<uint64_t> edgecc::boundStack(const StackFrames &frames,
                                           StringRef entry, bool hasHook) {
  return DeepestPath(frames, hasHook).from(entry);
}

std::optional<uint64_t> edgecc::boundTaskStack(const StackFrames &frames) {
  DeepestPath paths(frames, /*hasHook=*/false);
  uint64_t deepest = 0;
  for (const auto &frame : frames) {
    if (!frame.getKey().ends_with("_task"))
      continue;
    std::optional<uint64_t> depth = paths.from(frame.getKey());
    if (!depth)
      return std::nullopt;
    deepest = std::max(deepest, *depth);
  }
  return deepest;
}
