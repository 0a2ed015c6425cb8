//===- ChooseBands.cpp - the cost model's answer for a chain ----*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "codegen/kernels/ChooseBands.h"
#include "codegen/cost/BandCost.h"
#include "codegen/kernels/ConvKernel.h"
#include "codegen/kernels/PlaneKernel.h"
#include "codegen/kernels/Winograd.h"
#include "dialects/Edge/EdgeScheduleOps.h"
#include "dialects/Target/Threads.h"

using namespace mlir;
using namespace edgecc;
using namespace edgecc::kernels;

/// What the cost model wants to know of a neighbour of a window.
static cost::BandNeighbour describe(Operation *neighbour, target::CpuAttr cpu) {
  cost::BandNeighbour result;
  auto op = dyn_cast<edge::ConvOp>(neighbour);
  if (!op)
    return result;
  ConvPlan plan(op, cpu);
  cost::BandConv &conv = result.conv.emplace();
  conv.shape = plan.shape;
  if (plan.pointwise)
    conv.shape.pixels /= op.getType().getDimSize(0);
  conv.groups = plan.groups;
  auto weights = cast<ShapedType>(op.getWeights().getType());
  conv.weightBytes = double(weights.getNumElements() * plan.shape.rhsBytes);
  return result;
}

SmallVector<schedule::BandChoice> kernels::listBands(ArrayRef<Operation *> ops,
                                                     target::CpuAttr cpu,
                                                     size_t count) {
  const auto *window = llvm::find_if(ops, edge::RowBandsOp::isWindow);
  cost::BandChain chain;
  // A producer with a faster algorithm for whole tensors keeps it.
  if (auto first = dyn_cast<edge::ConvOp>(ops.front());
      first && chooseWinograd(first, cpu))
    return {};
  if (window != ops.begin())
    chain.producer = describe(ops.front(), cpu);
  if (std::next(window) != ops.end())
    chain.consumer = describe(ops.back(), cpu);
  auto input = cast<RankedTensorType>((*window)->getOperand(0).getType());
  auto output = cast<RankedTensorType>((*window)->getResult(0).getType());
  auto fill = [&](auto op, ArrayRef<int64_t> kernel) {
    chain.lines = {output.getDimSize(1), kernel[0], op.getStrides()[0],
                   op.getDilation(0)};
    chain.pixels = {output.getDimSize(2), kernel[1], op.getStrides()[1],
                    op.getDilation(1)};
    chain.border = op.getPadsLow()[1] + op.getPadsHigh()[1];
  };
  if (auto conv = dyn_cast<edge::ConvOp>(*window))
    fill(conv, cast<ShapedType>(conv.getWeights().getType()).getShape());
  else
    fill(cast<edge::PoolOp>(*window), cast<edge::PoolOp>(*window).getKernel());
  chain.hasWeights = isa<edge::ConvOp>(*window);
  chain.channels = output.getShape().back();
  chain.elementBytes = storageBytes(input.getElementType());
  chain.lanes = vectorLength(
      cpu, productType(cpu, input.getElementType(), input.getElementType()));
  chain.inputLines = input.getDimSize(1);
  chain.inputPixels = input.getDimSize(2);
  chain.canBePlanar =
      edge::RowBandsOp::isTransposed(ops) && canBePlanar(*window, cpu);
  SmallVector<schedule::BandChoice> choices;
  for (const cost::BandPrediction &bands :
       cost::listBands(chain, cpu, target::getThreads(*window), count))
    choices.push_back(
        {bands.rows, bands.gain * double(input.getDimSize(0)), bands.planar});
  return choices;
}

schedule::BandChoice kernels::chooseBands(ArrayRef<Operation *> ops,
                                          target::CpuAttr cpu) {
  SmallVector<schedule::BandChoice> best = listBands(ops, cpu, 1);
  return best.empty() ? schedule::BandChoice{1, 0} : best.front();
}
