//===- KnownPositions.h - elements at positions known now -------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
//
// Lines of a tensor that are made of others by a rule that the compiler knows:
// resizing, reversing, picking along the last dimension. Vectors are loaded as
// they lie and shuffled, where a look-up would take element by element.
//
//===----------------------------------------------------------------------===//

#ifndef EDGECC_CODEGEN_KERNELS_KNOWNPOSITIONS_H
#define EDGECC_CODEGEN_KERNELS_KNOWNPOSITIONS_H

#include "codegen/kernels/Strided.h"

namespace edgecc::kernels {

/// The vectors, longest first, in which a line of `count` elements is made of a
/// line of `extent` elements of `element`; none where the target has no
/// vectors or there are too many elements to emit code for each vector.
llvm::SmallVector<int64_t> shuffledVectors(target::CpuAttr cpu, int64_t count,
                                           int64_t extent, mlir::Type element);

/// The elements at `positions` of the line of `extent` elements that begins at
/// `start`; `positions.size()` is at most `extent`.
mlir::Value loadPositions(Emitter &emitter, const Access &access,
                          mlir::Value start, llvm::ArrayRef<int64_t> positions,
                          int64_t extent);

} // namespace edgecc::kernels

#endif // EDGECC_CODEGEN_KERNELS_KNOWNPOSITIONS_H
