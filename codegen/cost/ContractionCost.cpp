//===- ContractionCost.cpp - register tiles and loop orders -----*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "codegen/cost/ContractionCost.h"
#include "codegen/cost/BandCost.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"

#include <algorithm>
#include <limits>

using namespace edgecc;
using namespace edgecc::cost;

namespace {

/// What the set-up of a tile costs: loop control, addresses, first loads.
constexpr double tileCycles = 12;
/// Initialising and storing one accumulator.
constexpr double storeCycles = 2;
/// Rounding, narrowing and storing a vector that fills no register.
constexpr double narrowCycles = 2;
/// The share of the shorter of arithmetic and loads that does not hide behind
/// the longer one.
constexpr double exposed = 0.15;
/// The share of other instructions that take the place of multiply-adds.
constexpr double besides = 0.6;

/// Cycles of one step of the reduction for a tile of `rows` x `vectors`, with
/// `speed` times as many operations per cycle as full registers see.
double stepCycles(double rows, double vectors, double speed,
                  const ContractionShape &shape, target::CpuAttr cpu) {
  const StepCost &step = shape.step;
  // One instruction loads neighbours into a file of scalars.
  constexpr double neighbourLoad = 0.5;
  double vectorLoads =
      vectors * step.vectorRegisters * (shape.registers ? neighbourLoad : 1);
  double sums = rows * vectors * step.perSum +
                besides * (rows * step.perRow + vectors * step.perVector);
  double fmas = sums * step.registers / (speed * cpu.getFmaPerCycle());
  double loads = (rows + vectorLoads) / (speed * cpu.getLoadsPerCycle());
  double cycles = std::max(fmas, loads) + exposed * std::min(fmas, loads);
  return std::max(cycles, double(cpu.getFmaLatency()));
}

int64_t registersOf(const ContractionShape &shape, target::CpuAttr cpu) {
  return shape.registers ? shape.registers : usableRegisters(cpu);
}

/// Whether the accumulators fit into registers together with a row of the rhs
/// and an element of the lhs (and a product where there is no fused
/// multiply-add).
bool fits(int64_t rows, int64_t vectors, const ContractionShape &shape,
          target::CpuAttr cpu) {
  const StepCost &step = shape.step;
  rows = llvm::alignTo(rows, step.rowsTogether);
  int64_t others = vectors * step.vectorRegisters + step.rowRegisters +
                   (cpu.getHasFma() ? 0 : 1);
  // Vectors that meet few rows come one after the other.
  if (step.rowsTogether > 1)
    others = rows / step.rowsTogether * step.rowRegisters + 2;
  return rows * vectors + others <= registersOf(shape, cpu) / step.registers;
}

/// Cycles for narrow stores of a row: of neighbours that are joined as far as
/// their number is even, there are the fewer.
double narrowStores(int64_t vectors, int64_t lanes,
                    const ContractionShape &shape) {
  int64_t joined = vectors;
  for (int64_t bytes = lanes * shape.resultBytes;
       lanes > 1 && bytes < fewResultBytes && joined % 2 == 0; bytes *= 2)
    joined /= 2;
  return lanes * shape.resultBytes < fewResultBytes ? joined * narrowCycles : 0;
}

double tileCost(int64_t rows, int64_t vectors, int64_t lanes, double speed,
                const ContractionShape &shape, target::CpuAttr cpu) {
  rows = llvm::alignTo(rows, shape.step.rowsTogether);
  double stores = vectors * storeCycles + narrowStores(vectors, lanes, shape);
  return tileCycles + rows * stores / speed +
         shape.depth * stepCycles(rows, vectors, speed, shape, cpu);
}

/// What the first tile waits for its panel, if that comes from a cache that is
/// shared. Where several tiles use a panel, they prefetch the next one; a
/// single one waits for each panel, however wide.
double startCycles(const ContractionTiles &tiles, const ContractionShape &shape,
                   double speed, target::CpuAttr cpu) {
  int64_t panelBytes =
      shape.depth * tiles.vectors * tiles.lanes * shape.rhsBytes;
  bool isOnlyTile = tiles.lines >= shape.lines && tiles.pixels >= shape.pixels;
  if (isOnlyTile ||
      !comesFromAfar(shape.depth * shape.channels * shape.rhsBytes, shape, cpu))
    return 0;
  double arrival = trafficCycles(panelBytes, cpu.getL2Bytes(), cpu);
  return std::max(0.0,
                  arrival - tileCost(tiles.lines * tiles.pixels, tiles.vectors,
                                     tiles.lanes, speed, shape, cpu));
}

/// Decides in which order the tiles come.
void chooseOrder(ContractionTiles &tiles, const ContractionShape &shape,
                 target::CpuAttr cpu) {
  int64_t width = tiles.vectors * tiles.lanes;
  int64_t panels = std::max<int64_t>(1, shape.channels / width);
  int64_t panelBytes = shape.depth * width * shape.rhsBytes;
  int64_t cache = std::max(cpu.getL2Bytes(), cpu.getL1dBytes());
  // All panels stay if they fit beside the lines that they meet; otherwise as
  // many as fill half of the cache.
  if (panels * panelBytes <= cache * 3 / 4 || cache == 0)
    tiles.panelBlock = panels;
  else
    tiles.panelBlock = std::clamp<int64_t>(cache / 2 / panelBytes, 1, panels);
  // One line (a matrix product): the rows of a tile meet one panel after the
  // other. Several lines: a panel meets all pixels of a line.
  tiles.panelsInner = shape.lines == 1;
  if (comesFromAfar(panels * panelBytes, shape, cpu)) {
    tiles.panelBlock = 1;
    tiles.panelsInner = false;
    tiles.prefetchesPanel = true;
  }
}

} // namespace

bool cost::comesFromAfar(int64_t weightBytes, const ContractionShape &shape,
                         target::CpuAttr cpu) {
  return !shape.isSmall && cpu.getL3Bytes() &&
         weightBytes > 2 * int64_t(cpu.getL1dBytes()) &&
         shape.lines * shape.lineBytes <= cpu.getL2Bytes() / 2;
}

llvm::SmallVector<TileRun, 2> cost::splitEvenly(int64_t total, int64_t limit,
                                                int64_t unit) {
  llvm::SmallVector<TileRun, 2> runs;
  if (unit > 1 && limit >= unit && total > limit) {
    runs = splitEvenly(llvm::divideCeil(total, unit), limit / unit);
    for (TileRun &run : runs)
      run = {run.first * unit, run.count, run.size * unit};
    if (int64_t rest = total % unit) {
      TileRun last = runs.pop_back_val();
      int64_t before = last.count - 1;
      if (before)
        runs.push_back({last.first, before, last.size});
      runs.push_back(
          {last.first + before * last.size, 1, last.size - unit + rest});
    }
    return runs;
  }
  if (total <= 0)
    return runs;
  int64_t count = (total + limit - 1) / limit;
  int64_t size = total / count, larger = total % count;
  if (larger)
    runs.push_back({0, larger, size + 1});
  runs.push_back({larger * (size + 1), count - larger, size});
  return runs;
}

double cost::contractionCycles(const ContractionTiles &tiles,
                               const ContractionShape &shape,
                               target::CpuAttr cpu) {
  double speed = tiles.lanes < shape.lanes ? halfSpeed(cpu) : 1;
  int64_t width = tiles.vectors * tiles.lanes;
  int64_t panels = shape.channels / width;
  int64_t rest = (shape.channels % width + tiles.lanes - 1) / tiles.lanes;
  double total = startCycles(tiles, shape, speed, cpu);
  int64_t unit = tiles.lines == 1 ? shape.step.rowsTogether : 1;
  for (const TileRun &lines : splitEvenly(shape.lines, tiles.lines))
    for (const TileRun &pixels :
         splitEvenly(shape.pixels, tiles.pixels, unit)) {
      int64_t rows = lines.size * pixels.size;
      double perTile = panels * tileCost(rows, tiles.vectors, tiles.lanes,
                                         speed, shape, cpu);
      if (rest)
        perTile += tileCost(rows, rest, tiles.lanes, speed, shape, cpu);
      total += lines.count * pixels.count * perTile;
    }
  return total;
}

double cost::halfSpeed(target::CpuAttr cpu) {
  return cpu.getVectorBytes() == 64 && cpu.getFmaPerCycle() == 1 ? 2 : 1;
}

int64_t cost::usableRegisters(target::CpuAttr cpu) {
  return cpu.getVectorRegs() ? cpu.getVectorRegs() : 16;
}

ContractionTiles cost::chooseSmallTiles(const ContractionShape &shape,
                                        target::CpuAttr cpu) {
  // Enough sums to hide the latency of an addition, of few instructions.
  constexpr int64_t mostPixels = 8, mostVectors = 4, wideLanes = 8;
  ContractionTiles tiles;
  tiles.areEqual = true;
  tiles.lanes = shape.lanes;
  // Narrower vectors rather than a second kind of panel.
  if (shape.channels % tiles.lanes && tiles.lanes / 2 >= wideLanes &&
      shape.channels % (tiles.lanes / 2) == 0 && tiles.lanes > shape.leastLanes)
    tiles.lanes /= 2;
  int64_t channelVectors = llvm::divideCeil(shape.channels, tiles.lanes);
  int64_t vectors = shape.lanes >= wideLanes ? 1 : 2;
  // Lines of one pixel are taken together, as many as divide them evenly.
  bool isColumn = shape.pixels == 1;
  if ((isColumn ? shape.lines : shape.pixels) < mostPixels / 2)
    vectors = mostVectors;
  while (vectors > 1 &&
         (channelVectors % vectors || !fits(1, vectors, shape, cpu)))
    vectors /= 2;
  tiles.vectors = vectors;
  while (tiles.pixels < std::min(mostPixels, shape.pixels) &&
         fits(tiles.pixels + 1, vectors, shape, cpu))
    ++tiles.pixels;
  for (int64_t lines = 2; isColumn && lines <= mostPixels; ++lines)
    if (shape.lines % lines == 0 && fits(lines, vectors, shape, cpu))
      tiles.lines = lines;
  // Machines with a second cache have room for neighbours that are loaded
  // together.
  tiles.unroll = cpu.getL2Bytes() ? 2 : 1;
  chooseOrder(tiles, shape, cpu);
  return tiles;
}

ContractionTiles cost::chooseTiles(const ContractionShape &shape,
                                   target::CpuAttr cpu) {
  if (shape.isSmall && shape.lanes > 1)
    return chooseSmallTiles(shape, cpu);
  return bestTiles(shape, cpu, 1).front();
}

ContractionTiles cost::completeTiles(ContractionTiles tiles,
                                     const ContractionShape &shape,
                                     target::CpuAttr cpu) {
  chooseOrder(tiles, shape, cpu);
  tiles.unroll = shape.isSmall ? 1 : 2;
  tiles.areEqual = shape.isSmall;
  tiles.prefetchRows = cpu.getL2Bytes() ? 8 : 0;
  return tiles;
}

llvm::SmallVector<ContractionTiles>
cost::bestTiles(const ContractionShape &shape, target::CpuAttr cpu,
                size_t count) {
  int64_t registers = registersOf(shape, cpu) / shape.step.registers;
  ContractionTiles best;
  llvm::SmallVector<std::pair<double, ContractionTiles>> others;
  double bestCost = std::numeric_limits<double>::infinity();
  auto consider = [&](int64_t lines, int64_t pixels, int64_t vectors,
                      int64_t lanes) {
    ContractionTiles tiles;
    tiles.lines = lines;
    tiles.pixels = pixels;
    tiles.vectors = vectors;
    tiles.lanes = lanes;
    double cycles = contractionCycles(tiles, shape, cpu);
    if (count > 1)
      others.push_back({cycles, tiles});
    if (cycles >= bestCost * 0.995)
      return;
    bestCost = cycles;
    best = tiles;
  };
  auto considerLanes = [&](int64_t lanes) {
    int64_t allVectors =
        std::max<int64_t>(1, (shape.channels + lanes - 1) / lanes);
    for (int64_t vectors = 1; vectors <= std::min(allVectors, registers / 2);
         ++vectors) {
      // Vectors of one register may come one after the other.
      if (vectors > 1 && shape.step.vectorRegisters > 1 &&
          !fits(1, vectors, shape, cpu))
        break;
      int64_t pixels = 1;
      while (pixels < shape.pixels && fits(pixels + 1, vectors, shape, cpu))
        ++pixels;
      consider(1, pixels, vectors, lanes);
      // Whole short lines, several at once.
      if (pixels == shape.pixels)
        for (int64_t lines = 2;
             lines <= shape.lines && fits(lines * pixels, vectors, shape, cpu);
             ++lines)
          consider(lines, pixels, vectors, lanes);
      // Parts of two lines, where a line does not divide well.
      else if (shape.lines > 1)
        for (int64_t half = 2; fits(2 * half, vectors, shape, cpu); ++half)
          consider(2, half, vectors, lanes);
    }
  };
  considerLanes(shape.lanes);
  if (halfSpeed(cpu) > 1 && shape.channels % shape.lanes &&
      shape.lanes > shape.leastLanes)
    considerLanes(shape.lanes / 2);
  llvm::stable_sort(
      others, [](const auto &a, const auto &b) { return a.first < b.first; });
  llvm::SmallVector<ContractionTiles> result{completeTiles(best, shape, cpu)};
  for (const auto &[cycles, tiles] : others) {
    bool isBest = tiles.lines == best.lines && tiles.pixels == best.pixels &&
                  tiles.vectors == best.vectors && tiles.lanes == best.lanes;
    if (!isBest && result.size() < count)
      result.push_back(completeTiles(tiles, shape, cpu));
  }
  return result;
}
