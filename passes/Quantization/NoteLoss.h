//===- NoteLoss.h - what changes do to the results --------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef EDGECC_PASSES_QUANTIZATION_NOTELOSS_H
#define EDGECC_PASSES_QUANTIZATION_NOTELOSS_H

#include "passes/Quantization/Calibrate.h"

#include "mlir/IR/OwningOpRef.h"

namespace edgecc::quantization {

/// An array of a module, for reports: a dictionary for each change of weights,
/// with its `cause`, the `divergence` of the results, the share of right
/// `answers` lost if that is known, and the share of the multiplications that
/// it has `saved`, likewise.
inline constexpr llvm::StringLiteral lossesAttrName = "edge.losses";

/// Keeps a copy of a network, to note what a change has done to its results.
/// Without a calibrator that notes losses nothing is done.
class LossNote {
public:
  LossNote(mlir::func::FuncOp function, CalibratorPtr calibrator);

  /// Measures what `function`, which the network has become, loses, and adds it
  /// to the losses of its module.
  llvm::LogicalResult write(mlir::func::FuncOp function, llvm::StringRef cause,
                            std::optional<double> saved = {});

private:
  CalibratorPtr calibrator;
  mlir::OwningOpRef<mlir::ModuleOp> before;
};

} // namespace edgecc::quantization

#endif // EDGECC_PASSES_QUANTIZATION_NOTELOSS_H
