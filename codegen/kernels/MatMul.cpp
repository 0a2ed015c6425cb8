//===- MatMul.cpp - matrix products -----------------------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
//
// A matrix product is a contraction for each batch, or a single one where all
// batches share the right-hand side.
//
//===----------------------------------------------------------------------===//

#include "codegen/kernels/Contractions.h"
#include "codegen/kernels/DotKernel.h"
#include "codegen/kernels/FixedKernel.h"
#include "codegen/kernels/MatrixTiles.h"
#include "codegen/kernels/PairKernel.h"
#include "codegen/kernels/SparseConv.h"
#include "codegen/kernels/SparsePanels.h"
#include "dialects/Edge/EdgeConstants.h"

#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace edgecc;
using namespace edgecc::kernels;

namespace {

/// What is known of a product before its buffers are.
struct MatMulPlan {
  /// Panels without zeros have no rows that are multiplied together; `isSparse`
  /// is a plan for them.
  MatMulPlan(edge::MatMulOp op, target::CpuAttr cpu, bool isSparse = false);

  int64_t rows, depth, channels;
  /// Matrices on the right-hand side.
  int64_t rhsBatches = 1;
  /// The types in which products are summed and computed.
  Type accumulator, multiplied;
  cost::ContractionShape shape;
  cost::ContractionTiles tiles;

  /// Bytes whose products the machine adds up; 0 if it does not.
  int64_t added = 0;
  /// Whether dot products compute it; the rhs is constant then.
  bool usesDotProducts = false;

  DotContraction dotContraction(edge::MatMulOp op) const {
    DotContraction dot;
    dot.lhsType = typeOf(op.getLhs()).getElementType();
    dot.rhsType = typeOf(op.getRhs()).getElementType();
    dot.accumulatorType = accumulator;
    dot.channels = channels;
    dot.length = depth;
    dot.addsUpVectors = added;
    dot.isSmall = shape.isSmall;
    dot.lanes = added ? added : shape.lanes;
    return dot;
  }

  /// How pairs of bytes compute it, if they do.
  std::optional<PairLayout> pairs;
  /// How integers compute it, if they do.
  std::optional<FixedContraction> fixed;

  /// Elements of one packed matrix.
  int64_t packedSize(edge::MatMulOp op) const {
    if (pairs)
      return pairs->groupSize();
    return usesDotProducts ? dotContraction(op).packedSize()
                           : packedLayout().size();
  }

  /// How integers are multiplied; nothing for one element at a time.
  std::optional<InnerProduct> product;

  /// Which rows of the panels of the rhs are there, if some are left out.
  std::optional<SparsePanels> panels;

  /// Those panels; nothing where they are not what computes `op`.
  std::optional<SparsePanels> findPanels(edge::MatMulOp op,
                                         target::CpuAttr cpu) const;

  RhsLayout packedLayout() const {
    if (panels)
      return RhsLayout::packed(*panels);
    if (product)
      return RhsLayout::packed(depth, channels, tiles.lanes, tiles.vectors,
                               *product, depth);
    return RhsLayout::packed(depth, channels, tiles.lanes, tiles.vectors);
  }
};

} // namespace

MatMulPlan::MatMulPlan(edge::MatMulOp op, target::CpuAttr cpu, bool isSparse) {
  ArrayRef<int64_t> rhs = typeOf(op.getRhs()).getShape();
  ArrayRef<int64_t> result = typeOf(op.getResult()).getShape();
  int64_t rank = rhs.size();
  depth = rhs[rank - 2];
  channels = rhs[rank - 1];
  for (int64_t size : rhs.drop_back(2))
    rhsBatches *= size;
  rows = result[result.size() - 2];
  if (rhsBatches == 1)
    rows = typeOf(op.getResult()).getNumElements() /
           std::max<int64_t>(channels, 1);
  Type lhsElement = typeOf(op.getLhs()).getElementType();
  accumulator = edge::accumulatorType(lhsElement);
  shape.lines = 1;
  shape.pixels = rows;
  shape.channels = channels;
  shape.depth = depth;
  multiplied =
      productType(cpu, lhsElement, typeOf(op.getRhs()).getElementType());
  shape.lanes = vectorLength(cpu, multiplied);
  shape.lhsBytes = storageBytes(lhsElement);
  shape.rhsBytes = storageBytes(typeOf(op.getRhs()).getElementType());
  shape.resultBytes = storageBytes(typeOf(op.getResult()).getElementType());
  shape.lineBytes = rows * depth * shape.lhsBytes;
  bool isConstant = bool(constantOf(op.getRhs()));
  if (isConstant)
    shape.registers = scalarFile(cpu, accumulator).registers;
  shape.isSmall = wantsSmallCode(op);
  isSparse |= op->hasAttr(sparsePanelsAttrName);
  cost::ContractionShape elements = shape;
  for (const InnerProduct &other :
       InnerProduct::list(cpu, lhsElement, typeOf(op.getRhs()).getElementType(),
                          constantOf(op.getRhs()))) {
    bool takesRows = other.takesRows() && channels >= other.leastLanes();
    if (depth == 0 || (!isConstant && !takesRows))
      continue;
    cost::ContractionShape otherShape = elements;
    other.describe(otherShape, depth, isConstant);
    if (product && (isSparse || !isFaster(otherShape, shape, cpu)))
      continue;
    product = other;
    shape = otherShape;
  }
  if (!product)
    groupRegisters(shape, cpu);
  tiles = chooseTiles(op, shape, cpu);
  // All rows are those of one matrix.
  if (product && isConstant && rhsBatches == 1 &&
      result[result.size() - 2] == rows)
    if (auto matrix = chooseMatrixTiles(cpu, *product, depth, shape))
      tiles = *matrix;
  if (product && isConstant && rhsBatches == 1)
    pairs = PairLayout::get(
        cpu, lhsElement, op.getRhs(), op.getBias(), {1, depth},
        {channels, 1, rows, wantsSmallCode(op), op->hasAttr(sparseAttrName)});
  if (rhsBatches == 1)
    fixed = FixedContraction::get(cpu, lhsElement, op.getRhs(), /*groups=*/1,
                                  /*run=*/depth);
  if (isConstant)
    added = bytesAddedUp(cpu, lhsElement, typeOf(op.getRhs()).getElementType());
  if (added > depth)
    added = 0;
  usesDotProducts = !product && isConstant &&
                    (added || prefersDotProducts(channels, depth, shape.lanes));
  if (op->hasAttr(sparsePanelsAttrName))
    panels = findPanels(op, cpu);
  if (panels)
    tiles = panels->getTiles();
}

std::optional<SparsePanels> MatMulPlan::findPanels(edge::MatMulOp op,
                                                   target::CpuAttr cpu) const {
  Type lhs = typeOf(op.getLhs()).getElementType();
  Type rhs = typeOf(op.getRhs()).getElementType();
  bool isKnown = lhs.isF32() ? rhs.isF32() : product && rhs.isInteger(8);
  if (!isKnown || usesDotProducts || pairs || fixed || rhsBatches != 1 ||
      rows == 0)
    return std::nullopt;
  std::optional<edge::ConstantView> view =
      edge::ConstantView::get(constantOf(op.getRhs()));
  if (!view || view->size() == 0)
    return std::nullopt;
  return SparsePanels::choose(
      {*view, lhs, /*groups=*/1, depth, channels, product, depth}, shape, cpu);
}

std::optional<SparseGain> kernels::panelGain(edge::MatMulOp op,
                                             target::CpuAttr cpu) {
  std::optional<SparsePanels> panels =
      MatMulPlan(op, cpu, /*isSparse=*/true).findPanels(op, cpu);
  if (!panels)
    return std::nullopt;
  return SparseGain{panels->getCycles(), panels->countBytes(),
                    panels->getZeros()};
}

std::optional<cost::ContractionShape> kernels::tiledShape(edge::MatMulOp op,
                                                          target::CpuAttr cpu) {
  MatMulPlan plan(op, cpu);
  if (plan.usesDotProducts || plan.pairs || plan.fixed || plan.depth == 0)
    return std::nullopt;
  return plan.shape;
}

std::optional<double> kernels::vectorCycles(edge::MatMulOp op,
                                            target::CpuAttr cpu) {
  MatMulPlan plan(op, cpu);
  if (plan.usesDotProducts || plan.pairs || plan.fixed || plan.depth == 0 ||
      plan.tiles.matrixSteps)
    return std::nullopt;
  return plan.rhsBatches * cost::contractionCycles(plan.tiles, plan.shape, cpu);
}

bool kernels::prefersSparsePairs(edge::MatMulOp op, target::CpuAttr cpu) {
  MatMulPlan plan(op, cpu);
  return plan.pairs && plan.pairs->prefersSparse();
}

/// The distance in `memref`, in elements, that one step of each of the
/// `batches` result dimensions means: zero where it broadcasts.
static SmallVector<int64_t> batchSteps(Value memref, int64_t batches) {
  auto type = cast<MemRefType>(memref.getType());
  SmallVector<int64_t> strides = stridesOf(memref), steps(batches, 0);
  int64_t own = type.getRank() - 2;
  for (int64_t dim = 0; dim < own; ++dim)
    if (type.getDimSize(dim) != 1)
      steps[batches - own + dim] = strides[dim];
  return steps;
}

static LogicalResult emitMatMul(edge::MatMulOp op, Emitter &e, KernelArgs args,
                                const MatMulPlan &plan) {
  Contraction c;
  c.lhsType = typeOf(op.getLhs()).getElementType();
  c.rhsType = typeOf(op.getRhs()).getElementType();
  c.accumulatorType = plan.accumulator;
  c.productType = plan.multiplied;
  c.resultBytes = storageBytes(getElementTypeOrSelf(op.getResult()));
  c.tiles = plan.tiles;
  c.canRepeat = !overwritesEpilogueOperands(op);
  if (!args.scratch.empty())
    c.scratch = args.scratch.front();
  // Rows of all batches in one, unless the lhs broadcasts.
  if (plan.rhsBatches == 1 &&
      typeOf(op.getLhs()).getNumElements() == plan.rows * plan.depth &&
      typeOf(op.getLhs()).getRank() == typeOf(op.getResult()).getRank())
    if (std::optional<KernelArgs> rows = joinRows(e, op, args))
      args = *rows;
  ArrayRef<int64_t> result =
      cast<MemRefType>(args.outputs[0].getType()).getShape();
  int64_t batches = result.size() - 2;
  c.pixels = result[batches];
  c.pixelStep = stridesOf(args.inputs[0]).rbegin()[1];
  c.product = plan.product;
  if (c.product)
    c.reduction = Reduction::inGroups(
        {}, llvm::to_vector(llvm::seq(plan.depth)), c.product->depth());
  else
    c.reduction.levels = {{plan.depth, 1, 1}};

  SmallVector<int64_t> rhsSteps;
  if (constantOf(op.getRhs())) {
    c.rhsLayout = plan.packedLayout();
    if (plan.panels) {
      c.panels = &*plan.panels;
      c.product = plan.panels->getProduct();
      c.positions = {{1}, {1}};
    }
    c.loadsTogether = scalarFile(e.cpu, c.rhsType).loadsTogether;
    ArrayRef<int64_t> shape = typeOf(op.getRhs()).getShape().drop_back(2);
    rhsSteps.assign(batches, 0);
    int64_t step = plan.packedSize(op);
    for (int64_t dim = shape.size() - 1; dim >= 0; --dim) {
      if (shape[dim] != 1)
        rhsSteps[batches - shape.size() + dim] = step;
      step *= shape[dim];
    }
  } else {
    int64_t pitch = stridesOf(args.inputs[1]).rbegin()[1];
    c.rhsLayout = RhsLayout::inPlace(pitch, plan.channels, plan.tiles.lanes,
                                     plan.tiles.vectors,
                                     c.product ? &*c.product : nullptr);
    if (c.product)
      c.rhsPitch = pitch;
    c.tiles.prefetchRows = 0;
    rhsSteps = batchSteps(args.inputs[1], batches);
  }
  SmallVector<int64_t> lhsSteps = batchSteps(args.inputs[0], batches);
  FlatOperand lhs = flatOperand(e, args.inputs[0]);
  FlatOperand rhs = flatOperand(e, args.inputs[1]);
  if (op.getBias() && !plan.pairs) {
    c.bias = flatOperand(e, args.inputs[2]);
    c.biasType = typeOf(op.getBias()).getElementType();
  }

  auto emitAt = [&](ValueRange position) {
    Value lhsBase = lhs.base, rhsBase = rhs.base;
    for (int64_t dim = 0; dim < batches; ++dim) {
      lhsBase = e.add(lhsBase, e.mul(position[dim], lhsSteps[dim]));
      rhsBase = e.add(rhsBase, e.mul(position[dim], rhsSteps[dim]));
    }
    c.lhs = {lhs.memref, lhsBase};
    c.rhs = {rhs.memref, rhsBase};
    auto store = [&](Value value, Value, Value row, Value channel) {
      SmallVector<Value> indices(position);
      indices.append({row, channel});
      e.storeResult(op, args, value, indices);
    };
    if (plan.fixed)
      return e.loop(0, c.pixels, 1, [&](Value row) {
        plan.fixed->emitPixel(
            e, {lhs.memref, e.add(lhsBase, e.mul(row, c.pixelStep))}, {}, rhs,
            c.bias, e.index(0), args.scratch,
            [&](Value sum, Value channel) { store(sum, {}, row, channel); });
      });
    if (plan.pairs) {
      PairContraction pairs;
      pairs.layout = &*plan.pairs;
      pairs.scratch = args.scratch;
      pairs.canRepeat = !overwritesEpilogueOperands(op);
      pairs.isSmall = wantsSmallCode(op);
      pairs.pixels = c.pixels;
      pairs.pixelStep = c.pixelStep;
      pairs.source.memref = c.lhs.memref;
      pairs.source.element = c.lhsType;
      pairs.source.positions = llvm::to_vector(llvm::seq(plan.depth));
      pairs.lhsBase = c.lhs.base;
      pairs.rhs = c.rhs;
      return emitPairContraction(e, pairs, store);
    }
    if (!plan.usesDotProducts)
      return emitContraction(e, c, store);
    DotContraction dot = plan.dotContraction(op);
    dot.pixels = c.pixels;
    dot.pixelStep = c.pixelStep;
    dot.biasType = c.biasType;
    dot.lhs = c.lhs;
    dot.rhs = c.rhs;
    dot.bias = c.bias;
    emitDotContraction(e, dot, store);
  };
  // All rows share the scratch memory.
  if (plan.fixed)
    e.nest(result.drop_back(2), emitAt);
  else
    e.phase([&] { e.parallelNest(result.drop_back(2), emitAt); });
  return success();
}

namespace {

struct MatMulKernel
    : KernelOpInterface::ExternalModel<MatMulKernel, edge::MatMulOp> {
  LogicalResult emitKernel(Operation *operation, OpBuilder &builder,
                           const KernelArgs &args, target::CpuAttr cpu) const {
    auto op = cast<edge::MatMulOp>(operation);
    Emitter emitter(builder, op.getLoc(), cpu);
    if (std::optional<SparseConv> sparse = SparseConv::get(op, cpu)) {
      sparse->emit(emitter, args);
      return success();
    }
    return emitMatMul(op, emitter, args, MatMulPlan(op, cpu));
  }

  std::optional<PackedConstant> packConstant(Operation *operation,
                                             unsigned index, ElementsAttr value,
                                             target::CpuAttr cpu) const {
    auto op = cast<edge::MatMulOp>(operation);
    std::optional<edge::ConstantView> view = edge::ConstantView::get(value);
    if (index == 2 && op.getBias() && MatMulPlan(op, cpu).pairs)
      return PairLayout::packBias(value);
    if (index != 1 || !view)
      return std::nullopt;
    if (std::optional<SparseConv> sparse = SparseConv::get(op, cpu))
      return sparse->pack(view->bytes());
    MatMulPlan plan(op, cpu);
    if (plan.pairs)
      return plan.pairs->pack();
    if (plan.fixed)
      return plan.fixed->pack();
    if (plan.panels)
      return plan.panels->pack(llvm::to_vector(llvm::seq(plan.depth)));
    int64_t bytes = storageBytes(typeOf(op.getRhs()).getElementType());
    int64_t size = plan.packedSize(op);
    PackedConstant packed;
    packed.type =
        MemRefType::get({plan.rhsBatches * size},
                        storageType(typeOf(op.getRhs()).getElementType()));
    packed.bytes.reserve(plan.rhsBatches * size * bytes);
    for (int64_t batch = 0; batch < plan.rhsBatches; ++batch) {
      ArrayRef<char> matrix =
          view->bytes().drop_front(batch * plan.depth * plan.channels * bytes);
      if (plan.usesDotProducts)
        plan.dotContraction(op).pack(matrix, plan.channels, bytes,
                                     packed.bytes);
      else
        plan.packedLayout().pack(matrix, plan.channels, bytes, packed.bytes);
    }
    return packed;
  }

  SmallVector<MemRefType> getScratch(Operation *operation,
                                     target::CpuAttr cpu) const {
    auto op = cast<edge::MatMulOp>(operation);
    if (std::optional<SparseConv> sparse = SparseConv::get(op, cpu))
      return sparse->getScratch();
    MatMulPlan plan(op, cpu);
    if (plan.pairs)
      return plan.pairs->getScratch();
    if (plan.fixed)
      return plan.fixed->getScratch();
    if (plan.usesDotProducts)
      return {};
    return contractionScratch(op, plan.tiles, plan.accumulator);
  }

  bool canOverwrite(Operation *op, unsigned index) const {
    return overwritesEpilogueOperand(cast<edge::EpilogueOpInterface>(op),
                                     index);
  }
};

} // namespace

void kernels::attachMatMulKernel(MLIRContext &context) {
  edge::MatMulOp::attachInterface<MatMulKernel>(context);
}
