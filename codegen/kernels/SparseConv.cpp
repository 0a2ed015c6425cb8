//===- SparseConv.cpp - convolutions of few weights -------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "codegen/kernels/SparseConv.h"
#include "codegen/cost/ContractionCost.h"
#include "codegen/kernels/Arithmetic.h"
#include "codegen/kernels/Contractions.h"
#include "codegen/kernels/SparseWeights.h"
#include "codegen/kernels/Strided.h"
#include "codegen/kernels/WeightPattern.h"
#include "dialects/Edge/EdgeConstants.h"
#include "dialects/Edge/EdgeScheduleOps.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/TypeUtilities.h"
#include "llvm/Support/Endian.h"

using namespace mlir;
using namespace edgecc;
using namespace edgecc::kernels;

//===----------------------------------------------------------------------===//
// The choice
//===----------------------------------------------------------------------===//

/// Words of the stream for a weight.
static constexpr int64_t entryWords = 2;

/// Whether f32 holds every sum of a channel exactly, whatever the input is,
/// with a bit to spare for `magic`.
static bool sumsAreExact(const edge::ConstantView &weights, Type input) {
  constexpr int64_t limit = 1 << 22;
  int64_t largest = isUnsignedElement(input) ? 255 : 128;
  int64_t channels = weights.getType().getShape().back();
  SmallVector<int64_t> sums(channels, 0);
  for (int64_t i : llvm::seq(weights.size()))
    sums[i % channels] += std::abs(int64_t(weights.real(i)));
  return llvm::all_of(sums,
                      [&](int64_t sum) { return sum * largest <= limit; });
}

/// What the kernel can compute of the types and weights of `op`; nothing if it
/// cannot.
static std::optional<edge::ConstantView> sparseWeights(Operation *op) {
  Type input = getElementTypeOrSelf(op->getOperand(0));
  Type element = getElementTypeOrSelf(op->getOperand(1));
  bool isFloat = input.isF32() && element.isF32() &&
                 getElementTypeOrSelf(op->getResult(0)).isF32();
  bool isBytes = input.isInteger(8) && element.isInteger(8);
  ElementsAttr constant = constantOf(op->getOperand(1));
  if ((!isFloat && !isBytes) || !constant ||
      typeOf(op->getResult(0)).getNumElements() == 0)
    return std::nullopt;
  std::optional<edge::ConstantView> view = edge::ConstantView::get(constant);
  if (!view || view->size() == 0 || (isBytes && !sumsAreExact(*view, input)))
    return std::nullopt;
  return view;
}

/// The sizes of `op`; nothing if the kernel cannot compute it.
static std::optional<cost::SparseShape> sparseShape(Operation *op) {
  auto conv = dyn_cast<edge::ConvOp>(op);
  if (conv && (conv.getSpatialRank() != 2 || conv.getGroups() != 1))
    return std::nullopt;
  ArrayRef<int64_t> input = shapeOf(op->getOperand(0));
  ArrayRef<int64_t> weights = shapeOf(op->getOperand(1));
  ArrayRef<int64_t> output = shapeOf(op->getResult(0));
  bool isMatMul = isa<edge::MatMulOp>(op) && weights.size() == 2 &&
                  input.size() == output.size() && output.size() <= 3 &&
                  output.drop_back() == input.drop_back();
  if (!conv && !isMatMul)
    return std::nullopt;
  std::optional<edge::ConstantView> view = sparseWeights(op);
  if (!view)
    return std::nullopt;
  int64_t nonzeros = view->size() - countZeros(*view);
  if (isMatMul)
    return cost::SparseShape{output.size() == 3 ? output[0] : 1,
                             1,
                             output.rbegin()[1],
                             weights[0],
                             weights[1],
                             1,
                             1,
                             1,
                             1,
                             1,
                             1,
                             nonzeros};
  return cost::SparseShape{output[0],
                           output[1],
                           output[2],
                           weights[2],
                           weights[3],
                           weights[0],
                           weights[1],
                           conv.getStrides()[0],
                           conv.getStrides()[1],
                           conv.getDilation(0),
                           conv.getDilation(1),
                           nonzeros};
}

std::optional<SparseGain> kernels::sparseGain(Operation *op,
                                              target::CpuAttr cpu) {
  std::optional<cost::SparseShape> shape = sparseShape(op);
  if (!shape)
    return std::nullopt;
  std::optional<cost::SparseTiling> tiling = makeSparseTiling(*shape, cpu);
  if (!tiling)
    return std::nullopt;
  int64_t chunks =
      llvm::divideCeil(shape->inputChannels, tiling->chunkChannels);
  int64_t weights = typeOf(op->getOperand(1)).getNumElements();
  int64_t streams = shape->outputChannels * chunks;
  int64_t entries = shape->nonzeros + streams * (tiling->chains - 1) / 2;
  return SparseGain{sparseCycles(*shape, *tiling, cpu),
                    4 * (streams + 1 + entryWords * entries),
                    1 - double(shape->nonzeros) / double(weights)};
}

//===----------------------------------------------------------------------===//
// The kernel
//===----------------------------------------------------------------------===//

SparseConv::SparseConv(Operation *op, const cost::SparseShape &shape,
                       const cost::SparseTiling &tiling)
    : op(op), shape(shape), tiling(tiling), inputLines(1),
      inputType(getElementTypeOrSelf(op->getOperand(0))),
      element(Float32Type::get(op->getContext())),
      sumType(edge::accumulatorType(inputType)) {
  Value bias;
  if (auto conv = dyn_cast<edge::ConvOp>(op)) {
    inputLines = shapeOf(conv.getInput())[1];
    bias = conv.getBias();
  } else {
    bias = cast<edge::MatMulOp>(op).getBias();
  }
  if (bias)
    biasType = getElementTypeOrSelf(bias);
}

std::optional<SparseConv> SparseConv::get(Operation *op, target::CpuAttr cpu) {
  if (!op->hasAttr(sparseAttrName))
    return std::nullopt;
  std::optional<cost::SparseShape> shape = sparseShape(op);
  if (!shape)
    return std::nullopt;
  std::optional<cost::SparseTiling> tiling = makeSparseTiling(*shape, cpu);
  // Pairs of bytes leave zeros out in another way.
  if (!tiling)
    return std::nullopt;
  return SparseConv(op, *shape, *tiling);
}

SmallVector<MemRefType> SparseConv::getScratch() const {
  int64_t block = tiling.blockChannels * blockPitch();
  return {MemRefType::get({tiling.allElements(shape)}, element),
          MemRefType::get({block}, element), MemRefType::get({block}, element)};
}

void SparseConv::fillTrip(SmallVectorImpl<uint32_t> &words) const {
  int64_t streams = shape.outputChannels * chunks() + 1;
  int64_t entries = (int64_t(words.size()) - streams) / entryWords;
  for (; entries % tiling.chains; ++entries) {
    uint32_t position = words.end()[-2];
    float number = llvm::bit_cast<float>(words.back());
    // Halves stay right beside an infinity, zeros in sums of integers.
    float half = inputType.isF32() ? number / 2 : 0;
    words.back() = llvm::bit_cast<uint32_t>(number - half);
    words.push_back(position);
    words.push_back(llvm::bit_cast<uint32_t>(half));
  }
}

PackedConstant SparseConv::pack(ArrayRef<char> weights) const {
  int64_t outputs = shape.outputChannels, bytes = storageBytes(inputType);
  auto bitsOf = [&](const char *weight) {
    if (inputType.isF32())
      return llvm::support::endian::read32le(weight);
    bool isUnsigned =
        isUnsignedElement(getElementTypeOrSelf(op->getOperand(1)));
    float number = isUnsigned ? float(static_cast<unsigned char>(*weight))
                              : float(static_cast<signed char>(*weight));
    return llvm::bit_cast<uint32_t>(number);
  };
  int64_t phaseElements = tiling.phaseLines(shape) * tiling.pitch;
  int64_t planeElements = tiling.planeElements(shape);
  SmallVector<uint32_t> words(outputs * chunks() + 1);
  for (int64_t output = 0; output < outputs; ++output)
    for (int64_t channel = 0; channel < shape.inputChannels; ++channel) {
      if (channel % tiling.chunkChannels == 0) {
        fillTrip(words);
        words[output * chunks() + channel / tiling.chunkChannels] =
            words.size();
      }
      for (int64_t pixel = 0; pixel < shape.kernelPixels; ++pixel)
        for (int64_t line = 0; line < shape.kernelLines; ++line) {
          int64_t tap = line * shape.kernelPixels + pixel;
          int64_t at = (tap * shape.inputChannels + channel) * outputs + output;
          uint32_t bits = bitsOf(weights.data() + at * bytes);
          // Zero has two signs.
          if ((bits & 0x7fffffff) == 0)
            continue;
          int64_t row = line * shape.lineDilation;
          bool isCopy = tiling.copies > 1;
          words.push_back((channel * tiling.copies + (isCopy ? pixel : 0)) *
                              planeElements +
                          (isCopy ? 0 : pixel * shape.pixelDilation) +
                          row % shape.lineStride * phaseElements +
                          row / shape.lineStride * tiling.pitch);
          words.push_back(bits);
        }
    }
  fillTrip(words);
  words[outputs * chunks()] = words.size();
  PackedConstant packed;
  packed.type = MemRefType::get({int64_t(words.size())},
                                IntegerType::get(element.getContext(), 32));
  packed.bytes.resize(words.size() * 4);
  for (auto [i, word] : llvm::enumerate(words))
    llvm::support::endian::write32le(packed.bytes.data() + i * 4, word);
  return packed;
}

void SparseConv::clearPlanes(Emitter &e, const KernelArgs &args) const {
  emitFill(e, {tiling.allElements(shape)}, e.zero(element),
           {args.scratch[0], e.index(0), {1}, element});
}

void SparseConv::transposeInput(Emitter &e, const KernelArgs &args, Value image,
                                Value band) const {
  Access input = accessAll(e, args.inputs[0], inputType);
  // Images, lines, pixels and channels.
  SmallVector<int64_t> strides = input.strides;
  if (strides.size() < 4)
    strides.insert(strides.end() - 2, 0);
  if (strides.size() < 4)
    strides.insert(strides.begin(), 0);
  int64_t lines = tiling.phaseLines(shape);
  int64_t phaseElements = lines * tiling.pitch;
  int64_t planeElements = tiling.planeElements(shape);
  Value start = e.add(e.mul(image, strides[0]),
                      e.mul(band, shape.lineStride * strides[1]));
  for (int64_t pixel = 0; pixel < tiling.copies; ++pixel)
    for (int64_t phase = 0; phase < shape.lineStride; ++phase) {
      // Phases that no tap reads, and lines beyond the input.
      int64_t lastLine = (shape.kernelLines - 1) * shape.lineDilation;
      int64_t used =
          std::min(lines, (inputLines - phase -
                           (shape.lines - tiling.bandLines) * shape.lineStride -
                           1) / shape.lineStride +
                              1);
      if (phase > lastLine || used <= 0)
        continue;
      Access read = input.from(
          e.add(start,
                phase * strides[1] + pixel * shape.pixelDilation * strides[2]));
      read.strides = {shape.lineStride * strides[1], 1,
                      shape.pixelStride * strides[2]};
      Access write{args.scratch[0],
                   e.index(pixel * planeElements + phase * phaseElements),
                   {tiling.pitch, tiling.copies * planeElements, 1},
                   element};
      int64_t pixels = shape.pixels + tiling.halo(shape);
      emitNest(e, {used, shape.inputChannels, pixels}, read, write,
               [&](ArrayRef<Value> elements, int64_t) {
                 return convert(e, elements.front(), element,
                                isUnsignedElement(inputType));
               });
    }
}

SmallVector<Value> SparseConv::accumulate(Emitter &e, const KernelArgs &args,
                                          Value stream, Value position,
                                          ValueRange init) const {
  Type word = e.getI32Type();
  int64_t vectors = init.size();
  auto beginOf = [&](Value number) -> Value {
    return arith::IndexCastUIOp::create(
        e, e.getIndexType(), e.load(args.inputs[1], number, 1, word));
  };
  Value begin = beginOf(stream), end = beginOf(e.add(stream, 1));
  auto step = [&](Value at, ValueRange sums) {
    Value offset = arith::IndexCastUIOp::create(
        e, e.getIndexType(), e.load(args.inputs[1], at, 1, word));
    Value weight = arith::BitcastOp::create(
        e, element, e.load(args.inputs[1], e.add(at, 1), 1, word));
    weight = e.splat(weight, tiling.lanes);
    Value from = e.add(offset, position);
    SmallVector<Value> results;
    for (auto [i, sum] : llvm::enumerate(sums))
      results.push_back(
          multiplyAdd(e, weight,
                      e.load(args.scratch[0], e.add(from, i * tiling.lanes),
                             tiling.lanes, element),
                      sum));
    return results;
  };
  SmallVector<Value> all(init);
  all.resize(tiling.chains * vectors, e.splat(e.zero(element), tiling.lanes));
  auto loop = scf::ForOp::create(
      e, begin, end, e.index(entryWords * tiling.chains), all,
      [&](OpBuilder &builder, Location loc, Value at, ValueRange sums) {
        OpBuilder::InsertionGuard guard(e);
        e.setInsertionPoint(builder.getInsertionBlock(),
                            builder.getInsertionPoint());
        SmallVector<Value> results;
        for (int64_t chain = 0; chain < tiling.chains; ++chain)
          llvm::append_range(results,
                             step(e.add(at, entryWords * chain),
                                  sums.slice(chain * vectors, vectors)));
        scf::YieldOp::create(e, loc, results);
      });
  SmallVector<Value> sums(loop.getResults());
  SmallVector<Value> results(sums.begin(), sums.begin() + vectors);
  for (int64_t chain = 1; chain < tiling.chains; ++chain)
    for (int64_t i = 0; i < vectors; ++i)
      results[i] =
          arith::AddFOp::create(e, results[i], sums[chain * vectors + i]);
  return results;
}

void SparseConv::computeBlock(Emitter &e, const KernelArgs &args, Value image,
                              Value band, Value first, int64_t count) const {
  Value zero = e.splat(e.zero(element), tiling.lanes);
  for (cost::TileRun run :
       cost::splitEvenly(tiling.bandVectors(), tiling.vectors))
    e.loop(0, run.count, 1, [&](Value tile) {
      Value position =
          e.add(e.mul(tile, run.size * tiling.lanes), run.first * tiling.lanes);
      auto sumsAt = [&](Value channel, int64_t i) {
        return e.add(e.mul(channel, blockPitch()),
                     e.add(position, i * tiling.lanes));
      };
      if (chunks() > 1)
        e.loop(0, count, 1, [&](Value channel) {
          for (int64_t i = 0; i < run.size; ++i)
            e.store(zero, args.scratch[1], sumsAt(channel, i));
        });
      e.nest({chunks(), count}, [&](ValueRange at) {
        SmallVector<Value> sums(run.size, zero);
        if (chunks() > 1)
          for (auto [i, sum] : llvm::enumerate(sums))
            sum = e.load(args.scratch[1], sumsAt(at[1], i), tiling.lanes,
                         element);
        Value stream = e.add(e.mul(e.add(first, at[1]), chunks()), at[0]);
        sums = accumulate(e, args, stream, position, sums);
        for (auto [i, sum] : llvm::enumerate(sums))
          e.store(sum, args.scratch[1], sumsAt(at[1], i));
      });
    });
  int64_t positions = tiling.bandLines * tiling.pitch;
  Access planes{args.scratch[1], e.index(0), {1, blockPitch()}, element};
  Access pixels{args.scratch[2], e.index(0), {count, 1}, element};
  emitCopy(e, {positions, count}, planes, pixels);
  FlatOperand bias;
  if (biasType)
    bias = flatOperand(e, args.inputs[2]);
  e.nest({tiling.bandLines, shape.pixels}, [&](ValueRange at) {
    Value pixel = e.add(e.mul(at[0], tiling.pitch), at[1]);
    int64_t offset = 0;
    for (int64_t length : splitIntoVectors(count, tiling.blockChannels)) {
      Value channel = e.add(first, offset);
      Value value = e.load(args.scratch[2], e.add(e.mul(pixel, count), offset),
                           length, element);
      if (sumType != element) {
        Type whole = sumType;
        if (auto vector = dyn_cast<VectorType>(value.getType()))
          whole = vector.clone(sumType);
        // The number is in the low bits of such a sum.
        constexpr float magic = 0x1.8p23F;
        value = arith::AddFOp::create(
            e, value, e.splat(e.floatConstant(magic, element), length));
        value = arith::BitcastOp::create(e, whole, value);
        Value bits =
            e.constant(e.getI32IntegerAttr(llvm::bit_cast<int32_t>(magic)));
        value = arith::SubIOp::create(e, value, e.splat(bits, length));
      }
      if (bias.memref)
        value = combine(
            e, Fold::Sum, value,
            loadWide(e, bias.memref, channel, length, biasType, sumType));
      SmallVector<Value> indices{image, e.add(band, at[0]), at[1], channel};
      if (isa<edge::MatMulOp>(op))
        indices.erase(indices.begin() + 1);
      e.storeResult(
          op, args, value,
          ArrayRef(indices).take_back(shapeOf(op->getResult(0)).size()));
      offset += length;
    }
  });
}

void SparseConv::emit(Emitter &e, const KernelArgs &args) const {
  auto computeAll = [&](Value image, Value band) {
    int64_t block = tiling.blockChannels;
    int64_t whole = shape.outputChannels / block * block;
    e.parallelLoop(0, whole, block, [&](Value first) {
      computeBlock(e, args, image, band, first, block);
    });
    e.parallelLoop(whole, shape.outputChannels, block, [&](Value first) {
      computeBlock(e, args, image, band, first, shape.outputChannels - whole);
    });
  };
  if (shape.images == 1 && tiling.bandLines == shape.lines) {
    Value zero = e.index(0);
    if (hasGaps())
      e.phase([&] { clearPlanes(e, args); });
    e.phase([&] { transposeInput(e, args, zero, zero); });
    e.phase([&] { computeAll(zero, zero); });
    return;
  }
  e.phase([&] {
    e.parallelNest({shape.images, shape.lines / tiling.bandLines},
                   [&](ValueRange at) {
                     e.sequentially([&] {
                       Value band = e.mul(at[1], tiling.bandLines);
                       if (hasGaps())
                         clearPlanes(e, args);
                       transposeInput(e, args, at[0], band);
                       computeAll(at[0], band);
                     });
                   });
  });
}
