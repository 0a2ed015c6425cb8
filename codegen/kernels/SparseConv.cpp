//===- SparseConv.cpp - convolutions of few weights -------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "codegen/kernels/SparseConv.h"
#include "codegen/cost/ContractionCost.h"
#include "codegen/kernels/Contractions.h"
#include "codegen/kernels/SparseWeights.h"
#include "codegen/kernels/Strided.h"
#include "dialects/Edge/EdgeConstants.h"
#include "dialects/Edge/EdgeScheduleOps.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "llvm/Support/Endian.h"

using namespace mlir;
using namespace edgecc;
using namespace edgecc::kernels;

//===----------------------------------------------------------------------===//
// The choice
//===----------------------------------------------------------------------===//

static int64_t countNonzeros(const edge::ConstantView &weights) {
  int64_t count = 0;
  for (size_t at = 0; at < weights.bytes().size(); at += 4)
    // Zero has two signs.
    count += (llvm::support::endian::read32le(weights.bytes().data() + at) &
              0x7fffffff) != 0;
  return count;
}

/// What the kernel can compute; nothing if it cannot.
static std::optional<cost::SparseShape> sparseShape(edge::ConvOp op) {
  for (Value operand : {op.getInput(), op.getWeights(), op.getResult()})
    if (!cast<ShapedType>(operand.getType()).getElementType().isF32())
      return std::nullopt;
  ElementsAttr constant = constantOf(op.getWeights());
  if (!constant || op.getSpatialRank() != 2 || op.getGroups() != 1)
    return std::nullopt;
  std::optional<edge::ConstantView> view = edge::ConstantView::get(constant);
  if (!view || view->size() == 0 || op.getType().getNumElements() == 0)
    return std::nullopt;
  ArrayRef<int64_t> weights = shapeOf(op.getWeights());
  ArrayRef<int64_t> output = shapeOf(op.getResult());
  return cost::SparseShape{
      output[0],         output[1],           output[2],
      weights[2],        weights[3],          weights[0],
      weights[1],        op.getStrides()[0],  op.getStrides()[1],
      op.getDilation(0), countNonzeros(*view)};
}

std::optional<double> kernels::sparseConvCycles(edge::ConvOp op,
                                                target::CpuAttr cpu) {
  std::optional<cost::SparseShape> shape = sparseShape(op);
  if (!shape)
    return std::nullopt;
  if (std::optional<cost::SparseTiling> tiling = makeSparseTiling(*shape, cpu))
    return sparseCycles(*shape, *tiling, cpu);
  return std::nullopt;
}

//===----------------------------------------------------------------------===//
// The kernel
//===----------------------------------------------------------------------===//

SparseConv::SparseConv(edge::ConvOp op, const cost::SparseShape &shape,
                       const cost::SparseTiling &tiling)
    : op(op), shape(shape), tiling(tiling),
      inputLines(shapeOf(op.getInput())[1]), pixelDilation(op.getDilation(1)),
      element(Float32Type::get(op.getContext())) {
  if (op.getBias())
    biasType = cast<ShapedType>(op.getBias().getType()).getElementType();
}

std::optional<SparseConv> SparseConv::get(edge::ConvOp op,
                                          target::CpuAttr cpu) {
  if (!op->hasAttr(sparseAttrName))
    return std::nullopt;
  std::optional<cost::SparseShape> shape = sparseShape(op);
  if (!shape)
    return std::nullopt;
  std::optional<cost::SparseTiling> tiling = makeSparseTiling(*shape, cpu);
  assert(tiling && "asked for on another CPU");
  return SparseConv(op, *shape, *tiling);
}

SmallVector<MemRefType> SparseConv::getScratch() const {
  int64_t block = tiling.blockChannels * blockPitch();
  return {MemRefType::get({tiling.allElements(shape)}, element),
          MemRefType::get({block}, element), MemRefType::get({block}, element)};
}

PackedConstant SparseConv::pack(ArrayRef<char> weights) const {
  int64_t outputs = shape.outputChannels;
  int64_t phaseElements = tiling.phaseLines(shape) * tiling.pitch;
  int64_t planeElements = tiling.planeElements(shape);
  SmallVector<uint32_t> words(outputs * chunks() + 1);
  for (int64_t output = 0; output < outputs; ++output)
    for (int64_t channel = 0; channel < shape.inputChannels; ++channel) {
      if (channel % tiling.chunkChannels == 0)
        words[output * chunks() + channel / tiling.chunkChannels] =
            words.size();
      for (int64_t pixel = 0; pixel < shape.kernelPixels; ++pixel)
        for (int64_t line = 0; line < shape.kernelLines; ++line) {
          int64_t tap = line * shape.kernelPixels + pixel;
          int64_t at = (tap * shape.inputChannels + channel) * outputs + output;
          uint32_t bits =
              llvm::support::endian::read32le(weights.data() + at * 4);
          if ((bits & 0x7fffffff) == 0)
            continue;
          int64_t row = line * shape.lineDilation;
          words.push_back((channel * shape.kernelPixels + pixel) *
                              planeElements +
                          row % shape.lineStride * phaseElements +
                          row / shape.lineStride * tiling.pitch);
          words.push_back(bits);
        }
    }
  words[outputs * chunks()] = words.size();
  PackedConstant packed;
  packed.type = MemRefType::get({int64_t(words.size())},
                                IntegerType::get(element.getContext(), 32));
  packed.bytes.resize(words.size() * 4);
  for (auto [i, word] : llvm::enumerate(words))
    llvm::support::endian::write32le(packed.bytes.data() + i * 4, word);
  return packed;
}

void SparseConv::transposeInput(Emitter &e, const KernelArgs &args, Value image,
                                Value band) const {
  Access input = accessAll(e, args.inputs[0], element);
  SmallVector<int64_t> strides = input.strides;
  int64_t lines = tiling.phaseLines(shape);
  int64_t phaseElements = lines * tiling.pitch;
  int64_t planeElements = tiling.planeElements(shape);
  Value start = e.add(e.mul(image, strides[0]),
                      e.mul(band, shape.lineStride * strides[1]));
  for (int64_t pixel = 0; pixel < shape.kernelPixels; ++pixel)
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
      Access read = input.from(e.add(
          start, phase * strides[1] + pixel * pixelDilation * strides[2]));
      read.strides = {shape.lineStride * strides[1], 1,
                      shape.pixelStride * strides[2]};
      Access write{args.scratch[0],
                   e.index(pixel * planeElements + phase * phaseElements),
                   {tiling.pitch, shape.kernelPixels * planeElements, 1},
                   element};
      emitCopy(e, {used, shape.inputChannels, shape.pixels}, read, write);
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
  auto loop = [&](Value from, Value to, int64_t count, ValueRange init) {
    auto op = scf::ForOp::create(
        e, from, to, e.index(2 * count), init,
        [&](OpBuilder &builder, Location loc, Value at, ValueRange sums) {
          OpBuilder::InsertionGuard guard(e);
          e.setInsertionPoint(builder.getInsertionBlock(),
                              builder.getInsertionPoint());
          SmallVector<Value> results;
          for (int64_t chain = 0; chain < tiling.chains; ++chain) {
            ValueRange own = sums.slice(chain * vectors, vectors);
            if (chain < count)
              llvm::append_range(results, step(e.add(at, 2 * chain), own));
            else
              llvm::append_range(results, own);
          }
          scf::YieldOp::create(e, loc, results);
        });
    return SmallVector<Value>(op.getResults());
  };
  SmallVector<Value> sums(init);
  sums.resize(tiling.chains * vectors, e.splat(e.zero(element), tiling.lanes));
  Value middle = begin;
  if (tiling.chains > 1) {
    // As many pairs as there are chains, as long as there are.
    Value length = arith::SubIOp::create(e, end, begin);
    Value trips = arith::DivUIOp::create(e, length, e.index(2 * tiling.chains));
    middle = e.add(begin, e.mul(trips, 2 * tiling.chains));
    sums = loop(begin, middle, tiling.chains, sums);
  }
  sums = loop(middle, end, 1, sums);
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
      if (bias.memref)
        value = arith::AddFOp::create(
            e, value,
            loadWide(e, bias.memref, channel, length, biasType, element));
      e.storeResult(op, args, value,
                    {image, e.add(band, at[0]), at[1], channel});
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
    e.phase([&] { transposeInput(e, args, zero, zero); });
    e.phase([&] { computeAll(zero, zero); });
    return;
  }
  e.phase([&] {
    e.parallelNest({shape.images, shape.lines / tiling.bandLines},
                   [&](ValueRange at) {
                     e.sequentially([&] {
                       Value band = e.mul(at[1], tiling.bandLines);
                       transposeInput(e, args, at[0], band);
                       computeAll(at[0], band);
                     });
                   });
  });
}
