//===- LiveBytes.h - the memory that operations will need -------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
//
// How many bytes of the arena are alive while each operation of a block runs,
// as `BufferAssignment` will place its tensors, before anything is emitted.
//
//===----------------------------------------------------------------------===//

#ifndef EDGECC_CODEGEN_KERNELS_LIVEBYTES_H
#define EDGECC_CODEGEN_KERNELS_LIVEBYTES_H

#include "codegen/kernels/Emit.h"

namespace edgecc::kernels {

class LiveBytes {
public:
  LiveBytes(mlir::Block &block, target::CpuAttr cpu);

  /// The operations that are measured, in order.
  llvm::ArrayRef<mlir::Operation *> getOperations() const { return operations; }

  /// The bytes for each operation; those of `covered`, which follow one
  /// another, are taken to be replaced by `instead`, which counts where the
  /// last one is.
  std::vector<int64_t> measure(llvm::ArrayRef<mlir::Operation *> covered = {},
                               mlir::Operation *instead = nullptr) const;

private:
  target::CpuAttr cpu;
  llvm::SmallVector<mlir::Operation *> operations;
  /// The scratch memory of each operation, in bytes.
  llvm::DenseMap<mlir::Operation *, int64_t> scratch;
};

} // namespace edgecc::kernels

#endif // EDGECC_CODEGEN_KERNELS_LIVEBYTES_H
