//===- InferTriple.cpp - the triple that a CPU name implies -----*- C++ -*-===//
//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "codegen/cpu/CpuTable.h"
#include "codegen/cpu/SubtargetFacts.h"

#include "llvm/ADT/Twine.h"
#include "llvm/MC/MCSubtargetInfo.h"
#include "llvm/TargetParser/ARMTargetParser.h"
#include "llvm/TargetParser/Host.h"
#include "llvm/TargetParser/RISCVTargetParser.h"
#include "llvm/TargetParser/X86TargetParser.h"

using namespace llvm;
using namespace edgecc;

ArrayRef<StringLiteral> edgecc::getCandidateTriples() {
  static constexpr StringLiteral triples[] = {"x86_64-unknown-linux-gnu",
                                              "aarch64-unknown-linux-gnu",
                                              "armv7-unknown-linux-gnueabihf",
                                              "riscv64-unknown-linux-gnu",
                                              "wasm32-unknown-unknown",
                                              "powerpc64le-unknown-linux-gnu",
                                              "loongarch64-unknown-linux-gnu",
                                              "s390x-unknown-linux-gnu",
                                              "mipsel-unknown-linux-gnu",
                                              "hexagon-unknown-elf",
                                              "sparc-unknown-elf"};
  return triples;
}

/// Microcontrollers run without a system; the architecture of the triple and
/// the float ABI are those of the core.
static Triple refineArm(StringRef cpu, const Triple &fallback) {
  ARM::ArchKind arch = ARM::parseCPUArch(cpu);
  if (arch == ARM::ArchKind::INVALID)
    return fallback;
  StringRef name = ARM::getArchName(arch); // "armv7e-m"
  std::string plain;
  for (char c : name)
    if (c != '-')
      plain += c;
  bool isM = ARM::parseArchProfile(name) == ARM::ProfileKind::M;
  bool isR = ARM::parseArchProfile(name) == ARM::ProfileKind::R;
  StringRef version = StringRef(plain).drop_front(3); // "v7em"
  if (!isM && !isR)
    return Triple(("arm" + version + "-unknown-linux-gnueabihf").str());
  if (isM && (name == "armv8-m.main" || name == "armv8-m.base" ||
              name == "armv8.1-m.main"))
    version = name == "armv8-m.main"   ? "v8m.main"
              : name == "armv8-m.base" ? "v8m.base"
                                       : "v8.1m.main";
  bool hasFpu = ARM::getFPUVersion(ARM::getDefaultFPU(cpu, arch)) !=
                ARM::FPUVersion::NONE;
  return Triple(((isM ? "thumb" : "arm") + version + "-unknown-none-" +
                 (hasFpu ? "eabihf" : "eabi"))
                    .str());
}

std::optional<Triple> edgecc::inferTriple(StringRef cpu) {
  if (const CpuRecord *record = findCpuRecord(cpu))
    if (!record->triple.empty())
      return Triple(record->triple);
  Triple host(sys::getDefaultTargetTriple());
  auto refined = [&](const Triple &triple) {
    if (triple.isX86() &&
        X86::parseArchX86(cpu, /*Only64Bit=*/true) == X86::CK_None &&
        X86::parseArchX86(cpu) != X86::CK_None)
      return Triple("i686-unknown-linux-gnu");
    if (triple.isARM() || triple.isThumb())
      return refineArm(cpu, triple);
    if (triple.isRISCV() && !RISCV::parseCPU(cpu, /*IsRV64=*/true) &&
        RISCV::parseCPU(cpu, /*IsRV64=*/false))
      return Triple("riscv32-unknown-none-elf");
    return triple;
  };
  if (isCpuOf(host, cpu))
    return refined(host);
  for (StringRef name : getCandidateTriples())
    if (Triple triple(name); isCpuOf(triple, cpu))
      return refined(triple);
  return std::nullopt;
}
