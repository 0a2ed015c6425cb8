//===- IntegerCells.cpp - recurrent cells on integers -----------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "passes/Quantization/IntegerCells.h"
#include "passes/Quantization/Contractions.h"

#include "mlir/IR/Matchers.h"

#include <cmath>

using namespace mlir;
using namespace edgecc;
using namespace edgecc::edge;
using namespace edgecc::quantization;

MatMulOp edgecc::quantization::projectionOf(Operation *cell) {
  Value value = cell->getOperand(0);
  while (Operation *op = value.getDefiningOp()) {
    bool addsBias =
        isa<AddOp>(op) && matchPattern(op->getOperand(1), m_Constant());
    if (!isa<ReshapeOp>(op) && !addsBias)
      break;
    value = op->getOperand(0);
  }
  return value.getDefiningOp<MatMulOp>();
}

/// The largest magnitude of a sum of products of numbers up to `most` with a
/// column of `weights`, which are quantised, plus a bias of that column from
/// each of `biases`.
static double largestSum(double most, Value weights, ArrayRef<Value> biases) {
  constexpr double unknown = std::numeric_limits<double>::infinity();
  std::optional<SmallVector<double>> columns = columnSums(weights);
  Parameters parameters(quantizedType(weights));
  int64_t lastAxis = typeOf(weights).getRank() - 1;
  if (!columns || (!parameters.isPerTensor() && parameters.axis != lastAxis))
    return unknown;
  SmallVector<double> sums;
  for (auto [i, column] : llvm::enumerate(*columns))
    sums.push_back(most * column * parameters.scale(int64_t(i)));
  for (Value bias : biases) {
    if (!bias)
      continue;
    std::optional<SmallVector<double>> terms = knownReals(bias);
    if (!terms || terms->empty() || sums.size() % terms->size() != 0)
      return unknown;
    for (auto [i, sum] : llvm::enumerate(sums))
      sum += std::abs((*terms)[i % terms->size()]);
  }
  return sums.empty() ? 0 : *llvm::max_element(sums);
}

/// The largest magnitude that `type`, with one scale, expresses.
static double largestOf(quant::QuantizedType type) {
  Parameters p(type);
  int64_t zero = p.zeroPoint();
  return p.scale() * double(std::max(p.most - zero, zero - p.least));
}

/// Whether `type`, with one scale, reaches the known elements of `value`.
static bool reaches(quant::QuantizedType type, Value value) {
  std::optional<SmallVector<double>> numbers = knownReals(value);
  Parameters p(type);
  int64_t zero = p.zeroPoint();
  return numbers && llvm::all_of(*numbers, [&](double number) {
           return number >= p.scale() * double(p.least - zero) &&
                  number <= p.scale() * double(p.most - zero);
         });
}

/// What the states of `cell` are quantised to, by whoever reads them, if the
/// first state is like those.
static quant::QuantizedType stateTypeOf(Operation *cell) {
  for (Operation *user : cell->getResult(0).getUsers())
    if (auto cast = dyn_cast<QuantizeOp>(user)) {
      quant::QuantizedType type = quantizedType(cast.getResult());
      if (Parameters(type).isPerTensor() &&
          type.getStorageTypeIntegralWidth() == 8 &&
          reaches(type, cell->getOperand(2)))
        return type;
    }
  MLIRContext *context = cell->getContext();
  return quant::UniformQuantizedType::get(
      quant::QuantizationFlags::Signed, IntegerType::get(context, 8),
      Float32Type::get(context), std::ldexp(1.0, -7), 0, -128, 127);
}

bool IntegerCell::hasForm(Operation *cell) {
  auto lstm = dyn_cast<LstmOp>(cell);
  return (isa<GruOp>(cell) || (lstm && !lstm.getPeepholes())) &&
         typeOf(cell->getResult(0)).getElementType().isF32() &&
         typeOf(cell->getResult(0)).getNumElements() > 0;
}

IntegerCell::IntegerCell(Operation *cell)
    : op(cell), projection(projectionOf(cell)),
      projected(std::numeric_limits<double>::infinity()), recurrent(projected),
      stateType(stateTypeOf(cell)) {
  if (auto cast = cell->getOperand(1).getDefiningOp<DequantizeOp>();
      cast && knownIntegers(cast.getInput()))
    weights = cast.getInput();
  if (weights) {
    auto gru = dyn_cast<GruOp>(cell);
    recurrent = largestSum(std::max(largestOf(stateType), 1.0), weights,
                           gru ? gru.getRecurrentBias() : Value());
  }
  quant::QuantizedType input =
      projection ? quantizedType(projection.getLhs()) : quant::QuantizedType();
  if (input && quantizedType(projection.getRhs()) &&
      Parameters(input).isPerTensor()) {
    SmallVector<Value> biases{projection.getBias()};
    for (Value value = cell->getOperand(0); value != projection.getResult();) {
      Operation *moved = value.getDefiningOp();
      if (isa<AddOp>(moved))
        biases.push_back(moved->getOperand(1));
      value = moved->getOperand(0);
    }
    projected = largestSum(largestOf(input), projection.getRhs(), biases);
  }
}

std::string IntegerCell::objection() const {
  if (!hasForm(op)) {
    auto lstm = dyn_cast<LstmOp>(op);
    return lstm && lstm.getPeepholes() ? "peepholes have no integer form"
                                       : "it is not a cell of f32";
  }
  MatMulOp product = projection;
  if (!product || !quantizedType(product.getLhs()))
    return "its input is not quantised";
  if (!weights)
    return "its recurrent weights are not quantised with known scales";
  Parameters p(quantizedType(weights));
  if (quantizedType(weights).getStorageTypeIntegralWidth() > 8)
    return "its recurrent weights have more than 8 bits";
  if (!p.isPerTensor() && p.axis != 1)
    return "its recurrent weights have a scale for each position of an axis "
           "that is not that of the gates";
  // Beyond 16 bits of an exponent of 0 a gate has no fraction.
  constexpr double most = 32767;
  if (!(projected <= most) || !(recurrent <= most - 8))
    return "its sums are too large for 16 bits";
  std::optional<double> column = largestColumn(weights);
  if (!column || *column * 255 > Contraction::largestAllowedSum)
    return "sums would leave 32 bits";
  return {};
}
