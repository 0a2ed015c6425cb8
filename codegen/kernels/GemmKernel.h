//===- GemmKernel.h - the micro-kernel of all contractions ------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
//
// Convolutions and matrix products are one computation,
//
//   result[line, pixel, channel] = bias[channel]
//       + sum over k of lhs[line, pixel, k] * rhs[k, channel],
//
// where the address of lhs[line, pixel, k] is affine: in a matrix product k is
// the column, in a convolution it runs through the taps and input channels. A
// tile of lines x pixels x vectors of channels is held in registers while k
// runs; the lhs is read a scalar at a time and broadcast, the rhs a vector at a
// time. Weights are packed into panels as wide as a tile, so that they are read
// in the order in which they lie; other matrices are read where they are.
//
//===----------------------------------------------------------------------===//

#ifndef EDGECC_CODEGEN_KERNELS_GEMMKERNEL_H
#define EDGECC_CODEGEN_KERNELS_GEMMKERNEL_H

#include "codegen/cost/ContractionCost.h"
#include "codegen/kernels/Epilogue.h"
#include "codegen/kernels/InnerProduct.h"

namespace edgecc::kernels {

class BlockWeights;
class DigitProducts;
class SparsePanels;

/// Elements from one step along each dimension to the next, in a dense tensor
/// and in a buffer: how positions in the one become offsets in the other.
struct PositionSteps {
  llvm::SmallVector<int64_t> dense, actual;

  mlir::Value offsetOf(Emitter &emitter, mlir::Value position) const;
};

/// One loop of the reduction. A step moves `lhsStep` elements in the lhs and
/// `rhsRows` rows in the rhs.
struct ReductionLevel {
  int64_t count;
  int64_t lhsStep;
  int64_t rhsRows;
};

/// Drops loops of one trip and joins neighbours that walk on as one loop would:
/// the taps and channels of a row of a dense convolution, for example.
llvm::SmallVector<ReductionLevel>
mergeLevels(llvm::ArrayRef<ReductionLevel> levels);

/// A group of elements of the reduction that an `InnerProduct` takes at once.
struct ReductionGroup {
  /// Where its elements of the lhs lie, from the start of their run.
  llvm::SmallVector<int64_t> positions;
  /// How many of them a group before has had; the rhs is zero for these.
  int64_t taken;
};

/// Group `index`, of `depth`, of a run of `length` elements: its first element
/// and how many of the group's elements are taken. The last group ends with the
/// run, unless it reads on.
std::pair<int64_t, int64_t> groupOf(int64_t index, int64_t length,
                                    int64_t depth, bool readsOn);

/// The loops of a reduction that ends with runs of elements. With an
/// `InnerProduct`, one step takes a group of elements, and a row of the rhs is
/// what belongs to a group.
struct Reduction {
  /// Outermost loop first; the last one walks through the run.
  llvm::SmallVector<ReductionLevel> levels;
  /// The groups of a run that follow on the innermost loop, in the rows of the
  /// rhs from `tailRow` of the run on.
  llvm::SmallVector<ReductionGroup> tail;
  int64_t tailRow = 0;

  /// The loops `outer`, whose `rhsRows` count runs, around runs of elements
  /// that lie at `positions`, in groups of `depth`. The last group of
  /// neighbours may read on beyond the run, where the rhs is zero.
  static Reduction inGroups(llvm::ArrayRef<ReductionLevel> outer,
                            llvm::ArrayRef<int64_t> positions, int64_t depth,
                            bool readsOn = false);
};

/// One vector of channels of a panel: the channels from `offset` on. The lanes
/// outside [`begin`, `end`) are computed but not stored: they lie in the
/// padding of a packed panel, or belong to the column before. All vectors of a
/// panel are of one length, so that an element of the lhs is broadcast once.
struct Column {
  int64_t offset;
  int64_t lanes;
  int64_t begin, end;

  bool isWhole() const { return begin == 0 && end == lanes; }
};

/// Joins neighbouring columns, and the vectors of a tile that are in them,
/// whose results of `resultBytes` would be stored a few bytes at a time.
void joinNarrow(Emitter &emitter, llvm::SmallVector<Column> &columns,
                llvm::SmallVector<mlir::Value> &sums, int64_t resultBytes);

/// Neighbouring panels of one shape.
struct PanelRun {
  int64_t count;
  /// The first channel of the first panel, and the channels of each.
  int64_t firstChannel, channels;
  /// Elements from one row of the rhs (or group of rows) to the next, from one
  /// panel to the next, and from the start of the rhs to the first panel.
  int64_t rowPitch, panelStep, offset;
  llvm::SmallVector<Column> columns;
};

/// How a rhs of `depth` rows lies in memory and is cut into panels.
class RhsLayout {
public:
  /// Panels of `vectors` vectors of `lanes` elements, one after the other, each
  /// a row-major matrix. The last one is as wide as what is left, padded to
  /// whole vectors of at least `leastLanes`.
  static RhsLayout packed(int64_t depth, int64_t channels, int64_t lanes,
                          int64_t vectors, int64_t leastLanes = 1);
  /// The same for groups of the rows, which are runs of `run`. A last group
  /// ends with the run; rows that the one before has are zero in it. Or it
  /// reads on, and rows beyond the run are zero. After its groups, a panel has
  /// what flipping the lhs asks for, 32 bits per channel.
  static RhsLayout packed(int64_t depth, int64_t channels, int64_t lanes,
                          int64_t vectors, const InnerProduct &product,
                          int64_t run, bool readsOn = false);
  /// The same for weights in blocks, in bytes. All rows are one block of it.
  static RhsLayout packed(const BlockWeights &weights, int64_t channels,
                          int64_t lanes, int64_t vectors);
  /// The same for panels without rows of zeros: one panel is one step.
  static RhsLayout packed(const SparsePanels &panels);
  /// A row-major matrix with `pitch` elements per row; with `product`, in
  /// groups of rows.
  static RhsLayout inPlace(int64_t pitch, int64_t channels, int64_t lanes,
                           int64_t vectors,
                           const InnerProduct *product = nullptr);

  llvm::ArrayRef<PanelRun> getRuns() const { return runs; }
  int64_t countChannels() const {
    return runs.back().firstChannel + runs.back().count * runs.back().channels;
  }
  /// The elements of a packed rhs.
  int64_t size() const { return elements; }

  /// Appends to `out` the packed form of the matrix whose rows start every
  /// `pitch` elements of `bytes` bytes each in `source`.
  void pack(llvm::ArrayRef<char> source, int64_t pitch, int64_t bytes,
            std::vector<char> &out) const;

private:
  void appendPacked(int64_t rows, int64_t channels, int64_t lanes,
                    int64_t vectors, int64_t least);
  void packGroups(const PanelRun &panels, llvm::ArrayRef<char> source,
                  int64_t pitch, int64_t bytes, char *to) const;

  llvm::SmallVector<PanelRun> runs;
  int64_t elements = 0;
  int64_t depth = 0;
  std::optional<InnerProduct> product;
  /// Rows of the matrix in a run, elements of a row in a group.
  int64_t run = 1;
  bool readsOn = false;
};

/// `count` neighbouring scalars of `memref` from `index` on, for step number
/// `at`, where `ScalarFile::loadsTogether`. They do not change, so neither
/// memory nor order matters.
llvm::SmallVector<mlir::Value> loadTogether(Emitter &e, mlir::Value memref,
                                            mlir::Value index, int64_t count,
                                            int64_t at);

/// What the tiles that use a panel ask for: a share of the next one each.
struct NextPanel {
  /// Where the share begins, and the panel that is used.
  mlir::Value share, panel;
  /// The share is the panel's size divided by two to this power.
  int64_t shift;

  /// Asks for what is as far in the share as `size` elements of `bytes` from
  /// `at + first` on are in the panel.
  void prefetch(Emitter &e, mlir::Value memref, mlir::Value at, int64_t first,
                int64_t size, int64_t bytes) const;
};

/// A buffer as one row of elements, and where in it to start.
struct FlatOperand {
  mlir::Value memref;
  mlir::Value base;
};

/// Views a memref of static layout as one row: `(memref, 0)`.
FlatOperand flatOperand(Emitter &emitter, mlir::Value memref);

/// The strides of `memref` in elements.
llvm::SmallVector<int64_t> stridesOf(mlir::Value memref);

/// Loads `length` elements of the logical type `logical` from `index` of a flat
/// buffer on and converts them to `target`, a wider type of the same kind.
mlir::Value loadWide(Emitter &emitter, mlir::Value memref, mlir::Value index,
                     int64_t length, mlir::Type logical, mlir::Type target);

/// The line and the pixel of `pixel`, which counts those of all `lines` lines
/// of `pixels` pixels.
std::pair<mlir::Value, mlir::Value>
splitPixel(Emitter &emitter, mlir::Value pixel, int64_t lines, int64_t pixels);

/// Whether the machine loads neighbouring scalars of `type` by one instruction,
/// and how many registers it has for them.
struct ScalarFile {
  bool loadsTogether = false;
  int64_t registers = 0;
};
ScalarFile scalarFile(target::CpuAttr cpu, mlir::Type type);

/// Lets vectors be several registers where one instruction works on them all,
/// if `shape` has the channels: fewer instructions, and fewer loads of the lhs.
void groupRegisters(cost::ContractionShape &shape, target::CpuAttr cpu);

/// The type in which the machine multiplies elements of these types best.
mlir::Type productType(target::CpuAttr cpu, mlir::Type lhs, mlir::Type rhs);

/// `a * b + sum`, on floats in one operation where the machine has one.
mlir::Value multiplyAdd(Emitter &emitter, mlir::Value a, mlir::Value b,
                        mlir::Value sum);

/// One contraction, apart from outer loops.
struct Contraction {
  /// Logical element types and the type of the accumulators.
  mlir::Type lhsType, rhsType, biasType, accumulatorType;
  /// The type in which single products are computed: that of the accumulators,
  /// or a narrower one in which a few of them are summed before they are added
  /// to these.
  mlir::Type productType;
  int64_t lines = 1, pixels = 1;
  /// Where only the lines from one to before another are wanted, both known at
  /// run time only; a tile is then of one line.
  mlir::Value firstLine, endLine;
  /// Elements of the lhs from one line or pixel to the next.
  int64_t lineStep = 0, pixelStep = 0;
  Reduction reduction;
  RhsLayout rhsLayout;
  /// How integers are multiplied; nothing for one element at a time.
  std::optional<InnerProduct> product;
  /// What the rhs is made of when it is weights in blocks; null otherwise.
  const BlockWeights *blocks = nullptr;
  /// Which rows of the rhs are there; null for all. The base of the rhs is then
  /// the number of a panel.
  const SparsePanels *panels = nullptr;
  PositionSteps positions;
  /// How these are multiplied with one row that is bytes; null for floats.
  const DigitProducts *digits = nullptr;
  /// Elements of a row of a rhs that is read in place by groups; 0 if packed.
  int64_t rhsPitch = 0;
  cost::ContractionTiles tiles;
  /// Whether an element of the result may be stored twice.
  bool canRepeat = false;
  /// Whether a row of a panel is loaded by one instruction; the rhs is constant
  /// and packed then.
  bool loadsTogether = false;
  FlatOperand lhs, rhs;
  /// Null if there is no bias.
  FlatOperand bias;
  /// Bytes of an element of the result.
  int64_t resultBytes = 4;
  /// Null, or a buffer of accumulators as `scratchSize` wants it: an expensive
  /// epilogue then runs in a loop over the tile instead of on each register.
  mlir::Value scratch;

  /// The accumulators of the largest tile.
  static int64_t scratchSize(const cost::ContractionTiles &tiles);
};

/// The pixels of a line: tiles of about the same size or, for little code, of
/// one size as far as that goes, and of one pixel where these are few.
llvm::SmallVector<cost::TileRun, 2> splitPixels(const Contraction &contraction,
                                                target::CpuAttr cpu);

/// Stores the accumulators of one vector of channels.
using StoreTile =
    llvm::function_ref<void(mlir::Value value, mlir::Value line,
                            mlir::Value pixel, mlir::Value channel)>;

/// Emits the loops over lines, pixels, panels and the reduction.
void emitContraction(Emitter &emitter, const Contraction &contraction,
                     StoreTile store);

/// `for (i = lower; i < upper; i += step)` over bounds that need not be
/// constants.
void emitLoop(Emitter &emitter, mlir::Value lower, mlir::Value upper,
              int64_t step, llvm::function_ref<void(mlir::Value)> body);

} // namespace edgecc::kernels

#endif // EDGECC_CODEGEN_KERNELS_GEMMKERNEL_H
