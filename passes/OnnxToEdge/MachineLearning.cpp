//===- MachineLearning.cpp - classical models of ai.onnx.ml -----*- C++ -*-===//
//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/OnnxToEdge/MachineLearning.h"
#include <cmath>

using namespace mlir;
using namespace edgecc;

//===----------------------------------------------------------------------===//
// Samples, scores, labels
//===----------------------------------------------------------------------===//

FailureOr<Value> edgecc::readSamples(ConversionContext &ctx) {
  if (failed(ctx.requireOperands(1)))
    return failure();
  Value x = ctx.operand(0);
  if (!getElementType(x).isF64())
    x = ctx.cast(x, ctx.getBuilder().getF32Type());
  if (getRank(x) == 1)
    x = ctx.reshape(x, {1, getShape(x)[0]});
  if (getRank(x) != 2)
    return ctx.error() << "needs samples of one or two dimensions, found "
                       << x.getType();
  return x;
}

FailureOr<ClassLabels> edgecc::readClassLabels(ConversionContext &ctx,
                                               StringRef ints,
                                               StringRef strings) {
  onnx::NodeOp node = ctx.getNode();
  if (!node.getStrings(strings).empty())
    return ctx.error()
           << "has labels that are strings, which are not supported";
  ClassLabels labels;
  labels.numbers.assign(node.getInts(ints).begin(), node.getInts(ints).end());
  if (labels.numbers.empty())
    return ctx.error() << "has no labels in attribute '" << ints << "'";
  return labels;
}

FailureOr<Value> edgecc::transformScores(ConversionContext &ctx, Value scores,
                                         StringRef transform) {
  if (transform == "NONE")
    return scores;
  if (transform == "LOGISTIC")
    return ctx.create<edge::SigmoidOp>(scores);
  IntegerAttr last = ctx.getBuilder().getI64IntegerAttr(getRank(scores) - 1);
  if (transform == "SOFTMAX")
    return ctx.create<edge::SoftmaxOp>(scores, last, UnitAttr());
  if (transform == "SOFTMAX_ZERO") {
    // Scores of zero stay, the others share what the exponentials give.
    SmallVector<int64_t> axes{getRank(scores) - 1};
    Value zero = scalar(ctx, scores, 0);
    Value isZero = compare(ctx, edge::ComparePredicate::EQ, scores, zero);
    Value most = ctx.create<edge::ReduceOp>(edge::ReduceKind::Max, scores,
                                            ValueRange(), axes);
    Value power =
        ctx.create<edge::ExpOp>(ctx.create<edge::SubOp>(scores, most));
    power = ctx.create<edge::SelectOp>(isZero, zero, power);
    Value sum = ctx.create<edge::ReduceOp>(edge::ReduceKind::Sum, power,
                                           ValueRange(), axes);
    return ctx.create<edge::SelectOp>(isZero, zero,
                                      ctx.create<edge::DivOp>(power, sum));
  }
  return ctx.unsupportedAttribute("post_transform", transform,
                                  "NONE, LOGISTIC, SOFTMAX or SOFTMAX_ZERO");
}

Converted edgecc::regress(ConversionContext &ctx, FailureOr<Value> scores) {
  if (failed(scores))
    return failure();
  scores = transformScores(ctx, *scores,
                           ctx.getNode().getString("post_transform", "NONE"));
  if (failed(scores))
    return failure();
  return SmallVector<Value>{ctx.cast(*scores, ctx.getBuilder().getF32Type())};
}

Converted edgecc::classify(ConversionContext &ctx, Value scores,
                           const ClassLabels &labels, StringRef transform,
                           bool isProbability) {
  int64_t samples = getShape(scores)[0], width = getShape(scores)[1];
  int64_t classes = labels.numbers.size();
  Value table = ctx.createInts(labels.numbers, {classes});
  if (width == 1 && classes == 2) {
    double threshold = isProbability ? 0.5 : 0;
    Value isSecond = compare(ctx, edge::ComparePredicate::LT,
                             scalar(ctx, scores, threshold), scores);
    Value label =
        ctx.create<edge::SelectOp>(ctx.reshape(isSecond, {samples}),
                                   ctx.createInts({labels.numbers[1]}, {}),
                                   ctx.createInts({labels.numbers[0]}, {}));
    Value other = isProbability ? scale(ctx, scores, -1, 1)
                                : ctx.create<edge::NegOp>(scores);
    Value both = ctx.create<edge::ConcatOp>(
        ValueRange{other, scores}, ctx.getBuilder().getI64IntegerAttr(1));
    // Like ONNX Runtime, one score is transformed by a sigmoid only.
    bool isLogistic = !isProbability && transform == "LOGISTIC";
    FailureOr<Value> result =
        transformScores(ctx, both, isLogistic ? transform : "NONE");
    if (failed(result))
      return failure();
    return SmallVector<Value>{label, *result};
  }
  if (width != classes)
    return ctx.error() << "has " << width << " scores for " << classes
                       << " labels";
  Value best = ctx.create<edge::ArgReduceOp>(edge::ArgKind::Max, scores,
                                             uint64_t(1), /*last=*/false);
  Value label =
      ctx.create<edge::GatherOp>(table, ctx.reshape(best, {samples}),
                                 ctx.getBuilder().getI64IntegerAttr(0));
  FailureOr<Value> result = transformScores(ctx, scores, transform);
  if (failed(result))
    return failure();
  return SmallVector<Value>{label, *result};
}

namespace {

/// The list of attribute `name` as a row of the type of `like`; null when it is
/// not set. An error for a length that is not one or that of the row.
FailureOr<Value> readRow(ConversionContext &ctx, StringRef name, Value like) {
  ArrayRef<float> values = ctx.getNode().getFloats(name);
  if (values.empty())
    return Value();
  int64_t size = values.size(), width = getShape(like).back();
  if (size != 1 && size != width)
    return ctx.error() << "attribute '" << name << "' has " << size
                       << " values for " << width << " features";
  return ctx.createFloats(values, {size}, getElementType(like));
}

//===----------------------------------------------------------------------===//
// Linear models
//===----------------------------------------------------------------------===//

/// x * coefficients^T + intercepts: (N, rows).
FailureOr<Value> createLinear(ConversionContext &ctx, Value x, int64_t rows) {
  ArrayRef<float> coefficients = ctx.getNode().getFloats("coefficients");
  ArrayRef<float> intercepts = ctx.getNode().getFloats("intercepts");
  int64_t width = getShape(x)[1];
  if (rows < 1 || int64_t(coefficients.size()) != rows * width ||
      (!intercepts.empty() && int64_t(intercepts.size()) != rows))
    return ctx.error() << "has " << coefficients.size() << " coefficients and "
                       << intercepts.size() << " intercepts for " << width
                       << " features";
  Type type = getElementType(x);
  Value weights = ctx.transpose(
      ctx.createFloats(coefficients, {rows, width}, type), {1, 0});
  Value bias =
      intercepts.empty() ? Value() : ctx.createFloats(intercepts, {rows}, type);
  return ctx.create<edge::MatMulOp>(x, weights, bias, ValueRange());
}

Converted convertLinearRegressor(ConversionContext &ctx) {
  FailureOr<Value> x = readSamples(ctx);
  if (failed(x))
    return failure();
  FailureOr<Value> result =
      createLinear(ctx, *x, ctx.getNode().getI64("targets", 1));
  return regress(ctx, result);
}

Converted convertLinearClassifier(ConversionContext &ctx) {
  FailureOr<Value> x = readSamples(ctx);
  FailureOr<ClassLabels> labels =
      readClassLabels(ctx, "classlabels_ints", "classlabels_strings");
  if (failed(x) || failed(labels))
    return failure();
  int64_t rows = ctx.getNode().getFloats("coefficients").size() /
                 std::max<int64_t>(1, getShape(*x)[1]);
  FailureOr<Value> scores = createLinear(ctx, *x, rows);
  if (failed(scores))
    return failure();
  return classify(ctx, *scores, *labels,
                  ctx.getNode().getString("post_transform", "NONE"),
                  /*isProbability=*/false);
}

//===----------------------------------------------------------------------===//
// Preparation of features
//===----------------------------------------------------------------------===//

Converted convertScaler(ConversionContext &ctx) {
  if (failed(ctx.requireOperands(1)))
    return failure();
  Value x = ctx.cast(ctx.operand(0), ctx.getBuilder().getF32Type());
  FailureOr<Value> offset = readRow(ctx, "offset", x);
  FailureOr<Value> factor = readRow(ctx, "scale", x);
  if (failed(offset) || failed(factor))
    return failure();
  if (*offset)
    x = ctx.create<edge::SubOp>(x, *offset);
  if (*factor)
    x = ctx.create<edge::MulOp>(x, *factor);
  return SmallVector<Value>{x};
}

Converted convertNormalizer(ConversionContext &ctx) {
  if (failed(ctx.requireOperands(1)))
    return failure();
  Value x = ctx.cast(ctx.operand(0), ctx.getBuilder().getF32Type());
  StringRef norm = ctx.getNode().getString("norm", "MAX");
  SmallVector<int64_t> axes{getRank(x) - 1};
  auto reduce = [&](edge::ReduceKind kind, Value value) {
    return ctx.create<edge::ReduceOp>(kind, value, ValueRange(), axes);
  };
  Value size;
  if (norm == "MAX")
    size = reduce(edge::ReduceKind::Max, x);
  else if (norm == "L1")
    size = reduce(edge::ReduceKind::Sum, ctx.create<edge::AbsOp>(x));
  else if (norm == "L2")
    size = ctx.create<edge::SqrtOp>(
        reduce(edge::ReduceKind::Sum, ctx.create<edge::MulOp>(x, x)));
  else
    return ctx.unsupportedAttribute("norm", norm, "MAX, L1 or L2");
  // Rows of zeros stay.
  size = ctx.create<edge::SelectOp>(
      compare(ctx, edge::ComparePredicate::EQ, size, scalar(ctx, size, 0)),
      scalar(ctx, size, 1), size);
  return SmallVector<Value>{ctx.create<edge::DivOp>(x, size)};
}

Converted convertBinarizer(ConversionContext &ctx) {
  if (failed(ctx.requireOperands(1)))
    return failure();
  Value x = ctx.operand(0);
  Value isAbove =
      compare(ctx, edge::ComparePredicate::LT,
              scalar(ctx, x, ctx.getNode().getF32("threshold", 0)), x);
  return SmallVector<Value>{ctx.cast(isAbove, getElementType(x))};
}

Converted convertImputer(ConversionContext &ctx) {
  if (failed(ctx.requireOperands(1)))
    return failure();
  Value x = ctx.operand(0), replacement, wanted;
  if (isa<FloatType>(getElementType(x))) {
    FailureOr<Value> row = readRow(ctx, "imputed_value_floats", x);
    if (failed(row))
      return failure();
    replacement = *row;
    float replaced = ctx.getNode().getF32("replaced_value_float", 0);
    wanted = std::isnan(replaced) ? ctx.create<edge::IsNanOp>(x)
                                  : compare(ctx, edge::ComparePredicate::EQ, x,
                                            scalar(ctx, x, replaced));
  } else {
    ArrayRef<int64_t> values = ctx.getNode().getInts("imputed_value_int64s");
    int64_t size = values.size();
    if (size == 1 || size == getShape(x).back())
      replacement = ctx.cast(ctx.createInts(values, {size}), getElementType(x));
    wanted = compare(
        ctx, edge::ComparePredicate::EQ, x,
        ctx.cast(ctx.createInts(
                     {ctx.getNode().getI64("replaced_value_int64", 0)}, {}),
                 getElementType(x)));
  }
  if (!replacement)
    return ctx.error() << "has no values to put in for " << x.getType();
  return SmallVector<Value>{ctx.create<edge::SelectOp>(wanted, replacement, x)};
}

Converted convertArrayFeatureExtractor(ConversionContext &ctx) {
  if (failed(ctx.requireOperands(2)))
    return failure();
  Value x = ctx.operand(0), indices = ctx.operand(1);
  int64_t count = getTensorType(indices).getNumElements();
  if (getRank(x) == 0 || getRank(x) > 2)
    return ctx.error() << "needs one or two dimensions, found " << x.getType();
  int64_t rank = getRank(x);
  Value result =
      ctx.create<edge::GatherOp>(x, ctx.reshape(indices, {count}),
                                 ctx.getBuilder().getI64IntegerAttr(rank - 1));
  return SmallVector<Value>{rank == 1 ? ctx.reshape(result, {1, count})
                                      : result};
}

Converted convertFeatureVectorizer(ConversionContext &ctx) {
  SmallVector<Value> parts;
  for (unsigned i = 0; i < ctx.getNumOperands(); ++i) {
    Value x = ctx.cast(ctx.operand(i), ctx.getBuilder().getF32Type());
    if (getRank(x) == 1)
      x = ctx.reshape(x, {1, getShape(x)[0]});
    parts.push_back(x);
  }
  if (parts.size() == 1)
    return parts;
  return SmallVector<Value>{
      ctx.create<edge::ConcatOp>(parts, ctx.getBuilder().getI64IntegerAttr(1))};
}

//===----------------------------------------------------------------------===//
// Tables
//===----------------------------------------------------------------------===//

/// The numbers of attribute `prefix`_int64s, _floats or _tensor as a tensor
/// (K); null when there are none.
Value readTable(ConversionContext &ctx, StringRef prefix) {
  onnx::NodeOp node = ctx.getNode();
  ArrayRef<int64_t> ints = node.getInts((prefix + "_int64s").str());
  if (!ints.empty())
    return ctx.createInts(ints, {int64_t(ints.size())});
  ArrayRef<float> floats = node.getFloats((prefix + "_floats").str());
  if (!floats.empty())
    return ctx.createFloats(floats, {int64_t(floats.size())},
                            ctx.getBuilder().getF32Type());
  ElementsAttr tensor = node.getTensor((prefix + "_tensor").str());
  if (!tensor || !tensor.getElementType().isIntOrFloat())
    return {};
  return ctx.reshape(ctx.createConstant(tensor), {tensor.getNumElements()});
}

/// Each element replaced by what stands beside its key; comparing with all keys
/// keeps the work the same for every input.
Converted convertLabelEncoder(ConversionContext &ctx) {
  if (failed(ctx.requireOperands(1)))
    return failure();
  Value x = ctx.operand(0);
  Value keys = readTable(ctx, "keys"), values = readTable(ctx, "values");
  if (!keys || !values)
    return ctx.error() << "needs keys and values that are numbers; strings are "
                          "not supported";
  int64_t count = getShape(keys)[0];
  if (getShape(values)[0] != count)
    return ctx.error() << "has " << count << " keys and " << getShape(values)[0]
                       << " values";
  onnx::NodeOp node = ctx.getNode();
  Type type = getElementType(values);
  Value otherwise;
  if (ElementsAttr tensor = node.getTensor("default_tensor"))
    otherwise = ctx.cast(ctx.reshape(ctx.createConstant(tensor), {}), type);
  else if (isa<FloatType>(type))
    otherwise = ctx.createSplat(node.getF32("default_float", 0), type);
  else
    otherwise =
        ctx.cast(ctx.createInts({node.getI64("default_int64", -1)}, {}), type);
  keys = ctx.cast(keys, getElementType(x));
  SmallVector<int64_t> shape(getShape(x));
  int64_t rank = shape.size();
  shape.push_back(1);
  Value column = ctx.reshape(x, shape);
  Value isKey = compare(ctx, edge::ComparePredicate::EQ, column, keys);
  if (isa<FloatType>(getElementType(x)))
    // A key that is not a number is that of all such elements.
    isKey = ctx.create<edge::OrOp>(
        isKey, ctx.create<edge::AndOp>(ctx.create<edge::IsNanOp>(column),
                                       ctx.create<edge::IsNanOp>(keys)));
  Value flags = ctx.cast(isKey, ctx.getBuilder().getI32Type());
  Value found = ctx.create<edge::ArgReduceOp>(edge::ArgKind::Max, flags,
                                              uint64_t(rank), /*last=*/false);
  Value any = ctx.create<edge::ReduceOp>(
      edge::ReduceKind::Max, flags, ValueRange(), SmallVector<int64_t>{rank});
  Value picked =
      ctx.create<edge::GatherOp>(values, ctx.reshape(found, getShape(x)),
                                 ctx.getBuilder().getI64IntegerAttr(0));
  Value isKnown = compare(ctx, edge::ComparePredicate::NE,
                          ctx.reshape(any, getShape(x)), scalar(ctx, any, 0));
  return SmallVector<Value>{
      ctx.create<edge::SelectOp>(isKnown, picked, otherwise)};
}

Converted convertOneHotEncoder(ConversionContext &ctx) {
  if (failed(ctx.requireOperands(1)))
    return failure();
  ArrayRef<int64_t> categories = ctx.getNode().getInts("cats_int64s");
  if (categories.empty())
    return ctx.error() << "has categories that are strings, which are not "
                          "supported";
  Value x = ctx.cast(ctx.operand(0), ctx.getBuilder().getI64Type());
  SmallVector<int64_t> shape(getShape(x));
  shape.push_back(1);
  Value hit = compare(ctx, edge::ComparePredicate::EQ, ctx.reshape(x, shape),
                      ctx.createInts(categories, {int64_t(categories.size())}));
  return SmallVector<Value>{ctx.cast(hit, ctx.getBuilder().getF32Type())};
}

} // namespace

void edgecc::registerMachineLearningConverters(ConverterTable &table) {
  auto add = [&](StringRef name, ConvertFn convert) {
    table.add(name, convert, 1, ConverterTable::kNewest, kMlDomain);
  };
  add("ArrayFeatureExtractor", convertArrayFeatureExtractor);
  add("Binarizer", convertBinarizer);
  add("FeatureVectorizer", convertFeatureVectorizer);
  add("Imputer", convertImputer);
  add("LabelEncoder", convertLabelEncoder);
  add("LinearClassifier", convertLinearClassifier);
  add("LinearRegressor", convertLinearRegressor);
  add("Normalizer", convertNormalizer);
  add("OneHotEncoder", convertOneHotEncoder);
  add("Scaler", convertScaler);
  registerSupportVectorConverters(table);
  registerTreeEnsembleConverters(table);
}
