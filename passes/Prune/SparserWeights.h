//===- SparserWeights.h - more and more zeros in layers ---------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef EDGECC_PASSES_PRUNE_SPARSERWEIGHTS_H
#define EDGECC_PASSES_PRUNE_SPARSERWEIGHTS_H

#include "passes/Prune/LayerWeights.h"

namespace edgecc::prune {

/// For each of `layers` the weights that it could have by a pattern, with zeros
/// from half of them to nine tenths, or those that groups of the pattern leave:
/// chosen by examples, and such that the others make good for them, where its
/// inputs can be related, else by magnitude.
llvm::FailureOr<std::vector<std::vector<SparserWeights>>>
findSparser(llvm::ArrayRef<mlir::Operation *> layers,
            const SparsityPattern &pattern, Calibrator &calibrator);

} // namespace edgecc::prune

#endif // EDGECC_PASSES_PRUNE_SPARSERWEIGHTS_H
