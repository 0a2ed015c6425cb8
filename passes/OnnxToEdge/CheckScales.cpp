//===- CheckScales.cpp - scales and zero points that make sense -*- C++ -*-===//
//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/Edge/EdgeConstants.h"
#include "passes/OnnxToEdge/Quantization.h"

#include "llvm/Support/FormatVariadic.h"

#include <cmath>

using namespace mlir;
using namespace edgecc;

/// The name of operand `index` of the node in the model, in quotes and with the
/// position of one of its numbers if there are several.
static std::string describe(ConversionContext &ctx, unsigned index,
                            size_t position, size_t count) {
  auto named =
      ctx.getNode().getInputs()[index].getLoc()->findInstanceOf<NameLoc>();
  std::string text;
  if (named)
    text = " '" + named.getName().str() + "'";
  if (count > 1)
    text += " at position " + std::to_string(position);
  return text;
}

static LogicalResult checkScale(ConversionContext &ctx, unsigned index) {
  Value scale = ctx.operand(index);
  ElementsAttr attr = scale ? ctx.constant(scale) : ElementsAttr();
  std::optional<SmallVector<float>> numbers;
  if (attr)
    numbers = readFloats(attr);
  if (!numbers)
    return success();
  // Quantizers of blocks choose the sign that makes the number of largest
  // magnitude the least integer, which lies farther from zero than the largest.
  bool hasSign = ctx.getNode().getI64("block_size", 0) > 0;
  for (auto [i, number] : llvm::enumerate(*numbers))
    if (!std::isfinite(number) || number == 0 || (number < 0 && !hasSign))
      return ctx.error() << "the scale"
                         << describe(ctx, index, i, numbers->size()) << " is "
                         << llvm::formatv("{0}", double(number)).str()
                         << "; expected finite numbers "
                         << (hasSign ? "other than 0" : "above 0");
  return success();
}

/// `type` is that of the quantised values.
static LogicalResult checkZeroPoint(ConversionContext &ctx, unsigned index,
                                    Type type) {
  Value zero = ctx.operand(index);
  ElementsAttr attr = zero ? ctx.constant(zero) : ElementsAttr();
  if (!attr)
    return success();
  SmallVector<double> numbers;
  if (std::optional<SmallVector<int64_t>> integers = readInts(attr))
    numbers.assign(integers->begin(), integers->end());
  else if (std::optional<SmallVector<float>> floats = readFloats(attr))
    numbers.assign(floats->begin(), floats->end());
  // Sums and floats have no zero point but 0.
  double least = 0, most = 0;
  auto integer = dyn_cast<IntegerType>(type);
  if (integer && integer.getWidth() <= 16) {
    unsigned width = integer.getWidth();
    bool isSigned = !integer.isUnsigned();
    least = quant::QuantizedType::getDefaultMinimumForInteger(isSigned, width);
    most = quant::QuantizedType::getDefaultMaximumForInteger(isSigned, width);
  }
  for (auto [i, number] : llvm::enumerate(numbers))
    if (!(number >= least && number <= most))
      return ctx.error() << "the zero point"
                         << describe(ctx, index, i, numbers.size()) << " is "
                         << llvm::formatv("{0:F0}", number).str()
                         << "; expected " << int64_t(least)
                         << (least == most
                                 ? std::string()
                                 : " to " + std::to_string(int64_t(most)))
                         << " with values of " << type;
  return success();
}

LogicalResult edgecc::checkQuantizer(ConversionContext &ctx,
                                     const QuantizerOperands &operands) {
  if (failed(checkScale(ctx, operands.scale)))
    return failure();
  if (!operands.zeroPoint)
    return success();
  unsigned zeroPoint = *operands.zeroPoint;
  Value owner = ctx.operand(operands.values.value_or(zeroPoint));
  return owner ? checkZeroPoint(ctx, zeroPoint, getElementType(owner))
               : success();
}

ConvertFn edgecc::checkingScales(ConvertFn convert,
                                 ArrayRef<QuantizerOperands> quantizers) {
  return
      [convert = std::move(convert), quantizers = llvm::to_vector(quantizers)](
          ConversionContext &ctx) -> Converted {
        for (const QuantizerOperands &operands : quantizers)
          if (failed(checkQuantizer(ctx, operands)))
            return failure();
        return convert(ctx);
      };
}
