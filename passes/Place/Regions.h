//===- Regions.h - groups of operations that run together -------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef EDGECC_PASSES_PLACE_REGIONS_H
#define EDGECC_PASSES_PLACE_REGIONS_H

#include "dialects/Edge/EdgePlaceOps.h"

#include "llvm/ADT/STLFunctionalExtras.h"

namespace edgecc::place {

/// Operations of one block, in their order.
using Group = llvm::SmallVector<mlir::Operation *>;

/// The value that `value` is another view of: what stands before all casts of
/// storage.
mlir::Value stripCasts(mlir::Value value);

/// Gathers the operations of `block` for which `isLegal` holds into groups that
/// hang together. No path leaves a group and comes back, and `canHold` is true
/// of each of them.
std::vector<Group>
findGroups(mlir::Block &block,
           llvm::function_ref<bool(mlir::Operation *)> isLegal,
           llvm::function_ref<bool(llvm::ArrayRef<mlir::Operation *>)> canHold);

/// Takes operations out of the begin of groups that only move what others than
/// groups read as well: these would wait for the NPU. Returns them.
llvm::SmallVector<mlir::Operation *> trimGroups(std::vector<Group> &groups);

/// Moves a group into a region on the NPU of that name. The block has to be
/// sorted afterwards: what reads the results may stand before the region.
edge::RegionOp createRegion(const Group &group, llvm::StringRef npu);

} // namespace edgecc::place

#endif // EDGECC_PASSES_PLACE_REGIONS_H
