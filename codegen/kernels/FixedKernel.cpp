//===- FixedKernel.cpp - float products in fixed point ----------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "codegen/kernels/FixedKernel.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "llvm/ADT/Sequence.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace edgecc;
using namespace edgecc::kernels;

// The numbers of codegen/object/rt/fixed.c.
static constexpr int32_t unitExponent = 155, lostBits = 12, groupLength = 16;
static constexpr int32_t infiniteExponent = 255, fractionBits = 23;
static constexpr int32_t mantissaBits = 29;

namespace {

/// A weight in the block of its channel.
struct BlockWeight {
  int64_t mantissa;
  /// Whether that is not exact enough.
  bool isListed;
};

} // namespace

static int32_t exponentOf(uint32_t bits) {
  return bits >> fractionBits & infiniteExponent;
}

/// The weight of these bits in a block of this exponent.
static BlockWeight toMantissa(uint32_t bits, int32_t exponent) {
  // Rounding by half moves others by at most 2^-19 of themselves.
  constexpr int64_t leastExact = 1 << 18;
  constexpr int32_t tooSmall = 64;
  int64_t mantissa = bits & ((1 << fractionBits) - 1);
  if (exponentOf(bits))
    mantissa |= int64_t(1) << fractionBits;
  if (mantissa == 0)
    return {0, false};
  mantissa <<= mantissaBits - 1 - fractionBits;
  int32_t distance = exponent - std::max(exponentOf(bits), 1);
  int32_t shift = std::min(distance, 2 * mantissaBits);
  mantissa = (mantissa + ((int64_t(1) << shift) >> 1)) >> shift;
  bool isListed = mantissa < leastExact && distance < tooSmall;
  mantissa = std::max<int64_t>(mantissa, 1);
  return {bits >> 31 ? -mantissa : mantissa, isListed};
}

std::optional<FixedContraction> FixedContraction::get(target::CpuAttr cpu,
                                                      Type lhs, Value rhs,
                                                      int64_t groups,
                                                      int64_t run) {
  // So many sums have room in 64 bits.
  constexpr int64_t mostRows = 1 << 17;
  ElementsAttr constant = constantOf(rhs);
  if (cpu.getHasF32() || !constant || !lhs.isF32() ||
      constant.getNumElements() == 0)
    return std::nullopt;
  std::optional<edge::ConstantView> view = edge::ConstantView::get(constant);
  if (!view)
    return std::nullopt;
  FixedContraction contraction(std::move(*view), groups, run);
  if (contraction.depth > mostRows)
    return std::nullopt;
  if (contraction.hasBytes())
    return contraction;
  if (!constant.getElementType().isF32())
    return std::nullopt;
  int64_t listed = 0;
  for (int64_t channel : llvm::seq(groups * contraction.channels)) {
    int32_t exponent = contraction.channelExponent(channel);
    if (exponent == infiniteExponent)
      return std::nullopt;
    for (int64_t row : llvm::seq(contraction.depth))
      listed += toMantissa(contraction.bitsOf(row, channel), exponent).isListed;
  }
  // Each takes two words more.
  constexpr int64_t fewOf = 16;
  if (listed > constant.getNumElements() / fewOf)
    return std::nullopt;
  return contraction;
}

FixedContraction::FixedContraction(edge::ConstantView weights, int64_t groups,
                                   int64_t run)
    : weights(std::move(weights)), groups(groups), run(run) {
  channels = this->weights.getType().getShape().back() / groups;
  depth = this->weights.size() / (groups * channels);
}

uint32_t FixedContraction::bitsOf(int64_t row, int64_t channel) const {
  return llvm::support::endian::read32le(
      weights.bytes().data() + 4 * (row * groups * channels + channel));
}

int32_t FixedContraction::channelExponent(int64_t channel) const {
  int32_t exponent = 1;
  for (int64_t row : llvm::seq(depth))
    exponent = std::max(exponent, exponentOf(bitsOf(row, channel)));
  return exponent;
}

PackedConstant FixedContraction::packBytes() const {
  PackedConstant constant;
  int64_t allChannels = groups * channels;
  for (int64_t channel : llvm::seq(allChannels))
    for (int64_t row : llvm::seq(depth))
      constant.bytes.push_back(weights.bytes()[row * allChannels + channel]);
  constant.type = MemRefType::get({int64_t(constant.bytes.size())},
                                  weights.getType().getElementType());
  return constant;
}

PackedConstant FixedContraction::pack() const {
  if (hasBytes())
    return packBytes();
  std::vector<int64_t> blocks, lists;
  int64_t allChannels = groups * channels;
  int64_t listsAt = allChannels * channelSize();
  for (int64_t channel : llvm::seq(allChannels)) {
    int32_t exponent = channelExponent(channel);
    std::vector<int64_t> mantissas;
    int64_t magnitude = 0;
    int64_t list = listsAt + int64_t(lists.size()) - channel * channelSize();
    for (int64_t row : llvm::seq(depth)) {
      BlockWeight weight = toMantissa(bitsOf(row, channel), exponent);
      magnitude += std::abs(weight.mantissa);
      mantissas.push_back(weight.mantissa);
      if (weight.isListed)
        lists.insert(lists.end(), {row, bitsOf(row, channel)});
    }
    lists.push_back(depth);
    // Each sum of a group is rounded as well. Zeros are always exact.
    bool isZero = magnitude == 0;
    magnitude += (depth / groupLength + 1) << lostBits;
    blocks.insert(blocks.end(),
                  {exponent - 2 * unitExponent + lostBits,
                   isZero ? std::numeric_limits<int32_t>::min()
                          : int64_t(llvm::divideCeil(magnitude, 1 << 16)),
                   list});
    llvm::append_range(blocks, mantissas);
  }
  llvm::append_range(blocks, lists);
  PackedConstant constant;
  constant.bytes.resize(4 * blocks.size());
  for (auto [i, word] : llvm::enumerate(blocks))
    llvm::support::endian::write32le(constant.bytes.data() + 4 * i,
                                     uint32_t(word));
  constant.type =
      MemRefType::get({int64_t(blocks.size())},
                      IntegerType::get(weights.getType().getContext(), 32));
  return constant;
}

SmallVector<MemRefType> FixedContraction::getScratch() const {
  MLIRContext *context = weights.getType().getContext();
  SmallVector<MemRefType> scratch{
      MemRefType::get({blockSize()}, IntegerType::get(context, 32))};
  if (run != depth)
    scratch.push_back(MemRefType::get({depth}, Float32Type::get(context)));
  return scratch;
}

/// Where element `index` of a row of elements lies.
static Value addressOf(Emitter &e, const FlatOperand &operand, Value index) {
  auto type = cast<MemRefType>(operand.memref.getType());
  auto [strides, offset] = type.getStridesAndOffset();
  Value base =
      memref::ExtractAlignedPointerAsIndexOp::create(e, operand.memref);
  return e.add(base, e.mul(e.add(e.add(operand.base, index), offset),
                           storageBytes(type.getElementType())));
}

/// Calls a function of fixed.c with addresses and a count.
static func::CallOp call(Emitter &e, StringRef name, ValueRange addresses,
                         int64_t count, TypeRange results) {
  auto module =
      e.getInsertionBlock()->getParentOp()->getParentOfType<ModuleOp>();
  SmallVector<Value> arguments(addresses);
  arguments.push_back(
      e.constant(e.getI32IntegerAttr(static_cast<int32_t>(count))));
  if (!module.lookupSymbol(name)) {
    OpBuilder::InsertionGuard guard(e);
    e.setInsertionPointToEnd(module.getBody());
    func::FuncOp::create(
        e, name, e.getFunctionType(ValueRange(arguments).getTypes(), results))
        .setPrivate();
  }
  return func::CallOp::create(e, name, results, arguments);
}

void FixedContraction::emitPixel(
    Emitter &e, const FlatOperand &lhs, ArrayRef<ReductionLevel> levels,
    const FlatOperand &rhs, const FlatOperand &bias, Value group,
    ValueRange scratch,
    function_ref<void(Value sum, Value channel)> store) const {
  Type f32 = e.getF32Type();
  Value zero = e.index(0);
  FlatOperand floats = lhs;
  if (run != depth) {
    floats = {scratch[1], zero};
    SmallVector<ReductionLevel> merged = mergeLevels(levels);
    SmallVector<int64_t> sizes;
    for (const ReductionLevel &level : merged)
      sizes.push_back(level.count);
    e.nest(sizes, [&](ValueRange at) {
      Value from = lhs.base, to = zero;
      for (auto [level, i] : llvm::zip_equal(merged, at)) {
        from = e.add(from, e.mul(i, level.lhsStep));
        to = e.add(to, e.mul(i, level.rhsRows));
      }
      e.store(e.load(lhs.memref, from, 1, f32), scratch[1], to);
    });
  }
  Value from = addressOf(e, floats, zero);
  Value block = addressOf(e, {scratch[0], zero}, zero);
  call(e, "__edgecc_fixed_block", {from, block}, depth, {});
  Value first = e.mul(group, channels);
  e.loop(0, channels, 1, [&](Value i) {
    Value channel = e.add(first, i);
    Value weights = addressOf(e, rhs, e.mul(channel, channelSize()));
    StringRef product =
        hasBytes() ? "__edgecc_fixed_product_bytes" : "__edgecc_fixed_product";
    Value sum = call(e, product, {from, block, weights}, depth, TypeRange(f32))
                    .getResult(0);
    if (bias.memref)
      sum = arith::AddFOp::create(
          e, sum,
          loadWide(e, bias.memref, e.add(bias.base, channel), 1,
                   cast<MemRefType>(bias.memref.getType()).getElementType(),
                   f32));
    store(sum, channel);
  });
}
