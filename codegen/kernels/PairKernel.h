//===- PairKernel.h - contractions of bytes without vectors -----*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
//
// Cores without vectors that multiply and add two halves of a word at once. The
// bytes that a few pixels read are widened to pairs of halves once, for all
// channels; then a function in machine instructions walks through the weights
// of one channel after the other and leaves the sums in memory, where the
// epilogue finds them. It is written down because every core register is in
// use, which no register allocator achieves, and all layers share it. Weights
// that are mostly zero have a function of their own (`SparseWeights`).
//
//===----------------------------------------------------------------------===//

#ifndef EDGECC_CODEGEN_KERNELS_PAIRKERNEL_H
#define EDGECC_CODEGEN_KERNELS_PAIRKERNEL_H

#include "codegen/kernels/WordReduction.h"
#include "dialects/Edge/EdgeConstants.h"

namespace edgecc::kernels {

/// Whether a CPU has what the functions in machine instructions need.
bool hasPairFunctions(target::CpuAttr cpu);

/// How the weights of a contraction are laid out: for each channel the number
/// that its sums begin with, then its weights, four to a word.
class PairLayout {
public:
  struct Sizes {
    int64_t channels, groups;
    /// The pixels of one image.
    int64_t pixels;
    /// Whether few bytes are wanted more than speed.
    bool isSmall = false;
    /// Whether weights that are zero are left out.
    bool isSparse = false;
  };

  /// Nothing if the machine, the types or the sizes do not suit, or the weights
  /// or the bias, which may be null, are no constants.
  static std::optional<PairLayout> get(target::CpuAttr cpu, mlir::Type lhs,
                                       mlir::Value rhs, mlir::Value bias,
                                       const WordReduction &reduction,
                                       const Sizes &sizes);

  /// The bytes of the packed weights of one group.
  int64_t groupSize() const;
  /// The weights of all groups; they have the bias, so nothing is left of that.
  PackedConstant pack() const;
  static PackedConstant packBias(mlir::ElementsAttr bias);
  /// How many bytes the lhs must begin after the result, at least, for the two
  /// to share memory: the addresses of pixel `i` are `lhsAt(i)` and
  /// `resultAt(i)`, of which each pixel has `resultBytes`.
  int64_t overlapDistance(llvm::function_ref<int64_t(int64_t)> lhsAt,
                          llvm::function_ref<int64_t(int64_t)> resultAt,
                          int64_t resultBytes, bool canRepeat) const;
  /// Whether it is better to leave weights out that are zero: faster, or
  /// smaller where that is wanted. Asked of a layout that does not.
  bool prefersSparse() const;
  /// The widened elements of a tile, and its sums.
  llvm::SmallVector<mlir::MemRefType> getScratch() const;

private:
  friend class PairEmitter;

  PairLayout(mlir::Type lhs, edge::ConstantView weights,
             std::optional<edge::ConstantView> bias,
             const WordReduction &reduction, const Sizes &sizes);

  bool fitsShifted() const;
  PackedConstant packSparse() const;
  int64_t weight(int64_t k, int64_t channel) const;
  int64_t biasOf(int64_t channel) const;

  /// Channels of a group, with those that fill the last step.
  int64_t paddedChannels() const;
  /// Channels whose sums are in memory at one time.
  int64_t channelBlock() const;

  mlir::Type lhs;
  edge::ConstantView weights;
  std::optional<edge::ConstantView> bias;
  /// Its steps are those of the inner loop.
  WordReduction reduction;
  Sizes sizes;
  /// Pixels and channels of a tile.
  int64_t tilePixels, tileChannels;
  /// If zeros are left out, a tile has halves, the pixels of one element side
  /// by side, and not words of two elements.
  bool isSparse() const { return sizes.isSparse; }
  /// Whether a pair of weights is stored as 256 times the odd one plus the even
  /// one, so that it serves as one operand as it is. Sums are then multiplied
  /// by 256.
  bool isShifted() const {
    if (!shifted)
      shifted = fitsShifted();
    return *shifted;
  }
  mutable std::optional<bool> shifted;
};

/// A contraction with a `PairLayout`, for one group.
struct PairContraction {
  const PairLayout *layout;
  int64_t lines = 1, pixels = 1;
  /// Elements of the lhs from one line or pixel to the next.
  int64_t lineStep = 0, pixelStep = 0;
  /// Whether a pixel may be computed twice: its result takes the place of
  /// nothing that the epilogue reads.
  bool canRepeat = false;
  /// Whether little code is wanted more than speed.
  bool isSmall = false;
  WordSource source;
  mlir::Value lhsBase;
  FlatOperand rhs;
  llvm::SmallVector<mlir::Value> scratch;
};

/// Emits the loops of a contraction; `store` gets one sum at a time.
void emitPairContraction(Emitter &emitter, const PairContraction &contraction,
                         StoreTile store);

} // namespace edgecc::kernels

#endif // EDGECC_CODEGEN_KERNELS_PAIRKERNEL_H
