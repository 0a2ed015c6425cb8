//===- MatrixTiles.h - contractions by a matrix unit ------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
//
// Some machines have registers for small matrices, and multiply a tile of
// pixels x depth with one of depth x channels by one instruction. Four sums, of
// two tiles of pixels and two of channels, are in registers while the reduction
// runs; the lhs is read where it lies, the rhs as it is packed for vectors.
// What does not fill tiles is computed with vectors, from the same operands.
//
//===----------------------------------------------------------------------===//

#ifndef EDGECC_CODEGEN_KERNELS_MATRIXTILES_H
#define EDGECC_CODEGEN_KERNELS_MATRIXTILES_H

#include "codegen/kernels/GemmKernel.h"

namespace edgecc::kernels {

/// The tiles of a contraction with a packed rhs on the matrix unit of `cpu`,
/// whose reduction ends with runs of `run` elements that are neighbours;
/// nothing if there is no unit that computes `product` or sizes do not suit.
/// `canRepeat` is as for the contraction.
std::optional<cost::ContractionTiles>
chooseMatrixTiles(target::CpuAttr cpu, const InnerProduct &product, int64_t run,
                  const cost::ContractionShape &shape, bool canRepeat);

/// Whether a tile of `lines` x `pixels` pixels and a panel of `run` is one of
/// those that the matrix unit computes.
bool suitsMatrixTiles(const Contraction &contraction, const PanelRun &run,
                      int64_t lines, int64_t pixels);

/// Stores the sums of products of a whole tile of pixels and a panel to the
/// scratch buffer, row by row, without bias.
void multiplyMatrixTiles(Emitter &emitter, const Contraction &contraction,
                         const PanelRun &run, mlir::Value lhsBase,
                         mlir::Value rhsBase);

} // namespace edgecc::kernels

#endif // EDGECC_CODEGEN_KERNELS_MATRIXTILES_H
