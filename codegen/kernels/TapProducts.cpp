//===- TapProducts.cpp - depthwise convolutions of bytes --------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "codegen/kernels/TapProducts.h"
#include "codegen/kernels/Arithmetic.h"
#include "codegen/kernels/GemmKernel.h"
#include "codegen/kernels/Requantize.h"
#include "dialects/Edge/EdgeConstants.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/TypeUtilities.h"
#include "llvm/ADT/Sequence.h"
#include "llvm/Support/MathExtras.h"

#include <limits>

using namespace mlir;
using namespace edgecc;
using namespace edgecc::kernels;

using Values = SmallVector<Value>;

//===----------------------------------------------------------------------===//
// Sizes and weights
//===----------------------------------------------------------------------===//

std::optional<TapProducts> TapProducts::get(edge::ConvOp op,
                                            target::CpuAttr cpu) {
  auto weights = cast<RankedTensorType>(op.getWeights().getType());
  int64_t rank = op.getSpatialRank();
  if (!constantOf(op.getWeights()) || rank > 2)
    return std::nullopt;
  std::optional<InnerProduct> product =
      InnerProduct::find(cpu, getElementTypeOrSelf(op.getInput()),
                         weights.getElementType(), constantOf(op.getWeights()));
  if (!product || !product->multipliesBytes())
    return std::nullopt;
  // Scalable vectors are not interleaved within 128 bits by one instruction.
  if (product->isScalable())
    product = product->ofLeastLanes();
  if (product->isScalable())
    return std::nullopt;
  TapProducts taps(op, *product);
  taps.channels = weights.getShape().back();
  taps.kernelPixels = weights.getDimSize(rank - 1);
  taps.kernelLines = rank > 1 ? weights.getDimSize(0) : 1;
  // One tap in four would be wasteful; many would be too much code.
  constexpr int64_t mostGroups = 16;
  if (taps.kernelPixels < 2 ||
      taps.channels < vectors * product->leastLanes() ||
      taps.kernelLines * taps.groupsPerRow() > mostGroups)
    return std::nullopt;
  taps.packsBias = op.getBias() && constantOf(op.getBias());
  // The inputs of a group beside the sums, and what the epilogue needs.
  int64_t spare = cost::usableRegisters(cpu) - 2 * vectors;
  taps.linesPerTile = std::clamp<int64_t>(spare / vectors, 1, 4);
  return taps;
}

int64_t TapProducts::packedSize(int64_t blockChannels) const {
  int64_t sums = product.flipsLhs() || packsBias ? 4 : 0;
  return (kernelLines * groupsPerRow() * depth + sums) * blockChannels;
}

SmallVector<TapProducts::Block> TapProducts::blocks() const {
  SmallVector<Block> all;
  int64_t first = 0, offset = 0, least = vectors * product.leastLanes();
  auto append = [&](int64_t count, int64_t size, int64_t known) {
    all.push_back({count, first - known, size, known, offset});
    first += count * size - known;
    offset += count * packedSize(size);
  };
  for (int64_t size = vectors * product.lanes(); size >= least; size /= 2)
    if (int64_t count = (channels - first) / size)
      append(count, size, 0);
  if (first < channels)
    append(1, least, least - (channels - first));
  return all;
}

/// The channel, in a block of any length, whose taps are in `lane` of the
/// interleaved vector `vector`: sixteen at a time, four in each vector.
static int64_t channelOf(int64_t vector, int64_t lane) {
  return lane / 4 * 16 + vector * 4 + lane % 4;
}

PackedConstant TapProducts::pack(ArrayRef<char> source) const {
  PackedConstant packed;
  std::optional<edge::ConstantView> bias;
  if (packsBias)
    bias = edge::ConstantView::get(constantOf(edge::ConvOp(op).getBias()));
  for (const Block &block : blocks())
    for (int64_t i : llvm::seq(block.count)) {
      int64_t first = block.first + i * block.channels;
      // In the order of the interleaved vectors, like everything here.
      std::vector<int32_t> sums(block.channels, 0);
      auto overLanes = [&](auto body) {
        for (int64_t vector : llvm::seq(vectors))
          for (int64_t lane : llvm::seq(block.lanes()))
            body(first + channelOf(vector, lane),
                 sums[vector * block.lanes() + lane]);
      };
      for (int64_t line : llvm::seq(kernelLines))
        for (int64_t group : llvm::seq(groupsPerRow()))
          overLanes([&](int64_t channel, int32_t &sum) {
            for (int64_t tap : llvm::seq(depth)) {
              int64_t pixel = group * depth + tap;
              char weight = 0;
              if (pixel < kernelPixels)
                weight =
                    source[(line * kernelPixels + pixel) * channels + channel];
              packed.bytes.push_back(weight);
              if (product.flipsLhs())
                sum += product.offset() * product.rhsValue(weight);
            }
          });
      if (bias)
        overLanes([&](int64_t channel, int32_t &sum) {
          sum += bias->integer(channel);
        });
      if (!product.flipsLhs() && !packsBias)
        continue;
      const char *bytes = reinterpret_cast<const char *>(sums.data());
      packed.bytes.insert(packed.bytes.end(), bytes,
                          bytes + sums.size() * sizeof(int32_t));
    }
  packed.type = MemRefType::get({int64_t(packed.bytes.size())},
                                IntegerType::get(op->getContext(), 8));
  return packed;
}

//===----------------------------------------------------------------------===//
// Loops
//===----------------------------------------------------------------------===//

namespace edgecc::kernels {

class TapProductsEmitter {
public:
  TapProductsEmitter(Emitter &e, const TapProducts &taps,
                     const KernelArgs &args);
  void emit();

private:
  using Block = TapProducts::Block;

  /// The output lines and the block of channels at hand.
  struct Tile {
    const Block *block;
    int64_t lines;
    Value image, line, pixel, channel;
    Value input, weights;
    /// The epilogue operands of each interleaved vector, if `packs`.
    SmallVector<Values> extras;
  };

  void overBlocks(Tile tile);
  void emitTile(const Tile &tile);
  Values loadGroup(const Tile &tile, int64_t row, int64_t group);
  Values inOrder(ValueRange sums);
  void loadExtras(Tile &tile);
  bool storePacked(const Tile &tile, int64_t line, ValueRange sums);
  void store(const Tile &tile, int64_t line, ValueRange sums);

  Emitter &e;
  const TapProducts &taps;
  const KernelArgs &args;
  edge::ConvOp op;
  int64_t rank;
  /// Elements of the input from one line or pixel to the next.
  int64_t lineStep, pixelStep;
  int64_t lineStride, pixelStride, lineDilation, pixelDilation;
  FlatOperand input, weights, bias;
  /// Set if the epilogue requantises to bytes, with operands that are the same
  /// for all pixels.
  std::optional<Requantization> requantization;
  SmallVector<double> bounds;
};

} // namespace edgecc::kernels

TapProductsEmitter::TapProductsEmitter(Emitter &e, const TapProducts &taps,
                                       const KernelArgs &args)
    : e(e), taps(taps), args(args), op(taps.op), rank(op.getSpatialRank()),
      input(flatOperand(e, args.inputs[0])),
      weights(flatOperand(e, args.inputs[1])) {
  SmallVector<int64_t> strides = stridesOf(args.inputs[0]);
  bool hasLines = rank > 1;
  lineStep = hasLines ? strides[rank - 1] : 0;
  pixelStep = strides[rank];
  lineStride = hasLines ? op.getStrides()[0] : 1;
  lineDilation = hasLines ? op.getDilation(0) : 1;
  pixelStride = op.getStrides()[rank - 1];
  pixelDilation = op.getDilation(rank - 1);
  if (op.getBias() && !taps.packsBias)
    bias = flatOperand(e, args.inputs[2]);
  auto isByte = [](Type type) { return type.isInteger(8); };
  if (bias.memref || !isByte(getElementTypeOrSelf(op.getResult())))
    return;
  bounds = {std::numeric_limits<double>::infinity()};
  for (Value extra : op.getExtras()) {
    auto type = cast<RankedTensorType>(extra.getType());
    bounds.push_back(largestElement(extra));
    if (type.getRank() && type.getNumElements() != type.getShape().back())
      return;
  }
  requantization = Requantization::ofRegion(op.getEpilogue());
}

void TapProductsEmitter::emit() {
  ArrayRef<int64_t> output =
      cast<MemRefType>(args.outputs[0].getType()).getShape();
  int64_t lines = rank > 1 ? output[1] : 1;
  e.loop(0, output[0], 1, [&](Value image) {
    Value base = e.mul(image, stridesOf(args.inputs[0])[0]);
    for (const cost::TileRun &run : cost::splitEvenly(lines, taps.linesPerTile))
      e.loop(run.first, run.first + run.count * run.size, run.size,
             [&](Value line) {
               Tile tile;
               tile.lines = run.size;
               tile.image = image;
               tile.line = line;
               tile.input = e.add(base, e.mul(line, lineStride * lineStep));
               overBlocks(tile);
             });
  });
}

void TapProductsEmitter::overBlocks(Tile tile) {
  int64_t pixels = cast<MemRefType>(args.outputs[0].getType()).getDimSize(rank);
  for (const Block &block : taps.blocks())
    e.loop(0, block.count, 1, [&](Value i) {
      Tile inner = tile;
      inner.block = &block;
      inner.channel = e.add(e.mul(i, block.channels), block.first);
      inner.weights =
          e.add(e.mul(i, taps.packedSize(block.channels)), block.offset);
      Value base = e.add(tile.input, inner.channel);
      if (requantization)
        loadExtras(inner);
      e.loop(0, pixels, 1, [&](Value pixel) {
        inner.pixel = pixel;
        inner.input = e.add(base, e.mul(pixel, pixelStride * pixelStep));
        emitTile(inner);
      });
    });
}

void TapProductsEmitter::emitTile(const Tile &tile) {
  constexpr int64_t vectors = TapProducts::vectors;
  int64_t lanes = tile.block->lanes(), bytes = lanes * TapProducts::depth;
  auto type = VectorType::get({lanes}, e.getI32Type());
  Values sums(tile.lines * vectors, e.zero(type));
  if (taps.product.flipsLhs() || taps.packsBias)
    for (int64_t v : llvm::seq(vectors)) {
      int64_t at = taps.packedSize(tile.block->channels) -
                   (vectors - v) * lanes * int64_t(sizeof(int32_t));
      Value first = vector::BitCastOp::create(e, type,
                                              e.load(weights.memref,
                                                     e.add(tile.weights, at),
                                                     lanes * 4, e.getI8Type()));
      for (int64_t line : llvm::seq(tile.lines))
        sums[line * vectors + v] = first;
    }
  int64_t rows =
      (tile.lines - 1) * lineStride + (taps.kernelLines - 1) * lineDilation + 1;
  for (int64_t row : llvm::seq(rows)) {
    // The lines that need this row of the input, and the row of the kernel that
    // meets it there.
    SmallVector<std::pair<int64_t, int64_t>> users;
    for (int64_t line : llvm::seq(tile.lines)) {
      int64_t distance = row - line * lineStride;
      if (distance >= 0 && distance % lineDilation == 0 &&
          distance / lineDilation < taps.kernelLines)
        users.push_back({line, distance / lineDilation});
    }
    if (users.empty())
      continue;
    for (int64_t group : llvm::seq(taps.groupsPerRow())) {
      Values elements = loadGroup(tile, row, group);
      for (auto [line, kernelLine] : users)
        for (int64_t v : llvm::seq(vectors)) {
          int64_t at =
              ((kernelLine * taps.groupsPerRow() + group) * vectors + v) *
              bytes;
          Value weight = e.load(weights.memref, e.add(tile.weights, at), bytes,
                                e.getI8Type());
          Value &sum = sums[line * vectors + v];
          sum = taps.product.accumulate(e, sum, elements[v], weight);
        }
    }
  }
  for (int64_t line : llvm::seq(tile.lines))
    store(tile, line, ArrayRef(sums).slice(line * vectors, vectors));
}

/// The inputs of the taps of `group`, interleaved.
SmallVector<Value> TapProductsEmitter::loadGroup(const Tile &tile, int64_t row,
                                                 int64_t group) {
  int64_t length = tile.block->channels;
  Values loaded;
  for (int64_t tap : llvm::seq(TapProducts::depth)) {
    int64_t pixel = group * TapProducts::depth + tap;
    if (pixel >= taps.kernelPixels) {
      // Its weight is zero.
      loaded.push_back(loaded.back());
      continue;
    }
    int64_t offset = row * lineStep + pixel * pixelDilation * pixelStep;
    Value bytes =
        e.load(input.memref, e.add(tile.input, offset), length, e.getI8Type());
    loaded.push_back(taps.product.flip(e, bytes));
  }
  // Interleaves pieces of `size` bytes of the lower or upper halves of each 128
  // bits.
  auto interleave = [&](Value a, Value b, int64_t size, bool upper) -> Value {
    SmallVector<int64_t> mask;
    for (int64_t i : llvm::seq(length)) {
      int64_t piece = i % 16 / size;
      int64_t from = i / 16 * 16 + upper * 8 + piece / 2 * size + i % size;
      mask.push_back(piece % 2 ? length + from : from);
    }
    return vector::ShuffleOp::create(e, a, b, mask);
  };
  Values result;
  for (bool upper : {false, true}) {
    Value first = interleave(loaded[0], loaded[1], 1, upper);
    Value second = interleave(loaded[2], loaded[3], 1, upper);
    result.push_back(interleave(first, second, 2, false));
    result.push_back(interleave(first, second, 2, true));
  }
  return result;
}

/// The sums of the vectors of a block in the order of its channels.
SmallVector<Value> TapProductsEmitter::inOrder(ValueRange sums) {
  int64_t lanes = cast<VectorType>(sums.front().getType()).getNumElements();
  Values current(sums);
  // `picks` names, for each four lanes, the vector and its four lanes.
  auto shuffle = [&](Value a, Value b,
                     ArrayRef<std::pair<bool, int64_t>> picks) -> Value {
    SmallVector<int64_t> mask;
    for (auto [second, piece] : picks)
      for (int64_t i : llvm::seq(4))
        mask.push_back((second ? lanes : 0) + piece * 4 + i);
    return vector::ShuffleOp::create(e, a, b, mask);
  };
  if (lanes == 8)
    return {shuffle(sums[0], sums[1], {{false, 0}, {true, 0}}),
            shuffle(sums[2], sums[3], {{false, 0}, {true, 0}}),
            shuffle(sums[0], sums[1], {{false, 1}, {true, 1}}),
            shuffle(sums[2], sums[3], {{false, 1}, {true, 1}})};
  if (lanes == 16)
    // A matrix of pieces, transposed.
    for (int64_t span : {1, 2})
      for (int64_t r : llvm::seq(4)) {
        if (r & span)
          continue;
        SmallVector<std::pair<bool, int64_t>> low, high;
        for (int64_t i : llvm::seq(4)) {
          bool second = i & span;
          low.push_back({second, second ? i - span : i});
          high.push_back({second, second ? i : i + span});
        }
        Value a = current[r], b = current[r + span];
        current[r] = shuffle(a, b, low);
        current[r + span] = shuffle(a, b, high);
      }
  return current;
}

/// Loads the epilogue operands for the channels of a block, in the order of the
/// interleaved vectors.
void TapProductsEmitter::loadExtras(Tile &tile) {
  int64_t lanes = tile.block->lanes(), channels = tile.block->channels;
  tile.extras.assign(TapProducts::vectors, {});
  for (auto [i, extra] : llvm::enumerate(op.getExtras())) {
    unsigned operand = op.getExtras().getBeginOperandIndex() + i;
    Type element = getElementTypeOrSelf(extra.getType());
    Value memref = args.inputs[operand];
    int64_t extraRank = cast<MemRefType>(memref.getType()).getRank();
    Values indices(std::max<int64_t>(extraRank, 1), e.index(0));
    indices.back() = tile.channel;
    Value all = e.loadBroadcast(memref, indices, channels, element);
    for (int64_t v : llvm::seq(TapProducts::vectors)) {
      SmallVector<int64_t> mask;
      for (int64_t lane : llvm::seq(lanes))
        mask.push_back(channelOf(v, lane));
      tile.extras[v].push_back(vector::ShuffleOp::create(e, all, all, mask));
    }
  }
}

/// Stores a block as bytes; false if that does not do.
bool TapProductsEmitter::storePacked(const Tile &tile, int64_t line,
                                     ValueRange sums) {
  if (!requantization || tile.block->known)
    return false;
  double bound = requantization->bound(bounds);
  Values numbers;
  for (auto [v, sum] : llvm::enumerate(sums)) {
    Values arguments{sum};
    llvm::append_range(arguments, tile.extras[v]);
    numbers.push_back(e.applyRegion(op.getEpilogue(), arguments, bounds,
                                    requantization->value));
  }
  Value bytes = requantization->emitPacked(e, numbers, bound);
  if (!bytes)
    return false;
  Values indices{tile.image};
  if (rank > 1)
    indices.push_back(e.add(tile.line, line));
  indices.push_back(tile.pixel);
  indices.push_back(tile.channel);
  e.store(bytes, args.outputs[0], indices);
  return true;
}

void TapProductsEmitter::store(const Tile &tile, int64_t line,
                               ValueRange sums) {
  if (storePacked(tile, line, sums))
    return;
  int64_t lanes = tile.block->lanes();
  for (auto [v, sum] : llvm::enumerate(inOrder(sums))) {
    int64_t first = v * lanes;
    int64_t known = std::max<int64_t>(tile.block->known - first, 0);
    if (known >= lanes)
      continue;
    if (bias.memref)
      sum =
          combine(e, Fold::Sum, sum,
                  loadWide(e, bias.memref, e.add(tile.channel, first), lanes,
                           getElementTypeOrSelf(op.getBias()), e.getI32Type()));
    // What the block before has stored may have replaced what the epilogue
    // reads.
    for (int64_t at = known, length; at < lanes; at += length) {
      length = at == 0 ? lanes : llvm::bit_floor(uint64_t(lanes - at));
      Value piece = sum;
      if (length == 1)
        piece = vector::ExtractOp::create(e, sum, at);
      else if (length < lanes)
        piece = vector::ExtractStridedSliceOp::create(
            e, sum, ArrayRef<int64_t>{at}, ArrayRef<int64_t>{length},
            ArrayRef<int64_t>{1});
      Values indices{tile.image};
      if (rank > 1)
        indices.push_back(e.add(tile.line, line));
      indices.push_back(tile.pixel);
      indices.push_back(e.add(tile.channel, first + at));
      e.storeResult(op, args, piece, indices);
    }
  }
}

void TapProducts::emit(Emitter &e, const KernelArgs &args) const {
  TapProductsEmitter(e, *this, args).emit();
}
