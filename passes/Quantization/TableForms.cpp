//===- TableForms.cpp - tables of rows as integers --------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "passes/Quantization/TableForms.h"
#include "dialects/Edge/ValueNames.h"
#include "passes/Quantization/BlockRounding.h"
#include "passes/Quantization/Contractions.h"
#include "passes/Quantization/IntegerMaps.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Matchers.h"

#include <cmath>

using namespace mlir;
using namespace edgecc;
using namespace edgecc::edge;
using namespace edgecc::quantization;

/// Smaller tables are left alone.
static constexpr int64_t smallestTable = 4096;

static SmallVector<GatherOp> findTables(func::FuncOp function) {
  SmallVector<GatherOp> tables;
  function.walk([&](GatherOp op) {
    RankedTensorType type = typeOf(op.getInput());
    if (type.getElementType().isF32() && type.getRank() == 2 &&
        op.getAxis() == 0 && type.getNumElements() >= smallestTable &&
        matchPattern(op.getInput(), m_Constant()) &&
        !matchPattern(op.getIndices(), m_Constant()))
      tables.push_back(op);
  });
  return tables;
}

/// `numbers`, row-major with rows of `columns`, with rows and columns swapped.
template <typename T>
static std::vector<T> transposed(ArrayRef<T> numbers, int64_t columns) {
  int64_t rows = int64_t(numbers.size()) / columns;
  std::vector<T> result(numbers.size());
  for (int64_t i = 0; i < rows; ++i)
    for (int64_t j = 0; j < columns; ++j)
      result[j * rows + i] = numbers[i * columns + j];
  return result;
}

/// The elements of a constant of `rows` rows.
template <typename T>
static Value createRows(OpBuilder &builder, Location loc, int64_t rows,
                        ArrayRef<T> numbers, Type element) {
  auto type =
      RankedTensorType::get({rows, int64_t(numbers.size()) / rows}, element);
  return ConstantOp::create(
      builder, loc,
      makeConstant(
          type, ArrayRef<char>(reinterpret_cast<const char *>(numbers.data()),
                               numbers.size() * sizeof(T))));
}

/// Integers of `bits` bits, several in a byte: part after part of a row of
/// `columns`, the first one in the least bits.
static std::vector<char> pack(ArrayRef<char> integers, int64_t columns,
                              unsigned bits) {
  int64_t parts = 8 / bits, width = columns / parts;
  std::vector<char> bytes(integers.size() / parts, 0);
  for (auto [i, integer] : llvm::enumerate(integers)) {
    int64_t row = int64_t(i) / columns, column = int64_t(i) % columns;
    bytes[row * width + column % width] |= char(
        (uint8_t(integer) & ((1u << bits) - 1)) << (column / width * bits));
  }
  return bytes;
}

/// The integers of `part` of packed rows, as f32.
static Value unpack(OpBuilder &builder, Location loc, Value bytes,
                    unsigned bits, unsigned part) {
  return createMap(
      builder, loc, bytes, typeOf(bytes).clone(builder.getF32Type()),
      [&](ImplicitLocOpBuilder &b, ValueRange scalars) -> Value {
        Type i32 = b.getI32Type();
        auto shift = [&](unsigned by) -> Value {
          return arith::ConstantOp::create(b, b.getI32IntegerAttr(int32_t(by)));
        };
        Value x = arith::ExtSIOp::create(b, i32, scalars[0]);
        if (bits < 8) {
          x = arith::ShLIOp::create(b, x, shift(32 - (part + 1) * bits));
          x = arith::ShRSIOp::create(b, x, shift(32 - bits));
        }
        return arith::SIToFPOp::create(b, b.getF32Type(), x);
      });
}

/// The rows that `op` gathers, from a table of integers.
static Value gatherIntegers(GatherOp op, unsigned bits, int64_t blockSize) {
  std::optional<SmallVector<float>> numbers = knownFloats(op.getInput());
  RankedTensorType type = typeOf(op.getInput());
  int64_t rows = type.getDimSize(0), columns = type.getDimSize(1);
  if (columns % (8 / bits) != 0)
    bits = 8;
  int64_t size =
      blockSize > 0 && columns % blockSize == 0 ? blockSize : columns;
  double end = std::ldexp(1.0, int(bits) - 1);
  // A scale is for a block of a column there.
  RoundedBlocks rounded = roundBlocks(transposed<float>(*numbers, columns),
                                      rows, size, {-end, end - 1});
  std::vector<uint16_t> scales;
  for (float scale : transposed<float>(rounded.scales, rows)) {
    llvm::APFloat half(scale);
    bool losesInfo;
    half.convert(llvm::APFloat::IEEEhalf(), llvm::APFloat::rmNearestTiesToEven,
                 &losesInfo);
    scales.push_back(uint16_t(half.bitcastToAPInt().getZExtValue()));
  }

  OpBuilder builder(op);
  Location loc = withoutValue(op.getLoc());
  auto gather = [&](Value table) -> Value {
    SmallVector<int64_t> shape(op.getType().getShape());
    shape.back() = typeOf(table).getDimSize(1);
    return GatherOp::create(builder, loc, typeOf(table).clone(shape), table,
                            op.getIndices(), builder.getI64IntegerAttr(0));
  };
  Value bytes = gather(createRows<char>(
      builder, loc, rows,
      pack(transposed<char>(rounded.integers, rows), columns, bits),
      builder.getI8Type()));
  Value factors = gather(
      createRows<uint16_t>(builder, loc, rows, scales, builder.getF16Type()));
  SmallVector<Value> parts;
  for (unsigned part = 0; part < 8 / bits; ++part)
    parts.push_back(unpack(builder, loc, bytes, bits, part));
  int64_t last = op.getType().getRank() - 1;
  Value integers =
      parts.size() > 1
          ? ConcatOp::create(builder, loc, parts, uint64_t(last)).getResult()
          : parts.front();
  RankedTensorType whole = op.getType();
  auto inBlocks = [&](Value value, int64_t inner) -> Value {
    SmallVector<int64_t> shape(whole.getShape().drop_back());
    shape.append({columns / size, inner});
    return builder.createOrFold<ReshapeOp>(loc, typeOf(value).clone(shape),
                                           value);
  };
  integers = inBlocks(integers, size);
  Value result = createMap(
      builder, loc, {integers, inBlocks(factors, 1)}, typeOf(integers),
      [](ImplicitLocOpBuilder &b, ValueRange scalars) -> Value {
        Value factor = arith::ExtFOp::create(b, b.getF32Type(), scalars[1]);
        return arith::MulFOp::create(b, scalars[0], factor);
      });
  return builder.createOrFold<ReshapeOp>(op.getLoc(), whole, result);
}

int64_t edgecc::quantization::quantizeTables(func::FuncOp function,
                                             unsigned bits, int64_t blockSize) {
  SmallVector<GatherOp> tables = findTables(function);
  for (GatherOp op : tables) {
    op.getResult().replaceAllUsesWith(gatherIntegers(op, bits, blockSize));
    op.erase();
  }
  return int64_t(tables.size());
}
