//===- ModuleFuzzer.h - what fuzzers of modules share -----------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef EDGECC_TEST_FUZZ_MODULEFUZZER_H
#define EDGECC_TEST_FUZZ_MODULEFUZZER_H

#include "dialects/Edge/EdgeDialect.h"
#include "dialects/Onnx/OnnxOps.h"
#include "dialects/Target/TargetDialect.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Quant/IR/Quant.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/MLIRContext.h"
#include <memory>

namespace edgecc {

/// A context whose messages go nowhere.
class QuietContext : public mlir::MLIRContext {
public:
  QuietContext() : MLIRContext(mlir::MLIRContext::Threading::DISABLED) {
    loadDialect<edge::EdgeDialect, onnx::OnnxDialect, target::TargetDialect,
                mlir::arith::ArithDialect, mlir::func::FuncDialect,
                mlir::math::MathDialect, mlir::quant::QuantDialect>();
    getDiagEngine().registerHandler(
        [](mlir::Diagnostic &) { return mlir::success(); });
  }
};

/// A context for one input. To make one takes longer than most inputs do, so it
/// is a new one only now and then, before what it holds becomes much.
inline mlir::MLIRContext &getQuietContext() {
  constexpr unsigned inputsPerContext = 1024;
  static std::unique_ptr<QuietContext> context;
  static unsigned uses = 0;
  if (uses++ % inputsPerContext == 0)
    context = std::make_unique<QuietContext>();
  return *context;
}

} // namespace edgecc

#endif // EDGECC_TEST_FUZZ_MODULEFUZZER_H
