//===- Pool.cpp - pooling ---------------------------------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "codegen/kernels/Contractions.h"
#include "codegen/kernels/WindowKernel.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace edgecc;
using namespace edgecc::kernels;

/// The larger of two numbers. Which one it is when one is not a number is left
/// open, as in ONNX.
static Value maximum(Emitter &e, Value a, Value b, bool isUnsigned) {
  if (isa<FloatType>(getElementTypeOrSelf(a.getType()))) {
    auto flags = arith::FastMathFlags::nnan | arith::FastMathFlags::nsz;
    return arith::MaximumFOp::create(e, a, b, flags);
  }
  if (isUnsigned)
    return arith::MaxUIOp::create(e, a, b);
  return arith::MaxSIOp::create(e, a, b);
}

/// What no number of `type` is less than.
static TypedAttr lowest(Type type, bool isUnsigned) {
  if (auto real = dyn_cast<FloatType>(type))
    return FloatAttr::get(
        type, APFloat::getInf(real.getFloatSemantics(), /*Negative=*/true));
  unsigned width = type.getIntOrFloatBitWidth();
  return IntegerAttr::get(type, isUnsigned ? APInt::getMinValue(width)
                                           : APInt::getSignedMinValue(width));
}

static void emitPool(edge::PoolOp op, Emitter &e, const KernelArgs &args) {
  Window w;
  w.inputType =
      cast<RankedTensorType>(op.getInput().getType()).getElementType();
  w.accumulatorType = edge::accumulatorType(w.inputType);
  w.kernel.assign(op.getKernel().begin(), op.getKernel().end());
  w.strides.assign(op.getStrides().begin(), op.getStrides().end());
  for (size_t dim = 0; dim < w.kernel.size(); ++dim)
    w.dilations.push_back(op.getDilation(dim));
  w.input = args.inputs[0];
  w.output = args.outputs[0];
  bool isUnsigned = w.inputType.isUnsignedInteger();
  bool isMax = op.getKind() == edge::PoolKind::Max;
  w.initial = [&](Value, int64_t lanes) -> Value {
    if (isMax)
      return e.splat(e.constant(lowest(w.accumulatorType, isUnsigned)), lanes);
    return e.zero(lanes == 1 ? w.accumulatorType
                             : VectorType::get({lanes}, w.accumulatorType));
  };
  w.combine = [&](Value sum, Value element, Value) -> Value {
    if (isMax)
      return maximum(e, sum, element, isUnsigned);
    if (isa<FloatType>(w.accumulatorType))
      return arith::AddFOp::create(e, sum, element);
    return arith::AddIOp::create(e, sum, element);
  };
  w.store = [&](Value value, ValueRange indices) {
    e.storeResult(op, args, value, indices);
  };
  emitWindow(e, w);
}

namespace {

struct PoolKernel : KernelOpInterface::ExternalModel<PoolKernel, edge::PoolOp> {
  LogicalResult emitKernel(Operation *operation, OpBuilder &builder,
                           const KernelArgs &args, target::CpuAttr cpu) const {
    auto op = cast<edge::PoolOp>(operation);
    assert(isUnpadded(op.getPadsLow(), op.getPadsHigh()) &&
           "borders are explicit before kernels are emitted");
    Emitter emitter(builder, op.getLoc(), cpu);
    emitPool(op, emitter, args);
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
