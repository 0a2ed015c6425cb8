//===- TargetDialect.h - facts about the machine ----------------*- C++ -*-===//
//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef EDGECC_DIALECTS_TARGET_TARGETDIALECT_H
#define EDGECC_DIALECTS_TARGET_TARGETDIALECT_H

#include "mlir/IR/Attributes.h"
#include "mlir/IR/Dialect.h"
#include "llvm/ADT/StringRef.h"

#include "dialects/Target/TargetDialect.h.inc"

#define GET_ATTRDEF_CLASSES
#include "dialects/Target/TargetAttrs.h.inc"

namespace edgecc::target {

/// The name under which a module carries its CPU record.
inline constexpr llvm::StringLiteral cpuAttrName = "target.cpu";

/// The CPU record of the nearest enclosing operation that has one, `op`
/// included; null if there is none.
CpuAttr getCpu(mlir::Operation *op);

} // namespace edgecc::target

#endif // EDGECC_DIALECTS_TARGET_TARGETDIALECT_H
