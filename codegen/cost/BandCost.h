//===- BandCost.h - what computing in bands of rows saves -------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
//
// Whether a window and the operations beside it are faster together, a few rows
// at a time, than one after the other: the tensors between them then stay in a
// near cache, for which rows move in a buffer and weights pass by once per
// band.
//
//===----------------------------------------------------------------------===//

#ifndef EDGECC_CODEGEN_COST_BANDCOST_H
#define EDGECC_CODEGEN_COST_BANDCOST_H

#include "codegen/cost/WindowCost.h"

#include <optional>

namespace edgecc::cost {

/// The cycles that it takes to move `bytes` of a working set of `workingSet`
/// bytes between registers and the cache that holds it.
double trafficCycles(double bytes, double workingSet, target::CpuAttr cpu);

/// A convolution beside a window, for one image.
struct BandConv {
  /// Of one group, its lines and pixels those of the whole result.
  ContractionShape shape;
  int64_t groups = 1;
  /// Bytes of what it reads apart from the chain's own tensors: the weights.
  double weightBytes = 0;
};

/// What produces the input of a window or consumes its result: a convolution,
/// or a transposition from or to channels-first.
struct BandNeighbour {
  std::optional<BandConv> conv;
};

/// A chain, for one image.
struct BandChain {
  std::optional<BandNeighbour> producer, consumer;
  /// The window: its result's extents, and its border along both dimensions.
  WindowDim lines, pixels;
  int64_t channels, elementBytes, lanes;
  bool hasWeights;
  /// Whether the window may pass over planes of channels: it is between two
  /// transpositions, and computes on vectors of pixels.
  bool canBePlanar = false;
  /// Lines and pixels of what the window reads, without the border.
  int64_t inputLines, inputPixels, border;
};

/// Cycles of the operations one after the other.
double separateCycles(const BandChain &chain, target::CpuAttr cpu);

/// Cycles of the chain in bands of `rows` rows.
double bandedCycles(const BandChain &chain, int64_t rows, target::CpuAttr cpu);

/// Cycles of a window between two transpositions on the planes of its channels
/// as they lie.
double planarCycles(const BandChain &chain, target::CpuAttr cpu);

/// The best band height, a divisor of the lines, and the cycles that it saves,
/// negative if it does not save any.
struct BandPrediction {
  int64_t rows;
  double gain;
  /// Whether it is better not to transpose at all.
  bool planar = false;
};
/// The best band heights, best first, and the planes of channels if these are
/// possible: at most `count`.
llvm::SmallVector<BandPrediction> listBands(const BandChain &chain,
                                            target::CpuAttr cpu,
                                            int64_t threads, size_t count);

/// The best of them, bands if planes gain as much.
/// Each of `threads` threads takes some of the bands; operations that are
/// computed separately are shared evenly.
BandPrediction chooseBands(const BandChain &chain, target::CpuAttr cpu,
                           int64_t threads = 1);

} // namespace edgecc::cost

#endif // EDGECC_CODEGEN_COST_BANDCOST_H
