//===- NpuCall.h - calls of the driver of an NPU ----------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
//
// What becomes of an `edge.npu_call`: one kernel, or two with a job between
// them. The inputs of all of them begin with the program. They declare the
// functions that they call in the module around the builder.
//
//===----------------------------------------------------------------------===//

#ifndef EDGECC_CODEGEN_KERNELS_NPUCALL_H
#define EDGECC_CODEGEN_KERNELS_NPUCALL_H

#include "codegen/kernels/KernelInterface.h"
#include "dialects/Edge/EdgePlaceOps.h"

namespace edgecc::kernels {

/// Emits the call of the driver with an `edgecc_npu_call_v0_t`
/// (runtime/include/edgecc/npu.h) on the stack, and returns its status, an i32
/// that is 0 for success.
mlir::Value emitNpuCall(mlir::OpBuilder &builder, edge::NpuCallOp op,
                        const KernelArgs &args, target::CpuAttr cpu);

/// The memory of a job from its start to its end.
mlir::MemRefType npuJobType(edge::NpuCallOp op, target::CpuAttr cpu);

/// Emits the call that starts a job with an `edgecc_npu_job_v0_t` in the last
/// scratch memory, which keeps the status.
void emitNpuStart(mlir::OpBuilder &builder, edge::NpuCallOp op,
                  const KernelArgs &args, target::CpuAttr cpu);

/// Emits the call that waits for the end of the job, unless it has not started.
/// Returns the status.
mlir::Value emitNpuWait(mlir::OpBuilder &builder, edge::NpuCallOp op,
                        const KernelArgs &args, target::CpuAttr cpu);

} // namespace edgecc::kernels

#endif // EDGECC_CODEGEN_KERNELS_NPUCALL_H
