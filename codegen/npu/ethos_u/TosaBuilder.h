//===- TosaBuilder.h - makes operations of TOSA -----------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef EDGECC_CODEGEN_NPU_ETHOS_U_TOSABUILDER_H
#define EDGECC_CODEGEN_NPU_ETHOS_U_TOSABUILDER_H

#include "codegen/npu/ethos_u/Rescale.h"

#include "mlir/Dialect/Tosa/IR/TosaOps.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace edgecc::npu {

/// Makes operations on tensors of i8 and i32.
class TosaBuilder : public mlir::ImplicitLocOpBuilder {
public:
  using ImplicitLocOpBuilder::ImplicitLocOpBuilder;

  mlir::Value bytes(llvm::ArrayRef<int8_t> values,
                    llvm::ArrayRef<int64_t> shape);
  mlir::Value words(llvm::ArrayRef<int32_t> values,
                    llvm::ArrayRef<int64_t> shape);
  /// A constant that broadcasts with tensors of `rank` dimensions.
  mlir::Value word(int32_t value, int64_t rank);
  /// A constant of the type `!tosa.shape`.
  mlir::Value shape(llvm::ArrayRef<int64_t> sizes);
  /// A tensor of one byte.
  mlir::Value byte(int64_t value) { return bytes({int8_t(value)}, {1}); }

  /// `(x - inputZero) * factor + outputZero` with elements of `type`,
  /// saturated.
  mlir::Value rescale(mlir::Value x, mlir::Type type, const Rescale &rescale,
                      int64_t inputZero, int64_t outputZero);
  /// The same bytes between 0 and 255 and between -128 and 127, whichever they
  /// are not.
  mlir::Value changeSign(mlir::Value x, bool fromUnsigned);
  mlir::Value reshape(mlir::Value x, llvm::ArrayRef<int64_t> sizes);

  /// An operation of two operands, whose shapes broadcast.
  template <typename OpTy>
  mlir::Value of(mlir::Value lhs, mlir::Value rhs) {
    return OpTy::create(*this, broadcast(lhs, rhs), lhs, rhs).getResult();
  }
  /// Of i32, of 32 bits.
  mlir::Value multiply(mlir::Value lhs, mlir::Value rhs);
  /// `round(lhs * rhs / 2^31)`: half goes up.
  mlir::Value multiplyHigh(mlir::Value lhs, mlir::Value rhs);
  /// Half goes up.
  mlir::Value shiftRight(mlir::Value x, mlir::Value shift);
  /// What is shifted out is lost.
  mlir::Value shiftDown(mlir::Value x, mlir::Value shift);

private:
  mlir::Value constant(llvm::ArrayRef<char> bytes,
                       llvm::ArrayRef<int64_t> shape, mlir::Type element);
  static mlir::Type broadcast(mlir::Value lhs, mlir::Value rhs);
  mlir::Value rescale(mlir::Value x, mlir::Type type, const Rescale &rescale,
                      int64_t inputZero, int64_t outputZero, bool fromUnsigned,
                      bool toUnsigned);
};

} // namespace edgecc::npu

#endif // EDGECC_CODEGEN_NPU_ETHOS_U_TOSABUILDER_H
