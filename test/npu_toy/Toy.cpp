//===- Toy.cpp - the least that an NPU plug-in has --------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
//
// Where to begin with a plug-in of one's own: docs/howto/add-an-npu.md. The toy
// adds tensors of bytes, one sum per call.
//
//===----------------------------------------------------------------------===//

#include "codegen/npu/Npu.h"
#include "codegen/npu/Rules.h"
#include "passes/Place/Regions.h"

#include "llvm/Support/Endian.h"

using namespace mlir;
using namespace edgecc;
using namespace edgecc::edge;
using namespace edgecc::npu;
using edgecc::quantization::Parameters;
using edgecc::quantization::quantizedType;

//===----------------------------------------------------------------------===//
// Rules: one sentence each, for the user to read
//===----------------------------------------------------------------------===//

static std::string checkOperator(Operation *op) {
  if (isa<AddOp>(op))
    return {};
  return "the NPU adds, and this is '" + op->getName().stripDialect().str() +
         "'";
}

static std::string checkBytes(Operation *op) {
  return checkTypes(op, {"i8", "u8"});
}

static constexpr std::string (*rules[])(Operation *op) = {
    checkOperator, checkBytes, checkRange, checkSum};

//===----------------------------------------------------------------------===//
// Programs
//===----------------------------------------------------------------------===//

/// What the driver, toy.c, wants to know of a tensor: is it unsigned, its zero
/// point, its scale.
static void write(Value tensor, std::vector<char> &bytes) {
  quant::QuantizedType type = quantizedType(tensor);
  Parameters p(type);
  for (uint32_t word :
       {uint32_t(storageType(type).isUnsigned()), uint32_t(p.zeroPoint()),
        llvm::bit_cast<uint32_t>(float(p.scale()))}) {
    char data[4];
    llvm::support::endian::write32le(data, word);
    bytes.insert(bytes.end(), data, data + sizeof data);
  }
}

namespace {
class Toy : public Npu {
public:
  StringRef getName() const override { return "toy"; }
  StringRef getDriver() const override { return "toy_run"; }

  std::string objection(Operation *op) const override {
    for (auto *rule : rules)
      if (std::string sentence = rule(op); !sentence.empty())
        return sentence;
    return {};
  }

  bool canHold(ArrayRef<Operation *> ops) const override {
    return ops.size() == 1;
  }

  FailureOr<Program> compile(RegionOp region) const override {
    Operation *sum = region.getOperations().front();
    Program program;
    // The order of the region's inputs may be another one than the sum's, or
    // they may be the same.
    for (Value operand : sum->getOperands()) {
      Value input = place::stripCasts(operand);
      program.bytes.push_back(char(cast<BlockArgument>(input).getArgNumber()));
    }
    program.bytes.resize(4);
    for (Value operand : sum->getOperands())
      write(operand, program.bytes);
    write(sum->getResult(0), program.bytes);
    return program;
  }
};
} // namespace

namespace edgecc::npu {
NpuPtr create_toy(StringRef argument, ErrorFn emitError) {
  if (!argument.empty()) {
    emitError() << "--npu=toy takes no argument, found '" << argument << "'";
    return nullptr;
  }
  return std::make_shared<Toy>();
}
} // namespace edgecc::npu
