//===- Layouts.cpp - orders of dimensions -----------------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "passes/Layout/Layouts.h"

#include "llvm/ADT/STLExtras.h"

#include <numeric>

using namespace llvm;

namespace edgecc::layout {

Layout identityLayout(int64_t rank) {
  Layout layout(rank);
  std::iota(layout.begin(), layout.end(), 0);
  return layout;
}

bool isIdentity(LayoutRef layout) { return llvm::is_sorted(layout); }

Layout inverse(LayoutRef layout) {
  Layout result(layout.size());
  for (auto [i, dim] : llvm::enumerate(layout))
    result[dim] = i;
  return result;
}

SmallVector<int64_t> permute(ArrayRef<int64_t> entries, LayoutRef layout) {
  SmallVector<int64_t> result;
  for (int64_t dim : layout)
    result.push_back(entries[dim]);
  return result;
}

Layout conversion(LayoutRef from, LayoutRef to) {
  Layout place = inverse(from), result;
  for (int64_t dim : to)
    result.push_back(place[dim]);
  return result;
}

/// The dimensions of more than one element, as they follow each other.
static SmallVector<int64_t> order(ArrayRef<int64_t> shape, LayoutRef layout) {
  SmallVector<int64_t> dims;
  for (int64_t dim : layout)
    if (shape[dim] != 1)
      dims.push_back(dim);
  return dims;
}

bool sameOrder(ArrayRef<int64_t> shape, LayoutRef a, LayoutRef b) {
  return a == b || order(shape, a) == order(shape, b);
}

Layout lift(LayoutRef layout, int64_t count) {
  Layout result = identityLayout(count);
  for (int64_t dim : layout)
    result.push_back(dim + count);
  return result;
}

Layout lower(LayoutRef layout, int64_t count) {
  Layout result;
  for (int64_t dim : layout)
    if (dim >= count)
      result.push_back(dim - count);
  return result;
}

/// Adds the dimensions of size one to an order of the others. Leading ones stay
/// in front, each other one in front of the dimension it precedes, if any.
static Layout placeUnits(ArrayRef<int64_t> shape, ArrayRef<int64_t> order) {
  int64_t rank = shape.size();
  if (llvm::is_sorted(order))
    return identityLayout(rank);
  SmallVector<SmallVector<int64_t>> before(rank), after(rank);
  Layout result;
  int64_t previous = -1;
  for (int64_t dim = 0; dim < rank; ++dim) {
    if (shape[dim] != 1) {
      previous = dim;
      continue;
    }
    int64_t next = dim;
    while (next < rank && shape[next] == 1)
      ++next;
    if (previous < 0)
      result.push_back(dim);
    else if (next < rank)
      before[next].push_back(dim);
    else
      after[previous].push_back(dim);
  }
  for (int64_t dim : order) {
    result.append(before[dim]);
    result.push_back(dim);
    result.append(after[dim]);
  }
  return result;
}

std::optional<Layout> mapThroughReshape(ArrayRef<int64_t> from,
                                        ArrayRef<int64_t> to,
                                        LayoutRef layout) {
  if (llvm::is_contained(from, 0))
    return std::nullopt;
  if (from == to)
    return Layout(layout);
  // The smallest runs of dimensions that hold the same elements.
  struct Run {
    SmallVector<int64_t> from, to;
  };
  SmallVector<int64_t> sources = order(from, identityLayout(from.size()));
  SmallVector<int64_t> targets = order(to, identityLayout(to.size()));
  SmallVector<Run> runs;
  SmallVector<int64_t> runOf(from.size(), -1);
  size_t s = 0, t = 0;
  while (s < sources.size()) {
    Run run;
    int64_t a = 1, b = 1;
    do {
      if (a <= b) {
        runOf[sources[s]] = runs.size();
        a *= from[sources[s]];
        run.from.push_back(sources[s++]);
      } else {
        b *= to[targets[t]];
        run.to.push_back(targets[t++]);
      }
    } while (a != b);
    runs.push_back(run);
  }
  SmallVector<int64_t> given = order(from, layout), result;
  for (size_t i = 0; i < given.size();) {
    const Run &run = runs[runOf[given[i]]];
    if (ArrayRef<int64_t>(given).slice(i).take_front(run.from.size()) !=
        ArrayRef<int64_t>(run.from))
      return std::nullopt;
    result.append(run.to);
    i += run.from.size();
  }
  return placeUnits(to, result);
}

} // namespace edgecc::layout
