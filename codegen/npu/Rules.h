//===- Rules.h - rules that many NPUs have ----------------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
//
// Each of them returns the sentence that says how an operation on quantised
// values breaks it, and nothing if it does not.
//
//===----------------------------------------------------------------------===//

#ifndef EDGECC_CODEGEN_NPU_RULES_H
#define EDGECC_CODEGEN_NPU_RULES_H

#include "passes/Quantization/Contractions.h"

#include "mlir/IR/Operation.h"

#include <array>
#include <string>

namespace edgecc::npu {

/// The activations whose types tell what an operation works on: the first
/// operand and the first result.
std::array<mlir::Value, 2> ends(mlir::Operation *op);

/// Activations are of one of `types`: `i8`, `u8` and the like.
std::string checkTypes(mlir::Operation *op, llvm::ArrayRef<std::string> types);

/// Activations have one scale and use all of their integers.
std::string checkRange(mlir::Operation *op);

/// Convolutions and products have constant weights with scales, and a bias that
/// can be added to the sums.
std::string checkContraction(mlir::Operation *op);

/// The same, but products may also be of two activations: as many matrices of
/// bytes as there are on the other side.
std::string checkAnyContraction(mlir::Operation *op);

/// Weights as signed bytes.
struct ByteWeights {
  llvm::SmallVector<int8_t> bytes;
  int64_t zeroPoint = 0;
};

/// The weights less their zero points, if all of them are bytes then; otherwise
/// with their zero point, if they are of 8 bits and have one for all channels.
std::optional<ByteWeights>
bytesOfWeights(const quantization::Contraction &contraction);

/// The operands of a sum are two activations of one shape.
std::string checkSum(mlir::Operation *op);

/// The same, but one of them may be a constant that is broadcast.
std::string checkSumWithConstant(mlir::Operation *op);

/// The table that `op`, an `edge.gather` with bytes as indices, looks them up
/// in: by the bits of the index, those of the result. Nothing if it is none.
std::optional<std::array<uint8_t, 256>> tableOf(mlir::Operation *op);

/// Gathers look bytes up in a known table.
std::string checkTable(mlir::Operation *op);

/// What only moves integers, or compares them, has one type for all of them.
std::string checkMovement(mlir::Operation *op);

/// The steps of a window of two dimensions: one where it has one position.
template <typename OpTy>
llvm::SmallVector<int64_t> stepsOf(OpTy op) {
  llvm::SmallVector<int64_t> steps(op.getStrides());
  for (auto [dim, step] : llvm::enumerate(steps))
    if (op.getType().getDimSize(1 + dim) == 1)
      step = 1;
  return steps;
}

/// Neither kernel, nor stride, nor dilation of a window is larger.
std::string checkWindow(mlir::Operation *op, int64_t kernel, int64_t stride,
                        int64_t dilation);

} // namespace edgecc::npu

#endif // EDGECC_CODEGEN_NPU_RULES_H
