//===- Report.cpp - what a compilation made ---------------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "compiler/api/Report.h"

#include "llvm/Support/Format.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"

using namespace edgecc;

static int64_t totalMacs(const CompiledModel &model) {
  int64_t macs = 0;
  for (const LayerReport &layer : model.layers)
    macs += layer.macs;
  return macs;
}

static void writeTensors(llvm::json::OStream &json, llvm::StringRef key,
                         llvm::ArrayRef<TensorInterface> tensors) {
  json.attributeArray(key, [&] {
    for (const TensorInterface &tensor : tensors)
      json.object([&] {
        json.attribute("name", tensor.name);
        json.attribute("type",
                       getElementInfo(tensor.type.getElementType())->name);
        json.attributeArray("shape", [&] {
          for (int64_t size : tensor.type.getShape())
            json.value(size);
        });
        json.attribute("bytes", tensor.bytes);
      });
  });
}

void edgecc::writeReport(const CompiledModel &model, llvm::raw_ostream &os) {
  llvm::json::OStream json(os, /*IndentSize=*/2);
  json.object([&] {
    json.attribute("name", model.interface.name);
    json.attributeObject("target", [&] {
      json.attribute("triple", model.cpu.getTriple());
      json.attribute("cpu", model.cpu.getCpu());
      json.attribute("features", model.cpu.getFeatures());
    });
    json.attributeObject("memory", [&] {
      json.attribute("arena_bytes", model.interface.arenaBytes);
      json.attribute("arena_bound_bytes", model.arenaBound);
      json.attribute("arena_align", int64_t(model.interface.arenaAlign));
      json.attribute("code_bytes", int64_t(model.sizes.code));
      json.attribute("constant_bytes", int64_t(model.sizes.constants));
      json.attribute("writable_bytes", int64_t(model.sizes.writable));
      json.attribute("weight_bytes", model.interface.weightBytes);
    });
    json.attribute("macs", totalMacs(model));
    writeTensors(json, "inputs", model.interface.inputs);
    writeTensors(json, "outputs", model.interface.outputs);
    json.attributeArray("layers", [&] {
      for (const LayerReport &layer : model.layers)
        json.object([&] {
          json.attribute("name", layer.name);
          json.attribute("kind", layer.kind);
          json.attribute("macs", layer.macs);
        });
    });
  });
  os << "\n";
}

void edgecc::writeSummary(const CompiledModel &model, llvm::raw_ostream &os) {
  os << model.interface.name << " for " << model.cpu.getCpu() << " ("
     << model.cpu.getTriple() << ")\n\n";
  os << llvm::format("%14s  %-16s %s\n", "MACs", "kind", "layer");
  for (const LayerReport &layer : model.layers)
    os << llvm::format("%14lld  %-16s %s\n", (long long)layer.macs,
                       layer.kind.c_str(), layer.name.c_str());
  os << "\n";
  auto row = [&](llvm::StringRef what, int64_t value) {
    os << llvm::format("%14lld  ", (long long)value) << what << "\n";
  };
  row("MACs", totalMacs(model));
  row("bytes of weights", model.interface.weightBytes);
  row("bytes of arena", model.interface.arenaBytes);
  row("bytes of code", model.sizes.code);
  row("bytes of constants", model.sizes.constants);
}
