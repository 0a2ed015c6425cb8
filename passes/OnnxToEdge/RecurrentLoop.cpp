//===- RecurrentLoop.cpp - recurrent cells as loops -------------*- C++ -*-===//
//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Sequences of different lengths need no second order of time: a cell keeps
// its state where the step is beyond the length, so that a reversed sequence
// begins with its own last step.
//
//===----------------------------------------------------------------------===//

#include "passes/OnnxToEdge/Arithmetic.h"
#include "passes/OnnxToEdge/ControlFlow.h"
#include "passes/OnnxToEdge/Recurrent.h"

using namespace mlir;
using namespace edgecc;

namespace {

/// Creates the steps of one direction.
class CellBuilder {
public:
  CellBuilder(ConversionContext &ctx, const Recurrent &node, int64_t index,
              const DirectionOperands &operands)
      : ctx(ctx), node(node), activations(node.activations[index]),
        operands(operands) {}

  /// The next h and c (null without a memory) from a step's input (N, G * H).
  std::pair<Value, Value> step(Value input, Value h, Value c) {
    switch (node.cell) {
    case Cell::Lstm:
      return lstm(input, h, c);
    case Cell::Gru:
      return {gru(input, h), Value()};
    case Cell::Rnn:
      return {activate(0, add(input, product(h, 0, 1))), Value()};
    }
    llvm_unreachable("unknown cell");
  }

private:
  Value add(Value a, Value b) { return ctx.create<edge::AddOp>(a, b); }
  Value mul(Value a, Value b) { return ctx.create<edge::MulOp>(a, b); }
  Value oneMinus(Value a) { return scale(ctx, a, -1, 1); }
  /// The columns of `count` gates from `first` on.
  Value gate(Value value, int64_t first, int64_t count = 1) {
    return ctx.slice(value, getRank(value) - 1, first * node.size,
                     count * node.size);
  }
  /// `h` times the recurrence of some gates, with its bias if it has one.
  Value product(Value h, int64_t first, int64_t count) {
    Value bias = operands.recurrentBias;
    return ctx.create<edge::MatMulOp>(
        h, gate(operands.recurrence, first, count),
        bias ? gate(bias, first, count) : Value(), ValueRange());
  }

  Value activate(unsigned index, Value x, bool clips = true);
  std::pair<Value, Value> lstm(Value input, Value h, Value c);
  Value gru(Value input, Value h);

  ConversionContext &ctx;
  const Recurrent &node;
  ArrayRef<CellActivation> activations;
  const DirectionOperands &operands;
};

} // namespace

Value CellBuilder::activate(unsigned index, Value x, bool clips) {
  if (clips)
    x = clamp(ctx, x, -node.clip, node.clip);
  const CellActivation &a = activations[index];
  auto number = [&](double value) { return scalar(ctx, x, value); };
  auto exponential = [&] { return ctx.create<edge::ExpOp>(x); };
  auto select = [&](Value condition, Value yes, Value no) {
    return ctx.create<edge::SelectOp>(condition, yes, no);
  };
  auto isNegative = [&] {
    return compare(ctx, edge::ComparePredicate::LT, x, number(0));
  };
  switch (a.kind) {
  case CellActivation::Affine:
    return scale(ctx, x, a.alpha, a.beta);
  case CellActivation::Elu:
    return select(isNegative(), scale(ctx, exponential(), a.alpha, -a.alpha),
                  x);
  case CellActivation::HardSigmoid:
    return clamp(ctx, scale(ctx, x, a.alpha, a.beta), 0, 1);
  case CellActivation::LeakyRelu:
    return select(isNegative(), scale(ctx, x, a.alpha), x);
  case CellActivation::Relu:
    return clamp(ctx, x, 0, kInfinity);
  case CellActivation::ScaledTanh:
    return scale(ctx, ctx.create<edge::TanhOp>(scale(ctx, x, a.beta)), a.alpha);
  case CellActivation::Sigmoid:
    return ctx.create<edge::SigmoidOp>(x);
  case CellActivation::Softplus: {
    // max(x, 0) + log1p(e^-|x|) does not overflow.
    Value size = ctx.create<edge::NegOp>(ctx.create<edge::AbsOp>(x));
    return add(clamp(ctx, x, 0, kInfinity),
               ctx.create<edge::Log1pOp>(ctx.create<edge::ExpOp>(size)));
  }
  case CellActivation::Softsign:
    return ctx.create<edge::DivOp>(
        x, scale(ctx, ctx.create<edge::AbsOp>(x), 1, 1));
  case CellActivation::Tanh:
    return ctx.create<edge::TanhOp>(x);
  case CellActivation::ThresholdedRelu:
    return select(compare(ctx, edge::ComparePredicate::LT, number(a.alpha), x),
                  x, number(0));
  }
  llvm_unreachable("unknown activation");
}

/// The gates are input, output, forget, cell; the peepholes input, output,
/// forget.
std::pair<Value, Value> CellBuilder::lstm(Value input, Value h, Value c) {
  Value sums = add(input, product(h, 0, 4));
  auto peeped = [&](int64_t index, Value memory) {
    Value sum = gate(sums, index);
    if (!operands.peepholes)
      return sum;
    return add(sum, mul(gate(operands.peepholes, index), memory));
  };
  Value enters = activate(0, peeped(0, c));
  Value stays = node.inputForget ? oneMinus(enters) : activate(0, peeped(2, c));
  Value candidate = activate(1, gate(sums, 3));
  Value next = add(mul(stays, c), mul(enters, candidate));
  Value leaves = activate(0, peeped(1, next));
  return {mul(leaves, activate(2, next, /*clips=*/false)), next};
}

/// The gates are update, reset, hidden.
Value CellBuilder::gru(Value input, Value h) {
  Value sums = add(gate(input, 0, 2), product(h, 0, 2));
  Value update = activate(0, gate(sums, 0));
  Value reset = activate(0, gate(sums, 1));
  Value hidden = node.linearBeforeReset ? mul(reset, product(h, 2, 1))
                                        : product(mul(reset, h), 2, 1);
  Value candidate = activate(1, add(gate(input, 2), hidden));
  return add(mul(oneMinus(update), candidate), mul(update, h));
}

FailureOr<Direction>
edgecc::createLoopOfCells(ConversionContext &ctx, const Recurrent &node,
                          int64_t index, const DirectionOperands &operands) {
  CellBuilder cell(ctx, node, index, operands);
  bool isReverse = node.reverse[index];
  SmallVector<Value> initial{operands.h};
  if (node.cell == Cell::Lstm)
    initial.push_back(operands.c);
  Value lengths;
  if (node.lengths)
    lengths = ctx.reshape(ctx.cast(node.lengths, ctx.getBuilder().getI64Type()),
                          {node.batch, 1});
  LoopBounds bounds;
  bounds.maxTrips = node.time;
  auto body = [&](Value number, ArrayRef<Value> states) -> FailureOr<LoopStep> {
    Value time = isReverse ? ctx.create<edge::SubOp>(
                                 ctx.createInts({node.time - 1}, {}), number)
                           : number;
    Value input = ctx.create<edge::GatherOp>(
        operands.projected, time, ctx.getBuilder().getI64IntegerAttr(0));
    auto [h, c] =
        cell.step(input, states[0], states.size() > 1 ? states[1] : Value());
    Value output = h;
    if (lengths) {
      Value isInside = compare(ctx, edge::ComparePredicate::LT, time, lengths);
      auto select = [&](Value inside, Value beyond) {
        return ctx.create<edge::SelectOp>(isInside, inside, beyond);
      };
      output = select(h, scalar(ctx, h, 0));
      h = select(h, states[0]);
      if (c)
        c = select(c, states[1]);
    }
    LoopStep step;
    step.carried.push_back(h);
    if (c)
      step.carried.push_back(c);
    step.collected.push_back(output);
    return step;
  };
  auto results = createLoop(ctx, bounds, initial, body);
  if (failed(results))
    return failure();
  Direction direction;
  direction.lastH = results->front();
  if (node.cell == Cell::Lstm)
    direction.lastC = (*results)[1];
  direction.states = results->back();
  if (isReverse && node.time > 0) {
    SmallVector<int64_t> shape(getShape(direction.states));
    direction.states = ctx.create<edge::SliceOp>(
        direction.states, SmallVector<int64_t>{node.time - 1, 0, 0}, shape,
        SmallVector<int64_t>{-1, 1, 1});
  }
  return direction;
}
