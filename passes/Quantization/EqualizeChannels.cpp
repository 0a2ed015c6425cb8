//===- EqualizeChannels.cpp - channels of one range -------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "passes/Quantization/Contractions.h"
#include "passes/Quantization/Passes.h"

#include "mlir/IR/Matchers.h"

#include <cmath>
#include <limits>

namespace edgecc::quantization {
#define GEN_PASS_DEF_EQUALIZECHANNELS
#include "passes/Quantization/Passes.h.inc"
} // namespace edgecc::quantization

using namespace mlir;
using namespace edgecc;
using namespace edgecc::edge;
using namespace edgecc::quantization;

static int64_t channelsOf(Value value) {
  ArrayRef<int64_t> shape = typeOf(value).getShape();
  return shape.empty() ? 0 : shape.back();
}

static bool isDepthwise(Operation *op) {
  auto conv = dyn_cast<ConvOp>(op);
  return conv && conv.isDepthwise();
}

/// The input channel that an element of the weights of `op` multiplies.
static int64_t inputChannel(Operation *op, int64_t element) {
  RankedTensorType weights = typeOf(op->getOperand(1));
  int64_t outputs = weights.getShape().back();
  int64_t inputs = weights.getDimSize(weights.getRank() - 2);
  auto conv = dyn_cast<ConvOp>(op);
  int64_t groups = conv ? conv.getGroups() : 1;
  int64_t group = element % outputs / (outputs / groups);
  return group * inputs + element / outputs % inputs;
}

/// Whether `op` reads `value` as the left factor of a product with a known
/// matrix or window.
static bool isConsumer(OpOperand &use) {
  Operation *op = use.getOwner();
  if (use.getOperandNumber() != 0 ||
      !cast<EpilogueOpInterface>(op).getEpilogueRegion().empty())
    return false;
  Value weights = op->getOperand(1);
  return knownFloats(weights) &&
         (isa<ConvOp>(op) || typeOf(weights).getRank() == 2);
}

/// Whether a factor above 0 of each channel goes through `op`, to the only
/// operand that is not known.
static bool passesFactors(Operation *op) {
  if (channelsOf(op->getResult(0)) != channelsOf(op->getOperand(0)))
    return false;
  if (auto clamp = dyn_cast<ClampOp>(op))
    return (clamp.getMin().isZero() || clamp.getMin().isInfinity()) &&
           clamp.getMax().isInfinity();
  if (auto pool = dyn_cast<PoolOp>(op))
    return pool.getKind() == PoolKind::Max && pool.getEpilogue().empty();
  if (auto pad = dyn_cast<PadOp>(op))
    return pad.getMode() != PadMode::Constant || pad.getValue().isZero();
  if (auto transpose = dyn_cast<TransposeOp>(op))
    return transpose.getPermutation().back() ==
           int64_t(transpose.getPermutation().size()) - 1;
  return isa<ReshapeOp>(op);
}

namespace {

/// A value whose channels can be scaled where it is made and scaled back where
/// it is read.
struct Site {
  Value value;
  /// Known operands with the channels of the value last: to be divided.
  SmallVector<OpOperand *> makers;
  /// Convolutions and products, whose weights are to be multiplied.
  llvm::SetVector<Operation *> consumers;

  static std::optional<Site> get(Value value) {
    Site site{value, {}, {}};
    for (OpOperand &use : value.getUses()) {
      if (!isa<ConvOp, MatMulOp>(use.getOwner()) || !isConsumer(use))
        return std::nullopt;
      site.consumers.insert(use.getOwner());
    }
    if (site.consumers.empty() || !site.findMakers())
      return std::nullopt;
    return site;
  }

private:
  bool findMakers() {
    Value current = value;
    while (Operation *op = current.getDefiningOp()) {
      if (current != value && !current.hasOneUse())
        return false;
      if (auto sum = dyn_cast<AddOp>(op)) {
        unsigned known = knownFloats(sum.getRhs()) ? 1 : 0;
        if (!addMaker(op->getOpOperand(known)) ||
            op->getOperand(1 - known).getType() != op->getResult(0).getType())
          return false;
        current = op->getOperand(1 - known);
      } else if (isa<ConvOp, MatMulOp>(op)) {
        bool isMatrix =
            isa<ConvOp>(op) || typeOf(op->getOperand(1)).getRank() == 2;
        return isMatrix &&
               cast<EpilogueOpInterface>(op).getEpilogueRegion().empty() &&
               llvm::all_of(op->getOpOperands().drop_front(),
                            [&](OpOperand &use) { return addMaker(use); });
      } else if (auto norm = dyn_cast<LayerNormOp>(op)) {
        return norm.getScale() &&
               llvm::all_of(op->getOpOperands().drop_front(),
                            [&](OpOperand &use) { return addMaker(use); });
      } else if (passesFactors(op)) {
        current = op->getOperand(0);
      } else {
        return false;
      }
    }
    return false;
  }

  bool addMaker(OpOperand &use) {
    if (!knownFloats(use.get()) || channelsOf(use.get()) != channelsOf(value))
      return false;
    makers.push_back(&use);
    return true;
  }
};

struct EqualizeChannels
    : edgecc::quantization::impl::EqualizeChannelsBase<EqualizeChannels> {
  EqualizeChannels() = default;
  explicit EqualizeChannels(CalibratorPtr calibrator)
      : calibrator(std::move(calibrator)) {}

  void runOnOperation() override {
    if (!calibrator || !calibrator->corrections.equalize)
      return;
    SmallVector<Site> sites;
    SmallVector<Value> values;
    getOperation().walk([&](Operation *op) {
      if (op->getParentOp() != getOperation() || op->getNumResults() != 1)
        return;
      auto type = dyn_cast<RankedTensorType>(op->getResult(0).getType());
      if (!type || !type.getElementType().isF32())
        return;
      if (std::optional<Site> site = Site::get(op->getResult(0))) {
        values.push_back(site->value);
        sites.push_back(std::move(*site));
      }
    });
    if (sites.empty())
      return;
    FailureOr<SmallVector<CalibratedRange>> ranges =
        calibrator->findRanges(values);
    if (failed(ranges))
      return signalPassFailure();
    for (auto [site, range] : llvm::zip_equal(sites, *ranges)) {
      SmallVector<double> factors = chooseFactors(site, range.magnitudes);
      for (OpOperand *maker : site.makers)
        scale(*maker, [&](int64_t element) {
          return 1.0 / factors[element % factors.size()];
        });
      for (Operation *op : site.consumers)
        scale(op->getOpOperand(1), [&](int64_t element) {
          return factors[inputChannel(op, element)];
        });
      ++numEqualized;
    }
  }

private:
  /// What the channels of a value are divided by: the square root of how large
  /// they are for how large the weights are that read them, each by the largest
  /// one of its output channel; all that they are large where windows read them
  /// one by one, because their weights have scales of their own.
  static SmallVector<double> chooseFactors(const Site &site,
                                           ArrayRef<float> magnitudes) {
    SmallVector<double> weights(magnitudes.size(), 0);
    for (Operation *op : site.consumers) {
      SmallVector<float> numbers = *knownFloats(op->getOperand(1));
      int64_t outputs = channelsOf(op->getOperand(1));
      SmallVector<double> largest(outputs, 0);
      for (auto [i, number] : llvm::enumerate(numbers))
        largest[i % outputs] =
            std::max(largest[i % outputs], std::abs(double(number)));
      for (auto [i, number] : llvm::enumerate(numbers))
        if (number != 0) {
          double &weight = weights[inputChannel(op, i)];
          weight =
              std::max(weight, std::abs(double(number)) / largest[i % outputs]);
        }
    }
    double share = llvm::all_of(site.consumers, isDepthwise) ? 1.0 : 0.5;
    double most = 0, mostLeft = 0;
    SmallVector<double> factors;
    for (auto [magnitude, weight] : llvm::zip_equal(magnitudes, weights)) {
      bool isUsed = magnitude > 0 && weight > 0;
      factors.push_back(isUsed ? std::pow(double(magnitude), share) /
                                     std::pow(weight, 1 - share)
                               : 0);
      most = std::max(most, double(magnitude));
      if (isUsed)
        mostLeft = std::max(mostLeft, double(magnitude) / factors.back());
    }
    // The range of the whole value stays. What examples hardly reach may be
    // larger elsewhere.
    constexpr double least = 1.0 / 64;
    for (double &factor : factors) {
      if (most > 0)
        factor *= mostLeft / most;
      factor = factor == 0 ? 1.0 : std::max(factor, least);
    }
    return factors;
  }

  /// Multiplies the elements of a constant.
  static void scale(OpOperand &operand,
                    llvm::function_ref<double(int64_t)> factorOf) {
    SmallVector<float> numbers = *knownFloats(operand.get());
    for (auto [i, number] : llvm::enumerate(numbers))
      number = float(number * factorOf(int64_t(i)));
    OpBuilder builder(operand.getOwner());
    operand.set(createFloats(builder, operand.get().getLoc(), numbers,
                             typeOf(operand.get()).getShape()));
  }

  CalibratorPtr calibrator;
};

} // namespace

std::unique_ptr<Pass>
edgecc::quantization::createEqualizeChannelsPass(CalibratorPtr calibrator) {
  return std::make_unique<EqualizeChannels>(std::move(calibrator));
}
