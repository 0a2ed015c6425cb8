//===- Buffers.h - where each tensor of a function lies ---------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef EDGECC_CODEGEN_KERNELS_BUFFERS_H
#define EDGECC_CODEGEN_KERNELS_BUFFERS_H

#include "codegen/kernels/ConstantPool.h"
#include "codegen/kernels/KernelInterface.h"
#include "dialects/Edge/EdgePlaceOps.h"

namespace edgecc::kernels {

/// A tensor in memory: elements of `type` (strided, without offset) that begin
/// `offset` elements after `base`, a memref of bytes or of the element type.
struct Buffer {
  mlir::Value base;
  int64_t offset = 0;
  mlir::MemRefType type;

  bool isContiguous() const {
    return type.getLayout().isIdentity() || type.getNumElements() == 0;
  }
  /// The part of `sizes` elements at `offsets`, in the same memory.
  Buffer slice(llvm::ArrayRef<int64_t> offsets,
               llvm::ArrayRef<int64_t> sizes) const;
  /// The same contiguous memory in another shape.
  Buffer reshape(llvm::ArrayRef<int64_t> shape) const;
  /// The memref that a kernel is called with.
  mlir::Value materialize(mlir::OpBuilder &builder, mlir::Location loc) const;
};

/// Decides the place of every tensor, one operation after the other.
class BufferAssignment {
public:
  BufferAssignment(mlir::OpBuilder &builder, ConstantPool &pool,
                   target::CpuAttr cpu)
      : builder(builder), pool(pool), cpu(cpu) {}

  void assign(mlir::Value tensor, Buffer buffer) { buffers[tensor] = buffer; }

  /// The place of `use`'s result number `index` of a `func.return`.
  void setOutputs(llvm::SmallVector<Buffer> places) { outputs = places; }

  /// Where the operand of an operation lies; a constant joins the pool in the
  /// form that the kernel of `op` wants.
  Buffer operandBuffer(mlir::Operation *op, unsigned index);

  /// Where a result goes: the place that a user has for it, the buffer of an
  /// operand that dies here, or a new allocation at the builder.
  Buffer resultBuffer(mlir::OpResult result);

  /// A new allocation, at a multiple of what the CPU wants and of `alignment`,
  /// a power of two.
  Buffer allocate(mlir::MemRefType type, mlir::Location loc,
                  int64_t alignment = 1);

  /// The scratch memory of a call of a driver, which it has once.
  Buffer scratchOf(edge::NpuCallOp call);

  /// The blob of constants; its type is settled when all are known.
  void setWeights(mlir::Value blob) { weights = blob; }

private:
  std::optional<Buffer> placeAtUser(mlir::Value tensor);
  std::optional<Buffer> placeOverOperand(mlir::OpResult result);
  std::optional<Buffer> placeInScratch(mlir::OpResult result);

  mlir::OpBuilder &builder;
  ConstantPool &pool;
  target::CpuAttr cpu;
  mlir::Value weights;
  llvm::SmallVector<Buffer> outputs;
  llvm::DenseMap<mlir::Value, Buffer> buffers;
  llvm::DenseMap<mlir::Operation *, Buffer> scratch;
  /// Tensors that are alone in an allocation.
  llvm::DenseSet<mlir::Value> owners;
};

/// Whether what is yielded in a region of `op` is computed where its results
/// are.
bool isBranch(mlir::Operation *op);

} // namespace edgecc::kernels

#endif // EDGECC_CODEGEN_KERNELS_BUFFERS_H
