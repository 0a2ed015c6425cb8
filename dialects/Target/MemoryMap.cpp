//===- MemoryMap.cpp - the memories that a network may use ------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "dialects/Target/MemoryMap.h"

#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace edgecc::target;

bool edgecc::target::callsNpu(Operation *op) {
  return op
      ->walk([](Operation *call) {
        return call->hasAttr(npuAccessAttrName) ? WalkResult::interrupt()
                                                : WalkResult::advance();
      })
      .wasInterrupted();
}

Attribute edgecc::target::encodeMemoryMap(ArrayRef<MemoryRegion> regions,
                                          MLIRContext *context) {
  Builder builder(context);
  SmallVector<Attribute> rows;
  for (const MemoryRegion &region : regions)
    rows.push_back(builder.getDictionaryAttr(
        {builder.getNamedAttr("name", builder.getStringAttr(region.name)),
         builder.getNamedAttr("bytes", builder.getI64IntegerAttr(region.bytes)),
         builder.getNamedAttr("bytes_per_cycle",
                              builder.getF64FloatAttr(region.bytesPerCycle)),
         builder.getNamedAttr("writable",
                              builder.getBoolAttr(region.isWritable)),
         builder.getNamedAttr("npu",
                              builder.getI64IntegerAttr(int64_t(region.npu))),
         builder.getNamedAttr("section",
                              builder.getStringAttr(region.section))}));
  return builder.getArrayAttr(rows);
}

SmallVector<MemoryRegion> edgecc::target::getMemoryMap(Operation *op) {
  SmallVector<MemoryRegion> regions;
  for (; op; op = op->getParentOp()) {
    auto rows = op->getAttrOfType<ArrayAttr>(memoryMapAttrName);
    if (!rows)
      continue;
    for (auto row : rows.getAsRange<DictionaryAttr>()) {
      MemoryRegion &region = regions.emplace_back();
      if (auto name = row.getAs<StringAttr>("name"))
        region.name = name.str();
      if (auto bytes = row.getAs<IntegerAttr>("bytes"))
        region.bytes = bytes.getInt();
      if (auto speed = row.getAs<FloatAttr>("bytes_per_cycle"))
        region.bytesPerCycle = speed.getValueAsDouble();
      if (auto writable = row.getAs<BoolAttr>("writable"))
        region.isWritable = writable.getValue();
      if (auto npu = row.getAs<IntegerAttr>("npu"))
        region.npu = NpuAccess(npu.getInt());
      if (auto section = row.getAs<StringAttr>("section"))
        region.section = section.str();
    }
    break;
  }
  return regions;
}

const MemoryRegion *
edgecc::target::chooseConstantRegion(ArrayRef<MemoryRegion> regions,
                                     int64_t bytes, bool forNpu) {
  const MemoryRegion *best = nullptr;
  auto rank = [&](const MemoryRegion &region) {
    bool fits = region.bytes >= bytes;
    return std::pair(fits, fits ? region.bytesPerCycle : region.bytes);
  };
  for (const MemoryRegion &region : regions)
    if (!region.isWritable && !(forNpu && region.npu == NpuAccess::None) &&
        (!best || rank(region) > rank(*best)))
      best = &region;
  return best;
}
