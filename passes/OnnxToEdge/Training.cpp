//===- Training.cpp - ONNX optimisers ---------------------------*- C++ -*-===//
//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// One step of an optimiser: elementwise code on each of the tensors to train.
//
//===----------------------------------------------------------------------===//

#include "passes/OnnxToEdge/Arithmetic.h"

using namespace mlir;
using namespace edgecc;

namespace {

/// The operands of an optimiser: rate and step, then `kinds` tensors of each
/// kind (weights, gradients, states).
struct Optimiser {
  ConversionContext &ctx;
  int64_t count;
  Value rate, step;

  float attribute(StringRef name, float byDefault) const {
    return ctx.getNode().getF32(name, byDefault);
  }
  Value operand(int64_t kind, int64_t index) const {
    return ctx.operand(2 + kind * count + index);
  }
  Value add(Value a, Value b) const { return ctx.create<edge::AddOp>(a, b); }
  Value mul(Value a, Value b) const { return ctx.create<edge::MulOp>(a, b); }
  Value div(Value a, Value b) const { return ctx.create<edge::DivOp>(a, b); }
  Value sub(Value a, Value b) const { return ctx.create<edge::SubOp>(a, b); }
  Value sqrt(Value a) const { return ctx.create<edge::SqrtOp>(a); }
  /// The step as a number of the type of `like`.
  Value stepLike(Value like) const {
    return ctx.cast(step, getElementType(like));
  }
  /// The gradient with that of the weights' norm.
  Value gradient(int64_t index) const {
    return add(scale(ctx, operand(0, index), attribute("norm_coefficient", 0)),
               operand(1, index));
  }
};

/// The new weights and states of tensor `index`.
using StepFn = SmallVector<Value>(const Optimiser &, int64_t index);

SmallVector<Value> stepAdagrad(const Optimiser &o, int64_t index) {
  Value gradient = o.gradient(index);
  Value sum = o.add(o.operand(2, index), o.mul(gradient, gradient));
  Value decay =
      scale(o.ctx, o.stepLike(gradient), o.attribute("decay_factor", 0), 1);
  Value change =
      o.div(gradient, scale(o.ctx, o.sqrt(sum), 1, o.attribute("epsilon", 0)));
  return {o.sub(o.operand(0, index), o.mul(o.div(o.rate, decay), change)), sum};
}

SmallVector<Value> stepAdam(const Optimiser &o, int64_t index) {
  ConversionContext &ctx = o.ctx;
  float alpha = o.attribute("alpha", 0.9f), beta = o.attribute("beta", 0.999f);
  Value gradient = o.gradient(index);
  Value mean = o.add(scale(ctx, o.operand(2, index), alpha),
                     scale(ctx, gradient, 1.0 - alpha));
  Value square = o.add(scale(ctx, o.operand(3, index), beta),
                       scale(ctx, o.mul(gradient, gradient), 1.0 - beta));
  Value step = o.stepLike(gradient);
  auto rest = [&](double base) {
    Value power = ctx.create<edge::PowOp>(scalar(ctx, step, base), step);
    return scale(ctx, power, -1, 1);
  };
  Value adjusted = o.div(o.mul(o.rate, o.sqrt(rest(beta))), rest(alpha));
  Value isFirst =
      compare(ctx, edge::ComparePredicate::EQ, step, scalar(ctx, step, 0));
  Value rate = ctx.create<edge::SelectOp>(isFirst, o.rate, adjusted);
  Value change =
      o.div(mean, scale(ctx, o.sqrt(square), 1, o.attribute("epsilon", 0)));
  Value weights = o.sub(o.operand(0, index), o.mul(rate, change));
  weights = scale(ctx, weights, 1.0 - o.attribute("norm_coefficient_post", 0));
  return {weights, mean, square};
}

SmallVector<Value> stepMomentum(const Optimiser &o, int64_t index) {
  ConversionContext &ctx = o.ctx;
  float alpha = o.attribute("alpha", 0);
  Value gradient = o.gradient(index), step = o.stepLike(gradient);
  Value isLater =
      compare(ctx, edge::ComparePredicate::LT, scalar(ctx, step, 0), step);
  Value beta = ctx.create<edge::SelectOp>(
      isLater, scalar(ctx, step, o.attribute("beta", 0)), scalar(ctx, step, 1));
  Value momentum =
      o.add(scale(ctx, o.operand(2, index), alpha), o.mul(beta, gradient));
  Value change = momentum;
  if (ctx.getNode().getString("mode") == "nesterov")
    change = o.add(gradient, scale(ctx, momentum, alpha));
  return {o.sub(o.operand(0, index), o.mul(o.rate, change)), momentum};
}

/// `kinds` tensors belong to each one to train.
template <StepFn *step, int64_t kinds>
Converted convertOptimiser(ConversionContext &ctx) {
  int64_t operands = int64_t(ctx.getNumOperands()) - 2;
  if (operands < kinds || operands % kinds != 0 ||
      failed(ctx.requireOperands(ctx.getNumOperands())))
    return ctx.error() << "needs a rate, a step and " << kinds
                       << " operands for each tensor to train";
  Value rate = ctx.reshape(ctx.operand(0), {});
  Optimiser optimiser{ctx, operands / kinds, rate,
                      ctx.reshape(ctx.operand(1), {})};
  // All weights, then all states of one kind after the other.
  SmallVector<SmallVector<Value>> updates;
  for (int64_t i = 0; i < optimiser.count; ++i) {
    optimiser.rate = ctx.cast(rate, getElementType(optimiser.operand(0, i)));
    updates.push_back(step(optimiser, i));
  }
  SmallVector<Value> results;
  for (size_t kind = 0; kind < updates.front().size(); ++kind)
    for (ArrayRef<Value> update : updates)
      results.push_back(update[kind]);
  return results;
}

} // namespace

void edgecc::registerTrainingConverters(ConverterTable &table) {
  auto add = [&](StringRef name, ConvertFn convert) {
    table.add(name, convert, 1, ConverterTable::kNewest,
              "ai.onnx.preview.training");
  };
  add("Adagrad", convertOptimiser<stepAdagrad, 3>);
  add("Adam", convertOptimiser<stepAdam, 4>);
  add("Momentum", convertOptimiser<stepMomentum, 3>);
}
