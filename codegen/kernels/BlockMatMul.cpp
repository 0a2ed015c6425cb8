//===- BlockMatMul.cpp - products with weights in blocks --------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "codegen/kernels/BlockWeights.h"
#include "codegen/kernels/Contractions.h"
#include "codegen/kernels/DigitProducts.h"

#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace edgecc;
using namespace edgecc::kernels;

namespace {

/// What is known of a product before its buffers are.
struct BlockMatMulPlan {
  BlockMatMulPlan(edge::BlockMatMulOp op, target::CpuAttr cpu)
      : weights(op, cpu), channels(typeOf(op.getWeights()).getDimSize(1)) {
    Type f32 = typeOf(op.getLhs()).getElementType();
    cost::ContractionShape shape;
    shape.lines = 1;
    shape.pixels = typeOf(op.getResult()).getNumElements() /
                   std::max<int64_t>(channels, 1);
    shape.channels = channels;
    shape.depth = weights.getDepth();
    shape.lanes = vectorLength(cpu, f32);
    shape.lhsBytes = storageBytes(f32);
    shape.rhsBytes = 1;
    shape.lineBytes = shape.pixels * shape.depth * shape.lhsBytes;
    shape.isSmall = wantsSmallCode(op);
    // A block has sums of its own beside those of all blocks.
    shape.step.perVector = double(weights.unpackingCost());
    shape.step.vectorRegisters = 2;
    shape.step.registers = 2;
    tiles = cost::chooseTiles(shape, cpu);
    tiles.prefetchRows = 0;
    digits = DigitProducts::find(cpu, weights, shape.pixels, channels);
    if (!digits)
      return;
    weights.packFromZero();
    tiles.lanes = shape.lanes;
    tiles.vectors = std::min(DigitProducts::vectors, channels / shape.lanes);
  }

  RhsLayout getLayout() const {
    return RhsLayout::packed(weights, channels, tiles.lanes, tiles.vectors);
  }

  BlockWeights weights;
  int64_t channels;
  cost::ContractionTiles tiles;
  std::optional<DigitProducts> digits;
};

unsigned biasIndex(edge::BlockMatMulOp op) {
  return op.getBiasMutable().begin()->getOperandNumber();
}

SmallVector<MemRefType> tileScratch(edge::BlockMatMulOp op,
                                    const BlockMatMulPlan &plan) {
  return contractionScratch(op, plan.tiles,
                            typeOf(op.getLhs()).getElementType());
}

struct BlockMatMulKernel
    : KernelOpInterface::ExternalModel<BlockMatMulKernel, edge::BlockMatMulOp> {
  LogicalResult emitKernel(Operation *operation, OpBuilder &builder,
                           const KernelArgs &kernelArgs,
                           target::CpuAttr cpu) const {
    auto op = cast<edge::BlockMatMulOp>(operation);
    Emitter e(builder, op.getLoc(), cpu);
    BlockMatMulPlan plan(op, cpu);
    KernelArgs args = kernelArgs;
    if (std::optional<KernelArgs> rows = joinRows(e, op, args))
      args = *rows;
    Contraction c;
    c.lhsType = c.productType = c.accumulatorType =
        typeOf(op.getLhs()).getElementType();
    c.rhsType = e.getI8Type();
    c.resultBytes = storageBytes(getElementTypeOrSelf(op.getResult()));
    c.tiles = plan.tiles;
    c.canRepeat = !overwritesEpilogueOperands(op);
    if (!tileScratch(op, plan).empty())
      c.scratch = args.scratch.front();
    c.blocks = &plan.weights;
    c.rhsLayout = plan.getLayout();
    c.rhs = flatOperand(e, args.inputs[1]);
    if (op.getBias()) {
      c.bias = flatOperand(e, args.inputs[biasIndex(op)]);
      c.biasType = cast<MemRefType>(c.bias.memref.getType()).getElementType();
    }
    ArrayRef<int64_t> result =
        cast<MemRefType>(args.outputs[0].getType()).getShape();
    SmallVector<int64_t> strides = stridesOf(args.inputs[0]);
    c.pixels = result[result.size() - 2];
    c.pixelStep = strides[result.size() - 2];
    FlatOperand lhs = flatOperand(e, args.inputs[0]);
    if (plan.digits) {
      plan.digits->emitDigits(
          e, lhs,
          ArrayRef<Value>(args.scratch)
              .take_back(plan.digits->getScratch(op.getContext()).size()));
      c.digits = &*plan.digits;
    }
    e.phase([&] {
      e.parallelNest(result.drop_back(2), [&](ValueRange position) {
        c.lhs = lhs;
        for (auto [index, stride] : llvm::zip(position, strides))
          c.lhs.base = e.add(c.lhs.base, e.mul(index, stride));
        emitContraction(e, c,
                        [&](Value value, Value, Value row, Value channel) {
                          SmallVector<Value> indices(position);
                          indices.append({row, channel});
                          e.storeResult(op, args, value, indices);
                        });
      });
    });
    return success();
  }

  std::optional<PackedConstant> packConstant(Operation *operation,
                                             unsigned index, ElementsAttr value,
                                             target::CpuAttr cpu) const {
    auto op = cast<edge::BlockMatMulOp>(operation);
    if (op.getBias() && index == biasIndex(op))
      return packHalves(value);
    bool hasZeroPoints = bool(op.getZeroPoints());
    if (index == 0 || index > (hasZeroPoints ? 3u : 2u))
      return std::nullopt;
    Type byte = IntegerType::get(op.getContext(), 8);
    PackedConstant packed;
    // The scales and zero points are among the weights.
    if (index > 1) {
      packed.type = MemRefType::get({0}, byte);
      return packed;
    }
    BlockMatMulPlan plan(op, cpu);
    RhsLayout layout = plan.getLayout();
    for (const PanelRun &run : layout.getRuns())
      for (int64_t panel = 0; panel < run.count; ++panel)
        plan.weights.packPanel(run.firstChannel + panel * run.channels,
                               run.channels, run.rowPitch, packed.bytes);
    packed.type = MemRefType::get({int64_t(packed.bytes.size())}, byte);
    return packed;
  }

  SmallVector<MemRefType> getScratch(Operation *operation,
                                     target::CpuAttr cpu) const {
    auto op = cast<edge::BlockMatMulOp>(operation);
    BlockMatMulPlan plan(op, cpu);
    SmallVector<MemRefType> scratch = tileScratch(op, plan);
    if (plan.digits)
      llvm::append_range(scratch, plan.digits->getScratch(op.getContext()));
    return scratch;
  }

  bool canOverwrite(Operation *op, unsigned index) const {
    return overwritesEpilogueOperand(cast<edge::EpilogueOpInterface>(op),
                                     index);
  }
};

} // namespace

void kernels::attachBlockMatMulKernel(MLIRContext &context) {
  edge::BlockMatMulOp::attachInterface<BlockMatMulKernel>(context);
}
