//===- AccuracyPage.cpp - the accuracy report as a page ---------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
//
// One HTML file that needs nothing else: tables, and for each value a picture
// of how often its integers occur.
//
//===----------------------------------------------------------------------===//

#include "compiler/api/Page.h"
#include "compiler/run/Accuracy.h"

using namespace edgecc;
using namespace edgecc::page;

/// How often integers occur, the least ones on the left.
static std::string picture(llvm::ArrayRef<int64_t> counts) {
  constexpr int64_t height = 30, width = 3;
  int64_t most = std::max<int64_t>(1, *llvm::max_element(counts));
  std::string text;
  llvm::raw_string_ostream os(text);
  os << "<svg width=\"" << counts.size() * width << "\" height=\"" << height
     << "\">";
  for (auto [i, count] : llvm::enumerate(counts)) {
    if (count == 0)
      continue;
    // Rare ones are seen as well.
    auto bar = std::max<int64_t>(1, count * height / most);
    os << "<rect x=\"" << i * width << "\" y=\"" << height - bar
       << "\" width=\"" << width << "\" height=\"" << bar << "\"/>";
  }
  os << "</svg>";
  return text;
}

static void writeGroups(llvm::raw_ostream &os, const AccuracyReport &report) {
  os << "<h2>Results</h2>\n<table>\n";
  writeRow(os,
           {"examples", "number", "signal to noise (dB)", "relative difference",
            "right", "right when quantised"},
           "th");
  auto add = [&](const std::string &name, const GroupAccuracy &group) {
    writeRow(os,
             {name, std::to_string(group.examples),
              fixed(group.whole.decibels(), 1), percent(group.whole.relative()),
              report.hasLabels ? std::to_string(group.right) : "",
              report.hasLabels ? std::to_string(group.quantisedRight) : ""});
  };
  add("all", report.all);
  for (const GroupAccuracy &group : report.groups)
    add("group " + std::to_string(group.group), group);
  os << "</table>\n<table>\n";
  writeRow(os,
           {"output", "signal to noise (dB)", "cosine", "largest difference",
            "same class"},
           "th");
  for (const OutputAccuracy &output : report.outputs)
    writeRow(os,
             {escape(output.name), fixed(output.whole.decibels(), 1),
              fixed(output.whole.cosine(), 5), fixed(output.whole.largest(), 5),
              output.classes
                  ? percent(double(output.sameClass) / double(output.classes))
                  : ""});
  os << "</table>\n";
}

void AccuracyReport::writePage(llvm::raw_ostream &os) const {
  // A value below it has lost what one of 8 bits should have by far.
  constexpr double low = 20;
  writeHead(os, "Accuracy");
  os << "<h1>What quantisation does</h1>\n";
  writeGroups(os, *this);
  os << "<h2>Values</h2>\n<p>In the order of the network. Signal to noise of "
        "the value, of its own rounding, and of its worst channel; the range "
        "that integers express, and what of it occurs.</p>\n<table>\n";
  writeRow(os,
           {"value", "dB", "rounding dB", "worst channel", "cosine", "least",
            "most", "range used", "saturated", "integers"},
           "th");
  for (const ValueAccuracy &value : values) {
    std::string worst;
    if (auto found = value.worstChannels(1); !found.empty())
      worst = std::to_string(found.front()) + ": " +
              fixed(value.channels[found.front()].decibels(), 1);
    writeRow(os,
             {escape(value.name), fixed(value.whole.decibels(), 1),
              fixed(value.rounding.decibels(), 1), worst,
              fixed(value.whole.cosine(), 5), fixed(value.least, 4),
              fixed(value.most, 4), percent(value.rangeUse()),
              percent(value.saturation()), picture(value.counts)},
             "td", value.whole.decibels() < low ? "low" : "");
  }
  os << "</table>\n</html>\n";
}
