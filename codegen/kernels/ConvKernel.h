//===- ConvKernel.h - convolutions as contractions --------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
//
// A convolution is a contraction for each image, group and outer spatial
// position; lines and pixels are the last two spatial dimensions. A pointwise
// one without strides is a single contraction over all pixels.
//
//===----------------------------------------------------------------------===//

#ifndef EDGECC_CODEGEN_KERNELS_CONVKERNEL_H
#define EDGECC_CODEGEN_KERNELS_CONVKERNEL_H

#include "codegen/kernels/DotKernel.h"
#include "codegen/kernels/PairKernel.h"
#include "codegen/kernels/SparsePanels.h"

namespace edgecc::kernels {

/// What is known of a convolution before its buffers are.
struct ConvPlan {
  /// Panels without zeros have no rows that are multiplied together; `isSparse`
  /// is a plan for them.
  ConvPlan(edge::ConvOp op, target::CpuAttr cpu, bool isSparse = false);

  /// Each output pixel reads the input pixel at the same place only.
  bool pointwise = true;
  int64_t groups, groupInputs, groupOutputs;
  /// All groups of a line come before the next line, because the channels of
  /// one group in the whole image are more than the nearest cache holds.
  bool linesOuter = false;
  /// Products per output element.
  int64_t depth;
  /// The types in which products are summed and computed.
  mlir::Type accumulator, multiplied;
  cost::ContractionShape shape;
  /// `lineTiles` are for pointwise convolutions whose lines are apart in
  /// memory.
  cost::ContractionTiles tiles, lineTiles;

  /// Bytes whose products the machine adds up; 0 if it does not.
  int64_t added = 0;
  /// Whether dot products compute it; the weights are constant then.
  bool usesDotProducts = false;

  /// The bytes that a pixel reads.
  WordReduction words;
  /// Whether they are gathered for dot products.
  bool gathers = false;
  /// How pairs of bytes compute it, if they do.
  std::optional<PairLayout> pairs;

  /// The runs of input channels that the taps read, for an input with these
  /// strides.
  DotContraction dotContraction(edge::ConvOp op,
                                llvm::ArrayRef<int64_t> strides) const;

  /// How integers are multiplied; nothing for one element at a time.
  std::optional<InnerProduct> product;
  /// The products of neighbouring input elements, if that is how they are
  /// grouped.
  int64_t run = 1;
  /// Whether the last group of a run takes what comes after it as well, since
  /// there is always something.
  bool readsOn = false;

  /// Which rows of the panels of weights are there, if some are left out.
  std::optional<SparsePanels> panels;

  RhsLayout packedLayout() const {
    if (panels)
      return RhsLayout::packed(*panels);
    if (product)
      return RhsLayout::packed(depth, groupOutputs, tiles.lanes, tiles.vectors,
                               *product, run, readsOn);
    return RhsLayout::packed(depth, groupOutputs, tiles.lanes, tiles.vectors);
  }

private:
  /// Finds the fastest product of constant weights by the model, with how it
  /// runs; `shape` gets its steps.
  void chooseProduct(edge::ConvOp op, target::CpuAttr cpu, bool isSparse);
};

/// Emits the loops of a convolution over some of its lines and pixels.
class ConvEmitter {
public:
  /// `args` are what the kernel of `op` gets; its outputs are not looked at.
  ConvEmitter(edge::ConvOp op, Emitter &emitter, const KernelArgs &args,
              const ConvPlan &plan, int64_t lines, int64_t pixels);

  /// Only the lines from `first` to before `end`.
  void setLines(mlir::Value first, mlir::Value end);
  /// The lines of a pointwise convolution are apart in memory.
  void setLineTiles() { c.tiles = plan.lineTiles; }
  /// A panel of weights meets all lines before the next panel does.
  void setOnePanelAtATime() {
    c.tiles.panelsInner = false;
    c.tiles.panelBlock = 1;
  }

  /// All groups, for the image and the outer spatial dimensions at `position`.
  /// `store` gets channels of the whole result.
  void emit(mlir::ValueRange position, StoreTile store);

private:
  /// All groups, for the lines that are set.
  void emitGroups(mlir::ValueRange position, StoreTile store);
  /// Where the bytes that a pixel reads lie.
  WordSource wordSource() const;

  edge::ConvOp op;
  Emitter &e;
  const ConvPlan &plan;
  llvm::SmallVector<int64_t> strides;
  Contraction c;
  DotContraction dot;
  PairContraction pairs;
  FlatOperand lhs, rhs, bias;
  /// The elements of the weights of a group, packed or in a row.
  int64_t groupWeights;
};

} // namespace edgecc::kernels

#endif // EDGECC_CODEGEN_KERNELS_CONVKERNEL_H
