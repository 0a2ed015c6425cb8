//===- EstimateQuotients.cpp - quotients without division -------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
//
// a / d from the machine's estimate r of 1 / d: Newton's steps until r has half
// of the digits, then q = a r, and q + r (a - d q) in two fused multiply-adds.
// The last step corrects q by what is left of a, which is exact but for digits
// far below its last one. Where a may be infinite, nothing may be left of it:
// the last step then corrects r, and a is multiplied by that.
//
//===----------------------------------------------------------------------===//

#include "codegen/cpu/ResolveCpu.h"
#include "codegen/cpu/SubtargetFacts.h"
#include "codegen/kernels/Contractions.h"
#include "codegen/kernels/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "llvm/MC/MCSubtargetInfo.h"
#include "llvm/TargetParser/Triple.h"

namespace edgecc::kernels {
#define GEN_PASS_DEF_ESTIMATEQUOTIENTS
#include "codegen/kernels/Passes.h.inc"
} // namespace edgecc::kernels

using namespace mlir;
using namespace edgecc;
using namespace edgecc::kernels;

namespace {

/// An instruction that estimates reciprocals of `lanes` elements of f32.
struct Estimate {
  int64_t lanes;
  StringLiteral features, name;
  /// Bits of the mask, an operand beside what disabled lanes keep; 0 for none.
  unsigned maskBits;
  /// What computes 2 - a b, once; empty where the estimate has half of the
  /// digits.
  StringLiteral step;
};

constexpr Estimate estimates[] = {
    {16, "+avx512f", "llvm.x86.avx512.rcp14.ps.512", 16, ""},
    {8, "+avx512f,+avx512vl", "llvm.x86.avx512.rcp14.ps.256", 8, ""},
    {4, "+avx512f,+avx512vl", "llvm.x86.avx512.rcp14.ps.128", 8, ""},
    {4, "+neon", "llvm.aarch64.neon.frecpe.v4f32", 0,
     "llvm.aarch64.neon.frecps.v4f32"},
};

struct EstimateQuotients
    : kernels::impl::EstimateQuotientsBase<EstimateQuotients> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    target::CpuAttr cpu = requireCpu(module);
    if (!cpu)
      return signalPassFailure();
    SmallVector<Estimate> usable;
    if (!module->hasAttr(smallCodeAttrName))
      usable = listEstimates(cpu);
    module.walk([&](arith::DivFOp op) {
      if (!arith::bitEnumContainsAll(op.getFastmath(),
                                     arith::FastMathFlags::arcp))
        return;
      auto type = dyn_cast<VectorType>(op.getType());
      const Estimate *estimate = llvm::find_if(usable, [&](const Estimate &e) {
        return type && type.getRank() == 1 && type.getElementType().isF32() &&
               type.getDimSize(0) == e.lanes;
      });
      if (estimate != usable.end()) {
        replace(op, type, *estimate);
        ++numReplaced;
        return;
      }
      // What LLVM would make of it has fewer digits.
      op.setFastmath(arith::FastMathFlags::none);
    });
  }

private:
  static SmallVector<Estimate> listEstimates(target::CpuAttr cpu) {
    llvm::Triple triple(cpu.getTriple());
    initializeTargets();
    auto subtarget = createSubtarget(triple, cpu.getCpu(), cpu.getFeatures());
    SmallVector<Estimate> usable;
    for (const Estimate &estimate : estimates) {
      bool isOurs = estimate.name.starts_with("llvm.x86") ? triple.isX86()
                                                          : triple.isAArch64();
      if (isOurs && subtarget &&
          subtarget->checkFeatures(estimate.features.str()))
        usable.push_back(estimate);
    }
    return usable;
  }

  static void replace(arith::DivFOp op, VectorType type,
                      const Estimate &estimate) {
    ImplicitLocOpBuilder b(op.getLoc(), op);
    Value a = op.getLhs(), d = op.getRhs();
    auto call = [&](StringRef name, ValueRange operands) -> Value {
      return LLVM::CallIntrinsicOp::create(b, type, b.getStringAttr(name),
                                           operands)
          .getResults();
    };
    SmallVector<Value> operands{d};
    if (estimate.maskBits) {
      operands.push_back(arith::ConstantOp::create(b, b.getZeroAttr(type)));
      operands.push_back(arith::ConstantOp::create(
          b, b.getIntegerAttr(b.getIntegerType(estimate.maskBits), -1)));
    }
    Value r = call(estimate.name, operands);
    if (!estimate.step.empty())
      r = arith::MulFOp::create(b, r, call(estimate.step, {d, r}));
    bool isFinite =
        arith::bitEnumContainsAll(op.getFastmath(), arith::FastMathFlags::ninf);
    Value whole = a;
    if (!isFinite)
      whole = arith::ConstantOp::create(b, b.getOneAttr(type));
    Value near = isFinite ? arith::MulFOp::create(b, a, r).getResult() : r;
    Value rest =
        math::FmaOp::create(b, arith::NegFOp::create(b, d), near, whole);
    Value quotient = math::FmaOp::create(b, rest, r, near);
    if (!isFinite)
      quotient = arith::MulFOp::create(b, a, quotient);
    op.replaceAllUsesWith(quotient);
    op.erase();
  }
};

} // namespace
