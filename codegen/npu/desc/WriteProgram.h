//===- WriteProgram.h - regions as FlatBuffers ------------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef EDGECC_CODEGEN_NPU_DESC_WRITEPROGRAM_H
#define EDGECC_CODEGEN_NPU_DESC_WRITEPROGRAM_H

#include "codegen/npu/Npu.h"

namespace edgecc::npu {

/// Writes a region as runtime/schema/npu_program.fbs has it, for the NPU of
/// that name, and plans the scratch memory. The region holds only operations to
/// which `DescribedNpu` has no objection.
Program writeProgram(edge::RegionOp region, llvm::StringRef npu);

/// The most inputs of an operation in a program.
inline constexpr unsigned mostInputs = 8;

/// The scratch memory that holds what `ops`, which run in this order, hand to
/// each other and nobody else. With `offsets`, where each of them begins.
int64_t planScratch(llvm::ArrayRef<mlir::Operation *> ops,
                    llvm::DenseMap<mlir::Value, int64_t> *offsets = nullptr);

} // namespace edgecc::npu

#endif // EDGECC_CODEGEN_NPU_DESC_WRITEPROGRAM_H
