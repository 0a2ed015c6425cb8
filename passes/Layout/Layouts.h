//===- Layouts.h - orders of dimensions -------------------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
//
// A layout of a tensor is a permutation of its dimensions: a tensor `x` held in
// layout `L` is the tensor whose dimension `i` is dimension `L[i]` of `x`.
// Dimensions of size one may stand anywhere without moving an element.
//
//===----------------------------------------------------------------------===//

#ifndef EDGECC_PASSES_LAYOUT_LAYOUTS_H
#define EDGECC_PASSES_LAYOUT_LAYOUTS_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"

#include <cstdint>
#include <optional>

namespace edgecc::layout {

/// Of a transpose that the layout pass put there: why, in words.
inline constexpr llvm::StringLiteral reasonAttrName = "edge.reason";

using Layout = llvm::SmallVector<int64_t, 6>;
using LayoutRef = llvm::ArrayRef<int64_t>;

/// [0, 1, ..., rank - 1].
Layout identityLayout(int64_t rank);

bool isIdentity(LayoutRef layout);

/// The place of each dimension: `inverse(L)[L[i]] == i`.
Layout inverse(LayoutRef layout);

/// What a value with one entry per dimension becomes: entry `i` is that of
/// dimension `layout[i]`.
llvm::SmallVector<int64_t> permute(llvm::ArrayRef<int64_t> entries,
                                   LayoutRef layout);

/// The permutation that brings a tensor from layout `from` to layout `to`.
Layout conversion(LayoutRef from, LayoutRef to);

/// Whether tensors of `shape` hold their elements in one order in both layouts.
bool sameOrder(llvm::ArrayRef<int64_t> shape, LayoutRef a, LayoutRef b);

/// `layout` with `count` dimensions put in front of it.
Layout lift(LayoutRef layout, int64_t count);

/// `layout` without its `count` first dimensions (wherever they stand).
Layout lower(LayoutRef layout, int64_t count);

/// The layout of the result of a reshape from `from` to `to` whose operand
/// comes in `layout`, so that the reshape still moves nothing. Nothing if a
/// split or merged dimension were torn apart.
std::optional<Layout> mapThroughReshape(llvm::ArrayRef<int64_t> from,
                                        llvm::ArrayRef<int64_t> to,
                                        LayoutRef layout);

} // namespace edgecc::layout

#endif // EDGECC_PASSES_LAYOUT_LAYOUTS_H
