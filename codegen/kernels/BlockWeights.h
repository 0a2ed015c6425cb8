//===- BlockWeights.h - weights of few bits with scales ---------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
//
// The rhs of a contraction whose elements are integers of 2, 4 or 8 bits, with
// a scale for each channel of a block of rows. It stays packed in memory and
// becomes f32 in registers: a word of 32 bits holds several rows of one
// channel, so that a shift gives a row of a whole vector of channels.
//
// A panel is its blocks one after the other: the groups of rows, each a word
// (for 8 bits, a byte) per channel, then a scale per channel, in f16 where that
// is exact, then a zero point per channel, a byte, if there are any.
//
//===----------------------------------------------------------------------===//

#ifndef EDGECC_CODEGEN_KERNELS_BLOCKWEIGHTS_H
#define EDGECC_CODEGEN_KERNELS_BLOCKWEIGHTS_H

#include "codegen/kernels/Emit.h"
#include "dialects/Edge/EdgeConstants.h"

namespace edgecc::kernels {

/// `value` in f16, if its elements are that; else nothing.
std::optional<PackedConstant> packHalves(mlir::ElementsAttr value);

class BlockWeights {
public:
  /// The constants of `op`; those of an operation on anything else are no
  /// kernel's business.
  BlockWeights(edge::BlockMatMulOp op, target::CpuAttr cpu);

  int64_t getDepth() const { return depth; }
  int64_t getBlockSize() const { return blockSize; }
  bool hasZeroPoints() const { return bool(zeroPoints); }
  bool hasNibbles() const { return bits == 4; }

  /// Lets nibbles of both signs be packed as numbers from zero on, which are
  /// too large by `nibbleOffset()`: for `loadNibbles`.
  void packFromZero() { isFromZero = true; }
  int64_t nibbleOffset() const { return isUnsigned ? 0 : 8; }

  /// Rows that lie in one group, and the bytes of a group per channel.
  int64_t groupRows() const { return bits == 8 ? 1 : 32 / bits; }
  int64_t groupBytes() const { return bits == 8 ? 1 : 4; }
  /// Instructions that make f32 of one vector of a row.
  int64_t unpackingCost() const;

  /// The bytes of a block of `rows` rows, of a panel, and up to the scales and
  /// to the zero points of a block, for panels of `width` channels.
  int64_t blockBytes(int64_t rows, int64_t width) const;
  int64_t panelBytes(int64_t width) const;
  int64_t scalesOffset(int64_t rows, int64_t width) const;
  int64_t zeroPointsOffset(int64_t rows, int64_t width) const;

  /// Appends a panel: `channels` channels from `first` on, padded to `width`.
  void packPanel(int64_t first, int64_t channels, int64_t width,
                 std::vector<char> &out) const;

  /// The first `count` rows of the group of `lanes` channels at `index` of a
  /// buffer of bytes, in f32.
  llvm::SmallVector<mlir::Value> loadGroup(Emitter &e, mlir::Value memref,
                                           mlir::Value index, int64_t lanes,
                                           int64_t count) const;
  /// The rows of a group of 4 bits as bytes, in the words of their channels:
  /// those with even numbers and those with odd ones.
  std::pair<mlir::Value, mlir::Value> loadNibbles(Emitter &e,
                                                  mlir::Value memref,
                                                  mlir::Value index,
                                                  int64_t lanes) const;
  mlir::Value loadScales(Emitter &e, mlir::Value memref, mlir::Value index,
                         int64_t lanes) const;
  mlir::Value loadZeroPoints(Emitter &e, mlir::Value memref, mlir::Value index,
                             int64_t lanes) const;
  int64_t scaleBytes() const { return hasHalfScales ? 2 : 4; }

private:
  mlir::Value lookUp(Emitter &e, mlir::Value word, int64_t row) const;

  edge::ConstantView weights, scales;
  std::optional<edge::ConstantView> zeroPoints;
  int64_t depth, channels, blockSize;
  int64_t bits = 8;
  bool isUnsigned;
  bool isFromZero = false;
  bool hasHalfScales;
  /// The instruction that looks all lanes of a vector up in a table of as many
  /// floats; empty if there is none for these bits. And its lanes.
  llvm::StringRef lookup;
  int64_t lookupLanes = 0;
};

} // namespace edgecc::kernels

#endif // EDGECC_CODEGEN_KERNELS_BLOCKWEIGHTS_H
