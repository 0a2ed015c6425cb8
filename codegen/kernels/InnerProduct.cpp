//===- InnerProduct.cpp - sums of products of narrow elements ---*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "codegen/kernels/InnerProduct.h"
#include "codegen/kernels/Arithmetic.h"
#include "codegen/kernels/SubtargetCheck.h"
#include "dialects/Edge/EdgeConstants.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/TypeUtilities.h"
#include "llvm/TargetParser/Triple.h"

using namespace mlir;
using namespace edgecc;
using namespace edgecc::kernels;

using llvm::StringLiteral;
using llvm::Triple;

//===----------------------------------------------------------------------===//
// The table
//===----------------------------------------------------------------------===//

namespace {

enum class Form {
  /// Four bytes of each side are multiplied and added to the accumulator.
  Bytes,
  /// The same with two halves of a word; bytes are widened, those with even
  /// and those with odd position in two steps.
  Pairs,
  /// Pairs, but the sum has to be added by itself.
  PairSums,
  /// Pairs in a scalar register.
  ScalarPairs,
  /// Two neighbouring products of bytes fit into 16 bits, if no byte of the rhs
  /// is -128, and are added there before neighbours are added in 32 bits.
  LongPairs,
  /// The same with sums that stay within 16 bits wherever they are too large:
  /// which bytes of the rhs are neighbours must be chosen.
  ChosenPairs,
  /// Eight bytes of two rows of the lhs are multiplied with eight of two
  /// channels; each quarter of a register has the sums of two by two.
  Blocks,
  /// 16 times 16 bits gives 32 bits, from plain arithmetic.
  Widening,
};

/// Integers by their sign, and the one kind of floats.
enum Kind { Signed, Unsigned, Any, BFloat };

} // namespace

struct kernels::InnerProductRow {
  Triple::ArchType arch;
  /// What the subtarget must have, as LLVM spells it.
  StringLiteral features;
  Form form;
  Kind lhs, rhs;
  /// Accumulators of one instruction; registers of a vector, 0 for scalars.
  int64_t lanes;
  int64_t registers;
  StringLiteral intrinsic;
  /// What LLVM calls the instruction, if others compete with it.
  StringLiteral opcode = "";

  /// Whether its vectors are of the length of the machine, in LLVM's types.
  bool isScalable() const { return intrinsic.starts_with("llvm.aarch64.sve."); }
  /// Rows of the lhs that an instruction multiplies.
  int64_t rowsTogether() const { return form == Form::Blocks ? 2 : 1; }
};

// clang-format off
/// The better ones first.
static constexpr InnerProductRow rows[] = {
  // architecture   features                 form               lhs       rhs     lanes regs intrinsic
  {Triple::x86_64,  "+avx512vnni",           Form::Bytes,       Unsigned, Signed,   16, 1, "llvm.x86.avx512.vpdpbusd.512"},
  {Triple::x86_64,  "+avx512vnni,+avx512vl", Form::Bytes,       Unsigned, Signed,    8, 1, "llvm.x86.avx512.vpdpbusd.256"},
  {Triple::x86_64,  "+avx512vnni,+avx512vl", Form::Bytes,       Unsigned, Signed,    4, 1, "llvm.x86.avx512.vpdpbusd.128"},
  {Triple::x86_64,  "+avxvnni",              Form::Bytes,       Unsigned, Signed,    8, 1, "llvm.x86.avx512.vpdpbusd.256"},
  {Triple::x86_64,  "+avxvnni",              Form::Bytes,       Unsigned, Signed,    4, 1, "llvm.x86.avx512.vpdpbusd.128"},
  {Triple::x86_64,  "+avx512vnni,+avx512bw", Form::Pairs,       Any,      Any,      16, 1, "llvm.x86.avx512.vpdpwssd.512"},
  {Triple::x86_64,  "+avx512vnni,+avx512vl", Form::Pairs,       Any,      Any,       8, 1, "llvm.x86.avx512.vpdpwssd.256"},
  {Triple::x86_64,  "+avx512vnni,+avx512vl", Form::Pairs,       Any,      Any,       4, 1, "llvm.x86.avx512.vpdpwssd.128"},
  {Triple::x86_64,  "+avxvnni",              Form::Pairs,       Any,      Any,       8, 1, "llvm.x86.avx512.vpdpwssd.256"},
  {Triple::x86_64,  "+avxvnni",              Form::Pairs,       Any,      Any,       4, 1, "llvm.x86.avx512.vpdpwssd.128"},
  {Triple::x86_64,  "+avx512bw",             Form::PairSums,    Any,      Any,      16, 1, "llvm.x86.avx512.pmaddw.d.512"},
  {Triple::x86_64,  "+avx2",                 Form::PairSums,    Any,      Any,       8, 1, "llvm.x86.avx2.pmadd.wd"},
  {Triple::x86_64,  "+sse2",                 Form::PairSums,    Any,      Any,       4, 1, "llvm.x86.sse2.pmadd.wd"},
  {Triple::x86_64,  "+avx512bw",             Form::ChosenPairs, Unsigned, Signed,   16, 1, "llvm.x86.avx512.pmaddubs.w.512"},
  {Triple::x86_64,  "+avx2",                 Form::ChosenPairs, Unsigned, Signed,    8, 1, "llvm.x86.avx2.pmadd.ub.sw"},
  {Triple::x86_64,  "+ssse3",                Form::ChosenPairs, Unsigned, Signed,    4, 1, "llvm.x86.ssse3.pmadd.ub.sw.128"},
  {Triple::x86_64,  "+avx512bf16",           Form::Pairs,       BFloat,   BFloat,   16, 1, "llvm.x86.avx512bf16.dpbf16ps.512"},
  {Triple::x86_64,  "+avx512bf16,+avx512vl", Form::Pairs,       BFloat,   BFloat,    8, 1, "llvm.x86.avx512bf16.dpbf16ps.256"},
  {Triple::x86_64,  "+avx512bf16,+avx512vl", Form::Pairs,       BFloat,   BFloat,    4, 1, "llvm.x86.avx512bf16.dpbf16ps.128"},
  {Triple::aarch64, "+bf16",                 Form::Pairs,       BFloat,   BFloat,    4, 1, "llvm.aarch64.neon.bfdot.v4f32.v8bf16"},
  {Triple::aarch64, "+sve,+i8mm",            Form::Bytes,       Unsigned, Signed,   16, 1, "llvm.aarch64.sve.usdot.nxv4i32", "USDOT_ZZZ"},
  {Triple::aarch64, "+sve,+i8mm",            Form::Bytes,       Unsigned, Signed,    8, 1, "llvm.aarch64.sve.usdot.nxv4i32", "USDOT_ZZZ"},
  {Triple::aarch64, "+sve",                  Form::Bytes,       Signed,   Signed,   16, 1, "llvm.aarch64.sve.sdot.nxv4i32", "SDOT_ZZZ_BtoS"},
  {Triple::aarch64, "+sve",                  Form::Bytes,       Signed,   Signed,    8, 1, "llvm.aarch64.sve.sdot.nxv4i32", "SDOT_ZZZ_BtoS"},
  {Triple::aarch64, "+sve",                  Form::Bytes,       Unsigned, Unsigned, 16, 1, "llvm.aarch64.sve.udot.nxv4i32", "UDOT_ZZZ_BtoS"},
  {Triple::aarch64, "+sve",                  Form::Bytes,       Unsigned, Unsigned,  8, 1, "llvm.aarch64.sve.udot.nxv4i32", "UDOT_ZZZ_BtoS"},
  {Triple::aarch64, "+sve,+i8mm",            Form::Blocks,      Unsigned, Signed,   16, 1, "llvm.aarch64.sve.usmmla.nxv4i32", "USMMLA_ZZZ"},
  {Triple::aarch64, "+sve,+i8mm",            Form::Blocks,      Unsigned, Signed,    8, 1, "llvm.aarch64.sve.usmmla.nxv4i32", "USMMLA_ZZZ"},
  {Triple::aarch64, "+sve,+i8mm",            Form::Blocks,      Signed,   Signed,   16, 1, "llvm.aarch64.sve.smmla.nxv4i32", "SMMLA_ZZZ"},
  {Triple::aarch64, "+sve,+i8mm",            Form::Blocks,      Signed,   Signed,    8, 1, "llvm.aarch64.sve.smmla.nxv4i32", "SMMLA_ZZZ"},
  {Triple::aarch64, "+sve,+i8mm",            Form::Blocks,      Unsigned, Unsigned, 16, 1, "llvm.aarch64.sve.ummla.nxv4i32", "UMMLA_ZZZ"},
  {Triple::aarch64, "+sve,+i8mm",            Form::Blocks,      Unsigned, Unsigned,  8, 1, "llvm.aarch64.sve.ummla.nxv4i32", "UMMLA_ZZZ"},
  {Triple::aarch64, "+i8mm",                 Form::Bytes,       Unsigned, Signed,    4, 1, "llvm.aarch64.neon.usdot.v4i32.v16i8", "USDOTv16i8"},
  {Triple::aarch64, "+dotprod",              Form::Bytes,       Signed,   Signed,    4, 1, "llvm.aarch64.neon.sdot.v4i32.v16i8", "SDOTv16i8"},
  {Triple::aarch64, "+dotprod",              Form::Bytes,       Unsigned, Unsigned,  4, 1, "llvm.aarch64.neon.udot.v4i32.v16i8", "UDOTv16i8"},
  {Triple::aarch64, "+i8mm",                 Form::Blocks,      Unsigned, Signed,    4, 1, "llvm.aarch64.neon.usmmla.v4i32.v16i8", "USMMLA"},
  {Triple::aarch64, "+i8mm",                 Form::Blocks,      Signed,   Signed,    4, 1, "llvm.aarch64.neon.smmla.v4i32.v16i8", "SMMLA"},
  {Triple::aarch64, "+i8mm",                 Form::Blocks,      Unsigned, Unsigned,  4, 1, "llvm.aarch64.neon.ummla.v4i32.v16i8", "UMMLA"},
  {Triple::aarch64, "+sve",                  Form::Bytes,       Signed,   Signed,    4, 1, "llvm.aarch64.sve.sdot.nxv4i32"},
  {Triple::aarch64, "+sve",                  Form::Bytes,       Unsigned, Unsigned,  4, 1, "llvm.aarch64.sve.udot.nxv4i32"},
  {Triple::aarch64, "+neon",                 Form::LongPairs,   Signed,   Signed,    4, 1, "llvm.aarch64.neon.smull.v8i16"},
  {Triple::thumb,   "+dsp",                  Form::ScalarPairs, Any,      Any,       1, 0, "llvm.arm.smlad"},
  {Triple::arm,     "+dsp",                  Form::ScalarPairs, Any,      Any,       1, 0, "llvm.arm.smlad"},
  {Triple::wasm32,  "+simd128",              Form::PairSums,    Any,      Any,       4, 1, "llvm.wasm.dot"},
  {Triple::riscv64, "+zve32x",               Form::Widening,    Any,      Any,      16, 4, ""},
  {Triple::riscv32, "+zve32x",               Form::Widening,    Any,      Any,      16, 4, ""},
};
// clang-format on

namespace {

/// Which rows a CPU has.
class Machine {
public:
  explicit Machine(target::CpuAttr cpu) : cpu(cpu), subtarget(cpu) {}

  bool has(const InnerProductRow &row) const {
    int64_t bytes = cpu.getVectorBytes();
    bool fits = row.registers ? row.lanes * 4 <= bytes * row.registers : !bytes;
    return fits && subtarget.has(row.arch, row.features);
  }

  /// How many of the fastest instructions that multiply as many bytes a core
  /// starts in the time of one of `row`.
  double slowness(const InnerProductRow &row) const {
    double own = startCycles(*subtarget.get(), row.opcode), least = own;
    for (const InnerProductRow &other : rows)
      if (other.lanes == row.lanes && !other.opcode.empty() && has(other))
        least = std::min(least, startCycles(*subtarget.get(), other.opcode));
    return least > 0 ? own / least : 1;
  }

private:
  target::CpuAttr cpu;
  SubtargetCheck subtarget;
};

} // namespace

static Kind kindOf(Type element) {
  if (element.isBF16())
    return BFloat;
  return isUnsignedElement(element) ? Unsigned : Signed;
}

InnerProduct::InnerProduct(const InnerProductRow *row, Type lhs, Type rhs,
                           bool flips)
    : row(row), lhs(lhs), rhs(rhs), flips(flips) {
  bool isByte = lhs.isInteger(8), isPairs = false;
  groupDepth = isByte ? 4 : 2;
  switch (row->form) {
  case Form::Bytes:
  case Form::ChosenPairs:
    break;
  case Form::Blocks:
    groupDepth = 8;
    break;
  case Form::Pairs:
  case Form::PairSums:
  case Form::ScalarPairs:
  case Form::LongPairs:
    isPairs = true;
    break;
  case Form::Widening:
    groupDepth = 1;
    break;
  }
  parts = (isPairs && isByte) || row->form == Form::Blocks ? 2 : 1;
}

static bool isSymmetric(ArrayRef<char> bytes) {
  return !llvm::is_contained(bytes, char(-128));
}

/// Whether all bytes of `constant`, which may be null, are known and none is
/// -128.
static bool isSymmetric(ElementsAttr constant) {
  if (!constant)
    return false;
  std::optional<edge::ConstantView> view = edge::ConstantView::get(constant);
  return view && isSymmetric(view->bytes());
}

/// The rows for vectors of all lengths like those of `row`.
static SmallVector<const InnerProductRow *>
lengthsOf(const InnerProductRow &row, const Machine &machine) {
  SmallVector<const InnerProductRow *> lengths;
  for (const InnerProductRow &other : rows)
    if (other.form == row.form && other.lhs == row.lhs &&
        other.rhs == row.rhs && other.lanes <= row.lanes && machine.has(other))
      lengths.push_back(&other);
  return lengths;
}

std::optional<InnerProduct>
InnerProduct::findForChosen(target::CpuAttr cpu, Type lhs, Type rhs,
                            ArrayRef<char> constant) {
  if (!lhs.isInteger(8) || !rhs.isInteger(8))
    return std::nullopt;
  Machine machine(cpu);
  for (bool flips : {false, true})
    for (const InnerProductRow &row : rows) {
      bool isOurs = row.form == Form::Bytes || row.form == Form::ChosenPairs ||
                    (row.form == Form::LongPairs && isSymmetric(constant));
      if (!isOurs || row.rhs != kindOf(rhs) ||
          (row.lhs != kindOf(lhs)) != flips || !machine.has(row))
        continue;
      InnerProduct product(&row, lhs, rhs, flips);
      product.lengths = lengthsOf(row, machine);
      return product;
    }
  return std::nullopt;
}

std::optional<InnerProduct> InnerProduct::find(target::CpuAttr cpu, Type lhs,
                                               Type rhs, ElementsAttr constant,
                                               int64_t rowsTogether) {
  auto narrow = [](Type type) {
    return type.isInteger(8) || type.isSignlessInteger(16) || type.isBF16();
  };
  if (!narrow(lhs) || !narrow(rhs) || lhs.isBF16() != rhs.isBF16())
    return std::nullopt;
  Machine machine(cpu);
  bool bytes = lhs.isInteger(8) && rhs.isInteger(8);
  for (bool flips : {false, true})
    for (const InnerProductRow &row : rows) {
      bool isBytes = row.form == Form::Bytes || row.form == Form::LongPairs ||
                     row.form == Form::Blocks;
      if (row.rowsTogether() != rowsTogether || row.form == Form::ChosenPairs ||
          (row.lhs == BFloat) != lhs.isBF16())
        continue;
      if ((flips && !isBytes) || (isBytes && !bytes) || !machine.has(row))
        continue;
      // Two bytes are no pair of halves in a scalar register.
      if (row.form == Form::ScalarPairs && lhs.isInteger(16) &&
          rhs.isInteger(8))
        continue;
      if (isBytes &&
          (row.rhs != kindOf(rhs) || (row.lhs != kindOf(lhs)) != flips))
        continue;
      if (row.form == Form::LongPairs && !isSymmetric(constant))
        continue;
      // The bytes are better even when they have to be flipped.
      if (!flips && !isBytes && bytes)
        if (llvm::any_of(rows, [&](const InnerProductRow &other) {
              return other.form == Form::Bytes && other.rhs == kindOf(rhs) &&
                     machine.has(other);
            }))
          break;
      InnerProduct product(&row, lhs, rhs, flips);
      product.lengths = lengthsOf(row, machine);
      if (row.form == Form::Blocks)
        product.slowness = machine.slowness(row);
      return product;
    }
  return std::nullopt;
}

std::vector<InnerProduct> InnerProduct::list(target::CpuAttr cpu, Type lhs,
                                             Type rhs, ElementsAttr constant) {
  std::vector<InnerProduct> products;
  for (int64_t rows : {1, 2})
    if (auto product = find(cpu, lhs, rhs, constant, rows))
      products.push_back(*product);
  return products;
}

//===----------------------------------------------------------------------===//
// Facts
//===----------------------------------------------------------------------===//

int64_t kernels::bytesAddedUp(target::CpuAttr cpu, Type lhs, Type rhs) {
  Triple triple(cpu.getTriple());
  if (!triple.isThumb() || lhs != rhs || !lhs.isInteger(8))
    return 0;
  bool has = SubtargetCheck(cpu).has(triple.getArch(), "+mve");
  return has ? cpu.getVectorBytes() : 0;
}

Value kernels::addUpBytes(Emitter &e, Value sum, Value lhs, Value rhs,
                          Type element) {
  auto number = [&](int32_t value) {
    return e.constant(e.getI32IntegerAttr(value));
  };
  Value zero = number(0);
  return LLVM::CallIntrinsicOp::create(
             e, sum.getType(), e.getStringAttr("llvm.arm.mve.vmldava.v16i8"),
             ValueRange{number(isUnsignedElement(element)), zero, zero, sum,
                        lhs, rhs})
      .getResults();
}

bool InnerProduct::hasScalarPairs(target::CpuAttr cpu) {
  Machine machine(cpu);
  return llvm::any_of(rows, [&](const InnerProductRow &row) {
    return row.form == Form::ScalarPairs && machine.has(row);
  });
}

bool InnerProduct::multipliesBytes() const {
  return row->form == Form::Bytes || row->form == Form::ChosenPairs;
}

bool InnerProduct::multipliesBFloats() const { return row->lhs == BFloat; }

bool InnerProduct::fitsPair(int64_t first, int64_t second) const {
  // Products of -128 * 255 to 128 * 255 do, and others whose signs differ.
  if (row->form != Form::ChosenPairs || (first < 0) != (second < 0))
    return true;
  return std::abs(first + second) <= 128;
}

int64_t InnerProduct::rowsTogether() const { return row->rowsTogether(); }

int64_t InnerProduct::lanes() const { return row->lanes; }

int64_t InnerProduct::leastLanes() const {
  return row->form == Form::Widening ? 1 : lengths.back()->lanes;
}

bool InnerProduct::isScalable() const { return row->isScalable(); }

InnerProduct InnerProduct::ofLeastLanes() const {
  InnerProduct shortest = *this;
  llvm::erase_if(shortest.lengths, [&](const InnerProductRow *other) {
    return other->lanes > leastLanes();
  });
  shortest.row = shortest.lengths.front();
  return shortest;
}

bool InnerProduct::takesRows() const {
  return row->form != Form::ScalarPairs && row->form != Form::LongPairs &&
         row->form != Form::Blocks;
}

int64_t InnerProduct::offset() const {
  return isUnsignedElement(lhs) ? 128 : -128;
}

int64_t InnerProduct::rhsValue(char byte) const {
  if (isUnsignedElement(rhs))
    return static_cast<unsigned char>(byte);
  return static_cast<signed char>(byte);
}

int64_t InnerProduct::packedPosition(int64_t k, int64_t lane,
                                     int64_t lanes) const {
  int64_t each = depth() / parts;
  // Scalars are taken apart like those of the lhs.
  if (row->form == Form::ScalarPairs && rhs.isInteger(8))
    return k;
  if (row->form == Form::Blocks)
    return lane * groupDepth + k;
  if (row->form == Form::LongPairs)
    return (k / each * lanes + lane) * each + k % each;
  return (k % parts * lanes + lane) * each + k / parts;
}

cost::StepCost InnerProduct::cost() const {
  cost::StepCost step;
  step.registers = std::max<int64_t>(row->registers, 1);
  step.rowRegisters = step.vectorRegisters = parts;
  switch (row->form) {
  case Form::Bytes:
  case Form::ChosenPairs:
    step.perSum = row->form == Form::Bytes ? 1 : 3;
    step.perRow = flips;
    // Products, and ones to add them up.
    step.rowRegisters += row->form == Form::Bytes ? 0 : 2;
    break;
  case Form::Blocks:
    // One instruction puts the second row beside the first, one flips both.
    step.perSum = slowness;
    step.perRow = (1 + flips) / 2.0;
    step.rowsTogether = rowsTogether();
    break;
  case Form::Pairs:
  case Form::PairSums:
    step.perSum = parts * (row->form == Form::Pairs ? 1 : 2);
    step.perRow = parts == 1 ? 0 : isUnsignedElement(lhs) ? 2 : 3;
    step.perVector = rhs.isInteger(8) ? parts : 0;
    step.rowRegisters += row->form == Form::PairSums;
    break;
  case Form::ScalarPairs:
    step.perSum = parts;
    step.perRow = parts == 1 ? 0 : 2;
    step.perVector = rhs.isInteger(8) ? 2 : 0;
    // Addresses and counters are in the same registers.
    step.rowRegisters += 5;
    break;
  case Form::LongPairs:
    step.perSum = 3;
    step.perRow = 2 + flips;
    ++step.rowRegisters;
    break;
  case Form::Widening:
    step.perVector = 1;
    break;
  }
  return step;
}

void InnerProduct::describe(cost::ContractionShape &shape, int64_t run,
                            bool isPacked) const {
  shape.step = cost();
  shape.lanes = row->lanes;
  shape.leastLanes = leastLanes();
  if (!isPacked) {
    // Rows become groups by shuffles; sums of the rhs are one more row.
    shape.step.perVector += depth();
    shape.step.vectorRegisters += flips;
    while (shape.lanes > shape.channels)
      shape.lanes /= 2;
  }
  shape.depth = shape.depth / run * llvm::divideCeil(run, depth());
  shape.lhsBytes *= depth();
  shape.rhsBytes *= depth();
}

//===----------------------------------------------------------------------===//
// Operands
//===----------------------------------------------------------------------===//

/// The integer constant `value` in every lane of `type`.
static Value integer(Emitter &e, Type type, int64_t value) {
  Type element = getElementTypeOrSelf(type);
  auto number = IntegerAttr::get(element, APInt(element.getIntOrFloatBitWidth(),
                                                value, /*isSigned=*/true,
                                                /*implicitTrunc=*/true));
  if (auto vector = dyn_cast<VectorType>(type))
    return e.constant(DenseElementsAttr::get(vector, Attribute(number)));
  return e.constant(number);
}

/// `value`, an i32 or a vector of them, as a vector of `element`.
static Value reinterpret(Emitter &e, Value value, Type element) {
  auto vector = cast<VectorType>(value.getType());
  int64_t bits = vector.getNumElements() * vector.getElementTypeBitWidth();
  auto type =
      VectorType::get({bits / element.getIntOrFloatBitWidth()}, element);
  return vector::BitCastOp::create(e, type, value);
}

SmallVector<Value> kernels::splitWord(Emitter &e, Value word, bool isUnsigned) {
  Type i32 = e.getI32Type();
  auto extend = [&](Value bytes) -> Value {
    return LLVM::CallIntrinsicOp::create(
               e, i32,
               e.getStringAttr(isUnsigned ? "llvm.arm.uxtb16"
                                          : "llvm.arm.sxtb16"),
               ValueRange{bytes})
        .getResults();
  };
  Value low = arith::ShRUIOp::create(e, word, integer(e, i32, 8));
  Value high = arith::ShLIOp::create(e, word, integer(e, i32, 24));
  return {extend(word), extend(arith::OrIOp::create(e, low, high))};
}

Value InnerProduct::flip(Emitter &e, Value bytes) const {
  if (!flips)
    return bytes;
  return arith::XOrIOp::create(e, bytes, integer(e, bytes.getType(), -128));
}

/// Where the sum of row `row` and channel `lane` is in two vectors of `lanes`
/// blocks of two by two.
static int64_t blockPosition(int64_t row, int64_t lane, int64_t lanes) {
  return lane / 2 * 4 + row * 2 + lane % 2;
}

SmallVector<Value> InnerProduct::toBlocks(Emitter &e, ValueRange rows) const {
  int64_t lanes = cast<VectorType>(rows[0].getType()).getNumElements();
  SmallVector<int64_t> mask(2 * lanes);
  for (int64_t i : llvm::seq(2 * lanes))
    mask[blockPosition(i / lanes, i % lanes, lanes)] = i;
  SmallVector<Value> blocks;
  for (int64_t part : {0, 1})
    blocks.push_back(vector::ShuffleOp::create(
        e, rows[0], rows[1], ArrayRef(mask).slice(part * lanes, lanes)));
  return blocks;
}

SmallVector<Value> InnerProduct::fromBlocks(Emitter &e,
                                            ValueRange blocks) const {
  int64_t lanes = cast<VectorType>(blocks[0].getType()).getNumElements();
  SmallVector<Value> rows;
  for (int64_t row : {0, 1}) {
    SmallVector<int64_t> mask;
    for (int64_t lane : llvm::seq(lanes))
      mask.push_back(blockPosition(row, lane, lanes));
    rows.push_back(vector::ShuffleOp::create(e, blocks[0], blocks[1], mask));
  }
  return rows;
}

SmallVector<Value> InnerProduct::broadcast(Emitter &e, ValueRange words,
                                           int64_t lanes) const {
  Type i16 = e.getI16Type();
  Value word = words.front();
  if (row->form == Form::Blocks) {
    SmallVector<Value> pairs;
    for (int64_t lane = 0; lane < lanes; lane += 4)
      llvm::append_range(pairs, words);
    auto type = VectorType::get({int64_t(pairs.size())}, word.getType());
    Value both = vector::FromElementsOp::create(e, type, pairs);
    return {flip(e, reinterpret(e, both, e.getI8Type()))};
  }
  bool isUnsigned = isUnsignedElement(lhs);
  if (row->form == Form::Widening)
    return {e.splat(convert(e, word, i16, isUnsigned), lanes)};
  if (row->form == Form::ScalarPairs) {
    if (parts == 1)
      return {word};
    return splitWord(e, word, isUnsigned);
  }
  if (row->form == Form::LongPairs) {
    Type i8 = e.getI8Type(), i16 = e.getI16Type();
    Value both = flip(e, reinterpret(e, e.splat(word, 2), i8));
    auto type = VectorType::get({4}, i16);
    both = vector::BitCastOp::create(e, type, both);
    SmallVector<Value> pairs;
    for (int64_t part : {0, 1})
      pairs.push_back(
          reinterpret(e,
                      vector::ShuffleOp::create(e, both, both,
                                                SmallVector<int64_t>(4, part)),
                      i8));
    return pairs;
  }
  Value all = e.splat(word, lanes);
  if (multipliesBytes())
    return {flip(e, reinterpret(e, all, e.getI8Type()))};
  Value halves = reinterpret(e, all, lhs.isBF16() ? lhs : i16);
  if (parts == 1)
    return {halves};
  Value eight = integer(e, halves.getType(), 8);
  if (isUnsigned)
    return {arith::AndIOp::create(e, halves, integer(e, halves.getType(), 255)),
            arith::ShRUIOp::create(e, halves, eight)};
  Value low = arith::ShLIOp::create(e, halves, eight);
  return {arith::ShRSIOp::create(e, low, eight),
          arith::ShRSIOp::create(e, halves, eight)};
}

Value InnerProduct::correctionWord(Emitter &e) const {
  // After the flip, which `broadcast` does, -128 in two's complement or 128.
  return e.constant(e.getI32IntegerAttr(0));
}

Value InnerProduct::widen(Emitter &e, Value elements) const {
  if (rhs.isBF16())
    return elements;
  return convert(e, elements, e.getI16Type(), isUnsignedElement(rhs));
}

SmallVector<Value> InnerProduct::loadPacked(Emitter &e, Value memref,
                                            Value index, int64_t lanes) const {
  int64_t length = lanes * depth() / parts;
  SmallVector<Value> operands;
  if (row->form == Form::ScalarPairs) {
    bool isByte = rhs.isInteger(8);
    for (int64_t part = 0; part < (isByte ? 1 : parts); ++part) {
      int64_t count = isByte ? 4 : 2;
      Value word = LLVM::BitcastOp::create(
          e, e.getI32Type(),
          e.load(memref, e.add(index, part * count), count, rhs));
      if (isByte)
        return splitWord(e, word, isUnsignedElement(rhs));
      operands.push_back(word);
    }
    return operands;
  }
  for (int64_t part = 0; part < parts; ++part) {
    Value value = e.load(memref, e.add(index, part * length), length, rhs);
    if (!multipliesBytes() && row->form != Form::LongPairs &&
        row->form != Form::Blocks)
      value = widen(e, value);
    operands.push_back(value);
  }
  return operands;
}

SmallVector<Value> InnerProduct::interleave(Emitter &e,
                                            ValueRange group) const {
  auto pair = [&](Value a, Value b) -> Value {
    return vector::InterleaveOp::create(e, a, b);
  };
  if (multipliesBytes()) {
    Type i8 = e.getI8Type(), i16 = e.getI16Type();
    Value low = reinterpret(e, pair(group[0], group[1]), i16);
    Value high = reinterpret(e, pair(group[2], group[3]), i16);
    return {reinterpret(e, pair(low, high), i8)};
  }
  SmallVector<Value> wide;
  for (Value value : group)
    wide.push_back(widen(e, value));
  if (row->form == Form::Widening)
    return wide;
  SmallVector<Value> operands;
  for (int64_t part = 0; part < parts; ++part)
    operands.push_back(pair(wide[part], wide[part + parts]));
  return operands;
}

/// The elements of `fixed` in a vector of the length of the machine, of which
/// no others count. It is the same register.
static Value toScalable(Emitter &e, Value fixed) {
  auto element = cast<VectorType>(fixed.getType()).getElementType();
  auto type = VectorType::get({128 / int64_t(element.getIntOrFloatBitWidth())},
                              element, /*scalableDims=*/{true});
  return vector::ScalableInsertOp::create(e, fixed,
                                          LLVM::PoisonOp::create(e, type), 0);
}

Value InnerProduct::accumulate(Emitter &e, Value sum, ValueRange a,
                               ValueRange b) const {
  if (row->form == Form::Widening) {
    Type i32 = e.getI32Type();
    Value x = convert(e, a[0], i32), y = convert(e, b[0], i32);
    return arith::AddIOp::create(e, sum, arith::MulIOp::create(e, x, y));
  }
  auto call = [&](StringRef name, Type type, ValueRange operands) -> Value {
    return LLVM::CallIntrinsicOp::create(e, type, e.getStringAttr(name),
                                         operands)
        .getResults();
  };
  if (row->form == Form::LongPairs) {
    auto halves = VectorType::get({8}, e.getI16Type());
    Value first = call(row->intrinsic, halves, {a[0], b[0]});
    Value second = call(row->intrinsic, halves, {a[1], b[1]});
    Value pairs = call("llvm.aarch64.neon.saddlp.v4i32.v8i16", sum.getType(),
                       Value(arith::AddIOp::create(e, first, second)));
    return arith::AddIOp::create(e, sum, pairs);
  }
  // The same instruction on vectors of this length.
  auto vector = dyn_cast<VectorType>(sum.getType());
  int64_t lanes = vector ? vector.getNumElements() : 1;
  const auto *own = llvm::find_if(lengths, [&](const InnerProductRow *other) {
    return other->lanes == lanes;
  });
  assert(own != lengths.end() && "no instruction for vectors of this length");
  if (row->form == Form::ChosenPairs) {
    const auto *adds = llvm::find_if(rows, [&](const InnerProductRow &other) {
      return other.form == Form::PairSums && other.arch == row->arch &&
             other.lanes == lanes;
    });
    auto halves = VectorType::get({2 * lanes}, e.getI16Type());
    Value pairs = call((*own)->intrinsic, halves, {a[0], b[0]});
    Value four =
        call(adds->intrinsic, sum.getType(), {pairs, integer(e, halves, 1)});
    return arith::AddIOp::create(e, sum, four);
  }
  for (auto [x, y] : llvm::zip_equal(a, b)) {
    SmallVector<Value> operands{x, y};
    if (row->form == Form::ScalarPairs)
      operands.push_back(sum);
    else if (row->form != Form::PairSums)
      operands.insert(operands.begin(), sum);
    Type type = sum.getType();
    if ((*own)->isScalable()) {
      for (Value &operand : operands)
        operand = toScalable(e, operand);
      type = operands.front().getType();
    }
    Value result = call((*own)->intrinsic, type, operands);
    if ((*own)->isScalable())
      result = vector::ScalableExtractOp::create(e, sum.getType(), result, 0);
    sum = row->form == Form::PairSums
              ? arith::AddIOp::create(e, sum, result).getResult()
              : result;
  }
  return sum;
}

Value kernels::loadWord(Emitter &e, Value memref, Value base,
                        ArrayRef<int64_t> positions, Type element, Type type) {
  int64_t bits = storageBytes(element) * 8;
  auto count = static_cast<int64_t>(positions.size());
  Value word;
  for (int64_t k = 0; k < count;) {
    int64_t length = 1;
    while (k + 2 * length <= count &&
           positions[k + 2 * length - 1] - positions[k] == 2 * length - 1)
      length *= 2;
    Value piece = e.load(memref, e.add(base, positions[k]), length, element);
    if (length > 1)
      piece =
          LLVM::BitcastOp::create(e, e.getIntegerType(length * bits), piece);
    piece = convert(e, piece, type, /*isUnsigned=*/true);
    if (k)
      piece = arith::ShLIOp::create(
          e, piece, e.constant(e.getIntegerAttr(type, k * bits)));
    word = word ? arith::OrIOp::create(e, word, piece).getResult() : piece;
    k += length;
  }
  return word;
}
