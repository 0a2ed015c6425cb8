//===- QuantizeWeights.cpp - store weights in fewer bits --------*- C++ -*-===//
//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Quantization/BlockRounding.h"
#include "passes/Quantization/Contractions.h"
#include "passes/Quantization/Passes.h"

#include "mlir/IR/Matchers.h"
#include "llvm/Support/MathExtras.h"

#include <cmath>

namespace edgecc::quantization {
#define GEN_PASS_DEF_QUANTIZEWEIGHTS
#include "passes/Quantization/Passes.h.inc"
} // namespace edgecc::quantization

using namespace mlir;
using namespace edgecc;
using namespace edgecc::edge;
using namespace edgecc::quantization;

namespace {

struct QuantizeWeights
    : edgecc::quantization::impl::QuantizeWeightsBase<QuantizeWeights> {
  using QuantizeWeightsBase::QuantizeWeightsBase;
  QuantizeWeights(const QuantizeWeightsOptions &options,
                  CalibratorPtr calibrator)
      : QuantizeWeightsBase(options), calibrator(std::move(calibrator)) {}

  void runOnOperation() override {
    if (bits < 2 || bits > 8 || blockSize < 0) {
      getOperation()->emitError("cannot store weights in blocks of ")
          << int64_t(blockSize) << " numbers of " << unsigned(bits)
          << " bits; expected 2 to 8 bits, and blocks of at least 1 or 0 for "
             "whole columns";
      return signalPassFailure();
    }
    SmallVector<Operation *> contractions;
    getOperation().walk([&](Operation *op) {
      if (isa<MatMulOp, ConvOp>(op))
        contractions.push_back(op);
    });
    if (calibrator && failed(findMoments(contractions)))
      return signalPassFailure();
    for (Operation *op : contractions) {
      auto conv = dyn_cast<ConvOp>(op);
      if (conv && !isPointwise(conv))
        quantizeChannels(conv->getOpOperand(1));
      else if (succeeded(quantize(op->getOpOperand(1))))
        roundBias(op);
    }
  }

private:
  /// Sums the products of each two inputs of the contractions over examples.
  LogicalResult findMoments(ArrayRef<Operation *> contractions) {
    llvm::SetVector<Value> inputs;
    for (Operation *op : contractions) {
      auto conv = dyn_cast<ConvOp>(op);
      bool isMatrix =
          conv ? isPointwise(conv) : typeOf(op->getOperand(1)).getRank() == 2;
      if (isMatrix && matchPattern(op->getOperand(1), m_Constant()) &&
          typeOf(op->getOperand(0)).getElementType().isF32())
        inputs.insert(op->getOperand(0));
    }
    if (inputs.empty())
      return success();
    auto found = calibrator->findMoments(inputs.getArrayRef());
    if (failed(found))
      return failure();
    for (auto [input, sums] : llvm::zip_equal(inputs, *found))
      moments[input] = std::move(sums);
    return success();
  }

  /// Gives `weights`, whose last dimension are the output channels, one scale
  /// for each of these, and bytes.
  void quantizeChannels(OpOperand &weights) {
    Attribute constant;
    RankedTensorType type = typeOf(weights.get());
    std::optional<ConstantView> view;
    if (type.getElementType().isF32() &&
        matchPattern(weights.get(), m_Constant(&constant)))
      view = ConstantView::get(constant);
    if (!view || view->size() == 0)
      return;
    int64_t channels = type.getShape().back();
    Rounding rounding{-127, 127};
    std::vector<char> integers(view->size());
    SmallVector<double> scales;
    for (int64_t channel = 0; channel < channels; ++channel) {
      double largest = 0;
      for (int64_t i = channel; i < view->size(); i += channels)
        largest = std::max(largest, std::abs(view->real(i)));
      // A channel without weights has any scale.
      float scale = float(largest / rounding.most);
      if (!(scale >= std::numeric_limits<float>::min()))
        scale = 1;
      scales.push_back(scale);
      for (int64_t i = channel; i < view->size(); i += channels)
        integers[i] = char(int8_t(rounding(view->real(i), scale)));
    }
    OpBuilder builder(weights.getOwner());
    Location loc = weights.get().getLoc();
    auto quantized = quant::UniformQuantizedPerAxisType::get(
        quant::QuantizationFlags::Signed, builder.getI8Type(),
        builder.getF32Type(), scales, SmallVector<int64_t>(channels, 0),
        type.getRank() - 1, -127, 127);
    Value stored =
        ConstantOp::create(builder, loc,
                           makeConstant(type.clone(builder.getI8Type()),
                                        ArrayRef<char>(integers)));
    Value seen =
        StorageCastOp::create(builder, loc, type.clone(quantized), stored);
    weights.set(DequantizeOp::create(builder, loc, type, seen));
    ++numQuantized;
  }

  /// The bias in f16, which is near enough beside weights of at most 8 bits.
  static void roundBias(Operation *op) {
    MutableOperandRange bias = isa<ConvOp>(op)
                                   ? cast<ConvOp>(op).getBiasMutable()
                                   : cast<MatMulOp>(op).getBiasMutable();
    Attribute constant;
    if (bias.empty() || !typeOf(bias[0].get()).getElementType().isF32() ||
        !matchPattern(bias[0].get(), m_Constant(&constant)))
      return;
    std::optional<ConstantView> view = ConstantView::get(constant);
    if (!view)
      return;
    SmallVector<float> numbers;
    for (int64_t i = 0; i < view->size(); ++i)
      numbers.push_back(roundToHalf(view->real(i)));
    OpBuilder builder(op);
    bias[0].set(createFloats(builder, bias[0].get().getLoc(), numbers,
                             view->getType().getShape()));
  }

  /// Gives `weights`, whose last two dimensions are a matrix, a scale for each
  /// column of a block of rows; fails if they are not known or anything else.
  LogicalResult quantize(OpOperand &weights) {
    Attribute constant;
    RankedTensorType type = typeOf(weights.get());
    if (type.getRank() < 2 || !type.getElementType().isF32() ||
        !matchPattern(weights.get(), m_Constant(&constant)))
      return failure();
    ArrayRef<int64_t> shape = type.getShape();
    int64_t rows = shape[shape.size() - 2], columns = shape.back();
    std::optional<ConstantView> view = ConstantView::get(constant);
    if (!view || view->size() == 0 || view->size() != rows * columns)
      return failure();
    int64_t size = blockSize ? std::min<int64_t>(blockSize, rows) : rows;
    int64_t blocks = int64_t(llvm::divideCeil(rows, size));
    std::vector<float> numbers;
    numbers.reserve(view->size());
    for (int64_t i = 0; i < view->size(); ++i)
      numbers.push_back(float(view->real(i)));
    RoundedBlocks rounded = roundBlocks(
        numbers, columns, size,
        {-std::ldexp(1.0, int(bits) - 1), std::ldexp(1.0, int(bits) - 1) - 1},
        moments.lookup(weights.getOwner()->getOperand(0)));
    OpBuilder builder(weights.getOwner());
    Location loc = weights.get().getLoc();
    SmallVector<int64_t> scaleShape(shape);
    scaleShape[shape.size() - 2] = blocks;
    Value stored =
        ConstantOp::create(builder, loc,
                           makeConstant(type.clone(builder.getI8Type()),
                                        ArrayRef<char>(rounded.integers)));
    Value factors = createFloats(builder, loc, rounded.scales, scaleShape);
    weights.set(DequantizeBlocksOp::create(
        builder, loc, stored, factors, Value(), uint64_t(type.getRank() - 2),
        uint64_t(size)));
    ++numQuantized;
    return success();
  }

  CalibratorPtr calibrator;
  /// Of the inputs of contractions, by the positions of their last dimension.
  llvm::DenseMap<Value, std::vector<double>> moments;
};

} // namespace

std::unique_ptr<Pass> edgecc::quantization::createQuantizeWeightsPass(
    const QuantizeWeightsOptions &options, CalibratorPtr calibrator) {
  return std::make_unique<QuantizeWeights>(options, std::move(calibrator));
}
