//===- MaterializePadding.cpp - explicit borders ----------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

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
  OpBuilder builder(op);
  SmallVector<int64_t> low{0}, high{0};
  llvm::append_range(low, op.getPadsLow());
  llvm::append_range(high, op.getPadsHigh());
  low.push_back(0);
  high.push_back(0);
  OpOperand &input = op->getOpOperand(0);
  input.set(edge::PadOp::create(builder, op.getLoc(), input.get(),
                                edge::PadMode::Constant, low, high,
                                APFloat(filler)));
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
