//===- Reconstruct.h - weights that make good for others --------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef EDGECC_PASSES_PRUNE_RECONSTRUCT_H
#define EDGECC_PASSES_PRUNE_RECONSTRUCT_H

#include "passes/Prune/LayerWeights.h"

namespace edgecc::prune {

/// The weights of `layer` that become zero by a pattern, a share of them if it
/// has no groups: row after row those that products with inputs of these
/// `moments` (rows x rows) miss least, when the rows after them make good for
/// them.
llvm::BitVector selectByMoments(const LayerWeights &layer,
                                const SparsityPattern &pattern, double share,
                                llvm::ArrayRef<double> moments);

/// Makes the `dropped` weights of `layer` zero and the others such that the
/// products with inputs of these moments change least.
void reconstruct(LayerWeights &layer, const llvm::BitVector &dropped,
                 llvm::ArrayRef<double> moments);

} // namespace edgecc::prune

#endif // EDGECC_PASSES_PRUNE_RECONSTRUCT_H
