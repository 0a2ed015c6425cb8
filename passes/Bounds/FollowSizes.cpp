//===- FollowSizes.cpp - where sizes of run time go -------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "passes/Bounds/FollowSizes.h"

#include "dialects/Edge/EdgeConstants.h"

#include "mlir/Dialect/Utils/IndexingUtils.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace edgecc;
using namespace edgecc::bounds;

static RankedTensorType typeOf(Value value) {
  return cast<RankedTensorType>(value.getType());
}

static Dims fixedDims(RankedTensorType type) {
  Dims dims;
  for (int64_t size : type.getShape())
    dims.push_back(fixedDim(size));
  return dims;
}

Dims FollowSizes::get(Value value) const {
  auto found = known.find(value);
  return found != known.end() ? found->second : fixedDims(typeOf(value));
}

bool FollowSizes::isOpen(Value value) const {
  auto found = known.find(value);
  return found != known.end() && bounds::isOpen(found->second);
}

InFlightDiagnostic FollowSizes::refuse(Operation *op, int64_t dim) {
  return op->emitError("'")
         << op->getName() << "' combines elements along dimension " << dim
         << ", whose size is known at run time only, "
            "in a way that is not supported";
}

//===----------------------------------------------------------------------===//
// Masks
//===----------------------------------------------------------------------===//

static TypedAttr fillOf(Type type, Fill fill) {
  Builder builder(type.getContext());
  double infinity = std::numeric_limits<double>::infinity();
  if (isa<FloatType>(type)) {
    double number = fill == Fill::Zero    ? 0
                    : fill == Fill::One   ? 1
                    : fill == Fill::Least ? -infinity
                                          : infinity;
    return builder.getFloatAttr(type, number);
  }
  unsigned width = type.getIntOrFloatBitWidth();
  bool isUnsigned = type.isUnsignedInteger() || width == 1;
  APInt number(width, fill == Fill::One);
  if (fill == Fill::Least && !isUnsigned)
    number = APInt::getSignedMinValue(width);
  if (fill == Fill::Most)
    number = isUnsigned ? APInt::getMaxValue(width)
                        : APInt::getSignedMaxValue(width);
  return builder.getIntegerAttr(builder.getIntegerType(width), number);
}

Value FollowSizes::mask(Location loc, Value value, int64_t dim, Fill fill) {
  Dims dims = get(value);
  RankedTensorType type = typeOf(value);
  SmallVector<int64_t> shape(type.getRank(), 1);
  shape[dim] = type.getDimSize(dim);
  Attribute scalar = fillOf(type.getElementType(), fill);
  Value other = edge::ConstantOp::create(
      builder, loc,
      edge::makeConstant(RankedTensorType::get({}, type.getElementType()),
                         scalar));
  for (auto [i, factor] : llvm::enumerate(dims[dim])) {
    if (factor.size < 0)
      continue;
    Value place = sizes.constant(loc, sizes.coordinates(dims[dim], i), shape);
    Value counts =
        edge::CompareOp::create(builder, loc, edge::ComparePredicate::LT, place,
                                sizes[factor.size].value);
    value = edge::SelectOp::create(builder, loc, counts, value, other);
  }
  set(value, dims);
  return value;
}

void FollowSizes::maskOperand(Operation *op, unsigned operand, int64_t dim,
                              Fill fill) {
  Value value = op->getOperand(operand);
  if (bounds::isOpen(get(value)[dim]))
    op->setOperand(operand, mask(op->getLoc(), value, dim, fill));
}

void FollowSizes::maskOperand(Operation *op, unsigned operand, Fill fill) {
  for (int64_t dim = 0; dim < typeOf(op->getOperand(operand)).getRank(); ++dim)
    maskOperand(op, operand, dim, fill);
}

std::optional<Dim> FollowSizes::findDim(ArrayRef<int64_t> at) const {
  if (llvm::all_equal(at))
    return fixedDim(at.front());
  int size = sizes.find(at);
  if (size < 0)
    return std::nullopt;
  return Dim{{at.front(), size}};
}

bool FollowSizes::agrees(Value value, const Dims &dims) const {
  for (auto [i, dim] : llvm::enumerate(dims))
    for (auto [instance, size] : llvm::enumerate(instances.getSizes(value, i)))
      if (sizes.getSize(dim, instance) != size)
        return false;
  return true;
}

FollowSizes::Result FollowSizes::visitMark(UnrealizedConversionCastOp op) {
  Value value = op.getOperand(0);
  Dims result = get(value);
  int64_t dim = op->getAttrOfType<IntegerAttr>("edge.dim").getInt();
  if (bounds::isOpen(result[dim]))
    return refuse(op, dim);
  auto known = marked.find(op.getOperand(1));
  if (known == marked.end())
    known = marked
                .try_emplace(op.getOperand(1),
                             sizes.add(op.getOperand(1),
                                       instances.getSizes(op.getResult(0), dim),
                                       /*least=*/0))
                .first;
  result[dim] = {{typeOf(value).getDimSize(dim), known->second}};
  // Other users of the value see all of it.
  Value own =
      edge::ReshapeOp::create(builder, op.getLoc(), value.getType(), value);
  op.getResult(0).replaceAllUsesWith(own);
  set(own, result);
  return result;
}

//===----------------------------------------------------------------------===//
// Constants
//===----------------------------------------------------------------------===//

/// Whether `part` has the elements of `whole` at the places that both have.
static bool isBegin(const edge::ConstantView &whole,
                    const edge::ConstantView &part) {
  int64_t bytes = edge::elementBytes(whole.getType().getElementType());
  ArrayRef<int64_t> shape = part.getType().getShape();
  SmallVector<int64_t> strides = computeStrides(whole.getType().getShape());
  for (int64_t i = 0; i < part.size(); ++i) {
    int64_t rest = i, from = 0;
    bool isInBoth = true;
    for (int64_t dim = shape.size() - 1; dim >= 0; --dim) {
      int64_t place = rest % shape[dim];
      isInBoth &= place < whole.getType().getDimSize(dim);
      from += place * strides[dim];
      rest /= shape[dim];
    }
    if (isInBoth && part.bytes().slice(i * bytes, bytes) !=
                        whole.bytes().slice(from * bytes, bytes))
      return false;
  }
  return true;
}

FollowSizes::Result FollowSizes::visitConstant(edge::ConstantOp op) {
  auto viewAt = [&](unsigned instance) {
    return edge::ConstantView::get(
        cast<edge::ConstantOp>(instances.getOp(op, instance)).getValue());
  };
  if (instances.isFixed(op) && instances.hasSameAttributes(op))
    return fixedDims(op.getType());
  Dims dims;
  for (int64_t i = 0; i < op.getType().getRank(); ++i) {
    std::optional<Dim> dim = findDim(instances.getSizes(op, i));
    if (!dim)
      return op.emitError("a constant depends on sizes that are known at run "
                          "time only");
    dims.push_back(*dim);
  }
  for (unsigned i = 1; i < instances.count(); ++i)
    if (!isBegin(*viewAt(0), *viewAt(i))) {
      if (!instances.isFixed(op) || failed(computeConstant(op)))
        return op.emitError("the elements of a constant depend on sizes that "
                            "are known at run time only");
      break;
    }
  return dims;
}

/// `number` in each instance as factor * size + term, if it is.
static std::optional<std::pair<int64_t, int64_t>>
fitLine(ArrayRef<int64_t> at, ArrayRef<double> numbers) {
  for (size_t i = 1; i < at.size(); ++i) {
    if (at[i] == at[0])
      continue;
    double factor = (numbers[i] - numbers[0]) / (at[i] - at[0]);
    if (factor != std::round(factor))
      return std::nullopt;
    double term = numbers[0] - factor * at[0];
    for (auto [size, number] : llvm::zip(at, numbers))
      if (factor * size + term != number)
        return std::nullopt;
    if (std::abs(factor) > INT32_MAX || std::abs(term) > INT32_MAX ||
        term != std::round(term))
      return std::nullopt;
    return std::pair<int64_t, int64_t>(factor, term);
  }
  return std::nullopt;
}

LogicalResult FollowSizes::computeConstant(edge::ConstantOp op) {
  Location loc = op.getLoc();
  Type element = op.getType().getElementType();
  SmallVector<edge::ConstantView> views;
  for (unsigned i = 0; i < instances.count(); ++i)
    views.push_back(*edge::ConstantView::get(
        cast<edge::ConstantOp>(instances.getOp(op, i)).getValue()));
  // Each element is a line over one size or the product of two, or the
  // reciprocal of one.
  auto numberAt = [&](unsigned instance, int64_t i, bool invert) {
    const edge::ConstantView &view = views[instance];
    if (isa<IntegerType>(element))
      return double(view.integer(i));
    // What has been rounded to the element type was an integer before.
    return invert ? std::round(1 / view.real(i) * 64) / 64 : view.real(i);
  };
  auto compute = [&](int size, int other, bool invert) {
    SmallVector<int64_t> at = sizes[size].at;
    if (other >= 0)
      for (auto [product, own] : llvm::zip(at, sizes[other].at))
        product *= own;
    SmallVector<int32_t> factors, terms;
    for (int64_t i = 0; i < views[0].size(); ++i) {
      SmallVector<double> numbers;
      for (unsigned k = 0; k < instances.count(); ++k)
        numbers.push_back(numberAt(k, i, invert));
      auto line = fitLine(at, numbers);
      if (!line)
        return Value();
      factors.push_back(line->first);
      terms.push_back(line->second);
    }
    ArrayRef<int64_t> shape = op.getType().getShape();
    Value value = sizes[size].value;
    if (other >= 0)
      value = edge::MulOp::create(builder, loc, value, sizes[other].value);
    value = edge::MulOp::create(builder, loc,
                                sizes.constant(loc, factors, shape), value);
    value = edge::AddOp::create(builder, loc, value,
                                sizes.constant(loc, terms, shape));
    if (element != builder.getI32Type())
      value = edge::CastOp::create(builder, loc, value, element);
    return invert ? edge::ReciprocalOp::create(builder, loc, value).getResult()
                  : value;
  };
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointAfter(op);
  // One size explains more than two do.
  SmallVector<std::pair<int, int>> candidates;
  for (int size = 0; size < sizes.size(); ++size)
    candidates.emplace_back(size, -1);
  for (int size = 0; size < sizes.size(); ++size)
    for (int other = size; other < sizes.size(); ++other)
      candidates.emplace_back(size, other);
  for (auto [size, other] : candidates)
    for (bool invert : {false, true}) {
      if (invert && !isa<FloatType>(element))
        continue;
      if (Value value = compute(size, other, invert)) {
        op.getResult().replaceAllUsesWith(value);
        return success();
      }
    }
  return failure();
}

//===----------------------------------------------------------------------===//
// Elements by themselves, and movement
//===----------------------------------------------------------------------===//

FollowSizes::Result FollowSizes::visitElementwise(Operation *op) {
  // A quotient of integers that does not count must not be one by zero.
  if (isa<edge::DivOp, edge::ModOp, edge::FmodOp>(op) &&
      isa<IntegerType>(typeOf(op->getOperand(1)).getElementType()))
    maskOperand(op, 1, Fill::One);
  int64_t rank = typeOf(op->getResult(0)).getRank();
  Dims result(rank);
  for (Value operand : op->getOperands()) {
    Dims dims = get(operand);
    for (auto [i, dim] : llvm::enumerate(dims)) {
      Dim &own = result[rank - dims.size() + i];
      if (sizes.getBound(own) == 1 && !bounds::isOpen(own))
        own = dim;
      else if (!(dim == own) &&
               (sizes.getBound(dim) != 1 || bounds::isOpen(dim)))
        return refuse(op, i);
    }
  }
  return result;
}

FollowSizes::Result FollowSizes::visitTranspose(edge::TransposeOp op) {
  Dims dims = get(op.getInput()), result;
  for (int64_t from : op.getPermutation())
    result.push_back(dims[from]);
  return result;
}

/// Deals the factors of the input out to the dimensions of the result.
FollowSizes::Result FollowSizes::visitReshape(edge::ReshapeOp op) {
  Dim factors = flatten(get(op.getInput()));
  if (op.getType().getNumElements() == 0)
    return refuse(op, 0);
  std::reverse(factors.begin(), factors.end());
  Dims result;
  for (auto [i, size] : llvm::enumerate(op.getType().getShape())) {
    Dim dim;
    int64_t left = size;
    while (left != 1) {
      if (factors.empty())
        return refuse(op, i);
      Factor &next = factors.back();
      if (left % next.bound == 0) {
        dim.push_back(next);
        left /= next.bound;
        factors.pop_back();
      } else if (next.size < 0 && next.bound % left == 0) {
        dim.push_back({left, -1});
        next.bound /= left;
        left = 1;
      } else {
        return refuse(op, i);
      }
    }
    result.push_back(dim);
  }
  if (llvm::any_of(factors, [](Factor factor) { return factor.size >= 0; }))
    return refuse(op, 0);
  return result;
}

FollowSizes::Result FollowSizes::visitBroadcast(edge::BroadcastOp op) {
  Dims dims = get(op.getInput()), result;
  int64_t added = op.getType().getRank() - dims.size();
  for (int64_t i = 0; i < op.getType().getRank(); ++i) {
    std::optional<Dim> dim = findDim(instances.getSizes(op.getResult(), i));
    if (i >= added && typeOf(op.getInput()).getDimSize(i - added) != 1)
      dim = dims[i - added];
    if (!dim)
      return refuse(op, i);
    result.push_back(*dim);
  }
  return result;
}

FollowSizes::Result FollowSizes::visitSlice(edge::SliceOp op) {
  Dims result = get(op.getInput());
  // Dimensions that are read from their end, and the place there of the first
  // element.
  SmallVector<std::pair<int64_t, int64_t>> fromEnd;
  for (int64_t dim = 0; dim < int64_t(result.size()); ++dim) {
    SmallVector<int64_t> offsets, inputs, lengths;
    for (unsigned i = 0; i < instances.count(); ++i) {
      auto other = cast<edge::SliceOp>(instances.getOp(op, i));
      if (other.getStrides()[dim] != op.getStrides()[dim])
        return refuse(op, dim);
      offsets.push_back(other.getOffsets()[dim]);
      lengths.push_back(other.getSizes()[dim]);
      inputs.push_back(typeOf(other.getInput()).getDimSize(dim));
    }
    bool isWhole = op.getStrides()[dim] == 1 && inputs == lengths &&
                   llvm::all_of(offsets, [](int64_t o) { return o == 0; });
    if (isWhole)
      continue;
    // The same places wherever it ends, or all from one place on.
    bool isOpen = bounds::isOpen(result[dim]);
    int64_t term = offsets[0] - inputs[0];
    bool isFromEnd = isOpen && result[dim].size() == 1 &&
                     !llvm::all_equal(offsets) &&
                     llvm::all_of(llvm::zip(offsets, inputs), [&](auto pair) {
                       return std::get<0>(pair) - std::get<1>(pair) == term;
                     });
    if (isFromEnd && (llvm::all_equal(lengths) ||
                      (inputs == lengths && op.getStrides()[dim] == -1))) {
      fromEnd.emplace_back(dim, term);
      continue;
    }
    if (!llvm::all_equal(offsets))
      return refuse(op, dim);
    if (llvm::all_equal(lengths)) {
      int64_t last = offsets[0] + op.getStrides()[dim] * (lengths[0] - 1);
      if (isOpen && std::max(last, offsets[0]) >= sizes.getLeast(result[dim]))
        return refuse(op, dim);
      result[dim] = fixedDim(lengths[0]);
      continue;
    }
    std::optional<Dim> found = findDim(lengths);
    if (!found && isOpen && result[dim].size() == 1 &&
        op.getStrides()[dim] == 1)
      found = Dim{{lengths[0], sizes.derive(op.getLoc(), result[dim][0].size,
                                            lengths[0] - inputs[0])}};
    if (!found || op.getStrides()[dim] < 1)
      return refuse(op, dim);
    result[dim] = *found;
  }
  if (fromEnd.empty())
    return result;
  Location loc = op.getLoc();
  SmallVector<int64_t> offsets(op.getOffsets()), strides(op.getStrides());
  SmallVector<int64_t> lengths(op.getSizes());
  for (auto [dim, term] : fromEnd) {
    offsets[dim] = 0;
    strides[dim] = 1;
    lengths[dim] = op.getInput().getType().getDimSize(dim);
  }
  Value value = edge::SliceOp::create(
      builder, loc,
      RankedTensorType::get(lengths, op.getType().getElementType()),
      op.getInput(), offsets, lengths, strides);
  for (auto [dim, term] : fromEnd) {
    int64_t length = op.getSizes()[dim];
    value = edge::GatherOp::create(
        builder, loc, value,
        countFromEnd(loc, result[dim], term, op.getStrides()[dim], length),
        dim);
    if (length != sizes.getBound(result[dim]))
      result[dim] = fixedDim(length);
  }
  op.getResult().replaceAllUsesWith(value);
  set(value, result);
  return result;
}

FollowSizes::Result FollowSizes::visitPad(edge::PadOp op) {
  if (!instances.hasSameAttributes(op))
    return op.emitError("a border depends on sizes that are known at run time "
                        "only");
  Dims result = get(op.getInput());
  for (auto [i, dim] : llvm::enumerate(result)) {
    int64_t added = op.getLow()[i] + op.getHigh()[i];
    if (op.getLow()[i] == 0 && op.getHigh()[i] == 0)
      continue;
    if (!bounds::isOpen(dim)) {
      dim = fixedDim(op.getType().getDimSize(i));
      continue;
    }
    // What does not count becomes a part of the border.
    bool isZero = op.getMode() == edge::PadMode::Constant &&
                  op.getValue().convertToDouble() == 0;
    if (!isZero || dim.size() != 1)
      return refuse(op, i);
    maskOperand(op, 0, i, Fill::Zero);
    dim = {
        {dim[0].bound + added, sizes.derive(op.getLoc(), dim[0].size, added)}};
  }
  return result;
}

FollowSizes::Result FollowSizes::visitConcat(edge::ConcatOp op) {
  Location loc = op.getLoc();
  int64_t axis = op.getAxis();
  Dims result = get(op.getInputs().front());
  SmallVector<int> open;
  int64_t fixed = 0;
  bool isOpenBeforeEnd = false;
  for (Value input : op.getInputs()) {
    Dims dims = get(input);
    for (int64_t i = 0; i < int64_t(dims.size()); ++i)
      if (i != axis && !(dims[i] == result[i]))
        return refuse(op, i);
    isOpenBeforeEnd |= !open.empty();
    if (!bounds::isOpen(dims[axis]))
      fixed += typeOf(input).getDimSize(axis);
    else if (dims[axis].size() == 1)
      open.push_back(dims[axis][0].size);
    else
      return refuse(op, axis);
  }
  if (open.empty()) {
    result[axis] = fixedDim(fixed);
    return result;
  }
  int64_t bound = op.getType().getDimSize(axis);
  result[axis] = {{bound, sizes.sum(loc, open, fixed)}};
  if (!isOpenBeforeEnd)
    return result;
  // Closes the gaps: place p is read where it is behind all gaps before it.
  builder.setInsertionPointAfter(op);
  Value places =
      sizes.constant(loc, sizes.coordinates({{bound, -1}}, 0), bound);
  Value from = places, end;
  for (Value input : op.getInputs().drop_back()) {
    Dims dims = get(input);
    Value own = sizes.count(loc, dims[axis]);
    end = end ? edge::AddOp::create(builder, loc, end, own).getResult() : own;
    if (!bounds::isOpen(dims[axis]))
      continue;
    Value gap = edge::SubOp::create(
        builder, loc,
        sizes.constant(loc, {int32_t(typeOf(input).getDimSize(axis))}, {}),
        own);
    Value isBehind = edge::CompareOp::create(
        builder, loc, edge::ComparePredicate::LE, end, places);
    from = edge::AddOp::create(
        builder, loc, from,
        edge::SelectOp::create(builder, loc, isBehind, gap,
                               sizes.constant(loc, {0}, {})));
  }
  from = edge::MinOp::create(builder, loc, from,
                             sizes.constant(loc, {int32_t(bound - 1)}, {}));
  auto gather =
      edge::GatherOp::create(builder, loc, op.getResult(), from, axis);
  op.getResult().replaceAllUsesExcept(gather, gather);
  set(gather, result);
  return result;
}

FollowSizes::Result FollowSizes::visitGather(edge::GatherOp op) {
  Dims dims = get(op.getInput()), result;
  int64_t axis = op.getAxis();
  maskOperand(op, 1, Fill::Zero);
  if (bounds::isOpen(dims[axis])) {
    if (dims[axis].size() != 1)
      return refuse(op, axis);
    Dims places = get(op.getIndices());
    op->setOperand(1, countFromStart(op.getLoc(), op.getIndices(), dims[axis]));
    set(op.getIndices(), places);
  }
  result.append(dims.begin(), dims.begin() + axis);
  llvm::append_range(result, get(op.getIndices()));
  result.append(dims.begin() + axis + 1, dims.end());
  return result;
}

//===----------------------------------------------------------------------===//
// What combines elements
//===----------------------------------------------------------------------===//

FollowSizes::Result FollowSizes::visitMatMul(edge::MatMulOp op) {
  Dims lhs = get(op.getLhs()), rhs = get(op.getRhs());
  int64_t rank = op.getType().getRank();
  if (lhs.size() < 2 || rhs.size() < 2)
    return refuse(op, 0);
  if (!(lhs.back() == rhs[rhs.size() - 2]))
    return refuse(op, lhs.size() - 1);
  maskOperand(op, 0, lhs.size() - 1, Fill::Zero);
  maskOperand(op, 1, rhs.size() - 2, Fill::Zero);
  Dims result(rank);
  result[rank - 1] = rhs.back();
  result[rank - 2] = lhs[lhs.size() - 2];
  for (const Dims &dims : {lhs, rhs})
    for (size_t i = 0; i + 2 < dims.size(); ++i) {
      Dim &own = result[rank - dims.size() + i];
      if (!bounds::isOpen(own) && sizes.getBound(own) == 1)
        own = dims[i];
      else if (!(own == dims[i]) &&
               (bounds::isOpen(dims[i]) || sizes.getBound(dims[i]) != 1))
        return refuse(op, i);
    }
  return result;
}

FollowSizes::Result FollowSizes::visitReduce(edge::ReduceOp op) {
  Fill fill = Fill::Zero;
  switch (op.getKind()) {
  case edge::ReduceKind::Sum:
    break;
  case edge::ReduceKind::Prod:
    fill = Fill::One;
    break;
  case edge::ReduceKind::Max:
    fill = Fill::Least;
    break;
  case edge::ReduceKind::Min:
    fill = Fill::Most;
    break;
  }
  Dims result = get(op.getInput());
  for (int64_t axis : op.getAxes()) {
    maskOperand(op, 0, axis, fill);
    result[axis] = {};
  }
  return result;
}

FollowSizes::Result FollowSizes::visitSoftmax(edge::SoftmaxOp op) {
  maskOperand(op, 0, op.getAxis(), Fill::Least);
  return get(op.getInput());
}

FollowSizes::Result FollowSizes::visitCumulative(edge::CumulativeOp op) {
  Dims dims = get(op.getInput());
  if (bounds::isOpen(dims[op.getAxis()]) && op.getReverse())
    return refuse(op, op.getAxis());
  return dims;
}

FollowSizes::Result FollowSizes::visitArgReduce(edge::ArgReduceOp op) {
  Dims result = get(op.getInput());
  if (bounds::isOpen(result[op.getAxis()]) && op.getLast())
    return refuse(op, op.getAxis());
  maskOperand(op, 0, op.getAxis(),
              op.getKind() == edge::ArgKind::Max ? Fill::Least : Fill::Most);
  result[op.getAxis()] = {};
  return result;
}

FollowSizes::Result FollowSizes::visitLayerNorm(edge::LayerNormOp op) {
  Dims result = get(op.getInput());
  for (int64_t i = op.getAxis(); i < int64_t(result.size()); ++i)
    if (bounds::isOpen(result[i]))
      return refuse(op, i);
  return result;
}

template <typename OpTy>
FollowSizes::Result FollowSizes::visitWindow(OpTy op, ArrayRef<int64_t> kernel,
                                             Fill fill) {
  Dims dims = get(op.getInput()), result = fixedDims(op.getType());
  result[0] = dims[0];
  if (bounds::isOpen(dims.back()))
    return refuse(op, dims.size() - 1);
  for (size_t i = 0; i < kernel.size(); ++i) {
    Dim &dim = dims[i + 1];
    if (!bounds::isOpen(dim))
      continue;
    if (dim.size() != 1)
      return refuse(op, i + 1);
    maskOperand(op, 0, i + 1, fill);
    int64_t stride = op.getStrides()[i];
    int64_t reach = op.getDilation(i) * (kernel[i] - 1) + 1;
    int64_t term = op.getPadsLow()[i] + op.getPadsHigh()[i] - reach + stride;
    result[i + 1] = {{op.getType().getDimSize(i + 1),
                      sizes.derive(op.getLoc(), dim[0].size, term, stride)}};
  }
  return result;
}

LogicalResult FollowSizes::visitApart(Operation *op,
                                      ArrayRef<int64_t> combined) {
  Dims dims = get(op->getOperand(0));
  for (Value operand : op->getOperands().drop_front())
    if (isOpen(operand))
      return refuse(op, 0);
  for (int64_t dim : combined)
    if (bounds::isOpen(dims[dim]))
      return refuse(op, dim);
  for (Value result : op->getResults()) {
    Dims own = fixedDims(typeOf(result));
    if (own.size() != dims.size())
      return refuse(op, 0);
    for (auto [from, to] : llvm::zip(dims, own))
      if (bounds::isOpen(from))
        to = from;
    set(result, own);
  }
  return success();
}

//===----------------------------------------------------------------------===//
// Operations
//===----------------------------------------------------------------------===//

LogicalResult FollowSizes::visit(Operation *op) {
  bool isFixed = llvm::all_of(op->getResults(), [&](Value result) {
    return instances.isFixed(result);
  });
  bool readsOpen = false;
  op->walk([&](Operation *inner) {
    for (Value operand : inner->getOperands())
      readsOpen |= isOpen(operand);
  });
  if (auto loop = dyn_cast<edge::LoopOp>(op))
    if (readsOpen || !isFixed || !instances.hasSameAttributes(op))
      return visitLoop(loop);
  bool mayDiffer =
      isa<edge::ConstantOp, edge::SliceOp, edge::PadOp, edge::IfOp>(op);
  if (!mayDiffer && !instances.hasSameAttributes(op))
    return op->emitError("'") << op->getName()
                              << "' depends on sizes that are known at run "
                                 "time only, in a way that is not supported";
  if (isFixed && !readsOpen && !mayDiffer)
    return success();
  auto notSupported = [&] {
    return op->emitError("'") << op->getName()
                              << "' is not supported where sizes are known at "
                                 "run time only";
  };
  bool isQuantized = llvm::any_of(op->getOperands(), [](Value operand) {
    return isa<quant::QuantizedType>(typeOf(operand).getElementType());
  });
  if (isQuantized && !isa<edge::DequantizeOp, edge::StorageCastOp,
                          edge::ReshapeOp, edge::TransposeOp, edge::BroadcastOp,
                          edge::SliceOp, edge::ConcatOp, edge::GatherOp>(op))
    return notSupported();
  builder.setInsertionPoint(op);
  if (isa<edge::ElementwiseOpInterface, edge::QuantizeOp, edge::DequantizeOp,
          edge::StorageCastOp>(op)) {
    Result dims = visitElementwise(op);
    if (failed(dims))
      return failure();
    set(op->getResult(0), *dims);
  } else {
    std::optional<Result> dims =
        llvm::TypeSwitch<Operation *, std::optional<Result>>(op)
            .Case([&](UnrealizedConversionCastOp op) { return visitMark(op); })
            .Case([&](edge::ConstantOp op) { return visitConstant(op); })
            .Case([&](edge::ReshapeOp op) { return visitReshape(op); })
            .Case([&](edge::TransposeOp op) { return visitTranspose(op); })
            .Case([&](edge::BroadcastOp op) { return visitBroadcast(op); })
            .Case([&](edge::SliceOp op) { return visitSlice(op); })
            .Case([&](edge::PadOp op) { return visitPad(op); })
            .Case([&](edge::ConcatOp op) { return visitConcat(op); })
            .Case([&](edge::GatherOp op) { return visitGather(op); })
            .Case([&](edge::MatMulOp op) { return visitMatMul(op); })
            .Case([&](edge::ReduceOp op) { return visitReduce(op); })
            .Case([&](edge::SoftmaxOp op) { return visitSoftmax(op); })
            .Case([&](edge::CumulativeOp op) { return visitCumulative(op); })
            .Case([&](edge::ArgReduceOp op) { return visitArgReduce(op); })
            .Case([&](edge::LayerNormOp op) { return visitLayerNorm(op); })
            .Case([&](edge::ConvOp op) {
              return visitWindow(op,
                                 typeOf(op.getWeights())
                                     .getShape()
                                     .take_front(op.getStrides().size()),
                                 Fill::Zero);
            })
            .Case([&](edge::PoolOp op) {
              return visitWindow(op, op.getKernel(),
                                 op.getKind() == edge::PoolKind::Max
                                     ? Fill::Least
                                     : Fill::Zero);
            })
            .Default([](Operation *) { return std::nullopt; });
    if (dims && failed(*dims))
      return failure();
    if (dims) {
      set(op->getResult(0), **dims);
    } else if (auto topK = dyn_cast<edge::TopKOp>(op)) {
      if (failed(visitApart(op, {int64_t(topK.getAxis())})))
        return failure();
    } else if (auto resample = dyn_cast<edge::ResampleOp>(op)) {
      if (failed(visitApart(op, {int64_t(resample.getAxis())})))
        return failure();
    } else if (isa<edge::LstmOp, edge::GruOp, edge::RnnOp>(op)) {
      if (failed(visitRecurrent(op)))
        return failure();
    } else if (auto branch = dyn_cast<edge::IfOp>(op)) {
      if (failed(visitIf(branch)))
        return failure();
    } else {
      return notSupported();
    }
  }
  for (Value result : op->getResults())
    if (!agrees(result, get(result)))
      return op->emitError("the shape of the result of '")
             << op->getName()
             << "' depends on sizes that are known at run "
                "time only, in a way that is not supported";
  return success();
}
