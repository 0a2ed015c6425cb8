//===- Calibrate.h - ranges of values by running the network ----*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef EDGECC_PASSES_QUANTIZATION_CALIBRATE_H
#define EDGECC_PASSES_QUANTIZATION_CALIBRATE_H

#include "mlir/IR/Value.h"

#include <functional>

namespace edgecc {

/// The interval of real numbers that integers are to express.
struct CalibratedRange {
  float least = 0, most = 0;
};

/// The ranges of f32 values of a function of the edge stage, found by running
/// it on examples. Must not change the IR. Fails with a diagnostic. The
/// pipeline gives one to the pass that quantises.
using CalibrateFn =
    std::function<llvm::FailureOr<llvm::SmallVector<CalibratedRange>>(
        llvm::ArrayRef<mlir::Value>)>;

} // namespace edgecc

#endif // EDGECC_PASSES_QUANTIZATION_CALIBRATE_H
