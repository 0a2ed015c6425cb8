//===- Reduction.cpp - kernels that fold dimensions -------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "codegen/kernels/Arithmetic.h"
#include "codegen/kernels/Families.h"
#include "codegen/kernels/Strided.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/TypeUtilities.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/Sequence.h"

using namespace mlir;

namespace edgecc::kernels {

static RankedTensorType typeOf(Value value) {
  return cast<RankedTensorType>(value.getType());
}

static Fold foldOf(edge::ReduceKind kind) {
  switch (kind) {
  case edge::ReduceKind::Sum:
    return Fold::Sum;
  case edge::ReduceKind::Prod:
    return Fold::Prod;
  case edge::ReduceKind::Max:
    return Fold::Max;
  case edge::ReduceKind::Min:
    return Fold::Min;
  }
  llvm_unreachable("unknown reduction");
}

namespace {

/// The kinds of loops of a reduction.
constexpr char kept = 'k', reduced = 'r';

/// Emits `edge.reduce`.
class Reducer {
public:
  Reducer(edge::ReduceOp op, Emitter &e, const KernelArgs &args)
      : op(op), e(e), fold(foldOf(op.getKind())) {
    RankedTensorType input = typeOf(op.getInput());
    RankedTensorType result = typeOf(op.getResult());
    element = input.getElementType();
    resultElement = result.getElementType();
    accumulator = edge::accumulatorType(element);
    isUnsigned = isUnsignedElement(element);
    loops.assign(input.getShape().begin(), input.getShape().end());
    kinds.assign(loops.size(), kept);
    for (int64_t axis : op.getAxes())
      kinds[axis] = reduced;
    read = accessAll(e, args.inputs[0], element);
    write = accessBroadcast(e, args.outputs[0], resultElement, loops);
    for (auto [i, extra] : llvm::enumerate(op.getExtras()))
      extras.push_back(accessBroadcast(e, args.inputs[1 + i],
                                       typeOf(extra).getElementType(), loops));
    SmallVector<Access *> all{&read, &write};
    for (Access &extra : extras)
      all.push_back(&extra);
    collapse(loops, all, &kinds);
    constexpr int64_t longest = 512;
    if (!kinds.empty() && kinds.back() == kept)
      splitLongLoops(loops, all, longest, &kinds, reduced);
  }

  void emit() {
    if (!kinds.empty() && kinds.back() == kept)
      emitColumns();
    else
      emitRows();
  }

private:
  SmallVector<int64_t> sizesOf(char kind) const {
    SmallVector<int64_t> sizes;
    for (auto [size, own] : llvm::zip_equal(loops, kinds))
      if (own == kind)
        sizes.push_back(size);
    return sizes;
  }

  Access only(const Access &access, char kind) const {
    Access result = access;
    result.strides.clear();
    for (auto [stride, own] : llvm::zip_equal(access.strides, kinds))
      if (own == kind)
        result.strides.push_back(stride);
    return result;
  }

  /// Stores what the epilogue makes of `count` elements of `value`, the results
  /// at `indices` of the kept loops.
  void finish(Value value, ValueRange indices, int64_t count) {
    auto vector = dyn_cast<VectorType>(value.getType());
    int64_t length = vector ? vector.getDimSize(0) : 1;
    auto stride = [&](const Access &access) {
      return access.strides.empty() ? 1 : access.strides.back();
    };
    Region &epilogue = op.getEpilogue();
    if (epilogue.empty()) {
      value = convert(e, value, edge::signless(resultElement), isUnsigned);
    } else {
      SmallVector<Value> arguments{value};
      for (const Access &extra : extras) {
        Access own = only(extra, kept);
        arguments.push_back(loadStrided(e, own, own.at(e, indices), stride(own),
                                        count, length));
      }
      value = e.splat(e.applyRegion(epilogue, arguments), length);
    }
    Access own = only(write, kept);
    storeStrided(e, value, own, own.at(e, indices), stride(own), count);
  }

  Value start() { return neutral(e, fold, accumulator, isUnsigned); }

  Value accumulate(Value sum, Value value) {
    return combine(e, fold, sum, value, isUnsigned);
  }

  /// The last loop is reduced: one scalar result at a time.
  void emitRows() {
    Access outer = only(read, kept), inner = only(read, reduced);
    e.parallelNest(sizesOf(kept), [&](ValueRange indices) {
      Value result = emitFold(
          e, sizesOf(reduced), inner.from(outer.at(e, indices)), start(),
          [&](ArrayRef<Value> elements, int64_t) {
            return convert(e, elements[0], accumulator, isUnsigned);
          },
          [&](Value a, Value b) { return accumulate(a, b); });
      finish(result, indices, 1);
    });
  }

  /// The last loop is kept: vectors of results, several at a time.
  void emitColumns() {
    int64_t length = commonVectorLength(e.cpu, {accumulator, element});
    SmallVector<int64_t> outer = sizesOf(kept);
    int64_t size = outer.pop_back_val();
    while (length > size)
      length /= 2;
    bool sharesColumns = size % length == 0 &&
                         !sharesLines(llvm::product_of(sizesOf(reduced)), size);
    e.parallelNest(outer, [&](ValueRange indices) {
      auto emitStretch = [&](Value first, int64_t count) {
        int64_t vectors = std::min<int64_t>(count / length, 4);
        int64_t step = vectors * length, whole = count / step * step;
        e.parallelLoop(0, whole, step, [&](Value i) {
          emitBlock(indices, e.add(first, i), step, length);
        });
        e.parallelLoop(whole, count, step, [&](Value i) {
          emitBlock(indices, e.add(first, i), count - whole, length);
        });
      };
      if (!sharesColumns)
        return emitStretch(e.index(0), size);
      e.imageParts(size / length, [&](Value first, int64_t count) {
        emitStretch(e.mul(first, length), count * length);
      });
    });
  }

  /// `count` neighbouring results from `first` of the last kept loop on.
  void emitBlock(ValueRange outer, Value first, int64_t count, int64_t length) {
    Access from = only(read, kept), along = only(read, reduced);
    SmallVector<Value> indices(outer);
    indices.push_back(first);
    Value base = from.at(e, indices);
    int64_t step = from.strides.back();
    SmallVector<int64_t> counts(count / length, length);
    if (count % length)
      counts.push_back(count % length);
    SmallVector<Value> init(counts.size(), e.splat(start(), length));
    SmallVector<Value> sums = foldNest(
        e, sizesOf(reduced), init,
        [&](Value a, Value b) { return accumulate(a, b); },
        [&](ValueRange inner, ValueRange carried) {
          Value at = along.from(base).at(e, inner);
          SmallVector<Value> next;
          for (auto [v, own] : llvm::enumerate(counts)) {
            Value value =
                loadStrided(e, read, e.add(at, int64_t(v) * length * step),
                            step, own, length);
            next.push_back(accumulate(
                carried[v], convert(e, value, accumulator, isUnsigned)));
          }
          return next;
        });
    for (auto [v, own] : llvm::enumerate(counts)) {
      indices.back() = e.add(first, int64_t(v) * length);
      finish(sums[v], indices, own);
    }
  }

  edge::ReduceOp op;
  Emitter &e;
  Fold fold;
  Type element, resultElement, accumulator;
  bool isUnsigned;
  SmallVector<int64_t> loops;
  SmallVector<char> kinds;
  Access read, write;
  SmallVector<Access> extras;
};

struct ReduceKernel
    : KernelOpInterface::ExternalModel<ReduceKernel, edge::ReduceOp> {
  LogicalResult emitKernel(Operation *op, OpBuilder &builder,
                           const KernelArgs &args, target::CpuAttr cpu) const {
    Emitter e(builder, op->getLoc(), cpu);
    Reducer reducer(cast<edge::ReduceOp>(op), e, args);
    e.phase([&] { reducer.emit(); });
    return success();
  }
};

/// Emits `edge.arg_reduce`.
class ArgReducer {
public:
  ArgReducer(edge::ArgReduceOp op, Emitter &e, const KernelArgs &args)
      : op(op), e(e), max(op.getKind() == edge::ArgKind::Max),
        element(typeOf(op.getInput()).getElementType()), index(e.getI32Type()) {
    read = accessAll(e, args.inputs[0], element);
    write =
        accessAll(e, args.outputs[0], typeOf(op.getResult()).getElementType());
    loops.assign(typeOf(op.getInput()).getShape().begin(),
                 typeOf(op.getInput()).getShape().end());
    size = std::exchange(loops[op.getAxis()], 1);
    step = read.strides[op.getAxis()];
    collapse(loops, {&read, &write});
  }

  void emit() {
    int64_t length = commonVectorLength(e.cpu, {element, index});
    if (!loops.empty() && read.strides.back() == 1 && step != 1) {
      int64_t last = loops.pop_back_val();
      while (length > last)
        length /= 2;
      e.nest(loops, [&](ValueRange outer) {
        forVectors(e, last, length, [&](Value i, int64_t count) {
          SmallVector<Value> indices(outer);
          indices.push_back(i);
          emitColumns(indices, count, length);
        });
      });
      return;
    }
    e.nest(loops, [&](ValueRange indices) {
      emitRow(indices, step == 1 ? length : 1);
    });
  }

private:
  /// Whether `value`, met later, displaces `best`.
  Value wins(Value value, Value best) {
    if (isa<FloatType>(element)) {
      using P = arith::CmpFPredicate;
      auto predicate =
          op.getLast() ? (max ? P::OGE : P::OLE) : (max ? P::OGT : P::OLT);
      return arith::CmpFOp::create(e, predicate, value, best);
    }
    using P = arith::CmpIPredicate;
    P strict = isUnsignedElement(element) ? (max ? P::ugt : P::ult)
                                          : (max ? P::sgt : P::slt);
    P loose = isUnsignedElement(element) ? (max ? P::uge : P::ule)
                                         : (max ? P::sge : P::sle);
    return arith::CmpIOp::create(e, op.getLast() ? loose : strict, value, best);
  }

  Value number(int64_t value, int64_t length) {
    return e.splat(e.constant(e.getIntegerAttr(index, value)), length);
  }

  /// `i` as scalar or vector of `length`.
  Value numbers(Value i, int64_t length) {
    return e.splat(arith::IndexCastOp::create(e, index, i), length);
  }

  /// Elements as they are compared: narrow floats as f32, truths as bytes.
  Value widen(Value value) {
    Type wide = isa<FloatType>(element) ? edge::accumulatorType(element)
                                        : storageType(element);
    return convert(e, value, wide, isUnsignedElement(element));
  }

  Value load(Value position, int64_t stride, int64_t count, int64_t length) {
    return widen(loadStrided(e, read, position, stride, count, length));
  }

  /// `best` and its index after meeting `value` at `i`.
  SmallVector<Value> meet(Value best, Value where, Value value, Value i) {
    Value better = wins(value, best);
    return {arith::SelectOp::create(e, better, value, best),
            arith::SelectOp::create(e, better, i, where)};
  }

  void store(Value where, Value position, int64_t stride, int64_t count) {
    storeStrided(e, convert(e, where, write.element), write, position, stride,
                 count);
  }

  void emitColumns(ValueRange indices, int64_t count, int64_t length) {
    Value base = read.at(e, indices);
    SmallVector<Value> init{load(base, 1, count, length), number(0, length)};
    SmallVector<Value> best =
        e.loop(1, size, 1, init, [&](Value i, ValueRange carried) {
          Value value = load(e.add(base, e.mul(i, step)), 1, count, length);
          return meet(carried[0], carried[1], value, numbers(i, length));
        });
    store(best[1], write.at(e, indices), write.strides.back(), count);
  }

  void emitRow(ValueRange indices, int64_t length) {
    Value base = read.at(e, indices);
    SmallVector<Value> best{load(base, 1, 1, 1), number(0, 1)};
    int64_t whole = length > 1 ? size / length * length : 0;
    if (whole >= 2 * length) {
      auto lanes = llvm::to_vector(llvm::seq<int32_t>(length));
      Value iota = e.constant(DenseElementsAttr::get(
          VectorType::get({length}, index), ArrayRef<int32_t>(lanes)));
      SmallVector<Value> init{load(base, 1, length, length), iota};
      SmallVector<Value> all =
          e.loop(length, whole, length, init,
                 [&](Value i, ValueRange carried) -> SmallVector<Value> {
                   Value where =
                       arith::AddIOp::create(e, numbers(i, length), iota);
                   return meet(carried[0], carried[1],
                               load(e.add(base, i), 1, length, length), where);
                 });
      best = foldPairs(all[0], all[1], length);
    } else {
      whole = 1;
    }
    best = e.loop(whole, size, 1, best, [&](Value i, ValueRange carried) {
      Value value = load(e.add(base, e.mul(i, step)), 1, 1, 1);
      return meet(carried[0], carried[1], value, numbers(i, 1));
    });
    store(best[1], write.at(e, indices), 1, 1);
  }

  /// The best lane: of those that hold the extremum the first or last index.
  SmallVector<Value> foldPairs(Value values, Value where, int64_t length) {
    bool isUnsigned = isUnsignedElement(element);
    Value extremum = foldLanes(e, values, [&](Value a, Value b) {
      return combine(e, max ? Fold::Max : Fold::Min, a, b, isUnsigned);
    });
    Value same = e.splat(extremum, length), holds;
    if (isa<FloatType>(element))
      holds = arith::CmpFOp::create(e, arith::CmpFPredicate::OEQ, values, same);
    else
      holds = arith::CmpIOp::create(e, arith::CmpIPredicate::eq, values, same);
    bool last = op.getLast();
    Value candidates = arith::SelectOp::create(
        e, holds, where, number(last ? 0 : size - 1, length));
    return {extremum, foldLanes(e, candidates, [&](Value a, Value b) {
              return combine(e, last ? Fold::Max : Fold::Min, a, b);
            })};
  }

  edge::ArgReduceOp op;
  Emitter &e;
  bool max;
  Type element, index;
  Access read, write;
  SmallVector<int64_t> loops;
  int64_t size = 0, step = 0;
};

struct ArgReduceKernel
    : KernelOpInterface::ExternalModel<ArgReduceKernel, edge::ArgReduceOp> {
  LogicalResult emitKernel(Operation *op, OpBuilder &builder,
                           const KernelArgs &args, target::CpuAttr cpu) const {
    Emitter e(builder, op->getLoc(), cpu);
    ArgReducer(cast<edge::ArgReduceOp>(op), e, args).emit();
    return success();
  }
};

struct CumulativeKernel
    : KernelOpInterface::ExternalModel<CumulativeKernel, edge::CumulativeOp> {
  LogicalResult emitKernel(Operation *op, OpBuilder &builder,
                           const KernelArgs &args, target::CpuAttr cpu) const {
    Emitter e(builder, op->getLoc(), cpu);
    auto cumulative = cast<edge::CumulativeOp>(op);
    RankedTensorType type = typeOf(cumulative.getResult());
    Type element = storageType(type.getElementType());
    Type wide =
        isa<FloatType>(element) ? edge::accumulatorType(element) : element;
    Fold fold = foldOf(cumulative.getKind());
    bool isUnsigned = isUnsignedElement(type.getElementType());
    Access read = accessAll(e, args.inputs[0], element);
    Access write = accessAll(e, args.outputs[0], element);
    SmallVector<int64_t> loops(type.getShape());
    if (llvm::is_contained(loops, 0))
      return success();
    size_t axis = cumulative.getAxis();
    int64_t size = std::exchange(loops[axis], 1);
    int64_t readStep = read.strides[axis], writeStep = write.strides[axis];
    if (cumulative.getReverse()) {
      read.start = e.index((size - 1) * std::exchange(readStep, -readStep));
      write.start = e.index((size - 1) * std::exchange(writeStep, -writeStep));
    }
    collapse(loops, {&read, &write});
    // Vectors lie across the reductions, so that they need nothing of each
    // other.
    if (loops.empty() || read.strides.back() != 1) {
      loops.push_back(1);
      read.strides.push_back(1);
      write.strides.push_back(1);
    }
    int64_t last = loops.pop_back_val();
    int64_t length = commonVectorLength(cpu, {element, wide});
    while (length > last)
      length /= 2;
    e.nest(loops, [&](ValueRange outer) {
      forVectors(e, last, length, [&](Value first, int64_t count) {
        SmallVector<Value> indices(outer);
        indices.push_back(first);
        Value from = read.at(e, indices), to = write.at(e, indices);
        auto store = [&](Value result, Value i) {
          storeStrided(e, convert(e, result, element), write,
                       e.add(to, e.mul(i, writeStep)), write.strides.back(),
                       count);
        };
        e.loop(0, size, 1,
               {e.splat(neutral(e, fold, wide, isUnsigned), length)},
               [&](Value i, ValueRange carried) -> SmallVector<Value> {
                 Value value =
                     loadStrided(e, read, e.add(from, e.mul(i, readStep)), 1,
                                 count, length);
                 Value next = combine(e, fold, carried[0],
                                      convert(e, value, wide), isUnsigned);
                 store(cumulative.getExclusive() ? carried[0] : next, i);
                 return {next};
               });
      });
    });
    return success();
  }

  bool canOverwrite(Operation *, unsigned) const { return true; }
};

} // namespace

void registerReductionKernels(DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *context, edge::EdgeDialect *) {
    edge::ReduceOp::attachInterface<ReduceKernel>(*context);
    edge::ArgReduceOp::attachInterface<ArgReduceKernel>(*context);
    edge::CumulativeOp::attachInterface<CumulativeKernel>(*context);
  });
}

} // namespace edgecc::kernels
