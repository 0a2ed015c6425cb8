//===- ConstantPool.h - all constants of a module in one blob ---*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef EDGECC_CODEGEN_KERNELS_CONSTANTPOOL_H
#define EDGECC_CODEGEN_KERNELS_CONSTANTPOOL_H

#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/DenseMap.h"

#include <vector>

namespace edgecc::kernels {

/// Collects constants as bytes, equal ones once, each at a multiple of an
/// alignment.
class ConstantPool {
public:
  static constexpr llvm::StringLiteral symbol = "weights";

  explicit ConstantPool(int64_t alignment) : alignment(alignment) {}

  /// The offset of `bytes` in the blob.
  int64_t add(llvm::ArrayRef<char> bytes);

  bool empty() const { return blob.empty(); }
  int64_t size() const { return blob.size(); }
  mlir::MemRefType getType(mlir::MLIRContext *context) const;

  /// Adds the blob to the module as a private constant global.
  void emitGlobal(mlir::ModuleOp module) const;

private:
  int64_t alignment;
  std::vector<char> blob;
  /// Hash of the bytes to (offset, size) of those with this hash.
  llvm::DenseMap<uint64_t, llvm::SmallVector<std::pair<int64_t, int64_t>, 1>>
      known;
};

} // namespace edgecc::kernels

#endif // EDGECC_CODEGEN_KERNELS_CONSTANTPOOL_H
