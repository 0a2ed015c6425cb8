//===- MaskSelects.cpp - selects without branches ---------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "codegen/object/MaskSelects.h"

#include "llvm/IR/Constants.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/InlineAsm.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/IR/Module.h"
#include "llvm/IR/PatternMatch.h"
#include "llvm/MC/MCSubtargetInfo.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/Transforms/Utils/Local.h"

using namespace llvm;
using namespace llvm::PatternMatch;

namespace {

/// What a machine has instructions for.
struct Abilities {
  /// Comparisons that set a register.
  bool hasSet = false;
  bool hasF32 = false, hasF64 = false;
};

/// Makes masks, words of ones or of zeros, of conditions.
class MaskBuilder {
public:
  MaskBuilder(Module &module, Abilities abilities)
      : builder(module.getContext()), abilities(abilities),
        wordBits(module.getDataLayout().getPointerSizeInBits()),
        word(builder.getIntNTy(wordBits)) {}

  /// Puts something else in the place of `op`, if it would become a branch.
  bool replace(Instruction &op);

private:
  /// Whether a number made of `condition` would be.
  bool isBranched(Value *condition) const;
  Value *maskOf(Value *condition);
  Value *maskOfComparison(ICmpInst::Predicate predicate, Value *a, Value *b);
  Value *maskOfWords(ICmpInst::Predicate predicate, Value *a, Value *b);
  /// Comparisons of floats, by their bits.
  Value *maskOfFloats(FCmpInst::Predicate predicate, Value *a, Value *b);
  /// Whether bits are from `least` to `most`, as numbers without sign.
  Value *maskOfRange(Value *bits, const APInt &least, const APInt &most);
  Value *select(Value *condition, Value *a, Value *b);
  Value *chooseBits(Value *mask, Value *a, Value *b);
  Value *hide(Value *mask);
  Value *complement(Value *mask) { return builder.CreateNot(mask); }
  /// The upper word of a difference of two words, extended to two.
  Value *borrow(Value *a, Value *b, bool isSigned);

  IRBuilder<> builder;
  Abilities abilities;
  unsigned wordBits;
  IntegerType *word;
};

} // namespace

/// The code generator must not see what values a mask has: it would branch.
Value *MaskBuilder::hide(Value *mask) {
  auto *same = InlineAsm::get(FunctionType::get(word, {word}, false), "",
                              "=r,0", /*hasSideEffects=*/false);
  return builder.CreateCall(same, {mask});
}

Value *MaskBuilder::borrow(Value *a, Value *b, bool isSigned) {
  Type *wide = builder.getIntNTy(2 * wordBits);
  Value *difference =
      builder.CreateSub(builder.CreateIntCast(a, wide, isSigned),
                        builder.CreateIntCast(b, wide, isSigned));
  return hide(
      builder.CreateTrunc(builder.CreateLShr(difference, wordBits), word));
}

Value *MaskBuilder::maskOfWords(ICmpInst::Predicate predicate, Value *a,
                                Value *b) {
  if (abilities.hasSet)
    return hide(builder.CreateSExt(builder.CreateICmp(predicate, a, b), word));
  bool isSigned = ICmpInst::isSigned(predicate);
  Value *zero = ConstantInt::get(word, 0);
  switch (predicate) {
  case ICmpInst::ICMP_EQ:
    return complement(maskOfWords(ICmpInst::ICMP_NE, a, b));
  case ICmpInst::ICMP_NE:
    return borrow(zero, builder.CreateXor(a, b), false);
  case ICmpInst::ICMP_SLT:
    if (match(b, m_Zero()))
      return hide(builder.CreateAShr(a, wordBits - 1));
    [[fallthrough]];
  case ICmpInst::ICMP_ULT:
    return borrow(a, b, isSigned);
  case ICmpInst::ICMP_SGT:
  case ICmpInst::ICMP_UGT:
    return maskOfWords(ICmpInst::getSwappedPredicate(predicate), b, a);
  default:
    return complement(
        maskOfWords(ICmpInst::getInversePredicate(predicate), a, b));
  }
}

Value *MaskBuilder::maskOfComparison(ICmpInst::Predicate predicate, Value *a,
                                     Value *b) {
  if (a->getType()->isPointerTy()) {
    a = builder.CreatePtrToInt(a, word);
    b = builder.CreatePtrToInt(b, word);
  }
  unsigned width = a->getType()->getIntegerBitWidth();
  bool isSigned = ICmpInst::isSigned(predicate);
  if (width <= wordBits)
    return maskOfWords(predicate, builder.CreateIntCast(a, word, isSigned),
                       builder.CreateIntCast(b, word, isSigned));
  // By halves.
  auto lower = [&](Value *v) { return builder.CreateTrunc(v, word); };
  auto upper = [&](Value *v) {
    v = isSigned ? builder.CreateAShr(v, wordBits)
                 : builder.CreateLShr(v, wordBits);
    return builder.CreateTrunc(v, word);
  };
  if (ICmpInst::isEquality(predicate)) {
    Value *different = builder.CreateXor(a, b);
    return maskOfWords(predicate,
                       builder.CreateOr(lower(different), upper(different)),
                       ConstantInt::get(word, 0));
  }
  Value *above =
      maskOfWords(ICmpInst::getStrictPredicate(predicate), upper(a), upper(b));
  Value *equal = maskOfWords(ICmpInst::ICMP_EQ, upper(a), upper(b));
  Value *below = maskOfWords(ICmpInst::getUnsignedPredicate(predicate),
                             lower(a), lower(b));
  return builder.CreateOr(above, builder.CreateAnd(equal, below));
}

Value *MaskBuilder::maskOfRange(Value *bits, const APInt &least,
                                const APInt &most) {
  Value *above = builder.CreateSub(bits, builder.getInt(least));
  return maskOfComparison(ICmpInst::ICMP_ULE, above,
                          builder.getInt(most - least));
}

Value *MaskBuilder::maskOfFloats(FCmpInst::Predicate predicate, Value *a,
                                 Value *b) {
  if (predicate == FCmpInst::FCMP_UEQ)
    return builder.CreateOr(maskOfFloats(FCmpInst::FCMP_OEQ, a, b),
                            maskOfFloats(FCmpInst::FCMP_UNO, a, b));
  if (FCmpInst::isUnordered(predicate) || predicate == FCmpInst::FCMP_ONE)
    return complement(
        maskOfFloats(FCmpInst::getInversePredicate(predicate), a, b));
  const fltSemantics &format = a->getType()->getFltSemantics();
  APInt infinity = APFloat::getInf(format).bitcastToAPInt();
  APInt sign = APInt::getSignMask(infinity.getBitWidth());
  Type *type = builder.getIntNTy(infinity.getBitWidth());
  auto bitsOf = [&](Value *v) { return builder.CreateBitCast(v, type); };
  const APFloat *bound;
  // A number above a positive one is a range of bits.
  if (predicate == FCmpInst::FCMP_OGT && match(b, m_APFloat(bound)) &&
      !bound->isNaN() && !bound->isNegative())
    return maskOfRange(bitsOf(a), bound->bitcastToAPInt() + 1, infinity);
  auto sizeOf = [&](Value *v) {
    return builder.CreateAnd(bitsOf(v), builder.getInt(~sign));
  };
  auto isNumber = [&](Value *v) -> Value * {
    if (match(v, m_APFloat(bound)) && !bound->isNaN())
      return ConstantInt::getAllOnesValue(word);
    return maskOfComparison(ICmpInst::ICMP_ULE, sizeOf(v),
                            builder.getInt(infinity));
  };
  Value *ordered = builder.CreateAnd(isNumber(a), isNumber(b));
  // An integer that compares alike: zeros are one.
  auto orderOf = [&](Value *v) {
    Value *minus = builder.CreateAShr(bitsOf(v), infinity.getBitWidth() - 1);
    return builder.CreateSub(builder.CreateXor(sizeOf(v), minus), minus);
  };
  ICmpInst::Predicate alike;
  switch (predicate) {
  case FCmpInst::FCMP_ORD:
    return ordered;
  case FCmpInst::FCMP_OEQ:
    alike = ICmpInst::ICMP_EQ;
    break;
  case FCmpInst::FCMP_OGT:
    alike = ICmpInst::ICMP_SGT;
    break;
  case FCmpInst::FCMP_OGE:
    alike = ICmpInst::ICMP_SGE;
    break;
  case FCmpInst::FCMP_OLT:
    alike = ICmpInst::ICMP_SLT;
    break;
  default:
    alike = ICmpInst::ICMP_SLE;
    break;
  }
  return builder.CreateAnd(ordered,
                           maskOfComparison(alike, orderOf(a), orderOf(b)));
}

Value *MaskBuilder::maskOf(Value *condition) {
  Value *a, *b;
  if (auto *constant = dyn_cast<ConstantInt>(condition))
    return ConstantInt::getSigned(word, constant->isOne() ? -1 : 0);
  if (match(condition, m_Not(m_Value(a))))
    return complement(maskOf(a));
  if (match(condition, m_LogicalAnd(m_Value(a), m_Value(b))))
    return builder.CreateAnd(maskOf(a), maskOf(b));
  if (match(condition, m_LogicalOr(m_Value(a), m_Value(b))))
    return builder.CreateOr(maskOf(a), maskOf(b));
  if (match(condition, m_Xor(m_Value(a), m_Value(b))))
    return builder.CreateXor(maskOf(a), maskOf(b));
  if (auto *comparison = dyn_cast<ICmpInst>(condition))
    if (auto *type = comparison->getOperand(0)->getType();
        type->isPointerTy() ||
        type->getScalarSizeInBits() <= 2 * uint64_t(wordBits))
      return maskOfComparison(comparison->getPredicate(),
                              comparison->getOperand(0),
                              comparison->getOperand(1));
  if (auto *comparison = dyn_cast<FCmpInst>(condition))
    if (Type *type = comparison->getOperand(0)->getType();
        comparison->getPredicate() != FCmpInst::FCMP_FALSE &&
        comparison->getPredicate() != FCmpInst::FCMP_TRUE &&
        ((type->isFloatTy() && !abilities.hasF32) ||
         (type->isDoubleTy() && !abilities.hasF64)))
      return maskOfFloats(comparison->getPredicate(), comparison->getOperand(0),
                          comparison->getOperand(1));
  return hide(builder.CreateSExt(condition, word));
}

Value *MaskBuilder::chooseBits(Value *mask, Value *a, Value *b) {
  Type *type = a->getType();
  mask = builder.CreateSExtOrTrunc(mask, type);
  if (match(b, m_Zero()))
    return builder.CreateAnd(a, mask);
  if (match(a, m_Zero()))
    return builder.CreateAnd(b, complement(mask));
  if (match(a, m_AllOnes()))
    return builder.CreateOr(b, mask);
  Value *bits = builder.CreateAnd(builder.CreateXor(a, b), mask);
  return builder.CreateXor(bits, b);
}

Value *MaskBuilder::select(Value *condition, Value *a, Value *b) {
  Type *type = a->getType();
  if (type->isIntegerTy(1))
    return nullptr;
  if (type->isPointerTy())
    return builder.CreateIntToPtr(chooseBits(maskOf(condition),
                                             builder.CreatePtrToInt(a, word),
                                             builder.CreatePtrToInt(b, word)),
                                  type);
  if (!type->isIntegerTy() && !type->isFloatingPointTy())
    return nullptr;
  Type *bits = builder.getIntNTy(type->getPrimitiveSizeInBits());
  return builder.CreateBitCast(chooseBits(maskOf(condition),
                                          builder.CreateBitCast(a, bits),
                                          builder.CreateBitCast(b, bits)),
                               type);
}

bool MaskBuilder::isBranched(Value *condition) const {
  auto *comparison = dyn_cast<CmpInst>(condition);
  if (!comparison || !comparison->getType()->isIntegerTy(1))
    return false;
  Type *type = comparison->getOperand(0)->getType();
  return !abilities.hasSet || type->getScalarSizeInBits() > wordBits;
}

bool MaskBuilder::replace(Instruction &op) {
  builder.SetInsertPoint(&op);
  Value *result = nullptr;
  if (auto *choice = dyn_cast<SelectInst>(&op)) {
    if (choice->getCondition()->getType()->isIntegerTy(1))
      result = select(choice->getCondition(), choice->getTrueValue(),
                      choice->getFalseValue());
  } else if (auto *extremum = dyn_cast<MinMaxIntrinsic>(&op)) {
    Value *a = extremum->getLHS(), *b = extremum->getRHS();
    Type *type = op.getType();
    CmpInst::Predicate predicate = extremum->getPredicate();
    // Equal numbers are alike; the sign of one says whether it is below zero.
    if (match(b, m_Zero()))
      predicate = ICmpInst::getNonStrictPredicate(predicate);
    if (type->isIntegerTy())
      result = chooseBits(maskOfComparison(predicate, a, b), a, b);
  } else if (Value *number;
             match(&op, m_Intrinsic<Intrinsic::abs>(m_Value(number))) &&
             op.getType()->isIntegerTy() &&
             op.getType()->getIntegerBitWidth() > wordBits) {
    unsigned width = op.getType()->getIntegerBitWidth();
    Value *minus =
        hide(builder.CreateTrunc(builder.CreateAShr(number, width - 1), word));
    minus = builder.CreateSExt(minus, op.getType());
    result = builder.CreateSub(builder.CreateXor(number, minus), minus);
  } else if (isa<ZExtInst, SExtInst>(op) && isBranched(op.getOperand(0))) {
    result = builder.CreateSExtOrTrunc(maskOf(op.getOperand(0)), op.getType());
    if (isa<ZExtInst>(op))
      result = builder.CreateAnd(result, ConstantInt::get(op.getType(), 1));
  }
  if (!result)
    return false;
  op.replaceAllUsesWith(result);
  RecursivelyDeleteTriviallyDeadInstructions(&op);
  return true;
}

void edgecc::selectByMasks(Module &module, const TargetMachine &machine) {
  const Triple &triple = machine.getTargetTriple();
  const MCSubtargetInfo &subtarget = *machine.getMCSubtargetInfo();
  Abilities abilities;
  if (triple.isRISCV()) {
    if (subtarget.checkFeatures("+zicond"))
      return;
    abilities = {true, subtarget.checkFeatures("+f"),
                 subtarget.checkFeatures("+d")};
  } else if (!triple.isThumb() || subtarget.checkFeatures("+thumb2")) {
    return;
  }
  SmallVector<WeakTrackingVH> found;
  for (Function &function : module)
    for (Instruction &op : instructions(function))
      found.push_back(&op);
  MaskBuilder builder(module, abilities);
  for (WeakTrackingVH &op : found)
    if (op)
      builder.replace(*cast<Instruction>(op));
}
