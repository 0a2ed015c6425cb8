//===- RegisterTiles.h - tiles transposed in registers ----------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef EDGECC_CODEGEN_KERNELS_REGISTERTILES_H
#define EDGECC_CODEGEN_KERNELS_REGISTERTILES_H

#include "codegen/kernels/Strided.h"

namespace edgecc::kernels {

/// The columns of the square matrix whose rows are `rows`, vectors with as many
/// lanes as there are rows, a power of two.
llvm::SmallVector<mlir::Value> transposeSquare(Emitter &e,
                                               mlir::ValueRange rows);

/// The vector whose lane `i` is element `positions[i]` of all `vectors`, of
/// one length, put one after the other.
mlir::Value shuffleMany(Emitter &e, mlir::ValueRange vectors,
                        llvm::ArrayRef<int64_t> positions);

/// Emits the nest (see `emitNest`; dimensions merged) when a read runs along
/// another dimension than the write, by loading vectors along the one and
/// storing vectors along the other. Returns false, having emitted nothing, when
/// that is not so or not worth it. The last tiles overlap those before them.
bool emitTiledNest(Emitter &e, llvm::ArrayRef<int64_t> sizes,
                   llvm::ArrayRef<Access> reads, const Access &write,
                   ElementBody body);

} // namespace edgecc::kernels

#endif // EDGECC_CODEGEN_KERNELS_REGISTERTILES_H
