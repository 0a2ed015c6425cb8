//===- DotKernel.cpp - contractions with few channels -----------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "codegen/kernels/DotKernel.h"
#include "codegen/kernels/Arithmetic.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace edgecc;
using namespace edgecc::kernels;

bool kernels::prefersDotProducts(int64_t channels, int64_t length,
                                 int64_t lanes) {
  return lanes > 1 && channels * 4 <= lanes && length >= lanes;
}

int64_t DotContraction::tapCount() const {
  int64_t count = 1;
  for (const ReductionLevel &level : taps)
    count *= level.count;
  return count;
}

void DotContraction::pack(ArrayRef<char> source, int64_t pitch, int64_t bytes,
                          std::vector<char> &out) const {
  int64_t padding = packedLength() - length, whole = length / lanes * lanes;
  for (int64_t channel = 0; channel < channels; ++channel)
    for (int64_t tap = 0; tap < tapCount(); ++tap)
      for (int64_t i = 0; i < length; ++i) {
        if (i == whole)
          out.resize(out.size() + padding * bytes);
        const char *from =
            source.data() + ((tap * length + i) * pitch + channel) * bytes;
        out.insert(out.end(), from, from + bytes);
      }
}

namespace {

using Values = SmallVector<Value>;

/// A tile of pixels by all channels.
class DotTile {
public:
  DotTile(Emitter &e, const DotContraction &c, int64_t pixels)
      : e(e), c(c), pixels(pixels) {}

  /// The sums, vectors, for the pixels whose first input is at `lhs`.
  Values emit(Value lhs) {
    Type vector = VectorType::get({c.lanes}, c.accumulatorType);
    Values sums(pixels * c.channels, e.zero(vector));
    return overTaps(c.taps, lhs, c.rhs.base, sums);
  }

private:
  Values overTaps(ArrayRef<ReductionLevel> levels, Value lhs, Value rhs,
                  ValueRange sums) {
    if (levels.empty())
      return run(lhs, rhs, sums);
    const ReductionLevel &level = levels.front();
    return e.loop(0, level.count, 1, sums, [&](Value i, ValueRange carried) {
      return overTaps(levels.drop_front(), e.add(lhs, e.mul(i, level.lhsStep)),
                      e.add(rhs, e.mul(i, level.rhsRows * c.packedLength())),
                      carried);
    });
  }

  Values run(Value lhs, Value rhs, ValueRange sums) {
    int64_t whole = c.length / c.lanes * c.lanes;
    Values all =
        e.loop(0, whole, c.lanes, sums, [&](Value k, ValueRange carried) {
          return step(e.add(lhs, k), e.add(rhs, k), carried);
        });
    if (whole == c.length)
      return all;
    return step(e.add(lhs, c.length - c.lanes), e.add(rhs, whole), all);
  }

  Values step(Value lhs, Value rhs, ValueRange sums) {
    Values weights, next(sums);
    for (int64_t n = 0; n < c.channels; ++n)
      weights.push_back(loadWide(
          e, c.rhs.memref, e.add(rhs, n * c.tapCount() * c.packedLength()),
          c.lanes, c.rhsType, c.accumulatorType));
    for (int64_t i = 0; i < pixels; ++i) {
      Value elements = loadWide(e, c.lhs.memref, e.add(lhs, i * c.pixelStep),
                                c.lanes, c.lhsType, c.accumulatorType);
      for (int64_t n = 0; n < c.channels; ++n) {
        Value &sum = next[i * c.channels + n];
        sum = multiplyAdd(e, elements, weights[n], sum);
      }
    }
    return next;
  }

  Emitter &e;
  const DotContraction &c;
  int64_t pixels;
};

} // namespace

void kernels::emitDotContraction(Emitter &e, const DotContraction &c,
                                 StoreTile store) {
  constexpr int64_t mostPixels = 6;
  int64_t registers = cost::usableRegisters(e.cpu);
  int64_t pixels = std::clamp<int64_t>(
      (registers - c.channels - 1) / c.channels, 1, mostPixels);
  auto total = [&](Value sum) -> Value {
    // Any order of additions will do; a tree is the fastest.
    auto flags = isa<FloatType>(c.accumulatorType)
                     ? arith::FastMathFlags::reassoc
                     : arith::FastMathFlags::none;
    return vector::ReductionOp::create(e, vector::CombiningKind::ADD, sum,
                                       flags);
  };
  auto emitTile = [&](Value line, Value pixel, int64_t count) {
    Value lhs = e.add(e.add(c.lhs.base, e.mul(line, c.lineStep)),
                      e.mul(pixel, c.pixelStep));
    Values sums = DotTile(e, c, count).emit(lhs);
    for (int64_t i = 0; i < count; ++i)
      for (int64_t n = 0; n < c.channels; ++n) {
        Value result = total(sums[i * c.channels + n]);
        if (c.bias.memref)
          result = combine(e, Fold::Sum, result,
                           loadWide(e, c.bias.memref, e.add(c.bias.base, n), 1,
                                    c.biasType, c.accumulatorType));
        store(result, line, e.add(pixel, i), e.index(n));
      }
  };
  e.loop(0, c.lines, 1, [&](Value line) {
    for (const cost::TileRun &run : cost::splitEvenly(c.pixels, pixels))
      e.loop(run.first, run.first + run.count * run.size, run.size,
             [&](Value pixel) { emitTile(line, pixel, run.size); });
  });
}
