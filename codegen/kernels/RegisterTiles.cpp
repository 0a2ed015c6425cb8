//===- RegisterTiles.cpp - tiles transposed in registers --------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "codegen/kernels/RegisterTiles.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/Sequence.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace edgecc::kernels {

//===----------------------------------------------------------------------===//
// Shuffles
//===----------------------------------------------------------------------===//

static int64_t lanesOf(Value vector) {
  return cast<VectorType>(vector.getType()).getDimSize(0);
}

Value shuffleMany(Emitter &e, ValueRange vectors, ArrayRef<int64_t> positions) {
  int64_t length = lanesOf(vectors.front());
  auto count = static_cast<int64_t>(positions.size());
  // The first shuffle takes what the first two vectors have, each further one
  // adds what is in its vector.
  SmallVector<int64_t> mask(count, 0);
  for (auto [lane, position] : llvm::enumerate(positions))
    if (position < 2 * length)
      mask[lane] = position;
  Value second = vectors[vectors.size() > 1 ? 1 : 0];
  Value result = vector::ShuffleOp::create(e, vectors.front(), second, mask);
  for (int64_t v = 2; v < static_cast<int64_t>(vectors.size()); ++v) {
    bool used = false;
    for (auto [lane, position] : llvm::enumerate(positions)) {
      bool here = position / length == v;
      mask[lane] = here ? count + position % length : lane;
      used |= here;
    }
    if (used)
      result = vector::ShuffleOp::create(e, result, vectors[v], mask);
  }
  return result;
}

SmallVector<Value> transposeSquare(Emitter &e, ValueRange rows) {
  auto size = static_cast<int64_t>(rows.size());
  int64_t bytes =
      storageBytes(cast<VectorType>(rows.front().getType()).getElementType());
  // Machines interleave quickly within 128 bits and exchange whole pieces of
  // 128 bits quickly, so that is how the work is divided.
  int64_t lane = std::min<int64_t>(size, std::max<int64_t>(16 / bytes, 1));
  auto shuffle = [&](Value a, Value b, ArrayRef<int64_t> mask) -> Value {
    return vector::ShuffleOp::create(e, a, b, mask);
  };
  SmallVector<int64_t> low(size), high(size);

  // Within each piece: `lane` rows by `lane` columns.
  for (int64_t i : llvm::seq(size)) {
    int64_t base = i / lane * lane, within = i % lane;
    low[i] = base + within / 2 + (within % 2) * size;
    high[i] = low[i] + lane / 2;
  }
  SmallVector<Value> current(rows);
  for (int64_t step = 1; step < lane; step *= 2) {
    SmallVector<Value> next;
    for (int64_t block = 0; block < size; block += lane)
      for (int64_t r : llvm::seq(lane / 2)) {
        Value a = current[block + r], b = current[block + r + lane / 2];
        next.push_back(shuffle(a, b, low));
        next.push_back(shuffle(a, b, high));
      }
    current = std::move(next);
  }

  // Across pieces: row block `r`, piece `p` changes places with `p`, `r`.
  for (int64_t span = lane; span < size; span *= 2) {
    for (int64_t i : llvm::seq(size)) {
      low[i] = i & span ? size + i - span : i;
      high[i] = i & span ? size + i : i + span;
    }
    for (int64_t r : llvm::seq(size))
      if (!(r & span)) {
        Value a = current[r], b = current[r + span];
        current[r] = shuffle(a, b, low);
        current[r + span] = shuffle(a, b, high);
      }
  }
  return current;
}

//===----------------------------------------------------------------------===//
// Nests
//===----------------------------------------------------------------------===//

namespace {

/// The number of elements along which vectors run over a dimension of `size`.
int64_t tileSize(int64_t size, int64_t length) {
  return std::min<int64_t>(length, llvm::bit_floor<uint64_t>(size));
}

/// A nest in which `across`, not the last dimension, is the one along which
/// some reads are contiguous.
class TiledNest {
public:
  TiledNest(Emitter &e, ArrayRef<int64_t> sizes, ArrayRef<Access> reads,
            const Access &write, ElementBody body)
      : e(e), sizes(sizes), reads(reads), write(write), body(body),
        last(sizes.size() - 1) {}

  bool emit() {
    if (sizes.size() < 2 || write.strides[last] != 1 || !findAcross())
      return false;
    SmallVector<Type> elements{write.element};
    for (const Access &read : reads)
      elements.push_back(read.element);
    length = std::min<int64_t>(commonVectorLength(e.cpu, elements), 16);
    if (length < 2)
      return false;
    for (size_t dim : llvm::seq(sizes.size()))
      if (dim != last && dim != across) {
        outer.push_back(dim);
        outerSizes.push_back(sizes[dim]);
      }
    int64_t few = length >= 16 ? 4 : 3;
    if (reads.size() == 1 && sizes[across] <= few &&
        reads[0].strides[last] == sizes[across]) {
      emitDeinterleave();
      return true;
    }
    if (reads.size() == 1 && sizes[last] <= few &&
        write.strides[across] == sizes[last]) {
      emitInterleave();
      return true;
    }
    emitSquares();
    return true;
  }

private:
  /// Finds the dimension along which reads that are not contiguous in the last
  /// one are.
  bool findAcross() {
    bool found = false;
    for (const Access &read : reads) {
      if (llvm::is_contained({0, 1}, read.strides[last]))
        continue;
      const auto *one = llvm::find(read.strides, 1);
      if (one == read.strides.end())
        return false;
      size_t dim = one - read.strides.begin();
      if (found && dim != across)
        return false;
      across = dim;
      found = true;
    }
    return found;
  }

  /// Whether tiles follow each other along `across`. The shorter loop is the
  /// inner one, so that cache lines of which a tile uses a part are there still
  /// when the next one needs them.
  bool isAcrossInside() const { return sizes[across] < sizes[last]; }

  /// Whether the lines that are written have left the first cache.
  bool writesMuch() const {
    int64_t room = e.cpu.getL1dBytes();
    return room && llvm::product_of(sizes) * storageBytes(write.element) > room;
  }

  /// Loops over the dimensions that take no part, then over tiles of `down`
  /// indices of `across` and `along` of the last; `tile` gets the first ones.
  void emitTiles(int64_t down, int64_t along,
                 llvm::function_ref<void(ValueRange)> tile) {
    bool downInside = isAcrossInside();
    SmallVector<int64_t> trips(outerSizes);
    int64_t downTrips = llvm::divideCeil(sizes[across], down);
    int64_t alongTrips = llvm::divideCeil(sizes[last], along);
    trips.push_back(downInside ? alongTrips : downTrips);
    trips.push_back(downInside ? downTrips : alongTrips);
    e.parallelNest(trips, [&](ValueRange at) {
      SmallVector<Value> indices(sizes.size());
      for (auto [dim, index] : llvm::zip(outer, at))
        indices[dim] = index;
      Value first = at[outer.size()], second = at[outer.size() + 1];
      indices[across] = begin(downInside ? second : first, across, down);
      indices[last] = begin(downInside ? first : second, last, along);
      tile(indices);
    });
  }

  /// Where tile `index` of `size` elements begins; the last one ends with the
  /// dimension.
  Value begin(Value index, size_t dim, int64_t size) {
    Value begin = e.mul(index, size);
    if (sizes[dim] % size == 0)
      return begin;
    return arith::MinSIOp::create(e, begin, e.index(sizes[dim] - size));
  }

  /// Few values of `across`, side by side in the read: loads all of them for
  /// many of the last dimension and takes them apart.
  void emitDeinterleave() {
    int64_t count = sizes[across], lanes = tileSize(sizes[last], length);
    emitTiles(count, lanes, [&](ValueRange indices) {
      Value from = reads[0].at(e, indices), to = write.at(e, indices);
      SmallVector<Value> loaded;
      for (int64_t v : llvm::seq(count))
        loaded.push_back(
            loadStrided(e, reads[0], e.add(from, v * lanes), 1, lanes));
      for (int64_t c : llvm::seq(count)) {
        Value row;
        if (lanes == 1) {
          row = loaded[c];
        } else {
          SmallVector<int64_t> positions;
          for (int64_t i : llvm::seq(lanes))
            positions.push_back(i * count + c);
          row = shuffleMany(e, loaded, positions);
        }
        storeStrided(e, body(row, lanes), write,
                     e.add(to, c * write.strides[across]), 1, lanes);
      }
    });
  }

  /// Few values of the last dimension, side by side in the result.
  void emitInterleave() {
    int64_t count = sizes[last], lanes = tileSize(sizes[across], length);
    emitTiles(lanes, count, [&](ValueRange indices) {
      Value from = reads[0].at(e, indices), to = write.at(e, indices);
      SmallVector<Value> loaded;
      for (int64_t c : llvm::seq(count))
        loaded.push_back(loadStrided(
            e, reads[0], e.add(from, c * reads[0].strides[last]), 1, lanes));
      for (int64_t v : llvm::seq(count)) {
        Value row;
        if (lanes == 1) {
          row = loaded[v];
        } else {
          SmallVector<int64_t> positions;
          for (int64_t i : llvm::seq(v * lanes, (v + 1) * lanes))
            positions.push_back(i % count * lanes + i / count);
          row = shuffleMany(e, loaded, positions);
        }
        storeStrided(e, body(row, lanes), write, e.add(to, v * lanes), 1,
                     lanes);
      }
    });
  }

  /// Square tiles.
  void emitSquares() {
    int64_t lanes = std::min(tileSize(sizes[across], length),
                             tileSize(sizes[last], length));
    emitTiles(lanes, lanes, [&](ValueRange indices) {
      SmallVector<SmallVector<Value>> rows(lanes);
      for (const Access &read : reads) {
        Value from = read.at(e, indices);
        bool turned = !llvm::is_contained({0, 1}, read.strides[last]);
        int64_t step = read.strides[turned ? last : across];
        SmallVector<Value> loaded;
        for (int64_t i : llvm::seq(lanes))
          loaded.push_back(loadStrided(e, read, e.add(from, i * step),
                                       turned ? 1 : read.strides[last], lanes));
        if (turned && lanes > 1)
          loaded = transposeSquare(e, loaded);
        for (int64_t i : llvm::seq(lanes))
          rows[i].push_back(loaded[i]);
      }
      Value to = write.at(e, indices);
      // Stores wait for lines one after the other, those that no stream of
      // stores announces longest: the ones of the next round of the outer loop.
      int64_t ahead = isAcrossInside() ? lanes : lanes * write.strides[across];
      if (writesMuch())
        for (int64_t i : llvm::seq(lanes))
          e.prefetchForWriting(write.buffer,
                               e.add(to, i * write.strides[across] + ahead));
      for (int64_t i : llvm::seq(lanes))
        storeStrided(e, body(rows[i], lanes), write,
                     e.add(to, i * write.strides[across]), 1, lanes);
    });
  }

  Emitter &e;
  ArrayRef<int64_t> sizes;
  ArrayRef<Access> reads;
  const Access &write;
  ElementBody body;
  size_t last, across = 0;
  int64_t length = 1;
  SmallVector<size_t> outer;
  SmallVector<int64_t> outerSizes;
};

} // namespace

bool emitTiledNest(Emitter &e, ArrayRef<int64_t> sizes, ArrayRef<Access> reads,
                   const Access &write, ElementBody body) {
  return TiledNest(e, sizes, reads, write, body).emit();
}

} // namespace edgecc::kernels
