//===- BiasCorrection.h - make good what rounding shifts --------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef EDGECC_PASSES_QUANTIZATION_BIASCORRECTION_H
#define EDGECC_PASSES_QUANTIZATION_BIASCORRECTION_H

#include "passes/Quantization/Parameters.h"

namespace edgecc::quantization {

/// Takes off the bias of `op`, a convolution or a product with a matrix, by how
/// much the means of its results grow when `errors` are added to its weights.
/// `means` are those of its input, by the positions of the last dimension.
/// Borders count as if they were inside. A bias that is not known stays.
void correctBias(mlir::Operation *op, llvm::ArrayRef<double> errors,
                 llvm::ArrayRef<double> means);

} // namespace edgecc::quantization

#endif // EDGECC_PASSES_QUANTIZATION_BIASCORRECTION_H
