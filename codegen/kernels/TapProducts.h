//===- TapProducts.h - depthwise convolutions of bytes ----------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
//
// A depthwise convolution has no sum over channels that an `InnerProduct` could
// take; what it sums are taps. Four neighbouring taps of a kernel row are put
// side by side for each channel, by interleaving four vectors of bytes, and
// multiplied at once. Interleaved inputs serve all lines of a tile.
//
// Vectors are interleaved within 128 bits, as machines do it quickly. That
// leaves the channels of the four results in another order: the packed weights
// have it too, and the sums are put in order at the end.
//
//===----------------------------------------------------------------------===//

#ifndef EDGECC_CODEGEN_KERNELS_TAPPRODUCTS_H
#define EDGECC_CODEGEN_KERNELS_TAPPRODUCTS_H

#include "codegen/kernels/InnerProduct.h"

namespace edgecc::kernels {

/// A depthwise convolution by inner products of taps.
class TapProducts {
public:
  /// How to compute `op`, which has one output channel per group; nothing if
  /// its types or sizes, or the machine, do not suit.
  static std::optional<TapProducts> get(edge::ConvOp op, target::CpuAttr cpu);

  /// The weights as `emit` wants them, from the bytes of (kernel..., channels).
  PackedConstant pack(llvm::ArrayRef<char> source) const;

  /// Emits the loops; `args` has the packed weights.
  void emit(Emitter &e, const KernelArgs &args) const;

private:
  friend class TapProductsEmitter;

  /// Neighbouring channels that are computed together.
  struct Block {
    /// How many there are, the first channel, and the channels of each. The
    /// first `known` of them belong to the block before.
    int64_t count, first, channels, known;
    /// Where the packed weights of the first one begin.
    int64_t offset;

    int64_t lanes() const { return channels / vectors; }
  };

  TapProducts(edge::ConvOp op, const InnerProduct &product)
      : op(op), product(product) {}

  /// Taps that are multiplied at once, and vectors that interleaving as many
  /// gives.
  static constexpr int64_t depth = 4, vectors = 4;

  int64_t groupsPerRow() const { return (kernelPixels + depth - 1) / depth; }
  /// The bytes of the weights of a block, and of the sums that its accumulators
  /// begin with.
  int64_t packedSize(int64_t blockChannels) const;
  llvm::SmallVector<Block> blocks() const;

  edge::ConvOp op;
  InnerProduct product;
  int64_t channels = 0, kernelLines = 1, kernelPixels = 1;
  int64_t linesPerTile = 1;
  /// Whether the bias is in the sums.
  bool packsBias = false;
};

} // namespace edgecc::kernels

#endif // EDGECC_CODEGEN_KERNELS_TAPPRODUCTS_H
