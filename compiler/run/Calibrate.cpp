//===- Calibrate.cpp - ranges of values from examples -----------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
//
// Two runs over the examples: the first one finds the extremes of each value,
// the second one, for rules that need it, how often values occur in between.
//
//===----------------------------------------------------------------------===//

#include "compiler/run/Calibrate.h"
#include "compiler/pipeline/Evaluate.h"
#include "compiler/run/Npz.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/OwningOpRef.h"
#include "llvm/ADT/StringSwitch.h"

#include <cmath>

using namespace mlir;
using namespace edgecc;

namespace {

/// How often values occur in equal parts of an interval.
struct Histogram {
  static constexpr int64_t bins = 2048;

  float least = std::numeric_limits<float>::infinity();
  float most = -std::numeric_limits<float>::infinity();
  std::vector<int64_t> counts = std::vector<int64_t>(bins, 0);

  double width() const { return (double(most) - least) / bins; }
  double centre(int64_t bin) const { return least + (bin + 0.5) * width(); }
  void count(float value) {
    auto bin = int64_t((double(value) - least) / width());
    ++counts[std::clamp<int64_t>(bin, 0, bins - 1)];
  }
};

/// The mean square of what 8 bits make of the values, up to a factor.
double errorOf(const Histogram &histogram, double least, double most) {
  double scale = (most - least) / 255, error = 0;
  for (int64_t bin = 0; bin < Histogram::bins; ++bin) {
    if (histogram.counts[bin] == 0)
      continue;
    double value = histogram.centre(bin);
    double rounded =
        std::clamp(std::nearbyint((value - least) / scale), 0.0, 255.0) *
            scale +
        least;
    error +=
        double(histogram.counts[bin]) * (value - rounded) * (value - rounded);
  }
  return error;
}

/// Shrinks the whole range toward zero as long as the error falls.
CalibratedRange leastError(const Histogram &histogram) {
  CalibratedRange best{histogram.least, histogram.most};
  double bestError = std::numeric_limits<double>::infinity();
  for (int64_t step = 100; step >= 20; --step) {
    double factor = double(step) / 100;
    double least = std::min(double(histogram.least) * factor, 0.0);
    double most = std::max(double(histogram.most) * factor, 0.0);
    double error = errorOf(histogram, least, most);
    if (error < bestError) {
      bestError = error;
      best = {float(least), float(most)};
    }
  }
  return best;
}

/// Leaves out the outermost values, one in 10,000 in all.
CalibratedRange percentile(const Histogram &histogram) {
  int64_t total = 0;
  for (int64_t count : histogram.counts)
    total += count;
  int64_t allowed = total / 20000;
  int64_t low = 0, high = Histogram::bins - 1;
  for (int64_t seen = histogram.counts[low]; seen <= allowed && low < high;)
    seen += histogram.counts[++low];
  for (int64_t seen = histogram.counts[high]; seen <= allowed && high > low;)
    seen += histogram.counts[--high];
  return {float(histogram.least + low * histogram.width()),
          float(histogram.least + (high + 1) * histogram.width())};
}

/// A copy of the module of `values` whose `main` returns them.
OwningOpRef<ModuleOp> observing(ArrayRef<Value> values) {
  Value first = values.front();
  auto function = first.getParentRegion()->getParentOfType<func::FuncOp>();
  IRMapping mapping;
  auto module = function->getParentOfType<ModuleOp>();
  OwningOpRef<ModuleOp> copy(cast<ModuleOp>(module->clone(mapping)));
  auto main = copy->lookupSymbol<func::FuncOp>(function.getName());
  SmallVector<Value> results;
  SmallVector<Type> types;
  for (Value value : values) {
    results.push_back(mapping.lookup(value));
    types.push_back(value.getType());
  }
  main.getBody().front().getTerminator()->setOperands(results);
  main.setType(FunctionType::get(copy->getContext(),
                                 main.getFunctionType().getInputs(), types));
  for (unsigned i = 0; i < values.size(); ++i)
    main.setResultAttrs(
        i, DictionaryAttr::get(
               copy->getContext(),
               NamedAttribute(
                   StringAttr::get(copy->getContext(), "edge.name"),
                   StringAttr::get(copy->getContext(), "value" + Twine(i)))));
  return copy;
}

/// A network that gives the observed values, its examples, and where the values
/// go.
class Observation {
public:
  Observation(RunnableModel runnable, std::vector<TensorData> examples)
      : runnable(std::move(runnable)), examples(std::move(examples)) {
    for (const TensorInterface &output : this->runnable.interface.outputs)
      buffers.emplace_back(std::max<int64_t>(output.bytes, 1));
  }

  /// Calls `see` with the position and the elements of each observed value of
  /// each example.
  llvm::Error run(llvm::function_ref<void(size_t, ArrayRef<float>)> see) {
    SmallVector<void *> outputs;
    for (std::vector<char> &buffer : buffers)
      outputs.push_back(buffer.data());
    for (const TensorData &example : examples) {
      SmallVector<const void *> inputs;
      for (const std::vector<char> &input : example)
        inputs.push_back(input.data());
      if (llvm::Error error = runnable.model->run(inputs, outputs))
        return error;
      for (auto [i, output] : llvm::enumerate(runnable.interface.outputs))
        see(i, ArrayRef(reinterpret_cast<const float *>(buffers[i].data()),
                        output.bytes / sizeof(float)));
    }
    return llvm::Error::success();
  }

private:
  RunnableModel runnable;
  std::vector<TensorData> examples;
  std::vector<std::vector<char>> buffers;
};

FailureOr<SmallVector<CalibratedRange>>
findRanges(ArrayRef<Value> values, StringRef path, RangeRule rule) {
  Location loc = UnknownLoc::get(values.front().getContext());
  auto report = [&](llvm::Error error) {
    return emitError(loc) << llvm::toString(std::move(error));
  };
  OwningOpRef<ModuleOp> module = observing(values);
  FailureOr<RunnableModel> runnable =
      loadHere(*module, OptLevel::O2, /*optimise=*/true);
  if (failed(runnable))
    return failure();
  auto examples = readNpzExamples(path, runnable->interface.inputs);
  if (!examples)
    return report(examples.takeError());
  if (examples->size() < 10)
    emitWarning(loc) << "'" << path << "' has " << examples->size()
                     << " examples to calibrate with; fewer than 10 seldom "
                        "represent what a network will see";

  Observation observation(std::move(*runnable), std::move(*examples));
  std::vector<Histogram> histograms(values.size());
  bool isFinite = true;
  if (llvm::Error error =
          observation.run([&](size_t i, ArrayRef<float> elements) {
            for (float value : elements) {
              isFinite &= std::isfinite(value);
              histograms[i].least = std::min(histograms[i].least, value);
              histograms[i].most = std::max(histograms[i].most, value);
            }
          }))
    return report(std::move(error));
  if (!isFinite)
    return emitError(loc) << "the network computes infinities or NaN from the "
                             "examples in '"
                          << path << "'";
  for (auto [value, histogram] : llvm::zip(values, histograms))
    if (isa<BlockArgument>(value) && histogram.least == histogram.most)
      emitWarning(value.getLoc())
          << "all examples in '" << path << "' hold the same number";

  SmallVector<CalibratedRange> ranges;
  for (const Histogram &histogram : histograms)
    ranges.push_back({histogram.least, histogram.most});
  if (rule == RangeRule::MinMax)
    return ranges;
  if (llvm::Error error =
          observation.run([&](size_t i, ArrayRef<float> elements) {
            if (histograms[i].least < histograms[i].most)
              for (float value : elements)
                histograms[i].count(value);
          }))
    return report(std::move(error));
  for (auto [range, histogram] : llvm::zip(ranges, histograms))
    if (histogram.least < histogram.most)
      range = rule == RangeRule::Percentile ? percentile(histogram)
                                            : leastError(histogram);
  return ranges;
}

} // namespace

std::optional<RangeRule> edgecc::parseRangeRule(StringRef name) {
  return llvm::StringSwitch<std::optional<RangeRule>>(name)
      .Case("minmax", RangeRule::MinMax)
      .Case("percentile", RangeRule::Percentile)
      .Case("mse", RangeRule::MeanSquare)
      .Default(std::nullopt);
}

CalibrateFn edgecc::calibrateWith(std::string path, RangeRule rule) {
  return [path = std::move(path), rule](ArrayRef<Value> values) {
    return findRanges(values, path, rule);
  };
}
