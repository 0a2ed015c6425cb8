//===- FactorWeights.cpp - two small products for a large one ---*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "passes/Prune/LowRank.h"
#include "passes/Prune/Passes.h"
#include "passes/Quantization/Contractions.h"
#include "passes/Quantization/NoteLoss.h"

#include "mlir/IR/IRMapping.h"
#include "llvm/Support/FormatVariadic.h"

#include <cmath>

namespace edgecc::prune {
#define GEN_PASS_DEF_FACTORWEIGHTS
#include "passes/Prune/Passes.h.inc"
} // namespace edgecc::prune

using namespace mlir;
using namespace edgecc;
using namespace edgecc::prune;
using quantization::typeOf;

/// Of more inputs or outputs it would take too long to find directions.
static constexpr int64_t mostRows = 2304, mostDirections = 768;

namespace {

/// What a layer becomes.
struct Factors {
  LayerWeights layer;
  int64_t rank;
  double divergence;
  std::vector<float> first, second;
};

/// The name of the node that an operation is for.
std::string nameOf(Operation *op) {
  auto named = op->getLoc()->findInstanceOf<NameLoc>();
  return named ? named.getName().str() : "";
}

/// What the first of both products is called.
std::string nameOfFirst(Operation *op) { return nameOf(op) + ".narrow"; }

/// Puts two products in place of `op`, which has the weights of `factors`.
void factorise(Operation *op, const Factors &factors) {
  OpBuilder builder(op);
  Location loc = op->getLoc();
  Location firstLoc = NameLoc::get(builder.getStringAttr(nameOfFirst(op)));
  RankedTensorType weights = typeOf(op->getOperand(1));
  auto result = cast<RankedTensorType>(op->getResult(0).getType());
  SmallVector<int64_t> shape(weights.getShape()), narrow(result.getShape());
  int64_t columns = shape.back();
  shape.back() = narrow.back() = factors.rank;
  Value first =
      quantization::createFloats(builder, firstLoc, factors.first, shape);
  for (int64_t &size : MutableArrayRef(shape).drop_back(2))
    size = 1;
  shape[shape.size() - 2] = factors.rank;
  shape.back() = columns;
  Value second =
      quantization::createFloats(builder, loc, factors.second, shape);
  Value bias;
  if (MutableOperandRange range = quantization::biasOf(op); !range.empty())
    bias = range[0].get();
  Value between, outcome;
  if (auto conv = dyn_cast<edge::ConvOp>(op)) {
    SmallVector<int64_t> ones(conv.getSpatialRank(), 1), none(ones.size(), 0);
    between = edge::ConvOp::create(
        builder, firstLoc, result.clone(narrow), conv.getInput(), first,
        Value(), ValueRange(), conv.getStridesAttr(), conv.getDilationsAttr(),
        conv.getPadsLowAttr(), conv.getPadsHighAttr(), conv.getGroupsAttr());
    outcome = edge::ConvOp::create(
        builder, loc, result, between, second, bias, ValueRange(),
        builder.getDenseI64ArrayAttr(ones), DenseI64ArrayAttr(),
        builder.getDenseI64ArrayAttr(none), builder.getDenseI64ArrayAttr(none),
        builder.getI64IntegerAttr(1));
  } else {
    between =
        edge::MatMulOp::create(builder, firstLoc, result.clone(narrow),
                               op->getOperand(0), first, Value(), ValueRange());
    outcome = edge::MatMulOp::create(builder, loc, result, between, second,
                                     bias, ValueRange());
  }
  op->getResult(0).replaceAllUsesWith(outcome);
  op->erase();
}

struct FactorWeights : edgecc::prune::impl::FactorWeightsBase<FactorWeights> {
  FactorWeights() = default;
  FactorWeights(LowRank wanted, CalibratorPtr calibrator, PriceFn price)
      : wanted(wanted), calibrator(std::move(calibrator)),
        price(std::move(price)) {}

  void runOnOperation() override {
    SmallVector<LayerWeights> layers;
    SmallVector<ProductInput> inputs;
    WalkResult found = getOperation().walk([&](Operation *op) {
      std::optional<LayerWeights> layer = LayerWeights::get(op);
      if (!layer || !canFactorise(*layer))
        return WalkResult::advance();
      if (!llvm::all_of(layer->weights,
                        [](float w) { return std::isfinite(w); })) {
        op->emitError(
            "cannot find the rank of weights that hold an infinity or "
            "NaN");
        return WalkResult::interrupt();
      }
      inputs.push_back({op->getOperand(0), dyn_cast<edge::ConvOp>(op)});
      layers.push_back(std::move(*layer));
      return WalkResult::advance();
    });
    if (found.wasInterrupted())
      return signalPassFailure();
    if (!calibrator || layers.empty())
      return;
    auto moments = calibrator->findMoments(inputs);
    if (failed(moments))
      return signalPassFailure();
    std::vector<Factors> chosen;
    for (auto [layer, own] : llvm::zip_equal(layers, *moments))
      if (std::optional<Factors> factors = choose(layer, own))
        chosen.push_back(std::move(*factors));
    if (failed(keepFaster(chosen)))
      return signalPassFailure();
    quantization::LossNote note(getOperation(), calibrator);
    for (const Factors &factors : chosen) {
      factors.layer.getOperation()->emitRemark("has rank ")
          << factors.rank << " of "
          << std::min(factors.layer.rows(), factors.layer.columns)
          << "; its results are off by "
          << llvm::formatv("{0:f4}", factors.divergence).str();
      factorise(factors.layer.getOperation(), factors);
      ++numFactorised;
    }
    if (!chosen.empty() && failed(note.write(getOperation(), "factoring")))
      signalPassFailure();
  }

private:
  static bool canFactorise(const LayerWeights &layer) {
    constexpr int64_t least = 16;
    auto conv = dyn_cast<edge::ConvOp>(layer.getOperation());
    return (!conv || conv.getGroups() == 1) && layer.rows() >= least &&
           layer.columns >= least && layer.rows() <= mostRows &&
           std::min(layer.rows(), layer.columns) <= mostDirections;
  }

  /// The factors of a layer; nothing, with a warning, if it had better stay.
  std::optional<Factors> choose(const LayerWeights &layer,
                                ArrayRef<double> moments) {
    int64_t rows = layer.rows(), columns = layer.columns;
    auto rank =
        std::max<int64_t>(1, int64_t(wanted.share * double(rows * columns) /
                                     double(rows + columns)));
    OutputDirections directions(layer, moments);
    double reached = directions.divergence(rank);
    if (wanted.divergence && reached > *wanted.divergence) {
      std::optional<int64_t> needed = directions.findRank(*wanted.divergence);
      mlir::emitWarning(layer.getOperation()->getLoc())
          << "stays as it is: rank " << rank << ", with "
          << llvm::formatv("{0:f2}", wanted.share).str()
          << " of its multiplications, is off by "
          << llvm::formatv("{0:f4}", reached).str() << "; for "
          << llvm::formatv("{0:f4}", *wanted.divergence).str()
          << " it needs rank " << (needed ? *needed : std::min(rows, columns));
      return std::nullopt;
    }
    if (wanted.divergence)
      rank = std::min(rank, *directions.findRank(*wanted.divergence));
    auto [first, second] = directions.factors(rank);
    return Factors{layer, rank, directions.divergence(rank), std::move(first),
                   std::move(second)};
  }

  /// Takes those out that would not be faster.
  LogicalResult keepFaster(std::vector<Factors> &chosen) {
    if (!price || chosen.empty())
      return success();
    auto module = getOperation()->getParentOfType<ModuleOp>();
    FailureOr<NetworkPrice> before = price(module);
    IRMapping mapping;
    OwningOpRef<ModuleOp> copy(cast<ModuleOp>(module->clone(mapping)));
    for (const Factors &factors : chosen)
      factorise(mapping.lookup(factors.layer.getOperation()), factors);
    FailureOr<NetworkPrice> after = price(*copy);
    if (failed(before) || failed(after))
      return failure();
    llvm::erase_if(chosen, [&](const Factors &factors) {
      Operation *op = factors.layer.getOperation();
      auto timeOf = [&](const NetworkPrice &network, StringRef name) {
        auto found = network.layers.find(name);
        return found == network.layers.end() ? std::nullopt
                                             : found->second.microseconds;
      };
      auto whole = timeOf(*before, nameOf(op)),
           first = timeOf(*after, nameOfFirst(op)),
           second = timeOf(*after, nameOf(op));
      if (!whole || !first || !second || *first + *second < *whole)
        return false;
      mlir::emitRemark(op->getLoc())
          << "stays as it is: rank " << factors.rank << " would take "
          << llvm::formatv("{0:f1} us, and all of it {1:f1} us",
                           *first + *second, *whole)
                 .str();
      return true;
    });
    return success();
  }

  LowRank wanted;
  CalibratorPtr calibrator;
  PriceFn price;
};

} // namespace

std::unique_ptr<Pass>
edgecc::prune::createFactorWeightsPass(LowRank wanted, CalibratorPtr calibrator,
                                       PriceFn price) {
  return std::make_unique<FactorWeights>(wanted, std::move(calibrator),
                                         std::move(price));
}
