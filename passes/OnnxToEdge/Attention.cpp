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
/// queries, keys), or the number of keys (batch). Null after an error.
Value createMask(ConversionContext &ctx, Value mask, Value like, double filter,
                 int64_t keys) {
  ArrayRef<int64_t> shape = getShape(mask);
  int64_t batch = getShape(like)[0];
  Value isKept;
  if (shape.size() == 1 && shape[0] == batch) {
    Value count = ctx.reshape(ctx.cast(mask, ctx.getBuilder().getI64Type()),
                              {batch, 1, 1, 1});
    isKept =
        compare(ctx, edge::ComparePredicate::LT, iota(ctx, keys, 3, 4), count);
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
/// biases broadcast to (batch, heads, queries, keys).
Value attend(ConversionContext &ctx, Value q, Value k, Value v,
             ArrayRef<Value> biases) {
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
        seen.push_back(j <= i + keys - queries);
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

Value convertAttention(ConversionContext &ctx) {
  if (failed(ctx.requireOperands(2)))
    return {};
  Value x = ctx.operand(0), weights = ctx.operand(1), bias = ctx.operand(2);
  if (ctx.operand(4) || ctx.getNode().getI64("do_rotary", 0))
    return refuse(ctx, "has past keys or rotates, which is not supported");
  if (getRank(x) != 3 || getRank(weights) != 2)
    return refuse(ctx, "needs an operand of rank 3 and weights of rank 2");
  int64_t third = getShape(weights)[1] / 3;
  SmallVector<int64_t> widths = {third, third, third};
  ArrayRef<int64_t> given = ctx.getNode().getInts("qkv_hidden_sizes", widths);
  if (given.size() != 3 || given[0] != given[1] ||
      given[0] + given[1] + given[2] != getShape(weights)[1])
    return refuse(ctx, "has weights of " + Twine(getShape(weights)[1]) +
                           " columns that do not split into its widths");
  int64_t heads = getHeads(ctx, given[0]);
  if (!heads)
    return {};
  Value projected = ctx.create<edge::MatMulOp>(x, weights, bias, ValueRange());
  Value parts[3];
  int64_t offset = 0;
  for (int i = 0; i < 3; ++i) {
    parts[i] =
        splitHeads(ctx, ctx.slice(projected, 2, offset, given[i]), heads);
    offset += given[i];
  }
  Value mask = ctx.operand(3);
  if (mask) {
    mask = createMask(ctx, mask, x,
                      ctx.getNode().getF32("mask_filter_value", -10000.0f),
                      getShape(x)[1]);
    if (!mask)
      return {};
  }
  return mergeHeads(
      ctx, attend(ctx, parts[0], parts[1], parts[2], {mask, ctx.operand(5)}));
}

Value convertMultiHeadAttention(ConversionContext &ctx) {
  for (unsigned i = 6, end = ctx.getNumOperands(); i < end; ++i)
    if (ctx.operand(i))
      return refuse(ctx, "has past keys or a cache, which is not supported");
  if (failed(ctx.requireOperands(3)))
    return {};
  Value parts[3] = {ctx.operand(0), ctx.operand(1), ctx.operand(2)};
  for (Value part : parts)
    if (getRank(part) != 3)
      return refuse(ctx, "needs query, key and value of rank 3");
  int64_t heads = getHeads(ctx, getShape(parts[0])[2]);
  if (!heads)
    return {};
  Value bias = ctx.operand(3);
  int64_t offset = 0, keys = getShape(parts[1])[1];
  for (Value &part : parts) {
    int64_t width = getShape(part)[2];
    if (bias)
      part = ctx.create<edge::AddOp>(part, ctx.slice(bias, 0, offset, width));
    offset += width;
    part = splitHeads(ctx, part, heads);
  }
  Value mask = ctx.operand(4);
  if (mask) {
    mask =
        createMask(ctx, mask, parts[0],
                   ctx.getNode().getF32("mask_filter_value", -10000.0f), keys);
    if (!mask)
      return {};
  }
  return mergeHeads(
      ctx, attend(ctx, parts[0], parts[1], parts[2], {mask, ctx.operand(5)}));
}

/// Turns pairs of elements by an angle that depends on the position: (a, b) to
/// (a cos - b sin, a sin + b cos). A pair is of neighbours if interleaved, else
/// of the two halves.
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
  ArrayRef<int64_t> inner = getShape(split);
  int64_t batch = inner[0], length = inner[2], size = inner[3];
  if (2 * half > size)
    return refuse(ctx, "rotates " + Twine(2 * half) + " of " + Twine(size) +
                           " elements");
  // A single position is that of the first element.
  if (getTensorType(positions).getNumElements() == 1)
    positions = ctx.create<edge::AddOp>(
        ctx.cast(ctx.reshape(positions, {1, 1}), ctx.getBuilder().getI64Type()),
        iota(ctx, length, 1, 2));
  Value angles[2];
  for (int i = 0; i < 2; ++i) {
    Value picked =
        ctx.create<edge::GatherOp>(ctx.operand(2 + i), positions, uint64_t(0));
    angles[i] = ctx.reshape(picked, {getShape(picked)[0], 1, length, half});
  }
  bool interleaved = ctx.getNode().getI64("interleaved", 0);
  Value rotated = ctx.slice(split, 3, 0, 2 * half), a, b;
  SmallVector<int64_t> flat = {batch, inner[1], length, half};
  if (interleaved) {
    SmallVector<int64_t> pairs = {batch, inner[1], length, half, 2};
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
  Value first =
      ctx.create<edge::SubOp>(product(a, angles[0]), product(b, angles[1]));
  Value second =
      ctx.create<edge::AddOp>(product(a, angles[1]), product(b, angles[0]));
  if (interleaved) {
    SmallVector<int64_t> column = {batch, inner[1], length, half, 1};
    SmallVector<Value> both = {ctx.reshape(first, column),
                               ctx.reshape(second, column)};
    rotated = ctx.reshape(ctx.create<edge::ConcatOp>(both, uint64_t(4)),
                          {batch, inner[1], length, 2 * half});
  } else {
    SmallVector<Value> both = {first, second};
    rotated = ctx.create<edge::ConcatOp>(both, uint64_t(3));
  }
  if (2 * half < size) {
    SmallVector<Value> both = {rotated,
                               ctx.slice(split, 3, 2 * half, size - 2 * half)};
    rotated = ctx.create<edge::ConcatOp>(both, uint64_t(3));
  }
  return shape.size() == 3 ? mergeHeads(ctx, rotated) : rotated;
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
  auto add = [&](StringRef name, SingleFn *convert) {
    table.add(name, single(convert), 1, ConverterTable::kNewest,
              kMicrosoftDomain);
  };
  add("Attention", convertAttention);
  add("MultiHeadAttention", convertMultiHeadAttention);
  add("RotaryEmbedding", convertRotaryEmbedding);
  table.add("FlexAttention", single(convertFlexAttention), 1,
            ConverterTable::kNewest, "ai.onnx.preview");
}
