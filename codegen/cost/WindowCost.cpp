//===- WindowCost.cpp - register tiles of sliding windows -------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "codegen/cost/WindowCost.h"

#include <algorithm>
#include <limits>
#include <set>

using namespace edgecc;
using namespace edgecc::cost;

/// More operations than this are not worth their code.
static constexpr int64_t longestTile = 160;
/// Loop control and addresses of a tile.
static constexpr double tileCycles = 4;

int64_t WindowDim::inputs(int64_t tile) const {
  std::set<int64_t> positions;
  for (int64_t i = 0; i < tile; ++i)
    for (int64_t k = 0; k < kernel; ++k)
      positions.insert(i * stride + k * dilation);
  return positions.size();
}

std::optional<WindowTiles> cost::chooseSmallTiles(const WindowDim &lines,
                                                  const WindowDim &pixels,
                                                  target::CpuAttr cpu) {
  int64_t mostPixels = cpu.getVectorBytes() ? 4 : 2;
  int64_t taps = lines.kernel * pixels.kernel;
  int64_t size = std::min(mostPixels, pixels.outputs);
  int64_t registers = usableRegisters(cpu);
  if (taps > mostSmallTaps && size + 1 + pixels.inputs(size) <= registers)
    return WindowTiles{WindowTiles::Rows, 1, size, 1};
  if (taps > mostSmallTaps || size + 2 + taps > registers)
    return std::nullopt;
  return WindowTiles{WindowTiles::ResidentWeights, 1, size, 1};
}

WindowTiles cost::chooseTiles(const WindowDim &lines, const WindowDim &pixels,
                              bool hasWeights, target::CpuAttr cpu) {
  int64_t registers = usableRegisters(cpu);
  int64_t taps = lines.kernel * pixels.kernel;
  WindowTiles best;
  double bestCost = std::numeric_limits<double>::infinity();
  auto consider = [&](WindowTiles tiles) {
    int64_t outputs = tiles.lines * tiles.pixels;
    bool resident = tiles.mode == WindowTiles::ResidentWeights;
    int64_t length =
        outputs * pixels.kernel * (resident ? lines.kernel : int64_t(1));
    int64_t live = resident ? outputs + 2 + (hasWeights ? taps : 0)
                            : outputs + 1 + pixels.inputs(tiles.pixels);
    if (live > registers || length > longestTile)
      return;
    double total = 0;
    for (const TileRun &line : splitEvenly(lines.outputs, tiles.lines))
      for (const TileRun &pixel : splitEvenly(pixels.outputs, tiles.pixels)) {
        double arithmetic = double(taps * line.size * pixel.size) /
                            std::max(1u, cpu.getFmaPerCycle());
        double loads = resident
                           ? lines.inputs(line.size) * pixels.inputs(pixel.size)
                           : lines.kernel * (pixels.inputs(pixel.size) +
                                             (hasWeights ? pixels.kernel : 0));
        loads /= std::max(1u, cpu.getLoadsPerCycle());
        double latency = double(taps) * cpu.getFmaLatency();
        double cycles = std::max({arithmetic, loads, latency}) +
                        std::min(arithmetic, loads) * 0.25 +
                        line.size * pixel.size + tileCycles;
        total += line.count * pixel.count * cycles;
      }
    if (total < bestCost * 0.995) {
      bestCost = total;
      best = tiles;
      best.cycles = total;
    }
  };
  for (int64_t pixel = 1; pixel <= std::min<int64_t>(8, pixels.outputs);
       ++pixel) {
    for (int64_t line = 1; line <= std::min<int64_t>(4, lines.outputs); ++line)
      consider({WindowTiles::ResidentWeights, line, pixel, 1});
    consider({WindowTiles::Rows, 1, pixel, 1});
  }
  if (best.mode != WindowTiles::Loops)
    return best;
  best.vectors = std::max<int64_t>(
      1, std::min<int64_t>(registers / 4, int64_t(cpu.getFmaLatency()) *
                                              cpu.getFmaPerCycle()));
  // An input and a weight for each multiply-add.
  best.cycles = 2.0 * lines.outputs * pixels.outputs * taps /
                std::max(1u, cpu.getLoadsPerCycle());
  return best;
}

PlaneTiles cost::choosePlaneTiles(const WindowDim &lines,
                                  const WindowDim &pixels, int64_t lanes,
                                  target::CpuAttr cpu) {
  assert(pixels.stride <= 2 && "vectors of pixels are split into two at most");
  int64_t vectors = (pixels.outputs + lanes - 1) / lanes;
  PlaneTiles best;
  best.cycles = std::numeric_limits<double>::infinity();
  for (int64_t line = 1; line <= std::min<int64_t>(4, lines.outputs); ++line)
    for (int64_t vector = 1; vector <= std::min<int64_t>(4, vectors);
         ++vector) {
      // Half of the registers are for inputs and weights.
      if (2 * line * vector > usableRegisters(cpu) && line * vector > 1)
        continue;
      double total = 0;
      for (const TileRun &lineRun : splitEvenly(lines.outputs, line))
        for (const TileRun &run : splitEvenly(vectors, vector)) {
          double rows = lines.inputs(lineRun.size);
          double arithmetic =
              double(lineRun.size * run.size * lines.kernel * pixels.kernel) /
              std::max(1u, cpu.getFmaPerCycle());
          // Besides the tile's own pixels, those at its sides.
          double loads = rows * (pixels.stride * run.size + 1) /
                         std::max(1u, cpu.getLoadsPerCycle());
          // Taps next to the vector are shifted in; others are in the vector,
          // or in one of its two halves.
          double shifted = pixels.kernel - pixels.stride;
          double split = pixels.stride == 1 ? 0 : pixels.stride;
          double shuffles = rows * run.size * (std::max(shifted, 0.0) + split);
          double latency =
              double(lines.kernel * pixels.kernel) * cpu.getFmaLatency();
          // Units for shuffles do arithmetic as well.
          double cycles =
              std::max({arithmetic + shuffles / 2, loads, shuffles, latency}) +
              lineRun.size * run.size + tileCycles;
          total += lineRun.count * run.count * cycles;
        }
      if (total < best.cycles * 0.995)
        best = {line, vector, total};
    }
  return best;
}
