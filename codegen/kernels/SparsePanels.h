//===- SparsePanels.h - panels without their rows of zeros ------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
//
// The rhs of a contraction without the rows of its panels that are nothing but
// zeros: blocks of 16 x 1 output by input channels, for example. Each of the
// others has a position in the lhs, as if that were dense. The tiles and their
// epilogue are those of any contraction.
//
//===----------------------------------------------------------------------===//

#ifndef EDGECC_CODEGEN_KERNELS_SPARSEPANELS_H
#define EDGECC_CODEGEN_KERNELS_SPARSEPANELS_H

#include "codegen/cost/ContractionCost.h"
#include "codegen/kernels/Emit.h"
#include "codegen/kernels/SparseWeights.h"
#include "dialects/Edge/EdgeConstants.h"

namespace edgecc::kernels {

/// The name of the attribute on an edge.conv or edge.matmul that asks for this.
inline constexpr llvm::StringLiteral sparsePanelsAttrName =
    "edge.sparse_panels";

struct Contraction;
struct PanelRun;

class SparsePanels {
public:
  /// Constant weights (`depth`, `groups` x `channels`) in f32; a group has
  /// panels of its own.
  struct Weights {
    edge::ConstantView view;
    int64_t groups, depth, channels;
  };

  /// The panels and tiles that are the fastest by the model, for contractions
  /// of this shape; nothing if there are none for it.
  static std::optional<SparsePanels> choose(const Weights &weights,
                                            const cost::ContractionShape &shape,
                                            target::CpuAttr cpu);

  const cost::ContractionTiles &getTiles() const { return tiles; }
  /// What one contraction takes, of the average group.
  double getCycles() const { return cycles; }
  /// The share of the rows of panels that is left out.
  double getZeros() const;
  /// The panels of a group.
  int64_t countPanels() const;
  /// The words of the packed weights, of i32: for each panel where its
  /// positions and where its rows begin, and where the last positions end; then
  /// all positions, then all rows.
  int64_t countWords() const;
  /// `positions` are those of the elements of the reduction in the lhs.
  PackedConstant pack(llvm::ArrayRef<int64_t> positions) const;

private:
  explicit SparsePanels(const Weights &weights) : weights(weights) {}

  int64_t width() const { return tiles.vectors * tiles.lanes; }
  /// The channels that a panel has in memory: whole vectors.
  int64_t pitchOf(int64_t panel) const;
  /// The words before the rows.
  int64_t countPositions() const;
  void findRows();

  Weights weights;
  cost::ContractionTiles tiles;
  double cycles = 0;
  /// The rows of each panel that are not all zero.
  std::vector<std::vector<int64_t>> rows;
};

/// Adds the products of a row, `vectors` of channels, and the elements of the
/// lhs at `offset` to `sums`.
using AddRow = llvm::function_ref<llvm::SmallVector<mlir::Value>(
    mlir::Value offset, llvm::ArrayRef<mlir::Value> vectors,
    mlir::ValueRange sums)>;

/// The sums of a tile of `contraction` with the products of the rows that panel
/// number `panel`, one of `run`, has.
llvm::SmallVector<mlir::Value>
reducePanel(Emitter &emitter, const Contraction &contraction,
            const PanelRun &run, mlir::Value panel,
            mlir::ValueRange accumulators, AddRow addRow);

/// What `op` takes by the fastest panels without rows of zeros; nothing where
/// panels of vectors are not what computes it.
std::optional<SparseGain> panelGain(edge::ConvOp op, target::CpuAttr cpu);
std::optional<SparseGain> panelGain(edge::MatMulOp op, target::CpuAttr cpu);

} // namespace edgecc::kernels

#endif // EDGECC_CODEGEN_KERNELS_SPARSEPANELS_H
