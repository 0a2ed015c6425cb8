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
#include "llvm/TargetParser/Triple.h"

using namespace mlir;
using namespace edgecc;
using namespace edgecc::kernels;

// The numbers of codegen/object/rt/fixed.c.
static constexpr int32_t unitExponent = 151, infiniteExponent = 255;
static constexpr int32_t fractionBits = 23, mantissaBits = 25;
static constexpr int32_t halfBits = 13;

namespace {

/// A weight in the block of its channel.
struct BlockWeight {
  int32_t mantissa;
  /// Whether that is zero because it would not be exact enough.
  bool isListed;
};

} // namespace

static int32_t exponentOf(uint32_t bits) {
  return bits >> fractionBits & infiniteExponent;
}

/// The weight of these bits in a block of this exponent.
static BlockWeight toBlock(uint32_t bits, int32_t exponent) {
  // Rounding by half moves others by at most 2^-18 of themselves.
  constexpr int64_t leastExact = 1 << 17;
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
  if (mantissa < leastExact)
    return {0, distance < tooSmall};
  return {static_cast<int32_t>(bits >> 31 ? -mantissa : mantissa), false};
}

/// Whether an instruction gives 64 bits of a product.
static bool hasLongMultiply(target::CpuAttr cpu) {
  llvm::Triple triple(cpu.getTriple());
  return triple.getSubArch() != llvm::Triple::ARMSubArch_v6m &&
         triple.getSubArch() != llvm::Triple::ARMSubArch_v8m_baseline;
}

std::optional<FixedContraction> FixedContraction::get(target::CpuAttr cpu,
                                                      Type lhs, Value rhs,
                                                      int64_t groups,
                                                      int64_t run) {
  ElementsAttr constant = constantOf(rhs);
  if (cpu.getHasF32() || !constant || !lhs.isF32() ||
      constant.getNumElements() == 0)
    return std::nullopt;
  std::optional<edge::ConstantView> view = edge::ConstantView::get(constant);
  if (!view)
    return std::nullopt;
  FixedContraction contraction(std::move(*view), groups, run,
                               hasLongMultiply(cpu));
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
      listed += toBlock(contraction.bitsOf(row, channel), exponent).isListed;
  }
  // Each takes two words more.
  constexpr int64_t fewOf = 8;
  if (listed > constant.getNumElements() / fewOf)
    return std::nullopt;
  return contraction;
}

FixedContraction::FixedContraction(edge::ConstantView weights, int64_t groups,
                                   int64_t run, bool multipliesLong)
    : weights(std::move(weights)), groups(groups), run(run),
      multipliesLong(multipliesLong) {
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
  PackedConstant constant;
  auto append = [&](auto number) {
    size_t at = constant.bytes.size();
    constant.bytes.resize(at + sizeof number);
    llvm::support::endian::write(constant.bytes.data() + at, number,
                                 llvm::endianness::little);
  };
  std::vector<int32_t> lists;
  int64_t allChannels = groups * channels;
  int64_t listsAt = allChannels * channelSize();
  for (int64_t channel : llvm::seq(allChannels)) {
    int32_t exponent = channelExponent(channel);
    append(exponent - 2 * unitExponent);
    append(static_cast<int32_t>(listsAt + int64_t(lists.size()) -
                                channel * channelSize()));
    std::vector<int32_t> mantissas;
    for (int64_t row : llvm::seq(depth)) {
      BlockWeight weight = toBlock(bitsOf(row, channel), exponent);
      mantissas.push_back(weight.mantissa);
      if (weight.isListed)
        lists.insert(lists.end(), {static_cast<int32_t>(row),
                                   static_cast<int32_t>(bitsOf(row, channel))});
    }
    lists.push_back(static_cast<int32_t>(depth));
    if (multipliesLong) {
      llvm::for_each(mantissas, append);
      continue;
    }
    for (int32_t mantissa : mantissas)
      append(static_cast<int16_t>(mantissa >> halfBits));
    for (int32_t mantissa : mantissas)
      append(static_cast<int16_t>(mantissa & ((1 << halfBits) - 1)));
  }
  llvm::for_each(lists, append);
  constant.type =
      MemRefType::get({int64_t(constant.bytes.size() / 4)},
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
  auto variant = [&](StringRef name) {
    return (name + (multipliesLong ? "" : "_halves")).str();
  };
  call(e, variant("__edgecc_fixed_block"), {from, block}, depth, {});
  Value first = e.mul(group, channels);
  e.loop(0, channels, 1, [&](Value i) {
    Value channel = e.add(first, i);
    Value weights = addressOf(e, rhs, e.mul(channel, channelSize()));
    std::string product = variant(hasBytes() ? "__edgecc_fixed_product_bytes"
                                             : "__edgecc_fixed_product");
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
