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

#include "passes/OnnxToEdge/Recurrent.h"

using namespace mlir;
using namespace edgecc;

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

namespace {
/// What ONNX calls an activation, and its numbers where none are given.
struct ActivationEntry {
  StringLiteral name;
  CellActivation byDefault;
  bool hasAlpha, hasBeta;
};
} // namespace

static const ActivationEntry *findActivation(StringRef name) {
  using A = CellActivation;
  static constexpr ActivationEntry entries[] = {
      {"Affine", {A::Affine, 1, 0}, true, true},
      {"Elu", {A::Elu, 1, 0}, true, false},
      {"HardSigmoid", {A::HardSigmoid, 0.2, 0.5}, true, true},
      {"LeakyRelu", {A::LeakyRelu, 0.01, 0}, true, false},
      {"Relu", {A::Relu, 0, 0}, false, false},
      {"ScaledTanh", {A::ScaledTanh, 1, 1}, true, true},
      {"Sigmoid", {A::Sigmoid, 0, 0}, false, false},
      {"Softplus", {A::Softplus, 0, 0}, false, false},
      {"Softsign", {A::Softsign, 0, 0}, false, false},
      {"Tanh", {A::Tanh, 0, 0}, false, false},
      {"ThresholdedRelu", {A::ThresholdedRelu, 1, 0}, true, false}};
  for (const ActivationEntry &entry : entries)
    if (name.equals_insensitive(entry.name))
      return &entry;
  return nullptr;
}

/// The activations of all directions; each takes the numbers that it needs
/// from the front of the lists.
static LogicalResult readActivations(ConversionContext &ctx, Recurrent &node) {
  size_t period = node.cell == Cell::Lstm ? 3 : node.cell == Cell::Gru ? 2 : 1;
  SmallVector<StringRef> names = ctx.getNode().getStrings("activations");
  if (names.empty())
    for (int64_t i = 0; i < node.directions; ++i)
      for (size_t k = 0; k < period; ++k)
        names.push_back(k == 0 && period > 1 ? "Sigmoid" : "Tanh");
  if (names.size() != period * node.directions)
    return ctx.error() << "attribute 'activations' has " << names.size()
                       << " values, expected " << period * node.directions;
  ArrayRef<float> alphas = ctx.getNode().getFloats("activation_alpha");
  ArrayRef<float> betas = ctx.getNode().getFloats("activation_beta");
  auto take = [](ArrayRef<float> &list, double &number) {
    if (list.empty())
      return;
    number = list.front();
    list = list.drop_front();
  };
  for (auto [index, name] : llvm::enumerate(names)) {
    const ActivationEntry *entry = findActivation(name);
    if (!entry)
      return ctx.unsupportedAttribute("activations", name,
                                      "an activation of ONNX");
    CellActivation activation = entry->byDefault;
    if (entry->hasAlpha)
      take(alphas, activation.alpha);
    if (entry->hasBeta)
      take(betas, activation.beta);
    if (index % period == 0)
      node.activations.emplace_back();
    node.activations.back().push_back(activation);
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

/// A list that gives every sequence its full length says nothing.
static void readLengths(ConversionContext &ctx, Recurrent &node) {
  node.lengths = ctx.operand(4);
  ElementsAttr known = ctx.constant(node.lengths);
  std::optional<SmallVector<int64_t>> lengths;
  if (known)
    lengths = readInts(known);
  if (lengths && llvm::all_equal(*lengths) && !lengths->empty() &&
      lengths->front() == node.time)
    node.lengths = Value();
}

static FailureOr<Recurrent> readRecurrent(ConversionContext &ctx, Cell cell) {
  onnx::NodeOp op = ctx.getNode();
  if (failed(ctx.requireOperands(3)))
    return failure();

  Recurrent node;
  // Like ONNX Runtime, a limit of zero is none.
  if (float clip = op.getF32("clip", 0); clip > 0)
    node.clip = clip;
  node.inputForget = op.getI64("input_forget", 0) != 0;
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
      failed(checkShape(ctx, ctx.operand(4), {node.batch},
                        "operand 4 (sequence_lens)")))
    return failure();
  readLengths(ctx, node);
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

/// The activation of an `edge.rnn`, or nothing.
static std::optional<edge::RnnActivation> plainActivation(CellActivation a) {
  switch (a.kind) {
  case CellActivation::Tanh:
    return edge::RnnActivation::Tanh;
  case CellActivation::Relu:
    return edge::RnnActivation::Relu;
  case CellActivation::Sigmoid:
    return edge::RnnActivation::Sigmoid;
  default:
    return std::nullopt;
  }
}

/// Whether a cell of the edge dialect computes direction `index`.
static bool isPlain(const Recurrent &node, int64_t index) {
  if (node.clip != std::numeric_limits<double>::infinity() ||
      node.inputForget || node.lengths)
    return false;
  ArrayRef<CellActivation> activations = node.activations[index];
  if (node.cell == Cell::Rnn)
    return plainActivation(activations.front()).has_value();
  return activations.front().kind == CellActivation::Sigmoid &&
         llvm::all_of(activations.drop_front(), [](const CellActivation &a) {
           return a.kind == CellActivation::Tanh;
         });
}

static FailureOr<Direction>
createDirection(ConversionContext &ctx, const Recurrent &node, int64_t index) {
  Builder &builder = ctx.getBuilder();
  int64_t rows = node.gates * node.size;
  UnitAttr reverse = node.reverse[index] ? builder.getUnitAttr() : UnitAttr();
  DirectionOperands operands;
  operands.recurrence =
      ctx.transpose(takeDirection(ctx, node.recurrence, index), {1, 0});
  operands.h = createInitial(ctx, node, node.initialH, index);
  if (node.cell == Cell::Lstm)
    operands.c = createInitial(ctx, node, node.initialC, index);
  if (node.peepholes)
    operands.peepholes = takeDirection(ctx, node.peepholes, index);

  // A GRU that resets after the product needs the bias of the recurrence
  // inside of the loop; all other biases are added to the projection.
  Value bias;
  if (node.bias) {
    Value both = takeDirection(ctx, node.bias, index);
    bias = ctx.slice(both, 0, 0, rows);
    operands.recurrentBias = ctx.slice(both, 0, rows, rows);
    if (node.cell != Cell::Gru || !node.linearBeforeReset) {
      bias = ctx.create<edge::AddOp>(bias, operands.recurrentBias);
      operands.recurrentBias = Value();
    }
  }
  operands.projected = createProjection(ctx, node, bias, index);
  if (!isPlain(node, index))
    return createLoopOfCells(ctx, node, index, operands);

  SmallVector<Value> results;
  switch (node.cell) {
  case Cell::Lstm:
    results = ctx.createAll<edge::LstmOp>(
        operands.projected, operands.recurrence, operands.h, operands.c,
        operands.peepholes, reverse);
    break;
  case Cell::Gru:
    results = ctx.createAll<edge::GruOp>(
        operands.projected, operands.recurrence, operands.h,
        operands.recurrentBias,
        node.linearBeforeReset ? builder.getUnitAttr() : UnitAttr(), reverse);
    break;
  case Cell::Rnn:
    results = ctx.createAll<edge::RnnOp>(
        *plainActivation(node.activations[index].front()), operands.projected,
        operands.recurrence, operands.h, bool(reverse));
    break;
  }
  results.resize(3);
  return Direction{results[0], results[1], results[2]};
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
    FailureOr<Direction> direction = createDirection(ctx, *node, i);
    if (failed(direction))
      return failure();
    states.push_back(direction->states);
    lastH.push_back(direction->lastH);
    lastC.push_back(direction->lastC);
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
