//===- FormIntegerCells.cpp - recurrent cells as loops on integers -------===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
//
// docs/rationale/quantization.md says which bits come out.
//
//===----------------------------------------------------------------------===//

#include "dialects/Edge/ValueNames.h"
#include "passes/Quantization/Averages.h"
#include "passes/Quantization/IntegerCells.h"
#include "passes/Quantization/IntegerMaps.h"
#include "passes/Quantization/LowerContractions.h"
#include "passes/Quantization/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"

#include <cmath>

namespace edgecc::quantization {
#define GEN_PASS_DEF_FORMINTEGERCELLS
#include "passes/Quantization/Passes.h.inc"
} // namespace edgecc::quantization

using namespace mlir;
using namespace edgecc;
using namespace edgecc::edge;
using namespace edgecc::quantization;

namespace {

/// Bits behind the point: of what gates take, of what they give and of the
/// state of a GRU, of the memory of an LSTM.
constexpr int gateBits = 12, unitBits = 15, memoryBits = 11;

/// Builds the loop for one cell.
class CellBuilder {
public:
  CellBuilder(OpBuilder &builder, const IntegerCell &cell)
      : builder(builder), cell(cell), loc(withoutValue(cell.op->getLoc())),
        states(typeOf(cell.op->getResult(0))), batch(states.getDimSize(1)),
        units(states.getDimSize(2)) {}

  /// In place of the results of the cell.
  void replace();

private:
  using Words = llvm::function_ref<Value(ImplicitLocOpBuilder &, ValueRange)>;

  /// 16 bits with `bits` of them behind the point.
  quant::QuantizedType fixedType(int bits) {
    return quant::UniformQuantizedType::get(
        quant::QuantizationFlags::Signed, builder.getI16Type(),
        builder.getF32Type(), std::ldexp(1.0, -bits), 0, -32768, 32767);
  }
  /// How many bits there can be behind the point for numbers up to `most`.
  static int bitsFor(double most) {
    int exponent;
    std::frexp(most / 32767, &exponent);
    return std::min(gateBits, -exponent);
  }

  Value quantize(Value real, quant::QuantizedType type) {
    Value rounded =
        builder.createOrFold<QuantizeOp>(loc, typeOf(real).clone(type), real);
    return integersOf(builder, rounded);
  }
  Value quantized(Value integers, quant::QuantizedType type) {
    return StorageCastOp::create(builder, loc, typeOf(integers).clone(type),
                                 integers);
  }
  Value real(Value integers, quant::QuantizedType type) {
    return DequantizeOp::create(builder, loc,
                                typeOf(integers).clone(builder.getF32Type()),
                                quantized(integers, type));
  }
  Value add(Value a, Value b) { return AddOp::create(builder, loc, a, b); }

  /// The columns of `count` gates from `first` on, of the last dimension.
  Value gates(Value value, int64_t first, int64_t count = 1);
  /// The same of the known matrix of the recurrence.
  Value matrix(int64_t first, int64_t count);
  /// Stored states times the recurrence of some gates, with its bias, in f32.
  Value product(Value h, int64_t first, int64_t count);

  /// The map of 32-bit words, one for each of `inputs` in 16 bits, to 16 bits.
  Value map(ValueRange inputs, Words emit);
  /// The function whose chords are `table` of numbers in `gateBits`.
  Value activate(Value x, Value table);
  Value createTable(double (*function)(double));
  /// Stored states of numbers with `bits` behind the point.
  Value toState(ValueRange inputs, int bits, Words emit);

  SmallVector<Value> lstm(Value x, ValueRange carried);
  SmallVector<Value> gru(Value x, ValueRange carried);

  OpBuilder &builder;
  const IntegerCell &cell;
  Location loc;
  RankedTensorType states;
  int64_t batch, units;
  /// Bits behind the point of the projected inputs.
  int inputBits = 0;
  Value sigmoids, tangents;
};

Value word(ImplicitLocOpBuilder &b, int64_t value) {
  return arith::ConstantOp::create(b, b.getI32IntegerAttr(int32_t(value)));
}
Value mul(ImplicitLocOpBuilder &b, Value x, Value y) {
  return arith::MulIOp::create(b, x, y);
}
Value add(ImplicitLocOpBuilder &b, Value x, Value y) {
  return arith::AddIOp::create(b, x, y);
}
Value clamp(ImplicitLocOpBuilder &b, Value x, int64_t least, int64_t most) {
  x = arith::MaxSIOp::create(b, x, word(b, least));
  return arith::MinSIOp::create(b, x, word(b, most));
}

/// x / 2^bits, to the nearest integer, ties up.
Value shiftRounded(ImplicitLocOpBuilder &b, Value x, int bits) {
  return arith::ShRSIOp::create(b, add(b, x, word(b, int64_t(1) << (bits - 1))),
                                word(b, bits));
}

} // namespace

Value CellBuilder::gates(Value value, int64_t first, int64_t count) {
  SmallVector<int64_t> sizes(typeOf(value).getShape());
  SmallVector<int64_t> offsets(sizes.size(), 0), strides(sizes.size(), 1);
  offsets.back() = first * units;
  sizes.back() = count * units;
  return builder.createOrFold<SliceOp>(loc, value, offsets, sizes, strides);
}

Value CellBuilder::matrix(int64_t first, int64_t count) {
  quant::QuantizedType type = quantizedType(cell.weights);
  if (auto channels = dyn_cast<quant::UniformQuantizedPerAxisType>(type))
    type = quant::UniformQuantizedPerAxisType::get(
        channels.getFlags(), channels.getStorageType(),
        channels.getExpressedType(),
        channels.getScales().slice(first * units, count * units),
        channels.getZeroPoints().slice(first * units, count * units),
        channels.getQuantizedDimension(), channels.getStorageTypeMin(),
        channels.getStorageTypeMax());
  ConstantView all = *knownIntegers(cell.weights);
  SmallVector<int64_t> columns;
  int64_t width = typeOf(cell.weights).getDimSize(1);
  for (int64_t i = 0, e = all.size(); i < e; ++i)
    if (i % width / units >= first && i % width / units < first + count)
      columns.push_back(all.integer(i));
  auto shape = RankedTensorType::get({units, count * units}, storageType(type));
  return quantized(createIntegers(builder, loc, columns, shape), type);
}

Value CellBuilder::product(Value h, int64_t first, int64_t count) {
  RankedTensorType type =
      RankedTensorType::get({batch, count * units}, builder.getF32Type());
  Value result =
      MatMulOp::create(builder, loc, type, quantized(h, cell.stateType),
                       matrix(first, count), Value(), ValueRange());
  auto gru = dyn_cast<GruOp>(cell.op);
  if (gru && gru.getRecurrentBias())
    result = add(result, gates(gru.getRecurrentBias(), first, count));
  return result;
}

Value CellBuilder::map(ValueRange inputs, Words emit) {
  return createMap(
      builder, loc, inputs, typeOf(inputs.front()).clone(builder.getI16Type()),
      [&](ImplicitLocOpBuilder &b, ValueRange scalars) -> Value {
        SmallVector<Value> words;
        for (Value x : scalars)
          words.push_back(x.getType().isInteger(32)
                              ? x
                              : arith::ExtSIOp::create(b, b.getI32Type(), x));
        return arith::TruncIOp::create(b, b.getI16Type(), emit(b, words));
      });
}

Value CellBuilder::createTable(double (*function)(double)) {
  auto at = [&](int64_t i) {
    double x = double(i) * std::ldexp(1.0, 8 - gateBits);
    double y = std::nearbyint(std::ldexp(function(x), unitBits));
    return int64_t(std::clamp(y, -32767.0, 32767.0));
  };
  // By the upper byte of a number, without its sign.
  SmallVector<int64_t> table;
  for (int64_t i = 0; i < 256; ++i) {
    int64_t x = int8_t(i);
    table.push_back(at(x) * 65536 + (at(x + 1) - at(x)));
  }
  return createIntegers(builder, loc, table,
                        RankedTensorType::get({256}, builder.getI32Type()));
}

Value CellBuilder::activate(Value x, Value table) {
  Type byte = builder.getIntegerType(8, /*isSigned=*/false);
  Value upper = createMap(
      builder, loc, x, typeOf(x).clone(byte),
      [](ImplicitLocOpBuilder &b, ValueRange scalars) -> Value {
        Value shifted = arith::ShRUIOp::create(
            b, scalars[0],
            arith::ConstantOp::create(b, b.getI16IntegerAttr(8)).getResult());
        return arith::TruncIOp::create(b, b.getI8Type(), shifted);
      });
  Value chord =
      GatherOp::create(builder, loc, typeOf(x).clone(builder.getI32Type()),
                       table, upper, builder.getI64IntegerAttr(0));
  return map({x, chord}, [](ImplicitLocOpBuilder &b, ValueRange w) -> Value {
    Value rise = arith::AndIOp::create(b, w[1], word(b, 65535));
    Value rest = arith::AndIOp::create(b, w[0], word(b, 255));
    Value start = arith::ShRSIOp::create(b, w[1], word(b, 16));
    return ::add(b, start, shiftRounded(b, mul(b, rise, rest), 8));
  });
}

Value CellBuilder::toState(ValueRange inputs, int bits, Words emit) {
  double scale = Parameters(cell.stateType).scale();
  return createMap(
      builder, loc, inputs,
      typeOf(inputs.front()).clone(storageType(cell.stateType)),
      [&](ImplicitLocOpBuilder &b, ValueRange scalars) -> Value {
        SmallVector<Value> words;
        for (Value x : scalars)
          words.push_back(arith::ExtSIOp::create(b, b.getI32Type(), x));
        Value number =
            arith::SIToFPOp::create(b, b.getF32Type(), emit(b, words));
        Value factor = arith::ConstantOp::create(
            b, b.getF32FloatAttr(float(std::ldexp(1.0, -bits) / scale)));
        number = arith::MulFOp::create(b, number, factor);
        return emitRequantized(b, number, cell.stateType);
      });
}

/// From the stored state and the memory to the next ones.
SmallVector<Value> CellBuilder::lstm(Value x, ValueRange carried) {
  Value sums =
      quantize(add(product(carried[0], 0, 4), real(x, fixedType(inputBits))),
               fixedType(gateBits));
  // Input, output, forget; cell.
  Value opened = activate(gates(sums, 0, 3), sigmoids);
  Value candidate = activate(gates(sums, 3), tangents);
  Value memory =
      map({gates(opened, 2), carried[1], gates(opened, 0), candidate},
          [](ImplicitLocOpBuilder &b, ValueRange w) {
            Value enters =
                shiftRounded(b, mul(b, w[2], w[3]), unitBits - memoryBits);
            Value sum = ::add(b, mul(b, w[0], w[1]), enters);
            return clamp(b, shiftRounded(b, sum, unitBits), -32768, 32767);
          });
  Value scaled = map(memory, [](ImplicitLocOpBuilder &b, ValueRange w) {
    constexpr int shift = gateBits - memoryBits;
    Value x = clamp(b, w[0], -(32768 >> shift), (32768 >> shift) - 1);
    return arith::ShLIOp::create(b, x, word(b, shift)).getResult();
  });
  Value h = toState(
      {gates(opened, 1), activate(scaled, tangents)}, 2 * unitBits,
      [](ImplicitLocOpBuilder &b, ValueRange w) { return mul(b, w[0], w[1]); });
  return {h, memory};
}

/// From the stored state and the state in 16 bits to the next ones.
SmallVector<Value> CellBuilder::gru(Value x, ValueRange carried) {
  bool afterProduct = cast<GruOp>(cell.op).getLinearBeforeReset();
  quant::QuantizedType inputType = fixedType(inputBits);
  Value sums =
      quantize(add(product(carried[0], 0, 2), real(gates(x, 0, 2), inputType)),
               fixedType(gateBits));
  Value opened = activate(sums, sigmoids);
  Value update = gates(opened, 0), reset = gates(opened, 1);
  Value own = gates(x, 2), sum;
  if (afterProduct) {
    int bits = bitsFor(cell.recurrent);
    Value hidden = quantize(product(carried[0], 2, 1), fixedType(bits));
    sum = map({own, reset, hidden}, [&](ImplicitLocOpBuilder &b, ValueRange w) {
      Value damped =
          shiftRounded(b, mul(b, w[1], w[2]), unitBits + bits - gateBits);
      Value x = arith::ShLIOp::create(b, w[0], word(b, gateBits - inputBits));
      return clamp(b, ::add(b, x, damped), -32768, 32767);
    });
  } else {
    Value damped = toState({reset, carried[1]}, 2 * unitBits,
                           [](ImplicitLocOpBuilder &b, ValueRange w) {
                             return mul(b, w[0], w[1]);
                           });
    sum = quantize(add(product(damped, 2, 1), real(own, inputType)),
                   fixedType(gateBits));
  }
  Value state =
      map({update, carried[1], activate(sum, tangents)},
          [](ImplicitLocOpBuilder &b, ValueRange w) {
            Value difference = arith::SubIOp::create(b, w[1], w[2]);
            return ::add(b, w[2],
                         shiftRounded(b, mul(b, w[0], difference), unitBits));
          });
  Value h = toState(state, unitBits,
                    [](ImplicitLocOpBuilder &, ValueRange w) { return w[0]; });
  return {h, state};
}

void CellBuilder::replace() {
  Operation *op = cell.op;
  auto lstm = dyn_cast<LstmOp>(op);
  bool isReverse = lstm ? lstm.getReverse() : cast<GruOp>(op).getReverse();
  int64_t time = states.getDimSize(0);
  sigmoids = createTable([](double x) { return 1 / (1 + std::exp(-x)); });
  tangents = createTable([](double x) { return std::tanh(x); });
  // Beyond that the gates are at their ends, whatever the recurrence gives.
  inputBits = bitsFor(std::min(cell.projected, cell.recurrent + 8));
  Value input = quantize(op->getOperand(0), fixedType(inputBits));
  quant::QuantizedType wideType = fixedType(lstm ? memoryBits : unitBits);
  SmallVector<Value> initial{
      quantize(op->getOperand(2), cell.stateType),
      quantize(lstm ? lstm.getC() : op->getOperand(2), wideType)};

  Type byte = storageType(cell.stateType);
  SmallVector<Type> types(ValueRange(initial).getTypes());
  types.push_back(states.clone(byte));
  auto loop = LoopOp::create(builder, loc, types, Value(), Value(), initial,
                             builder.getI64IntegerAttr(time));
  {
    OpBuilder::InsertionGuard guard(builder);
    auto numberType = RankedTensorType::get({}, builder.getI64Type());
    Block *body = builder.createBlock(
        &loop.getBody(), {}, {numberType, types[0], types[1]}, {loc, loc, loc});
    Value number = body->getArgument(0);
    if (isReverse)
      number = SubOp::create(
          builder, loc, createIntegers(builder, loc, {time - 1}, numberType),
          number);
    Value x = GatherOp::create(builder, loc, input, number,
                               builder.getI64IntegerAttr(0));
    ValueRange carried = body->getArguments().drop_front();
    SmallVector<Value> next = lstm ? this->lstm(x, carried) : gru(x, carried);
    YieldOp::create(builder, loc, ValueRange{next[0], next[1], next[0]});
  }

  Value all = loop.getResult(2);
  if (isReverse)
    all =
        SliceOp::create(builder, loc, all, SmallVector<int64_t>{time - 1, 0, 0},
                        SmallVector<int64_t>(states.getShape()),
                        SmallVector<int64_t>{-1, 1, 1});
  loc = op->getLoc();
  Value stored = quantized(all, cell.stateType);
  for (Operation *user : llvm::make_early_inc_range(op->getUsers()))
    if (auto cast = dyn_cast<QuantizeOp>(user);
        cast && cast.getInput() == op->getResult(0) &&
        cast.getResult().getType() == stored.getType()) {
      cast.getResult().replaceAllUsesWith(stored);
      cast.erase();
    }
  auto give = [&](unsigned index, Value integers, quant::QuantizedType type) {
    if (!op->getResult(index).use_empty())
      op->getResult(index).replaceAllUsesWith(real(integers, type));
  };
  give(0, all, cell.stateType);
  if (lstm)
    give(1, loop.getResult(0), cell.stateType);
  give(lstm ? 2 : 1, loop.getResult(1), wideType);
  op->erase();
}

namespace {
struct FormIntegerCells
    : edgecc::quantization::impl::FormIntegerCellsBase<FormIntegerCells> {
  void runOnOperation() override {
    SmallVector<Operation *> work;
    getOperation().walk([&](Operation *op) {
      if (isa<LstmOp, GruOp>(op))
        work.push_back(op);
    });
    OpBuilder builder(&getContext());
    for (Operation *op : work) {
      IntegerCell cell(op);
      if (!cell.objection().empty())
        continue;
      builder.setInsertionPoint(op);
      CellBuilder(builder, cell).replace();
      ++numCells;
    }
  }
};
} // namespace
