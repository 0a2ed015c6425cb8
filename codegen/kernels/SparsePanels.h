//===- SparsePanels.h - panels without their rows of zeros ------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
//
// The rhs of a contraction without the rows of its panels that are nothing but
// zeros: blocks of 16 x 1 output by input channels, for example; of integers,
// without the groups of rows that one instruction takes. Each of the others has
// a position in the lhs, as if that were dense. Or each channel has its own
// rows of a block of neighbours: a row of the panel then has positions in the
// block beside the numbers, by which instructions pick elements of the lhs. The
// tiles and their epilogue are those of any contraction.
//
//===----------------------------------------------------------------------===//

#ifndef EDGECC_CODEGEN_KERNELS_SPARSEPANELS_H
#define EDGECC_CODEGEN_KERNELS_SPARSEPANELS_H

#include "codegen/cost/ContractionCost.h"
#include "codegen/kernels/InnerProduct.h"
#include "codegen/kernels/InputPicker.h"
#include "codegen/kernels/SparseWeights.h"
#include "dialects/Edge/EdgeConstants.h"

namespace edgecc::kernels {

/// The name of the attribute on an edge.conv or edge.matmul that asks for this.
inline constexpr llvm::StringLiteral sparsePanelsAttrName =
    "edge.sparse_panels";

struct Contraction;
struct PanelRun;
class RhsLayout;

class SparsePanels {
public:
  /// Constant weights (`depth`, `groups` x `channels`), f32 or bytes; a group
  /// has panels of its own.
  struct Weights {
    edge::ConstantView view;
    mlir::Type lhs;
    int64_t groups, depth, channels;
    /// How integers are multiplied; nothing for floats.
    std::optional<InnerProduct> product;
    /// So many elements of the reduction are neighbours in the lhs, and whether
    /// the last group of them takes what comes next as well.
    int64_t run = 1;
    bool readsOn = false;
  };

  /// The panels and tiles that are the fastest by the model, for contractions
  /// of this shape; nothing if there are none for it.
  static std::optional<SparsePanels> choose(const Weights &weights,
                                            const cost::ContractionShape &shape,
                                            target::CpuAttr cpu);

  const cost::ContractionTiles &getTiles() const { return tiles; }
  /// How integers are multiplied.
  const std::optional<InnerProduct> &getProduct() const { return product; }
  const std::optional<InputPicker> &getPicker() const { return picker; }
  /// What one contraction takes, of the average group.
  double getCycles() const { return cycles; }
  /// The share of the products that is left out.
  double getZeros() const;
  /// The panels of a group, as if all rows were there.
  RhsLayout denseLayout() const;
  int64_t countPanels() const;
  /// The packed weights, bytes or, of floats in panels without positions of
  /// their own, words: for each panel, in words, where its positions are and
  /// where its rows begin, in elements, and where the last positions end; then
  /// all positions, then all rows. Where the lhs is flipped, what that asks for
  /// comes before the rows of a panel.
  int64_t countElements() const;
  int64_t countBytes() const { return countElements() * elementBytes(); }
  /// `positions` are those of the elements of the reduction in the lhs.
  PackedConstant pack(llvm::ArrayRef<int64_t> positions) const;
  /// The elements from one row to the next in a panel whose rows would have
  /// `pitch` elements otherwise.
  int64_t rowStep(int64_t pitch) const;

private:
  SparsePanels(const Weights &weights, std::optional<InnerProduct> product,
               std::optional<InputPicker> picker)
      : weights(weights), product(product), picker(picker) {}

  int64_t width() const { return tiles.vectors * tiles.lanes; }
  int64_t elementBytes() const { return product || picker ? 1 : 4; }
  /// Elements of the reduction that a row of a panel takes.
  int64_t rowDepth() const { return product ? product->depth() : 1; }
  /// Neighbours that a row reads.
  int64_t blockElements() const {
    return picker ? picker->block() : rowDepth();
  }
  /// The blocks of a group; the first element of one, and how many of its
  /// elements one before has.
  int64_t countBlocks() const;
  std::pair<int64_t, int64_t> blockAt(int64_t block) const;
  /// The bytes of the weights of `count` channels and an element.
  llvm::ArrayRef<char> weightsAt(int64_t element, int64_t group, int64_t first,
                                 int64_t count) const;
  /// The elements of a block that a channel picks, in the order of the rows; -1
  /// where none fits.
  llvm::SmallVector<int64_t> picksOf(int64_t block, int64_t group,
                                     int64_t channel) const;
  /// The channels that a panel has in memory: whole vectors.
  const PanelRun &runOf(const RhsLayout &layout, int64_t panel) const;
  /// Elements before the rows of a panel that correct for the flipped lhs.
  int64_t countCorrections(const PanelRun &run) const;
  /// The words before the first panel's rows.
  int64_t countPositions() const;
  void countPicks();
  void findRows();
  void packPicks(int64_t panel, const PanelRun &run, char *to) const;
  void tryTiles(const cost::ContractionShape &shape, target::CpuAttr cpu,
                std::optional<SparsePanels> &best) const;

  Weights weights;
  std::optional<InnerProduct> product;
  std::optional<InputPicker> picker;
  cost::ContractionTiles tiles;
  double cycles = 0;
  /// The block that each row of each panel reads.
  std::vector<std::vector<int64_t>> rows;
  /// How many elements each channel picks of each block, channels innermost.
  std::vector<uint8_t> picks;
};

/// Adds the products of a row, operands for each vector of channels, and the
/// elements of the lhs at `offset` to `sums`.
using AddRow = llvm::function_ref<llvm::SmallVector<mlir::Value>(
    mlir::Value offset, llvm::ArrayRef<llvm::SmallVector<mlir::Value>> vectors,
    mlir::ValueRange sums)>;

/// The sums of a tile of `contraction` with the products of the rows that panel
/// number `panel`, one of `run`, has. The pixels of the tile lie at `pixels`
/// from `lhsBase` on; `addRow` is for rows whose positions all channels share.
llvm::SmallVector<mlir::Value>
reducePanel(Emitter &emitter, const Contraction &contraction,
            const PanelRun &run, mlir::Value panel, mlir::Value lhsBase,
            llvm::ArrayRef<int64_t> pixels, mlir::ValueRange accumulators,
            AddRow addRow);

/// Where what flipping the lhs asks for is, 32 bits for each channel of panel
/// number `panel`.
mlir::Value correctionsOf(Emitter &emitter, const Contraction &contraction,
                          mlir::Value panel);

/// What `op` takes by the fastest panels without rows of zeros; nothing where
/// panels of vectors are not what computes it.
std::optional<SparseGain> panelGain(edge::ConvOp op, target::CpuAttr cpu);
std::optional<SparseGain> panelGain(edge::MatMulOp op, target::CpuAttr cpu);

} // namespace edgecc::kernels

#endif // EDGECC_CODEGEN_KERNELS_SPARSEPANELS_H
