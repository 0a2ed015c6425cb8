//===- Exponential.h - powers of e within limits ----------------*- C++ -*-===//
//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Powers of e in f32 whose argument is known to lie within limits, from which
// other functions are made.
//
//===----------------------------------------------------------------------===//

#ifndef EDGECC_PASSES_LOWERING_EXPONENTIAL_H
#define EDGECC_PASSES_LOWERING_EXPONENTIAL_H

#include "passes/Lowering/FloatBuilder.h"

namespace edgecc {

/// e^x = 2^n e^r as the bits of e^r plus those of n in the exponent, which are
/// the bits of the result where that is a normal number.
/// `rest` is what x has too little, if anything.
mlir::Value exponentialBits(FloatBuilder &b, mlir::Value x,
                            mlir::Value rest = {});

/// `value` e^x, which is a normal number: with one rounding less than the
/// product of the two.
mlir::Value timesExponential(FloatBuilder &b, mlir::Value value, mlir::Value x,
                             mlir::Value rest = {});

/// e^x for |x| up to 87; one added to it is right for |x| up to 88.
mlir::Value exponentialNear(FloatBuilder &b, mlir::Value x,
                            mlir::Value rest = {});

/// 1 + e^-x, at most 2^127.
mlir::Value onePlusExponential(FloatBuilder &b, mlir::Value x);

} // namespace edgecc

#endif // EDGECC_PASSES_LOWERING_EXPONENTIAL_H
