//===- KernelInterface.h - how an operation becomes loops -------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef EDGECC_CODEGEN_KERNELS_KERNELINTERFACE_H
#define EDGECC_CODEGEN_KERNELS_KERNELINTERFACE_H

#include "dialects/Target/TargetDialect.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/OpDefinition.h"

#include <optional>
#include <vector>

namespace edgecc::kernels {

/// The buffers of a kernel, all of them memrefs of static shape.
struct KernelArgs {
  /// One for each operand of the operation, in order.
  llvm::SmallVector<mlir::Value> inputs;
  /// One for each result.
  llvm::SmallVector<mlir::Value> outputs;
  /// As `getScratch` asked for them.
  llvm::SmallVector<mlir::Value> scratch;
};

/// A constant rearranged for a kernel.
struct PackedConstant {
  /// Shape and storage element type of what the kernel receives.
  mlir::MemRefType type;
  /// Its elements, row-major, little endian.
  std::vector<char> bytes;
};

} // namespace edgecc::kernels

#include "codegen/kernels/KernelInterface.h.inc"

namespace edgecc::kernels {

/// Attaches the kernels to the operations of the edge dialect.
void registerKernels(mlir::DialectRegistry &registry);

} // namespace edgecc::kernels

#endif // EDGECC_CODEGEN_KERNELS_KERNELINTERFACE_H
