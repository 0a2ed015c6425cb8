//===- EntryPoints.h - the public symbols of an object ----------*- C++ -*-===//
//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef EDGECC_CODEGEN_OBJECT_ENTRYPOINTS_H
#define EDGECC_CODEGEN_OBJECT_ENTRYPOINTS_H

#include "codegen/object/ModelInterface.h"

namespace llvm {
class Module;
} // namespace llvm

namespace edgecc {

/// Adds `<name>_run`, which checks its pointers and calls `main`, and the
/// table `<name>_model`, as runtime/include/edgecc/model.h declares them, and
/// `<name>_step`, `<name>_on_layer` and `<name>_on_value` for networks that run
/// layer by layer or show their values.
/// Everything else in the module becomes internal.
void addEntryPoints(llvm::Module &module, const ModelInterface &model);

} // namespace edgecc

#endif // EDGECC_CODEGEN_OBJECT_ENTRYPOINTS_H
