//===- QuantizeDynamic.cpp - scales that a run computes ---------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "dialects/Edge/DynamicRange.h"
#include "passes/Quantization/ChooseForms.h"
#include "passes/Quantization/CompareIntegers.h"
#include "passes/Quantization/Contractions.h"
#include "passes/Quantization/LowerContractions.h"
#include "passes/Quantization/Passes.h"
#include "passes/Quantization/TableForms.h"
#include "passes/Quantization/WeightForms.h"

#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/IR/Matchers.h"

namespace edgecc::quantization {
#define GEN_PASS_DEF_QUANTIZEDYNAMIC
#include "passes/Quantization/Passes.h.inc"
} // namespace edgecc::quantization

using namespace mlir;
using namespace edgecc;
using namespace edgecc::edge;
using namespace edgecc::quantization;

/// The sums of the integers of each column.
static SmallVector<int64_t> addUp(const RoundedBlocks &weights) {
  SmallVector<int64_t> sums(weights.columns, 0);
  for (auto [i, integer] : llvm::enumerate(weights.integers))
    sums[int64_t(i) % weights.columns] += int8_t(integer);
  return sums;
}

/// Whether sums of products of bytes stay within 32 bits.
static bool fits(const RoundedBlocks &weights) {
  SmallVector<double> sums(weights.columns, 0);
  for (auto [i, integer] : llvm::enumerate(weights.integers))
    sums[int64_t(i) % weights.columns] += 255 * std::abs(int8_t(integer));
  return *llvm::max_element(sums) <= Contraction::largestAllowedSum;
}

static bool hasBorder(Operation *op) {
  auto conv = dyn_cast<ConvOp>(op);
  auto isSome = [](int64_t size) { return size != 0; };
  return conv && (llvm::any_of(conv.getPadsLow(), isSome) ||
                  llvm::any_of(conv.getPadsHigh(), isSome));
}

namespace {
struct QuantizeDynamic
    : edgecc::quantization::impl::QuantizeDynamicBase<QuantizeDynamic> {
  QuantizeDynamic() = default;
  explicit QuantizeDynamic(PriceFn price) : price(std::move(price)) {}

  void runOnOperation() override {
    auto module = getOperation()->getParentOfType<ModuleOp>();
    OwningOpRef<ModuleOp> real;
    if (price)
      real = module.clone();
    SmallVector<Operation *> contractions;
    getOperation().walk([&](Operation *op) {
      bool isMatrix =
          !isa<MatMulOp>(op) || typeOf(op->getOperand(1)).getRank() == 2;
      if (isa<MatMulOp, ConvOp>(op) && isMatrix &&
          typeOf(op->getOperand(0)).getElementType().isF32() &&
          typeOf(op->getOperand(0)).getNumElements() > 0)
        contractions.push_back(op);
    });
    for (Operation *op : contractions)
      quantize(op);
    constexpr unsigned bits = 8;
    numQuantized += quantizeTables(getOperation(), bits, blockOfTable(bits));
    if (price)
      warnOfSlowIntegers(module, *real, price, getOperation().getLoc());
  }

private:
  void quantize(Operation *op);

  PriceFn price;
  /// Those of values that several layers read.
  llvm::DenseMap<Value, std::pair<DynamicRange, Value>> known;
};
} // namespace

void QuantizeDynamic::quantize(Operation *op) {
  RoundedBlocks weights = roundInChannels(op->getOperand(1));
  if (weights.empty() || !fits(weights))
    return;
  Value input = op->getOperand(0);
  auto [entry, isNew] = known.try_emplace(input);
  auto &[range, bytes] = entry->second;
  if (isNew) {
    OpBuilder first(op->getContext());
    first.setInsertionPointAfterValue(input);
    range = createDynamicRange(first, input.getLoc(), input);
    bytes = quantizeDynamically(first, input.getLoc(), input, range);
  }

  ImplicitLocOpBuilder builder(op->getLoc(), op);
  Type i16 = builder.getI16Type(), i32 = builder.getI32Type(),
       f32 = builder.getF32Type();
  // A border is zero, so the zero point has to go first where there is one.
  bool isCentred = hasBorder(op);
  Value integers = bytes;
  if (isCentred)
    integers = SubOp::create(builder, CastOp::create(builder, bytes, i16),
                             CastOp::create(builder, range.zeroPoint, i16));
  Value known = ConstantOp::create(
      builder,
      makeConstant(typeOf(op->getOperand(1)).clone(builder.getI8Type()),
                   ArrayRef<char>(weights.integers)));
  Value bias;
  if (MutableOperandRange operands = biasOf(op); !operands.empty())
    bias = operands[0].get();
  Value result;
  if (auto conv = dyn_cast<ConvOp>(op))
    result =
        ConvOp::create(builder, integers, known, Value(), ValueRange(),
                       conv.getStrides(), conv.getDilationsAttr(),
                       conv.getPadsLow(), conv.getPadsHigh(), conv.getGroups());
  else
    result = MatMulOp::create(builder, integers, known, Value(), ValueRange());
  auto columns = RankedTensorType::get({weights.columns}, i32);
  if (!isCentred)
    result = SubOp::create(
        builder, result,
        MulOp::create(
            builder,
            createIntegers(builder, op->getLoc(), addUp(weights), columns),
            CastOp::create(builder, range.zeroPoint, i32)));
  Value scales =
      createFloats(builder, op->getLoc(), weights.scales, columns.getShape());
  result = MulOp::create(builder, CastOp::create(builder, result, f32),
                         MulOp::create(builder, scales, range.scale));
  if (bias)
    result = AddOp::create(builder, result, bias);
  op->getResult(0).replaceAllUsesWith(result);
  op->erase();
  ++numQuantized;
}

std::unique_ptr<Pass>
edgecc::quantization::createQuantizeDynamicPass(PriceFn price) {
  return std::make_unique<QuantizeDynamic>(std::move(price));
}
