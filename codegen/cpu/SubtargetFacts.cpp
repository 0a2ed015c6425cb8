//===- SubtargetFacts.cpp - what LLVM knows about a CPU ---------*- C++ -*-===//
//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "codegen/cpu/SubtargetFacts.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/MC/MCInstrInfo.h"
#include "llvm/MC/MCSubtargetInfo.h"
#include "llvm/MC/TargetRegistry.h"

using namespace llvm;
using namespace edgecc;

static const Target *lookupTarget(const Triple &triple) {
  std::string ignored;
  return TargetRegistry::lookupTarget(triple, ignored);
}

std::unique_ptr<MCSubtargetInfo> edgecc::createSubtarget(const Triple &triple,
                                                         StringRef cpu,
                                                         StringRef features) {
  const Target *target = lookupTarget(triple);
  if (!target)
    return nullptr;
  return std::unique_ptr<MCSubtargetInfo>(
      target->createMCSubtargetInfo(triple, cpu, features));
}

bool edgecc::isCpuOf(const Triple &triple, StringRef cpu) {
  auto subtarget = createSubtarget(triple, "", "");
  return subtarget && subtarget->isCPUStringValid(cpu);
}

double edgecc::startCycles(const MCSubtargetInfo &subtarget, StringRef opcode) {
  const MCSchedModel &model = subtarget.getSchedModel();
  const Target *target = lookupTarget(subtarget.getTargetTriple());
  if (opcode.empty() || !target || !model.hasInstrSchedModel())
    return 0;
  std::unique_ptr<MCInstrInfo> info(target->createMCInstrInfo());
  for (unsigned number : seq(info->getNumOpcodes()))
    if (info->getName(number) == opcode) {
      const MCSchedClassDesc *found =
          model.getSchedClassDesc(info->get(number).getSchedClass());
      bool isKnown = found->isValid() && !found->isVariant();
      return isKnown ? MCSchedModel::getReciprocalThroughput(subtarget, *found)
                     : 0;
    }
  return 0;
}

namespace {

/// A set of feature names that is asked for one or several of them.
class Features {
public:
  explicit Features(const MCSubtargetInfo &subtarget) {
    for (const SubtargetFeatureKV &f : subtarget.getAllProcessorFeatures())
      if (subtarget.hasFeature(f.Value))
        names.insert(f.Key);
  }

  bool has(StringRef name) const { return names.contains(name); }

  /// The largest N for which `prefix N suffix` is a feature, or 0.
  unsigned largest(StringRef prefix, StringRef suffix) const {
    unsigned best = 0;
    for (const auto &entry : names) {
      StringRef name = entry.getKey();
      unsigned n = 0;
      if (name.consume_front(prefix) && name.consume_back(suffix) &&
          !name.getAsInteger(10, n))
        best = std::max(best, n);
    }
    return best;
  }

private:
  StringSet<> names;
};

} // namespace

static void setVector(SubtargetFacts &facts, unsigned bytes, unsigned regs) {
  facts.vectorBytes = bytes;
  facts.vectorRegs = regs;
}

static void readX86(const Features &f, bool is64Bit, SubtargetFacts &facts) {
  facts.root = "isa:x86";
  unsigned regs = is64Bit ? 16 : 8;
  if (f.has("avx512f"))
    setVector(facts, 64, is64Bit ? 32 : 8);
  else if (f.has("avx"))
    setVector(facts, 32, regs);
  else if (f.has("sse2"))
    setVector(facts, 16, regs);
  facts.hasFma = f.has("fma") || f.has("avx512f");
  facts.hasRounding = f.has("sse4.1");
  facts.hasF16Conversion = f.has("f16c") || f.has("avx512f");
  facts.hasF16 = f.has("avx512fp16");
  facts.hasBF16Conversion = f.has("avx512bf16");
  facts.hasMaskedMemory = f.has("avx");
  facts.hasGather = f.has("avx2");
  facts.hasInt8Dot = f.has("avx512vnni") || f.has("avxvnni");
  facts.hasInt8Matmul = f.has("amx-int8");
}

static void readAArch64(const Features &f, SubtargetFacts &facts) {
  facts.root = "isa:aarch64";
  if (f.has("neon"))
    setVector(facts, 16, 32);
  facts.hasF32 = facts.hasF64 = facts.hasFma = facts.hasRounding =
      facts.hasF16Conversion = f.has("fp-armv8");
  facts.hasF16 = f.has("fullfp16");
  facts.hasBF16Conversion = f.has("bf16");
  facts.hasInt8Dot = f.has("dotprod");
  facts.hasInt8Matmul = f.has("i8mm");
}

static void readArm(const Features &f, SubtargetFacts &facts) {
  facts.root = f.has("mclass") ? "isa:arm-m" : "isa:arm-a";
  if (f.has("mve.fp"))
    setVector(facts, 16, 8);
  else if (f.has("neon"))
    setVector(facts, 16, 16);
  bool soft = f.has("soft-float");
  facts.hasF32 = !soft && (f.has("vfp2sp") || f.has("mve.fp"));
  facts.hasF64 = !soft && f.has("fp64");
  facts.hasFma = !soft && f.has("vfp4d16sp");
  facts.hasRounding = !soft && f.has("fp-armv8d16sp");
  facts.hasF16Conversion = !soft && f.has("fp16");
  facts.hasF16 = !soft && f.has("fullfp16");
  facts.hasInt8Dot = f.has("dotprod") || f.has("mve");
  facts.hasInt8Matmul = f.has("i8mm");
  facts.hasMaskedMemory = f.has("mve");
  facts.hasGather = f.has("mve");
}

static void readRiscv(const Features &f, bool is64Bit, SubtargetFacts &facts) {
  facts.root = "isa:riscv";
  // Vectors may be longer than the features promise; what is promised is what
  // fixed-length code can use.
  if (f.has("zve32f"))
    if (unsigned bits = f.largest("zvl", "b"); bits >= 128)
      setVector(facts, std::min(bits, 512u) / 8, 32);
  facts.hasF32 = facts.hasFma = f.has("f");
  facts.hasF64 = f.has("d");
  facts.hasRounding = facts.vectorBytes || f.has("zfa");
  facts.hasF16Conversion =
      f.has("zfhmin") && (!facts.vectorBytes || f.has("zvfhmin"));
  facts.hasF16 = f.has("zfh") && (!facts.vectorBytes || f.has("zvfh"));
  facts.hasBF16Conversion = f.has("zfbfmin");
  facts.hasMaskedMemory = facts.hasGather = facts.vectorBytes;
  facts.abi = std::string(is64Bit ? "lp64" : "ilp32") + (f.has("d")   ? "d"
                                                         : f.has("f") ? "f"
                                                                      : "");
  if (f.has("e"))
    facts.abi = is64Bit ? "lp64e" : "ilp32e";
}

SubtargetFacts edgecc::readSubtarget(const MCSubtargetInfo &subtarget) {
  SubtargetFacts facts;
  Features f(subtarget);
  const Triple &triple = subtarget.getTargetTriple();
  switch (triple.getArch()) {
  case Triple::x86:
  case Triple::x86_64:
    readX86(f, triple.isArch64Bit(), facts);
    break;
  case Triple::aarch64:
  case Triple::aarch64_be:
  case Triple::aarch64_32:
    readAArch64(f, facts);
    break;
  case Triple::arm:
  case Triple::armeb:
  case Triple::thumb:
  case Triple::thumbeb:
    readArm(f, facts);
    break;
  case Triple::riscv32:
  case Triple::riscv64:
    readRiscv(f, triple.isArch64Bit(), facts);
    break;
  case Triple::wasm32:
  case Triple::wasm64:
    facts.root = "isa:wasm";
    facts.hasRounding = true;
    facts.hasFma = f.has("relaxed-simd");
    if (f.has("simd128"))
      setVector(facts, 16, 16);
    break;
  case Triple::ppc64:
  case Triple::ppc64le:
    facts.hasFma = facts.hasRounding = true;
    if (f.has("vsx"))
      setVector(facts, 16, 64);
    break;
  case Triple::systemz:
    facts.hasFma = facts.hasRounding = true;
    if (f.has("vector-enhancements-1"))
      setVector(facts, 16, 32);
    break;
  case Triple::loongarch32:
  case Triple::loongarch64:
    facts.hasF32 = facts.hasFma = f.has("f");
    facts.hasF64 = f.has("d");
    if (f.has("lasx"))
      setVector(facts, 32, 32);
    else if (f.has("lsx"))
      setVector(facts, 16, 32);
    facts.hasRounding = facts.vectorBytes;
    break;
  default:
    break;
  }
  return facts;
}
