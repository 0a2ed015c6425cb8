//===- WindowKernel.cpp - sliding windows, channel by channel ---*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "codegen/kernels/WindowKernel.h"
#include "codegen/cost/WindowCost.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

#include <map>

using namespace mlir;
using namespace edgecc;
using namespace edgecc::kernels;

Value ChannelBlocks::offsetOf(Emitter &e, Value channel) const {
  if (!lanes)
    return channel;
  Value size = e.index(lanes);
  Value block = e.createOrFold<arith::DivUIOp>(channel, size);
  Value within = e.createOrFold<arith::RemUIOp>(channel, size);
  return e.add(e.mul(block, stride), within);
}

namespace {

using Values = SmallVector<Value>;

class WindowEmitter {
public:
  WindowEmitter(Emitter &e, const Window &w);
  void emit();

private:
  /// Where the tile at hand is.
  struct Tile {
    /// Image and outer spatial position, then the first line and pixel.
    Values position;
    Value line, pixel;
    /// Its first channel, and the vectors of channels.
    Value channel;
    SmallVector<int64_t> lanes;
    int64_t lines = 1, pixels = 1;
    /// The index of its first input element.
    Value input;
  };

  /// The lines or the channels that a thread has.
  struct Part {
    Value first;
    int64_t count;
  };

  /// Emits `body` for each tile of at most `size` outputs of a part of `dim`:
  /// its first output, its size and its first input, the tiles before it being
  /// passed.
  void
  overTiles(const cost::WindowDim &dim, Part part, int64_t size,
            int64_t inputStride, Value input,
            function_ref<void(Value first, int64_t size, Value input)> body);
  /// Emits what a thread does of an image.
  void emitImage(const Tile &all);
  void overLines(Tile tile, function_ref<void(Tile)> body);
  void overPixels(Tile tile, function_ref<void(Tile)> body);
  void overChannels(Tile tile, function_ref<void(Tile)> body);
  void emitTile(const Tile &tile);
  Values overOuterTaps(size_t dim, Tile tile, Value tap, ValueRange sums);
  Values allTaps(const Tile &tile, ArrayRef<Value> taps, Values sums);
  Values kernelRow(const Tile &tile, Value tap, Values sums);
  Values tapLoops(const Tile &tile, Value tap, ValueRange sums);
  Value loadInput(const Tile &tile, int64_t offset, size_t vector);
  /// The weights of the taps of the last two dimensions from number `tap` on,
  /// if they stay in registers.
  Values tapWeights(const Tile &tile, Value tap);
  /// The weight of tap number `tap` + `offset`; null without weights.
  Value loadWeight(const Tile &tile, Value tap, int64_t offset, size_t vector);

  Emitter &e;
  const Window &w;
  size_t rank;
  int64_t lanes, channels;
  /// Elements from a tap's weights to the next one's.
  int64_t weightPitch = 0;
  SmallVector<int64_t> strides;
  /// Output extents of the images and outer spatial dimensions.
  SmallVector<int64_t> outer;
  cost::WindowDim lineDim, pixelDim;
  int64_t lineStride, pixelStride;
  cost::WindowTiles tiles;
  FlatOperand input, weights;
  Part partLines, partChannels;
  /// The weights of the channels at hand while all pixels of a line pass by.
  Values resident;
};

} // namespace

WindowEmitter::WindowEmitter(Emitter &e, const Window &w)
    : e(e), w(w), rank(w.kernel.size()),
      lanes(vectorLength(e.cpu, w.accumulatorType)), strides(w.inputStrides),
      input(w.input) {
  if (w.inputBlocks.lanes)
    lanes = std::min(lanes, w.inputBlocks.lanes);
  channels = w.shape.back();
  auto dimension = [&](size_t dim) {
    return cost::WindowDim{w.shape[dim + 1], w.kernel[dim], w.strides[dim],
                           w.dilations[dim]};
  };
  pixelDim = dimension(rank - 1);
  pixelStride = strides[rank];
  lineDim = rank > 1 ? dimension(rank - 2) : cost::WindowDim{1, 1, 1, 1};
  lineStride = rank > 1 ? strides[rank - 1] : 0;
  outer.assign(w.shape.begin(),
               w.shape.begin() + std::max<int64_t>(rank, 2) - 1);
  std::optional<cost::WindowTiles> small;
  if (w.isSmall)
    small = cost::chooseSmallTiles(lineDim, pixelDim, e.cpu);
  tiles = small ? *small
                : cost::chooseTiles(lineDim, pixelDim, bool(w.weights), e.cpu);
  if (w.weights) {
    weights = flatOperand(e, w.weights);
    weightPitch = cast<MemRefType>(w.weights.getType()).getShape().back();
  }
}

void WindowEmitter::emit() {
  e.parallelNest(outer, [&](ValueRange position) {
    Tile all;
    all.position.assign(position.begin(), position.end());
    all.input = input.base;
    for (auto [dim, index] : llvm::enumerate(position))
      all.input =
          e.add(all.input,
                e.mul(index, strides[dim] * (dim ? w.strides[dim - 1] : 1)));
    partLines = {e.index(0), lineDim.outputs};
    partChannels = {e.index(0), channels};
    if (sharesLines(lineDim.inputs(lineDim.outputs) *
                        pixelDim.inputs(pixelDim.outputs),
                    channels))
      return e.imageParts(lineDim.outputs, [&](Value first, int64_t size) {
        partLines = {first, size};
        emitImage(all);
      });
    if (channels % lanes)
      return emitImage(all);
    e.imageParts(channels / lanes, [&](Value first, int64_t size) {
      partChannels = {e.mul(first, lanes), size * lanes};
      emitImage(all);
    });
  });
}

void WindowEmitter::emitImage(const Tile &all) {
  auto channelsOf = [&](Tile tile, function_ref<void(Tile)> body) {
    overChannels(tile, [&](Tile inner) {
      if (rank < 3)
        resident = tapWeights(inner, e.index(0));
      body(inner);
      resident.clear();
    });
  };
  auto pixelsOf = [&](Tile tile) {
    overPixels(tile, [&](Tile inner) { emitTile(inner); });
  };
  // A block of channels stays in the first cache for all lines; a line of
  // pixels is read from its begin to its end.
  if (w.inputBlocks.lanes)
    return channelsOf(all, [&](Tile tile) { overLines(tile, pixelsOf); });
  overLines(all, [&](Tile tile) { channelsOf(tile, pixelsOf); });
}

void WindowEmitter::overTiles(
    const cost::WindowDim &dim, Part part, int64_t size, int64_t inputStride,
    Value input,
    function_ref<void(Value first, int64_t size, Value input)> body) {
  auto emit = [&](Value first, int64_t size) {
    first = e.add(part.first, first);
    body(first, size, e.add(input, e.mul(first, dim.stride * inputStride)));
  };
  if (w.isSmall && part.count > size)
    return e.parallelLoop(0, part.count, size, [&](Value first) {
      // The last tile ends with the last output.
      if (size > 1)
        first = arith::MinSIOp::create(e, first, e.index(part.count - size));
      emit(first, size);
    });
  for (const cost::TileRun &run : cost::splitEvenly(part.count, size))
    e.parallelLoop(run.first, run.first + run.count * run.size, run.size,
                   [&](Value first) { emit(first, run.size); });
}

void WindowEmitter::overLines(Tile tile, function_ref<void(Tile)> body) {
  overTiles(lineDim, partLines, tiles.lines, lineStride, tile.input,
            [&](Value line, int64_t lines, Value input) {
              Tile inner = tile;
              inner.line = line;
              inner.lines = lines;
              inner.input = input;
              body(inner);
            });
}

void WindowEmitter::overPixels(Tile tile, function_ref<void(Tile)> body) {
  overTiles(pixelDim, {e.index(0), pixelDim.outputs}, tiles.pixels, pixelStride,
            tile.input, [&](Value pixel, int64_t pixels, Value input) {
              Tile inner = tile;
              inner.pixel = pixel;
              inner.pixels = pixels;
              inner.input = input;
              body(inner);
            });
}

void WindowEmitter::overChannels(Tile tile, function_ref<void(Tile)> body) {
  // Groups of vectors, then single ones, then a narrow rest.
  int64_t first = 0;
  auto run = [&](ArrayRef<int64_t> group) {
    int64_t width = 0;
    for (int64_t length : group)
      width += length;
    int64_t count = (partChannels.count - first) / width;
    e.parallelLoop(first, first + count * width, width, [&](Value channel) {
      channel = e.add(partChannels.first, channel);
      Tile inner = tile;
      inner.channel = w.firstChannel ? e.add(w.firstChannel, channel) : channel;
      inner.lanes.assign(group.begin(), group.end());
      Value from = w.inputBlocks.offsetOf(e, channel);
      if (w.multiplier > 1)
        from = arith::DivUIOp::create(e, from, e.index(w.multiplier));
      inner.input = e.add(tile.input, from);
      body(inner);
    });
    first += count * width;
  };
  if (tiles.vectors > 1 && !w.inputBlocks.lanes && w.multiplier <= lanes)
    run(SmallVector<int64_t>(tiles.vectors, lanes));
  run({lanes});
  for (int64_t length : splitIntoVectors(partChannels.count - first, lanes))
    run({length});
}

Values WindowEmitter::tapWeights(const Tile &tile, Value tap) {
  Values taps;
  if (tiles.mode == cost::WindowTiles::ResidentWeights && w.weights)
    for (int64_t i = 0; i < lineDim.kernel * pixelDim.kernel; ++i)
      taps.push_back(loadWeight(tile, tap, i, 0));
  return taps;
}

void WindowEmitter::emitTile(const Tile &tile) {
  Values first;
  int64_t offset = 0;
  for (int64_t length : tile.lanes) {
    first.push_back(w.initial(e.add(tile.channel, offset), length));
    offset += length;
  }
  Values sums;
  for (int64_t i = 0; i < tile.lines * tile.pixels; ++i)
    llvm::append_range(sums, first);
  sums = overOuterTaps(0, tile, e.index(0), sums);
  size_t at = 0;
  for (int64_t i = 0; i < tile.lines; ++i)
    for (int64_t j = 0; j < tile.pixels; ++j) {
      int64_t offset = 0;
      for (int64_t length : tile.lanes) {
        Values indices = tile.position;
        if (rank > 1)
          indices.push_back(e.add(tile.line, i));
        indices.push_back(e.add(tile.pixel, j));
        indices.push_back(e.add(tile.channel, offset));
        w.store(sums[at++], indices);
        offset += length;
      }
    }
}

Values WindowEmitter::overOuterTaps(size_t dim, Tile tile, Value tap,
                                    ValueRange sums) {
  if (dim + 2 < rank)
    return e.loop(0, w.kernel[dim], 1, sums, [&](Value k, ValueRange carried) {
      Tile inner = tile;
      inner.input =
          e.add(tile.input, e.mul(k, w.dilations[dim] * strides[dim + 1]));
      int64_t taps = 1;
      for (size_t i = dim + 1; i < rank; ++i)
        taps *= w.kernel[i];
      return overOuterTaps(dim + 1, inner, e.add(tap, e.mul(k, taps)), carried);
    });
  switch (tiles.mode) {
  case cost::WindowTiles::ResidentWeights:
    if (!resident.empty())
      return allTaps(tile, resident, Values(sums));
    return allTaps(tile, tapWeights(tile, tap), Values(sums));
  case cost::WindowTiles::Rows: {
    auto row = [&](Value k, ValueRange carried) {
      Tile inner = tile;
      inner.input = e.add(tile.input, e.mul(k, lineDim.dilation * lineStride));
      return kernelRow(inner, e.add(tap, e.mul(k, pixelDim.kernel)),
                       Values(carried));
    };
    int64_t shortKernel = w.isSmall ? cost::mostSmallTaps : 128;
    if (lineDim.kernel * pixelDim.kernel * tile.pixels > shortKernel)
      return e.loop(0, lineDim.kernel, 1, sums, row);
    Values all(sums);
    for (int64_t k = 0; k < lineDim.kernel; ++k)
      all = row(e.index(k), all);
    return all;
  }
  case cost::WindowTiles::Loops:
    return tapLoops(tile, tap, sums);
  }
  llvm_unreachable("unknown mode");
}

Value WindowEmitter::loadInput(const Tile &tile, int64_t offset,
                               size_t vector) {
  int64_t before = 0, length = tile.lanes[vector];
  for (size_t i = 0; i < vector; ++i)
    before += tile.lanes[i];
  Value at = e.add(tile.input, offset + before / w.multiplier);
  if (w.prepare)
    return w.prepare(e.load(input.memref, at, length, w.inputType));
  if (w.multiplier == 1)
    return loadWide(e, input.memref, at, length, w.inputType,
                    w.accumulatorType);
  Value elements =
      loadWide(e, input.memref, at, std::max<int64_t>(length / w.multiplier, 1),
               w.inputType, w.accumulatorType);
  if (length <= w.multiplier)
    return e.splat(elements, length);
  SmallVector<int64_t> repeated;
  for (int64_t i = 0; i < length; ++i)
    repeated.push_back(i / w.multiplier);
  return vector::ShuffleOp::create(e, elements, elements, repeated);
}

Value WindowEmitter::loadWeight(const Tile &tile, Value tap, int64_t offset,
                                size_t vector) {
  if (!w.weights)
    return {};
  int64_t shift = offset * weightPitch;
  for (size_t i = 0; i < vector; ++i)
    shift += tile.lanes[i];
  Value index = e.add(e.add(e.mul(tap, weightPitch), tile.channel), shift);
  return loadWide(e, weights.memref, index, tile.lanes[vector], w.weightsType,
                  w.accumulatorType);
}

Values WindowEmitter::allTaps(const Tile &tile, ArrayRef<Value> taps,
                              Values sums) {
  // Input by input, each used for all the pixels and taps that need it.
  struct Use {
    int64_t sum, tap;
  };
  std::map<std::pair<int64_t, int64_t>, SmallVector<Use>> uses;
  for (int64_t i = 0; i < tile.lines; ++i)
    for (int64_t j = 0; j < tile.pixels; ++j)
      for (int64_t k = 0; k < lineDim.kernel; ++k)
        for (int64_t l = 0; l < pixelDim.kernel; ++l)
          uses[{i * lineDim.stride + k * lineDim.dilation,
                j * pixelDim.stride + l * pixelDim.dilation}]
              .push_back({i * tile.pixels + j, k * pixelDim.kernel + l});
  for (auto &[position, list] : uses) {
    Value element = loadInput(
        tile, position.first * lineStride + position.second * pixelStride, 0);
    for (const Use &use : list)
      sums[use.sum] = w.combine(sums[use.sum], element,
                                taps.empty() ? Value() : taps[use.tap]);
  }
  return sums;
}

Values WindowEmitter::kernelRow(const Tile &tile, Value tap, Values sums) {
  std::map<int64_t, Value> inputs;
  for (int64_t l = 0; l < pixelDim.kernel; ++l) {
    Value weight = loadWeight(tile, tap, l, 0);
    for (int64_t j = 0; j < tile.pixels; ++j) {
      int64_t position = j * pixelDim.stride + l * pixelDim.dilation;
      Value &element = inputs[position];
      if (!element)
        element = loadInput(tile, position * pixelStride, 0);
      sums[j] = w.combine(sums[j], element, weight);
    }
  }
  return sums;
}

Values WindowEmitter::tapLoops(const Tile &tile, Value tap, ValueRange sums) {
  return e.loop(0, lineDim.kernel, 1, sums, [&](Value k, ValueRange outer) {
    return e.loop(
        0, pixelDim.kernel, 1, outer, [&](Value l, ValueRange carried) {
          Tile inner = tile;
          inner.input =
              e.add(e.add(tile.input, e.mul(k, lineDim.dilation * lineStride)),
                    e.mul(l, pixelDim.dilation * pixelStride));
          Value at = e.add(e.add(tap, e.mul(k, pixelDim.kernel)), l);
          Values next;
          for (auto [vector, sum] : llvm::enumerate(carried))
            next.push_back(w.combine(sum, loadInput(inner, 0, vector),
                                     loadWeight(inner, at, 0, vector)));
          return next;
        });
  });
}

void kernels::emitWindow(Emitter &emitter, const Window &window) {
  WindowEmitter(emitter, window).emit();
}
