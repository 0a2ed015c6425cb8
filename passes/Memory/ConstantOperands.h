//===- ConstantOperands.h - constants that calls read -----------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef EDGECC_PASSES_MEMORY_CONSTANTOPERANDS_H
#define EDGECC_PASSES_MEMORY_CONSTANTOPERANDS_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

#include <optional>

namespace edgecc::memory {

/// An operand that is constant.
struct ConstantOperand {
  unsigned operand;
  /// The view of the constants of the module that it is, or is a view of.
  mlir::memref::ViewOp view;
  /// Bytes of the constants of the module.
  int64_t begin, end;
};

/// The constant that an operand of a call is; nothing for any other operand.
std::optional<ConstantOperand> findConstant(mlir::func::CallOp call,
                                            unsigned operand);

/// Makes the operand read `memory`, which is like the view of the constants, in
/// its place, through the same views. Tells `added` of the operations that it
/// adds.
void readInstead(mlir::OpBuilder &builder, mlir::func::CallOp call,
                 const ConstantOperand &constant, mlir::Value memory,
                 llvm::function_ref<void(mlir::Operation *)> added);

} // namespace edgecc::memory

#endif // EDGECC_PASSES_MEMORY_CONSTANTOPERANDS_H
