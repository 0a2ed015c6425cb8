//===- Winograd.cpp - convolutions with fewer products ----------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "codegen/kernels/Winograd.h"
#include "codegen/kernels/Contractions.h"
#include "dialects/Target/Threads.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

#include <cmath>
#include <cstring>

using namespace mlir;
using namespace edgecc;
using namespace edgecc::kernels;

//===----------------------------------------------------------------------===//
// Matrices
//===----------------------------------------------------------------------===//

/// The coefficients of the product of (x - root), lowest power first.
static SmallVector<double> expand(ArrayRef<double> roots) {
  SmallVector<double> polynomial{1};
  for (double root : roots) {
    SmallVector<double> next(polynomial.size() + 1, 0);
    for (auto [power, coefficient] : llvm::enumerate(polynomial)) {
      next[power + 1] += coefficient;
      next[power] -= root * coefficient;
    }
    polynomial = next;
  }
  return polynomial;
}

/// Evaluation and interpolation at small points and at infinity, transposed.
WinogradMatrices WinogradMatrices::get(int64_t tile, int64_t taps) {
  static constexpr double allPoints[] = {0, 1, -1, 2, -2, 0.5, -0.5};
  int64_t side = tile + taps - 1;
  assert(side <= int64_t(std::size(allPoints)) + 1 && "a tile is too large");
  ArrayRef<double> points = ArrayRef(allPoints).take_front(side - 1);

  WinogradMatrices m;
  m.output.assign(tile, SmallVector<double>(side, 0));
  for (auto [j, point] : llvm::enumerate(points)) {
    SmallVector<double> others;
    double scale = 1;
    for (double other : points)
      if (other != point) {
        others.push_back(other);
        scale *= point - other;
      }
    m.input.push_back(expand(others));
    m.input.back().resize(side, 0);
    SmallVector<double> row;
    for (int64_t tap = 0; tap < taps; ++tap)
      row.push_back(std::pow(point, tap) / scale);
    m.weights.push_back(row);
    for (int64_t i = 0; i < tile; ++i)
      m.output[i][j] = std::pow(point, i);
  }
  m.input.push_back(expand(points));
  m.weights.emplace_back(taps, 0).back() = 1;
  m.output[tile - 1][side - 1] = 1;
  return m;
}

/// The sum of `coefficients` times `values`.
static Value combineLinear(Emitter &e, ArrayRef<double> coefficients,
                           ValueRange values) {
  Value sum;
  // Those with coefficient one first, because they need no product.
  for (bool units : {true, false})
    for (auto [coefficient, value] : llvm::zip_equal(coefficients, values)) {
      if (!coefficient || (coefficient == 1) != units)
        continue;
      if (!sum && units)
        sum = value;
      else if (units)
        sum = arith::AddFOp::create(e, sum, value);
      else if (sum && coefficient == -1)
        sum = arith::SubFOp::create(e, sum, value);
      else if (sum)
        sum = multiplyAdd(e, value,
                          e.floatConstant(coefficient, value.getType()), sum);
      else
        sum = arith::MulFOp::create(
            e, value, e.floatConstant(coefficient, value.getType()));
    }
  assert(sum && "a row of zeros");
  return sum;
}

/// Whether `b` is `a` with the sign of every other element changed.
static bool isMirrored(ArrayRef<double> a, ArrayRef<double> b) {
  for (size_t i = 0; i < a.size(); ++i)
    if (b[i] != (i % 2 ? -a[i] : a[i]))
      return false;
  return true;
}

/// `matrix` times the column `values`. Points come in pairs of both signs, so
/// rows do as well in one matrix and columns in another: the even and the odd
/// part of a pair are computed once.
static SmallVector<Value> transformLine(Emitter &e, Matrix matrix,
                                        SmallVector<Value> values) {
  auto column = [&](size_t j) {
    return llvm::map_to_vector(matrix, [&](auto &row) { return row[j]; });
  };
  for (size_t j = 0; j + 1 < values.size(); ++j) {
    if (!isMirrored(column(j), column(j + 1)))
      continue;
    Value sum = arith::AddFOp::create(e, values[j], values[j + 1]);
    values[j + 1] = arith::SubFOp::create(e, values[j], values[j + 1]);
    values[j] = sum;
    for (auto [i, row] : llvm::enumerate(matrix)) {
      if (i % 2)
        std::swap(row[j], row[j + 1]);
      // The sign of the other one is in the difference.
      row[j + (i % 2 ? 0 : 1)] = 0;
    }
    ++j;
  }
  SmallVector<Value> results;
  for (size_t i = 0; i < matrix.size(); ++i) {
    if (i + 1 == matrix.size() || !isMirrored(matrix[i], matrix[i + 1])) {
      results.push_back(combineLinear(e, matrix[i], values));
      continue;
    }
    Value parts[2];
    for (size_t parity : {0, 1}) {
      SmallVector<double> row(matrix[i]);
      for (size_t j = 1 - parity; j < row.size(); j += 2)
        row[j] = 0;
      parts[parity] = combineLinear(e, row, values);
    }
    results.push_back(arith::AddFOp::create(e, parts[0], parts[1]));
    results.push_back(arith::SubFOp::create(e, parts[0], parts[1]));
    ++i;
  }
  return results;
}

/// `matrix` times the square `values` (row-major) times the transpose of
/// `matrix`, row-major.
static SmallVector<Value> transformSquare(Emitter &e, const Matrix &matrix,
                                          ArrayRef<Value> values) {
  size_t from = matrix[0].size(), to = matrix.size();
  SmallVector<Value> half(to * from), result;
  for (size_t j = 0; j < from; ++j) {
    SmallVector<Value> column;
    for (size_t i = 0; i < from; ++i)
      column.push_back(values[i * from + j]);
    for (auto [i, value] : llvm::enumerate(transformLine(e, matrix, column)))
      half[i * from + j] = value;
  }
  for (size_t i = 0; i < to; ++i)
    llvm::append_range(
        result, transformLine(
                    e, matrix,
                    SmallVector<Value>(ArrayRef(half).slice(i * from, from))));
  return result;
}

//===----------------------------------------------------------------------===//
// The choice
//===----------------------------------------------------------------------===//

static cost::WinogradShape winogradShape(edge::ConvOp op) {
  ArrayRef<int64_t> output = shapeOf(op.getResult());
  return {output[0],         output[1],
          output[2],         shapeOf(op.getInput()).back(),
          output.back(),     shapeOf(op.getWeights()).front(),
          wantsSmallCode(op)};
}

/// Whether the algorithm can compute `op`.
static bool allowsWinograd(edge::ConvOp op) {
  auto isOne = [](int64_t step) { return step == 1; };
  ArrayRef<int64_t> weights = shapeOf(op.getWeights());
  for (Value operand : {op.getInput(), op.getWeights()})
    if (!cast<ShapedType>(operand.getType()).getElementType().isF32())
      return false;
  if (op.getSpatialRank() != 2 || op.getGroups() != 1 ||
      weights[0] != weights[1] || weights[0] < 2 ||
      !llvm::all_of(op.getStrides(), isOne) ||
      (op.getDilations() && !llvm::all_of(*op.getDilations(), isOne)) ||
      !constantOf(op.getWeights()))
    return false;
  cost::WinogradShape shape = winogradShape(op);
  return !llvm::is_contained({shape.images, shape.height, shape.width,
                              shape.inputChannels, shape.outputChannels},
                             0);
}

SmallVector<cost::WinogradGain> kernels::listWinograd(edge::ConvOp op,
                                                      target::CpuAttr cpu) {
  if (!allowsWinograd(op))
    return {};
  return cost::listWinograd(winogradShape(op), directConvCycles(op, cpu), cpu);
}

std::optional<cost::WinogradGain> kernels::chooseWinograd(edge::ConvOp op,
                                                          target::CpuAttr cpu) {
  if (!allowsWinograd(op))
    return std::nullopt;
  if (auto asked = op->getAttrOfType<IntegerAttr>(winogradAttrName)) {
    for (const cost::WinogradGain &gain : listWinograd(op, cpu))
      if (gain.tile == asked.getInt())
        return gain;
    return std::nullopt;
  }
  return cost::chooseWinograd(winogradShape(op), directConvCycles(op, cpu),
                              cpu);
}

//===----------------------------------------------------------------------===//
// The kernel
//===----------------------------------------------------------------------===//

/// One line of the cache between positions, so that the same element of all of
/// them does not fall into the same set.
static int64_t spreadPitch(int64_t elements) {
  constexpr int64_t line = 16;
  return llvm::alignTo(elements, line) + line;
}

WinogradConv::WinogradConv(edge::ConvOp op, cost::WinogradTiling tiling,
                           target::CpuAttr cpu)
    : op(op), tiling(tiling), shape(winogradShape(op)),
      element(Float32Type::get(op.getContext())) {
  matrices = WinogradMatrices::get(tiling.tile, shape.taps);
  if (op.getBias())
    biasType = cast<ShapedType>(op.getBias().getType()).getElementType();
  lanes = vectorLength(cpu, element);
  tiles = cost::chooseTiles(cost::winogradProduct(shape, tiling, cpu), cpu);
  layout = RhsLayout::packed(shape.inputChannels, shape.outputChannels,
                             tiles.lanes, tiles.vectors);
}

std::optional<WinogradConv> WinogradConv::get(edge::ConvOp op,
                                              target::CpuAttr cpu) {
  auto tile = op->getAttrOfType<IntegerAttr>(winogradAttrName);
  if (!tile || tile.getInt() == 0)
    return std::nullopt;
  std::optional<cost::WinogradTiling> tiling = cost::makeWinogradTiling(
      winogradShape(op), tile.getInt(), cpu, target::getThreads(op));
  assert(tiling && "a tile larger than the output");
  return WinogradConv(op, *tiling, cpu);
}

int64_t WinogradConv::inputPitch() const {
  return spreadPitch(tiling.bandTiles() * shape.inputChannels);
}

int64_t WinogradConv::outputPitch() const {
  return spreadPitch(tiling.bandTiles() * shape.outputChannels);
}

bool WinogradConv::computesOnce() const {
  return shape.height % tiling.tile == 0 && shape.width % tiling.tile == 0 &&
         tiling.rows % tiling.bandRows == 0;
}

SmallVector<MemRefType> WinogradConv::getScratch() const {
  SmallVector<MemRefType> scratch{
      MemRefType::get({tiling.positions() * inputPitch()}, element),
      MemRefType::get({tiling.positions() * outputPitch()}, element)};
  if (hasLongEpilogue(op))
    scratch.push_back(
        MemRefType::get({tiling.tile * tiling.tile * lanes}, element));
  return scratch;
}

PackedConstant WinogradConv::pack(ArrayRef<char> bytes) const {
  int64_t side = tiling.side, taps = shape.taps;
  int64_t pairs = shape.inputChannels * shape.outputChannels;
  auto weight = [&](int64_t tap, int64_t pair) {
    float value;
    std::memcpy(&value, bytes.data() + (tap * pairs + pair) * sizeof(float),
                sizeof(float));
    return double(value);
  };
  std::vector<std::vector<float>> positions(tiling.positions(),
                                            std::vector<float>(pairs));
  const Matrix &g = matrices.weights;
  for (int64_t pair = 0; pair < pairs; ++pair) {
    double half[cost::maxWinogradSide][cost::maxWinogradSide] = {};
    for (int64_t i = 0; i < side; ++i)
      for (int64_t row = 0; row < taps; ++row)
        for (int64_t tap = 0; tap < taps; ++tap)
          half[i][tap] += g[i][row] * weight(row * taps + tap, pair);
    for (int64_t i = 0; i < side; ++i)
      for (int64_t j = 0; j < side; ++j) {
        double sum = 0;
        for (int64_t tap = 0; tap < taps; ++tap)
          sum += half[i][tap] * g[j][tap];
        positions[i * side + j][pair] = sum;
      }
  }
  PackedConstant packed;
  packed.type = MemRefType::get({tiling.positions() * layout.size()}, element);
  for (const std::vector<float> &matrix : positions)
    layout.pack({reinterpret_cast<const char *>(matrix.data()),
                 matrix.size() * sizeof(float)},
                shape.outputChannels, sizeof(float), packed.bytes);
  return packed;
}

/// Where piece `index` of `step` elements begins; the last one overlaps the one
/// before if `step` does not divide `total`.
static Value pieceStart(Emitter &e, Value index, int64_t step, int64_t total) {
  Value start = e.mul(index, step);
  return total % step == 0
             ? start
             : e.createOrFold<arith::MinUIOp>(start, e.index(total - step));
}

void WinogradConv::forTiles(
    Emitter &e, Value bandRow, int64_t channels,
    function_ref<void(Value, Value, Value, Value, int64_t)> body) const {
  int64_t tile = tiling.tile;
  auto emitFor = [&](Value first, int64_t count) {
    e.nest({tiling.bandRows, tiling.columns}, [&](ValueRange at) {
      Value number = e.add(e.mul(at[0], tiling.columns), at[1]);
      Value row = pieceStart(e, e.add(bandRow, at[0]), tile, shape.height);
      Value column = pieceStart(e, at[1], tile, shape.width);
      int64_t whole = count / lanes * lanes;
      e.loop(0, whole, lanes, [&](Value channel) {
        body(number, row, column, e.add(first, channel), lanes);
      });
      for (int64_t length : splitIntoVectors(count - whole, lanes)) {
        body(number, row, column, e.add(first, whole), length);
        whole += length;
      }
    });
  };
  if (!sharesBand(e))
    return emitFor(e.index(0), channels);
  // Not by tiles: the last ones overlap others.
  int64_t block = 4 * lanes, whole = channels / block * block;
  e.parallelLoop(0, whole, block, [&](Value first) { emitFor(first, block); });
  e.parallelLoop(whole, channels, block,
                 [&](Value first) { emitFor(first, channels - whole); });
}

void WinogradConv::transformInput(Emitter &e, const KernelArgs &args,
                                  Value image, Value bandRow) const {
  int64_t side = tiling.side;
  forTiles(
      e, bandRow, shape.inputChannels,
      [&](Value tile, Value row, Value column, Value channel, int64_t length) {
        SmallVector<Value> values;
        for (int64_t i = 0; i < side; ++i)
          for (int64_t j = 0; j < side; ++j)
            values.push_back(
                e.load(args.inputs[0],
                       {image, e.add(row, i), e.add(column, j), channel},
                       length, element));
        Value base = e.add(e.mul(tile, shape.inputChannels), channel);
        for (auto [position, value] :
             llvm::enumerate(transformSquare(e, matrices.input, values)))
          e.store(value, args.scratch[0], e.add(base, position * inputPitch()));
      });
}

void WinogradConv::multiply(Emitter &e, const KernelArgs &args) const {
  FlatOperand weights = flatOperand(e, args.inputs[1]);
  e.parallelLoop(0, tiling.positions(), 1, [&](Value position) {
    Contraction c;
    c.lhsType = c.rhsType = c.productType = c.accumulatorType = element;
    c.pixels = tiling.bandTiles();
    c.pixelStep = shape.inputChannels;
    c.reduction.levels = {{shape.inputChannels, 1, 1}};
    c.rhsLayout = layout;
    c.tiles = tiles;
    c.canRepeat = true;
    c.lhs = {args.scratch[0], e.mul(position, inputPitch())};
    c.rhs = {weights.memref, e.mul(position, layout.size())};
    Value base = e.mul(position, outputPitch());
    emitContraction(e, c, [&](Value value, Value, Value pixel, Value channel) {
      e.store(value, args.scratch[1],
              e.add(e.add(base, e.mul(pixel, shape.outputChannels)), channel));
    });
  });
}

void WinogradConv::transformOutput(Emitter &e, const KernelArgs &args,
                                   Value image, Value bandRow) const {
  int64_t size = tiling.tile;
  FlatOperand bias;
  if (biasType)
    bias = flatOperand(e, args.inputs[2]);
  forTiles(
      e, bandRow, shape.outputChannels,
      [&](Value tile, Value row, Value column, Value channel, int64_t length) {
        Value base = e.add(e.mul(tile, shape.outputChannels), channel);
        SmallVector<Value> values;
        for (int64_t position = 0; position < tiling.positions(); ++position)
          values.push_back(e.load(args.scratch[1],
                                  e.add(base, position * outputPitch()), length,
                                  element));
        values = transformSquare(e, matrices.output, values);
        auto finish = [&](Value value, Value i, Value j) {
          if (bias.memref)
            value = arith::AddFOp::create(
                e, value,
                loadWide(e, bias.memref, channel, length, biasType, element));
          e.storeResult(op, args, value,
                        {image, e.add(row, i), e.add(column, j), channel});
        };
        if (args.scratch.size() < 3) {
          storeLines(e, row, [&](int64_t first, int64_t end) {
            for (int64_t i = first * size; i < end * size; ++i)
              finish(values[i], e.index(i / size), e.index(i % size));
          });
          return;
        }
        for (int64_t i = 0; i < size * size; ++i)
          e.store(values[i], args.scratch[2], e.index(i * length));
        storeLines(e, row, [&](int64_t first, int64_t end) {
          e.nest({end - first, size}, [&](ValueRange at) {
            Value line = e.add(at[0], first);
            Value index = e.mul(e.add(e.mul(line, size), at[1]), length);
            finish(e.load(args.scratch[2], index, length, element), line,
                   at[1]);
          });
        });
      });
}

void WinogradConv::storeLines(
    Emitter &e, Value row, function_ref<void(int64_t, int64_t)> store) const {
  int64_t size = tiling.tile, own = shape.height % size;
  if (!own || e.getThreads() == 1 || sharesBand(e))
    return store(0, size);
  // The last lines of the last tile but one are also in the last tile, which
  // another thread may have; that one stores them, as it does last when all
  // goes in order.
  store(0, own);
  Value isAlone = arith::CmpIOp::create(e, arith::CmpIPredicate::ne, row,
                                        e.index((tiling.rows - 2) * size));
  auto branch = scf::IfOp::create(e, isAlone, /*withElseRegion=*/false);
  OpBuilder::InsertionGuard guard(e);
  e.setInsertionPoint(branch.thenBlock()->getTerminator());
  store(own, size);
}

bool WinogradConv::sharesBand(Emitter &e) const {
  return e.getThreads() > 1 && shape.images == 1 &&
         tiling.bandRows == tiling.rows;
}

void WinogradConv::emit(Emitter &e, const KernelArgs &args) const {
  if (sharesBand(e)) {
    Value first = e.index(0);
    e.phase([&] { transformInput(e, args, first, first); });
    e.phase([&] { multiply(e, args); });
    e.phase([&] { transformOutput(e, args, first, first); });
    return;
  }
  int64_t bands = llvm::divideCeil(tiling.rows, tiling.bandRows);
  auto emitBand = [&](ValueRange at) {
    Value bandRow = pieceStart(e, at[1], tiling.bandRows, tiling.rows);
    transformInput(e, args, at[0], bandRow);
    multiply(e, args);
    transformOutput(e, args, at[0], bandRow);
  };
  e.phase([&] {
    e.parallelNest({shape.images, bands}, [&](ValueRange at) {
      e.sequentially([&] { emitBand(at); });
    });
  });
}
