//===- SparseWeights.h - bytes that are mostly zero -------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
//
// A stream of the weights that are not zero, for `PairKernel`: for each channel
// the number that its sum begins with and the size of what follows in bytes,
// both in 32 bits; then entries of two bytes, how many elements of the input to
// go on and the weight. A function in machine instructions walks through it and
// multiplies each weight by the elements of a few pixels, halves that lie side
// by side.
//
//===----------------------------------------------------------------------===//

#ifndef EDGECC_CODEGEN_KERNELS_SPARSEWEIGHTS_H
#define EDGECC_CODEGEN_KERNELS_SPARSEWEIGHTS_H

#include "dialects/Edge/EdgeDialect.h"
#include "dialects/Target/TargetDialect.h"

#include "llvm/ADT/ArrayRef.h"

#include <cstdint>
#include <string>
#include <vector>

namespace edgecc::kernels {

/// The name of the attribute on an edge.conv or edge.matmul that asks to leave
/// weights out that are zero.
inline constexpr llvm::StringLiteral sparseAttrName = "edge.sparse";

/// Whether products of integers in core registers had better leave weights out
/// that are zero; false where others compute `op`.
bool prefersSparsePairs(edge::ConvOp op, target::CpuAttr cpu);
bool prefersSparsePairs(edge::MatMulOp op, target::CpuAttr cpu);

/// What an operation takes by a kernel that leaves weights out.
struct SparseGain {
  double cycles;
  /// Of its weights.
  int64_t bytes;
  /// The share of them that is left out.
  double zeros;
};

/// Appends the stream of a channel with these weights.
void appendSparseChannel(std::vector<char> &stream, int64_t first,
                         llvm::ArrayRef<int64_t> weights);

/// The pixels that are computed at one time, of so many, if each reads so many
/// elements.
int64_t sparseTilePixels(int64_t pixels, int64_t elements);

/// The instructions that a tile takes for `entries` weights of `channels`.
double sparseTileInstructions(int64_t tilePixels, double entries,
                              double channels);

/// The text of the function, for the registers
///
///   r0: the elements   r1: the stream   r2: the sums   r3: the end of the
///   stream
///
/// `pixels` is 8, 4 or 1. Changes r2 to r12, lr and s0 to s3.
std::string sparseFunctionText(int64_t pixels, bool isUnsigned);

} // namespace edgecc::kernels

#endif // EDGECC_CODEGEN_KERNELS_SPARSEWEIGHTS_H
