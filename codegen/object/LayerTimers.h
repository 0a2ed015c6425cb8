//===- LayerTimers.h - measures kernels where they run ----------*- C++ -*-===//
//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef EDGECC_CODEGEN_OBJECT_LAYERTIMERS_H
#define EDGECC_CODEGEN_OBJECT_LAYERTIMERS_H

#include "llvm/ADT/StringRef.h"
#include <string>

namespace llvm {
class Module;
} // namespace llvm

namespace edgecc {

/// The variable that holds what timers have counted, for a network of that
/// name.
std::string layerTimersSymbol(llvm::StringRef name);

/// Puts a timer around each call of a kernel. What they count goes to a
/// variable, an array of 64-bit integers: their number, then one for each call,
/// in order. The unit is up to the machine.
void addLayerTimers(llvm::Module &module, llvm::StringRef name);

} // namespace edgecc

#endif // EDGECC_CODEGEN_OBJECT_LAYERTIMERS_H
