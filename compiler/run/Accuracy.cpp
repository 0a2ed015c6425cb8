//===- Accuracy.cpp - how well a network is approximated --------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "compiler/run/Accuracy.h"

#include "llvm/Support/JSON.h"

#include <cmath>

using namespace edgecc;

//===----------------------------------------------------------------------===//
// Measures
//===----------------------------------------------------------------------===//

void Divergence::add(double number, double approximation) {
  double error = approximation - number;
  signal += number * number;
  noise += error * error;
  product += number * approximation;
  power += approximation * approximation;
  worst = std::max(worst, std::abs(error));
}

void Divergence::add(llvm::ArrayRef<float> numbers,
                     llvm::ArrayRef<float> approximations) {
  for (auto [number, approximation] : llvm::zip(numbers, approximations))
    add(number, approximation);
}

double Divergence::decibels() const {
  return noise > 0 ? 10 * std::log10(std::max(signal, 1e-30) / noise)
                   : std::numeric_limits<double>::infinity();
}

double Divergence::cosine() const {
  double norm = std::sqrt(signal) * std::sqrt(power);
  return norm > 0 ? product / norm : double(signal == power);
}

double Divergence::relative() const {
  if (noise == 0)
    return 0;
  return std::sqrt(noise / std::max(signal, 1e-30));
}

void ValueAccuracy::add(llvm::ArrayRef<float> real,
                        llvm::ArrayRef<float> quantised) {
  whole.add(real, quantised);
  elements += int64_t(real.size());
  float scale = float(parameters.scale());
  int64_t zero = parameters.zeroPoint();
  for (auto [i, number] : llvm::enumerate(real)) {
    if (!channels.empty())
      channels[i % channels.size()].add(number, quantised[i]);
    least = std::min(least, number);
    most = std::max(most, number);
    int64_t integer = parameters.quantize(number);
    float back = float(integer - zero) * scale;
    rounding.add(number, back);
    ++counts[uint64_t(integer - parameters.least) * counts.size() /
             uint64_t(parameters.most - parameters.least + 1)];
    bool isEnd = integer == parameters.least || integer == parameters.most;
    saturated += isEnd && std::abs(back - number) > 0.5f * scale;
  }
}

double ValueAccuracy::rangeUse() const {
  double width =
      parameters.scale() * double(parameters.most - parameters.least);
  return std::min(1.0, (double(most) - least) / width);
}

double ValueAccuracy::saturation() const {
  return double(saturated) / double(std::max<int64_t>(elements, 1));
}

llvm::SmallVector<size_t> ValueAccuracy::worstChannels(size_t count) const {
  llvm::SmallVector<size_t> order =
      llvm::to_vector(llvm::seq<size_t>(channels.size()));
  llvm::stable_sort(order, [&](size_t a, size_t b) {
    return channels[a].decibels() < channels[b].decibels();
  });
  order.truncate(std::min(order.size(), count));
  return order;
}

void OutputAccuracy::add(llvm::ArrayRef<float> real,
                         llvm::ArrayRef<float> quantised, int64_t width) {
  whole.add(real, quantised);
  if (width < 2)
    return;
  for (size_t i = 0; i < real.size(); i += width, ++classes)
    sameClass += largestElement(real.slice(i, width)) ==
                 largestElement(quantised.slice(i, width));
}

int64_t edgecc::largestElement(llvm::ArrayRef<float> elements) {
  return std::max_element(elements.begin(), elements.end()) - elements.begin();
}

//===----------------------------------------------------------------------===//
// JSON
//===----------------------------------------------------------------------===//

/// Infinity, which JSON cannot say, is null: no noise.
static void writeDecibels(llvm::json::OStream &json, llvm::StringRef key,
                          const Divergence &divergence) {
  double value = divergence.decibels();
  json.attribute(key, std::isfinite(value) ? llvm::json::Value(value)
                                           : llvm::json::Value(nullptr));
}

static void writeDivergence(llvm::json::OStream &json,
                            const Divergence &divergence) {
  writeDecibels(json, "sqnr_db", divergence);
  json.attribute("cosine", divergence.cosine());
  json.attribute("relative", divergence.relative());
  json.attribute("largest_difference", divergence.largest());
}

static void writeGroup(llvm::json::OStream &json, const GroupAccuracy &group,
                       bool hasLabels) {
  json.attribute("examples", group.examples);
  writeDivergence(json, group.whole);
  if (!hasLabels)
    return;
  json.attribute("right", group.right);
  json.attribute("quantised_right", group.quantisedRight);
}

static void writeValue(llvm::json::OStream &json, const ValueAccuracy &value) {
  const quantization::Parameters &p = value.parameters;
  json.attribute("name", value.name);
  json.attribute("scale", p.scale());
  json.attribute("zero_point", p.zeroPoint());
  json.attribute("least", value.least);
  json.attribute("most", value.most);
  json.attribute("range_use", value.rangeUse());
  json.attribute("saturated", value.saturation());
  writeDecibels(json, "rounding_sqnr_db", value.rounding);
  writeDivergence(json, value.whole);
  json.attributeArray("worst_channels", [&] {
    for (size_t channel : value.worstChannels(3))
      json.object([&] {
        json.attribute("channel", int64_t(channel));
        writeDecibels(json, "sqnr_db", value.channels[channel]);
      });
  });
  json.attributeArray("counts", [&] {
    for (int64_t count : value.counts)
      json.value(count);
  });
}

void AccuracyReport::write(llvm::raw_ostream &os) const {
  llvm::json::OStream json(os, /*IndentSize=*/2);
  json.object([&] {
    writeGroup(json, all, hasLabels);
    json.attributeArray("groups", [&] {
      for (const GroupAccuracy &group : groups)
        json.object([&] {
          json.attribute("group", group.group);
          writeGroup(json, group, hasLabels);
        });
    });
    json.attributeArray("outputs", [&] {
      for (const OutputAccuracy &output : outputs)
        json.object([&] {
          json.attribute("name", output.name);
          writeDivergence(json, output.whole);
          if (output.classes > 0)
            json.attribute("same_class",
                           double(output.sameClass) / double(output.classes));
        });
    });
    json.attributeArray("values", [&] {
      for (const ValueAccuracy &value : values)
        json.object([&] { writeValue(json, value); });
    });
  });
  os << "\n";
}
