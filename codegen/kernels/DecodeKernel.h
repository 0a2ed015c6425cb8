//===- DecodeKernel.h - constants out of a smaller form ---------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef EDGECC_CODEGEN_KERNELS_DECODEKERNEL_H
#define EDGECC_CODEGEN_KERNELS_DECODEKERNEL_H

#include "codegen/kernels/PrefixCode.h"
#include "dialects/Target/TargetDialect.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinTypes.h"

namespace edgecc::kernels {

/// Where the elements of a plane are among all.
struct PlaneElements {
  int64_t first, step, count;
};

/// The memory that decodes one plane: what is stored of it, in order, each
/// behind the other, and a table in writable memory if there has to be one.
struct DecodeMemory {
  llvm::SmallVector<mlir::MemRefType> stored;
  mlir::MemRefType table;
};
DecodeMemory decodeMemory(const Plane &plane, int64_t elementBytes,
                          mlir::MLIRContext *context);

/// The bytes of these parts.
std::vector<char> storedBytes(const Plane &plane, int64_t elementBytes);

/// Emits the kernel that writes `elements` of `result`, of integers as wide as
/// elements are: `stored` and `table` are memory of the types above.
void emitDecode(mlir::OpBuilder &builder, mlir::Location loc,
                target::CpuAttr cpu, const Plane &plane,
                const PlaneElements &elements, mlir::ValueRange stored,
                mlir::Value table, mlir::Value result);

} // namespace edgecc::kernels

#endif // EDGECC_CODEGEN_KERNELS_DECODEKERNEL_H
