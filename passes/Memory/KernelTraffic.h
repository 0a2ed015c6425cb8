//===- KernelTraffic.h - bytes that kernels move ----------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef EDGECC_PASSES_MEMORY_KERNELTRAFFIC_H
#define EDGECC_PASSES_MEMORY_KERNELTRAFFIC_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/SymbolTable.h"
#include "llvm/ADT/DenseMap.h"

namespace edgecc::memory {

/// Counts how much kernels read from and write to their operands.
class KernelTraffic {
public:
  /// Bytes that a call moves from and to the memory of an operand, what loops
  /// read again included. Where loops have no constant bounds they count once,
  /// branches as if they were taken; what leaves the kernel as an address
  /// counts as all of the memory, once for each iteration that does not move
  /// it. Of an external function all of the operand, once.
  int64_t ofOperand(mlir::func::CallOp call, unsigned operand);

private:
  int64_t ofValue(mlir::Value memref, int64_t bytes);

  mlir::SymbolTableCollection symbols;
  llvm::DenseMap<mlir::Value, int64_t> known;
};

} // namespace edgecc::memory

#endif // EDGECC_PASSES_MEMORY_KERNELTRAFFIC_H
