//===- BandCost.cpp - what computing in bands of rows saves -----*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "codegen/cost/BandCost.h"

#include "llvm/ADT/STLExtras.h"

#include <algorithm>
#include <cmath>
#include <limits>

using namespace edgecc;
using namespace edgecc::cost;

/// The part of a cache that data streaming through it leaves to what stays.
static constexpr double usable = 0.75;
/// Starting the loops of a band.
static constexpr double bandCycles = 100;
/// The share of its cycles that a chain has to save: the model sees no less.
static constexpr double leastGain = 0.01;
/// What a call and the loops around an operation take.
static constexpr double callCycles = 200;

double cost::trafficCycles(double bytes, double workingSet,
                           target::CpuAttr cpu) {
  double line = cpu.getCacheLineBytes();
  double vector = std::max(4u, cpu.getVectorBytes());
  bool hasCaches = cpu.getL1dBytes();
  if (!hasCaches || workingSet <= usable * cpu.getL1dBytes())
    return bytes / (vector * std::max(1u, cpu.getLoadsPerCycle()));
  // Measured on cores of servers; they are alike relative to the line.
  if (workingSet <= usable * cpu.getL2Bytes())
    return bytes / (line / 2);
  if (workingSet <= usable * cpu.getL3Bytes())
    return bytes / (line / 8);
  return bytes / (line / 16);
}

namespace {

/// The cycles of a convolution whose tiles are of `lines` x `pixels`, `count`
/// times.
double convCycles(const BandConv &conv, int64_t lines, int64_t pixels,
                  double count, target::CpuAttr cpu) {
  ContractionShape shape = conv.shape;
  shape.lines = lines;
  shape.pixels = pixels;
  return count * conv.groups *
         contractionCycles(chooseTiles(shape, cpu), shape, cpu);
}

/// The cycles that it takes to transpose `count` times `pixels` neighbouring
/// pixels in registers: squares of a vector each way, whose vectors are loaded,
/// shuffled once per doubling of their lanes, and stored.
double transposeCycles(const BandChain &chain, int64_t pixels, double count) {
  auto squares = [&](int64_t size) {
    return double((size + chain.lanes - 1) / chain.lanes);
  };
  double perVector = 2 + std::log2(double(chain.lanes));
  return count * squares(pixels) * squares(chain.channels) * chain.lanes *
         perVector;
}

/// The cycles of a neighbour of the window on `lines` x `pixels`, `count`
/// times.
double neighbourCycles(const BandNeighbour &neighbour, const BandChain &chain,
                       int64_t lines, int64_t pixels, double count,
                       target::CpuAttr cpu) {
  if (const auto &conv = neighbour.conv)
    return convCycles(*conv, lines, pixels, count, cpu);
  return transposeCycles(chain, lines * pixels, count);
}

/// The same for the whole of its result, of `pixels` pixels.
double wholeCycles(const BandNeighbour &neighbour, const BandChain &chain,
                   int64_t pixels, target::CpuAttr cpu) {
  int64_t lines = 1;
  if (const auto &conv = neighbour.conv) {
    lines = conv->shape.lines;
    pixels = conv->shape.pixels;
  }
  return callCycles + neighbourCycles(neighbour, chain, lines, pixels, 1, cpu);
}

double weightBytes(const BandNeighbour &neighbour) {
  return neighbour.conv ? neighbour.conv->weightBytes : 0;
}

double windowCycles(const BandChain &chain, int64_t rows, double count,
                    target::CpuAttr cpu) {
  WindowDim lines = chain.lines;
  lines.outputs = rows;
  double vectors = double(chain.channels + chain.lanes - 1) / chain.lanes;
  WindowTiles tiles = chooseTiles(lines, chain.pixels, chain.hasWeights, cpu);
  return count * vectors * tiles.cycles;
}

/// The bytes of one line of what the window reads, border included, and writes.
double inputLine(const BandChain &chain) {
  return double(chain.inputPixels + chain.border) * chain.channels *
         chain.elementBytes;
}
double resultLine(const BandChain &chain) {
  return double(chain.pixels.outputs) * chain.channels * chain.elementBytes;
}

/// The bytes of the buffers before and after the window for bands of `rows`.
struct BandBuffers {
  double input = 0, result = 0;
  /// The share of them that is in use at a time.
  double share = 1;
};

BandBuffers buffersOf(const BandChain &chain, int64_t rows) {
  BandBuffers buffers;
  int64_t extent = (chain.lines.kernel - 1) * chain.lines.dilation + 1;
  if (chain.producer)
    buffers.input =
        inputLine(chain) * ((rows - 1) * chain.lines.stride + extent);
  if (chain.consumer)
    buffers.result = resultLine(chain) * rows;
  // Channels never meet without a convolution: they pass in blocks of a vector.
  if (chain.producer && !chain.producer->conv &&
      (!chain.consumer || !chain.consumer->conv))
    buffers.share = std::min(1.0, double(chain.lanes) / chain.channels);
  return buffers;
}

/// The cycles until buffers are in the second cache, where the tensors of other
/// kernels have been: each thread has its own.
double touchCycles(const BandChain &chain, int64_t rows, target::CpuAttr cpu) {
  BandBuffers buffers = buffersOf(chain, rows);
  double bytes = buffers.share * (buffers.input + buffers.result);
  return trafficCycles(2 * bytes, cpu.getL2Bytes(), cpu);
}

} // namespace

double cost::separateCycles(const BandChain &chain, target::CpuAttr cpu) {
  double input = inputLine(chain) * chain.inputLines;
  double result = resultLine(chain) * chain.lines.outputs;
  double cycles = windowCycles(chain, chain.lines.outputs, 1, cpu);
  if (const auto &producer = chain.producer) {
    cycles += wholeCycles(*producer, chain,
                          chain.inputLines * chain.inputPixels, cpu);
    cycles += trafficCycles(2 * input, input, cpu);
  }
  if (const auto &consumer = chain.consumer) {
    cycles += wholeCycles(*consumer, chain,
                          chain.lines.outputs * chain.pixels.outputs, cpu);
    cycles += trafficCycles(2 * result, result, cpu);
  }
  return cycles;
}

double cost::bandedCycles(const BandChain &chain, int64_t rows,
                          target::CpuAttr cpu) {
  double bands = double(chain.lines.outputs) / rows;
  int64_t extent = (chain.lines.kernel - 1) * chain.lines.dilation + 1;
  double cycles = bands * bandCycles + windowCycles(chain, rows, bands, cpu);
  BandBuffers buffers = buffersOf(chain, rows);
  double workingSet = buffers.share * (buffers.input + buffers.result);
  if (chain.producer)
    workingSet += weightBytes(*chain.producer);
  if (chain.consumer)
    workingSet += weightBytes(*chain.consumer);
  if (const auto &producer = chain.producer) {
    bool isAll = producer->conv && rows == chain.lines.outputs;
    cycles +=
        neighbourCycles(*producer, chain, isAll ? chain.inputLines : 1,
                        chain.inputPixels, isAll ? 1 : chain.inputLines, cpu);
    // A block of channels stays in the first cache for the window.
    cycles +=
        trafficCycles(2 * inputLine(chain) * chain.inputLines, workingSet, cpu);
    int64_t kept = std::max<int64_t>(extent - chain.lines.stride, 0);
    cycles += trafficCycles((bands - 1) * 2 * kept * inputLine(chain),
                            workingSet, cpu);
    cycles +=
        trafficCycles((bands - 1) * weightBytes(*producer), workingSet, cpu);
  }
  if (const auto &consumer = chain.consumer) {
    cycles += neighbourCycles(*consumer, chain, 1, rows * chain.pixels.outputs,
                              bands, cpu);
    cycles += trafficCycles(2 * resultLine(chain) * chain.lines.outputs,
                            workingSet, cpu);
    cycles +=
        trafficCycles((bands - 1) * weightBytes(*consumer), workingSet, cpu);
  }
  return cycles;
}

double cost::planarCycles(const BandChain &chain, target::CpuAttr cpu) {
  PlaneTiles tiles =
      choosePlaneTiles(chain.lines, chain.pixels, chain.lanes, cpu);
  return callCycles + chain.channels * tiles.cycles;
}

/// The work of the thread with the most bands relative to an equal share.
static double bandImbalance(const BandChain &chain, int64_t rows,
                            int64_t threads) {
  auto isConv = [](const std::optional<BandNeighbour> &neighbour) {
    return neighbour && neighbour->conv;
  };
  int64_t parts = chain.lines.outputs / rows;
  // Blocks of channels are parts as well where channels never meet.
  if (!isConv(chain.producer) && !isConv(chain.consumer))
    parts *= std::max<int64_t>(1, chain.channels / chain.lanes);
  int64_t most = (parts + threads - 1) / threads;
  return double(most * threads) / double(parts);
}

llvm::SmallVector<BandPrediction> cost::listBands(const BandChain &chain,
                                                  target::CpuAttr cpu,
                                                  int64_t threads,
                                                  size_t count) {
  double separate = (1 - leastGain) * separateCycles(chain, cpu);
  llvm::SmallVector<BandPrediction> list;
  for (int64_t rows = 1; rows <= chain.lines.outputs; ++rows)
    if (chain.lines.outputs % rows == 0)
      list.push_back(
          {rows, separate -
                     bandedCycles(chain, rows, cpu) *
                         bandImbalance(chain, rows, threads) -
                     double(threads) * touchCycles(chain, rows, cpu)});
  if (chain.canBePlanar)
    list.push_back({chain.lines.outputs, separate - planarCycles(chain, cpu),
                    /*planar=*/true});
  llvm::stable_sort(list, [](const BandPrediction &a, const BandPrediction &b) {
    return a.gain > b.gain;
  });
  list.truncate(std::min(list.size(), count));
  return list;
}

BandPrediction cost::chooseBands(const BandChain &chain, target::CpuAttr cpu,
                                 int64_t threads) {
  return listBands(chain, cpu, threads, 1).front();
}
