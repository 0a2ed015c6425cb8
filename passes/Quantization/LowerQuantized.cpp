//===- LowerQuantized.cpp - quantised values as integers --------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "passes/Quantization/Averages.h"
#include "passes/Quantization/LowerContractions.h"
#include "passes/Quantization/Passes.h"

#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "llvm/ADT/TypeSwitch.h"

#include <cmath>

namespace edgecc::quantization {
#define GEN_PASS_DEF_LOWERQUANTIZED
#include "passes/Quantization/Passes.h.inc"
} // namespace edgecc::quantization

using namespace mlir;
using namespace edgecc;
using namespace edgecc::edge;
using namespace edgecc::quantization;

//===----------------------------------------------------------------------===//
// Casts
//===----------------------------------------------------------------------===//

/// The numbers in f32, in a shape that broadcasts along the quantised axis of
/// a tensor of `rank` dimensions.
static Value createList(OpBuilder &builder, Location loc,
                        ArrayRef<double> numbers, const Parameters &parameters,
                        int64_t rank) {
  SmallVector<float> values(numbers.begin(), numbers.end());
  SmallVector<int64_t> shape;
  if (!parameters.isPerTensor()) {
    shape.assign(rank - parameters.axis, 1);
    shape[0] = int64_t(values.size());
  }
  auto type = RankedTensorType::get(shape, builder.getF32Type());
  return ConstantOp::create(
      builder, loc,
      makeConstant(type,
                   ArrayRef<char>(reinterpret_cast<const char *>(values.data()),
                                  values.size() * sizeof(float))));
}

static bool hasZeroPoint(const Parameters &parameters) {
  return llvm::any_of(parameters.zeroPoints,
                      [](int64_t zero) { return zero != 0; });
}

/// integer - zero point, in f32.
static Value centre(OpBuilder &builder, Location loc, Value stored,
                    const Parameters &parameters) {
  Value number =
      builder.createOrFold<CastOp>(loc, stored, builder.getF32Type());
  if (!hasZeroPoint(parameters))
    return number;
  SmallVector<double> zeros(parameters.zeroPoints.begin(),
                            parameters.zeroPoints.end());
  return builder.createOrFold<SubOp>(
      loc, number,
      createList(builder, loc, zeros, parameters, typeOf(stored).getRank()));
}

static Value dequantize(OpBuilder &builder, Location loc, Value stored,
                        const Parameters &parameters) {
  Value number = centre(builder, loc, stored, parameters);
  return builder.createOrFold<MulOp>(loc, number,
                                     createList(builder, loc, parameters.scales,
                                                parameters,
                                                typeOf(stored).getRank()));
}

/// round(value / scale) + zero point, saturated.
static Value quantize(OpBuilder &builder, Location loc, Value value,
                      quant::QuantizedType type) {
  Parameters parameters(type);
  int64_t rank = typeOf(value).getRank();
  value = builder.createOrFold<DivOp>(
      loc, value,
      createList(builder, loc, parameters.scales, parameters, rank));
  value = builder.createOrFold<RoundOp>(loc, value);
  if (hasZeroPoint(parameters)) {
    SmallVector<double> zeros(parameters.zeroPoints.begin(),
                              parameters.zeroPoints.end());
    value = builder.createOrFold<AddOp>(
        loc, value, createList(builder, loc, zeros, parameters, rank));
  }
  // The cast saturates to the whole range of the integer type.
  auto whole = quant::QuantizedType::getDefaultMinimumForInteger(
      type.isSigned(), type.getStorageTypeIntegralWidth());
  auto most = quant::QuantizedType::getDefaultMaximumForInteger(
      type.isSigned(), type.getStorageTypeIntegralWidth());
  if (parameters.least != whole || parameters.most != most)
    value = builder.createOrFold<ClampOp>(
        loc, value, builder.getF64FloatAttr(double(parameters.least)),
        builder.getF64FloatAttr(double(parameters.most)));
  return builder.createOrFold<CastOp>(loc, value, storageType(type));
}

namespace {

//===----------------------------------------------------------------------===//
// Pass
//===----------------------------------------------------------------------===//

struct LowerQuantized
    : edgecc::quantization::impl::LowerQuantizedBase<LowerQuantized> {
  void runOnOperation() override {
    SmallVector<Operation *> work;
    getOperation().walk<WalkOrder::PreOrder>([&](Operation *op) {
      auto isQuantized = [](Value value) { return bool(quantizedType(value)); };
      if (llvm::any_of(op->getOperands(), isQuantized) ||
          llvm::any_of(op->getResults(), isQuantized))
        work.push_back(op);
    });
    OpBuilder builder(&getContext());
    for (Operation *op : work) {
      if (op->getNumResults() != 1 || !isa<EdgeDialect>(op->getDialect())) {
        op->emitOpError("has no form on integers");
        return signalPassFailure();
      }
      builder.setInsertionPoint(op);
      Value result = lower(builder, op);
      if (quantizedType(op->getResult(0)))
        stored[op->getResult(0)] = result;
      else
        op->getResult(0).replaceAllUsesWith(result);
    }
    for (Operation *op : llvm::reverse(work))
      op->erase();
    stored.clear();
  }

private:
  /// The integers of a quantised value, any other value as it is.
  Value integers(Value value) {
    return quantizedType(value) ? stored.lookup(value) : value;
  }

  Value lower(OpBuilder &builder, Operation *op) {
    if (std::optional<Contraction> contraction = Contraction::get(op))
      if (contraction->objection().empty() && contraction->hasIntegerBias())
        return lowerContraction(
            builder, *contraction, integers(contraction->input),
            integers(contraction->weights),
            contraction->bias ? integers(contraction->bias) : Value());
    if (std::optional<Average> average = Average::getRaised(op);
        average && quantizedSource(average->source))
      return lowerAverage(builder, *average);
    return llvm::TypeSwitch<Operation *, Value>(op)
        .Case([&](StorageCastOp cast) { return integers(cast.getInput()); })
        .Case([&](DequantizeOp cast) {
          return dequantize(builder, cast.getLoc(), integers(cast.getInput()),
                            Parameters(quantizedType(cast.getInput())));
        })
        .Case([&](QuantizeOp cast) {
          return quantize(builder, cast.getLoc(), cast.getInput(),
                          quantizedType(cast.getResult()));
        })
        .Case([&](PoolOp pool) { return lowerPool(builder, pool); })
        .Case([&](ReduceOp reduce) { return lowerReduce(builder, reduce); })
        .Default([&](Operation *) { return lowerMovement(builder, op); });
  }

  /// The epilogue of a sum of `terms` integers: less as many zero points, times
  /// the scale; as integers of `type` if there is one.
  void buildSum(EpilogueOpInterface op, const Parameters &parameters,
                int64_t terms, double scale, quant::QuantizedType type = {}) {
    OpBuilder outer(op);
    Location loc = op.getLoc();
    Block *block = outer.createBlock(&op.getEpilogueRegion());
    ImplicitLocOpBuilder b(loc, outer);
    Value sum = block->addArgument(b.getI32Type(), loc);
    if (parameters.zeroPoint() != 0)
      sum = arith::SubIOp::create(
          b, sum,
          arith::ConstantOp::create(
              b, b.getI32IntegerAttr(int32_t(parameters.zeroPoint() * terms))));
    Value number = arith::SIToFPOp::create(b, b.getF32Type(), sum);
    number = arith::MulFOp::create(
        b, number,
        arith::ConstantOp::create(b, b.getF32FloatAttr(float(scale))));
    YieldOp::create(
        b, ValueRange(type ? emitRequantized(b, number, type) : number));
  }

  /// The integers of an average.
  Value lowerAverage(OpBuilder &builder, const Average &average) {
    quant::QuantizedType type = average.typeOfRaised();
    Parameters parameters(average.inputType());
    Operation *copy = copyStored(builder, average.sum, storageType(type));
    buildSum(cast<EpilogueOpInterface>(copy), parameters, average.count,
             parameters.scale() /
                 (Parameters(type).scale() * double(average.count)),
             type);
    return copy->getResult(0);
  }

  /// `op` on integers, with `type` as the type of the result.
  Operation *copyStored(OpBuilder &builder, Operation *op, Type element) {
    Operation *copy = builder.clone(*op);
    for (OpOperand &operand : copy->getOpOperands())
      operand.set(integers(operand.get()));
    copy->getResult(0).setType(typeOf(op->getResult(0)).clone(element));
    return copy;
  }

  /// Whether `op` gives real numbers from quantised ones by adding them up.
  template <typename OpTy>
  bool isSum(OpTy op, bool kind) {
    return kind && op.getEpilogue().empty() && !quantizedType(op.getResult()) &&
           quantizedType(op.getInput()) &&
           Parameters(quantizedType(op.getInput())).isPerTensor();
  }

  Value lowerPool(OpBuilder &builder, PoolOp op) {
    if (!isSum(op, op.getKind() == PoolKind::Sum))
      return lowerMovement(builder, op);
    Parameters parameters(quantizedType(op.getInput()));
    auto copy = cast<PoolOp>(copyStored(builder, op, builder.getF32Type()));
    builder.setInsertionPoint(copy);
    auto isZero = [](int64_t size) { return size == 0; };
    if (parameters.zeroPoint() != 0 &&
        (!llvm::all_of(op.getPadsLow(), isZero) ||
         !llvm::all_of(op.getPadsHigh(), isZero))) {
      copy.getInputMutable().assign(
          padSpatial(builder, op.getLoc(), copy.getInput(), op.getPadsLow(),
                     op.getPadsHigh(), parameters.zeroPoint()));
      SmallVector<int64_t> none(op.getPadsLow().size(), 0);
      copy.setPadsLow(none);
      copy.setPadsHigh(none);
    }
    buildSum(cast<EpilogueOpInterface>(copy.getOperation()), parameters,
             llvm::product_of(op.getKernel()), parameters.scale());
    return copy.getResult();
  }

  Value lowerReduce(OpBuilder &builder, ReduceOp op) {
    if (!isSum(op, op.getKind() == ReduceKind::Sum))
      return lowerMovement(builder, op);
    int64_t terms = typeOf(op.getInput()).getNumElements() /
                    std::max<int64_t>(op.getType().getNumElements(), 1);
    auto copy = cast<ReduceOp>(copyStored(builder, op, builder.getF32Type()));
    Parameters parameters(quantizedType(op.getInput()));
    buildSum(cast<EpilogueOpInterface>(copy.getOperation()), parameters, terms,
             parameters.scale());
    return copy.getResult();
  }

  /// An operation that keeps the quantised type works on the integers, any
  /// other one on the real numbers.
  Value lowerMovement(OpBuilder &builder, Operation *op) {
    quant::QuantizedType type = quantizedType(op->getResult(0));
    bool moves =
        type &&
        isa<ReshapeOp, TransposeOp, BroadcastOp, SliceOp, ConcatOp, GatherOp,
            GatherElementsOp, GatherNDOp, PadOp, ClampOp, PoolOp, ReduceOp>(op);
    if (moves)
      if (auto pool = dyn_cast<PoolOp>(op))
        moves = pool.getKind() == PoolKind::Max && pool.getEpilogue().empty();
    if (moves)
      if (auto reduce = dyn_cast<ReduceOp>(op))
        moves = reduce.getKind() != ReduceKind::Sum &&
                reduce.getKind() != ReduceKind::Prod &&
                reduce.getEpilogue().empty();
    if (moves)
      moves = quantizedType(op->getOperand(0)) == type || isa<TransposeOp>(op);
    if (!moves || (isa<PadOp, ClampOp>(op) && !Parameters(type).isPerTensor()))
      return lowerReal(builder, op);
    Operation *copy = copyStored(builder, op, storageType(type));
    auto onGrid = [&](const APFloat &value) {
      return APFloat(
          double(Parameters(type).quantize(value.convertToDouble())));
    };
    if (auto pad = dyn_cast<PadOp>(copy))
      pad.setValue(onGrid(pad.getValue()));
    if (auto clamp = dyn_cast<ClampOp>(copy)) {
      clamp.setMin(onGrid(clamp.getMin()));
      clamp.setMax(onGrid(clamp.getMax()));
    }
    return copy->getResult(0);
  }

  /// Between a dequantisation of the operands and a quantisation of the result.
  Value lowerReal(OpBuilder &builder, Operation *op) {
    Operation *copy = builder.clone(*op);
    builder.setInsertionPoint(copy);
    for (OpOperand &operand : copy->getOpOperands())
      if (quant::QuantizedType type = quantizedType(operand.get()))
        operand.set(dequantize(builder, op->getLoc(), integers(operand.get()),
                               Parameters(type)));
    builder.setInsertionPointAfter(copy);
    Value result = copy->getResult(0);
    quant::QuantizedType type = quantizedType(result);
    if (!type)
      return result;
    result.setType(typeOf(result).clone(builder.getF32Type()));
    return quantize(builder, op->getLoc(), result, type);
  }

  llvm::DenseMap<Value, Value> stored;
};

} // namespace
