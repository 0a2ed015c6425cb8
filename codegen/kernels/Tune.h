//===- Tune.h - choices that may be measured --------------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
//
// The cost models choose without measuring. Whoever wants to know better gets
// their few best candidates as modules of one kernel each, measures them, and
// what is fastest is written down on the operation, whose kernel honours it.
//
//===----------------------------------------------------------------------===//

#ifndef EDGECC_CODEGEN_KERNELS_TUNE_H
#define EDGECC_CODEGEN_KERNELS_TUNE_H

#include "passes/Schedule/Passes.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

#include <memory>

namespace edgecc::kernels {

/// Measures candidates. What fails has said so with a diagnostic.
class KernelTuner {
public:
  virtual ~KernelTuner();

  /// The microseconds that each of `variants` takes: modules of the placed
  /// stage whose `main` compute the same thing, the choice of the cost model
  /// first. They may be changed.
  virtual llvm::FailureOr<llvm::SmallVector<double>> measure(
      llvm::MutableArrayRef<mlir::OwningOpRef<mlir::ModuleOp>> variants) = 0;
};

using KernelTunerPtr = std::shared_ptr<KernelTuner>;

/// What may be chosen for a convolution or a product, as attributes that its
/// kernel honours, the choice of the cost model first. Nothing or one if there
/// is no choice. `winograd` says whether fewer products may be among them.
llvm::SmallVector<mlir::DictionaryAttr>
listChoices(mlir::Operation *op, target::CpuAttr cpu, bool winograd);

/// Makes the pass `edgecc-tune-kernels`. Without `tuner` it does nothing.
std::unique_ptr<mlir::Pass> createTuneKernelsPass(KernelTunerPtr tuner,
                                                  bool winograd);

/// Chooses among the best bands of the cost model, and none, by measuring.
schedule::ChooseBands tuneBands(KernelTunerPtr tuner);

} // namespace edgecc::kernels

#endif // EDGECC_CODEGEN_KERNELS_TUNE_H
