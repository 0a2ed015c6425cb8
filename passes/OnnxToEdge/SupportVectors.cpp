//===- SupportVectors.cpp - SVMClassifier and SVMRegressor ------*- C++ -*-===//
//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The kernel of samples and support vectors is a product and elementwise code;
// what a classifier does for each pair of classes are columns of one more
// product.
//
//===----------------------------------------------------------------------===//

#include "passes/OnnxToEdge/ControlFlow.h"
#include "passes/OnnxToEdge/MachineLearning.h"

using namespace mlir;
using namespace edgecc;

namespace {

/// The kernel of each sample (N, features) and support vector: (N, vectors).
FailureOr<Value> createKernel(ConversionContext &ctx, Value x, Value vectors) {
  onnx::NodeOp node = ctx.getNode();
  ArrayRef<float> params = node.getFloats("kernel_params", {0, 0, 3});
  if (params.size() != 3)
    return ctx.error() << "attribute 'kernel_params' has " << params.size()
                       << " values, expected 3";
  double gamma = params[0], offset = params[1], degree = params[2];
  Value product = ctx.create<edge::MatMulOp>(x, ctx.transpose(vectors, {1, 0}),
                                             Value(), ValueRange());
  StringRef kind = node.getString("kernel_type", "LINEAR");
  if (kind == "LINEAR")
    return product;
  if (kind == "POLY")
    return ctx.create<edge::PowOp>(scale(ctx, product, gamma, offset),
                                   scalar(ctx, product, degree));
  if (kind == "SIGMOID")
    return ctx.create<edge::TanhOp>(scale(ctx, product, gamma, offset));
  if (kind != "RBF")
    return ctx.unsupportedAttribute("kernel_type", kind,
                                    "LINEAR, POLY, RBF or SIGMOID");
  auto squares = [&](Value rows) {
    return ctx.create<edge::ReduceOp>(edge::ReduceKind::Sum,
                                      ctx.create<edge::MulOp>(rows, rows),
                                      ValueRange(), SmallVector<int64_t>{1});
  };
  Value distance = ctx.create<edge::AddOp>(
      squares(x), ctx.reshape(squares(vectors), {1, getShape(vectors)[0]}));
  distance = ctx.create<edge::SubOp>(distance, scale(ctx, product, 2));
  return ctx.create<edge::ExpOp>(
      scale(ctx, clamp(ctx, distance, 0, kInfinity), -gamma));
}

//===----------------------------------------------------------------------===//
// Regression
//===----------------------------------------------------------------------===//

Converted convertSvmRegressor(ConversionContext &ctx) {
  FailureOr<Value> x = readSamples(ctx);
  if (failed(x))
    return failure();
  onnx::NodeOp node = ctx.getNode();
  ArrayRef<float> coefficients = node.getFloats("coefficients");
  ArrayRef<float> vectors = node.getFloats("support_vectors");
  ArrayRef<float> rho = node.getFloats("rho", {0});
  int64_t count = node.getI64("n_supports", 0), width = getShape(*x)[1];
  Type type = getElementType(*x);
  Value kernel = *x, weights;
  if (count > 0) {
    if (int64_t(coefficients.size()) != count ||
        int64_t(vectors.size()) != count * width)
      return ctx.error() << "has support vectors that do not fit " << width
                         << " features";
    auto created =
        createKernel(ctx, *x, ctx.createFloats(vectors, {count, width}, type));
    if (failed(created))
      return failure();
    kernel = *created;
  } else if (int64_t(coefficients.size()) != width) {
    return ctx.error() << "has " << coefficients.size() << " coefficients for "
                       << width << " features";
  }
  weights =
      ctx.createFloats(coefficients, {int64_t(coefficients.size()), 1}, type);
  Value sum =
      ctx.create<edge::MatMulOp>(kernel, weights, Value(), ValueRange());
  sum = scale(ctx, sum, 1, rho.empty() ? 0 : rho.front());
  if (node.getI64("one_class", 0))
    sum = ctx.create<edge::SelectOp>(
        compare(ctx, edge::ComparePredicate::LT, scalar(ctx, sum, 0), sum),
        scalar(ctx, sum, 1), scalar(ctx, sum, -1));
  FailureOr<Value> result =
      transformScores(ctx, sum, node.getString("post_transform", "NONE"));
  if (failed(result))
    return failure();
  return SmallVector<Value>{ctx.cast(*result, ctx.getBuilder().getF32Type())};
}

//===----------------------------------------------------------------------===//
// Classification
//===----------------------------------------------------------------------===//

Value multiply(ConversionContext &ctx, Value a, Value b) {
  return ctx.create<edge::MatMulOp>(a, b, Value(), ValueRange());
}

/// The attributes of a classifier that decides between pairs of classes.
struct PairwiseClassifier {
  /// The first class of each pair, and the second one.
  SmallVector<std::pair<int64_t, int64_t>> pairs;
  /// Rows of coefficients, one less than there are classes; see `readWeights`.
  ArrayRef<float> coefficients, rho;
  /// The vectors of each class.
  ArrayRef<int64_t> counts;
  int64_t classes, numVectors;

  explicit PairwiseClassifier(onnx::NodeOp node, int64_t classes)
      : coefficients(node.getFloats("coefficients")),
        rho(node.getFloats("rho")), counts(node.getInts("vectors_per_class")),
        classes(classes), numVectors(0) {
    for (int64_t count : counts)
      numVectors += count;
    for (int64_t first = 0; first < classes; ++first)
      for (int64_t second = first + 1; second < classes; ++second)
        pairs.emplace_back(first, second);
  }

  /// A column for each pair with the weights of the vectors of its two classes,
  /// (vectors, pairs): those of a class stand in the row of the other class,
  /// where its own row is left out.
  SmallVector<float> readWeights() const {
    SmallVector<float> weights(numVectors * pairs.size());
    for (auto [column, pair] : llvm::enumerate(pairs)) {
      int64_t vector = 0;
      for (int64_t owner = 0; owner < classes; ++owner)
        for (int64_t i = 0; i < counts[owner]; ++i, ++vector) {
          auto [first, second] = pair;
          if (owner != first && owner != second)
            continue;
          int64_t row = owner == first ? second - 1 : first;
          weights[vector * pairs.size() + column] =
              coefficients[row * numVectors + vector];
        }
    }
    return weights;
  }

  /// The number of pairs that each class wins, (N, classes): a pair whose score
  /// (N, pairs) is positive goes to its first class.
  Value countVotes(ConversionContext &ctx, Value scores) const {
    Type type = getElementType(scores);
    SmallVector<float> change(pairs.size() * classes), start(classes);
    for (auto [row, pair] : llvm::enumerate(pairs)) {
      change[row * classes + pair.first] = 1;
      change[row * classes + pair.second] = -1;
      ++start[pair.second];
    }
    Value isFirst = ctx.cast(compare(ctx, edge::ComparePredicate::LT,
                                     scalar(ctx, scores, 0), scores),
                             type);
    Value won = multiply(
        ctx, isFirst,
        ctx.createFloats(change, {int64_t(pairs.size()), classes}, type));
    return ctx.create<edge::AddOp>(won,
                                   ctx.createFloats(start, {classes}, type));
  }
};

/// The matrices of the quadratic form whose least value the probabilities take,
/// (N, classes, classes), from the probability (N, pairs) of the first class of
/// each pair.
Value createQuadraticForm(ConversionContext &ctx,
                          const PairwiseClassifier &classifier,
                          Value probabilities) {
  int64_t samples = getShape(probabilities)[0];
  int64_t classes = classifier.classes, pairs = classifier.pairs.size();
  Type type = getElementType(probabilities);
  SmallVector<int64_t> places(classes * classes, 2 * pairs);
  SmallVector<float> diagonal(classes * classes);
  for (int64_t i = 0; i < classes; ++i)
    diagonal[i * classes + i] = 1;
  for (auto [index, pair] : llvm::enumerate(classifier.pairs)) {
    auto [first, second] = pair;
    places[first * classes + second] = index;
    places[second * classes + first] = pairs + index;
  }
  IntegerAttr columns = ctx.getBuilder().getI64IntegerAttr(1);
  Value all = ctx.create<edge::ConcatOp>(
      ValueRange{probabilities, scale(ctx, probabilities, -1, 1),
                 ctx.createSplat(0, type, {samples, 1})},
      columns);
  Value wins = ctx.reshape(
      ctx.create<edge::GatherOp>(
          all, ctx.createInts(places, {classes * classes}), columns),
      {samples, classes, classes});
  Value products =
      ctx.create<edge::MulOp>(wins, ctx.transpose(wins, {0, 2, 1}));
  Value squares = ctx.create<edge::ReduceOp>(
      edge::ReduceKind::Sum, ctx.create<edge::MulOp>(wins, wins), ValueRange(),
      SmallVector<int64_t>{1});
  Value onDiagonal = ctx.create<edge::MulOp>(
      squares, ctx.createFloats(diagonal, {1, classes, classes}, type));
  return ctx.create<edge::SubOp>(onDiagonal, products);
}

/// Probabilities of classes (N, classes) from those of pairs (N, pairs), by the
/// second method of Wu, Lin and Weng, "Probability Estimates for Multi-class
/// Classification by Pairwise Coupling", with the limits of LIBSVM: a sample
/// stays as it is once its error is small.
FailureOr<Value> couple(ConversionContext &ctx,
                        const PairwiseClassifier &classifier,
                        Value probabilities) {
  constexpr int64_t kMostSteps = 100;
  int64_t samples = getShape(probabilities)[0], classes = classifier.classes;
  Type type = getElementType(probabilities);
  Value form = createQuadraticForm(ctx, classifier, probabilities);
  auto reduce = [&](edge::ReduceKind kind, Value x, int64_t axis) {
    return ctx.create<edge::ReduceOp>(kind, x, ValueRange(),
                                      SmallVector<int64_t>{axis});
  };
  auto add = [&](Value a, Value b) { return ctx.create<edge::AddOp>(a, b); };
  auto mul = [&](Value a, Value b) { return ctx.create<edge::MulOp>(a, b); };
  auto div = [&](Value a, Value b) { return ctx.create<edge::DivOp>(a, b); };
  auto sub = [&](Value a, Value b) { return ctx.create<edge::SubOp>(a, b); };

  // Estimates, gradients and rows of the form are (N, 1, classes).
  auto updateClass = [&](Value number,
                         ArrayRef<Value> carried) -> FailureOr<LoopStep> {
    Value estimate = carried[0], gradient = carried[1], value = carried[2];
    Value row =
        ctx.reshape(ctx.create<edge::GatherOp>(
                        form, number, ctx.getBuilder().getI64IntegerAttr(1)),
                    {samples, 1, classes});
    Value isClass = compare(ctx, edge::ComparePredicate::EQ,
                            iota(ctx, classes, 2, 3), number);
    auto ofClass = [&](Value x) {
      Value picked = ctx.create<edge::SelectOp>(isClass, x, scalar(ctx, x, 0));
      return reduce(edge::ReduceKind::Sum, picked, 2);
    };
    Value diagonal = ofClass(row), slope = ofClass(gradient);
    Value change = div(sub(value, slope), diagonal);
    Value total = scale(ctx, change, 1, 1);
    Value moved =
        ctx.create<edge::SelectOp>(isClass, add(estimate, change), estimate);
    Value next = add(
        value, mul(change, add(mul(change, diagonal), scale(ctx, slope, 2))));
    LoopStep step;
    step.carried = {div(moved, total),
                    div(add(gradient, mul(change, row)), total),
                    div(div(next, total), total)};
    return step;
  };
  auto updateAll = [&](Value, ArrayRef<Value> carried) -> FailureOr<LoopStep> {
    Value estimate = carried[0];
    Value gradient = multiply(ctx, estimate, form);
    Value value = reduce(edge::ReduceKind::Sum, mul(estimate, gradient), 2);
    Value error = reduce(edge::ReduceKind::Max,
                         ctx.create<edge::AbsOp>(sub(gradient, value)), 2);
    Value isOpen = ctx.create<edge::AndOp>(
        carried[1], compare(ctx, edge::ComparePredicate::LE,
                            scalar(ctx, error, 0.005 / classes), error));
    LoopBounds bounds;
    bounds.maxTrips = classes;
    auto next =
        createLoop(ctx, bounds, {estimate, gradient, value}, updateClass);
    if (failed(next))
      return failure();
    LoopStep step;
    step.carried = {ctx.create<edge::SelectOp>(isOpen, next->front(), estimate),
                    isOpen};
    Value numOpen = reduce(edge::ReduceKind::Sum,
                           ctx.cast(isOpen, ctx.getBuilder().getI32Type()), 0);
    step.condition = compare(ctx, edge::ComparePredicate::NE, numOpen,
                             scalar(ctx, numOpen, 0));
    return step;
  };
  LoopBounds bounds;
  bounds.maxTrips = kMostSteps;
  auto results = createLoop(
      ctx, bounds,
      {ctx.createSplat(1.0 / classes, type, {samples, 1, classes}),
       ctx.createSplat(1, ctx.getBuilder().getI1Type(), {samples, 1, 1})},
      updateAll);
  if (failed(results))
    return failure();
  return ctx.reshape(results->front(), {samples, classes});
}

/// Labels (N) by the largest of `marks` (N, classes).
Value pickLabels(ConversionContext &ctx, Value marks,
                 const ClassLabels &labels) {
  Value best = ctx.create<edge::ArgReduceOp>(edge::ArgKind::Max, marks,
                                             uint64_t(1), /*last=*/false);
  int64_t classes = labels.numbers.size();
  return ctx.create<edge::GatherOp>(ctx.createInts(labels.numbers, {classes}),
                                    ctx.reshape(best, {getShape(marks)[0]}),
                                    ctx.getBuilder().getI64IntegerAttr(0));
}

/// Without support vectors: a row of coefficients for each class.
Converted classifyLinearly(ConversionContext &ctx, Value x,
                           const ClassLabels &labels, StringRef transform) {
  onnx::NodeOp node = ctx.getNode();
  ArrayRef<float> coefficients = node.getFloats("coefficients");
  ArrayRef<float> rho = node.getFloats("rho");
  int64_t classes = labels.numbers.size(), width = getShape(x)[1];
  if (int64_t(coefficients.size()) != classes * width || rho.empty())
    return ctx.error() << "has " << coefficients.size() << " coefficients and "
                       << rho.size() << " values of rho for " << width
                       << " features and " << classes << " classes";
  Value weights =
      ctx.createFloats(coefficients, {classes, width}, getElementType(x));
  Value scores = scale(ctx, multiply(ctx, x, ctx.transpose(weights, {1, 0})), 1,
                       rho.front());
  Value label = pickLabels(ctx, scores, labels);
  if (classes == 2 && rho.size() == 1) {
    // One score that is above the threshold is enough for the second class.
    bool allPositive =
        llvm::all_of(coefficients, [](float c) { return c >= 0; });
    Value most = ctx.create<edge::ReduceOp>(
        edge::ReduceKind::Max, scores, ValueRange(), SmallVector<int64_t>{1});
    most = ctx.reshape(most, {getShape(x)[0]});
    Value isAbove = allPositive ? compare(ctx, edge::ComparePredicate::LE,
                                          scalar(ctx, most, 0.5), most)
                                : compare(ctx, edge::ComparePredicate::LT,
                                          scalar(ctx, most, 0), most);
    label = ctx.create<edge::SelectOp>(
        isAbove, ctx.createInts({labels.numbers[1]}, {}), label);
  }
  FailureOr<Value> result = transformScores(ctx, scores, transform);
  if (failed(result))
    return failure();
  return SmallVector<Value>{label, *result};
}

Converted convertSvmClassifier(ConversionContext &ctx) {
  FailureOr<Value> samples = readSamples(ctx);
  if (failed(samples))
    return failure();
  Value x = ctx.cast(*samples, ctx.getBuilder().getF32Type());
  Type type = getElementType(x);
  FailureOr<ClassLabels> labels =
      readClassLabels(ctx, "classlabels_ints", "classlabels_strings");
  if (failed(labels))
    return failure();
  onnx::NodeOp node = ctx.getNode();
  StringRef transform = node.getString("post_transform", "NONE");
  PairwiseClassifier classifier(node, labels->numbers.size());
  if (classifier.counts.empty())
    return classifyLinearly(ctx, x, *labels, transform);
  int64_t width = getShape(x)[1], vectors = classifier.numVectors;
  int64_t classes = classifier.classes, pairs = classifier.pairs.size();
  ArrayRef<float> support = node.getFloats("support_vectors");
  ArrayRef<float> slopes = node.getFloats("prob_a");
  ArrayRef<float> offsets = node.getFloats("prob_b");
  if (classes < 2 || int64_t(classifier.counts.size()) != classes ||
      llvm::any_of(
          classifier.counts, [](int64_t n) { return n < 0; }) ||
      int64_t(support.size()) != vectors * width ||
      int64_t(classifier.coefficients.size()) != (classes - 1) * vectors ||
      int64_t(classifier.rho.size()) != pairs ||
      slopes.size() != offsets.size() ||
      (!slopes.empty() && int64_t(slopes.size()) != pairs))
    return ctx.error() << "has support vectors, coefficients, rho or "
                          "probabilities that do not fit "
                       << width << " features and " << classes << " classes";
  FailureOr<Value> kernel =
      createKernel(ctx, x, ctx.createFloats(support, {vectors, width}, type));
  if (failed(kernel))
    return failure();
  Value scores = multiply(
      ctx, *kernel,
      ctx.createFloats(classifier.readWeights(), {vectors, pairs}, type));
  scores = ctx.create<edge::AddOp>(
      scores, ctx.createFloats(classifier.rho, {pairs}, type));
  Value label = pickLabels(ctx, classifier.countVotes(ctx, scores), *labels);
  if (!slopes.empty()) {
    Value level = ctx.create<edge::AddOp>(
        ctx.create<edge::MulOp>(scores,
                                ctx.createFloats(slopes, {pairs}, type)),
        ctx.createFloats(offsets, {pairs}, type));
    Value probability =
        ctx.create<edge::SigmoidOp>(ctx.create<edge::NegOp>(level));
    auto coupled =
        couple(ctx, classifier, clamp(ctx, probability, 1e-7, 1 - 1e-7));
    if (failed(coupled))
      return failure();
    scores = *coupled;
  } else if (pairs == 1) {
    // Like ONNX Runtime, the score of a single pair is never shared out.
    bool isProbability = transform == "SOFTMAX" || transform == "SOFTMAX_ZERO";
    Value other = scale(ctx, scores, -1, isProbability ? 1 : 0);
    scores = ctx.create<edge::ConcatOp>(ValueRange{other, scores},
                                        ctx.getBuilder().getI64IntegerAttr(1));
    if (transform != "LOGISTIC")
      transform = "NONE";
  }
  FailureOr<Value> result = transformScores(ctx, scores, transform);
  if (failed(result))
    return failure();
  return SmallVector<Value>{label, *result};
}

} // namespace

void edgecc::registerSupportVectorConverters(ConverterTable &table) {
  table.add("SVMClassifier", convertSvmClassifier, 1, ConverterTable::kNewest,
            kMlDomain);
  table.add("SVMRegressor", convertSvmRegressor, 1, ConverterTable::kNewest,
            kMlDomain);
}
