//===- GrowIntegerRegions.cpp - operations on quantised values --*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "dialects/Edge/ValueNames.h"
#include "passes/Quantization/Averages.h"
#include "passes/Quantization/LowerContractions.h"
#include "passes/Quantization/Passes.h"

#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "llvm/ADT/TypeSwitch.h"

namespace edgecc::quantization {
#define GEN_PASS_DEF_GROWINTEGERREGIONS
#include "passes/Quantization/Passes.h.inc"
} // namespace edgecc::quantization

using namespace mlir;
using namespace edgecc;
using namespace edgecc::edge;
using namespace edgecc::quantization;

//===----------------------------------------------------------------------===//
// Movement
//===----------------------------------------------------------------------===//

/// The operand whose elements `op` moves or picks from without computing any;
/// null for other operations. Maxima and limits pick: rounding keeps the order.
static OpOperand *movedOperand(Operation *op) {
  bool moves = llvm::TypeSwitch<Operation *, bool>(op)
                   .Case<ReshapeOp, TransposeOp, BroadcastOp, SliceOp, PadOp,
                         GatherOp, GatherElementsOp, GatherNDOp, ClampOp>(
                       [](Operation *) { return true; })
                   .Case([](PoolOp pool) {
                     return pool.getKind() == PoolKind::Max &&
                            pool.getEpilogue().empty();
                   })
                   .Case([](ReduceOp reduce) {
                     return (reduce.getKind() == ReduceKind::Max ||
                             reduce.getKind() == ReduceKind::Min) &&
                            reduce.getEpilogue().empty();
                   })
                   .Default([](Operation *) { return false; });
  return moves ? &op->getOpOperand(0) : nullptr;
}

/// Where `op` moves dimension `axis` of its input to as a whole; nothing if it
/// does not.
static std::optional<int64_t> movedAxis(Operation *op, int64_t axis) {
  if (auto transpose = dyn_cast<TransposeOp>(op)) {
    ArrayRef<int64_t> permutation = transpose.getPermutation();
    return llvm::find(permutation, axis) - permutation.begin();
  }
  ArrayRef<int64_t> from = typeOf(op->getOperand(0)).getShape();
  ArrayRef<int64_t> to = typeOf(op->getResult(0)).getShape();
  if (auto slice = dyn_cast<SliceOp>(op))
    return to[axis] == from[axis] && slice.getStrides()[axis] == 1
               ? std::optional(axis)
               : std::nullopt;
  if (!isa<ReshapeOp>(op))
    return std::nullopt;
  int64_t before = llvm::product_of(from.take_front(axis));
  int64_t seen = 1;
  for (auto [position, size] : llvm::enumerate(to)) {
    if (seen == before && size == from[axis])
      return int64_t(position);
    seen *= size;
  }
  return std::nullopt;
}

/// Whether the new elements that `op` brings in, such as a border, are among
/// the numbers that the type expresses.
static bool bringsExpressed(Operation *op, const Parameters &parameters) {
  auto expresses = [&](const APFloat &value) {
    return parameters.expresses(value.convertToDouble());
  };
  if (auto pad = dyn_cast<PadOp>(op))
    return pad.getMode() != PadMode::Constant || expresses(pad.getValue());
  auto clamp = dyn_cast<ClampOp>(op);
  if (!clamp)
    return true;
  double low =
      double(parameters.least - parameters.zeroPoint()) * parameters.scale();
  double high =
      double(parameters.most - parameters.zeroPoint()) * parameters.scale();
  double min = clamp.getMin().convertToDouble();
  double max = clamp.getMax().convertToDouble();
  return (min <= low || expresses(clamp.getMin())) &&
         (max >= high || expresses(clamp.getMax()));
}

/// `op` on other operands, with this element type in its result.
static Value cloneWith(OpBuilder &builder, Operation *op, ValueRange operands,
                       Type element) {
  IRMapping mapping;
  Operation *copy = builder.clone(*op, mapping);
  copy->setOperands(operands);
  // The graph knows the numbers, not the integers.
  copy->setLoc(withoutValue(op->getLoc()));
  copy->getResult(0).setType(typeOf(op->getResult(0)).clone(element));
  return copy->getResult(0);
}

/// `result`, which computes what `user` has computed, is called like that.
static Value nameAs(Value result, QuantizeOp user) {
  Operation *op = result.getDefiningOp();
  op->setLoc(FusedLoc::get({op->getLoc(), user.getLoc()}, Attribute(),
                           op->getContext()));
  return result;
}

namespace {

/// move(dequantize(q)) is dequantize(move(q)).
struct SinkDequantize : RewritePattern {
  SinkDequantize(MLIRContext *context)
      : RewritePattern(MatchAnyOpTypeTag(), 1, context) {}

  LogicalResult matchAndRewrite(Operation *op,
                                PatternRewriter &rewriter) const override {
    OpOperand *moved = movedOperand(op);
    if (!moved)
      return failure();
    auto producer = moved->get().getDefiningOp<DequantizeOp>();
    if (!producer)
      return failure();
    quant::QuantizedType type = quantizedType(producer.getInput());
    Parameters parameters(type);
    if (!bringsExpressed(op, parameters))
      return failure();
    if (!parameters.isPerTensor()) {
      std::optional<int64_t> axis = movedAxis(op, parameters.axis);
      if (!axis)
        return failure();
      type = withAxis(type, *axis);
      if (isa<ReshapeOp>(op))
        return reshapeKnown(op, producer, type, rewriter);
    }
    SmallVector<Value> operands(op->getOperands());
    operands[moved->getOperandNumber()] = producer.getInput();
    Value result = cloneWith(rewriter, op, operands, type);
    rewriter.replaceOpWithNewOp<DequantizeOp>(op, op->getResult(0).getType(),
                                              result);
    return success();
  }

  /// Known integers are reshaped themselves: a reshape keeps its element type,
  /// whose axis changes.
  static LogicalResult reshapeKnown(Operation *op, DequantizeOp producer,
                                    quant::QuantizedType type,
                                    PatternRewriter &rewriter) {
    auto stored = producer.getInput().getDefiningOp<StorageCastOp>();
    if (!stored || !matchPattern(stored.getInput(), m_Constant()))
      return failure();
    Value moved = cloneWith(rewriter, op, stored.getInput(),
                            typeOf(stored.getInput()).getElementType());
    Value seen = StorageCastOp::create(rewriter, op->getLoc(),
                                       typeOf(moved).clone(type), moved);
    rewriter.replaceOpWithNewOp<DequantizeOp>(op, op->getResult(0).getType(),
                                              seen);
    return success();
  }
};

/// quantize(move(x)) is move(quantize(x)), where nobody else wants x.
struct HoistQuantize : OpRewritePattern<QuantizeOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(QuantizeOp op,
                                PatternRewriter &rewriter) const override {
    Operation *producer = op.getInput().getDefiningOp();
    if (!producer || !producer->hasOneUse())
      return failure();
    OpOperand *moved = movedOperand(producer);
    quant::QuantizedType type = quantizedType(op.getResult());
    if (!moved || !Parameters(type).isPerTensor())
      return failure();
    Value source = moved->get();
    Operation *origin = source.getDefiningOp();
    if (!source.hasOneUse() || matchPattern(source, m_Constant()) ||
        (origin && origin->getBlock() != op->getBlock()) ||
        typeOf(source).getNumElements() >
            4 * typeOf(op.getInput()).getNumElements())
      return failure();
    SmallVector<Value> operands(producer->getOperands());
    operands[moved->getOperandNumber()] = QuantizeOp::create(
        rewriter, op.getLoc(), typeOf(source).clone(type), source);
    rewriter.replaceOp(
        op, nameAs(cloneWith(rewriter, producer, operands, type), op));
    return success();
  }
};

/// A limit beyond the range of the type is none.
struct DropClamp : OpRewritePattern<ClampOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(ClampOp op,
                                PatternRewriter &rewriter) const override {
    quant::QuantizedType type = quantizedType(op.getInput());
    if (!type || op.getInput().getType() != op.getType())
      return failure();
    Parameters parameters(type);
    if (!parameters.isPerTensor() ||
        parameters.quantize(op.getMin().convertToDouble()) > parameters.least ||
        parameters.quantize(op.getMax().convertToDouble()) < parameters.most)
      return failure();
    rewriter.replaceOp(op, op.getInput());
    return success();
  }
};

/// A concatenation is quantised part by part.
struct QuantizeConcat : OpRewritePattern<ConcatOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(ConcatOp op,
                                PatternRewriter &rewriter) const override {
    if (quantizedType(op.getResult()) ||
        !typeOf(op.getResult()).getElementType().isF32())
      return failure();
    if (op->hasOneUse())
      if (auto user = dyn_cast<QuantizeOp>(*op->user_begin()))
        return quantizeParts(op, user, rewriter);
    return shareType(op, rewriter);
  }

  static LogicalResult quantizeParts(ConcatOp op, QuantizeOp user,
                                     PatternRewriter &rewriter) {
    quant::QuantizedType type = quantizedType(user.getResult());
    bool fits = llvm::all_of(op.getInputs(), [](Value part) {
      return part.hasOneUse() || part.getDefiningOp<DequantizeOp>();
    });
    if (!fits || !Parameters(type).isPerTensor())
      return failure();
    SmallVector<Value> parts;
    for (Value part : op.getInputs())
      parts.push_back(rewriter.createOrFold<QuantizeOp>(
          user.getLoc(), typeOf(part).clone(type), part));
    Value result = cloneWith(rewriter, op, parts, type);
    rewriter.replaceOp(user, nameAs(result, user));
    rewriter.eraseOp(op);
    return success();
  }

  /// Parts of one quantised type are joined as they are.
  static LogicalResult shareType(ConcatOp op, PatternRewriter &rewriter) {
    SmallVector<Value> parts;
    quant::QuantizedType type;
    for (Value part : op.getInputs()) {
      auto producer = part.getDefiningOp<DequantizeOp>();
      if (!producer || (type && quantizedType(producer.getInput()) != type))
        return failure();
      type = quantizedType(producer.getInput());
      parts.push_back(producer.getInput());
    }
    if (!type || !Parameters(type).isPerTensor())
      return failure();
    Value result = cloneWith(rewriter, op, parts, type);
    rewriter.replaceOpWithNewOp<DequantizeOp>(op, op.getType(), result);
    return success();
  }
};

/// Integers that are moved before they are seen as quantised fold if they are
/// known.
struct SinkStorageCast : RewritePattern {
  SinkStorageCast(MLIRContext *context)
      : RewritePattern(MatchAnyOpTypeTag(), 1, context) {}

  LogicalResult matchAndRewrite(Operation *op,
                                PatternRewriter &rewriter) const override {
    if (!isa<ReshapeOp, TransposeOp, SliceOp, BroadcastOp>(op) ||
        !quantizedType(op->getResult(0)))
      return failure();
    auto producer = op->getOperand(0).getDefiningOp<StorageCastOp>();
    if (!producer || !matchPattern(producer.getInput(), m_Constant()))
      return failure();
    Value moved = cloneWith(rewriter, op, producer.getInput(),
                            typeOf(producer.getInput()).getElementType());
    rewriter.replaceOpWithNewOp<StorageCastOp>(op, op->getResult(0).getType(),
                                               moved);
    return success();
  }
};

//===----------------------------------------------------------------------===//
// Computation
//===----------------------------------------------------------------------===//

/// A known value per output channel, added to a product of dequantised values,
/// is its bias.
struct AddBias : OpRewritePattern<AddOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(AddOp op,
                                PatternRewriter &rewriter) const override {
    for (auto [sum, term] : {std::pair(op.getLhs(), op.getRhs()),
                             std::pair(op.getRhs(), op.getLhs())}) {
      Operation *producer = sum.getDefiningOp();
      if (!producer || !sum.hasOneUse() || sum.getType() != op.getType())
        continue;
      std::optional<Contraction> contraction = Contraction::get(producer);
      ArrayRef<int64_t> shape = typeOf(term).getShape();
      if (!contraction || contraction->bias || shape.empty())
        continue;
      int64_t channels = typeOf(sum).getShape().back();
      if (typeOf(term).getNumElements() != channels ||
          shape.back() != channels || !isKnown(term))
        continue;
      rewriter.setInsertionPoint(producer);
      Value bias = copyKnown(rewriter, term, channels);
      rewriter.modifyOpInPlace(producer, [&] {
        llvm::TypeSwitch<Operation *>(producer).Case<ConvOp, MatMulOp>(
            [&](auto typed) { typed.getBiasMutable().assign(bias); });
      });
      rewriter.replaceOp(op, sum);
      return success();
    }
    return failure();
  }

  static bool isKnown(Value value) {
    auto producer = value.getDefiningOp<DequantizeOp>();
    if (producer)
      return bool(knownIntegers(producer.getInput()));
    return matchPattern(value, m_Constant());
  }

  /// The same value where the product can see it, of rank one.
  static Value copyKnown(OpBuilder &builder, Value value, int64_t channels) {
    RankedTensorType type = typeOf(value).clone({channels});
    auto reshape = [&](Value source, Type element) {
      return builder.createOrFold<ReshapeOp>(value.getLoc(),
                                             type.clone(element), source);
    };
    auto producer = value.getDefiningOp<DequantizeOp>();
    if (!producer) {
      Operation *constant = builder.clone(*value.getDefiningOp());
      return reshape(constant->getResult(0), type.getElementType());
    }
    auto stored = producer.getInput().getDefiningOp<StorageCastOp>();
    Operation *constant = builder.clone(*stored.getInput().getDefiningOp());
    Value integers = reshape(constant->getResult(0),
                             typeOf(constant->getResult(0)).getElementType());
    return DequantizeOp::create(
        builder, value.getLoc(), type,
        StorageCastOp::create(
            builder, value.getLoc(),
            type.clone(withAxis(quantizedType(producer.getInput()), 0)),
            integers));
  }
};

/// A product of dequantised values becomes one of quantised values.
template <typename OpTy>
struct QuantizeContraction : OpRewritePattern<OpTy> {
  using OpRewritePattern<OpTy>::OpRewritePattern;

  LogicalResult matchAndRewrite(OpTy op,
                                PatternRewriter &rewriter) const override {
    std::optional<Contraction> contraction = Contraction::get(op);
    if (!contraction || quantizedType(op->getOperand(0)) ||
        !contraction->objection().empty())
      return failure();
    Location loc = op.getLoc();
    Value bias;
    Value after = op.getBias();
    if (std::optional<SmallVector<int64_t>> integers =
            contraction->integerBias())
      if (quant::QuantizedType type = contraction->biasType()) {
        SmallVector<int32_t> words(integers->begin(), integers->end());
        auto stored = RankedTensorType::get({int64_t(words.size())},
                                            rewriter.getI32Type());
        Value constant = ConstantOp::create(
            rewriter, loc,
            makeConstant(
                stored,
                ArrayRef<char>(reinterpret_cast<const char *>(words.data()),
                               words.size() * sizeof(int32_t))));
        bias =
            StorageCastOp::create(rewriter, loc, stored.clone(type), constant);
        after = Value();
      }
    auto user = op->hasOneUse() && !after
                    ? dyn_cast<QuantizeOp>(*op->user_begin())
                    : QuantizeOp();
    if (user && (!Parameters(quantizedType(user.getResult())).isPerTensor() ||
                 user->getBlock() != op->getBlock()))
      user = {};
    auto copy = cast<OpTy>(rewriter.clone(*op));
    copy->setOperand(0, contraction->input);
    copy->setOperand(1, contraction->weights);
    copy.getBiasMutable().clear();
    if (bias)
      copy.getBiasMutable().assign(bias);
    Value result = copy.getResult();
    if (user) {
      result.setType(typeOf(user.getResult()));
      rewriter.replaceOp(user, nameAs(result, user));
      rewriter.eraseOp(op);
      return success();
    }
    if (after)
      result = AddOp::create(rewriter, loc, result, after);
    rewriter.replaceOp(op, result);
    return success();
  }
};

/// Sums of dequantised values add up the integers.
template <typename OpTy, auto sum>
struct QuantizeSum : OpRewritePattern<OpTy> {
  using OpRewritePattern<OpTy>::OpRewritePattern;

  LogicalResult matchAndRewrite(OpTy op,
                                PatternRewriter &rewriter) const override {
    auto producer = op.getInput().template getDefiningOp<DequantizeOp>();
    if (!producer || op.getKind() != sum || !op.getEpilogue().empty())
      return failure();
    quant::QuantizedType type = quantizedType(producer.getInput());
    Parameters parameters(type);
    double terms = double(typeOf(op.getInput()).getNumElements());
    if (!parameters.isPerTensor() || type.getStorageTypeIntegralWidth() > 16 ||
        terms * double(parameters.most - parameters.least) > double(1 << 30))
      return failure();
    rewriter.modifyOpInPlace(
        op, [&] { op.getInputMutable().assign(producer.getInput()); });
    return success();
  }
};

/// An average of dequantised values that is quantised takes the integers.
struct QuantizeAverage : OpRewritePattern<QuantizeOp> {
  QuantizeAverage(MLIRContext *context, bool alsoTied)
      : OpRewritePattern(context), alsoTied(alsoTied) {}

  LogicalResult matchAndRewrite(QuantizeOp op,
                                PatternRewriter &rewriter) const override {
    auto product = op.getInput().getDefiningOp<MulOp>();
    quant::QuantizedType type = quantizedType(op.getResult());
    if (!product || !Parameters(type).isPerTensor())
      return failure();
    std::optional<Average> average = Average::get(product);
    if (!average || !(alsoTied || average->isUntied(type)))
      return failure();
    rewriter.replaceOp(op, average->raise(rewriter, type));
    return success();
  }

  /// Averages that f32 breaks the ties of by its rounding as well.
  bool alsoTied;
};

struct GrowIntegerRegions
    : edgecc::quantization::impl::GrowIntegerRegionsBase<GrowIntegerRegions> {
  using GrowIntegerRegionsBase::GrowIntegerRegionsBase;

  void runOnOperation() override {
    MLIRContext *context = &getContext();
    RewritePatternSet movement(context);
    movement.add<SinkDequantize, HoistQuantize, DropClamp, QuantizeConcat,
                 SinkStorageCast, AddBias>(context);
    RewritePatternSet computation(context);
    computation.add<QuantizeContraction<ConvOp>, QuantizeContraction<MatMulOp>>(
        context);
    if (integerAverages)
      computation.add<QuantizeAverage>(context, integerSums);
    if (integerSums)
      computation.add<QuantizeSum<PoolOp, PoolKind::Sum>,
                      QuantizeSum<ReduceOp, ReduceKind::Sum>>(context);
    if (failed(applyPatternsGreedily(getOperation(), std::move(movement))) ||
        failed(applyPatternsGreedily(getOperation(), std::move(computation))))
      return signalPassFailure();
    getOperation().walk([&](Operation *op) {
      if (isa<ConvOp, MatMulOp>(op) && quantizedType(op->getOperand(0)))
        ++numContractions;
    });
  }
};

} // namespace
