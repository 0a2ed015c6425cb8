//===- Registration.cpp - all dialects and passes ---------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "compiler/pipeline/Registration.h"
#include "codegen/kernels/KernelInterface.h"
#include "codegen/kernels/Passes.h"
#include "codegen/npu/Npu.h"
#include "dialects/Edge/EdgeDialect.h"
#include "dialects/Onnx/OnnxOps.h"
#include "dialects/Target/TargetDialect.h"
#include "passes/Bounds/Passes.h"
#include "passes/Fusion/Passes.h"
#include "passes/Layout/Passes.h"
#include "passes/Lowering/Passes.h"
#include "passes/Memory/Passes.h"
#include "passes/OnnxToEdge/Passes.h"
#include "passes/Place/Passes.h"
#include "passes/Prune/Passes.h"
#include "passes/Quantization/Passes.h"
#include "passes/Schedule/Passes.h"
#include "passes/Transforms/Passes.h"

#include "mlir/Conversion/Passes.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlow.h"
#include "mlir/Dialect/Func/Extensions/InlinerExtension.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Func/Transforms/Passes.h"
#include "mlir/Dialect/Index/IR/IndexDialect.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/MemRef/Transforms/Passes.h"
#include "mlir/Dialect/Quant/IR/Quant.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/UB/IR/UBOps.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;

void edgecc::registerDialects(DialectRegistry &registry) {
  registry.insert<affine::AffineDialect, arith::ArithDialect,
                  cf::ControlFlowDialect, func::FuncDialect,
                  index::IndexDialect, LLVM::LLVMDialect, math::MathDialect,
                  memref::MemRefDialect, quant::QuantDialect, scf::SCFDialect,
                  ub::UBDialect, vector::VectorDialect>();
  registry
      .insert<edge::EdgeDialect, onnx::OnnxDialect, target::TargetDialect>();
  kernels::registerKernels(registry);
  func::registerInlinerExtension(registry);
  registerBuiltinDialectTranslation(registry);
  registerLLVMDialectTranslation(registry);
}

void edgecc::registerPasses() {
  mlir::registerTransformsPasses();
  func::registerFuncPasses();
  memref::registerExpandStridedMetadataPass();
  registerSCFToControlFlowPass();
  registerLowerAffinePass();

  bounds::registerBoundsPasses();
  fusion::registerFusionPasses();
  kernels::registerKernelsPasses();
  layout::registerLayoutPasses();
  memory::registerMemoryPasses();
  npu::registerNpuPasses();
  place::registerPlacePasses();
  prune::registerPrunePasses();
  quantization::registerQuantizationPasses();
  registerLoweringPasses();
  registerOnnxToEdgePasses();
  schedule::registerSchedulePasses();
  transforms::registerTransformsPasses();
}
