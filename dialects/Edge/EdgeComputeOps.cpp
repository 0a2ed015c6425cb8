//===- EdgeComputeOps.cpp - contractions, windows, reductions ---*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "dialects/Edge/EdgeConstants.h"
#include "dialects/Edge/EdgeDialect.h"
#include "dialects/Edge/EdgeVerify.h"

#include "mlir/IR/TypeUtilities.h"

#include <numeric>

using namespace mlir;
using namespace edgecc::edge;

#define EDGE_INFER(OP)                                                         \
  LogicalResult OP::inferReturnTypes(                                          \
      MLIRContext *context, std::optional<Location> loc, ValueRange operands,  \
      DictionaryAttr attributes, OpaqueProperties properties,                  \
      RegionRange regions, SmallVectorImpl<Type> &results)
#define EDGE_ADAPTOR Adaptor op(operands, attributes, properties, regions)

static RankedTensorType typeOf(Value value) {
  return cast<RankedTensorType>(value.getType());
}

//===----------------------------------------------------------------------===//
// Epilogues
//===----------------------------------------------------------------------===//

/// The element type of a result: what the epilogue yields, if there is one,
/// else `computed`.
static Type resultElement(RegionRange regions, Type computed) {
  if (regions.empty())
    return computed;
  std::optional<ValueRange> yielded =
      edgecc::edge::detail::getYielded(*regions[0]);
  if (!yielded || yielded->size() != 1)
    return computed;
  Type type = yielded->front().getType();
  return type == signless(computed) ? computed : type;
}

/// Narrow floats come back as they went in, what quantised values express is
/// real; integers stay wide.
static Type computedElement(Type input) {
  input = expressedType(input);
  return isa<FloatType>(input) ? input : accumulatorType(input);
}

static LogicalResult verifyEpilogue(EpilogueOpInterface op) {
  Region &region = op.getEpilogueRegion();
  OperandRange extras(op.getEpilogueOperandsMutable());
  if (region.empty()) {
    if (!extras.empty())
      return op->emitOpError("has epilogue operands but no epilogue");
    return success();
  }
  Block &block = region.front();
  if (block.getNumArguments() != extras.size() + 1)
    return op->emitOpError("expects an epilogue with ")
           << extras.size() + 1 << " arguments, found "
           << block.getNumArguments();
  if (block.getArgument(0).getType() != op.getAccumulatorType())
    return op->emitOpError("expects an epilogue on ")
           << op.getAccumulatorType() << ", found "
           << block.getArgument(0).getType();
  ArrayRef<int64_t> shape = typeOf(op->getResult(0)).getShape();
  for (auto [extra, argument] :
       llvm::zip(extras, block.getArguments().drop_front())) {
    RankedTensorType type = typeOf(extra);
    FailureOr<SmallVector<int64_t>> joint =
        broadcastShapes({type.getShape(), shape});
    if (failed(joint) || ArrayRef<int64_t>(*joint) != shape)
      return op->emitOpError("epilogue operand of type ")
             << type << " does not broadcast to " << op->getResult(0).getType();
    if (argument.getType() != signless(type.getElementType()))
      return op->emitOpError("expects epilogue argument ")
             << argument.getArgNumber() << " of type "
             << signless(type.getElementType()) << ", found "
             << argument.getType();
  }
  std::optional<ValueRange> yielded = edgecc::edge::detail::getYielded(region);
  if (!yielded || yielded->size() != 1)
    return op->emitOpError("expects an epilogue that yields one scalar");
  return edgecc::edge::detail::verifyScalarCode(op, block);
}

/// A window slides over `spatial` dimensions; one stride, border and dilation
/// for each.
static bool isWindow(int64_t spatial, ArrayRef<int64_t> strides,
                     std::optional<ArrayRef<int64_t>> dilations,
                     ArrayRef<int64_t> low, ArrayRef<int64_t> high) {
  auto isPositive = [](int64_t value) { return value > 0; };
  return int64_t(strides.size()) == spatial && int64_t(low.size()) == spatial &&
         int64_t(high.size()) == spatial && llvm::all_of(strides, isPositive) &&
         (!dilations || (int64_t(dilations->size()) == spatial &&
                         llvm::all_of(*dilations, isPositive)));
}

static LogicalResult verifyBias(Operation *op, Value bias, int64_t channels) {
  if (!bias)
    return success();
  RankedTensorType type = typeOf(bias);
  if (type.getRank() != 1 || type.getDimSize(0) != channels)
    return op->emitOpError("expects a bias of ")
           << channels << " elements, found " << type;
  return success();
}

//===----------------------------------------------------------------------===//
// Convolution
//===----------------------------------------------------------------------===//

/// The number of windows of extent `dilation * (kernel - 1) + 1` that fit.
static int64_t windows(int64_t size, int64_t kernel, int64_t stride,
                       int64_t dilation, int64_t low, int64_t high) {
  int64_t room = size + low + high - dilation * (kernel - 1) - 1;
  return room < 0 ? 0 : room / stride + 1;
}

EDGE_INFER(ConvOp) {
  EDGE_ADAPTOR;
  RankedTensorType input = typeOf(operands[0]), weights = typeOf(operands[1]);
  int64_t spatial = op.getStrides().size();
  if (input.getRank() != spatial + 2 || weights.getRank() != spatial + 2 ||
      !isWindow(spatial, op.getStrides(), op.getDilations(), op.getPadsLow(),
                op.getPadsHigh()))
    return emitOptionalError(loc, "'edge.conv' with ", spatial,
                             " strides cannot apply ", weights, " to ", input);
  SmallVector<int64_t> shape{input.getDimSize(0)};
  for (int64_t i = 0; i < spatial; ++i) {
    int64_t dilation = op.getDilations() ? (*op.getDilations())[i] : 1;
    int64_t size = windows(input.getDimSize(i + 1), weights.getDimSize(i),
                           op.getStrides()[i], dilation, op.getPadsLow()[i],
                           op.getPadsHigh()[i]);
    if (size < 1)
      return emitOptionalError(loc, "'edge.conv' window ", weights,
                               " is larger than the padded input ", input);
    shape.push_back(size);
  }
  shape.push_back(weights.getShape().back());
  Type element =
      resultElement(regions, computedElement(input.getElementType()));
  results.push_back(RankedTensorType::get(shape, element));
  return success();
}

/// Whether weights are stored as narrower floats than they are computed as.
static bool areNarrower(RankedTensorType input, RankedTensorType weights) {
  return input.getElementType().isF32() &&
         isa<Float16Type, BFloat16Type, Float8E4M3FNType, Float8E5M2Type>(
             weights.getElementType());
}

LogicalResult ConvOp::verify() {
  if (failed(edgecc::edge::detail::verifyInferred(*this)))
    return failure();
  RankedTensorType input = typeOf(getInput()), weights = typeOf(getWeights());
  int64_t spatial = getSpatialRank(), groups = getGroups();
  int64_t channels = input.getShape().back();
  int64_t outputs = weights.getShape().back();
  if (groups < 1 || channels % groups || outputs % groups)
    return emitOpError("cannot split ")
           << channels << " input and " << outputs << " output channels into "
           << groups << " groups";
  if (weights.getDimSize(spatial) != channels / groups)
    return emitOpError("expects weights for ")
           << channels / groups << " input channels, found "
           << weights.getDimSize(spatial);
  // Weights in bytes may be scaled after the sums.
  bool areScaledLater = isa<FloatType>(input.getElementType()) &&
                        weights.getElementType().isInteger(8);
  if ((!areScaledLater && !areNarrower(input, weights) &&
       failed(edgecc::edge::detail::verifyFactors(
           *this, {getInput(), getWeights()}))) ||
      failed(verifyBias(*this, getBias(), outputs)))
    return failure();
  return verifyEpilogue(*this);
}

bool ConvOp::isDepthwise() {
  int64_t channels = typeOf(getInput()).getShape().back();
  return int64_t(getGroups()) == channels && channels > 1;
}

int64_t ConvOp::getMacs() {
  RankedTensorType weights = typeOf(getWeights());
  int64_t outputs = weights.getShape().back();
  return getType().getNumElements() / std::max<int64_t>(outputs, 1) *
         weights.getNumElements();
}

EDGE_INFER(ConvTransposeOp) {
  EDGE_ADAPTOR;
  RankedTensorType input = typeOf(operands[0]), weights = typeOf(operands[1]);
  int64_t spatial = op.getStrides().size();
  if (input.getRank() != spatial + 2 || weights.getRank() != spatial + 2 ||
      !isWindow(spatial, op.getStrides(), op.getDilations(), op.getPadsLow(),
                op.getPadsHigh()) ||
      int64_t(op.getOutputPadding().size()) != spatial)
    return emitOptionalError(loc, "'edge.conv_transpose' with ", spatial,
                             " strides cannot apply ", weights, " to ", input);
  SmallVector<int64_t> shape{input.getDimSize(0)};
  for (int64_t i = 0; i < spatial; ++i) {
    int64_t dilation = op.getDilations() ? (*op.getDilations())[i] : 1;
    int64_t size = op.getStrides()[i] * (input.getDimSize(i + 1) - 1) +
                   op.getOutputPadding()[i] +
                   dilation * (weights.getDimSize(i) - 1) + 1 -
                   op.getPadsLow()[i] - op.getPadsHigh()[i];
    if (size < 1)
      return emitOptionalError(loc,
                               "'edge.conv_transpose' has no output in "
                               "spatial dimension ",
                               i);
    shape.push_back(size);
  }
  shape.push_back(weights.getShape().back() * op.getGroups());
  Type element =
      resultElement(regions, computedElement(input.getElementType()));
  results.push_back(RankedTensorType::get(shape, element));
  return success();
}

LogicalResult ConvTransposeOp::verify() {
  if (failed(edgecc::edge::detail::verifyInferred(*this)))
    return failure();
  RankedTensorType input = typeOf(getInput()), weights = typeOf(getWeights());
  int64_t spatial = getStrides().size();
  int64_t channels = input.getShape().back();
  if (getGroups() < 1 || channels % getGroups())
    return emitOpError("cannot split ")
           << channels << " input channels into " << getGroups() << " groups";
  if (weights.getDimSize(spatial) != channels)
    return emitOpError("expects weights for ")
           << channels << " input channels, found "
           << weights.getDimSize(spatial);
  if (failed(edgecc::edge::detail::verifyFactors(*this,
                                                 {getInput(), getWeights()})) ||
      failed(verifyBias(*this, getBias(), getType().getShape().back())))
    return failure();
  return verifyEpilogue(*this);
}

//===----------------------------------------------------------------------===//
// Matrix product
//===----------------------------------------------------------------------===//

EDGE_INFER(MatMulOp) {
  RankedTensorType lhs = typeOf(operands[0]), rhs = typeOf(operands[1]);
  if (lhs.getRank() < 2 || rhs.getRank() < 2 ||
      lhs.getShape().back() != rhs.getShape().drop_back().back())
    return emitOptionalError(loc, "'edge.matmul' cannot multiply ", lhs,
                             " and ", rhs);
  FailureOr<SmallVector<int64_t>> shape = broadcastShapes(
      {lhs.getShape().drop_back(2), rhs.getShape().drop_back(2)});
  if (failed(shape))
    return emitOptionalError(loc, "'edge.matmul' batches of ", lhs, " and ",
                             rhs, " do not broadcast");
  shape->push_back(lhs.getShape().drop_back().back());
  shape->push_back(rhs.getShape().back());
  Type element = resultElement(regions, computedElement(lhs.getElementType()));
  results.push_back(RankedTensorType::get(*shape, element));
  return success();
}

LogicalResult MatMulOp::verify() {
  if (failed(edgecc::edge::detail::verifyInferred(*this)))
    return failure();
  if ((!areNarrower(typeOf(getLhs()), typeOf(getRhs())) &&
       failed(
           edgecc::edge::detail::verifyFactors(*this, {getLhs(), getRhs()}))) ||
      failed(verifyBias(*this, getBias(), getType().getShape().back())))
    return failure();
  return verifyEpilogue(*this);
}

int64_t MatMulOp::getMacs() {
  return getType().getNumElements() * typeOf(getLhs()).getShape().back();
}

EDGE_INFER(BlockMatMulOp) {
  RankedTensorType lhs = typeOf(operands[0]), weights = typeOf(operands[1]);
  if (lhs.getRank() < 2 || weights.getRank() != 2 ||
      lhs.getShape().back() != weights.getDimSize(0))
    return emitOptionalError(loc, "'edge.block_matmul' cannot multiply ", lhs,
                             " and ", weights);
  SmallVector<int64_t> shape(lhs.getShape());
  shape.back() = weights.getDimSize(1);
  Type element = resultElement(regions, lhs.getElementType());
  results.push_back(RankedTensorType::get(shape, element));
  return success();
}

LogicalResult BlockMatMulOp::verify() {
  if (failed(edgecc::edge::detail::verifyInferred(*this)) ||
      failed(edgecc::edge::detail::verifyBlocks(*this, getWeights(),
                                                getScales(), getZeroPoints(), 0,
                                                getBlockSize())) ||
      failed(verifyBias(*this, getBias(), getType().getShape().back())))
    return failure();
  return verifyEpilogue(*this);
}

int64_t BlockMatMulOp::getMacs() {
  return getType().getNumElements() * typeOf(getLhs()).getShape().back();
}

//===----------------------------------------------------------------------===//
// Windows and reductions
//===----------------------------------------------------------------------===//

EDGE_INFER(PoolOp) {
  EDGE_ADAPTOR;
  RankedTensorType input = typeOf(operands[0]);
  int64_t spatial = op.getKernel().size();
  if (input.getRank() != spatial + 2 ||
      !isWindow(spatial, op.getStrides(), op.getDilations(), op.getPadsLow(),
                op.getPadsHigh()))
    return emitOptionalError(loc, "'edge.pool' with a window of ", spatial,
                             " dimensions cannot slide over ", input);
  SmallVector<int64_t> shape{input.getDimSize(0)};
  for (int64_t i = 0; i < spatial; ++i) {
    int64_t dilation = op.getDilations() ? (*op.getDilations())[i] : 1;
    int64_t size =
        windows(input.getDimSize(i + 1), op.getKernel()[i], op.getStrides()[i],
                dilation, op.getPadsLow()[i], op.getPadsHigh()[i]);
    if (size < 1)
      return emitOptionalError(loc,
                               "'edge.pool' window is larger than the "
                               "padded input ",
                               input);
    shape.push_back(size);
  }
  shape.push_back(input.getShape().back());
  Type element = input.getElementType();
  if (op.getKind() == PoolKind::Sum)
    element = expressedType(element);
  results.push_back(
      RankedTensorType::get(shape, resultElement(regions, element)));
  return success();
}

LogicalResult PoolOp::verify() {
  if (failed(edgecc::edge::detail::verifyInferred(*this)))
    return failure();
  return verifyEpilogue(*this);
}

EDGE_INFER(ReduceOp) {
  EDGE_ADAPTOR;
  RankedTensorType input = typeOf(operands[0]);
  SmallVector<int64_t> shape(input.getShape());
  for (int64_t axis : op.getAxes()) {
    if (axis < 0 || axis >= input.getRank())
      return emitOptionalError(loc, "'edge.reduce' axis ", axis,
                               " is outside [0, ", input.getRank(), ")");
    shape[axis] = 1;
  }
  Type element = input.getElementType();
  if (op.getKind() == ReduceKind::Sum || op.getKind() == ReduceKind::Prod)
    element = expressedType(element);
  results.push_back(
      RankedTensorType::get(shape, resultElement(regions, element)));
  return success();
}

LogicalResult ReduceOp::verify() {
  if (failed(edgecc::edge::detail::verifyInferred(*this)))
    return failure();
  if (!llvm::is_sorted(getAxes()) ||
      std::adjacent_find(getAxes().begin(), getAxes().end()) != getAxes().end())
    return emitOpError("expects rising axes, found [") << getAxes() << "]";
  return verifyEpilogue(*this);
}

static LogicalResult verifyAxis(Operation *op, int64_t axis, int64_t rank) {
  if (axis < 0 || axis >= rank)
    return op->emitOpError("axis ")
           << axis << " is outside [0, " << rank << ")";
  return success();
}

EDGE_INFER(ArgReduceOp) {
  EDGE_ADAPTOR;
  RankedTensorType input = typeOf(operands[0]);
  if (int64_t(op.getAxis()) < 0 || int64_t(op.getAxis()) >= input.getRank())
    return emitOptionalError(loc, "'edge.arg_reduce' axis ",
                             int64_t(op.getAxis()), " is outside [0, ",
                             input.getRank(), ")");
  SmallVector<int64_t> shape(input.getShape());
  shape[op.getAxis()] = 1;
  results.push_back(
      RankedTensorType::get(shape, IntegerType::get(context, 64)));
  return success();
}

LogicalResult ArgReduceOp::verify() {
  return edgecc::edge::detail::verifyInferred(*this);
}

#define EDGE_SAME_TYPE(OP)                                                     \
  EDGE_INFER(OP) {                                                             \
    RankedTensorType input = typeOf(operands[0]);                              \
    results.push_back(input.clone(expressedType(input.getElementType())));     \
    return success();                                                          \
  }

EDGE_SAME_TYPE(CumulativeOp)
EDGE_SAME_TYPE(SoftmaxOp)
EDGE_SAME_TYPE(LayerNormOp)

LogicalResult CumulativeOp::verify() {
  if (failed(edgecc::edge::detail::verifyInferred(*this)))
    return failure();
  return verifyAxis(*this, getAxis(), getType().getRank());
}

LogicalResult SoftmaxOp::verify() {
  if (failed(edgecc::edge::detail::verifyInferred(*this)))
    return failure();
  return verifyAxis(*this, getAxis(), getType().getRank());
}

LogicalResult LayerNormOp::verify() {
  if (failed(edgecc::edge::detail::verifyInferred(*this)))
    return failure();
  if (failed(verifyAxis(*this, getAxis(), getType().getRank())))
    return failure();
  if (failed(edgecc::edge::detail::verifyFactors(
          *this, {getInput(), getScale(), getBias()})))
    return failure();
  ArrayRef<int64_t> inner = getType().getShape().drop_front(getAxis());
  for (Value operand : {getScale(), getBias()})
    if (operand && typeOf(operand).getShape() != inner)
      return emitOpError("expects scale and bias of shape [")
             << inner << "], found " << operand.getType();
  return success();
}

EDGE_INFER(ResampleOp) {
  EDGE_ADAPTOR;
  RankedTensorType input = typeOf(operands[0]);
  if (int64_t(op.getAxis()) < 0 || int64_t(op.getAxis()) >= input.getRank())
    return emitOptionalError(loc, "'edge.resample' axis ",
                             int64_t(op.getAxis()), " is outside [0, ",
                             input.getRank(), ")");
  SmallVector<int64_t> shape(input.getShape());
  shape[op.getAxis()] = op.getIndices().getShapedType().getDimSize(0);
  results.push_back(
      RankedTensorType::get(shape, expressedType(input.getElementType())));
  return success();
}

LogicalResult ResampleOp::verify() {
  if (failed(edgecc::edge::detail::verifyInferred(*this)))
    return failure();
  auto indices = cast<RankedTensorType>(getIndices().getShapedType());
  auto weights = cast<RankedTensorType>(getWeights().getShapedType());
  if (indices.getRank() != 2 || indices.getShape() != weights.getShape() ||
      !indices.getElementType().isInteger(32) ||
      !weights.getElementType().isF32())
    return emitOpError("expects i32 indices and f32 weights of one shape, "
                       "found ")
           << indices << " and " << weights;
  int64_t size = typeOf(getInput()).getDimSize(getAxis());
  if (auto view = ConstantView::get(getIndices()))
    for (int64_t i = 0; i < view->size(); ++i)
      if (view->integer(i) < 0 || view->integer(i) >= size)
        return emitOpError("index ")
               << view->integer(i) << " is outside [0, " << size << ")";
  return success();
}

//===----------------------------------------------------------------------===//
// Recurrent cells
//===----------------------------------------------------------------------===//

/// All states (T, N, H) and `lasts` times the last one (N, H).
static LogicalResult inferCell(std::optional<Location> loc, StringRef name,
                               ValueRange operands, int64_t gates,
                               unsigned lasts, SmallVectorImpl<Type> &results) {
  RankedTensorType projected = typeOf(operands[0]);
  if (projected.getRank() != 3 || projected.getDimSize(2) % gates)
    return emitOptionalError(loc, "'edge.", name,
                             "' expects projected inputs (T, N, ", gates,
                             " * H), found ", projected);
  int64_t hidden = projected.getDimSize(2) / gates;
  Type element = projected.getElementType();
  int64_t time = projected.getDimSize(0), batch = projected.getDimSize(1);
  results.push_back(RankedTensorType::get({time, batch, hidden}, element));
  for (unsigned i = 0; i < lasts; ++i)
    results.push_back(RankedTensorType::get({batch, hidden}, element));
  return success();
}

EDGE_INFER(LstmOp) { return inferCell(loc, "lstm", operands, 4, 2, results); }
EDGE_INFER(GruOp) { return inferCell(loc, "gru", operands, 3, 1, results); }
EDGE_INFER(RnnOp) { return inferCell(loc, "rnn", operands, 1, 1, results); }

static LogicalResult verifyShape(Operation *op, StringRef name, Value value,
                                 ArrayRef<int64_t> shape) {
  if (value && typeOf(value).getShape() != shape)
    return op->emitOpError("expects ")
           << name << " of shape [" << shape << "], found " << value.getType();
  return success();
}

LogicalResult LstmOp::verify() {
  if (failed(edgecc::edge::detail::verifyInferred(*this)))
    return failure();
  int64_t batch = getStates().getType().getDimSize(1);
  int64_t hidden = getStates().getType().getDimSize(2);
  if (failed(
          verifyShape(*this, "weights", getWeights(), {hidden, 4 * hidden})) ||
      failed(verifyShape(*this, "h", getH(), {batch, hidden})) ||
      failed(verifyShape(*this, "c", getC(), {batch, hidden})))
    return failure();
  return verifyShape(*this, "peepholes", getPeepholes(), {3 * hidden});
}

LogicalResult GruOp::verify() {
  if (failed(edgecc::edge::detail::verifyInferred(*this)))
    return failure();
  int64_t batch = getStates().getType().getDimSize(1);
  int64_t hidden = getStates().getType().getDimSize(2);
  if (failed(
          verifyShape(*this, "weights", getWeights(), {hidden, 3 * hidden})) ||
      failed(verifyShape(*this, "h", getH(), {batch, hidden})))
    return failure();
  return verifyShape(*this, "recurrent_bias", getRecurrentBias(), {3 * hidden});
}

LogicalResult RnnOp::verify() {
  if (failed(edgecc::edge::detail::verifyInferred(*this)))
    return failure();
  int64_t batch = getStates().getType().getDimSize(1);
  int64_t hidden = getStates().getType().getDimSize(2);
  if (failed(verifyShape(*this, "weights", getWeights(), {hidden, hidden})))
    return failure();
  return verifyShape(*this, "h", getH(), {batch, hidden});
}
