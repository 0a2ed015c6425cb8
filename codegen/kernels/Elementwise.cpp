//===- Elementwise.cpp - kernels that map elements to elements --*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "codegen/kernels/Families.h"
#include "codegen/kernels/Strided.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;

namespace edgecc::kernels {

/// How many vectors to work on at a time when each costs the operations of
/// `block`: enough to hide latency, few enough to stay in registers.
static int64_t unrollFor(Block &block) {
  int64_t cost = 0;
  for (Operation &op : block.without_terminator())
    if (!isa<arith::ConstantOp>(op)) {
      bool polynomial =
          isa_and_present<math::MathDialect>(op.getDialect()) &&
          !isa<math::AbsFOp, math::AbsIOp, math::CopySignOp, math::FmaOp,
               math::SqrtOp, math::FloorOp, math::CeilOp, math::TruncOp,
               math::RoundEvenOp>(op);
      cost += polynomial ? 8 : 1;
    }
  return cost <= 4 ? 4 : cost <= 16 ? 2 : 1;
}

/// Emits `op`, whose result element is `body` of the operands' elements.
static LogicalResult emitElementwise(Operation *op, Emitter &e,
                                     const KernelArgs &args, int64_t unroll,
                                     ElementBody body) {
  auto type = cast<RankedTensorType>(op->getResult(0).getType());
  SmallVector<Access> reads;
  for (auto [input, operand] :
       llvm::zip_equal(args.inputs, op->getOperandTypes()))
    reads.push_back(accessBroadcast(e, input, getElementTypeOrSelf(operand),
                                    type.getShape()));
  Access write = accessAll(e, args.outputs[0], type.getElementType());
  e.phase([&] { emitNest(e, type.getShape(), reads, write, body, {unroll}); });
  return success();
}

/// Element and position are the same in both, so that the result may take the
/// operand's place.
static bool sameElements(Operation *op, unsigned index) {
  auto operand = cast<RankedTensorType>(op->getOperand(index).getType());
  auto result = cast<RankedTensorType>(op->getResult(0).getType());
  return operand.getShape() == result.getShape() &&
         storageType(operand) == storageType(result);
}

namespace {

struct MapKernel : KernelOpInterface::ExternalModel<MapKernel, edge::MapOp> {
  LogicalResult emitKernel(Operation *op, OpBuilder &builder,
                           const KernelArgs &args, target::CpuAttr cpu) const {
    Emitter e(builder, op->getLoc(), cpu);
    Region &body = cast<edge::MapOp>(op).getBody();
    return emitElementwise(op, e, args, unrollFor(body.front()),
                           [&](ArrayRef<Value> elements, int64_t length) {
                             return e.splat(e.applyRegion(body, elements),
                                            length);
                           });
  }

  bool canOverwrite(Operation *op, unsigned index) const {
    return sameElements(op, index);
  }
};

template <typename Op>
struct ElementwiseKernel
    : KernelOpInterface::ExternalModel<ElementwiseKernel<Op>, Op> {
  LogicalResult emitKernel(Operation *op, OpBuilder &builder,
                           const KernelArgs &args, target::CpuAttr cpu) const {
    Emitter e(builder, op->getLoc(), cpu);
    auto scalar = cast<edge::ElementwiseOpInterface>(op);
    return emitElementwise(op, e, args, 2,
                           [&](ArrayRef<Value> elements, int64_t) {
                             return scalar.emitScalar(e, elements);
                           });
  }

  bool canOverwrite(Operation *op, unsigned index) const {
    return sameElements(op, index);
  }
};

template <typename... Ops>
void attachElementwise(MLIRContext *context) {
  (Ops::template attachInterface<ElementwiseKernel<Ops>>(*context), ...);
}

} // namespace

void registerElementwiseKernels(DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *context, edge::EdgeDialect *) {
    using namespace edge;
    MapOp::attachInterface<MapKernel>(*context);
    attachElementwise<
        AbsOp, NegOp, ExpOp, LogOp, SqrtOp, RsqrtOp, ReciprocalOp, ErfOp,
        TanhOp, SigmoidOp, SinOp, CosOp, TanOp, AsinOp, AcosOp, AtanOp, SinhOp,
        CoshOp, AsinhOp, AcoshOp, AtanhOp, Log1pOp, CeilOp, FloorOp, RoundOp,
        TruncOp, SignOp, NotOp, IsNanOp, IsInfOp, ClampOp, CastOp, BitcastOp,
        AddOp, SubOp, MulOp, DivOp, ModOp, FmodOp, PowOp, MaxOp, MinOp, AndOp,
        OrOp, XorOp, ShiftLeftOp, ShiftRightOp, CompareOp, SelectOp>(context);
  });
}

} // namespace edgecc::kernels
