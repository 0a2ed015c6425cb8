//===- EdgeVerify.h - what the verifiers of edge share ----------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef EDGECC_DIALECTS_EDGE_EDGEVERIFY_H
#define EDGECC_DIALECTS_EDGE_EDGEVERIFY_H

#include "mlir/IR/Operation.h"

namespace edgecc::edge::detail {

/// The results have the types that the op infers. For the start of a verifier
/// that relies on it: the check of InferTypeOpInterface itself comes last.
llvm::LogicalResult verifyInferred(mlir::Operation *op);

/// `integers` are bytes, and `scales` and `zeroPoints` (null for none) have one
/// element per `blockSize` of them along `axis`.
llvm::LogicalResult verifyBlocks(mlir::Operation *op, mlir::Value integers,
                                 mlir::Value scales, mlir::Value zeroPoints,
                                 int64_t axis, int64_t blockSize);

} // namespace edgecc::edge::detail

#endif // EDGECC_DIALECTS_EDGE_EDGEVERIFY_H
