//===- EmitObject.cpp - from the LLVM dialect to an object ------*- C++ -*-===//
//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "codegen/object/EmitObject.h"

#include "codegen/cost/ExecutionCounts.h"
#include "codegen/cpu/ResolveCpu.h"
#include "codegen/object/CollectProfile.h"
#include "codegen/object/EntryPoints.h"
#include "codegen/object/FixedPointConversions.h"
#include "codegen/object/HelperFunctions.h"
#include "codegen/object/IntegerSelects.h"
#include "codegen/object/LayerTimers.h"
#include "codegen/object/MaskSelects.h"
#include "dialects/Target/Hooks.h"

#include "mlir/Target/LLVMIR/Export.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Analysis/TargetLibraryInfo.h"
#include "llvm/CodeGen/AsmPrinter.h"
#include "llvm/CodeGen/AsmPrinterHandler.h"
#include "llvm/CodeGen/MachineModuleInfo.h"
#include "llvm/CodeGen/Passes.h"
#include "llvm/CodeGen/TargetPassConfig.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Module.h"
#include "llvm/IR/Verifier.h"
#include "llvm/MC/MCAsmBackend.h"
#include "llvm/MC/MCCodeEmitter.h"
#include "llvm/MC/MCObjectWriter.h"
#include "llvm/MC/MCStreamer.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Object/ELFObjectFile.h"
#include "llvm/Object/ObjectFile.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/SmallVectorMemoryBuffer.h"
#include "llvm/Transforms/Utils/Cloning.h"
#include "llvm/Transforms/Utils/ModuleUtils.h"

using namespace llvm;
using namespace edgecc;

std::optional<OptLevel> edgecc::parseOptLevel(llvm::StringRef text) {
  return llvm::StringSwitch<std::optional<OptLevel>>(text)
      .Case("0", OptLevel::O0)
      .Case("1", OptLevel::O1)
      .Case("2", OptLevel::O2)
      .Case("3", OptLevel::O3)
      .Case("s", OptLevel::Os)
      .Default(std::nullopt);
}

/// Whether programs may be loaded at any address by default. Not where that
/// costs a register, and a symbol that the linker has to define.
static bool isPicDefault(const Triple &triple) {
  return !triple.isWasm() && !triple.isOSUnknown() && !triple.isMIPS() &&
         triple.getArch() != Triple::x86;
}

/// Whether code stays in flash.
static bool isFirmware(const Triple &triple) {
  return triple.isOSUnknown() && !triple.isWasm();
}

std::unique_ptr<TargetMachine>
edgecc::createTargetMachine(target::CpuAttr cpu, const CodegenOptions &options,
                            mlir::Location loc) {
  initializeTargets();
  Triple triple(cpu.getTriple());
  std::string error;
  const Target *target = TargetRegistry::lookupTarget(triple, error);
  if (!target) {
    mlir::emitError(loc) << "no code generator for '" << cpu.getTriple()
                         << "': " << error;
    return nullptr;
  }
  TargetOptions targetOptions;
  // Only what kernels mark: an operation of the network gives the same number
  // on machines with and without fused multiply-adds.
  targetOptions.AllowFPOpFusion = FPOpFusion::Standard;
  targetOptions.FunctionSections = targetOptions.DataSections = true;
  targetOptions.MCOptions.ABIName = cpu.getAbi().str();
  // Arm's own tables take eight bytes for each function, to say that none
  // throws.
  if ((triple.isARM() || triple.isThumb()) && isFirmware(triple))
    targetOptions.ExceptionModel = ExceptionHandling::DwarfCFI;
  Reloc::Model relocation =
      options.pic.value_or(isPicDefault(triple)) ? Reloc::PIC_ : Reloc::Static;
  // RISC-V's small code model cannot reach high addresses.
  std::optional<CodeModel::Model> codeModel;
  if (triple.isRISCV())
    codeModel = CodeModel::Medium;
  CodeGenOptLevel level =
      options.optLevel == OptLevel::O0   ? CodeGenOptLevel::None
      : options.optLevel == OptLevel::O3 ? CodeGenOptLevel::Aggressive
                                         : CodeGenOptLevel::Default;
  return std::unique_ptr<TargetMachine>(
      target->createTargetMachine(triple, cpu.getCpu(), cpu.getFeatures(),
                                  targetOptions, relocation, codeModel, level));
}

/// What the length of a vector of SVE is a multiple of.
static constexpr unsigned sveGranuleBits = 128;

/// Promises that vectors whose length the instruction set leaves open are as
/// long as the code takes them to be.
static void fixVectorLength(Module &module, target::CpuAttr cpu) {
  unsigned units = cpu.getVectorBytes() * 8 / sveGranuleBits;
  if (!Triple(cpu.getTriple()).isAArch64() || units <= 1)
    return;
  for (Function &function : module)
    if (!function.isDeclaration())
      function.addFnAttr(
          Attribute::getWithVScaleRangeArgs(module.getContext(), units, units));
}

/// Marks every function for the target, and as what our functions are.
static void setFunctionAttributes(Module &module, const TargetMachine &machine,
                                  bool optimiseForSize) {
  for (Function &function : module) {
    if (function.isIntrinsic())
      continue;
    function.setDoesNotThrow();
    // A loop that copies must not become a call of memcpy.
    function.addFnAttr("no-builtins");
    function.addFnAttr("target-cpu", machine.getTargetCPU());
    if (!machine.getTargetFeatureString().empty())
      function.addFnAttr("target-features", machine.getTargetFeatureString());
    if (function.isDeclaration())
      continue;
    function.addFnAttr("frame-pointer", "none");
    // What lies below the stack pointer belongs to interrupts.
    function.addFnAttr(Attribute::NoRedZone);
    if (machine.getTargetTriple().isX86())
      function.addFnAttr("prefer-vector-width", "512");
    if (optimiseForSize)
      function.addFnAttr(Attribute::OptimizeForSize);
    // Kernels stay functions of their own: one that is called twice is there
    // once, and none makes the register allocator slow.
    if (function.hasInternalLinkage() &&
        !function.hasFnAttribute(Attribute::AlwaysInline))
      function.addFnAttr(Attribute::NoInline);
  }
}

/// Whether `function` computes nothing: it calls others, or all that it reads
/// is written as it is.
static bool onlyMoves(const Function &function) {
  return llvm::all_of(instructions(function), [](const Instruction &op) {
    return !isa<LoadInst>(op) || llvm::all_of(op.users(), [](const User *user) {
      return isa<StoreInst>(user);
    });
  });
}

/// Asks the code generator for the smallest code where that is in flash, if it
/// was asked for, and of functions that compute nothing.
static void minimiseSize(Module &module, const TargetMachine &machine) {
  if (isFirmware(machine.getTargetTriple()))
    for (Function &function : module)
      if (!function.isDeclaration() &&
          (function.hasOptSize() || onlyMoves(function)))
        function.addFnAttr(Attribute::MinSize);
}

/// Nothing of the C library may be taken for granted.
static TargetLibraryInfoImpl getNoLibrary(const Triple &triple) {
  TargetLibraryInfoImpl library(triple);
  library.disableAllFunctions();
  return library;
}

static void optimise(Module &module, TargetMachine &machine, OptLevel level) {
  if (level == OptLevel::O0)
    return;
  // Kernels are vectorised and unrolled already; more of either only spills.
  PipelineTuningOptions tuning;
  tuning.LoopUnrolling = tuning.LoopVectorization = tuning.SLPVectorization =
      tuning.LoopInterleaving = false;
  PassBuilder builder(&machine, tuning);
  LoopAnalysisManager loops;
  FunctionAnalysisManager functions;
  CGSCCAnalysisManager components;
  ModuleAnalysisManager modules;
  TargetLibraryInfoImpl library = getNoLibrary(machine.getTargetTriple());
  functions.registerPass([&] { return TargetLibraryAnalysis(library); });
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(components);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, components, modules);
  OptimizationLevel levels[] = {OptimizationLevel::O0, OptimizationLevel::O1,
                                OptimizationLevel::O2, OptimizationLevel::O3,
                                OptimizationLevel::Os};
  builder.buildPerModuleDefaultPipeline(levels[static_cast<int>(level)])
      .run(module, modules);
}

std::unique_ptr<Module>
edgecc::buildLLVMModule(mlir::ModuleOp mlirModule, const ModelInterface &model,
                        target::CpuAttr cpu, const CodegenOptions &options,
                        TargetMachine &machine, LLVMContext &context) {
  std::unique_ptr<Module> module =
      mlir::translateModuleToLLVMIR(mlirModule, context, model.name);
  if (!module) {
    mlir::emitError(mlirModule.getLoc(), "cannot be translated to LLVM IR");
    return nullptr;
  }
  module->setTargetTriple(machine.getTargetTriple());
  module->setDataLayout(machine.createDataLayout());
  if (machine.getRelocationModel() == Reloc::PIC_) {
    module->setPICLevel(PICLevel::BigPIC);
    if (!options.pic)
      module->setPIELevel(PIELevel::Large);
  }
  if (!cpu.getAbi().empty())
    module->addModuleFlag(Module::Error, "target-abi",
                          MDString::get(context, cpu.getAbi()));
  fixVectorLength(*module, cpu);
  if (GlobalVariable *weights = module->getNamedGlobal("weights");
      weights && machine.getTargetTriple().isOSBinFormatELF())
    weights->setSection(model.weightSection);
  addEntryPoints(*module, model);
  if (options.timeLayers)
    addLayerTimers(*module, model.name);
  setFunctionAttributes(*module, machine, options.optLevel == OptLevel::Os);
  std::string problem;
  raw_string_ostream os(problem);
  if (verifyModule(*module, &os)) {
    mlir::emitError(mlirModule.getLoc())
        << "invalid LLVM IR: " << StringRef(problem).split('\n').first;
    return nullptr;
  }
  optimise(*module, machine, options.optLevel);
  avoidFixedPointConversions(*module, machine);
  if (options.optLevel != OptLevel::O0) {
    minimiseSize(*module, machine);
    setBranchWeights(*module);
  }
  selectBits(*module);
  return module;
}

/// Adds what prints an object, as the target machine would, with a look at the
/// instructions on their way. False if there is no printer.
static bool addObserver(legacy::PassManager &passes, TargetMachine &machine,
                        raw_pwrite_stream &os, MCContext &context,
                        ProfileCollection &collection) {
  const Target &target = machine.getTarget();
  const MCSubtargetInfo &subtarget = *machine.getMCSubtargetInfo();
  std::unique_ptr<MCCodeEmitter> emitter(
      target.createMCCodeEmitter(*machine.getMCInstrInfo(), context));
  std::unique_ptr<MCAsmBackend> backend(target.createMCAsmBackend(
      subtarget, *machine.getMCRegisterInfo(), machine.Options.MCOptions));
  if (!emitter || !backend)
    return false;
  std::unique_ptr<MCObjectWriter> writer = backend->createObjectWriter(os);
  std::unique_ptr<MCStreamer> streamer(target.createMCObjectStreamer(
      machine.getTargetTriple(), context, std::move(backend), std::move(writer),
      createCollectInstructions(std::move(emitter), collection), subtarget));
  AsmPrinter *printer = target.createAsmPrinter(machine, std::move(streamer));
  if (!printer)
    return false;
  printer->addAsmPrinterHandler(createFollowBlocks(collection));
  passes.add(createCollectBlocks(collection));
  passes.add(printer);
  return true;
}

/// Generates code from a copy: code generation changes what it reads. These are
/// the passes of TargetMachine::addPassesToEmitFile, which has no place for the
/// one that collects frames.
static LogicalResult generate(const Module &module, TargetMachine &machine,
                              CodeGenFileType type,
                              SmallVectorImpl<char> &result, CodeFacts &facts,
                              mlir::Location loc) {
  std::unique_ptr<Module> copy = CloneModule(module);
  selectByMasks(*copy, machine);
  result.clear();
  facts.frames.clear();
  facts.profile.clear();
  ProfileCollection collection{facts.profile, *machine.getMCInstrInfo()};
  raw_svector_ostream os(result);
  TargetLibraryInfoImpl library = getNoLibrary(machine.getTargetTriple());
  legacy::PassManager passes;
  passes.add(new TargetLibraryInfoWrapperPass(library));
  TargetPassConfig *config = machine.createPassConfig(passes);
  config->setDisableVerify(true);
  passes.add(config);
  auto *functions = new MachineModuleInfoWrapperPass(&machine);
  passes.add(functions);
  bool failed = config->addISelPasses();
  if (!failed) {
    config->addMachinePasses();
    config->setInitialized();
    passes.add(createCollectStackFrames(facts.frames));
    MCContext &context = functions->getMMI().getContext();
    failed = facts.collectProfile && type == CodeGenFileType::ObjectFile
                 ? !addObserver(passes, machine, os, context, collection)
                 : machine.addAsmPrinter(passes, os, nullptr, type, context);
    passes.add(createFreeMachineFunctionPass());
  }
  if (failed)
    return mlir::emitError(loc)
           << "the code generator of '" << machine.getTargetTriple().str()
           << "' does not write this kind of file";
  passes.run(*copy);
  return success();
}

/// Whether linkers define the symbol themselves: the memory, stack and table of
/// WebAssembly, and the tables through which position-independent code goes.
static bool isLinkerSymbol(StringRef name) {
  return llvm::is_contained({"__linear_memory", "__stack_pointer",
                             "__indirect_function_table", "__memory_base",
                             "__table_base", "_GLOBAL_OFFSET_TABLE_", ".TOC.",
                             "_gp_disp"},
                            name);
}

/// The symbols that an object leaves to other objects.
static std::vector<std::string> findUndefined(StringRef object) {
  std::vector<std::string> names;
  auto file =
      object::ObjectFile::createObjectFile(MemoryBufferRef(object, "object"));
  if (!file) {
    consumeError(file.takeError());
    return names;
  }
  for (const object::SymbolRef &symbol : (*file)->symbols()) {
    auto flags = symbol.getFlags();
    auto name = symbol.getName();
    if (!flags || !name) {
      consumeError(flags.takeError());
      consumeError(name.takeError());
      continue;
    }
    if ((*flags & object::SymbolRef::SF_Undefined) && !name->empty() &&
        !isLinkerSymbol(*name))
      names.push_back(name->str());
  }
  return names;
}

/// Makes what was linked in internal, and removes declarations without use.
static void adoptHelpers(Module &module, const TargetMachine &machine,
                         const StringSet<> &isPublic, bool optimiseForSize) {
  for (GlobalObject &object : module.global_objects())
    if (!object.isDeclaration() && !isPublic.contains(object.getName()) &&
        !object.getName().starts_with("llvm."))
      object.setLinkage(GlobalValue::InternalLinkage);
  setFunctionAttributes(module, machine, optimiseForSize);
}

LogicalResult edgecc::emitObject(Module &module, TargetMachine &machine,
                                 SmallVectorImpl<char> &object,
                                 mlir::Location loc, CodeFacts *facts) {
  CodeFacts ownFacts;
  StringSet<> isPublic;
  for (GlobalObject &global : module.global_objects())
    if (!global.hasLocalLinkage() && !global.isDeclaration())
      isPublic.insert(global.getName());
  bool optimiseForSize = llvm::any_of(module, [](const Function &function) {
    return function.hasFnAttribute(Attribute::OptimizeForSize);
  });
  auto link = [&](ArrayRef<std::string> names) -> FailureOr<unsigned> {
    auto found = linkHelperFunctions(module, names);
    if (!found)
      return mlir::emitError(loc) << toString(found.takeError());
    adoptHelpers(module, machine, isPublic, optimiseForSize);
    return *found;
  };

  StringSet<> hooks;
  auto findHooks = [&] {
    for (Function &function : module)
      if (function.hasFnAttribute(target::hookAttrName))
        hooks.insert(function.getName());
  };
  findHooks();

  // What is called by name or is known to become a call, at once; what else
  // the code generator calls shows in the object.
  std::vector<std::string> names;
  for (Function &function : module) {
    if (!function.isDeclaration() || hooks.contains(function.getName()))
      continue;
    if (!function.isIntrinsic())
      names.push_back(function.getName().str());
    else if (function.getIntrinsicID() == Intrinsic::memcpy)
      names.push_back("memcpy");
    else if (function.getIntrinsicID() == Intrinsic::memset)
      names.push_back("memset");
    else if (function.getIntrinsicID() == Intrinsic::memmove)
      names.push_back("memmove");
  }
  for (int round = 0; round < 8; ++round) {
    if (!names.empty()) {
      FailureOr<unsigned> found = link(names);
      if (failed(found))
        return failure();
      if (*found == 0 && round > 0)
        return mlir::emitError(loc)
               << "the code for this network calls functions that edgecc has "
                  "not: "
               << llvm::join(names, ", ");
      findHooks();
    }
    if (failed(generate(module, machine, CodeGenFileType::ObjectFile, object,
                        facts ? *facts : ownFacts, loc)))
      return failure();
    names = findUndefined(StringRef(object.data(), object.size()));
    llvm::erase_if(
        names, [&](const std::string &name) { return hooks.contains(name); });
    // Their stack is not ours.
    for (const auto &hook : hooks)
      (facts ? *facts : ownFacts).frames[hook.getKey()] = {};
    if (names.empty())
      return success();
  }
  return mlir::emitError(loc)
         << "the code generator calls " << llvm::join(names, ", ");
}

LogicalResult edgecc::emitAssembly(Module &module, TargetMachine &machine,
                                   SmallVectorImpl<char> &text,
                                   mlir::Location loc) {
  CodeFacts facts;
  return generate(module, machine, CodeGenFileType::AssemblyFile, text, facts,
                  loc);
}

SectionSizes edgecc::measureSections(StringRef object) {
  SectionSizes sizes;
  auto file =
      object::ObjectFile::createObjectFile(MemoryBufferRef(object, "object"));
  if (!file) {
    consumeError(file.takeError());
    return sizes;
  }
  for (const object::SectionRef &section : (*file)->sections()) {
    if (section.isText()) {
      sizes.code += section.getSize();
      continue;
    }
    if (section.isBSS()) {
      sizes.writable += section.getSize();
      continue;
    }
    if ((*file)->isELF()) {
      object::ELFSectionRef elf(section);
      if (!(elf.getFlags() & ELF::SHF_ALLOC))
        continue;
      StringRef name = cantFail(section.getName());
      bool isRelro = name.starts_with(".data.rel.ro");
      ((elf.getFlags() & ELF::SHF_WRITE) && !isRelro ? sizes.writable
                                                     : sizes.constants) +=
          section.getSize();
    } else if (section.isData()) {
      sizes.constants += section.getSize();
    }
  }
  return sizes;
}
