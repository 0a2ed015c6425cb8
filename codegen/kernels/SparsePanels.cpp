//===- SparsePanels.cpp - panels without their rows of zeros ----*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "codegen/kernels/SparsePanels.h"
#include "codegen/kernels/GemmKernel.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace edgecc;
using namespace edgecc::kernels;

/// What the position of a row takes, beside what a row of all panels does.
static constexpr double positionCycles = 1;
/// Rows begin with a line of the cache.
static constexpr int64_t lineWords = 16;

static bool isZero(ArrayRef<char> weights) {
  for (size_t i = 0; i < weights.size(); i += 4)
    // Zero has two signs.
    if (llvm::support::endian::read32le(weights.data() + i) & 0x7fffffff)
      return false;
  return true;
}

void SparsePanels::findRows() {
  rows.clear();
  int64_t pitch = weights.groups * weights.channels;
  ArrayRef<char> bytes = weights.view.bytes();
  for (int64_t group : llvm::seq(weights.groups))
    for (int64_t first = 0; first < weights.channels; first += width()) {
      int64_t count = std::min(width(), weights.channels - first);
      std::vector<int64_t> &panel = rows.emplace_back();
      for (int64_t k : llvm::seq(weights.depth)) {
        int64_t at = k * pitch + group * weights.channels + first;
        if (!isZero(bytes.slice(at * 4, count * 4)))
          panel.push_back(k);
      }
    }
}

/// The tiles with panels of one width that are the fastest by the model, if
/// there are any.
static std::optional<cost::ContractionTiles>
tilesOfWidth(const cost::ContractionShape &shape, int64_t vectors,
             target::CpuAttr cpu) {
  constexpr size_t all = 10000;
  SmallVector<cost::ContractionTiles> candidates;
  if (shape.isSmall && shape.lanes > 1)
    candidates = {cost::chooseSmallTiles(shape, cpu)};
  else
    candidates = cost::bestTiles(shape, cpu, all);
  for (const cost::ContractionTiles &tiles : candidates)
    if (tiles.vectors == vectors && tiles.lanes == shape.lanes)
      return tiles;
  return std::nullopt;
}

std::optional<SparsePanels>
SparsePanels::choose(const Weights &weights,
                     const cost::ContractionShape &shape, target::CpuAttr cpu) {
  constexpr int64_t mostVectors = 4, leastLanes = 4;
  std::optional<SparsePanels> best;
  auto consider = [&](cost::ContractionShape own, int64_t vectors) {
    SparsePanels panels(weights);
    panels.tiles.vectors = vectors;
    panels.tiles.lanes = own.lanes;
    panels.findRows();
    int64_t count = 0;
    for (const std::vector<int64_t> &panel : panels.rows)
      count += int64_t(panel.size());
    own.depth = llvm::divideCeil(count, panels.rows.size());
    std::optional<cost::ContractionTiles> tiles =
        tilesOfWidth(own, vectors, cpu);
    if (!tiles)
      return;
    panels.tiles = *tiles;
    panels.tiles.prefetchRows = 0;
    panels.tiles.prefetchesPanel = false;
    int64_t uses = llvm::divideCeil(own.lines, tiles->lines) *
                   llvm::divideCeil(own.pixels, tiles->pixels);
    panels.cycles =
        cost::contractionCycles(*tiles, own, cpu) +
        positionCycles * double(uses * count) / double(weights.groups);
    if (!best || panels.cycles < best->cycles)
      best = std::move(panels);
  };
  for (cost::ContractionShape own = shape;;) {
    for (int64_t vectors = 1; vectors <= mostVectors; ++vectors)
      if ((vectors - 1) * own.lanes < weights.channels)
        consider(own, vectors);
    own.lanes /= 2;
    own.step.registers = std::max<int64_t>(1, own.step.registers / 2);
    if (own.lanes < std::max(leastLanes, shape.leastLanes))
      return best;
  }
}

double SparsePanels::getZeros() const {
  int64_t left = 0;
  for (const std::vector<int64_t> &panel : rows)
    left += int64_t(panel.size());
  return 1 - double(left) / double(int64_t(rows.size()) * weights.depth);
}

int64_t SparsePanels::countPanels() const {
  return int64_t(rows.size()) / weights.groups;
}

int64_t SparsePanels::pitchOf(int64_t panel) const {
  RhsLayout layout =
      RhsLayout::packed(1, weights.channels, tiles.lanes, tiles.vectors);
  bool isLast = panel % countPanels() == countPanels() - 1;
  ArrayRef<PanelRun> runs = layout.getRuns();
  return (isLast ? runs.back() : runs.front()).rowPitch;
}

int64_t SparsePanels::countPositions() const {
  int64_t words = 2 * int64_t(rows.size()) + 1;
  for (const std::vector<int64_t> &panel : rows)
    words += int64_t(panel.size());
  return llvm::alignTo(words, lineWords);
}

int64_t SparsePanels::countWords() const {
  int64_t words = countPositions();
  for (auto [i, panel] : llvm::enumerate(rows))
    words += int64_t(panel.size()) * pitchOf(int64_t(i));
  return words;
}

PackedConstant SparsePanels::pack(ArrayRef<int64_t> positions) const {
  PackedConstant packed;
  auto word = IntegerType::get(weights.view.getType().getContext(), 32);
  packed.type = MemRefType::get({countWords()}, word);
  packed.bytes.resize(countWords() * 4);
  auto write = [&](int64_t at, int64_t value) {
    llvm::support::endian::write32le(packed.bytes.data() + at * 4,
                                     uint32_t(value));
  };
  int64_t position = 2 * int64_t(rows.size()) + 1, row = countPositions();
  int64_t outputs = weights.groups * weights.channels;
  ArrayRef<char> bytes = weights.view.bytes();
  for (auto [i, panel] : llvm::enumerate(rows)) {
    write(2 * int64_t(i), position);
    write(2 * int64_t(i) + 1, row);
    int64_t group = int64_t(i) / countPanels();
    int64_t first = int64_t(i) % countPanels() * width();
    int64_t count = std::min(width(), weights.channels - first);
    for (int64_t k : panel) {
      write(position++, positions[k]);
      int64_t from = k * outputs + group * weights.channels + first;
      std::copy_n(bytes.data() + from * 4, count * 4,
                  packed.bytes.data() + row * 4);
      row += pitchOf(int64_t(i));
    }
  }
  write(2 * int64_t(rows.size()), position);
  return packed;
}

Value PositionSteps::offsetOf(Emitter &e, Value position) const {
  if (dense == actual)
    return position;
  Value offset = e.index(0);
  for (auto [i, step] : llvm::enumerate(dense)) {
    // The last step is of one element.
    if (i + 1 == dense.size())
      return e.add(offset, e.mul(position, actual[i]));
    Value pitch = e.index(step);
    Value steps = e.createOrFold<arith::DivUIOp>(position, pitch);
    position = e.createOrFold<arith::RemUIOp>(position, pitch);
    offset = e.add(offset, e.mul(steps, actual[i]));
  }
  return offset;
}

SmallVector<Value> kernels::reducePanel(Emitter &e, const Contraction &c,
                                        const PanelRun &run, Value panel,
                                        ValueRange accumulators,
                                        AddRow addRow) {
  Type word = e.getI32Type();
  auto loadWord = [&](Value at) -> Value {
    return arith::IndexCastUIOp::create(e, e.getIndexType(),
                                        e.load(c.rhs.memref, at, 1, word));
  };
  Value header = e.mul(panel, 2);
  Value begin = loadWord(header), end = loadWord(e.add(header, 2));
  SmallVector<Value> init(accumulators);
  init.push_back(loadWord(e.add(header, 1)));
  auto loop = scf::ForOp::create(
      e, begin, end, e.index(1), init,
      [&](OpBuilder &builder, Location loc, Value at, ValueRange carried) {
        OpBuilder::InsertionGuard guard(e);
        e.setInsertionPoint(builder.getInsertionBlock(),
                            builder.getInsertionPoint());
        Value row = carried.back();
        SmallVector<Value> vectors;
        for (const Column &column : run.columns) {
          Value bits = e.load(c.rhs.memref, e.add(row, column.offset),
                              column.lanes, word);
          Type type = c.productType;
          if (column.lanes > 1)
            type = VectorType::get({column.lanes}, type);
          vectors.push_back(arith::BitcastOp::create(e, type, bits));
        }
        SmallVector<Value> next = addRow(c.positions.offsetOf(e, loadWord(at)),
                                         vectors, carried.drop_back());
        next.push_back(e.add(row, run.rowPitch));
        scf::YieldOp::create(e, loc, next);
      });
  return llvm::to_vector_of<Value>(loop.getResults().drop_back());
}
