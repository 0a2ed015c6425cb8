//===- KernelTraffic.cpp - bytes that kernels move --------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "passes/Memory/KernelTraffic.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "mlir/Interfaces/ViewLikeInterface.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;
using namespace edgecc::memory;

/// Bytes of a number or of a vector; 0 for anything else.
static int64_t bytesOf(Type type) {
  int64_t count = 1;
  if (auto vector = dyn_cast<VectorType>(type)) {
    count = vector.getNumElements();
    type = vector.getElementType();
  }
  return type.isIntOrFloat()
             ? llvm::divideCeil(count * type.getIntOrFloatBitWidth(), 8)
             : 0;
}

static int64_t bytesOfMemory(Value memref) {
  auto type = dyn_cast<MemRefType>(memref.getType());
  if (!type || !type.hasStaticShape())
    return 0;
  return type.getNumElements() *
         llvm::divideCeil(type.getElementTypeBitWidth(), 8);
}

/// How often `loop` runs its body; 1 if that is not known.
static int64_t countTrips(scf::ForOp loop) {
  std::optional<int64_t> lower = getConstantIntValue(loop.getLowerBound()),
                         upper = getConstantIntValue(loop.getUpperBound()),
                         step = getConstantIntValue(loop.getStep());
  if (!lower || !upper || !step || *step <= 0 || *upper <= *lower)
    return 1;
  return llvm::divideCeil(*upper - *lower, *step);
}

/// The loops that change `value` from one iteration to the next.
static llvm::SmallPtrSet<Operation *, 4> findLoopsOf(ValueRange values) {
  llvm::SetVector<Value> slice(values.begin(), values.end());
  llvm::SmallPtrSet<Operation *, 4> loops;
  for (unsigned i = 0; i < slice.size(); ++i) {
    if (auto argument = dyn_cast<BlockArgument>(slice[i])) {
      if (auto loop = dyn_cast<scf::ForOp>(argument.getOwner()->getParentOp()))
        loops.insert(loop);
      continue;
    }
    slice.insert_range(slice[i].getDefiningOp()->getOperands());
  }
  return loops;
}

/// How often `op` runs, but for iterations of `without`.
static int64_t countRuns(Operation *op,
                         const llvm::SmallPtrSetImpl<Operation *> &without) {
  int64_t runs = 1;
  for (auto loop = op->getParentOfType<scf::ForOp>(); loop;
       loop = loop->getParentOfType<scf::ForOp>())
    if (!without.contains(loop))
      runs *= countTrips(loop);
  return runs;
}

/// Where arithmetic on an address ends: in what goes to memory or away.
static llvm::SetVector<Operation *> findUsers(Value address) {
  llvm::SetVector<Value> derived;
  llvm::SetVector<Operation *> users;
  derived.insert(address);
  for (unsigned i = 0; i < derived.size(); ++i)
    for (Operation *user : derived[i].getUsers()) {
      if (isPure(user))
        derived.insert_range(user->getResults());
      else
        users.insert(user);
    }
  return users;
}

int64_t KernelTraffic::ofOperand(func::CallOp call, unsigned operand) {
  Value memref = call.getOperand(operand);
  int64_t bytes = bytesOfMemory(memref);
  auto kernel =
      symbols.lookupNearestSymbolFrom<func::FuncOp>(call, call.getCalleeAttr());
  if (!kernel || kernel.isExternal())
    return bytes;
  return ofValue(kernel.getArgument(operand), bytes);
}

int64_t KernelTraffic::ofValue(Value memref, int64_t bytes) {
  auto found = known.find(memref);
  if (found != known.end())
    return found->second;
  int64_t moved = 0;
  for (OpOperand &use : memref.getUses()) {
    Operation *user = use.getOwner();
    llvm::SmallPtrSet<Operation *, 4> none;
    if (auto call = dyn_cast<func::CallOp>(user)) {
      moved += countRuns(user, none) * ofOperand(call, use.getOperandNumber());
    } else if (isa<ViewLikeOpInterface>(user)) {
      for (Value view : user->getResults())
        moved += ofValue(view, bytes);
    } else if (isa<memref::ExtractAlignedPointerAsIndexOp>(user)) {
      int64_t most = 0;
      for (Operation *end : findUsers(user->getResult(0)))
        most = std::max(most, countRuns(end, findLoopsOf(end->getOperands())) *
                                  bytes);
      moved += most;
    } else if (!isPure(user)) {
      // A load has a result, a store an operand.
      int64_t size = 0;
      for (Type type : user->getResultTypes())
        size += bytesOf(type);
      if (!size)
        for (Type type : user->getOperandTypes())
          size = std::max(size, bytesOf(type));
      moved += countRuns(user, none) * size;
    }
  }
  known[memref] = moved;
  return moved;
}
