//===- ReportPage.cpp - the report as a page --------------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "compiler/api/Page.h"
#include "compiler/api/Report.h"

using namespace edgecc;
using namespace edgecc::page;

/// The picture of weights that `kernels::drawWeights` writes in characters.
static std::string drawMap(llvm::StringRef map) {
  constexpr int64_t cell = 4;
  llvm::SmallVector<llvm::StringRef> lines;
  map.split(lines, '\n');
  std::string text;
  llvm::raw_string_ostream os(text);
  os << "<svg width=\"" << lines.front().size() * cell << "\" height=\""
     << lines.size() * cell << "\">";
  for (auto [y, line] : llvm::enumerate(lines))
    for (auto [x, digit] : llvm::enumerate(line))
      if (digit != '0')
        os << "<rect x=\"" << x * cell << "\" y=\"" << y * cell << "\" width=\""
           << cell << "\" height=\"" << cell << "\" opacity=\""
           << fixed((digit - '0') / 9.0, 2) << "\"/>";
  os << "</svg>";
  return text;
}

void edgecc::writeReportPage(const CompiledModel &model,
                             llvm::raw_ostream &os) {
  writeHead(os, model.interface.name);
  os << "<h1>" << escape(model.interface.name) << " for "
     << escape(model.cpu.getCpu()) << "</h1>\n<table>\n";
  writeRow(os, {"layer", "kind", "multiplications", "bytes of weights", "us"},
           "th");
  for (const LayerReport &layer : model.layers) {
    bool isTimed = layer.cost && layer.cost->microseconds;
    writeRow(os, {escape(layer.name), escape(layer.kind),
                  std::to_string(layer.macs), std::to_string(layer.weightBytes),
                  isTimed ? fixed(*layer.cost->microseconds, 1) : ""});
  }
  os << "</table>\n";
  for (const LossReport &loss : model.losses)
    os << "<p>" << escape(describeLoss(loss)) << ".</p>\n";
  os << "<h2>Weights</h2>\n<p>A line of a picture is for some output "
        "channels; the darker, the fewer of the weights are zero.</p>\n"
        "<table>\n";
  writeRow(os,
           {"layer", "zeros", "pattern", "kernel", "bytes of all", "bytes",
            "times faster", "why", "weights"},
           "th");
  for (const LayerReport &layer : model.layers) {
    if (!layer.weights)
      continue;
    const WeightReport &weights = *layer.weights;
    auto count = double(std::max<int64_t>(weights.count, 1));
    writeRow(os,
             {escape(layer.name), percent(double(weights.zeros) / count),
              escape(weights.pattern), weights.isSparse ? "sparse" : "dense",
              std::to_string(weights.bytes), std::to_string(layer.weightBytes),
              weights.gain ? fixed(*weights.gain, 2) : "", escape(weights.why),
              drawMap(weights.map)});
  }
  os << "</table>\n</html>\n";
}
