//===- Emit.h - the vocabulary of the kernel emitters -----------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
//
// What every emitter needs: index arithmetic that folds, loops with
// accumulators, loads and stores of one vector, scalar bodies on vectors.
//
//===----------------------------------------------------------------------===//

#ifndef EDGECC_CODEGEN_KERNELS_EMIT_H
#define EDGECC_CODEGEN_KERNELS_EMIT_H

#include "codegen/kernels/KernelInterface.h"
#include "dialects/Edge/EdgeDialect.h"

#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace edgecc::kernels {

/// The element type in which `element` lies in memory: `i8` for what is
/// narrower, signless for unsigned integers, anything else itself.
mlir::Type storageType(mlir::Type element);

/// The contiguous memref of storage type for a tensor.
mlir::MemRefType storageType(mlir::RankedTensorType tensor);

/// The memref of dense row-major elements; one without elements has strides as
/// if its empty dimensions had size one.
mlir::MemRefType contiguousType(llvm::ArrayRef<int64_t> shape,
                                mlir::Type element);

/// The bytes of one element in memory.
int64_t storageBytes(mlir::Type element);

/// The constant behind `value`, or null.
mlir::ElementsAttr constantOf(mlir::Value value);

/// Whether threads have parts of the lines of an image, not of its channels: so
/// do the products that make or read it, if they have fewer weights than it has
/// elements. Of weights they have about a sixth of the square of the channels.
inline bool sharesLines(int64_t pixels, int64_t channels) {
  return 7 * pixels > channels;
}

/// Splits `count` elements into vector lengths of at most `width`, a power of
/// two, longest first: (21, 8) gives 8, 8, 4, 1. Every element is covered once,
/// so no access needs a mask.
llvm::SmallVector<int64_t> splitIntoVectors(int64_t count, int64_t width);

/// The elements of type `element` that fit into a vector register; 1 for a
/// core without any.
int64_t vectorLength(target::CpuAttr cpu, mlir::Type element);

/// A builder with the verbs of the emitters. Indices are `Value`s of type
/// index; arithmetic on constants folds at once.
class Emitter : public mlir::ImplicitLocOpBuilder {
public:
  Emitter(mlir::OpBuilder &builder, mlir::Location loc, target::CpuAttr cpu);

  const target::CpuAttr cpu;

  mlir::Value index(int64_t value);
  mlir::Value add(mlir::Value a, mlir::Value b);
  mlir::Value add(mlir::Value a, int64_t b) { return add(a, index(b)); }
  mlir::Value mul(mlir::Value a, int64_t b);

  /// `for (i = lower; i < upper; i += step)` without results. A loop of one
  /// trip is only its body; one of none is nothing. The body is emitted by
  /// `body(i)` at this builder.
  void loop(int64_t lower, int64_t upper, int64_t step,
            llvm::function_ref<void(mlir::Value)> body);

  /// The same with accumulators: `body(i, carried)` returns their new values.
  llvm::SmallVector<mlir::Value>
  loop(int64_t lower, int64_t upper, int64_t step, mlir::ValueRange init,
       llvm::function_ref<llvm::SmallVector<mlir::Value>(mlir::Value,
                                                         mlir::ValueRange)>
           body);

  /// A nest of loops over `sizes`; `body` receives one index per size.
  void nest(llvm::ArrayRef<int64_t> sizes,
            llvm::function_ref<void(mlir::ValueRange)> body);

  /// Emits `body` as one phase of the kernel: what its parallel loops do may be
  /// done in any order and by several threads. Phases follow one another.
  /// Inside of another phase it is only `body`.
  void phase(llvm::function_ref<void()> body);

  /// `loop` and `nest` whose iterations do not depend on each other. Inside of
  /// a phase, and of nothing but parallel loops there, they carry
  /// `edge.phase`, also those of one trip; if there are no threads, or
  /// anywhere else, they are ordinary loops.
  void parallelLoop(int64_t lower, int64_t upper, int64_t step,
                    llvm::function_ref<void(mlir::Value)> body);
  void parallelNest(llvm::ArrayRef<int64_t> sizes,
                    llvm::function_ref<void(mlir::ValueRange)> body);

  /// `body(first, size)` for `total` neighbouring positions of an image: for
  /// each thread a part, or for all of them if there are too few. Sizes differ
  /// by at most one; if they do, `body` is emitted for both. Kernels that do so
  /// leave the same parts in the caches of the same threads, whatever parallel
  /// loops are around and inside of them.
  void imageParts(int64_t total,
                  llvm::function_ref<void(mlir::Value, int64_t)> body);

  /// Emits `body`, parts of which depend on each other, inside of one iteration
  /// of a parallel loop.
  void sequentially(llvm::function_ref<void()> body);

  /// A loop of which each thread takes a stretch: `body` receives whether an
  /// iteration is the first of its stretch, null if that is the one of `lower`.
  void stretchLoop(int64_t lower, int64_t upper, int64_t step,
                   llvm::function_ref<void(mlir::Value, mlir::Value)> body);

  /// How many threads a run has.
  int64_t getThreads() const { return threads; }

  /// `length` elements from `indices` on, along the last dimension; `length` 1
  /// gives a scalar, anything else a vector. `logical` is the element type as
  /// the tensor has it (`i1` becomes a comparison with zero, what is narrower
  /// than a byte loses the other bits).
  mlir::Value load(mlir::Value memref, mlir::ValueRange indices, int64_t length,
                   mlir::Type logical);
  void store(mlir::Value value, mlir::Value memref, mlir::ValueRange indices);

  /// Asks for the line of the cache with element `index` of `memref`, into the
  /// first cache if it is `near`, else into the second one.
  void prefetch(mlir::Value memref, mlir::Value index, bool near = true);
  /// The same for a line that is written soon.
  void prefetchForWriting(mlir::Value memref, mlir::Value index);

  /// What the stored elements `value` are as elements of type `logical`.
  mlir::Value fromStorage(mlir::Value value, mlir::Type logical);
  /// `value` as elements of type `stored`; of integers of less than a byte,
  /// those that `logical` says are signed extend their sign.
  mlir::Value toStorage(mlir::Value value, mlir::Type stored,
                        mlir::Type logical = {});

  /// The scalar or vector of `length` with every element `value`.
  mlir::Value splat(mlir::Value value, int64_t length);
  mlir::Value constant(mlir::TypedAttr value);
  mlir::Value floatConstant(double value, mlir::Type type);
  mlir::Value zero(mlir::Type type);

  /// Loads the element(s) of an operand of shape `memref` that belong to
  /// result position `indices` (NumPy broadcasting, aligned at the last
  /// dimension) for `length` result elements along the last dimension.
  mlir::Value loadBroadcast(mlir::Value memref, mlir::ValueRange indices,
                            int64_t length, mlir::Type logical);

  /// Applies the one block of `region`, scalar code, to scalars or vectors of
  /// one length, and returns what it yields, or its value `wanted`. `bounds`,
  /// if any are known, are the largest absolute values of the arguments.
  mlir::Value applyRegion(mlir::Region &region, mlir::ValueRange arguments,
                          llvm::ArrayRef<double> bounds = {},
                          mlir::Value wanted = {});

  /// Runs the epilogue of `op` on `accumulator` (the elements at `indices`
  /// of the result) and stores it to the result. `args` are the kernel's.
  void storeResult(mlir::Operation *op, const KernelArgs &args,
                   mlir::Value accumulator, mlir::ValueRange indices);

private:
  using LoopVerb = void (Emitter::*)(int64_t, int64_t, int64_t,
                                     llvm::function_ref<void(mlir::Value)>);
  void nestOf(LoopVerb verb, llvm::ArrayRef<int64_t> sizes,
              llvm::function_ref<void(mlir::ValueRange)> body);

  int64_t threads;
  int64_t phases = 0;
  /// Whether what is emitted now is in a phase, under parallel loops only.
  bool isParallel = false;
};

} // namespace edgecc::kernels

#endif // EDGECC_CODEGEN_KERNELS_EMIT_H
