//===- CollectProfile.cpp - looks at code while it is emitted ---*- C++ -*-===//
//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "codegen/object/CollectProfile.h"

#include "codegen/cost/ExecutionCounts.h"
#include "codegen/object/StackBound.h"

#include "llvm/CodeGen/AsmPrinterHandler.h"
#include "llvm/CodeGen/MachineBranchProbabilityInfo.h"
#include "llvm/CodeGen/MachineFunction.h"
#include "llvm/CodeGen/MachineFunctionPass.h"
#include "llvm/IR/Function.h"
#include "llvm/MC/MCCodeEmitter.h"
#include "llvm/MC/MCInstrInfo.h"

using namespace llvm;
using namespace edgecc;

namespace {

class CollectBlocks : public MachineFunctionPass {
public:
  explicit CollectBlocks(ProfileCollection &collection)
      : MachineFunctionPass(ID), collection(collection) {}

  StringRef getPassName() const override { return "Collect blocks"; }

  void getAnalysisUsage(AnalysisUsage &usage) const override {
    usage.setPreservesAll();
    usage.addRequired<MachineBranchProbabilityInfoWrapperPass>();
    MachineFunctionPass::getAnalysisUsage(usage);
  }

  bool runOnMachineFunction(MachineFunction &function) override;

  static char ID;

private:
  ProfileCollection &collection;
};

class FollowBlocks : public AsmPrinterHandler {
public:
  explicit FollowBlocks(ProfileCollection &collection)
      : collection(collection) {}

  void beginFunction(const MachineFunction *) override {}
  void endFunction(const MachineFunction *) override {
    collection.printed = nullptr;
    collection.block = nullptr;
  }
  void endModule() override {}

  void beginInstruction(const MachineInstr *instruction) override {
    collection.isAssembly = instruction->isInlineAsm();
    const MachineBasicBlock *block = instruction->getParent();
    if (block == collection.printed)
      return;
    collection.printed = block;
    auto &blocks = collection.profile[block->getParent()->getName()];
    collection.block = &blocks[block->getNumber()];
  }

private:
  ProfileCollection &collection;
};

class CollectInstructions : public MCCodeEmitter {
public:
  CollectInstructions(std::unique_ptr<MCCodeEmitter> emitter,
                      ProfileCollection &collection)
      : emitter(std::move(emitter)), collection(collection) {}

  void reset() override { emitter->reset(); }

  void encodeInstruction(const MCInst &instruction,
                         SmallVectorImpl<char> &bytes,
                         SmallVectorImpl<MCFixup> &fixups,
                         const MCSubtargetInfo &subtarget) const override {
    emitter->encodeInstruction(instruction, bytes, fixups, subtarget);
    // Between functions, branches that turn out long are encoded again.
    if (!collection.block)
      return;
    const MCInstrDesc &description =
        collection.instructions.get(instruction.getOpcode());
    if (collection.isAssembly && description.isBranch())
      collection.block->isOpaque = true;
    if (description.mayLoad() || description.mayStore())
      ++collection.block->accesses;
    MCInst copy = instruction;
    // Expressions do not live longer than the emission.
    for (MCOperand &operand : copy)
      if (operand.isExpr() || operand.isInst())
        operand = MCOperand::createImm(0);
    collection.block->instructions.push_back(std::move(copy));
  }

private:
  std::unique_ptr<MCCodeEmitter> emitter;
  ProfileCollection &collection;
};

} // namespace

/// What LLVM knows a pass by is the address.
char CollectBlocks::ID = 0;

using Matrix = std::vector<std::vector<double>>;

/// Row i: how likely each block is the next one after block i. What is missing
/// to 1 leaves the function.
static Matrix
findTransitions(const MachineFunction &function,
                const MachineBranchProbabilityInfo &probabilities) {
  Matrix matrix;
  for (const MachineBasicBlock &block : function) {
    std::vector<double> &row = matrix.emplace_back(function.getNumBlockIDs());
    double sum = 0;
    for (auto next = block.succ_begin(); next != block.succ_end(); ++next) {
      BranchProbability p = probabilities.getEdgeProbability(&block, next);
      double number = double(p.getNumerator()) / p.getDenominator();
      row[(*next)->getNumber()] += number;
      sum += number;
    }
    // A return under a condition is an exit beside the successors.
    bool returns = llvm::any_of(block.instrs(), [](const MachineInstr &i) {
      return i.isReturn() && !i.isBundle();
    });
    if (sum > 1 || (sum > 0 && !returns))
      for (double &number : row)
        number /= sum;
  }
  return matrix;
}

/// How often each block runs in one call. Not LLVM's block frequencies: for
/// these a function whose only return is under a condition never ends.
static std::vector<double> solveFrequencies(const Matrix &transitions) {
  size_t size = transitions.size();
  // (1 - transitions transposed) * frequencies = (1, 0, 0, ...); columns of
  // that matrix are dominated by the diagonal, so no rows need to be swapped.
  Matrix left(size, std::vector<double>(size));
  for (size_t i = 0; i < size; ++i)
    for (size_t j = 0; j < size; ++j)
      left[j][i] = (i == j) - transitions[i][j];
  std::vector<double> result(size);
  result[0] = 1;
  for (size_t pivot = 0; pivot < size; ++pivot) {
    // An endless loop is one that runs long.
    double &diagonal = left[pivot][pivot];
    diagonal = std::max(diagonal, 1e-12);
    for (size_t row = pivot + 1; row < size; ++row) {
      double factor = left[row][pivot] / diagonal;
      if (factor == 0)
        continue;
      for (size_t column = pivot; column < size; ++column)
        left[row][column] -= factor * left[pivot][column];
      result[row] -= factor * result[pivot];
    }
  }
  for (size_t row = size; row-- > 0;) {
    for (size_t column = row + 1; column < size; ++column)
      result[row] -= left[row][column] * result[column];
    result[row] /= left[row][row];
  }
  return result;
}

bool CollectBlocks::runOnMachineFunction(MachineFunction &function) {
  const MachineBranchProbabilityInfo &probabilities =
      getAnalysis<MachineBranchProbabilityInfoWrapperPass>().getMBPI();
  function.RenumberBlocks();
  Matrix transitions = findTransitions(function, probabilities);
  std::vector<double> frequencies = solveFrequencies(transitions);
  std::vector<MachineBlock> blocks;
  StringRef name = function.getName();
  for (const MachineBasicBlock &block : function) {
    int number = block.getNumber();
    MachineBlock &result = blocks.emplace_back();
    result.frequency = frequencies[number];
    // What helper functions do with data is a guess as good as any.
    result.isOpaque = name.starts_with("kernel_") &&
                      function.getFunction().hasFnAttribute(unknownLoopsAttr);
    result.repetition = transitions[number][number];
    for (const MachineInstr &instruction : block.instrs())
      if (isCall(instruction))
        result.callees.push_back(findCallee(instruction).value_or(""));
  }
  collection.profile[name] = std::move(blocks);
  return false;
}

FunctionPass *edgecc::createCollectBlocks(ProfileCollection &collection) {
  return new CollectBlocks(collection);
}

std::unique_ptr<AsmPrinterHandler>
edgecc::createFollowBlocks(ProfileCollection &collection) {
  return std::make_unique<FollowBlocks>(collection);
}

std::unique_ptr<MCCodeEmitter>
edgecc::createCollectInstructions(std::unique_ptr<MCCodeEmitter> emitter,
                                  ProfileCollection &collection) {
  return std::make_unique<CollectInstructions>(std::move(emitter), collection);
}
