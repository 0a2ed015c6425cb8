//===- Strided.h - loops over affine positions of buffers -------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
//
// The one loop emitter behind every kernel that is "for each element, read the
// operands at affine positions": elementwise code, transposes, slices, borders,
// pieces of concatenations. It merges dimensions, vectorises the last one and
// transposes small tiles in registers.
//
//===----------------------------------------------------------------------===//

#ifndef EDGECC_CODEGEN_KERNELS_STRIDED_H
#define EDGECC_CODEGEN_KERNELS_STRIDED_H

#include "codegen/kernels/Emit.h"

namespace edgecc::kernels {

/// The elements of a buffer that a loop nest touches.
struct Access {
  /// The buffer as a contiguous memref of rank one.
  mlir::Value buffer;
  /// The position in `buffer` that belongs to index zero of every loop.
  mlir::Value start;
  /// How far apart, in elements, the positions are along each loop.
  llvm::SmallVector<int64_t> strides;
  /// The logical element type (see `Emitter::load`).
  mlir::Type element;

  /// The position for `indices`, one per loop.
  mlir::Value at(Emitter &e, mlir::ValueRange indices) const;
  /// The same access with another start.
  Access from(mlir::Value newStart) const;
};

/// All elements of `memref`, with its dimensions as loops.
Access accessAll(Emitter &e, mlir::Value memref, mlir::Type element);

/// The elements of `memref` broadcast, as NumPy does, to the loops `shape`.
Access accessBroadcast(Emitter &e, mlir::Value memref, mlir::Type element,
                       llvm::ArrayRef<int64_t> shape);

/// Removes loops of one trip and merges neighbours that are one loop for every
/// access. With `kinds`, only loops of one kind merge; `kinds` shrinks along.
void collapse(llvm::SmallVectorImpl<int64_t> &sizes,
              llvm::ArrayRef<Access *> accesses,
              llvm::SmallVectorImpl<char> *kinds = nullptr);

/// The vector length for kernels that work on `elements` together: as many
/// lanes as the widest has, where narrow floats count as f32.
int64_t commonVectorLength(target::CpuAttr cpu,
                           llvm::ArrayRef<mlir::Type> elements);

/// `count` elements, `stride` apart, from `position` on. They come as a scalar
/// when `length` is one and else as a vector of `length`, at least `count`, in
/// which the lanes beyond `count` repeat the first element.
mlir::Value loadStrided(Emitter &e, const Access &access, mlir::Value position,
                        int64_t stride, int64_t count, int64_t length);
/// The same with as many elements as lanes.
inline mlir::Value loadStrided(Emitter &e, const Access &access,
                               mlir::Value position, int64_t stride,
                               int64_t count) {
  return loadStrided(e, access, position, stride, count, count);
}

/// Stores the first `count` elements of `value`, `stride` apart.
void storeStrided(Emitter &e, mlir::Value value, const Access &access,
                  mlir::Value position, int64_t stride, int64_t count);

/// Computes elements from elements of the reads; all of them are scalars, or
/// vectors of `length`.
using ElementBody = llvm::function_ref<mlir::Value(
    llvm::ArrayRef<mlir::Value> elements, int64_t length)>;

/// How `emitNest` may shape its loops.
struct NestOptions {
  /// Vectors that one trip of the innermost loop handles at most.
  int64_t unroll = 4;
};

/// For every index of the loops `sizes`: computes `body` of the elements that
/// the reads have there and stores it at `write`. The write may be one of the
/// reads, in place, if their strides agree.
void emitNest(Emitter &e, llvm::ArrayRef<int64_t> sizes,
              llvm::ArrayRef<Access> reads, const Access &write,
              ElementBody body, NestOptions options = {});

/// Copies the elements of `read` to `write`. They must not overlap.
void emitCopy(Emitter &e, llvm::ArrayRef<int64_t> sizes, const Access &read,
              const Access &write);

/// Stores the scalar `value` in every element of `write`.
void emitFill(Emitter &e, llvm::ArrayRef<int64_t> sizes, mlir::Value value,
              const Access &write);

/// Combines two scalars or vectors.
using Combine = llvm::function_ref<mlir::Value(mlir::Value, mlir::Value)>;

/// Splits those of the loops `sizes` that are longer than `longest` in two,
/// where a divisor allows it; only loops of kind `kind` if there are `kinds`.
void splitLongLoops(llvm::SmallVectorImpl<int64_t> &sizes,
                    llvm::ArrayRef<Access *> accesses, int64_t longest,
                    llvm::SmallVectorImpl<char> *kinds = nullptr,
                    char kind = 0);

/// Folds over nested loops: `body` gets one index per size and the values so
/// far, and returns them with its own elements combined. Inner loops that are
/// long start anew from `neutral`, and their results are combined: the rounding
/// errors of a sum then grow with the lengths of its loops, not with their
/// product.
llvm::SmallVector<mlir::Value>
foldNest(Emitter &e, llvm::ArrayRef<int64_t> sizes, mlir::ValueRange neutral,
         Combine combine,
         llvm::function_ref<llvm::SmallVector<mlir::Value>(mlir::ValueRange,
                                                           mlir::ValueRange)>
             body);

/// Calls `body(i, count)` so that vectors of `length` cover [0, size): in a
/// loop where `count` is `length`, and once more for the remainder.
void forVectors(Emitter &e, int64_t size, int64_t length,
                llvm::function_ref<void(mlir::Value, int64_t)> body);

/// Folds all lanes of a vector into one scalar, halving it as often as needed.
mlir::Value foldLanes(Emitter &e, mlir::Value vector, Combine combine);

/// Folds `body` of all elements of the loops `sizes` into one scalar; `zero`,
/// a scalar, is neutral for `combine`. With `write`, each computed element is
/// stored there as well.
mlir::Value emitFold(Emitter &e, llvm::ArrayRef<int64_t> sizes,
                     llvm::ArrayRef<Access> reads, mlir::Value zero,
                     ElementBody body, Combine combine,
                     const Access *write = nullptr);

} // namespace edgecc::kernels

#endif // EDGECC_CODEGEN_KERNELS_STRIDED_H
