//===- EdgeScheduleOps.cpp - operations computed together -------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "dialects/Edge/EdgeScheduleOps.h"
#include "dialects/Edge/EdgePlaceOps.h"

#include "mlir/IR/TypeUtilities.h"
#include "llvm/ADT/TypeSwitch.h"

#include <limits>

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

/// The operands of an operation with a body, and those inside of it that are
/// constants.
static SmallVector<OpOperand *> outerOperands(Operation *op,
                                              ArrayRef<Operation *> inside) {
  SmallVector<OpOperand *> operands;
  for (OpOperand &operand : op->getOpOperands())
    operands.push_back(&operand);
  for (Operation *inner : inside)
    for (OpOperand &operand : inner->getOpOperands())
      if (operand.get().getDefiningOp<ConstantOp>())
        operands.push_back(&operand);
  return operands;
}

SmallVector<OpOperand *> RowBandsOp::getOuterOperands() {
  return outerOperands(*this, getChain());
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
// RowWindowOp
//===----------------------------------------------------------------------===//

static int64_t rowsOf(Value slab) {
  return cast<ShapedType>(slab.getType()).getDimSize(1);
}

int64_t RowWindowOp::getInputRows() { return rowsOf(getInput()); }

int64_t RowWindowOp::getRows() { return rowsOf(getResult()); }

int64_t RowWindowOp::getNeeded(int64_t count) {
  if (count == 0)
    return 0;
  int64_t end = (count - 1) * int64_t(getStep()) + getRows() - getLow()[0];
  int64_t rows = getInputRows();
  return std::clamp<int64_t>((end + rows - 1) / rows, 0, getLines() / rows);
}

int64_t RowWindowOp::getKeptRows() {
  int64_t kept = getRows(), step = getStep(), low = getLow()[0];
  int64_t all = low + getLines() + getHigh()[0];
  for (int64_t first = 0, count = 1; first + getRows() <= all;
       first += step, ++count)
    kept = std::max(kept, low + getNeeded(count) * getInputRows() - first);
  return kept;
}

LogicalResult RowWindowOp::verify() {
  auto input = cast<ShapedType>(getInput().getType());
  auto result = cast<ShapedType>(getResult().getType());
  if (getLow().size() != 2 || getHigh().size() != 2)
    return emitOpError("expects borders of rows and pixels");
  if (input.getRank() != 4 || result.getRank() != 4 || input.getDimSize(0) != 1)
    return emitOpError("expects rows of one image");
  SmallVector<int64_t> shape(input.getShape());
  shape[1] = result.getDimSize(1);
  shape[2] += getLow()[1] + getHigh()[1];
  if (result.getShape() != ArrayRef(shape) ||
      input.getElementType() != result.getElementType())
    return emitOpError("expects a result like its operand, with a border");
  if (getStep() < 1 || int64_t(getLines()) % getInputRows())
    return emitOpError("cannot take ")
           << getLines() << " rows " << getInputRows() << " at a time";
  return success();
}

//===----------------------------------------------------------------------===//
// RowStreamOp
//===----------------------------------------------------------------------===//

Value RowStreamOp::getYielded() {
  return getBody().front().getTerminator()->getOperand(0);
}

int64_t RowStreamOp::getTrips() {
  return rowsOf(getResult()) / rowsOf(getYielded());
}

SmallVector<Operation *> RowStreamOp::getOperations() {
  SmallVector<Operation *> operations;
  for (Operation &op : getBody().front().without_terminator())
    if (!isa<ConstantOp, RowWindowOp>(op))
      operations.push_back(&op);
  return operations;
}

SmallVector<OpOperand *> RowStreamOp::getOuterOperands() {
  return outerOperands(*this, getOperations());
}

int64_t RowStreamOp::getNextRow(Value value, int64_t count, unsigned index) {
  if (auto argument = dyn_cast<BlockArgument>(value))
    return argument.getArgNumber() == index
               ? count * rowsOf(argument)
               : std::numeric_limits<int64_t>::max();
  Operation *op = value.getDefiningOp();
  if (auto window = dyn_cast<RowWindowOp>(op))
    return getNextRow(window.getInput(), window.getNeeded(count), index);
  int64_t next = std::numeric_limits<int64_t>::max();
  for (Value operand : op->getOperands())
    next = std::min(next, getNextRow(operand, count, index));
  return next;
}

int64_t RowStreamOp::getMacs() {
  // How often each operation runs, from the last to the first.
  llvm::DenseMap<Value, int64_t> times{{getYielded(), getTrips()}};
  int64_t macs = 0;
  for (Operation &op : llvm::reverse(getBody().front().without_terminator())) {
    if (op.getNumResults() != 1)
      continue;
    int64_t count = times.lookup(op.getResult(0));
    if (auto conv = dyn_cast<ConvOp>(op))
      macs += conv.getMacs() * count;
    auto window = dyn_cast<RowWindowOp>(op);
    for (Value operand : op.getOperands())
      times[operand] = window ? window.getNeeded(count) : count;
  }
  return macs;
}

LogicalResult RowStreamOp::verify() {
  Block &block = getBody().front();
  if (block.getNumArguments() != getInputs().size())
    return emitOpError("expects a body with an argument for each operand");
  auto areRowsOf = [](Type rows, Type all) {
    auto some = dyn_cast<ShapedType>(rows), whole = dyn_cast<ShapedType>(all);
    if (!some || !whole || some.getRank() != 4 || whole.getRank() != 4 ||
        some.getElementType() != whole.getElementType())
      return false;
    SmallVector<int64_t> shape(whole.getShape());
    shape[1] = some.getDimSize(1);
    return shape[0] == 1 && some.getShape() == ArrayRef(shape) &&
           some.getDimSize(1) > 0;
  };
  for (auto [argument, input] : llvm::zip(block.getArguments(), getInputs()))
    if (!areRowsOf(argument.getType(), input.getType()))
      return emitOpError("expects arguments that are rows of the operands");
  std::optional<ValueRange> yielded = detail::getYielded(getBody());
  if (!yielded || yielded->size() != 1 ||
      !areRowsOf(yielded->front().getType(), getType()) ||
      !yielded->front().getDefiningOp())
    return emitOpError("expects a body that yields rows of the result");
  if (rowsOf(getResult()) % rowsOf(yielded->front()))
    return emitOpError("cannot yield ")
           << rowsOf(getResult()) << " rows " << rowsOf(yielded->front())
           << " at a time";
  for (Operation &op : block.without_terminator())
    if (!isa<ConstantOp>(op) &&
        (op.getNumResults() != 1 || !op.getResult(0).hasOneUse()))
      return op.emitOpError("expects one reader of each result");
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

int64_t edgecc::edge::macsOf(Operation *op) {
  return llvm::TypeSwitch<Operation *, int64_t>(op)
      .Case<ConvOp, MatMulOp, BlockMatMulOp, RowBandsOp, RowStreamOp,
            AttentionOp, NpuCallOp>([](auto op) { return op.getMacs(); })
      .Default([](Operation *) { return 0; });
}
