//===- PairKernel.cpp - contractions of bytes without vectors ---*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "codegen/kernels/PairKernel.h"
#include "codegen/kernels/Arithmetic.h"
#include "codegen/kernels/SparseWeights.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "llvm/ADT/Sequence.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace edgecc;
using namespace edgecc::kernels;

//===----------------------------------------------------------------------===//
// Layout
//===----------------------------------------------------------------------===//

std::optional<PairLayout> PairLayout::get(target::CpuAttr cpu, Type lhs,
                                          Value rhs, Value bias,
                                          const WordReduction &reduction,
                                          const Sizes &sizes) {
  constexpr int64_t fewChannels = 4;
  ElementsAttr constant = constantOf(rhs);
  if (!constant || !lhs.isInteger(8) ||
      !constant.getElementType().isInteger(8) || !hasPairFunctions(cpu))
    return std::nullopt;
  std::optional<edge::ConstantView> weights, first;
  weights = edge::ConstantView::get(constant);
  if (bias) {
    ElementsAttr known = constantOf(bias);
    first = known ? edge::ConstantView::get(known) : std::nullopt;
    if (!first)
      return std::nullopt;
  }
  if (!weights || !reduction.isRegular() || sizes.channels < fewChannels)
    return std::nullopt;
  return PairLayout(lhs, *weights, first, reduction, sizes);
}

PairLayout::PairLayout(Type lhs, edge::ConstantView weights,
                       std::optional<edge::ConstantView> bias,
                       const WordReduction &reduction, const Sizes &sizes)
    : lhs(lhs), weights(std::move(weights)), bias(std::move(bias)),
      reduction(reduction), sizes(sizes) {
  constexpr int64_t longStep = 8, shortStep = 4, fewPixels = 2;
  // Of little code: one function for layers of all depths.
  constexpr int64_t smallStep = 2;
  tilePixels = sizes.pixels <= fewPixels ? 1 : 5;
  tileChannels = sizes.pixels <= fewPixels ? 4 : 1;
  auto largestDivisor = [&](int64_t count) {
    int64_t divisor = std::min(count, longStep);
    while (count % divisor)
      --divisor;
    return divisor;
  };
  int64_t count = reduction.usedWords(), step = largestDivisor(count);
  if (sizes.isSmall)
    step = std::min(count, smallStep);
  else if (step < shortStep && count > longStep)
    step = largestDivisor(llvm::alignTo(count, shortStep));
  this->reduction.step = step;
  if (!isSparse())
    return;
  shifted = false;
  this->reduction.step = 1;
  tilePixels = sparseTilePixels(sizes.pixels, this->reduction.words() * 4);
  tileChannels = 1;
}

bool PairLayout::prefersSparse() const {
  constexpr int64_t mostChannels = 1024;
  // What the estimates are off by: with half of the weights zero they expect
  // 1.11, and 0.95 is counted.
  constexpr double leastGain = 1.2;
  if (sizes.groups != 1 || sizes.channels > mostChannels)
    return false;
  int64_t depth = reduction.runs * reduction.length, entries = 0;
  for (int64_t i : llvm::seq(depth * sizes.channels))
    entries += weights.integer(i) != 0;
  int64_t headers = 8 * sizes.channels;
  if (sizes.isSmall)
    return entries * 2 + headers < groupSize();
  int64_t sparsePixels =
      sparseTilePixels(sizes.pixels, llvm::alignTo(depth, 4));
  double sparse = sparseTileInstructions(sparsePixels, double(entries),
                                         double(sizes.channels)) *
                  double(llvm::divideCeil(sizes.pixels, sparsePixels));
  // Of each word: its loads, and what makes pairs of it and multiplies them.
  double word = tilePixels == 1 ? 18.0 / 4 : 15;
  constexpr double besides = 14;
  double dense = double(sizes.channels) *
                 (double(reduction.words()) * word + besides) *
                 double(llvm::divideCeil(sizes.pixels, tilePixels));
  return sparse * leastGain < dense;
}

int64_t PairLayout::paddedChannels() const {
  return llvm::alignTo(sizes.channels, tileChannels);
}

int64_t PairLayout::channelBlock() const {
  // Streams of channels have sizes of their own.
  if (isSparse())
    return sizes.channels;
  constexpr int64_t block = 16;
  return std::min(block, paddedChannels());
}

int64_t PairLayout::groupSize() const {
  if (isSparse())
    return int64_t(packSparse().bytes.size());
  return paddedChannels() * (1 + reduction.words()) * 4;
}

SmallVector<MemRefType> PairLayout::getScratch() const {
  Type i32 = IntegerType::get(lhs.getContext(), 32);
  if (isSparse())
    return {MemRefType::get({reduction.words() * 4 * tilePixels},
                            IntegerType::get(lhs.getContext(), 16)),
            MemRefType::get({channelBlock() * tilePixels}, i32)};
  return {MemRefType::get({reduction.words() * 2 * tilePixels}, i32),
          MemRefType::get({channelBlock() * tilePixels}, i32)};
}

int64_t PairLayout::overlapDistance(function_ref<int64_t(int64_t)> lhsAt,
                                    function_ref<int64_t(int64_t)> resultAt,
                                    int64_t resultBytes, bool canRepeat) const {
  int64_t distance = 0, pixels = sizes.pixels;
  for (int64_t next = tilePixels; next < pixels; next += tilePixels) {
    // The last tile ends with the last pixel.
    int64_t read = canRepeat ? std::min(next, pixels - tilePixels) : next;
    distance =
        std::max(distance, resultAt(next - 1) + resultBytes - lhsAt(read));
  }
  return distance;
}

int64_t PairLayout::weight(int64_t k, int64_t channel) const {
  return weights.integer(k * sizes.groups * sizes.channels + channel);
}

int64_t PairLayout::biasOf(int64_t channel) const {
  return bias ? bias->integer(channel) : 0;
}

/// Whether all sums fit when they are multiplied by 256, and pairs of weights
/// fit into 16 bits.
bool PairLayout::fitsShifted() const {
  int64_t most = isUnsignedElement(lhs) ? 255 : 128;
  for (int64_t channel : llvm::seq(sizes.groups * sizes.channels)) {
    int64_t bound = std::abs(biasOf(channel));
    for (int64_t k : llvm::seq(reduction.runs * reduction.length)) {
      int64_t value = weight(k, channel);
      if (std::abs(value) > 127)
        return false;
      bound += std::abs(value) * most;
    }
    if (bound >= 1 << 23)
      return false;
  }
  return true;
}

/// What widening takes from elements with odd and even positions if weights are
/// shifted, so that 256 times the difference fits into 16 bits.
static std::pair<int64_t, int64_t> shiftedOffsets(Type lhs) {
  return isUnsignedElement(lhs) ? std::pair(255, 128) : std::pair(127, 0);
}

PackedConstant PairLayout::packBias(ElementsAttr bias) {
  PackedConstant nothing;
  nothing.type = MemRefType::get({0}, bias.getElementType());
  return nothing;
}

PackedConstant PairLayout::packSparse() const {
  PackedConstant constant;
  WordReduction::Elements elements = reduction.elements();
  for (int64_t channel : llvm::seq(sizes.channels)) {
    SmallVector<int64_t> numbers;
    for (ArrayRef<int64_t> word : elements)
      for (size_t i : llvm::seq<size_t>(4))
        numbers.push_back(i < word.size() ? weight(word[i], channel) : 0);
    appendSparseChannel(constant.bytes, biasOf(channel), numbers);
  }
  constant.type = MemRefType::get({int64_t(constant.bytes.size())},
                                  IntegerType::get(lhs.getContext(), 8));
  return constant;
}

PackedConstant PairLayout::pack() const {
  if (isSparse())
    return packSparse();
  PackedConstant constant;
  std::vector<char> &out = constant.bytes;
  auto append = [&](int64_t value) {
    for (int64_t byte : llvm::seq(4))
      out.push_back(static_cast<char>(value >> (8 * byte)));
  };
  auto [oddOffset, evenOffset] = shiftedOffsets(lhs);
  WordReduction::Elements elements = reduction.elements();
  auto number = [&](ArrayRef<int64_t> word, size_t i, int64_t channel) {
    return i < word.size() ? weight(word[i], channel) : 0;
  };
  auto first = [&](int64_t channel) {
    int64_t sum = biasOf(channel);
    if (!isShifted())
      return sum;
    for (ArrayRef<int64_t> word : elements)
      for (size_t i : llvm::seq<size_t>(4))
        sum += number(word, i, channel) * (i % 2 ? oddOffset : evenOffset);
    return sum * 256;
  };
  auto packed = [&](ArrayRef<int64_t> word, int64_t channel) {
    int64_t value = 0;
    for (size_t i : {0, 2}) {
      int64_t even = number(word, i, channel);
      int64_t odd = number(word, i + 1, channel);
      int64_t half =
          isShifted() ? odd * 256 + even : ((odd & 255) << 8 | (even & 255));
      value |= (half & 0xffff) << (8 * i);
    }
    return value;
  };
  for (int64_t group : llvm::seq(sizes.groups))
    for (int64_t n = 0; n < paddedChannels(); n += tileChannels) {
      // Channels that there are not are all zeros.
      auto overTile = [&](auto body) {
        for (int64_t i : llvm::seq(n, n + tileChannels))
          append(i < sizes.channels ? body(group * sizes.channels + i) : 0);
      };
      overTile(first);
      for (ArrayRef<int64_t> word : elements)
        overTile([&](int64_t channel) { return packed(word, channel); });
    }
  constant.type = MemRefType::get({int64_t(out.size())},
                                  IntegerType::get(lhs.getContext(), 8));
  return constant;
}

//===----------------------------------------------------------------------===//
// Loops
//===----------------------------------------------------------------------===//

namespace edgecc::kernels {

class PairEmitter {
public:
  PairEmitter(Emitter &e, const PairContraction &c, StoreTile store)
      : e(e), c(c), layout(*c.layout), store(store), tile(c.scratch[0]),
        sums(c.scratch[1]), function(getFunction()) {}

  void emit();

private:
  std::pair<Value, Value> split(Value pixel) {
    return splitPixel(e, pixel, c.lines, c.pixels);
  }
  void emitTile(Value first, int64_t count);
  void widen(Value word, Value to);
  func::FuncOp getFunction();
  void call(Value weights, Value end);

  Value number(int64_t value) {
    return e.constant(e.getI32IntegerAttr(static_cast<int32_t>(value)));
  }
  Value address(Value memref, Value index);

  Emitter &e;
  const PairContraction &c;
  const PairLayout &layout;
  StoreTile store;
  Value tile, sums;
  func::FuncOp function;
};

} // namespace edgecc::kernels

void PairEmitter::emit() {
  int64_t pixels = c.lines * c.pixels, size = layout.tilePixels;
  if (c.canRepeat && pixels >= size) {
    // The last tile ends with the last pixel.
    e.loop(0, pixels, size, [&](Value first) {
      Value last = e.index(pixels - size);
      if (pixels % size)
        first = e.createOrFold<arith::MinUIOp>(first, last);
      emitTile(first, size);
    });
    return;
  }
  int64_t whole = pixels / size * size;
  e.loop(0, whole, size, [&](Value first) { emitTile(first, size); });
  if (whole < pixels)
    emitTile(e.index(whole), pixels - whole);
}

void PairEmitter::emitTile(Value first, int64_t count) {
  int64_t size = layout.tilePixels;
  e.loop(0, count, 1, [&](Value i) {
    auto [line, pixel] = split(e.add(first, i));
    Value lhs = e.add(e.add(c.lhsBase, e.mul(line, c.lineStep)),
                      e.mul(pixel, c.pixelStep));
    int64_t parts = layout.isSparse() ? 4 : 2;
    gatherWords(e, layout.reduction, c.source, lhs, i, parts * size,
                [&](Value word, Value to) { widen(word, to); });
  });
  SmallVector<std::pair<Value, Value>> places;
  for (int64_t i : llvm::seq(count))
    places.push_back(split(e.add(first, i)));
  int64_t block = layout.channelBlock(), channels = layout.sizes.channels;
  int64_t channelSize = layout.reduction.words() + 1;
  e.loop(0, layout.paddedChannels(), block, [&](Value channel) {
    auto blockEnd = [&](int64_t all) -> Value {
      Value end = e.add(channel, block);
      if (all % block == 0)
        return end;
      return e.createOrFold<arith::MinUIOp>(end, e.index(all));
    };
    auto weights = [&](Value channel) {
      return e.add(c.rhs.base, e.mul(channel, channelSize * 4));
    };
    if (layout.isSparse())
      call(c.rhs.base, e.add(c.rhs.base, layout.groupSize()));
    else
      call(weights(channel), weights(blockEnd(layout.paddedChannels())));
    emitLoop(e, channel, blockEnd(channels), 1, [&](Value n) {
      Value back = e.mul(channel, -1);
      Value at = e.mul(e.add(n, back), size);
      if (c.isSmall)
        return e.loop(0, count, 1, [&](Value i) {
          auto [line, pixel] = split(e.add(first, i));
          store(e.load(sums, e.add(at, i), 1, e.getI32Type()), line, pixel, n);
        });
      for (auto [i, place] : llvm::enumerate(places)) {
        auto [line, pixel] = place;
        Value sum = e.load(sums, e.add(at, i), 1, e.getI32Type());
        store(sum, line, pixel, n);
      }
    });
  });
}

void PairEmitter::widen(Value word, Value to) {
  Type i32 = e.getI32Type();
  bool isUnsigned = isUnsignedElement(layout.lhs);
  if (layout.isSparse()) {
    for (int64_t i : llvm::seq(4)) {
      Value high = arith::ShLIOp::create(e, word, number(24 - 8 * i));
      Value element =
          isUnsigned ? arith::ShRUIOp::create(e, high, number(24)).getResult()
                     : arith::ShRSIOp::create(e, high, number(24)).getResult();
      element = arith::TruncIOp::create(e, e.getI16Type(), element);
      e.store(element, tile, e.add(to, i * layout.tilePixels));
    }
    return;
  }
  SmallVector<Value> pairs = splitWord(e, word, isUnsigned);
  if (layout.isShifted()) {
    auto subtract = [&](Value a, Value b) -> Value {
      return LLVM::CallIntrinsicOp::create(
                 e, i32, e.getStringAttr("llvm.arm.ssub16"), ValueRange{a, b})
          .getResults();
    };
    auto [odd, even] = shiftedOffsets(layout.lhs);
    pairs[1] = subtract(pairs[1], number(odd * 0x10001));
    Value high = arith::ShLIOp::create(e, word, number(8));
    high = arith::AndIOp::create(e, high, number(0xff00ff00));
    if (even)
      high = arith::XOrIOp::create(e, high, number(0x80008000));
    pairs[0] = subtract(high, pairs[1]);
  }
  e.store(pairs[0], tile, to);
  e.store(pairs[1], tile, e.add(to, layout.tilePixels));
}

//===----------------------------------------------------------------------===//
// The function in machine instructions
//===----------------------------------------------------------------------===//

/// Its text for a layout's form, for the registers
///
///   r0: the tile   r1: the weights   r2: the sums   r3: the end of the weights
///   r4: the end of the tile
///
/// Registers of the floating-point unit hold what the loop has no room for.
static std::string functionText(int64_t pixels, int64_t step, bool shifted,
                                bool isUnsigned) {
  std::string text;
  auto line = [&](const Twine &instruction) {
    text += (instruction + "\n").str();
  };
  std::string extend = isUnsigned ? "uxtb16 " : "sxtb16 ";
  bool isRow = pixels == 1;
  line("vmov s0, r2");
  line("vmov s1, r3");
  line("vmov s2, r4");
  line("vmov s3, r0");
  line("1:");
  if (isRow) {
    // r8 to r11: the sums of four channels, r2 to r5: their weights.
    line("ldmia r1!, {r8-r11}");
    line("vmov r12, s2");
  } else {
    // r9 to r12, lr: the sums of five pixels, r4 to r8: their elements.
    line("ldr r9, [r1], #4");
    for (StringRef sum : {"r10", "r11", "r12", "lr"})
      line("mov " + sum + ", r9");
  }
  line("2:");
  for (int64_t i = 0; i < step; ++i) {
    if (isRow) {
      line("ldmia r1!, {r2-r5}");
      line("ldrd r7, lr, [r0], #8");
      auto multiply = [&](StringRef element, int64_t n, const Twine &weights) {
        std::string sum = "r" + std::to_string(8 + n);
        line("smlad " + sum + ", " + element + ", " + weights + ", " + sum);
      };
      for (int64_t n = 0; n < 4; ++n) {
        line(extend + "r6, r" + Twine(2 + n));
        multiply("r7", n, "r6");
      }
      for (int64_t n = 0; n < 4; ++n) {
        std::string weights = "r" + std::to_string(2 + n);
        if (!shifted)
          line(extend + weights + ", " + weights + ", ror #8");
        multiply("lr", n, weights);
      }
      continue;
    }
    auto multiply = [&](StringRef weights) {
      line("ldmia r0!, {r4-r8}");
      int64_t element = 4;
      for (StringRef sum : {"r9", "r10", "r11", "r12", "lr"})
        line("smlad " + sum + ", r" + Twine(element++) + ", " + weights + ", " +
             sum);
    };
    line("ldr r2, [r1], #4");
    line(extend + "r3, r2");
    multiply("r3");
    if (!shifted)
      line(extend + "r2, r2, ror #8");
    multiply("r2");
  }
  if (isRow) {
    line("cmp r0, r12");
  } else {
    line("vmov r2, s2");
    line("cmp r0, r2");
  }
  line("bne 2b");
  SmallVector<StringRef> all{"r9", "r10", "r11", "r12", "lr"};
  if (isRow)
    all = {"r8", "r9", "r10", "r11"};
  if (shifted)
    for (StringRef sum : all)
      line("asr " + sum + ", " + sum + ", #8");
  line("vmov r2, s0");
  line("stmia r2!, {" + llvm::join(all, ", ") + "}");
  line("vmov s0, r2");
  line("vmov r0, s3");
  line("vmov r3, s1");
  line("cmp r1, r3");
  line("bne 1b");
  return text;
}

bool kernels::hasPairFunctions(target::CpuAttr cpu) {
  return InnerProduct::hasScalarPairs(cpu) && cpu.getHasF32();
}

func::FuncOp PairEmitter::getFunction() {
  bool isUnsigned =
      isUnsignedElement(layout.weights.getType().getElementType());
  std::string form = isUnsigned ? "u" : layout.isShifted() ? "s" : "";
  std::string name = "pairs_" + std::to_string(layout.tilePixels) + "x" +
                     std::to_string(layout.reduction.step) + form;
  if (layout.isSparse())
    name = "sparse_" + std::to_string(layout.tilePixels) + form;
  auto module =
      e.getInsertionBlock()->getParentOp()->getParentOfType<ModuleOp>();
  if (auto known = module.lookupSymbol<func::FuncOp>(name))
    return known;
  OpBuilder::InsertionGuard guard(e);
  e.setInsertionPointToEnd(module.getBody());
  Type i32 = e.getI32Type();
  SmallVector<Type> arguments(5, i32);
  auto function =
      func::FuncOp::create(e, name, e.getFunctionType(arguments, {}));
  function.setPrivate();
  function->setAttr("passthrough", e.getStrArrayAttr({"noinline"}));
  e.setInsertionPointToStart(function.addEntryBlock());
  std::string constraints;
  for (int64_t i : llvm::seq(5))
    constraints += "={r" + std::to_string(i) + "},";
  constraints += "0,1,2,3,4";
  for (StringRef changed : {"r5", "r6", "r7", "r8", "r9", "r10", "r11", "r12",
                            "lr", "s0", "s1", "s2", "s3", "cc", "memory"})
    constraints += (",~{" + changed + "}").str();
  LLVM::InlineAsmOp::create(
      e, TypeRange(LLVM::LLVMStructType::getLiteral(e.getContext(), arguments)),
      function.getArguments(),
      layout.isSparse() ? sparseFunctionText(layout.tilePixels, isUnsigned)
                        : functionText(layout.tilePixels, layout.reduction.step,
                                       layout.isShifted(), isUnsigned),
      constraints, /*has_side_effects=*/true, /*is_align_stack=*/false,
      LLVM::tailcallkind::TailCallKind::None, LLVM::AsmDialectAttr(),
      ArrayAttr());
  func::ReturnOp::create(e);
  return function;
}

Value PairEmitter::address(Value memref, Value index) {
  auto type = cast<MemRefType>(memref.getType());
  auto [strides, offset] = type.getStridesAndOffset();
  int64_t bytes = storageBytes(type.getElementType());
  Value base = memref::ExtractAlignedPointerAsIndexOp::create(e, memref);
  base = e.add(base, e.mul(e.add(index, offset), bytes));
  return arith::IndexCastOp::create(e, e.getI32Type(), base);
}

void PairEmitter::call(Value weights, Value end) {
  func::CallOp::create(
      e, function,
      ValueRange{address(tile, e.index(0)), address(c.rhs.memref, weights),
                 address(sums, e.index(0)), address(c.rhs.memref, end),
                 address(tile, e.index(layout.reduction.words() *
                                       (layout.isSparse() ? 4 : 2) *
                                       layout.tilePixels))});
}

void kernels::emitPairContraction(Emitter &emitter,
                                  const PairContraction &contraction,
                                  StoreTile store) {
  PairEmitter(emitter, contraction, store).emit();
}
