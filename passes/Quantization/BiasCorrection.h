//===- BiasCorrection.h - make good what rounding shifts --------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef EDGECC_PASSES_QUANTIZATION_BIASCORRECTION_H
#define EDGECC_PASSES_QUANTIZATION_BIASCORRECTION_H

#include "passes/Quantization/Parameters.h"

namespace edgecc::quantization {

/// The bias of `op`, a convolution or a product with a matrix, less by how much
/// the means of its results grow when `errors` are added to its weights.
/// `means` are those of its input, by the positions of the last dimension.
/// Borders count as if they were inside. Nothing for a bias that is not known.
std::optional<llvm::SmallVector<float>>
correctedBias(mlir::Operation *op, llvm::ArrayRef<double> errors,
              llvm::ArrayRef<double> means);

/// Whether a bias of `op` is not in the way of one that is added later.
bool mayCorrectBias(mlir::Operation *op);

/// Gives `op` a bias.
void setBias(mlir::Operation *op, llvm::ArrayRef<float> numbers);

/// Gives `op` its corrected bias, if there is one.
void correctBias(mlir::Operation *op, llvm::ArrayRef<double> errors,
                 llvm::ArrayRef<double> means);

} // namespace edgecc::quantization

#endif // EDGECC_PASSES_QUANTIZATION_BIASCORRECTION_H
