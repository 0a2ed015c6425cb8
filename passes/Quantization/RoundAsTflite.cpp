//===- RoundAsTflite.cpp - quantised values as TFLite has them --*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "passes/Quantization/Averages.h"
#include "passes/Quantization/FixedLayerNorm.h"
#include "passes/Quantization/IntegerMaps.h"
#include "passes/Quantization/LowerContractions.h"
#include "passes/Quantization/Passes.h"
#include "passes/Quantization/TfliteArithmetic.h"

#include "mlir/IR/Matchers.h"
#include "llvm/ADT/TypeSwitch.h"

namespace edgecc::quantization {
#define GEN_PASS_DEF_ROUNDASTFLITE
#include "passes/Quantization/Passes.h.inc"
} // namespace edgecc::quantization

using namespace mlir;
using namespace edgecc;
using namespace edgecc::edge;
using namespace edgecc::quantization;

namespace {

struct RoundAsTflite
    : edgecc::quantization::impl::RoundAsTfliteBase<RoundAsTflite> {
  void runOnOperation() override {
    SmallVector<QuantizeOp> casts;
    SmallVector<Operation *> contractions, raised;
    getOperation().walk([&](Operation *op) {
      if (auto cast = dyn_cast<QuantizeOp>(op))
        casts.push_back(cast);
      else if (isRaised(op))
        raised.push_back(op);
      else if (isa<ConvOp, MatMulOp>(op) && quantizedType(op->getResult(0)))
        contractions.push_back(op);
    });
    OpBuilder builder(&getContext());
    for (Operation *op : contractions) {
      std::optional<Contraction> contraction = Contraction::get(op);
      if (!contraction || !contraction->objection().empty() ||
          !contraction->hasIntegerBias()) {
        op->emitWarning("is rounded as ONNX has it: its bias is not integer");
        continue;
      }
      builder.setInsertionPoint(op);
      replace(builder, op, lower(builder, *contraction));
    }
    for (Operation *op : raised) {
      builder.setInsertionPoint(op);
      quant::QuantizedType type = quantizedType(op->getResult(0));
      if (Value integers = lowerProducer(builder, op, type))
        replace(builder, op, integers);
      else
        warn(op, op);
    }
    for (QuantizeOp cast : casts) {
      quant::QuantizedType type = quantizedType(cast.getResult());
      if (!Parameters(type).isPerTensor() ||
          matchPattern(cast.getInput(), m_Constant()))
        continue;
      builder.setInsertionPoint(cast);
      replace(builder, cast, lower(builder, cast, type));
    }
    // The sums, for one, of which averages have been made.
    SmallVector<Operation *> all;
    getOperation().walk([&](Operation *op) { all.push_back(op); });
    for (Operation *op : llvm::reverse(all))
      if (isOpTriviallyDead(op))
        op->erase();
  }

private:
  /// Whether `edgecc-raise-quantized` has made `op` one on quantised values.
  static bool isRaised(Operation *op) {
    if (!isa<EdgeDialect>(op->getDialect()) || op->getNumResults() != 1 ||
        !quantizedType(op->getResult(0)))
      return false;
    return isa<AddOp, SubOp, MulOp, SoftmaxOp, LayerNormOp>(op) ||
           (isa<PoolOp, ReduceOp>(op) && Average::getRaised(op));
  }

  /// The quantised result of `op` is computed as ONNX has it.
  static void warn(Operation *op, Operation *producer) {
    op->emitWarning("is rounded as ONNX has it: there is no form of TFLite for "
                    "the quantised result of edge.")
        << producer->getName().stripDialect();
  }

  /// `integers` take the place of the quantised result of `op`.
  static void replace(OpBuilder &builder, Operation *op, Value integers) {
    Value result = StorageCastOp::create(builder, op->getLoc(),
                                         op->getResult(0).getType(), integers);
    op->getResult(0).replaceAllUsesWith(result);
    op->erase();
  }

  static Value lower(OpBuilder &builder, const Contraction &c) {
    Value bias = c.bias ? integersOf(builder, c.bias) : Value();
    return lowerContraction(builder, c, integersOf(builder, c.input),
                            integersOf(builder, c.weights), bias,
                            tflite::buildEpilogue);
  }

  /// The stored integers of the result of `producer` as `type`; null if TFLite
  /// has no form for it.
  static Value lowerProducer(OpBuilder &builder, Operation *producer,
                             quant::QuantizedType type) {
    return llvm::TypeSwitch<Operation *, Value>(producer)
        .Case([&](AddOp op) {
          return lowerPair(builder, op, type, tflite::emitSum);
        })
        .Case([&](MulOp op) {
          std::optional<Average> average = Average::get(op);
          return average ? lowerAverage(builder, *average, type)
                         : lowerPair(builder, op, type, tflite::emitProduct);
        })
        .Case<PoolOp, ReduceOp>([&](Operation *op) -> Value {
          std::optional<Average> average = Average::getRaised(op);
          return average
                     ? lowerAverage(builder, *average, average->typeOfRaised())
                     : Value();
        })
        .Case([&](SoftmaxOp op) { return lowerSoftmax(builder, op, type); })
        .Case([&](LayerNormOp op) {
          auto norm = FixedLayerNorm::get(op, type);
          return norm ? norm->lower(builder, op, type) : Value();
        })
        .Default([](Operation *) { return Value(); });
  }

  /// The stored integers of a value that becomes quantised.
  static Value lower(OpBuilder &builder, QuantizeOp cast,
                     quant::QuantizedType type) {
    Location loc = cast.getLoc();
    Value input = cast.getInput();
    RankedTensorType resultType = typeOf(input).clone(storageType(type));
    Operation *producer = input.getDefiningOp();
    if (auto op = dyn_cast_or_null<DequantizeOp>(producer))
      if (Value result = rescale(builder, op, type, resultType))
        return result;
    if (producer)
      if (Value result = lowerProducer(builder, producer, type))
        return result;
    // The input of the network, for one.
    if (producer && isa<EdgeDialect>(producer->getDialect()) &&
        !isa<TransposeOp, ReshapeOp, PadOp, SliceOp>(producer))
      warn(cast, producer);
    return createMap(builder, loc, input, resultType,
                     [&](ImplicitLocOpBuilder &b, ValueRange scalars) {
                       return tflite::emitQuantized(b, scalars[0], type);
                     });
  }

  static Value rescale(OpBuilder &builder, DequantizeOp op,
                       quant::QuantizedType type, RankedTensorType resultType) {
    Value source = quantizedSource(op.getResult());
    if (!source)
      return {};
    quant::QuantizedType from = quantizedType(source);
    return createMap(builder, op.getLoc(), integersOf(builder, source),
                     resultType,
                     [&](ImplicitLocOpBuilder &b, ValueRange scalars) {
                       Value number = tflite::emitScaled(
                           b, emitCentred(b, scalars[0], from),
                           tflite::FixedPoint::get(Parameters(from).scale() /
                                                   Parameters(type).scale()));
                       return tflite::emitSaturated(b, number, type);
                     });
  }

  /// A sum or a product.
  template <typename EmitPairFn>
  static Value lowerPair(OpBuilder &builder, Operation *op,
                         quant::QuantizedType type, EmitPairFn emit) {
    Value lhs = quantizedSource(op->getOperand(0));
    Value rhs = quantizedSource(op->getOperand(1));
    if (!lhs || !rhs || !isBytes(lhs) || !isBytes(rhs))
      return {};
    return createMap(builder, op->getLoc(),
                     {integersOf(builder, lhs), integersOf(builder, rhs)},
                     typeOf(op->getResult(0)).clone(storageType(type)),
                     [&](ImplicitLocOpBuilder &b, ValueRange scalars) {
                       return emit(b, scalars[0], quantizedType(lhs),
                                   scalars[1], quantizedType(rhs), type);
                     });
  }

  static bool isBytes(Value quantized) {
    return quantizedType(quantized).getStorageTypeIntegralWidth() == 8;
  }

  static Value lowerAverage(OpBuilder &builder, const Average &average,
                            quant::QuantizedType type) {
    quant::QuantizedType from = average.inputType();
    bool isPool = isa<PoolOp>(average.sum);
    if (!isBytes(average.source) || (isPool && from != type))
      return {};
    return average.lower(
        builder, type, [&](ImplicitLocOpBuilder &b, Value sum) {
          return isPool ? tflite::emitPoolAverage(b, sum, average.count, type)
                        : tflite::emitMean(b, sum, average.count, from, type);
        });
  }

  /// By a table of exponentials.
  static Value lowerSoftmax(OpBuilder &builder, SoftmaxOp op,
                            quant::QuantizedType type) {
    Value source = quantizedSource(op.getInput());
    // Shares of other types are rounded once.
    int shift = tflite::shareFactor(type).shift;
    if (!source || !isBytes(source) ||
        type.getStorageTypeIntegralWidth() != 8 || shift > 29 || shift < -31)
      return {};
    Location loc = op.getLoc();
    int64_t axis = op.getAxis();
    Value exponentials = lookUpDistances(
        builder, loc, source, axis,
        tflite::exponentials(Parameters(quantizedType(source)).scale()));
    RankedTensorType words = typeOf(exponentials);
    Value summands = createMap(builder, loc, exponentials, words,
                               [](ImplicitLocOpBuilder &b, ValueRange scalars) {
                                 return tflite::emitSummand(b, scalars[0]);
                               });
    Value sum = builder.createOrFold<ReduceOp>(
        loc, ReduceKind::Sum, summands, ValueRange(), ArrayRef<int64_t>(axis));
    Value reciprocal =
        createMap(builder, loc, sum, typeOf(sum),
                  [](ImplicitLocOpBuilder &b, ValueRange scalars) {
                    return tflite::emitReciprocal(b, scalars[0]);
                  });
    return createMap(builder, loc, {exponentials, sum, reciprocal},
                     words.clone(storageType(type)),
                     [&](ImplicitLocOpBuilder &b, ValueRange scalars) {
                       return tflite::emitShare(b, scalars[0], scalars[1],
                                                scalars[2], type);
                     });
  }
};

} // namespace
