//===- EdgeScheduleOps.h - operations computed together ---------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
//
// The operations of the edge dialect that say how others are computed. Only
// what makes or runs a schedule knows them.
//
//===----------------------------------------------------------------------===//

#ifndef EDGECC_DIALECTS_EDGE_EDGESCHEDULEOPS_H
#define EDGECC_DIALECTS_EDGE_EDGESCHEDULEOPS_H

#include "dialects/Edge/EdgeDialect.h"

#define GET_OP_CLASSES
#include "dialects/Edge/EdgeScheduleOps.h.inc"

namespace edgecc::edge {

/// The multiply-accumulates of an operation that becomes a kernel, what an NPU
/// computes included; 0 for those that have none.
int64_t macsOf(mlir::Operation *op);

} // namespace edgecc::edge

#endif // EDGECC_DIALECTS_EDGE_EDGESCHEDULEOPS_H
