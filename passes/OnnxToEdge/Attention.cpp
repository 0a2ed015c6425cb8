//===- Attention.cpp - contributed attention operators ----------*- C++ -*-===//
//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What ONNX Runtime's optimiser makes of transformers. ONNX's own Attention and
// RotaryEmbedding come through their function bodies.
//
//===----------------------------------------------------------------------===//

#include "passes/OnnxToEdge/Attention.h"
#include "passes/OnnxToEdge/Arithmetic.h"
#include "passes/OnnxToEdge/Quantization.h"
#include <cmath>

using namespace mlir;
using namespace edgecc;

namespace {

/// (batch, length, heads * size) to (batch, heads, length, size).
Value splitHeads(ConversionContext &ctx, Value x, int64_t heads) {
  ArrayRef<int64_t> shape = getShape(x);
  return ctx.transpose(
      ctx.reshape(x, {shape[0], shape[1], heads, shape[2] / heads}),
      {0, 2, 1, 3});
}

Value mergeHeads(ConversionContext &ctx, Value x) {
  ArrayRef<int64_t> shape = getShape(x);
  return ctx.reshape(ctx.transpose(x, {0, 2, 1, 3}),
                     {shape[0], shape[2], shape[1] * shape[3]});
}

/// What is added to the scores for a mask of key positions: nothing where the
/// mask is not zero, `filter` elsewhere. The mask is (batch, keys), or (batch,
/// queries, keys), or the number of keys (batch), or where the keys end and
/// then where they begin (2 * batch). Null after an error.
Value createMask(ConversionContext &ctx, Value mask, Value like, double filter,
                 int64_t keys) {
  ArrayRef<int64_t> shape = getShape(mask);
  int64_t batch = getShape(like)[0];
  Value isKept;
  if (shape.size() == 1 && (shape[0] == batch || shape[0] == 2 * batch)) {
    Value places = iota(ctx, keys, 3, 4);
    mask = ctx.cast(mask, ctx.getBuilder().getI64Type());
    auto part = [&](int64_t offset) {
      return ctx.reshape(ctx.slice(mask, 0, offset, batch), {batch, 1, 1, 1});
    };
    isKept = compare(ctx, edge::ComparePredicate::LT, places, part(0));
    if (shape[0] == 2 * batch)
      isKept = ctx.create<edge::AndOp>(
          isKept,
          compare(ctx, edge::ComparePredicate::LE, part(batch), places));
  } else if (shape.size() == 2 && shape[0] == batch && shape[1] == keys) {
    isKept =
        compare(ctx, edge::ComparePredicate::NE,
                ctx.reshape(mask, {batch, 1, 1, keys}), scalar(ctx, mask, 0));
  } else if (shape.size() == 3 && shape[0] == batch && shape[2] == keys) {
    isKept = compare(ctx, edge::ComparePredicate::NE,
                     ctx.reshape(mask, {batch, 1, shape[1], keys}),
                     scalar(ctx, mask, 0));
  } else {
    return refuse(ctx, "has a mask of a form that is not supported");
  }
  return ctx.create<edge::SelectOp>(isKept, scalar(ctx, like, 0),
                                    scalar(ctx, like, filter));
}

/// softmax(q k^T * scale + bias) v on (batch, heads, length, size), where the
/// biases broadcast to (batch, heads, queries, keys). `past` keys come before
/// that of the first query.
Value attend(ConversionContext &ctx, Value q, Value k, Value v,
             ArrayRef<Value> biases, int64_t past) {
  int64_t queries = getShape(q)[2], keys = getShape(k)[2];
  double size = getShape(q)[3];
  double factor = ctx.getNode().getF32("scale", 0.0f);
  if (factor == 0.0)
    factor = 1.0 / std::sqrt(size);
  Value scores = ctx.create<edge::MatMulOp>(scale(ctx, q, factor),
                                            ctx.transpose(k, {0, 1, 3, 2}),
                                            Value(), ValueRange());
  for (Value bias : biases)
    if (bias)
      scores = ctx.create<edge::AddOp>(scores, bias);
  if (ctx.getNode().getI64("unidirectional", 0)) {
    SmallVector<bool> seen;
    for (int64_t i = 0; i < queries; ++i)
      for (int64_t j = 0; j < keys; ++j)
        seen.push_back(j <= i + past);
    auto type =
        RankedTensorType::get({queries, keys}, ctx.getBuilder().getI1Type());
    scores = ctx.create<edge::SelectOp>(
        ctx.createConstant(DenseElementsAttr::get(type, seen)), scores,
        scalar(ctx, scores, -kInfinity));
  }
  Value weights =
      ctx.create<edge::SoftmaxOp>(scores, uint64_t(3), /*log=*/false);
  return ctx.create<edge::MatMulOp>(weights, v, Value(), ValueRange());
}

/// The attribute num_heads; zero after an error.
int64_t getHeads(ConversionContext &ctx, int64_t hidden) {
  int64_t heads = ctx.getNode().getI64("num_heads", 0);
  if (heads > 0 && hidden % heads == 0)
    return heads;
  refuse(ctx, "cannot split a width of " + Twine(hidden) + " into " +
                  Twine(heads) + " heads");
  return 0;
}

/// Keys or values (batch, heads, length, size) with the `added` ones behind
/// those of the past, if there are any; null after an error.
Value appendToPast(ConversionContext &ctx, Value past, Value added) {
  if (!past)
    return added;
  ArrayRef<int64_t> shape = getShape(added);
  if (getRank(past) != 4 || getShape(past)[0] != shape[0] ||
      getShape(past)[1] != shape[1] || getShape(past)[3] != shape[3])
    return refuse(ctx, "has past keys or values of a shape that does not fit");
  return ctx.create<edge::ConcatOp>(ValueRange{past, added}, uint64_t(2));
}

/// Attention of an operand whose queries, keys and values are `projected`
/// (batch, length, widths of the three), after those of the past (2, batch,
/// heads, length, size).
Converted attendToItself(ConversionContext &ctx, Value projected, Value mask,
                         Value past, Value scores) {
  int64_t width = getShape(projected)[2];
  SmallVector<int64_t> widths(3, width / 3);
  ArrayRef<int64_t> given = ctx.getNode().getInts("qkv_hidden_sizes", widths);
  if (given.size() != 3 || given[0] != given[1] ||
      given[0] + given[1] + given[2] != width)
    return ctx.error() << "has weights of " << width
                       << " columns that do not split into its widths";
  int64_t heads = getHeads(ctx, given[0]);
  if (!heads)
    return failure();
  Value parts[3];
  int64_t offset = 0;
  for (int i = 0; i < 3; ++i) {
    parts[i] =
        splitHeads(ctx, ctx.slice(projected, 2, offset, given[i]), heads);
    offset += given[i];
  }
  int64_t numPast = 0;
  if (past) {
    SmallVector<int64_t> shape(getShape(past));
    if (shape.size() != 5 || shape[0] != 2)
      return ctx.error() << "needs past keys and values of rank 5";
    numPast = shape[3];
    for (int i : {0, 1}) {
      Value one =
          ctx.reshape(ctx.slice(past, 0, i, 1), ArrayRef(shape).drop_front());
      if (!(parts[1 + i] = appendToPast(ctx, one, parts[1 + i])))
        return failure();
    }
  }
  if (mask) {
    mask = createMask(ctx, mask, projected,
                      ctx.getNode().getF32("mask_filter_value", -10000.0f),
                      getShape(parts[1])[2]);
    if (!mask)
      return failure();
  }
  SmallVector<Value> results{mergeHeads(
      ctx, attend(ctx, parts[0], parts[1], parts[2], {mask, scores}, numPast))};
  if (!ctx.isUnused(1)) {
    SmallVector<Value> both;
    for (int i : {1, 2}) {
      SmallVector<int64_t> shape{1};
      llvm::append_range(shape, getShape(parts[i]));
      both.push_back(ctx.reshape(parts[i], shape));
    }
    results.push_back(ctx.create<edge::ConcatOp>(both, uint64_t(0)));
  }
  return results;
}

/// Whether a node has operands of the right ranks; false after an error.
bool checkAttention(ConversionContext &ctx) {
  if (ctx.getNode().getI64("do_rotary", 0))
    refuse(ctx, "rotates, which is not supported");
  else if (getRank(ctx.operand(0)) != 3 || getRank(ctx.operand(1)) != 2)
    refuse(ctx, "needs an operand of rank 3 and weights of rank 2");
  else
    return true;
  return false;
}

Converted convertAttention(ConversionContext &ctx) {
  if (failed(ctx.requireOperands(2)) || !checkAttention(ctx))
    return failure();
  if (ctx.operand(6))
    return ctx.error() << "has a past of a length known at run time, which is "
                          "not supported";
  Value projected = ctx.create<edge::MatMulOp>(ctx.operand(0), ctx.operand(1),
                                               ctx.operand(2), ValueRange());
  return attendToItself(ctx, projected, ctx.operand(3), ctx.operand(4),
                        ctx.operand(5));
}

/// The same with an operand and weights of integers. Their products are exact,
/// the scales come after them.
Converted convertQAttention(ConversionContext &ctx) {
  if (failed(ctx.requireOperands(5)) || !checkAttention(ctx))
    return failure();
  FailureOr<Value> x =
      subtractZeroPoint(ctx, ctx.operand(0), {ctx.operand(3), ctx.operand(6)});
  FailureOr<Value> weights = subtractZeroPoint(
      ctx, ctx.operand(1), {ctx.operand(4), ctx.operand(7), /*axis=*/1});
  if (failed(x) || failed(weights))
    return failure();
  Value product =
      ctx.create<edge::MatMulOp>(*x, *weights, Value(), ValueRange());
  Value factor = ctx.create<edge::MulOp>(ctx.operand(3), ctx.operand(4));
  Value projected = ctx.create<edge::AddOp>(
      ctx.create<edge::MulOp>(product, factor), ctx.operand(2));
  return attendToItself(ctx, projected, ctx.operand(5), ctx.operand(8),
                        Value());
}

/// Query, key and value, whose bias is one list; keys and values of another
/// layer come split into heads and with their biases. Past keys and values are
/// operands 6 and 7.
Converted convertMultiHeadAttention(ConversionContext &ctx) {
  for (unsigned i = 8, end = ctx.getNumOperands(); i < end; ++i)
    if (ctx.operand(i))
      return ctx.error() << "has operand " << i
                         << " (a cache), which is not supported";
  if (failed(ctx.requireOperands(3)))
    return failure();
  Value parts[3] = {ctx.operand(0), ctx.operand(1), ctx.operand(2)};
  bool isSplit = getRank(parts[1]) == 4 && getRank(parts[2]) == 4;
  if (getRank(parts[0]) != 3 ||
      (!isSplit && (getRank(parts[1]) != 3 || getRank(parts[2]) != 3)))
    return ctx.error()
           << "needs a query of rank 3, and key and value of rank 3 "
              "or split into heads";
  int64_t heads = getHeads(ctx, getShape(parts[0])[2]);
  if (!heads)
    return failure();
  Value bias = ctx.operand(3);
  int64_t offset = 0, numPast = 0;
  for (Value &part : parts) {
    if (getRank(part) == 4)
      continue;
    int64_t width = getShape(part)[2];
    if (bias)
      part = ctx.create<edge::AddOp>(part, ctx.slice(bias, 0, offset, width));
    offset += width;
    part = splitHeads(ctx, part, heads);
  }
  if (Value past = ctx.operand(6)) {
    if (!ctx.operand(7) || getRank(past) != 4)
      return ctx.error() << "needs past keys and values of rank 4";
    numPast = getShape(past)[2];
    for (int i : {0, 1})
      if (!(parts[1 + i] = appendToPast(ctx, ctx.operand(6 + i), parts[1 + i])))
        return failure();
  }
  Value mask = ctx.operand(4);
  if (mask) {
    mask = createMask(ctx, mask, parts[0],
                      ctx.getNode().getF32("mask_filter_value", -10000.0f),
                      getShape(parts[1])[2]);
    if (!mask)
      return failure();
  }
  Value result = mergeHeads(ctx, attend(ctx, parts[0], parts[1], parts[2],
                                        {mask, ctx.operand(5)}, numPast));
  return SmallVector<Value>{result, parts[1], parts[2]};
}

/// Turns pairs of elements of `x` (batch, heads, length, size) by angles whose
/// cosines and sines are (1 or batch, 1, length, pairs): (a, b) to (a cos - b
/// sin, a sin + b cos). A pair is of neighbours if interleaved, else of the two
/// halves. What is left of the size stays.
Value rotate(ConversionContext &ctx, Value x, Value cosines, Value sines,
             bool interleaved) {
  ArrayRef<int64_t> shape = getShape(x);
  int64_t half = getShape(cosines)[3], size = shape[3];
  Value rotated = ctx.slice(x, 3, 0, 2 * half), a, b;
  SmallVector<int64_t> flat = {shape[0], shape[1], shape[2], half};
  if (interleaved) {
    SmallVector<int64_t> pairs(flat);
    pairs.push_back(2);
    Value paired = ctx.reshape(rotated, pairs);
    a = ctx.reshape(ctx.slice(paired, 4, 0, 1), flat);
    b = ctx.reshape(ctx.slice(paired, 4, 1, 1), flat);
  } else {
    a = ctx.slice(rotated, 3, 0, half);
    b = ctx.slice(rotated, 3, half, half);
  }
  auto product = [&](Value lhs, Value rhs) {
    return ctx.create<edge::MulOp>(lhs, rhs);
  };
  Value first = ctx.create<edge::SubOp>(product(a, cosines), product(b, sines));
  Value second =
      ctx.create<edge::AddOp>(product(a, sines), product(b, cosines));
  if (interleaved) {
    SmallVector<int64_t> column(flat);
    column.push_back(1);
    SmallVector<Value> both = {ctx.reshape(first, column),
                               ctx.reshape(second, column)};
    rotated = ctx.reshape(ctx.create<edge::ConcatOp>(both, uint64_t(4)),
                          {shape[0], shape[1], shape[2], 2 * half});
  } else {
    SmallVector<Value> both = {first, second};
    rotated = ctx.create<edge::ConcatOp>(both, uint64_t(3));
  }
  if (2 * half == size)
    return rotated;
  SmallVector<Value> both = {rotated,
                             ctx.slice(x, 3, 2 * half, size - 2 * half)};
  return ctx.create<edge::ConcatOp>(both, uint64_t(3));
}

/// The rows of a table of cosines or sines at `positions` (1 or batch, length).
Value pickAngles(ConversionContext &ctx, Value table, Value positions) {
  Value picked = ctx.create<edge::GatherOp>(table, positions, uint64_t(0));
  ArrayRef<int64_t> shape = getShape(picked);
  return ctx.reshape(picked, {shape[0], 1, shape[1], shape[2]});
}

/// Turns pairs by an angle that depends on the position.
Value convertRotaryEmbedding(ConversionContext &ctx) {
  if (failed(ctx.requireOperands(4)))
    return {};
  Value x = ctx.operand(0), positions = ctx.operand(1);
  if (ctx.getNode().getI64("is_packed_batching", 0))
    return refuse(ctx, "packs its batch, which is not supported");
  int64_t half = getShape(ctx.operand(2)).back();
  SmallVector<int64_t> shape(getShape(x));
  Value split = x; // (batch, heads, length, size)
  if (shape.size() == 3) {
    int64_t heads = ctx.getNode().getI64("num_heads", 0);
    if (heads == 0)
      heads = shape[2] / (2 * half);
    if (heads == 0 || shape[2] % heads)
      return refuse(ctx, "cannot split a width of " + Twine(shape[2]) +
                             " into " + Twine(heads) + " heads");
    split = splitHeads(ctx, x, heads);
  } else if (shape.size() != 4) {
    return refuse(ctx, "needs an operand of rank 3 or 4");
  }
  int64_t length = getShape(split)[2], size = getShape(split)[3];
  if (2 * half > size)
    return refuse(ctx, "rotates " + Twine(2 * half) + " of " + Twine(size) +
                           " elements");
  // A single position is that of the first element.
  if (getTensorType(positions).getNumElements() == 1)
    positions = ctx.create<edge::AddOp>(
        ctx.cast(ctx.reshape(positions, {1, 1}), ctx.getBuilder().getI64Type()),
        iota(ctx, length, 1, 2));
  Value rotated = rotate(ctx, split, pickAngles(ctx, ctx.operand(2), positions),
                         pickAngles(ctx, ctx.operand(3), positions),
                         ctx.getNode().getI64("interleaved", 0) != 0);
  return shape.size() == 3 ? mergeHeads(ctx, rotated) : rotated;
}

/// Keys or values of the past (batch, heads, places, size) with the new ones
/// from place `begin` (batch, 1, 1, 1) on, in `total` places at least.
Value appendToCache(ConversionContext &ctx, Value past, Value added,
                    Value begin, int64_t total) {
  ArrayRef<int64_t> shape = getShape(added);
  int64_t room = total - getShape(past)[2];
  if (room > 0)
    past = ctx.create<edge::PadOp>(
        past, edge::PadMode::Constant, SmallVector<int64_t>{0, 0, 0, 0},
        SmallVector<int64_t>{0, 0, room, 0}, APFloat(0.0));
  Value places = ctx.broadcast(
      ctx.create<edge::AddOp>(begin, iota(ctx, shape[2], 2, 4)), shape);
  Value all = ctx.create<edge::ScatterElementsOp>(
      edge::ScatterReduction::None, added, past, places, uint64_t(2));
  // Nothing comes after the new ones.
  Value isUsed = compare(ctx, edge::ComparePredicate::LT,
                         iota(ctx, getShape(all)[2], 2, 4),
                         scale(ctx, begin, 1, double(shape[2])));
  return ctx.create<edge::SelectOp>(isUsed, all, scalar(ctx, all, 0));
}

/// Attention whose heads of keys and values serve several heads of queries
/// each, with a cache of past keys and values. Each element of the batch has a
/// length of its own.
Converted convertGroupQueryAttention(ConversionContext &ctx) {
  if (failed(ctx.requireOperands(1)))
    return failure();
  onnx::NodeOp node = ctx.getNode();
  for (unsigned i = 11, end = ctx.getNumOperands(); i < end; ++i)
    if (ctx.operand(i))
      return ctx.error() << "has operand " << i << ", which is not supported";
  if (node.getI64("smooth_softmax", 0) > 0 || node.getI64("qk_output", 0) ||
      node.getI64("kv_cache_bit_width", 0) || !node.getI64("causal", 1))
    return ctx.error() << "has an attribute that is not supported";
  int64_t heads = node.getI64("num_heads", 0);
  int64_t shared = node.getI64("kv_num_heads", 0);
  Value q = ctx.operand(0), k = ctx.operand(1), v = ctx.operand(2);
  bool isPacked = !k && !v;
  int64_t parts = heads + (isPacked ? 2 * shared : 0);
  if (heads < 1 || shared < 1 || heads % shared || getRank(q) != 3 ||
      getShape(q)[2] % parts || (!isPacked && (!k || !v)))
    return ctx.error() << "needs queries of rank 3 whose heads are a multiple "
                          "of those of keys and values";
  int64_t batch = getShape(q)[0], length = getShape(q)[1];
  int64_t size = getShape(q)[2] / parts;
  if (isPacked) {
    k = ctx.slice(q, 2, heads * size, shared * size);
    v = ctx.slice(q, 2, (heads + shared) * size, shared * size);
    q = ctx.slice(q, 2, 0, heads * size);
  }
  SmallVector<int64_t> keyShape = {batch, length, shared * size};
  if (getShape(k) != ArrayRef(keyShape) || getShape(v) != ArrayRef(keyShape))
    return ctx.error() << "has keys or values of another shape than "
                       << ArrayRef(keyShape);
  FailureOr<SmallVector<int64_t>> total = ctx.ints(6, "total_sequence_length");
  if (failed(total))
    return failure();
  Value lengths = ctx.operand(5);
  if (!lengths || total->size() != 1 ||
      getTensorType(lengths).getNumElements() != batch)
    return ctx.error() << "needs a length for each of " << batch
                       << " elements of the batch";

  // Where the new keys begin: at zero in a first step.
  Type i64 = ctx.getBuilder().getI64Type();
  bool isFirst = length == total->front();
  Value begin = ctx.createSplat(0, i64, {batch, 1, 1, 1});
  if (!isFirst)
    begin = scale(ctx, ctx.reshape(ctx.cast(lengths, i64), {batch, 1, 1, 1}), 1,
                  1 - length);
  q = splitHeads(ctx, q, heads);
  k = splitHeads(ctx, k, shared);
  v = splitHeads(ctx, v, shared);
  if (node.getI64("do_rotary", 0)) {
    if (failed(ctx.requireOperands(1)) || !ctx.operand(7) || !ctx.operand(8))
      return ctx.error() << "rotates without tables of cosines and sines";
    Value positions = ctx.operand(9);
    if (!positions)
      positions =
          ctx.reshape(ctx.create<edge::AddOp>(begin, iota(ctx, length, 2, 4)),
                      {batch, length});
    Value cosines = pickAngles(ctx, ctx.operand(7), positions);
    Value sines = pickAngles(ctx, ctx.operand(8), positions);
    bool interleaved = node.getI64("rotary_interleaved", 0) != 0;
    q = rotate(ctx, q, cosines, sines, interleaved);
    k = rotate(ctx, k, cosines, sines, interleaved);
  }
  if (Value past = ctx.operand(3)) {
    Value pastValues = ctx.operand(4);
    if (!pastValues || getRank(past) != 4 ||
        getShape(past) != getShape(pastValues))
      return ctx.error() << "needs past keys and values of one shape";
    k = appendToCache(ctx, past, k, begin, total->front());
    v = appendToCache(ctx, pastValues, v, begin, total->front());
  }

  int64_t keys = getShape(k)[2];
  double factor = node.getF32("scale", 0.0f);
  if (factor == 0.0)
    factor = 1.0 / std::sqrt(double(size));
  // All queries of a group are one matrix.
  int64_t group = heads / shared;
  Value grouped =
      ctx.reshape(scale(ctx, q, factor), {batch, shared, group * length, size});
  Value scores = ctx.create<edge::MatMulOp>(
      grouped, ctx.transpose(k, {0, 1, 3, 2}), Value(), ValueRange());
  scores = ctx.reshape(scores, {batch, heads, length, keys});
  if (double cap = node.getF32("softcap", 0.0f); cap != 0.0)
    scores = scale(ctx, ctx.create<edge::TanhOp>(scale(ctx, scores, 1.0 / cap)),
                   cap);
  Value row = ctx.create<edge::AddOp>(begin, iota(ctx, length, 2, 4));
  Value column = iota(ctx, keys, 3, 4);
  Value isSeen = compare(ctx, edge::ComparePredicate::LE, column, row);
  if (int64_t window = node.getI64("local_window_size", -1); window > 0)
    isSeen = ctx.create<edge::AndOp>(
        isSeen, compare(ctx, edge::ComparePredicate::LT,
                        scale(ctx, row, 1, -window), column));
  if (Value bias = ctx.operand(10)) {
    if (getRank(bias) != 4 || getShape(bias)[3] < keys)
      return ctx.error() << "has a bias of a form that is not supported";
    scores = ctx.create<edge::AddOp>(scores, ctx.slice(bias, 3, 0, keys));
  }
  scores = ctx.create<edge::SelectOp>(isSeen, scores,
                                      scalar(ctx, scores, -kInfinity));
  Value weights =
      ctx.create<edge::SoftmaxOp>(scores, uint64_t(3), /*log=*/false);
  weights = ctx.reshape(weights, {batch, shared, group * length, keys});
  Value result = ctx.create<edge::MatMulOp>(weights, v, Value(), ValueRange());
  result = mergeHeads(ctx, ctx.reshape(result, {batch, heads, length, size}));
  return SmallVector<Value>{result, k, v};
}

/// `value`, or what sub-graph `name` makes of it. Null after an error.
Value modify(ConversionContext &ctx, Value value, StringRef name) {
  Region *body = ctx.getNode().getBody(name);
  if (!body)
    return value;
  Block &block = body->front();
  if (block.getNumArguments() != 1 ||
      block.getTerminator()->getNumOperands() != 1)
    return refuse(ctx, "needs a sub-graph " + name + " of one tensor");
  ctx.map(block.getArgument(0), value);
  Converted results = ctx.convertBlock(block);
  if (failed(results))
    return {};
  if (getShape(results->front()) != getShape(value))
    return refuse(ctx, "has a sub-graph " + name + " that changes the shape");
  return results->front();
}

/// Attention of ONNX whose scores and weights are changed by sub-graphs.
Value convertFlexAttention(ConversionContext &ctx) {
  if (failed(ctx.requireOperands(3)))
    return {};
  Value q = ctx.operand(0), k = ctx.operand(1), v = ctx.operand(2);
  if (getRank(q) != 4 || getRank(k) != 4 || getRank(v) != 4)
    return refuse(ctx, "needs query, key and value of rank 4");
  ArrayRef<int64_t> shape = getShape(q);
  int64_t heads = getShape(k)[1];
  if (heads == 0 || shape[1] % heads != 0)
    return refuse(ctx, "cannot share " + Twine(heads) + " heads among " +
                           Twine(shape[1]));
  double factor =
      ctx.getNode().getF32("scale", 1.0f / std::sqrt(float(shape[3])));
  // Each head of keys and values serves a group of queries in a row.
  auto spread = [&](Value x) {
    ArrayRef<int64_t> own = getShape(x);
    int64_t group = shape[1] / heads;
    if (group == 1)
      return x;
    Value column = ctx.reshape(x, {own[0], heads, 1, own[2], own[3]});
    return ctx.reshape(
        ctx.broadcast(column, {own[0], heads, group, own[2], own[3]}),
        {own[0], shape[1], own[2], own[3]});
  };
  Type type = getElementType(q);
  Value keys = ctx.transpose(spread(ctx.widen(k)), {0, 1, 3, 2});
  Value scores = ctx.create<edge::MatMulOp>(scale(ctx, ctx.widen(q), factor),
                                            keys, Value(), ValueRange());
  scores = modify(ctx, scores, "score_mod");
  if (!scores)
    return {};
  Value weights =
      ctx.create<edge::SoftmaxOp>(scores, uint64_t(3), /*log=*/false);
  weights = modify(ctx, weights, "prob_mod");
  if (!weights)
    return {};
  return ctx.cast(ctx.create<edge::MatMulOp>(weights, spread(ctx.widen(v)),
                                             Value(), ValueRange()),
                  type);
}

} // namespace

void edgecc::registerAttentionConverters(ConverterTable &table) {
  auto add = [&](StringRef name, ConvertFn convert) {
    table.add(name, std::move(convert), 1, ConverterTable::kNewest,
              kMicrosoftDomain);
  };
  add("Attention", convertAttention);
  add("QAttention", checkingScales(convertQAttention, {{3, 6, 0}, {4, 7, 1}}));
  add("MultiHeadAttention", convertMultiHeadAttention);
  add("RotaryEmbedding", single(convertRotaryEmbedding));
  add("GroupQueryAttention", convertGroupQueryAttention);
  table.add("FlexAttention", single(convertFlexAttention), 1,
            ConverterTable::kNewest, "ai.onnx.preview");
}
