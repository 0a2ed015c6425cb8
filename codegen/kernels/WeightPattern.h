//===- WeightPattern.h - where the zeros of weights are ---------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef EDGECC_CODEGEN_KERNELS_WEIGHTPATTERN_H
#define EDGECC_CODEGEN_KERNELS_WEIGHTPATTERN_H

#include "dialects/Edge/EdgeConstants.h"

#include <string>

namespace edgecc::kernels {

/// The name of the attribute on an operation, and then on the call of its
/// kernel, that describes its weights (a dictionary: `count`, `zeros`,
/// `pattern`, `bytes` of all of them, `map`, `sparse` (unit) if zeros are left
/// out, `why`, and `gain`, how many times faster the cost model expects the
/// sparse kernel to be than the dense one, if it knows both).
inline constexpr llvm::StringLiteral weightsAttrName = "edge.weights";

/// How many weights are zero.
int64_t countZeros(const edge::ConstantView &weights);

/// Where the zeros of weights (kernel..., input channels, output channels) are:
/// `dense` if there are few, `2:4` and the like for at most 2 weights in each 4
/// consecutive input channels, `4x1` and the like for blocks of output by input
/// channels, else `unstructured`.
std::string findPattern(const edge::ConstantView &weights);

/// A picture of the weights (kernel..., input channels, output channels): a
/// line for some output channels, at most 32, of characters for some of their
/// weights, at most 64, from `0` for none that is not zero to `9` for all.
std::string drawWeights(const edge::ConstantView &weights);

} // namespace edgecc::kernels

#endif // EDGECC_CODEGEN_KERNELS_WEIGHTPATTERN_H
