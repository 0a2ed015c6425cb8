//===- LayerWeights.cpp - the weights of one layer --------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "passes/Prune/LayerWeights.h"
#include "passes/Quantization/Parameters.h"

#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace edgecc;
using namespace edgecc::prune;
using quantization::typeOf;

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
