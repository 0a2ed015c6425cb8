//===- Requantize.h - floats to narrow integers -----------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef EDGECC_CODEGEN_KERNELS_REQUANTIZE_H
#define EDGECC_CODEGEN_KERNELS_REQUANTIZE_H

#include "codegen/kernels/Emit.h"
#include "mlir/IR/IRMapping.h"

namespace edgecc::kernels {

/// A conversion to a narrow integer that computes
///
///   clamp(roundeven(value) + offset, low + offset, high + offset)
///
/// in any order of clamps and additions that means this.
struct Requantization {
  /// The scalar f32 before rounding.
  mlir::Value value;
  int64_t low, high, offset;

  /// The requantization that ends with `conversion`, a scalar operation;
  /// nothing if it is something else.
  static std::optional<Requantization> match(mlir::Operation &conversion);

  /// The one that ends `epilogue`; nothing if it ends otherwise.
  static std::optional<Requantization> ofRegion(mlir::Region &epilogue);

  /// The largest absolute value that `value` can have when the arguments of its
  /// block have at most `bounds` (infinity if nothing is known).
  double bound(llvm::ArrayRef<double> bounds) const;

  /// The number to emit the rest for, given what `mapping` has for the values
  /// before it. Where `value` is the quotient by a constant, that may be the
  /// sum of two products instead, which rounds to the same integers.
  mlir::Value lookup(Emitter &e, const mlir::IRMapping &mapping) const;

  /// The same of `number`, a scalar or vector for `value` of absolute value at
  /// most `bound`, as integers of `width` bits. Converts with the rounding of
  /// the machine instead of rounding first; bit for bit the same.
  mlir::Value emit(Emitter &e, mlir::Value number, double bound,
                   unsigned width) const;

  /// The bytes for four vectors of `value`, in each 128 bits those of the first
  /// vector, then those of the second and so on: the order in which saturating
  /// packs leave them. Null if the machine has none or `bound` is too large.
  mlir::Value emitPacked(Emitter &e, mlir::ValueRange numbers,
                         double bound) const;

  /// The signed bytes for four vectors of `value`: the first element of each,
  /// then the second, and so on. Only where the machine narrows and saturates
  /// into even and odd places.
  mlir::Value emitInterleaved(Emitter &e, mlir::ValueRange numbers) const;
};

/// Two factors, and `x * first + x * second`, the first product and the sum
/// without rounding between them, rounds to what `x / divisor` rounds to (ties
/// to even), for each f32 `x` whose quotient is between `low` and `high`, and
/// to something outside of them otherwise. Nothing if no such factors are
/// found.
std::optional<std::pair<float, float>> findFactors(float divisor, int64_t low,
                                                   int64_t high);

/// The largest absolute value of the elements of the constant `value`, a float
/// tensor; infinity if it is none.
double largestElement(mlir::Value value);

} // namespace edgecc::kernels

#endif // EDGECC_CODEGEN_KERNELS_REQUANTIZE_H
