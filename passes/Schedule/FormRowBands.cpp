//===- FormRowBands.cpp - chains computed in bands --------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "dialects/Edge/EdgeScheduleOps.h"
#include "passes/Schedule/Passes.h"

#include "mlir/IR/IRMapping.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SetVector.h"

namespace edgecc::schedule {
#define GEN_PASS_DEF_FORMROWBANDS
#include "passes/Schedule/Passes.h.inc"
} // namespace edgecc::schedule

using namespace mlir;
using namespace edgecc;
using namespace edgecc::edge;
using namespace edgecc::schedule;

namespace {

using Chain = SmallVector<Operation *, 3>;

struct Candidate {
  Chain chain;
  BandChoice choice;
};

/// The one operation that reads `op`, as its first operand only; null if there
/// is none such in the block.
Operation *soleReader(Operation *op) {
  Value result = op->getResult(0);
  if (!result.hasOneUse())
    return nullptr;
  OpOperand &use = *result.getUses().begin();
  if (use.getOperandNumber() != 0 ||
      use.getOwner()->getBlock() != op->getBlock())
    return nullptr;
  return use.getOwner();
}

/// The chains around `window`.
SmallVector<Chain> chainsAround(Operation *window) {
  Operation *before = window->getOperand(0).getDefiningOp();
  if (before &&
      (!RowBandsOp::isProducer(before) || soleReader(before) != window))
    before = nullptr;
  Operation *after = soleReader(window);
  if (after && !RowBandsOp::isConsumer(after))
    after = nullptr;
  SmallVector<Chain> chains;
  if (before && after)
    chains.push_back({before, window, after});
  if (before)
    chains.push_back({before, window});
  if (after)
    chains.push_back({window, after});
  return chains;
}

/// Whether the chain computes on floats that come from outside, with constant
/// weights.
bool isSupported(const Chain &chain) {
  if (chain.front()->getOperand(0).getDefiningOp<ConstantOp>())
    return false;
  return llvm::all_of(chain, [](Operation *op) {
    if (auto conv = dyn_cast<ConvOp>(op))
      if (!conv.getWeights().getDefiningOp<ConstantOp>())
        return false;
    auto isFloat = [](Value value) {
      return isa<FloatType>(cast<ShapedType>(value.getType()).getElementType());
    };
    auto input = cast<ShapedType>(op->getOperand(0).getType());
    return isFloat(op->getOperand(0)) && isFloat(op->getResult(0)) &&
           input.getNumElements() > 0;
  });
}

/// The most rows, up to `limit`, that divide the rows of the result.
int64_t rowsUpTo(const Chain &chain, int64_t limit) {
  Operation *const *window = llvm::find_if(chain, RowBandsOp::isWindow);
  int64_t lines =
      cast<ShapedType>((*window)->getResult(0).getType()).getDimSize(1);
  int64_t rows = std::min(limit, lines);
  while (lines % rows)
    --rows;
  return rows;
}

void form(const Chain &chain, const BandChoice &choice) {
  OpBuilder builder(chain.back());

  // From outside come tensors; constants are copied.
  llvm::SetVector<Value> inputs;
  llvm::SetVector<Operation *> constants;
  for (Operation *op : chain)
    for (Value operand : op->getOperands()) {
      if (auto constant = operand.getDefiningOp<ConstantOp>())
        constants.insert(constant);
      else if (!llvm::is_contained(chain, operand.getDefiningOp()))
        inputs.insert(operand);
    }
  SmallVector<Location> locations;
  for (Operation *op : chain)
    locations.push_back(op->getLoc());
  Value result = chain.back()->getResult(0);
  auto bands = RowBandsOp::create(builder, builder.getFusedLoc(locations),
                                  result.getType(), inputs.getArrayRef(),
                                  choice.rows, choice.planar);
  Block *body = builder.createBlock(&bands.getBody());
  IRMapping mapping;
  for (Value value : inputs)
    mapping.map(value, body->addArgument(value.getType(), value.getLoc()));
  for (Operation *constant : constants)
    builder.clone(*constant, mapping);
  for (Operation *op : chain)
    builder.clone(*op, mapping);
  YieldOp::create(builder, bands.getLoc(), mapping.lookup(result));
  result.replaceAllUsesWith(bands.getResult());
  for (Operation *op : llvm::reverse(chain))
    op->erase();
  for (Operation *constant : constants)
    if (constant->use_empty())
      constant->erase();
}

struct FormRowBands : schedule::impl::FormRowBandsBase<FormRowBands> {
  FormRowBands() = default;
  explicit FormRowBands(ChooseBands choose) : choose(std::move(choose)) {}

  void runOnOperation() override {
    target::CpuAttr cpu;
    if (auto module = getOperation()->getParentOfType<ModuleOp>())
      cpu = target::getCpu(module);
    std::vector<Candidate> candidates;
    getOperation().walk<WalkOrder::PreOrder>([&](Operation *op) {
      if (isa<RowBandsOp>(op))
        return WalkResult::skip();
      if (!RowBandsOp::isWindow(op))
        return WalkResult::advance();
      for (Chain &chain : chainsAround(op))
        if (isSupported(chain))
          if (BandChoice choice = evaluate(chain, cpu); choice.gain > 0)
            candidates.push_back({std::move(chain), choice});
      return WalkResult::advance();
    });
    llvm::stable_sort(candidates, [](const Candidate &a, const Candidate &b) {
      return a.choice.gain > b.choice.gain;
    });
    llvm::DenseSet<Operation *> taken;
    for (const Candidate &candidate : candidates) {
      if (llvm::any_of(candidate.chain,
                       [&](Operation *op) { return taken.contains(op); }))
        continue;
      taken.insert_range(candidate.chain);
      form(candidate.chain, candidate.choice);
      ++numChains;
    }
  }

private:
  BandChoice evaluate(const Chain &chain, target::CpuAttr cpu) {
    if (rows > 0)
      return {rowsUpTo(chain, rows), double(chain.size())};
    if (choose && cpu)
      return choose(chain, cpu);
    return {1, 0};
  }

  ChooseBands choose;
};

} // namespace

std::unique_ptr<Pass> schedule::createFormRowBandsPass(ChooseBands choose) {
  return std::make_unique<FormRowBands>(std::move(choose));
}
