//===- ChooseForms.h - forms of layers that keep to a budget -*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef EDGECC_PASSES_QUANTIZATION_CHOOSEFORMS_H
#define EDGECC_PASSES_QUANTIZATION_CHOOSEFORMS_H

#include "passes/Quantization/StaticQuantizer.h"

namespace edgecc::quantization {

/// How contractions are computed, and how tables of rows are stored.
struct NetworkForms {
  llvm::SmallVector<LayerChoice> layers;
  /// Of a number of a table of rows: 32 for f32, 8 or 4.
  unsigned tableBits = 32;
};

/// The numbers of a row of a table that share a scale, 0 for all.
inline int64_t blockOfTable(unsigned bits) { return bits < 8 ? 32 : 0; }

/// The forms of the contractions of `function` that keep to the budget of the
/// calibrator. With a limit of the loss they are those that take the least time
/// (the fewest bytes, where time is not known), else those that lose least.
/// Weights with more zeros are further forms of each form.
/// What each layer loses is measured where it alone has a form, and added up;
/// whether the loss of the whole network is within its limit is measured.
/// Tables get fewer bits where the limit of bytes cannot be kept to otherwise.
/// Means are corrected, if that is asked for, as far as limits allow.
llvm::FailureOr<NetworkForms> chooseForms(StaticQuantizer &quantizer,
                                          mlir::func::FuncOp function,
                                          Calibrator &calibrator,
                                          const PriceFn &price);

} // namespace edgecc::quantization

#endif // EDGECC_PASSES_QUANTIZATION_CHOOSEFORMS_H
