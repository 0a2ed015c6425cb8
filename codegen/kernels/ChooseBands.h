//===- ChooseBands.h - the cost model's answer for a chain ------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef EDGECC_CODEGEN_KERNELS_CHOOSEBANDS_H
#define EDGECC_CODEGEN_KERNELS_CHOOSEBANDS_H

#include "passes/Schedule/Passes.h"

namespace edgecc::kernels {

/// The band height with which the kernels of the chain, as `edge.row_bands`
/// describes one, are fastest, and what that saves.
schedule::BandChoice chooseBands(llvm::ArrayRef<mlir::Operation *> chain,
                                 target::CpuAttr cpu);

/// At most `count` of the best ways to cut the chain, best first; none where it
/// should not be.
llvm::SmallVector<schedule::BandChoice>
listBands(llvm::ArrayRef<mlir::Operation *> chain, target::CpuAttr cpu,
          size_t count);

/// Whether one kernel for an attention of these sizes is no slower than one for
/// each of its operations.
bool prefersAttention(const schedule::AttentionSizes &sizes,
                      target::CpuAttr cpu);

} // namespace edgecc::kernels

#endif // EDGECC_CODEGEN_KERNELS_CHOOSEBANDS_H
