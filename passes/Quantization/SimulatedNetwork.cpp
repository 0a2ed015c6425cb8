//===- SimulatedNetwork.cpp - settings for rounding -------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "passes/Quantization/SimulatedNetwork.h"
#include "passes/Quantization/Contractions.h"

#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace edgecc;
using namespace edgecc::edge;
using namespace edgecc::quantization;

SimulatedNetwork::SimulatedNetwork(func::FuncOp function,
                                   ArrayRef<Operation *> contractions) {
  IRMapping mapping;
  module =
      cast<ModuleOp>(function->getParentOfType<ModuleOp>()->clone(mapping));
  copy = module->lookupSymbol<func::FuncOp>(function.getName());
  for (Operation *op : contractions) {
    simulate(mapping.lookup(op));
    results.push_back(mapping.lookup(op)->getResult(0));
  }
}

Value SimulatedNetwork::addArgument(RankedTensorType type,
                                    std::vector<float> value) {
  unsigned index = copy.getNumArguments();
  MLIRContext *context = copy.getContext();
  std::string name = "setting" + std::to_string(defaults.size());
  auto attributes = DictionaryAttr::get(
      context, NamedAttribute(StringAttr::get(context, "edge.name"),
                              StringAttr::get(context, name)));
  (void)copy.insertArgument(index, type, attributes, copy.getLoc());
  defaults.push_back(std::move(value));
  return copy.getArgument(index);
}

void SimulatedNetwork::simulate(Operation *contraction) {
  Positions &positions = layers.emplace_back();
  for (unsigned i : {0u, 1u}) {
    OpOperand &factor = contraction->getOpOperand(i);
    RankedTensorType type = typeOf(factor.get());
    std::optional<SmallVector<float>> known = knownFloats(factor.get());
    if (!type.getElementType().isF32() || (i == 0 && known))
      continue;
    if (!known) {
      positions.factors[i] = int64_t(defaults.size());
      simulateFactor(factor);
      continue;
    }
    positions.weights = int64_t(defaults.size());
    factor.set(addArgument(type, {known->begin(), known->end()}));
  }
  if (positions.weights < 0)
    return;
  MutableOperandRange bias = biasOf(contraction);
  int64_t channels = typeOf(contraction->getOperand(1)).getShape().back();
  std::optional<SmallVector<float>> known(SmallVector<float>(channels, 0));
  if (!bias.empty())
    known = knownFloats(bias[0].get());
  if (!known || !typeOf(contraction->getResult(0)).getElementType().isF32())
    return;
  positions.bias = int64_t(defaults.size());
  Builder builder(contraction);
  bias.assign(
      addArgument(RankedTensorType::get({channels}, builder.getF32Type()),
                  {known->begin(), known->end()}));
}

void SimulatedNetwork::simulateFactor(OpOperand &factor) {
  OpBuilder builder(factor.getOwner());
  Location loc = factor.getOwner()->getLoc();
  auto scalar = RankedTensorType::get({}, builder.getF32Type());
  Value scale = addArgument(scalar, {1}), least = addArgument(scalar, {0});
  Value most = addArgument(scalar, {0}), share = addArgument(scalar, {0});
  // share * (rounded - x) + x: a share of zero leaves x.
  Value x = factor.get();
  Value rounded =
      RoundOp::create(builder, loc, DivOp::create(builder, loc, x, scale));
  rounded = MaxOp::create(builder, loc, rounded, least);
  rounded = MinOp::create(builder, loc, rounded, most);
  rounded = MulOp::create(builder, loc, rounded, scale);
  Value change = SubOp::create(builder, loc, rounded, x);
  change = MulOp::create(builder, loc, change, share);
  factor.set(AddOp::create(builder, loc, x, change));
}

void SimulatedNetwork::set(size_t layer, const LayerSettings &changed,
                           std::vector<std::vector<float>> &values) const {
  const Positions &positions = layers[layer];
  if (changed.weights && positions.weights >= 0)
    values[positions.weights] = *changed.weights;
  if (changed.bias && positions.bias >= 0)
    values[positions.bias] = *changed.bias;
  for (unsigned i : {0u, 1u})
    if (int64_t at = positions.factors[i]; changed.factors[i] && at >= 0) {
      values[at] = {changed.factors[i]->scale};
      values[at + 1] = {changed.factors[i]->least};
      values[at + 2] = {changed.factors[i]->most};
      values[at + 3] = {1};
    }
}

std::vector<std::vector<float>>
SimulatedNetwork::settings(size_t layer, const LayerSettings &changed) const {
  std::vector<std::vector<float>> values = defaults;
  set(layer, changed, values);
  return values;
}

std::vector<std::vector<float>>
SimulatedNetwork::settings(ArrayRef<LayerSettings> changed) const {
  std::vector<std::vector<float>> values = defaults;
  for (auto [layer, settings] : llvm::enumerate(changed))
    set(layer, settings, values);
  return values;
}

const std::vector<float> *SimulatedNetwork::defaultBias(size_t layer) const {
  int64_t position = layers[layer].bias;
  return position < 0 ? nullptr : &defaults[position];
}
