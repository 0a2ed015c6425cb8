//===- ResolveCpu.h - from flags to a CPU record ----------------*- C++ -*-===//
//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef EDGECC_CODEGEN_CPU_RESOLVECPU_H
#define EDGECC_CODEGEN_CPU_RESOLVECPU_H

#include "dialects/Target/TargetDialect.h"
#include "mlir/IR/Diagnostics.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/TargetParser/Triple.h"
#include <string>

namespace llvm {
class raw_ostream;
} // namespace llvm

namespace edgecc {

/// What a user says about the target, in the words of clang's flags.
struct TargetRequest {
  /// `--target=`: a triple; empty to infer it from the CPU, or else the host.
  std::string triple;
  /// `-mcpu=`: a CPU that LLVM or our table knows, `native`, or empty for the
  /// generic CPU of the triple.
  std::string cpu;
  /// `-mattr=`: features with a sign, separated by commas.
  std::string attrs;
  /// `-march=`: an architecture with extensions (`rv64gcv`,
  /// `armv8.2-a+dotprod`, `x86-64-v3`); empty if not said.
  std::string march;
  /// `-msve-vector-bits=`: the length of the vectors of SVE; 0 if it is not
  /// known, so that SVE is not used.
  unsigned sveVectorBits = 0;
};

/// Makes LLVM's code generators known to LLVM. Safe to call at any time, as
/// often as one likes.
void initializeTargets();

/// Finds the record of the CPU that is asked for: names are checked against
/// LLVM, the instruction set is read from LLVM's subtarget, the rest from our
/// table. Emits one error through `emitError` (with the nearest name where
/// there is one) and fails if something is unknown or contradictory. Needs the
/// target dialect in `context`.
llvm::FailureOr<target::CpuAttr>
resolveCpu(const TargetRequest &request, mlir::MLIRContext *context,
           llvm::function_ref<mlir::InFlightDiagnostic()> emitError);

/// The CPU that stands for a machine which LLVM calls `name`: that one if it
/// has a record, otherwise the one with a record that differs from the machine
/// in the fewest of `hostFeatures` (the first of such). Virtual machines invent
/// models and hide features, and new models appear; how fast their cores are
/// shows in what they can do.
llvm::StringRef nearestCpu(const llvm::Triple &triple, llvm::StringRef name,
                           const llvm::StringMap<bool> &hostFeatures);

/// Prints the table that `--print-targets` shows: the CPUs with a record, then
/// how many names LLVM knows per architecture.
void printTargets(llvm::raw_ostream &os);

} // namespace edgecc

#endif // EDGECC_CODEGEN_CPU_RESOLVECPU_H
