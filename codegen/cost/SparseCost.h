//===- SparseCost.h - when zeros are worth leaving out ----------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
//
// How a convolution whose weights are mostly zero is cut when only the others
// are multiplied, and the cycles that it takes, from the CPU record.
//
//===----------------------------------------------------------------------===//

#ifndef EDGECC_CODEGEN_COST_SPARSECOST_H
#define EDGECC_CODEGEN_COST_SPARSECOST_H

#include "dialects/Target/TargetDialect.h"

#include <optional>

namespace edgecc::cost {

/// A convolution in f32 over `lines` x `pixels` outputs of an image; its
/// weights are constant.
struct SparseShape {
  int64_t images, lines, pixels, inputChannels, outputChannels;
  /// Taps along both dimensions and the steps between outputs.
  int64_t kernelLines, kernelPixels, lineStride, pixelStride, lineDilation,
      pixelDilation;
  /// Weights that are not zero.
  int64_t nonzeros;
};

/// How it is cut. Input channels become planes in which the pixels that
/// neighbouring outputs read with one weight are neighbours; outputs are
/// vectors of positions, line after line.
struct SparseTiling {
  /// Output lines whose planes are in the cache together; a divisor of all.
  int64_t bandLines;
  /// The planes of a channel: one for each tap along a line, so that vectors of
  /// elements may begin where lines of the cache do; or one for all.
  int64_t copies;
  /// Positions from one line to the next, some of which no output has: vectors
  /// of elements then begin where lines of the cache, or halves of them, do.
  int64_t pitch;
  /// Elements of a vector; vectors that are accumulated together; sums of each
  /// that do not wait for one another.
  int64_t lanes, vectors, chains;
  /// Output channels that are computed before they are stored, and input
  /// channels that all of these meet before the next ones come.
  int64_t blockChannels, chunkChannels;

  /// Vectors that cover the outputs of a band.
  int64_t bandVectors() const;
  /// How many elements after the first one of a line the last tap begins.
  int64_t halo(const SparseShape &shape) const {
    return copies == 1 ? (shape.kernelPixels - 1) * shape.pixelDilation : 0;
  }
  /// Lines of one phase of the stride, elements of a plane of all phases, and
  /// of all planes, with those that the last vector reads in vain.
  int64_t phaseLines(const SparseShape &shape) const;
  int64_t planeElements(const SparseShape &shape) const;
  int64_t allElements(const SparseShape &shape) const;
  /// Elements of the planes of one channel that a tile of vectors reads.
  int64_t tileElements(const SparseShape &shape) const;
};

/// The fastest tiling; nothing for a core without vectors of f32 or outputs
/// that do not fill one.
std::optional<SparseTiling> makeSparseTiling(const SparseShape &shape,
                                             target::CpuAttr cpu);

/// The cycles that the model expects of it.
double sparseCycles(const SparseShape &shape, const SparseTiling &tiling,
                    target::CpuAttr cpu);

} // namespace edgecc::cost

#endif // EDGECC_CODEGEN_COST_SPARSECOST_H
