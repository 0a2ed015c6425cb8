//===- MinCut.h - the best of two choices for many nodes --------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef EDGECC_PASSES_LAYOUT_MINCUT_H
#define EDGECC_PASSES_LAYOUT_MINCUT_H

#include "llvm/ADT/SmallVector.h"

#include <cstdint>
#include <vector>

namespace edgecc::layout {

/// Minimises a sum of costs of one and of two binary variables. The optimum is
/// exact if each pair costs no more in agreement than in disagreement
/// (`c00 + c11 <= c01 + c10`); a pair that breaks this is charged more for
/// disagreement.
class BinaryMinimizer {
public:
  explicit BinaryMinimizer(unsigned variables)
      : unary(variables), graph(variables + 2) {}

  /// Adds the cost of a variable being zero or one.
  void addCost(unsigned variable, int64_t zero, int64_t one);
  /// Adds the cost of a pair: `c01` is that of `a` zero and `b` one.
  void addPair(unsigned a, unsigned b, int64_t c00, int64_t c01, int64_t c10,
               int64_t c11);
  /// The values of the variables; zero where both are as good.
  llvm::SmallVector<bool> solve();

private:
  struct Edge {
    unsigned to;
    unsigned reverse;
    int64_t capacity;
  };
  void addEdge(unsigned from, unsigned to, int64_t capacity);
  int64_t push(unsigned node, unsigned sink, int64_t flow);

  std::vector<int64_t> unary;
  std::vector<std::vector<Edge>> graph;
  std::vector<int> level;
  std::vector<unsigned> next;
};

} // namespace edgecc::layout

#endif // EDGECC_PASSES_LAYOUT_MINCUT_H
