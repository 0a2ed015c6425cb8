//===- ConverterTable.cpp - which converter an ONNX node gets ---*- C++ -*-===//
//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/OnnxToEdge/Attention.h"
#include "passes/OnnxToEdge/Converters.h"
#include "passes/OnnxToEdge/MachineLearning.h"
#include "passes/OnnxToEdge/Operators.h"
#include <map>

using namespace mlir;
using namespace edgecc;

void edgecc::registerAllConverters(ConverterTable &table) {
  registerActivationConverters(table);
  registerAttentionConverters(table);
  registerControlFlowConverters(table);
  registerConvolutionConverters(table);
  registerElementwiseConverters(table);
  registerGeneratorConverters(table);
  registerImageConverters(table);
  registerIndexingConverters(table);
  registerMachineLearningConverters(table);
  registerMatMulConverters(table);
  registerNormalizationConverters(table);
  registerPoolingConverters(table);
  registerQLinearConverters(table);
  registerQuantizationConverters(table);
  registerRecurrentConverters(table);
  registerReductionConverters(table);
  registerResizeConverters(table);
  registerSamplingConverters(table);
  registerSelectionConverters(table);
  registerSequenceConverters(table);
  registerShapeConverters(table);
  registerSignalConverters(table);
  registerSliceConverters(table);
  registerTrainingConverters(table);
}

void ConverterTable::add(StringRef opType, ConvertFn convert,
                         int64_t minVersion, int64_t maxVersion,
                         StringRef domain) {
  rows[(domain + "::" + opType).str()].push_back(
      {minVersion, maxVersion, std::move(convert)});
}

const SmallVector<ConverterTable::Row, 1> *
ConverterTable::getRows(onnx::NodeOp node) const {
  auto it = rows.find((node.getDomain() + "::" + node.getOpType()).str());
  return it == rows.end() ? nullptr : &it->second;
}

const ConvertFn *ConverterTable::lookup(onnx::NodeOp node) const {
  const SmallVector<Row, 1> *candidates = getRows(node);
  if (!candidates)
    return nullptr;
  int64_t version = node.getSinceVersion();
  for (const Row &row : *candidates)
    if (row.minVersion <= version && version <= row.maxVersion)
      return &row.convert;
  return nullptr;
}

void ConverterTable::print(raw_ostream &os) const {
  std::map<std::string, std::string> lines;
  for (const auto &[key, list] : rows) {
    auto [domain, name] = key.split("::");
    std::string versions;
    for (const Row &row : list) {
      versions += " " + std::to_string(row.minVersion) + "-";
      if (row.maxVersion != kNewest)
        versions += std::to_string(row.maxVersion);
    }
    lines[((domain.empty() ? "ai.onnx" : domain) + " " + name).str()] =
        versions;
  }
  for (const auto &[name, versions] : lines)
    os << name << versions << "\n";
}

void edgecc::printOperators(raw_ostream &os) {
  ConverterTable table;
  registerAllConverters(table);
  table.print(os);
}

std::string ConverterTable::getVersions(onnx::NodeOp node) const {
  std::string text;
  llvm::raw_string_ostream os(text);
  if (const SmallVector<Row, 1> *candidates = getRows(node))
    llvm::interleaveComma(*candidates, os, [&](const Row &row) {
      os << row.minVersion;
      if (row.maxVersion == kNewest)
        os << " and newer";
      else if (row.maxVersion != row.minVersion)
        os << " to " << row.maxVersion;
    });
  return text;
}
