//===- Costs.cpp - whether a region is worth a call -------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "codegen/npu/Costs.h"
#include "passes/Place/Passes.h"
#include "passes/Place/Regions.h"
#include "passes/Quantization/Parameters.h"

#include "llvm/ADT/DenseSet.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using namespace edgecc;
using namespace edgecc::edge;
using namespace edgecc::npu;
using quantization::typeOf;

void CallCosts::read(FieldReader &fields) {
  fields.readNumber("launch_cycles", true, launchCycles);
  fields.readNumber("cpu_macs_per_cycle", false, cpuMacsPerCycle);
  fields.readNumber("cpu_values_per_cycle", false, cpuValuesPerCycle);
  if (cpuMacsPerCycle == 0 && (launchCycles > 0 || cpuValuesPerCycle > 0))
    fields.fail("'costs' has no 'cpu_macs_per_cycle' to compare with");
}

int64_t npu::storedBytes(Value tensor) {
  Type element = typeOf(tensor).getElementType();
  if (quant::QuantizedType type = quantization::quantizedType(tensor))
    element = storageType(type);
  return typeOf(tensor).getNumElements() * element.getIntOrFloatBitWidth() / 8;
}

static bool isConversion(Operation *op) {
  return isa_and_nonnull<QuantizeOp, DequantizeOp, TransposeOp>(op);
}

/// The operations that read `value`, or another view of it.
static void findReaders(Value value, SmallVectorImpl<Operation *> &readers) {
  for (Operation *user : value.getUsers())
    if (isa<StorageCastOp>(user))
      findReaders(user->getResult(0), readers);
    else
      readers.push_back(user);
}

RegionBorder npu::findBorder(ArrayRef<Operation *> ops) {
  RegionBorder border;
  llvm::DenseSet<Operation *> inside(ops.begin(), ops.end());
  llvm::DenseSet<Value> seen;
  auto add = [&](Value value, bool isConverted) {
    border.bytes += storedBytes(value);
    if (isConverted)
      border.converted += typeOf(value).getNumElements();
  };
  for (Operation *op : ops) {
    for (Value operand : op->getOperands()) {
      Value source = place::stripCasts(operand);
      if (!place::isKnown(operand) &&
          !inside.contains(source.getDefiningOp()) &&
          seen.insert(source).second)
        add(source, isConversion(source.getDefiningOp()));
    }
    for (Value result : op->getResults()) {
      SmallVector<Operation *> readers;
      findReaders(result, readers);
      llvm::erase_if(
          readers, [&](Operation *reader) { return inside.contains(reader); });
      if (!readers.empty())
        add(result, llvm::any_of(readers, isConversion));
    }
  }
  return border;
}

int64_t npu::bytesOfConstants(ArrayRef<Operation *> ops) {
  int64_t bytes = 0;
  for (Operation *op : ops)
    for (Value operand : op->getOperands())
      if (place::isKnown(operand))
        bytes += storedBytes(operand);
  return bytes;
}

double npu::countWork(ArrayRef<Operation *> ops) {
  double work = 0;
  for (Operation *op : ops)
    if (auto conv = dyn_cast<ConvOp>(op))
      work += double(conv.getMacs());
    else if (auto product = dyn_cast<MatMulOp>(op))
      work += double(product.getMacs());
    else if (!isa<ReshapeOp>(op))
      work += double(typeOf(op->getResult(0)).getNumElements());
  return work;
}

std::string npu::compareWithCpu(ArrayRef<Operation *> ops,
                                const RegionCycles &cycles,
                                const CallCosts &costs) {
  if (costs.cpuMacsPerCycle == 0)
    return {};
  double conversion = 0;
  if (costs.cpuValuesPerCycle > 0)
    conversion = double(findBorder(ops).converted) / costs.cpuValuesPerCycle;
  double there =
      costs.launchCycles + cycles.compute + cycles.transfer + conversion;
  double here = countWork(ops) / costs.cpuMacsPerCycle;
  if (there < here)
    return {};
  return llvm::formatv(
             "it would take {0:f0} cycles with the call of the NPU ({1:f0} for "
             "the call, {2:f0} to compute, {3:f0} to move data, {4:f0} to "
             "convert values at the border), and {5:f0} on the CPU",
             there, costs.launchCycles, cycles.compute, cycles.transfer,
             conversion, here)
      .str();
}
