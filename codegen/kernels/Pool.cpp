//===- Pool.cpp - pooling ---------------------------------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "codegen/kernels/Arithmetic.h"
#include "codegen/kernels/Contractions.h"
#include "codegen/kernels/WindowKernel.h"
#include "dialects/Edge/EdgeScheduleOps.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace edgecc;
using namespace edgecc::kernels;

edge::MapOp kernels::mapOfInput(edge::PoolOp op) {
  auto map = op.getInput().getDefiningOp<edge::MapOp>();
  if (!map || !map->hasOneUse() || map.getInputs().size() != 1 ||
      map->getBlock() != op->getBlock() ||
      isa<edge::RowBandsOp>(op->getParentOp()))
    return {};
  auto from = cast<RankedTensorType>(map.getInputs()[0].getType());
  auto isOnce = [](auto sizes) {
    return std::get<0>(sizes) <= std::get<1>(sizes);
  };
  bool isRead =
      op.getKind() == edge::PoolKind::Sum &&
      isUnpadded(op.getPadsLow(), op.getPadsHigh()) &&
      llvm::all_of(llvm::zip_equal(op.getKernel(), op.getStrides()), isOnce);
  if (!isRead || from.getShape() != map.getType().getShape() ||
      storageBytes(from.getElementType()) != 1)
    return {};
  return map;
}

Window kernels::windowOf(edge::PoolOp op, Emitter &e, const KernelArgs &args) {
  Window w;
  w.isSmall = wantsSmallCode(op) && !overwritesEpilogueOperands(op);
  w.inputType =
      cast<RankedTensorType>(op.getInput().getType()).getElementType();
  Fold fold = op.getKind() == edge::PoolKind::Max ? Fold::Max : Fold::Sum;
  Type accumulator = edge::accumulatorType(w.inputType);
  // A maximum needs no more bits than its inputs.
  bool isNarrow = fold == Fold::Max && w.inputType.isIntOrIndex();
  w.accumulatorType = isNarrow ? storageType(w.inputType) : accumulator;
  if (edge::MapOp map = mapOfInput(op)) {
    w.inputType = getElementTypeOrSelf(map.getInputs()[0].getType());
    Type wide = w.accumulatorType;
    w.prepare = [=, &e](Value element) mutable {
      auto vector = dyn_cast<VectorType>(element.getType());
      Value value = e.applyRegion(map.getBody(), element);
      return convert(e, e.splat(value, vector ? vector.getNumElements() : 1),
                     wide);
    };
  }
  w.kernel.assign(op.getKernel().begin(), op.getKernel().end());
  w.strides.assign(op.getStrides().begin(), op.getStrides().end());
  for (size_t dim = 0; dim < w.kernel.size(); ++dim)
    w.dilations.push_back(op.getDilation(dim));
  w.input = flatOperand(e, args.inputs[0]);
  w.inputStrides = stridesOf(args.inputs[0]);
  w.shape.assign(op.getResult().getType().getShape());
  bool isUnsigned = isUnsignedElement(w.inputType);
  Type narrow = w.accumulatorType;
  w.initial = [=, &e](Value, int64_t lanes) {
    return e.splat(neutral(e, fold, narrow, isUnsigned), lanes);
  };
  bool isPrepared = bool(w.prepare);
  bool isFloatSum = fold == Fold::Sum && isa<FloatType>(narrow);
  w.combine = [=, &e](Value sum, Value element, Value) -> Value {
    // A product that `prepare` ends with is rounded on its own: sums have to
    // break ties as those of the elements that its map stores.
    if (isPrepared && isFloatSum)
      return arith::AddFOp::create(e, element, sum);
    return combine(e, fold, element, sum, isUnsigned);
  };
  w.store = [=, &e](Value value, ValueRange indices) {
    e.storeResult(op, args, convert(e, value, accumulator, isUnsigned),
                  indices);
  };
  return w;
}

namespace {

struct PoolKernel : KernelOpInterface::ExternalModel<PoolKernel, edge::PoolOp> {
  LogicalResult emitKernel(Operation *operation, OpBuilder &builder,
                           const KernelArgs &args, target::CpuAttr cpu) const {
    auto op = cast<edge::PoolOp>(operation);
    assert(isUnpadded(op.getPadsLow(), op.getPadsHigh()) &&
           "borders are explicit before kernels are emitted");
    Emitter emitter(builder, op.getLoc(), cpu);
    emitter.phase([&] { emitWindow(emitter, windowOf(op, emitter, args)); });
    return success();
  }

  bool canOverwrite(Operation *operation, unsigned index) const {
    auto op = cast<edge::PoolOp>(operation);
    return index > 0 &&
           op->getOperand(index).getType() == op.getResult().getType();
  }
};

} // namespace

void kernels::attachPoolKernel(MLIRContext &context) {
  edge::PoolOp::attachInterface<PoolKernel>(context);
}
