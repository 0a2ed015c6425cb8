//===- PalettizeWeights.cpp - weights of few values -------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "passes/Quantization/BlockRounding.h"
#include "passes/Quantization/Contractions.h"
#include "passes/Quantization/NoteLoss.h"
#include "passes/Quantization/Palette.h"
#include "passes/Quantization/Passes.h"

#include <cmath>

namespace edgecc::quantization {
#define GEN_PASS_DEF_PALETTIZEWEIGHTS
#include "passes/Quantization/Passes.h.inc"
} // namespace edgecc::quantization

using namespace mlir;
using namespace edgecc;
using namespace edgecc::quantization;

/// Of more inputs it would take too long to find how they are related.
static constexpr int64_t mostRelatedRows = 2304;
/// Scales of bytes take the largest number of a channel to this.
static constexpr double largestByte = 127;

namespace {

/// Known weights with a column for each output channel.
struct Layer {
  Operation *op;
  SmallVector<float> weights;
  int64_t columns;
  int64_t rows() const { return int64_t(weights.size()) / columns; }
};

struct PalettizeWeights
    : edgecc::quantization::impl::PalettizeWeightsBase<PalettizeWeights> {
  using PalettizeWeightsBase::PalettizeWeightsBase;
  PalettizeWeights(const PalettizeWeightsOptions &options,
                   CalibratorPtr calibrator)
      : PalettizeWeightsBase(options), calibrator(std::move(calibrator)) {}

  void runOnOperation() override {
    if (bits < 2 || bits > 8) {
      getOperation()->emitError("cannot choose among tables of ")
          << unsigned(bits) << " bits; expected 2 to 8";
      return signalPassFailure();
    }
    std::vector<Layer> layers;
    SmallVector<ProductInput> inputs;
    SmallVector<size_t> related;
    WalkResult found = getOperation().walk([&](Operation *op) {
      bool isProduct = isa<edge::ConvOp, edge::MatMulOp>(op);
      // Cells that stay real have no use for scales.
      bool isCell = !scaled && isa<edge::GruOp, edge::LstmOp, edge::RnnOp>(op);
      if (!(isProduct || isCell) ||
          !typeOf(op->getOperand(1)).getElementType().isF32())
        return WalkResult::advance();
      std::optional<SmallVector<float>> weights =
          knownFloats(op->getOperand(1));
      // With fewer, a table would take as much as they do.
      if (!weights || weights->size() < (size_t(2) << bits))
        return WalkResult::advance();
      if (!llvm::all_of(*weights, [](float w) { return std::isfinite(w); })) {
        op->emitError("cannot choose a table for weights that hold an infinity "
                      "or NaN");
        return WalkResult::interrupt();
      }
      layers.push_back({op, std::move(*weights),
                        typeOf(op->getOperand(1)).getShape().back()});
      auto conv = dyn_cast<edge::ConvOp>(op);
      if (isProduct && layers.back().rows() <= mostRelatedRows &&
          (conv ? conv.getGroups() == 1
                : typeOf(op->getOperand(1)).getRank() == 2)) {
        related.push_back(layers.size() - 1);
        inputs.push_back({op->getOperand(0), conv});
      }
      return WalkResult::advance();
    });
    if (found.wasInterrupted())
      return signalPassFailure();
    std::vector<std::vector<double>> moments(layers.size());
    if (calibrator && !inputs.empty()) {
      auto sums = calibrator->findMoments(inputs);
      if (failed(sums))
        return signalPassFailure();
      for (auto [i, own] : llvm::zip_equal(related, *sums))
        moments[i] = std::move(own);
    }
    LossNote note(getOperation(), calibrator);
    for (auto [layer, own] : llvm::zip_equal(layers, moments))
      palettize(layer, own);
    if (!layers.empty() &&
        failed(note.write(getOperation(), "rounding to tables")))
      signalPassFailure();
  }

private:
  /// What each channel's numbers are divided by.
  std::vector<double> findScales(const Layer &layer) const {
    std::vector<double> scales(layer.columns, scaled ? 0 : 1);
    if (!scaled)
      return scales;
    for (auto [i, weight] : llvm::enumerate(layer.weights)) {
      double &scale = scales[i % layer.columns];
      scale = std::max(scale, std::abs(double(weight)) / largestByte);
    }
    for (double &scale : scales)
      scale = scale > 0 ? scale : 1;
    return scales;
  }

  void palettize(Layer &layer, ArrayRef<double> moments) {
    std::vector<double> scales = findScales(layer), numbers;
    for (auto [i, weight] : llvm::enumerate(layer.weights))
      numbers.push_back(weight / scales[i % layer.columns]);
    // Zeros stay, and so do the numbers that scales are found by.
    SmallVector<double> fixed{0};
    if (scaled)
      fixed.append({-largestByte, largestByte});
    Palette palette =
        Palette::choose(std::move(numbers), size_t(1) << bits, fixed);
    if (scaled)
      palette.makeIntegers();
    SmallVector<float> rounded(layer.weights.size());
    roundRows(layer.weights, layer.columns, moments,
              [&](int64_t row, ArrayRef<double> left,
                  MutableArrayRef<double> result) {
                for (int64_t column = 0; column < layer.columns; ++column) {
                  int64_t i = row * layer.columns + column;
                  double number =
                      layer.weights[i] == 0
                          ? 0
                          : palette(left[i] / scales[column]) * scales[column];
                  rounded[i] = float(number);
                  result[column] = number;
                }
              });
    OpBuilder builder(layer.op);
    Value weights = layer.op->getOperand(1);
    layer.op->setOperand(1, createFloats(builder, weights.getLoc(), rounded,
                                         typeOf(weights).getShape()));
    ++numPalettized;
  }

  CalibratorPtr calibrator;
};

} // namespace

std::unique_ptr<Pass> edgecc::quantization::createPalettizeWeightsPass(
    const PalettizeWeightsOptions &options, CalibratorPtr calibrator) {
  return std::make_unique<PalettizeWeights>(options, std::move(calibrator));
}
