//===- SparseCost.cpp - when zeros are worth leaving out --------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "codegen/cost/SparseCost.h"
#include "codegen/cost/ContractionCost.h"

#include "llvm/Support/MathExtras.h"

#include <algorithm>

using namespace edgecc;
using namespace edgecc::cost;

namespace {

constexpr int64_t elementBytes = 4;
/// Vector operations to transpose one vector, its load and store included, if
/// the tensors lie in the second level of cache, and if not.
constexpr double transposeOperations = 6, farTransposeOperations = 22;
/// To begin and to end one stream of weights, whose length nothing predicts.
constexpr double streamCycles = 18;
/// What loading a weight and its position takes, in loads of vectors.
constexpr double weightLoads = 0.8;
/// What one cycle brings from the second level of cache.
constexpr double farBytesPerCycle = 32;
/// The share of time beside that of the loads.
constexpr double besides = 1.2;

/// How much faster its vectors are than those of whole registers.
double speedOf(const SparseTiling &tiling, target::CpuAttr cpu) {
  return tiling.lanes * elementBytes < cpu.getVectorBytes() ? halfSpeed(cpu)
                                                            : 1;
}

} // namespace

int64_t SparseTiling::bandVectors() const {
  return llvm::divideCeil(bandLines * pitch, lanes);
}

int64_t SparseTiling::phaseLines(const SparseShape &shape) const {
  return bandLines +
         (shape.kernelLines - 1) * shape.lineDilation / shape.lineStride;
}

int64_t SparseTiling::planeElements(const SparseShape &shape) const {
  return llvm::alignTo(shape.lineStride * phaseLines(shape) * pitch, lanes);
}

int64_t SparseTiling::allElements(const SparseShape &shape) const {
  return shape.inputChannels * copies * planeElements(shape) +
         bandVectors() * lanes - bandLines * pitch + halo(shape);
}

/// Chooses vectors and the pitch of lines.
static void chooseVectors(SparseTiling &tiling, const SparseShape &shape,
                          target::CpuAttr cpu) {
  int64_t width = cpu.getVectorBytes() / elementBytes;
  tiling.lanes = std::min<int64_t>(
      width, llvm::PowerOf2Ceil(tiling.bandLines * shape.pixels));
  tiling.pitch = shape.pixels + tiling.halo(shape);
  if (shape.kernelLines * shape.kernelPixels == 1 || tiling.halo(shape))
    return;
  // The widest vectors of which a line has few in vain.
  for (int64_t unit = tiling.lanes; unit >= 4; unit /= 2) {
    int64_t pitch = llvm::alignTo(shape.pixels, unit);
    if (pitch * 4 > shape.pixels * 5)
      continue;
    tiling.pitch = pitch;
    // Vectors as long as a line of the cache are slow where most of them begin
    // inside of one.
    bool isLine = cpu.getVectorBytes() == int64_t(cpu.getCacheLineBytes());
    if (halfSpeed(cpu) > 1)
      tiling.lanes = std::min(tiling.lanes, std::max(unit, width / 2));
    else if (isLine && unit * 2 < width)
      tiling.lanes = std::min(tiling.lanes, width / 2);
    break;
  }
}

/// The fastest tiling with so many copies.
static SparseTiling makeTiling(const SparseShape &shape, int64_t copies,
                               target::CpuAttr cpu) {
  int64_t width = cpu.getVectorBytes() / elementBytes;
  SparseTiling tiling;
  tiling.copies = copies;
  tiling.blockChannels = std::min(width, shape.outputChannels);
  for (tiling.bandLines = shape.lines;; --tiling.bandLines) {
    if (shape.lines % tiling.bandLines)
      continue;
    chooseVectors(tiling, shape, cpu);
    if (tiling.bandLines == 1 ||
        tiling.allElements(shape) * elementBytes * 2 <= cpu.getL2Bytes())
      break;
  }
  // Beside the sums, a weight and an element.
  int64_t registers = usableRegisters(cpu) - 3;
  tiling.vectors =
      splitEvenly(tiling.bandVectors(), std::min<int64_t>(registers, 16))
          .front()
          .size;
  int64_t inFlight =
      speedOf(tiling, cpu) * cpu.getFmaPerCycle() * cpu.getFmaLatency();
  tiling.chains =
      std::clamp<int64_t>(llvm::divideCeil(inFlight, tiling.vectors), 1, 4);
  while (tiling.chains > 1 && tiling.chains * tiling.vectors > registers)
    --tiling.chains;
  // What a tile reads shares the first cache with the weights and the sums,
  // unless more loads and stores of sums are worse.
  tiling.chunkChannels = shape.inputChannels;
  int64_t near =
      cpu.getL1dBytes() * 3 / 4 / (tiling.tileElements(shape) * elementBytes);
  if (near < 1 || near >= shape.inputChannels)
    return tiling;
  SparseTiling chunked = tiling;
  chunked.chunkChannels = splitEvenly(shape.inputChannels, near).front().size;
  bool isBetter =
      sparseCycles(shape, chunked, cpu) < sparseCycles(shape, tiling, cpu);
  return isBetter ? chunked : tiling;
}

std::optional<SparseTiling> cost::makeSparseTiling(const SparseShape &shape,
                                                   target::CpuAttr cpu) {
  int64_t width = cpu.getVectorBytes() / elementBytes;
  if (width < 2 || shape.lines * shape.pixels < width / 2)
    return std::nullopt;
  SparseTiling tiling = makeTiling(shape, shape.kernelPixels, cpu);
  if (shape.kernelPixels == 1 || shape.pixelStride > 1)
    return tiling;
  SparseTiling single = makeTiling(shape, 1, cpu);
  bool isBetter =
      sparseCycles(shape, single, cpu) < sparseCycles(shape, tiling, cpu);
  return isBetter ? single : tiling;
}

/// The loads that a vector takes: two where it lies in two lines of the cache.
static double loadsPerVector(const SparseShape &shape,
                             const SparseTiling &tiling, target::CpuAttr cpu) {
  if (!tiling.halo(shape) || !cpu.getCacheLineBytes())
    return 1;
  return 1 + double((tiling.lanes - 1) * elementBytes) /
                 double(cpu.getCacheLineBytes());
}

int64_t SparseTiling::tileElements(const SparseShape &shape) const {
  int64_t lines =
      vectors * lanes + (shape.kernelLines - 1) * pitch + halo(shape);
  return copies * std::min(planeElements(shape), lines * shape.lineStride);
}

double cost::sparseCycles(const SparseShape &shape, const SparseTiling &tiling,
                          target::CpuAttr cpu) {
  double bands = shape.images * shape.lines / tiling.bandLines;
  double vectors = tiling.bandVectors();
  double tiles = llvm::divideCeil(tiling.bandVectors(), tiling.vectors);
  double chunks = llvm::divideCeil(shape.inputChannels, tiling.chunkChannels);
  double blocks = llvm::divideCeil(shape.outputChannels, tiling.blockChannels);
  double speed = speedOf(tiling, cpu);
  double loadSpeed = speed * cpu.getLoadsPerCycle();
  double fmas = vectors / (speed * cpu.getFmaPerCycle());
  double loads = vectors * loadsPerVector(shape, tiling, cpu) / loadSpeed +
                 weightLoads * tiles / cpu.getLoadsPerCycle();
  double latency = tiles * cpu.getFmaLatency() / tiling.chains;
  // Streams end with whole trips of their loop.
  double entries = double(shape.nonzeros) + double(shape.outputChannels) *
                                                chunks *
                                                double(tiling.chains - 1) / 2;
  double products = entries * besides * std::max({fmas, loads, latency});
  // The first cache is filled once for each tile, block and chunk, or for each
  // weight.
  double tileBytes = tiling.tileElements(shape) * elementBytes;
  if (tileBytes * tiling.chunkChannels <= cpu.getL1dBytes())
    products +=
        tiles * blocks * shape.inputChannels * tileBytes / farBytesPerCycle;
  else
    products += shape.nonzeros * vectors * tiling.lanes * elementBytes /
                farBytesPerCycle / 2;
  double streams = shape.outputChannels * chunks *
                   (tiles * streamCycles + 2 * vectors / loadSpeed);
  double throughput = std::min(cpu.getFmaPerCycle(), cpu.getLoadsPerCycle());
  double moved = tiling.allElements(shape) / double(tiling.lanes) +
                 shape.outputChannels * vectors;
  double tensors =
      shape.lines * shape.pixels * elementBytes *
      double(shape.inputChannels * shape.lineStride * shape.pixelStride +
             shape.outputChannels);
  double transpose =
      tensors > cpu.getL2Bytes() ? farTransposeOperations : transposeOperations;
  return bands * (products + streams + moved * transpose / throughput);
}
