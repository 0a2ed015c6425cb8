//===- EdgeOps.td - all of the edge dialect ----------------*- tablegen -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef EDGECC_DIALECTS_EDGE_EDGEOPS_TD
#define EDGECC_DIALECTS_EDGE_EDGEOPS_TD

include "dialects/Edge/EdgeComputeOps.td"
include "dialects/Edge/EdgeElementwiseOps.td"
include "dialects/Edge/EdgeQuantOps.td"
include "dialects/Edge/EdgeTensorOps.td"

#endif // EDGECC_DIALECTS_EDGE_EDGEOPS_TD
