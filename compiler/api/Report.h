//===- Report.h - what a compilation made -----------------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef EDGECC_COMPILER_API_REPORT_H
#define EDGECC_COMPILER_API_REPORT_H

#include "compiler/api/Compiler.h"

namespace edgecc {

/// Writes the report as JSON: target, memory, inputs, outputs, layers, and the
/// plan of the arena.
void writeReport(const CompiledModel &model, llvm::raw_ostream &os);

/// Writes what the report says of layers and their weights as a page of HTML,
/// with a picture of where the weights of each layer are zero.
void writeReportPage(const CompiledModel &model, llvm::raw_ostream &os);

/// In words.
std::string describeLoss(const LossReport &loss);

/// Prints the layers with their multiply-accumulates, and the sizes.
void writeSummary(const CompiledModel &model, llvm::raw_ostream &os);

/// Fails, with an error at `loc` and a table of what takes the space, if the
/// network needs more than `limits`.
llvm::LogicalResult checkLimits(const CompiledModel &model,
                                const MemoryLimits &limits, mlir::Location loc);

/// Fails, with an error at `loc` and a table of what takes the space, if the
/// network needs more of a region of `map` than it has.
llvm::LogicalResult checkRegions(const CompiledModel &model,
                                 llvm::ArrayRef<target::MemoryRegion> map,
                                 mlir::Location loc);

} // namespace edgecc

#endif // EDGECC_COMPILER_API_REPORT_H
