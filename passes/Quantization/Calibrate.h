//===- Calibrate.h - examples that a network is run on ----------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef EDGECC_PASSES_QUANTIZATION_CALIBRATE_H
#define EDGECC_PASSES_QUANTIZATION_CALIBRATE_H

#include "dialects/Edge/EdgeDialect.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/StringMap.h"

#include <functional>
#include <memory>
#include <optional>
#include <vector>

namespace edgecc {

/// The interval of real numbers that integers are to express, and the means of
/// the numbers that occurred and the largest absolute ones, by the positions of
/// the last dimension.
struct CalibratedRange {
  float least = 0, most = 0;
  std::vector<double> means = {};
  std::vector<float> magnitudes = {};
};

/// What makes good for few bits.
struct Corrections {
  /// Of biases, by how much rounding weights shifts the means.
  bool bias = true;
  /// Of channels, so that those of a value have ranges more alike.
  bool equalize = false;
  /// Of weights, by which of both neighbours disturbs products less.
  bool rounding = false;
  /// Of biases, one layer after the other, by how much the means of its results
  /// have shifted in the network.
  bool means = false;
};

/// Which forms of layers are there to be chosen among for a budget.
enum class FormsAllowed {
  All,
  /// Integers of `Calibrator::activationBits`.
  Integers,
  /// f32.
  Real
};

/// What a network may lose and take; nothing where there is no limit. With any
/// limit, layers get the forms that keep to all of them.
struct QuantizationBudget {
  /// A share, as `Loss::share` is.
  std::optional<double> loss;
  /// Of constants, and of these and code.
  std::optional<double> bytes, flash;
  /// As the cost model predicts for the CPU.
  std::optional<double> microseconds;
  FormsAllowed forms = FormsAllowed::All;

  bool isLimited() const { return loss || bytes || flash || microseconds; }
};

/// How much worse the results of a network are than those of the network whose
/// ranges were found.
struct Loss {
  /// Their relative difference (L2).
  double divergence = 0;
  /// The share of the answers that are no longer right; nothing where the
  /// examples have no answers.
  std::optional<double> answers;

  double share() const { return answers.value_or(divergence); }
};

/// A compiled network that is run on the examples, again and again.
class Trial {
public:
  virtual ~Trial();

  /// `settings` are the elements of f32 arguments behind those of the network
  /// of real numbers.
  virtual llvm::FailureOr<Loss>
  measure(llvm::ArrayRef<std::vector<float>> settings = {}) = 0;

  /// The means of each observed value by the positions of its last dimension.
  virtual llvm::FailureOr<std::vector<std::vector<double>>>
  findMeans(llvm::ArrayRef<std::vector<float>> settings) = 0;
};

/// What a layer, or a network, takes on the CPU that is compiled for.
struct LayerPrice {
  /// Of constants.
  double bytes = 0;
  /// Nothing if the CPU is not known well enough.
  std::optional<double> microseconds = 0;
};

struct NetworkPrice {
  LayerPrice whole;
  /// Bytes of code and constants.
  double flash = 0;
  /// By the names of layers.
  llvm::StringMap<LayerPrice> layers;
};

/// Compiles a network of the edge stage to tell what it takes. What fails has
/// said so.
using PriceFn =
    std::function<llvm::FailureOr<NetworkPrice>(mlir::ModuleOp module)>;

/// The rows of numbers that go into a product with a matrix: those of the last
/// dimension of `value`, or what the windows of a convolution without groups
/// read of it, in the order of its weights.
struct ProductInput {
  mlir::Value value;
  edge::ConvOp windows = nullptr;
};

/// Runs networks of the edge stage on examples. The pass that quantises gets
/// one from the pipeline; it must not change the IR. What fails has said so
/// with a diagnostic.
class Calibrator {
public:
  virtual ~Calibrator();

  /// Takes `function` for the network that others are compared with, as the
  /// functions below do with that of their values.
  virtual llvm::LogicalResult observe(mlir::func::FuncOp function) = 0;

  /// The ranges of f32 values of a function with a network of real numbers.
  virtual llvm::FailureOr<llvm::SmallVector<CalibratedRange>>
  findRanges(llvm::ArrayRef<mlir::Value> values) = 0;

  /// Compiles `function`, which the network that was observed last has become.
  /// `observed` are f32 values of it.
  virtual llvm::FailureOr<std::unique_ptr<Trial>>
  load(mlir::func::FuncOp function,
       llvm::ArrayRef<mlir::Value> observed = {}) = 0;

  /// Takes down how well the network of real numbers is approximated by what it
  /// has become. `values` are those of `findRanges`, in its order, as integers
  /// express them; null where they have not been quantised.
  virtual llvm::LogicalResult
  writeReport(llvm::ArrayRef<mlir::Value> values) = 0;

  /// For the rows of each of these inputs, of f32, the sums over all examples
  /// and rows of the products of each two of their elements: a symmetric
  /// matrix.
  virtual llvm::FailureOr<std::vector<std::vector<double>>>
  findMoments(llvm::ArrayRef<ProductInput> inputs) = 0;
  /// The same for rows of the last dimension of values.
  llvm::FailureOr<std::vector<std::vector<double>>>
  findMoments(llvm::ArrayRef<mlir::Value> values) {
    llvm::SmallVector<ProductInput> inputs;
    for (mlir::Value value : values)
      inputs.push_back({value});
    return findMoments(inputs);
  }

  /// Of the integers of activations: 8, or 16 where sums of products allow it.
  unsigned activationBits = 8;
  QuantizationBudget budget;
  Corrections corrections;
  /// Whether constants are stored in codes, so that integers of fewer bits take
  /// less.
  bool compresses = false;
  /// Whether `writeReport` is to be called.
  bool reports = false;
  /// Whether to note what pruning and the like do to the results
  /// (`quantization::LossNote`).
  bool notesLosses = false;
};

/// What is quantised beside the values that layers read.
struct AlsoQuantized {
  /// What contractions make and averages read, for those who compute with
  /// nothing but integers.
  bool results = false;
  /// The inputs and outputs of the network, in any case.
  bool inputs = false, outputs = false;
};

using CalibratorPtr = std::shared_ptr<Calibrator>;

/// Known weights of which more are zero.
struct SparserWeights {
  std::vector<float> numbers;
  /// The share that was asked for.
  double zeros = 0;
};

/// Finds for each of these convolutions and products the weights that it could
/// have, those with the fewest zeros first; none where they are not known, or
/// cannot spare any. What fails has said so.
using FindSparserFn =
    std::function<llvm::FailureOr<std::vector<std::vector<SparserWeights>>>(
        llvm::ArrayRef<mlir::Operation *> layers, Calibrator &calibrator)>;

} // namespace edgecc

#endif // EDGECC_PASSES_QUANTIZATION_CALIBRATE_H
