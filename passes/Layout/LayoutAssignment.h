//===- LayoutAssignment.h - a layout for each operation ---------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef EDGECC_PASSES_LAYOUT_LAYOUTASSIGNMENT_H
#define EDGECC_PASSES_LAYOUT_LAYOUTASSIGNMENT_H

#include "passes/Layout/LayoutRules.h"

#include "mlir/IR/Block.h"
#include "llvm/ADT/DenseMap.h"

namespace edgecc::layout {

/// Chooses the layout of the results of each operation of a block so that the
/// fewest bytes are moved between layouts.
///
/// The transposes of the block are dissolved: they only relate the layout of
/// their result to that of their operand, and what has to be moved is decided
/// on the edges between operations. Everything starts in the identity layout.
/// A step takes an edge on which data moves, carries the layout of one end
/// through all operations that can bear it, and lets a minimum cut decide which
/// of them switch to it. Steps are taken while they make the total cheaper.
class LayoutAssignment {
public:
  explicit LayoutAssignment(mlir::Block &block);

  /// Runs to the fixpoint.
  void solve();

  /// The layout chosen for a value; the identity for what is not computed by
  /// the block or known at compile time.
  Layout layoutOf(mlir::Value value) const;

  /// Whether `value` depends on constants only.
  bool isConstant(mlir::Value value) const;

  /// Whether `op` is a flattening reshape whose operand comes in a layout that
  /// is left to the weights behind it.
  bool absorbsLayout(mlir::Operation *op) const;

  /// The bytes moved under the present choice.
  int64_t movedBytes() const;

  /// In words, who decides about the layouts between which `value` has to be
  /// moved for `user`; empty if it has not.
  std::string explainMove(mlir::Value value, mlir::Operation *user) const;

private:
  /// Costs are bytes moved, finely enough that a reshape which merely shifts
  /// dimensions of size one (and may stand in the way of a fusion) counts too.
  static constexpr int64_t costOfByte = 16, costOfReshape = 1;

  struct Node {
    mlir::Operation *op;
    Layout layout;
    /// Can have another layout than the identity.
    bool free;
    /// Of a flattening reshape: the dimensions that it leaves alone.
    std::optional<int64_t> flattenedFrom;
    llvm::SmallVector<unsigned, 4> inputs, outputs;
  };
  /// A use of a value; `from` is null for the arguments of the block, `to` for
  /// a use in a nested region.
  struct Edge {
    mlir::Value value;
    std::optional<unsigned> from, to;
    unsigned operand;
    int64_t bytes;
  };
  using Proposal = llvm::DenseMap<unsigned, Layout>;

  void addEdge(mlir::OpOperand &use, std::optional<unsigned> to);
  bool isValid(const Node &node, LayoutRef layout) const;
  /// How the user of an edge wants the value, at the rank of `operandRank`.
  Layout wanted(const Edge &edge, LayoutRef userLayout) const;
  int64_t cost(const Edge &edge, LayoutRef producer, LayoutRef user) const;
  int64_t totalCost() const;
  Layout producerLayout(const Edge &edge) const;
  Layout userLayout(const Edge &edge) const;
  Proposal propose(unsigned node, Layout layout) const;
  bool take(const Proposal &proposal);
  /// In words, what fixes the layout of the operations that agree with `node`,
  /// not looking past edge `except`.
  std::string decider(unsigned node, unsigned except) const;

  std::vector<Node> nodes;
  std::vector<Edge> edges;
  llvm::DenseMap<mlir::Operation *, unsigned> nodeOf;
  llvm::DenseMap<mlir::Value, llvm::SmallVector<unsigned, 2>> edgesOf;
  llvm::DenseMap<mlir::Operation *, bool> constants;
};

} // namespace edgecc::layout

#endif // EDGECC_PASSES_LAYOUT_LAYOUTASSIGNMENT_H
