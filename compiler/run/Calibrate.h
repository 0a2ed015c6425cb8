//===- Calibrate.h - ranges of values from examples -------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef EDGECC_COMPILER_RUN_CALIBRATE_H
#define EDGECC_COMPILER_RUN_CALIBRATE_H

#include "passes/Quantization/Calibrate.h"

#include "llvm/ADT/StringRef.h"

#include <optional>
#include <string>

namespace edgecc {

/// Which range of the values that occurred is expressed: all of it, the part
/// that leaves out one value in 10,000, or the part for which the mean square
/// of the rounding and saturation errors is least.
enum class RangeRule { MinMax, Percentile, MeanSquare };

/// The rule of this name (`minmax`, `percentile`, `mse`); nothing for others.
std::optional<RangeRule> parseRangeRule(llvm::StringRef name);

/// Runs the network in this process on each example of an .npz file: arrays by
/// the names of the inputs, the examples along the first dimension.
CalibrateFn calibrateWith(std::string path, RangeRule rule);

} // namespace edgecc

#endif // EDGECC_COMPILER_RUN_CALIBRATE_H
