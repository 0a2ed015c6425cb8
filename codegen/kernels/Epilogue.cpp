//===- Epilogue.cpp - epilogues apart from the store ------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "codegen/kernels/Epilogue.h"
#include "codegen/kernels/Requantize.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/TypeUtilities.h"
#include "llvm/TargetParser/Triple.h"

#include <limits>

using namespace mlir;
using namespace edgecc;
using namespace edgecc::kernels;

static int64_t lengthOf(Value value) {
  auto vector = dyn_cast<VectorType>(value.getType());
  return vector ? vector.getNumElements() : 1;
}

SmallVector<Value> kernels::loadEpilogueOperands(Emitter &e, Operation *op,
                                                 const KernelArgs &args,
                                                 ValueRange indices,
                                                 int64_t length) {
  SmallVector<Value> loaded;
  auto epilogue = dyn_cast<edge::EpilogueOpInterface>(op);
  if (!epilogue || epilogue.getEpilogueRegion().empty())
    return loaded;
  OperandRange extras(epilogue.getEpilogueOperandsMutable());
  unsigned first = extras.empty() ? 0 : extras.getBeginOperandIndex();
  for (auto [i, extra] : llvm::enumerate(extras))
    loaded.push_back(e.loadBroadcast(args.inputs[first + i], indices, length,
                                     getElementTypeOrSelf(extra.getType())));
  return loaded;
}

/// `value`, known only once all that comes before is stored: no instruction,
/// but LLVM would compute long epilogues of all accumulators side by side, and
/// spill what lies between.
static Value afterStores(Emitter &e, Value value) {
  llvm::Triple triple(e.cpu.getTriple());
  int64_t bytes = e.cpu.getVectorBytes();
  auto type = dyn_cast<VectorType>(value.getType());
  if (!type || !type.getElementType().isF32() ||
      type.getNumElements() * 4 != bytes)
    return value;
  // LLVM has no constraint for vectors of SVE that have a fixed length.
  constexpr int64_t neonBytes = 16;
  StringRef file;
  if (triple.isX86())
    file = "v";
  else if (triple.isAArch64() && bytes == neonBytes)
    file = "w";
  else
    return value;
  return LLVM::InlineAsmOp::create(
             e, TypeRange(type), ValueRange{value}, "",
             ("=" + file + ",0,~{memory}").str(), /*has_side_effects=*/true,
             /*is_align_stack=*/false, LLVM::tailcallkind::TailCallKind::None,
             LLVM::AsmDialectAttr(), ArrayAttr())
      .getResult(0);
}

Value kernels::applyEpilogue(Emitter &e, Operation *op, Value accumulator,
                             ValueRange operands) {
  if (hasLongEpilogue(op))
    accumulator = afterStores(e, accumulator);
  auto epilogue = dyn_cast<edge::EpilogueOpInterface>(op);
  if (!epilogue || epilogue.getEpilogueRegion().empty())
    return accumulator;
  SmallVector<Value> arguments{accumulator};
  SmallVector<double> bounds{std::numeric_limits<double>::infinity()};
  OperandRange extras(epilogue.getEpilogueOperandsMutable());
  for (auto [operand, extra] : llvm::zip_equal(operands, extras)) {
    arguments.push_back(operand);
    bounds.push_back(largestElement(extra));
  }
  Value result = e.applyRegion(epilogue.getEpilogueRegion(), arguments, bounds);
  return e.splat(result, lengthOf(accumulator));
}

Value kernels::applyEpilogue(Emitter &e, Operation *op, const KernelArgs &args,
                             Value accumulator, ValueRange indices) {
  SmallVector<Value> operands =
      loadEpilogueOperands(e, op, args, indices, lengthOf(accumulator));
  return applyEpilogue(e, op, accumulator, operands);
}

bool kernels::hasLongEpilogue(Operation *op) {
  constexpr int longEpilogue = 12, mathOp = 10;
  auto epilogue = dyn_cast<edge::EpilogueOpInterface>(op);
  if (!epilogue || epilogue.getEpilogueRegion().empty())
    return false;
  int length = 0;
  for (Operation &scalar : epilogue.getEpilogueRegion().front())
    if (isa<math::MathDialect>(scalar.getDialect()) &&
        !isa<math::RoundEvenOp>(scalar))
      length += mathOp;
    else if (!scalar.hasTrait<OpTrait::ConstantLike>() &&
             !isa<arith::CmpFOp>(scalar))
      ++length;
  return length >= longEpilogue;
}
