//===- BlockWeights.cpp - weights of few bits with scales -------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "codegen/kernels/BlockWeights.h"
#include "codegen/cpu/ResolveCpu.h"
#include "codegen/cpu/SubtargetFacts.h"
#include "codegen/kernels/Arithmetic.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/TypeUtilities.h"
#include "llvm/MC/MCSubtargetInfo.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/TargetParser/Triple.h"

using namespace mlir;
using namespace edgecc;
using namespace edgecc::kernels;

namespace {

/// An instruction that chooses, for each lane, one of as many floats by the
/// lowest bits of an index.
struct LookupRow {
  StringRef feature;
  int64_t lanes;
  StringRef intrinsic;
};

} // namespace

// clang-format off
static constexpr LookupRow lookups[] = {
  {"+avx512f", 16, "llvm.x86.avx512.permvar.sf.512"},
  {"+avx2",     8, "llvm.x86.avx2.permps"},
};
// clang-format on

/// The fewest of 2, 4 and 8 bits that hold all integers.
static int64_t bitsOf(ArrayRef<char> integers, bool isUnsigned) {
  int64_t least = 0, most = 0;
  for (char byte : integers) {
    int64_t integer = isUnsigned ? int64_t(uint8_t(byte)) : int8_t(byte);
    least = std::min(least, integer);
    most = std::max(most, integer);
  }
  for (int64_t bits : {2, 4})
    if (isUnsigned ? most < (1 << bits)
                   : least >= -(1 << (bits - 1)) && most < (1 << (bits - 1)))
      return bits;
  return 8;
}

static llvm::APFloat toHalf(double number, bool &isExact) {
  llvm::APFloat half(number);
  bool losesInfo = false;
  half.convert(llvm::APFloat::IEEEhalf(), llvm::APFloat::rmNearestTiesToEven,
               &losesInfo);
  isExact = !losesInfo;
  return half;
}

static bool areHalves(const edge::ConstantView &numbers) {
  return llvm::all_of(llvm::seq(numbers.size()), [&](int64_t i) {
    bool isExact;
    (void)toHalf(numbers.real(i), isExact);
    return isExact;
  });
}

static void appendBytes(uint64_t value, int64_t bytes, std::vector<char> &out) {
  for (int64_t i = 0; i < bytes; ++i)
    out.push_back(char(value >> (8 * i)));
}

static uint64_t bitsOfHalf(double number) {
  bool isExact;
  return toHalf(number, isExact).bitcastToAPInt().getZExtValue();
}

std::optional<PackedConstant> kernels::packHalves(ElementsAttr value) {
  std::optional<edge::ConstantView> view = edge::ConstantView::get(value);
  if (!view || !areHalves(*view))
    return std::nullopt;
  PackedConstant packed;
  packed.type = MemRefType::get(view->getType().getShape(),
                                Float16Type::get(value.getContext()));
  for (int64_t i = 0; i < view->size(); ++i)
    appendBytes(bitsOfHalf(view->real(i)), 2, packed.bytes);
  return packed;
}

BlockWeights::BlockWeights(edge::BlockMatMulOp op, target::CpuAttr cpu)
    : weights(*edge::ConstantView::get(constantOf(op.getWeights()))),
      scales(*edge::ConstantView::get(constantOf(op.getScales()))),
      depth(weights.getType().getDimSize(0)),
      channels(weights.getType().getDimSize(1)), blockSize(op.getBlockSize()),
      isUnsigned(isUnsignedElement(weights.getType().getElementType())) {
  if (op.getZeroPoints())
    zeroPoints = edge::ConstantView::get(constantOf(op.getZeroPoints()));
  bits = bitsOf(weights.bytes(), isUnsigned);
  hasHalfScales = areHalves(scales);
  llvm::Triple triple(cpu.getTriple());
  if (!triple.isX86() || bits == 8)
    return;
  initializeTargets();
  auto subtarget = createSubtarget(triple, cpu.getCpu(), cpu.getFeatures());
  int64_t lanes = vectorLength(cpu, Float32Type::get(op.getContext()));
  for (const LookupRow &row : lookups)
    if (subtarget && subtarget->checkFeatures(row.feature.str()) &&
        row.lanes == lanes && (1 << bits) <= row.lanes) {
      lookup = row.intrinsic;
      lookupLanes = row.lanes;
      return;
    }
}

int64_t BlockWeights::unpackingCost() const {
  int64_t conversion = bits == 8 || !lookup.empty() ? 2 : 3;
  return conversion + (hasZeroPoints() ? 1 : 0);
}

//===----------------------------------------------------------------------===//
// Packing
//===----------------------------------------------------------------------===//

int64_t BlockWeights::scalesOffset(int64_t rows, int64_t width) const {
  return int64_t(llvm::divideCeil(rows, groupRows())) * groupBytes() * width;
}

int64_t BlockWeights::zeroPointsOffset(int64_t rows, int64_t width) const {
  return scalesOffset(rows, width) + scaleBytes() * width;
}

int64_t BlockWeights::blockBytes(int64_t rows, int64_t width) const {
  return zeroPointsOffset(rows, width) + (hasZeroPoints() ? width : 0);
}

int64_t BlockWeights::panelBytes(int64_t width) const {
  int64_t rest = depth % blockSize;
  return depth / blockSize * blockBytes(blockSize, width) +
         (rest ? blockBytes(rest, width) : 0);
}

void BlockWeights::packPanel(int64_t first, int64_t count, int64_t width,
                             std::vector<char> &out) const {
  auto overChannels = [&](int64_t bytes, auto valueOf) {
    for (int64_t i = 0; i < width; ++i)
      appendBytes(i < count ? valueOf(first + i) : 0, bytes, out);
  };
  for (int64_t begin = 0, block = 0; begin < depth;
       begin += blockSize, ++block) {
    int64_t end = std::min(begin + blockSize, depth);
    for (int64_t row = begin; row < end; row += groupRows())
      overChannels(groupBytes(), [&](int64_t channel) {
        uint64_t word = 0;
        int64_t rows = std::min(groupRows(), end - row);
        for (int64_t i = 0; i < rows; ++i) {
          auto integer =
              uint8_t(weights.bytes()[(row + i) * channels + channel] +
                      (isFromZero ? nibbleOffset() : 0));
          word |= (integer & ((uint64_t(1) << bits) - 1)) << (bits * i);
        }
        return word;
      });
    overChannels(scaleBytes(), [&](int64_t channel) -> uint64_t {
      double scale = scales.real(block * channels + channel);
      return hasHalfScales ? bitsOfHalf(scale)
                           : llvm::bit_cast<uint32_t>(float(scale));
    });
    if (zeroPoints)
      overChannels(1, [&](int64_t channel) {
        return uint64_t(
            uint8_t(zeroPoints->bytes()[block * channels + channel]));
      });
  }
}

//===----------------------------------------------------------------------===//
// Unpacking
//===----------------------------------------------------------------------===//

/// `lanes` elements of `type` from the bytes at `index` on.
static Value loadAs(Emitter &e, Value memref, Value index, int64_t lanes,
                    Type type) {
  int64_t bytes = type.getIntOrFloatBitWidth() / 8;
  Value loaded = e.load(memref, index, lanes * bytes, e.getI8Type());
  if (lanes == 1)
    return bytes == 1 ? loaded
                      : LLVM::BitcastOp::create(e, type, loaded).getResult();
  if (bytes == 1)
    return loaded;
  return vector::BitCastOp::create(e, VectorType::get({lanes}, type), loaded);
}

/// Row `row` of the group `word`: a table has the float for each integer,
/// whatever the higher bits of the index are.
Value BlockWeights::lookUp(Emitter &e, Value word, int64_t row) const {
  SmallVector<Attribute> floats;
  for (int64_t i = 0; i < lookupLanes; ++i) {
    int64_t value = i & ((1 << bits) - 1);
    if (!isUnsigned)
      value = llvm::SignExtend64(uint64_t(value), unsigned(bits));
    floats.push_back(e.getF32FloatAttr(float(value)));
  }
  auto type = VectorType::get({lookupLanes}, e.getF32Type());
  Value table = e.constant(DenseElementsAttr::get(type, floats));
  if (row > 0)
    word =
        arith::ShRUIOp::create(e, word, splatWord(e, row * bits, lookupLanes));
  return LLVM::CallIntrinsicOp::create(e, type, e.getStringAttr(lookup),
                                       ValueRange{table, word})
      .getResults();
}

SmallVector<Value> BlockWeights::loadGroup(Emitter &e, Value memref,
                                           Value index, int64_t lanes,
                                           int64_t count) const {
  if (bits == 8)
    return {convert(e, loadAs(e, memref, index, lanes, e.getI8Type()),
                    e.getF32Type(), isUnsigned)};
  Value word = loadAs(e, memref, index, lanes, e.getI32Type());
  SmallVector<Value> rows;
  for (int64_t row = 0; row < count; ++row) {
    if (lanes == lookupLanes) {
      rows.push_back(lookUp(e, word, row));
      continue;
    }
    auto shift = [&](int64_t distance) {
      return splatWord(e, distance, lanes);
    };
    Value top = word;
    if (int64_t above = 32 - bits * (row + 1))
      top = arith::ShLIOp::create(e, word, shift(above));
    Value integer =
        isUnsigned
            ? arith::ShRUIOp::create(e, top, shift(32 - bits)).getResult()
            : arith::ShRSIOp::create(e, top, shift(32 - bits));
    // As signed ones, which machines convert faster; both fit.
    rows.push_back(convert(e, integer, e.getF32Type()));
  }
  return rows;
}

std::pair<Value, Value> BlockWeights::loadNibbles(Emitter &e, Value memref,
                                                  Value index,
                                                  int64_t lanes) const {
  Value word = loadAs(e, memref, index, lanes, e.getI32Type());
  Value mask = splatWord(e, 0x0f0f0f0f, lanes);
  Value above = arith::ShRUIOp::create(e, word, splatWord(e, 4, lanes));
  return {arith::AndIOp::create(e, word, mask),
          arith::AndIOp::create(e, above, mask)};
}

Value BlockWeights::loadScales(Emitter &e, Value memref, Value index,
                               int64_t lanes) const {
  Type type = hasHalfScales ? Type(e.getF16Type()) : Type(e.getF32Type());
  return convert(e, loadAs(e, memref, index, lanes, type), e.getF32Type());
}

Value BlockWeights::loadZeroPoints(Emitter &e, Value memref, Value index,
                                   int64_t lanes) const {
  return convert(e, loadAs(e, memref, index, lanes, e.getI8Type()),
                 e.getF32Type(), isUnsigned);
}
