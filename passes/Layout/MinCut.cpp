//===- MinCut.cpp - the best of two choices for many nodes ------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
//
// A minimum cut, by Dinic's algorithm, separates the variables that stay zero
// (on the side of the source) from those that become one.
//
//===----------------------------------------------------------------------===//

#include "passes/Layout/MinCut.h"

#include <algorithm>
#include <limits>

namespace edgecc::layout {

void BinaryMinimizer::addCost(unsigned variable, int64_t zero, int64_t one) {
  unary[variable] += one - zero;
}

void BinaryMinimizer::addPair(unsigned a, unsigned b, int64_t c00, int64_t c01,
                              int64_t c10, int64_t c11) {
  // c00 + (c10 - c00) a + (c11 - c10) b + (c01 + c10 - c00 - c11) (1 - a) b
  if (c00 + c11 > c01 + c10)
    c01 = c00 + c11 - c10;
  unary[a] += c10 - c00;
  unary[b] += c11 - c10;
  addEdge(a, b, c01 + c10 - c00 - c11);
}

void BinaryMinimizer::addEdge(unsigned from, unsigned to, int64_t capacity) {
  if (capacity == 0)
    return;
  graph[from].push_back({to, unsigned(graph[to].size()), capacity});
  graph[to].push_back({from, unsigned(graph[from].size() - 1), 0});
}

int64_t BinaryMinimizer::push(unsigned node, unsigned sink, int64_t flow) {
  if (node == sink)
    return flow;
  for (unsigned &i = next[node]; i < graph[node].size(); ++i) {
    Edge &edge = graph[node][i];
    if (edge.capacity <= 0 || level[edge.to] != level[node] + 1)
      continue;
    if (int64_t pushed = push(edge.to, sink, std::min(flow, edge.capacity))) {
      edge.capacity -= pushed;
      graph[edge.to][edge.reverse].capacity += pushed;
      return pushed;
    }
  }
  return 0;
}

llvm::SmallVector<bool> BinaryMinimizer::solve() {
  unsigned variables = unary.size(), source = variables, sink = variables + 1;
  for (unsigned i = 0; i < variables; ++i) {
    if (unary[i] > 0)
      addEdge(source, i, unary[i]);
    else
      addEdge(i, sink, -unary[i]);
  }
  auto reach = [&](unsigned start, bool backwards) {
    level.assign(graph.size(), -1);
    std::vector<unsigned> queue{start};
    level[start] = 0;
    for (size_t at = 0; at < queue.size(); ++at)
      for (const Edge &edge : graph[queue[at]]) {
        int64_t capacity =
            backwards ? graph[edge.to][edge.reverse].capacity : edge.capacity;
        if (capacity > 0 && level[edge.to] < 0) {
          level[edge.to] = level[queue[at]] + 1;
          queue.push_back(edge.to);
        }
      }
  };
  while (true) {
    reach(source, /*backwards=*/false);
    if (level[sink] < 0)
      break;
    next.assign(graph.size(), 0);
    while (push(source, sink, std::numeric_limits<int64_t>::max())) {
    }
  }
  // One is only what must be: what still reaches the sink.
  reach(sink, /*backwards=*/true);
  llvm::SmallVector<bool> values(variables);
  for (unsigned i = 0; i < variables; ++i)
    values[i] = level[i] >= 0;
  return values;
}

} // namespace edgecc::layout
