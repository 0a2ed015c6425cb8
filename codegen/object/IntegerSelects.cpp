//===- IntegerSelects.cpp - selects of bf16 by their bits -------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "codegen/object/IntegerSelects.h"

#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/Module.h"

using namespace llvm;

void edgecc::selectBits(Module &module) {
  SmallVector<SelectInst *> found;
  for (Function &function : module)
    for (Instruction &op : instructions(function))
      if (auto *select = dyn_cast<SelectInst>(&op);
          select && select->getType()->getScalarType()->isBFloatTy())
        found.push_back(select);
  for (SelectInst *select : found) {
    IRBuilder<> builder(select);
    Type *type = select->getType();
    Type *bits = type->getWithNewType(builder.getInt16Ty());
    Value *result = builder.CreateSelect(
        select->getCondition(),
        builder.CreateBitCast(select->getTrueValue(), bits),
        builder.CreateBitCast(select->getFalseValue(), bits));
    select->replaceAllUsesWith(builder.CreateBitCast(result, type));
    select->eraseFromParent();
  }
}
