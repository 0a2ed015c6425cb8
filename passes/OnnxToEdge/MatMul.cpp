//===- MatMul.cpp - ONNX matrix products ------------------------*- C++ -*-===//
//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/OnnxToEdge/Window.h"

using namespace mlir;
using namespace edgecc;

//===----------------------------------------------------------------------===//
// Pieces
//===----------------------------------------------------------------------===//

/// Exchanges the last two dimensions.
static Value transposeLast(ConversionContext &ctx, Value value) {
  SmallVector<int64_t> permutation =
      llvm::to_vector(llvm::seq<int64_t>(0, getRank(value)));
  std::swap(permutation[permutation.size() - 1],
            permutation[permutation.size() - 2]);
  return ctx.transpose(value, permutation);
}

/// The product of two operands of rank 1 or more as NumPy defines it; operands
/// of rank 1 lose their dimension.
static FailureOr<Value> createMatMul(ConversionContext &ctx, Value lhs,
                                     Value rhs) {
  // Bodies of functions (Attention) multiply what is f32 by what is f64.
  auto lhsType = dyn_cast<FloatType>(getElementType(lhs));
  auto rhsType = dyn_cast<FloatType>(getElementType(rhs));
  if (lhsType && rhsType && lhsType.getWidth() != rhsType.getWidth()) {
    bool isLeft = lhsType.getWidth() > rhsType.getWidth();
    lhs = ctx.cast(lhs, isLeft ? lhsType : rhsType);
    rhs = ctx.cast(rhs, isLeft ? lhsType : rhsType);
  }
  int64_t lhsRank = getRank(lhs), rhsRank = getRank(rhs);
  if (lhsRank < 1 || rhsRank < 1)
    return ctx.error() << "operands must have at least one dimension, found "
                       << lhs.getType() << " and " << rhs.getType();
  if (lhsRank == 1)
    lhs = ctx.reshape(lhs, {1, getShape(lhs)[0]});
  if (rhsRank == 1)
    rhs = ctx.reshape(rhs, {getShape(rhs)[0], 1});
  if (getShape(lhs).back() != getShape(rhs)[getRank(rhs) - 2])
    return ctx.error() << "operands do not fit together: " << lhs.getType()
                       << " and " << rhs.getType();
  Value result = ctx.create<edge::MatMulOp>(lhs, rhs, Value(), ValueRange());
  SmallVector<int64_t> shape(getShape(result));
  if (rhsRank == 1)
    shape.pop_back();
  if (lhsRank == 1)
    shape.erase(shape.end() - (rhsRank == 1 ? 1 : 2));
  return ctx.reshape(result, shape);
}

/// `value` times a number, if that is not one.
static Value scale(ConversionContext &ctx, Value value, double factor) {
  if (factor == 1.0)
    return value;
  return ctx.create<edge::MulOp>(
      value, ctx.createSplat(factor, getElementType(value)));
}

//===----------------------------------------------------------------------===//
// MatMul and Gemm
//===----------------------------------------------------------------------===//

static Converted convertMatMul(ConversionContext &ctx) {
  if (failed(ctx.requireOperands(2)))
    return failure();
  FailureOr<Value> result =
      createMatMul(ctx, ctx.widen(ctx.operand(0)), ctx.widen(ctx.operand(1)));
  if (failed(result))
    return failure();
  return SmallVector<Value>{ctx.cast(*result, getElementType(ctx.operand(0)))};
}

/// alpha * A * B with optional transposition, an operator of ONNX Runtime.
static Converted convertFusedMatMul(ConversionContext &ctx) {
  if (failed(ctx.requireOperands(2)))
    return failure();
  onnx::NodeOp node = ctx.getNode();
  auto read = [&](unsigned index, StringRef transBatch, StringRef transposed) {
    Value x = ctx.widen(ctx.operand(index));
    int64_t rank = getRank(x);
    if (rank > 2 && node.getI64(transBatch, 0)) {
      // The first dimension comes behind those of the batch.
      auto order = llvm::to_vector(llvm::seq<int64_t>(0, rank));
      std::rotate(order.begin(), order.begin() + 1, order.end() - 1);
      x = ctx.transpose(x, order);
    }
    return rank > 1 && node.getI64(transposed, 0) ? transposeLast(ctx, x) : x;
  };
  Value lhs = read(0, "transBatchA", "transA");
  Value rhs = read(1, "transBatchB", "transB");
  FailureOr<Value> result = createMatMul(ctx, lhs, rhs);
  if (failed(result))
    return failure();
  return SmallVector<Value>{
      ctx.cast(scale(ctx, *result, node.getF32("alpha", 1.0f)),
               getElementType(ctx.operand(0)))};
}

/// alpha * A * B + beta * C.
static FailureOr<Value> createGemm(ConversionContext &ctx) {
  if (failed(ctx.requireOperands(2)))
    return failure();
  onnx::NodeOp node = ctx.getNode();
  Value lhs = ctx.widen(ctx.operand(0)), rhs = ctx.widen(ctx.operand(1));
  Value addend = ctx.operand(2) ? ctx.widen(ctx.operand(2)) : Value();
  // What products of unsigned integers give has no sign.
  if (addend && getElementType(addend).isUnsignedInteger())
    addend =
        ctx.cast(addend, ctx.getBuilder().getIntegerType(
                             getElementType(addend).getIntOrFloatBitWidth()));
  if (getRank(lhs) != 2 || getRank(rhs) != 2)
    return ctx.error() << "operands must have two dimensions, found "
                       << lhs.getType() << " and " << rhs.getType();
  if (node.getI64("transA", 0))
    lhs = transposeLast(ctx, lhs);
  if (node.getI64("transB", 0))
    rhs = transposeLast(ctx, rhs);
  if (getShape(lhs)[1] != getShape(rhs)[0])
    return ctx.error() << "operands do not fit together: " << lhs.getType()
                       << " and " << rhs.getType();
  SmallVector<int64_t> shape{getShape(lhs)[0], getShape(rhs)[1]};

  // Scaled weights cost nothing when they are constant.
  double alpha = node.getF32("alpha", 1.0f);
  bool scaleWeights = alpha != 1.0 && ctx.constant(rhs);
  if (scaleWeights)
    rhs = scale(ctx, rhs, alpha);
  if (addend)
    addend = scale(ctx, addend, node.getF32("beta", 1.0f));

  Value bias;
  if (addend && getRank(addend) > 0 && (alpha == 1.0 || scaleWeights) &&
      getTensorType(addend).getNumElements() == shape[1] &&
      getShape(addend).back() == shape[1])
    bias = ctx.reshape(addend, {shape[1]});
  Value result = ctx.create<edge::MatMulOp>(lhs, rhs, bias, ValueRange());
  if (!scaleWeights)
    result = scale(ctx, result, alpha);
  if (addend && !bias)
    result = ctx.create<edge::AddOp>(result, addend);
  if (getShape(result) != ArrayRef<int64_t>(shape))
    return ctx.error() << "operand 2 of type " << addend.getType()
                       << " does not broadcast to " << shape[0] << "x"
                       << shape[1];
  return result;
}

static Converted convertGemm(ConversionContext &ctx) {
  FailureOr<Value> result = createGemm(ctx);
  if (failed(result))
    return failure();
  return SmallVector<Value>{ctx.cast(*result, getElementType(ctx.operand(0)))};
}

static Converted convertFusedGemm(ConversionContext &ctx) {
  FailureOr<Value> result = createGemm(ctx);
  if (failed(result) || failed(result = applyFusedActivation(ctx, *result)))
    return failure();
  return SmallVector<Value>{ctx.cast(*result, getElementType(ctx.operand(0)))};
}

//===----------------------------------------------------------------------===//
// Einsum
//===----------------------------------------------------------------------===//

namespace {
/// A value whose dimensions have labels.
struct Labelled {
  Value value;
  std::string labels;
};

/// An equation: one string of labels per operand, and that of the result. The
/// dimensions of an ellipsis are labelled with characters below ' ', the last
/// one with \x1f.
struct Equation {
  SmallVector<std::string> operands;
  std::string result;
};
} // namespace

/// Replaces "..." by labels for `count` dimensions.
static std::string expandEllipsis(StringRef labels, int64_t count) {
  auto [before, after] = labels.split("...");
  if (before.size() == labels.size())
    return labels.str();
  std::string text = before.str();
  for (int64_t i = count; i > 0; --i)
    text.push_back(static_cast<char>(0x20 - i));
  return text + after.str();
}

static FailureOr<Equation> readEquation(ConversionContext &ctx) {
  std::string text = ctx.getNode().getString("equation").str();
  llvm::erase(text, ' ');
  auto fail = [&](StringRef why) {
    return ctx.error() << "equation '" << ctx.getNode().getString("equation")
                       << "' " << why;
  };
  auto [inputs, output] = StringRef(text).split("->");
  SmallVector<StringRef> terms;
  inputs.split(terms, ',');
  if (terms.size() != ctx.getNumOperands())
    return fail("does not have one term per operand");
  Equation equation;
  int64_t ellipsis = 0;
  for (auto [index, term] : llvm::enumerate(terms)) {
    int64_t named = term.contains("...") ? term.size() - 3 : term.size();
    int64_t rank = getRank(ctx.operand(index));
    if (named > rank || (named < rank && !term.contains("...")))
      return fail("does not fit the ranks of the operands");
    ellipsis = std::max(ellipsis, rank - named);
    equation.operands.push_back(expandEllipsis(term, rank - named));
  }
  if (text.find("->") != std::string::npos) {
    equation.result = expandEllipsis(output, ellipsis);
    return equation;
  }
  // Without a result: the labels that occur once, in alphabetic order.
  std::string all;
  for (StringRef labels : equation.operands)
    all += labels;
  for (char label : all)
    if (label < ' ' ? !StringRef(equation.result).contains(label)
                    : StringRef(all).count(label) == 1)
      equation.result.push_back(label);
  llvm::sort(equation.result);
  return equation;
}

/// Keeps of dimensions with one label the elements where they have one index.
static Labelled takeDiagonals(ConversionContext &ctx, Labelled term) {
  for (size_t second = 1; second < term.labels.size(); ++second) {
    size_t first = term.labels.find(term.labels[second]);
    if (first == second)
      continue;
    SmallVector<int64_t> order{int64_t(first), int64_t(second)}, shape;
    std::string labels(1, term.labels[first]);
    int64_t size = getShape(term.value)[first];
    for (auto [dim, label] : llvm::enumerate(term.labels))
      if (dim != first && dim != second) {
        order.push_back(dim);
        labels.push_back(label);
        shape.push_back(getShape(term.value)[dim]);
      }
    shape.insert(shape.begin(), size * size);
    Value flat = ctx.reshape(ctx.transpose(term.value, order), shape);
    SmallVector<int64_t> positions;
    for (int64_t i = 0; i < size; ++i)
      positions.push_back(i * (size + 1));
    Value diagonal =
        ctx.create<edge::GatherOp>(flat, ctx.createInts(positions, {size}),
                                   ctx.getBuilder().getI64IntegerAttr(0));
    return takeDiagonals(ctx, {diagonal, labels});
  }
  return term;
}

/// Sums over the dimensions whose labels are not in `kept`.
static Labelled sumOthers(ConversionContext &ctx, Labelled term,
                          StringRef kept) {
  SmallVector<int64_t> axes, shape;
  std::string labels;
  for (auto [dim, label] : llvm::enumerate(term.labels)) {
    if (kept.contains(label)) {
      labels.push_back(label);
      shape.push_back(getShape(term.value)[dim]);
    } else {
      axes.push_back(dim);
    }
  }
  if (axes.empty())
    return term;
  Value sum = ctx.create<edge::ReduceOp>(edge::ReduceKind::Sum, term.value,
                                         ValueRange(), axes);
  return {ctx.reshape(sum, shape), labels};
}

/// The dimensions of `term` in the order of `labels`.
static Value arrange(ConversionContext &ctx, const Labelled &term,
                     StringRef labels) {
  SmallVector<int64_t> permutation;
  for (char label : labels)
    permutation.push_back(term.labels.find(label));
  return ctx.transpose(term.value, permutation);
}

/// The product of two terms with the labels in `kept`; the others are summed.
static Labelled contract(ConversionContext &ctx, Labelled lhs, Labelled rhs,
                         StringRef kept) {
  std::string both = kept.str();
  lhs = sumOthers(ctx, lhs, both + rhs.labels);
  rhs = sumOthers(ctx, rhs, both + lhs.labels);
  std::string batch, rows, columns, summed;
  SmallVector<int64_t> sizes[3];
  int64_t m = 1, k = 1, n = 1, batches = 1;
  for (auto [dim, label] : llvm::enumerate(lhs.labels)) {
    int64_t size = getShape(lhs.value)[dim];
    if (!StringRef(rhs.labels).contains(label)) {
      rows.push_back(label);
      sizes[1].push_back(size);
      m *= size;
    } else if (kept.contains(label)) {
      batch.push_back(label);
      sizes[0].push_back(size);
      batches *= size;
    } else {
      summed.push_back(label);
      k *= size;
    }
  }
  for (auto [dim, label] : llvm::enumerate(rhs.labels))
    if (!StringRef(lhs.labels).contains(label)) {
      columns.push_back(label);
      sizes[2].push_back(getShape(rhs.value)[dim]);
      n *= sizes[2].back();
    }
  Value left = arrange(ctx, lhs, batch + rows + summed);
  Value right = arrange(ctx, rhs, batch + summed + columns);
  SmallVector<int64_t> leftShape{batches, m, k}, rightShape{batches, k, n};
  if (batch.empty()) {
    leftShape.erase(leftShape.begin());
    rightShape.erase(rightShape.begin());
  }
  Value product = ctx.create<edge::MatMulOp>(ctx.reshape(left, leftShape),
                                             ctx.reshape(right, rightShape),
                                             Value(), ValueRange());
  SmallVector<int64_t> shape;
  for (ArrayRef<int64_t> part : sizes)
    shape.append(part.begin(), part.end());
  return {ctx.reshape(product, shape), batch + rows + columns};
}

static Converted convertEinsum(ConversionContext &ctx) {
  if (ctx.getNumOperands() == 0 ||
      failed(ctx.requireOperands(ctx.getNumOperands())))
    return failure();
  FailureOr<Equation> equation = readEquation(ctx);
  if (failed(equation))
    return failure();
  llvm::SmallDenseMap<char, int64_t> sizes;
  SmallVector<Labelled> terms;
  for (auto [index, labels] : llvm::enumerate(equation->operands)) {
    Value value = ctx.widen(ctx.operand(index));
    for (auto [size, label] : llvm::zip(getShape(value), labels))
      if (auto [it, isNew] = sizes.try_emplace(label, size);
          !isNew && it->second != size)
        return ctx.error() << "dimension '" << StringRef(&label, 1)
                           << "' of the equation is both " << it->second
                           << " and " << size;
    terms.push_back(takeDiagonals(ctx, {value, labels}));
  }
  for (char label : equation->result)
    if (!sizes.contains(label))
      return ctx.error() << "the equation's result has the label '"
                         << StringRef(&label, 1) << "', which no operand has";

  Labelled current = terms.front();
  for (size_t i = 1; i < terms.size(); ++i) {
    std::string kept = equation->result;
    for (size_t later = i + 1; later < terms.size(); ++later)
      kept += terms[later].labels;
    current = contract(ctx, current, terms[i], kept);
  }
  current = sumOthers(ctx, current, equation->result);
  return SmallVector<Value>{ctx.cast(arrange(ctx, current, equation->result),
                                     getElementType(ctx.operand(0)))};
}

//===----------------------------------------------------------------------===//
// Determinants
//===----------------------------------------------------------------------===//

/// By elimination: each step takes the row with the largest first element as
/// pivot and leaves a matrix of one row and column less.
static Converted convertDet(ConversionContext &ctx) {
  if (failed(ctx.requireOperands(1)))
    return failure();
  Value input = ctx.operand(0);
  constexpr int64_t kMostRows = 64;
  int64_t rank = getRank(input);
  if (rank < 2 || getShape(input)[rank - 1] != getShape(input)[rank - 2])
    return ctx.error() << "needs square matrices, found " << input.getType();
  int64_t size = getShape(input)[rank - 1];
  if (size > kMostRows)
    return ctx.error() << "supports matrices of at most " << kMostRows
                       << " rows, found " << size;
  SmallVector<int64_t> outer(getShape(input).drop_back(2));
  int64_t batch = ShapedType::getNumElements(outer);
  Value matrix = ctx.reshape(ctx.widen(input), {batch, size, size});
  Type type = getElementType(matrix);
  Value result = ctx.createSplat(1, type, {batch});
  Value zero = ctx.createSplat(0, type);
  auto mul = [&](Value a, Value b) { return ctx.create<edge::MulOp>(a, b); };
  for (int64_t rest = size; rest > 0; --rest) {
    Value column = ctx.slice(matrix, 2, 0, 1);
    Value chosen = ctx.create<edge::ArgReduceOp>(
        edge::ArgKind::Max, ctx.create<edge::AbsOp>(column), uint64_t(1),
        /*last=*/false);
    Value row =
        ctx.create<edge::GatherNDOp>(matrix, ctx.reshape(chosen, {batch, 1, 1}),
                                     ctx.getBuilder().getI64IntegerAttr(1));
    Value pivot = ctx.reshape(ctx.slice(row, 2, 0, 1), {batch});
    Value isFirst = ctx.create<edge::CompareOp>(edge::ComparePredicate::EQ,
                                                ctx.reshape(chosen, {batch}),
                                                ctx.createInts({0}, {}));
    Value sign = ctx.create<edge::SelectOp>(isFirst, ctx.createSplat(1, type),
                                            ctx.createSplat(-1, type));
    result = mul(result, mul(pivot, sign));
    if (rest == 1)
      break;
    // The first row goes where the pivot's was.
    Value numbers = ctx.createInts(llvm::to_vector(llvm::seq<int64_t>(1, rest)),
                                   {1, rest - 1, 1});
    Value isChosen = ctx.create<edge::CompareOp>(edge::ComparePredicate::EQ,
                                                 numbers, chosen);
    matrix = ctx.create<edge::SelectOp>(isChosen, ctx.slice(matrix, 1, 0, 1),
                                        ctx.slice(matrix, 1, 1, rest - 1));
    Value divisor = ctx.reshape(pivot, {batch, 1, 1});
    Value isZero =
        ctx.create<edge::CompareOp>(edge::ComparePredicate::EQ, divisor, zero);
    Value factor = ctx.create<edge::DivOp>(ctx.slice(matrix, 2, 0, 1), divisor);
    factor = ctx.create<edge::SelectOp>(isZero, zero, factor);
    matrix =
        ctx.create<edge::SubOp>(ctx.slice(matrix, 2, 1, rest - 1),
                                mul(factor, ctx.slice(row, 2, 1, rest - 1)));
  }
  return SmallVector<Value>{
      ctx.cast(ctx.reshape(result, outer), getElementType(input))};
}

void edgecc::registerMatMulConverters(ConverterTable &table) {
  constexpr int64_t newest = ConverterTable::kNewest;
  table.add("MatMul", convertMatMul);
  table.add("Gemm", convertGemm, 7);
  table.add("Einsum", convertEinsum);
  table.add("Det", convertDet);
  table.add("FusedMatMul", convertFusedMatMul, 1, newest, kMicrosoftDomain);
  table.add("TransposeMatMul", convertFusedMatMul, 1, newest, kMicrosoftDomain);
  table.add("FusedGemm", convertFusedGemm, 1, newest, kMicrosoftDomain);
}
