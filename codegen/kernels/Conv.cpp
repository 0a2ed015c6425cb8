//===- Conv.cpp - convolutions ----------------------------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "codegen/kernels/Contractions.h"
#include "codegen/kernels/ConvKernel.h"
#include "codegen/kernels/FixedKernel.h"
#include "codegen/kernels/HalfProducts.h"
#include "codegen/kernels/MatrixTiles.h"
#include "codegen/kernels/SparseConv.h"
#include "codegen/kernels/TapProducts.h"
#include "codegen/kernels/WindowKernel.h"
#include "codegen/kernels/Winograd.h"
#include "dialects/Edge/EdgeConstants.h"
#include "dialects/Edge/EdgeScheduleOps.h"

#include "mlir/IR/TypeUtilities.h"

#include "mlir/IR/BuiltinOps.h"

using namespace mlir;
using namespace edgecc;
using namespace edgecc::kernels;

static Type elementOf(Value tensor) {
  return cast<RankedTensorType>(tensor.getType()).getElementType();
}

/// The panels of `plan` without rows of zeros; nothing where they are not what
/// computes `op`.
static std::optional<SparsePanels>
findPanels(edge::ConvOp op, const ConvPlan &plan, target::CpuAttr cpu) {
  Type lhs = elementOf(op.getInput()), rhs = elementOf(op.getWeights());
  bool isKnown = lhs.isF32() ? rhs.isF32() : plan.product && rhs.isInteger(8);
  if (!isKnown || plan.usesDotProducts || plan.pairs ||
      typeOf(op.getResult()).getNumElements() == 0)
    return std::nullopt;
  std::optional<edge::ConstantView> view =
      edge::ConstantView::get(constantOf(op.getWeights()));
  if (!view || view->size() == 0)
    return std::nullopt;
  cost::ContractionShape shape = plan.shape;
  // The window of a chain has vectors as long as its neighbours'.
  if (isa<edge::RowBandsOp>(op->getParentOp()))
    shape.leastLanes = shape.lanes;
  return SparsePanels::choose(
      {*view, lhs, plan.groups, plan.depth, plan.groupOutputs, plan.product,
       plan.groupInputs, plan.readsOn && plan.run == plan.groupInputs},
      shape, cpu);
}

/// The elements from one step along each dimension of a dense input to the
/// next, but for the first one.
static SmallVector<int64_t> denseSteps(edge::ConvOp op) {
  ArrayRef<int64_t> input = shapeOf(op.getInput()).drop_front();
  SmallVector<int64_t> steps(input.size(), 1);
  for (size_t dim = input.size() - 1; dim > 0; --dim)
    steps[dim - 1] = steps[dim] * input[dim];
  return steps;
}

/// Where the elements of the reduction lie in a dense input.
static SmallVector<int64_t> densePositions(edge::ConvOp op) {
  SmallVector<int64_t> steps = denseSteps(op), positions{0};
  for (auto [dim, size] :
       llvm::enumerate(shapeOf(op.getWeights()).drop_back())) {
    bool isTap = dim < size_t(op.getSpatialRank());
    int64_t step = steps[dim] * (isTap ? op.getDilation(dim) : 1);
    SmallVector<int64_t> all;
    for (int64_t position : positions)
      for (int64_t i : llvm::seq(size))
        all.push_back(position + i * step);
    positions = std::move(all);
  }
  return positions;
}

ConvPlan::ConvPlan(edge::ConvOp op, target::CpuAttr cpu, bool isSparse) {
  // Fewer are not worth the gathering.
  constexpr int64_t fewOutputs = 8;
  ArrayRef<int64_t> input = shapeOf(op.getInput());
  ArrayRef<int64_t> weights = shapeOf(op.getWeights());
  ArrayRef<int64_t> output = shapeOf(op.getResult());
  int64_t rank = op.getSpatialRank();
  groups = op.getGroups();
  groupInputs = weights[rank];
  groupOutputs = weights[rank + 1] / groups;
  depth = groupInputs;
  for (int64_t dim = 0; dim < rank; ++dim) {
    depth *= weights[dim];
    pointwise &= weights[dim] == 1 && op.getStrides()[dim] == 1;
  }
  if (groups > 1 && !pointwise) {
    // A group has a few channels of each pixel, but a whole cache line comes.
    // Short lines would not make up for the weights, which come for each.
    constexpr int64_t cacheLineBytes = 64, leastPixels = 8;
    int64_t bytes = std::max(
        cacheLineBytes, groupInputs * storageBytes(elementOf(op.getInput())));
    for (int64_t size : input.drop_front().drop_back())
      bytes *= size;
    linesOuter = rank > 1 && output[rank] >= leastPixels && cpu.getL1dBytes() &&
                 bytes > cpu.getL1dBytes() / 2;
  }
  accumulator = edge::accumulatorType(elementOf(op.getInput()));
  shape.channels = groupOutputs;
  shape.depth = depth;
  multiplied =
      productType(cpu, elementOf(op.getInput()), elementOf(op.getWeights()));
  shape.lanes = vectorLength(cpu, multiplied);
  shape.lhsBytes = storageBytes(elementOf(op.getInput()));
  shape.rhsBytes = storageBytes(elementOf(op.getWeights()));
  shape.resultBytes = storageBytes(elementOf(op.getResult()));
  if (pointwise) {
    shape.lines = 1;
    shape.pixels = 1;
    for (int64_t size : output.drop_back())
      shape.pixels *= size;
    shape.lineBytes = shape.pixels * input.back() * shape.lhsBytes;
  } else {
    shape.lines = rank > 1 ? output[rank - 1] : 1;
    shape.pixels = output[rank];
    shape.lineBytes = depth / groupInputs / weights[rank - 1] * input[rank] *
                      input.back() * shape.lhsBytes;
    int64_t step = op.getStrides()[rank - 1];
    if (rank > 1 && op.getStrides()[rank - 2] * input[rank] % step == 0)
      shape.linePitch = op.getStrides()[rank - 2] * input[rank] / step;
  }
  auto bands = dyn_cast<edge::RowBandsOp>(op->getParentOp());
  if (bands) {
    // What the window reads comes row by row, if not all of it at once; what
    // reads it has the rows of a band as one row.
    int64_t rows = bands.getRows();
    bool isLast = bands.getChain().back() == op;
    bool isAll = bands.getLines() == rows;
    shape.lines = isLast || !isAll ? 1 : output[rank - 1];
    shape.pixels = output[rank] * (isLast ? rows : 1);
    // Constants of the others may be in registers all the while; LLVM would
    // rather spill all accumulators than those.
    constexpr int64_t constants = 2, many = 32;
    if (cost::usableRegisters(cpu) >= many)
      shape.step.rowRegisters += constants;
  }
  shape.isSmall = wantsSmallCode(op);
  if (constantOf(op.getWeights())) {
    shape.registers = scalarFile(cpu, accumulator).registers;
    chooseProduct(op, cpu, isSparse || op->hasAttr(sparsePanelsAttrName));
  }
  // A few channels that are neighbours of those of the next tap.
  words.length = groupInputs;
  if (groupInputs % 4 && groups == 1 && op.getDilation(rank - 1) == 1)
    words.length *= weights[rank - 1];
  words.runs = depth / std::max<int64_t>(words.length, 1);
  if (product && !bands)
    pairs = PairLayout::get(cpu, elementOf(op.getInput()), op.getWeights(),
                            op.getBias(), words,
                            {groupOutputs, groups, shape.lines * shape.pixels,
                             wantsSmallCode(op), op->hasAttr(sparseAttrName)});
  if (!product)
    groupRegisters(shape, cpu);
  tiles = chooseTiles(op, shape, cpu);
  if (!constantOf(op.getWeights()))
    tiles.prefetchRows = 0;
  lineTiles = tiles;
  lineTiles.panelsInner = false;
  // Rows of a chain come in other pieces.
  if (product && !linesOuter && !bands) {
    int64_t length = readsOn ? llvm::alignTo(run, product->depth()) : run;
    if (auto matrix = chooseMatrixTiles(cpu, *product, length, shape)) {
      tiles = lineTiles = *matrix;
      if (pointwise && rank > 1) {
        cost::ContractionShape apart = shape;
        apart.lines = output[rank - 1];
        apart.pixels = apart.linePitch = output[rank];
        apart.lineBytes /= apart.lines;
        if (auto lines =
                chooseMatrixTiles(cpu, *product, length, apart, tiles.vectors))
          lineTiles = *lines;
      }
    }
  }
  if (constantOf(op.getWeights()))
    added =
        bytesAddedUp(cpu, elementOf(op.getInput()), elementOf(op.getWeights()));
  if (added > groupInputs) {
    words.step = added / 4;
    gathers = words.isRegular() && !bands && groupOutputs >= fewOutputs &&
              depth * 2 >= added;
    if (!gathers)
      added = 0;
  }
  usesDotProducts =
      !product && constantOf(op.getWeights()) &&
      (added || prefersDotProducts(groupOutputs, groupInputs, shape.lanes));
  if (op->hasAttr(sparsePanelsAttrName))
    panels = findPanels(op, *this, cpu);
  if (panels)
    tiles = lineTiles = panels->getTiles();
}

void ConvPlan::chooseProduct(edge::ConvOp op, target::CpuAttr cpu,
                             bool isSparse) {
  ArrayRef<int64_t> input = shapeOf(op.getInput());
  ArrayRef<int64_t> weights = shapeOf(op.getWeights());
  int64_t rank = op.getSpatialRank();
  bool isBand = isa<edge::RowBandsOp>(op->getParentOp());
  std::vector<InnerProduct> products = InnerProduct::list(
      cpu, elementOf(op.getInput()), elementOf(op.getWeights()),
      constantOf(op.getWeights()));
  if (depth == 0)
    return;
  cost::ContractionShape elements = shape;
  for (const InnerProduct &other : products) {
    int64_t group = other.depth(), otherRun = groupInputs;
    // A few channels do not fill groups; all taps of a row do so better.
    constexpr int64_t fewChannels = 16;
    if (otherRun % group && otherRun < fewChannels && groups == 1 &&
        op.getDilation(rank - 1) == 1)
      otherRun *= weights[rank - 1];
    cost::ContractionShape otherShape = elements;
    other.describe(otherShape, otherRun, /*isPacked=*/true);
    if (product && (isSparse || !isFaster(otherShape, shape, cpu)))
      continue;
    product = other;
    shape = otherShape;
    run = otherRun;
    // What is multiplied by zero must be there, and a number.
    int64_t last =
        (shapeOf(op.getResult())[rank] - 1) * op.getStrides()[rank - 1] +
        (weights[rank - 1] - 1) * op.getDilation(rank - 1);
    readsOn = !isBand && isa<IntegerType>(accumulator) && run >= group &&
              (input[rank] - 1 - last) * input.back() >=
                  llvm::alignTo(run, group) - run;
  }
}

DotContraction ConvPlan::dotContraction(edge::ConvOp op,
                                        ArrayRef<int64_t> strides) const {
  DotContraction dot;
  dot.lhsType = elementOf(op.getInput());
  dot.rhsType = elementOf(op.getWeights());
  dot.accumulatorType = accumulator;
  dot.channels = groupOutputs;
  dot.length = groupInputs;
  dot.addsUpVectors = added;
  dot.isSmall = shape.isSmall;
  dot.lanes = added ? added : shape.lanes;
  if (gathers) {
    dot.gathered = words;
    return dot;
  }
  int64_t runs = depth / groupInputs;
  for (int64_t dim = 0; dim < int64_t(op.getSpatialRank()); ++dim) {
    int64_t kernel = shapeOf(op.getWeights())[dim];
    runs /= kernel;
    dot.taps.push_back({kernel, op.getDilation(dim) * strides[dim + 1], runs});
  }
  return dot;
}

/// How `op` is computed in fixed point, if it is.
static std::optional<FixedContraction> getFixed(edge::ConvOp op,
                                                target::CpuAttr cpu) {
  int64_t rank = op.getSpatialRank();
  if (isa<edge::RowBandsOp>(op->getParentOp()))
    return std::nullopt;
  return FixedContraction::get(cpu, elementOf(op.getInput()), op.getWeights(),
                               op.getGroups(), shapeOf(op.getWeights())[rank]);
}

std::optional<cost::ContractionShape> kernels::tiledShape(edge::ConvOp op,
                                                          target::CpuAttr cpu) {
  if (op.isDepthwise() || getFixed(op, cpu))
    return std::nullopt;
  ConvPlan plan(op, cpu);
  if (plan.usesDotProducts || plan.pairs)
    return std::nullopt;
  return plan.shape;
}

bool kernels::prefersSparsePairs(edge::ConvOp op, target::CpuAttr cpu) {
  if (op.isDepthwise())
    return false;
  ConvPlan plan(op, cpu);
  return plan.pairs && plan.pairs->prefersSparse();
}

/// How many contractions `op` is.
static int64_t countOuter(edge::ConvOp op, const ConvPlan &plan) {
  int64_t outer = plan.groups;
  if (!plan.pointwise)
    for (int64_t dim = 0; dim + 1 < std::max<int64_t>(op.getSpatialRank(), 2);
         ++dim)
      outer *= shapeOf(op.getResult())[dim];
  return outer;
}

static double directCycles(edge::ConvOp op, const ConvPlan &plan,
                           target::CpuAttr cpu) {
  return countOuter(op, plan) *
         cost::contractionCycles(plan.tiles, plan.shape, cpu);
}

std::optional<SparseGain> kernels::panelGain(edge::ConvOp op,
                                             target::CpuAttr cpu) {
  if (isWindow(op, cpu) || getFixed(op, cpu))
    return std::nullopt;
  ConvPlan plan(op, cpu, /*isSparse=*/true);
  std::optional<SparsePanels> panels = findPanels(op, plan, cpu);
  if (!panels)
    return std::nullopt;
  return SparseGain{countOuter(op, plan) * panels->getCycles(),
                    panels->countBytes(), panels->getZeros()};
}

double kernels::directConvCycles(edge::ConvOp op, target::CpuAttr cpu) {
  return directCycles(op, ConvPlan(op, cpu), cpu);
}

std::optional<double> kernels::vectorCycles(edge::ConvOp op,
                                            target::CpuAttr cpu) {
  if (op.isDepthwise() || getFixed(op, cpu))
    return std::nullopt;
  ConvPlan plan(op, cpu);
  if (plan.usesDotProducts || plan.pairs || plan.tiles.matrixSteps)
    return std::nullopt;
  return directCycles(op, plan, cpu);
}

ConvEmitter::ConvEmitter(edge::ConvOp op, Emitter &e, const KernelArgs &args,
                         const ConvPlan &plan, int64_t lines, int64_t pixels)
    : op(op), e(e), plan(plan), strides(stridesOf(args.inputs[0])) {
  c.lhsType = elementOf(op.getInput());
  c.rhsType = elementOf(op.getWeights());
  c.accumulatorType = plan.accumulator;
  c.productType = plan.multiplied;
  c.resultBytes = storageBytes(getElementTypeOrSelf(op.getResult()));
  c.tiles = plan.tiles;
  c.canRepeat = !overwritesEpilogueOperands(op);
  if (!args.scratch.empty())
    c.scratch = args.scratch.front();
  c.lines = lines;
  c.pixels = pixels;

  ArrayRef<int64_t> weights = shapeOf(op.getWeights());
  int64_t rank = op.getSpatialRank();
  if (rank > 1)
    c.lineStep = op.getStrides()[rank - 2] * strides[rank - 1];
  c.pixelStep = op.getStrides()[rank - 1] * strides[rank];
  SmallVector<ReductionLevel> levels;
  int64_t rows = plan.depth / plan.run;
  int64_t outerRank = plan.run > plan.groupInputs ? rank - 1 : rank;
  for (int64_t dim = 0; dim < outerRank; ++dim) {
    rows /= weights[dim];
    levels.push_back(
        {weights[dim], op.getDilation(dim) * strides[dim + 1], rows});
  }
  c.product = plan.product;
  if (c.product) {
    SmallVector<int64_t> positions;
    for (int64_t i = 0; i < plan.run; ++i)
      positions.push_back(i / plan.groupInputs * strides[rank] +
                          i % plan.groupInputs);
    c.reduction = Reduction::inGroups(levels, positions, c.product->depth(),
                                      plan.readsOn);
  } else {
    levels.push_back({plan.groupInputs, 1, 1});
    c.reduction.levels = mergeLevels(levels);
  }

  lhs = flatOperand(e, args.inputs[0]);
  dot = plan.dotContraction(op, strides);
  groupWeights = plan.groupOutputs;
  if (plan.pairs) {
    groupWeights = plan.pairs->groupSize();
    pairs.layout = &*plan.pairs;
    pairs.scratch = args.scratch;
    pairs.lines = c.lines;
    pairs.pixels = c.pixels;
    pairs.canRepeat = !overwritesEpilogueOperands(op);
    pairs.isSmall = wantsSmallCode(op);
    pairs.lineStep = c.lineStep;
    pairs.pixelStep = c.pixelStep;
    pairs.source = wordSource();
  } else if (plan.usesDotProducts) {
    groupWeights = dot.packedSize();
    dot.lines = c.lines;
    dot.pixels = c.pixels;
    dot.lineStep = c.lineStep;
    dot.pixelStep = c.pixelStep;
    if (plan.gathers) {
      dot.source = wordSource();
      dot.scratch = args.scratch.front();
    }
  } else if (constantOf(op.getWeights())) {
    c.rhsLayout = plan.packedLayout();
    c.loadsTogether = scalarFile(e.cpu, c.rhsType).loadsTogether;
    groupWeights = c.rhsLayout.size();
    if (plan.panels) {
      c.panels = &*plan.panels;
      c.product = plan.panels->getProduct();
      SmallVector<int64_t> steps = denseSteps(op);
      for (auto [dim, size] : llvm::enumerate(weights.drop_back()))
        if (size > 1 || int64_t(dim) == rank) {
          c.positions.dense.push_back(steps[dim]);
          c.positions.actual.push_back(strides[dim + 1]);
        }
      groupWeights = plan.panels->countPanels();
    }
  } else {
    c.rhsLayout =
        RhsLayout::inPlace(stridesOf(args.inputs[1])[rank], plan.groupOutputs,
                           plan.tiles.lanes, plan.tiles.vectors);
  }
  rhs = flatOperand(e, args.inputs[1]);
  if (op.getBias() && !plan.pairs) {
    bias = flatOperand(e, args.inputs[2]);
    c.biasType = dot.biasType = elementOf(op.getBias());
  }
}

WordSource ConvEmitter::wordSource() const {
  edge::ConvOp conv = op;
  WordSource source;
  source.memref = lhs.memref;
  source.element = c.lhsType;
  ArrayRef<int64_t> weights = shapeOf(conv.getWeights());
  int64_t rank = conv.getSpatialRank(), runs = plan.words.runs;
  for (int64_t dim = 0; runs > 1; ++dim) {
    runs /= weights[dim];
    source.levels.push_back(
        {weights[dim], conv.getDilation(dim) * strides[dim + 1], runs});
  }
  for (int64_t i = 0; i < plan.words.length; ++i)
    source.positions.push_back(i / plan.groupInputs * strides[rank] +
                               i % plan.groupInputs);
  return source;
}

void ConvEmitter::setLines(Value first, Value end) {
  c.firstLine = dot.firstLine = first;
  c.endLine = dot.endLine = end;
}

void ConvEmitter::emit(ValueRange position, StoreTile store) {
  if (!plan.linesOuter || plan.pairs || c.firstLine)
    return emitGroups(position, store);
  e.parallelLoop(0, c.lines, 1, [&](Value line) {
    setLines(line, e.add(line, 1));
    emitGroups(position, store);
  });
  setLines({}, {});
}

void ConvEmitter::emitGroups(ValueRange position, StoreTile store) {
  e.parallelLoop(0, plan.groups, 1, [&](Value group) {
    Value base = e.mul(group, plan.groupInputs);
    for (auto [dim, index] : llvm::enumerate(position)) {
      int64_t step = dim ? op.getStrides()[dim - 1] : 1;
      base = e.add(base, e.mul(index, step * strides[dim]));
    }
    Value channelBase = e.mul(group, plan.groupOutputs);
    c.lhs = {lhs.memref, base};
    c.rhs = {rhs.memref, e.mul(group, groupWeights)};
    if (bias.memref)
      c.bias = {bias.memref, channelBase};
    auto storeChannel = [&](Value value, Value line, Value pixel,
                            Value channel) {
      store(value, line, pixel, e.add(channelBase, channel));
    };
    if (plan.pairs) {
      pairs.lhsBase = c.lhs.base;
      pairs.rhs = c.rhs;
      return emitPairContraction(e, pairs, storeChannel);
    }
    if (!plan.usesDotProducts)
      return emitContraction(e, c, storeChannel);
    dot.lhs = c.lhs;
    dot.rhs = c.rhs;
    dot.bias = c.bias;
    emitDotContraction(e, dot, storeChannel);
  });
}

static LogicalResult emitConv(edge::ConvOp op, Emitter &e, KernelArgs args,
                              const ConvPlan &plan) {
  bool joined = false;
  if (plan.pointwise)
    if (std::optional<KernelArgs> rows = joinRows(e, op, args)) {
      args = *rows;
      joined = true;
    }
  ArrayRef<int64_t> output =
      cast<MemRefType>(args.outputs[0].getType()).getShape();
  int64_t rank = op.getSpatialRank();
  ConvEmitter conv(op, e, args, plan, rank > 1 ? output[rank - 1] : 1,
                   output[rank]);
  if (plan.pointwise && !joined)
    conv.setLineTiles();
  // Images and outer spatial positions.
  int64_t outerRank = rank > 1 ? rank - 1 : 1;
  auto emitAt = [&](ValueRange position) {
    conv.emit(position,
              [&](Value value, Value line, Value pixel, Value channel) {
                SmallVector<Value> indices(position);
                if (rank > 1)
                  indices.push_back(line);
                indices.push_back(pixel);
                indices.push_back(channel);
                e.storeResult(op, args, value, indices);
              });
  };
  e.phase([&] { e.parallelNest(output.take_front(outerRank), emitAt); });
  return success();
}

static void emitFixed(edge::ConvOp op, Emitter &e, const KernelArgs &args,
                      const FixedContraction &fixed) {
  ArrayRef<int64_t> weights = shapeOf(op.getWeights());
  int64_t rank = op.getSpatialRank(), inputs = weights[rank];
  SmallVector<int64_t> strides = stridesOf(args.inputs[0]);
  SmallVector<ReductionLevel> levels;
  int64_t rows = inputs;
  for (int64_t size : weights.take_front(rank))
    rows *= size;
  for (int64_t dim : llvm::seq(rank)) {
    rows /= weights[dim];
    levels.push_back(
        {weights[dim], op.getDilation(dim) * strides[dim + 1], rows});
  }
  levels.push_back({inputs, 1, 1});
  FlatOperand input = flatOperand(e, args.inputs[0]), bias;
  FlatOperand packed = flatOperand(e, args.inputs[1]);
  if (op.getBias())
    bias = flatOperand(e, args.inputs[2]);
  SmallVector<int64_t> sizes(shapeOf(op.getResult()).drop_back());
  sizes.push_back(op.getGroups());
  e.nest(sizes, [&](ValueRange at) {
    ValueRange pixel = at.drop_back();
    Value base = e.add(input.base, e.mul(at.back(), inputs));
    for (auto [dim, index] : llvm::enumerate(pixel)) {
      int64_t step = dim ? op.getStrides()[dim - 1] : 1;
      base = e.add(base, e.mul(index, step * strides[dim]));
    }
    fixed.emitPixel(e, {input.memref, base}, levels, packed, bias, at.back(),
                    args.scratch, [&](Value sum, Value channel) {
                      SmallVector<Value> indices(pixel);
                      indices.push_back(channel);
                      e.storeResult(op, args, sum, indices);
                    });
  });
}

namespace {

struct ConvKernel : KernelOpInterface::ExternalModel<ConvKernel, edge::ConvOp> {
  LogicalResult emitKernel(Operation *operation, OpBuilder &builder,
                           const KernelArgs &args, target::CpuAttr cpu) const {
    auto op = cast<edge::ConvOp>(operation);
    assert(isUnpadded(op.getPadsLow(), op.getPadsHigh()) &&
           "borders are explicit before kernels are emitted");
    Emitter emitter(builder, op.getLoc(), cpu);
    if (std::optional<FixedContraction> fixed = getFixed(op, cpu)) {
      emitFixed(op, emitter, args, *fixed);
      return success();
    }
    if (isWindow(op, cpu)) {
      if (std::optional<TapProducts> taps = TapProducts::get(op, cpu))
        taps->emit(emitter, args);
      else if (std::optional<HalfProducts> halves = HalfProducts::get(op, cpu))
        halves->emit(emitter, args);
      else
        emitter.phase(
            [&] { emitWindow(emitter, windowOf(op, emitter, args)); });
      return success();
    }
    if (std::optional<SparseConv> sparse = SparseConv::get(op, cpu)) {
      sparse->emit(emitter, args);
      return success();
    }
    if (std::optional<WinogradConv> winograd = WinogradConv::get(op, cpu)) {
      winograd->emit(emitter, args);
      return success();
    }
    return emitConv(op, emitter, args, ConvPlan(op, cpu));
  }

  std::optional<PackedConstant> packConstant(Operation *operation,
                                             unsigned index, ElementsAttr value,
                                             target::CpuAttr cpu) const {
    auto op = cast<edge::ConvOp>(operation);
    std::optional<edge::ConstantView> view = edge::ConstantView::get(value);
    if (std::optional<FixedContraction> fixed = getFixed(op, cpu)) {
      if (index == 1)
        return fixed->pack();
      return std::nullopt;
    }
    if (isWindow(op, cpu))
      if (std::optional<HalfProducts> halves = HalfProducts::get(op, cpu))
        return halves->pack(index, value);
    if (index == 2 && op.getBias() && !isWindow(op, cpu) &&
        ConvPlan(op, cpu).pairs)
      return PairLayout::packBias(value);
    if (index != 1 || !view)
      return std::nullopt;
    if (isWindow(op, cpu)) {
      std::optional<TapProducts> taps = TapProducts::get(op, cpu);
      if (!taps)
        return std::nullopt;
      return taps->pack(view->bytes());
    }
    if (std::optional<SparseConv> sparse = SparseConv::get(op, cpu))
      return sparse->pack(view->bytes());
    if (std::optional<WinogradConv> winograd = WinogradConv::get(op, cpu))
      return winograd->pack(view->bytes());
    ConvPlan plan(op, cpu);
    if (plan.pairs)
      return plan.pairs->pack();
    if (plan.panels)
      return plan.panels->pack(densePositions(op));
    RhsLayout layout = plan.packedLayout();
    SmallVector<int64_t> anyStrides(op.getSpatialRank() + 2, 1);
    DotContraction dot = plan.dotContraction(op, anyStrides);
    int64_t size = plan.usesDotProducts ? dot.packedSize() : layout.size();
    int64_t bytes = storageBytes(elementOf(op.getWeights())),
            pitch = plan.groups * plan.groupOutputs;
    PackedConstant packed;
    packed.type = MemRefType::get({plan.groups * size},
                                  storageType(elementOf(op.getWeights())));
    packed.bytes.reserve(plan.groups * size * bytes);
    for (int64_t group = 0; group < plan.groups; ++group) {
      ArrayRef<char> matrix =
          view->bytes().drop_front(group * plan.groupOutputs * bytes);
      if (plan.usesDotProducts)
        dot.pack(matrix, pitch, bytes, packed.bytes);
      else
        layout.pack(matrix, pitch, bytes, packed.bytes);
    }
    return packed;
  }

  SmallVector<MemRefType> getScratch(Operation *operation,
                                     target::CpuAttr cpu) const {
    auto op = cast<edge::ConvOp>(operation);
    if (std::optional<FixedContraction> fixed = getFixed(op, cpu))
      return fixed->getScratch();
    if (isWindow(op, cpu))
      return {};
    if (std::optional<SparseConv> sparse = SparseConv::get(op, cpu))
      return sparse->getScratch();
    if (std::optional<WinogradConv> winograd = WinogradConv::get(op, cpu))
      return winograd->getScratch();
    ConvPlan plan(op, cpu);
    if (plan.pairs)
      return plan.pairs->getScratch();
    if (plan.usesDotProducts) {
      SmallVector<int64_t> anyStrides(op.getSpatialRank() + 2, 1);
      return plan.dotContraction(op, anyStrides)
          .getScratch(operation->getContext());
    }
    return contractionScratch(op, plan.tiles, plan.accumulator);
  }

  bool canOverwrite(Operation *op, unsigned index) const {
    target::CpuAttr cpu = target::getCpu(op->getParentOfType<ModuleOp>());
    if (std::optional<WinogradConv> winograd =
            WinogradConv::get(cast<edge::ConvOp>(op), cpu);
        winograd && !winograd->computesOnce())
      return false;
    return overwritesEpilogueOperand(cast<edge::EpilogueOpInterface>(op),
                                     index);
  }

  std::optional<int64_t> getOverlapDistance(Operation *operation,
                                            unsigned index, MemRefType operand,
                                            MemRefType result,
                                            target::CpuAttr cpu) const {
    auto op = cast<edge::ConvOp>(operation);
    if (index != 0 || isWindow(op, cpu) || WinogradConv::get(op, cpu))
      return std::nullopt;
    ConvPlan plan(op, cpu);
    ArrayRef<int64_t> shape = result.getShape();
    int64_t rank = shape.size();
    bool isOneImage = llvm::all_of(shape.drop_back(std::min<int64_t>(rank, 3)),
                                   [](int64_t size) { return size == 1; });
    if (!plan.pairs || !plan.pointwise || plan.groups != 1 || !isOneImage)
      return std::nullopt;
    auto addressIn = [rank](MemRefType type) {
      auto [strides, offset] = type.getStridesAndOffset();
      int64_t bytes = storageBytes(type.getElementType());
      int64_t pixels = type.getDimSize(rank - 2);
      int64_t line = rank > 3 ? strides[rank - 3] * bytes : 0;
      return [=, pixel = strides[rank - 2] * bytes](int64_t i) {
        return i / pixels * line + i % pixels * pixel;
      };
    };
    return plan.pairs->overlapDistance(
        addressIn(operand), addressIn(result),
        shape.back() * storageBytes(result.getElementType()),
        !overwritesEpilogueOperands(op));
  }
};

} // namespace

void kernels::attachConvKernel(MLIRContext &context) {
  edge::ConvOp::attachInterface<ConvKernel>(context);
}
