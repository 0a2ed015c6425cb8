//===- DotKernel.cpp - contractions with few channels -----------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "codegen/kernels/DotKernel.h"
#include "codegen/kernels/Arithmetic.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
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

SmallVector<MemRefType> DotContraction::getScratch(MLIRContext *context) const {
  if (!gathered)
    return {};
  return {MemRefType::get({tilePixels * packedLength()},
                          IntegerType::get(context, 8))};
}

void DotContraction::pack(ArrayRef<char> source, int64_t pitch, int64_t bytes,
                          std::vector<char> &out) const {
  if (gathered) {
    for (int64_t channel = 0; channel < channels; ++channel)
      for (ArrayRef<int64_t> word : gathered->elements()) {
        for (int64_t k : word)
          out.push_back(source[k * pitch + channel]);
        out.resize(out.size() + 4 - word.size());
      }
    return;
  }
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
  DotTile(Emitter &e, const DotContraction &c, int64_t channels)
      : e(e), c(c), channels(channels),
        length(c.gathered ? c.packedLength() : c.length),
        elements(c.gathered ? c.scratch : c.lhs.memref) {
    for (const ReductionLevel &level : c.taps)
      taps.push_back(
          {level.count, level.lhsStep, level.rhsRows * c.packedLength()});
    // Taps whose elements follow each other are one run, if that has no
    // padding.
    while (!taps.empty() &&
           (taps.back().count == 1 ||
            (taps.back().lhsStep == length && taps.back().rhsRows == length &&
             length % c.lanes == 0)))
      length *= taps.pop_back_val().count;
  }

  /// The sums, vectors or scalars, for the pixels whose first inputs are at
  /// `lhs` and the channels whose weights are at `rhs`.
  Values emit(ValueRange lhs, Value rhs) {
    Type type = c.accumulatorType;
    if (!c.addsUpVectors)
      type = VectorType::get({c.lanes}, type);
    Values sums(lhs.size() * channels, e.zero(type));
    return overTaps(taps, lhs, rhs, sums);
  }

private:
  Values advance(ValueRange lhs, Value distance) {
    Values next;
    for (Value base : lhs)
      next.push_back(e.add(base, distance));
    return next;
  }

  Values overTaps(ArrayRef<ReductionLevel> levels, ValueRange lhs, Value rhs,
                  ValueRange sums) {
    if (levels.empty())
      return run(lhs, rhs, sums);
    const ReductionLevel &level = levels.front();
    return e.loop(0, level.count, 1, sums, [&](Value i, ValueRange carried) {
      return overTaps(levels.drop_front(),
                      advance(lhs, e.mul(i, level.lhsStep)),
                      e.add(rhs, e.mul(i, level.rhsRows)), carried);
    });
  }

  Values run(ValueRange lhs, Value rhs, ValueRange sums) {
    int64_t whole = length / c.lanes * c.lanes;
    // A loop with scalar sums has little to do in one step; none is best.
    int64_t vectors = whole / c.lanes, unroll = 1;
    if (c.addsUpVectors)
      unroll = std::min<int64_t>(
          vectors <= mostUnrolled && !c.isSmall ? vectors : 4, vectors);
    while (unroll > 1 && vectors % unroll)
      --unroll;
    Values all = e.loop(0, whole, unroll * c.lanes, sums,
                        [&](Value k, ValueRange carried) {
                          Values next(carried);
                          for (int64_t i = 0; i < unroll; ++i) {
                            Value at = e.add(k, i * c.lanes);
                            next = step(advance(lhs, at), e.add(rhs, at), next);
                          }
                          return next;
                        });
    if (whole == length)
      return all;
    return step(advance(lhs, e.index(length - c.lanes)), e.add(rhs, whole),
                all);
  }

  /// A vector as the products want it: bytes that are added up stay bytes.
  Value load(Value memref, Value index, Type type) {
    if (c.addsUpVectors)
      return e.load(memref, index, c.lanes, type);
    return loadWide(e, memref, index, c.lanes, type, c.accumulatorType);
  }

  Values step(ValueRange lhs, Value rhs, ValueRange sums) {
    Values weights, next(sums);
    for (int64_t n = 0; n < channels; ++n)
      weights.push_back(
          load(c.rhs.memref, e.add(rhs, n * c.channelSize()), c.rhsType));
    for (auto [i, base] : llvm::enumerate(lhs)) {
      Value vector = load(elements, base, c.lhsType);
      for (int64_t n = 0; n < channels; ++n) {
        Value &sum = next[i * channels + n];
        sum = c.addsUpVectors
                  ? addUpBytes(e, sum, vector, weights[n], c.lhsType)
                  : multiplyAdd(e, vector, weights[n], sum);
      }
    }
    return next;
  }

  Emitter &e;
  const DotContraction &c;
  int64_t channels;
  /// The loops around the runs, with steps in elements, and the run's elements.
  SmallVector<ReductionLevel> taps;
  int64_t length;
  Value elements;
  /// Vectors of a run that are multiplied without a loop.
  static constexpr int64_t mostUnrolled = 16;
};

/// A pixel: where it is in the result, and where its inputs begin.
struct DotPixel {
  Value line, pixel, lhs;
};

class DotEmitter {
public:
  DotEmitter(Emitter &e, const DotContraction &c, StoreTile store)
      : e(e), c(c), store(store) {}

  void emit();

private:
  void gather(DotPixel &pixel, int64_t place);
  void overChannels(ArrayRef<DotPixel> pixels);
  void emitTile(ArrayRef<DotPixel> pixels, Value channel, int64_t count);
  Values emitSums(ArrayRef<DotPixel> pixels, Value channel, int64_t count);
  Value addBias(Value sums, Value channel);

  DotPixel pixelAt(Value line, Value pixel) {
    return {line, pixel,
            e.add(e.add(c.lhs.base, e.mul(line, c.lineStep)),
                  e.mul(pixel, c.pixelStep))};
  }

  Emitter &e;
  const DotContraction &c;
  StoreTile store;
  /// Pixels and channels whose sums the core registers hold.
  static constexpr int64_t fewScalars = DotContraction::tilePixels;
};

} // namespace

void DotEmitter::emit() {
  if (c.addsUpVectors && !c.firstLine) {
    // Pixels of all lines in one row.
    int64_t all = c.lines * c.pixels, whole = all / fewScalars * fewScalars;
    auto tile = [&](Value first, int64_t count) {
      SmallVector<DotPixel> pixels;
      for (int64_t i = 0; i < count; ++i) {
        auto [line, pixel] = splitPixel(e, e.add(first, i), c.lines, c.pixels);
        pixels.push_back(pixelAt(line, pixel));
        if (c.gathered)
          gather(pixels.back(), i);
      }
      overChannels(pixels);
    };
    e.parallelLoop(0, whole, fewScalars,
                   [&](Value first) { tile(first, fewScalars); });
    e.parallelLoop(whole, all, fewScalars,
                   [&](Value first) { tile(first, all - whole); });
    return;
  }
  constexpr int64_t mostPixels = 6;
  int64_t registers = cost::usableRegisters(e.cpu), limit = fewScalars;
  if (!c.addsUpVectors)
    limit = std::clamp<int64_t>((registers - c.channels - 1) / c.channels, 1,
                                mostPixels);
  auto overPixels = [&](Value line) {
    for (const cost::TileRun &run : cost::splitEvenly(c.pixels, limit))
      e.parallelLoop(run.first, run.first + run.count * run.size, run.size,
                     [&](Value pixel) {
                       SmallVector<DotPixel> pixels;
                       for (int64_t i = 0; i < run.size; ++i)
                         pixels.push_back(pixelAt(line, e.add(pixel, i)));
                       overChannels(pixels);
                     });
  };
  if (c.firstLine)
    return emitLoop(e, c.firstLine, c.endLine, 1, overPixels);
  e.parallelLoop(0, c.lines, 1, overPixels);
}

/// Puts the elements of `pixel` at a place of the scratch memory.
void DotEmitter::gather(DotPixel &pixel, int64_t place) {
  Value to = e.index(place * c.packedLength());
  gatherWords(e, *c.gathered, c.source, pixel.lhs, to, 4,
              [&](Value word, Value at) {
                auto bytes = VectorType::get({4}, e.getI8Type());
                e.store(LLVM::BitcastOp::create(e, bytes, word), c.scratch, at);
              });
  pixel.lhs = to;
}

void DotEmitter::overChannels(ArrayRef<DotPixel> pixels) {
  if (!c.addsUpVectors)
    return emitTile(pixels, e.index(0), c.channels);
  // As many as the epilogue takes in a vector.
  int64_t width = std::max<int64_t>(vectorLength(e.cpu, c.accumulatorType), 1);
  int64_t whole = c.channels / width * width;
  e.loop(0, whole, width,
         [&](Value channel) { emitTile(pixels, channel, width); });
  for (int64_t channel = whole; channel < c.channels; ++channel)
    emitTile(pixels, e.index(channel), 1);
}

/// The sums of `count` channels, those of a pixel side by side.
Values DotEmitter::emitSums(ArrayRef<DotPixel> pixels, Value channel,
                            int64_t count) {
  Values lhs;
  for (const DotPixel &pixel : pixels)
    lhs.push_back(pixel.lhs);
  int64_t limit = c.addsUpVectors ? fewScalars : count;
  Values sums(pixels.size() * count);
  for (int64_t n = 0; n < count; n += limit) {
    int64_t size = std::min(limit, count - n);
    Value rhs = e.add(c.rhs.base, e.mul(e.add(channel, n), c.channelSize()));
    Values some = DotTile(e, c, size).emit(lhs, rhs);
    for (size_t i = 0; i < pixels.size(); ++i)
      std::copy_n(some.begin() + i * size, size, sums.begin() + i * count + n);
  }
  return sums;
}

Value DotEmitter::addBias(Value sums, Value channel) {
  if (!c.bias.memref)
    return sums;
  auto vector = dyn_cast<VectorType>(sums.getType());
  return combine(e, Fold::Sum, sums,
                 loadWide(e, c.bias.memref, e.add(c.bias.base, channel),
                          vector ? vector.getNumElements() : 1, c.biasType,
                          c.accumulatorType));
}

void DotEmitter::emitTile(ArrayRef<DotPixel> pixels, Value channel,
                          int64_t count) {
  Values sums = emitSums(pixels, channel, count);
  for (auto [i, pixel] : llvm::enumerate(pixels)) {
    ArrayRef<Value> own = ArrayRef(sums).slice(i * count, count);
    if (c.addsUpVectors && count > 1) {
      Value all = vector::FromElementsOp::create(
          e, VectorType::get({count}, c.accumulatorType), own);
      store(addBias(all, channel), pixel.line, pixel.pixel, channel);
      continue;
    }
    for (int64_t n = 0; n < count; ++n) {
      Value result = own[n];
      // Any order of additions will do; a tree is the fastest.
      auto flags = isa<FloatType>(c.accumulatorType)
                       ? arith::FastMathFlags::reassoc
                       : arith::FastMathFlags::none;
      if (isa<VectorType>(result.getType()))
        result = vector::ReductionOp::create(e, vector::CombiningKind::ADD,
                                             result, flags);
      Value at = e.add(channel, n);
      store(addBias(result, at), pixel.line, pixel.pixel, at);
    }
  }
}

void kernels::emitDotContraction(Emitter &e, const DotContraction &c,
                                 StoreTile store) {
  DotEmitter(e, c, store).emit();
}
