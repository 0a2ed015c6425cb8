//===- Calibrate.cpp - ranges of values from examples -----------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
//
// Two runs over the examples: the first one finds the extremes of each value,
// the second one, for rules that need it, how often values occur in between.
// Quantised networks are compared with the one that they approximate example by
// example.
//
//===----------------------------------------------------------------------===//

#include "compiler/run/Calibrate.h"
#include "compiler/pipeline/Evaluate.h"
#include "compiler/run/Accuracy.h"
#include "compiler/run/Examples.h"
#include "compiler/run/InputMoments.h"
#include "compiler/run/RangeRules.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/OwningOpRef.h"

#include <cmath>
#include <map>
#include <set>

using namespace mlir;
using namespace edgecc;

namespace {

/// The name of the node that a value comes from.
std::string nameOf(Value value) {
  auto named = value.getLoc()->findInstanceOf<NameLoc>();
  return named ? named.getName().str() : "";
}

/// A copy of the module of `function` whose `main` returns `values` and then
/// what it returned before.
OwningOpRef<ModuleOp> observing(func::FuncOp function, ArrayRef<Value> values) {
  IRMapping mapping;
  auto module = function->getParentOfType<ModuleOp>();
  OwningOpRef<ModuleOp> copy(cast<ModuleOp>(module->clone(mapping)));
  auto main = copy->lookupSymbol<func::FuncOp>(function.getName());
  Operation *terminator = main.getBody().front().getTerminator();
  SmallVector<Value> results;
  for (Value value : values)
    results.push_back(mapping.lookup(value));
  llvm::append_range(results, terminator->getOperands());
  terminator->setOperands(results);
  main.setType(FunctionType::get(copy->getContext(),
                                 main.getFunctionType().getInputs(),
                                 ValueRange(results).getTypes()));
  for (unsigned i = 0; i < results.size(); ++i)
    main.setResultAttrs(
        i, DictionaryAttr::get(
               copy->getContext(),
               NamedAttribute(
                   StringAttr::get(copy->getContext(), "edge.name"),
                   StringAttr::get(copy->getContext(), "value" + Twine(i)))));
  return copy;
}

/// A network that gives observed values, and then its results.
class Observation {
public:
  Observation(RunnableModel runnable, size_t values)
      : runnable(std::move(runnable)), numValues(values) {
    for (const TensorInterface &output : this->runnable.interface.outputs)
      buffers.emplace_back(std::max<int64_t>(output.bytes, 1));
  }

  static FailureOr<Observation> load(func::FuncOp function,
                                     ArrayRef<Value> values) {
    OwningOpRef<ModuleOp> module = observing(function, values);
    FailureOr<RunnableModel> runnable =
        loadHere(*module, OptLevel::O2, /*optimise=*/true);
    if (failed(runnable))
      return failure();
    return Observation(std::move(*runnable), values.size());
  }

  ArrayRef<TensorInterface> inputs() const { return runnable.interface.inputs; }
  size_t numObserved() const { return numValues; }
  size_t numResults() const { return buffers.size() - numValues; }

  /// `settings` are for f32 inputs behind those of the example.
  llvm::Error run(const TensorData &example,
                  ArrayRef<std::vector<float>> settings = {}) {
    SmallVector<void *> outputs;
    for (std::vector<char> &buffer : buffers)
      outputs.push_back(buffer.data());
    SmallVector<const void *> inputs;
    for (const std::vector<char> &input : example)
      inputs.push_back(input.data());
    for (const std::vector<float> &setting : settings)
      inputs.push_back(setting.data());
    return runnable.model->run(inputs, outputs);
  }

  /// The elements of an observed value after a run.
  ArrayRef<float> value(size_t i) const { return elements(i); }
  /// Those of a result; none if they are not f32.
  ArrayRef<float> result(size_t i) const {
    i += numValues;
    if (!runnable.interface.outputs[i].type.getElementType().isF32())
      return {};
    return elements(i);
  }
  /// The size of the last dimension of an observed value, or of a result.
  int64_t valueWidth(size_t i) const {
    ArrayRef<int64_t> shape = runnable.interface.outputs[i].type.getShape();
    return shape.empty() ? 1 : shape.back();
  }
  int64_t resultWidth(size_t i) const { return valueWidth(numValues + i); }

private:
  ArrayRef<float> elements(size_t i) const {
    return {reinterpret_cast<const float *>(buffers[i].data()),
            size_t(runnable.interface.outputs[i].bytes) / sizeof(float)};
  }

  RunnableModel runnable;
  size_t numValues;
  std::vector<std::vector<char>> buffers;
};

/// Adds the share that one of `count` examples has in the means of its rows.
void addToMeans(ArrayRef<float> elements, size_t count,
                std::vector<double> &means) {
  double share = double(means.size()) / double(elements.size()) / double(count);
  for (auto [i, element] : llvm::enumerate(elements))
    means[i % means.size()] += element * share;
}

/// Runs networks on the examples of a file.
class ExampleCalibrator : public Calibrator {
public:
  explicit ExampleCalibrator(CalibrationOptions options)
      : options(std::move(options)) {
    activationBits = this->options.activationBits;
    budget = this->options.budget;
    corrections = this->options.corrections;
    compresses = this->options.compresses;
    reports = !this->options.report.empty();
  }

  LogicalResult observe(func::FuncOp function) override {
    return observe(function, {});
  }
  FailureOr<SmallVector<CalibratedRange>>
  findRanges(ArrayRef<Value> values) override;
  FailureOr<std::unique_ptr<Trial>> load(func::FuncOp function,
                                         ArrayRef<Value> observed) override;
  LogicalResult writeReport(ArrayRef<Value> values) override;
  FailureOr<std::vector<std::vector<double>>>
  findMoments(ArrayRef<ProductInput> inputs) override;

private:
  friend class ExampleTrial;

  /// Makes `original` of the network of `values`, and reads the examples.
  LogicalResult observe(func::FuncOp function, ArrayRef<Value> values);
  LogicalResult observe(ArrayRef<Value> values) {
    Value first = values.front();
    return observe(first.getParentRegion()->getParentOfType<func::FuncOp>(),
                   values);
  }
  /// Runs both networks on one example after the other, and calls `see` with
  /// its position.
  LogicalResult compare(Observation &quantised,
                        llvm::function_ref<void(size_t)> see);
  /// Whether the first result of a network is the right answer to an example.
  bool isRight(const Observation &network, size_t example) const;
  bool hasAnswers() const;
  void checkExamples() const;
  InFlightDiagnostic warn() const;
  LogicalResult fail(llvm::Error error) const;

  CalibrationOptions options;
  MLIRContext *context = nullptr;
  /// The network of real numbers, with the values whose ranges were found.
  std::unique_ptr<Observation> original;
  Examples examples;
  /// What `original` gives for each example: all elements of each result.
  std::vector<std::vector<std::vector<float>>> wanted;
};

/// A network on the examples of a calibrator.
class ExampleTrial : public Trial {
public:
  ExampleTrial(ExampleCalibrator &calibrator, Observation network)
      : calibrator(calibrator), network(std::move(network)) {}

  FailureOr<Loss> measure(ArrayRef<std::vector<float>> settings) override;
  FailureOr<std::vector<std::vector<double>>>
  findMeans(ArrayRef<std::vector<float>> settings) override;

private:
  ExampleCalibrator &calibrator;
  Observation network;
};

LogicalResult ExampleCalibrator::fail(llvm::Error error) const {
  return emitError(UnknownLoc::get(context))
         << llvm::toString(std::move(error));
}

InFlightDiagnostic ExampleCalibrator::warn() const {
  return emitWarning(UnknownLoc::get(context)) << "'" << options.path << "' ";
}

/// Says what makes examples unlike what a network will see.
void ExampleCalibrator::checkExamples() const {
  size_t count = examples.inputs.size();
  if (count < 10)
    warn() << "has " << count
           << " examples to calibrate with; fewer than 10 seldom represent "
              "what a network will see";
  size_t repeated = 0;
  std::set<TensorData> seen;
  for (const TensorData &example : examples.inputs)
    repeated += !seen.insert(example).second;
  if (repeated > 0)
    warn() << "repeats " << repeated << " of its " << count << " examples";
}

LogicalResult ExampleCalibrator::observe(func::FuncOp function,
                                         ArrayRef<Value> values) {
  context = function.getContext();
  wanted.clear();
  FailureOr<Observation> loaded = Observation::load(function, values);
  if (failed(loaded))
    return failure();
  original = std::make_unique<Observation>(std::move(*loaded));
  auto read = readExamples(options.path, original->inputs(), options.images);
  if (!read)
    return fail(read.takeError());
  bool isFirst = examples.inputs.empty();
  examples = std::move(*read);
  if (isFirst)
    checkExamples();
  return success();
}

FailureOr<std::vector<std::vector<double>>>
ExampleCalibrator::findMoments(ArrayRef<ProductInput> inputs) {
  SmallVector<Value> values;
  std::vector<InputMoments> moments;
  for (const ProductInput &input : inputs) {
    values.push_back(input.value);
    moments.emplace_back(input);
  }
  if (failed(observe(values)))
    return failure();
  for (const TensorData &example : examples.inputs) {
    if (llvm::Error error = original->run(example))
      return fail(std::move(error));
    for (auto [i, sums] : llvm::enumerate(moments))
      sums.add(original->value(i));
  }
  std::vector<std::vector<double>> found;
  for (InputMoments &sums : moments)
    found.push_back(sums.take());
  return found;
}

FailureOr<SmallVector<CalibratedRange>>
ExampleCalibrator::findRanges(ArrayRef<Value> values) {
  if (failed(observe(values)))
    return failure();
  // By how much the last fifth of the examples widens the ranges.
  size_t settled = examples.inputs.size() - examples.inputs.size() / 5;
  SmallVector<CalibratedRange> early;
  std::vector<Histogram> histograms(values.size());
  std::vector<std::vector<double>> means;
  std::vector<std::vector<float>> magnitudes;
  for (Value value : values) {
    ArrayRef<int64_t> shape = cast<ShapedType>(value.getType()).getShape();
    means.emplace_back(shape.empty() ? 1 : shape.back(), 0);
    magnitudes.emplace_back(means.back().size(), 0);
  }
  bool isFinite = true;
  int64_t right = 0;
  for (auto [e, example] : llvm::enumerate(examples.inputs)) {
    if (llvm::Error error = original->run(example))
      return fail(std::move(error));
    for (auto [i, histogram] : llvm::enumerate(histograms)) {
      ArrayRef<float> elements = original->value(i);
      if (elements.empty())
        continue;
      isFinite &= llvm::all_of(
          elements, [](float value) { return std::isfinite(value); });
      auto [least, most] =
          std::minmax_element(elements.begin(), elements.end());
      histogram.add(*least, *most);
      addToMeans(elements, examples.inputs.size(), means[i]);
      for (auto [position, value] : llvm::enumerate(elements)) {
        float &largest = magnitudes[i][position % magnitudes[i].size()];
        largest = std::max(largest, std::abs(value));
      }
    }
    right += hasAnswers() && isRight(*original, e);
    if (e + 1 == settled)
      for (const Histogram &histogram : histograms)
        early.push_back({histogram.least, histogram.most});
  }
  if (!isFinite)
    return emitError(UnknownLoc::get(context))
           << "the network computes infinities or NaN from the examples in '"
           << options.path << "'";
  if (hasAnswers() && right == 0) {
    warn() << "has labels, but the network gives none of these answers; they "
              "are passed over";
    examples.labels.clear();
  }
  size_t widened = 0;
  SmallVector<CalibratedRange> ranges;
  for (auto [value, histogram, before] :
       llvm::zip_equal(values, histograms, early)) {
    ranges.push_back({histogram.least, histogram.most});
    if (isa<BlockArgument>(value) && histogram.least == histogram.most)
      emitWarning(value.getLoc())
          << "all examples in '" << options.path << "' hold the same number";
    widened += double(histogram.most) - histogram.least >
               1.25 * (double(before.most) - before.least);
  }
  if (widened * 10 > values.size())
    warn() << "does not have enough examples: the last fifth of them widens "
           << widened << " of " << values.size()
           << " ranges by more than a quarter";
  for (const TensorData &example : examples.inputs) {
    if (!needsCounts(options.rule))
      break;
    if (llvm::Error error = original->run(example))
      return fail(std::move(error));
    for (auto [i, histogram] : llvm::enumerate(histograms))
      if (histogram.least < histogram.most)
        for (float value : original->value(i))
          histogram.count(value);
  }
  for (auto [range, histogram] : llvm::zip(ranges, histograms))
    if (histogram.least < histogram.most)
      range = chooseRange(histogram, options.rule, examples.inputs.size());
  for (auto [range, mean, largest] :
       llvm::zip_equal(ranges, means, magnitudes)) {
    range.means = std::move(mean);
    range.magnitudes = std::move(largest);
  }
  return ranges;
}

LogicalResult ExampleCalibrator::compare(Observation &quantised,
                                         llvm::function_ref<void(size_t)> see) {
  for (auto [i, example] : llvm::enumerate(examples.inputs)) {
    for (Observation *network : {original.get(), &quantised})
      if (llvm::Error error = network->run(example))
        return fail(std::move(error));
    see(i);
  }
  return success();
}

bool ExampleCalibrator::hasAnswers() const {
  return !examples.labels.empty() && original->numResults() > 0 &&
         original->resultWidth(0) > 1;
}

bool ExampleCalibrator::isRight(const Observation &network,
                                size_t example) const {
  return largestElement(network.result(0)) == examples.labels[example];
}

FailureOr<std::unique_ptr<Trial>>
ExampleCalibrator::load(func::FuncOp function, ArrayRef<Value> observed) {
  FailureOr<Observation> network = Observation::load(function, observed);
  if (failed(network))
    return failure();
  if (wanted.empty())
    for (const TensorData &example : examples.inputs) {
      if (llvm::Error error = original->run(example))
        return fail(std::move(error));
      auto &results = wanted.emplace_back();
      for (size_t i = 0; i < original->numResults(); ++i)
        results.emplace_back(original->result(i).vec());
    }
  return std::unique_ptr<Trial>(
      std::make_unique<ExampleTrial>(*this, std::move(*network)));
}

FailureOr<Loss> ExampleTrial::measure(ArrayRef<std::vector<float>> settings) {
  Divergence whole;
  int64_t lost = 0;
  for (auto [example, inputs] : llvm::enumerate(calibrator.examples.inputs)) {
    if (llvm::Error error = network.run(inputs, settings))
      return calibrator.fail(std::move(error));
    for (auto [i, results] : llvm::enumerate(calibrator.wanted[example]))
      whole.add(results, network.result(i));
    if (calibrator.hasAnswers()) {
      int64_t answer = calibrator.examples.labels[example];
      lost += int64_t(largestElement(calibrator.wanted[example][0]) == answer) -
              int64_t(largestElement(network.result(0)) == answer);
    }
  }
  Loss loss{whole.relative()};
  if (calibrator.hasAnswers())
    loss.answers =
        double(lost) / double(std::max<size_t>(calibrator.wanted.size(), 1));
  return loss;
}

FailureOr<std::vector<std::vector<double>>>
ExampleTrial::findMeans(ArrayRef<std::vector<float>> settings) {
  std::vector<std::vector<double>> means;
  for (size_t i = 0; i < network.numObserved(); ++i)
    means.emplace_back(network.valueWidth(i), 0);
  for (const TensorData &example : calibrator.examples.inputs) {
    if (llvm::Error error = network.run(example, settings))
      return calibrator.fail(std::move(error));
    for (auto [i, sums] : llvm::enumerate(means))
      addToMeans(network.value(i), calibrator.examples.inputs.size(), sums);
  }
  return means;
}

LogicalResult ExampleCalibrator::writeReport(ArrayRef<Value> values) {
  AccuracyReport report;
  SmallVector<Value> seen;
  SmallVector<size_t> positions;
  for (auto [i, value] : llvm::enumerate(values)) {
    if (!value)
      continue;
    seen.push_back(value);
    positions.push_back(i);
    auto cast = value.getDefiningOp<edge::DequantizeOp>();
    ArrayRef<int64_t> shape = cast.getType().getShape();
    report.values.push_back(
        {nameOf(value),
         quantization::Parameters(quantization::quantizedType(cast.getInput())),
         {},
         std::vector<Divergence>(shape.size() > 1 ? shape.back() : 0)});
  }
  if (seen.empty())
    return emitError(UnknownLoc::get(context))
           << "nothing is quantised, there is no accuracy to report";
  auto function =
      seen.front().getParentRegion()->getParentOfType<func::FuncOp>();
  FailureOr<Observation> quantised = Observation::load(function, seen);
  if (failed(quantised))
    return failure();

  report.hasLabels = hasAnswers();
  for (size_t i = 0; i < original->numResults(); ++i) {
    auto name = function.getResultAttrOfType<StringAttr>(i, "edge.name");
    report.outputs.push_back({name ? name.str() : std::string()});
  }
  std::map<int64_t, GroupAccuracy> groups;
  auto addTo = [&](GroupAccuracy &group, size_t example) {
    ++group.examples;
    for (size_t i = 0; i < original->numResults(); ++i)
      group.whole.add(original->result(i), quantised->result(i));
    if (!report.hasLabels)
      return;
    group.right += isRight(*original, example);
    group.quantisedRight += isRight(*quantised, example);
  };
  if (failed(compare(*quantised, [&](size_t example) {
        for (auto [i, position] : llvm::enumerate(positions))
          report.values[i].add(original->value(position), quantised->value(i));
        for (auto [i, output] : llvm::enumerate(report.outputs))
          output.add(original->result(i), quantised->result(i),
                     original->resultWidth(i));
        addTo(report.all, example);
        if (!examples.groups.empty())
          addTo(groups[examples.groups[example]], example);
      })))
    return failure();
  for (auto &[number, group] : groups) {
    group.group = number;
    report.groups.push_back(group);
  }
  std::error_code error;
  llvm::raw_fd_ostream file(options.report, error);
  if (!error && StringRef(options.report).ends_with(".html"))
    report.writePage(file);
  else if (!error)
    report.write(file);
  if (!error && file.has_error())
    error = file.error();
  file.clear_error();
  if (error)
    return emitError(UnknownLoc::get(context))
           << "cannot write '" << options.report << "': " << error.message();
  return success();
}

} // namespace

CalibratorPtr edgecc::createCalibrator(CalibrationOptions options) {
  return std::make_shared<ExampleCalibrator>(std::move(options));
}
