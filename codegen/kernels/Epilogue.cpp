//===- Epilogue.cpp - epilogues apart from the store ------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "codegen/kernels/Epilogue.h"
#include "codegen/kernels/Requantize.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/TypeUtilities.h"

#include <limits>

using namespace mlir;
using namespace edgecc;
using namespace edgecc::kernels;

Value kernels::applyEpilogue(Emitter &e, Operation *op, const KernelArgs &args,
                             Value accumulator, ValueRange indices) {
  auto vector = dyn_cast<VectorType>(accumulator.getType());
  int64_t length = vector ? vector.getNumElements() : 1;
  auto epilogue = dyn_cast<edge::EpilogueOpInterface>(op);
  if (!epilogue || epilogue.getEpilogueRegion().empty())
    return accumulator;
  OperandRange extras(epilogue.getEpilogueOperandsMutable());
  unsigned first = extras.empty() ? 0 : extras.getBeginOperandIndex();
  SmallVector<Value> arguments{accumulator};
  SmallVector<double> bounds{std::numeric_limits<double>::infinity()};
  for (auto [i, extra] : llvm::enumerate(extras)) {
    arguments.push_back(e.loadBroadcast(args.inputs[first + i], indices, length,
                                        getElementTypeOrSelf(extra.getType())));
    bounds.push_back(largestElement(extra));
  }
  Value result = e.applyRegion(epilogue.getEpilogueRegion(), arguments, bounds);
  return e.splat(result, length);
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
