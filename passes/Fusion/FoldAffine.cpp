//===- FoldAffine.cpp - scales and shifts into weights ----------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "dialects/Edge/EdgeFold.h"
#include "passes/Fusion/Passes.h"

#include "mlir/IR/PatternMatch.h"
#include "mlir/IR/TypeUtilities.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

using namespace mlir;
using namespace edgecc::edge;

namespace edgecc::fusion {
#define GEN_PASS_DEF_FOLDAFFINE
#include "passes/Fusion/Passes.h.inc"
} // namespace edgecc::fusion

namespace {

RankedTensorType typeOf(Value value) {
  return cast<RankedTensorType>(value.getType());
}

/// The operation whose result is `op->getResult(0)` times weights plus bias,
/// seen alike.
struct Linear {
  Operation *op = nullptr;
  OpOperand *weights = nullptr;
  MutableOperandRange bias;
  int64_t channels;
  /// The weights are (..., C_in, C_out / groups) with the groups in C_in.
  int64_t groupsOfInput = 1;

  /// Nothing unless `value` comes from such an operation on real numbers
  /// without epilogue and is used once.
  static std::optional<Linear> get(Value value) {
    Operation *op = value.getDefiningOp();
    if (!op || !value.hasOneUse() ||
        !isa<FloatType>(typeOf(value).getElementType()))
      return std::nullopt;
    if (auto epilogue = dyn_cast<EpilogueOpInterface>(op);
        !epilogue || !epilogue.getEpilogueRegion().empty())
      return std::nullopt;
    if (op->getNumOperands() < 2 ||
        !isa<FloatType>(typeOf(op->getOperand(1)).getElementType()))
      return std::nullopt;
    int64_t channels = 0;
    if (typeOf(value).getRank() > 0)
      channels = typeOf(value).getShape().back();
    if (auto conv = dyn_cast<ConvOp>(op))
      return Linear{op, &conv.getWeightsMutable(), conv.getBiasMutable(),
                    channels};
    if (auto product = dyn_cast<MatMulOp>(op))
      return Linear{op, &product.getRhsMutable(), product.getBiasMutable(),
                    channels};
    if (auto conv = dyn_cast<ConvTransposeOp>(op))
      return Linear{op, &conv.getWeightsMutable(), conv.getBiasMutable(),
                    channels, int64_t(conv.getGroups())};
    return std::nullopt;
  }

  bool hasBias() const { return !OperandRange(bias).empty(); }
  Value getBias() const { return OperandRange(bias)[0]; }
};

/// `value`, if it is the same for all positions of a result of `type` but for
/// the last dimension, as a tensor (C); null if it is not.
Value perChannel(OpBuilder &builder, Value value, RankedTensorType type) {
  RankedTensorType given = typeOf(value);
  int64_t channels = type.getShape().back();
  if (given.getElementType() != type.getElementType())
    return {};
  if (given.getNumElements() == 1 && given.getRank() <= type.getRank()) {
    Value scalar = builder.createOrFold<ReshapeOp>(value.getLoc(),
                                                   given.clone({1}), value);
    return builder.createOrFold<BroadcastOp>(value.getLoc(),
                                             given.clone({channels}), scalar);
  }
  if (given.getRank() == 0 || given.getRank() > type.getRank() ||
      given.getNumElements() != channels || given.getShape().back() != channels)
    return {};
  return builder.createOrFold<ReshapeOp>(value.getLoc(),
                                         given.clone({channels}), value);
}

/// Whether the result has the shape of the linear operation: nothing was
/// broadcast up.
bool keepsType(Value linear, Operation *op) {
  return linear.getType() == op->getResult(0).getType();
}

/// x W + b + v, x W + b - v
class FoldShift : public RewritePattern {
public:
  FoldShift(MLIRContext *context, std::function<void()> count)
      : RewritePattern(MatchAnyOpTypeTag(), 1, context), count(count) {}

  LogicalResult matchAndRewrite(Operation *op,
                                PatternRewriter &rewriter) const override {
    if (!isa<AddOp, SubOp>(op))
      return failure();
    for (unsigned side : {0, 1}) {
      if (isa<SubOp>(op) && side == 1)
        continue;
      Value value = op->getOperand(side), shift = op->getOperand(1 - side);
      std::optional<Linear> linear = Linear::get(value);
      if (!linear || !keepsType(value, op) ||
          linear->op->getBlock() != op->getBlock())
        continue;
      // A sum of two biases is worth a kernel only when it is known.
      if ((linear->hasBias() || isa<SubOp>(op)) &&
          !(isKnown(shift) &&
            (!linear->hasBias() || isKnown(linear->getBias()))))
        continue;
      rewriter.setInsertionPoint(op);
      Value bias = perChannel(rewriter, shift, typeOf(value));
      if (!bias)
        continue;
      if (isa<SubOp>(op))
        bias = rewriter.createOrFold<NegOp>(op->getLoc(), bias);
      if (linear->hasBias())
        bias =
            rewriter.createOrFold<AddOp>(op->getLoc(), linear->getBias(), bias);
      rewriter.modifyOpInPlace(linear->op, [&] {
        // Behind what the new bias needs.
        linear->op->moveBefore(op);
        linear->bias.assign(bias);
      });
      rewriter.replaceOp(op, value);
      count();
      return success();
    }
    return failure();
  }

private:
  std::function<void()> count;
};

/// (x W + b) * s, (x W + b) / s
class FoldScale : public RewritePattern {
public:
  FoldScale(MLIRContext *context, std::function<void()> count)
      : RewritePattern(MatchAnyOpTypeTag(), 1, context), count(count) {}

  LogicalResult matchAndRewrite(Operation *op,
                                PatternRewriter &rewriter) const override {
    if (!isa<MulOp, DivOp>(op))
      return failure();
    for (unsigned side : {0, 1}) {
      if (isa<DivOp>(op) && side == 1)
        continue;
      Value value = op->getOperand(side), factor = op->getOperand(1 - side);
      std::optional<Linear> linear = Linear::get(value);
      if (!linear || !keepsType(value, op) || !isKnown(factor))
        continue;
      Value weights = linear->weights->get();
      if (!isKnown(weights) || !weights.hasOneUse() ||
          (linear->hasBias() && !isKnown(linear->getBias())))
        continue;
      rewriter.setInsertionPoint(linear->op);
      // The factor may be written down behind the operation.
      if (Operation *producer = factor.getDefiningOp();
          producer->getBlock() == linear->op->getBlock() &&
          linear->op->isBeforeInBlock(producer))
        rewriter.setInsertionPoint(op);
      Value scale = perChannel(rewriter, factor, typeOf(value));
      if (!scale)
        continue;
      Location loc = op->getLoc();
      if (isa<DivOp>(op))
        scale = rewriter.createOrFold<ReciprocalOp>(loc, scale);
      Value scaled = scaleWeights(rewriter, *linear, scale);
      Value bias =
          linear->hasBias()
              ? rewriter.createOrFold<MulOp>(loc, linear->getBias(), scale)
              : Value();
      rewriter.modifyOpInPlace(linear->op, [&] {
        linear->op->moveBefore(op);
        linear->weights->set(scaled);
        if (bias)
          linear->bias.assign(bias);
      });
      rewriter.replaceOp(op, value);
      count();
      return success();
    }
    return failure();
  }

private:
  static Value scaleWeights(PatternRewriter &rewriter, const Linear &linear,
                            Value scale) {
    Value weights = linear.weights->get();
    Location loc = weights.getLoc();
    if (linear.groupsOfInput == 1)
      return rewriter.createOrFold<MulOp>(loc, weights, scale);
    // (..., groups * rows, columns) with factors (groups * columns).
    RankedTensorType type = typeOf(weights);
    int64_t groups = linear.groupsOfInput, columns = type.getShape().back();
    SmallVector<int64_t> split(type.getShape().drop_back(2));
    split.append(
        {groups, type.getShape().drop_back().back() / groups, columns});
    Value parts =
        rewriter.createOrFold<ReshapeOp>(loc, type.clone(split), weights);
    Value factors = rewriter.createOrFold<ReshapeOp>(
        loc, typeOf(scale).clone({groups, 1, columns}), scale);
    Value product = rewriter.createOrFold<MulOp>(loc, parts, factors);
    return rewriter.createOrFold<ReshapeOp>(loc, type, product);
  }

  std::function<void()> count;
};

/// conv(x s, W) = conv(x, s W) for one factor per channel of the input: for
/// known ones in the weights, for others, as of a squeeze-and-excite, where the
/// weights of a pointwise convolution are far fewer than the numbers in x.
struct FoldInputScale : OpRewritePattern<ConvOp> {
  FoldInputScale(MLIRContext *context, std::function<void()> count)
      : OpRewritePattern(context), count(count) {}

  LogicalResult matchAndRewrite(ConvOp op,
                                PatternRewriter &rewriter) const override {
    auto product = op.getInput().getDefiningOp<MulOp>();
    Value weights = op.getWeights();
    if (!product || !product->hasOneUse() || op.getGroups() != 1 ||
        product->getBlock() != op->getBlock() ||
        !isa<FloatType>(product.getType().getElementType()) ||
        !isKnown(weights) || !weights.hasOneUse())
      return failure();
    for (unsigned side : {0, 1}) {
      Value input = product->getOperand(side);
      Value factor = product->getOperand(1 - side);
      if (input.getType() != product.getType() ||
          (!isKnown(factor) && !isWorthwhile(op)))
        continue;
      rewriter.setInsertionPoint(op);
      Value scale = perChannel(rewriter, factor, product.getType());
      if (!scale)
        continue;
      // One factor for each row of (..., C_in, C_out).
      int64_t channels = typeOf(scale).getNumElements();
      Value rows = rewriter.createOrFold<ReshapeOp>(
          op.getLoc(), typeOf(scale).clone({channels, int64_t(1)}), scale);
      Value scaled = rewriter.createOrFold<MulOp>(op.getLoc(), weights, rows);
      rewriter.modifyOpInPlace(op, [&] {
        op.getInputMutable().assign(input);
        op.getWeightsMutable().assign(scaled);
      });
      count();
      return success();
    }
    return failure();
  }

private:
  /// Weights that are known at run time only are not packed.
  static bool isWorthwhile(ConvOp op) {
    constexpr int64_t fewerWeights = 8;
    RankedTensorType weights = typeOf(op.getWeights());
    return llvm::all_of(weights.getShape().drop_back(2),
                        [](int64_t size) { return size == 1; }) &&
           weights.getNumElements() * fewerWeights <=
               typeOf(op.getInput()).getNumElements();
  }

  std::function<void()> count;
};

/// The known number by which `value` is multiplied before anything else sees
/// it, and what it multiplies.
std::optional<std::pair<Value, Value>> matchScaled(Value value) {
  auto op = value.getDefiningOp<MulOp>();
  if (!op || !op->hasOneUse() || !isa<FloatType>(op.getType().getElementType()))
    return std::nullopt;
  for (unsigned side : {0, 1}) {
    Value tensor = op->getOperand(side), number = op->getOperand(1 - side);
    if (typeOf(number).getNumElements() == 1 && isKnown(number) &&
        tensor.getType() == op.getType())
      return std::pair(tensor, number);
  }
  return std::nullopt;
}

Value asScalar(OpBuilder &builder, Value number) {
  return builder.createOrFold<ReshapeOp>(
      number.getLoc(), typeOf(number).clone(ArrayRef<int64_t>()), number);
}

/// (c A) B is c (A B), where the factor costs nothing.
struct HoistScalar : OpRewritePattern<MatMulOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(MatMulOp op,
                                PatternRewriter &rewriter) const override {
    if (op.getBias() || !op.getEpilogue().empty())
      return failure();
    for (unsigned side : {0, 1}) {
      auto scaled = matchScaled(op->getOperand(side));
      if (!scaled)
        continue;
      rewriter.setInsertionPointAfter(op);
      Value number = asScalar(rewriter, scaled->second);
      auto product =
          MulOp::create(rewriter, op.getLoc(), op.getResult(), number);
      rewriter.modifyOpInPlace(op,
                               [&] { op->setOperand(side, scaled->first); });
      rewriter.replaceAllUsesExcept(op.getResult(), product, product);
      return success();
    }
    return failure();
  }
};

/// c (d A) is (c d) A, unless all of it is known: that is computed as it is,
/// and of three numbers any could be A.
struct MergeScalars : OpRewritePattern<MulOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(MulOp op,
                                PatternRewriter &rewriter) const override {
    for (unsigned side : {0, 1}) {
      Value outer = op->getOperand(1 - side);
      auto inner = matchScaled(op->getOperand(side));
      if (!inner || typeOf(outer).getNumElements() != 1 || !isKnown(outer) ||
          isKnown(inner->first) || inner->first.getType() != op.getType())
        continue;
      Value number =
          rewriter.createOrFold<MulOp>(op.getLoc(), asScalar(rewriter, outer),
                                       asScalar(rewriter, inner->second));
      rewriter.replaceOpWithNewOp<MulOp>(op, inner->first, number);
      return success();
    }
    return failure();
  }
};

struct FoldAffine : edgecc::fusion::impl::FoldAffineBase<FoldAffine> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<FoldShift>(&getContext(), [this] { ++numBiases; });
    patterns.add<FoldScale>(&getContext(), [this] { ++numScales; });
    patterns.add<FoldInputScale>(&getContext(), [this] { ++numScales; });
    patterns.add<HoistScalar, MergeScalars>(&getContext());
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace
