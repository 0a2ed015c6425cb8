//===- PlaneKernel.cpp - sliding windows, plane by plane --------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "codegen/kernels/PlaneKernel.h"
#include "codegen/cost/WindowCost.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/TypeUtilities.h"

#include <map>

using namespace mlir;
using namespace edgecc;
using namespace edgecc::kernels;

bool kernels::canBePlanar(Operation *op, target::CpuAttr cpu) {
  auto result = cast<RankedTensorType>(op->getResult(0).getType());
  Type element = result.getElementType();
  if (!element.isF32() || getElementTypeOrSelf(op->getOperand(0)) != element ||
      vectorLength(cpu, element) < 4)
    return false;
  auto hasShortStrides = [](auto window) {
    return window.getStrides().back() <= 2;
  };
  auto conv = dyn_cast<edge::ConvOp>(op);
  if (conv ? !hasShortStrides(conv) : !hasShortStrides(cast<edge::PoolOp>(op)))
    return false;
  // The epilogue treats all pixels of a channel alike.
  auto epilogue = cast<edge::EpilogueOpInterface>(op);
  for (OpOperand &extra : epilogue.getEpilogueOperandsMutable()) {
    auto type = cast<ShapedType>(extra.get().getType());
    int64_t channels = type.getRank() ? type.getShape().back() : 1;
    if (type.getNumElements() != channels)
      return false;
  }
  return true;
}

namespace {

/// Where a tile begins along a dimension; known only for tiles that may touch
/// the border.
struct TileBegin {
  Value value;
  std::optional<int64_t> known;
};

class PlaneEmitter {
public:
  PlaneEmitter(Emitter &e, const PlaneWindow &planes);
  void emit();

private:
  /// Emits `body` for each tile of at most `size` of `total` units; those for
  /// which `isInside(begin, size)` does not hold are emitted one by one.
  void forTiles(int64_t total, int64_t size,
                function_ref<bool(int64_t begin, int64_t size)> isInside,
                function_ref<void(TileBegin begin, int64_t size)> body);
  void emitTile(TileBegin line, int64_t lineCount, TileBegin vector,
                int64_t vectorCount);
  void store(Value value, Value line, TileBegin vector, int64_t number);

  /// The input vectors of one line for a tile that begins with output vector
  /// `begin`.
  class Line {
  public:
    Line(PlaneEmitter &p, Value start, TileBegin begin)
        : p(p), start(start), begin(begin) {}
    /// What tap number `tap` multiplies for output vector number `vector`.
    Value tapInput(int64_t tap, int64_t vector);

  private:
    /// Input vector number `index` from the begin of the tile on.
    Value load(int64_t index);
    /// Of every `stride` input pixels that belong to output vector `vector`,
    /// number `phase`.
    Value split(int64_t vector, int64_t phase);

    PlaneEmitter &p;
    Value start;
    TileBegin begin;
    std::map<int64_t, Value> loaded;
    std::map<std::pair<int64_t, int64_t>, Value> parts;
  };

  Emitter &e;
  const PlaneWindow &planes;
  const Window &w;
  cost::WindowDim lines, pixels;
  int64_t lanes;
  cost::PlaneTiles tiles;
  VectorType type;
  /// The plane at hand: where it begins, its weights, the first value of sums.
  Value plane, initial;
  SmallVector<Value> weights;
  Value border;
};

} // namespace

/// The quotient, rounded down, and the remainder, not negative.
static std::pair<int64_t, int64_t> divide(int64_t value, int64_t divisor) {
  int64_t quotient = llvm::divideFloorSigned(value, divisor);
  return {quotient, value - quotient * divisor};
}

PlaneEmitter::PlaneEmitter(Emitter &e, const PlaneWindow &planes)
    : e(e), planes(planes), w(planes.window),
      lines{w.shape[1], w.kernel[0], w.strides[0], w.dilations[0]},
      pixels{w.shape[2], w.kernel[1], w.strides[1], w.dilations[1]},
      lanes(vectorLength(e.cpu, w.accumulatorType)),
      tiles(cost::choosePlaneTiles(lines, pixels, lanes, e.cpu)),
      type(VectorType::get({lanes}, w.accumulatorType)) {
  assert(w.inputType == w.accumulatorType && "elements are used as they are");
}

void PlaneEmitter::forTiles(
    int64_t total, int64_t size,
    function_ref<bool(int64_t begin, int64_t size)> isInside,
    function_ref<void(TileBegin begin, int64_t size)> body) {
  for (const cost::TileRun &run : cost::splitEvenly(total, size)) {
    int64_t end = run.first + run.count * run.size;
    for (int64_t first = run.first; first < end;) {
      int64_t next = first;
      while (next < end && isInside(next, run.size))
        next += run.size;
      e.loop(first, next, run.size,
             [&](Value begin) { body({begin, std::nullopt}, run.size); });
      if (next < end)
        body({e.index(next), next}, run.size);
      first = next + run.size;
    }
  }
}

void PlaneEmitter::emit() {
  border = e.splat(e.floatConstant(planes.border, w.inputType), lanes);
  // The vectors that the taps of one output vector are in.
  auto vectorOf = [&](int64_t tap) {
    int64_t pixel = tap * pixels.dilation - planes.padsLow[1];
    return divide(divide(pixel, pixels.stride).first, lanes);
  };
  int64_t firstVector = vectorOf(0).first;
  auto [lastVector, lastRest] = vectorOf(pixels.kernel - 1);
  lastVector += lastRest ? 1 : 0;
  int64_t span = pixels.stride * lanes;
  auto areVectorsInside = [&](int64_t begin, int64_t size) {
    return (begin + firstVector) * span >= 0 &&
           (begin + size + lastVector) * span <= planes.extents[1] &&
           (begin + size) * lanes <= pixels.outputs;
  };
  auto areLinesInside = [&](int64_t begin, int64_t size) {
    int64_t top = begin * lines.stride - planes.padsLow[0];
    int64_t last =
        (size - 1) * lines.stride + (lines.kernel - 1) * lines.dilation;
    return top >= 0 && top + last < planes.extents[0];
  };
  e.parallelNest({w.shape[0], w.shape[3]}, [&](ValueRange position) {
    Value image = position[0], channel = position[1];
    plane = e.add(w.input.base, e.add(e.mul(image, w.inputStrides[0]),
                                      e.mul(channel, w.inputStrides[1])));
    planes.beginPlane(image, channel);
    initial = e.splat(w.initial(channel, 1), lanes);
    weights.assign(lines.kernel * pixels.kernel, {});
    if (w.weights) {
      FlatOperand flat = flatOperand(e, w.weights);
      int64_t pitch = cast<MemRefType>(w.weights.getType()).getShape().back();
      for (auto [tap, weight] : llvm::enumerate(weights)) {
        Value index = e.add(e.add(flat.base, tap * pitch), channel);
        weight = e.splat(loadWide(e, flat.memref, index, 1, w.weightsType,
                                  w.accumulatorType),
                         lanes);
      }
    }
    forTiles(lines.outputs, tiles.lines, areLinesInside,
             [&](TileBegin line, int64_t lineCount) {
               forTiles(llvm::divideCeil(pixels.outputs, lanes), tiles.vectors,
                        areVectorsInside,
                        [&](TileBegin vector, int64_t vectorCount) {
                          emitTile(line, lineCount, vector, vectorCount);
                        });
             });
  });
}

void PlaneEmitter::emitTile(TileBegin line, int64_t lineCount, TileBegin vector,
                            int64_t vectorCount) {
  SmallVector<Value> sums(lineCount * vectorCount, initial);
  int64_t pitch = w.inputStrides[2];
  Value top = e.add(plane, e.mul(line.value, lines.stride * pitch));
  top = e.add(top, -planes.padsLow[0] * pitch);

  // Input line by input line, each for all output lines that read it.
  int64_t inputs =
      (lineCount - 1) * lines.stride + (lines.kernel - 1) * lines.dilation + 1;
  for (int64_t row = 0; row < inputs; ++row) {
    if (line.known) {
      int64_t number = *line.known * lines.stride - planes.padsLow[0] + row;
      if (number < 0 || number >= planes.extents[0])
        continue;
    }
    Line input(*this, e.add(top, row * pitch), vector);
    for (int64_t i = 0; i < lineCount; ++i) {
      auto [k, rest] = divide(row - i * lines.stride, lines.dilation);
      if (rest || k < 0 || k >= lines.kernel)
        continue;
      for (int64_t l = 0; l < pixels.kernel; ++l)
        for (int64_t j = 0; j < vectorCount; ++j) {
          Value &sum = sums[i * vectorCount + j];
          sum = w.combine(sum, input.tapInput(l, j),
                          weights[k * pixels.kernel + l]);
        }
    }
  }
  for (int64_t i = 0; i < lineCount; ++i)
    for (int64_t j = 0; j < vectorCount; ++j)
      store(sums[i * vectorCount + j], e.add(line.value, i), vector, j);
}

void PlaneEmitter::store(Value value, Value line, TileBegin vector,
                         int64_t number) {
  Value pixel = e.mul(e.add(vector.value, number), lanes);
  int64_t count = lanes;
  if (vector.known)
    count = std::min(lanes, pixels.outputs - (*vector.known + number) * lanes);
  if (count == lanes)
    return planes.store(value, line, pixel);
  int64_t offset = 0;
  for (int64_t length : splitIntoVectors(count, lanes)) {
    Value piece =
        length == 1 ? Value(vector::ExtractOp::create(e, value, offset))
                    : vector::ExtractStridedSliceOp::create(e, value, {offset},
                                                            {length}, {1});
    planes.store(piece, line, e.add(pixel, offset));
    offset += length;
  }
}

Value PlaneEmitter::Line::load(int64_t index) {
  Value &result = loaded[index];
  if (result)
    return result;
  Emitter &e = p.e;
  int64_t stride = p.pixels.stride;
  Value at = e.add(e.mul(begin.value, stride * p.lanes), index * p.lanes);
  at = e.add(start, at);
  auto read = [&](int64_t offset, int64_t length) {
    return e.load(p.w.input.memref, e.add(at, offset), length, p.w.inputType);
  };
  int64_t count = p.lanes;
  if (begin.known) {
    int64_t first = (*begin.known * stride + index) * p.lanes;
    count = first < 0 ? 0 : std::min(p.lanes, p.planes.extents[1] - first);
  }
  if (count == p.lanes)
    return result = read(0, p.lanes);
  result = p.border;
  int64_t offset = 0;
  for (int64_t length :
       splitIntoVectors(std::max<int64_t>(count, 0), p.lanes)) {
    Value piece = read(offset, length);
    result = length == 1
                 ? Value(vector::InsertOp::create(e, piece, result, offset))
                 : vector::InsertStridedSliceOp::create(e, piece, result,
                                                        {offset}, {1});
    offset += length;
  }
  return result;
}

Value PlaneEmitter::Line::split(int64_t vector, int64_t phase) {
  int64_t stride = p.pixels.stride;
  if (stride == 1)
    return load(vector);
  Value &result = parts[{vector, phase}];
  if (result)
    return result;
  Value low = load(vector * stride), high = load(vector * stride + 1);
  if (low == p.border && high == p.border)
    return result = p.border;
  SmallVector<int64_t> mask;
  for (int64_t lane = 0; lane < p.lanes; ++lane)
    mask.push_back(lane * stride + phase);
  return result = vector::ShuffleOp::create(p.e, low, high, mask);
}

Value PlaneEmitter::Line::tapInput(int64_t tap, int64_t vector) {
  auto [shift, phase] =
      divide(tap * p.pixels.dilation - p.planes.padsLow[1], p.pixels.stride);
  auto [number, first] = divide(shift + vector * p.lanes, p.lanes);
  Value low = split(number, phase);
  if (!first)
    return low;
  Value high = split(number + 1, phase);
  if (low == p.border && high == p.border)
    return low;
  SmallVector<int64_t> mask;
  for (int64_t lane = 0; lane < p.lanes; ++lane)
    mask.push_back(first + lane);
  return vector::ShuffleOp::create(p.e, low, high, mask);
}

void kernels::emitPlanes(Emitter &emitter, const PlaneWindow &planes) {
  PlaneEmitter(emitter, planes).emit();
}
