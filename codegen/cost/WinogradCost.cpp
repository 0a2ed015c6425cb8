//===- WinogradCost.cpp - when fewer products pay ---------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "codegen/cost/WinogradCost.h"

#include "llvm/Support/MathExtras.h"

#include <algorithm>
#include <limits>

using namespace edgecc;
using namespace edgecc::cost;

namespace {

constexpr int64_t elementBytes = 4;
/// What one cycle brings from beyond the second level of cache.
constexpr double farBytesPerCycle = 6;
/// What one cycle brings from there.
constexpr double nearBytesPerCycle = 32;
/// The direct convolution is left alone for less than this.
constexpr double leastGain = 1.15;
/// How much slower than the fastest tiling smaller weights may be, where they
/// are wanted: with what else `-Os` does, less than 1.5.
constexpr double smallSlowdown = 1.35;

int64_t lanesOf(target::CpuAttr cpu) {
  return std::max<int64_t>(1, cpu.getVectorBytes() / elementBytes);
}

/// Vector operations to transform one tile, loads and stores included: the
/// input, then the output.
double transformOperations(const WinogradTiling &tiling, int64_t inputVectors,
                           int64_t outputVectors) {
  double side = tiling.side, tile = tiling.tile;
  // The additions of one line, after the even and the odd part of each pair of
  // points are taken together.
  double pairs = side / 2 - 1;
  double inputLine = pairs == 1 ? 4 : pairs == 2 ? 12 : 28;
  double outputLine = pairs * (tile + 2) - (pairs > 1 ? 2 : 0);
  double input = 2 * side * inputLine + 2 * side * side;
  double output = (side + tile) * outputLine + side * side + tile * tile;
  return input * inputVectors + output * outputVectors;
}

/// What it takes to fetch so many bytes of weights once, which other layers
/// have put out of the first level of cache, and of the second one if they fill
/// half of it.
double fetchCycles(double bytes, target::CpuAttr cpu) {
  if (bytes * 2 > cpu.getL2Bytes())
    return bytes / farBytesPerCycle;
  return bytes > cpu.getL1dBytes() ? bytes / nearBytesPerCycle : 0;
}

double tilingCycles(const WinogradShape &shape, const WinogradTiling &tiling,
                    target::CpuAttr cpu) {
  int64_t lanes = lanesOf(cpu);
  ContractionShape product = winogradProduct(shape, tiling, cpu);
  int64_t bands = llvm::divideCeil(tiling.rows, tiling.bandRows);
  double products = tiling.positions() *
                    contractionCycles(chooseTiles(product, cpu), product, cpu);
  double transforms =
      tiling.bandTiles() *
      transformOperations(tiling, llvm::divideCeil(shape.inputChannels, lanes),
                          llvm::divideCeil(shape.outputChannels, lanes)) /
      std::min(cpu.getFmaPerCycle(), cpu.getLoadsPerCycle());
  // What does not stay in the cache is fetched again for each band.
  double weights = tiling.positions() * shape.inputChannels *
                   shape.outputChannels * elementBytes;
  double between = 2.0 * tiling.positions() * tiling.bandTiles() *
                   (shape.inputChannels + shape.outputChannels) * elementBytes;
  double traffic = 0;
  double once = 0;
  if (weights + between / 2 > cpu.getL2Bytes())
    traffic += weights;
  else
    once = fetchCycles(weights, cpu);
  if (between / 2 > cpu.getL2Bytes())
    traffic += between;
  return shape.images * bands *
             (products + transforms + traffic / farBytesPerCycle) +
         once;
}

/// The cycles of the longest of `threads` threads.
double threadCycles(const WinogradShape &shape, const WinogradTiling &tiling,
                    target::CpuAttr cpu, int64_t threads) {
  double cycles = tilingCycles(shape, tiling, cpu);
  int64_t parts = shape.images * llvm::divideCeil(tiling.rows, tiling.bandRows);
  if (parts > 1)
    return cycles * llvm::divideCeil(parts, threads) / parts;
  if (threads == 1)
    return cycles;
  // What one step leaves for the next lies in the caches of others.
  constexpr double launchCycles = 2000;
  double between = 2.0 * tiling.positions() * tiling.bandTiles() *
                   (shape.inputChannels + shape.outputChannels) * elementBytes;
  return (cycles + between / farBytesPerCycle) / threads + 3 * launchCycles;
}

} // namespace

ContractionShape cost::winogradProduct(const WinogradShape &shape,
                                       const WinogradTiling &tiling,
                                       target::CpuAttr cpu) {
  ContractionShape product;
  product.lines = 1;
  product.pixels = tiling.bandTiles();
  product.channels = shape.outputChannels;
  product.depth = shape.inputChannels;
  product.lhsBytes = product.rhsBytes = elementBytes;
  product.lineBytes = product.pixels * product.depth * elementBytes;
  product.lanes = lanesOf(cpu);
  product.isSmall = shape.isSmall;
  return product;
}

std::optional<WinogradTiling>
cost::makeWinogradTiling(const WinogradShape &shape, int64_t tile,
                         target::CpuAttr cpu, int64_t threads) {
  if (shape.height < tile || shape.width < tile)
    return std::nullopt;
  WinogradTiling tiling;
  tiling.tile = tile;
  tiling.side = tile + shape.taps - 1;
  tiling.rows = llvm::divideCeil(shape.height, tile);
  tiling.columns = llvm::divideCeil(shape.width, tile);
  double best = std::numeric_limits<double>::infinity();
  int64_t bestRows = 1;
  for (int64_t bands = 1; bands <= tiling.rows; ++bands) {
    tiling.bandRows = llvm::divideCeil(tiling.rows, bands);
    double cycles = threadCycles(shape, tiling, cpu, threads);
    if (cycles < best) {
      best = cycles;
      bestRows = tiling.bandRows;
    }
  }
  tiling.bandRows = bestRows;
  return tiling;
}

/// `cycles` of a direct convolution and what it takes to fetch its weights.
static double withWeights(const WinogradShape &shape, double cycles,
                          target::CpuAttr cpu) {
  int64_t bytes = shape.taps * shape.taps * shape.inputChannels *
                  shape.outputChannels * elementBytes;
  return cycles + fetchCycles(double(bytes), cpu);
}

llvm::SmallVector<WinogradGain> cost::listWinograd(const WinogradShape &shape,
                                                   double directCycles,
                                                   target::CpuAttr cpu) {
  llvm::SmallVector<WinogradGain> gains;
  if (!cpu.getL2Bytes() || !cpu.getVectorBytes())
    return gains;
  directCycles = withWeights(shape, directCycles, cpu);
  int64_t pairBytes = shape.inputChannels * shape.outputChannels * elementBytes;
  for (int64_t side = 4; side <= maxWinogradSide; side += 2) {
    int64_t tile = side - shape.taps + 1;
    if (tile < 2)
      continue;
    std::optional<WinogradTiling> tiling = makeWinogradTiling(shape, tile, cpu);
    if (!tiling)
      continue;
    double cycles = tilingCycles(shape, *tiling, cpu);
    int64_t more = tiling->positions() - shape.taps * shape.taps;
    gains.push_back({tile, cycles, directCycles - cycles, more * pairBytes});
  }
  return gains;
}

std::optional<WinogradGain> cost::chooseWinograd(const WinogradShape &shape,
                                                 double directCycles,
                                                 target::CpuAttr cpu) {
  llvm::SmallVector<WinogradGain> gains =
      listWinograd(shape, directCycles, cpu);
  directCycles = withWeights(shape, directCycles, cpu);
  double least = directCycles / leastGain;
  for (const WinogradGain &gain : gains)
    least = std::min(least, gain.taken);
  // Weights grow with the tiles.
  double most = shape.isSmall ? least * smallSlowdown : least;
  if (shape.isSmall && directCycles <= most)
    return std::nullopt;
  for (const WinogradGain &gain : gains)
    if (gain.taken <= most)
      return gain;
  return std::nullopt;
}
