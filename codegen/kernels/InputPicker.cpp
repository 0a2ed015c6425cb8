//===- InputPicker.cpp - elements of a block by their positions -*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "codegen/kernels/InputPicker.h"
#include "codegen/kernels/SubtargetCheck.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace edgecc;
using namespace edgecc::kernels;

using llvm::StringLiteral;
using llvm::Triple;

struct kernels::InputPickerRow {
  Triple::ArchType arch;
  /// What the subtarget must have, as LLVM spells it.
  StringLiteral features;
  int64_t elementBytes;
  /// What the elements of a result are picked from; the bytes of a result, and
  /// of what it is picked from.
  int64_t blockBytes, resultBytes, sourceBytes;
  StringLiteral intrinsic;
};

// clang-format off
/// Of the rows for elements of one size, the shorter results first.
static constexpr InputPickerRow rows[] = {
  // architecture   features                  el. block result source intrinsic
  {Triple::x86_64,  "+ssse3",                  1, 16,   16,    16,    "llvm.x86.ssse3.pshuf.b.128"},
  {Triple::x86_64,  "+avx2",                   1, 16,   32,    32,    "llvm.x86.avx2.pshuf.b"},
  {Triple::x86_64,  "+avx512vbmi,+avx512vl",   1, 32,   32,    32,    "llvm.x86.avx512.permvar.qi.256"},
  {Triple::x86_64,  "+avx512bw",               1, 16,   64,    64,    "llvm.x86.avx512.pshuf.b.512"},
  {Triple::x86_64,  "+avx512vbmi",             1, 64,   64,    64,    "llvm.x86.avx512.permvar.qi.512"},
  {Triple::x86_64,  "+avx2",                   4, 32,   32,    32,    "llvm.x86.avx2.permps"},
  {Triple::x86_64,  "+avx512f",                4, 64,   64,    64,    "llvm.x86.avx512.permvar.sf.512"},
  {Triple::aarch64, "+neon",                   1, 16,    8,    16,    "llvm.aarch64.neon.tbl1.v8i8"},
  {Triple::aarch64, "+neon",                   1, 16,   16,    16,    "llvm.aarch64.neon.tbl1.v16i8"},
};
// clang-format on

std::vector<InputPicker> InputPicker::find(target::CpuAttr cpu, Type type,
                                           int64_t run) {
  std::vector<InputPicker> pickers;
  if (!type.isInteger(8) && !type.isF32())
    return pickers;
  SubtargetCheck machine(cpu);
  int64_t bytes = storageBytes(type);
  for (int64_t block : {16, 32, 64}) {
    InputPicker picker(bytes, block / bytes);
    for (const InputPickerRow &row : rows)
      if (row.elementBytes == bytes && row.blockBytes >= block &&
          row.resultBytes <= int64_t(cpu.getVectorBytes()) &&
          machine.has(row.arch, row.features))
        picker.lengths.push_back(&row);
    // Shorter blocks are for shorter instructions.
    bool isOwn = llvm::any_of(picker.lengths, [&](const InputPickerRow *row) {
      return row->blockBytes == block;
    });
    if (isOwn && picker.block() <= run)
      pickers.push_back(picker);
  }
  return pickers;
}

int64_t InputPicker::positionBytes(int64_t count) const {
  return areNarrow() ? count / 2 : count;
}

void InputPicker::pack(ArrayRef<uint8_t> positions, char *to) const {
  if (!areNarrow()) {
    llvm::copy(positions, to);
    return;
  }
  for (; !positions.empty(); positions = positions.drop_front(4)) {
    *to++ = char(positions[0] | positions[2] << 4);
    *to++ = char(positions[1] | positions[3] << 4);
  }
}

double InputPicker::unpackOperations() const {
  return areNarrow() ? 4 : elementBytes > 1;
}

Value InputPicker::load(Emitter &e, Value memref, Value index,
                        int64_t count) const {
  Value packed = e.load(memref, index, positionBytes(count), e.getI8Type());
  if (!areNarrow() && elementBytes == 1)
    return packed;
  int64_t words = areNarrow() ? count / 4 : count;
  auto type = VectorType::get({words}, e.getI32Type());
  if (elementBytes > 1)
    return arith::ExtUIOp::create(e, type, packed);
  Value halves =
      vector::BitCastOp::create(e, type.clone(e.getI16Type()), packed);
  auto constant = [&](int32_t value) {
    return e.constant(DenseElementsAttr::get(type, value));
  };
  Value low = arith::ExtUIOp::create(e, type, halves);
  Value high = arith::ShLIOp::create(e, low, constant(12));
  Value all = arith::AndIOp::create(e, arith::OrIOp::create(e, low, high),
                                    constant(0x0f0f0f0f));
  return vector::BitCastOp::create(e, VectorType::get({count}, e.getI8Type()),
                                   all);
}

/// The elements of `vector` at `position(i)` for the first `count` numbers i.
static Value shuffle(Emitter &e, Value vector, int64_t count,
                     function_ref<int64_t(int64_t)> position) {
  return vector::ShuffleOp::create(
      e, vector, vector, llvm::map_to_vector(llvm::seq(count), position));
}

Value InputPicker::pick(Emitter &e, Value block, Value positions) const {
  int64_t count = cast<VectorType>(positions.getType()).getNumElements();
  const InputPickerRow *row =
      *llvm::find_if(lengths, [&](const InputPickerRow *row) {
        return row->resultBytes >= count * elementBytes;
      });
  int64_t all = row->resultBytes / elementBytes;
  int64_t elements = row->sourceBytes / elementBytes;
  if (elements != blockElements)
    block = shuffle(e, block, elements,
                    [&](int64_t i) { return i % blockElements; });
  if (all != count)
    positions =
        shuffle(e, positions, all, [&](int64_t i) { return i % count; });
  auto type = VectorType::get(
      {all}, cast<VectorType>(block.getType()).getElementType());
  Value picked =
      LLVM::CallIntrinsicOp::create(e, type, e.getStringAttr(row->intrinsic),
                                    ValueRange{block, positions})
          .getResults();
  if (all != count)
    picked = shuffle(e, picked, count, [](int64_t i) { return i; });
  return picked;
}
