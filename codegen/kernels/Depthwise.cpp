//===- Depthwise.cpp - depthwise convolutions -------------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "codegen/kernels/Arithmetic.h"
#include "codegen/kernels/Contractions.h"
#include "codegen/kernels/WindowKernel.h"
#include "dialects/Edge/EdgeScheduleOps.h"

using namespace mlir;
using namespace edgecc;
using namespace edgecc::kernels;

static Type elementOf(Value tensor) {
  return cast<RankedTensorType>(tensor.getType()).getElementType();
}

bool kernels::isWindow(edge::ConvOp op, target::CpuAttr cpu) {
  if (!op.isDepthwise())
    return false;
  int64_t channels =
      cast<RankedTensorType>(op.getResult().getType()).getShape().back();
  int64_t multiplier = channels / int64_t(op.getGroups());
  if (multiplier == 1)
    return true;
  // In chains of rows it is the product that comes before or after a window.
  if (isa<edge::RowBandsOp, edge::RowStreamOp>(op->getParentOp()))
    return false;
  Type input = elementOf(op.getInput());
  int64_t lanes =
      vectorLength(cpu, productType(cpu, input, elementOf(op.getWeights())));
  return input.isF32() && lanes > 1 && channels % lanes == 0 &&
         (lanes % multiplier == 0 || multiplier % lanes == 0);
}

Window kernels::windowOf(edge::ConvOp op, Emitter &e, const KernelArgs &args) {
  Window w;
  w.isSmall = wantsSmallCode(op) && !overwritesEpilogueOperands(op);
  w.inputType = elementOf(op.getInput());
  w.weightsType = elementOf(op.getWeights());
  ArrayRef<int64_t> weights =
      cast<RankedTensorType>(op.getWeights().getType()).getShape();
  w.kernel.assign(weights.begin(), weights.end() - 2);
  // So few products are summed as they are; what comes after is in f32.
  constexpr int64_t few = 64;
  Type accumulator = edge::accumulatorType(w.inputType);
  w.accumulatorType = ShapedType::getNumElements(w.kernel) <= few
                          ? productType(e.cpu, w.inputType, w.weightsType)
                          : accumulator;
  w.strides.assign(op.getStrides().begin(), op.getStrides().end());
  for (int64_t dim = 0; dim < op.getSpatialRank(); ++dim)
    w.dilations.push_back(op.getDilation(dim));
  w.input = flatOperand(e, args.inputs[0]);
  w.inputStrides = stridesOf(args.inputs[0]);
  w.shape.assign(op.getResult().getType().getShape());
  w.multiplier = w.shape.back() / int64_t(op.getGroups());
  w.weights = args.inputs[1];
  FlatOperand bias;
  if (op.getBias())
    bias = flatOperand(e, args.inputs[2]);
  Type sum = w.accumulatorType;
  w.initial = [=, &e](Value channel, int64_t lanes) mutable -> Value {
    if (!bias.memref)
      return e.zero(lanes == 1 ? sum : VectorType::get({lanes}, sum));
    Type type = elementOf(op.getBias());
    return loadWide(e, bias.memref, channel, lanes, type, sum);
  };
  w.combine = [&e](Value sum, Value element, Value weight) {
    return multiplyAdd(e, element, weight, sum);
  };
  w.store = [=, &e](Value value, ValueRange indices) {
    e.storeResult(op, args, convert(e, value, accumulator), indices);
  };
  return w;
}
