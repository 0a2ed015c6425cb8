//===- StaticQuantizer.h - layers as integers by known ranges -*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef EDGECC_PASSES_QUANTIZATION_STATICQUANTIZER_H
#define EDGECC_PASSES_QUANTIZATION_STATICQUANTIZER_H

#include "passes/Quantization/SimulatedNetwork.h"
#include "passes/Quantization/WeightForms.h"

#include "llvm/ADT/SetVector.h"

#include <map>

namespace edgecc::quantization {

/// How a convolution or product is computed.
enum class LayerForm {
  /// In f32.
  Real,
  /// Integers of up to 16 bits by bytes.
  Int16,
  /// Bytes by bytes.
  Int8,
  /// In f32, by a matrix of integers of 4 bits with a scale for each column of
  /// a block of rows.
  Int4Weights,
  /// In f32, by bytes with a scale per output channel that have no more than so
  /// many bits, for what stores them in codes.
  Int3Codes,
  Int4Codes,
  Int5Codes,
  Int6Codes,
  Int7Codes
};
inline constexpr LayerForm layerForms[] = {
    LayerForm::Real,        LayerForm::Int16,     LayerForm::Int8,
    LayerForm::Int4Weights, LayerForm::Int3Codes, LayerForm::Int4Codes,
    LayerForm::Int5Codes,   LayerForm::Int6Codes, LayerForm::Int7Codes};

/// For people.
llvm::StringRef nameOf(LayerForm form);

/// Whether a layer of this form reads and makes real numbers.
inline bool isReal(LayerForm form) {
  return form != LayerForm::Int16 && form != LayerForm::Int8;
}

/// How a convolution or product is computed, and by which weights.
struct LayerChoice {
  LayerForm form = LayerForm::Real;
  /// The known weights as they are, or the ones of this number, from 1, of
  /// those with more and more zeros.
  unsigned sparser = 0;
};

/// What is to be quantised in a network.
struct Candidates {
  /// Convolutions and products.
  llvm::SmallVector<mlir::Operation *> contractions;
  /// Recurrent cells; each goes with the contraction that gives its input.
  llvm::SmallVector<mlir::Operation *> cells;
  /// The real values to be stored as integers: what contractions read, the
  /// states of cells, and the terms of residual additions and the like.
  llvm::SetVector<mlir::Value> values;
  /// Those of `values` that the caller of the network sees as integers.
  llvm::SmallDenseSet<mlir::Value> interface;

  Candidates(mlir::func::FuncOp function, const AlsoQuantized &also);
  /// The same in a copy of the network.
  Candidates(const Candidates &origin, const mlir::IRMapping &mapping);

private:
  void observe(mlir::Value value);
};

/// Quantises a network, or copies of it, by the ranges of its values.
class StaticQuantizer {
public:
  /// Finds moments as far as they are wanted, ranges, and the integers of all
  /// known weights, and of those that `findSparser` finds, in each form.
  static llvm::FailureOr<StaticQuantizer>
  create(Calibrator &calibrator, mlir::func::FuncOp function,
         const AlsoQuantized &also, const FindSparserFn &findSparser);

  const Candidates &getCandidates() const { return candidates; }

  /// Whether contraction `i` can be computed so.
  bool allows(size_t i, LayerChoice choice) const;
  /// How many weights with more and more zeros contraction `i` could have.
  size_t countSparser(size_t i) const { return weights[i].size() - 1; }
  /// The share of zeros that weights have been made to have.
  double zeros(size_t i, unsigned sparser) const {
    return weights[i][sparser].zeros;
  }

  /// The bytes of all weights of contraction `i` with their scales, and of
  /// those of the cells that go with it.
  double bytes(size_t i, LayerForm form) const;

  /// What contraction `i` would be like.
  LayerSettings settings(size_t i, LayerChoice choice) const;

  /// Corrects the biases of the layers that are so, one after the other, by
  /// how much the means of their results differ from those of `function`, where
  /// that brings its results nearer to it.
  llvm::LogicalResult correctMeans(mlir::func::FuncOp function,
                                   llvm::ArrayRef<LayerChoice> choices);
  /// What it has found by contraction, empty where it has found nothing.
  using Biases = std::vector<std::vector<float>>;
  const Biases &getBiases() const { return biases; }
  void setBiases(Biases found) { biases = std::move(found); }

  /// Quantises a network, its contractions in these forms. Returns the values
  /// as integers express them; null for those that stay.
  llvm::SmallVector<mlir::Value>
  quantize(const Candidates &candidates,
           llvm::ArrayRef<LayerChoice> choices) const;

private:
  StaticQuantizer(Calibrator &calibrator, mlir::func::FuncOp function,
                  const AlsoQuantized &also)
      : calibrator(calibrator), candidates(function, also) {}

  /// Weights in the forms that are wanted of them; empty where there are none.
  struct Weights {
    /// Of those with more zeros.
    std::vector<float> numbers;
    double zeros = 0;
    /// By form; those of `Int16` are those of `Int8`.
    std::map<LayerForm, RoundedBlocks> rounded;
  };

  const RoundedBlocks *roundedOf(size_t i, LayerChoice choice) const;
  /// What each weight of contraction `i` changes by; empty if none does.
  llvm::SmallVector<double> errorsOf(size_t i, LayerChoice choice) const;

  Calibrator &calibrator;
  Candidates candidates;
  /// Of the values, in their order.
  llvm::SmallVector<CalibratedRange> ranges;
  /// Of the contractions, first as they are.
  std::vector<std::vector<Weights>> weights;
  Biases biases;
};

} // namespace edgecc::quantization

#endif // EDGECC_PASSES_QUANTIZATION_STATICQUANTIZER_H
