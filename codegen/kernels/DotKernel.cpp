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

/// A tile of pixels by channels.
class DotTile {
public:
  DotTile(Emitter &e, const DotContraction &c, int64_t pixels, int64_t channels)
      : e(e), c(c), pixels(pixels), channels(channels) {}

  /// The sums, vectors or scalars, for the pixels whose first input is at `lhs`
  /// and the channels whose weights are at `rhs`.
  Values emit(Value lhs, Value rhs) {
    Type type = c.accumulatorType;
    if (!c.addsUpVectors)
      type = VectorType::get({c.lanes}, type);
    Values sums(pixels * channels, e.zero(type));
    return overTaps(c.taps, lhs, rhs, sums);
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
    for (int64_t n = 0; n < channels; ++n)
      weights.push_back(loadWide(e, c.rhs.memref,
                                 e.add(rhs, n * c.channelSize()), c.lanes,
                                 c.rhsType, c.accumulatorType));
    for (int64_t i = 0; i < pixels; ++i) {
      Value elements = loadWide(e, c.lhs.memref, e.add(lhs, i * c.pixelStep),
                                c.lanes, c.lhsType, c.accumulatorType);
      for (int64_t n = 0; n < channels; ++n) {
        Value &sum = next[i * channels + n];
        if (c.addsUpVectors)
          sum = vector::ReductionOp::create(
              e, vector::CombiningKind::ADD,
              arith::MulIOp::create(e, elements, weights[n]), sum,
              arith::FastMathFlags::none);
        else
          sum = multiplyAdd(e, elements, weights[n], sum);
      }
    }
    return next;
  }

  Emitter &e;
  const DotContraction &c;
  int64_t pixels, channels;
};

} // namespace

void kernels::emitDotContraction(Emitter &e, const DotContraction &c,
                                 StoreTile store) {
  constexpr int64_t mostPixels = 6, fewScalars = 2;
  int64_t registers = cost::usableRegisters(e.cpu);
  int64_t channels = c.addsUpVectors ? fewScalars : c.channels;
  int64_t pixels = fewScalars;
  if (!c.addsUpVectors)
    pixels = std::clamp<int64_t>((registers - c.channels - 1) / c.channels, 1,
                                 mostPixels);
  auto total = [&](Value sum) -> Value {
    if (!isa<VectorType>(sum.getType()))
      return sum;
    // Any order of additions will do; a tree is the fastest.
    auto flags = isa<FloatType>(c.accumulatorType)
                     ? arith::FastMathFlags::reassoc
                     : arith::FastMathFlags::none;
    return vector::ReductionOp::create(e, vector::CombiningKind::ADD, sum,
                                       flags);
  };
  auto emitTile = [&](Value line, Value pixel, Value channel,
                      int64_t pixelCount, int64_t channelCount) {
    Value lhs = e.add(e.add(c.lhs.base, e.mul(line, c.lineStep)),
                      e.mul(pixel, c.pixelStep));
    Value rhs = e.add(c.rhs.base, e.mul(channel, c.channelSize()));
    Values sums = DotTile(e, c, pixelCount, channelCount).emit(lhs, rhs);
    for (int64_t i = 0; i < pixelCount; ++i)
      for (int64_t n = 0; n < channelCount; ++n) {
        Value result = total(sums[i * channelCount + n]);
        Value at = e.add(channel, n);
        if (c.bias.memref)
          result = combine(e, Fold::Sum, result,
                           loadWide(e, c.bias.memref, e.add(c.bias.base, at), 1,
                                    c.biasType, c.accumulatorType));
        store(result, line, e.add(pixel, i), at);
      }
  };
  auto overRuns = [&](int64_t total, int64_t limit,
                      function_ref<void(Value, int64_t)> body) {
    for (const cost::TileRun &run : cost::splitEvenly(total, limit))
      e.loop(run.first, run.first + run.count * run.size, run.size,
             [&](Value i) { body(i, run.size); });
  };
  Value first = c.firstLine ? c.firstLine : e.index(0);
  Value end = c.firstLine ? c.endLine : e.index(c.lines);
  emitLoop(e, first, end, 1, [&](Value line) {
    overRuns(c.pixels, pixels, [&](Value pixel, int64_t pixelCount) {
      overRuns(c.channels, channels, [&](Value channel, int64_t channelCount) {
        emitTile(line, pixel, channel, pixelCount, channelCount);
      });
    });
  });
}
