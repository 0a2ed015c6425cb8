//===- Recurrent.cpp - ONNX recurrent networks ------------------*- C++ -*-===//
//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The product of all inputs with their weights is one matrix product outside
// of the loop over time; the cells of the edge dialect do the rest. Weights are
// transposed and sliced by edge operations that fold.
//
//===----------------------------------------------------------------------===//

#include "passes/OnnxToEdge/Converters.h"

using namespace mlir;
using namespace edgecc;

namespace {
/// Which cell the node has, and its sizes.
enum class Cell { Lstm, Gru, Rnn };

/// A recurrent node, read and checked; all values in f32 (or f64) and with
/// time first.
struct Recurrent {
  Cell cell;
  int64_t gates;
  Value input;      // (T, N, I)
  Value weights;    // (D, G * H, I)
  Value recurrence; // (D, G * H, H)
  Value bias;       // (D, 2 * G * H) or null
  Value initialH;   // (D, N, H) or null
  Value initialC;   // (D, N, H) or null
  Value peepholes;  // (D, 3 * H) or null
  int64_t directions, time, batch, size;
  /// One flag per direction.
  SmallVector<bool> reverse;
  /// Per direction, for Cell::Rnn.
  SmallVector<edge::RnnActivation> activations;
  bool linearBeforeReset;
  bool batchFirst;
  Type resultType;
};

/// What one direction computes: (T, N, H), (N, H), (N, H).
struct Direction {
  Value states;
  Value lastH;
  Value lastC;
};
} // namespace

//===----------------------------------------------------------------------===//
// Reading
//===----------------------------------------------------------------------===//

static LogicalResult readDirections(ConversionContext &ctx, Recurrent &node) {
  StringRef direction = ctx.getNode().getString("direction", "forward");
  if (direction == "forward")
    node.reverse = {false};
  else if (direction == "reverse")
    node.reverse = {true};
  else if (direction == "bidirectional")
    node.reverse = {false, true};
  else
    return ctx.unsupportedAttribute("direction", direction,
                                    "forward, reverse or bidirectional");
  node.directions = node.reverse.size();
  return success();
}

/// An LSTM and a GRU have the standard activations only; a simple network has
/// one that may be chosen.
static LogicalResult readActivations(ConversionContext &ctx, Recurrent &node) {
  SmallVector<StringRef> names = ctx.getNode().getStrings("activations");
  if (node.cell == Cell::Rnn) {
    if (names.empty())
      names.assign(node.directions, "Tanh");
    if (static_cast<int64_t>(names.size()) != node.directions)
      return ctx.error() << "attribute 'activations' has " << names.size()
                         << " values, expected " << node.directions;
    for (StringRef name : names) {
      if (name.equals_insensitive("tanh"))
        node.activations.push_back(edge::RnnActivation::Tanh);
      else if (name.equals_insensitive("relu"))
        node.activations.push_back(edge::RnnActivation::Relu);
      else if (name.equals_insensitive("sigmoid"))
        node.activations.push_back(edge::RnnActivation::Sigmoid);
      else
        return ctx.unsupportedAttribute("activations", name,
                                        "Tanh, Relu or Sigmoid");
    }
    return success();
  }
  for (auto [index, name] : llvm::enumerate(names)) {
    size_t period = node.cell == Cell::Lstm ? 3 : 2;
    StringRef expected = index % period == 0 ? "Sigmoid" : "Tanh";
    if (!name.equals_insensitive(expected))
      return ctx.unsupportedAttribute(
          "activations", name, expected + " at position " + Twine(index));
  }
  return success();
}

/// Fails unless `value` is null or of shape `shape`.
static LogicalResult checkShape(ConversionContext &ctx, Value value,
                                ArrayRef<int64_t> shape, StringRef what) {
  if (!value || getShape(value) == shape)
    return success();
  InFlightDiagnostic diagnostic = ctx.error();
  diagnostic << what << " must have the shape ";
  llvm::interleave(
      shape, [&](int64_t size) { diagnostic << size; },
      [&] { diagnostic << "x"; });
  return diagnostic << ", found " << value.getType();
}

/// Sequences of different lengths are refused; a list that gives every
/// sequence its full length says nothing.
static LogicalResult checkLengths(ConversionContext &ctx, int64_t time) {
  Value lengths = ctx.operand(4);
  if (!lengths)
    return success();
  FailureOr<SmallVector<int64_t>> values = ctx.ints(4, "sequence_lens");
  if (failed(values))
    return failure();
  for (int64_t length : *values)
    if (length != time)
      return ctx.error() << "operand 4 (sequence_lens) holds " << length
                         << ", supported is the full length " << time;
  return success();
}

static FailureOr<Recurrent> readRecurrent(ConversionContext &ctx, Cell cell) {
  onnx::NodeOp op = ctx.getNode();
  if (failed(ctx.requireOperands(3)))
    return failure();
  if (op.findF32("clip"))
    return ctx.unsupportedAttribute("clip", "set", "no clipping");
  if (op.getI64("input_forget", 0) != 0)
    return ctx.unsupportedAttribute("input_forget", "1", "0");

  Recurrent node;
  node.cell = cell;
  node.gates = cell == Cell::Lstm ? 4 : cell == Cell::Gru ? 3 : 1;
  node.linearBeforeReset = op.getI64("linear_before_reset", 0) != 0;
  node.batchFirst = op.getI64("layout", 0) != 0;
  node.resultType = getElementType(ctx.operand(0));
  auto read = [&](unsigned index) {
    Value value = ctx.operand(index);
    return value ? ctx.widen(value) : value;
  };
  node.input = read(0);
  node.weights = read(1);
  node.recurrence = read(2);
  node.bias = read(3);
  node.initialH = read(5);
  node.initialC = cell == Cell::Lstm ? read(6) : Value();
  node.peepholes = cell == Cell::Lstm ? read(7) : Value();
  if (failed(readDirections(ctx, node)) || failed(readActivations(ctx, node)))
    return failure();

  if (getRank(node.input) != 3 || getRank(node.weights) != 3 ||
      getRank(node.recurrence) != 3)
    return ctx.error() << "input and weights must have 3 dimensions, found "
                       << node.input.getType() << ", " << node.weights.getType()
                       << " and " << node.recurrence.getType();
  if (node.batchFirst) {
    node.input = ctx.transpose(node.input, {1, 0, 2});
    for (Value *initial : {&node.initialH, &node.initialC})
      if (*initial && getRank(*initial) == 3)
        *initial = ctx.transpose(*initial, {1, 0, 2});
  }
  node.time = getShape(node.input)[0];
  node.batch = getShape(node.input)[1];
  node.size = getShape(node.recurrence)[2];
  int64_t directions = node.directions, size = node.size;
  int64_t rows = node.gates * size;
  if (failed(checkShape(ctx, node.weights,
                        {directions, rows, getShape(node.input)[2]},
                        "operand 1 (W)")) ||
      failed(checkShape(ctx, node.recurrence, {directions, rows, size},
                        "operand 2 (R)")) ||
      failed(checkShape(ctx, node.bias, {directions, 2 * rows},
                        "operand 3 (B)")) ||
      failed(checkShape(ctx, node.initialH, {directions, node.batch, size},
                        "operand 5 (initial_h)")) ||
      failed(checkShape(ctx, node.initialC, {directions, node.batch, size},
                        "operand 6 (initial_c)")) ||
      failed(checkShape(ctx, node.peepholes, {directions, 3 * size},
                        "operand 7 (P)")) ||
      failed(checkLengths(ctx, node.time)))
    return failure();
  return node;
}

//===----------------------------------------------------------------------===//
// Creating
//===----------------------------------------------------------------------===//

/// Direction `index` of a value whose first dimension is the direction.
static Value takeDirection(ConversionContext &ctx, Value value, int64_t index) {
  return ctx.reshape(ctx.slice(value, 0, index, 1),
                     getShape(value).drop_front());
}

static Value createInitial(ConversionContext &ctx, const Recurrent &node,
                           Value initial, int64_t index) {
  if (initial)
    return takeDirection(ctx, initial, index);
  return ctx.createSplat(0, getElementType(node.input),
                         {node.batch, node.size});
}

/// All inputs of a direction times its weights, with `bias` (G * H) or null
/// added: (T, N, G * H).
static Value createProjection(ConversionContext &ctx, const Recurrent &node,
                              Value bias, int64_t index) {
  Value weights =
      ctx.transpose(takeDirection(ctx, node.weights, index), {1, 0});
  Value rows = ctx.reshape(node.input,
                           {node.time * node.batch, getShape(node.input)[2]});
  Value product = ctx.create<edge::MatMulOp>(rows, weights, bias, ValueRange());
  return ctx.reshape(product, {node.time, node.batch, node.gates * node.size});
}

static Direction createDirection(ConversionContext &ctx, const Recurrent &node,
                                 int64_t index) {
  Builder &builder = ctx.getBuilder();
  int64_t rows = node.gates * node.size;
  UnitAttr reverse = node.reverse[index] ? builder.getUnitAttr() : UnitAttr();
  Value recurrence =
      ctx.transpose(takeDirection(ctx, node.recurrence, index), {1, 0});
  Value h = createInitial(ctx, node, node.initialH, index);

  // A GRU that resets after the product needs the bias of the recurrence
  // inside of the loop; all other biases are added to the projection.
  Value bias, recurrentBias;
  if (node.bias) {
    Value both = takeDirection(ctx, node.bias, index);
    bias = ctx.slice(both, 0, 0, rows);
    recurrentBias = ctx.slice(both, 0, rows, rows);
    if (node.cell != Cell::Gru || !node.linearBeforeReset) {
      bias = ctx.create<edge::AddOp>(bias, recurrentBias);
      recurrentBias = Value();
    }
  }
  Value projected = createProjection(ctx, node, bias, index);

  SmallVector<Value> results;
  switch (node.cell) {
  case Cell::Lstm:
    results = ctx.createAll<edge::LstmOp>(
        projected, recurrence, h,
        createInitial(ctx, node, node.initialC, index),
        node.peepholes ? takeDirection(ctx, node.peepholes, index) : Value(),
        reverse);
    break;
  case Cell::Gru:
    results = ctx.createAll<edge::GruOp>(
        projected, recurrence, h, recurrentBias,
        node.linearBeforeReset ? builder.getUnitAttr() : UnitAttr(), reverse);
    break;
  case Cell::Rnn:
    results = ctx.createAll<edge::RnnOp>(node.activations[index], projected,
                                         recurrence, h, bool(reverse));
    break;
  }
  results.resize(3);
  return {results[0], results[1], results[2]};
}

/// Joins the values of all directions along a new dimension `axis`.
static Value joinDirections(ConversionContext &ctx, const Recurrent &node,
                            ArrayRef<Value> values, int64_t axis) {
  SmallVector<Value> parts;
  for (Value value : values) {
    SmallVector<int64_t> shape(getShape(value));
    shape.insert(shape.begin() + axis, 1);
    parts.push_back(ctx.reshape(value, shape));
  }
  Value result = parts.front();
  if (parts.size() > 1)
    result = ctx.create<edge::ConcatOp>(
        parts, ctx.getBuilder().getI64IntegerAttr(axis));
  if (node.batchFirst)
    result = axis == 1 ? ctx.transpose(result, {2, 0, 1, 3})
                       : ctx.transpose(result, {1, 0, 2});
  return ctx.cast(result, node.resultType);
}

static Converted convertRecurrent(ConversionContext &ctx, Cell cell) {
  FailureOr<Recurrent> node = readRecurrent(ctx, cell);
  if (failed(node))
    return failure();
  SmallVector<Value> states, lastH, lastC;
  for (int64_t i = 0; i < node->directions; ++i) {
    Direction direction = createDirection(ctx, *node, i);
    states.push_back(direction.states);
    lastH.push_back(direction.lastH);
    lastC.push_back(direction.lastC);
  }
  SmallVector<Value> results{joinDirections(ctx, *node, states, 1),
                             joinDirections(ctx, *node, lastH, 0)};
  if (cell == Cell::Lstm)
    results.push_back(joinDirections(ctx, *node, lastC, 0));
  return results;
}

void edgecc::registerRecurrentConverters(ConverterTable &table) {
  auto add = [&](StringRef name, Cell cell) {
    table.add(
        name,
        [cell](ConversionContext &ctx) { return convertRecurrent(ctx, cell); },
        7);
  };
  add("LSTM", Cell::Lstm);
  add("GRU", Cell::Gru);
  add("RNN", Cell::Rnn);
}
