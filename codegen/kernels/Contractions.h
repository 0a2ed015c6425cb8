//===- Contractions.h - kernels of convolutions and products ----*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
//
// The kernels of edge.conv, edge.matmul, edge.block_matmul, edge.pool,
// edge.row_bands and edge.attention, and what they share.
//
//===----------------------------------------------------------------------===//

#ifndef EDGECC_CODEGEN_KERNELS_CONTRACTIONS_H
#define EDGECC_CODEGEN_KERNELS_CONTRACTIONS_H

#include "codegen/kernels/GemmKernel.h"

namespace edgecc::kernels {

inline mlir::RankedTensorType typeOf(mlir::Value tensor) {
  return llvm::cast<mlir::RankedTensorType>(tensor.getType());
}
inline llvm::ArrayRef<int64_t> shapeOf(mlir::Value tensor) {
  return typeOf(tensor).getShape();
}

/// Attach the kernels to the operations.
void attachConvKernel(mlir::MLIRContext &context);
void attachMatMulKernel(mlir::MLIRContext &context);
void attachBlockMatMulKernel(mlir::MLIRContext &context);
void attachPoolKernel(mlir::MLIRContext &context);
void attachRowBandsKernel(mlir::MLIRContext &context);
void attachRowStreamKernel(mlir::MLIRContext &context);
void attachAttentionKernel(mlir::MLIRContext &context);

/// The name of the attribute on a contraction that says how its tiles are to
/// be: lines, pixels, vectors of channels, and lanes of a vector.
inline constexpr llvm::StringLiteral tilesAttrName = "edge.tiles";

/// The tiles that `op`, a contraction of this shape, asks for, else the fastest
/// by the model.
cost::ContractionTiles chooseTiles(mlir::Operation *op,
                                   const cost::ContractionShape &shape,
                                   target::CpuAttr cpu);

/// Whether a contraction of the sizes `shape` is faster by the model than one
/// of the sizes `other`.
bool isFaster(const cost::ContractionShape &shape,
              const cost::ContractionShape &other, target::CpuAttr cpu);

/// The sizes of a product or convolution that tiles are chosen for; nothing if
/// it is computed in another way.
std::optional<cost::ContractionShape> tiledShape(edge::ConvOp op,
                                                 target::CpuAttr cpu);
std::optional<cost::ContractionShape> tiledShape(edge::MatMulOp op,
                                                 target::CpuAttr cpu);

/// The cycles that the model expects of a convolution as one contraction.
double directConvCycles(edge::ConvOp op, target::CpuAttr cpu);

/// The cycles that the model expects of `op` as contractions on vectors;
/// nothing if it is computed in another way.
std::optional<double> vectorCycles(edge::ConvOp op, target::CpuAttr cpu);
std::optional<double> vectorCycles(edge::MatMulOp op, target::CpuAttr cpu);

/// The arguments of a kernel that treats every row of its last dimension alike,
/// with all other dimensions joined to one: operand 0, the result and the
/// epilogue operands. Nothing if the layout of a buffer or a broadcast forbids
/// it.
std::optional<KernelArgs> joinRows(Emitter &emitter, mlir::Operation *op,
                                   const KernelArgs &args);

/// The scratch buffer of a contraction; none if its epilogue is short and runs
/// on registers.
llvm::SmallVector<mlir::MemRefType>
contractionScratch(mlir::Operation *op, const cost::ContractionTiles &tiles,
                   mlir::Type accumulator);

/// Whether the result of a contraction may take the place of operand `index`:
/// an epilogue operand of the result's shape is read just before its element is
/// written; the others are read again and again.
bool overwritesEpilogueOperand(edge::EpilogueOpInterface op, unsigned index);

/// Whether the result of `op` may take the place of some epilogue operand.
bool overwritesEpilogueOperands(edge::EpilogueOpInterface op);

/// On modules whose code is to be small.
inline constexpr llvm::StringLiteral smallCodeAttrName = "edge.small_code";

/// Whether the module of `op` is compiled for little code.
bool wantsSmallCode(mlir::Operation *op);

/// Whether all elements of `pads` are zero. Borders are explicit before kernels
/// are emitted.
bool isUnpadded(llvm::ArrayRef<int64_t> low, llvm::ArrayRef<int64_t> high);

} // namespace edgecc::kernels

#endif // EDGECC_CODEGEN_KERNELS_CONTRACTIONS_H
