//===- NarrowProducts.cpp - compute products of narrower floats -*- C++ -*-===//
//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Transforms/Passes.h"

namespace edgecc::transforms {
#define GEN_PASS_DEF_NARROWPRODUCTS
#include "passes/Transforms/Passes.h.inc"
} // namespace edgecc::transforms

using namespace mlir;
using namespace edgecc;

/// Whether `op` sums enough products of f32 for their factors to matter.
static bool isContraction(Operation *op) {
  if (auto conv = dyn_cast<edge::ConvOp>(op); conv && conv.isDepthwise())
    return false;
  if (!isa<edge::ConvOp, edge::MatMulOp>(op))
    return false;
  auto isF32 = [](Value value) {
    return cast<RankedTensorType>(value.getType()).getElementType().isF32();
  };
  return isF32(op->getOperand(0)) && isF32(op->getOperand(1)) &&
         isF32(op->getResult(0));
}

/// Gives `op` factors of `element`; its sums, bias and result stay f32.
static void narrow(Operation *op, FloatType element) {
  OpBuilder builder(op);
  for (OpOperand &factor : op->getOpOperands().take_front(2))
    factor.set(edge::CastOp::create(builder, op->getLoc(), factor.get(),
                                    TypeAttr::get(element)));
  Region &epilogue = cast<edge::EpilogueOpInterface>(op).getEpilogueRegion();
  if (!epilogue.empty())
    return;
  // Without an epilogue, the result is of the type of the factors.
  Block *block = builder.createBlock(&epilogue);
  Value sum = block->addArgument(builder.getF32Type(), op->getLoc());
  edge::YieldOp::create(builder, op->getLoc(), sum);
}

namespace {
struct NarrowProducts : transforms::impl::NarrowProductsBase<NarrowProducts> {
  using NarrowProductsBase::NarrowProductsBase;

  void runOnOperation() override {
    FloatType element;
    if (type == "bf16")
      element = BFloat16Type::get(&getContext());
    else if (type == "f16")
      element = Float16Type::get(&getContext());
    if (!element) {
      getOperation()->emitError("cannot narrow products to '")
          << type << "'; expected bf16 or f16";
      return signalPassFailure();
    }
    SmallVector<Operation *> contractions;
    getOperation()->walk([&](Operation *op) {
      if (isContraction(op))
        contractions.push_back(op);
    });
    for (Operation *op : contractions)
      narrow(op, element);
  }
};
} // namespace
