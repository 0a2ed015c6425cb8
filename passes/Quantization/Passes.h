//===- Passes.h - passes on quantised values --------------------*- C++ -*-===//
//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef EDGECC_PASSES_QUANTIZATION_PASSES_H
#define EDGECC_PASSES_QUANTIZATION_PASSES_H

#include "dialects/Edge/EdgeDialect.h"
#include "passes/Quantization/Calibrate.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Pass/Pass.h"

namespace edgecc::quantization {

std::unique_ptr<mlir::Pass>
createQuantizeStaticPass(CalibratorPtr calibrator = {}, PriceFn price = {},
                         AlsoQuantized also = {},
                         FindSparserFn findSparser = {});
std::unique_ptr<mlir::Pass>
createEqualizeChannelsPass(CalibratorPtr calibrator = {});
std::unique_ptr<mlir::Pass> createCompareIntegersPass(PriceFn price = {});
std::unique_ptr<mlir::Pass> createQuantizeDynamicPass(PriceFn price = {});

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "passes/Quantization/Passes.h.inc"

/// With a calibrator, roundings make up for each other on its examples.
std::unique_ptr<mlir::Pass>
createQuantizeWeightsPass(const QuantizeWeightsOptions &options,
                          CalibratorPtr calibrator);

std::unique_ptr<mlir::Pass>
createPalettizeWeightsPass(const PalettizeWeightsOptions &options,
                           CalibratorPtr calibrator);

} // namespace edgecc::quantization

#endif // EDGECC_PASSES_QUANTIZATION_PASSES_H
