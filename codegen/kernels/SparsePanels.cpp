//===- SparsePanels.cpp - panels without their rows of zeros ----*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "codegen/kernels/SparsePanels.h"
#include "codegen/kernels/Arithmetic.h"
#include "codegen/kernels/GemmKernel.h"
#include "codegen/kernels/WeightPattern.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace edgecc;
using namespace edgecc::kernels;

/// What the position of a row takes, beside what a row of all panels does.
static constexpr double positionCycles = 1;
/// Rows begin with a line of the cache.
static constexpr int64_t lineBytes = 64;

//===----------------------------------------------------------------------===//
// The rows that are there
//===----------------------------------------------------------------------===//

static bool isZero(ArrayRef<char> weights, Type element) {
  if (!element.isF32())
    return llvm::all_of(weights, [](char byte) { return byte == 0; });
  for (size_t i = 0; i < weights.size(); i += 4)
    // Zero has two signs.
    if (llvm::support::endian::read32le(weights.data() + i) & 0x7fffffff)
      return false;
  return true;
}

int64_t SparsePanels::countBlocks() const {
  return weights.depth / weights.run *
         llvm::divideCeil(weights.run, blockElements());
}

std::pair<int64_t, int64_t> SparsePanels::blockAt(int64_t block) const {
  int64_t perRun = llvm::divideCeil(weights.run, blockElements());
  auto [first, taken] = groupOf(block % perRun, weights.run, blockElements(),
                                weights.readsOn && !picker);
  return {block / perRun * weights.run + first, taken};
}

ArrayRef<char> SparsePanels::weightsAt(int64_t element, int64_t group,
                                       int64_t first, int64_t count) const {
  int64_t bytes = storageBytes(weights.view.getType().getElementType());
  int64_t at = (element * weights.groups + group) * weights.channels + first;
  return weights.view.bytes().slice(at * bytes, count * bytes);
}

SmallVector<int64_t> SparsePanels::picksOf(int64_t block, int64_t group,
                                           int64_t channel) const {
  Type element = weights.view.getType().getElementType();
  auto [first, taken] = blockAt(block);
  SmallVector<int64_t> there;
  for (int64_t k = first + taken; k < first + blockElements(); ++k)
    if (!isZero(weightsAt(k, group, channel, 1), element))
      there.push_back(k);
  if (!product)
    return there;
  auto valueOf = [&](int64_t k) {
    return product->rhsValue(weightsAt(k, group, channel, 1).front());
  };
  bool fits = true;
  for (size_t i = 0; i + 1 < there.size(); i += 2)
    fits &= product->fitsPair(valueOf(there[i]), valueOf(there[i + 1]));
  if (fits)
    return there;
  // Numbers of different signs make pairs, then large ones with small ones.
  llvm::sort(there, [&](int64_t a, int64_t b) {
    return std::pair(valueOf(a), a) > std::pair(valueOf(b), b);
  });
  SmallVector<int64_t> pairs;
  ArrayRef<int64_t> rest = there;
  while (!rest.empty()) {
    bool isMixed = valueOf(rest.front()) > 0 && valueOf(rest.back()) < 0;
    // The largest absolute value that is left.
    bool isFront = isMixed || valueOf(rest.front()) > 0;
    int64_t large = isFront ? rest.front() : rest.back();
    int64_t other = isFront ? rest.back() : rest.front();
    pairs.push_back(large);
    rest = isFront ? rest.drop_front() : rest.drop_back();
    if (rest.empty())
      break;
    bool isPair = product->fitsPair(valueOf(large), valueOf(other));
    pairs.push_back(isPair ? other : -1);
    if (isPair)
      rest = isFront ? rest.drop_back() : rest.drop_front();
  }
  return pairs;
}

void SparsePanels::countPicks() {
  picks.clear();
  for (int64_t block : llvm::seq(countBlocks()))
    for (int64_t group : llvm::seq(weights.groups))
      for (int64_t channel : llvm::seq(weights.channels))
        picks.push_back(uint8_t(picksOf(block, group, channel).size()));
}

void SparsePanels::findRows() {
  rows.clear();
  Type element = weights.view.getType().getElementType();
  for (int64_t group : llvm::seq(weights.groups))
    for (int64_t first = 0; first < weights.channels; first += width()) {
      int64_t count = std::min(width(), weights.channels - first);
      std::vector<int64_t> &panel = rows.emplace_back();
      for (int64_t block : llvm::seq(countBlocks())) {
        int64_t needed = 0;
        if (picker) {
          int64_t at =
              (block * weights.groups + group) * weights.channels + first;
          needed = llvm::divideCeil(
              *llvm::max_element(ArrayRef(picks).slice(at, count)), rowDepth());
        } else {
          auto [k, taken] = blockAt(block);
          int64_t end = std::min(k + rowDepth(), weights.depth);
          for (int64_t i = k + taken; i < end && !needed; ++i)
            needed = !isZero(weightsAt(i, group, first, count), element);
        }
        panel.insert(panel.end(), needed, block);
      }
    }
}

//===----------------------------------------------------------------------===//
// Tiles
//===----------------------------------------------------------------------===//

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

void SparsePanels::tryTiles(const cost::ContractionShape &shape,
                            target::CpuAttr cpu,
                            std::optional<SparsePanels> &best) const {
  constexpr int64_t mostVectors = 4, leastLanes = 4;
  auto consider = [&](cost::ContractionShape own, int64_t vectors) {
    SparsePanels panels = *this;
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
      return;
  }
}

std::optional<SparsePanels>
SparsePanels::choose(const Weights &weights,
                     const cost::ContractionShape &shape, target::CpuAttr cpu) {
  std::optional<SparsePanels> best;
  if (weights.run >= (weights.product ? weights.product->depth() : 1))
    SparsePanels(weights, weights.product, std::nullopt)
        .tryTiles(shape, cpu, best);
  // Half of what is picked must be left out to make up for the picking.
  constexpr double leastZeros = 0.4;
  if (double(countZeros(weights.view)) <
      leastZeros * double(weights.view.size()))
    return best;
  std::optional<InnerProduct> product;
  if (weights.product) {
    product = InnerProduct::findForChosen(
        cpu, weights.lhs, weights.view.getType().getElementType(),
        weights.view.bytes());
    if (!product)
      return best;
    // Picks have no scalable form.
    if (product->isScalable())
      product = product->ofLeastLanes();
  }
  for (const InputPicker &picker :
       InputPicker::find(cpu, weights.lhs, weights.run)) {
    SparsePanels panels(weights, product, picker);
    cost::ContractionShape own = shape;
    own.lhsBytes = picker.block() * storageBytes(weights.lhs);
    own.rhsBytes = panels.rowDepth() *
                   storageBytes(weights.view.getType().getElementType());
    own.rhsBytes += picker.positionBytes(4) * panels.rowDepth() / 4;
    if (product) {
      int64_t others = shape.step.rowRegisters;
      own.lanes = product->lanes();
      own.leastLanes = product->leastLanes();
      own.step = product->cost();
      own.step.rowRegisters = std::max(own.step.rowRegisters, others);
    }
    own.leastLanes = std::max<int64_t>(own.leastLanes, 4);
    // A pick for each product; the block stays in a register meanwhile.
    own.step.perSum += double(own.step.vectorRegisters);
    own.step.perVector += picker.unpackOperations();
    ++own.step.rowRegisters;
    own.step.vectorRegisters *= 2;
    panels.countPicks();
    panels.tryTiles(own, cpu, best);
  }
  return best;
}

//===----------------------------------------------------------------------===//
// The packed weights
//===----------------------------------------------------------------------===//

double SparsePanels::getZeros() const {
  int64_t left = 0;
  for (const std::vector<int64_t> &panel : rows)
    left += int64_t(panel.size());
  return std::max(0.0, 1 - double(left * rowDepth()) /
                               double(int64_t(rows.size()) * weights.depth));
}

int64_t SparsePanels::countPanels() const {
  return int64_t(rows.size()) / weights.groups;
}

RhsLayout SparsePanels::denseLayout() const {
  if (product)
    return RhsLayout::packed(weights.depth, weights.channels, tiles.lanes,
                             tiles.vectors, *product, weights.run,
                             weights.readsOn);
  return RhsLayout::packed(weights.depth, weights.channels, tiles.lanes,
                           tiles.vectors, picker ? 4 : 1);
}

const PanelRun &SparsePanels::runOf(const RhsLayout &layout,
                                    int64_t panel) const {
  bool isLast = panel % countPanels() == countPanels() - 1;
  ArrayRef<PanelRun> runs = layout.getRuns();
  return isLast ? runs.back() : runs.front();
}

int64_t SparsePanels::rowStep(int64_t pitch) const {
  if (!picker)
    return pitch;
  int64_t bytes = storageBytes(weights.view.getType().getElementType());
  return pitch * bytes + picker->positionBytes(pitch);
}

int64_t SparsePanels::countCorrections(const PanelRun &run) const {
  bool corrects = product && product->flipsLhs();
  return corrects ? run.rowPitch / rowDepth() * 4 : 0;
}

int64_t SparsePanels::countPositions() const {
  int64_t words = 2 * int64_t(rows.size()) + 1;
  for (const std::vector<int64_t> &panel : rows)
    words += int64_t(panel.size());
  return llvm::alignTo(words, lineBytes / 4);
}

int64_t SparsePanels::countElements() const {
  RhsLayout layout = denseLayout();
  int64_t elements = countPositions() * 4 / elementBytes();
  for (auto [i, panel] : llvm::enumerate(rows)) {
    const PanelRun &run = runOf(layout, int64_t(i));
    elements +=
        countCorrections(run) + int64_t(panel.size()) * rowStep(run.rowPitch);
  }
  return elements;
}

/// Writes the rows of panel number `panel`, which have positions in blocks.
void SparsePanels::packPicks(int64_t panel, const PanelRun &run,
                             char *to) const {
  int64_t group = panel / countPanels();
  int64_t first = panel % countPanels() * width();
  int64_t bytes = storageBytes(weights.view.getType().getElementType());
  // How often the block has come before.
  int64_t step = 0, before = -1;
  for (int64_t block : rows[panel]) {
    step = block == before ? step + 1 : 0;
    before = block;
    SmallVector<uint8_t> positions(run.rowPitch, 0);
    for (const Column &column : run.columns)
      for (int64_t lane = column.begin; lane < column.end; ++lane) {
        int64_t channel = first + column.offset + lane;
        SmallVector<int64_t> all = picksOf(block, group, channel);
        for (int64_t k : llvm::seq(rowDepth())) {
          int64_t at = step * rowDepth() + k;
          if (at >= int64_t(all.size()) || all[at] < 0)
            continue;
          int64_t place = column.offset * rowDepth();
          place +=
              product ? product->packedPosition(k, lane, column.lanes) : lane;
          llvm::copy(weightsAt(all[at], group, channel, 1), to + place * bytes);
          positions[place] = uint8_t(all[at] - blockAt(block).first);
        }
      }
    picker->pack(positions, to + run.rowPitch * bytes);
    to += rowStep(run.rowPitch);
  }
}

PackedConstant SparsePanels::pack(ArrayRef<int64_t> positions) const {
  PackedConstant packed;
  MLIRContext *context = weights.view.getType().getContext();
  auto word = IntegerType::get(context, elementBytes() * 8);
  packed.type = MemRefType::get({countElements()}, word);
  packed.bytes.resize(countBytes());
  auto write = [&](int64_t at, int64_t value) {
    llvm::support::endian::write32le(packed.bytes.data() + at * 4,
                                     uint32_t(value));
  };
  int64_t position = 2 * int64_t(rows.size()) + 1;
  int64_t row = countPositions() * 4 / elementBytes();
  int64_t bytes = storageBytes(weights.view.getType().getElementType());
  int64_t pitch = weights.groups * weights.channels;
  RhsLayout layout = denseLayout();
  std::vector<char> dense;
  for (auto [i, panel] : llvm::enumerate(rows)) {
    int64_t number = int64_t(i) % countPanels();
    if (number == 0) {
      dense.clear();
      layout.pack(weights.view.bytes().drop_front(int64_t(i) / countPanels() *
                                                  weights.channels * bytes),
                  pitch, bytes, dense);
    }
    const PanelRun &run = runOf(layout, int64_t(i));
    int64_t runNumber = &run == &layout.getRuns().front()
                            ? number
                            : number - layout.getRuns().front().count;
    const char *from =
        dense.data() + (run.offset + runNumber * run.panelStep) * bytes;
    write(2 * int64_t(i), position);
    write(2 * int64_t(i) + 1, row);
    char *to = packed.bytes.data() + row * elementBytes();
    // They are the last ones of a dense panel.
    int64_t corrections = countCorrections(run);
    std::copy_n(from + run.panelStep - corrections, corrections, to);
    to += corrections;
    row += corrections + int64_t(panel.size()) * rowStep(run.rowPitch);
    if (picker)
      packPicks(int64_t(i), run, to);
    for (int64_t block : panel) {
      write(position++, positions[blockAt(block).first]);
      if (picker)
        continue;
      int64_t size = run.rowPitch * bytes;
      std::copy_n(from + block * size, size, to);
      to += size;
    }
  }
  write(2 * int64_t(rows.size()), position);
  return packed;
}

//===----------------------------------------------------------------------===//
// The loop
//===----------------------------------------------------------------------===//

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

/// Word number `at` of the packed weights, as an index.
static Value loadHeader(Emitter &e, Value memref, Value at) {
  Type word = e.getI32Type();
  Value value;
  if (cast<MemRefType>(memref.getType()).getElementType() == word)
    value = e.load(memref, at, 1, word);
  else
    value = LLVM::BitcastOp::create(
        e, word, e.load(memref, e.mul(at, 4), 4, e.getI8Type()));
  return arith::IndexCastUIOp::create(e, e.getIndexType(), value);
}

Value kernels::correctionsOf(Emitter &e, const Contraction &c, Value panel) {
  return loadHeader(e, c.rhs.memref, e.add(e.mul(panel, 2), 1));
}

/// The operands of a vector of channels of the row at `row`: numbers, and then
/// as many vectors of positions if channels pick elements.
static SmallVector<Value> loadColumn(Emitter &e, const Contraction &c,
                                     const PanelRun &run, Value row,
                                     const Column &column) {
  const std::optional<InputPicker> &picker = c.panels->getPicker();
  Value memref = c.rhs.memref;
  Type type = c.productType;
  if (column.lanes > 1)
    type = VectorType::get({column.lanes}, type);
  if (!c.product && !picker)
    return {arith::BitcastOp::create(e, type,
                                     e.load(memref, e.add(row, column.offset),
                                            column.lanes, e.getI32Type()))};
  int64_t depth = c.product ? c.product->depth() : 1;
  int64_t bytes = c.product ? 1 : storageBytes(c.rhsType);
  int64_t first = column.offset * depth;
  SmallVector<Value> operands;
  if (c.product) {
    operands =
        c.product->loadPacked(e, memref, e.add(row, first), column.lanes);
  } else {
    Value bits = e.load(memref, e.add(row, first * bytes), column.lanes * bytes,
                        e.getI8Type());
    operands = {vector::BitCastOp::create(e, type, bits)};
  }
  if (!picker)
    return operands;
  int64_t count = column.lanes * depth / int64_t(operands.size());
  for (int64_t i : llvm::seq(int64_t(operands.size()))) {
    int64_t at =
        run.rowPitch * bytes + picker->positionBytes(first + i * count);
    operands.push_back(picker->load(e, memref, e.add(row, at), count));
  }
  return operands;
}

/// The sums with the products of a row whose channels pick elements of the
/// block at `block`.
static SmallVector<Value> addPicks(Emitter &e, const Contraction &c,
                                   Value block, ArrayRef<int64_t> pixels,
                                   ArrayRef<SmallVector<Value>> vectors,
                                   ValueRange accumulators) {
  const InputPicker &picker = *c.panels->getPicker();
  SmallVector<Value> sums(accumulators);
  for (auto [i, pixel] : llvm::enumerate(pixels)) {
    Value elements =
        e.load(c.lhs.memref, e.add(block, pixel), picker.block(), c.lhsType);
    if (c.product)
      elements = c.product->flip(e, elements);
    for (auto [j, operands] : llvm::enumerate(vectors)) {
      ArrayRef<Value> numbers =
          ArrayRef(operands).take_front(operands.size() / 2);
      SmallVector<Value> picked;
      for (Value positions : ArrayRef(operands).drop_front(numbers.size()))
        picked.push_back(picker.pick(e, elements, positions));
      Value &sum = sums[i * vectors.size() + j];
      sum = c.product ? c.product->accumulate(e, sum, picked, numbers)
                      : multiplyAdd(e, picked.front(), numbers.front(), sum);
    }
  }
  return sums;
}

SmallVector<Value> kernels::reducePanel(Emitter &e, const Contraction &c,
                                        const PanelRun &run, Value panel,
                                        Value lhsBase, ArrayRef<int64_t> pixels,
                                        ValueRange accumulators,
                                        AddRow addRow) {
  auto wordAt = [&](Value at) { return loadHeader(e, c.rhs.memref, at); };
  Value header = e.mul(panel, 2);
  Value begin = wordAt(header), end = wordAt(e.add(header, 2));
  SmallVector<Value> init(accumulators);
  int64_t corrections = 0;
  if (c.product && c.product->flipsLhs())
    corrections = run.rowPitch / c.product->depth() * 4;
  init.push_back(e.add(wordAt(e.add(header, 1)), corrections));
  auto loop = scf::ForOp::create(
      e, begin, end, e.index(1), init,
      [&](OpBuilder &builder, Location loc, Value at, ValueRange carried) {
        OpBuilder::InsertionGuard guard(e);
        e.setInsertionPoint(builder.getInsertionBlock(),
                            builder.getInsertionPoint());
        Value row = carried.back();
        Value lhs = e.add(lhsBase, c.positions.offsetOf(e, wordAt(at)));
        SmallVector<SmallVector<Value>> vectors;
        for (const Column &column : run.columns)
          vectors.push_back(loadColumn(e, c, run, row, column));
        SmallVector<Value> next =
            c.panels->getPicker()
                ? addPicks(e, c, lhs, pixels, vectors, carried.drop_back())
                : addRow(lhs, vectors, carried.drop_back());
        next.push_back(e.add(row, c.panels->rowStep(run.rowPitch)));
        scf::YieldOp::create(e, loc, next);
      });
  return llvm::to_vector_of<Value>(loop.getResults().drop_back());
}
