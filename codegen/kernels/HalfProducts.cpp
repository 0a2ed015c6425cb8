//===- HalfProducts.cpp - depthwise convolutions in 16 bits -----*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "codegen/kernels/HalfProducts.h"
#include "codegen/kernels/Arithmetic.h"
#include "dialects/Edge/EdgeScheduleOps.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/TypeUtilities.h"
#include "llvm/ADT/Sequence.h"

#include <limits>

using namespace mlir;
using namespace edgecc;
using namespace edgecc::kernels;

std::optional<HalfProducts> HalfProducts::get(edge::ConvOp op,
                                              target::CpuAttr cpu) {
  constexpr int64_t mostTaps = 25;
  Type byte = IntegerType::get(op->getContext(), 8);
  auto elementOf = [](Value tensor) { return getElementTypeOrSelf(tensor); };
  ElementsAttr constant = constantOf(op.getWeights());
  if (op.getSpatialRank() > 2 || isa<edge::RowBandsOp>(op->getParentOp()) ||
      !constant || (op.getBias() && !constantOf(op.getBias())) ||
      elementOf(op.getInput()) != byte || elementOf(op.getResult()) != byte ||
      bytesAddedUp(cpu, byte, elementOf(op.getWeights())) != block)
    return std::nullopt;
  std::optional<edge::ConstantView> view = edge::ConstantView::get(constant);
  if (!view)
    return std::nullopt;
  HalfProducts products(op, *view);
  if (products.channels % block || !products.requantization ||
      int64_t(products.begins.size()) > mostTaps)
    return std::nullopt;
  for (Value extra : op.getExtras()) {
    auto type = cast<RankedTensorType>(extra.getType());
    bool isPerChannel = type.getNumElements() == products.channels &&
                        type.getShape().back() == products.channels &&
                        constantOf(extra) &&
                        storageBytes(type.getElementType()) == 4;
    if (!isPerChannel && type.getNumElements() != 1)
      return std::nullopt;
  }
  return products;
}

HalfProducts::HalfProducts(edge::ConvOp op, edge::ConstantView view)
    : op(op), weights(std::move(view)),
      requantization(Requantization::ofRegion(op.getEpilogue())) {
  ArrayRef<int64_t> shape = weights.getType().getShape();
  int64_t rank = op.getSpatialRank();
  channels = shape.back();
  kernelPixels = shape[rank - 1];
  kernelLines = rank > 1 ? shape[0] : 1;
  // The largest absolute value that the sum of a channel can have.
  constexpr int64_t mostInput = 128, mostSum = 32767;
  SmallVector<int64_t> bounds(channels, 0);
  for (int64_t tap : llvm::seq(kernelLines * kernelPixels)) {
    auto product = [&](int64_t channel) {
      return std::abs(weights.integer(tap * channels + channel)) * mostInput;
    };
    bool fits = tap > 0;
    for (int64_t channel : llvm::seq(channels))
      fits &= bounds[channel] + product(channel) <= mostSum;
    for (int64_t channel : llvm::seq(channels))
      bounds[channel] = (fits ? bounds[channel] : 0) + product(channel);
    begins.push_back(!fits);
  }
}

std::optional<PackedConstant> HalfProducts::pack(unsigned index,
                                                 ElementsAttr value) const {
  std::optional<edge::ConstantView> view = edge::ConstantView::get(value);
  if (index == 0 || !view ||
      view->size() != channels * (index == 1 ? int64_t(begins.size()) : 1))
    return std::nullopt;
  PackedConstant packed;
  int64_t bytes = view->bytes().size() / view->size();
  auto append = [&](int64_t element) {
    const char *from = view->bytes().data() + element * bytes;
    packed.bytes.insert(packed.bytes.end(), from, from + bytes);
  };
  for (int64_t first = 0; first < channels; first += block) {
    if (index == 1) {
      for (int64_t tap : llvm::seq<int64_t>(begins.size()))
        for (int64_t i : llvm::seq(block))
          append(tap * channels + first + i);
      continue;
    }
    for (int64_t vector : llvm::seq(vectors))
      for (int64_t i : llvm::seq(block / vectors))
        append(first + i * vectors + vector);
  }
  Type element = storageType(value.getElementType());
  packed.type = MemRefType::get({view->size()}, element);
  return packed;
}

static Value call(Emitter &e, StringRef name, Type type, ValueRange operands) {
  return LLVM::CallIntrinsicOp::create(e, type, e.getStringAttr(name), operands)
      .getResults();
}

static Value number(Emitter &e, int32_t value) {
  return e.constant(e.getI32IntegerAttr(value));
}

void HalfProducts::emit(Emitter &e, const KernelArgs &args) const {
  ArrayRef<int64_t> output =
      cast<MemRefType>(args.outputs[0].getType()).getShape();
  SmallVector<int64_t> strides = stridesOf(args.inputs[0]);
  FlatOperand input = flatOperand(e, args.inputs[0]);
  SmallVector<int64_t> outer(output.drop_back(2));
  e.nest(outer, [&](ValueRange position) {
    Value base = input.base;
    for (auto [dim, index] : llvm::enumerate(position))
      base =
          e.add(base, e.mul(index, strides[dim] *
                                       (dim ? op.getStrides()[dim - 1] : 1)));
    size_t last = position.size();
    e.loop(0, channels, block, [&](Value channel) {
      e.loop(0, output[last], 1, [&](Value pixel) {
        Value at =
            e.add(e.add(base, channel),
                  e.mul(pixel, strides[last] * op.getStrides()[last - 1]));
        SmallVector<Value> indices(position);
        indices.append({pixel, channel});
        e.store(emitBlock(e, args, at, channel), args.outputs[0], indices);
      });
    });
  });
}

Value HalfProducts::emitBlock(Emitter &e, const KernelArgs &args, Value input,
                              Value channel) const {
  SmallVector<int64_t> strides = stridesOf(args.inputs[0]);
  int64_t rank = op.getSpatialRank(), taps = begins.size();
  auto flat = [&](Value memref) { return flatOperand(e, memref).memref; };
  Value elements = flat(args.inputs[0]), packed = args.inputs[1];
  auto halves = VectorType::get({block / 2}, e.getI16Type());
  auto words = VectorType::get({block / vectors}, e.getI32Type());
  SmallVector<Value> sums;
  for (int64_t v : llvm::seq(vectors)) {
    Value at = e.add(channel, v * (block / vectors));
    sums.push_back(op.getBias() ? e.load(args.inputs[2], at, block / vectors,
                                         e.getI32Type())
                                : e.zero(words));
  }
  // The sums of even and of odd channels.
  SmallVector<Value, 2> narrow(2);
  for (int64_t tap : llvm::seq(taps)) {
    int64_t line = tap / kernelPixels, pixel = tap % kernelPixels;
    int64_t distance = pixel * op.getDilation(rank - 1) * strides[rank];
    if (line)
      distance += line * op.getDilation(0) * strides[1];
    Value x = e.load(elements, e.add(input, distance), block, e.getI8Type());
    Value w = e.load(packed, e.add(e.mul(channel, taps), tap * block), block,
                     e.getI8Type());
    for (int32_t odd : {0, 1}) {
      Value product = call(e, "llvm.arm.mve.vmull.v8i16.v16i8", halves,
                           {x, w, number(e, 0), number(e, odd)});
      if (!begins[tap])
        product = arith::AddIOp::create(e, narrow[odd], product);
      narrow[odd] = product;
    }
    if (tap + 1 < taps && !begins[tap + 1])
      continue;
    Value sixteen = e.constant(
        DenseElementsAttr::get(words, Attribute(e.getI32IntegerAttr(16))));
    for (int64_t odd : {0, 1}) {
      Value both = vector::BitCastOp::create(e, words, narrow[odd]);
      Value low = arith::ShLIOp::create(e, both, sixteen);
      for (auto [v, half] : {std::pair(odd, low), std::pair(odd + 2, both)})
        sums[v] = arith::AddIOp::create(
            e, sums[v], arith::ShRSIOp::create(e, half, sixteen));
    }
  }
  SmallVector<double> bounds{std::numeric_limits<double>::infinity()};
  SmallVector<Value> numbers;
  for (int64_t v : llvm::seq(vectors)) {
    SmallVector<Value> arguments{sums[v]};
    for (auto [i, extra] : llvm::enumerate(op.getExtras())) {
      Value memref = args.inputs[op.getExtras().getBeginOperandIndex() + i];
      auto type = cast<MemRefType>(memref.getType());
      SmallVector<Value> zeros(type.getRank(), e.index(0));
      Type element = getElementTypeOrSelf(extra.getType());
      if (type.getNumElements() == channels)
        arguments.push_back(e.load(memref,
                                   e.add(channel, v * (block / vectors)),
                                   block / vectors, element));
      else
        arguments.push_back(e.load(memref, zeros, 1, element));
    }
    numbers.push_back(e.applyRegion(op.getEpilogue(), arguments, bounds,
                                    requantization->value));
  }
  return requantization->emitInterleaved(e, numbers);
}
