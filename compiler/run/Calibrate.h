//===- Calibrate.h - ranges of values from examples -------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef EDGECC_COMPILER_RUN_CALIBRATE_H
#define EDGECC_COMPILER_RUN_CALIBRATE_H

#include "compiler/run/Images.h"
#include "passes/Quantization/Calibrate.h"

#include "llvm/ADT/StringRef.h"

#include <optional>
#include <string>

namespace edgecc {

/// Which range of the values that occurred is expressed: all of it, the means
/// of the extremes of each example, the part that leaves out one value in
/// 10,000, the part for which the mean square of the rounding and saturation
/// errors is least, or the one for which least is lost of how often values
/// occur.
enum class RangeRule { MinMax, Average, Percentile, MeanSquare, Entropy };

/// The rule of this name (`minmax`, `average`, `percentile`, `mse`, `entropy`);
/// nothing for others.
std::optional<RangeRule> parseRangeRule(llvm::StringRef name);

/// What a calibrator finds out.
struct CalibrationOptions {
  /// An .npz file with arrays by the names of the inputs, the examples along
  /// the first dimension, or a folder of such files and of pictures.
  std::string path;
  ImageRules images;
  RangeRule rule = RangeRule::MinMax;
  /// As in `Calibrator`.
  unsigned activationBits = 8;
  QuantizationBudget budget;
  /// Where to report how well the network is approximated; empty for nowhere.
  std::string report;
  Corrections corrections;
  bool compresses = false;
};

/// A calibrator that runs networks in this process on all examples.
CalibratorPtr createCalibrator(CalibrationOptions options);

} // namespace edgecc

#endif // EDGECC_COMPILER_RUN_CALIBRATE_H
