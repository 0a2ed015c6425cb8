//===- Rules.cpp - rules that many NPUs have --------------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "codegen/npu/Rules.h"
#include "passes/Place/Passes.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using namespace edgecc;
using namespace edgecc::edge;
using edgecc::quantization::Contraction;
using edgecc::quantization::Parameters;
using edgecc::quantization::quantizedType;
using edgecc::quantization::typeOf;

std::array<Value, 2> npu::ends(Operation *op) {
  return {op->getOperand(0), op->getResult(0)};
}

std::string npu::checkTypes(Operation *op, ArrayRef<std::string> types) {
  for (Value value : ends(op)) {
    if (!quantizedType(value))
      continue;
    IntegerType type = storageType(quantizedType(value));
    std::string name =
        (type.isUnsigned() ? "u" : "i") + std::to_string(type.getWidth());
    if (!llvm::is_contained(types, name))
      return "its values are of " + name + ", and the NPU takes " +
             llvm::join(types, ", ");
  }
  return {};
}

std::string npu::checkRange(Operation *op) {
  for (Value value : ends(op))
    if (quant::QuantizedType type = quantizedType(value)) {
      if (!Parameters(type).isPerTensor())
        return "its activations have a scale per channel";
      if (type.hasStorageTypeBounds())
        return "its values use only some of their integers";
    }
  return {};
}

static std::string checkContraction(Operation *op, bool mayBeUnknown) {
  if (!isa<ConvOp, MatMulOp>(op))
    return {};
  std::optional<Contraction> contraction = Contraction::get(op);
  if (!contraction)
    return "its weights are not quantised";
  if (!place::isKnown(contraction->weights)) {
    if (!mayBeUnknown || !isa<MatMulOp>(op))
      return "its weights are not constant";
    if (contraction->bias)
      return "it has a bias, and its factors are not constant";
    ArrayRef<int64_t> lhs = typeOf(contraction->input).getShape(),
                      rhs = typeOf(contraction->weights).getShape();
    if (lhs.size() < 2 || rhs.size() < 2 ||
        lhs.drop_back(2) != rhs.drop_back(2))
      return "its factors have different numbers of matrices";
    quant::QuantizedType type = quantizedType(contraction->weights);
    if (!contraction->weightParameters.isPerTensor() ||
        type.getStorageTypeIntegralWidth() != 8 || type.hasStorageTypeBounds())
      return "its factors are not constant, and not bytes of one scale";
    return contraction->objection();
  }
  if (contraction->bias &&
      (!contraction->integerBias() ||
       quantizedType(contraction->bias) != contraction->biasType()))
    return "its bias does not fit 32 bits in the scale of the sums";
  int64_t weightRank = typeOf(contraction->weights).getRank();
  if (isa<MatMulOp>(op) && weightRank != 2)
    return "its weights have " + std::to_string(weightRank) + " dimensions";
  return contraction->objection();
}

std::string npu::checkContraction(Operation *op) {
  return ::checkContraction(op, /*mayBeUnknown=*/false);
}

std::string npu::checkAnyContraction(Operation *op) {
  return ::checkContraction(op, /*mayBeUnknown=*/true);
}

/// The weights less the numbers of `shifts`, one per channel or one for all, if
/// all of them are bytes then.
static std::optional<SmallVector<int8_t>>
shiftWeights(const ConstantView &view, int64_t count,
             ArrayRef<int64_t> shifts) {
  SmallVector<int8_t> bytes;
  for (int64_t i = 0; i < count; ++i) {
    int64_t weight = view.integer(i) - shifts[i % shifts.size()];
    if (weight != int8_t(weight))
      return std::nullopt;
    bytes.push_back(int8_t(weight));
  }
  return bytes;
}

std::optional<npu::ByteWeights>
npu::bytesOfWeights(const Contraction &contraction) {
  std::optional<ConstantView> view =
      quantization::knownIntegers(contraction.weights);
  if (!view)
    return std::nullopt;
  const Parameters &p = contraction.weightParameters;
  int64_t count = typeOf(contraction.weights).getNumElements();
  if (auto bytes = shiftWeights(*view, count, p.zeroPoints))
    return ByteWeights{std::move(*bytes)};
  // Unsigned bytes less 128 are signed ones.
  int64_t shift = p.least < 0 ? 0 : 128;
  int64_t zero = p.zeroPoints.front() - shift;
  if (zero != int8_t(zero) || !llvm::all_equal(p.zeroPoints))
    return std::nullopt;
  if (auto bytes = shiftWeights(*view, count, shift))
    return ByteWeights{std::move(*bytes), zero};
  return std::nullopt;
}

static std::string checkOperands(Operation *op, bool mayBeKnown) {
  if (!isa<AddOp, SubOp, MulOp>(op))
    return {};
  ArrayRef<int64_t> shape = typeOf(op->getResult(0)).getShape();
  for (Value operand : op->getOperands()) {
    bool isKnown = place::isKnown(operand);
    if (isKnown && !mayBeKnown)
      return "one of its operands is constant";
    ArrayRef<int64_t> own = typeOf(operand).getShape();
    bool fits = isKnown ? own.size() == shape.size() : own == shape;
    if (!fits)
      return "its operands have different shapes";
  }
  return {};
}

std::string npu::checkSum(Operation *op) {
  return checkOperands(op, /*mayBeKnown=*/false);
}

std::string npu::checkSumWithConstant(Operation *op) {
  return checkOperands(op, /*mayBeKnown=*/true);
}

std::optional<std::array<uint8_t, 256>> npu::tableOf(Operation *op) {
  auto gather = dyn_cast<GatherOp>(op);
  if (!gather || !quantizedType(gather.getInput()) ||
      typeOf(gather.getInput()).getShape() != ArrayRef<int64_t>{256} ||
      !typeOf(gather.getIndices()).getElementType().isInteger(8))
    return std::nullopt;
  std::optional<ConstantView> view =
      quantization::knownIntegers(gather.getInput());
  if (!view)
    return std::nullopt;
  std::array<uint8_t, 256> table;
  for (auto [i, entry] : llvm::enumerate(table))
    entry = uint8_t(view->integer(i));
  return table;
}

std::string npu::checkTable(Operation *op) {
  if (!isa<GatherOp>(op) || tableOf(op))
    return {};
  return "it is no look-up in a known table of 256 bytes";
}

std::string npu::checkMovement(Operation *op) {
  if (auto pad = dyn_cast<PadOp>(op); pad && pad.getMode() != PadMode::Constant)
    return "its border is not constant";
  if (!isa<ClampOp, ConcatOp, TransposeOp, PadOp, ReshapeOp, SliceOp>(op))
    return {};
  quant::QuantizedType type = quantizedType(op->getResult(0));
  for (Value operand : op->getOperands()) {
    if (place::isKnown(operand))
      return "one of its operands is constant";
    if (quantizedType(operand) != type)
      return "it changes the scale of its values";
  }
  return {};
}

std::string npu::checkWindow(Operation *op, int64_t kernel, int64_t stride,
                             int64_t dilation) {
  auto check = [&](auto window, ArrayRef<int64_t> sizes) -> std::string {
    if (sizes.size() != 2)
      return "its window has " + std::to_string(sizes.size()) +
             " dimensions, and the NPU takes 2";
    SmallVector<int64_t> steps = stepsOf(window);
    std::tuple<StringRef, int64_t, int64_t> limits[] = {
        {"kernel", std::max(sizes[0], sizes[1]), kernel},
        {"stride", std::max(steps[0], steps[1]), stride},
        {"dilation", std::max(window.getDilation(0), window.getDilation(1)),
         dilation}};
    for (auto [what, found, most] : limits)
      if (found > most)
        return llvm::formatv("its {0} is {1}, and the NPU takes {2} at most",
                             what, found, most)
            .str();
    return {};
  };
  if (auto conv = dyn_cast<ConvOp>(op))
    return check(
        conv,
        typeOf(conv.getWeights()).getShape().take_front(conv.getSpatialRank()));
  if (auto pool = dyn_cast<PoolOp>(op))
    return check(pool, pool.getKernel());
  return {};
}
