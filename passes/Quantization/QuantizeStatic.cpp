//===- QuantizeStatic.cpp - quantise a network of real numbers --*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "passes/Quantization/Parameters.h"
#include "passes/Quantization/Passes.h"

#include "mlir/IR/Matchers.h"

#include <cmath>

namespace edgecc::quantization {
#define GEN_PASS_DEF_QUANTIZESTATIC
#include "passes/Quantization/Passes.h.inc"
} // namespace edgecc::quantization

using namespace mlir;
using namespace edgecc;
using namespace edgecc::edge;
using namespace edgecc::quantization;

static RankedTensorType typeOf(Value value) {
  return cast<RankedTensorType>(value.getType());
}

static bool isConstant(Value value) {
  return matchPattern(value, m_Constant());
}

/// The value whose elements `value` holds in another order or shape.
static Value origin(Value value) {
  while (Operation *op = value.getDefiningOp()) {
    if (!isa<ReshapeOp, TransposeOp>(op))
      break;
    value = op->getOperand(0);
  }
  return value;
}

/// The 8-bit type that expresses `range`: zero is one of its numbers.
static quant::QuantizedType activationType(MLIRContext *context,
                                           CalibratedRange range) {
  double least = std::min(range.least, 0.0f), most = std::max(range.most, 0.0f);
  float scale = float((most - least) / 255);
  // Nothing but zero.
  if (!(scale >= std::numeric_limits<float>::min()))
    scale = 1;
  int64_t zero =
      int64_t(std::clamp(std::nearbyint(-least / scale), 0.0, 255.0));
  return quant::UniformQuantizedType::get(0, IntegerType::get(context, 8),
                                          Float32Type::get(context), scale,
                                          zero, 0, 255);
}

namespace {

struct QuantizeStatic
    : edgecc::quantization::impl::QuantizeStaticBase<QuantizeStatic> {
  QuantizeStatic() = default;
  explicit QuantizeStatic(CalibrateFn calibrate)
      : calibrate(std::move(calibrate)) {}

  void runOnOperation() override {
    if (!calibrate)
      return;
    SmallVector<Operation *> contractions;
    llvm::SetVector<Value> observed;
    collect(contractions, observed);
    if (observed.empty())
      return;
    FailureOr<SmallVector<CalibratedRange>> ranges =
        calibrate(observed.getArrayRef());
    if (failed(ranges))
      return signalPassFailure();
    for (auto [value, range] : llvm::zip_equal(observed, *ranges))
      quantizeActivation(value, range);
    for (Operation *op : contractions)
      if (isConstant(op->getOperand(1)))
        quantizeWeights(op);
  }

private:
  /// Convolutions and products, and the real values to be stored as integers:
  /// what these read, and the terms of residual additions and the like.
  void collect(SmallVectorImpl<Operation *> &contractions,
               llvm::SetVector<Value> &observed) {
    auto observe = [&](Value value) {
      value = origin(value);
      if (!isConstant(value) && typeOf(value).getElementType().isF32())
        observed.insert(value);
    };
    getOperation().walk([&](Operation *op) {
      if (op->getParentOp() != getOperation())
        return;
      if (isa<ConvOp, MatMulOp>(op)) {
        contractions.push_back(op);
        observe(op->getOperand(0));
        observe(op->getOperand(1));
      } else if (isa<PoolOp>(op)) {
        observe(op->getOperand(0));
      } else if (isa<ConcatOp>(op)) {
        observe(op->getResult(0));
      } else if (isa<AddOp, SubOp, MulOp>(op) &&
                 op->getOperand(0) != op->getOperand(1) &&
                 !isConstant(op->getOperand(0)) &&
                 !isConstant(op->getOperand(1))) {
        observe(op->getOperand(0));
        observe(op->getOperand(1));
      }
    });
  }

  /// All users see the value as the integers express it.
  void quantizeActivation(Value value, CalibratedRange range) {
    OpBuilder builder(&getContext());
    builder.setInsertionPointAfterValue(value);
    quant::QuantizedType type = activationType(&getContext(), range);
    Location loc = value.getLoc();
    auto rounded =
        QuantizeOp::create(builder, loc, typeOf(value).clone(type), value);
    auto real = DequantizeOp::create(builder, loc, typeOf(value), rounded);
    value.replaceAllUsesExcept(real, rounded);
  }

  /// One scale per output channel, and no zero point.
  void quantizeWeights(Operation *op) {
    Attribute constant;
    (void)matchPattern(op->getOperand(1), m_Constant(&constant));
    std::optional<ConstantView> view = ConstantView::get(constant);
    RankedTensorType type = typeOf(op->getOperand(1));
    if (!view || !type.getElementType().isF32() || view->size() == 0)
      return;
    int64_t channels = type.getShape().back();
    SmallVector<float> numbers;
    SmallVector<double> scales(channels, 0);
    numbers.reserve(view->size());
    for (int64_t i = 0, e = view->size(); i < e; ++i) {
      numbers.push_back(float(view->real(i)));
      double &largest = scales[i % channels];
      largest = std::max(largest, std::abs(double(numbers.back())));
    }
    double mean = 0;
    for (double &scale : scales) {
      scale = float(scale / 127);
      mean += scale / double(channels);
    }
    // A channel without weights still has a bias to express.
    for (double &scale : scales)
      if (!(scale >= std::numeric_limits<float>::min()))
        scale = mean > std::numeric_limits<float>::min() ? float(mean) : 1.0;
    std::vector<char> bytes;
    bytes.reserve(numbers.size());
    for (auto [i, number] : llvm::enumerate(numbers))
      bytes.push_back(char(int8_t(
          std::clamp(std::nearbyint(double(number) / scales[i % channels]),
                     -127.0, 127.0))));
    OpBuilder builder(op);
    Location loc = op->getOperand(1).getLoc();
    auto stored = type.clone(builder.getI8Type());
    auto quantized = quant::UniformQuantizedPerAxisType::get(
        quant::QuantizationFlags::Signed, builder.getI8Type(),
        builder.getF32Type(), scales, SmallVector<int64_t>(channels, 0),
        type.getRank() - 1, -127, 127);
    Value integers = ConstantOp::create(
        builder, loc, makeConstant(stored, ArrayRef<char>(bytes)));
    Value seen =
        StorageCastOp::create(builder, loc, type.clone(quantized), integers);
    op->setOperand(1, DequantizeOp::create(builder, loc, type, seen));
  }

  CalibrateFn calibrate;
};

} // namespace

std::unique_ptr<Pass>
edgecc::quantization::createQuantizeStaticPass(CalibrateFn calibrate) {
  return std::make_unique<QuantizeStatic>(std::move(calibrate));
}
