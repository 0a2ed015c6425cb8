//===- QuantizeStatic.cpp - quantise a network of real numbers -*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "passes/Quantization/ChooseForms.h"
#include "passes/Quantization/Passes.h"
#include "passes/Quantization/TableForms.h"

#include "llvm/Support/FormatVariadic.h"

namespace edgecc::quantization {
#define GEN_PASS_DEF_QUANTIZESTATIC
#include "passes/Quantization/Passes.h.inc"
} // namespace edgecc::quantization

using namespace mlir;
using namespace edgecc;
using namespace edgecc::quantization;

Calibrator::~Calibrator() = default;
Trial::~Trial() = default;

/// Says so if integers are predicted to take longer than f32, by more than a
/// tie, and which layer loses most by them.
static void warnIfSlower(const NetworkPrice &quantised,
                         const NetworkPrice &real, Location loc) {
  constexpr double tie = 1.05;
  if (!quantised.whole.microseconds || !real.whole.microseconds ||
      *quantised.whole.microseconds <= tie * *real.whole.microseconds)
    return;
  auto compare = [](double integers, double floats) {
    return llvm::formatv("{0:f1} us with integers and {1:f1} us in f32",
                         integers, floats)
        .str();
  };
  InFlightDiagnostic warning = mlir::emitWarning(loc);
  warning << "is predicted to take "
          << compare(*quantised.whole.microseconds, *real.whole.microseconds);
  StringRef worst;
  double most = 0, integers = 0, floats = 0;
  for (const auto &layer : quantised.layers) {
    // There are conversions that f32 does not have.
    auto found = real.layers.find(layer.getKey());
    double after = layer.getValue().microseconds.value_or(0);
    double before = found == real.layers.end()
                        ? 0
                        : found->getValue().microseconds.value_or(0);
    if (after - before <= most)
      continue;
    worst = layer.getKey();
    most = after - before;
    integers = after;
    floats = before;
  }
  if (!worst.empty())
    warning << ", of them '" << worst << "' " << compare(integers, floats);
}

namespace {

struct QuantizeStatic
    : edgecc::quantization::impl::QuantizeStaticBase<QuantizeStatic> {
  QuantizeStatic() = default;
  QuantizeStatic(CalibratorPtr calibrator, PriceFn price, bool results)
      : calibrator(std::move(calibrator)), price(std::move(price)),
        results(results) {}

  void runOnOperation() override {
    if (calibrator && failed(quantize()))
      signalPassFailure();
  }

private:
  LogicalResult quantize() {
    FailureOr<StaticQuantizer> quantizer =
        StaticQuantizer::create(*calibrator, getOperation(), results);
    if (failed(quantizer))
      return failure();
    const Candidates &candidates = quantizer->getCandidates();
    if (candidates.values.empty())
      return success();
    bool isWide = calibrator->activationBits == 16;
    FailureOr<NetworkForms> forms(NetworkForms{
        SmallVector<LayerForm>(candidates.contractions.size(),
                               isWide ? LayerForm::Int16 : LayerForm::Int8),
        /*tableBits=*/isWide ? 32u : 8u});
    // An NPU has no cost model here.
    bool compares = calibrator->comparesTime && price && !results;
    std::optional<NetworkPrice> real;
    if (compares) {
      FailureOr<NetworkPrice> found = priceOfAll();
      if (failed(found))
        return failure();
      real = std::move(*found);
    }
    if (calibrator->budget.isLimited())
      forms = chooseForms(*quantizer, getOperation(), *calibrator, price);
    if (failed(forms))
      return failure();
    SmallVector<Value> values = quantizer->quantize(candidates, forms->layers);
    if (unsigned bits = forms->tableBits; bits < 32)
      quantizeTables(getOperation(), bits, blockOfTable(bits));
    if (real) {
      FailureOr<NetworkPrice> quantised = priceOfAll();
      if (failed(quantised))
        return failure();
      warnIfSlower(*quantised, *real, getOperation().getLoc());
    }
    return calibrator->reports ? calibrator->writeReport(values) : success();
  }

  FailureOr<NetworkPrice> priceOfAll() {
    return price(getOperation()->getParentOfType<ModuleOp>());
  }

  CalibratorPtr calibrator;
  PriceFn price;
  bool results = false;
};

} // namespace

std::unique_ptr<Pass>
edgecc::quantization::createQuantizeStaticPass(CalibratorPtr calibrator,
                                               PriceFn price, bool results) {
  return std::make_unique<QuantizeStatic>(std::move(calibrator),
                                          std::move(price), results);
}
