//===- FixedPointConversions.cpp - a fault of LLVM for Helium ---*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "codegen/object/FixedPointConversions.h"

#include "llvm/IR/Constants.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/InlineAsm.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/IR/Module.h"
#include "llvm/MC/MCSubtargetInfo.h"
#include "llvm/Target/TargetMachine.h"

using namespace llvm;

/// Whether any use of `product` makes integers of it.
static bool becomesInteger(const Instruction &product) {
  return any_of(product.users(), [](const User *user) {
    if (isa<FPToSIInst, FPToUIInst>(user))
      return true;
    auto *call = dyn_cast<IntrinsicInst>(user);
    return call && (call->getIntrinsicID() == Intrinsic::fptosi_sat ||
                    call->getIntrinsicID() == Intrinsic::fptoui_sat);
  });
}

/// The factor of a product that LLVM may join with a conversion; null for any
/// other instruction. A sum with itself is one.
static ConstantFP *findFactor(Instruction &op) {
  auto *vector = dyn_cast<VectorType>(op.getType());
  if (!vector || op.getNumOperands() != 2)
    return nullptr;
  if (op.getOpcode() == Instruction::FAdd)
    return op.getOperand(0) == op.getOperand(1) && becomesInteger(op)
               ? cast<ConstantFP>(
                     ConstantFP::get(vector->getElementType(), 2.0))
               : nullptr;
  auto *constant = dyn_cast<Constant>(op.getOperand(1));
  if (op.getOpcode() != Instruction::FMul || !constant)
    return nullptr;
  auto *factor = dyn_cast_or_null<ConstantFP>(constant->getSplatValue());
  bool isPower = factor && factor->getValueAPF().getExactInverse(nullptr);
  bool isJoined =
      isa<SIToFPInst, UIToFPInst>(op.getOperand(0)) || becomesInteger(op);
  return isPower && isJoined ? factor : nullptr;
}

/// All elements `factor`, which the code generator does not see.
static Value *hide(IRBuilder<> &builder, ConstantFP *factor, Type *type) {
  Type *word = builder.getInt32Ty();
  auto *same = InlineAsm::get(FunctionType::get(word, {word}, false), "",
                              "=r,0", /*hasSideEffects=*/false);
  APInt bits = factor->getValueAPF().bitcastToAPInt();
  Value *hidden =
      builder.CreateCall(same, {builder.getInt(bits.zextOrTrunc(32))});
  hidden = builder.CreateTrunc(hidden, builder.getIntNTy(bits.getBitWidth()));
  hidden = builder.CreateBitCast(hidden, factor->getType());
  return builder.CreateVectorSplat(cast<VectorType>(type)->getElementCount(),
                                   hidden);
}

void edgecc::avoidFixedPointConversions(Module &module,
                                        const TargetMachine &machine) {
  if (!machine.getTargetTriple().isThumb() ||
      !machine.getMCSubtargetInfo()->checkFeatures("+mve.fp"))
    return;
  SmallVector<std::pair<Instruction *, ConstantFP *>> found;
  for (Function &function : module)
    for (Instruction &op : instructions(function))
      if (ConstantFP *factor = findFactor(op))
        found.emplace_back(&op, factor);
  for (auto [op, factor] : found) {
    IRBuilder<> builder(op);
    builder.setFastMathFlags(op->getFastMathFlags());
    Value *product = builder.CreateFMul(op->getOperand(0),
                                        hide(builder, factor, op->getType()));
    op->replaceAllUsesWith(product);
    op->eraseFromParent();
  }
}
