//===- Arithmetic.h - sums and extrema of any element type ------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
//
// The arithmetic that kernels do themselves, on scalars and on vectors.
//
//===----------------------------------------------------------------------===//

#ifndef EDGECC_CODEGEN_KERNELS_ARITHMETIC_H
#define EDGECC_CODEGEN_KERNELS_ARITHMETIC_H

#include "codegen/kernels/Emit.h"

namespace edgecc::kernels {

/// The binary operations of reductions.
enum class Fold { Sum, Prod, Max, Min };

/// `a` and `b` combined; `isUnsigned` tells how integers compare. Extrema of
/// floats keep `b` when either is NaN, as machines do.
mlir::Value combine(Emitter &e, Fold fold, mlir::Value a, mlir::Value b,
                    bool isUnsigned = false);

/// The scalar of `type` that changes nothing.
mlir::Value neutral(Emitter &e, Fold fold, mlir::Type type,
                    bool isUnsigned = false);

/// `value` converted to elements of `type`, without change of value if `type`
/// is the wider one. `isUnsigned` tells how integers extend.
mlir::Value convert(Emitter &e, mlir::Value value, mlir::Type type,
                    bool isUnsigned = false);

/// Whether elements of `element` compare and extend as unsigned ones.
bool isUnsignedElement(mlir::Type element);

/// `lanes` elements of i32 that are `value`.
mlir::Value splatWord(Emitter &e, int64_t value, int64_t lanes);

mlir::Value addf(Emitter &e, mlir::Value a, mlir::Value b);
mlir::Value subf(Emitter &e, mlir::Value a, mlir::Value b);
mlir::Value mulf(Emitter &e, mlir::Value a, mlir::Value b);
/// `a * b + c`.
mlir::Value fma(Emitter &e, mlir::Value a, mlir::Value b, mlir::Value c);

} // namespace edgecc::kernels

#endif // EDGECC_CODEGEN_KERNELS_ARITHMETIC_H
