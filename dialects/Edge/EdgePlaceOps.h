//===- EdgePlaceOps.h - operations that run elsewhere -----------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
//
// The operations of the edge dialect that say what an NPU computes. Only what
// places work, compiles it for NPUs or emits calls of their drivers knows them.
//
//===----------------------------------------------------------------------===//

#ifndef EDGECC_DIALECTS_EDGE_EDGEPLACEOPS_H
#define EDGECC_DIALECTS_EDGE_EDGEPLACEOPS_H

#include "dialects/Edge/EdgeDialect.h"

#define GET_OP_CLASSES
#include "dialects/Edge/EdgePlaceOps.h.inc"

#endif // EDGECC_DIALECTS_EDGE_EDGEPLACEOPS_H
