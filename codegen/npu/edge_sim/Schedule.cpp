//===- Schedule.cpp - when and where edge-sim computes ----------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "codegen/npu/edge_sim/Schedule.h"
#include "dialects/Edge/EdgeDialect.h"
#include "passes/Place/Passes.h"

#include "llvm/ADT/MapVector.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace edgecc;
using namespace edgecc::edge;
using namespace edgecc::npu;
using namespace edgecc::npu::edge_sim;

static constexpr int64_t alignment = 16;

int64_t edge_sim::bytesOf(Value value) {
  return cast<RankedTensorType>(value.getType()).getNumElements();
}

//===----------------------------------------------------------------------===//
// Layers
//===----------------------------------------------------------------------===//

Schedule::Schedule(ArrayRef<Operation *> ops, const Machine &machine)
    : machine(machine), members(ops.begin(), ops.end()) {
  llvm::DenseSet<Value> seen;
  for (Operation *op : ops) {
    if (isa<ReshapeOp>(op))
      continue;
    Stage stage{describe(op, machine)};
    for (Value input : stage.layer.inputs) {
      Value key = storage(input);
      if (!members.contains(key.getDefiningOp()) && seen.insert(key).second)
        stage.loads.push_back(key);
    }
    stage.isOutput = isReadOutside(op->getResult(0));
    stages.push_back(std::move(stage));
  }
}

Value Schedule::storage(Value value) const {
  while (Operation *op = value.getDefiningOp()) {
    bool isView =
        isa<StorageCastOp>(op) || (isa<ReshapeOp>(op) && members.contains(op));
    if (!isView)
      break;
    value = op->getOperand(0);
  }
  return value;
}

bool Schedule::isReadOutside(Value value) const {
  return llvm::any_of(value.getUsers(), [&](Operation *user) {
    if (isa<StorageCastOp>(user) ||
        (isa<ReshapeOp>(user) && members.contains(user)))
      return isReadOutside(user->getResult(0));
    return !members.contains(user);
  });
}

//===----------------------------------------------------------------------===//
// Memory
//===----------------------------------------------------------------------===//

namespace {
/// Bytes of the scratchpad, from one stage to another.
struct Buffer {
  int64_t bytes;
  size_t first, last;
  int64_t address = 0;

  int64_t end() const { return address + bytes; }
  bool meets(const Buffer &other) const {
    return first <= other.last && other.first <= last;
  }
};
} // namespace

/// Gives addresses to buffers, large ones first. How many bytes they take.
static int64_t giveAddresses(MutableArrayRef<Buffer> buffers) {
  SmallVector<Buffer *> order;
  for (Buffer &buffer : buffers)
    order.push_back(&buffer);
  llvm::stable_sort(order, [](const Buffer *a, const Buffer *b) {
    return a->bytes > b->bytes;
  });
  // By address.
  SmallVector<Buffer *> placed;
  int64_t total = 0;
  for (Buffer *buffer : order) {
    for (const Buffer *other : placed)
      if (buffer->meets(*other) && buffer->end() > other->address)
        buffer->address = std::max(buffer->address, other->end());
    placed.insert(llvm::upper_bound(placed, buffer,
                                    [](const Buffer *a, const Buffer *b) {
                                      return a->address < b->address;
                                    }),
                  buffer);
    total = std::max(total, buffer->end());
  }
  return total;
}

bool Schedule::place(size_t distance) {
  SmallVector<Buffer> buffers;
  llvm::MapVector<Value, size_t> tensors;
  SmallVector<size_t> constants;
  auto add = [&](int64_t size, size_t first, size_t last) {
    buffers.push_back({int64_t(llvm::alignTo(size, alignment)), first, last});
    return buffers.size() - 1;
  };
  for (auto [i, stage] : llvm::enumerate(stages)) {
    stage.loadedBefore = i < distance ? 0 : i - distance;
    constants.push_back(add(stage.constantBytes(), stage.loadedBefore, i));
    for (Value load : stage.loads)
      tensors[load] = add(bytesOf(load), stage.loadedBefore, i);
    for (Value input : stage.layer.inputs) {
      size_t &last = buffers[tensors.lookup(storage(input))].last;
      last = std::max(last, i);
    }
    // What leaves stays to the end: no command waits for stores.
    Value result = stage.layer.op->getResult(0);
    tensors[result] =
        add(bytesOf(result), i, stage.isOutput ? stages.size() : i);
  }
  bytes = giveAddresses(buffers);
  for (auto [stage, index] : llvm::zip(stages, constants))
    stage.constants = buffers[index].address;
  for (auto [value, index] : tensors)
    addresses[value] = buffers[index].address;
  return bytes <= machine.scratchpadBytes;
}

//===----------------------------------------------------------------------===//
// Time
//===----------------------------------------------------------------------===//

int64_t Schedule::predict() const {
  int64_t loaded = 0, stored = 0;
  // When each stage has computed, behind a zero.
  SmallVector<int64_t> computed = {0};
  for (const Stage &stage : stages) {
    loaded = std::max(loaded, computed[stage.loadedBefore]);
    if (int64_t bytes = stage.constantBytes())
      loaded += machine.transferCycles(bytes);
    for (Value load : stage.loads)
      loaded += machine.transferCycles(bytesOf(load));
    computed.push_back(std::max(computed.back(), loaded) +
                       cyclesOf(stage.layer, machine));
    if (stage.isOutput)
      stored = std::max(stored, computed.back()) +
               machine.transferCycles(bytesOf(stage.layer.op->getResult(0)));
  }
  return std::max(stored, computed.back());
}

std::optional<Schedule> Schedule::get(ArrayRef<Operation *> ops,
                                      const Machine &machine, bool looksAhead) {
  Schedule schedule(ops, machine);
  if (!schedule.place(1))
    return std::nullopt;
  schedule.cycles = schedule.predict();
  if (!looksAhead)
    return schedule;
  size_t best = 1;
  for (size_t distance : {2, 3, 4, 6, 8, 12, 16}) {
    if (distance >= schedule.stages.size() || !schedule.place(distance))
      break;
    if (int64_t cycles = schedule.predict(); cycles < schedule.cycles) {
      schedule.cycles = cycles;
      best = distance;
    }
  }
  schedule.place(best);
  return schedule;
}
