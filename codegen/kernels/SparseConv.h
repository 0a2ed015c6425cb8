//===- SparseConv.h - convolutions of few weights ---------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
//
// A convolution or matrix product that multiplies only by the weights that are
// not zero. Each of them meets vectors of pixels (or rows), so it does not
// matter where the zeros are: the input is transposed into planes, and the
// weights of an output channel are a stream of pairs, a position in the planes
// and a number. A product of a zero and an infinity is left out like any other
// product of a zero. Bytes are multiplied as floats where every sum of a
// channel is small enough to be exact.
//
//===----------------------------------------------------------------------===//

#ifndef EDGECC_CODEGEN_KERNELS_SPARSECONV_H
#define EDGECC_CODEGEN_KERNELS_SPARSECONV_H

#include "codegen/cost/SparseCost.h"
#include "codegen/kernels/Emit.h"
#include "codegen/kernels/SparseWeights.h"

namespace edgecc::kernels {

/// What `op`, an edge.conv or edge.matmul, takes by this kernel; nothing where
/// it cannot be used.
std::optional<SparseGain> sparseGain(mlir::Operation *op, target::CpuAttr cpu);

/// One convolution or matrix product by this kernel; borders are explicit.
class SparseConv {
public:
  /// Nothing if `op` does not ask to leave zeros out, or another kernel does.
  static std::optional<SparseConv> get(mlir::Operation *op,
                                       target::CpuAttr cpu);

  /// Planes of the input in f32, a block of output channels, and its transpose.
  llvm::SmallVector<mlir::MemRefType> getScratch() const;
  /// i32 words: where the stream of each output channel and chunk of input
  /// channels begins, and where the last one ends; then the streams, pairs of
  /// position and weight, as many as trips of a loop over the chains take.
  PackedConstant pack(llvm::ArrayRef<char> weights) const;
  void emit(Emitter &emitter, const KernelArgs &args) const;

private:
  SparseConv(mlir::Operation *op, const cost::SparseShape &shape,
             const cost::SparseTiling &tiling);

  int64_t chunks() const {
    return llvm::divideCeil(shape.inputChannels, tiling.chunkChannels);
  }
  /// Elements from one output channel of a block to the next.
  int64_t blockPitch() const { return tiling.bandVectors() * tiling.lanes; }

  /// Adds entries to the last stream of `words`, without changing what it sums,
  /// until the loop over it has whole trips.
  void fillTrip(llvm::SmallVectorImpl<uint32_t> &words) const;
  /// Vectors read what lies between lines and planes as well. Sums of that are
  /// not stored, but numbers that others left there may be slow to multiply:
  /// small integers are denormal.
  bool hasGaps() const {
    return tiling.allElements(shape) !=
           shape.inputChannels * tiling.bandLines * shape.pixels;
  }
  void clearPlanes(Emitter &e, const KernelArgs &args) const;
  void transposeInput(Emitter &e, const KernelArgs &args, mlir::Value image,
                      mlir::Value band) const;
  void computeBlock(Emitter &e, const KernelArgs &args, mlir::Value image,
                    mlir::Value band, mlir::Value first, int64_t count) const;
  /// Adds to `sums`, vectors of positions from `position` on, the products of
  /// stream number `stream`.
  llvm::SmallVector<mlir::Value> accumulate(Emitter &e, const KernelArgs &args,
                                            mlir::Value stream,
                                            mlir::Value position,
                                            mlir::ValueRange sums) const;

  mlir::Operation *op;
  cost::SparseShape shape;
  cost::SparseTiling tiling;
  int64_t inputLines;
  /// Of the input, of the planes and of the sums that are stored.
  mlir::Type inputType, element, sumType;
  /// Null if there is no bias.
  mlir::Type biasType;
};

} // namespace edgecc::kernels

#endif // EDGECC_CODEGEN_KERNELS_SPARSECONV_H
