//===- IntegerInterface.cpp - inputs and outputs as integers ----*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
//
// An input that is quantised at once, or an output that is dequantised last,
// loses nothing if the caller has the integers. Signed and unsigned integers of
// as many bits tell the same numbers apart, with another zero point.
//
//===----------------------------------------------------------------------===//

#include "passes/Quantization/Parameters.h"
#include "passes/Quantization/Passes.h"

namespace edgecc::quantization {
#define GEN_PASS_DEF_INTEGERINTERFACE
#include "passes/Quantization/Passes.h.inc"
} // namespace edgecc::quantization

using namespace mlir;
using namespace edgecc;
using namespace edgecc::edge;
using namespace edgecc::quantization;

/// Whether `op` has the elements of its first operand, in any order.
static bool moves(Operation *op) {
  return isa<ReshapeOp, TransposeOp, SliceOp>(op);
}

/// `type` by integers of the kind of `stored`, all of which may occur; null if
/// these have other bits.
static quant::UniformQuantizedType storeAs(quant::UniformQuantizedType type,
                                           IntegerType stored) {
  unsigned width = type.getStorageTypeIntegralWidth();
  if (stored.getWidth() != width)
    return {};
  int64_t half = int64_t(1) << (width - 1);
  int64_t shift =
      (stored.isUnsigned() ? half : 0) - (type.isSigned() ? 0 : half);
  int64_t least = stored.isUnsigned() ? 0 : -half;
  return quant::UniformQuantizedType::get(
      stored.isUnsigned() ? 0 : unsigned(quant::QuantizationFlags::Signed),
      type.getStorageType(), type.getExpressedType(), type.getScale(),
      type.getZeroPoint() + shift, least, least + 2 * half - 1);
}

/// The integers of the interface that `type` has.
static IntegerType storedType(quant::UniformQuantizedType type) {
  return IntegerType::get(type.getContext(), type.getStorageTypeIntegralWidth(),
                          type.isSigned() ? IntegerType::Signless
                                          : IntegerType::Unsigned);
}

namespace {
struct IntegerInterface
    : edgecc::quantization::impl::IntegerInterfaceBase<IntegerInterface> {
  using IntegerInterfaceBase::IntegerInterfaceBase;

  void runOnOperation() override {
    func::FuncOp main = getOperation();
    if (main.isDeclaration() || main.isPrivate())
      return;
    bool isFound = inputType.empty() || main.getNumArguments() == 0;
    for (BlockArgument input : main.getArguments()) {
      FailureOr<bool> changed = changeInput(input);
      if (failed(changed))
        return signalPassFailure();
      isFound |= *changed;
    }
    if (!isFound) {
      main.emitError("--input-type=")
          << inputType << ": no input has real numbers";
      return signalPassFailure();
    }
    isFound = outputType.empty() || main.getNumResults() == 0;
    for (OpOperand &output : main.front().getTerminator()->getOpOperands()) {
      FailureOr<bool> changed = changeOutput(output);
      if (failed(changed))
        return signalPassFailure();
      isFound |= *changed;
    }
    if (!isFound) {
      main.emitError("--output-type=")
          << outputType << ": no output has real numbers";
      return signalPassFailure();
    }
    main.setType(
        FunctionType::get(&getContext(), main.front().getArgumentTypes(),
                          main.front().getTerminator()->getOperandTypes()));
  }

private:
  IntegerType parse(StringRef name) {
    bool isUnsigned = name.consume_front("u");
    unsigned width = 0;
    if (!name.consume_front("int") || name.getAsInteger(10, width))
      return {};
    return IntegerType::get(&getContext(), width,
                            isUnsigned ? IntegerType::Unsigned
                                       : IntegerType::Signless);
  }
  std::string nameOf(unsigned number, bool isOutput) {
    auto name =
        isOutput
            ? getOperation().getResultAttrOfType<StringAttr>(number,
                                                             "edge.name")
            : getOperation().getArgAttrOfType<StringAttr>(number, "edge.name");
    return (isOutput ? "output '" : "input '") +
           (name ? name.str() : std::to_string(number)) + "'";
  }
  InFlightDiagnostic fail(Location loc, unsigned number, bool isOutput) {
    return emitError(loc) << nameOf(number, isOutput) << " cannot be "
                          << (isOutput ? outputType : inputType) << ": ";
  }
  /// The type for the interface of what `type` quantises, an error if there is
  /// none.
  FailureOr<quant::UniformQuantizedType>
  choose(quant::UniformQuantizedType type, Location loc, unsigned number,
         bool isOutput);
  void note(quant::UniformQuantizedType type, unsigned number, bool isOutput);

  /// Whether the input had real numbers, or has them as quantised integers.
  FailureOr<bool> changeInput(BlockArgument input);
  FailureOr<bool> changeRealInput(BlockArgument input);
  FailureOr<bool> changeOutput(OpOperand &output);
  FailureOr<bool> changeRealOutput(OpOperand &output);
};
} // namespace

FailureOr<quant::UniformQuantizedType>
IntegerInterface::choose(quant::UniformQuantizedType type, Location loc,
                         unsigned number, bool isOutput) {
  IntegerType wanted = parse(isOutput ? outputType : inputType);
  quant::UniformQuantizedType found =
      storeAs(type, wanted ? wanted : storedType(type));
  if (!found) {
    fail(loc, number, isOutput)
        << "it is quantised to " << type.getStorageTypeIntegralWidth()
        << " bits";
    return failure();
  }
  return found;
}

void IntegerInterface::note(quant::UniformQuantizedType type, unsigned number,
                            bool isOutput) {
  Builder builder(&getContext());
  Attribute scale = builder.getF32FloatAttr(float(type.getScale()));
  Attribute zero = builder.getI64IntegerAttr(type.getZeroPoint());
  if (isOutput) {
    getOperation().setResultAttr(number, "edge.scale", scale);
    getOperation().setResultAttr(number, "edge.zero_point", zero);
  } else {
    getOperation().setArgAttr(number, "edge.scale", scale);
    getOperation().setArgAttr(number, "edge.zero_point", zero);
  }
}

FailureOr<bool> IntegerInterface::changeInput(BlockArgument input) {
  auto tensor = dyn_cast<RankedTensorType>(input.getType());
  if (!tensor)
    return false;
  if (tensor.getElementType().isF32())
    return changeRealInput(input);
  // Integers that one type tells the meaning of.
  quant::UniformQuantizedType type;
  for (Operation *user : input.getUsers()) {
    auto cast = dyn_cast<StorageCastOp>(user);
    auto seen = cast ? dyn_cast<quant::UniformQuantizedType>(
                           cast.getType().getElementType())
                     : quant::UniformQuantizedType();
    if (!seen || (type && type != seen))
      return false;
    type = seen;
  }
  if (!type)
    return false;
  unsigned number = input.getArgNumber();
  FailureOr<quant::UniformQuantizedType> chosen =
      choose(type, input.getLoc(), number, /*isOutput=*/false);
  if (failed(chosen))
    return failure();
  SmallVector<Operation *> casts(input.getUsers());
  auto builder = OpBuilder::atBlockBegin(input.getOwner());
  if (inputType == "f32") {
    input.setType(tensor.clone(builder.getF32Type()));
    Value quantized =
        QuantizeOp::create(builder, input.getLoc(), tensor.clone(type), input);
    for (Operation *cast : casts)
      cast->getResult(0).replaceAllUsesWith(quantized);
  } else {
    note(*chosen, number, /*isOutput=*/false);
    if (storedType(*chosen) == tensor.getElementType())
      return true;
    input.setType(tensor.clone(storedType(*chosen)));
    Value real = DequantizeOp::create(
        builder, input.getLoc(), tensor.clone(builder.getF32Type()),
        StorageCastOp::create(builder, input.getLoc(), tensor.clone(*chosen),
                              input));
    Value quantized =
        QuantizeOp::create(builder, input.getLoc(), tensor.clone(type), real);
    for (Operation *cast : casts)
      cast->getResult(0).replaceAllUsesWith(quantized);
  }
  for (Operation *cast : casts)
    cast->erase();
  return true;
}

FailureOr<bool> IntegerInterface::changeRealInput(BlockArgument input) {
  if (inputType.empty() || inputType == "f32" || input.use_empty())
    return true;
  unsigned number = input.getArgNumber();
  // All that read it have to read the same integers.
  SmallVector<QuantizeOp> roundings;
  SmallVector<Value> open{input};
  while (!open.empty())
    for (Operation *user : open.pop_back_val().getUsers()) {
      if (moves(user)) {
        open.push_back(user->getResult(0));
        continue;
      }
      auto rounding = dyn_cast<QuantizeOp>(user);
      if (!rounding) {
        fail(user->getLoc(), number, /*isOutput=*/false)
            << "it is read as real numbers here";
        return failure();
      }
      roundings.push_back(rounding);
      if (rounding.getType().getElementType() !=
          roundings.front().getType().getElementType()) {
        fail(user->getLoc(), number, /*isOutput=*/false)
            << "it is quantised with several scales";
        return failure();
      }
    }
  auto type = dyn_cast<quant::UniformQuantizedType>(
      roundings.front().getType().getElementType());
  if (!type) {
    fail(input.getLoc(), number, /*isOutput=*/false) << "it has several scales";
    return failure();
  }
  FailureOr<quant::UniformQuantizedType> chosen =
      choose(type, input.getLoc(), number, /*isOutput=*/false);
  if (failed(chosen))
    return failure();
  auto builder = OpBuilder::atBlockBegin(input.getOwner());
  auto tensor = cast<RankedTensorType>(input.getType());
  input.setType(tensor.clone(storedType(*chosen)));
  auto seen = StorageCastOp::create(builder, input.getLoc(),
                                    tensor.clone(*chosen), input);
  auto real = DequantizeOp::create(builder, input.getLoc(), tensor, seen);
  input.replaceAllUsesExcept(real, seen);
  note(*chosen, number, /*isOutput=*/false);
  // What rounds to the numbers that are there does nothing, unless there are
  // fewer integers.
  if (chosen->getStorageTypeMax() - chosen->getStorageTypeMin() !=
      type.getStorageTypeMax() - type.getStorageTypeMin())
    return true;
  for (QuantizeOp rounding : roundings)
    for (Operation *user : llvm::make_early_inc_range(rounding->getUsers()))
      if (isa<DequantizeOp>(user))
        user->getResult(0).replaceAllUsesWith(rounding.getInput());
  return true;
}

FailureOr<bool> IntegerInterface::changeOutput(OpOperand &output) {
  auto tensor = dyn_cast<RankedTensorType>(output.get().getType());
  if (!tensor)
    return false;
  if (tensor.getElementType().isF32())
    return changeRealOutput(output);
  auto cast = output.get().getDefiningOp<StorageCastOp>();
  auto type = cast ? dyn_cast<quant::UniformQuantizedType>(
                         cast.getInput().getType().getElementType())
                   : quant::UniformQuantizedType();
  if (!type)
    return false;
  unsigned number = output.getOperandNumber();
  FailureOr<quant::UniformQuantizedType> chosen =
      choose(type, cast.getLoc(), number, /*isOutput=*/true);
  if (failed(chosen))
    return failure();
  OpBuilder builder(output.getOwner());
  Location loc = cast.getLoc();
  if (outputType != "f32") {
    note(*chosen, number, /*isOutput=*/true);
    if (storedType(*chosen) == tensor.getElementType())
      return true;
  }
  Value real = DequantizeOp::create(
      builder, loc, tensor.clone(builder.getF32Type()), cast.getInput());
  if (outputType != "f32")
    real = StorageCastOp::create(
        builder, loc, tensor.clone(storedType(*chosen)),
        QuantizeOp::create(builder, loc, tensor.clone(*chosen), real));
  output.set(real);
  return true;
}

FailureOr<bool> IntegerInterface::changeRealOutput(OpOperand &output) {
  if (outputType.empty() || outputType == "f32")
    return true;
  unsigned number = output.getOperandNumber();
  Value origin = output.get();
  while (Operation *op = origin.getDefiningOp()) {
    if (!moves(op))
      break;
    origin = op->getOperand(0);
  }
  auto last = origin.getDefiningOp<DequantizeOp>();
  auto type = last ? dyn_cast<quant::UniformQuantizedType>(
                         last.getInput().getType().getElementType())
                   : quant::UniformQuantizedType();
  if (!type) {
    fail(origin.getLoc(), number, /*isOutput=*/true)
        << (last ? "it has several scales" : "it is computed as real numbers");
    return failure();
  }
  FailureOr<quant::UniformQuantizedType> chosen =
      choose(type, last.getLoc(), number, /*isOutput=*/true);
  if (failed(chosen))
    return failure();
  OpBuilder builder(output.getOwner());
  Location loc = last.getLoc();
  auto rounding = last.getInput().getDefiningOp<QuantizeOp>();
  bool isAlone =
      rounding && llvm::all_of(rounding->getUsers(), [](Operation *user) {
        return isa<DequantizeOp>(user);
      });
  // Rounded as the interface has it at once, and everywhere.
  if (isAlone && chosen->getStorageTypeMax() - chosen->getStorageTypeMin() ==
                     type.getStorageTypeMax() - type.getStorageTypeMin())
    rounding.getResult().setType(rounding.getType().clone(*chosen));
  auto tensor = cast<RankedTensorType>(output.get().getType());
  Value rounded =
      QuantizeOp::create(builder, loc, tensor.clone(*chosen), output.get());
  output.set(StorageCastOp::create(builder, loc,
                                   tensor.clone(storedType(*chosen)), rounded));
  note(*chosen, number, /*isOutput=*/true);
  return true;
}
