//===- NormalizeIntegers.cpp - normalisations of integers -------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "dialects/Edge/ValueNames.h"
#include "passes/Quantization/Averages.h"
#include "passes/Quantization/IntegerMaps.h"
#include "passes/Quantization/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "llvm/Support/MathExtras.h"

#include <array>
#include <cmath>

namespace edgecc::quantization {
#define GEN_PASS_DEF_NORMALIZEINTEGERS
#include "passes/Quantization/Passes.h.inc"
} // namespace edgecc::quantization

using namespace mlir;
using namespace edgecc;
using namespace edgecc::edge;
using namespace edgecc::quantization;

/// Bytes with one scale that `value` is dequantised from; null for others.
static Value bytesOf(Value value) {
  auto cast = value.getDefiningOp<DequantizeOp>();
  Value source = cast ? quantizedSource(value) : Value();
  return source && quantizedType(source).getStorageTypeIntegralWidth() == 8
             ? source
             : Value();
}

static Value real(ImplicitLocOpBuilder &b, double value) {
  return arith::ConstantOp::create(b, b.getF32FloatAttr(float(value)));
}

static Value integer(ImplicitLocOpBuilder &b, int64_t value, Type type) {
  return arith::ConstantOp::create(b, b.getIntegerAttr(type, value));
}

static Value toReal(ImplicitLocOpBuilder &b, Value value) {
  return arith::SIToFPOp::create(b, b.getF32Type(), value);
}

//===----------------------------------------------------------------------===//
// Softmax
//===----------------------------------------------------------------------===//

/// The longest rows: what is lost of exponentials below the last bit of the
/// table stays below 2^-9 of their sum.
static constexpr int64_t longestRow = 2048;

/// e^(-d * scale) for distances `d`, such that sums of `count` stay in 31 bits.
static std::array<int32_t, 256> exponentials(double scale, int64_t count) {
  int bits = std::min(30 - int(llvm::Log2_64_Ceil(uint64_t(count))), 24);
  std::array<int32_t, 256> table;
  for (auto [d, number] : llvm::enumerate(table))
    number =
        int32_t(std::llround(std::ldexp(std::exp(-double(d) * scale), bits)));
  return table;
}

/// The shares as f32, to be quantised; null where integers do not do.
static Value normalizeSoftmax(OpBuilder &builder, SoftmaxOp op) {
  Value source = bytesOf(op.getInput());
  int64_t axis = op.getAxis();
  int64_t count = op.getType().getDimSize(axis);
  auto isQuantized = [](Operation *user) { return isa<QuantizeOp>(user); };
  // Small shares have few digits.
  if (!source || op.getLog() || count == 0 || count > longestRow ||
      !llvm::all_of(op->getUsers(), isQuantized))
    return {};
  Location loc = withoutValue(op.getLoc());
  Value powers = lookUpDistances(
      builder, loc, source, axis,
      exponentials(Parameters(quantizedType(source)).scale(), count));
  Value sum = builder.createOrFold<ReduceOp>(
      loc, ReduceKind::Sum, powers, ValueRange(), ArrayRef<int64_t>(axis));
  Value reciprocal = createMap(
      builder, loc, sum, typeOf(sum).clone(builder.getF32Type()),
      [](ImplicitLocOpBuilder &b, ValueRange scalars) -> Value {
        return arith::DivFOp::create(b, real(b, 1), toReal(b, scalars[0]));
      });
  return createMap(builder, op.getLoc(), {powers, reciprocal}, op.getType(),
                   [](ImplicitLocOpBuilder &b, ValueRange scalars) -> Value {
                     return arith::MulFOp::create(b, toReal(b, scalars[0]),
                                                  scalars[1]);
                   });
}

//===----------------------------------------------------------------------===//
// Layer normalisation
//===----------------------------------------------------------------------===//

/// A number of at most 2^48 that is not negative, rounded to f32 once: CPUs
/// without 64 bits need no function for it.
static Value wideToReal(ImplicitLocOpBuilder &b, Value value) {
  constexpr int64_t bits = 24;
  Type i32 = b.getI32Type(), i64 = b.getI64Type();
  Value high = arith::ShRUIOp::create(b, value, integer(b, bits, i64));
  Value low = arith::AndIOp::create(b, value,
                                    integer(b, (int64_t(1) << bits) - 1, i64));
  high = toReal(b, arith::TruncIOp::create(b, i32, high));
  low = toReal(b, arith::TruncIOp::create(b, i32, low));
  high = arith::MulFOp::create(b, high, real(b, std::ldexp(1.0, bits)));
  return arith::AddFOp::create(b, high, low);
}

/// The sums of integers over `axes`, in 32 bits.
static Value sumOf(OpBuilder &builder, Location loc, Value integers,
                   ArrayRef<int64_t> axes) {
  OpBuilder::InsertionGuard guard(builder);
  auto sum = ReduceOp::create(builder, loc, ReduceKind::Sum, integers,
                              ValueRange(), axes);
  sum.getResult().setType(typeOf(sum.getResult()).clone(builder.getI32Type()));
  Block *block = builder.createBlock(&sum.getEpilogue());
  Value total = block->addArgument(builder.getI32Type(), loc);
  YieldOp::create(builder, loc, total);
  return sum.getResult();
}

/// The normalised numbers in f32; null where integers do not do. With `n`
/// integers `q` the numbers are `(n q - sum) / sqrt(n squares - sum^2)`: what
/// is subtracted is exact.
static Value normalizeLayer(OpBuilder &builder, LayerNormOp op) {
  Value source = bytesOf(op.getInput());
  if (!source)
    return {};
  quant::QuantizedType type = quantizedType(source);
  Parameters parameters(type);
  SmallVector<int64_t> axes;
  int64_t count = 1;
  for (int64_t axis = op.getAxis(); axis < op.getType().getRank(); ++axis) {
    axes.push_back(axis);
    count *= op.getType().getDimSize(axis);
  }
  // Sums of squares are below 2^31.
  if (count == 0 || count > int64_t(1) << 15)
    return {};
  Location loc = withoutValue(op.getLoc());
  Type f32 = builder.getF32Type();
  Value integers = integersOf(builder, source);
  // Of 16 bits, which is enough for the square of a difference of bytes.
  Type half = builder.getIntegerType(16, /*isSigned=*/false);
  Value square = createMap(
      builder, loc, integers, op.getType().clone(half),
      [&](ImplicitLocOpBuilder &b, ValueRange scalars) -> Value {
        Value x = emitCentred(b, scalars[0], type);
        return arith::TruncIOp::create(
            b, b.getI16Type(), arith::MulIOp::create(b, x, x).getResult());
      });
  SmallVector<Value> sums{sumOf(builder, loc, square, axes)};
  if (!op.getRms())
    sums.push_back(sumOf(builder, loc, integers, axes));
  double n = double(count), scale = parameters.scale();
  auto centredSum = [&](ImplicitLocOpBuilder &b, Value sum) -> Value {
    return arith::SubIOp::create(
        b, sum, integer(b, parameters.zeroPoint() * count, b.getI32Type()));
  };
  Value factor = createMap(
      builder, loc, sums, typeOf(sums.front()).clone(f32),
      [&](ImplicitLocOpBuilder &b, ValueRange scalars) -> Value {
        Type i64 = b.getI64Type();
        auto wide = [&](Value x) -> Value {
          return arith::ExtSIOp::create(b, i64, x);
        };
        Value spread =
            arith::MulIOp::create(b, wide(scalars[0]), integer(b, count, i64));
        if (scalars.size() > 1) {
          Value sum = wide(centredSum(b, scalars[1]));
          spread = arith::SubIOp::create(
              b, spread, arith::MulIOp::create(b, sum, sum).getResult());
        }
        Value variance =
            arith::AddFOp::create(b, wideToReal(b, spread),
                                  real(b, op.getEpsilon().convertToDouble() *
                                              n * n / (scale * scale)));
        return arith::DivFOp::create(
            b, real(b, 1), math::SqrtOp::create(b, variance).getResult());
      });
  SmallVector<Value> inputs{integers, factor};
  inputs.append(std::next(sums.begin()), sums.end());
  size_t first = inputs.size();
  for (Value part : {op.getScale(), op.getBias()})
    if (part)
      inputs.push_back(part);
  return createMap(
      builder, op.getLoc(), inputs, op.getType(),
      [&](ImplicitLocOpBuilder &b, ValueRange scalars) -> Value {
        // Integers below 2^24, so exact.
        Value x = arith::MulFOp::create(
            b, toReal(b, emitCentred(b, scalars[0], type)), real(b, n));
        if (!op.getRms())
          x = arith::SubFOp::create(b, x, toReal(b, centredSum(b, scalars[2])));
        Value y = arith::MulFOp::create(b, x, scalars[1]);
        size_t next = first;
        if (op.getScale())
          y = arith::MulFOp::create(b, y, scalars[next++]);
        if (op.getBias())
          y = arith::AddFOp::create(b, y, scalars[next]);
        return y;
      });
}

namespace {
struct NormalizeIntegers
    : edgecc::quantization::impl::NormalizeIntegersBase<NormalizeIntegers> {
  void runOnOperation() override {
    SmallVector<Operation *> work;
    getOperation().walk([&](Operation *op) {
      if (isa<SoftmaxOp, LayerNormOp>(op))
        work.push_back(op);
    });
    OpBuilder builder(&getContext());
    for (Operation *op : work) {
      builder.setInsertionPoint(op);
      auto softmax = dyn_cast<SoftmaxOp>(op);
      Value result = softmax ? normalizeSoftmax(builder, softmax)
                             : normalizeLayer(builder, cast<LayerNormOp>(op));
      if (!result)
        continue;
      op->getResult(0).replaceAllUsesWith(result);
      op->erase();
      ++numNormalized;
    }
  }
};
} // namespace
