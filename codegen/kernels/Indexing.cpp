//===- Indexing.cpp - kernels that move elements by index -------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "codegen/kernels/Arithmetic.h"
#include "codegen/kernels/Families.h"
#include "codegen/kernels/KnownPositions.h"
#include "codegen/kernels/Strided.h"
#include "dialects/Edge/EdgeConstants.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/TypeUtilities.h"
#include "llvm/ADT/Sequence.h"

using namespace mlir;

namespace edgecc::kernels {

static RankedTensorType typeOf(Value value) {
  return cast<RankedTensorType>(value.getType());
}

/// The index stored at `position`, for a dimension of `size`: counted from the
/// end if negative, and kept inside, because what the model's input says must
/// not decide where memory is touched.
static Value loadIndex(Emitter &e, const Access &indices, Value position,
                       int64_t size) {
  Value element = e.load(indices.buffer, position, 1, indices.element);
  // All bytes are elements of 256, and a negative one counts from the end.
  if (size == 256 && indices.element.isInteger(8))
    return arith::IndexCastUIOp::create(e, e.getIndexType(), element);
  Value index = arith::IndexCastOp::create(e, e.getIndexType(), element);
  Value zero = e.index(0);
  Value negative =
      arith::CmpIOp::create(e, arith::CmpIPredicate::slt, index, zero);
  index = arith::SelectOp::create(e, negative, e.add(index, size), index);
  index = arith::MaxSIOp::create(e, index, zero);
  return arith::MinSIOp::create(e, index,
                                e.index(std::max<int64_t>(size, 1) - 1));
}

/// The position that the tuple of `size.size()` indices at `position` adds,
/// where `strides` are those of the addressed dimensions.
static Value loadTuple(Emitter &e, const Access &indices, Value position,
                       ArrayRef<int64_t> sizes, ArrayRef<int64_t> strides) {
  Value offset = e.index(0);
  for (auto [i, size] : llvm::enumerate(sizes)) {
    Value index = loadIndex(e, indices,
                            e.add(position, i * indices.strides.back()), size);
    offset = e.add(offset, e.mul(index, strides[i]));
  }
  return offset;
}

/// `access` for some of its dimensions only.
static Access part(const Access &access, size_t first, size_t count) {
  Access result = access;
  result.strides.assign(access.strides.begin() + first,
                        access.strides.begin() + first + count);
  return result;
}

static bool isEmpty(ArrayRef<int64_t> sizes) {
  return llvm::is_contained(sizes, 0);
}

static Fold foldOf(edge::ScatterReduction reduction) {
  switch (reduction) {
  case edge::ScatterReduction::Mul:
    return Fold::Prod;
  case edge::ScatterReduction::Max:
    return Fold::Max;
  case edge::ScatterReduction::Min:
    return Fold::Min;
  case edge::ScatterReduction::None:
  case edge::ScatterReduction::Add:
    break;
  }
  return Fold::Sum;
}

/// What an update makes of an old element of type `element`.
static Value meet(Emitter &e, edge::ScatterReduction reduction, Value old,
                  Value update, Type element) {
  if (reduction == edge::ScatterReduction::None)
    return update;
  bool isUnsigned = isUnsignedElement(element);
  Type wide = isa<FloatType>(element) ? edge::accumulatorType(element)
                                      : storageType(element);
  Value result =
      combine(e, foldOf(reduction), convert(e, update, wide, isUnsigned),
              convert(e, old, wide, isUnsigned), isUnsigned);
  return convert(e, result, storageType(element), isUnsigned);
}

namespace {

struct GatherKernel
    : KernelOpInterface::ExternalModel<GatherKernel, edge::GatherOp> {
  LogicalResult emitKernel(Operation *op, OpBuilder &builder,
                           const KernelArgs &args, target::CpuAttr cpu) const {
    Emitter e(builder, op->getLoc(), cpu);
    auto gather = cast<edge::GatherOp>(op);
    RankedTensorType input = typeOf(gather.getInput());
    RankedTensorType indices = typeOf(gather.getIndices());
    if (isEmpty(gather.getType().getShape()))
      return success();
    size_t axis = gather.getAxis(), picked = indices.getRank();
    size_t inside = input.getRank() - axis - 1;
    Type element = storageType(input.getElementType());
    Access read = accessAll(e, args.inputs[0], element);
    Access index =
        accessAll(e, args.inputs[1], storageType(indices.getElementType()));
    Access write = accessAll(e, args.outputs[0], element);

    // Three nests: before the axis, over the indices, over what each picks.
    SmallVector<int64_t> outer(input.getShape().take_front(axis));
    Access readOuter = part(read, 0, axis), writeOuter = part(write, 0, axis);
    collapse(outer, {&readOuter, &writeOuter});
    SmallVector<int64_t> middle(indices.getShape());
    Access writeMiddle = part(write, axis, picked);
    collapse(middle, {&index, &writeMiddle});
    int64_t size = input.getDimSize(axis);
    SmallVector<int64_t> vectors;
    std::optional<edge::ConstantView> known =
        edge::ConstantView::get(constantOf(gather.getIndices()));
    if (known && inside == 0 && picked == 1 && read.strides[axis] == 1 &&
        write.strides[axis] == 1)
      vectors = shuffledVectors(cpu, known->size(), size, element);
    auto positionOf = [&](int64_t i) {
      int64_t position = known->integer(i);
      position += position < 0 ? size : 0;
      return std::clamp<int64_t>(position, 0, size - 1);
    };
    e.nest(outer, [&](ValueRange i) {
      Value from = readOuter.at(e, i), to = writeOuter.at(e, i);
      int64_t first = 0;
      for (int64_t length : vectors) {
        auto positions =
            llvm::map_to_vector(llvm::seq(first, first + length), positionOf);
        e.store(loadPositions(e, read, from, positions, size), write.buffer,
                e.add(to, first));
        first += length;
      }
      if (!vectors.empty())
        return;
      e.nest(middle, [&](ValueRange j) {
        Value at = loadIndex(e, index, index.at(e, j), size);
        Access source = part(read, axis + 1, inside)
                            .from(e.add(from, e.mul(at, read.strides[axis])));
        Access target = part(write, axis + picked, inside)
                            .from(e.add(writeMiddle.at(e, j), to));
        emitCopy(e, input.getShape().drop_front(axis + 1), source, target);
      });
    });
    return success();
  }
};

struct GatherElementsKernel
    : KernelOpInterface::ExternalModel<GatherElementsKernel,
                                       edge::GatherElementsOp> {
  LogicalResult emitKernel(Operation *op, OpBuilder &builder,
                           const KernelArgs &args, target::CpuAttr cpu) const {
    Emitter e(builder, op->getLoc(), cpu);
    auto gather = cast<edge::GatherElementsOp>(op);
    RankedTensorType input = typeOf(gather.getInput());
    int64_t axis = gather.getAxis();
    Type element = storageType(input.getElementType());
    Access read = accessAll(e, args.inputs[0], element);
    Access index = accessAll(e, args.inputs[1],
                             typeOf(gather.getIndices()).getElementType());
    Access write = accessAll(e, args.outputs[0], element);
    int64_t stride = std::exchange(read.strides[axis], 0);
    SmallVector<int64_t> loops(gather.getType().getShape());
    if (isEmpty(loops))
      return success();
    collapse(loops, {&read, &index, &write});
    e.nest(loops, [&](ValueRange i) {
      Value at = loadIndex(e, index, index.at(e, i), input.getDimSize(axis));
      Value from = e.add(read.at(e, i), e.mul(at, stride));
      e.store(e.load(read.buffer, from, 1, element), write.buffer,
              write.at(e, i));
    });
    return success();
  }
};

struct GatherNDKernel
    : KernelOpInterface::ExternalModel<GatherNDKernel, edge::GatherNDOp> {
  LogicalResult emitKernel(Operation *op, OpBuilder &builder,
                           const KernelArgs &args, target::CpuAttr cpu) const {
    Emitter e(builder, op->getLoc(), cpu);
    auto gather = cast<edge::GatherNDOp>(op);
    RankedTensorType input = typeOf(gather.getInput());
    RankedTensorType indices = typeOf(gather.getIndices());
    if (isEmpty(gather.getType().getShape()))
      return success();
    size_t batch = gather.getBatchDims(), tuples = indices.getRank() - 1;
    size_t depth = indices.getShape().back();
    size_t inside = input.getRank() - batch - depth;
    Type element = storageType(input.getElementType());
    Access read = accessAll(e, args.inputs[0], element);
    Access index = accessAll(e, args.inputs[1], indices.getElementType());
    Access write = accessAll(e, args.outputs[0], element);

    SmallVector<int64_t> loops(indices.getShape().drop_back());
    Access from = part(read, 0, batch), which = part(index, 0, tuples);
    Access to = part(write, 0, tuples);
    from.strides.resize(tuples, 0);
    collapse(loops, {&from, &which, &to});
    e.nest(loops, [&](ValueRange i) {
      Value offset = loadTuple(e, index, which.at(e, i),
                               input.getShape().slice(batch, depth),
                               ArrayRef(read.strides).slice(batch, depth));
      emitCopy(
          e, input.getShape().drop_front(batch + depth),
          part(read, batch + depth, inside).from(e.add(from.at(e, i), offset)),
          part(write, tuples, inside).from(to.at(e, i)));
    });
    return success();
  }
};

struct ScatterElementsKernel
    : KernelOpInterface::ExternalModel<ScatterElementsKernel,
                                       edge::ScatterElementsOp> {
  LogicalResult emitKernel(Operation *op, OpBuilder &builder,
                           const KernelArgs &args, target::CpuAttr cpu) const {
    Emitter e(builder, op->getLoc(), cpu);
    auto scatter = cast<edge::ScatterElementsOp>(op);
    RankedTensorType type = scatter.getType();
    RankedTensorType indices = typeOf(scatter.getIndices());
    int64_t axis = scatter.getAxis();
    Type element = storageType(type.getElementType());
    Access update = accessAll(e, args.inputs[0], element);
    Access index = accessAll(e, args.inputs[2], indices.getElementType());
    Access write = accessAll(e, args.outputs[0], element);
    emitCopy(e, type.getShape(), accessAll(e, args.inputs[1], element), write);
    SmallVector<int64_t> loops(indices.getShape());
    if (isEmpty(loops))
      return success();
    int64_t stride = std::exchange(write.strides[axis], 0);
    collapse(loops, {&update, &index, &write});
    e.nest(loops, [&](ValueRange i) {
      Value at = loadIndex(e, index, index.at(e, i), type.getDimSize(axis));
      Value to = e.add(write.at(e, i), e.mul(at, stride));
      Value value = e.load(update.buffer, update.at(e, i), 1, element);
      if (scatter.getReduction() != edge::ScatterReduction::None)
        value = meet(e, scatter.getReduction(),
                     e.load(write.buffer, to, 1, element), value,
                     type.getElementType());
      e.store(value, write.buffer, to);
    });
    return success();
  }

  bool canOverwrite(Operation *, unsigned index) const { return index == 1; }
};

struct ScatterNDKernel
    : KernelOpInterface::ExternalModel<ScatterNDKernel, edge::ScatterNDOp> {
  LogicalResult emitKernel(Operation *op, OpBuilder &builder,
                           const KernelArgs &args, target::CpuAttr cpu) const {
    Emitter e(builder, op->getLoc(), cpu);
    auto scatter = cast<edge::ScatterNDOp>(op);
    RankedTensorType type = scatter.getType();
    RankedTensorType indices = typeOf(scatter.getIndices());
    size_t tuples = indices.getRank() - 1, depth = indices.getShape().back();
    size_t inside = type.getRank() - depth;
    Type element = storageType(type.getElementType());
    Access update = accessAll(e, args.inputs[0], element);
    Access index = accessAll(e, args.inputs[2], indices.getElementType());
    Access write = accessAll(e, args.outputs[0], element);
    emitCopy(e, type.getShape(), accessAll(e, args.inputs[1], element), write);
    SmallVector<int64_t> loops(indices.getShape().drop_back());
    if (isEmpty(loops) || isEmpty(type.getShape()))
      return success();
    Access which = part(index, 0, tuples), from = part(update, 0, tuples);
    collapse(loops, {&which, &from});
    e.nest(loops, [&](ValueRange i) {
      Value offset =
          loadTuple(e, index, which.at(e, i), type.getShape().take_front(depth),
                    write.strides);
      Access source = part(update, tuples, inside).from(from.at(e, i));
      Access target = part(write, depth, inside).from(offset);
      ArrayRef<int64_t> sizes = type.getShape().drop_front(depth);
      if (scatter.getReduction() == edge::ScatterReduction::None)
        return emitCopy(e, sizes, source, target);
      emitNest(e, sizes, {target, source}, target,
               [&](ArrayRef<Value> elements, int64_t) {
                 return meet(e, scatter.getReduction(), elements[0],
                             elements[1], type.getElementType());
               });
    });
    return success();
  }

  bool canOverwrite(Operation *, unsigned index) const { return index == 1; }
};

/// Keeps the best elements of a line sorted in the results and moves those that
/// a better one displaces.
struct TopKKernel : KernelOpInterface::ExternalModel<TopKKernel, edge::TopKOp> {
  LogicalResult emitKernel(Operation *op, OpBuilder &builder,
                           const KernelArgs &args, target::CpuAttr cpu) const {
    Emitter e(builder, op->getLoc(), cpu);
    auto top = cast<edge::TopKOp>(op);
    RankedTensorType input = typeOf(top.getInput());
    size_t axis = top.getAxis();
    int64_t k = top.getK();
    Type logical = input.getElementType(), element = storageType(logical);
    Access read = accessAll(e, args.inputs[0], element);
    Access values = accessAll(e, args.outputs[0], element);
    Access indices = accessAll(
        e, args.outputs[1],
        cast<RankedTensorType>(top.getIndices().getType()).getElementType());
    SmallVector<int64_t> loops(input.getShape());
    if (isEmpty(loops) || k == 0)
      return success();
    int64_t size = std::exchange(loops[axis], 1);
    int64_t readStep = read.strides[axis], valueStep = values.strides[axis];
    int64_t indexStep = indices.strides[axis];
    collapse(loops, {&read, &values, &indices});

    auto better = [&](Value a, Value b) -> Value {
      bool max = top.getKind() == edge::ArgKind::Max;
      if (isa<FloatType>(element)) {
        auto predicate =
            max ? arith::CmpFPredicate::OGT : arith::CmpFPredicate::OLT;
        return arith::CmpFOp::create(e, predicate, a, b);
      }
      using P = arith::CmpIPredicate;
      auto predicate = isUnsignedElement(logical) ? (max ? P::ugt : P::ult)
                                                  : (max ? P::sgt : P::slt);
      return arith::CmpIOp::create(e, predicate, a, b);
    };
    auto scaled = [&](Value base, Value i, int64_t step) {
      return e.add(base, e.mul(i, step));
    };

    e.nest(loops, [&](ValueRange outer) {
      Value from = read.at(e, outer), valueTo = values.at(e, outer);
      Value indexTo = indices.at(e, outer);
      auto valueAt = [&](Value i) {
        return e.load(values.buffer, scaled(valueTo, i, valueStep), 1, element);
      };
      auto put = [&](Value i, Value value, Value index) {
        e.store(value, values.buffer, scaled(valueTo, i, valueStep));
        e.store(index, indices.buffer, scaled(indexTo, i, indexStep));
      };
      // Moves the elements before `hole` that `value` beats; puts it there.
      auto insert = [&](Value value, Value i, Value hole) {
        Type index = e.getIndexType();
        auto loop = scf::WhileOp::create(e, TypeRange(index), hole);
        OpBuilder::InsertionGuard guard(e);
        Block *before = e.createBlock(&loop.getBefore(), {}, index, e.getLoc());
        Value at = before->getArgument(0);
        Value open =
            arith::CmpIOp::create(e, arith::CmpIPredicate::sgt, at, e.index(0));
        // The element before the hole; any one when there is none.
        Value previous = arith::MaxSIOp::create(e, e.add(at, -1), e.index(0));
        Value go =
            arith::AndIOp::create(e, open, better(value, valueAt(previous)));
        scf::ConditionOp::create(e, go, at);
        Block *after = e.createBlock(&loop.getAfter(), {}, index, e.getLoc());
        Value hollow = after->getArgument(0);
        Value source = e.add(hollow, -1);
        put(hollow, valueAt(source),
            e.load(indices.buffer, scaled(indexTo, source, indexStep), 1,
                   indices.element));
        scf::YieldOp::create(e, source);
        e.setInsertionPointAfter(loop);
        put(loop.getResult(0), value,
            arith::IndexCastOp::create(e, indices.element, i));
      };
      e.loop(0, k, 1, [&](Value i) {
        insert(e.load(read.buffer, scaled(from, i, readStep), 1, element), i,
               i);
      });
      e.loop(k, size, 1, [&](Value i) {
        Value value =
            e.load(read.buffer, scaled(from, i, readStep), 1, element);
        Value last = e.index(k - 1);
        auto wins = scf::IfOp::create(e, better(value, valueAt(last)), false);
        OpBuilder::InsertionGuard guard(e);
        e.setInsertionPointToStart(wins.thenBlock());
        insert(value, i, last);
      });
    });
    return success();
  }
};

} // namespace

void registerIndexingKernels(DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *context, edge::EdgeDialect *) {
    edge::GatherOp::attachInterface<GatherKernel>(*context);
    edge::GatherElementsOp::attachInterface<GatherElementsKernel>(*context);
    edge::GatherNDOp::attachInterface<GatherNDKernel>(*context);
    edge::ScatterElementsOp::attachInterface<ScatterElementsKernel>(*context);
    edge::ScatterNDOp::attachInterface<ScatterNDKernel>(*context);
    edge::TopKOp::attachInterface<TopKKernel>(*context);
  });
}

} // namespace edgecc::kernels
