//===- MatrixTiles.h - contractions by a matrix unit ------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
//
// Some machines have registers for small matrices, and multiply a tile of
// pixels x depth with one of depth x channels by one instruction. Up to four
// sums are in registers while the reduction runs: of two tiles of pixels and
// two of channels, or of more of the one and fewer of the other. The lhs is
// read where it lies, the rhs as it is packed for vectors. The rows of a tile
// are pixels; those of several short lines are, with what lies between them.
//
//===----------------------------------------------------------------------===//

#ifndef EDGECC_CODEGEN_KERNELS_MATRIXTILES_H
#define EDGECC_CODEGEN_KERNELS_MATRIXTILES_H

#include "codegen/kernels/GemmKernel.h"

namespace edgecc::kernels {

/// How the pixels of several lines become rows of tiles.
struct MatrixRows {
  /// Rows of one tile, and how many tiles there are.
  int64_t rows, count;
  /// Rows from one line of pixels to the next. If tiles hold more than one
  /// line, it counts what lies between them in the lhs.
  int64_t pitch;
  /// All rows.
  int64_t total;

  /// The tiles of `lines` x `pixels` pixels, if there are few enough;
  /// `linePitch` is as in cost::ContractionShape.
  static std::optional<MatrixRows> get(int64_t lines, int64_t pixels,
                                       int64_t linePitch);

  /// The first row of a tile. The last one may begin inside of the one before.
  int64_t begin(int64_t tile) const {
    return std::min(tile * rows, total - rows);
  }
};

/// The elements of sums that tiles leave in the scratch buffer.
int64_t matrixScratchSize();

/// The tiles of a contraction with a packed rhs on the matrix unit of `cpu`,
/// whose reduction ends with runs of `run` elements that are neighbours, by the
/// fewest cycles; nothing if there is no unit that computes `product`, sizes do
/// not suit, or vectors are faster. Panels have `vectors` vectors, if that is
/// given.
std::optional<cost::ContractionTiles>
chooseMatrixTiles(target::CpuAttr cpu, const InnerProduct &product, int64_t run,
                  const cost::ContractionShape &shape,
                  std::optional<int64_t> vectors = std::nullopt);

/// How the unit computes a tile of `lines` x `pixels` pixels and a panel of
/// `run`; nothing if it does not.
std::optional<MatrixRows> suitsMatrixTiles(const Contraction &contraction,
                                           const PanelRun &run, int64_t lines,
                                           int64_t pixels);

/// Stores the sums of products of a whole tile of pixels and a panel to the
/// scratch buffer, row by row, without bias.
void multiplyMatrixTiles(Emitter &emitter, const Contraction &contraction,
                         const PanelRun &run, const MatrixRows &rows,
                         mlir::Value lhsBase, mlir::Value rhsBase,
                         const std::optional<NextPanel> &next);

} // namespace edgecc::kernels

#endif // EDGECC_CODEGEN_KERNELS_MATRIXTILES_H
