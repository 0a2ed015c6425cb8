//===- ContractionCost.h - register tiles and loop orders -------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
//
// Which tile of a contraction to hold in registers and in which order to walk
// through the tiles, from the CPU record alone.
//
//===----------------------------------------------------------------------===//

#ifndef EDGECC_CODEGEN_COST_CONTRACTIONCOST_H
#define EDGECC_CODEGEN_COST_CONTRACTIONCOST_H

#include "dialects/Target/TargetDialect.h"

#include "llvm/ADT/SmallVector.h"

namespace edgecc::cost {

/// Vectors of results with fewer bytes are joined before they are stored, if
/// there is an even number of them.
inline constexpr int64_t fewResultBytes = 16;

/// `count` neighbouring tiles of `size`.
struct TileRun {
  int64_t first;
  int64_t count;
  int64_t size;
};

/// Cuts `total` into tiles of at most `limit` whose sizes differ by at most
/// one; the larger ones come first. Equal tiles beat a small last one, which
/// would have too few accumulators to hide the latency of an addition.
/// In tiles of a multiple of `unit`, the last one has what is left.
llvm::SmallVector<TileRun, 2> splitEvenly(int64_t total, int64_t limit,
                                          int64_t unit = 1);

/// What one step of the reduction costs beside its loads, in instructions of
/// the speed of a multiply-add, and what it holds in registers.
struct StepCost {
  /// For each accumulator; for each element of the lhs; for each vector of the
  /// rhs.
  double perSum = 1, perRow = 0, perVector = 0;
  /// The registers that an element of the lhs, and a vector of the rhs, take.
  int64_t rowRegisters = 1, vectorRegisters = 1;
  /// The registers that make up one vector.
  int64_t registers = 1;
  /// Rows of the lhs that are multiplied at once, even where they are fewer.
  int64_t rowsTogether = 1;
};

/// The sizes of a contraction.
struct ContractionShape {
  /// `depth` counts the steps of the reduction.
  int64_t lines, pixels, channels, depth;
  /// Bytes of the lhs that one line reads, and of what a step takes of each
  /// side.
  int64_t lineBytes, lhsBytes, rhsBytes;
  /// Elements of the accumulator type per vector register.
  int64_t lanes;
  /// The fewest lanes of a vector.
  int64_t leastLanes = 1;
  /// Registers for accumulators, if scalars have a file of their own; 0 for
  /// those of vectors.
  int64_t registers = 0;
  StepCost step;
  /// Whether little code is wanted more than speed.
  bool isSmall = false;
  /// From one line of the lhs to the next in steps between neighbouring pixels;
  /// 0 if that is no whole number.
  int64_t linePitch = 0;
  /// Bytes of an element of the result; narrow vectors of them are joined.
  int64_t resultBytes = 4;
};

/// How a contraction is cut and walked through.
struct ContractionTiles {
  /// The largest register tile: lines x pixels x vectors of channels.
  int64_t lines = 1, pixels = 1, vectors = 1;
  /// Elements of a vector; fewer than a register holds where that wastes less.
  int64_t lanes = 1;
  /// The panels of the rhs that are used for all lines before the next ones
  /// come; what stays in the cache.
  int64_t panelBlock = 1;
  /// Of the loops over the panels of a block and over the pixels of a line,
  /// which is the inner one.
  bool panelsInner = false;
  /// Steps of the innermost reduction loop that are emitted one after another.
  int64_t unroll = 1;
  /// How many rows ahead the rhs is prefetched; 0 for not at all.
  int64_t prefetchRows = 0;
  /// Whether tiles that use one panel prefetch the next one, from memory or a
  /// cache that is shared, into the second cache.
  bool prefetchesPanel = false;
  /// Whether all tiles of a line have one size, which is less code: the last
  /// one ends with the line.
  bool areEqual = false;
  /// Steps of the reduction that a tile of the machine's matrix unit takes; 0
  /// where vectors compute the contraction.
  int64_t matrixSteps = 0;
};

/// Whether weights of `weightBytes` had better be used a panel at a time, by
/// all pixels, while the next panel is prefetched: they have to come from afar,
/// and the lhs stays in the second cache meanwhile.
bool comesFromAfar(int64_t weightBytes, const ContractionShape &shape,
                   target::CpuAttr cpu);

/// The fastest tiles by the model: a step of the reduction takes the longer of
/// its multiply-adds and its loads, but at least the latency of an addition; a
/// tile costs some more for its set-up and its stores.
ContractionTiles chooseTiles(const ContractionShape &shape,
                             target::CpuAttr cpu);

/// The `count` best tiles by the model, the one of `chooseTiles` first.
llvm::SmallVector<ContractionTiles>
bestTiles(const ContractionShape &shape, target::CpuAttr cpu, size_t count);

/// `tiles`, of which the sizes are given, with the order and the rest as the
/// model has them.
ContractionTiles completeTiles(ContractionTiles tiles,
                               const ContractionShape &shape,
                               target::CpuAttr cpu);

/// The tiles of whole vectors that are the same for all contractions, as far as
/// sizes allow, so that they can share a kernel.
ContractionTiles chooseSmallTiles(const ContractionShape &shape,
                                  target::CpuAttr cpu);

/// The cycles that the model expects of a contraction cut like this.
double contractionCycles(const ContractionTiles &tiles,
                         const ContractionShape &shape, target::CpuAttr cpu);

/// Vector registers that kernels may count on; a guess for cores that only
/// have scalar ones.
int64_t usableRegisters(target::CpuAttr cpu);

/// How much faster vectors of half a register are. A core that starts one
/// multiply-add on 64 bytes per cycle makes it of two halves.
double halfSpeed(target::CpuAttr cpu);

} // namespace edgecc::cost

#endif // EDGECC_CODEGEN_COST_CONTRACTIONCOST_H
