//===- Families.h - the families of kernels ---------------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
//
// What `registerKernels` calls: each attaches the kernels of one file to the
// operations that they compute.
//
//===----------------------------------------------------------------------===//

#ifndef EDGECC_CODEGEN_KERNELS_FAMILIES_H
#define EDGECC_CODEGEN_KERNELS_FAMILIES_H

namespace mlir {
class DialectRegistry;
}

namespace edgecc::kernels {

/// `conv`, `matmul`, `block_matmul`, `pool`, `row_bands`, `attention`.
void registerContractionKernels(mlir::DialectRegistry &registry);
/// `map` and every operation that can write itself as scalar code.
void registerElementwiseKernels(mlir::DialectRegistry &registry);
/// `transpose`, `broadcast`, `slice`, `pad`.
void registerMovementKernels(mlir::DialectRegistry &registry);
/// Gathers, scatters, `top_k`.
void registerIndexingKernels(mlir::DialectRegistry &registry);
/// `reduce`, `arg_reduce`, `cumulative`.
void registerReductionKernels(mlir::DialectRegistry &registry);
/// `softmax`, `layer_norm`.
void registerNormalizationKernels(mlir::DialectRegistry &registry);
/// `resample`.
void registerResampleKernels(mlir::DialectRegistry &registry);
/// `lstm`, `gru`, `rnn`.
void registerRecurrentKernels(mlir::DialectRegistry &registry);

} // namespace edgecc::kernels

#endif // EDGECC_CODEGEN_KERNELS_FAMILIES_H
