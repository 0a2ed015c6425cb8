//===- MaterializePadding.cpp - explicit borders ----------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "dialects/Edge/EdgeScheduleOps.h"
#include "dialects/Edge/ValueNames.h"
#include "passes/Transforms/Passes.h"

#include <cmath>
#include <limits>

namespace edgecc::transforms {
#define GEN_PASS_DEF_MATERIALIZEPADDING
#include "passes/Transforms/Passes.h.inc"
} // namespace edgecc::transforms

using namespace mlir;
using namespace edgecc;

/// What is below every element of the type.
static double leastValue(Type element) {
  if (isa<FloatType>(element))
    return -std::numeric_limits<double>::infinity();
  if (element.isUnsignedInteger() || element.isInteger(1))
    return 0;
  return -std::ldexp(1.0, element.getIntOrFloatBitWidth() - 1);
}

/// Pads the spatial dimensions of the first operand of `op` and takes the
/// border off the operation.
template <typename Op>
static void materialize(Op op, double filler) {
  auto isZero = [](int64_t size) { return size == 0; };
  if (llvm::all_of(op.getPadsLow(), isZero) &&
      llvm::all_of(op.getPadsHigh(), isZero))
    return;
  // In a chain, only the border of what comes from outside; the others are made
  // with its bands.
  auto bands = dyn_cast<edge::RowBandsOp>(op->getParentOp());
  if (bands && bands.getChain().front() != op)
    return;
  OpOperand &input = op->getOpOperand(0);
  BlockArgument inside;
  if (bands)
    inside = cast<BlockArgument>(input.get());
  OpBuilder builder(bands ? bands.getOperation() : op.getOperation());
  SmallVector<int64_t> low{0}, high{0};
  llvm::append_range(low, op.getPadsLow());
  llvm::append_range(high, op.getPadsHigh());
  low.push_back(0);
  high.push_back(0);
  auto pad = edge::PadOp::create(
      builder, edge::withoutValue(op.getLoc()),
      inside ? bands.getInputs()[inside.getArgNumber()] : input.get(),
      edge::PadMode::Constant, low, high, APFloat(filler));
  if (inside) {
    Block &body = bands.getBody().front();
    input.set(body.addArgument(pad.getType(), pad.getLoc()));
    bands.getInputsMutable().append(pad.getResult());
    if (inside.use_empty()) {
      bands->eraseOperand(inside.getArgNumber());
      body.eraseArgument(inside.getArgNumber());
    }
  } else {
    input.set(pad);
  }
  SmallVector<int64_t> none(op.getPadsLow().size(), 0);
  op.setPadsLow(none);
  op.setPadsHigh(none);
}

namespace {
struct MaterializePadding
    : transforms::impl::MaterializePaddingBase<MaterializePadding> {
  void runOnOperation() override {
    getOperation().walk([](edge::ConvOp op) { materialize(op, 0); });
    getOperation().walk([](edge::PoolOp op) {
      Type element = cast<ShapedType>(op.getInput().getType()).getElementType();
      materialize(op, op.getKind() == edge::PoolKind::Max ? leastValue(element)
                                                          : 0);
    });
  }
};
} // namespace
