//===- DecodeKernel.cpp - constants out of a smaller form -------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "codegen/kernels/DecodeKernel.h"
#include "codegen/kernels/Emit.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace edgecc;
using namespace edgecc::kernels;

/// Words of the stream, and entries of the table: what a position decodes to
/// above the bits that its code takes.
static constexpr int64_t wordBits = 16, lengthBits = 4;

DecodeMemory kernels::decodeMemory(const Plane &plane, int64_t elementBytes,
                                   MLIRContext *context) {
  Type element = IntegerType::get(context, unsigned(8 * elementBytes));
  Type word = IntegerType::get(context, wordBits);
  auto memory = [](size_t count, Type type) {
    return MemRefType::get({int64_t(count)}, type);
  };
  if (plane.form != Plane::Form::Coded)
    return {{memory(plane.elements.size(), element)}, {}};
  // Symbols last: what is before them is a multiple of two bytes, and behind
  // words of four they begin at a multiple of four.
  const PrefixCode &code = plane.code;
  return {{memory(code.symbols.size(), element),
           memory(3 * code.groups.size(), word),
           memory(code.bits.size(), word)},
          memory(size_t(1) << code.longest, word)};
}

static void append(std::vector<char> &bytes, uint32_t number, int64_t count) {
  for (int64_t byte = 0; byte < count; ++byte)
    bytes.push_back(char(number >> (8 * byte)));
}

std::vector<char> kernels::storedBytes(const Plane &plane,
                                       int64_t elementBytes) {
  std::vector<char> bytes;
  if (plane.form != Plane::Form::Coded) {
    for (uint32_t element : plane.elements)
      append(bytes, element, elementBytes);
    return bytes;
  }
  for (uint32_t symbol : plane.code.symbols)
    append(bytes, symbol, elementBytes);
  // Words begin at even addresses.
  if (bytes.size() % 2)
    bytes.push_back(0);
  for (const PrefixCode::Group &group : plane.code.groups)
    for (int64_t number : {int64_t(group.end), int64_t(group.offset),
                           int64_t(plane.code.longest - group.length)})
      append(bytes, uint32_t(number), 2);
  for (uint16_t word : plane.code.bits)
    append(bytes, word, 2);
  return bytes;
}

namespace {

/// The verbs of a decoder, which works on 32 bits.
class Decoder {
public:
  Decoder(Emitter &e, const PrefixCode &code) : e(e), code(code) {}

  /// Fills the table: for each beginning of the stream its element, or where
  /// that is among the symbols, and how many bits its code takes.
  void makeTable(Value symbols, Value groups, Value table);
  void decode(Value symbols, Value bits, Value table,
              const PlaneElements &elements, Value result);

private:
  Value number(int64_t value) {
    return e.constant(e.getI32IntegerAttr(int32_t(value)));
  }
  Value load(Value memory, Value at) {
    return arith::ExtUIOp::create(e, e.getI32Type(),
                                  memref::LoadOp::create(e, memory, at));
  }
  Value toIndex(Value value) {
    return arith::IndexCastUIOp::create(e, e.getIndexType(), value);
  }
  static bool isByte(Value symbols) {
    return cast<MemRefType>(symbols.getType()).getElementType().isInteger(8);
  }

  Emitter &e;
  const PrefixCode &code;
};

} // namespace

void Decoder::makeTable(Value symbols, Value groups, Value table) {
  int64_t last = 3 * (int64_t(code.groups.size()) - 1);
  e.loop(0, int64_t(1) << code.longest, 1, {e.index(0)},
         [&](Value position, ValueRange carried) -> SmallVector<Value> {
           Value group = carried[0];
           Value at = arith::IndexCastUIOp::create(e, e.getI32Type(), position);
           if (last > 0) {
             // Each length has codes, so one step is enough.
             Value isBehind = arith::CmpIOp::create(
                 e, arith::CmpIPredicate::uge, at, load(groups, group));
             group = e.add(group, arith::SelectOp::create(
                                      e, isBehind, e.index(3), e.index(0)));
           }
           Value offset = arith::ExtSIOp::create(
               e, e.getI32Type(),
               memref::LoadOp::create(e, groups, e.add(group, 1)));
           Value shift = load(groups, e.add(group, 2));
           Value symbol = arith::ShRUIOp::create(
               e, arith::AddIOp::create(e, at, offset), shift);
           if (isByte(symbols))
             symbol = load(symbols, toIndex(symbol));
           Value entry = arith::ShLIOp::create(e, symbol, number(lengthBits));
           Value length = arith::SubIOp::create(e, number(code.longest), shift);
           entry = arith::OrIOp::create(e, entry, length);
           memref::StoreOp::create(
               e, arith::TruncIOp::create(e, e.getIntegerType(wordBits), entry),
               table, position);
           return {group};
         });
}

void Decoder::decode(Value symbols, Value bits, Value table,
                     const PlaneElements &elements, Value result) {
  Type element = cast<MemRefType>(result.getType()).getElementType();
  // The next bits, from the most significant one on, and how many are there.
  Value first = arith::OrIOp::create(
      e, arith::ShLIOp::create(e, load(bits, e.index(0)), number(wordBits)),
      load(bits, e.index(1)));
  e.loop(
      0, elements.count, 1, {first, number(2 * wordBits), e.index(2)},
      [&](Value i, ValueRange carried) -> SmallVector<Value> {
        Value next = carried[0], count = carried[1], word = carried[2];
        Value position =
            arith::ShRUIOp::create(e, next, number(32 - code.longest));
        Value entry = load(table, toIndex(position));
        Value length =
            arith::AndIOp::create(e, entry, number((1 << lengthBits) - 1));
        Value value = arith::ShRUIOp::create(e, entry, number(lengthBits));
        value = isByte(symbols)
                    ? arith::TruncIOp::create(e, element, value).getResult()
                    : memref::LoadOp::create(e, symbols, toIndex(value));
        memref::StoreOp::create(e, value, result,
                                e.add(e.mul(i, elements.step), elements.first));
        next = arith::ShLIOp::create(e, next, length);
        count = arith::SubIOp::create(e, count, length);
        Value isLow = arith::CmpIOp::create(e, arith::CmpIPredicate::sle, count,
                                            number(wordBits));
        auto refill = scf::IfOp::create(
            e, isLow,
            [&](OpBuilder &, Location) {
              Value more = arith::ShLIOp::create(
                  e, load(bits, word),
                  arith::SubIOp::create(e, number(wordBits), count));
              scf::YieldOp::create(
                  e,
                  ValueRange{arith::OrIOp::create(e, next, more),
                             arith::AddIOp::create(e, count, number(wordBits)),
                             e.add(word, 1)});
            },
            [&](OpBuilder &, Location) {
              scf::YieldOp::create(e, ValueRange{next, count, word});
            });
        return refill.getResults();
      });
}

void kernels::emitDecode(OpBuilder &builder, Location loc, target::CpuAttr cpu,
                         const Plane &plane, const PlaneElements &elements,
                         ValueRange stored, Value table, Value result) {
  Emitter e(builder, loc, cpu);
  if (plane.form == Plane::Form::Coded) {
    Decoder decoder(e, plane.code);
    decoder.makeTable(stored[0], stored[1], table);
    return decoder.decode(stored[0], stored[2], table, elements, result);
  }
  bool isRaw = plane.form == Plane::Form::Raw;
  e.loop(0, elements.count, 1, [&](Value i) {
    Value element =
        memref::LoadOp::create(e, stored[0], isRaw ? i : e.index(0));
    memref::StoreOp::create(e, element, result,
                            e.add(e.mul(i, elements.step), elements.first));
  });
}
