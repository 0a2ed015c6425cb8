//===- Passes.h - passes that choose what runs where ------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef EDGECC_PASSES_PLACE_PASSES_H
#define EDGECC_PASSES_PLACE_PASSES_H

#include "dialects/Edge/EdgeDialect.h"
#include "dialects/Edge/Evaluate.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/Pass.h"

#include <memory>
#include <string>
#include <vector>

namespace edgecc::place {

/// What an NPU takes. Sentences are printed to the user as reasons: lower case,
/// without a final period, with what was found and what the NPU can do.
class PlacementRules {
public:
  virtual ~PlacementRules();

  /// The name by which users ask for the NPU.
  virtual llvm::StringRef getName() const = 0;

  /// Why the NPU cannot compute `op`, an operation on quantised values; empty
  /// if it can.
  virtual std::string objection(mlir::Operation *op) const = 0;

  /// Whether one region may hold all of `ops`: limits of memory.
  virtual bool canHold(llvm::ArrayRef<mlir::Operation *> ops) const {
    return true;
  }

  /// Why a whole region is better left to the CPU; empty if it is not.
  virtual std::string
  regionObjection(llvm::ArrayRef<mlir::Operation *> ops) const {
    return {};
  }
};

/// What to place, and where.
struct PlacementOptions {
  /// The NPU; null for none.
  std::shared_ptr<const PlacementRules> rules;
  /// It is an error if anything stays on the CPU.
  bool only = false;
  /// Names of nodes that stay on the CPU.
  std::vector<std::string> excluded;
};

/// What functions of bytes become tables.
struct TableOptions {
  /// The NPU that looks up.
  std::shared_ptr<const PlacementRules> rules;
  EvaluateFn evaluate;
  /// What the CPU would round as `edgecc-round-as-tflite` has it.
  bool roundAsTflite = false;
};

/// On a module: what was placed where.
inline constexpr llvm::StringLiteral placementAttrName = "edge.placement";

/// Whether `op` only moves elements or says how to see them.
bool onlyMoves(mlir::Operation *op);

/// Whether `value` is made of constants.
bool isKnown(mlir::Value value);

/// Makes the pass `edgecc-raise-tables`.
std::unique_ptr<mlir::Pass> createRaiseTablesPass(TableOptions options = {});

/// Makes the pass `edgecc-place-regions`. Without options it takes those of the
/// command line.
std::unique_ptr<mlir::Pass> createPlaceRegionsPass();
std::unique_ptr<mlir::Pass> createPlaceRegionsPass(PlacementOptions options);

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "passes/Place/Passes.h.inc"

} // namespace edgecc::place

#endif // EDGECC_PASSES_PLACE_PASSES_H
