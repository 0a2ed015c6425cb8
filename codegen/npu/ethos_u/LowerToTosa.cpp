//===- LowerToTosa.cpp - regions as TOSA ------------------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
//
// All activations are of i8: u8 is shifted by 128 where it comes in and goes
// out, and zero points with it.
//
//===----------------------------------------------------------------------===//

#include "codegen/npu/ethos_u/LowerToTosa.h"
#include "codegen/npu/Rules.h"
#include "passes/Place/Passes.h"
#include "passes/Place/Regions.h"
#include "passes/Quantization/Contractions.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Tosa/Transforms/Passes.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/ADT/TypeSwitch.h"

#include <cmath>

using namespace mlir;
using namespace edgecc;
using namespace edgecc::edge;
using namespace edgecc::npu;
using namespace edgecc::quantization;
using place::stripCasts;

//===----------------------------------------------------------------------===//
// What fits
//===----------------------------------------------------------------------===//

static Rescale rescaleOf(const tflite::SumFactors &factors) {
  Rescale rescale{factors.perChannel, !factors.roundsOnce};
  // Whatever is multiplied by zero may be large.
  for (tflite::FixedPoint &factor : rescale.factors)
    if (factor.multiplier == 0)
      factor.shift = -31;
  return rescale;
}

/// The bias of each channel; nothing if some sum is too large to be scaled.
static std::optional<SmallVector<int32_t>> biasOf(const Contraction &c,
                                                  const ByteWeights &weights,
                                                  const Rescale &rescale) {
  int64_t channels = c.channels();
  Parameters in = c.inputParameters;
  Parameters out(quantizedType(c.op->getResult(0)));
  // What the products of a channel add up to, at least and at most.
  SmallVector<int64_t> least(channels, 0), most(channels, 0);
  for (auto [i, byte] : llvm::enumerate(weights.bytes)) {
    int64_t weight = byte - weights.zeroPoint;
    auto ends = std::minmax(weight * (in.least - in.zeroPoint()),
                            weight * (in.most - in.zeroPoint()));
    least[i % channels] += ends.first;
    most[i % channels] += ends.second;
  }
  SmallVector<int64_t> given(channels, 0);
  if (c.bias)
    given = *c.integerBias();
  SmallVector<int32_t> result;
  for (int64_t channel = 0; channel < channels; ++channel) {
    double factor = c.scale(channel) / out.scale();
    int64_t bias = given[channel];
    // A channel that always saturates does so with a smaller bias as well: dead
    // channels have scales near zero, and biases near 2^31.
    double low = std::floor(double(out.least - out.zeroPoint() - 1) / factor);
    double high = std::ceil(double(out.most - out.zeroPoint() + 1) / factor);
    if (double(bias + most[channel]) < low)
      bias = int64_t(low) - most[channel];
    else if (double(bias + least[channel]) > high)
      bias = int64_t(high) - least[channel];
    size_t row = rescale.factors.size() == 1 ? 0 : channel;
    if (bias != int32_t(bias) || !rescale.takes(bias + least[channel], row) ||
        !rescale.takes(bias + most[channel], row))
      return std::nullopt;
    result.push_back(int32_t(bias));
  }
  return result;
}

static std::string checkProducts(Operation *op) {
  std::optional<Contraction> c = Contraction::get(op);
  if (!c)
    return {};
  bool isKnown = place::isKnown(c->weights);
  std::optional<ByteWeights> weights;
  if (isKnown)
    weights = bytesOfWeights(*c);
  if (isKnown && !weights)
    return "its weights are not of 8 bits with one zero point";
  auto factors = tflite::SumFactors::get(*c, quantizedType(op->getResult(0)));
  if (factors.hasTies)
    return "its factor puts sums in the middle of two integers, where TOSA "
           "rounds up";
  Rescale rescale = rescaleOf(factors);
  if (!rescale.isLegal())
    return "its factor is outside of what TOSA can shift by";
  // What products of two bytes add up to.
  int64_t most = c->depth() * 255 * 255;
  if (isKnown ? !biasOf(*c, *weights, rescale)
              : !rescale.takes(most, 0) || !rescale.takes(-most, 0))
    return "its sums are larger than what TOSA scales";
  if (auto conv = dyn_cast<ConvOp>(op); conv && conv.getGroups() != 1)
    if (!conv.isDepthwise() || c->channels() != int64_t(conv.getGroups()))
      return "it has " + std::to_string(conv.getGroups()) + " groups";
  return {};
}

static std::string checkSoftmax(SoftmaxOp op) {
  RankedTensorType type = op.getType();
  quant::QuantizedType result = quantizedType(op.getResult());
  if (op.getLog() || int64_t(op.getAxis()) != type.getRank() - 1)
    return "it is not along the last dimension";
  if (type.getShape().back() > longestSoftmax)
    return "its rows have " + std::to_string(type.getShape().back()) +
           " elements, and the NPU takes " + std::to_string(longestSoftmax) +
           " at most";
  Rescale rescale{{tflite::shareFactor(result)}, false};
  constexpr int64_t most = int64_t(1) << tflite::shareBits;
  if (!tflite::isShareOfTflite(result) &&
      (!rescale.isLegal() || !rescale.takes(most, 0)))
    return "its factor is outside of what TOSA can shift by";
  return {};
}

std::string npu::checkTosa(Operation *op) {
  return llvm::TypeSwitch<Operation *, std::string>(op)
      .Case<ConvOp, MatMulOp>([](Operation *op) { return checkProducts(op); })
      .Case([](AddOp op) -> std::string {
        if (SumOfTwo::get(quantizedType(op.getLhs()),
                          quantizedType(op.getRhs()),
                          quantizedType(op.getResult())))
          return {};
        return "its factors are outside of what TOSA can shift by";
      })
      .Case([](MulOp op) -> std::string {
        if (rescaleOfProduct(quantizedType(op.getLhs()),
                             quantizedType(op.getRhs()),
                             quantizedType(op.getResult())))
          return {};
        return "TOSA does not round its products as TFLite does";
      })
      .Case([](GatherOp op) { return checkTable(op); })
      .Case([](SoftmaxOp op) { return checkSoftmax(op); })
      .Case([](LayerNormOp op) -> std::string {
        if (FixedLayerNorm::get(op, quantizedType(op.getResult())))
          return {};
        return "its rows are too long, or its factors are not known";
      })
      .Case<PoolOp, ReduceOp>([](Operation *op) -> std::string {
        if (auto pool = dyn_cast<PoolOp>(op);
            pool && pool.getKind() == PoolKind::Max)
          return {};
        std::optional<Average> average = Average::getRaised(op);
        if (!average)
          return "it is no average";
        if (auto reduce = dyn_cast<ReduceOp>(op);
            reduce && (reduce.getInput().getType().getRank() != 4 ||
                       reduce.getAxes() != ArrayRef<int64_t>{1, 2}))
          return "it is not over height and width";
        if (!AverageOfWindow::get(*average))
          return "TOSA does not round averages as TFLite does";
        return {};
      })
      .Case<ClampOp, ConcatOp, PadOp, ReshapeOp, TransposeOp>(
          [](Operation *op) { return checkMovement(op); })
      .Case([](SliceOp op) -> std::string {
        if (llvm::any_of(op.getStrides(),
                         [](int64_t step) { return step != 1; }))
          return "it leaves elements out";
        return checkMovement(op);
      })
      .Default([](Operation *op) {
        return "the NPU has no operator '" +
               op->getName().stripDialect().str() + "'";
      });
}

//===----------------------------------------------------------------------===//
// Lowering
//===----------------------------------------------------------------------===//

namespace {

/// A window of two dimensions.
struct Window {
  SmallVector<int64_t> kernel, steps{1, 1}, dilations{1, 1};
  /// Top, bottom, left, right.
  SmallVector<int64_t> pads{0, 0, 0, 0};
};

class Lowering {
public:
  Lowering(RegionOp region, MLIRContext &context, const TosaTarget &target)
      : region(region),
        b(NameLoc::get(StringAttr::get(&context, "input")), &context),
        target(target) {}

  OwningOpRef<ModuleOp> run();

private:
  /// The zero point of the bytes in TOSA.
  static int64_t zeroOf(Value value) {
    quant::QuantizedType type = quantizedType(value);
    return Parameters(type).zeroPoint() - (type.isSigned() ? 0 : 128);
  }
  /// An integer of `value`'s type as TOSA has it.
  static int64_t integerOf(Value value, const APFloat &real) {
    quant::QuantizedType type = quantizedType(value);
    return Parameters(type).quantize(real.convertToDouble()) -
           (type.isSigned() ? 0 : 128);
  }
  static ArrayRef<int64_t> shapeOf(Value value) {
    return typeOf(value).getShape();
  }

  Value get(Value value) {
    if (Value known = values.lookup(stripCasts(value)))
      return known;
    return constantOf(value);
  }
  /// The bytes of a known operand.
  Value constantOf(Value value) {
    ConstantView view = *knownIntegers(value);
    int64_t shift = quantizedType(value).isSigned() ? 0 : 128;
    SmallVector<int8_t> bytes;
    for (int64_t i = 0; i < typeOf(value).getNumElements(); ++i)
      bytes.push_back(int8_t(view.integer(i) - shift));
    return b.bytes(bytes, shapeOf(value));
  }
  RankedTensorType byteType(Value value) {
    return RankedTensorType::get(shapeOf(value), b.getI8Type());
  }
  Location nameOf(Operation *op) {
    auto named = op->getLoc()->findInstanceOf<NameLoc>();
    return NameLoc::get(b.getStringAttr(named ? named.getName().strref()
                                              : op->getName().getStringRef()));
  }

  Value lower(Operation *op);
  Value lower(ConvOp op);
  Value lower(MatMulOp op);
  Value lowerProduct(const Contraction &c);
  Value lower(AddOp op);
  Value lower(MulOp op);
  Value lower(GatherOp op);
  Value lowerAverage(Operation *op);
  Value interleave(TransposeOp op);
  Value scaleSums(Value sums, const Contraction &c);
  Rescale rescaleOf(const Contraction &c);
  Value biasOf(const Contraction &c, const ByteWeights &weights);
  template <typename OpTy>
  Window windowOf(OpTy op, Value &x, ArrayRef<int64_t> kernel);
  /// A convolution of one channel with itself, whose sums are in i32.
  Value depthwise(Value x, Value weights, Value bias, int64_t zero,
                  int64_t weightZero, ArrayRef<int64_t> out,
                  const Window &window);

  RegionOp region;
  TosaBuilder b;
  TosaTarget target;
  llvm::DenseMap<Value, Value> values;
};

} // namespace

/// The window of `op` over `x`, which loses the rows and columns at its end
/// that no position reaches: TOSA wants the last position at the end.
template <typename OpTy>
Window Lowering::windowOf(OpTy op, Value &x, ArrayRef<int64_t> kernel) {
  Window w;
  w.kernel.assign(kernel.begin(), kernel.end());
  w.steps = stepsOf(op);
  SmallVector<int64_t> sizes(shapeOf(x));
  for (int dim : {0, 1}) {
    w.dilations[dim] = op.getDilation(dim);
    int64_t low = op.getPadsLow()[dim];
    int64_t reached = (op.getType().getDimSize(1 + dim) - 1) * w.steps[dim] +
                      (kernel[dim] - 1) * w.dilations[dim] + 1;
    w.pads[2 * dim] = low;
    w.pads[2 * dim + 1] = std::max<int64_t>(reached - low - sizes[1 + dim], 0);
    sizes[1 + dim] = std::min(sizes[1 + dim], reached - low);
  }
  if (ArrayRef<int64_t>(sizes) != shapeOf(x))
    x = tosa::SliceOp::create(b, typeOf(x).clone(sizes), x,
                              b.shape({0, 0, 0, 0}), b.shape(sizes));
  return w;
}

Rescale Lowering::rescaleOf(const Contraction &c) {
  return ::rescaleOf(
      tflite::SumFactors::get(c, quantizedType(c.op->getResult(0))));
}

Value Lowering::biasOf(const Contraction &c, const ByteWeights &weights) {
  return b.words(*::biasOf(c, weights, rescaleOf(c)), {c.channels()});
}

Value Lowering::scaleSums(Value sums, const Contraction &c) {
  return b.rescale(sums, b.getI8Type(), rescaleOf(c), 0,
                   zeroOf(c.op->getResult(0)));
}

Value Lowering::depthwise(Value x, Value weights, Value bias, int64_t zero,
                          int64_t weightZero, ArrayRef<int64_t> out,
                          const Window &w) {
  return tosa::DepthwiseConv2DOp::create(
      b, RankedTensorType::get(out, b.getI32Type()), x, weights, bias,
      b.byte(zero), b.byte(weightZero), w.pads, w.steps, w.dilations,
      b.getI32Type());
}

/// The columns at the end of rows that a convolution of 1x1 leaves out.
static int64_t columnsLeftOut(ConvOp op, ArrayRef<int64_t> sizes) {
  if (sizes[0] != 1 || sizes[1] != 1 || op.getPadsLow()[1] != 0)
    return 0;
  int64_t last = (op.getType().getDimSize(2) - 1) * stepsOf(op)[1];
  return std::max<int64_t>(typeOf(op.getInput()).getDimSize(2) - 1 - last, 0);
}

Value Lowering::lower(ConvOp op) {
  Contraction c = *Contraction::get(op);
  ByteWeights weights = *bytesOfWeights(c);
  // (height, width, input channels, output channels)
  SmallVector<int64_t> sizes(shapeOf(c.weights));
  if (target.keepsWidths) {
    int64_t more = columnsLeftOut(op, sizes);
    weights.bytes.append(more * weights.bytes.size(),
                         int8_t(weights.zeroPoint));
    sizes[1] += more;
  }
  Value x = get(c.input), sums;
  Window w = windowOf(op, x, ArrayRef(sizes).take_front(2));
  if (op.getGroups() != 1) {
    Value packed = b.bytes(weights.bytes,
                           {sizes[0], sizes[1], int64_t(op.getGroups()), 1});
    sums = depthwise(x, packed, biasOf(c, weights), zeroOf(c.input),
                     weights.zeroPoint, shapeOf(op.getResult()), w);
  } else {
    // The output channels come first.
    int64_t outputs = sizes[3], inner = sizes[0] * sizes[1] * sizes[2];
    SmallVector<int8_t> packed(weights.bytes.size());
    for (int64_t i = 0; i < inner; ++i)
      for (int64_t o = 0; o < outputs; ++o)
        packed[o * inner + i] = weights.bytes[i * outputs + o];
    sums = tosa::Conv2DOp::create(
        b, RankedTensorType::get(shapeOf(op.getResult()), b.getI32Type()), x,
        b.bytes(packed, {outputs, sizes[0], sizes[1], sizes[2]}),
        biasOf(c, weights), b.byte(zeroOf(c.input)), b.byte(weights.zeroPoint),
        w.pads, w.steps, w.dilations, b.getI32Type());
  }
  return scaleSums(sums, c);
}

/// The product of two activations.
Value Lowering::lowerProduct(const Contraction &c) {
  auto matrices = [&](Value factor) {
    ArrayRef<int64_t> sizes = shapeOf(factor).take_back(2);
    int64_t count = typeOf(factor).getNumElements() / (sizes[0] * sizes[1]);
    return b.reshape(get(factor), {count, sizes[0], sizes[1]});
  };
  Value lhs = matrices(c.input), rhs = matrices(c.weights);
  Value sums = tosa::MatMulOp::create(
      b,
      RankedTensorType::get({typeOf(lhs).getDimSize(0),
                             typeOf(lhs).getDimSize(1),
                             typeOf(rhs).getDimSize(2)},
                            b.getI32Type()),
      lhs, rhs, b.byte(zeroOf(c.input)), b.byte(zeroOf(c.weights)));
  return b.reshape(scaleSums(sums, c), shapeOf(c.op->getResult(0)));
}

/// Rows become pixels.
Value Lowering::lower(MatMulOp op) {
  Contraction c = *Contraction::get(op);
  if (!place::isKnown(c.weights))
    return lowerProduct(c);
  ByteWeights weights = *bytesOfWeights(c);
  int64_t depth = shapeOf(c.weights)[0], outputs = c.channels();
  int64_t rows = typeOf(c.input).getNumElements() / depth;
  SmallVector<int8_t> packed(weights.bytes.size());
  for (int64_t k = 0; k < depth; ++k)
    for (int64_t o = 0; o < outputs; ++o)
      packed[o * depth + k] = weights.bytes[k * outputs + o];
  int64_t ones[] = {1, 1}, zeros[] = {0, 0, 0, 0};
  Value sums = tosa::Conv2DOp::create(
      b, RankedTensorType::get({1, rows, 1, outputs}, b.getI32Type()),
      b.reshape(get(c.input), {1, rows, 1, depth}),
      b.bytes(packed, {outputs, 1, 1, depth}), biasOf(c, weights),
      b.byte(zeroOf(c.input)), b.byte(weights.zeroPoint), zeros, ones, ones,
      b.getI32Type());
  return b.reshape(scaleSums(sums, c), shapeOf(op.getResult()));
}

Value Lowering::lower(AddOp op) {
  SumOfTwo sum =
      *SumOfTwo::get(quantizedType(op.getLhs()), quantizedType(op.getRhs()),
                     quantizedType(op.getResult()));
  auto term = [&](Value operand, const Rescale &rescale) {
    Type words = b.getI32Type();
    if (sum.isDirect)
      return b.rescale(get(operand), words, rescale, zeroOf(operand), 0);
    Value x = b.rescale(get(operand), words,
                        Rescale::power(tflite::AdditionFactors::headroom),
                        zeroOf(operand), 0);
    return b.rescale(x, words, rescale, 0, 0);
  };
  Value total =
      b.of<tosa::AddOp>(term(op.getLhs(), sum.lhs), term(op.getRhs(), sum.rhs));
  return b.rescale(total, b.getI8Type(), sum.result, 0, zeroOf(op.getResult()));
}

Value Lowering::lower(MulOp op) {
  Rescale rescale =
      *rescaleOfProduct(quantizedType(op.getLhs()), quantizedType(op.getRhs()),
                        quantizedType(op.getResult()));
  auto factor = [&](Value operand) {
    return b.rescale(get(operand), b.getI32Type(), Rescale::power(0),
                     zeroOf(operand), 0);
  };
  Value product = b.multiply(factor(op.getLhs()), factor(op.getRhs()));
  return b.rescale(product, b.getI8Type(), rescale, 0, zeroOf(op.getResult()));
}

/// Tables of TOSA begin with what -128 becomes.
Value Lowering::lower(GatherOp op) {
  std::array<uint8_t, 256> table = *tableOf(op);
  bool fromUnsigned =
      typeOf(op.getIndices()).getElementType().isUnsignedInteger();
  int shift = quantizedType(op.getResult()).isSigned() ? 0 : 128;
  SmallVector<int8_t> entries;
  for (int i = 0; i < 256; ++i)
    entries.push_back(
        int8_t(table[fromUnsigned ? i : (i + 128) % 256] - shift));
  return tosa::TableOp::create(b, byteType(op.getResult()),
                               get(op.getIndices()), b.bytes(entries, {256}));
}

Value Lowering::lowerAverage(Operation *op) {
  Average average = *Average::getRaised(op);
  AverageOfWindow form = *AverageOfWindow::get(average);
  Value x = get(average.source), result = op->getResult(0);
  ArrayRef<int64_t> in = shapeOf(average.source);
  Window w;
  w.kernel = {in[1], in[2]};
  auto pool = dyn_cast<PoolOp>(op);
  if (pool)
    w = windowOf(pool, x, pool.getKernel());
  if (form.isPool)
    return tosa::AvgPool2dOp::create(b, byteType(result), x, b.byte(0),
                                     b.byte(0), w.kernel, w.steps, w.pads,
                                     b.getI32Type());
  // Pools average the integers, reductions what is above the zero point.
  int64_t inputZero = pool ? 0 : zeroOf(average.source);
  int64_t outputZero = pool ? 0 : zeroOf(result);
  int64_t channels = in[3];
  SmallVector<int8_t> weights(w.kernel[0] * w.kernel[1] * channels,
                              int8_t(form.weight));
  SmallVector<int32_t> bias(channels, 0);
  Value sums =
      depthwise(x, b.bytes(weights, {w.kernel[0], w.kernel[1], channels, 1}),
                b.words(bias, {channels}), inputZero,
                /*weightZero=*/0, shapeOf(result), w);
  return b.rescale(sums, b.getI8Type(), form.rescale, 0, outputZero);
}

/// Pixels of planes, as a convolution whose weights are 0 and 1: its rows are
/// the planes, its columns groups of pixels, and each of its channels has a
/// byte of a group. Vela moves bytes of a transposition one by one. Null if a
/// transposition is faster, or not this one.
Value Lowering::interleave(TransposeOp op) {
  constexpr int64_t group = 16, mostPlanes = 4;
  ArrayRef<int64_t> in = shapeOf(op.getInput());
  if (op.getPermutation() != ArrayRef<int64_t>{0, 2, 3, 1} || in[0] != 1 ||
      in[1] > mostPlanes || in[2] * in[3] % group != 0)
    return {};
  // A transposition takes half a cycle or more for a byte.
  int64_t planes = in[1], columns = in[2] * in[3] / group,
          bytes = planes * group;
  if (2 * bytes > target.multipliers)
    return {};
  SmallVector<int8_t> weights(bytes * bytes, 0);
  for (int64_t pixel = 0; pixel < group; ++pixel)
    for (int64_t plane = 0; plane < planes; ++plane) {
      int64_t output = pixel * planes + plane;
      weights[output * bytes + plane * group + pixel] = 1;
    }
  int64_t ones[] = {1, 1}, zeros[] = {0, 0, 0, 0};
  Value sums = tosa::Conv2DOp::create(
      b, RankedTensorType::get({1, 1, columns, bytes}, b.getI32Type()),
      b.reshape(get(op.getInput()), {1, planes, columns, group}),
      b.bytes(weights, {bytes, planes, 1, group}),
      b.words(SmallVector<int32_t>(bytes, 0), {bytes}), b.byte(0), b.byte(0),
      zeros, ones, ones, b.getI32Type());
  return b.reshape(b.rescale(sums, b.getI8Type(), Rescale::power(0), 0, 0),
                   shapeOf(op.getResult()));
}

Value Lowering::lower(Operation *op) {
  Value result = op->getResult(0);
  return llvm::TypeSwitch<Operation *, Value>(op)
      .Case<ConvOp, MatMulOp, AddOp, MulOp, GatherOp>(
          [&](auto op) { return lower(op); })
      .Case([&](SoftmaxOp op) {
        return lowerSoftmax(b, get(op.getInput()),
                            Parameters(quantizedType(op.getInput())).scale(),
                            quantizedType(result), zeroOf(result));
      })
      .Case([&](LayerNormOp op) {
        auto norm = FixedLayerNorm::get(op, quantizedType(result));
        return lowerLayerNorm(b, get(op.getInput()), zeroOf(op.getInput()),
                              *norm, zeroOf(result));
      })
      .Case([&](PoolOp op) -> Value {
        if (op.getKind() != PoolKind::Max)
          return lowerAverage(op);
        Value x = get(op.getInput());
        Window w = windowOf(op, x, op.getKernel());
        return tosa::MaxPool2dOp::create(b, byteType(result), x, w.kernel,
                                         w.steps, w.pads);
      })
      .Case([&](ReduceOp op) { return lowerAverage(op); })
      .Case([&](ClampOp op) -> Value {
        auto limit = [&](const APFloat &real) {
          return b.getI8IntegerAttr(int8_t(integerOf(result, real)));
        };
        return tosa::ClampOp::create(b, byteType(result), get(op.getInput()),
                                     limit(op.getMin()), limit(op.getMax()));
      })
      .Case([&](PadOp op) -> Value {
        SmallVector<int64_t> pads;
        for (auto [low, high] : llvm::zip(op.getLow(), op.getHigh()))
          pads.append({low, high});
        return tosa::PadOp::create(b, byteType(result), get(op.getInput()),
                                   b.shape(pads),
                                   b.byte(integerOf(result, op.getValue())));
      })
      .Case([&](TransposeOp op) -> Value {
        if (Value pixels = interleave(op))
          return pixels;
        SmallVector<int32_t> order(op.getPermutation().begin(),
                                   op.getPermutation().end());
        return tosa::TransposeOp::create(b, byteType(result),
                                         get(op.getInput()), order);
      })
      .Case([&](ReshapeOp op) {
        return b.reshape(get(op.getInput()), shapeOf(result));
      })
      .Case([&](SliceOp op) -> Value {
        return tosa::SliceOp::create(b, byteType(result), get(op.getInput()),
                                     b.shape(op.getOffsets()),
                                     b.shape(shapeOf(result)));
      })
      .Case([&](ConcatOp op) -> Value {
        SmallVector<Value> inputs;
        for (Value operand : op->getOperands())
          inputs.push_back(get(operand));
        return tosa::ConcatOp::create(b, byteType(result), inputs,
                                      uint32_t(op.getAxis()));
      });
}

OwningOpRef<ModuleOp> Lowering::run() {
  OwningOpRef<ModuleOp> module = ModuleOp::create(b.getLoc());
  Block &body = region.getBody().front();
  auto typesOf = [&](ValueRange values) {
    return llvm::map_to_vector(
        values, [&](Value value) -> Type { return byteType(value); });
  };
  ValueRange yielded = body.getTerminator()->getOperands();
  b.setInsertionPointToEnd(module->getBody());
  auto main = func::FuncOp::create(
      b, "main",
      b.getFunctionType(typesOf(body.getArguments()), typesOf(yielded)));
  b.setInsertionPointToStart(main.addEntryBlock());
  auto isUnsigned = [](Value value) {
    return cast<IntegerType>(typeOf(value).getElementType()).isUnsigned();
  };
  for (auto [argument, value] :
       llvm::zip(body.getArguments(), main.getArguments()))
    values[argument] = isUnsigned(argument)
                           ? b.changeSign(value, /*fromUnsigned=*/true)
                           : Value(value);
  for (Operation *op : region.getOperations()) {
    b.setLoc(nameOf(op));
    values[op->getResult(0)] = lower(op);
  }
  SmallVector<Value> results;
  for (Value value : yielded) {
    Value result = get(value);
    results.push_back(isUnsigned(value)
                          ? b.changeSign(result, /*fromUnsigned=*/false)
                          : result);
  }
  func::ReturnOp::create(b, results);
  return module;
}

OwningOpRef<ModuleOp> npu::lowerToTosa(RegionOp region, MLIRContext &context,
                                       const TosaTarget &target) {
  OwningOpRef<ModuleOp> module = Lowering(region, context, target).run();
  std::string message;
  ScopedDiagnosticHandler handler(&context, [&](Diagnostic &diagnostic) {
    if (message.empty())
      message = diagnostic.str();
  });
  tosa::TosaAttachTargetOptions validation;
  validation.profiles = {"pro_int"};
  validation.extensions = {"doubleround"};
  PassManager manager(&context);
  manager.addPass(tosa::createTosaAttachTarget(validation));
  manager.addPass(tosa::createTosaValidation());
  if (succeeded(manager.run(*module)))
    return module;
  mlir::emitError(region.getLoc())
      << "the region is no valid TOSA: " << message;
  return nullptr;
}
