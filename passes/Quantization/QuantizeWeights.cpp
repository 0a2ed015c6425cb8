//===- QuantizeWeights.cpp - store weights in fewer bits --------*- C++ -*-===//
//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Quantization/Contractions.h"
#include "passes/Quantization/LineProducts.h"
#include "passes/Quantization/Passes.h"
#include "passes/Quantization/TableForms.h"
#include "passes/Quantization/WeightForms.h"

#include "mlir/IR/Matchers.h"

namespace edgecc::quantization {
#define GEN_PASS_DEF_QUANTIZEWEIGHTS
#include "passes/Quantization/Passes.h.inc"
} // namespace edgecc::quantization

using namespace mlir;
using namespace edgecc;
using namespace edgecc::edge;
using namespace edgecc::quantization;

namespace {

struct QuantizeWeights
    : edgecc::quantization::impl::QuantizeWeightsBase<QuantizeWeights> {
  using QuantizeWeightsBase::QuantizeWeightsBase;
  QuantizeWeights(const QuantizeWeightsOptions &options,
                  CalibratorPtr calibrator)
      : QuantizeWeightsBase(options), calibrator(std::move(calibrator)) {}

  void runOnOperation() override {
    if (bits < 2 || bits > 8 || blockSize < 0) {
      getOperation()->emitError("cannot store weights in blocks of ")
          << int64_t(blockSize) << " numbers of " << unsigned(bits)
          << " bits; expected 2 to 8 bits, and blocks of at least 1 or 0 for "
             "whole columns";
      return signalPassFailure();
    }
    SmallVector<Operation *> contractions;
    getOperation().walk([&](Operation *op) {
      if (isa<MatMulOp, ConvOp>(op))
        contractions.push_back(op);
    });
    InputMoments moments;
    if (calibrator) {
      FailureOr<InputMoments> found =
          InputMoments::find(*calibrator, contractions);
      if (failed(found))
        return signalPassFailure();
      moments = std::move(*found);
    }
    // What is between the largest layers is there a few lines at a time.
    int64_t room = 0;
    for (Operation *op : contractions)
      room = std::max(room, bytesAround(op) / 2);
    for (auto [i, op] : llvm::enumerate(contractions))
      quantize(op, moments.of(i), room);
    if (8 % bits == 0)
      numQuantized += quantizeTables(getOperation(), bits, blockSize);
  }

private:
  void quantize(Operation *op, ArrayRef<double> moments, int64_t room) {
    auto conv = dyn_cast<ConvOp>(op);
    if (conv && !isPointwise(conv) && bits < 8 &&
        matchPattern(conv.getWeights(), m_Constant())) {
      if (auto products = LineProducts::get(conv, room - bytesAround(conv))) {
        op = products->replace();
        conv = {};
      }
    }
    OpOperand &weights = op->getOpOperand(1);
    if (conv && !isPointwise(conv)) {
      RoundedBlocks rounded = roundInChannels(weights.get());
      if (rounded.empty())
        return;
      setChannels(weights, rounded);
    } else {
      RoundedBlocks rounded =
          roundInBlocks(weights.get(), bits, blockSize, moments);
      if (rounded.empty())
        return;
      setBlocks(weights, rounded);
      roundBias(op);
    }
    ++numQuantized;
  }

  CalibratorPtr calibrator;
};

} // namespace

std::unique_ptr<Pass> edgecc::quantization::createQuantizeWeightsPass(
    const QuantizeWeightsOptions &options, CalibratorPtr calibrator) {
  return std::make_unique<QuantizeWeights>(options, std::move(calibrator));
}
