//===- Hooks.h - functions that others define -------------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef EDGECC_DIALECTS_TARGET_HOOKS_H
#define EDGECC_DIALECTS_TARGET_HOOKS_H

#include "llvm/ADT/StringRef.h"

namespace edgecc::target {

/// On the declaration of a function in LLVM IR: whoever links the object
/// defines it, so that it may be undefined there. Its stack is not counted.
inline constexpr llvm::StringLiteral hookAttrName = "edgecc-hook";

/// On an operation that calls a function by its name (unit): the object has
/// that function, among those that it carries. Otherwise it is a hook.
inline constexpr llvm::StringLiteral carriedAttrName = "edge.carried";

} // namespace edgecc::target

#endif // EDGECC_DIALECTS_TARGET_HOOKS_H
