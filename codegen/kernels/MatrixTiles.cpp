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

/// Rows of a tile, sums in one of them, and bytes of a row of a factor.
static constexpr int64_t mostRows = 16, lanes = 16, mostBytes = 64;

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
/// row; 0 if it would leave most of the row empty.
static int64_t stepsOfTile(int64_t steps, int64_t bytes) {
  int64_t most = mostBytes / bytes;
  for (int64_t share = most; share >= most / 2; --share)
    if (steps % share == 0)
      return share;
  return 0;
}

/// How many of `pixels` two tiles of one size take, so that they cover all of
/// them; 0 if there is no such number.
static int64_t pixelsOfTiles(int64_t pixels, bool canRepeat) {
  constexpr int64_t fewRows = 7, most = 2 * mostRows;
  if (pixels <= mostRows)
    return pixels < fewRows ? 0 : pixels;
  if (canRepeat) {
    int64_t size = llvm::divideCeil(pixels, llvm::divideCeil(pixels, most));
    return std::min<int64_t>(llvm::alignTo(size, 2),
                             llvm::alignDown(pixels, 2));
  }
  for (int64_t size = most; size >= 2 * fewRows; size -= 2)
    if (pixels % size == 0)
      return size;
  return 0;
}

std::optional<cost::ContractionTiles>
kernels::chooseMatrixTiles(target::CpuAttr cpu, const InnerProduct &product,
                           int64_t run, const cost::ContractionShape &shape,
                           bool canRepeat) {
  int64_t rest = shape.channels % (2 * lanes);
  cost::ContractionTiles tiles;
  if (run % product.depth() == 0)
    tiles.matrixSteps = stepsOfTile(run / product.depth(), shape.lhsBytes);
  tiles.pixels = pixelsOfTiles(shape.pixels, canRepeat);
  // A narrow rest would be packed for shorter vectors.
  if (!tiles.matrixSteps || !tiles.pixels || (rest && rest <= lanes / 2) ||
      !hasUnit(cpu, product))
    return std::nullopt;
  if (tiles.pixels <= mostRows && shape.lines % 2 == 0)
    tiles.lines = 2;
  tiles.lanes = lanes;
  tiles.vectors = shape.channels > lanes ? 2 : 1;
  tiles.areEqual = true;
  int64_t panels = llvm::divideCeil(shape.channels, 2 * lanes);
  int64_t bytes = shape.depth * shape.rhsBytes * 2 * lanes;
  tiles.panelBlock =
      std::clamp<int64_t>(cpu.getL2Bytes() / 2 / bytes, 1, panels);
  tiles.panelsInner = shape.lines == 1;
  return tiles;
}

bool kernels::suitsMatrixTiles(const Contraction &c, const PanelRun &run,
                               int64_t lines, int64_t pixels) {
  return c.tiles.matrixSteps && lines == c.tiles.lines &&
         pixels == c.tiles.pixels &&
         llvm::all_of(run.columns, [&](const Column &column) {
           return column.lanes == c.tiles.lanes;
         });
}

namespace {

class MatrixEmitter {
public:
  using Values = SmallVector<Value>;

  MatrixEmitter(Emitter &e, const Contraction &c, const PanelRun &run)
      : e(e), c(c), run(run) {
    int64_t lines = c.tiles.lines, pixels = c.tiles.pixels;
    int64_t count = lines > 1 || pixels <= mostRows ? lines : 2;
    rows = lines * pixels / count;
    for (int64_t i = 0; i < count; ++i)
      starts.push_back(lines > 1 ? i * c.lineStep : i * rows * c.pixelStep);
  }

  void emit(Value lhsBase, Value rhsBase) {
    auto type = amx::TileType::get({rows, lanes}, c.accumulatorType);
    Values sums;
    for (size_t i = 0; i < starts.size() * run.columns.size(); ++i)
      sums.push_back(amx::TileZeroOp::create(e, type));
    sums = reduce(c.reduction.levels, lhsBase, rhsBase, sums);
    int64_t width = run.columns.size() * lanes;
    for (auto [i, sum] : llvm::enumerate(sums)) {
      int64_t row = i / run.columns.size() * rows;
      int64_t column = i % run.columns.size() * lanes;
      amx::TileStoreOp::create(e, c.scratch, e.index(row * width + column), sum,
                               e.index(width));
    }
  }

private:
  Values reduce(ArrayRef<ReductionLevel> levels, Value lhsBase, Value rhsBase,
                ValueRange sums) {
    const ReductionLevel &level = levels.front();
    int64_t step = levels.size() > 1 ? 1 : c.tiles.matrixSteps;
    return e.loop(
        0, level.count, step, sums, [&](Value i, ValueRange carried) -> Values {
          Value lhs = e.add(lhsBase, e.mul(i, level.lhsStep));
          Value rhs = e.add(rhsBase, e.mul(i, level.rhsRows * run.rowPitch));
          if (levels.size() > 1)
            return reduce(levels.drop_front(), lhs, rhs, carried);
          return multiply(lhs, rhs, carried);
        });
  }

  Values multiply(Value lhsBase, Value rhsBase, ValueRange sums) {
    int64_t steps = c.tiles.matrixSteps, group = c.product->depth();
    auto lhsType =
        amx::TileType::get({rows, steps * group}, storageType(c.lhsType));
    auto rhsType =
        amx::TileType::get({steps, lanes * group}, storageType(c.rhsType));
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
  /// Pixels of one tile; where the tiles of the lhs begin.
  int64_t rows;
  SmallVector<int64_t> starts;
};

} // namespace

void kernels::multiplyMatrixTiles(Emitter &e, const Contraction &c,
                                  const PanelRun &run, Value lhsBase,
                                  Value rhsBase) {
  MatrixEmitter(e, c, run).emit(lhsBase, rhsBase);
}
