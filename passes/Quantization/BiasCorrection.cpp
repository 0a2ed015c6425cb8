//===- BiasCorrection.cpp - make good what rounding shifts ------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "passes/Quantization/BiasCorrection.h"
#include "passes/Quantization/Contractions.h"

#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace edgecc;
using namespace edgecc::edge;
using namespace edgecc::quantization;

/// Whether the only user of a result adds a constant to it, which becomes the
/// bias later.
static bool isBiasedLater(Operation *op) {
  if (!op->hasOneUse())
    return false;
  auto sum = dyn_cast<AddOp>(*op->user_begin());
  return sum && (matchPattern(sum.getLhs(), m_Constant()) ||
                 matchPattern(sum.getRhs(), m_Constant()));
}

bool edgecc::quantization::mayCorrectBias(Operation *op) {
  return !biasOf(op).empty() || !isBiasedLater(op);
}

void edgecc::quantization::setBias(Operation *op, ArrayRef<float> numbers) {
  OpBuilder builder(op);
  biasOf(op).assign(
      createFloats(builder, op->getLoc(), numbers, {int64_t(numbers.size())}));
}

std::optional<SmallVector<float>>
edgecc::quantization::correctedBias(Operation *op, ArrayRef<double> errors,
                                    ArrayRef<double> means) {
  RankedTensorType weights = typeOf(op->getOperand(1));
  int64_t rank = weights.getRank(), channels = weights.getShape().back();
  int64_t groups = 1, inputs = weights.getDimSize(rank - 2);
  auto conv = dyn_cast<ConvOp>(op);
  if (conv)
    groups = conv.getGroups();
  else if (rank != 2)
    return std::nullopt;
  MutableOperandRange bias = biasOf(op);
  if (int64_t(means.size()) != inputs * groups ||
      int64_t(errors.size()) != weights.getNumElements() || !mayCorrectBias(op))
    return std::nullopt;
  SmallVector<double> corrected(channels, 0);
  if (!bias.empty()) {
    std::optional<SmallVector<float>> known = knownFloats(bias[0].get());
    if (!known)
      return std::nullopt;
    corrected.assign(known->begin(), known->end());
  }
  for (auto [i, error] : llvm::enumerate(errors)) {
    int64_t channel = int64_t(i) % channels;
    int64_t input = int64_t(i) / channels % inputs;
    int64_t group = channel / (channels / groups);
    corrected[channel] -= error * means[group * inputs + input];
  }
  return SmallVector<float>(corrected.begin(), corrected.end());
}

void edgecc::quantization::correctBias(Operation *op, ArrayRef<double> errors,
                                       ArrayRef<double> means) {
  std::optional<SmallVector<float>> numbers = correctedBias(op, errors, means);
  if (numbers)
    setBias(op, *numbers);
}
