//===- GemmValues.cpp - the elements of contractions ------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "codegen/kernels/Arithmetic.h"
#include "codegen/kernels/GemmKernel.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/TypeUtilities.h"
#include "llvm/TargetParser/Triple.h"

using namespace mlir;
using namespace edgecc;
using namespace edgecc::kernels;

Value kernels::loadWide(Emitter &e, Value memref, Value index, int64_t length,
                        Type logical, Type target) {
  Value value = e.load(memref, index, length, logical);
  return convert(e, value, target, isUnsignedElement(logical));
}

std::pair<Value, Value> kernels::splitPixel(Emitter &e, Value pixel,
                                            int64_t lines, int64_t pixels) {
  if (lines == 1)
    return {e.index(0), pixel};
  Value pitch = e.index(pixels);
  return {e.createOrFold<arith::DivUIOp>(pixel, pitch),
          e.createOrFold<arith::RemUIOp>(pixel, pitch)};
}

ScalarFile kernels::scalarFile(target::CpuAttr cpu, Type type) {
  llvm::Triple triple(cpu.getTriple());
  bool isArm = triple.isARM() || triple.isThumb();
  if (isArm && type.isF32() && cpu.getHasF32() && !cpu.getVectorBytes())
    return {true, 32};
  return {};
}

void kernels::groupRegisters(cost::ContractionShape &shape,
                             target::CpuAttr cpu) {
  // Four leave eight groups: sums, and what they are multiplied by.
  constexpr int64_t group = 4;
  if (!llvm::Triple(cpu.getTriple()).isRISCV() || shape.lanes == 1)
    return;
  int64_t lanes = shape.lanes;
  while (shape.lanes < lanes * group && shape.lanes * 2 <= shape.channels)
    shape.lanes *= 2;
  shape.step.registers = shape.lanes / lanes;
}

Type kernels::productType(target::CpuAttr cpu, Type lhs, Type rhs) {
  if (lhs.isF16() && rhs.isF16() && cpu.getHasF16())
    return lhs;
  return edge::accumulatorType(lhs);
}

Value kernels::multiplyAdd(Emitter &e, Value a, Value b, Value sum) {
  if (!isa<FloatType>(getElementTypeOrSelf(sum.getType())))
    return arith::AddIOp::create(e, sum, arith::MulIOp::create(e, a, b));
  return addf(e, mulf(e, a, b), sum);
}

void kernels::emitLoop(Emitter &e, Value lower, Value upper, int64_t step,
                       function_ref<void(Value)> body) {
  std::optional<int64_t> low = getConstantIntValue(lower);
  std::optional<int64_t> high = getConstantIntValue(upper);
  if (low && high)
    return e.loop(*low, *high, step, body);
  auto loop = scf::ForOp::create(e, lower, upper, e.index(step));
  OpBuilder::InsertionGuard guard(e);
  e.setInsertionPointToStart(loop.getBody());
  body(loop.getInductionVar());
}
