//===- Epilogue.h - epilogues apart from the store --------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef EDGECC_CODEGEN_KERNELS_EPILOGUE_H
#define EDGECC_CODEGEN_KERNELS_EPILOGUE_H

#include "codegen/kernels/Emit.h"

namespace edgecc::kernels {

/// What the epilogue of `op` makes of `accumulator`, the elements at `indices`
/// of the result; `accumulator` itself if there is none. `args` are the
/// kernel's.
mlir::Value applyEpilogue(Emitter &emitter, mlir::Operation *op,
                          const KernelArgs &args, mlir::Value accumulator,
                          mlir::ValueRange indices);

/// The elements of the epilogue operands of `op` for the `length` elements of
/// the result from `indices` on.
llvm::SmallVector<mlir::Value> loadEpilogueOperands(Emitter &emitter,
                                                    mlir::Operation *op,
                                                    const KernelArgs &args,
                                                    mlir::ValueRange indices,
                                                    int64_t length);

/// The same with operands that are loaded; scalars are for all elements.
mlir::Value applyEpilogue(Emitter &emitter, mlir::Operation *op,
                          mlir::Value accumulator, mlir::ValueRange operands);

/// Whether the epilogue of `op` is so long that it should not be repeated for
/// each accumulator of a tile.
bool hasLongEpilogue(mlir::Operation *op);

} // namespace edgecc::kernels

#endif // EDGECC_CODEGEN_KERNELS_EPILOGUE_H
