//===- DigitProducts.cpp - a row of floats as bytes -------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "codegen/kernels/DigitProducts.h"
#include "codegen/kernels/Arithmetic.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace edgecc;
using namespace edgecc::kernels;

/// The digits of an element.
static constexpr int64_t places = 3;
/// Elements of the row that become digits together.
static constexpr int64_t stepSize = 16;
/// How far ahead weights are asked for.
static constexpr int64_t prefetchBytes = 2048;
/// Rows in a word of weights of 4 bits.
static constexpr int64_t wordRows = 8;
/// The largest integer, whose digits from -128 to 127 are three, and some
/// roundings of it.
static constexpr double largest = 127 * 65536;
/// Below this the elements of a block are not told apart any more.
static constexpr double least = 0x1p-100;

std::optional<DigitProducts> DigitProducts::find(target::CpuAttr cpu,
                                                 const BlockWeights &weights,
                                                 int64_t rows,
                                                 int64_t channels) {
  auto *context = cpu.getContext();
  int64_t lanes = vectorLength(cpu, Float32Type::get(context));
  // All vectors are whole ones.
  if (rows != 1 || !weights.hasNibbles() ||
      weights.getBlockSize() % stepSize != 0 ||
      weights.getDepth() % stepSize != 0 || channels % lanes != 0)
    return std::nullopt;
  Type digit = IntegerType::get(context, 8, IntegerType::Signed);
  // Of weights from 0 to 15 it does not matter.
  for (auto sign : {IntegerType::Unsigned, IntegerType::Signed}) {
    std::optional<InnerProduct> product = InnerProduct::find(
        cpu, IntegerType::get(context, 8, sign), digit, ElementsAttr());
    if (product && product->multipliesBytes() && !product->isScalable() &&
        !product->flipsLhs() && product->lanes() == lanes)
      return DigitProducts(weights, *product);
  }
  return std::nullopt;
}

int64_t DigitProducts::countBlocks() const {
  return llvm::divideCeil(weights->getDepth(), weights->getBlockSize());
}

SmallVector<MemRefType> DigitProducts::getScratch(MLIRContext *c) const {
  Type i32 = IntegerType::get(c, 32), f32 = Float32Type::get(c);
  SmallVector<MemRefType> scratch = {
      MemRefType::get({places * weights->getDepth() / 4}, i32),
      MemRefType::get({places * countBlocks()}, i32),
      MemRefType::get({countBlocks()}, f32)};
  if (weights->hasZeroPoints())
    scratch.push_back(MemRefType::get({countBlocks()}, f32));
  return scratch;
}

//===----------------------------------------------------------------------===//
// Digits
//===----------------------------------------------------------------------===//

/// The sum that those of all places are, in f32.
static Value join(Emitter &e, ArrayRef<Value> sums) {
  Type type = sums[0].getType(), f32 = e.getF32Type();
  auto vector = dyn_cast<VectorType>(type);
  int64_t lanes = vector ? vector.getNumElements() : 1;
  Value lower = arith::AddIOp::create(
      e, arith::ShLIOp::create(e, sums[1], splatWord(e, 8, lanes)), sums[0]);
  Value unit = e.splat(e.floatConstant(65536, f32), lanes);
  return multiplyAdd(e, convert(e, sums[2], f32), unit, convert(e, lower, f32));
}

void DigitProducts::emitDigits(Emitter &e, const FlatOperand &lhs,
                               ValueRange scratch) {
  digits = scratch[0];
  starts = scratch[1];
  scales = scratch[2];
  if (weights->hasZeroPoints())
    totals = scratch[3];
  int64_t size = weights->getBlockSize(), whole = weights->getDepth() / size;
  e.phase([&] {
    e.parallelLoop(0, whole, 1, [&](Value block) {
      e.sequentially([&] { emitBlock(e, lhs, block, size); });
    });
    if (int64_t rest = weights->getDepth() % size)
      e.sequentially([&] { emitBlock(e, lhs, e.index(whole), rest); });
  });
}

void DigitProducts::emitBlock(Emitter &e, const FlatOperand &lhs, Value block,
                              int64_t size) const {
  Type f32 = e.getF32Type(), i32 = e.getI32Type();
  Value begin = e.mul(block, weights->getBlockSize());
  auto load = [&](Value at) {
    return e.load(lhs.memref, e.add(e.add(lhs.base, begin), at), stepSize, f32);
  };
  Value most =
      e.loop(0, size, stepSize, e.splat(e.floatConstant(least, f32), stepSize),
             [&](Value at, ValueRange carried) -> SmallVector<Value> {
               Value magnitude = math::AbsFOp::create(e, load(at));
               return {arith::MaximumFOp::create(e, carried[0], magnitude)};
             })[0];
  Value peak =
      vector::ReductionOp::create(e, vector::CombiningKind::MAXIMUMF, most);
  e.store(mulf(e, peak, e.floatConstant(1 / largest, f32)), scales, block);
  Value isFinite = arith::CmpFOp::create(
      e, arith::CmpFPredicate::OLT, peak,
      e.floatConstant(std::numeric_limits<double>::infinity(), f32));
  Value factor = arith::DivFOp::create(e, e.floatConstant(largest, f32), peak);
  factor = e.splat(factor, stepSize);
  Value eight = splatWord(e, 8, stepSize);
  Value high = splatWord(e, 24, stepSize);

  SmallVector<int64_t> order;
  for (int64_t group = 0; group < stepSize; group += wordRows)
    for (int64_t parity : {0, 1})
      for (int64_t row = parity; row < wordRows; row += 2)
        order.push_back(group + row);
  SmallVector<Value> sums(places, splatWord(e, 0, stepSize));
  sums = e.loop(0, size, stepSize, sums, [&](Value at, ValueRange carried) {
    Value x = load(at);
    x = arith::SelectOp::create(e, isFinite, x, e.zero(x.getType()));
    x = math::RoundEvenOp::create(e, mulf(e, x, factor));
    Value integer =
        arith::FPToSIOp::create(e, VectorType::get({stepSize}, i32), x);
    SmallVector<Value> next;
    Value word = arith::ShRUIOp::create(e, e.add(begin, at), e.index(2));
    for (int64_t place = 0; place < places; ++place) {
      Value digit = arith::ShRSIOp::create(
          e, arith::ShLIOp::create(e, integer, high), high);
      next.push_back(arith::AddIOp::create(e, carried[place], digit));
      Value bytes = arith::TruncIOp::create(
          e, VectorType::get({stepSize}, e.getI8Type()), digit);
      bytes = vector::ShuffleOp::create(e, bytes, bytes, order);
      Value words = vector::BitCastOp::create(
          e, VectorType::get({stepSize / 4}, i32), bytes);
      e.store(words, digits, e.add(word, place * weights->getDepth() / 4));
      integer = arith::ShRSIOp::create(
          e, arith::SubIOp::create(e, integer, digit), eight);
    }
    return next;
  });
  SmallVector<Value> wholes;
  for (int64_t place = 0; place < places; ++place) {
    wholes.push_back(vector::ReductionOp::create(e, vector::CombiningKind::ADD,
                                                 sums[place]));
    Value offset = splatWord(e, -weights->nibbleOffset(), 1);
    e.store(arith::MulIOp::create(e, wholes[place], offset), starts,
            e.add(e.mul(block, places), place));
  }
  if (totals)
    e.store(join(e, wholes), totals, block);
}

//===----------------------------------------------------------------------===//
// Products
//===----------------------------------------------------------------------===//

SmallVector<Value> DigitProducts::reduce(Emitter &e, const PanelRun &run,
                                         Value rhs, Value base,
                                         ValueRange accumulators) const {
  int64_t size = weights->getBlockSize(), whole = weights->getDepth() / size;
  int64_t bytes = weights->blockBytes(size, run.rowPitch);
  SmallVector<Value> sums =
      e.loop(0, whole, 1, accumulators, [&](Value block, ValueRange carried) {
        return reduceBlock(e, run, rhs, e.add(base, e.mul(block, bytes)), block,
                           size, carried);
      });
  if (int64_t rest = weights->getDepth() % size)
    sums = reduceBlock(e, run, rhs, e.add(base, whole * bytes), e.index(whole),
                       rest, sums);
  return sums;
}

SmallVector<Value> DigitProducts::reduceBlock(Emitter &e, const PanelRun &run,
                                              Value rhs, Value base,
                                              Value block, int64_t size,
                                              ValueRange accumulators) const {
  Type i32 = e.getI32Type(), f32 = e.getF32Type();
  int64_t lanes = run.columns.front().lanes;
  size_t columns = run.columns.size();
  auto bytesOf = [&](Value words) -> Value {
    return vector::BitCastOp::create(
        e, VectorType::get({4 * lanes}, e.getI8Type()), words);
  };
  auto spread = [&](Value memref, Value index) {
    return e.splat(e.load(memref, index, 1, i32), lanes);
  };
  // The sums of a place, column by column.
  SmallVector<Value> sums;
  for (int64_t place = 0; place < places; ++place)
    sums.append(columns,
                weights->nibbleOffset()
                    ? spread(starts, e.add(e.mul(block, places), place))
                    : splatWord(e, 0, lanes));
  Value firstWord = e.mul(block, weights->getBlockSize() / 4);
  sums = e.loop(0, size / wordRows, 1, sums, [&](Value i, ValueRange carried) {
    SmallVector<Value> next(carried), even, odd;
    Value row = e.add(base, e.mul(i, 4 * run.rowPitch));
    for (const Column &column : run.columns) {
      int64_t ahead = column.offset * 4 + prefetchBytes;
      if (ahead % e.cpu.getCacheLineBytes() == 0)
        e.prefetch(rhs, e.add(row, ahead));
      auto [low, high] =
          weights->loadNibbles(e, rhs, e.add(row, column.offset * 4), lanes);
      even.push_back(bytesOf(low));
      odd.push_back(bytesOf(high));
    }
    Value word = e.add(firstWord, e.mul(i, 2));
    for (int64_t place = 0; place < places; ++place) {
      Value at = e.add(word, place * weights->getDepth() / 4);
      Value first = bytesOf(spread(digits, at));
      Value second = bytesOf(spread(digits, e.add(at, 1)));
      for (size_t j = 0; j < columns; ++j) {
        Value &sum = next[place * columns + j];
        sum = product.accumulate(e, sum, even[j], first);
        sum = product.accumulate(e, sum, odd[j], second);
      }
    }
    return next;
  });

  Value scale = e.splat(e.load(scales, block, 1, f32), lanes);
  SmallVector<Value> results;
  for (auto [j, column] : llvm::enumerate(run.columns)) {
    SmallVector<Value> own;
    for (int64_t place = 0; place < places; ++place)
      own.push_back(sums[place * columns + j]);
    Value sum = join(e, own);
    if (weights->hasZeroPoints()) {
      Value at = e.add(base, weights->zeroPointsOffset(size, run.rowPitch) +
                                 column.offset);
      Value total = e.splat(e.load(totals, block, 1, f32), lanes);
      sum = subf(e, sum,
                 mulf(e, total, weights->loadZeroPoints(e, rhs, at, lanes)));
    }
    Value factor = weights->loadScales(
        e, rhs,
        e.add(base, weights->scalesOffset(size, run.rowPitch) +
                        column.offset * weights->scaleBytes()),
        lanes);
    results.push_back(
        multiplyAdd(e, sum, mulf(e, factor, scale), accumulators[j]));
  }
  return results;
}
