//===- DotKernel.h - contractions with few channels -------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
//
// A contraction into a handful of channels would fill a small part of a vector
// of channels. Here the vectors run along the reduction instead: each result
// element is a dot product, added up over the lanes at the end.
//
//===----------------------------------------------------------------------===//

#ifndef EDGECC_CODEGEN_KERNELS_DOTKERNEL_H
#define EDGECC_CODEGEN_KERNELS_DOTKERNEL_H

#include "codegen/kernels/WordReduction.h"

namespace edgecc::kernels {

/// A contraction of `taps` runs of `length` neighbouring elements of the lhs.
struct DotContraction {
  mlir::Type lhsType, rhsType, biasType, accumulatorType;
  int64_t lines = 1, pixels = 1, channels = 1;
  /// The lines that are wanted, as in `Contraction`.
  mlir::Value firstLine, endLine;
  /// Elements of the lhs from one line or pixel to the next.
  int64_t lineStep = 0, pixelStep = 0;
  /// The loops over the runs, outermost first; `rhsRows` counts runs.
  llvm::SmallVector<ReductionLevel> taps;
  int64_t length = 1, lanes = 1;
  /// Whether the machine adds up all products of two vectors at once. The sums
  /// are scalars then, and channels come a few at a time.
  bool addsUpVectors = false;
  /// Whether loops are kept where steps one after the other are faster.
  bool isSmall = false;
  /// The reduction, if its elements are gathered because runs are shorter than
  /// vectors; taps and length do not matter then.
  std::optional<WordReduction> gathered;
  WordSource source;
  mlir::Value scratch;
  FlatOperand lhs, rhs, bias;

  /// The elements of a packed run: whole vectors.
  int64_t packedLength() const {
    if (gathered)
      return gathered->words() * 4;
    return (length + lanes - 1) / lanes * lanes;
  }
  int64_t tapCount() const;
  /// The elements of the packed rhs of one channel.
  int64_t channelSize() const { return tapCount() * packedLength(); }
  /// The elements of the packed rhs.
  int64_t packedSize() const { return channels * channelSize(); }

  /// Pixels whose sums are in registers at one time.
  static constexpr int64_t tilePixels = 2;
  /// The gathered elements of these.
  llvm::SmallVector<mlir::MemRefType>
  getScratch(mlir::MLIRContext *context) const;

  /// Appends to `out` the row-major rhs (tap and position in the run, channel)
  /// with `pitch` elements of `bytes` bytes per row: channel by channel, and
  /// the last vector of a run begins with zeros, because it overlaps the one
  /// before.
  void pack(llvm::ArrayRef<char> source, int64_t pitch, int64_t bytes,
            std::vector<char> &out) const;
};

/// Whether dot products are faster than vectors of channels.
bool prefersDotProducts(int64_t channels, int64_t length, int64_t lanes);

/// Emits the loops of a contraction by dot products.
void emitDotContraction(Emitter &emitter, const DotContraction &contraction,
                        StoreTile store);

} // namespace edgecc::kernels

#endif // EDGECC_CODEGEN_KERNELS_DOTKERNEL_H
