//===- GemmKernel.cpp - the micro-kernel of all contractions ----*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "codegen/kernels/GemmKernel.h"
#include "codegen/kernels/Arithmetic.h"
#include "codegen/kernels/BlockWeights.h"
#include "codegen/kernels/DigitProducts.h"
#include "codegen/kernels/MatrixTiles.h"
#include "codegen/kernels/SparsePanels.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace edgecc;
using namespace edgecc::kernels;

//===----------------------------------------------------------------------===//
// Loops
//===----------------------------------------------------------------------===//

int64_t Contraction::scratchSize(const cost::ContractionTiles &tiles) {
  if (tiles.matrixSteps)
    return matrixScratchSize();
  return tiles.lines * tiles.pixels * tiles.vectors * tiles.lanes;
}

/// The most products that are summed in a narrower type than that of the
/// accumulators: their sum is then about as far off as the rounding of the
/// factors makes it anyway.
static constexpr int64_t mostNarrowSteps = 64;

namespace {

/// A tile of pixels.
struct TileAt {
  int64_t lines, pixels;
  Value line, pixel;
  /// The first of its lines and pixels that no tile before has had.
  Value newLine, newPixel;
};

/// Emits the loops of one contraction.
class ContractionEmitter {
public:
  ContractionEmitter(Emitter &e, const Contraction &c, StoreTile store)
      : e(e), c(c), store(store), pixelRuns(splitPixels(c, e.cpu)) {}

  void emit();

private:
  using Values = SmallVector<Value>;

  /// The panels from `begin` to before `end`; `count` of them for threads.
  void emitPanels(const PanelRun &run, Value begin, Value end, int64_t count,
                  TileAt tile);
  void emitTile(const PanelRun &run, Value panel, const TileAt &tile);
  /// Tiles of `size`, the last of which ends with `total` wherever it begins.
  void repeatTiles(int64_t total, int64_t size,
                   function_ref<void(Value at, Value firstNew)> body);
  Values initialise(const PanelRun &run, Value channel, Value rhsBase,
                    size_t rows);
  Values correct(const PanelRun &run, ArrayRef<Value> sums);
  Values rearrange(const PanelRun &run, ArrayRef<Value> sums,
                   decltype(&InnerProduct::toBlocks) turn);
  Values reduce(const PanelRun &run, ArrayRef<ReductionLevel> levels,
                Value lhsBase, Value rhsBase, ArrayRef<int64_t> rows,
                ValueRange accumulators);
  /// The same with products of a narrower type than the accumulators', which
  /// are summed in blocks.
  Values reduceInBlocks(const PanelRun &run, ArrayRef<ReductionLevel> levels,
                        Value lhsBase, Value rhsBase, ArrayRef<int64_t> rows,
                        ValueRange accumulators);
  Values step(const PanelRun &run, const ReductionLevel &level, int64_t at,
              Value lhsBase, Value rhsBase, ArrayRef<int64_t> rows,
              ValueRange accumulators, bool prefetch);
  Values groupStep(const PanelRun &run, const ReductionGroup &group,
                   Value lhsBase, Value rhsBase, ArrayRef<int64_t> rows,
                   ValueRange accumulators);
  Values reduceBlocks(const PanelRun &run, Value lhsBase, Value rhsBase,
                      ArrayRef<int64_t> rows, ValueRange accumulators);
  Values reduceBlock(const PanelRun &run, int64_t depth, Value lhsBase,
                     Value rhsBase, ArrayRef<int64_t> rows,
                     ValueRange accumulators);
  Values addRow(const PanelRun &run, Value lhsBase, ArrayRef<int64_t> rows,
                ArrayRef<Value> vectors, ValueRange accumulators);
  Values loadElements(ArrayRef<int64_t> positions, Value lhsBase,
                      ArrayRef<int64_t> rows, int64_t lanes);
  Values addBlocks(const PanelRun &run, const ReductionGroup &group,
                   Value lhsBase, Value rhsBase, ArrayRef<int64_t> rows,
                   ValueRange accumulators);
  /// The sums with the products of a group, whose rhs is `vectors`.
  Values addGroup(ArrayRef<int64_t> positions, Value lhsBase,
                  ArrayRef<int64_t> rows, ArrayRef<Values> vectors,
                  ValueRange accumulators);
  Values loadGroup(const Column &column, Value rhsBase, int64_t taken,
                   int64_t count);
  void prefetch(const PanelRun &run, int64_t rows, Value rhsBase, int64_t at);
  /// What a tile prefetches of the panel after that at `panel`.
  std::optional<NextPanel> shareOfNext(const PanelRun &run, Value panel,
                                       const TileAt &tile);
  /// `pitch` is from one line to the next in the scratch memory.
  void finish(const PanelRun &run, Value channel, const TileAt &tile,
              int64_t pitch, ValueRange accumulators);
  /// A rhs that is not packed has no sums of its columns; they are added up
  /// beside the accumulators, as a last row.
  bool correctsWhileReducing() const {
    return c.product && c.product->flipsLhs() && c.rhsPitch;
  }
  size_t rowsTogether() const {
    return c.product ? c.product->rowsTogether() : 1;
  }
  /// Whether the last tile of a line begins inside of the one before.
  bool repeatsPixels() const {
    return c.tiles.areEqual && (c.canRepeat || c.tiles.matrixSteps) &&
           c.pixels > c.tiles.pixels;
  }
  void storeColumn(const Column &column, Value value, Value channel, Value line,
                   Value pixel);

  Type typeOf(int64_t lanes) const {
    return lanes == 1 ? c.accumulatorType
                      : VectorType::get({lanes}, c.accumulatorType);
  }

  Emitter &e;
  const Contraction &c;
  StoreTile store;
  SmallVector<cost::TileRun, 2> pixelRuns;
  /// Of the current tile.
  std::optional<NextPanel> nextPanel;
};

} // namespace

void ContractionEmitter::emit() {
  int64_t block = c.tiles.panelBlock;
  for (const PanelRun &run : c.rhsLayout.getRuns()) {
    auto emitBlock = [&](Value begin, Value end, int64_t count) {
      Value zero = e.index(0);
      auto emitLines = [&](int64_t size, Value line, Value firstNew) {
        emitPanels(run, begin, end, count, {size, 0, line, {}, firstNew, zero});
      };
      if (c.firstLine)
        return emitLoop(e, c.firstLine, c.endLine, 1,
                        [&](Value line) { emitLines(1, line, zero); });
      if (c.tiles.matrixSteps && c.lines >= c.tiles.lines)
        return repeatTiles(c.lines, c.tiles.lines,
                           [&](Value line, Value firstNew) {
                             emitLines(c.tiles.lines, line, firstNew);
                           });
      for (const cost::TileRun &lines :
           cost::splitEvenly(c.lines, c.tiles.lines))
        e.parallelLoop(lines.first, lines.first + lines.count * lines.size,
                       lines.size,
                       [&](Value line) { emitLines(lines.size, line, zero); });
    };
    int64_t whole = run.count / block * block;
    // To share them, threads must know how many panels there are.
    if (e.getThreads() > 1 && block < run.count) {
      e.parallelLoop(0, whole, block, [&](Value begin) {
        emitBlock(begin, e.add(begin, block), block);
      });
      e.parallelLoop(whole, run.count, block, [&](Value begin) {
        emitBlock(begin, e.index(run.count), run.count - whole);
      });
      continue;
    }
    e.parallelLoop(0, run.count, block, [&](Value begin) {
      Value end = e.add(begin, block);
      if (block >= run.count)
        end = e.index(run.count);
      else if (run.count % block)
        end = arith::MinUIOp::create(e, end, e.index(run.count));
      emitBlock(begin, end, run.count);
    });
  }
}

void ContractionEmitter::repeatTiles(
    int64_t total, int64_t size,
    function_ref<void(Value at, Value firstNew)> body) {
  e.parallelLoop(0, total, size, [&](Value at) {
    if (total % size == 0)
      return body(at, e.index(0));
    Value last = e.index(total - size);
    Value begin = arith::MinSIOp::create(e, at, last);
    body(begin, arith::SubIOp::create(e, at, begin));
  });
}

void ContractionEmitter::emitPanels(const PanelRun &run, Value begin, Value end,
                                    int64_t count, TileAt tile) {
  auto overPixels = [&](function_ref<void()> body) {
    if (repeatsPixels()) {
      tile.pixels = c.tiles.pixels;
      return repeatTiles(c.pixels, tile.pixels,
                         [&](Value pixel, Value firstNew) {
                           tile.pixel = pixel;
                           tile.newPixel = firstNew;
                           body();
                         });
    }
    for (const cost::TileRun &pixels : pixelRuns)
      e.parallelLoop(pixels.first, pixels.first + pixels.count * pixels.size,
                     pixels.size, [&](Value pixel) {
                       tile.pixels = pixels.size;
                       tile.pixel = pixel;
                       body();
                     });
  };
  auto overPanels = [&](function_ref<void(Value)> body) {
    if (c.tiles.panelBlock >= run.count)
      return e.parallelLoop(0, run.count, 1, body);
    if (e.getThreads() > 1)
      return e.parallelLoop(0, count, 1,
                            [&](Value i) { body(e.add(begin, i)); });
    emitLoop(e, begin, end, 1, body);
  };
  if (c.tiles.panelsInner)
    return overPixels(
        [&] { overPanels([&](Value panel) { emitTile(run, panel, tile); }); });
  overPanels(
      [&](Value panel) { overPixels([&] { emitTile(run, panel, tile); }); });
}

void ContractionEmitter::emitTile(const PanelRun &run, Value panel,
                                  const TileAt &tile) {
  SmallVector<int64_t> rows;
  for (int64_t i = 0; i < tile.lines; ++i)
    for (int64_t j = 0; j < tile.pixels; ++j)
      rows.push_back(i * c.lineStep + j * c.pixelStep);
  size_t results = rows.size() * run.columns.size();
  // A row without a partner is its own.
  while (rows.size() % rowsTogether())
    rows.push_back(rows.back());
  Value channel = e.add(e.mul(panel, run.channels), run.firstChannel);
  Value lhsBase = e.add(e.add(c.lhs.base, e.mul(tile.line, c.lineStep)),
                        e.mul(tile.pixel, c.pixelStep));
  Value rhsBase =
      e.add(e.add(c.rhs.base, e.mul(panel, run.panelStep)), run.offset);
  nextPanel = shareOfNext(run, rhsBase, tile);
  if (auto matrix = suitsMatrixTiles(c, run, tile.lines, tile.pixels)) {
    multiplyMatrixTiles(e, c, run, *matrix, lhsBase, rhsBase, nextPanel);
    return finish(run, channel, tile, matrix->pitch, {});
  }
  Values first = initialise(run, channel, rhsBase, rows.size());
  Values sums;
  if (rowsTogether() > 1)
    first = rearrange(run, first, &InnerProduct::toBlocks);
  if (c.digits)
    sums = c.digits->reduce(e, run, c.rhs.memref, rhsBase, first);
  else if (c.blocks)
    sums = reduceBlocks(run, lhsBase, rhsBase, rows, first);
  else if (c.panels)
    sums = reducePanel(
        e, c, run, rhsBase, lhsBase, rows, first,
        [&](Value at, ArrayRef<Values> vectors, ValueRange sums) {
          if (c.product)
            return addGroup(llvm::to_vector(llvm::seq(c.product->depth())), at,
                            rows, vectors, sums);
          Values row;
          for (const Values &operands : vectors)
            row.push_back(operands.front());
          return addRow(run, at, rows, row, sums);
        });
  else if (c.productType == c.accumulatorType)
    sums = reduce(run, c.reduction.levels, lhsBase, rhsBase, rows, first);
  else
    sums =
        reduceInBlocks(run, c.reduction.levels, lhsBase, rhsBase, rows, first);
  if (correctsWhileReducing())
    sums = correct(run, sums);
  if (rowsTogether() > 1)
    sums = rearrange(run, sums, &InnerProduct::fromBlocks);
  sums.truncate(results);
  finish(run, channel, tile, tile.pixels, sums);
}

SmallVector<Value> ContractionEmitter::initialise(const PanelRun &run,
                                                  Value channel, Value rhsBase,
                                                  size_t rows) {
  Values first;
  // What flipping the lhs asks for is at the end of a packed panel.
  auto offsets = [&](const Column &column, int64_t width) {
    Value at = c.panels ? correctionsOf(e, c, rhsBase)
                        : e.add(rhsBase, run.panelStep - width * 4);
    Value bytes = e.load(c.rhs.memref, e.add(at, column.offset * 4),
                         column.lanes * 4, c.rhsType);
    return vector::BitCastOp::create(e, typeOf(column.lanes), bytes);
  };
  for (const Column &column : run.columns) {
    // A vector that reaches into the padding gets its bias at the end.
    if (c.bias.memref && column.isWhole()) {
      Value at = e.add(e.add(c.bias.base, channel), column.offset);
      first.push_back(loadWide(e, c.bias.memref, at, column.lanes, c.biasType,
                               c.accumulatorType));
    } else {
      first.push_back(e.zero(typeOf(column.lanes)));
    }
    if (c.product && c.product->flipsLhs() && !c.rhsPitch)
      first.back() =
          combine(e, Fold::Sum, first.back(),
                  offsets(column, run.rowPitch / c.product->depth()));
  }
  Values all;
  for (size_t row = 0; row < rows; ++row)
    llvm::append_range(all, first);
  if (correctsWhileReducing())
    for (const Column &column : run.columns)
      all.push_back(e.zero(typeOf(column.lanes)));
  return all;
}

/// Turns the sums of rows that are multiplied together into blocks or back.
SmallVector<Value>
ContractionEmitter::rearrange(const PanelRun &run, ArrayRef<Value> sums,
                              decltype(&InnerProduct::toBlocks) turn) {
  size_t columns = run.columns.size();
  Values turned(sums);
  for (size_t row = 0; row < sums.size(); row += rowsTogether() * columns)
    for (size_t at = row; at < row + columns; ++at)
      for (auto [i, sum] : llvm::enumerate(
               (*c.product.*turn)(e, {sums[at], sums[at + columns]})))
        turned[at + i * columns] = sum;
  return turned;
}

SmallVector<Value> ContractionEmitter::correct(const PanelRun &run,
                                               ArrayRef<Value> sums) {
  size_t columns = run.columns.size();
  ArrayRef<Value> correction = sums.take_back(columns);
  Values corrected;
  for (auto [i, sum] : llvm::enumerate(sums.drop_back(columns)))
    corrected.push_back(arith::SubIOp::create(e, sum, correction[i % columns]));
  return corrected;
}

SmallVector<Value> ContractionEmitter::reduce(const PanelRun &run,
                                              ArrayRef<ReductionLevel> levels,
                                              Value lhsBase, Value rhsBase,
                                              ArrayRef<int64_t> rows,
                                              ValueRange accumulators) {
  const ReductionLevel &level = levels.front();
  auto at = [&](Value base, Value i, int64_t pitch) {
    return e.add(base, e.mul(i, pitch));
  };
  int64_t rhsStep = level.rhsRows * run.rowPitch;
  if (levels.size() > 1)
    return e.loop(
        0, level.count, 1, accumulators, [&](Value i, ValueRange carried) {
          return reduce(run, levels.drop_front(), at(lhsBase, i, level.lhsStep),
                        at(rhsBase, i, rhsStep), rows, carried);
        });
  // A short loop disappears; a long one is unrolled a little.
  constexpr int64_t shortLoop = 4;
  int64_t unroll = level.count <= shortLoop ? level.count : c.tiles.unroll;
  unroll = std::max<int64_t>(unroll, 1);
  int64_t whole = level.count - level.count % unroll;
  Values sums =
      e.loop(0, whole, unroll, accumulators, [&](Value i, ValueRange carried) {
        Values inner(carried);
        Value lhs = at(lhsBase, i, level.lhsStep);
        Value rhs = at(rhsBase, i, rhsStep);
        for (int64_t u = 0; u < unroll; ++u)
          inner =
              step(run, level, u, lhs, rhs, rows, inner, unroll < level.count);
        return inner;
      });
  Value lhs = e.add(lhsBase, whole * level.lhsStep);
  Value rhs = e.add(rhsBase, whole * rhsStep);
  for (int64_t u = 0; u < level.count - whole; ++u)
    sums = step(run, level, u, lhs, rhs, rows, sums, false);
  for (auto [i, group] : llvm::enumerate(c.reduction.tail)) {
    int64_t row = c.reduction.tailRow + i;
    sums = groupStep(run, group, lhsBase, e.add(rhsBase, row * run.rowPitch),
                     rows, sums);
  }
  return sums;
}

SmallVector<Value> ContractionEmitter::reduceInBlocks(
    const PanelRun &run, ArrayRef<ReductionLevel> levels, Value lhsBase,
    Value rhsBase, ArrayRef<int64_t> rows, ValueRange accumulators) {
  const ReductionLevel &level = levels.front();
  int64_t inner = 1;
  for (const ReductionLevel &other : levels.drop_front())
    inner *= other.count;
  int64_t rhsStep = level.rhsRows * run.rowPitch;
  auto move = [&](Value base, Value i, int64_t step) {
    return e.add(base, e.mul(i, step));
  };
  if (inner > mostNarrowSteps)
    return e.loop(
        0, level.count, 1, accumulators, [&](Value i, ValueRange carried) {
          return reduceInBlocks(run, levels.drop_front(),
                                move(lhsBase, i, level.lhsStep),
                                move(rhsBase, i, rhsStep), rows, carried);
        });
  Values sums(accumulators);
  for (const cost::TileRun &blocks :
       cost::splitEvenly(level.count, mostNarrowSteps / inner)) {
    SmallVector<ReductionLevel> block(levels);
    block.front().count = blocks.size;
    sums =
        e.loop(blocks.first, blocks.first + blocks.count * blocks.size,
               blocks.size, sums, [&](Value i, ValueRange carried) {
                 Values narrow;
                 for (Value sum : carried) {
                   auto type = dyn_cast<VectorType>(sum.getType());
                   narrow.push_back(e.zero(type ? type.clone(c.productType)
                                                : c.productType));
                 }
                 narrow = reduce(run, block, move(lhsBase, i, level.lhsStep),
                                 move(rhsBase, i, rhsStep), rows, narrow);
                 Values wide;
                 for (auto [sum, part] : llvm::zip_equal(carried, narrow))
                   wide.push_back(combine(e, Fold::Sum, sum,
                                          convert(e, part, c.accumulatorType)));
                 return wide;
               });
  }
  return sums;
}

SmallVector<Value>
ContractionEmitter::step(const PanelRun &run, const ReductionLevel &level,
                         int64_t at, Value lhsBase, Value rhsBase,
                         ArrayRef<int64_t> rows, ValueRange accumulators,
                         bool prefetch) {
  int64_t rhsAt = at * level.rhsRows * run.rowPitch;
  if (prefetch)
    this->prefetch(run, level.rhsRows, rhsBase, rhsAt);
  if (c.product) {
    ReductionGroup group{{}, 0};
    for (int64_t k = 0; k < c.product->depth(); ++k)
      group.positions.push_back(at * level.lhsStep + k);
    return groupStep(run, group, lhsBase, e.add(rhsBase, rhsAt), rows,
                     accumulators);
  }
  Values vectors;
  if (c.loadsTogether && run.columns.size() > 1)
    vectors = loadTogether(e, c.rhs.memref, e.add(rhsBase, rhsAt),
                           run.columns.size(), at);
  for (const Column &column : ArrayRef(run.columns).drop_front(vectors.size()))
    vectors.push_back(loadWide(e, c.rhs.memref,
                               e.add(rhsBase, rhsAt + column.offset),
                               column.lanes, c.rhsType, c.productType));
  return addRow(run, e.add(lhsBase, at * level.lhsStep), rows, vectors,
                accumulators);
}

/// The sums with the products of one element of each row of the lhs and one row
/// of the rhs.
SmallVector<Value> ContractionEmitter::addRow(const PanelRun &run,
                                              Value lhsBase,
                                              ArrayRef<int64_t> rows,
                                              ArrayRef<Value> vectors,
                                              ValueRange accumulators) {
  Values sums(accumulators);
  for (size_t row = 0; row < rows.size(); ++row) {
    Value element = loadWide(e, c.lhs.memref, e.add(lhsBase, rows[row]), 1,
                             c.lhsType, c.productType);
    for (auto [j, column] : llvm::enumerate(run.columns)) {
      Value &sum = sums[row * run.columns.size() + j];
      sum = multiplyAdd(e, e.splat(element, column.lanes), vectors[j], sum);
    }
  }
  return sums;
}

SmallVector<Value> ContractionEmitter::reduceBlocks(const PanelRun &run,
                                                    Value lhsBase,
                                                    Value rhsBase,
                                                    ArrayRef<int64_t> rows,
                                                    ValueRange accumulators) {
  int64_t size = c.blocks->getBlockSize(), count = c.blocks->getDepth() / size;
  int64_t bytes = c.blocks->blockBytes(size, run.rowPitch);
  Values sums =
      e.loop(0, count, 1, accumulators, [&](Value i, ValueRange carried) {
        return reduceBlock(run, size, e.add(lhsBase, e.mul(i, size)),
                           e.add(rhsBase, e.mul(i, bytes)), rows, carried);
      });
  if (int64_t rest = c.blocks->getDepth() % size)
    sums = reduceBlock(run, rest, e.add(lhsBase, count * size),
                       e.add(rhsBase, count * bytes), rows, sums);
  return sums;
}

/// The sums with those of a block of `depth` rows, which are multiplied by its
/// scales.
SmallVector<Value> ContractionEmitter::reduceBlock(const PanelRun &run,
                                                   int64_t depth, Value lhsBase,
                                                   Value rhsBase,
                                                   ArrayRef<int64_t> rows,
                                                   ValueRange accumulators) {
  const BlockWeights &blocks = *c.blocks;
  int64_t group = blocks.groupRows(), bytes = blocks.groupBytes();
  Values partial, zeroPoints;
  for (Value sum : accumulators)
    partial.push_back(e.zero(sum.getType()));
  if (blocks.hasZeroPoints())
    for (const Column &column : run.columns)
      zeroPoints.push_back(blocks.loadZeroPoints(
          e, c.rhs.memref,
          e.add(rhsBase,
                blocks.zeroPointsOffset(depth, run.rowPitch) + column.offset),
          column.lanes));
  // The rows of a group, of which `count` are in the block.
  auto step = [&](Value index, int64_t count, ValueRange carried) {
    Value lhs = e.add(lhsBase, e.mul(index, group));
    Value rhs = e.add(rhsBase, e.mul(index, bytes * run.rowPitch));
    SmallVector<Values> vectors;
    for (const Column &column : run.columns)
      vectors.push_back(blocks.loadGroup(e, c.rhs.memref,
                                         e.add(rhs, column.offset * bytes),
                                         column.lanes, count));
    Values sums(carried);
    for (int64_t k = 0; k < count; ++k) {
      Values row;
      for (size_t j = 0; j < vectors.size(); ++j)
        row.push_back(zeroPoints.empty()
                          ? vectors[j][k]
                          : subf(e, vectors[j][k], zeroPoints[j]));
      sums = addRow(run, e.add(lhs, k), rows, row, sums);
    }
    return sums;
  };
  // Some rows in one trip, whatever a group holds.
  constexpr int64_t rowsPerTrip = 8;
  int64_t whole = depth / group,
          unroll = std::max<int64_t>(1, rowsPerTrip / group);
  int64_t trips = whole / unroll;
  partial = e.loop(0, trips, 1, partial, [&](Value i, ValueRange carried) {
    Values sums(carried);
    for (int64_t u = 0; u < unroll; ++u)
      sums = step(e.add(e.mul(i, unroll), u), group, sums);
    return sums;
  });
  for (int64_t index = trips * unroll; index < whole; ++index)
    partial = step(e.index(index), group, partial);
  if (int64_t rest = depth % group)
    partial = step(e.index(whole), rest, partial);

  Values sums(accumulators);
  int64_t scales = blocks.scalesOffset(depth, run.rowPitch);
  for (auto [j, column] : llvm::enumerate(run.columns)) {
    Value scale = blocks.loadScales(
        e, c.rhs.memref,
        e.add(rhsBase, scales + column.offset * blocks.scaleBytes()),
        column.lanes);
    for (size_t row = 0; row < rows.size(); ++row) {
      size_t at = row * run.columns.size() + j;
      sums[at] = multiplyAdd(e, partial[at], scale, sums[at]);
    }
  }
  return sums;
}

std::optional<NextPanel> ContractionEmitter::shareOfNext(const PanelRun &run,
                                                         Value panel,
                                                         const TileAt &tile) {
  if (!c.tiles.prefetchesPanel || c.firstLine)
    return std::nullopt;
  int64_t pixels = c.lines * c.pixels;
  int64_t tiles = llvm::divideCeil(c.lines, c.tiles.lines) *
                  llvm::divideCeil(c.pixels, c.tiles.pixels);
  // One tile reads a panel from front to back, as machines expect.
  if (tiles < 2)
    return std::nullopt;
  Value done = e.add(e.mul(tile.line, c.pixels), tile.pixel);
  Value share = e.add(e.add(panel, run.panelStep),
                      e.mul(done, llvm::divideCeil(run.panelStep, pixels)));
  return NextPanel{share, panel, int64_t(llvm::Log2_64(tiles))};
}

/// Asks for the vectors of the rhs that come `tiles.prefetchRows` steps after
/// those at `rhsBase + at`, once for each line of the cache.
void ContractionEmitter::prefetch(const PanelRun &run, int64_t rows,
                                  Value rhsBase, int64_t at) {
  if (nextPanel)
    nextPanel->prefetch(e, c.rhs.memref, rhsBase, at, rows * run.rowPitch,
                        storageBytes(c.rhsType));
  if (!c.tiles.prefetchRows)
    return;
  int64_t bytes = storageBytes(c.rhsType), line = e.cpu.getCacheLineBytes();
  int64_t depth = c.product ? c.product->depth() : 1;
  for (const Column &column : run.columns) {
    int64_t ahead =
        at + column.offset * depth + c.tiles.prefetchRows * rows * run.rowPitch;
    if (ahead * bytes % line == 0)
      e.prefetch(c.rhs.memref, e.add(rhsBase, ahead));
  }
}

SmallVector<Value> ContractionEmitter::groupStep(const PanelRun &run,
                                                 const ReductionGroup &group,
                                                 Value lhsBase, Value rhsBase,
                                                 ArrayRef<int64_t> rows,
                                                 ValueRange accumulators) {
  if (rowsTogether() > 1)
    return addBlocks(run, group, lhsBase, rhsBase, rows, accumulators);
  SmallVector<Values> vectors;
  for (const Column &column : run.columns)
    vectors.push_back(
        loadGroup(column, rhsBase, group.taken, group.positions.size()));
  return addGroup(group.positions, lhsBase, rows, vectors, accumulators);
}

/// The lhs of a group, for rows that are multiplied together.
SmallVector<Value> ContractionEmitter::loadElements(ArrayRef<int64_t> positions,
                                                    Value lhsBase,
                                                    ArrayRef<int64_t> rows,
                                                    int64_t lanes) {
  Type word =
      e.getIntegerType(c.product->depth() * storageBytes(c.lhsType) * 8);
  Values words;
  for (int64_t offset : rows)
    words.push_back(loadWord(e, c.lhs.memref, e.add(lhsBase, offset), positions,
                             c.lhsType, word));
  return c.product->broadcast(e, words, lanes);
}

/// Rows together are held in registers, which takes fewer than the vectors that
/// they meet.
SmallVector<Value> ContractionEmitter::addBlocks(const PanelRun &run,
                                                 const ReductionGroup &group,
                                                 Value lhsBase, Value rhsBase,
                                                 ArrayRef<int64_t> rows,
                                                 ValueRange accumulators) {
  Values sums(accumulators);
  size_t together = rowsTogether(), columns = run.columns.size();
  SmallVector<Values> elements;
  for (size_t row = 0; row < rows.size(); row += together)
    elements.push_back(loadElements(group.positions, lhsBase,
                                    rows.slice(row, together),
                                    run.columns.front().lanes));
  for (auto [j, column] : llvm::enumerate(run.columns)) {
    Values vector =
        loadGroup(column, rhsBase, group.taken, group.positions.size());
    size_t share = vector.size() / together;
    for (size_t row = 0; row < rows.size(); ++row) {
      Value &sum = sums[row * columns + j];
      sum = c.product->accumulate(
          e, sum, elements[row / together],
          ArrayRef(vector).slice(row % together * share, share));
    }
  }
  return sums;
}

SmallVector<Value> ContractionEmitter::addGroup(ArrayRef<int64_t> positions,
                                                Value lhsBase,
                                                ArrayRef<int64_t> rows,
                                                ArrayRef<Values> vectors,
                                                ValueRange accumulators) {
  Values sums(accumulators);
  auto type = dyn_cast<VectorType>(sums.front().getType());
  int64_t lanes = type ? type.getNumElements() : 1;
  auto multiply = [&](size_t row, ValueRange elements) {
    for (auto [j, vector] : llvm::enumerate(vectors)) {
      Value &sum = sums[row * vectors.size() + j];
      sum = c.product->accumulate(e, sum, elements, vector);
    }
  };
  for (size_t row = 0; row < rows.size(); ++row)
    multiply(row, loadElements(positions, lhsBase, rows.slice(row, 1), lanes));
  if (correctsWhileReducing())
    multiply(rows.size(),
             c.product->broadcast(e, c.product->correctionWord(e), lanes));
  return sums;
}

/// The rhs of a group of `count` rows, of which the first `taken` are zero.
SmallVector<Value> ContractionEmitter::loadGroup(const Column &column,
                                                 Value rhsBase, int64_t taken,
                                                 int64_t count) {
  int64_t depth = c.product->depth();
  if (!c.rhsPitch)
    return c.product->loadPacked(
        e, c.rhs.memref, e.add(rhsBase, column.offset * depth), column.lanes);
  Values rows;
  Type type = storageType(c.rhsType);
  if (column.lanes > 1)
    type = VectorType::get({column.lanes}, type);
  for (int64_t k = 0; k < depth; ++k) {
    Value at = e.add(rhsBase, (k - taken) * c.rhsPitch + column.offset);
    rows.push_back(k < taken || k >= count
                       ? e.zero(type)
                       : e.load(c.rhs.memref, at, column.lanes, c.rhsType));
  }
  return c.product->interleave(e, rows);
}

void ContractionEmitter::finish(const PanelRun &run, Value channel,
                                const TileAt &tile, int64_t pitch,
                                ValueRange accumulators) {
  if (!c.scratch) {
    SmallVector<Column> columns(run.columns);
    Values joined(accumulators);
    joinNarrow(e, columns, joined, c.resultBytes);
    size_t at = 0;
    for (int64_t i = 0; i < tile.lines; ++i)
      for (int64_t j = 0; j < tile.pixels; ++j)
        for (const Column &column : columns)
          storeColumn(column, joined[at++], channel, e.add(tile.line, i),
                      e.add(tile.pixel, j));
    return;
  }
  int64_t width = 0;
  for (const Column &column : run.columns)
    width += column.lanes;
  int64_t position = 0;
  for (auto [i, value] : llvm::enumerate(accumulators)) {
    e.store(value, c.scratch, e.index(position));
    position += run.columns[i % run.columns.size()].lanes;
  }
  auto finishPixel = [&](Value line, Value pixel) {
    Value row = e.add(e.mul(line, pitch), pixel);
    int64_t offset = 0;
    for (const Column &column : run.columns) {
      Value index = e.add(e.mul(row, width), offset);
      Value sum = e.load(c.scratch, index, column.lanes, c.accumulatorType);
      // Sums of tiles begin with zero.
      if (accumulators.empty() && c.bias.memref && column.isWhole()) {
        Value at = e.add(e.add(c.bias.base, channel), offset);
        sum = combine(e, Fold::Sum, sum,
                      loadWide(e, c.bias.memref, at, column.lanes, c.biasType,
                               c.accumulatorType));
      }
      offset += column.lanes;
      storeColumn(column, sum, channel, e.add(tile.line, line),
                  e.add(tile.pixel, pixel));
    }
  };
  emitLoop(e, tile.newLine, e.index(tile.lines), 1, [&](Value line) {
    emitLoop(e, tile.newPixel, e.index(tile.pixels), 1,
             [&](Value pixel) { finishPixel(line, pixel); });
  });
}

void ContractionEmitter::storeColumn(const Column &column, Value value,
                                     Value channel, Value line, Value pixel) {
  channel = e.add(channel, column.offset);
  if (column.isWhole())
    return store(value, line, pixel, channel);
  // Narrow pieces, because a store of all lanes would run over the end.
  int64_t offset = column.begin;
  for (int64_t length :
       splitIntoVectors(column.end - column.begin, column.lanes)) {
    Value piece;
    if (length == 1)
      piece = vector::ExtractOp::create(e, value, offset);
    else
      piece = vector::ExtractStridedSliceOp::create(
          e, value, ArrayRef<int64_t>{offset}, ArrayRef<int64_t>{length},
          ArrayRef<int64_t>{1});
    Value at = e.add(channel, offset);
    if (c.bias.memref) {
      Value bias = loadWide(e, c.bias.memref, e.add(c.bias.base, at), length,
                            c.biasType, c.accumulatorType);
      piece = combine(e, Fold::Sum, piece, bias);
    }
    store(piece, line, pixel, at);
    offset += length;
  }
}

void kernels::emitContraction(Emitter &emitter, const Contraction &contraction,
                              StoreTile store) {
  int64_t results = contraction.lines * contraction.pixels *
                    contraction.rhsLayout.countChannels();
  int64_t operands = std::max(contraction.lines * contraction.lineStep,
                              contraction.pixels * contraction.pixelStep);
  int64_t weights = contraction.rhsLayout.size();
  // Where there is more of the image than of the weights, threads have parts of
  // the image, the same as in the kernels before and after.
  if (contraction.firstLine || !weights || weights > operands + results)
    return ContractionEmitter(emitter, contraction, store).emit();
  bool byLines = contraction.lines > 1;
  emitter.imageParts(byLines ? contraction.lines : contraction.pixels,
                     [&](Value first, int64_t size) {
                       Contraction part = contraction;
                       (byLines ? part.lines : part.pixels) = size;
                       int64_t step = byLines ? part.lineStep : part.pixelStep;
                       part.lhs.base =
                           emitter.add(part.lhs.base, emitter.mul(first, step));
                       auto storePart = [&](Value value, Value line,
                                            Value pixel, Value channel) {
                         Value &at = byLines ? line : pixel;
                         at = emitter.add(at, first);
                         store(value, line, pixel, channel);
                       };
                       ContractionEmitter(emitter, part, storePart).emit();
                     });
}
