//===- LayerWeights.cpp - the weights of one layer --------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "passes/Prune/LayerWeights.h"
#include "passes/Quantization/Parameters.h"

#include "mlir/IR/Matchers.h"

#include <cmath>

using namespace mlir;
using namespace edgecc;
using namespace edgecc::prune;
using quantization::typeOf;

/// Of more inputs it would take too long to find how they are related.
static constexpr int64_t mostRelatedRows = 2304;

std::optional<LayerWeights> LayerWeights::get(Operation *op) {
  if (!isa<edge::ConvOp, edge::MatMulOp>(op))
    return std::nullopt;
  RankedTensorType type = typeOf(op->getOperand(1));
  Attribute constant;
  if (!type.getElementType().isF32() || type.getNumElements() == 0 ||
      (isa<edge::MatMulOp>(op) && type.getRank() != 2) ||
      !matchPattern(op->getOperand(1), m_Constant(&constant)))
    return std::nullopt;
  std::optional<edge::ConstantView> view = edge::ConstantView::get(constant);
  if (!view)
    return std::nullopt;
  LayerWeights layer(op);
  layer.channels = type.getDimSize(type.getRank() - 2);
  layer.columns = type.getShape().back();
  layer.weights.reserve(view->size());
  for (int64_t i = 0; i < view->size(); ++i)
    layer.weights.push_back(float(view->real(i)));
  return layer;
}

std::string LayerWeights::getName() const {
  auto named = op->getLoc()->findInstanceOf<NameLoc>();
  std::string name = named ? named.getName().str() : "";
  for (char &c : name)
    if (StringRef("/\\:*?\"<>|").contains(c))
      c = '.';
  return StringRef(name).ltrim('.').str();
}

bool LayerWeights::canPrune(const SparsityPattern &pattern) const {
  return rows() >= leastRows &&
         (pattern.group == 0 || channels % pattern.group == 0);
}

bool LayerWeights::isFinite() const {
  return llvm::all_of(weights, [](float w) { return std::isfinite(w); });
}

bool LayerWeights::isGrouped() const {
  auto conv = dyn_cast<edge::ConvOp>(op);
  return conv && conv.getGroups() != 1;
}

bool LayerWeights::canRelate() const {
  return !isGrouped() && rows() <= mostRelatedRows;
}

ProductInput LayerWeights::getInput() const {
  return {op->getOperand(0), dyn_cast<edge::ConvOp>(op)};
}

Scores LayerWeights::magnitudes() const {
  Scores scores{{}, channels, columns};
  for (float weight : weights)
    scores.costs.push_back(double(weight) * weight);
  return scores;
}

SmallVector<int64_t> LayerWeights::maskShape() const {
  SmallVector<int64_t> shape{columns, channels};
  llvm::append_range(shape, typeOf(op->getOperand(1)).getShape().drop_back(2));
  return shape;
}

int64_t LayerWeights::maskElement(int64_t element) const {
  int64_t row = element / columns, taps = rows() / channels;
  return (element % columns * channels + row % channels) * taps +
         row / channels;
}

Mask LayerWeights::makeMask() const {
  Mask mask{maskShape(), std::vector<char>(weights.size())};
  for (auto [i, weight] : llvm::enumerate(weights))
    mask.kept[maskElement(i)] = weight != 0;
  return mask;
}

llvm::BitVector LayerWeights::dropped(const Mask &mask) const {
  llvm::BitVector dropped(weights.size());
  for (size_t i = 0; i < weights.size(); ++i)
    dropped[i] = !mask.kept[maskElement(i)];
  return dropped;
}

void LayerWeights::write() const {
  OpBuilder builder(op);
  op->setOperand(1, quantization::createFloats(
                        builder, op->getOperand(1).getLoc(), weights,
                        typeOf(op->getOperand(1)).getShape()));
}
