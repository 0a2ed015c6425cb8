//===- Threads.cpp - how work is spread over threads ------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "dialects/Target/Threads.h"

#include "mlir/IR/BuiltinAttributes.h"

int64_t edgecc::target::getThreads(mlir::Operation *op) {
  for (; op; op = op->getParentOp())
    if (auto threads = op->getAttrOfType<mlir::IntegerAttr>(threadsAttrName))
      return threads.getInt();
  return 1;
}
