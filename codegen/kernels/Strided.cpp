//===- Strided.cpp - loops over affine positions of buffers -----*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "codegen/kernels/Strided.h"

#include "codegen/kernels/RegisterTiles.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/Sequence.h"

using namespace mlir;

namespace edgecc::kernels {

//===----------------------------------------------------------------------===//
// Accesses
//===----------------------------------------------------------------------===//

Value Access::at(Emitter &e, ValueRange indices) const {
  Value position = start;
  for (auto [index, stride] : llvm::zip_equal(indices, strides))
    position = e.add(position, e.mul(index, stride));
  return position;
}

Access Access::from(Value newStart) const {
  return {buffer, newStart, strides, element};
}

Access accessAll(Emitter &e, Value memref, Type element) {
  auto type = cast<MemRefType>(memref.getType());
  auto [strides, offset] = type.getStridesAndOffset();
  int64_t extent = 1;
  for (auto [size, stride] : llvm::zip_equal(type.getShape(), strides))
    extent += (size - 1) * stride;
  if (llvm::is_contained(type.getShape(), 0))
    extent = 0;
  Value buffer = memref;
  if (type.getRank() != 1 || !type.getLayout().isIdentity()) {
    auto flat =
        MemRefType::get({extent}, type.getElementType(),
                        StridedLayoutAttr::get(e.getContext(), offset, {1}),
                        type.getMemorySpace());
    if (offset == 0)
      flat =
          MemRefType::get({extent}, type.getElementType(),
                          MemRefLayoutAttrInterface(), type.getMemorySpace());
    buffer = memref::ReinterpretCastOp::create(e, flat, memref, offset,
                                               ArrayRef<int64_t>{extent},
                                               ArrayRef<int64_t>{1});
  }
  return {buffer, e.index(0), SmallVector<int64_t>(strides), element};
}

Access accessBroadcast(Emitter &e, Value memref, Type element,
                       ArrayRef<int64_t> shape) {
  Access access = accessAll(e, memref, element);
  ArrayRef<int64_t> own = cast<MemRefType>(memref.getType()).getShape();
  SmallVector<int64_t> strides(shape.size(), 0);
  size_t lead = shape.size() - own.size();
  for (auto [dim, size] : llvm::enumerate(own))
    if (size != 1)
      strides[lead + dim] = access.strides[dim];
  access.strides = std::move(strides);
  return access;
}

void collapse(SmallVectorImpl<int64_t> &sizes, ArrayRef<Access *> accesses,
              SmallVectorImpl<char> *kinds) {
  size_t out = 0;
  for (size_t dim : llvm::seq(sizes.size())) {
    int64_t size = sizes[dim];
    if (size == 1)
      continue;
    bool merges =
        out != 0 && (!kinds || (*kinds)[out - 1] == (*kinds)[dim]) &&
        llvm::all_of(accesses, [&](Access *access) {
          return access->strides[out - 1] == size * access->strides[dim];
        });
    size_t into = merges ? out - 1 : out++;
    sizes[into] = merges ? sizes[into] * size : size;
    for (Access *access : accesses)
      access->strides[into] = access->strides[dim];
    if (kinds)
      (*kinds)[into] = (*kinds)[dim];
  }
  sizes.resize(out);
  for (Access *access : accesses)
    access->strides.resize(out);
  if (kinds)
    kinds->resize(out);
}

int64_t commonVectorLength(target::CpuAttr cpu, ArrayRef<Type> elements) {
  Type f32 = Float32Type::get(cpu.getContext());
  int64_t length = 0;
  for (Type element : elements) {
    bool narrow = isa<FloatType>(element) && storageBytes(element) < 4;
    int64_t lanes = vectorLength(cpu, narrow ? f32 : element);
    length = length == 0 ? lanes : std::min(length, lanes);
  }
  return std::max<int64_t>(length, 1);
}

//===----------------------------------------------------------------------===//
// Vectors of strided elements
//===----------------------------------------------------------------------===//

static Value insertSlice(Emitter &e, Value piece, Value into, int64_t at) {
  if (!isa<VectorType>(piece.getType()))
    return vector::InsertOp::create(e, piece, into, at);
  return vector::InsertStridedSliceOp::create(
      e, piece, into, ArrayRef<int64_t>{at}, ArrayRef<int64_t>{1});
}

static Value extractSlice(Emitter &e, Value from, int64_t at, int64_t size) {
  if (!isa<VectorType>(from.getType()))
    return from;
  if (size == 1)
    return vector::ExtractOp::create(e, from, at);
  return vector::ExtractStridedSliceOp::create(e, from, ArrayRef<int64_t>{at},
                                               ArrayRef<int64_t>{size},
                                               ArrayRef<int64_t>{1});
}

Value loadStrided(Emitter &e, const Access &access, Value position,
                  int64_t stride, int64_t count, int64_t length) {
  if (count == 1 || stride == 0)
    return e.splat(e.load(access.buffer, position, 1, access.element), length);
  if (stride == 1 && count == length)
    return e.load(access.buffer, position, length, access.element);
  Type storage = storageType(access.element);
  auto single = [&](int64_t i) {
    return e.load(access.buffer, e.add(position, i * stride), 1, storage);
  };
  if (stride == -1 && count == length) {
    Value loaded =
        e.load(access.buffer, e.add(position, 1 - count), count, storage);
    auto backwards = llvm::to_vector(llvm::reverse(llvm::seq(count)));
    Value turned = vector::ShuffleOp::create(e, loaded, loaded, backwards);
    return e.fromStorage(turned, access.element);
  }
  Value result;
  if (stride == 1) {
    result = e.splat(single(0), length);
    int64_t at = 0;
    for (int64_t piece : splitIntoVectors(count, length / 2)) {
      Value loaded = e.load(access.buffer, e.add(position, at), piece, storage);
      result = insertSlice(e, loaded, result, at);
      at += piece;
    }
  } else {
    SmallVector<Value> elements;
    for (int64_t i : llvm::seq(count))
      elements.push_back(single(i));
    elements.resize(length, elements.front());
    result = vector::FromElementsOp::create(
        e, VectorType::get({length}, elements.front().getType()), elements);
  }
  return e.fromStorage(result, access.element);
}

void storeStrided(Emitter &e, Value value, const Access &access, Value position,
                  int64_t stride, int64_t count) {
  Type stored = cast<MemRefType>(access.buffer.getType()).getElementType();
  value = e.toStorage(value, stored, access.element);
  auto vector = dyn_cast<VectorType>(value.getType());
  if (!vector || (stride == 1 && count == vector.getDimSize(0)))
    return e.store(value, access.buffer, position);
  int64_t at = 0;
  int64_t widest = stride == 1 ? vector.getDimSize(0) : 1;
  for (int64_t piece : splitIntoVectors(count, widest)) {
    e.store(extractSlice(e, value, at, piece), access.buffer,
            e.add(position, at * stride));
    at += piece;
  }
}

//===----------------------------------------------------------------------===//
// Loops
//===----------------------------------------------------------------------===//

/// The divisor of `size` next to its square root from above; 1 for a prime.
static int64_t middleDivisor(int64_t size) {
  int64_t divisor = 1;
  for (int64_t i = 2; i * i <= size; ++i)
    if (size % i == 0)
      divisor = size / i;
  return divisor;
}

void splitLongLoops(SmallVectorImpl<int64_t> &sizes,
                    ArrayRef<Access *> accesses, int64_t longest,
                    SmallVectorImpl<char> *kinds, char kind) {
  for (size_t dim = 0; dim < sizes.size(); ++dim) {
    int64_t inner = middleDivisor(sizes[dim]);
    if (sizes[dim] <= longest || inner == 1 || (kinds && (*kinds)[dim] != kind))
      continue;
    sizes[dim] /= inner;
    sizes.insert(sizes.begin() + dim + 1, inner);
    for (Access *access : accesses) {
      int64_t step = access->strides[dim];
      access->strides[dim] = step * inner;
      access->strides.insert(access->strides.begin() + dim + 1, step);
    }
    if (kinds)
      kinds->insert(kinds->begin() + dim + 1, kind);
    ++dim;
  }
}

SmallVector<Value>
foldNest(Emitter &e, ArrayRef<int64_t> sizes, ValueRange neutral,
         Combine combine,
         llvm::function_ref<SmallVector<Value>(ValueRange, ValueRange)> body) {
  constexpr int64_t longLoop = 64;
  SmallVector<Value> indices;
  auto level = [&](auto &&self, ValueRange carried) -> SmallVector<Value> {
    if (indices.size() == sizes.size())
      return body(indices, carried);
    ArrayRef<int64_t> inside = sizes.drop_front(indices.size() + 1);
    bool anew = !inside.empty() && llvm::product_of(inside) >= longLoop;
    return e.loop(
        0, sizes[indices.size()], 1, carried, [&](Value i, ValueRange sofar) {
          indices.push_back(i);
          SmallVector<Value> results = self(self, anew ? neutral : sofar);
          indices.pop_back();
          if (anew)
            for (auto [result, sum] : llvm::zip(results, sofar))
              result = combine(sum, result);
          return results;
        });
  };
  return level(level, neutral);
}

void forVectors(Emitter &e, int64_t size, int64_t length,
                llvm::function_ref<void(Value, int64_t)> body) {
  int64_t whole = size / length * length;
  e.loop(0, whole, length, [&](Value i) { body(i, length); });
  if (whole != size)
    body(e.index(whole), size - whole);
}

namespace {

/// The trips of a loop over vectors.
struct Trips {
  /// Vectors per trip of the main loop.
  int64_t unroll;
  /// Elements that the main loop covers.
  int64_t main;
  /// Elements up to which whole vectors follow.
  int64_t whole;

  Trips(int64_t size, int64_t length, int64_t most) {
    int64_t vectors = size / length;
    unroll = std::max<int64_t>(1, std::min(most, vectors));
    // A divisor leaves no second loop.
    for (int64_t candidate = unroll; candidate * 2 > unroll; --candidate)
      if (vectors % candidate == 0) {
        unroll = candidate;
        break;
      }
    main = vectors / unroll * unroll * length;
    whole = vectors * length;
  }
};

/// The rows of a nest: loops over its last dimension.
class RowNest {
public:
  RowNest(Emitter &e, ArrayRef<int64_t> sizes, ArrayRef<Access> reads,
          const Access &write, ElementBody body, NestOptions options)
      : e(e), sizes(sizes), reads(reads), write(write), body(body),
        options(options) {
    SmallVector<Type> elements{write.element};
    for (const Access &read : reads)
      elements.push_back(read.element);
    length = commonVectorLength(e.cpu, elements);
  }

  void emit() {
    e.parallelNest(sizes.drop_back(),
                   [&](ValueRange outer) { emitRow(outer); });
  }

private:
  void emitRow(ValueRange outer) {
    SmallVector<Value> indices(outer);
    indices.push_back(e.index(0));
    int64_t size = sizes.back();
    Value to = write.at(e, indices);
    from.clear();
    splats.clear();
    int64_t lanes = std::min(length, size);
    for (const Access &read : reads) {
      from.push_back(read.at(e, indices));
      splats.push_back(read.strides.back() == 0
                           ? loadStrided(e, read, from.back(), 0, 1, lanes)
                           : Value());
    }
    if (lanes < length) {
      e.parallelLoop(0, size, length, [&](Value i) { emitTail(i, to, size); });
      return;
    }
    Trips trips(size, length, options.unroll);
    e.parallelLoop(0, trips.main, trips.unroll * length,
                   [&](Value i) { emitVectors(i, to, trips.unroll); });
    e.parallelLoop(trips.main, trips.whole, length,
                   [&](Value i) { emitVectors(i, to, 1); });
    e.parallelLoop(trips.whole, size, length,
                   [&](Value i) { emitTail(i, to, size - trips.whole); });
  }

  /// `count` vectors from inner index `i` on: all loads first, so that they do
  /// not wait for stores that might alias.
  void emitVectors(Value i, Value to, int64_t count) {
    SmallVector<SmallVector<Value>> loaded(count);
    for (int64_t v : llvm::seq(count))
      loaded[v] = loadAll(e.add(i, v * length), length, length);
    for (int64_t v : llvm::seq(count))
      storeStrided(e, body(loaded[v], length), write,
                   e.add(to, e.mul(e.add(i, v * length), write.strides.back())),
                   write.strides.back(), length);
  }

  /// The last `count` elements: as one padded vector, so that the body is there
  /// only once, or as a few shorter ones when it is nothing but a copy.
  void emitTail(Value i, Value to, int64_t count) {
    int64_t stride = write.strides.back();
    int64_t padded = llvm::PowerOf2Ceil(count);
    if (options.unroll < 4 && padded != count) {
      Value result = body(loadAll(i, count, padded), padded);
      storeStrided(e, result, write, e.add(to, e.mul(i, stride)), stride,
                   count);
      return;
    }
    int64_t done = 0;
    for (int64_t piece : splitIntoVectors(count, length)) {
      Value at = e.add(i, done);
      storeStrided(e, body(loadAll(at, piece, piece), piece), write,
                   e.add(to, e.mul(at, stride)), stride, piece);
      done += piece;
    }
  }

  SmallVector<Value> loadAll(Value i, int64_t count, int64_t lanes) {
    SmallVector<Value> elements;
    for (auto [read, position, splat] : llvm::zip_equal(reads, from, splats)) {
      int64_t stride = read.strides.back();
      Value at = e.add(position, e.mul(i, stride));
      elements.push_back(splat
                             ? resizeSplat(splat, read, position, lanes)
                             : loadStrided(e, read, at, stride, count, lanes));
    }
    return elements;
  }

  Value resizeSplat(Value splat, const Access &read, Value position,
                    int64_t lanes) {
    auto vector = dyn_cast<VectorType>(splat.getType());
    if ((vector ? vector.getDimSize(0) : 1) == lanes)
      return splat;
    return loadStrided(e, read, position, 0, 1, lanes);
  }

  Emitter &e;
  ArrayRef<int64_t> sizes;
  ArrayRef<Access> reads;
  const Access &write;
  ElementBody body;
  NestOptions options;
  int64_t length;
  /// Of the current row: the position of each read, and its vector if that is
  /// the same all along.
  SmallVector<Value> from, splats;
};

} // namespace

void emitNest(Emitter &e, ArrayRef<int64_t> sizes, ArrayRef<Access> reads,
              const Access &write, ElementBody body, NestOptions options) {
  if (llvm::is_contained(sizes, 0))
    return;
  SmallVector<int64_t> loops(sizes);
  SmallVector<Access> sources(reads);
  Access target = write;
  SmallVector<Access *> all{&target};
  for (Access &source : sources)
    all.push_back(&source);
  collapse(loops, all);
  if (loops.empty()) {
    loops.push_back(1);
    for (Access *access : all)
      access->strides.push_back(1);
  }
  if (emitTiledNest(e, loops, sources, target, body))
    return;
  RowNest(e, loops, sources, target, body, options).emit();
}

void emitCopy(Emitter &e, ArrayRef<int64_t> sizes, const Access &read,
              const Access &write) {
  Access from = read, to = write;
  from.element = to.element = storageType(read.element);
  emitNest(e, sizes, from, to,
           [](ArrayRef<Value> elements, int64_t) { return elements.front(); });
}

void emitFill(Emitter &e, ArrayRef<int64_t> sizes, Value value,
              const Access &write) {
  Access to = write;
  to.element = value.getType();
  emitNest(e, sizes, {}, to, [&](ArrayRef<Value>, int64_t length) {
    return e.splat(value, length);
  });
}

//===----------------------------------------------------------------------===//
// Folds
//===----------------------------------------------------------------------===//

Value foldLanes(Emitter &e, Value vector, Combine combine) {
  auto type = dyn_cast<VectorType>(vector.getType());
  if (!type)
    return vector;
  for (int64_t half = type.getDimSize(0) / 2; half > 0; half /= 2)
    vector = combine(extractSlice(e, vector, 0, half),
                     extractSlice(e, vector, half, half));
  return vector;
}

/// A mask of `length` lanes with the first `count` set.
static Value firstLanes(Emitter &e, int64_t count, int64_t length) {
  SmallVector<bool> lanes(length, false);
  std::fill_n(lanes.begin(), count, true);
  return e.constant(
      DenseElementsAttr::get(VectorType::get({length}, e.getI1Type()), lanes));
}

Value emitFold(Emitter &e, ArrayRef<int64_t> sizes, ArrayRef<Access> reads,
               Value zero, ElementBody body, Combine combine,
               const Access *write) {
  if (llvm::is_contained(sizes, 0))
    return zero;
  SmallVector<int64_t> loops(sizes);
  SmallVector<Access> sources(reads);
  Access target = write ? *write : reads.front();
  SmallVector<Access *> all{&target};
  for (Access &source : sources)
    all.push_back(&source);
  collapse(loops, all);
  if (loops.empty()) {
    loops.push_back(1);
    for (Access *access : all)
      access->strides.push_back(1);
  }
  SmallVector<Type> elements{zero.getType()};
  for (Access &source : sources)
    elements.push_back(source.element);
  int64_t length = commonVectorLength(e.cpu, elements);
  constexpr int64_t longest = 2048;
  splitLongLoops(loops, all, longest * length);
  int64_t size = loops.back();
  while (length > size)
    length /= 2;
  if (size < 4)
    length = 1;
  bool contiguous = llvm::all_of(sources, [](const Access &source) {
    return llvm::is_contained({0, 1}, source.strides.back());
  });
  if (!contiguous)
    length = 1;

  // Several accumulators, because each addition waits for the one before.
  Trips trips(size, length, write ? 2 : 4);
  SmallVector<Value> init(trips.unroll, e.splat(zero, length));

  SmallVector<Value> sums = foldNest(
      e, ArrayRef<int64_t>(loops).drop_back(), init, combine,
      [&](ValueRange outer, ValueRange carried) {
        SmallVector<Value> indices(outer);
        indices.push_back(e.index(0));
        auto one = [&](Value i, int64_t count) {
          SmallVector<Value> values;
          for (const Access &source : sources) {
            int64_t stride = source.strides.back();
            Value at = e.add(source.at(e, indices), e.mul(i, stride));
            values.push_back(loadStrided(e, source, at, stride, count, length));
          }
          Value value = body(values, length);
          if (write)
            storeStrided(
                e, value, target,
                e.add(target.at(e, indices), e.mul(i, target.strides.back())),
                target.strides.back(), count);
          if (count != length)
            value = arith::SelectOp::create(e, firstLanes(e, count, length),
                                            value, e.splat(zero, length));
          return value;
        };
        SmallVector<Value> sums =
            e.loop(0, trips.main, trips.unroll * length, carried,
                   [&](Value i, ValueRange inner) {
                     SmallVector<Value> next;
                     for (int64_t v : llvm::seq(trips.unroll))
                       next.push_back(combine(
                           inner[v], one(e.add(i, v * length), length)));
                     return next;
                   });
        for (int64_t i = trips.main; i < trips.whole; i += length) {
          Value &sum = sums[(i - trips.main) / length];
          sum = combine(sum, one(e.index(i), length));
        }
        if (trips.whole != size)
          sums.back() = combine(sums.back(),
                                one(e.index(trips.whole), size - trips.whole));
        return sums;
      });
  Value total = sums.front();
  for (Value sum : ArrayRef<Value>(sums).drop_front())
    total = combine(total, sum);
  return foldLanes(e, total, combine);
}

} // namespace edgecc::kernels
