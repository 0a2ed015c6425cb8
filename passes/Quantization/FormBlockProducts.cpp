//===- FormBlockProducts.cpp - multiply by packed weights -------*- C++ -*-===//
//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Quantization/Contractions.h"
#include "passes/Quantization/Passes.h"

#include "mlir/IR/Matchers.h"

namespace edgecc::quantization {
#define GEN_PASS_DEF_FORMBLOCKPRODUCTS
#include "passes/Quantization/Passes.h.inc"
} // namespace edgecc::quantization

using namespace mlir;
using namespace edgecc;
using namespace edgecc::edge;
using namespace edgecc::quantization;

namespace {

/// Known integers in blocks with a scale each; `zeroPoints` may be null.
struct Blocks {
  Value integers, scales, zeroPoints;
  int64_t axis, size;

  /// The same of what `move` makes of each part.
  template <typename MoveFn>
  Blocks moved(int64_t newAxis, MoveFn move) const {
    return {move(integers), move(scales),
            zeroPoints ? move(zeroPoints) : Value(), newAxis, size};
  }
};

bool isKnown(Value value) {
  return !value || matchPattern(value, m_Constant());
}

/// One block for all of a column: the integers that `op` dequantises, a matrix
/// with one scale or one per column.
std::optional<Blocks> wholeColumns(DequantizeOp op) {
  auto cast = op.getInput().getDefiningOp<StorageCastOp>();
  RankedTensorType type = typeOf(op.getResult());
  if (!cast || !isKnown(cast.getInput()) || type.getRank() != 2)
    return std::nullopt;
  quant::QuantizedType quantized = quantizedType(op.getInput());
  Parameters parameters(quantized);
  if (quantized.getStorageTypeIntegralWidth() != 8 ||
      (!parameters.isPerTensor() && parameters.axis != 1))
    return std::nullopt;
  OpBuilder builder(op);
  int64_t channels = type.getDimSize(1);
  std::vector<char> zeros;
  SmallVector<float> scales;
  bool isCentred = true;
  for (int64_t i = 0; i < channels; ++i) {
    scales.push_back(float(parameters.scale(i)));
    zeros.push_back(char(parameters.zeroPoint(i)));
    isCentred &= parameters.zeroPoint(i) == 0;
  }
  Location loc = op.getLoc();
  Blocks blocks{cast.getInput(), {}, {}, 0, type.getDimSize(0)};
  blocks.scales = createFloats(builder, loc, scales, {1, channels});
  if (!isCentred)
    blocks.zeroPoints = ConstantOp::create(
        builder, loc,
        makeConstant(typeOf(cast.getInput()).clone({1, channels}),
                     ArrayRef<char>(zeros)));
  return blocks;
}

/// The blocks that `weights` are made of, moved as they are.
std::optional<Blocks> findBlocks(Value weights) {
  if (auto op = weights.getDefiningOp<DequantizeOp>())
    return wholeColumns(op);
  if (auto op = weights.getDefiningOp<DequantizeBlocksOp>()) {
    if (!isKnown(op.getInput()) || !isKnown(op.getScales()) ||
        !isKnown(op.getZeroPoints()))
      return std::nullopt;
    return Blocks{op.getInput(), op.getScales(), op.getZeroPoints(),
                  int64_t(op.getAxis()), int64_t(op.getBlockSize())};
  }
  auto transpose = weights.getDefiningOp<TransposeOp>();
  if (!transpose)
    return std::nullopt;
  std::optional<Blocks> blocks = findBlocks(transpose.getInput());
  if (!blocks)
    return std::nullopt;
  OpBuilder builder(transpose);
  ArrayRef<int64_t> permutation = transpose.getPermutation();
  int64_t axis = llvm::find(permutation, blocks->axis) - permutation.begin();
  return blocks->moved(axis, [&](Value value) {
    return builder.createOrFold<TransposeOp>(transpose.getLoc(), value,
                                             permutation);
  });
}

/// The matrix of a convolution's kernel whose size is one in all directions.
Blocks asMatrix(OpBuilder &builder, Location loc, const Blocks &blocks) {
  int64_t spatial = typeOf(blocks.integers).getRank() - 2;
  return blocks.moved(blocks.axis - spatial, [&](Value value) {
    RankedTensorType type = typeOf(value);
    return builder.createOrFold<ReshapeOp>(
        loc, type.clone(type.getShape().drop_front(spatial)), value);
  });
}

struct FormBlockProducts
    : edgecc::quantization::impl::FormBlockProductsBase<FormBlockProducts> {
  void runOnOperation() override {
    SmallVector<Operation *> contractions;
    SmallVector<DequantizeBlocksOp> casts;
    getOperation().walk([&](Operation *op) {
      if (isa<MatMulOp, ConvOp>(op))
        contractions.push_back(op);
      else if (auto cast = dyn_cast<DequantizeBlocksOp>(op))
        casts.push_back(cast);
    });
    for (Operation *op : contractions)
      form(op);
    for (DequantizeBlocksOp op : casts)
      if (failed(express(op)))
        return signalPassFailure();
  }

private:
  /// A convolution with integers as they are, whose sums are scaled after it.
  /// One scale per output channel, no zero points.
  void scaleLater(ConvOp op) {
    auto cast = op.getWeights().getDefiningOp<DequantizeOp>();
    auto stored =
        cast ? cast.getInput().getDefiningOp<StorageCastOp>() : nullptr;
    if (!stored || !isKnown(stored.getInput()))
      return;
    quant::QuantizedType type = quantizedType(cast.getInput());
    Parameters parameters(type);
    int64_t last = typeOf(cast.getResult()).getRank() - 1;
    if (type.getStorageTypeIntegralWidth() != 8 ||
        (!parameters.isPerTensor() && parameters.axis != last) ||
        !llvm::all_of(parameters.zeroPoints,
                      [](int64_t zero) { return zero == 0; }))
      return;
    OpBuilder builder(op);
    Location loc = op.getLoc();
    SmallVector<float> scales(parameters.scales.begin(),
                              parameters.scales.end());
    Value factors =
        createFloats(builder, loc, scales, {int64_t(scales.size())});
    Value bias = op.getBias();
    Operation *copy = builder.clone(*op);
    copy->setOperand(1, stored.getInput());
    llvm::cast<ConvOp>(copy).getBiasMutable().clear();
    Value result = MulOp::create(builder, loc, copy->getResult(0), factors);
    if (bias)
      result = AddOp::create(builder, loc, result, bias);
    op.getResult().replaceAllUsesWith(result);
    op.erase();
    ++numFormed;
  }

  void form(Operation *op) {
    auto isReal = [](Value value) {
      return !value || typeOf(value).getElementType().isF32();
    };
    Value lhs = op->getOperand(0), weights = op->getOperand(1), bias;
    if (auto product = dyn_cast<MatMulOp>(op))
      bias = product.getBias();
    else
      bias = cast<ConvOp>(op).getBias();
    if (!isReal(lhs) || !isReal(weights) || !isReal(bias) ||
        !isReal(op->getResult(0)) ||
        !cast<EpilogueOpInterface>(op).getEpilogueRegion().empty())
      return;
    // Products of two quantised values are not about weights alone.
    if (Contraction::get(op))
      return;
    auto conv = dyn_cast<ConvOp>(op);
    if (conv && !isPointwise(conv))
      return scaleLater(conv);
    if (typeOf(weights).getRank() != 2 && !conv)
      return;
    std::optional<Blocks> blocks = findBlocks(weights);
    OpBuilder builder(op);
    if (blocks && conv)
      blocks = asMatrix(builder, op->getLoc(), *blocks);
    if (!blocks || blocks->axis != 0)
      return;
    auto product = BlockMatMulOp::create(
        builder, op->getLoc(), lhs, blocks->integers, blocks->scales,
        blocks->zeroPoints, bias, ValueRange(), uint64_t(blocks->size));
    op->getResult(0).replaceAllUsesWith(product.getResult());
    op->erase();
    ++numFormed;
  }

  /// Replaces what nothing multiplies by in blocks by the numbers it expresses.
  LogicalResult express(DequantizeBlocksOp op) {
    if (op.use_empty()) {
      op.erase();
      return success();
    }
    Attribute integers, scales, zeros;
    if (!matchPattern(op.getInput(), m_Constant(&integers)) ||
        !matchPattern(op.getScales(), m_Constant(&scales)) ||
        (op.getZeroPoints() &&
         !matchPattern(op.getZeroPoints(), m_Constant(&zeros))))
      return op.emitOpError("expects constants");
    std::optional<ConstantView> values = ConstantView::get(integers);
    std::optional<ConstantView> factors = ConstantView::get(scales);
    std::optional<ConstantView> offsets;
    if (zeros)
      offsets = ConstantView::get(zeros);
    ArrayRef<int64_t> shape = op.getType().getShape();
    int64_t inner = 1, size = shape[op.getAxis()];
    for (int64_t dim : shape.drop_front(op.getAxis() + 1))
      inner *= dim;
    int64_t count = typeOf(op.getScales()).getDimSize(op.getAxis());
    std::vector<float> numbers;
    numbers.reserve(values->size());
    for (int64_t i = 0, e = values->size(); i < e; ++i) {
      int64_t position = i / inner % size, outer = i / inner / size;
      int64_t block =
          (outer * count + position / int64_t(op.getBlockSize())) * inner +
          i % inner;
      int64_t integer = values->integer(i);
      if (offsets)
        integer -= offsets->integer(block);
      numbers.push_back(float(integer) * float(factors->real(block)));
    }
    OpBuilder builder(op);
    Value known = createFloats(builder, op.getLoc(), numbers, shape);
    op.getResult().replaceAllUsesWith(known);
    op.erase();
    return success();
  }
};

} // namespace
