//===- DescribedNpu.cpp - an NPU that a file describes ----------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "codegen/npu/Rules.h"
#include "codegen/npu/desc/Description.h"
#include "codegen/npu/desc/WriteProgram.h"
#include "passes/Place/Regions.h"
#include "passes/Quantization/Contractions.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/MemoryBuffer.h"

using namespace mlir;
using namespace edgecc;
using namespace edgecc::edge;
using namespace edgecc::npu;
using edgecc::quantization::Contraction;
using edgecc::quantization::quantizedType;
using edgecc::quantization::typeOf;

/// What a description calls `op`; what the dialect calls it if descriptions
/// have no such operator.
static std::string operatorName(Operation *op) {
  std::string name = op->getName().stripDialect().str();
  if (auto conv = dyn_cast<ConvOp>(op); conv && conv.getGroups() != 1)
    return conv.isDepthwise() ? "depthwise_conv" : "grouped_conv";
  if (auto pool = dyn_cast<PoolOp>(op))
    return pool.getKind() == PoolKind::Max ? "max_pool" : "sum_pool";
  return name;
}

//===----------------------------------------------------------------------===//
// Rules
//===----------------------------------------------------------------------===//

namespace {
/// One rule: the sentence that says how `op` breaks it; empty if it does not.
using Rule = std::string (*)(Operation *op, const Description &npu);
} // namespace

static std::string checkOperator(Operation *op, const Description &npu) {
  std::string name = operatorName(op);
  if (npu.operators.contains(name))
    return {};
  return "the NPU has no operator '" + name + "'";
}

static std::string checkTypes(Operation *op, const Description &npu) {
  return npu::checkTypes(op, npu.types);
}

static std::string checkRange(Operation *op, const Description &) {
  return npu::checkRange(op);
}

static std::string checkContraction(Operation *op, const Description &) {
  std::string sentence = npu::checkContraction(op);
  if (!sentence.empty() || !isa<ConvOp, MatMulOp>(op))
    return sentence;
  Contraction contraction = *Contraction::get(op);
  if (llvm::any_of(contraction.weightParameters.zeroPoints,
                   [](int64_t zero) { return zero != 0; }))
    return "its weights have a zero point";
  IntegerType type = storageType(quantizedType(contraction.weights));
  if (type.getWidth() != 8 || type.isUnsigned())
    return "its weights are not of i8";
  return {};
}

static std::string checkWindow(Operation *op, const Description &npu) {
  const OperatorLimits &limits = npu.operators.find(operatorName(op))->second;
  return npu::checkWindow(op, limits.kernel, limits.stride, limits.dilation);
}

static std::string checkChannels(Operation *op, const Description &npu) {
  int64_t most = npu.operators.find(operatorName(op))->second.channels;
  for (Value value : ends(op)) {
    ArrayRef<int64_t> shape = typeOf(value).getShape();
    if (!shape.empty() && shape.back() > most)
      return llvm::formatv("it has {0} channels, and the NPU takes {1} at most",
                           shape.back(), most)
          .str();
  }
  return {};
}

static std::string checkSum(Operation *op, const Description &) {
  return npu::checkSum(op);
}

static std::string checkMovement(Operation *op, const Description &) {
  if (isa<ConcatOp>(op) && op->getNumOperands() > mostInputs)
    return llvm::formatv("it joins {0} tensors, and a program {1} at most",
                         op->getNumOperands(), mostInputs)
        .str();
  return npu::checkMovement(op);
}

static constexpr Rule rules[] = {checkOperator,    checkTypes,   checkRange,
                                 checkContraction, checkWindow,  checkChannels,
                                 checkSum,         checkMovement};

//===----------------------------------------------------------------------===//
// The NPU
//===----------------------------------------------------------------------===//

namespace {
class DescribedNpu : public Npu {
public:
  explicit DescribedNpu(Description description)
      : npu(std::move(description)) {}

  StringRef getName() const override { return npu.name; }
  StringRef getDriver() const override { return npu.driver; }
  std::optional<AsynchronousDriver> getAsynchronousDriver() const override {
    if (npu.start.empty())
      return std::nullopt;
    return AsynchronousDriver{npu.start, npu.wait};
  }

  std::string objection(Operation *op) const override {
    for (Rule rule : rules)
      if (std::string sentence = rule(op, npu); !sentence.empty())
        return sentence;
    if (int64_t bytes = bytesOfConstants(op); bytes > npu.weightBytes)
      return llvm::formatv("its constants take {0} bytes, and the NPU takes "
                           "{1} at most",
                           bytes, npu.weightBytes);
    return {};
  }

  bool canHold(ArrayRef<Operation *> ops) const override {
    if (int64_t(ops.size()) > npu.operations)
      return false;
    if (npu.weightBytes != unlimited && bytesOfConstants(ops) > npu.weightBytes)
      return false;
    if (npu.scratchBytes == unlimited)
      return true;
    SmallVector<Operation *> sorted(ops);
    llvm::sort(sorted, [](Operation *a, Operation *b) {
      return a->isBeforeInBlock(b);
    });
    return planScratch(sorted) <= npu.scratchBytes;
  }

  std::string regionObjection(ArrayRef<Operation *> ops) const override {
    return compareWithCpu(ops, predict(ops, findBorder(ops).bytes), npu.costs);
  }

  FailureOr<Program> compile(RegionOp region) const override {
    Program program = writeProgram(region, npu.name);
    if (npu.costs.cpuMacsPerCycle > 0) {
      int64_t border = 0;
      for (Value value : region->getOperands())
        border += storedBytes(value);
      for (Value value : region->getResults())
        border += storedBytes(value);
      RegionCycles cycles = predict(region.getOperations(), border);
      program.cycles =
          int64_t(npu.costs.launchCycles + cycles.compute + cycles.transfer);
    }
    return program;
  }

private:
  RegionCycles predict(ArrayRef<Operation *> ops, int64_t borderBytes) const {
    double bytes = double(bytesOfConstants(ops) + borderBytes);
    return {countWork(ops) / npu.macsPerCycle, bytes / npu.bytesPerCycle};
  }

  Description npu;
};
} // namespace

namespace edgecc::npu {
NpuPtr create_desc(StringRef argument, ErrorFn emitError) {
  if (argument.empty()) {
    emitError() << "--npu=desc expects a file that describes an NPU, as in "
                   "--npu=desc:npu.json";
    return nullptr;
  }
  auto file = llvm::MemoryBuffer::getFile(argument);
  if (!file) {
    emitError() << "cannot read '" << argument
                << "': " << file.getError().message();
    return nullptr;
  }
  llvm::Expected<Description> description =
      Description::parse((*file)->getBuffer());
  if (!description) {
    emitError() << argument << ": " << llvm::toString(description.takeError());
    return nullptr;
  }
  return std::make_shared<DescribedNpu>(std::move(*description));
}
} // namespace edgecc::npu
