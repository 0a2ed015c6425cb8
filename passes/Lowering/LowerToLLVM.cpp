//===- LowerToLLVM.cpp - the conversion to the LLVM dialect -----*- C++ -*-===//
//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/Target/TargetDialect.h"
#include "passes/Lowering/Passes.h"

#include "mlir/Conversion/ArithToLLVM/ArithToLLVM.h"
#include "mlir/Conversion/ControlFlowToLLVM/ControlFlowToLLVM.h"
#include "mlir/Conversion/FuncToLLVM/ConvertFuncToLLVM.h"
#include "mlir/Conversion/IndexToLLVM/IndexToLLVM.h"
#include "mlir/Conversion/LLVMCommon/ConversionTarget.h"
#include "mlir/Conversion/LLVMCommon/LoweringOptions.h"
#include "mlir/Conversion/LLVMCommon/TypeConverter.h"
#include "mlir/Conversion/MathToLLVM/MathToLLVM.h"
#include "mlir/Conversion/MemRefToLLVM/MemRefToLLVM.h"
#include "mlir/Conversion/UBToLLVM/UBToLLVM.h"
#include "mlir/Conversion/VectorToLLVM/ConvertVectorToLLVM.h"
#include "mlir/Dialect/AMX/Transforms.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

namespace edgecc {
#define GEN_PASS_DEF_LOWERTOLLVMPASS
#include "passes/Lowering/Passes.h.inc"
} // namespace edgecc

using namespace mlir;
using namespace edgecc;

namespace {
struct LowerToLLVMPass : edgecc::impl::LowerToLLVMPassBase<LowerToLLVMPass> {
  void runOnOperation() override;
};
} // namespace

/// What cannot be in an object without a heap or a C library.
static LogicalResult verifyInput(ModuleOp module) {
  WalkResult result = module.walk([](Operation *op) {
    if (isa<memref::AllocOp, memref::DeallocOp, memref::ReallocOp>(op)) {
      op->emitOpError("must have been planned into the arena");
      return WalkResult::interrupt();
    }
    if (auto copy = dyn_cast<memref::CopyOp>(op)) {
      auto isContiguous = [](Value memref) {
        auto type = dyn_cast<MemRefType>(memref.getType());
        return type && type.areTrailingDimsContiguous(type.getRank());
      };
      if (!isContiguous(copy.getSource()) || !isContiguous(copy.getTarget())) {
        copy.emitOpError("of strided memory must have become a loop");
        return WalkResult::interrupt();
      }
    }
    return WalkResult::advance();
  });
  return failure(result.wasInterrupted());
}

/// What the conversion leaves undone: linkage, argument attributes that say
/// something of tensors and nothing to LLVM, and the loop annotations, which
/// as discardable attributes of a loop end up beside the branch's own.
static void finish(ModuleOp module) {
  for (auto function : module.getOps<LLVM::LLVMFuncOp>()) {
    for (unsigned i = 0; i < function.getNumArguments(); ++i) {
      SmallVector<NamedAttribute> kept;
      for (NamedAttribute attribute : llvm::ArrayRef<NamedAttribute>(
               function_interface_impl::getArgAttrs(function, i)))
        if (attribute.getName().getValue().starts_with("llvm."))
          kept.push_back(attribute);
      function.setArgAttrs(i, DictionaryAttr::get(module.getContext(), kept));
    }
    if (!function.isExternal() && SymbolTable::getSymbolVisibility(function) ==
                                      SymbolTable::Visibility::Private)
      function.setLinkage(LLVM::Linkage::Internal);
  }
  StringRef name = "llvm.loop_annotation";
  module.walk([&](Operation *op) {
    auto annotation = op->getAttrOfType<LLVM::LoopAnnotationAttr>(name);
    if (!annotation)
      return;
    op->removeAttr(name);
    if (auto branch = dyn_cast<LLVM::BrOp>(op))
      branch.setLoopAnnotationAttr(annotation);
    else if (auto branch = dyn_cast<LLVM::CondBrOp>(op))
      branch.setLoopAnnotationAttr(annotation);
  });
}

/// A vector that is only loaded to become one number is loaded as that: not all
/// code generators see that it need not go through a vector register.
static void loadNumbers(ModuleOp module) {
  module.walk([](LLVM::BitcastOp cast) {
    auto load = cast.getArg().getDefiningOp<LLVM::LoadOp>();
    if (!load || !load->hasOneUse() || !cast.getType().isInteger())
      return;
    OpBuilder builder(load);
    Value number =
        LLVM::LoadOp::create(builder, load.getLoc(), cast.getType(),
                             load.getAddr(), load.getAlignment().value_or(1));
    cast.replaceAllUsesWith(number);
    cast.erase();
    load.erase();
  });
}

void LowerToLLVMPass::runOnOperation() {
  ModuleOp module = getOperation();
  target::CpuAttr cpu = target::getCpu(module);
  if (!cpu) {
    module.emitError("the module has no 'target.cpu'");
    return signalPassFailure();
  }
  if (failed(verifyInput(module)))
    return signalPassFailure();

  MLIRContext *context = &getContext();
  LowerToLLVMOptions options(context);
  options.useBarePtrCallConv = true;
  options.allocLowering = LowerToLLVMOptions::AllocLowering::None;
  options.overrideIndexBitwidth(cpu.getIndexBits());
  LLVMTypeConverter converter(context, options);
  SymbolTableCollection symbols;

  RewritePatternSet patterns(context);
  arith::populateArithToLLVMConversionPatterns(converter, patterns);
  cf::populateControlFlowToLLVMConversionPatterns(converter, patterns);
  populateFuncToLLVMConversionPatterns(converter, patterns, &symbols);
  index::populateIndexToLLVMConversionPatterns(converter, patterns);
  populateMathToLLVMConversionPatterns(converter, patterns,
                                       /*approximateLog1p=*/false);
  populateFinalizeMemRefToLLVMConversionPatterns(converter, patterns, &symbols);
  ub::populateUBToLLVMConversionPatterns(converter, patterns);
  populateVectorToLLVMConversionPatterns(converter, patterns,
                                         /*reassociateFPReductions=*/true,
                                         /*force32BitVectorIndices=*/true);

  populateAMXLegalizeForLLVMExportPatterns(converter, patterns);

  LLVMConversionTarget target(*context);
  configureAMXLegalizeForExportTarget(target);
  target.addLegalOp<ModuleOp>();
  if (failed(applyFullConversion(module, target, std::move(patterns))))
    return signalPassFailure();
  finish(module);
  loadNumbers(module);
}
