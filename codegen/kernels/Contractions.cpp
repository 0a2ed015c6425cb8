//===- Contractions.cpp - what convolutions and products share --*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "codegen/kernels/Contractions.h"
#include "codegen/kernels/Families.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;
using namespace edgecc;
using namespace edgecc::kernels;

/// `memref` as (1, ..., 1, rows, channels); null if rows do not lie at equal
/// distances.
static Value joinRows(Emitter &e, Value memref) {
  auto type = cast<MemRefType>(memref.getType());
  auto [strides, offset] = type.getStridesAndOffset();
  int64_t rank = type.getRank();
  if (rank < 2)
    return {};
  int64_t rows = 1, rowStride = 0;
  for (int64_t dim = rank - 2; dim >= 0; --dim) {
    int64_t size = type.getDimSize(dim);
    if (size == 1)
      continue;
    if (rows == 1)
      rowStride = strides[dim];
    else if (strides[dim] != rows * rowStride)
      return {};
    rows *= size;
  }
  int64_t channels = type.getShape().back();
  if (rows == 1)
    rowStride = channels;
  if (type.getDimSize(rank - 2) == rows)
    return memref;
  SmallVector<int64_t> shape(rank, 1), joined(rank, rows * rowStride);
  shape[rank - 2] = rows;
  shape[rank - 1] = channels;
  joined[rank - 2] = rowStride;
  joined[rank - 1] = 1;
  MemRefLayoutAttrInterface layout;
  bool contiguous = offset == 0 && rowStride == channels;
  if (!contiguous)
    layout = StridedLayoutAttr::get(type.getContext(), offset, joined);
  auto result = MemRefType::get(shape, type.getElementType(), layout,
                                type.getMemorySpace());
  return memref::ReinterpretCastOp::create(e, result, memref, offset, shape,
                                           joined);
}

std::optional<KernelArgs> kernels::joinRows(Emitter &e, Operation *op,
                                            const KernelArgs &args) {
  KernelArgs joined = args;
  auto shapeOf = [](Value memref) {
    return cast<MemRefType>(memref.getType()).getShape();
  };
  ArrayRef<int64_t> result = shapeOf(args.outputs[0]);
  joined.inputs[0] = ::joinRows(e, args.inputs[0]);
  joined.outputs[0] = ::joinRows(e, args.outputs[0]);
  if (!joined.inputs[0] || !joined.outputs[0])
    return std::nullopt;
  MutableOperandRange extras =
      cast<edge::EpilogueOpInterface>(op).getEpilogueOperandsMutable();
  for (OpOperand &extra : extras) {
    Value &memref = joined.inputs[extra.getOperandNumber()];
    ArrayRef<int64_t> shape = shapeOf(memref);
    auto outer = shape.size() > 1 ? shape.drop_back() : ArrayRef<int64_t>();
    // One row for all is as good as a row for each.
    if (llvm::all_of(outer, [](int64_t size) { return size == 1; }))
      continue;
    if (outer != result.drop_back())
      return std::nullopt;
    memref = ::joinRows(e, memref);
    if (!memref)
      return std::nullopt;
  }
  return joined;
}

bool kernels::overwritesEpilogueOperand(edge::EpilogueOpInterface op,
                                        unsigned index) {
  OperandRange extras(op.getEpilogueOperandsMutable());
  if (extras.empty() || index < extras.getBeginOperandIndex())
    return false;
  return op->getOperand(index).getType() == op->getResult(0).getType();
}

bool kernels::overwritesEpilogueOperands(edge::EpilogueOpInterface op) {
  return llvm::any_of(llvm::seq(op->getNumOperands()), [&](unsigned index) {
    return overwritesEpilogueOperand(op, index);
  });
}

SmallVector<MemRefType>
kernels::contractionScratch(Operation *op, const cost::ContractionTiles &tiles,
                            Type accumulator) {
  if (!hasLongEpilogue(op) && !tiles.matrixSteps)
    return {};
  return {MemRefType::get({Contraction::scratchSize(tiles)}, accumulator)};
}

cost::ContractionTiles kernels::chooseTiles(Operation *op,
                                            const cost::ContractionShape &shape,
                                            target::CpuAttr cpu) {
  auto asked = op->getAttrOfType<DenseI64ArrayAttr>(tilesAttrName);
  if (!asked || asked.size() != 4)
    return cost::chooseTiles(shape, cpu);
  cost::ContractionTiles tiles;
  tiles.lines = asked[0];
  tiles.pixels = asked[1];
  tiles.vectors = asked[2];
  tiles.lanes = asked[3];
  return cost::completeTiles(tiles, shape, cpu);
}

bool kernels::isFaster(const cost::ContractionShape &shape,
                       const cost::ContractionShape &other,
                       target::CpuAttr cpu) {
  auto cycles = [&](const cost::ContractionShape &shape) {
    return cost::contractionCycles(cost::chooseTiles(shape, cpu), shape, cpu);
  };
  return cycles(shape) < cycles(other);
}

bool kernels::wantsSmallCode(Operation *op) {
  auto module = op->getParentOfType<ModuleOp>();
  return module && module->hasAttr(smallCodeAttrName);
}

bool kernels::isUnpadded(ArrayRef<int64_t> low, ArrayRef<int64_t> high) {
  auto isZero = [](int64_t pad) { return pad == 0; };
  return llvm::all_of(low, isZero) && llvm::all_of(high, isZero);
}

void kernels::registerContractionKernels(DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *context, edge::EdgeDialect *) {
    attachConvKernel(*context);
    attachMatMulKernel(*context);
    attachBlockMatMulKernel(*context);
    attachPoolKernel(*context);
    attachRowBandsKernel(*context);
    attachRowStreamKernel(*context);
    attachAttentionKernel(*context);
  });
}
