//===- Sequence.cpp - ONNX sequences and optionals --------------*- C++ -*-===//
//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A sequence is a list of values while the model is converted, and nothing
// after it: its length and the positions in it must be known.
//
//===----------------------------------------------------------------------===//

#include "passes/OnnxToEdge/Arithmetic.h"

using namespace mlir;
using namespace edgecc;

namespace {

/// The result of a node that gives `elements`.
Converted giveSequence(ConversionContext &ctx, SmallVector<Value> elements) {
  Binding binding;
  binding.sequence = std::move(elements);
  ctx.bindResult(0, std::move(binding));
  return SmallVector<Value>{Value()};
}

/// The result of a node that gives what an operand is.
Converted giveBinding(ConversionContext &ctx, Binding binding) {
  if (binding.tensor)
    return SmallVector<Value>{binding.tensor};
  ctx.bindResult(0, std::move(binding));
  return SmallVector<Value>{Value()};
}

Converted giveFlag(ConversionContext &ctx, bool flag) {
  return SmallVector<Value>{
      ctx.createSplat(flag, ctx.getBuilder().getI1Type())};
}

/// The position that operand `index` holds, counted from the front, in a
/// sequence of `size`; `size` itself is one where `atEnd` says so.
FailureOr<int64_t> readPosition(ConversionContext &ctx, unsigned index,
                                int64_t size, bool atEnd) {
  FailureOr<SmallVector<int64_t>> list = ctx.ints(index, "position");
  if (failed(list))
    return failure();
  int64_t last = atEnd ? size : size - 1;
  int64_t position = list->size() == 1 ? list->front() : size + 1;
  if (position < 0)
    position += size;
  if (position < 0 || position > last)
    return ctx.error() << "the position in a sequence of " << size
                       << " elements is out of range";
  return position;
}

Converted convertIdentity(ConversionContext &ctx) {
  if (failed(ctx.requireOperands(1)))
    return failure();
  return giveBinding(ctx, ctx.binding(0));
}

Converted convertConstruct(ConversionContext &ctx) {
  SmallVector<Value> elements;
  for (unsigned i = 0; i < ctx.getNumOperands(); ++i)
    elements.push_back(ctx.operand(i));
  return giveSequence(ctx, elements);
}

Converted convertEmpty(ConversionContext &ctx) { return giveSequence(ctx, {}); }

Converted convertInsert(ConversionContext &ctx) {
  FailureOr<SmallVector<Value>> elements = ctx.sequence(0);
  if (failed(elements))
    return failure();
  int64_t position = elements->size();
  if (!ctx.getNode().isAbsent(2)) {
    auto read = readPosition(ctx, 2, position, /*atEnd=*/true);
    if (failed(read))
      return failure();
    position = *read;
  }
  elements->insert(elements->begin() + position, ctx.operand(1));
  return giveSequence(ctx, *elements);
}

Converted convertErase(ConversionContext &ctx) {
  FailureOr<SmallVector<Value>> elements = ctx.sequence(0);
  if (failed(elements))
    return failure();
  int64_t position = int64_t(elements->size()) - 1;
  if (!ctx.getNode().isAbsent(1)) {
    auto read = readPosition(ctx, 1, elements->size(), /*atEnd=*/false);
    if (failed(read))
      return failure();
    position = *read;
  }
  if (position < 0)
    return ctx.error() << "erases from an empty sequence";
  elements->erase(elements->begin() + position);
  return giveSequence(ctx, *elements);
}

Converted convertAt(ConversionContext &ctx) {
  FailureOr<SmallVector<Value>> elements = ctx.sequence(0);
  if (failed(elements))
    return failure();
  auto position = readPosition(ctx, 1, elements->size(), /*atEnd=*/false);
  if (failed(position))
    return failure();
  return SmallVector<Value>{(*elements)[*position]};
}

Converted convertLength(ConversionContext &ctx) {
  FailureOr<SmallVector<Value>> elements = ctx.sequence(0);
  if (failed(elements))
    return failure();
  return SmallVector<Value>{ctx.createInts({int64_t(elements->size())}, {})};
}

Converted convertConcat(ConversionContext &ctx) {
  FailureOr<SmallVector<Value>> elements = ctx.sequence(0);
  if (failed(elements))
    return failure();
  if (elements->empty())
    return ctx.error() << "joins an empty sequence";
  bool isNew = ctx.getNode().getI64("new_axis", 0);
  int64_t rank = getRank(elements->front()) + isNew;
  FailureOr<int64_t> axis =
      ctx.normalizeAxis(ctx.getNode().getI64("axis", 0), rank);
  if (failed(axis))
    return failure();
  if (isNew)
    for (Value &element : *elements) {
      SmallVector<int64_t> shape(getShape(element));
      shape.insert(shape.begin() + std::min<int64_t>(*axis, shape.size()), 1);
      element = ctx.reshape(element, shape);
    }
  if (elements->size() == 1)
    return SmallVector<Value>{elements->front()};
  return SmallVector<Value>{ctx.create<edge::ConcatOp>(
      *elements, ctx.getBuilder().getI64IntegerAttr(*axis))};
}

Converted convertSplit(ConversionContext &ctx) {
  if (failed(ctx.requireOperands(1)))
    return failure();
  Value input = ctx.operand(0);
  FailureOr<int64_t> axis =
      ctx.normalizeAxis(ctx.getNode().getI64("axis", 0), getRank(input));
  if (failed(axis))
    return failure();
  int64_t size = getShape(input)[*axis];
  SmallVector<int64_t> sizes;
  bool keeps = true;
  if (ctx.getNode().isAbsent(1)) {
    sizes.assign(size, 1);
    keeps = ctx.getNode().getI64("keepdims", 1);
  } else {
    FailureOr<SmallVector<int64_t>> split = ctx.ints(1, "split");
    if (failed(split))
      return failure();
    sizes = *split;
    if (getRank(ctx.operand(1)) == 0) {
      int64_t chunk = split->front();
      if (chunk <= 0)
        return ctx.error() << "operand 1 (split) must be positive, found "
                           << chunk;
      sizes.clear();
      for (int64_t at = 0; at < size; at += chunk)
        sizes.push_back(std::min(chunk, size - at));
    }
  }
  int64_t total = 0;
  for (int64_t part : sizes)
    total += part;
  if (total != size || llvm::any_of(sizes, [](int64_t s) { return s < 0; }))
    return ctx.error() << "operand 1 (split) does not add up to " << size;
  SmallVector<Value> elements;
  int64_t at = 0;
  for (int64_t part : sizes) {
    Value element = ctx.slice(input, *axis, at, part);
    if (!keeps) {
      SmallVector<int64_t> shape(getShape(element));
      shape.erase(shape.begin() + *axis);
      element = ctx.reshape(element, shape);
    }
    elements.push_back(element);
    at += part;
  }
  return giveSequence(ctx, elements);
}

/// Applies a sub-graph to the elements with one number of all sequences.
Converted convertMap(ConversionContext &ctx) {
  Region *region = ctx.getNode().getBody("body");
  if (!region)
    return ctx.error() << "needs the sub-graph body";
  Block &body = region->front();
  FailureOr<SmallVector<Value>> first = ctx.sequence(0);
  if (failed(first))
    return failure();
  if (body.getNumArguments() != ctx.getNumOperands())
    return ctx.error() << "has " << ctx.getNumOperands()
                       << " operands for a body of " << body.getNumArguments()
                       << " inputs";
  SmallVector<SmallVector<Value>> results(
      body.getTerminator()->getNumOperands());
  for (size_t i = 0; i < first->size(); ++i) {
    for (auto [index, argument] : llvm::enumerate(body.getArguments())) {
      Binding operand = ctx.binding(index);
      if (operand.sequence && operand.sequence->size() != first->size())
        return ctx.error() << "has sequences of different lengths";
      ctx.map(argument,
              operand.sequence ? (*operand.sequence)[i] : operand.tensor);
    }
    Converted yielded = ctx.convertBlock(body);
    if (failed(yielded))
      return failure();
    for (auto [list, value] : llvm::zip(results, *yielded))
      list.push_back(value);
  }
  for (auto [index, list] : llvm::enumerate(results)) {
    Binding binding;
    binding.sequence = std::move(list);
    ctx.bindResult(index, std::move(binding));
  }
  return SmallVector<Value>(results.size());
}

//===----------------------------------------------------------------------===//
// Optionals
//===----------------------------------------------------------------------===//

Converted convertOptional(ConversionContext &ctx) {
  Binding binding = ctx.binding(0);
  binding.isEmpty = !binding;
  return giveBinding(ctx, binding);
}

Converted convertHasElement(ConversionContext &ctx) {
  Binding binding = ctx.binding(0);
  return giveFlag(ctx, binding.tensor || binding.sequence);
}

Converted convertGetElement(ConversionContext &ctx) {
  Binding binding = ctx.binding(0);
  if (!binding.tensor && !binding.sequence)
    return ctx.error() << "takes the element of an empty optional";
  return giveBinding(ctx, binding);
}

} // namespace

void edgecc::registerSequenceConverters(ConverterTable &table) {
  table.add("Identity", convertIdentity);
  table.add("ConcatFromSequence", convertConcat);
  table.add("Optional", convertOptional);
  table.add("OptionalGetElement", convertGetElement);
  table.add("OptionalHasElement", convertHasElement);
  table.add("SequenceAt", convertAt);
  table.add("SequenceConstruct", convertConstruct);
  table.add("SequenceEmpty", convertEmpty);
  table.add("SequenceErase", convertErase);
  table.add("SequenceInsert", convertInsert);
  table.add("SequenceLength", convertLength);
  table.add("SequenceMap", convertMap);
  table.add("SplitToSequence", convertSplit);
}
