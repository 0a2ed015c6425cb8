//===- MatrixTiles.cpp - contractions by a matrix unit ----------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "codegen/kernels/MatrixTiles.h"
#include "codegen/cpu/SubtargetFacts.h"
#include "codegen/kernels/Arithmetic.h"

#include "mlir/Dialect/AMX/AMXDialect.h"
#include "llvm/MC/MCSubtargetInfo.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/TargetParser/Triple.h"

using namespace mlir;
using namespace edgecc;
using namespace edgecc::kernels;

/// Rows of a tile, sums in one of them, bytes of a row of a factor, registers
/// for tiles, and tiles of sums that are in registers beside those of factors.
static constexpr int64_t mostRows = 16, lanes = 16, mostBytes = 64,
                         registers = 8, mostTiles = 4;

/// Whether the machine multiplies tiles of what `product` multiplies.
static bool hasUnit(target::CpuAttr cpu, const InnerProduct &product) {
  llvm::Triple triple(cpu.getTriple());
  if (triple.getArch() != llvm::Triple::x86_64 || product.lanes() != lanes)
    return false;
  std::unique_ptr<llvm::MCSubtargetInfo> subtarget =
      createSubtarget(triple, cpu.getCpu(), cpu.getFeatures());
  if (!subtarget)
    return false;
  if (product.multipliesBytes())
    return subtarget->checkFeatures("+amx-int8");
  return product.multipliesBFloats() && subtarget->checkFeatures("+amx-bf16");
}

/// The largest share of a run of `steps` groups of `bytes` that fits into a
/// row. Groups that are left over are multiplied one by one.
static int64_t stepsOfTile(int64_t steps, int64_t bytes) {
  for (int64_t share = std::min(steps, mostBytes / bytes); share > 1; --share)
    if (steps % share == 0)
      return share;
  return 1;
}

std::optional<MatrixRows> MatrixRows::get(int64_t lines, int64_t pixels,
                                          int64_t linePitch) {
  std::optional<MatrixRows> best;
  auto consider = [&](int64_t count, int64_t pitch) {
    int64_t total = (lines - 1) * pitch + pixels;
    int64_t rows = llvm::divideCeil(total, count);
    if (rows <= mostRows && count <= mostTiles &&
        (!best || count < best->count))
      best = {rows, count, pitch, total};
  };
  if (lines == 1)
    consider(llvm::divideCeil(pixels, mostRows), pixels);
  // A tile for each line, or lines and what lies between them.
  if (pixels <= mostRows)
    consider(lines, pixels);
  if (linePitch >= pixels)
    consider(llvm::divideCeil((lines - 1) * linePitch + pixels, mostRows),
             linePitch);
  return best;
}

/// Whether the sums of `rows` and `vectors` are in registers beside factors. A
/// register has tiles of one size only; what is left of runs has another.
static bool fitsRegisters(const MatrixRows &rows, int64_t vectors,
                          bool hasTail) {
  int64_t sums = rows.count * vectors, sizes = hasTail ? 2 : 1;
  return sums <= mostTiles && sums + sizes * (vectors + 1) <= registers;
}

int64_t kernels::matrixScratchSize() { return mostTiles * mostRows * lanes; }

namespace {

/// The choice of tiles, and what it is about.
struct MatrixChoice {
  const cost::ContractionShape &shape;
  /// Steps of the reduction on the unit.
  int64_t steps;

  /// Cycles of all tiles of `lines` x `pixels` pixels and `vectors` vectors.
  double cycles(const MatrixRows &rows, int64_t lines, int64_t pixels,
                int64_t vectors) const;
};

} // namespace

double MatrixChoice::cycles(const MatrixRows &rows, int64_t lines,
                            int64_t pixels, int64_t vectors) const {
  // A product takes a cycle for each row of a full tile, loading a factor half
  // of that from the first cache. What comes from the second is slower.
  constexpr double productCycles = 16, loadCycles = 8, farCycles = 21;
  constexpr double tileCycles = 60, sumCycles = 24;
  double sums = rows.count * vectors;
  double step =
      std::max({productCycles * sums, loadCycles * (rows.count + vectors),
                farCycles * vectors});
  double tiles = double(llvm::divideCeil(shape.lines, lines)) *
                 llvm::divideCeil(shape.pixels, pixels) *
                 llvm::divideCeil(shape.channels, vectors * lanes);
  return tiles * (steps * step + tileCycles + sumCycles * sums);
}

/// Decides which of the operands stays in the nearest cache.
static void chooseOrder(cost::ContractionTiles &tiles,
                        const cost::ContractionShape &shape,
                        target::CpuAttr cpu) {
  int64_t width = tiles.vectors * lanes;
  int64_t panels = llvm::divideCeil(shape.channels, width);
  int64_t panelBytes = shape.depth * shape.rhsBytes * width;
  int64_t inputBytes = shape.lines * shape.lineBytes;
  tiles.panelsInner = panels * panelBytes <= cpu.getL1dBytes() / 2;
  if (tiles.panelsInner)
    tiles.panelBlock = panels;
  else if (inputBytes <= cpu.getL2Bytes() * 3 / 4)
    tiles.panelBlock = 1;
  else
    tiles.panelBlock =
        std::clamp<int64_t>(cpu.getL2Bytes() / 2 / panelBytes, 1, panels);
  // Weights that are read from farther away are asked for a tile in advance.
  tiles.prefetchRows = tiles.panelsInner ? 0 : tiles.matrixSteps;
  if (comesFromAfar(panels * panelBytes, shape, cpu)) {
    tiles.panelBlock = 1;
    tiles.prefetchesPanel = true;
  }
}

std::optional<cost::ContractionTiles>
kernels::chooseMatrixTiles(target::CpuAttr cpu, const InnerProduct &product,
                           int64_t run, const cost::ContractionShape &shape,
                           std::optional<int64_t> vectors) {
  int64_t rest = shape.channels % (2 * lanes);
  // A narrow rest would be packed for shorter vectors.
  if (shape.pixels == 0 || (rest && rest <= lanes / 2) ||
      run < product.depth() || !hasUnit(cpu, product))
    return std::nullopt;
  cost::ContractionTiles best;
  int64_t whole = run / product.depth();
  best.matrixSteps = stepsOfTile(whole, shape.lhsBytes);
  int64_t stepsOfRun = whole / best.matrixSteps + (run % product.depth() != 0);
  int64_t runs = shape.depth / llvm::divideCeilSigned(run, product.depth());
  MatrixChoice choice{shape, runs * stepsOfRun};
  // Vectors start two products a cycle.
  double least = double(shape.lines) * shape.pixels * shape.depth *
                 llvm::divideCeil(shape.channels, lanes) / 2;
  bool isFound = false;
  auto consider = [&](int64_t lines, int64_t pixels, int64_t vectors) {
    auto rows = MatrixRows::get(lines, pixels, shape.linePitch);
    if (!rows || !fitsRegisters(*rows, vectors, run % product.depth()))
      return false;
    double cycles = choice.cycles(*rows, lines, pixels, vectors);
    if (cycles < least) {
      least = cycles;
      best.lines = lines;
      best.pixels = pixels;
      best.vectors = vectors;
      isFound = true;
    }
    return true;
  };
  // Of equals, wide panels write more of a line of the cache at once.
  int64_t mostVectors = shape.channels > lanes ? 2 : 1;
  for (int64_t width = vectors.value_or(mostVectors);
       width >= vectors.value_or(1); --width) {
    for (int64_t count = 1; count <= mostTiles / width; ++count) {
      int64_t parts = llvm::divideCeil(shape.pixels, count * mostRows);
      consider(1, llvm::divideCeil(shape.pixels, parts), width);
    }
    for (int64_t lines = 2; lines <= shape.lines; ++lines)
      if (!consider(lines, shape.pixels, width))
        break;
  }
  if (!isFound)
    return std::nullopt;
  best.lanes = lanes;
  best.areEqual = true;
  chooseOrder(best, shape, cpu);
  return best;
}

std::optional<MatrixRows> kernels::suitsMatrixTiles(const Contraction &c,
                                                    const PanelRun &run,
                                                    int64_t lines,
                                                    int64_t pixels) {
  if (!c.tiles.matrixSteps || lines != c.tiles.lines ||
      pixels != c.tiles.pixels ||
      !llvm::all_of(run.columns, [&](const Column &column) {
        return column.lanes == c.tiles.lanes;
      }))
    return std::nullopt;
  int64_t pitch = c.lineStep % c.pixelStep == 0 ? c.lineStep / c.pixelStep : 0;
  auto rows = MatrixRows::get(lines, pixels, pitch);
  if (!rows ||
      !fitsRegisters(*rows, run.columns.size(), !c.reduction.tail.empty()))
    return std::nullopt;
  return rows;
}

namespace {

class MatrixEmitter {
public:
  using Values = SmallVector<Value>;

  MatrixEmitter(Emitter &e, const Contraction &c, const PanelRun &run,
                const MatrixRows &rows, const std::optional<NextPanel> &next)
      : e(e), c(c), run(run), rows(rows), next(next) {
    // Lines that have tiles of their own lie anywhere.
    bool hasOwn = c.tiles.lines > 1 && rows.pitch == rows.rows;
    for (int64_t i = 0; i < rows.count; ++i)
      starts.push_back(hasOwn ? i * c.lineStep : rows.begin(i) * c.pixelStep);
  }

  void emit(Value lhsBase, Value rhsBase) {
    auto type = amx::TileType::get({rows.rows, lanes}, c.accumulatorType);
    Values sums;
    for (size_t i = 0; i < starts.size() * run.columns.size(); ++i)
      sums.push_back(amx::TileZeroOp::create(e, type));
    sums = reduce(c.reduction.levels, lhsBase, rhsBase, sums);
    int64_t width = run.columns.size() * lanes;
    for (auto [i, sum] : llvm::enumerate(sums)) {
      int64_t row = rows.begin(i / run.columns.size());
      int64_t column = i % run.columns.size() * lanes;
      amx::TileStoreOp::create(e, c.scratch, e.index(row * width + column), sum,
                               e.index(width));
    }
  }

private:
  Values reduce(ArrayRef<ReductionLevel> levels, Value lhsBase, Value rhsBase,
                ValueRange sums) {
    const ReductionLevel &level = levels.front();
    bool isRun = levels.size() == 1;
    int64_t step = isRun ? c.tiles.matrixSteps : 1;
    Values result = e.loop(
        0, level.count, step, sums, [&](Value i, ValueRange carried) -> Values {
          Value lhs = e.add(lhsBase, e.mul(i, level.lhsStep));
          Value rhs = e.add(rhsBase, e.mul(i, level.rhsRows * run.rowPitch));
          if (!isRun)
            return reduce(levels.drop_front(), lhs, rhs, carried);
          return multiply(lhs, rhs, step, carried);
        });
    if (isRun)
      for (auto [i, group] : llvm::enumerate(c.reduction.tail))
        result =
            multiply(e.add(lhsBase, group.positions.front()),
                     e.add(rhsBase, (c.reduction.tailRow + i) * run.rowPitch),
                     1, result);
    return result;
  }

  Values multiply(Value lhsBase, Value rhsBase, int64_t steps,
                  ValueRange sums) {
    int64_t group = c.product->depth();
    auto lhsType =
        amx::TileType::get({rows.rows, steps * group}, storageType(c.lhsType));
    auto rhsType =
        amx::TileType::get({steps, lanes * group}, storageType(c.rhsType));
    if (steps == c.tiles.prefetchRows)
      prefetch(rhsBase, steps);
    if (next)
      next->prefetch(e, c.rhs.memref, rhsBase, 0, steps * run.rowPitch,
                     storageBytes(c.rhsType));
    Values right, result;
    for (const Column &column : run.columns)
      right.push_back(amx::TileLoadOp::create(
          e, rhsType, c.rhs.memref, e.add(rhsBase, column.offset * group),
          e.index(run.rowPitch)));
    for (int64_t start : starts) {
      Value left =
          amx::TileLoadOp::create(e, lhsType, c.lhs.memref,
                                  e.add(lhsBase, start), e.index(c.pixelStep));
      for (Value factor : right)
        result.push_back(accumulate(left, factor, sums[result.size()]));
    }
    return result;
  }

  /// Asks for what the next `steps` steps read of the rhs.
  void prefetch(Value rhsBase, int64_t steps) {
    int64_t bytes = storageBytes(c.rhsType), line = e.cpu.getCacheLineBytes();
    int64_t size = steps * run.rowPitch;
    for (int64_t at = 0; at < size; at += line / bytes)
      e.prefetch(c.rhs.memref, e.add(rhsBase, size + at));
  }

  Value accumulate(Value left, Value right, Value sum) {
    if (isa<FloatType>(c.accumulatorType))
      return amx::TileMulFOp::create(e, sum.getType(), left, right, sum);
    return amx::TileMulIOp::create(e, sum.getType(), left, right, sum,
                                   isUnsignedElement(c.lhsType),
                                   isUnsignedElement(c.rhsType));
  }

  Emitter &e;
  const Contraction &c;
  const PanelRun &run;
  const MatrixRows &rows;
  const std::optional<NextPanel> &next;
  /// Where the tiles of the lhs begin.
  SmallVector<int64_t> starts;
};

} // namespace

void kernels::multiplyMatrixTiles(Emitter &e, const Contraction &c,
                                  const PanelRun &run, const MatrixRows &rows,
                                  Value lhsBase, Value rhsBase,
                                  const std::optional<NextPanel> &next) {
  MatrixEmitter(e, c, run, rows, next).emit(lhsBase, rhsBase);
}
