//===- TargetDialect.cpp - facts about the machine --------------*- C++ -*-===//
//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/Target/TargetDialect.h"
#include "dialects/Target/Threads.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace edgecc::target;

#include "dialects/Target/TargetDialect.cpp.inc"

#define GET_ATTRDEF_CLASSES
#include "dialects/Target/TargetAttrs.cpp.inc"

void TargetDialect::initialize() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "dialects/Target/TargetAttrs.cpp.inc"
      >();
}

LogicalResult TargetDialect::verifyOperationAttribute(Operation *op,
                                                      NamedAttribute attr) {
  if (attr.getName() == threadsAttrName) {
    auto threads = dyn_cast<IntegerAttr>(attr.getValue());
    if (!isa<ModuleOp>(op) || !threads || threads.getInt() < 1)
      return op->emitError("'target.threads' is a positive number on a module");
    return success();
  }
  if (attr.getName() != cpuAttrName)
    return op->emitError("unknown attribute '")
           << attr.getName().getValue() << "' of the target dialect";
  if (!isa<ModuleOp>(op))
    return op->emitError("'target.cpu' belongs on a module");
  if (!isa<CpuAttr>(attr.getValue()))
    return op->emitError("'target.cpu' must be a #target.cpu, but is ")
           << attr.getValue();
  return success();
}

LogicalResult
CpuAttr::verify(function_ref<InFlightDiagnostic()> emitError, StringRef triple,
                StringRef cpu, StringRef features, StringRef abi,
                unsigned indexBits, unsigned vectorBytes, unsigned vectorRegs,
                bool hasFma, bool hasRounding, bool hasF32, bool hasF64,
                bool hasF16Conversion, bool hasF16, bool hasBF16Conversion,
                bool hasMaskedMemory, bool hasGather, bool hasInt8Dot,
                bool hasInt8Matmul, unsigned l1dBytes, unsigned l2Bytes,
                unsigned l3Bytes, unsigned cacheLineBytes, unsigned fmaPerCycle,
                unsigned fmaLatency, unsigned loadsPerCycle) {
  if (triple.empty())
    return emitError() << "a CPU record needs a triple";
  if (indexBits != 32 && indexBits != 64)
    return emitError() << "indexBits must be 32 or 64, but is " << indexBits;
  if (vectorBytes && !llvm::isPowerOf2_32(vectorBytes))
    return emitError() << "vectorBytes must be 0 or a power of two, but is "
                       << vectorBytes;
  if (!vectorBytes != !vectorRegs)
    return emitError() << "vectorBytes and vectorRegs go together, but are "
                       << vectorBytes << " and " << vectorRegs;
  if (!fmaPerCycle || !fmaLatency || !loadsPerCycle || !cacheLineBytes)
    return emitError() << "fmaPerCycle, fmaLatency, loadsPerCycle and "
                          "cacheLineBytes must be positive";
  return success();
}

unsigned CpuAttr::getLanes(Type type) const {
  unsigned bytes = llvm::divideCeil(type.getIntOrFloatBitWidth(), 8);
  return std::max(1u, getVectorBytes() / bytes);
}

bool CpuAttr::hasFeature(StringRef name) const {
  return llvm::any_of(llvm::split(getFeatures(), ','), [&](StringRef feature) {
    return feature.consume_front("+") && feature == name;
  });
}

CpuAttr edgecc::target::getCpu(Operation *op) {
  for (; op; op = op->getParentOp())
    if (auto cpu = op->getAttrOfType<CpuAttr>(cpuAttrName))
      return cpu;
  return {};
}
