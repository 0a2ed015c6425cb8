//===- AdaptiveRounding.h - rounding that examples choose -------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef EDGECC_PASSES_QUANTIZATION_ADAPTIVEROUNDING_H
#define EDGECC_PASSES_QUANTIZATION_ADAPTIVEROUNDING_H

#include "llvm/ADT/ArrayRef.h"

#include <vector>

namespace edgecc::quantization {

/// The integers, from -127 to 127, for a row-major matrix whose columns have
/// these scales: each number rounded up or down, so that the sum of squares of
/// what a product with the known inputs is off by is small (AdaRound's aim, by
/// descent along one number at a time). `moments` are the sums of the products
/// of each two inputs (rows x rows).
std::vector<double> roundByMoments(llvm::ArrayRef<float> matrix,
                                   llvm::ArrayRef<double> scales,
                                   llvm::ArrayRef<double> moments);

} // namespace edgecc::quantization

#endif // EDGECC_PASSES_QUANTIZATION_ADAPTIVEROUNDING_H
