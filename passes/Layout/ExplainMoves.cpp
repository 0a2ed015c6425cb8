//===- ExplainMoves.cpp - why a transpose is there --------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "passes/Layout/LayoutAssignment.h"

#include "dialects/Edge/EdgeDialect.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;

namespace edgecc::layout {

/// The operation and, if it has one, the name of its node.
static std::string describe(Operation *op) {
  std::string text = op->getName().stripDialect().str();
  if (auto named = op->getLoc()->findInstanceOf<NameLoc>())
    text += " '" + named.getName().str() + "'";
  return text;
}

/// Of an operation that cannot follow a layout.
static constexpr const char *regroups = " takes dimensions apart or together";

static std::string quote(Attribute name, unsigned number) {
  auto text = dyn_cast_or_null<StringAttr>(name);
  return text ? "'" + text.str() + "'" : std::to_string(number);
}

/// Who decides about the layout of an argument of a block.
static std::string describe(BlockArgument argument) {
  auto function = dyn_cast<func::FuncOp>(argument.getOwner()->getParentOp());
  unsigned number = argument.getArgNumber();
  if (!function)
    return "a value from outside of its block keeps its layout";
  return "the caller lays out input " +
         quote(function.getArgAttr(number, "edge.name"), number);
}

/// Who decides about the layout of an operand of `user`, which has one layout.
static std::string describeUse(Operation *user, unsigned operand) {
  if (isa<func::ReturnOp>(user)) {
    auto function = user->getParentOfType<func::FuncOp>();
    return "the caller lays out output " +
           quote(function.getResultAttr(operand, "edge.name"), operand);
  }
  return describe(user) + " has one layout";
}

std::string LayoutAssignment::decider(unsigned start, unsigned except) const {
  // The nearest end of the region that agrees with `start`.
  llvm::SetVector<unsigned> region;
  region.insert(start);
  for (size_t at = 0; at < region.size(); ++at) {
    const Node &node = nodes[region[at]];
    if (!node.free)
      return describeUse(node.op, 0);
    for (const auto &list : {node.inputs, node.outputs})
      for (unsigned index : list) {
        const Edge &edge = edges[index];
        if (index == except ||
            cost(edge, producerLayout(edge), userLayout(edge)) > costOfReshape)
          continue;
        if (auto argument = dyn_cast<BlockArgument>(edge.value))
          return describe(argument);
        if (edge.to && isa<func::ReturnOp>(nodes[*edge.to].op))
          return describeUse(nodes[*edge.to].op, edge.operand);
        if (edge.from)
          region.insert(*edge.from);
        if (edge.to)
          region.insert(*edge.to);
      }
  }
  return "";
}

std::string LayoutAssignment::explainMove(Value value, Operation *user) const {
  auto found = edgesOf.find(value);
  if (found == edgesOf.end())
    return "";
  const Edge *move = nullptr;
  unsigned number = 0, untouched = 0;
  for (unsigned index : found->second) {
    const Edge &edge = edges[index];
    bool moves =
        cost(edge, producerLayout(edge), userLayout(edge)) > costOfReshape;
    untouched += !moves;
    if (!moves || (edge.to && nodes[*edge.to].op != user) || move)
      continue;
    move = &edge;
    number = index;
  }
  if (!move)
    return "";
  // Not every operation bears every layout.
  std::string before, after;
  Layout from = producerLayout(*move), to = wanted(*move, userLayout(*move));
  if (auto argument = dyn_cast<BlockArgument>(value)) {
    before = describe(argument);
  } else if (move->from) {
    const Node &node = nodes[*move->from];
    before = node.free && !isValid(node, lower(to, to.size() - from.size()))
                 ? describe(node.op) + regroups
                 : decider(*move->from, number);
  }
  if (move->to && nodes[*move->to].free) {
    int64_t missing = operandRank(user, move->operand) - from.size();
    after = resultLayout(user, move->operand, lift(from, missing))
                ? decider(*move->to, number)
                : describe(user) + regroups;
  } else {
    after = describeUse(user, move->operand);
  }
  SmallVector<std::string> parts;
  for (const std::string &part : {before, after})
    if (!part.empty() && !llvm::is_contained(parts, part))
      parts.push_back(part);
  if (parts.size() < 2)
    parts.push_back("another layout would move more bytes");
  if (untouched)
    parts.push_back(std::to_string(untouched) +
                    (untouched == 1 ? " other use wants" : " other uses want") +
                    " it as it is");
  return llvm::join(parts, ", ");
}

} // namespace edgecc::layout
