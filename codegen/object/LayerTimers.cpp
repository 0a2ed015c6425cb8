//===- LayerTimers.cpp - measures kernels where they run --------*- C++ -*-===//
//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "codegen/object/LayerTimers.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/Module.h"

using namespace llvm;
using namespace edgecc;

std::string edgecc::layerTimersSymbol(StringRef name) {
  return (name + "_layer_times").str();
}

/// Reads a clock; not every architecture lets programs read cycles.
static Value *readClock(IRBuilder<> &builder, const Triple &triple) {
  return builder.CreateIntrinsic(triple.isX86() ? Intrinsic::readcyclecounter
                                                : Intrinsic::readsteadycounter,
                                 {});
}

void edgecc::addLayerTimers(Module &module, StringRef name) {
  SmallVector<CallInst *> calls;
  for (Instruction &instruction : instructions(module.getFunction("network")))
    if (auto *call = dyn_cast<CallInst>(&instruction))
      if (Function *callee = call->getCalledFunction();
          callee && callee->getName().starts_with("kernel_"))
        calls.push_back(call);
  Type *i64 = Type::getInt64Ty(module.getContext());
  SmallVector<uint64_t> initial(1 + calls.size());
  initial[0] = calls.size();
  Constant *value = ConstantDataArray::get(module.getContext(), initial);
  Type *type = value->getType();
  auto *times = new GlobalVariable(module, type, /*isConstant=*/false,
                                   GlobalValue::ExternalLinkage, value,
                                   layerTimersSymbol(name));
  for (auto [index, call] : enumerate(calls)) {
    IRBuilder<> builder(call);
    Value *start = readClock(builder, module.getTargetTriple());
    builder.SetInsertPoint(call->getNextNode());
    Value *end = readClock(builder, module.getTargetTriple());
    Value *place =
        builder.CreateConstInBoundsGEP2_64(type, times, 0, 1 + index);
    Value *sum = builder.CreateAdd(builder.CreateLoad(i64, place),
                                   builder.CreateSub(end, start));
    builder.CreateStore(sum, place);
  }
}
