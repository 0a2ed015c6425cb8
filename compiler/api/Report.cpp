//===- Report.cpp - what a compilation made ---------------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "compiler/api/Report.h"

#include "llvm/ADT/MapVector.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"
#include <cmath>

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
        if (tensor.quantization) {
          json.attribute("scale", tensor.quantization->scale);
          json.attribute("zero_point", tensor.quantization->zeroPoint);
        }
      });
  });
}

/// A number with three decimals, or null.
static llvm::json::Value roundNumber(std::optional<double> number) {
  if (!number)
    return nullptr;
  return std::round(*number * 1000) / 1000;
}

static void writeCost(llvm::json::OStream &json,
                      const std::optional<LayerCost> &cost, int64_t macs) {
  if (!cost)
    return json.attribute("predicted", nullptr);
  json.attributeObject("predicted", [&] {
    json.attribute("instructions", std::llround(cost->code.instructions));
    json.attribute("cycles",
                   cost->code.cycles > 0
                       ? llvm::json::Value(std::llround(cost->code.cycles))
                       : llvm::json::Value(nullptr));
    json.attribute("us", roundNumber(cost->microseconds));
    json.attribute("energy_nj", roundNumber(cost->nanojoules));
    json.attributeObject("bytes", [&] {
      json.attribute("l1", std::llround(cost->traffic.l1));
      json.attribute("l2", std::llround(cost->traffic.l2));
      json.attribute("l3", std::llround(cost->traffic.l3));
      json.attribute("memory", std::llround(cost->traffic.memory));
    });
    json.attribute("intensity", roundNumber(cost->getIntensity(macs)));
    json.attribute("roof_us", roundNumber(cost->roofMicroseconds));
    if (!cost->bound.empty())
      json.attribute("bound", cost->bound);
  });
}

static void writePlacement(llvm::json::OStream &json,
                           const PlacementReport &placement) {
  json.attributeObject("npu", [&] {
    json.attribute("name", placement.npu);
    json.attribute("operations", placement.operations);
    json.attribute("regions", placement.regions);
    json.attributeArray("on_cpu", [&] {
      for (const CpuOperation &operation : placement.onCpu)
        json.object([&] {
          json.attribute("name", operation.name);
          json.attribute("kind", operation.kind);
          json.attribute("reason", operation.reason);
        });
    });
  });
}

static void writeCopies(llvm::json::OStream &json,
                        llvm::ArrayRef<CopyReport> copies) {
  json.attributeArray("copies", [&] {
    for (const CopyReport &copy : copies)
      json.object([&] {
        json.attribute("layer", copy.layer);
        json.attribute("start", copy.start);
        json.attribute("wait", copy.wait);
        json.attribute("bytes", copy.bytes);
        json.attribute("buffer", copy.buffer);
      });
  });
}

static void writeWeights(llvm::json::OStream &json,
                         const WeightReport &weights) {
  json.attributeObject("weights", [&] {
    json.attribute("count", weights.count);
    json.attribute("sparsity",
                   roundNumber(double(weights.zeros) /
                               double(std::max<int64_t>(weights.count, 1))));
    json.attribute("pattern", weights.pattern);
    json.attribute("kernel", weights.isSparse ? "sparse" : "dense");
    json.attribute("why", weights.why);
    json.attribute("dense_bytes", weights.bytes);
    if (weights.gain)
      json.attribute("predicted_gain", roundNumber(*weights.gain));
    json.attribute("map", weights.map);
  });
}

static void writeLosses(llvm::json::OStream &json,
                        llvm::ArrayRef<LossReport> losses) {
  // Small ones have few decimals left.
  auto precise = [](double number) {
    return llvm::json::Value(std::round(number * 1e6) / 1e6);
  };
  json.attributeArray("losses", [&] {
    for (const LossReport &loss : losses)
      json.object([&] {
        json.attribute("cause", loss.cause);
        json.attribute("divergence", precise(loss.divergence));
        if (loss.answers)
          json.attribute("answers", precise(*loss.answers));
        if (loss.saved)
          json.attribute("saved_macs", precise(*loss.saved));
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
      json.attribute("arena_proven_bytes", model.arenaProven);
      json.attribute("arena_align", int64_t(model.interface.arenaAlign));
      if (model.interface.stackBytes)
        json.attribute("stack_bytes", int64_t(*model.interface.stackBytes));
      json.attribute("code_bytes", int64_t(model.sizes.code));
      json.attribute("constant_bytes", int64_t(model.sizes.constants));
      json.attribute("writable_bytes", int64_t(model.sizes.writable));
      json.attribute("weight_bytes", model.interface.weightBytes);
      if (!model.interface.regions.empty())
        json.attributeArray("regions", [&] {
          for (const RegionInterface &region : model.interface.regions)
            json.object([&] {
              json.attribute("name", region.name);
              json.attribute("bytes", region.bytes);
              json.attribute("bound_bytes", region.lowerBound);
              json.attribute("capacity", region.capacity);
            });
        });
    });
    json.attribute("macs", totalMacs(model));
    writeCost(json, model.cost, totalMacs(model));
    if (model.floatFallbacks)
      json.attribute("float_fallbacks", *model.floatFallbacks);
    if (!model.losses.empty())
      writeLosses(json, model.losses);
    if (model.placement)
      writePlacement(json, *model.placement);
    writeTensors(json, "inputs", model.interface.inputs);
    writeTensors(json, "outputs", model.interface.outputs);
    json.attributeArray("layers", [&] {
      for (const LayerReport &layer : model.layers)
        json.object([&] {
          json.attribute("name", layer.name);
          json.attribute("kind", layer.kind);
          json.attribute("macs", layer.macs);
          if (!layer.transposes.empty())
            json.attributeArray("transposes", [&] {
              for (const std::string &reason : layer.transposes)
                json.value(reason);
            });
          json.attribute("weight_bytes", layer.weightBytes);
          if (layer.weights)
            writeWeights(json, *layer.weights);
          json.attribute("time", layer.time);
          json.attribute("kernel", layer.kernel);
          writeCost(json, layer.cost, layer.macs);
          if (layer.measuredMicroseconds)
            json.attribute("measured_us", *layer.measuredMicroseconds);
          json.attributeArray("buffers", [&] {
            for (int64_t buffer : layer.buffers)
              json.value(buffer);
          });
        });
    });
    json.attributeArray("buffers", [&] {
      for (const BufferReport &buffer : model.buffers)
        json.object([&] {
          json.attribute("layer", buffer.layer);
          json.attribute("offset", buffer.offset);
          json.attribute("bytes", buffer.bytes);
          json.attribute("first", buffer.first);
          json.attribute("last", buffer.last);
          if (!model.interface.regions.empty())
            json.attribute("region", buffer.region);
          if (buffer.over >= 0) {
            json.attribute("over", buffer.over);
            json.attribute("distance", buffer.distance);
          }
        });
    });
    if (!model.copies.empty())
      writeCopies(json, model.copies);
  });
  os << "\n";
}

/// In words: `-` where nothing is predicted.
static std::string countInstructions(const std::optional<LayerCost> &cost) {
  return cost ? std::to_string(std::llround(cost->code.instructions)) : "-";
}

static std::string describeTime(const std::optional<LayerCost> &cost) {
  if (!cost || !cost->microseconds)
    return "-";
  return llvm::formatv("{0:f1}", *cost->microseconds).str();
}

/// How many tensors are transposed, and why.
static void listTransposes(const CompiledModel &model, llvm::raw_ostream &os) {
  int64_t alone = 0, inside = 0;
  for (const LayerReport &layer : model.layers)
    (layer.kind == "transpose" ? alone : inside) += layer.transposes.size();
  if (alone + inside == 0)
    return;
  os << llvm::format("%14lld  ", (long long)(alone + inside))
     << "transpositions";
  if (inside)
    os << ", " << inside << " of them inside of other layers";
  os << "\n";
  for (const LayerReport &layer : model.layers)
    for (llvm::StringRef reason : layer.transposes)
      os << llvm::indent(16) << layer.name << ": "
         << (reason.empty() ? "the network asks for it" : reason) << "\n";
}

/// Layers with weights that are zero, and what becomes of these.
static void listZeros(const CompiledModel &model, llvm::raw_ostream &os) {
  for (const LayerReport &layer : model.layers) {
    if (!layer.weights || layer.weights->pattern == "dense")
      continue;
    const WeightReport &weights = *layer.weights;
    double share = double(weights.zeros) / double(weights.count);
    os << llvm::indent(16) << layer.name << ": "
       << llvm::formatv("{0:p1} zeros, {1}, {2} kernel, {3} bytes of {4}; {5}",
                        share, weights.pattern,
                        weights.isSparse ? "sparse" : "dense",
                        layer.weightBytes, weights.bytes, weights.why)
       << "\n";
  }
}

std::string edgecc::describeLoss(const LossReport &loss) {
  std::string text = llvm::formatv("{0:p2} is what results differ by after {1}",
                                   loss.divergence, loss.cause)
                         .str();
  if (loss.answers)
    text += llvm::formatv(", {0:p2} of the answers are lost", *loss.answers);
  if (loss.saved)
    text +=
        llvm::formatv(", {0:p1} of the multiplications are saved", *loss.saved);
  return text;
}

void edgecc::writeSummary(const CompiledModel &model, llvm::raw_ostream &os) {
  os << model.interface.name << " for " << model.cpu.getCpu() << " ("
     << model.cpu.getTriple() << ")\n\n";
  os << llvm::format("%14s %14s %12s %-8s %-16s %s\n", "MACs", "instructions",
                     "us", "bound", "kind", "layer");
  for (const LayerReport &layer : model.layers)
    os << llvm::format(
        "%14lld %14s %12s %-8s %-16s %s\n", (long long)layer.macs,
        countInstructions(layer.cost).c_str(), describeTime(layer.cost).c_str(),
        layer.cost ? layer.cost->bound.data() : "", layer.kind.c_str(),
        layer.name.c_str());
  os << "\n";
  auto row = [&](const llvm::Twine &what, int64_t value) {
    os << llvm::format("%14lld  ", (long long)value) << what << "\n";
  };
  row("MACs", totalMacs(model));
  if (model.floatFallbacks)
    row("operations that stay in float", *model.floatFallbacks);
  if (model.cost) {
    row("instructions", std::llround(model.cost->code.instructions));
    if (model.cost->code.cycles > 0)
      row("cycles of the core", std::llround(model.cost->code.cycles));
    if (model.cost->microseconds)
      row("microseconds", std::llround(*model.cost->microseconds));
    if (model.cost->nanojoules)
      row("microjoules", std::llround(*model.cost->nanojoules / 1000));
  }
  if (model.placement) {
    row("operations on the NPU '" + model.placement->npu + "', in " +
            std::to_string(model.placement->regions) + " regions",
        model.placement->operations);
    row("operations on the CPU", model.placement->onCpu.size());
    for (const CpuOperation &operation : model.placement->onCpu)
      os << llvm::indent(16) << operation.name << " (" << operation.kind
         << "): " << operation.reason << "\n";
  }
  listTransposes(model, os);
  // What only moves elements and has found no place in another layer.
  for (auto [kind, name] :
       {std::pair("slice", "slices"), std::pair("broadcast", "broadcasts"),
        std::pair("pad", "borders")})
    if (int64_t count =
            llvm::count_if(model.layers, [&](const LayerReport &layer) {
              return layer.kind == kind;
            }))
      row(name, count);
  row("bytes of weights", model.interface.weightBytes);
  listZeros(model, os);
  for (const LossReport &loss : model.losses)
    os << llvm::indent(16) << describeLoss(loss) << "\n";
  if (!model.copies.empty()) {
    int64_t copied = 0;
    for (const CopyReport &copy : model.copies)
      copied += copy.bytes;
    row("bytes of constants copied to faster memory, in " +
            llvm::Twine(model.copies.size()) + " copies",
        copied);
  }
  row("bytes of arena", model.interface.arenaBytes);
  if (model.interface.stackBytes)
    row("bytes of stack", *model.interface.stackBytes);
  row("bytes of code", model.sizes.code);
  row("bytes of constants", model.sizes.constants);
}

namespace {
struct Row {
  int64_t bytes;
  std::string what;
};
} // namespace

/// Reports what exceeds a limit: the largest of `rows`, in order of size.
static llvm::LogicalResult reportExcess(llvm::StringRef memory,
                                        llvm::StringRef flag, uint64_t needed,
                                        uint64_t limit, std::vector<Row> rows,
                                        mlir::Location loc) {
  constexpr size_t maxRows = 12;
  mlir::InFlightDiagnostic diagnostic =
      mlir::emitError(loc) << "the network needs at least " << needed
                           << " bytes of " << memory << ", but " << flag
                           << " allows " << limit;
  llvm::sort(rows, [](const Row &a, const Row &b) {
    return std::tie(b.bytes, a.what) < std::tie(a.bytes, b.what);
  });
  for (const Row &row : llvm::ArrayRef(rows).take_front(maxRows))
    if (row.bytes > 0)
      diagnostic.attachNote() << row.bytes << " bytes: " << row.what;
  return diagnostic;
}

/// What sharing bytes with another buffer saves at the time at which `buffer`
/// begins.
static int64_t savedBytes(const CompiledModel &model,
                          const BufferReport &buffer) {
  if (buffer.over < 0)
    return 0;
  int64_t operand = model.buffers[buffer.over].bytes;
  return std::max<int64_t>(
      0, buffer.bytes + operand -
             std::max(buffer.bytes, buffer.distance + operand));
}

/// The buffers of a region, or of all, at the time at which most bytes are
/// alive.
static std::vector<Row> listArena(const CompiledModel &model,
                                  std::optional<int64_t> region = {}) {
  int64_t most = -1, fullest = 0;
  auto isAlive = [&](const BufferReport &buffer, int64_t time) {
    return buffer.first <= time && time <= buffer.last &&
           buffer.region == region.value_or(buffer.region);
  };
  for (const BufferReport &begin : model.buffers) {
    int64_t bytes = 0;
    for (const BufferReport &buffer : model.buffers)
      if (isAlive(buffer, begin.first))
        bytes += buffer.bytes -
                 (buffer.first == begin.first ? savedBytes(model, buffer) : 0);
    if (bytes > most) {
      most = bytes;
      fullest = begin.first;
    }
  }
  std::vector<Row> rows;
  for (const BufferReport &buffer : model.buffers)
    if (isAlive(buffer, fullest))
      rows.push_back({buffer.bytes, "arena, from '" + buffer.layer + "'"});
  return rows;
}

/// The same of the whole arena, and what else is RAM.
static std::vector<Row> listRam(const CompiledModel &model) {
  std::vector<Row> rows = listArena(model);
  if (model.interface.stackBytes)
    rows.push_back({int64_t(*model.interface.stackBytes), "stack"});
  rows.push_back({int64_t(model.sizes.writable), "variables"});
  return rows;
}

static std::vector<Row> listFlash(const CompiledModel &model) {
  std::vector<Row> rows;
  // What several kernels read for one layer belongs together.
  llvm::MapVector<llvm::StringRef, int64_t> constants;
  for (const LayerReport &layer : model.layers)
    constants[layer.name] += layer.weightBytes;
  for (auto &[name, bytes] : constants)
    rows.push_back({bytes, ("constants of '" + name + "'").str()});
  rows.push_back({int64_t(model.sizes.code), "code"});
  rows.push_back(
      {int64_t(model.sizes.constants) - model.interface.weightBytes, "tables"});
  return rows;
}

llvm::LogicalResult edgecc::checkLimits(const CompiledModel &model,
                                        const MemoryLimits &limits,
                                        mlir::Location loc) {
  llvm::LogicalResult result = llvm::success();
  uint64_t ram = model.getRam(), flash = model.getFlash();
  if (limits.ram && ram > *limits.ram)
    result =
        reportExcess("RAM", "--max-ram", ram, *limits.ram, listRam(model), loc);
  if (limits.flash && flash > *limits.flash)
    result = reportExcess("flash", "--max-flash", flash, *limits.flash,
                          listFlash(model), loc);
  return result;
}

llvm::LogicalResult
edgecc::checkRegions(const CompiledModel &model,
                     llvm::ArrayRef<target::MemoryRegion> map,
                     mlir::Location loc) {
  llvm::LogicalResult result = llvm::success();
  for (auto [number, region] : llvm::enumerate(model.interface.regions))
    if (region.bytes > region.capacity)
      result =
          reportExcess("'" + region.name + "'", "the memory map", region.bytes,
                       region.capacity, listArena(model, number), loc);
  for (const target::MemoryRegion &region : map)
    if (!region.isWritable && region.section == model.interface.weightSection &&
        model.sizes.constants > uint64_t(region.bytes))
      result = reportExcess("'" + region.name + "'", "the memory map",
                            model.sizes.constants, region.bytes,
                            listFlash(model), loc);
  return result;
}
