//===- GemmKernel.cpp - the micro-kernel of all contractions ----*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "codegen/kernels/GemmKernel.h"
#include "codegen/kernels/Arithmetic.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/TypeUtilities.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace edgecc;
using namespace edgecc::kernels;

//===----------------------------------------------------------------------===//
// Layouts
//===----------------------------------------------------------------------===//

SmallVector<ReductionLevel>
kernels::mergeLevels(ArrayRef<ReductionLevel> levels) {
  SmallVector<ReductionLevel> merged;
  for (const ReductionLevel &level : levels) {
    if (level.count == 1)
      continue;
    if (!merged.empty() &&
        merged.back().lhsStep == level.count * level.lhsStep &&
        merged.back().rhsRows == level.count * level.rhsRows)
      merged.back() = {merged.back().count * level.count, level.lhsStep,
                       level.rhsRows};
    else
      merged.push_back(level);
  }
  if (merged.empty())
    merged.push_back({1, 0, 1});
  return merged;
}

/// The columns of a panel of `channels` channels. The last vector is padded if
/// the panel is, else it overlaps the one before, if there are `before`
/// channels to the left of the panel or in it, or is split.
static SmallVector<Column> columnsOf(int64_t channels, int64_t lanes,
                                     bool padded, int64_t before = 0) {
  SmallVector<Column> columns;
  int64_t offset = 0;
  for (; offset + lanes <= channels; offset += lanes)
    columns.push_back({offset, lanes, 0, lanes});
  int64_t rest = channels - offset;
  if (!rest)
    return columns;
  if (padded) {
    int64_t width = offset ? lanes : int64_t(llvm::PowerOf2Ceil(rest));
    columns.push_back({offset, width, 0, rest});
  } else if (before + channels >= lanes) {
    columns.push_back({channels - lanes, lanes, lanes - rest, lanes});
  } else {
    for (int64_t length : splitIntoVectors(rest, lanes)) {
      columns.push_back({offset, length, 0, length});
      offset += length;
    }
  }
  return columns;
}

RhsLayout RhsLayout::packed(int64_t depth, int64_t channels, int64_t lanes,
                            int64_t vectors) {
  RhsLayout layout;
  layout.depth = depth;
  int64_t width = lanes * vectors;
  auto append = [&](int64_t count, int64_t first, int64_t panelChannels) {
    PanelRun run;
    run.count = count;
    run.firstChannel = first;
    run.channels = panelChannels;
    run.columns = columnsOf(panelChannels, lanes, /*padded=*/true);
    run.rowPitch = run.columns.back().offset + run.columns.back().lanes;
    run.panelStep = depth * run.rowPitch;
    run.offset = layout.elements;
    layout.elements += count * run.panelStep;
    layout.runs.push_back(run);
  };
  if (int64_t full = channels / width)
    append(full, 0, width);
  if (int64_t rest = channels % width)
    append(1, channels - rest, rest);
  return layout;
}

RhsLayout RhsLayout::inPlace(int64_t pitch, int64_t channels, int64_t lanes,
                             int64_t vectors) {
  RhsLayout layout;
  int64_t width = lanes * vectors;
  auto append = [&](int64_t count, int64_t first, int64_t panelChannels) {
    layout.runs.push_back({count, first, panelChannels, pitch, panelChannels,
                           first,
                           columnsOf(panelChannels, lanes, false, first)});
  };
  if (int64_t full = channels / width)
    append(full, 0, width);
  if (int64_t rest = channels % width)
    append(1, channels - rest, rest);
  return layout;
}

void RhsLayout::pack(ArrayRef<char> source, int64_t pitch, int64_t bytes,
                     std::vector<char> &out) const {
  size_t start = out.size();
  out.resize(start + elements * bytes);
  char *to = out.data() + start;
  for (const PanelRun &run : runs)
    for (int64_t panel = 0; panel < run.count; ++panel)
      for (int64_t row = 0; row < depth; ++row, to += run.rowPitch * bytes) {
        const char *from =
            source.data() +
            (row * pitch + run.firstChannel + panel * run.channels) * bytes;
        std::copy(from, from + run.channels * bytes, to);
      }
}

//===----------------------------------------------------------------------===//
// Buffers and values
//===----------------------------------------------------------------------===//

SmallVector<int64_t> kernels::stridesOf(Value memref) {
  SmallVector<int64_t> strides;
  int64_t offset;
  [[maybe_unused]] LogicalResult known =
      cast<MemRefType>(memref.getType()).getStridesAndOffset(strides, offset);
  assert(succeeded(known) && !ShapedType::isDynamic(offset) &&
         "buffers of kernels have a static layout");
  return strides;
}

FlatOperand kernels::flatOperand(Emitter &e, Value memref) {
  auto type = cast<MemRefType>(memref.getType());
  auto [strides, offset] = type.getStridesAndOffset();
  int64_t extent = type.getNumElements() ? 1 : 0;
  for (auto [size, stride] : llvm::zip_equal(type.getShape(), strides))
    extent += std::max<int64_t>(size - 1, 0) * stride;
  if (type.getRank() != 1 || strides[0] != 1) {
    MemRefLayoutAttrInterface layout;
    if (offset)
      layout = StridedLayoutAttr::get(type.getContext(), offset, {1});
    auto flat = MemRefType::get({extent}, type.getElementType(), layout,
                                type.getMemorySpace());
    memref = memref::ReinterpretCastOp::create(e, flat, memref, offset,
                                               ArrayRef<int64_t>{extent},
                                               ArrayRef<int64_t>{1});
  }
  return {memref, e.index(0)};
}

Value kernels::loadWide(Emitter &e, Value memref, Value index, int64_t length,
                        Type logical, Type target) {
  Value value = e.load(memref, index, length, logical);
  return convert(e, value, target, isUnsignedElement(logical));
}

Value kernels::multiplyAdd(Emitter &e, Value a, Value b, Value sum) {
  if (!isa<FloatType>(getElementTypeOrSelf(sum.getType())))
    return arith::AddIOp::create(e, sum, arith::MulIOp::create(e, a, b));
  auto contract = arith::FastMathFlags::contract;
  Value product = arith::MulFOp::create(e, a, b, contract);
  return arith::AddFOp::create(e, product, sum, contract);
}

bool kernels::hasLongEpilogue(Operation *op) {
  constexpr int longEpilogue = 12, mathOp = 10;
  auto epilogue = dyn_cast<edge::EpilogueOpInterface>(op);
  if (!epilogue || epilogue.getEpilogueRegion().empty())
    return false;
  int length = 0;
  for (Operation &scalar : epilogue.getEpilogueRegion().front())
    if (isa<math::MathDialect>(scalar.getDialect()))
      length += mathOp;
    else if (!scalar.hasTrait<OpTrait::ConstantLike>())
      ++length;
  return length >= longEpilogue;
}

int64_t Contraction::scratchSize(const cost::ContractionTiles &tiles) {
  return tiles.lines * tiles.pixels * tiles.vectors * tiles.lanes;
}

//===----------------------------------------------------------------------===//
// Loops
//===----------------------------------------------------------------------===//

namespace {

/// Emits the loops of one contraction.
class ContractionEmitter {
public:
  ContractionEmitter(Emitter &e, const Contraction &c, StoreTile store)
      : e(e), c(c), store(store),
        pixelRuns(cost::splitEvenly(c.pixels, c.tiles.pixels)) {}

  void emit();

private:
  using Values = SmallVector<Value>;

  void emitPanels(const PanelRun &run, Value begin, Value end,
                  const cost::TileRun &lines, Value line);
  void emitTile(const PanelRun &run, Value panel, int64_t lineCount,
                int64_t pixelCount, Value line, Value pixel);
  Values initialise(const PanelRun &run, Value channel, size_t rows);
  Values reduce(const PanelRun &run, ArrayRef<ReductionLevel> levels,
                Value lhsBase, Value rhsBase, ArrayRef<int64_t> rows,
                ValueRange accumulators);
  Values step(const PanelRun &run, const ReductionLevel &level, int64_t at,
              Value lhsBase, Value rhsBase, ArrayRef<int64_t> rows,
              ValueRange accumulators, bool prefetch);
  void finish(const PanelRun &run, Value channel, int64_t lineCount,
              int64_t pixelCount, Value line, Value pixel,
              ValueRange accumulators);
  void storeColumn(const Column &column, Value value, Value channel, Value line,
                   Value pixel);

  /// `for (i = begin; i < end; i += step)` over run-time bounds.
  void loop(Value begin, Value end, int64_t step,
            function_ref<void(Value)> body);
  Type typeOf(int64_t lanes) const {
    return lanes == 1 ? c.accumulatorType
                      : VectorType::get({lanes}, c.accumulatorType);
  }

  Emitter &e;
  const Contraction &c;
  StoreTile store;
  SmallVector<cost::TileRun, 2> pixelRuns;
};

} // namespace

void ContractionEmitter::loop(Value begin, Value end, int64_t step,
                              function_ref<void(Value)> body) {
  std::optional<int64_t> low = getConstantIntValue(begin);
  std::optional<int64_t> high = getConstantIntValue(end);
  if (low && high)
    return e.loop(*low, *high, step, body);
  auto loop = scf::ForOp::create(e, begin, end, e.index(step));
  OpBuilder::InsertionGuard guard(e);
  e.setInsertionPointToStart(loop.getBody());
  body(loop.getInductionVar());
}

void ContractionEmitter::emit() {
  int64_t block = c.tiles.panelBlock;
  for (const PanelRun &run : c.rhsLayout.getRuns()) {
    e.loop(0, run.count, block, [&](Value begin) {
      Value end = e.add(begin, block);
      if (block >= run.count)
        end = e.index(run.count);
      else if (run.count % block)
        end = arith::MinUIOp::create(e, end, e.index(run.count));
      for (const cost::TileRun &lines :
           cost::splitEvenly(c.lines, c.tiles.lines))
        e.loop(lines.first, lines.first + lines.count * lines.size, lines.size,
               [&](Value line) { emitPanels(run, begin, end, lines, line); });
    });
  }
}

void ContractionEmitter::emitPanels(const PanelRun &run, Value begin, Value end,
                                    const cost::TileRun &lines, Value line) {
  auto overPixels = [&](function_ref<void(int64_t, Value)> body) {
    for (const cost::TileRun &pixels : pixelRuns)
      e.loop(pixels.first, pixels.first + pixels.count * pixels.size,
             pixels.size, [&](Value pixel) { body(pixels.size, pixel); });
  };
  if (c.tiles.panelsInner)
    return overPixels([&](int64_t size, Value pixel) {
      loop(begin, end, 1, [&](Value panel) {
        emitTile(run, panel, lines.size, size, line, pixel);
      });
    });
  loop(begin, end, 1, [&](Value panel) {
    overPixels([&](int64_t size, Value pixel) {
      emitTile(run, panel, lines.size, size, line, pixel);
    });
  });
}

void ContractionEmitter::emitTile(const PanelRun &run, Value panel,
                                  int64_t lineCount, int64_t pixelCount,
                                  Value line, Value pixel) {
  SmallVector<int64_t> rows;
  for (int64_t i = 0; i < lineCount; ++i)
    for (int64_t j = 0; j < pixelCount; ++j)
      rows.push_back(i * c.lineStep + j * c.pixelStep);
  Value channel = e.add(e.mul(panel, run.channels), run.firstChannel);
  Value lhsBase = e.add(e.add(c.lhs.base, e.mul(line, c.lineStep)),
                        e.mul(pixel, c.pixelStep));
  Value rhsBase =
      e.add(e.add(c.rhs.base, e.mul(panel, run.panelStep)), run.offset);
  Values sums = reduce(run, c.reduction, lhsBase, rhsBase, rows,
                       initialise(run, channel, rows.size()));
  finish(run, channel, lineCount, pixelCount, line, pixel, sums);
}

SmallVector<Value> ContractionEmitter::initialise(const PanelRun &run,
                                                  Value channel, size_t rows) {
  Values first;
  for (const Column &column : run.columns) {
    // A vector that reaches into the padding gets its bias at the end.
    if (c.bias.memref && column.isWhole()) {
      Value at = e.add(e.add(c.bias.base, channel), column.offset);
      first.push_back(loadWide(e, c.bias.memref, at, column.lanes, c.biasType,
                               c.accumulatorType));
    } else {
      first.push_back(e.zero(typeOf(column.lanes)));
    }
  }
  Values all;
  for (size_t row = 0; row < rows; ++row)
    llvm::append_range(all, first);
  return all;
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
  return sums;
}

SmallVector<Value>
ContractionEmitter::step(const PanelRun &run, const ReductionLevel &level,
                         int64_t at, Value lhsBase, Value rhsBase,
                         ArrayRef<int64_t> rows, ValueRange accumulators,
                         bool prefetch) {
  int64_t rhsAt = at * level.rhsRows * run.rowPitch;
  // One prefetch for each line of the cache.
  int64_t bytes = storageBytes(c.rhsType), line = e.cpu.getCacheLineBytes();
  Values vectors;
  for (const Column &column : run.columns) {
    Value index = e.add(rhsBase, rhsAt + column.offset);
    int64_t ahead = rhsAt + column.offset +
                    c.tiles.prefetchRows * level.rhsRows * run.rowPitch;
    if (prefetch && c.tiles.prefetchRows && ahead * bytes % line == 0)
      memref::PrefetchOp::create(e, c.rhs.memref,
                                 ValueRange{e.add(rhsBase, ahead)},
                                 /*isWrite=*/false, /*localityHint=*/3,
                                 /*isDataCache=*/true);
    vectors.push_back(loadWide(e, c.rhs.memref, index, column.lanes, c.rhsType,
                               c.accumulatorType));
  }
  Values sums(accumulators);
  for (size_t row = 0; row < rows.size(); ++row) {
    Value element = loadWide(e, c.lhs.memref,
                             e.add(lhsBase, rows[row] + at * level.lhsStep), 1,
                             c.lhsType, c.accumulatorType);
    for (auto [j, column] : llvm::enumerate(run.columns)) {
      Value &sum = sums[row * run.columns.size() + j];
      sum = multiplyAdd(e, e.splat(element, column.lanes), vectors[j], sum);
    }
  }
  return sums;
}

void ContractionEmitter::finish(const PanelRun &run, Value channel,
                                int64_t lineCount, int64_t pixelCount,
                                Value line, Value pixel,
                                ValueRange accumulators) {
  if (!c.scratch) {
    size_t at = 0;
    for (int64_t i = 0; i < lineCount; ++i)
      for (int64_t j = 0; j < pixelCount; ++j)
        for (const Column &column : run.columns)
          storeColumn(column, accumulators[at++], channel, e.add(line, i),
                      e.add(pixel, j));
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
  e.nest({lineCount, pixelCount}, [&](ValueRange position) {
    Value row = e.add(e.mul(position[0], pixelCount), position[1]);
    int64_t offset = 0;
    for (const Column &column : run.columns) {
      Value index = e.add(e.mul(row, width), offset);
      offset += column.lanes;
      storeColumn(column,
                  e.load(c.scratch, index, column.lanes, c.accumulatorType),
                  channel, e.add(line, position[0]), e.add(pixel, position[1]));
    }
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
  ContractionEmitter(emitter, contraction, store).emit();
}
