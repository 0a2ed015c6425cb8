//===- LineProducts.cpp - convolutions as products of lines -----*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "passes/Quantization/LineProducts.h"
#include "dialects/Edge/ValueNames.h"
#include "passes/Quantization/LowerContractions.h"

using namespace mlir;
using namespace edgecc;
using namespace edgecc::edge;
using namespace edgecc::quantization;

/// Beyond so many pixels, what unpacking a weight takes is little beside the
/// products with it.
static constexpr int64_t enoughPixels = 128;

int64_t edgecc::quantization::bytesAround(Operation *op) {
  int64_t bytes = 0;
  for (Value value : {op->getOperand(0), Value(op->getResult(0))})
    bytes += typeOf(value).getNumElements() *
             elementBytes(typeOf(value).getElementType());
  return bytes;
}

int64_t LineProducts::linesRead(int64_t lines) {
  int64_t kernel = typeOf(op.getWeights()).getDimSize(0);
  return (lines - 1) * op.getStrides()[0] + (kernel - 1) * op.getDilation(0) +
         1;
}

int64_t LineProducts::bytesOf(int64_t lines) {
  RankedTensorType input = typeOf(op.getInput()), result = op.getType();
  ArrayRef<int64_t> weights = typeOf(op.getWeights()).getShape();
  int64_t width =
      input.getDimSize(2) + op.getPadsLow()[1] + op.getPadsHigh()[1];
  int64_t height =
      input.getDimSize(1) + op.getPadsLow()[0] + op.getPadsHigh()[0];
  return 4 * (result.getNumElements() +
              (height + linesRead(lines)) * width * input.getDimSize(3) +
              lines * result.getDimSize(2) *
                  (llvm::product_of(weights.drop_back()) + weights.back()));
}

std::optional<LineProducts> LineProducts::get(ConvOp op, int64_t bytes) {
  LineProducts products(op);
  auto isReal = [](Value value) {
    return !value || typeOf(value).getElementType().isF32();
  };
  if (op.getSpatialRank() != 2 || op.getGroups() != 1 ||
      op.getType().getDimSize(0) != 1 || op.getType().getNumElements() == 0 ||
      !op.getEpilogue().empty() || !isReal(op.getInput()) ||
      !isReal(op.getWeights()) || !isReal(op.getBias()) ||
      products.bytesOf(1) > bytes)
    return std::nullopt;
  int64_t height = op.getType().getDimSize(1);
  for (int64_t lines = 2; lines <= height; ++lines)
    if (height % lines == 0 && products.bytesOf(lines) <= bytes &&
        lines * op.getType().getDimSize(2) <= enoughPixels)
      products.lines = lines;
  return products;
}

MatMulOp LineProducts::multiply(OpBuilder &builder, Value read) {
  Location loc = withoutValue(op.getLoc());
  ArrayRef<int64_t> kernel = typeOf(op.getWeights()).getShape();
  int64_t width = op.getType().getDimSize(2), channels = kernel[2];
  SmallVector<Value> taps;
  for (int64_t y = 0; y < kernel[0]; ++y)
    for (int64_t x = 0; x < kernel[1]; ++x)
      taps.push_back(builder.createOrFold<SliceOp>(
          loc, read,
          SmallVector<int64_t>{0, y * op.getDilation(0), x * op.getDilation(1),
                               0},
          SmallVector<int64_t>{1, lines, width, channels},
          SmallVector<int64_t>{1, op.getStrides()[0], op.getStrides()[1], 1}));
  Value pixels = taps.front();
  if (taps.size() > 1)
    pixels = ConcatOp::create(builder, loc, taps, uint64_t(3));
  auto reshape = [&](Value value, ArrayRef<int64_t> shape) {
    return builder.createOrFold<ReshapeOp>(loc, typeOf(value).clone(shape),
                                           value);
  };
  int64_t depth = llvm::product_of(kernel.drop_back());
  return MatMulOp::create(builder, op.getLoc(),
                          reshape(pixels, {lines * width, depth}),
                          reshape(op.getWeights(), {depth, kernel.back()}),
                          op.getBias(), ValueRange());
}

MatMulOp LineProducts::replace() {
  OpBuilder builder(op);
  Location loc = withoutValue(op.getLoc());
  RankedTensorType type = op.getType();
  auto isZero = [](int64_t size) { return size == 0; };
  Value input = op.getInput();
  if (!llvm::all_of(op.getPadsLow(), isZero) ||
      !llvm::all_of(op.getPadsHigh(), isZero))
    input =
        padSpatial(builder, loc, input, op.getPadsLow(), op.getPadsHigh(), 0);
  int64_t trips = type.getDimSize(1) / lines;
  MatMulOp product;
  Value all;
  if (trips == 1) {
    product = multiply(builder, input);
    all = product.getResult();
  } else {
    Type i64 = builder.getI64Type();
    auto collected = RankedTensorType::get(
        {trips, lines * type.getDimSize(2), type.getDimSize(3)},
        type.getElementType());
    auto loop =
        LoopOp::create(builder, loc, TypeRange{collected}, Value(), Value(),
                       ValueRange(), builder.getI64IntegerAttr(trips));
    OpBuilder::InsertionGuard guard(builder);
    Block *body = builder.createBlock(&loop.getBody(), {},
                                      {RankedTensorType::get({}, i64)}, {loc});
    auto constant = [&](ArrayRef<int64_t> numbers, ArrayRef<int64_t> shape) {
      return createIntegers(builder, loc, numbers,
                            RankedTensorType::get(shape, i64));
    };
    Value first = MulOp::create(builder, loc, body->getArgument(0),
                                constant({lines * op.getStrides()[0]}, {}));
    SmallVector<int64_t> numbers =
        llvm::to_vector(llvm::seq<int64_t>(0, linesRead(lines)));
    Value read = GatherOp::create(
        builder, loc, input,
        AddOp::create(builder, loc,
                      constant(numbers, {int64_t(numbers.size())}), first),
        builder.getI64IntegerAttr(1));
    product = multiply(builder, read);
    YieldOp::create(builder, loc, product.getResult());
    all = loop.getResult(0);
  }
  builder.setInsertionPointAfter(all.getDefiningOp());
  op.getResult().replaceAllUsesWith(
      ReshapeOp::create(builder, op.getLoc(), type, all).getResult());
  op.erase();
  return product;
}
