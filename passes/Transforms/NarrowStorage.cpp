//===- NarrowStorage.cpp - store floats as narrower ones --------*- C++ -*-===//
//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/Edge/EdgeConstants.h"
#include "dialects/Edge/EdgeScheduleOps.h"
#include "dialects/Target/TargetDialect.h"
#include "passes/Transforms/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include <cmath>

namespace edgecc::transforms {
#define GEN_PASS_DEF_NARROWSTORAGE
#include "passes/Transforms/Passes.h.inc"
} // namespace edgecc::transforms

using namespace mlir;
using namespace edgecc;

static RankedTensorType typeOf(Value value) {
  return cast<RankedTensorType>(value.getType());
}

static bool isF32(Value value) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  return type && type.getElementType().isF32();
}

/// Whether the elements of the result are of the type of those of the operands,
/// or it would be easy to say so.
static bool keepsType(Operation *op) {
  return isa<edge::ReshapeOp, edge::TransposeOp, edge::BroadcastOp,
             edge::SliceOp, edge::PadOp, edge::ConcatOp, edge::GatherOp,
             edge::SoftmaxOp, edge::LayerNormOp, edge::ResampleOp,
             edge::AttentionOp>(op);
}

/// Whether scalar code computes the elements of the result from the type that
/// the operands have.
static bool hasScalarCode(Operation *op) {
  return isa<edge::ConvOp, edge::MatMulOp, edge::PoolOp, edge::ReduceOp,
             edge::MapOp>(op);
}

namespace {

struct NarrowStorage : transforms::impl::NarrowStorageBase<NarrowStorage> {
  using NarrowStorageBase::NarrowStorageBase;

  void runOnOperation() override {
    func::FuncOp func = getOperation();
    element = {};
    if (type == "bf16")
      element = BFloat16Type::get(&getContext());
    else if (type == "f16")
      element = Float16Type::get(&getContext());
    else if (weightsOnly && type == "f8e5m2")
      element = Float8E5M2Type::get(&getContext());
    else if (weightsOnly && type == "f8e4m3")
      element = Float8E4M3FNType::get(&getContext());
    if (!element) {
      func.emitError("cannot store floats as '")
          << type
          << (weightsOnly ? "'; expected bf16, f16, f8e5m2 or f8e4m3"
                          : "'; expected bf16 or f16");
      return signalPassFailure();
    }
    narrowed.clear();
    wide.clear();
    auto module = func->getParentOfType<ModuleOp>();
    target::CpuAttr cpu = module ? target::getCpu(module) : target::CpuAttr();
    hasArithmetic = !weightsOnly && element.isF16() && cpu && cpu.getHasF16();
    SmallVector<Operation *> ops;
    for (Operation &op : func.front())
      ops.push_back(&op);
    for (Operation *op : llvm::reverse(ops))
      findWide(op);
    for (Operation *op : ops)
      if (failed(narrow(op)))
        return signalPassFailure();
    // What nobody reads as it was.
    for (auto [original, narrow] : narrowed)
      if (Operation *op = original.getDefiningOp(); op && op->use_empty())
        op->erase();
  }

private:
  /// Notes whether the result of `op` stays as it is, because it leaves the
  /// function, as what it is or moved.
  void findWide(Operation *op) {
    if (op->getNumResults() != 1 || !isF32(op->getResult(0)))
      return;
    for (Operation *user : op->getResult(0).getUsers())
      if (user->hasTrait<OpTrait::IsTerminator>() ||
          (keepsType(user) && wide.contains(user->getResult(0))))
        wide.insert(op->getResult(0));
  }

  /// The operands of `op` that it may as well read as narrow floats.
  SmallVector<OpOperand *> narrowOperands(Operation *op) {
    SmallVector<OpOperand *> operands;
    int64_t resultElements = typeOf(op->getResult(0)).getNumElements();
    for (OpOperand &operand : op->getOpOperands()) {
      unsigned index = operand.getOperandNumber();
      if (!isF32(operand.get()))
        continue;
      bool isMain = index == 0 && !isa<edge::MapOp>(op);
      if (isa<edge::ConvOp, edge::MatMulOp>(op))
        isMain = index < 2;
      else if (isa<edge::AttentionOp>(op))
        isMain = index < 3;
      // Those of a window are summed in the narrow type, bias and all.
      if (auto conv = dyn_cast<edge::ConvOp>(op);
          conv && hasArithmetic && conv.isDepthwise())
        isMain |= operand.get() == conv.getBias();
      // A bias or a scale for each channel is small, and read as it is.
      RankedTensorType type = typeOf(operand.get());
      bool isLarge = type.getNumElements() == resultElements;
      bool isElement = hasScalarCode(op) && type.getRank() > 1 &&
                       (isLarge || !matchPattern(operand.get(), m_Constant()));
      if (isMain || isElement || isa<edge::ConcatOp, edge::LayerNormOp>(op))
        operands.push_back(&operand);
    }
    return operands;
  }

  /// The known right factor of `op` as narrow floats.
  LogicalResult narrowWeights(Operation *op) {
    if (!isa<edge::ConvOp, edge::MatMulOp>(op) || !isF32(op->getOperand(0)) ||
        !isF32(op->getOperand(1)) ||
        !matchPattern(op->getOperand(1), m_Constant()))
      return success();
    if (element.getWidth() == 8)
      fitRange(op);
    FailureOr<Value> weights = narrowOf(op->getOperand(1), op);
    if (failed(weights))
      return failure();
    op->setOperand(1, *weights);
    ++numNarrowed;
    return success();
  }

  /// Scales the known weights of `op`, and its bias, by the largest power of
  /// two that leaves them in the range of the type, and the sums back: so
  /// formats with few exponents have all their digits, and nothing else is
  /// rounded.
  void fitRange(Operation *op) {
    auto epilogue = cast<edge::EpilogueOpInterface>(op);
    MutableOperandRange bias = isa<edge::ConvOp>(op)
                                   ? cast<edge::ConvOp>(op).getBiasMutable()
                                   : cast<edge::MatMulOp>(op).getBiasMutable();
    std::optional<SmallVector<float>> weights = floatsOf(op->getOperand(1));
    std::optional<SmallVector<float>> biases;
    if (!bias.empty() && !(biases = floatsOf(bias[0].get())))
      return;
    float largest = 0;
    for (float weight : *weights)
      largest = std::max(largest, std::abs(weight));
    double most =
        APFloat::getLargest(element.getFloatSemantics()).convertToDouble();
    if (!(largest > 0) || !std::isfinite(largest))
      return;
    int exponent = int(std::floor(std::log2(most / double(largest))));
    auto scale = [&](OpOperand &operand, SmallVector<float> &numbers) {
      for (float &number : numbers)
        number = std::ldexp(number, exponent);
      OpBuilder builder(op);
      operand.set(edge::ConstantOp::create(
          builder, operand.get().getLoc(),
          edge::makeConstant(
              typeOf(operand.get()),
              ArrayRef<char>(reinterpret_cast<const char *>(numbers.data()),
                             numbers.size() * sizeof(float)))));
    };
    scale(op->getOpOperand(1), *weights);
    if (biases)
      scale(bias[0], *biases);
    OpBuilder builder(op);
    Region &region = op->getRegion(0);
    if (region.empty())
      addIdentity(builder, op, region, epilogue.getAccumulatorType());
    Value sum = region.front().getArgument(0);
    builder.setInsertionPointToStart(&region.front());
    auto product = arith::MulFOp::create(
        builder, op->getLoc(), sum,
        arith::ConstantOp::create(
            builder, op->getLoc(),
            builder.getF32FloatAttr(std::ldexp(1.0f, -exponent))));
    sum.replaceAllUsesExcept(product, product);
  }

  /// The elements of a constant of f32.
  static std::optional<SmallVector<float>> floatsOf(Value value) {
    ElementsAttr constant;
    if (!isF32(value) || !matchPattern(value, m_Constant(&constant)))
      return std::nullopt;
    std::optional<edge::ConstantView> view = edge::ConstantView::get(constant);
    if (!view)
      return std::nullopt;
    SmallVector<float> numbers;
    for (int64_t i = 0, e = view->size(); i < e; ++i)
      numbers.push_back(float(view->real(i)));
    return numbers;
  }

  /// Scalar code that yields its first argument.
  static void addIdentity(OpBuilder &builder, Operation *op, Region &region,
                          Type computed) {
    OpBuilder::InsertionGuard guard(builder);
    Block *block = builder.createBlock(&region);
    Value sum = block->addArgument(computed, op->getLoc());
    edge::YieldOp::create(builder, op->getLoc(), sum);
  }

  LogicalResult narrow(Operation *op) {
    if (weightsOnly)
      return narrowWeights(op);
    bool keeps = keepsType(op);
    if (!keeps && !hasScalarCode(op))
      return success();
    Value result = op->getResult(0);
    bool narrowsResult = isF32(result) && !wide.contains(result);
    if (keeps && !narrowsResult)
      return success();
    SmallVector<OpOperand *> operands = narrowOperands(op);
    for (OpOperand *operand : operands) {
      FailureOr<Value> value = narrowOf(operand->get(), op);
      if (failed(value))
        return failure();
      operand->set(*value);
    }
    if (!keeps)
      rewriteScalarCode(op, operands, narrowsResult);
    if (!narrowsResult)
      return success();
    Type before = result.getType();
    result.setType(typeOf(result).clone(element));
    OpBuilder builder(op->getContext());
    builder.setInsertionPointAfter(op);
    Value original = convert(builder, result, getF32());
    assert(original.getType() == before && "only the elements changed");
    (void)before;
    result.replaceAllUsesExcept(original, original.getDefiningOp());
    narrowed[original] = result;
    ++numNarrowed;
    return success();
  }

  /// Makes the scalar code of `op` read the narrow `operands` and, with
  /// `narrowsResult`, yield narrow floats.
  void rewriteScalarCode(Operation *op, ArrayRef<OpOperand *> operands,
                         bool narrowsResult) {
    auto epilogue = dyn_cast<edge::EpilogueOpInterface>(op);
    Region &region = op->getRegion(0);
    OpBuilder builder(op);
    Location loc = op->getLoc();
    if (region.empty()) {
      Type computed = epilogue.getAccumulatorType();
      // The result is of the type of the factors, integers are real by now.
      if (narrowsResult || !isF32(op->getResult(0)) || !computed.isF32())
        return;
      addIdentity(builder, op, region, computed);
      return;
    }
    Block &block = region.front();
    builder.setInsertionPointToStart(&block);
    unsigned first = 0;
    if (epilogue) {
      MutableOperandRange extras = epilogue.getEpilogueOperandsMutable();
      first = extras.empty() ? op->getNumOperands()
                             : OperandRange(extras).getBeginOperandIndex();
    }
    for (OpOperand *operand : operands) {
      if (operand->getOperandNumber() < first)
        continue;
      BlockArgument argument =
          block.getArgument(operand->getOperandNumber() - first + !!epilogue);
      argument.setType(element);
      auto same = arith::ExtFOp::create(builder, loc, getF32(), argument);
      argument.replaceAllUsesExcept(same, same);
    }
    if (!narrowsResult)
      return;
    Operation *yield = block.getTerminator();
    Value original = yield->getOperand(0);
    builder.setInsertionPoint(yield);
    yield->setOperand(0, rounded(builder, loc, original));
    // What only that has replaced.
    for (Operation &dead : llvm::make_early_inc_range(llvm::reverse(block)))
      if (isOpTriviallyDead(&dead))
        dead.erase();
  }

  /// Whether `value` is a narrow float, widened.
  bool isNarrowNumber(Value value) {
    if (auto widened = value.getDefiningOp<arith::ExtFOp>())
      return widened.getIn().getType() == element;
    FloatAttr number;
    if (!matchPattern(value, m_Constant(&number)))
      return false;
    APFloat rounded = number.getValue();
    bool isInexact;
    rounded.convert(element.getFloatSemantics(), APFloat::rmNearestTiesToEven,
                    &isInexact);
    return !isInexact;
  }

  /// `value` rounded; by narrow arithmetic where that gives the same bits. It
  /// does so for extrema, because rounding keeps the order, and for single
  /// operations on narrow numbers, because f32 has more than twice their
  /// digits.
  Value rounded(OpBuilder &builder, Location loc, Value value) {
    if (auto widened = value.getDefiningOp<arith::ExtFOp>();
        widened && widened.getIn().getType() == element)
      return widened.getIn();
    FloatAttr number;
    if (matchPattern(value, m_Constant(&number)))
      return arith::ConstantOp::create(
          builder, loc,
          FloatAttr::get(element, number.getValue().convertToDouble()));
    Operation *op = value.getDefiningOp();
    bool keepsOrder = op && isa<arith::MaximumFOp, arith::MinimumFOp,
                                arith::MaxNumFOp, arith::MinNumFOp>(op);
    bool isSingle =
        op && isa<arith::AddFOp, arith::SubFOp, arith::MulFOp>(op) &&
        llvm::all_of(op->getOperands(),
                     [&](Value operand) { return isNarrowNumber(operand); });
    if (!hasArithmetic || !value.hasOneUse() || !(keepsOrder || isSingle))
      return arith::TruncFOp::create(builder, loc, element, value);
    SmallVector<Value> operands;
    for (Value operand : op->getOperands())
      operands.push_back(rounded(builder, loc, operand));
    OperationState state(loc, op->getName(), operands, element, op->getAttrs());
    return builder.create(state)->getResult(0);
  }

  /// `value` as narrow floats, for the operand of `user`.
  FailureOr<Value> narrowOf(Value value, Operation *user) {
    Value &known = narrowed[value];
    if (known)
      return known;
    ElementsAttr constant;
    if (matchPattern(value, m_Constant(&constant)) &&
        failed(checkRange(constant, user)))
      return failure();
    OpBuilder builder(&getContext());
    builder.setInsertionPointAfterValue(value);
    known = convert(builder, value, element);
    return known;
  }

  /// Refuses numbers that the type does not have.
  LogicalResult checkRange(ElementsAttr constant, Operation *user) {
    std::optional<edge::ConstantView> view = edge::ConstantView::get(constant);
    if (!view)
      return success();
    double most =
        APFloat::getLargest(element.getFloatSemantics()).convertToDouble();
    bool hasInfinity = APFloat::semanticsHasInf(element.getFloatSemantics());
    ArrayRef<char> bytes = view->bytes();
    ArrayRef<float> numbers(reinterpret_cast<const float *>(bytes.data()),
                            bytes.size() / sizeof(float));
    for (float number : numbers)
      if ((std::isfinite(number) || !hasInfinity) && std::abs(number) > most)
        return user->emitError("a constant has the element ")
               << number << ", beyond the range of " << type << " (" << most
               << ")";
    return success();
  }

  /// `value` with elements of `to`, by a map.
  Value convert(OpBuilder &builder, Value value, FloatType to) {
    auto map = edge::MapOp::create(builder, value.getLoc(),
                                   typeOf(value).clone(to), value);
    Block &body = map.getBody().emplaceBlock();
    Value from = body.addArgument(typeOf(value).getElementType(), map.getLoc());
    OpBuilder inner = OpBuilder::atBlockEnd(&body);
    Value same;
    if (to.isF32())
      same = arith::ExtFOp::create(inner, map.getLoc(), to, from);
    else
      same = arith::TruncFOp::create(inner, map.getLoc(), to, from);
    edge::YieldOp::create(inner, map.getLoc(), same);
    return map.getResult();
  }

  FloatType getF32() { return Float32Type::get(&getContext()); }

  FloatType element;
  /// Whether the machine computes in this type.
  bool hasArithmetic = false;
  /// For values of f32 the narrow ones.
  llvm::MapVector<Value, Value> narrowed;
  /// Results that stay f32.
  llvm::DenseSet<Value> wide;
};

} // namespace
