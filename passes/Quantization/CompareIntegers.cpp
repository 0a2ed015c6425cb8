//===- CompareIntegers.cpp - warn of integers that are slow -----*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "passes/Quantization/CompareIntegers.h"
#include "passes/Quantization/Parameters.h"
#include "passes/Quantization/Passes.h"

#include "mlir/IR/BuiltinOps.h"
#include "llvm/Support/FormatVariadic.h"

namespace edgecc::quantization {
#define GEN_PASS_DEF_COMPAREINTEGERS
#include "passes/Quantization/Passes.h.inc"
} // namespace edgecc::quantization

using namespace mlir;
using namespace edgecc;
using namespace edgecc::edge;
using namespace edgecc::quantization;

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

void quantization::warnOfSlowIntegers(ModuleOp quantised, ModuleOp real,
                                      const PriceFn &price, Location loc) {
  FailureOr<NetworkPrice> after, before;
  {
    // Real numbers may not fit into memories; nobody wants them to.
    ScopedDiagnosticHandler silent(loc.getContext(),
                                   [](Diagnostic &) { return success(); });
    after = price(quantised);
    before = price(real);
  }
  if (succeeded(after) && succeeded(before))
    warnIfSlower(*after, *before, loc);
}

/// Known integers become the numbers that they express.
static void expressKnown(DequantizeOp op) {
  std::optional<ConstantView> known = knownIntegers(op.getInput());
  if (!known || !typeOf(op.getResult()).getElementType().isF32())
    return;
  Parameters parameters(quantizedType(op.getInput()));
  ArrayRef<int64_t> shape = typeOf(op.getResult()).getShape();
  int64_t inner = 1, positions = 1;
  if (!parameters.isPerTensor()) {
    positions = shape[parameters.axis];
    for (int64_t size : shape.drop_front(parameters.axis + 1))
      inner *= size;
  }
  SmallVector<float> numbers;
  for (int64_t i = 0, e = known->size(); i < e; ++i) {
    int64_t position = i / inner % positions;
    numbers.push_back(
        float(double(known->integer(i) - parameters.zeroPoint(position)) *
              parameters.scale(position)));
  }
  OpBuilder builder(op);
  op.getResult().replaceAllUsesWith(
      createFloats(builder, op.getLoc(), numbers, shape));
}

/// The network without the casts between its layers.
static void removeCasts(ModuleOp module) {
  module.walk([](DequantizeOp op) {
    auto rounded = op.getInput().getDefiningOp<QuantizeOp>();
    if (rounded && rounded.getInput().getType() == op.getType())
      op.getResult().replaceAllUsesWith(rounded.getInput());
    else
      expressKnown(op);
  });
}

namespace {

struct CompareIntegers
    : edgecc::quantization::impl::CompareIntegersBase<CompareIntegers> {
  CompareIntegers() = default;
  explicit CompareIntegers(PriceFn price) : price(std::move(price)) {}

  void runOnOperation() override {
    bool hasCasts =
        getOperation()
            .walk([](QuantizeOp) { return WalkResult::interrupt(); })
            .wasInterrupted();
    if (!price || !hasCasts)
      return;
    auto module = getOperation()->getParentOfType<ModuleOp>();
    OwningOpRef<ModuleOp> copy(module.clone());
    removeCasts(*copy);
    warnOfSlowIntegers(module, *copy, price, getOperation().getLoc());
  }

  PriceFn price;
};

} // namespace

std::unique_ptr<Pass>
edgecc::quantization::createCompareIntegersPass(PriceFn price) {
  return std::make_unique<CompareIntegers>(std::move(price));
}
