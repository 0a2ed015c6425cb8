//===- KernelInterface.cpp - the kernels and their operations ---*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "codegen/kernels/KernelInterface.h"

#include "codegen/kernels/Families.h"

#include "mlir/IR/DialectRegistry.h"

#include "codegen/kernels/KernelInterface.cpp.inc"

using namespace mlir;

void edgecc::kernels::registerKernels(DialectRegistry &registry) {
  registerContractionKernels(registry);
  registerElementwiseKernels(registry);
  registerMovementKernels(registry);
  registerIndexingKernels(registry);
  registerReductionKernels(registry);
  registerNormalizationKernels(registry);
  registerResampleKernels(registry);
  registerRecurrentKernels(registry);
}
