//===- HelperFunctions.cpp - what code generators call ----------*- C++ -*-===//
//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "codegen/object/HelperFunctions.h"

#include "dialects/Target/Hooks.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Bitcode/BitcodeReader.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/Module.h"
#include "llvm/Linker/Linker.h"
#include "llvm/Transforms/Utils/ModuleUtils.h"

using namespace llvm;
using namespace edgecc;

namespace {

constexpr unsigned char fixed32[] = {
#include "codegen/object/fixed32.bc.inc"
};
constexpr unsigned char fixed64[] = {
#include "codegen/object/fixed64.bc.inc"
};
constexpr unsigned char integer32[] = {
#include "codegen/object/integer32.bc.inc"
};
constexpr unsigned char integer64[] = {
#include "codegen/object/integer64.bc.inc"
};
constexpr unsigned char math32[] = {
#include "codegen/object/math32.bc.inc"
};
constexpr unsigned char math64[] = {
#include "codegen/object/math64.bc.inc"
};
constexpr unsigned char memory32[] = {
#include "codegen/object/memory32.bc.inc"
};
constexpr unsigned char memory64[] = {
#include "codegen/object/memory64.bc.inc"
};
constexpr unsigned char softF32Of32[] = {
#include "codegen/object/soft_f3232.bc.inc"
};
constexpr unsigned char softF32Of64[] = {
#include "codegen/object/soft_f3264.bc.inc"
};
constexpr unsigned char softF64Of32[] = {
#include "codegen/object/soft_f6432.bc.inc"
};
constexpr unsigned char softF64Of64[] = {
#include "codegen/object/soft_f6464.bc.inc"
};
// What the plug-ins for NPUs bring: driver<i>Of32, driver<i>Of64.
#include "codegen/object/NpuDrivers.inc"

/// One source for both widths of pointers.
struct HelperSource {
  ArrayRef<unsigned char> of32, of64;
  /// Whether it is the driver of an NPU: whoever links the object defines what
  /// it calls and has not.
  bool isDriver = false;
};

} // namespace

static ArrayRef<HelperSource> getSources() {
  static constexpr HelperSource sources[] = {
      {memory32, memory64},       {integer32, integer64},
      {softF32Of32, softF32Of64}, {softF64Of32, softF64Of64},
      {math32, math64},           {fixed32, fixed64},
      EDGECC_NPU_DRIVERS};
  return sources;
}

/// Makes neutral code a part of the target's: no attributes of the machine
/// that it was compiled for, the target's own instead.
static void adopt(Module &helpers, const Module &module, bool isDriver) {
  helpers.setTargetTriple(module.getTargetTriple());
  helpers.setDataLayout(module.getDataLayout());
  if (NamedMDNode *flags = helpers.getModuleFlagsMetadata())
    helpers.eraseNamedMetadata(flags);
  for (Function &function : helpers) {
    bool mayRecurse = !function.hasFnAttribute(Attribute::NoRecurse);
    function.setAttributes(AttributeList());
    function.setDoesNotThrow();
    if (!mayRecurse)
      function.setDoesNotRecurse();
    if (isDriver && function.isDeclaration() && !function.isIntrinsic())
      function.addFnAttr(target::hookAttrName);
    // The run-time functions of the Arm ABI pass floats in integer registers,
    // whatever the rest of the program does.
    if (function.getName().starts_with("__aeabi_"))
      function.setCallingConv(CallingConv::ARM_AAPCS);
  }
}

/// Adds the two division functions of the Arm ABI that return two numbers of
/// 64 bits in registers, for which C has no type.
static void addDivMod(Module &module, StringRef name, StringRef divide,
                      StringSet<> &wanted) {
  auto *i64 = Type::getInt64Ty(module.getContext());
  auto callee = module.getOrInsertFunction(
      divide, FunctionType::get(i64, {i64, i64}, false));
  wanted.insert(divide);
  auto *pair = StructType::get(i64, i64);
  auto *function = Function::Create(FunctionType::get(pair, {i64, i64}, false),
                                    GlobalValue::InternalLinkage, name, module);
  function->setCallingConv(CallingConv::ARM_AAPCS);
  function->setDoesNotThrow();
  IRBuilder<> builder(BasicBlock::Create(module.getContext(), "", function));
  Value *a = function->getArg(0), *b = function->getArg(1);
  Value *quotient = builder.CreateCall(callee, {a, b});
  Value *rest = builder.CreateSub(a, builder.CreateMul(quotient, b));
  Value *result = PoisonValue::get(pair);
  result = builder.CreateInsertValue(result, quotient, 0);
  builder.CreateRet(builder.CreateInsertValue(result, rest, 1));
  appendToCompilerUsed(module, {function});
}

Expected<unsigned> edgecc::linkHelperFunctions(Module &module,
                                               ArrayRef<std::string> symbols) {
  StringSet<> wanted;
  for (StringRef symbol : symbols)
    wanted.insert(symbol);
  unsigned found = 0;
  for (auto [name, divide] : {std::pair("__aeabi_uldivmod", "__udivdi3"),
                              std::pair("__aeabi_ldivmod", "__divdi3")})
    if (wanted.contains(name)) {
      addDivMod(module, name, divide, wanted);
      ++found;
    }

  bool is64Bit = module.getDataLayout().getPointerSizeInBits() == 64;
  for (const HelperSource &source : getSources()) {
    ArrayRef<unsigned char> bitcode = is64Bit ? source.of64 : source.of32;
    MemoryBufferRef buffer(
        StringRef(reinterpret_cast<const char *>(bitcode.data()),
                  bitcode.size()),
        "edgecc helper functions");
    auto helpers = parseBitcodeFile(buffer, module.getContext());
    if (!helpers)
      return helpers.takeError();
    adopt(**helpers, module, source.isDriver);
    // A use of the symbol makes the linker take it. One that exists, because
    // an earlier round has linked it, is not touched.
    SmallVector<std::string> taken;
    for (Function &function : **helpers) {
      if (function.isDeclaration() || !wanted.contains(function.getName()))
        continue;
      Function *existing = module.getFunction(function.getName());
      if (existing && !existing->isDeclaration())
        continue;
      if (!existing) {
        existing = Function::Create(function.getFunctionType(),
                                    GlobalValue::ExternalLinkage,
                                    function.getName(), module);
        existing->setCallingConv(function.getCallingConv());
      }
      taken.push_back(function.getName().str());
    }
    if (taken.empty())
      continue;
    found += taken.size();
    if (Linker::linkModules(module, std::move(*helpers),
                            Linker::LinkOnlyNeeded))
      return createStringError("the helper functions do not link");
    for (StringRef name : taken)
      appendToCompilerUsed(module, {module.getFunction(name)});
  }
  return found;
}
