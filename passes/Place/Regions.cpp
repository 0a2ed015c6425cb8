//===- Regions.cpp - groups of operations that run together -----*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "passes/Place/Regions.h"
#include "passes/Place/Passes.h"
#include "passes/Quantization/Parameters.h"

#include "mlir/IR/IRMapping.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;
using namespace edgecc;
using namespace edgecc::edge;
using namespace edgecc::place;
using edgecc::quantization::quantizedType;
using edgecc::quantization::typeOf;

bool place::isKnown(Value value) {
  Operation *op = value.getDefiningOp();
  return op && (isa<ConstantOp>(op) || (isa<StorageCastOp, ReshapeOp>(op) &&
                                        isKnown(op->getOperand(0))));
}

bool place::onlyMoves(Operation *op) {
  return isa<StorageCastOp, ReshapeOp, TransposeOp, SliceOp, PadOp, ConcatOp,
             BroadcastOp, QuantizeOp, DequantizeOp>(op);
}

Value place::stripCasts(Value value) {
  while (auto cast = value.getDefiningOp<StorageCastOp>())
    value = cast.getInput();
  return value;
}

//===----------------------------------------------------------------------===//
// Groups
//===----------------------------------------------------------------------===//

namespace {

/// Groups that grow, operation by operation.
class Grouping {
public:
  explicit Grouping(llvm::function_ref<bool(ArrayRef<Operation *>)> canHold)
      : canHold(canHold) {}

  /// Joins `op` and the groups of what it reads, as far as that is allowed.
  void add(Operation *op) {
    Group merged{op};
    if (!canHold(merged))
      return;
    llvm::SmallSetVector<unsigned, 4> joined;
    for (Operation *producer : producers(op)) {
      auto found = groupOf.find(producer);
      if (found == groupOf.end() || joined.contains(found->second))
        continue;
      Group larger = groups[found->second];
      llvm::append_range(larger, merged);
      if (!canHold(larger) || leavesAndReturns(larger))
        continue;
      joined.insert(found->second);
      merged = std::move(larger);
    }
    for (unsigned index : joined)
      groups[index].clear();
    for (Operation *member : merged)
      groupOf[member] = groups.size();
    groups.push_back(std::move(merged));
  }

  std::vector<Group> take() {
    std::vector<Group> result;
    for (Group &group : groups) {
      if (group.empty())
        continue;
      llvm::sort(group, [](Operation *a, Operation *b) {
        return a->isBeforeInBlock(b);
      });
      result.push_back(std::move(group));
    }
    return result;
  }

private:
  /// The operations of the block that `op`, or anything inside of it, reads.
  static SmallVector<Operation *> producers(Operation *op) {
    llvm::SmallSetVector<Operation *, 4> found;
    op->walk([&](Operation *reader) {
      for (Value operand : reader->getOperands())
        if (Operation *producer = stripCasts(operand).getDefiningOp();
            producer && producer->getBlock() == op->getBlock() &&
            producer != op)
          found.insert(producer);
    });
    return found.takeVector();
  }

  /// Whether something outside of `group` reads it and is read by it. What is
  /// in another group waits for all of that group.
  bool leavesAndReturns(const Group &group) const {
    llvm::DenseSet<Operation *> inside(group.begin(), group.end());
    llvm::SetVector<Operation *> reached;
    auto reach = [&](Operation *op, bool isOutside) {
      for (Operation *producer : producers(op))
        if (!inside.contains(producer))
          reached.insert(producer);
        else if (isOutside)
          return true;
      return false;
    };
    for (Operation *op : group)
      reach(op, /*isOutside=*/false);
    for (unsigned i = 0; i < reached.size(); ++i) {
      Operation *op = reached[i];
      if (reach(op, /*isOutside=*/true))
        return true;
      auto found = groupOf.find(op);
      if (found != groupOf.end())
        for (Operation *sibling : groups[found->second])
          if (!inside.contains(sibling))
            reached.insert(sibling);
    }
    return false;
  }

  llvm::function_ref<bool(ArrayRef<Operation *>)> canHold;
  std::vector<Group> groups;
  llvm::DenseMap<Operation *, unsigned> groupOf;
};

} // namespace

std::vector<Group>
place::findGroups(Block &block, llvm::function_ref<bool(Operation *)> isLegal,
                  llvm::function_ref<bool(ArrayRef<Operation *>)> canHold) {
  Grouping grouping(canHold);
  for (Operation &op : block.without_terminator())
    if (isLegal(&op))
      grouping.add(&op);
  return grouping.take();
}

//===----------------------------------------------------------------------===//
// Regions
//===----------------------------------------------------------------------===//

/// The type of the stored integers; any other type as it is.
static RankedTensorType storedType(Value value) {
  quant::QuantizedType type = quantizedType(value);
  return type ? typeOf(value).clone(edge::storageType(type)) : typeOf(value);
}

/// `value` seen as `type`, whose elements have the same bits.
static Value recast(OpBuilder &builder, Value value, Type type) {
  auto to = [&](Type wanted) {
    if (value.getType() != wanted)
      value = StorageCastOp::create(builder, value.getLoc(), wanted, value);
  };
  if (value.getType() != type)
    to(storedType(value));
  to(type);
  return value;
}

/// Whether anything outside of `group` reads `value` or another view of it.
static bool isReadOutside(Value value,
                          const llvm::DenseSet<Operation *> &group) {
  return llvm::any_of(value.getUsers(), [&](Operation *user) {
    if (isa<StorageCastOp>(user))
      return isReadOutside(user->getResult(0), group);
    return !group.contains(user);
  });
}

llvm::SmallVector<Operation *> place::trimGroups(std::vector<Group> &groups) {
  llvm::DenseSet<Operation *> placed;
  for (const Group &group : groups)
    placed.insert(group.begin(), group.end());
  SmallVector<Operation *> taken;
  for (Group &group : groups) {
    llvm::DenseSet<Operation *> inside(group.begin(), group.end());
    llvm::erase_if(group, [&](Operation *op) {
      bool isAtBegin = llvm::none_of(op->getOperands(), [&](Value operand) {
        return inside.contains(stripCasts(operand).getDefiningOp());
      });
      if (!onlyMoves(op) || !isAtBegin ||
          !isReadOutside(op->getResult(0), placed))
        return false;
      inside.erase(op);
      taken.push_back(op);
      return true;
    });
  }
  return taken;
}

static std::string nameOf(Operation *op) {
  auto named = op->getLoc()->findInstanceOf<NameLoc>();
  return named ? named.getName().str() : "";
}

/// The names of the first and the last operation.
static Location locationOf(const Group &group) {
  std::string first = nameOf(group.front()), last = nameOf(group.back());
  if (first == last)
    return group.front()->getLoc();
  return NameLoc::get(
      StringAttr::get(group.front()->getContext(), first + " to " + last));
}

/// Erases the casts of the results of `op` that nothing reads, and casts of
/// them.
static void eraseUnreadCasts(Operation *op) {
  for (Operation *user : llvm::make_early_inc_range(op->getUsers())) {
    if (!isa<StorageCastOp>(user))
      continue;
    eraseUnreadCasts(user);
    if (user->use_empty())
      user->erase();
  }
}

RegionOp place::createRegion(const Group &group, StringRef npu) {
  llvm::DenseSet<Operation *> members(group.begin(), group.end());
  Location loc = locationOf(group);
  OpBuilder outside(group.back());

  // What comes in and what goes out, as stored integers.
  llvm::MapVector<Value, Value> inputs;
  SmallVector<Value> outputs;
  for (Operation *op : group) {
    for (Value operand : op->getOperands()) {
      Value source = stripCasts(operand);
      if (isKnown(operand) || members.contains(source.getDefiningOp()) ||
          inputs.contains(source))
        continue;
      inputs[source] = recast(outside, source, storedType(source));
    }
    for (Value result : op->getResults())
      if (isReadOutside(result, members))
        outputs.push_back(result);
  }
  SmallVector<Value> operands;
  for (auto &[source, stored] : inputs)
    operands.push_back(stored);
  auto types = llvm::map_to_vector(
      outputs, [](Value value) -> Type { return storedType(value); });
  auto region = RegionOp::create(outside, loc, types, npu, operands);

  OpBuilder inside(region.getContext());
  Block *body = inside.createBlock(&region.getBody());
  IRMapping mapping;
  for (auto [pair, stored] : llvm::zip(inputs, operands))
    mapping.map(pair.first, body->addArgument(stored.getType(), loc));
  // What is known is copied once, with the operations that it is made of.
  auto copyKnown = [&](auto &copyKnown, Value value) -> Value {
    if (Value copy = mapping.lookupOrNull(value))
      return copy;
    Operation *op = value.getDefiningOp();
    for (Value operand : op->getOperands())
      copyKnown(copyKnown, operand);
    return inside.clone(*op, mapping)->getResult(0);
  };
  for (Operation *op : group) {
    SmallVector<Value> values;
    for (Value operand : op->getOperands())
      values.push_back(isKnown(operand)
                           ? copyKnown(copyKnown, operand)
                           : recast(inside, mapping.lookup(stripCasts(operand)),
                                    operand.getType()));
    Operation *copy = inside.clone(*op);
    copy->setOperands(values);
    mapping.map(op->getResults(), copy->getResults());
  }
  SmallVector<Value> yielded;
  for (Value output : outputs)
    yielded.push_back(
        recast(inside, mapping.lookup(output), storedType(output)));
  YieldOp::create(inside, loc, yielded);

  outside.setInsertionPointAfter(region);
  for (auto [output, result] : llvm::zip(outputs, region.getResults()))
    output.replaceAllUsesWith(recast(outside, result, output.getType()));
  for (Operation *op : llvm::reverse(group)) {
    // Views that only the group has read.
    eraseUnreadCasts(op);
    op->erase();
  }
  return region;
}
