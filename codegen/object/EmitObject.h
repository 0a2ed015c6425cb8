//===- EmitObject.h - from the LLVM dialect to an object --------*- C++ -*-===//
//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef EDGECC_CODEGEN_OBJECT_EMITOBJECT_H
#define EDGECC_CODEGEN_OBJECT_EMITOBJECT_H

#include "codegen/cost/MachineProfile.h"
#include "codegen/object/ModelInterface.h"
#include "codegen/object/StackBound.h"
#include "dialects/Target/TargetDialect.h"
#include "llvm/Target/TargetMachine.h"
#include <memory>
#include <optional>

namespace llvm {
class LLVMContext;
class Module;
} // namespace llvm

namespace edgecc {

/// `-O0` to `-O3` and `-Os`.
enum class OptLevel { O0, O1, O2, O3, Os };

/// The level that `0` to `3` or `s` names; nothing for any other text.
std::optional<OptLevel> parseOptLevel(llvm::StringRef text);

/// How an object is to be made.
struct CodegenOptions {
  OptLevel optLevel = OptLevel::O2;
  /// `-fPIC`: position independent, for shared libraries too. Without a word,
  /// code for systems that load programs anywhere can be linked into any
  /// program, and code for machines without a system has fixed addresses.
  std::optional<bool> pic;
  /// Whether the network counts the time of each layer; see LayerTimers.h.
  bool timeLayers = false;
};

/// Makes the code generator of the CPU. Emits an error at `loc` and returns
/// null if LLVM has none.
std::unique_ptr<llvm::TargetMachine>
createTargetMachine(target::CpuAttr cpu, const CodegenOptions &options,
                    mlir::Location loc);

/// Translates a module of the LLVM dialect, with `main` as the function that
/// runs the network; adds the public functions and tables of `model`; makes
/// all else internal; optimises. Null, with an error, if that fails.
std::unique_ptr<llvm::Module>
buildLLVMModule(mlir::ModuleOp module, const ModelInterface &model,
                target::CpuAttr cpu, const CodegenOptions &options,
                llvm::TargetMachine &machine, llvm::LLVMContext &context);

/// What code generation knows beside the object.
struct CodeFacts {
  StackFrames frames;
  /// Whether to fill `profile`; that changes nothing of the object.
  bool collectProfile = false;
  MachineProfile profile;
};

/// Generates the object file into `object`, without any undefined symbol: what
/// the code generator calls is linked in from our helper functions, and
/// `module` has them afterwards. An error names the symbols that we have not.
/// `facts`, if not null, receives what is known of all functions.
llvm::LogicalResult emitObject(llvm::Module &module,
                               llvm::TargetMachine &machine,
                               llvm::SmallVectorImpl<char> &object,
                               mlir::Location loc, CodeFacts *facts = nullptr);

/// Generates assembly. `module` must have been through `emitObject`.
llvm::LogicalResult emitAssembly(llvm::Module &module,
                                 llvm::TargetMachine &machine,
                                 llvm::SmallVectorImpl<char> &text,
                                 mlir::Location loc);

/// Bytes of the sections of an object.
struct SectionSizes {
  uint64_t code = 0, constants = 0, writable = 0;
};
SectionSizes measureSections(llvm::StringRef object);

} // namespace edgecc

#endif // EDGECC_CODEGEN_OBJECT_EMITOBJECT_H
