//===- NpuCall.h - calls of the driver of an NPU ----------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef EDGECC_CODEGEN_KERNELS_NPUCALL_H
#define EDGECC_CODEGEN_KERNELS_NPUCALL_H

#include "codegen/kernels/KernelInterface.h"
#include "dialects/Edge/EdgePlaceOps.h"

namespace edgecc::kernels {

/// Emits the call of the driver with an `edgecc_npu_call_v0_t`
/// (runtime/include/edgecc/npu.h) on the stack, and returns its status, an i32
/// that is 0 for success. The inputs begin with the program. Declares the
/// driver in the module around the builder.
mlir::Value emitNpuCall(mlir::OpBuilder &builder, edge::NpuCallOp op,
                        const KernelArgs &args, target::CpuAttr cpu);

} // namespace edgecc::kernels

#endif // EDGECC_CODEGEN_KERNELS_NPUCALL_H
