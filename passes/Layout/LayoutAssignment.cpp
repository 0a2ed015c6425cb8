//===- LayoutAssignment.cpp - a layout for each operation -------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "passes/Layout/LayoutAssignment.h"
#include "dialects/Edge/EdgeConstants.h"
#include "dialects/Edge/EdgeDialect.h"
#include "passes/Layout/MinCut.h"

using namespace mlir;

namespace edgecc::layout {

static RankedTensorType typeOf(Value value) {
  return cast<RankedTensorType>(value.getType());
}

LayoutAssignment::LayoutAssignment(Block &block) {
  for (Operation &op : block) {
    bool constant =
        op.getNumResults() > 0 && op.getNumRegions() == 0 && isPure(&op) &&
        llvm::all_of(op.getOperands(), [&](Value v) { return isConstant(v); });
    constants[&op] = constant;
  }
  for (Operation &op : block) {
    if (constants[&op])
      continue;
    Node node;
    node.op = &op;
    if (op.getNumResults() > 0)
      if (auto type = dyn_cast<RankedTensorType>(op.getResult(0).getType()))
        node.layout = identityLayout(type.getRank());
    node.flattenedFrom =
        flattenedFrom(&op, [&](Value v) { return isConstant(v); });
    node.free = !node.flattenedFrom && op.getNumResults() > 0 &&
                isa<RankedTensorType>(op.getResult(0).getType()) &&
                hasLayoutRules(&op);
    nodeOf[&op] = nodes.size();
    nodes.push_back(node);
  }
  for (unsigned i = 0; i < nodes.size(); ++i) {
    Operation *op = nodes[i].op;
    for (OpOperand &use : op->getOpOperands())
      addEdge(use, i);
    for (Region &region : op->getRegions())
      region.walk([&](Operation *inner) {
        for (OpOperand &use : inner->getOpOperands())
          if (use.get().getParentBlock() == &block)
            addEdge(use, std::nullopt);
      });
  }
}

void LayoutAssignment::addEdge(OpOperand &use, std::optional<unsigned> to) {
  Value value = use.get();
  auto type = dyn_cast<RankedTensorType>(value.getType());
  if (!type || !bearsLayout(type.getElementType()) || isConstant(value))
    return;
  Edge edge{value, std::nullopt, to, use.getOperandNumber(),
            type.getNumElements() * edge::elementBytes(type.getElementType())};
  if (Operation *producer = value.getDefiningOp())
    if (auto it = nodeOf.find(producer); it != nodeOf.end())
      edge.from = it->second;
  unsigned index = edges.size();
  edges.push_back(edge);
  edgesOf[value].push_back(index);
  if (edge.from)
    nodes[*edge.from].outputs.push_back(index);
  if (to)
    nodes[*to].inputs.push_back(index);
}

bool LayoutAssignment::isConstant(Value value) const {
  Operation *op = value.getDefiningOp();
  return op && (isa<edge::ConstantOp>(op) || constants.lookup(op));
}

bool LayoutAssignment::absorbsLayout(Operation *op) const {
  auto it = nodeOf.find(op);
  return it != nodeOf.end() && nodes[it->second].flattenedFrom;
}

Layout LayoutAssignment::layoutOf(Value value) const {
  Operation *op = value.getDefiningOp();
  auto it = op ? nodeOf.find(op) : nodeOf.end();
  if (it != nodeOf.end() && nodes[it->second].free)
    return nodes[it->second].layout;
  return identityLayout(typeOf(value).getRank());
}

bool LayoutAssignment::isValid(const Node &node, LayoutRef layout) const {
  for (unsigned i = 0; i < node.op->getNumOperands(); ++i)
    if (!operandLayout(node.op, i, layout))
      return false;
  return true;
}

Layout LayoutAssignment::producerLayout(const Edge &edge) const {
  return layoutOf(edge.value);
}

Layout LayoutAssignment::userLayout(const Edge &edge) const {
  return edge.to ? nodes[*edge.to].layout : Layout();
}

Layout LayoutAssignment::wanted(const Edge &edge, LayoutRef user) const {
  if (edge.to && nodes[*edge.to].free)
    return *operandLayout(nodes[*edge.to].op, edge.operand, user);
  return identityLayout(typeOf(edge.value).getRank());
}

int64_t LayoutAssignment::cost(const Edge &edge, LayoutRef producer,
                               LayoutRef user) const {
  SmallVector<int64_t> shape(typeOf(edge.value).getShape());
  if (edge.to && nodes[*edge.to].flattenedFrom) {
    // The untouched dimensions have to come first and in order.
    int64_t kept = *nodes[*edge.to].flattenedFrom;
    Layout tail = identityLayout(kept);
    llvm::append_range(tail, llvm::make_filter_range(producer, [&](int64_t d) {
                         return d >= kept;
                       }));
    return sameOrder(shape, producer, tail) ? 0 : edge.bytes * costOfByte;
  }
  Layout want = wanted(edge, user);
  int64_t missing = want.size() - producer.size();
  if (missing == 0 && LayoutRef(want) == producer)
    return 0;
  shape.insert(shape.begin(), missing, 1);
  if (!sameOrder(shape, lift(producer, missing), want))
    return edge.bytes * costOfByte;
  return missing ? 0 : costOfReshape;
}

int64_t LayoutAssignment::totalCost() const {
  int64_t total = 0;
  for (const auto &entry : edgesOf) {
    // Uses that want one layout share what is moved.
    SmallVector<Layout> moved;
    for (unsigned index : entry.second) {
      const Edge &edge = edges[index];
      Layout user = userLayout(edge);
      int64_t price = cost(edge, producerLayout(edge), user);
      if (price > costOfReshape) {
        Layout want = wanted(edge, user);
        if (llvm::is_contained(moved, want))
          continue;
        moved.push_back(want);
      }
      total += price;
    }
  }
  return total;
}

int64_t LayoutAssignment::movedBytes() const {
  return totalCost() / costOfByte;
}

LayoutAssignment::Proposal LayoutAssignment::propose(unsigned start,
                                                     Layout layout) const {
  Proposal proposal;
  SmallVector<unsigned> queue;
  auto offer = [&](unsigned index, const Layout &offered) {
    const Node &node = nodes[index];
    if (!node.free || offered.size() != node.layout.size() ||
        !isValid(node, offered))
      return;
    if (proposal.try_emplace(index, offered).second)
      queue.push_back(index);
  };
  offer(start, layout);
  for (size_t at = 0; at < queue.size(); ++at) {
    const Node &node = nodes[queue[at]];
    Layout mine = proposal[queue[at]];
    for (unsigned index : node.inputs) {
      const Edge &edge = edges[index];
      if (!edge.from)
        continue;
      Layout want = wanted(edge, mine);
      offer(*edge.from,
            lower(want, want.size() - typeOf(edge.value).getRank()));
    }
    for (unsigned index : node.outputs) {
      const Edge &edge = edges[index];
      if (!edge.to || !nodes[*edge.to].free)
        continue;
      Operation *user = nodes[*edge.to].op;
      int64_t missing = operandRank(user, edge.operand) - mine.size();
      if (std::optional<Layout> result =
              resultLayout(user, edge.operand, lift(mine, missing)))
        offer(*edge.to, *result);
    }
  }
  return proposal;
}

bool LayoutAssignment::take(const Proposal &proposal) {
  SmallVector<unsigned> variables;
  llvm::DenseMap<unsigned, unsigned> variableOf;
  for (unsigned i = 0; i < nodes.size(); ++i) {
    auto it = proposal.find(i);
    if (it == proposal.end() || it->second == nodes[i].layout)
      continue;
    variableOf[i] = variables.size();
    variables.push_back(i);
  }
  if (variables.empty())
    return false;

  BinaryMinimizer minimizer(variables.size());
  auto proposed = [&](std::optional<unsigned> node) -> const Layout * {
    return node && variableOf.contains(*node) ? &proposal.find(*node)->second
                                              : nullptr;
  };
  llvm::DenseSet<unsigned> seen;
  for (unsigned variable : variables)
    for (const auto &list : {nodes[variable].inputs, nodes[variable].outputs})
      for (unsigned index : list) {
        if (!seen.insert(index).second)
          continue;
        const Edge &edge = edges[index];
        Layout from = producerLayout(edge), to = userLayout(edge);
        const Layout *newFrom = proposed(edge.from), *newTo = proposed(edge.to);
        int64_t stay = cost(edge, from, to);
        if (newFrom && newTo) {
          minimizer.addPair(variableOf[*edge.from], variableOf[*edge.to], stay,
                            cost(edge, from, *newTo), cost(edge, *newFrom, to),
                            cost(edge, *newFrom, *newTo));
        } else if (newFrom) {
          minimizer.addCost(variableOf[*edge.from], stay,
                            cost(edge, *newFrom, to));
        } else {
          minimizer.addCost(variableOf[*edge.to], stay,
                            cost(edge, from, *newTo));
        }
      }
  SmallVector<bool> change = minimizer.solve();
  if (!llvm::is_contained(change, true))
    return false;
  int64_t before = totalCost();
  SmallVector<Layout> old;
  for (unsigned i = 0; i < variables.size(); ++i) {
    Node &node = nodes[variables[i]];
    old.push_back(node.layout);
    if (change[i])
      node.layout = proposal.find(variables[i])->second;
  }
  if (totalCost() < before)
    return true;
  for (unsigned i = 0; i < variables.size(); ++i)
    nodes[variables[i]].layout = old[i];
  return false;
}

void LayoutAssignment::solve() {
  // The total falls with each step, so there is an end.
  bool changed = true;
  while (changed) {
    changed = false;
    for (unsigned i = 0; i < edges.size(); ++i) {
      const Edge &edge = edges[i];
      Layout from = producerLayout(edge), to = userLayout(edge);
      if (cost(edge, from, to) == 0)
        continue;
      if (edge.to && nodes[*edge.to].free) {
        Operation *user = nodes[*edge.to].op;
        int64_t missing = operandRank(user, edge.operand) - from.size();
        if (std::optional<Layout> result =
                resultLayout(user, edge.operand, lift(from, missing)))
          if (take(propose(*edge.to, *result))) {
            changed = true;
            continue;
          }
      }
      if (edge.from) {
        Layout want = wanted(edge, to);
        int64_t extra = want.size() - typeOf(edge.value).getRank();
        changed |= take(propose(*edge.from, lower(want, extra)));
      }
    }
  }
}

} // namespace edgecc::layout
