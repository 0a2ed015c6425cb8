//===- ResolveCpu.cpp - from flags to a CPU record --------------*- C++ -*-===//
//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "codegen/cpu/ResolveCpu.h"

#include "codegen/cpu/CpuTable.h"
#include "codegen/cpu/SubtargetFacts.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/MC/MCSubtargetInfo.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/TargetParser/AArch64TargetParser.h"
#include "llvm/TargetParser/ARMTargetParser.h"
#include "llvm/TargetParser/Host.h"
#include "llvm/TargetParser/RISCVISAInfo.h"
#include <unistd.h>

using namespace llvm;
using namespace edgecc;
using mlir::FailureOr;
using mlir::InFlightDiagnostic;

void edgecc::initializeTargets() {
  // Passes over functions run at one time, and LLVM's list of targets becomes a
  // circle when two of them add to it.
  [[maybe_unused]] static const bool isDone = [] {
    InitializeAllTargetInfos();
    InitializeAllTargets();
    InitializeAllTargetMCs();
    InitializeAllAsmPrinters();
    InitializeAllAsmParsers();
    InitializeAllTargetMCAs();
    return true;
  }();
}

//===----------------------------------------------------------------------===//
// Names
//===----------------------------------------------------------------------===//

/// The candidate closest to `name`, or an empty string if none is close.
template <typename Range>
static std::string findNearest(StringRef name, const Range &candidates) {
  unsigned best = name.size() / 3 + 1;
  std::string nearest;
  for (StringRef candidate : candidates) {
    unsigned distance = name.edit_distance(candidate, true, best + 1);
    if (distance < best || (distance == best && nearest.empty())) {
      best = distance;
      nearest = candidate.str();
    }
  }
  return nearest;
}

static void appendCpuNames(const Triple &triple,
                           std::vector<std::string> &names) {
  if (auto subtarget = createSubtarget(triple, "", ""))
    for (const auto &cpu : subtarget->getAllProcessorDescriptions())
      names.push_back(cpu.Key);
}

static void appendHint(InFlightDiagnostic &diag, StringRef nearest) {
  if (!nearest.empty())
    diag << "; did you mean '" << nearest << "'?";
}

/// In how many of the features that LLVM finds on hosts a CPU differs from one.
static unsigned countDifferences(const Triple &triple, StringRef cpu,
                                 const StringMap<bool> &hostFeatures) {
  auto subtarget = createSubtarget(triple, cpu, "");
  return llvm::count_if(
      subtarget->getAllProcessorFeatures(), [&](const auto &feature) {
        auto host = hostFeatures.find(feature.Key);
        return host != hostFeatures.end() &&
               host->second != subtarget->hasFeature(feature.Value);
      });
}

StringRef edgecc::nearestCpu(const Triple &triple, StringRef name,
                             const StringMap<bool> &hostFeatures) {
  if (findCpuRecord(name))
    return name;
  StringRef nearest = name;
  unsigned least = ~0u;
  for (const CpuRecord &record : getCpuRecords()) {
    if (!record.llvmCpu.empty() || !isCpuOf(triple, record.name))
      continue;
    unsigned differences = countDifferences(triple, record.name, hostFeatures);
    if (differences < least) {
      least = differences;
      nearest = record.name;
    }
  }
  return nearest;
}

namespace {

/// The resolution in progress: what has been said so far, made precise step by
/// step. Every step reports its own error.
class Resolver {
public:
  Resolver(const TargetRequest &request,
           function_ref<InFlightDiagnostic()> emitError)
      : request(request), emitError(emitError), cpu(request.cpu) {}

  llvm::LogicalResult run() {
    return success(succeeded(takeTriple()) && succeeded(takeNative()) &&
                   succeeded(takeArch()) && succeeded(takeCpu()) &&
                   succeeded(takeAttrs()));
  }

  FailureOr<target::CpuAttr> build(mlir::MLIRContext *context);

private:
  llvm::LogicalResult takeTriple();
  llvm::LogicalResult takeNative();
  llvm::LogicalResult takeArch();
  llvm::LogicalResult takeRiscvArch();
  llvm::LogicalResult takeArmArch();
  llvm::LogicalResult takeCpu();
  llvm::LogicalResult takeAttrs();
  void takeDefaultCpu();
  llvm::LogicalResult takeVectorLength(const MCSubtargetInfo &subtarget,
                                       SubtargetFacts &facts);
  void takeRecord(const CpuRecord &found);
  InFlightDiagnostic reportUnknownCpu();

  const TargetRequest &request;
  function_ref<InFlightDiagnostic()> emitError;
  /// The triple, once it is known.
  std::optional<Triple> triple;
  /// The CPU, at first as the user says it, then as LLVM does.
  std::string cpu;
  SmallVector<std::string> features;
  const CpuRecord *record = nullptr;
  bool isNative = false;
};

} // namespace

llvm::LogicalResult Resolver::takeTriple() {
  if (request.triple.empty())
    return success();
  triple = Triple(Triple::normalize(request.triple));
  if (!createSubtarget(*triple, "", ""))
    return emitError() << "unknown target '" << request.triple << "'";
  return success();
}

llvm::LogicalResult Resolver::takeNative() {
  if (cpu != "native")
    return success();
  Triple host(sys::getDefaultTargetTriple());
  if (triple && triple->getArch() != host.getArch())
    return emitError() << "-mcpu=native is the CPU of this machine ("
                       << host.getArchName() << "), but the target is '"
                       << triple->str() << "'";
  if (!triple)
    triple = host;
  isNative = true;
  StringMap<bool> hostFeatures = sys::getHostCPUFeatures();
  for (const auto &feature : hostFeatures)
    features.push_back((feature.getValue() ? "+" : "-") +
                       feature.getKey().str());
  llvm::sort(features);
  cpu = nearestCpu(*triple, sys::getHostCPUName(), hostFeatures).str();
  return success();
}

llvm::LogicalResult Resolver::takeRiscvArch() {
  auto info = RISCVISAInfo::parseArchString(
      request.march, /*EnableExperimentalExtension=*/false);
  if (!info)
    return emitError() << "invalid -march=" << request.march << ": "
                       << toString(info.takeError());
  bool is64Bit = (*info)->getXLen() == 64;
  if (!triple)
    triple = Triple(is64Bit ? "riscv64-unknown-linux-gnu"
                            : "riscv32-unknown-none-elf");
  if (!triple->isRISCV() || triple->isRISCV64() != is64Bit)
    return emitError() << "-march=" << request.march
                       << " does not fit the target '" << triple->str() << "'";
  if (cpu.empty())
    cpu = is64Bit ? "generic-rv64" : "generic-rv32";
  append_range(features, (*info)->toFeatures());
  return success();
}

llvm::LogicalResult Resolver::takeArmArch() {
  StringRef base, modifiers;
  std::tie(base, modifiers) = StringRef(request.march).split('+');
  SmallVector<StringRef> extensions;
  modifiers.split(extensions, '+', -1, /*KeepEmpty=*/false);
  auto refuseExtension = [&](StringRef extension) {
    return emitError() << "invalid -march=" << request.march
                       << ": unknown extension '" << extension << "'";
  };

  bool is32Bit = triple && (triple->isARM() || triple->isThumb());
  if (const AArch64::ArchInfo *arch = AArch64::parseArch(base);
      arch && !is32Bit) {
    if (!triple)
      triple = Triple("aarch64-unknown-linux-gnu");
    AArch64::ExtensionSet set;
    set.addArchDefaults(*arch);
    for (StringRef extension : extensions)
      if (!set.parseModifier(extension))
        return refuseExtension(extension);
    std::vector<StringRef> list;
    set.toLLVMFeatureList(list);
    for (StringRef feature : list)
      features.push_back(feature.str());
    return success();
  }

  ARM::ArchKind arch = ARM::parseArch(base);
  if (arch == ARM::ArchKind::INVALID)
    return emitError() << "unknown -march=" << request.march;
  if (cpu.empty())
    cpu = ARM::getDefaultCPU(base).str();
  if (cpu.empty() || cpu == "generic")
    return emitError() << "-march=" << request.march
                       << " names no CPU; say one with -mcpu=";
  if (!triple)
    triple = inferTriple(cpu);
  std::vector<StringRef> list;
  ARM::FPUKind fpu = ARM::getDefaultFPU(cpu, arch);
  for (StringRef extension : extensions)
    if (!ARM::appendArchExtFeatures(cpu, arch, extension, list, fpu))
      return refuseExtension(extension);
  ARM::getFPUFeatures(fpu, list);
  for (StringRef feature : list)
    features.push_back(feature.str());
  return success();
}

llvm::LogicalResult Resolver::takeArch() {
  StringRef march = request.march;
  if (march.empty())
    return success();
  if (march.starts_with("rv32") || march.starts_with("rv64"))
    return takeRiscvArch();
  if (march.starts_with("armv"))
    return takeArmArch();
  // On x86 an architecture is a CPU.
  Triple x86("x86_64-unknown-linux-gnu");
  bool fits = (!triple || triple->isX86()) &&
              (march == "native" || isCpuOf(x86, march));
  if (!fits) {
    InFlightDiagnostic diag = emitError();
    diag << "unknown -march=" << march;
    std::vector<std::string> names;
    appendCpuNames(x86, names);
    appendHint(diag, findNearest(march, names));
    return diag;
  }
  if (!cpu.empty())
    return success();
  cpu = march.str();
  return takeNative();
}

void Resolver::takeRecord(const CpuRecord &found) {
  record = &found;
  if (found.llvmCpu.empty())
    return;
  cpu = found.llvmCpu.str();
  for (StringRef feature : llvm::split(found.features, ','))
    if (!feature.empty())
      features.push_back(feature.str());
}

/// The CPU of a triple without a CPU, as clang has it.
void Resolver::takeDefaultCpu() {
  bool hasArch = !request.march.empty();
  if (triple->isX86())
    cpu = triple->isArch64Bit() ? "x86-64" : "pentium4";
  else if (triple->isRISCV() && !hasArch)
    cpu = triple->isRISCV64() ? "rv64gc" : "rv32imc";
  else if (triple->isARM() || triple->isThumb())
    cpu = ARM::getARMCPUForArch(*triple).str();
  else if (triple->isWasm() && triple->isArch32Bit())
    cpu = "wasm32";
  else
    cpu = "generic";
}

InFlightDiagnostic Resolver::reportUnknownCpu() {
  std::vector<std::string> names = {"native"};
  if (triple) {
    appendCpuNames(*triple, names);
  } else {
    for (StringRef candidate : getCandidateTriples())
      appendCpuNames(Triple(candidate), names);
  }
  for (const CpuRecord &known : getCpuRecords())
    if (!known.triple.empty())
      names.push_back(known.name.str());
  InFlightDiagnostic diag = emitError();
  diag << "unknown CPU '" << cpu << "'";
  if (triple)
    diag << " for target '" << triple->str() << "'";
  appendHint(diag, findNearest(cpu, names));
  return diag;
}

llvm::LogicalResult Resolver::takeCpu() {
  if (cpu.empty()) {
    if (!triple)
      triple = Triple(sys::getDefaultTargetTriple());
    takeDefaultCpu();
  }
  if (!triple || triple->isAArch64())
    if (StringRef alias = AArch64::resolveCPUAlias(cpu); !alias.empty())
      cpu = alias.str();
  if (!triple) {
    triple = inferTriple(cpu);
    if (!triple)
      return reportUnknownCpu();
  }
  // Constants are laid out for the order that all but a few machines have.
  if (!triple->isLittleEndian())
    return emitError() << "the target '" << triple->str()
                       << "' is big-endian, which edgecc does not support";
  const CpuRecord *found = findCpuRecord(cpu);
  bool isOurs = found && !found->llvmCpu.empty();
  if (isOurs && Triple(found->triple).getArch() != triple->getArch())
    return reportUnknownCpu();
  if (!isOurs && !(isCpuOf(*triple, cpu) || isNative))
    return reportUnknownCpu();
  if (found)
    takeRecord(*found);
  // LLVM leaves the floating-point unit of A and R profile cores to the caller.
  if ((triple->isARM() || triple->isThumb()) && request.march.empty()) {
    ARM::ArchKind arch = ARM::parseCPUArch(cpu);
    if (ARM::parseArchProfile(ARM::getArchName(arch)) != ARM::ProfileKind::M) {
      std::vector<StringRef> list;
      ARM::getFPUFeatures(ARM::getDefaultFPU(cpu, arch), list);
      for (StringRef feature : list)
        features.push_back(feature.str());
    }
  }
  return success();
}

llvm::LogicalResult Resolver::takeAttrs() {
  if (request.attrs.empty())
    return success();
  auto subtarget = createSubtarget(*triple, cpu, "");
  for (StringRef feature : llvm::split(request.attrs, ',')) {
    feature = feature.trim();
    if (feature.empty())
      continue;
    if (feature[0] != '+' && feature[0] != '-')
      return emitError() << "invalid -mattr=" << request.attrs << ": '"
                         << feature << "' needs a sign, '+' or '-'";
    StringRef name = feature.drop_front();
    auto known =
        llvm::map_range(subtarget->getAllProcessorFeatures(),
                        [](const auto &f) { return StringRef(f.Key); });
    if (!llvm::is_contained(known, name)) {
      InFlightDiagnostic diag = emitError();
      diag << "unknown feature '" << name << "' for target '" << triple->str()
           << "'";
      appendHint(diag, findNearest(name, known));
      return diag;
    }
    features.push_back(feature.str());
  }
  return success();
}

//===----------------------------------------------------------------------===//
// The record
//===----------------------------------------------------------------------===//

/// What the system says about a cache, or what the table does.
static unsigned probeCache([[maybe_unused]] int name, unsigned fallback) {
  long bytes = sysconf(name);
  return bytes > 0 ? static_cast<unsigned>(bytes) : fallback;
}

llvm::LogicalResult Resolver::takeVectorLength(const MCSubtargetInfo &subtarget,
                                               SubtargetFacts &facts) {
  unsigned bits = request.sveVectorBits;
  if (!triple->isAArch64() || !subtarget.checkFeatures("+sve"))
    return emitError() << "-msve-vector-bits=" << bits
                       << " needs a CPU with SVE, which '" << cpu
                       << "' has not";
  if (bits != 128 && bits != 256 && bits != 512)
    return emitError() << "-msve-vector-bits=" << bits
                       << " is not the length of the vectors of any machine: "
                          "expected 128, 256 or 512";
  facts.vectorBytes = bits / 8;
  return success();
}

FailureOr<target::CpuAttr> Resolver::build(mlir::MLIRContext *context) {
  std::string featureString = llvm::join(features, ",");
  auto subtarget = createSubtarget(*triple, cpu, featureString);
  SubtargetFacts facts = readSubtarget(*subtarget);
  if (request.sveVectorBits && failed(takeVectorLength(*subtarget, facts)))
    return failure();
  if (triple->isHardFloatABI() && !facts.hasF32)
    return emitError() << "the target '" << triple->str()
                       << "' passes floating-point numbers in registers that '"
                       << cpu << "' has not";
  CpuRecord numbers =
      inheritFacts(record ? *record : *findCpuRecord(facts.root));
  unsigned l1d = numbers.l1dKiB * 1024, l2 = numbers.l2KiB * 1024,
           l3 = numbers.l3KiB * 1024;
#ifdef _SC_LEVEL1_DCACHE_SIZE
  if (isNative) {
    l1d = probeCache(_SC_LEVEL1_DCACHE_SIZE, l1d);
    l2 = probeCache(_SC_LEVEL2_CACHE_SIZE, l2);
    l3 = probeCache(_SC_LEVEL3_CACHE_SIZE, l3);
  }
#endif
  return target::CpuAttr::get(
      context, triple->str(), cpu, featureString, facts.abi,
      triple->isArch64Bit() ? 64 : 32, facts.vectorBytes, facts.vectorRegs,
      facts.hasFma, facts.hasRounding, facts.hasF32, facts.hasF64,
      facts.hasF16Conversion, facts.hasF16, facts.hasBF16Conversion,
      facts.hasMaskedMemory, facts.hasGather, facts.hasInt8Dot,
      facts.hasInt8Matmul, l1d, l2, l3, numbers.cacheLineBytes,
      numbers.fmaPerCycle, numbers.fmaLatency, numbers.loadsPerCycle);
}

FailureOr<target::CpuAttr>
edgecc::resolveCpu(const TargetRequest &request, mlir::MLIRContext *context,
                   function_ref<InFlightDiagnostic()> emitError) {
  initializeTargets();
  Resolver resolver(request, emitError);
  if (failed(resolver.run()))
    return failure();
  return resolver.build(context);
}

void edgecc::printTargets(raw_ostream &os) {
  initializeTargets();
  mlir::MLIRContext context;
  context.getOrLoadDialect<target::TargetDialect>();
  os << "CPUs with a record (-mcpu=):\n"
     << "  native                 the CPU of this machine\n";
  for (const CpuRecord &record : getCpuRecords()) {
    if (record.name.starts_with("isa:"))
      continue;
    TargetRequest request;
    request.cpu = record.name.str();
    Resolver resolver(request, [&] {
      return mlir::emitError(mlir::UnknownLoc::get(&context));
    });
    if (failed(resolver.run()))
      continue;
    target::CpuAttr cpu = *resolver.build(&context);
    os << "  " << left_justify(record.name, 22) << " "
       << left_justify(cpu.getTriple(), 34);
    if (cpu.getVectorBytes())
      os << cpu.getVectorRegs() << " vectors of " << cpu.getVectorBytes()
         << " bytes";
    else
      os << (cpu.getHasF32() ? "scalar" : "scalar, no floating-point unit");
    os << "\n";
  }
  os << "\nany other CPU of LLVM works too, for instance on\n";
  for (StringRef candidate : getCandidateTriples()) {
    std::vector<std::string> names;
    appendCpuNames(Triple(candidate), names);
    if (!names.empty())
      os << "  " << left_justify(candidate, 34) << names.size() << " names\n";
  }
}
