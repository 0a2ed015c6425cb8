//===- Winograd.h - convolutions with fewer products ------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
//
// The minimal filtering algorithm (S. Winograd, "Arithmetic Complexity of
// Computations", 1980; for networks A. Lavin and S. Gray, arXiv:1509.09308): a
// tile of m x m outputs of a convolution g of r x r taps over the tile d of
// s x s inputs, s = m + r - 1, is
//
//   A^T [ (G g G^T) . (B^T d B) ] A
//
// where the product is elementwise. Over all channels and tiles, each of the
// s^2 positions is a matrix product, tiles x channels; there are (m r / s)^2
// times fewer multiplications: 4 times for m = 4 and r = 3.
//
//===----------------------------------------------------------------------===//

#ifndef EDGECC_CODEGEN_KERNELS_WINOGRAD_H
#define EDGECC_CODEGEN_KERNELS_WINOGRAD_H

#include "codegen/cost/WinogradCost.h"
#include "codegen/kernels/GemmKernel.h"

namespace edgecc::kernels {

/// A small dense matrix.
using Matrix = llvm::SmallVector<llvm::SmallVector<double>>;

/// The matrices for `tile` outputs of `taps` taps in one dimension, which read
/// side = `tile` + `taps` - 1 inputs, at most cost::maxWinogradSide.
struct WinogradMatrices {
  /// B^T, side x side; G, side x taps; A^T, tile x side.
  Matrix input, weights, output;

  static WinogradMatrices get(int64_t tile, int64_t taps);
};

/// The name of the attribute on an edge.conv that asks for this algorithm: the
/// size of the output tile, or 0 for the direct convolution.
inline constexpr llvm::StringLiteral winogradAttrName = "edge.winograd";

/// The tilings that are possible for `op`, small tiles first.
llvm::SmallVector<cost::WinogradGain> listWinograd(edge::ConvOp op,
                                                   target::CpuAttr cpu);

/// The tiling that `op` asks for, else the fastest; nothing where the algorithm
/// is not possible or does not pay.
std::optional<cost::WinogradGain> chooseWinograd(edge::ConvOp op,
                                                 target::CpuAttr cpu);

/// One convolution by this algorithm; its borders are explicit.
class WinogradConv {
public:
  /// Nothing if `op` does not ask for it.
  static std::optional<WinogradConv> get(edge::ConvOp op, target::CpuAttr cpu);

  /// Transformed inputs, their products and, for a long epilogue, one tile of
  /// outputs.
  llvm::SmallVector<mlir::MemRefType> getScratch() const;
  /// The weights of every position, transformed and packed into panels.
  PackedConstant pack(llvm::ArrayRef<char> weights) const;
  void emit(Emitter &emitter, const KernelArgs &args) const;
  /// Whether each output is computed once.
  bool computesOnce() const;

private:
  WinogradConv(edge::ConvOp op, cost::WinogradTiling tiling,
               target::CpuAttr cpu);

  /// Whether threads share the steps of the only band.
  bool sharesBand(Emitter &e) const;

  /// Elements from one position to the next.
  int64_t inputPitch() const;
  int64_t outputPitch() const;

  /// Emits `body` for each tile of the band that begins at row of tiles
  /// `bandRow` and each vector of `channels`: the number of the tile in its
  /// band, the first row and column of its outputs, the channel and the length.
  void forTiles(Emitter &e, mlir::Value bandRow, int64_t channels,
                llvm::function_ref<void(mlir::Value tile, mlir::Value row,
                                        mlir::Value column, mlir::Value channel,
                                        int64_t length)>
                    body) const;
  void transformInput(Emitter &e, const KernelArgs &args, mlir::Value image,
                      mlir::Value bandRow) const;
  void multiply(Emitter &e, const KernelArgs &args) const;
  /// Emits `store(first, end)` for the lines of the tile at `row` that are its
  /// own if threads have tiles of neighbouring rows.
  void
  storeLines(Emitter &e, mlir::Value row,
             llvm::function_ref<void(int64_t first, int64_t end)> store) const;
  void transformOutput(Emitter &e, const KernelArgs &args, mlir::Value image,
                       mlir::Value bandRow) const;

  mlir::Operation *op;
  cost::WinogradTiling tiling;
  WinogradMatrices matrices;
  cost::WinogradShape shape;
  mlir::Type element, biasType;
  int64_t lanes;
  cost::ContractionTiles tiles;
  RhsLayout layout;
};

} // namespace edgecc::kernels

#endif // EDGECC_CODEGEN_KERNELS_WINOGRAD_H
