//===- WinogradCost.h - when fewer products pay -----------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
//
// Whether a convolution of square taps is faster by the minimal filtering
// algorithm of Winograd, and how large its pieces are, from the CPU record.
//
//===----------------------------------------------------------------------===//

#ifndef EDGECC_CODEGEN_COST_WINOGRADCOST_H
#define EDGECC_CODEGEN_COST_WINOGRADCOST_H

#include "codegen/cost/ContractionCost.h"

namespace edgecc::cost {

/// The output of a convolution of `taps` x `taps` taps without strides,
/// dilation or groups, in f32.
struct WinogradShape {
  int64_t images, height, width, inputChannels, outputChannels, taps;
  /// Whether little code, and small weights, are wanted more than speed.
  bool isSmall = false;
};

/// The input elements along a side of the largest tile: more points to evaluate
/// at would cost more digits than f32 can spare.
constexpr int64_t maxWinogradSide = 8;

/// How such a convolution is cut. Each output tile of `tile` x `tile` elements
/// reads `side` x `side` elements, and becomes one row in each of side^2 matrix
/// products.
struct WinogradTiling {
  int64_t tile, side;
  /// Tiles in a column and in a row of the output. The last ones overlap those
  /// before where `tile` does not divide the size.
  int64_t rows, columns;
  /// Rows of tiles that go through all steps before the next ones come, so that
  /// what lies between the steps stays in the cache.
  int64_t bandRows;

  /// The positions of a transformed tile, each with a matrix product.
  int64_t positions() const { return side * side; }
  /// The rows of one matrix product.
  int64_t bandTiles() const { return bandRows * columns; }
};

/// What a tiling brings.
struct WinogradGain {
  int64_t tile;
  /// Cycles that it takes and that it saves, and bytes by which the weights
  /// grow.
  double taken, cycles;
  int64_t bytes;
};

/// All tilings, small tiles first, with what they save against a direct
/// convolution that takes `directCycles`, which may be less than nothing.
llvm::SmallVector<WinogradGain> listWinograd(const WinogradShape &shape,
                                             double directCycles,
                                             target::CpuAttr cpu);

/// The fastest tiling by the model; nothing where the direct convolution, which
/// takes `directCycles`, is as fast or nearly so. Where little code is wanted,
/// the smallest weights that are not much slower than that, which may be those
/// of the direct convolution. A core without a second level of cache gets none:
/// its weights lie in flash, and they would grow.
std::optional<WinogradGain> chooseWinograd(const WinogradShape &shape,
                                           double directCycles,
                                           target::CpuAttr cpu);

/// The tiling with output tiles of `tile`; nothing if the output is smaller.
/// Several threads take bands, or share the steps of the only one.
std::optional<WinogradTiling> makeWinogradTiling(const WinogradShape &shape,
                                                 int64_t tile,
                                                 target::CpuAttr cpu,
                                                 int64_t threads = 1);

/// The matrix product of one position and band.
ContractionShape winogradProduct(const WinogradShape &shape,
                                 const WinogradTiling &tiling,
                                 target::CpuAttr cpu);

} // namespace edgecc::cost

#endif // EDGECC_CODEGEN_COST_WINOGRADCOST_H
