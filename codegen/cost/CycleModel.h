//===- CycleModel.h - cycles of machine code --------------------*- C++ -*-===//
//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Blocks of machine code go through LLVM's machine code analyser, which runs
// them on a model of the CPU's pipelines. All loads hit the first cache.
//
//===----------------------------------------------------------------------===//

#ifndef EDGECC_CODEGEN_COST_CYCLEMODEL_H
#define EDGECC_CODEGEN_COST_CYCLEMODEL_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include <memory>

namespace llvm {
class MCInst;
class TargetMachine;
} // namespace llvm

namespace edgecc {

/// The pipelines of one CPU.
class CycleModel {
public:
  /// Null if LLVM has no scheduling model of the CPU. `machine` must outlive
  /// the result.
  static std::unique_ptr<CycleModel> create(const llvm::TargetMachine &machine);
  ~CycleModel();

  /// Forgets what instructions of another function have set, such as the length
  /// of vectors.
  void beginFunction();

  /// Cycles for one run of `block` among many. Blocks of a function come in
  /// their order.
  double simulate(llvm::ArrayRef<llvm::MCInst> block);

  /// A lower bound of them, from how many operations start at once.
  double bound(llvm::ArrayRef<llvm::MCInst> block);

  /// Cycles that a branch costs which went another way than expected.
  double getMispredictPenalty() const;

private:
  struct Impl;
  explicit CycleModel(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl;
};

} // namespace edgecc

#endif // EDGECC_CODEGEN_COST_CYCLEMODEL_H
