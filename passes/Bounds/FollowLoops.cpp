//===- FollowLoops.cpp - loops and recurrences over open sizes --*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "passes/Bounds/FollowSizes.h"

using namespace mlir;
using namespace edgecc;
using namespace edgecc::bounds;

static RankedTensorType typeOf(Value value) {
  return cast<RankedTensorType>(value.getType());
}

//===----------------------------------------------------------------------===//
// Places
//===----------------------------------------------------------------------===//

Value FollowSizes::countFromEnd(Location loc, const Dim &dim, int64_t term,
                                int64_t stride, int64_t length) {
  SmallVector<int32_t> places;
  for (int64_t i = 0; i < length; ++i)
    places.push_back(int32_t(term + i * stride));
  Value from = edge::AddOp::create(builder, loc, sizes.count(loc, dim),
                                   sizes.constant(loc, places, {length}));
  return edge::MaxOp::create(builder, loc, from, sizes.constant(loc, {0}, {}));
}

Value FollowSizes::countFromStart(Location loc, Value indices, const Dim &dim) {
  // The number of an iteration is never below zero.
  if (auto number = dyn_cast<BlockArgument>(indices);
      number && number.getArgNumber() == 0 &&
      isa<edge::LoopOp>(number.getOwner()->getParentOp()))
    return indices;
  auto scalar = RankedTensorType::get({}, typeOf(indices).getElementType());
  Value count = sizes.count(loc, dim);
  if (count.getType() != scalar)
    count = edge::CastOp::create(builder, loc, count, scalar.getElementType());
  Value zero = edge::ConstantOp::create(
      builder, loc,
      DenseElementsAttr::get(scalar,
                             builder.getZeroAttr(scalar.getElementType())));
  Value isFromEnd = edge::CompareOp::create(
      builder, loc, edge::ComparePredicate::LT, indices, zero);
  Value fromStart = edge::AddOp::create(builder, loc, indices, count);
  return edge::SelectOp::create(builder, loc, isFromEnd, fromStart, indices);
}

//===----------------------------------------------------------------------===//
// Loops and branches
//===----------------------------------------------------------------------===//

LogicalResult FollowSizes::visitLoop(edge::LoopOp op) {
  SmallVector<int64_t> trips;
  for (unsigned i = 0; i < instances.count(); ++i)
    trips.push_back(cast<edge::LoopOp>(instances.getOp(op, i)).getMaxTrips());
  std::optional<Dim> turns = findDim(trips);
  if (!turns || (bounds::isOpen(*turns) && op.isBounded()))
    return op.emitError("the number of iterations depends on sizes that are "
                        "known at run time only, in a way that is not "
                        "supported");
  Block &body = op.getBody().front();
  for (auto [argument, value] :
       llvm::zip(body.getArguments().drop_front(), op.getCarried()))
    set(argument, get(value));
  SmallVector<Operation *> operations;
  for (Operation &inner : body.without_terminator())
    operations.push_back(&inner);
  for (Operation *inner : operations) {
    if (isa<UnrealizedConversionCastOp>(inner))
      return inner->emitError("a size that depends on values is not supported "
                              "in a loop over sizes that are known at run time "
                              "only");
    if (failed(visit(inner)))
      return failure();
  }
  for (auto [before, after] : llvm::zip(op.getCarried(), op.getNext()))
    if (get(before) != get(after))
      return op.emitError("what one iteration hands to the next has another "
                          "size, which is known at run time only");
  for (auto [result, value] : llvm::zip(op.getResults(), op.getNext()))
    set(result, get(value));
  for (auto [result, value] :
       llvm::zip(op.getResults().drop_front(op.getNext().size()),
                 op.getCollected())) {
    Dims dims{*turns};
    llvm::append_range(dims, get(value));
    set(result, dims);
  }
  if (bounds::isOpen(*turns)) {
    builder.setInsertionPoint(op);
    op.getTripsMutable().assign(sizes.count(op.getLoc(), *turns));
  }
  for (Value result : op.getResults())
    if (!agrees(result, get(result)))
      return op.emitError("the shape of a result depends on sizes that are "
                          "known at run time only, in a way that is not "
                          "supported");
  return success();
}

LogicalResult FollowSizes::visitIf(edge::IfOp op) {
  for (Region *region : op.getRegions()) {
    SmallVector<Operation *> operations;
    for (Operation &inner : region->front().without_terminator())
      operations.push_back(&inner);
    for (Operation *inner : operations)
      if (!isa<UnrealizedConversionCastOp>(inner) && failed(visit(inner)))
        return failure();
  }
  ValueRange yielded =
      op.getThenRegion().front().getTerminator()->getOperands();
  ValueRange others = op.getElseRegion().front().getTerminator()->getOperands();
  for (auto [result, one, other] :
       llvm::zip(op.getResults(), yielded, others)) {
    if (get(one) != get(other))
      return op.emitError("the branches give results of different sizes, which "
                          "are known at run time only");
    set(result, get(one));
  }
  return success();
}

//===----------------------------------------------------------------------===//
// Recurrences
//===----------------------------------------------------------------------===//

/// A step that does not count must leave the memory of an LSTM as it is: its
/// gates, (time, batch, gates * size), are closed and that of the old value is
/// open. `counts` is (time, 1, 1).
static Value keepMemory(OpBuilder &builder, Location loc, Value gates,
                        Value counts) {
  // Where a sigmoid is 0 or 1 to the last digit.
  constexpr float kClosed = -1000, kOpen = 1000;
  int64_t size = typeOf(gates).getDimSize(2) / 4;
  SmallVector<float> row;
  // In the order input, output, forget, cell.
  for (float value : {kClosed, kClosed, kOpen, 0.0f})
    row.append(size, value);
  auto rowType = RankedTensorType::get({1, 1, 4 * size}, builder.getF32Type());
  Value other = edge::ConstantOp::create(
      builder, loc, DenseElementsAttr::get(rowType, ArrayRef<float>(row)));
  if (typeOf(gates).getElementType() != rowType.getElementType())
    other = edge::CastOp::create(builder, loc, other,
                                 typeOf(gates).getElementType());
  return edge::SelectOp::create(builder, loc, counts, gates, other);
}

void FollowSizes::endRecurrence(Operation *op, const Dim &dim) {
  Location loc = op->getLoc();
  int64_t bound = sizes.getBound(dim);
  Value gates = op->getOperand(0);
  // What does not count comes last, also when time runs backwards.
  Value backwards;
  if (op->getAttr("reverse")) {
    op->removeAttr("reverse");
    backwards = countFromEnd(loc, dim, -1, -1, bound);
    gates = edge::GatherOp::create(builder, loc, gates, backwards, 0);
  }
  if (isa<edge::LstmOp>(op)) {
    Value place = sizes.constant(loc, sizes.coordinates(dim, 0), {bound, 1, 1});
    gates = keepMemory(builder, loc, gates,
                       edge::CompareOp::create(builder, loc,
                                               edge::ComparePredicate::LT,
                                               place, sizes.count(loc, dim)));
  }
  set(gates, get(op->getOperand(0)));
  op->setOperand(0, gates);

  builder.setInsertionPointAfter(op);
  Value states = op->getResult(0), last = op->getResult(1);
  if (!last.use_empty()) {
    Value count = sizes.count(loc, dim);
    Value place =
        edge::SubOp::create(builder, loc, count, sizes.constant(loc, {1}, {}));
    place =
        edge::MaxOp::create(builder, loc, place, sizes.constant(loc, {0}, {}));
    Value own = edge::GatherOp::create(builder, loc, states, place, 0);
    if (sizes.getLeast(dim) < 1) {
      Value isAny =
          edge::CompareOp::create(builder, loc, edge::ComparePredicate::LT,
                                  sizes.constant(loc, {0}, {}), count);
      own = edge::SelectOp::create(builder, loc, isAny, own, op->getOperand(2));
    }
    last.replaceAllUsesWith(own);
    set(own, get(last));
  }
  if (backwards) {
    auto turned = edge::GatherOp::create(builder, loc, states, backwards, 0);
    states.replaceUsesWithIf(turned, [&](OpOperand &use) {
      Operation *user =
          turned->getBlock()->findAncestorOpInBlock(*use.getOwner());
      return user != turned && !user->isBeforeInBlock(turned);
    });
    set(turned, get(states));
  }
}

LogicalResult FollowSizes::visitRecurrent(Operation *op) {
  Dims dims = get(op->getOperand(0));
  if (bounds::isOpen(dims[2]))
    return refuse(op, 2);
  bool hasMemory = isa<edge::LstmOp>(op);
  for (Value initial : op->getOperands().slice(2, hasMemory ? 2 : 1))
    if (!(get(initial)[0] == dims[1]))
      return refuse(op, 1);
  Dim size = fixedDim(typeOf(op->getResult(0)).getDimSize(2));
  set(op->getResult(0), {dims[0], dims[1], size});
  for (Value last : op->getResults().drop_front())
    set(last, {dims[1], size});
  if (bounds::isOpen(dims[0])) {
    if (dims[0].size() != 1)
      return refuse(op, 0);
    endRecurrence(op, dims[0]);
  }
  return success();
}
