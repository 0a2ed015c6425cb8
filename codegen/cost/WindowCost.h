//===- WindowCost.h - register tiles of sliding windows ---------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef EDGECC_CODEGEN_COST_WINDOWCOST_H
#define EDGECC_CODEGEN_COST_WINDOWCOST_H

#include "codegen/cost/ContractionCost.h"

#include <optional>

namespace edgecc::cost {

/// One of the two spatial dimensions over which a window is tiled.
struct WindowDim {
  int64_t outputs, kernel, stride, dilation;

  /// The input positions that `tile` neighbouring outputs read.
  int64_t inputs(int64_t tile) const;
};

/// How a window operation is unrolled.
struct WindowTiles {
  enum Mode {
    /// Every tap of every pixel is emitted; the weights stay in registers.
    ResidentWeights,
    /// The taps of a kernel row are emitted, with its inputs in registers and
    /// each weight loaded once; the rows of the kernel are a loop if there are
    /// many.
    Rows,
    /// All taps are loops; a tile is one pixel of several vectors.
    Loops,
  };
  Mode mode = Loops;
  /// Output lines and pixels of a tile.
  int64_t lines = 1, pixels = 1;
  /// Vectors of channels of a tile.
  int64_t vectors = 1;
  /// What the whole takes for each vector of channels, its operands being in
  /// the first cache.
  double cycles = 0;
};

/// The most taps that are emitted one after another for little code.
constexpr int64_t mostSmallTaps = 16;

/// One line of a few pixels, with its weights in registers or the rows of its
/// kernel in a loop.
std::optional<WindowTiles> chooseSmallTiles(const WindowDim &lines,
                                            const WindowDim &pixels,
                                            target::CpuAttr cpu);

/// The fastest tiles by a count of arithmetic and loads.
WindowTiles chooseTiles(const WindowDim &lines, const WindowDim &pixels,
                        bool hasWeights, target::CpuAttr cpu);

/// How a window over planes of channels, pixels in vectors, is unrolled.
struct PlaneTiles {
  /// Output lines of a tile, and vectors of its pixels.
  int64_t lines = 1, vectors = 1;
  /// What one plane takes, its operands being in the first cache.
  double cycles = 0;
};

/// The fastest tiles by a count of arithmetic, loads and shuffles; `lanes`
/// pixels are in a vector. Strides along the pixels are 1 or 2.
PlaneTiles choosePlaneTiles(const WindowDim &lines, const WindowDim &pixels,
                            int64_t lanes, target::CpuAttr cpu);

} // namespace edgecc::cost

#endif // EDGECC_CODEGEN_COST_WINDOWCOST_H
