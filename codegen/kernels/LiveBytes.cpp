//===- LiveBytes.cpp - the memory that operations will need -----*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "codegen/kernels/LiveBytes.h"
#include "codegen/kernels/WindowKernel.h"
#include "dialects/Target/Alignment.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace edgecc;
using namespace edgecc::kernels;

static int64_t bytesInArena(MemRefType type, target::CpuAttr cpu) {
  return llvm::alignTo(type.getNumElements() *
                           storageBytes(type.getElementType()),
                       target::bufferAlignment(cpu));
}

static int64_t scratchBytes(KernelOpInterface kernel, target::CpuAttr cpu) {
  int64_t bytes = 0;
  for (MemRefType type : kernel.getScratch(cpu))
    bytes += bytesInArena(type, cpu);
  return bytes;
}

namespace {

/// Memory of its own, in use by the operations from `first` to `last`.
struct Piece {
  int64_t bytes = 0;
  int64_t first = std::numeric_limits<int64_t>::max(), last = -1;
};

/// A tensor in a piece.
struct Place {
  /// -1 if it is not in the arena.
  int64_t piece = -1;
  int64_t offset = 0;
  MemRefType type;
};

/// One way to run the operations of a block.
class Measurement {
public:
  Measurement(ArrayRef<Operation *> operations,
              const llvm::DenseMap<Operation *, int64_t> &scratch,
              ArrayRef<Operation *> covered, Operation *instead,
              target::CpuAttr cpu)
      : operations(operations), scratch(scratch), instead(instead), cpu(cpu) {
    this->covered.insert_range(covered);
    if (instead)
      replaced = covered.back();
  }

  std::vector<int64_t> run() {
    SmallVector<std::pair<int64_t, KernelOpInterface>> kernels;
    std::vector<int64_t> bytes(operations.size(), 0);
    for (auto [time, op] : llvm::enumerate(operations)) {
      Operation *runs = op == replaced ? instead : op;
      if (covered.contains(op) && op != replaced)
        continue;
      for (Value result : op->getResults())
        use(placeOf(result), time);
      for (Value operand : runs->getOperands())
        use(placeOf(operand), time);
      if (auto kernel = dyn_cast<KernelOpInterface>(runs)) {
        kernels.emplace_back(time, kernel);
        bytes[time] +=
            runs == instead ? scratchBytes(kernel, cpu) : scratch.lookup(runs);
      }
    }
    for (const Piece &piece : pieces)
      for (int64_t time = piece.first; time <= piece.last; ++time)
        bytes[time] += piece.bytes;
    for (auto [time, kernel] : kernels)
      bytes[time] -= savedBytes(kernel, time);
    for (auto [time, op] : llvm::enumerate(operations))
      if (covered.contains(op) && op != replaced)
        bytes[time] = 0;
    return bytes;
  }

private:
  void use(const Place &place, int64_t time) {
    if (place.piece < 0)
      return;
    Piece &piece = pieces[place.piece];
    piece.first = std::min(piece.first, time);
    piece.last = std::max(piece.last, time);
  }

  /// What reads `value`, but for what is replaced.
  SmallVector<OpOperand *> usesOf(Value value) const {
    SmallVector<OpOperand *> uses;
    for (OpOperand &use : value.getUses()) {
      if (!covered.contains(use.getOwner()))
        uses.push_back(&use);
    }
    return uses;
  }

  Place placeOf(Value value) {
    auto [found, isNew] = places.insert({value, Place()});
    if (isNew) {
      Place place = findPlace(value);
      places[value] = place;
      return place;
    }
    return found->second;
  }

  Place findPlace(Value value) {
    MemRefType type = storageType(cast<RankedTensorType>(value.getType()));
    Operation *op = value.getDefiningOp();
    if (!op || constantOf(value))
      return {-1, 0, type};
    if (auto reshape = dyn_cast<edge::ReshapeOp>(op)) {
      Place place = placeOf(reshape.getInput());
      place.type = type;
      return place;
    }
    if (auto map = dyn_cast<edge::MapOp>(op); map && map->hasOneUse())
      if (auto pool = dyn_cast<edge::PoolOp>(*map->user_begin());
          pool && mapOfInput(pool) == map)
        return placeOf(map.getInputs()[0]);
    for (OpOperand *use : usesOf(value)) {
      Operation *user = use->getOwner();
      if (isa<func::ReturnOp>(user))
        return {-1, 0, type};
      if (isa<edge::ConcatOp>(user))
        return placeOf(user->getResult(0));
      auto pad = dyn_cast<edge::PadOp>(user);
      if (!pad || pad.getMode() != edge::PadMode::Constant ||
          isClaimed(value, pad))
        continue;
      Place place = placeOf(pad.getResult());
      SmallVector<int64_t> strides = place.type.getStridesAndOffset().first;
      for (auto [low, stride] : llvm::zip(pad.getLow(), strides))
        place.offset += low * stride * storageBytes(type.getElementType());
      place.type = MemRefType::get(
          type.getShape(), type.getElementType(),
          StridedLayoutAttr::get(value.getContext(), /*offset=*/0, strides));
      return place;
    }
    Operation *runs = op == replaced ? instead : op;
    if (auto kernel = dyn_cast<KernelOpInterface>(runs))
      for (OpOperand &operand : runs->getOpOperands())
        if (operand.get().getDefiningOp() && !constantOf(operand.get()) &&
            usesOf(operand.get()).size() == 1 &&
            operand.get().getType() == value.getType() &&
            placeOf(operand.get()).type == type &&
            kernel.canOverwrite(operand.getOperandNumber()))
          return placeOf(operand.get());
    pieces.push_back({bytesInArena(type, cpu)});
    return {int64_t(pieces.size()) - 1, 0, type};
  }

  /// Whether another border than `pad` has `value` in it.
  bool isClaimed(Value value, edge::PadOp pad) const {
    for (OpOperand *use : usesOf(value))
      if (auto other = dyn_cast<edge::PadOp>(use->getOwner()))
        return other != pad;
    return false;
  }

  int64_t savedBytes(KernelOpInterface kernel, int64_t time) {
    Operation *op = kernel;
    Value value = op == instead ? replaced->getResult(0) : op->getResult(0);
    Place result = placeOf(value);
    if (result.piece < 0 || pieces[result.piece].first != time)
      return 0;
    for (OpOperand &operand : op->getOpOperands()) {
      Place place = placeOf(operand.get());
      if (place.piece < 0 || place.piece == result.piece ||
          pieces[place.piece].last != time)
        continue;
      std::optional<int64_t> distance = kernel.getOverlapDistance(
          operand.getOperandNumber(), place.type, result.type, cpu);
      if (!distance)
        continue;
      int64_t from = pieces[place.piece].bytes, to = pieces[result.piece].bytes;
      int64_t apart =
          std::max<int64_t>(0, *distance + result.offset - place.offset);
      return std::max<int64_t>(0, from + to - std::max(to, apart + from));
    }
    return 0;
  }

  ArrayRef<Operation *> operations;
  const llvm::DenseMap<Operation *, int64_t> &scratch;
  llvm::DenseSet<Operation *> covered;
  Operation *instead, *replaced = nullptr;
  target::CpuAttr cpu;
  llvm::DenseMap<Value, Place> places;
  std::vector<Piece> pieces;
};

} // namespace

LiveBytes::LiveBytes(Block &block, target::CpuAttr cpu) : cpu(cpu) {
  for (Operation &op : block.without_terminator())
    if (!op.hasTrait<OpTrait::ConstantLike>()) {
      operations.push_back(&op);
      if (auto kernel = dyn_cast<KernelOpInterface>(op))
        scratch[&op] = scratchBytes(kernel, cpu);
    }
}

std::vector<int64_t> LiveBytes::measure(ArrayRef<Operation *> covered,
                                        Operation *instead) const {
  return Measurement(operations, scratch, covered, instead, cpu).run();
}
