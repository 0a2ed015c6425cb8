//===- EdgeTensorOps.cpp - constants, movement, control flow ----*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "dialects/Edge/EdgeConstants.h"
#include "dialects/Edge/EdgeDialect.h"
#include "dialects/Edge/EdgeFold.h"
#include "dialects/Edge/EdgeVerify.h"

#include "mlir/IR/DialectResourceBlobManager.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/IR/TypeUtilities.h"

#include <numeric>

using namespace mlir;
using namespace edgecc::edge;

/// Starts an `inferReturnTypes` with the adaptor `op` and the type `input` of
/// the first operand.
#define EDGE_INFER(OP)                                                         \
  LogicalResult OP::inferReturnTypes(                                          \
      MLIRContext *context, std::optional<Location> loc, ValueRange operands,  \
      DictionaryAttr attributes, OpaqueProperties properties,                  \
      RegionRange regions, SmallVectorImpl<Type> &results)
#define EDGE_ADAPTOR Adaptor op(operands, attributes, properties, regions)

static RankedTensorType typeOf(Value value) {
  return cast<RankedTensorType>(value.getType());
}

/// Row-major strides of a shape, in elements.
static SmallVector<int64_t> rowMajorStrides(ArrayRef<int64_t> shape) {
  SmallVector<int64_t> strides(shape.size(), 1);
  for (int64_t i = int64_t(shape.size()) - 2; i >= 0; --i)
    strides[i] = strides[i + 1] * shape[i + 1];
  return strides;
}

static LogicalResult verifyAxis(Operation *op, int64_t axis, int64_t rank) {
  if (axis < 0 || axis >= rank)
    return op->emitOpError("axis ")
           << axis << " is outside [0, " << rank << ")";
  return success();
}

static LogicalResult verifyCount(Operation *op, StringRef name, size_t count,
                                 int64_t rank) {
  if (int64_t(count) != rank)
    return op->emitOpError("expects ")
           << rank << " " << name << ", found " << count;
  return success();
}

//===----------------------------------------------------------------------===//
// Constant
//===----------------------------------------------------------------------===//

EDGE_INFER(ConstantOp) {
  EDGE_ADAPTOR;
  results.push_back(op.getValue().getShapedType());
  return success();
}

OpFoldResult ConstantOp::fold(FoldAdaptor adaptor) { return getValue(); }

//===----------------------------------------------------------------------===//
// Reshape, transpose, broadcast
//===----------------------------------------------------------------------===//

LogicalResult ReshapeOp::verify() {
  if (typeOf(getInput()).getNumElements() != getType().getNumElements())
    return emitOpError("cannot give ")
           << getInput().getType() << " the shape of " << getType();
  if (typeOf(getInput()).getElementType() != getType().getElementType())
    return emitOpError("expects one element type, found ")
           << getInput().getType() << " and " << getType();
  return success();
}

OpFoldResult ReshapeOp::fold(FoldAdaptor adaptor) {
  if (getInput().getType() == getType())
    return getInput();
  if (auto dense = dyn_cast_or_null<DenseElementsAttr>(adaptor.getInput()))
    return dense.reshape(getType());
  if (auto resource =
          dyn_cast_or_null<DenseResourceElementsAttr>(adaptor.getInput()))
    return DenseResourceElementsAttr::get(getType(), resource.getRawHandle());
  if (auto view = ConstantView::get(adaptor.getInput()))
    return makeConstant(getType(), view->bytes());
  if (auto producer = getInput().getDefiningOp<ReshapeOp>()) {
    getInputMutable().assign(producer.getInput());
    return getResult();
  }
  return {};
}

EDGE_INFER(TransposeOp) {
  EDGE_ADAPTOR;
  RankedTensorType input = typeOf(operands[0]);
  ArrayRef<int64_t> permutation = op.getPermutation();
  SmallVector<int64_t> sorted(permutation), identity(input.getRank());
  llvm::sort(sorted);
  std::iota(identity.begin(), identity.end(), 0);
  if (sorted != identity)
    return emitOptionalError(loc, "'edge.transpose' expects a permutation of ",
                             input.getRank(), " dimensions");
  SmallVector<int64_t> shape;
  for (int64_t dim : permutation)
    shape.push_back(input.getDimSize(dim));
  Type element = input.getElementType();
  if (auto perAxis = dyn_cast<quant::UniformQuantizedPerAxisType>(element)) {
    const auto *axis = llvm::find(permutation, perAxis.getQuantizedDimension());
    element = quant::UniformQuantizedPerAxisType::get(
        perAxis.getFlags(), perAxis.getStorageType(),
        perAxis.getExpressedType(), perAxis.getScales(),
        perAxis.getZeroPoints(), axis - permutation.begin(),
        perAxis.getStorageTypeMin(), perAxis.getStorageTypeMax());
  }
  results.push_back(RankedTensorType::get(shape, element));
  return success();
}

LogicalResult TransposeOp::verify() {
  return edgecc::edge::detail::verifyInferred(*this);
}

OpFoldResult TransposeOp::fold(FoldAdaptor adaptor) {
  ArrayRef<int64_t> permutation = getPermutation();
  if (llvm::is_sorted(permutation))
    return getInput();
  SmallVector<int64_t> strides = rowMajorStrides(typeOf(getInput()).getShape());
  if (auto folded = foldMovement(
          adaptor.getInput(), getType(), [&](ArrayRef<int64_t> position) {
            int64_t index = 0;
            for (auto [i, dim] : llvm::enumerate(permutation))
              index += position[i] * strides[dim];
            return index;
          }))
    return folded;
  if (auto producer = getInput().getDefiningOp<TransposeOp>()) {
    SmallVector<int64_t> combined;
    for (int64_t dim : permutation)
      combined.push_back(producer.getPermutation()[dim]);
    setPermutation(combined);
    getInputMutable().assign(producer.getInput());
    return getResult();
  }
  return {};
}

LogicalResult BroadcastOp::verify() {
  FailureOr<SmallVector<int64_t>> shape =
      broadcastShapes({typeOf(getInput()).getShape(), getType().getShape()});
  if (failed(shape) || ArrayRef<int64_t>(*shape) != getType().getShape())
    return emitOpError("cannot broadcast ")
           << getInput().getType() << " to " << getType();
  if (typeOf(getInput()).getElementType() != getType().getElementType())
    return emitOpError("expects one element type, found ")
           << getInput().getType() << " and " << getType();
  return success();
}

OpFoldResult BroadcastOp::fold(FoldAdaptor adaptor) {
  if (getInput().getType() == getType())
    return getInput();
  auto dense = dyn_cast_or_null<DenseElementsAttr>(adaptor.getInput());
  if (getType().getNumElements() > maxFoldedElements &&
      !(dense && dense.isSplat()))
    return {};
  ArrayRef<int64_t> shape = typeOf(getInput()).getShape();
  SmallVector<int64_t> strides = rowMajorStrides(shape);
  int64_t offset = getType().getRank() - shape.size();
  return foldMovement(adaptor.getInput(), getType(),
                      [&](ArrayRef<int64_t> position) {
                        int64_t index = 0;
                        for (auto [i, size] : llvm::enumerate(shape))
                          if (size != 1)
                            index += position[offset + i] * strides[i];
                        return index;
                      });
}

//===----------------------------------------------------------------------===//
// Slice, pad, concat
//===----------------------------------------------------------------------===//

EDGE_INFER(SliceOp) {
  EDGE_ADAPTOR;
  results.push_back(RankedTensorType::get(
      op.getSizes(), getElementTypeOrSelf(operands[0].getType())));
  return success();
}

LogicalResult SliceOp::verify() {
  RankedTensorType input = typeOf(getInput());
  if (failed(verifyCount(*this, "offsets", getOffsets().size(),
                         input.getRank())) ||
      failed(verifyCount(*this, "sizes", getSizes().size(), input.getRank())) ||
      failed(
          verifyCount(*this, "strides", getStrides().size(), input.getRank())))
    return failure();
  for (int64_t i = 0; i < input.getRank(); ++i) {
    int64_t first = getOffsets()[i], size = getSizes()[i];
    int64_t last = first + (size - 1) * getStrides()[i];
    if (size < 0 || getStrides()[i] == 0)
      return emitOpError("expects sizes of at least zero and strides that are "
                         "not, found ")
             << size << " and " << getStrides()[i] << " in dimension " << i;
    if (size > 0 && (std::min(first, last) < 0 ||
                     std::max(first, last) >= input.getDimSize(i)))
      return emitOpError("reads elements ")
             << first << " to " << last << " of dimension " << i
             << ", which has " << input.getDimSize(i);
  }
  return success();
}

OpFoldResult SliceOp::fold(FoldAdaptor adaptor) {
  if (getInput().getType() == getType() &&
      llvm::all_of(getOffsets(), [](int64_t i) { return i == 0; }) &&
      llvm::all_of(getStrides(), [](int64_t i) { return i == 1; }))
    return getInput();
  SmallVector<int64_t> strides = rowMajorStrides(typeOf(getInput()).getShape());
  return foldMovement(
      adaptor.getInput(), getType(), [&](ArrayRef<int64_t> position) {
        int64_t index = 0;
        for (auto [i, p] : llvm::enumerate(position))
          index += (getOffsets()[i] + p * getStrides()[i]) * strides[i];
        return index;
      });
}

EDGE_INFER(PadOp) {
  EDGE_ADAPTOR;
  RankedTensorType input = typeOf(operands[0]);
  if (int64_t(op.getLow().size()) != input.getRank() ||
      int64_t(op.getHigh().size()) != input.getRank())
    return emitOptionalError(loc,
                             "'edge.pad' expects a low and a high border "
                             "for each of ",
                             input.getRank(), " dimensions");
  SmallVector<int64_t> shape;
  for (int64_t i = 0; i < input.getRank(); ++i)
    shape.push_back(op.getLow()[i] + input.getDimSize(i) + op.getHigh()[i]);
  results.push_back(RankedTensorType::get(shape, input.getElementType()));
  return success();
}

LogicalResult PadOp::verify() {
  if (failed(edgecc::edge::detail::verifyInferred(*this)))
    return failure();
  RankedTensorType input = typeOf(getInput());
  for (int64_t i = 0; i < input.getRank(); ++i) {
    int64_t size = input.getDimSize(i);
    int64_t widest = std::max(getLow()[i], getHigh()[i]);
    if (std::min(getLow()[i], getHigh()[i]) < 0)
      return emitOpError("expects borders of at least zero, found ")
             << std::min(getLow()[i], getHigh()[i]) << " in dimension " << i;
    if ((getMode() == PadMode::Reflect && widest > 0 && widest >= size) ||
        (getMode() == PadMode::Wrap && widest > size) ||
        (getMode() == PadMode::Edge && widest > 0 && size == 0))
      return emitOpError("cannot fill a border of ")
             << widest << " from " << size << " elements in dimension " << i;
  }
  return success();
}

OpFoldResult PadOp::fold(FoldAdaptor adaptor) {
  if (getInput().getType() == getType())
    return getInput();
  return {};
}

EDGE_INFER(ConcatOp) {
  EDGE_ADAPTOR;
  if (operands.empty())
    return emitOptionalError(loc, "'edge.concat' expects an operand");
  RankedTensorType first = typeOf(operands[0]);
  int64_t axis = op.getAxis();
  if (axis < 0 || axis >= first.getRank())
    return emitOptionalError(loc, "'edge.concat' axis ", axis,
                             " is outside [0, ", first.getRank(), ")");
  SmallVector<int64_t> shape(first.getShape());
  shape[axis] = 0;
  for (Value operand : operands) {
    RankedTensorType type = typeOf(operand);
    bool fits = type.getElementType() == first.getElementType() &&
                type.getRank() == first.getRank();
    for (int64_t i = 0; fits && i < type.getRank(); ++i)
      fits = i == axis || type.getDimSize(i) == first.getDimSize(i);
    if (!fits)
      return emitOptionalError(loc, "'edge.concat' cannot join ", first,
                               " and ", type, " along dimension ", axis);
    shape[axis] += type.getDimSize(axis);
  }
  results.push_back(RankedTensorType::get(shape, first.getElementType()));
  return success();
}

LogicalResult ConcatOp::verify() {
  return edgecc::edge::detail::verifyInferred(*this);
}

OpFoldResult ConcatOp::fold(FoldAdaptor adaptor) {
  if (getInputs().size() == 1)
    return getInputs()[0];
  SmallVector<ConstantView> views;
  for (Attribute input : adaptor.getInputs()) {
    auto view = ConstantView::get(input);
    if (!view)
      return {};
    views.push_back(*view);
  }
  ArrayRef<int64_t> shape = getType().getShape();
  int64_t width = elementBytes(getType().getElementType());
  int64_t outer = std::accumulate(shape.begin(), shape.begin() + getAxis(),
                                  int64_t(1), std::multiplies<>());
  std::vector<char> bytes;
  bytes.reserve(getType().getNumElements() * width);
  for (int64_t i = 0; i < outer; ++i)
    for (ConstantView &view : views) {
      ArrayRef<char> all = view.bytes();
      size_t piece = all.size() / outer;
      bytes.insert(bytes.end(), all.begin() + i * piece,
                   all.begin() + (i + 1) * piece);
    }
  return makeConstant(getType(), bytes);
}

//===----------------------------------------------------------------------===//
// Indexed access
//===----------------------------------------------------------------------===//

EDGE_INFER(GatherOp) {
  EDGE_ADAPTOR;
  RankedTensorType input = typeOf(operands[0]), indices = typeOf(operands[1]);
  int64_t axis = op.getAxis();
  if (axis < 0 || axis >= input.getRank())
    return emitOptionalError(loc, "'edge.gather' axis ", axis,
                             " is outside [0, ", input.getRank(), ")");
  SmallVector<int64_t> shape(input.getShape().take_front(axis));
  llvm::append_range(shape, indices.getShape());
  llvm::append_range(shape, input.getShape().drop_front(axis + 1));
  results.push_back(RankedTensorType::get(shape, input.getElementType()));
  return success();
}

LogicalResult GatherOp::verify() {
  return edgecc::edge::detail::verifyInferred(*this);
}

OpFoldResult GatherOp::fold(FoldAdaptor adaptor) {
  auto indices = ConstantView::get(adaptor.getIndices());
  if (!indices || !adaptor.getInput())
    return {};
  ArrayRef<int64_t> shape = typeOf(getInput()).getShape();
  int64_t axis = getAxis(), size = shape[axis];
  int64_t indexRank = indices->getType().getRank();
  for (int64_t i = 0; i < indices->size(); ++i)
    if (indices->integer(i) < -size || indices->integer(i) >= size)
      return {};
  SmallVector<int64_t> strides = rowMajorStrides(shape);
  SmallVector<int64_t> indexStrides =
      rowMajorStrides(indices->getType().getShape());
  return foldMovement(
      adaptor.getInput(), getType(), [&](ArrayRef<int64_t> position) {
        int64_t at = 0, result = 0;
        for (int64_t i = 0; i < indexRank; ++i)
          at += position[axis + i] * indexStrides[i];
        int64_t index = indices->integer(at);
        for (int64_t i = 0; i < axis; ++i)
          result += position[i] * strides[i];
        result += (index < 0 ? index + size : index) * strides[axis];
        for (int64_t i = axis + 1, e = shape.size(); i < e; ++i)
          result += position[i + indexRank - 1] * strides[i];
        return result;
      });
}

/// Except along `axis`, `indices` is nowhere larger than `input`.
static LogicalResult verifyInside(Operation *op, Value indices, Value input,
                                  int64_t axis) {
  for (auto [dim, size, limit] :
       llvm::enumerate(typeOf(indices).getShape(), typeOf(input).getShape()))
    if (int64_t(dim) != axis && size > limit)
      return op->emitOpError("indices of type ")
             << indices.getType() << " reach beyond " << input.getType()
             << " in dimension " << dim;
  return success();
}

static LogicalResult verifyUpdates(Operation *op, Value updates, Value input) {
  if (typeOf(updates).getElementType() != typeOf(input).getElementType())
    return op->emitOpError("expects updates of the input's element type, "
                           "found ")
           << updates.getType() << " and " << input.getType();
  return success();
}

EDGE_INFER(GatherElementsOp) {
  results.push_back(
      typeOf(operands[1]).clone(typeOf(operands[0]).getElementType()));
  return success();
}

LogicalResult GatherElementsOp::verify() {
  if (failed(edgecc::edge::detail::verifyInferred(*this)))
    return failure();
  if (typeOf(getInput()).getRank() != typeOf(getIndices()).getRank())
    return emitOpError("expects input and indices of one rank, found ")
           << getInput().getType() << " and " << getIndices().getType();
  if (failed(verifyAxis(*this, getAxis(), getType().getRank())))
    return failure();
  return verifyInside(*this, getIndices(), getInput(), getAxis());
}

EDGE_INFER(GatherNDOp) {
  EDGE_ADAPTOR;
  RankedTensorType input = typeOf(operands[0]), indices = typeOf(operands[1]);
  int64_t batch = op.getBatchDims();
  int64_t tuple = indices.getRank() ? indices.getShape().back() : -1;
  if (tuple < 0 || batch < 0 || batch >= indices.getRank() ||
      batch + tuple > input.getRank())
    return emitOptionalError(loc, "'edge.gather_nd' indices of type ", indices,
                             " do not address ", input, " after ", batch,
                             " batch dimensions");
  SmallVector<int64_t> shape(indices.getShape().drop_back());
  llvm::append_range(shape, input.getShape().drop_front(batch + tuple));
  results.push_back(RankedTensorType::get(shape, input.getElementType()));
  return success();
}

LogicalResult GatherNDOp::verify() {
  if (failed(edgecc::edge::detail::verifyInferred(*this)))
    return failure();
  int64_t batch = getBatchDims();
  if (typeOf(getInput()).getShape().take_front(batch) !=
      typeOf(getIndices()).getShape().take_front(batch))
    return emitOpError("expects equal batch dimensions, found ")
           << getInput().getType() << " and " << getIndices().getType();
  return success();
}

EDGE_INFER(ScatterElementsOp) {
  results.push_back(operands[1].getType());
  return success();
}

LogicalResult ScatterElementsOp::verify() {
  if (failed(edgecc::edge::detail::verifyInferred(*this)))
    return failure();
  if (typeOf(getUpdates()).getShape() != typeOf(getIndices()).getShape() ||
      typeOf(getUpdates()).getRank() != getType().getRank())
    return emitOpError("expects updates and indices of one shape and the "
                       "input's rank, found ")
           << getUpdates().getType() << " and " << getIndices().getType();
  if (failed(verifyAxis(*this, getAxis(), getType().getRank())) ||
      failed(verifyUpdates(*this, getUpdates(), getInput())))
    return failure();
  return verifyInside(*this, getIndices(), getInput(), getAxis());
}

EDGE_INFER(ScatterNDOp) {
  results.push_back(operands[1].getType());
  return success();
}

LogicalResult ScatterNDOp::verify() {
  if (failed(edgecc::edge::detail::verifyInferred(*this)))
    return failure();
  RankedTensorType indices = typeOf(getIndices());
  int64_t tuple = indices.getRank() ? indices.getShape().back() : -1;
  if (tuple < 0 || tuple > getType().getRank())
    return emitOpError("indices of type ")
           << indices << " do not address " << getType();
  SmallVector<int64_t> shape(indices.getShape().drop_back());
  llvm::append_range(shape, getType().getShape().drop_front(tuple));
  if (typeOf(getUpdates()).getShape() != ArrayRef<int64_t>(shape))
    return emitOpError("expects updates of shape [")
           << shape << "], found " << getUpdates().getType();
  return verifyUpdates(*this, getUpdates(), getInput());
}

EDGE_INFER(TopKOp) {
  EDGE_ADAPTOR;
  RankedTensorType input = typeOf(operands[0]);
  if (int64_t(op.getAxis()) < 0 || int64_t(op.getAxis()) >= input.getRank())
    return emitOptionalError(loc, "'edge.top_k' axis ", int64_t(op.getAxis()),
                             " is outside [0, ", input.getRank(), ")");
  SmallVector<int64_t> shape(input.getShape());
  shape[op.getAxis()] = op.getK();
  results.push_back(RankedTensorType::get(shape, input.getElementType()));
  results.push_back(
      RankedTensorType::get(shape, IntegerType::get(context, 64)));
  return success();
}

LogicalResult TopKOp::verify() {
  if (failed(edgecc::edge::detail::verifyInferred(*this)))
    return failure();
  int64_t size = typeOf(getInput()).getDimSize(getAxis());
  if (int64_t(getK()) < 0 || int64_t(getK()) > size)
    return emitOpError("cannot pick ")
           << getK() << " of " << size << " elements";
  return success();
}

//===----------------------------------------------------------------------===//
// If
//===----------------------------------------------------------------------===//

LogicalResult IfOp::verify() {
  if (typeOf(getCondition()).getNumElements() != 1)
    return emitOpError("expects a condition of one element, found ")
           << getCondition().getType();
  for (Region *region : {&getThenRegion(), &getElseRegion()}) {
    std::optional<ValueRange> yielded = detail::getYielded(*region);
    if (!yielded || yielded->getTypes() != getResultTypes()) {
      InFlightDiagnostic diagnostic =
          emitOpError("expects branches that yield its results' types");
      diagnostic.attachNote(region->getLoc()) << "this one does not";
      return diagnostic;
    }
  }
  return success();
}

namespace {
/// A constant condition leaves one branch.
struct TakeKnownBranch : OpRewritePattern<IfOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(IfOp op,
                                PatternRewriter &rewriter) const override {
    Attribute condition;
    if (!matchPattern(op.getCondition(), m_Constant(&condition)))
      return failure();
    auto value = dyn_cast_or_null<IntegerAttr>(splatValue(condition));
    if (!value)
      return failure();
    Block &taken =
        (value.getValue().isZero() ? op.getElseRegion() : op.getThenRegion())
            .front();
    SmallVector<Value> yielded(taken.getTerminator()->getOperands());
    rewriter.eraseOp(taken.getTerminator());
    rewriter.inlineBlockBefore(&taken, op);
    rewriter.replaceOp(op, yielded);
    return success();
  }
};
} // namespace

void IfOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                       MLIRContext *context) {
  patterns.add<TakeKnownBranch>(context);
}

//===----------------------------------------------------------------------===//
// Loop
//===----------------------------------------------------------------------===//

OperandRange LoopOp::getNext() {
  OperandRange yielded = getBody().front().getTerminator()->getOperands();
  return yielded.drop_front(getCondition() ? 1 : 0)
      .take_front(getCarried().size());
}

OperandRange LoopOp::getCollected() {
  OperandRange yielded = getBody().front().getTerminator()->getOperands();
  return yielded.drop_front((getCondition() ? 1 : 0) + getCarried().size());
}

LogicalResult LoopOp::verify() {
  for (Value operand : {getTrips(), getCondition()})
    if (operand && typeOf(operand).getNumElements() != 1)
      return emitOpError("expects trips and a condition of one element, found ")
             << operand.getType();
  Type number = RankedTensorType::get({}, IntegerType::get(getContext(), 64));
  SmallVector<Type> arguments{number};
  llvm::append_range(arguments, getCarried().getTypes());
  Block &body = getBody().front();
  if (body.getArgumentTypes() != TypeRange(arguments))
    return emitOpError("expects a body that takes ")
           << arguments << ", found " << body.getArgumentTypes();
  std::optional<ValueRange> yielded = detail::getYielded(getBody());
  size_t fixed = (getCondition() ? 1 : 0) + getCarried().size();
  if (!yielded || yielded->size() < fixed ||
      (getCondition() &&
       yielded->front().getType() != getCondition().getType()) ||
      getNext().getTypes() != getCarried().getTypes())
    return emitOpError("expects a body that yields what it takes");
  OperandRange collected = getCollected();
  SmallVector<Type> results(getCarried().getTypes());
  for (Value value : collected) {
    SmallVector<int64_t> shape{int64_t(getMaxTrips())};
    llvm::append_range(shape, typeOf(value).getShape());
    results.push_back(
        RankedTensorType::get(shape, typeOf(value).getElementType()));
  }
  if (getResultTypes() != TypeRange(results))
    return emitOpError("expects results of type ")
           << results << ", found " << getResultTypes();
  return success();
}
