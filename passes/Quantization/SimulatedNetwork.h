//===- SimulatedNetwork.h - a network with settings for rounding *- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
//
// What a network loses when one of its layers is quantised is measured for each
// layer and each form of it. Compiled for each, a network would be compiled
// hundreds of times; here it is once, in real numbers, and what is rounded are
// arguments.
//
//===----------------------------------------------------------------------===//

#ifndef EDGECC_PASSES_QUANTIZATION_SIMULATEDNETWORK_H
#define EDGECC_PASSES_QUANTIZATION_SIMULATEDNETWORK_H

#include "dialects/Edge/EdgeDialect.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

#include <vector>

namespace edgecc::quantization {

/// How a factor is rounded: to `scale` times an integer from `least` to `most`.
struct FactorRounding {
  float scale, least, most;
};

/// One layer as it would be; what is left out stays as it is.
struct LayerSettings {
  /// All elements of known weights, and of a known bias or one to be.
  std::optional<std::vector<float>> weights, bias;
  /// Of the left factor, and of a right one that is not known.
  std::optional<FactorRounding> factors[2];
};

/// A copy of a network of f32 convolutions and products, whose factors are
/// rounded as arguments behind its own say.
class SimulatedNetwork {
public:
  SimulatedNetwork(mlir::func::FuncOp function,
                   llvm::ArrayRef<mlir::Operation *> contractions);

  mlir::func::FuncOp getFunction() const { return copy; }

  /// The values of these arguments when `layer` is like this, and all others
  /// as they were.
  std::vector<std::vector<float>> settings(size_t layer,
                                           const LayerSettings &changed) const;
  /// The same for all layers.
  std::vector<std::vector<float>>
  settings(llvm::ArrayRef<LayerSettings> changed) const;

  /// The bias that a layer has by default; null if it cannot be set.
  const std::vector<float> *defaultBias(size_t layer) const;
  /// What the layers make.
  llvm::ArrayRef<mlir::Value> getResults() const { return results; }

private:
  /// Adds an argument of this type that is `value` by default.
  mlir::Value addArgument(mlir::RankedTensorType type,
                          std::vector<float> value);
  void simulate(mlir::Operation *contraction);
  void set(size_t layer, const LayerSettings &changed,
           std::vector<std::vector<float>> &values) const;
  void simulateFactor(mlir::OpOperand &factor);

  mlir::OwningOpRef<mlir::ModuleOp> module;
  mlir::func::FuncOp copy;
  std::vector<std::vector<float>> defaults;
  /// The positions of the arguments of a layer; -1 for what it has not.
  struct Positions {
    int64_t weights = -1, bias = -1, factors[2] = {-1, -1};
  };
  std::vector<Positions> layers;
  llvm::SmallVector<mlir::Value> results;
};

} // namespace edgecc::quantization

#endif // EDGECC_PASSES_QUANTIZATION_SIMULATEDNETWORK_H
