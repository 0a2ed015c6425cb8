//===- EdgeScheduleOps.cpp - operations computed together -------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "dialects/Edge/EdgeScheduleOps.h"

#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace edgecc::edge;

#define GET_OP_CLASSES
#include "dialects/Edge/EdgeScheduleOps.cpp.inc"

static bool areAll(ArrayRef<int64_t> values, int64_t wanted) {
  return llvm::all_of(values, [&](int64_t value) { return value == wanted; });
}

SmallVector<Operation *> RowBandsOp::getChain() {
  SmallVector<Operation *> chain;
  for (Operation &op : getBody().front().without_terminator())
    if (!isa<ConstantOp>(op))
      chain.push_back(&op);
  return chain;
}

Operation *RowBandsOp::getWindow() {
  SmallVector<Operation *> chain = getChain();
  Operation **window = llvm::find_if(chain, isWindow);
  return window == chain.end() ? nullptr : *window;
}

int64_t RowBandsOp::getLines() {
  return cast<ShapedType>(getWindow()->getResult(0).getType()).getDimSize(1);
}

SmallVector<OpOperand *> RowBandsOp::getOuterOperands() {
  SmallVector<OpOperand *> operands;
  for (OpOperand &operand : (*this)->getOpOperands())
    operands.push_back(&operand);
  for (Operation *op : getChain())
    for (OpOperand &operand : op->getOpOperands())
      if (operand.get().getDefiningOp<ConstantOp>())
        operands.push_back(&operand);
  return operands;
}

bool RowBandsOp::isWindow(Operation *op) {
  if (auto pool = dyn_cast<PoolOp>(op))
    return pool.getKernel().size() == 2;
  auto conv = dyn_cast<ConvOp>(op);
  return conv && conv.getSpatialRank() == 2 && conv.isDepthwise() &&
         conv.getResult().getType().getShape().back() ==
             int64_t(conv.getGroups());
}

static bool permutes(Operation *op, ArrayRef<int64_t> permutation) {
  auto transpose = dyn_cast<TransposeOp>(op);
  return transpose && transpose.getPermutation() == permutation;
}

bool RowBandsOp::isProducer(Operation *op) {
  if (permutes(op, {0, 2, 3, 1}))
    return true;
  auto conv = dyn_cast<ConvOp>(op);
  return conv && conv.getSpatialRank() == 2 && !isWindow(op);
}

bool RowBandsOp::isConsumer(Operation *op) {
  if (permutes(op, {0, 3, 1, 2}))
    return true;
  auto conv = dyn_cast<ConvOp>(op);
  if (!conv || !isProducer(op))
    return false;
  auto weights = cast<ShapedType>(conv.getWeights().getType());
  return areAll(weights.getShape().take_front(2), 1) &&
         areAll(conv.getStrides(), 1) && areAll(conv.getPadsLow(), 0) &&
         areAll(conv.getPadsHigh(), 0);
}

bool RowBandsOp::isTransposed(ArrayRef<Operation *> chain) {
  return chain.size() == 3 && isa<TransposeOp>(chain.front()) &&
         isa<TransposeOp>(chain.back());
}

int64_t RowBandsOp::getMacs() {
  int64_t macs = 0;
  for (Operation *op : getChain())
    if (auto conv = dyn_cast<ConvOp>(op))
      macs += conv.getMacs();
  return macs;
}

LogicalResult RowBandsOp::verify() {
  Block &block = getBody().front();
  if (TypeRange(block.getArgumentTypes()) != getInputs().getTypes())
    return emitOpError("expects a body whose arguments have the types of the "
                       "operands");
  SmallVector<Operation *> chain = getChain();
  for (Operation *op : chain)
    if (!isWindow(op) && !isProducer(op) && !isConsumer(op))
      return op->emitOpError("cannot be computed by rows");
  SmallVector<bool> windows = llvm::map_to_vector(chain, isWindow);
  int64_t before = llvm::find(windows, true) - windows.begin();
  int64_t length = chain.size();
  if (length < 2 || before > 1 || length > before + 2)
    return emitOpError("expects a window, after a producer, before a consumer, "
                       "or both");
  if (before == 1 && !isProducer(chain.front()))
    return chain.front()->emitOpError("cannot produce what a window reads");
  if (length == before + 2 && !isConsumer(chain.back()))
    return chain.back()->emitOpError(
        "expects to be pointwise, without strides, after a window");
  Value previous;
  for (Operation *op : chain) {
    if (previous && (op->getOperand(0) != previous || !previous.hasOneUse()))
      return op->emitOpError("expects to be all that reads the one before");
    for (Value operand : op->getOperands().drop_front(previous ? 1 : 0))
      if (!isa<BlockArgument>(operand) && !operand.getDefiningOp<ConstantOp>())
        return op->emitOpError("expects arguments and constants as its other "
                               "operands");
    previous = op->getResult(0);
  }
  std::optional<ValueRange> yielded = detail::getYielded(getBody());
  if (!yielded || yielded->size() != 1 || yielded->front() != previous ||
      previous.getType() != getType())
    return emitOpError("expects a body that yields its last result");
  int64_t lines = getLines();
  int64_t rows = getRows();
  if (rows < 1 || lines % rows)
    return emitOpError("cannot cut ")
           << lines << " rows into bands of " << rows;
  if (getPlanar() && !isTransposed(chain))
    return emitOpError("is planar, and expects a window between two "
                       "transpositions");
  return success();
}

//===----------------------------------------------------------------------===//
// AttentionOp
//===----------------------------------------------------------------------===//

SmallVector<int64_t> AttentionOp::getSizes(Value tensor,
                                           ArrayRef<int64_t> dims) {
  auto type = cast<ShapedType>(tensor.getType());
  return llvm::map_to_vector(
      dims, [&](int64_t dim) { return dim < 0 ? 1 : type.getDimSize(dim); });
}

SmallVector<int64_t> AttentionOp::getScoreShape() {
  SmallVector<int64_t> shape = getSizes(getResult(), getResultDims());
  shape.back() = getSizes(getKey(), getKeyDims()).end()[-2];
  return shape;
}

int64_t AttentionOp::getMacs() {
  int64_t scores = 1;
  for (int64_t size : getScoreShape())
    scores *= size;
  return scores * (getSizes(getQuery(), getQueryDims()).back() +
                   getSizes(getValue(), getValueDims()).back());
}

/// Whether `dims` names each dimension of `tensor` once, apart from some of
/// size one.
static bool namesDims(Value tensor, ArrayRef<int64_t> dims) {
  auto type = cast<ShapedType>(tensor.getType());
  SmallVector<bool> named(type.getRank(), false);
  for (int64_t dim : dims) {
    if (dim < -1 || dim >= type.getRank() || (dim >= 0 && named[dim]))
      return false;
    if (dim >= 0)
      named[dim] = true;
  }
  for (int64_t dim = 0; dim < type.getRank(); ++dim)
    if (!named[dim] && type.getDimSize(dim) != 1)
      return false;
  return true;
}

LogicalResult AttentionOp::verify() {
  size_t rank = getResultDims().size();
  std::pair<Value, ArrayRef<int64_t>> tensors[] = {
      {getQuery(), getQueryDims()},
      {getKey(), getKeyDims()},
      {getValue(), getValueDims()},
      {getResult(), getResultDims()}};
  for (auto [tensor, dims] : tensors) {
    Type element = cast<ShapedType>(tensor.getType()).getElementType();
    if ((!element.isF32() && !element.isF16()) ||
        element != getElementTypeOrSelf(getResult().getType()))
      return emitOpError("expects tensors of f32 or of f16");
    if (rank < 2 || dims.size() != rank || !namesDims(tensor, dims))
      return emitOpError("expects dimensions that name each one of ")
             << tensor.getType() << " once";
  }
  SmallVector<int64_t> query = getSizes(getQuery(), getQueryDims());
  SmallVector<int64_t> key = getSizes(getKey(), getKeyDims());
  SmallVector<int64_t> value = getSizes(getValue(), getValueDims());
  SmallVector<int64_t> result = getSizes(getResult(), getResultDims());
  if (query[rank - 1] != key[rank - 1] || key[rank - 2] != value[rank - 2] ||
      query[rank - 2] != result[rank - 2] ||
      value[rank - 1] != result[rank - 1])
    return emitOpError("expects sizes that agree, found queries of ")
           << query << ", keys of " << key << ", values of " << value
           << " and a result of " << result;
  for (size_t dim = 0; dim + 2 < rank; ++dim)
    for (int64_t size : {query[dim], key[dim], value[dim]})
      if (size != 1 && size != result[dim])
        return emitOpError("expects outer dimensions that broadcast to those "
                           "of the result");
  if (getScores().empty())
    return success();
  Block &block = getScores().front();
  if (block.getNumArguments() != 1 + getExtras().size())
    return emitOpError("expects a region of ")
           << 1 + getExtras().size() << " arguments";
  std::optional<ValueRange> yielded = detail::getYielded(getScores());
  if (!yielded || yielded->size() != 1 || !yielded->front().getType().isF32() ||
      !block.getArgument(0).getType().isF32())
    return emitOpError("expects a region that yields a score of f32");
  return success();
}
