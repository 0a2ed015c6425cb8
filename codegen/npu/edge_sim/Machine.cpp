//===- Machine.cpp - an edge-sim accelerator --------------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "codegen/npu/edge_sim/Machine.h"
#include "codegen/npu/FieldReader.h"

#include "llvm/Support/MathExtras.h"

using namespace edgecc::npu;
using namespace edgecc::npu::edge_sim;

int64_t Machine::transferCycles(int64_t bytes) const {
  return dmaStartCycles + llvm::divideCeil(bytes, dmaBytesPerCycle);
}

static void readFields(const llvm::json::Object &object, Machine &machine,
                       std::string &error) {
  FieldReader reader(object, "", error);
  reader.readFormat();
  reader.readString("name", machine.name);
  // What the simulator can hold.
  constexpr int64_t most = 32;
  if (const llvm::json::Object *array = reader.readObject("array")) {
    FieldReader fields(*array, "array.", error);
    for (auto [name, size] : {std::pair("rows", &machine.rows),
                              std::pair("columns", &machine.columns),
                              std::pair("depth", &machine.depth)}) {
      fields.readInteger(name, 1, *size);
      if (*size < 1 || *size > most)
        fields.fail("'array." + std::string(name) +
                    "' expects an integer from 1 to 32");
    }
    fields.readInteger("start_cycles", 0, machine.arrayStartCycles);
  } else {
    reader.fail("'array' is missing");
  }
  if (const llvm::json::Object *vector = reader.readObject("vector")) {
    FieldReader fields(*vector, "vector.", error);
    fields.readInteger("lanes", 1, machine.lanes);
    fields.readInteger("start_cycles", 0, machine.vectorStartCycles);
  }
  if (machine.lanes == 0)
    reader.fail("'vector.lanes' is missing");
  reader.readInteger("scratchpad_bytes", 1024, machine.scratchpadBytes);
  if (machine.scratchpadBytes < 1024 || machine.scratchpadBytes > 1 << 30)
    reader.fail("'scratchpad_bytes' expects an integer from 1024 to 2^30");
  if (const llvm::json::Object *dma = reader.readObject("dma")) {
    FieldReader fields(*dma, "dma.", error);
    fields.readInteger("bytes_per_cycle", 1, machine.dmaBytesPerCycle);
    fields.readInteger("start_cycles", 0, machine.dmaStartCycles);
  }
  if (machine.dmaBytesPerCycle == 0)
    reader.fail("'dma.bytes_per_cycle' is missing");
  if (const llvm::json::Object *costs = reader.readObject("costs")) {
    FieldReader fields(*costs, "costs.", error);
    machine.costs.read(fields);
  }
}

llvm::Expected<Machine> Machine::parse(llvm::StringRef text) {
  return parseFields<Machine>(text, readFields);
}
