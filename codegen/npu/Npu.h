//===- Npu.h - what a plug-in for an NPU brings -----------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef EDGECC_CODEGEN_NPU_NPU_H
#define EDGECC_CODEGEN_NPU_NPU_H

#include "dialects/Edge/EdgePlaceOps.h"
#include "passes/Place/Passes.h"

namespace edgecc::npu {

/// What the driver of an NPU gets for one region.
struct Program {
  std::vector<char> bytes;
  /// Bytes of memory that the driver may use during the call.
  int64_t scratch = 0;
  /// More of it, which had better be fast: with a memory map, in a memory that
  /// is the NPU's own.
  int64_t fast = 0;
  /// What it is predicted to take; 0 if nobody knows.
  int64_t cycles = 0;
  /// What that memory begins at a multiple of; 0 for what the CPU wants.
  int64_t alignment = 0;
  /// Where in that memory the inputs and then the outputs are wanted, with as
  /// many bytes as they have. A driver copies what lies elsewhere. Empty if
  /// they may be anywhere.
  llvm::SmallVector<int64_t> places;
};

/// The C functions of a driver whose NPU works while the CPU does.
struct AsynchronousDriver {
  llvm::StringRef start, wait;
};

/// An NPU: what it takes, and how a region becomes a program for it.
class Npu : public place::PlacementRules {
public:
  /// The C function that runs a program; see runtime/include/edgecc/npu.h.
  virtual llvm::StringRef getDriver() const = 0;

  /// The functions that are called instead where the CPU has something to do
  /// meanwhile; nothing if the NPU cannot work on its own. One region runs at a
  /// time.
  virtual std::optional<AsynchronousDriver> getAsynchronousDriver() const {
    return std::nullopt;
  }

  /// Whether the object has these functions, from a C file that the plug-in
  /// gives to CMake; otherwise users define it.
  virtual bool bringsDriver() const { return false; }

  /// Whether it rounds as `--rounding=tflite` does, or as ONNX has it.
  virtual bool roundsAsTflite() const { return false; }

  /// Compiles a region that the rules allow. Emits an error if that fails. The
  /// driver gets the bytes with zeros up to a multiple of four, and their
  /// CRC-32 behind them.
  virtual llvm::FailureOr<Program> compile(edge::RegionOp region) const = 0;
};

using NpuPtr = std::shared_ptr<const Npu>;

/// Reports an error about what the user asked for.
using ErrorFn = llvm::function_ref<mlir::InFlightDiagnostic()>;

/// The names of all plug-ins.
llvm::ArrayRef<llvm::StringRef> npuNames();

/// The NPU of a request, `name` or `name:argument`. Null, with an error, for a
/// name that no plug-in has and for an argument that its plug-in refuses.
NpuPtr createNpu(llvm::StringRef request, ErrorFn emitError);

/// Makes the pass `edgecc-compile-regions`. With `fallback`, the CPU computes a
/// region when the driver fails.
std::unique_ptr<mlir::Pass> createCompileRegionsPass();
std::unique_ptr<mlir::Pass> createCompileRegionsPass(NpuPtr npu, bool fallback);

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "codegen/npu/Passes.h.inc"

} // namespace edgecc::npu

#endif // EDGECC_CODEGEN_NPU_NPU_H
