//===- Attention.cpp - attention block by block -----------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
//
// A block of queries meets all keys, a block of them at a time. Vectors run
// along the queries: maxima, sums and exponentials are then element by element,
// and elements of keys and values are broadcast from where they lie. The block
// of queries is transposed before, that of the result afterwards. What the keys
// so far have given is scaled when a later block brings a larger maximum.
//
//===----------------------------------------------------------------------===//

#include "codegen/cost/BandCost.h"
#include "codegen/kernels/Arithmetic.h"
#include "codegen/kernels/ChooseBands.h"
#include "codegen/kernels/Contractions.h"
#include "codegen/kernels/Strided.h"
#include "dialects/Edge/EdgeScheduleOps.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/TypeUtilities.h"

#include <limits>

using namespace mlir;
using namespace edgecc;
using namespace edgecc::kernels;

namespace {

/// How an attention is cut.
struct AttentionPlan {
  /// Multiplies elements of `factor`, f32 or a narrower type.
  AttentionPlan(const schedule::AttentionSizes &sizes, target::CpuAttr cpu,
                Type factor);

  schedule::AttentionSizes sizes;
  /// Elements of a vector; queries of a block and keys of the largest one.
  int64_t lanes, block, keys;
  cost::ContractionTiles scoreTiles, valueTiles;
  /// The cycles that the model expects.
  double cycles = std::numeric_limits<double>::infinity();

  /// Whether factors are narrower than sums, and in a buffer of their own.
  bool isNarrow;

  // Parts of the scratch buffer, in elements: queries (depth, block), scores
  // (keys, block), results (width, block), then maxima, sums and factors.
  // Weights take the place of scores, or are behind the queries in the buffer
  // of narrow factors.
  int64_t weightsAt() const { return sizes.depth * block; }
  int64_t scoresAt() const { return isNarrow ? 0 : weightsAt(); }
  int64_t narrowScratch() const { return weightsAt() + keys * block; }
  int64_t resultsAt() const { return scoresAt() + keys * block; }
  int64_t maximaAt() const { return resultsAt() + sizes.width * block; }
  int64_t sumsAt() const { return maximaAt() + block; }
  int64_t factorsAt() const { return sumsAt() + block; }
  int64_t scratch() const { return factorsAt() + block; }
};

/// A product of `rows` x `depth` and `depth` x `channels`.
cost::ContractionShape productShape(int64_t rows, int64_t depth,
                                    int64_t channels, int64_t lanes,
                                    int64_t bytes) {
  cost::ContractionShape shape;
  shape.lines = 1;
  shape.pixels = rows;
  shape.channels = channels;
  shape.depth = depth;
  shape.lanes = lanes;
  shape.lhsBytes = shape.rhsBytes = bytes;
  shape.lineBytes = rows * depth * bytes;
  return shape;
}

} // namespace

/// The cycles that an exponential and the maximum and sum before and after it
/// take per vector.
static constexpr double softmaxCycles = 16;

AttentionPlan::AttentionPlan(const schedule::AttentionSizes &sizes,
                             target::CpuAttr cpu, Type factor)
    : sizes(sizes), lanes(vectorLength(cpu, factor)), block(1), keys(1),
      isNarrow(!factor.isF32()) {
  constexpr int64_t mostVectors = 4, fewKeys = 32;
  while (lanes > sizes.queries)
    lanes /= 2;
  for (int64_t vectors = 1;
       vectors <= mostVectors && vectors * lanes <= sizes.queries; ++vectors) {
    int64_t width = vectors * lanes;
    // The scores of a block stay in half of the first cache.
    int64_t room = std::max(cpu.getL1dBytes() / 2 / (width * 4), fewKeys);
    int64_t blocks = llvm::divideCeil(sizes.keys, room);
    int64_t most = llvm::divideCeil(sizes.keys, blocks);
    int64_t bytes = storageBytes(factor);
    auto scores = productShape(most, sizes.depth, width, lanes, bytes);
    auto values = productShape(sizes.width, most, width, lanes, bytes);
    cost::ContractionTiles first = cost::chooseTiles(scores, cpu);
    cost::ContractionTiles second = cost::chooseTiles(values, cpu);
    if (first.lanes != lanes || second.lanes != lanes)
      continue;
    double perBlock = cost::contractionCycles(first, scores, cpu) +
                      cost::contractionCycles(second, values, cpu) +
                      softmaxCycles * most * vectors;
    double total = perBlock * blocks *
                   double(llvm::divideCeil(sizes.queries, width)) *
                   double(sizes.heads);
    if (total >= cycles)
      continue;
    cycles = total;
    block = width;
    keys = most;
    scoreTiles = first;
    valueTiles = second;
  }
  scoreTiles.prefetchRows = valueTiles.prefetchRows = 0;
}

static schedule::AttentionSizes sizesOf(edge::AttentionOp op) {
  SmallVector<int64_t> scores = op.getScoreShape();
  schedule::AttentionSizes sizes{
      1, scores.end()[-2], scores.back(),
      edge::AttentionOp::getSizes(op.getQuery(), op.getQueryDims()).back(),
      edge::AttentionOp::getSizes(op.getResult(), op.getResultDims()).back()};
  for (int64_t size : ArrayRef(scores).drop_back(2))
    sizes.heads *= size;
  return sizes;
}

bool kernels::prefersAttention(const schedule::AttentionSizes &sizes,
                               target::CpuAttr cpu) {
  if (!sizes.heads || !sizes.queries || !sizes.keys || !sizes.depth ||
      !sizes.width)
    return false;
  Type f32 = Float32Type::get(cpu.getContext());
  AttentionPlan plan(sizes, cpu, f32);
  int64_t lanes = vectorLength(cpu, f32);
  // Too few queries for vectors along them.
  if (plan.lanes < lanes)
    return false;
  auto cycles = [&](const cost::ContractionShape &shape) {
    return cost::contractionCycles(cost::chooseTiles(shape, cpu), shape, cpu);
  };
  double heads = sizes.heads;
  double separate =
      heads *
      (cycles(productShape(sizes.queries, sizes.depth, sizes.keys, lanes, 4)) +
       cycles(productShape(sizes.queries, sizes.keys, sizes.width, lanes, 4)));
  double scores = heads * double(sizes.queries * sizes.keys);
  separate += scores / double(lanes) * softmaxCycles;
  // The scores are written and read three times, the four tensors moved once.
  double moved = heads * double((sizes.queries + sizes.keys) *
                                (sizes.depth + sizes.width));
  separate += cost::trafficCycles(6 * 4 * scores, 4 * scores, cpu) +
              cost::trafficCycles(2 * 4 * moved, 4 * moved, cpu);
  return plan.cycles <= separate;
}

/// The type in which the factors of `op` are multiplied.
static Type factorOf(edge::AttentionOp op, target::CpuAttr cpu) {
  Type stored = getElementTypeOrSelf(op.getQuery().getType());
  return productType(cpu, stored, stored);
}

namespace {

class AttentionEmitter {
public:
  AttentionEmitter(edge::AttentionOp op, Emitter &e, const KernelArgs &args)
      : op(op), e(e), f32(e.getF32Type()), factor(factorOf(op, e.cpu)),
        plan(sizesOf(op), e.cpu, factor), scratch(args.scratch.front()),
        factors(args.scratch[plan.isNarrow]), shape(op.getScoreShape()) {
    query = access(args.inputs[0], op.getQueryDims());
    key = access(args.inputs[1], op.getKeyDims());
    value = access(args.inputs[2], op.getValueDims());
    result = access(args.outputs[0], op.getResultDims());
    size_t next = 1 + plan.isNarrow;
    for (auto [i, extra] : llvm::enumerate(op.getExtras())) {
      Type element = getElementTypeOrSelf(extra.getType());
      extras.push_back(
          {accessBroadcast(e, args.inputs[3 + i], element, shape), {}});
      if (differsByQuery(op, i))
        extras.back().turned = args.scratch[next++];
    }
  }

  void emit() {
    SmallVector<int64_t> heads(shape);
    heads.truncate(heads.size() - 2);
    int64_t queries = plan.sizes.queries, block = plan.block;
    int64_t whole = queries / block * block;
    auto emitHead = [&](ValueRange head) {
      e.loop(0, whole, block, [&](Value first) { emitQueries(head, first); });
      // The last block ends with the last query.
      if (whole < queries)
        emitQueries(head, e.index(queries - block));
    };
    e.phase([&] {
      e.parallelNest(heads, [&](ValueRange head) {
        e.sequentially([&] { emitHead(head); });
      });
    });
  }

  /// Whether extra number `index` has an element for each query.
  static bool differsByQuery(edge::AttentionOp op, unsigned index) {
    auto type = cast<RankedTensorType>(op.getExtras()[index].getType());
    int64_t rank = type.getRank();
    return rank > 1 && type.getDimSize(rank - 2) != 1;
  }

private:
  /// What the scores depend on beside the product.
  struct Extra {
    Access access;
    /// Null, or a buffer for the elements of a block, queries last.
    Value turned;
  };

  /// The elements of `memref`, with the logical dimensions as loops.
  Access access(Value memref, ArrayRef<int64_t> dims) {
    auto type = cast<MemRefType>(memref.getType());
    Access all = accessAll(e, memref, type.getElementType());
    SmallVector<int64_t> strides;
    for (int64_t dim : dims)
      strides.push_back(
          dim < 0 || type.getDimSize(dim) == 1 ? 0 : all.strides[dim]);
    all.strides = strides;
    return all;
  }

  /// `access` at `head`, without its outer loops.
  Access inside(const Access &access, ValueRange head) {
    Access inner = access;
    for (auto [index, stride] : llvm::zip_first(head, ArrayRef(access.strides)))
      inner.start = e.add(inner.start, e.mul(index, stride));
    inner.strides.erase(inner.strides.begin(),
                        inner.strides.begin() + head.size());
    return inner;
  }

  /// Copies elements, rounded or widened if need be.
  void copy(ArrayRef<int64_t> sizes, const Access &from, const Access &to) {
    if (from.element == to.element)
      return emitCopy(e, sizes, from, to);
    emitNest(e, sizes, from, to, [&](ArrayRef<Value> elements, int64_t) {
      return convert(e, elements.front(), to.element);
    });
  }

  Value load(Value position) {
    return e.load(scratch, position, plan.lanes, f32);
  }

  /// Calls `body` for the vectors of a block, with the position of each.
  void forBlock(llvm::function_ref<void(Value)> body) {
    e.loop(0, plan.block, plan.lanes, body);
  }

  void emitQueries(ValueRange head, Value first) {
    const schedule::AttentionSizes &sizes = plan.sizes;
    Access from = inside(query, head);
    from.start = e.add(from.start, e.mul(first, from.strides[0]));
    std::swap(from.strides[0], from.strides[1]);
    copy({sizes.depth, plan.block}, from,
         {factors, e.index(0), {plan.block, 1}, factor});

    int64_t blocks = llvm::divideCeil(sizes.keys, plan.keys);
    if (blocks > 1)
      forBlock([&](Value i) {
        Value least = e.splat(
            e.floatConstant(-std::numeric_limits<double>::infinity(), f32),
            plan.lanes);
        Value zero = e.splat(e.zero(f32), plan.lanes);
        e.store(least, scratch, e.add(i, plan.maximaAt()));
        e.store(zero, scratch, e.add(i, plan.sumsAt()));
        e.loop(0, sizes.width, 1, [&](Value column) {
          e.store(zero, scratch,
                  e.add(e.add(i, plan.resultsAt()), e.mul(column, plan.block)));
        });
      });
    for (const cost::TileRun &run : cost::splitEvenly(sizes.keys, plan.keys))
      e.loop(run.first, run.first + run.count * run.size, run.size,
             [&](Value start) {
               emitScores(head, first, start, run.size);
               emitWeights(run.size, blocks > 1);
               emitValues(head, start, run.size, blocks > 1);
             });

    forBlock([&](Value i) {
      Value one = e.splat(e.floatConstant(1.0, f32), plan.lanes);
      Value inverse =
          arith::DivFOp::create(e, one, load(e.add(i, plan.sumsAt())));
      e.loop(0, sizes.width, 1, [&](Value column) {
        Value at = e.add(e.add(i, plan.resultsAt()), e.mul(column, plan.block));
        e.store(mulf(e, load(at), inverse), scratch, at);
      });
    });
    Access to = inside(result, head);
    to.start = e.add(to.start, e.mul(first, to.strides[0]));
    Access results{scratch, e.index(plan.resultsAt()), {1, plan.block}, f32};
    copy({plan.block, sizes.width}, results, to);
  }

  /// The product of rows that lie at `lhs` in steps of `rowStep`, elements
  /// `step` apart, and a part of the buffer of factors.
  void multiply(const Access &lhs, int64_t rows, int64_t rowStep, int64_t depth,
                int64_t step, int64_t rhsAt,
                const cost::ContractionTiles &tiles, StoreTile store) {
    Contraction c;
    c.lhsType = lhs.element;
    c.rhsType = c.productType = factor;
    c.accumulatorType = f32;
    c.pixels = rows;
    c.pixelStep = rowStep;
    c.reduction.levels = {{depth, step, 1}};
    c.rhsLayout =
        RhsLayout::inPlace(plan.block, plan.block, plan.lanes, tiles.vectors);
    c.tiles = tiles;
    c.lhs = {lhs.buffer, lhs.start};
    c.rhs = {factors, e.index(rhsAt)};
    emitContraction(e, c, store);
  }

  void emitScores(ValueRange head, Value first, Value start, int64_t count) {
    for (const Extra &extra : extras)
      if (extra.turned)
        turn(extra, head, first, start, count);
    Access from = inside(key, head);
    from.start = e.add(from.start, e.mul(start, from.strides[0]));
    multiply(from, count, from.strides[0], plan.sizes.depth, from.strides[1], 0,
             plan.scoreTiles,
             [&](Value product, Value, Value row, Value column) {
               Value at = e.add(e.add(column, plan.scoresAt()),
                                e.mul(row, plan.block));
               e.store(score(product, head, column, start, row), scratch, at);
             });
  }

  /// Copies the elements of `extra` that `count` keys from `start` on and a
  /// block of queries from `first` on meet.
  void turn(const Extra &extra, ValueRange head, Value first, Value start,
            int64_t count) {
    Access from = inside(extra.access, head);
    from.element = storageType(from.element);
    from.start = e.add(from.start, e.add(e.mul(first, from.strides[0]),
                                         e.mul(start, from.strides[1])));
    std::swap(from.strides[0], from.strides[1]);
    emitCopy(e, {count, plan.block}, from,
             {extra.turned, e.index(0), {plan.block, 1}, from.element});
  }

  /// The scores of the queries from `column` of a block on and key `row` of one
  /// that begins at `start`.
  Value score(Value product, ValueRange head, Value column, Value start,
              Value row) {
    if (op.getScores().empty())
      return product;
    auto vector = dyn_cast<VectorType>(product.getType());
    int64_t length = vector ? vector.getNumElements() : 1;
    SmallVector<Value> arguments{product};
    for (const Extra &extra : extras) {
      Type element = extra.access.element;
      if (extra.turned) {
        Value at = e.add(column, e.mul(row, plan.block));
        arguments.push_back(e.load(extra.turned, at, length, element));
        continue;
      }
      SmallVector<Value> position(head);
      position.append({e.index(0), e.add(start, row)});
      Value at = extra.access.at(e, position);
      arguments.push_back(
          e.splat(e.load(extra.access.buffer, at, 1, element), length));
    }
    return e.splat(e.applyRegion(op.getScores(), arguments), length);
  }

  /// Scores become weights, and their maxima and sums are brought up to date.
  void emitWeights(int64_t count, bool isPartial) {
    forBlock([&](Value i) {
      Value at = e.add(i, plan.scoresAt());
      auto each = [&](Value row) { return e.add(at, e.mul(row, plan.block)); };
      Value maximumAt = e.add(i, plan.maximaAt());
      Value before = isPartial ? load(maximumAt) : load(at);
      Value maximum =
          e.loop(0, count, 1, ValueRange(before),
                 [&](Value row, ValueRange carried) -> SmallVector<Value> {
                   return {combine(e, Fold::Max, load(each(row)), carried[0])};
                 })[0];
      Value origin = maximum;
      if (isPartial) {
        // All scores so far may be minus infinity.
        Value least = e.splat(
            e.floatConstant(-std::numeric_limits<double>::infinity(), f32),
            plan.lanes);
        Value isLeast =
            arith::CmpFOp::create(e, arith::CmpFPredicate::OEQ, maximum, least);
        origin = arith::SelectOp::create(
            e, isLeast, e.splat(e.zero(f32), plan.lanes), maximum);
      }
      Value sum =
          e.loop(0, count, 1, ValueRange(e.splat(e.zero(f32), plan.lanes)),
                 [&](Value row, ValueRange carried) -> SmallVector<Value> {
                   Value score = subf(e, load(each(row)), origin);
                   Value weight = math::ExpOp::create(e, score);
                   Value to = e.add(i, plan.weightsAt());
                   e.store(weight, factors, e.add(to, e.mul(row, plan.block)));
                   return {addf(e, carried[0], weight)};
                 })[0];
      if (isPartial) {
        Value factor = math::ExpOp::create(e, subf(e, before, origin));
        e.store(maximum, scratch, maximumAt);
        e.store(factor, scratch, e.add(i, plan.factorsAt()));
        sum = addf(e, mulf(e, load(e.add(i, plan.sumsAt())), factor), sum);
      }
      e.store(sum, scratch, e.add(i, plan.sumsAt()));
    });
  }

  void emitValues(ValueRange head, Value start, int64_t count, bool isPartial) {
    Access from = inside(value, head);
    from.start = e.add(from.start, e.mul(start, from.strides[0]));
    multiply(
        from, plan.sizes.width, from.strides[1], count, from.strides[0],
        plan.weightsAt(), plan.valueTiles,
        [&](Value sum, Value, Value row, Value column) {
          Value at =
              e.add(e.add(column, plan.resultsAt()), e.mul(row, plan.block));
          if (isPartial)
            sum = addf(e,
                       mulf(e, load(at), load(e.add(column, plan.factorsAt()))),
                       sum);
          e.store(sum, scratch, at);
        });
  }

  edge::AttentionOp op;
  Emitter &e;
  /// The types of sums and of what is multiplied.
  Type f32, factor;
  AttentionPlan plan;
  Value scratch, factors;
  /// Heads, queries, keys.
  SmallVector<int64_t> shape;
  Access query, key, value, result;
  SmallVector<Extra> extras;
};

struct AttentionKernel
    : KernelOpInterface::ExternalModel<AttentionKernel, edge::AttentionOp> {
  LogicalResult emitKernel(Operation *op, OpBuilder &builder,
                           const KernelArgs &args, target::CpuAttr cpu) const {
    Emitter e(builder, op->getLoc(), cpu);
    AttentionEmitter(cast<edge::AttentionOp>(op), e, args).emit();
    return success();
  }

  SmallVector<MemRefType> getScratch(Operation *op, target::CpuAttr cpu) const {
    Type f32 = Float32Type::get(op->getContext());
    auto attention = cast<edge::AttentionOp>(op);
    Type factor = factorOf(attention, cpu);
    AttentionPlan plan(sizesOf(attention), cpu, factor);
    SmallVector<MemRefType> buffers{MemRefType::get({plan.scratch()}, f32)};
    if (plan.isNarrow)
      buffers.push_back(MemRefType::get({plan.narrowScratch()}, factor));
    for (auto [i, extra] : llvm::enumerate(attention.getExtras()))
      if (AttentionEmitter::differsByQuery(attention, i))
        buffers.push_back(MemRefType::get(
            {plan.keys * plan.block},
            storageType(getElementTypeOrSelf(extra.getType()))));
    return buffers;
  }
};

} // namespace

void kernels::attachAttentionKernel(MLIRContext &context) {
  edge::AttentionOp::attachInterface<AttentionKernel>(context);
}
