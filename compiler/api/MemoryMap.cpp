//===- MemoryMap.cpp - the memories of a device, from a file ----*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "compiler/api/MemoryMap.h"
#include "codegen/object/ModelInterface.h"

#include "llvm/Support/JSON.h"

using namespace llvm;
using namespace edgecc;

std::optional<uint64_t> edgecc::parseBytes(StringRef text) {
  uint64_t unit = text.consume_back("K")   ? 1 << 10
                  : text.consume_back("M") ? 1 << 20
                                           : 1;
  uint64_t number;
  if (text.getAsInteger(10, number) || number > UINT64_MAX / unit)
    return std::nullopt;
  return number * unit;
}

static Error wrong(const Twine &message) { return createStringError(message); }

/// Bytes as a number or as text; nothing for what is neither, or nothing at
/// all.
static std::optional<int64_t> readSize(const json::Value *value) {
  if (!value)
    return std::nullopt;
  std::optional<int64_t> number = value->getAsInteger();
  if (std::optional<StringRef> text = value->getAsString())
    if (std::optional<uint64_t> bytes = parseBytes(*text);
        bytes && *bytes <= uint64_t(INT64_MAX))
      number = *bytes;
  return number && *number > 0 ? number : std::nullopt;
}

/// Whether a header states the bytes of something else by that name.
static bool isTakenByHeader(StringRef name) {
  return is_contained({"arena", "stack", "task_stack"}, name.lower());
}

/// A number above 0, or what `value` is without one; nothing if it is another.
static std::optional<double> readSpeed(const json::Value *value,
                                       double without) {
  if (!value)
    return without;
  std::optional<double> speed = value->getAsNumber();
  return speed && *speed > 0 ? speed : std::nullopt;
}

static Expected<target::MemoryRegion> readRegion(const json::Object &object) {
  target::MemoryRegion region;
  std::optional<StringRef> name = object.getString("name");
  if (!name || name->empty() || makeCIdentifier(*name) != *name ||
      isReservedName(*name) || isTakenByHeader(*name))
    return wrong("a region needs a \"name\" that C code can use for a "
                 "parameter" +
                 (name ? ", found '" + *name + "'" : Twine()));
  region.name = name->str();
  auto wrongly = [&](const Twine &what) {
    return wrong("region '" + *name + "': " + what);
  };
  for (const auto &[key, value] : object)
    if (!is_contained(
            {"name", "size", "access", "bytes_per_cycle", "section", "npu"},
            StringRef(key)))
      return wrongly("unknown key \"" + StringRef(key) +
                     "\"; expected name, size, access, bytes_per_cycle, "
                     "section or npu");
  std::optional<int64_t> size = readSize(object.get("size"));
  if (!size)
    return wrongly("expected a \"size\" in bytes, such as 65536 or \"64K\"");
  region.bytes = *size;
  if (const json::Value *access = object.get("access")) {
    if (access->getAsString() != "rw" && access->getAsString() != "r")
      return wrongly("expected \"access\" to be \"rw\" or \"r\"");
    region.isWritable = access->getAsString() == "rw";
  }
  std::optional<double> speed =
      readSpeed(object.get("bytes_per_cycle"), region.bytesPerCycle);
  if (!speed)
    return wrongly("expected \"bytes_per_cycle\" to be a number above 0");
  region.bytesPerCycle = *speed;
  if (const json::Value *npu = object.get("npu")) {
    if (std::optional<bool> reached = npu->getAsBoolean())
      region.npu =
          *reached ? target::NpuAccess::Reached : target::NpuAccess::None;
    else if (npu->getAsString() == "fast" && region.isWritable)
      region.npu = target::NpuAccess::Fast;
    else
      return wrongly("expected \"npu\" to be true, false or, for \"access\": "
                     "\"rw\", \"fast\"");
  }
  region.section = ".rodata." + region.name;
  if (const json::Value *section = object.get("section")) {
    region.section = section->getAsString().value_or("").str();
    if (region.section.empty() || region.isWritable)
      return wrongly("expected \"section\" to be the name of the section of "
                     "the constants, for \"access\": \"r\" only");
  }
  return region;
}

Expected<target::MemoryMap> edgecc::parseMemoryMap(StringRef text) {
  Expected<json::Value> root = json::parse(text);
  if (!root)
    return root.takeError();
  const json::Object *object = root->getAsObject();
  const json::Array *rows = object ? object->getArray("regions") : nullptr;
  const json::Value *dma =
      object ? object->get("dma_bytes_per_cycle") : nullptr;
  if (!rows || object->size() != 1 + (dma != nullptr))
    return wrong("expected an object with an array \"regions\" and, beside it, "
                 "at most \"dma_bytes_per_cycle\"");
  target::MemoryMap map;
  std::optional<double> dmaSpeed = readSpeed(dma, 0);
  if (!dmaSpeed)
    return wrong("expected \"dma_bytes_per_cycle\" to be a number above 0");
  map.dmaBytesPerCycle = *dmaSpeed;
  std::vector<target::MemoryRegion> &regions = map.regions;
  for (const json::Value &row : *rows) {
    const json::Object *fields = row.getAsObject();
    if (!fields)
      return wrong("expected each region to be an object");
    Expected<target::MemoryRegion> region = readRegion(*fields);
    if (!region)
      return region.takeError();
    for (const target::MemoryRegion &other : regions)
      if (StringRef(other.name).equals_insensitive(region->name))
        return wrong("two regions are called '" + region->name + "'");
    regions.push_back(std::move(*region));
  }
  if (none_of(regions, [](const target::MemoryRegion &region) {
        return region.isWritable && region.npu != target::NpuAccess::Fast;
      }))
    return wrong(
        "expected a region that can be written (\"access\": \"rw\"), and "
        "not by the NPU alone");
  return map;
}
