//===- QuantizeStatic.cpp - quantise a network of real numbers -*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "passes/Quantization/ChooseForms.h"
#include "passes/Quantization/NoteLoss.h"
#include "passes/Quantization/Passes.h"
#include "passes/Quantization/TableForms.h"

namespace edgecc::quantization {
#define GEN_PASS_DEF_QUANTIZESTATIC
#include "passes/Quantization/Passes.h.inc"
} // namespace edgecc::quantization

using namespace mlir;
using namespace edgecc;
using namespace edgecc::quantization;

Calibrator::~Calibrator() = default;
Trial::~Trial() = default;

namespace {

struct QuantizeStatic
    : edgecc::quantization::impl::QuantizeStaticBase<QuantizeStatic> {
  QuantizeStatic() = default;
  QuantizeStatic(CalibratorPtr calibrator, PriceFn price, AlsoQuantized also,
                 FindSparserFn findSparser)
      : calibrator(std::move(calibrator)), price(std::move(price)), also(also),
        findSparser(std::move(findSparser)) {}

  void runOnOperation() override {
    if (calibrator && failed(quantize()))
      signalPassFailure();
  }

private:
  LogicalResult quantize() {
    FailureOr<StaticQuantizer> quantizer =
        StaticQuantizer::create(*calibrator, getOperation(), also, findSparser);
    if (failed(quantizer))
      return failure();
    const Candidates &candidates = quantizer->getCandidates();
    if (candidates.values.empty())
      return success();
    bool isWide = calibrator->activationBits == 16;
    LayerChoice integers{isWide ? LayerForm::Int16 : LayerForm::Int8};
    FailureOr<NetworkForms> forms(NetworkForms{
        SmallVector<LayerChoice>(candidates.contractions.size(), integers),
        /*tableBits=*/isWide ? 32u : 8u});
    if (calibrator->budget.isLimited())
      forms = chooseForms(*quantizer, getOperation(), *calibrator, price);
    else if (calibrator->corrections.means &&
             failed(quantizer->correctMeans(getOperation(), forms->layers)))
      return failure();
    if (failed(forms))
      return failure();
    LossNote note(getOperation(), findSparser ? calibrator : nullptr);
    SmallVector<Value> values = quantizer->quantize(candidates, forms->layers);
    if (unsigned bits = forms->tableBits; bits < 32)
      quantizeTables(getOperation(), bits, blockOfTable(bits));
    if (calibrator->reports && failed(calibrator->writeReport(values)))
      return failure();
    bool isReal = calibrator->budget.forms == FormsAllowed::Real;
    return note.write(getOperation(),
                      isReal ? "pruning" : "pruning and quantisation");
  }

  CalibratorPtr calibrator;
  PriceFn price;
  AlsoQuantized also;
  FindSparserFn findSparser;
};

} // namespace

std::unique_ptr<Pass> edgecc::quantization::createQuantizeStaticPass(
    CalibratorPtr calibrator, PriceFn price, AlsoQuantized also,
    FindSparserFn findSparser) {
  return std::make_unique<QuantizeStatic>(
      std::move(calibrator), std::move(price), also, std::move(findSparser));
}
