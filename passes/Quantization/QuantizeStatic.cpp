//===- QuantizeStatic.cpp - quantise a network of real numbers --*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "passes/Quantization/AdaptiveRounding.h"
#include "passes/Quantization/BiasCorrection.h"
#include "passes/Quantization/Contractions.h"
#include "passes/Quantization/Passes.h"

#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/BitVector.h"

#include <cmath>

namespace edgecc::quantization {
#define GEN_PASS_DEF_QUANTIZESTATIC
#include "passes/Quantization/Passes.h.inc"
} // namespace edgecc::quantization

using namespace mlir;
using namespace edgecc;
using namespace edgecc::edge;
using namespace edgecc::quantization;

Calibrator::~Calibrator() = default;

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

/// The 8-bit type that expresses `range`, or with `reach` above 0 the 16-bit
/// type whose integers go from -reach to reach. Zero is one of its numbers.
static quant::QuantizedType activationType(MLIRContext *context,
                                           const CalibratedRange &range,
                                           int64_t reach) {
  double least = std::min(range.least, 0.0f), most = std::max(range.most, 0.0f);
  float scale = reach > 0 ? float(std::max(-least, most) / double(reach))
                          : float((most - least) / 255);
  // Nothing but zero.
  if (!(scale >= std::numeric_limits<float>::min()))
    scale = 1;
  if (reach > 0)
    return quant::UniformQuantizedType::get(
        quant::QuantizationFlags::Signed, IntegerType::get(context, 16),
        Float32Type::get(context), scale, 0, -reach, reach);
  int64_t zero =
      int64_t(std::clamp(std::nearbyint(-least / scale), 0.0, 255.0));
  return quant::UniformQuantizedType::get(0, IntegerType::get(context, 8),
                                          Float32Type::get(context), scale,
                                          zero, 0, 255);
}

namespace {

/// What is to be quantised in a function.
struct Candidates {
  /// Convolutions and products.
  SmallVector<Operation *> contractions;
  /// The real values to be stored as integers: what contractions read, and the
  /// terms of residual additions and the like.
  llvm::SetVector<Value> values;

  explicit Candidates(func::FuncOp function) {
    function.walk([&](Operation *op) {
      if (op->getParentOp() != function)
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

  /// The same in a copy of the function.
  Candidates(const Candidates &origin, IRMapping &mapping) {
    for (Operation *op : origin.contractions)
      contractions.push_back(mapping.lookup(op));
    for (Value value : origin.values)
      values.insert(mapping.lookup(value));
  }

private:
  void observe(Value value) {
    value = origin(value);
    if (!isConstant(value) && typeOf(value).getElementType().isF32())
      values.insert(value);
  }
};

struct QuantizeStatic
    : edgecc::quantization::impl::QuantizeStaticBase<QuantizeStatic> {
  QuantizeStatic() = default;
  explicit QuantizeStatic(CalibratorPtr calibrator)
      : calibrator(std::move(calibrator)) {}

  void runOnOperation() override {
    if (!calibrator)
      return;
    Candidates candidates(getOperation());
    if (candidates.values.empty())
      return;
    if (calibrator->corrections.rounding && failed(findMoments(candidates)))
      return signalPassFailure();
    FailureOr<SmallVector<CalibratedRange>> found =
        calibrator->findRanges(candidates.values.getArrayRef());
    if (failed(found))
      return signalPassFailure();
    ranges = std::move(*found);
    llvm::BitVector real(candidates.contractions.size());
    if (calibrator->maxLoss && failed(chooseReal(candidates, real)))
      return signalPassFailure();
    SmallVector<Value> values = quantize(candidates, real);
    if (calibrator->reports && failed(calibrator->writeReport(values)))
      return signalPassFailure();
  }

private:
  /// Those of the inputs of products with known matrices.
  LogicalResult findMoments(const Candidates &candidates) {
    SmallVector<Value> inputs;
    SmallVector<unsigned> positions;
    for (auto [i, op] : llvm::enumerate(candidates.contractions)) {
      auto conv = dyn_cast<ConvOp>(op);
      bool isMatrix =
          conv ? isPointwise(conv) : typeOf(op->getOperand(1)).getRank() == 2;
      if (!isMatrix || !isConstant(op->getOperand(1)))
        continue;
      inputs.push_back(op->getOperand(0));
      positions.push_back(i);
    }
    if (inputs.empty())
      return success();
    FailureOr<std::vector<std::vector<double>>> found =
        calibrator->findMoments(inputs);
    if (failed(found))
      return failure();
    moments.resize(candidates.contractions.size());
    for (auto [position, sums] : llvm::zip_equal(positions, *found))
      moments[position] = std::move(sums);
    return success();
  }

  /// Quantises all but the contractions of `real`. Returns the values as
  /// integers express them; null for those that stay.
  SmallVector<Value> quantize(const Candidates &candidates,
                              const llvm::BitVector &real) {
    if (!real.empty() && real.all())
      return SmallVector<Value>(candidates.values.size());
    llvm::DenseSet<Operation *> readers;
    for (unsigned i : real.set_bits()) {
      Operation *op = candidates.contractions[i];
      op->setAttr(sensitiveAttr, UnitAttr::get(&getContext()));
      separate(op->getOpOperand(0), readers);
      separate(op->getOpOperand(1), readers);
    }
    llvm::DenseMap<Value, int64_t> reach;
    llvm::DenseMap<Value, ArrayRef<double>> means;
    for (auto [value, range] : llvm::zip_equal(candidates.values, ranges))
      means[value] = range.means;
    for (auto [i, op] : llvm::enumerate(candidates.contractions)) {
      if (real.test(i))
        continue;
      if (isConstant(op->getOperand(1)))
        quantizeWeights(
            op, means.lookup(op->getOperand(0)), calibrator->corrections.bias,
            i < moments.size() ? ArrayRef(moments[i]) : ArrayRef<double>());
      if (calibrator->activationBits == 16)
        limitReach(op, reach);
    }
    SmallVector<Value> seen;
    for (auto [value, range] : llvm::zip_equal(candidates.values, ranges)) {
      int64_t most = calibrator->activationBits == 16 ? 32767 : 0;
      auto limit = reach.find(value);
      if (limit != reach.end())
        most = std::min(most, limit->second);
      seen.push_back(quantizeActivation(
          value, activationType(&getContext(), range, most), readers));
    }
    return seen;
  }

  /// Lowers the largest integers of the values that `op` reads, so that its
  /// sums keep to 32 bits.
  static void limitReach(Operation *op, llvm::DenseMap<Value, int64_t> &reach) {
    auto limit = [&](Value value, double most) {
      // Fewer than 8 bits are worse than no integers.
      auto bound = int64_t(std::max(most, 255.0));
      auto [entry, isNew] = reach.try_emplace(origin(value), bound);
      if (!isNew)
        entry->second = std::min(entry->second, bound);
    };
    double sum = Contraction::largestAllowedSum;
    Value weights = op->getOperand(1);
    if (auto cast = weights.getDefiningOp<DequantizeOp>()) {
      if (std::optional<double> column = largestColumn(cast.getInput()))
        limit(op->getOperand(0), std::floor(sum / std::max(*column, 1.0)));
      return;
    }
    double depth = double(typeOf(op->getOperand(0)).getShape().back());
    for (Value factor : op->getOperands().take_front(2))
      limit(factor, std::floor(std::sqrt(sum / std::max(depth, 1.0))));
  }

  /// Adds to `readers` the operation by which `operand` takes its elements from
  /// where they have been computed, one that works for nobody else.
  static void separate(OpOperand &operand,
                       llvm::DenseSet<Operation *> &readers) {
    Operation *reader = operand.getOwner();
    OpOperand *read = &operand;
    while (Operation *op = read->get().getDefiningOp()) {
      if (!isa<ReshapeOp, TransposeOp>(op))
        break;
      OpBuilder builder(op);
      reader = builder.clone(*op);
      read->set(reader->getResult(0));
      read = &reader->getOpOperand(0);
    }
    readers.insert(reader);
  }

  /// The loss of a copy of the network without these contractions quantised.
  FailureOr<double> measure(const Candidates &candidates,
                            const llvm::BitVector &real) {
    IRMapping mapping;
    func::FuncOp function = getOperation();
    OwningOpRef<ModuleOp> copy(
        cast<ModuleOp>(function->getParentOfType<ModuleOp>()->clone(mapping)));
    quantize(Candidates(candidates, mapping), real);
    return calibrator->measureLoss(
        copy->lookupSymbol<func::FuncOp>(function.getName()));
  }

  /// Finds the fewest contractions that have to stay real for the loss to be in
  /// bounds. They go in the order of what each loses where it alone is
  /// quantised.
  LogicalResult chooseReal(const Candidates &candidates,
                           llvm::BitVector &real) {
    double bound = *calibrator->maxLoss;
    FailureOr<double> loss = measure(candidates, real);
    if (failed(loss) || *loss <= bound)
      return loss;
    unsigned count = real.size();
    SmallVector<std::pair<double, unsigned>> order;
    for (unsigned i = 0; i < count; ++i) {
      llvm::BitVector others(count, true);
      others.reset(i);
      loss = measure(candidates, others);
      if (failed(loss))
        return failure();
      order.emplace_back(-*loss, i);
    }
    llvm::sort(order);
    auto firstReal = [&](unsigned number) {
      llvm::BitVector chosen(count);
      for (auto [value, i] : ArrayRef(order).take_front(number))
        chosen.set(i);
      return chosen;
    };
    unsigned tooFew = 0, enough = count;
    while (enough - tooFew > 1) {
      unsigned middle = (tooFew + enough) / 2;
      loss = measure(candidates, firstReal(middle));
      if (failed(loss))
        return failure();
      (*loss <= bound ? enough : tooFew) = middle;
    }
    real = firstReal(enough);
    if (enough == count)
      emitWarning(getOperation().getLoc())
          << "nothing is quantised: whatever is loses more than --max-loss "
             "allows";
    return success();
  }

  /// All users but `readers` see the value as the integers express it.
  static Value quantizeActivation(Value value, quant::QuantizedType type,
                                  const llvm::DenseSet<Operation *> &readers) {
    auto isSeen = [&](OpOperand &use) {
      return !readers.contains(use.getOwner());
    };
    if (!llvm::any_of(value.getUses(), isSeen))
      return {};
    OpBuilder builder(value.getContext());
    builder.setInsertionPointAfterValue(value);
    Location loc = value.getLoc();
    auto rounded =
        QuantizeOp::create(builder, loc, typeOf(value).clone(type), value);
    auto real = DequantizeOp::create(builder, loc, typeOf(value), rounded);
    value.replaceUsesWithIf(real, [&](OpOperand &use) {
      return use.getOwner() != rounded && isSeen(use);
    });
    return real;
  }

  /// One scale per output channel, and no zero point. `means` and `moments` are
  /// those of the input; empty if they are not known or wanted.
  static void quantizeWeights(Operation *op, ArrayRef<double> means,
                              bool correctsBias, ArrayRef<double> moments) {
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
    std::vector<double> chosen;
    if (!moments.empty())
      chosen = roundByMoments(numbers, scales, moments);
    std::vector<char> bytes;
    bytes.reserve(numbers.size());
    SmallVector<double> errors;
    for (auto [i, number] : llvm::enumerate(numbers)) {
      double scale = scales[i % channels];
      double integer = chosen.empty()
                           ? std::clamp(std::nearbyint(double(number) / scale),
                                        -127.0, 127.0)
                           : chosen[i];
      bytes.push_back(char(int8_t(integer)));
      errors.push_back(integer * scale - number);
    }
    if (!means.empty() && correctsBias)
      correctBias(op, errors, means);
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

  CalibratorPtr calibrator;
  /// Of the candidates, in their order.
  SmallVector<CalibratedRange> ranges;
  /// Of the inputs of the contractions, in their order; may be empty.
  std::vector<std::vector<double>> moments;
};

} // namespace

std::unique_ptr<Pass>
edgecc::quantization::createQuantizeStaticPass(CalibratorPtr calibrator) {
  return std::make_unique<QuantizeStatic>(std::move(calibrator));
}
