//===- Signal.cpp - Fourier transforms --------------------------*- C++ -*-===//
//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A transform of n = n1 * n2 points is n2 of n1 points, a product with constant
// factors and n1 of n2 points; short ones, and those of prime length, are
// products with constant matrices. Complex numbers are pairs of values, in
// ONNX a last dimension of two.
//
//===----------------------------------------------------------------------===//

#include "passes/OnnxToEdge/Arithmetic.h"
#include <cmath>

using namespace mlir;
using namespace edgecc;

namespace {

/// Transforms of more points are split, if they can be.
constexpr int64_t kMostDirect = 64;
/// The longest transform that is one product.
constexpr int64_t kMostPoints = 2048;

/// Complex numbers (B, n); a null imaginary part is zero.
struct Complex {
  Value real, imaginary;
};

class FourierBuilder {
public:
  /// `sign` is that of the exponent: -1 forward, 1 backward.
  FourierBuilder(ConversionContext &ctx, Type type, int sign)
      : ctx(ctx), type(type), sign(sign) {}

  /// The first `kept` points of the transform of `x`; an error for a length
  /// that is too long to be one product.
  FailureOr<Complex> transform(Complex x, int64_t kept);

private:
  Complex direct(Complex x, int64_t kept);
  Complex multiply(Complex a, Complex b);
  Value constant(int64_t rows, int64_t columns,
                 llvm::function_ref<double(int64_t, int64_t)> element) {
    SmallVector<double> values;
    for (int64_t i = 0; i < rows; ++i)
      for (int64_t k = 0; k < columns; ++k)
        values.push_back(element(i, k));
    return ctx.createFloats(values, {rows, columns}, type);
  }
  Complex map(Complex x, llvm::function_ref<Value(Value)> move) {
    return {move(x.real), x.imaginary ? move(x.imaginary) : Value()};
  }

  ConversionContext &ctx;
  Type type;
  int sign;
};

} // namespace

/// The largest factor of `n` up to the limit; one for a prime.
static int64_t findFactor(int64_t n) {
  for (int64_t factor = std::min(kMostDirect, n / 2); factor > 1; --factor)
    if (n % factor == 0)
      return factor;
  return 1;
}

Complex FourierBuilder::direct(Complex x, int64_t kept) {
  int64_t n = getShape(x.real)[1];
  auto angle = [&](int64_t j, int64_t k) {
    return sign * 2 * M_PI * double(j * k % n) / n;
  };
  // Rows: real and imaginary inputs; columns: real and imaginary outputs.
  bool isComplex = bool(x.imaginary);
  Value matrix = constant(
      isComplex ? 2 * n : n, 2 * kept, [&](int64_t row, int64_t column) {
        double a = angle(row % n, column % kept);
        bool fromImaginary = row >= n, toImaginary = column >= kept;
        if (fromImaginary == toImaginary)
          return std::cos(a);
        return fromImaginary ? -std::sin(a) : std::sin(a);
      });
  Value input = x.real;
  if (isComplex)
    input = ctx.create<edge::ConcatOp>(ValueRange{x.real, x.imaginary},
                                       ctx.getBuilder().getI64IntegerAttr(1));
  Value product =
      ctx.create<edge::MatMulOp>(input, matrix, Value(), ValueRange());
  return {ctx.slice(product, 1, 0, kept), ctx.slice(product, 1, kept, kept)};
}

Complex FourierBuilder::multiply(Complex a, Complex b) {
  auto mul = [&](Value x, Value y) { return ctx.create<edge::MulOp>(x, y); };
  return {ctx.create<edge::SubOp>(mul(a.real, b.real),
                                  mul(a.imaginary, b.imaginary)),
          ctx.create<edge::AddOp>(mul(a.real, b.imaginary),
                                  mul(a.imaginary, b.real))};
}

FailureOr<Complex> FourierBuilder::transform(Complex x, int64_t kept) {
  int64_t batch = getShape(x.real)[0], n = getShape(x.real)[1];
  int64_t n1 = n > kMostDirect ? findFactor(n) : 1;
  if (n1 == 1) {
    if (n > kMostPoints)
      return ctx.error() << "transforms " << n << " points, which has a factor "
                         << "beyond " << kMostPoints;
    return direct(x, kept);
  }
  // Point n2 * j1 + j2 goes to k1 + n1 * k2.
  int64_t n2 = n / n1;
  Complex inner = map(x, [&](Value part) {
    part = ctx.transpose(ctx.reshape(part, {batch, n1, n2}), {0, 2, 1});
    return ctx.reshape(part, {batch * n2, n1});
  });
  inner = direct(inner, n1);
  auto factor = [&](bool isSine) {
    return ctx.reshape(constant(n2, n1,
                                [&](int64_t j, int64_t k) {
                                  double a = sign * 2 * M_PI * j * k / n;
                                  return isSine ? std::sin(a) : std::cos(a);
                                }),
                       {1, n2, n1});
  };
  inner = map(inner,
              [&](Value part) { return ctx.reshape(part, {batch, n2, n1}); });
  inner = multiply(inner, {factor(false), factor(true)});
  inner = map(inner, [&](Value part) {
    return ctx.reshape(ctx.transpose(part, {0, 2, 1}), {batch * n1, n2});
  });
  FailureOr<Complex> outer = transform(inner, n2);
  if (failed(outer))
    return failure();
  return map(*outer, [&](Value part) {
    part = ctx.transpose(ctx.reshape(part, {batch, n1, n2}), {0, 2, 1});
    return ctx.slice(ctx.reshape(part, {batch, n}), 1, 0, kept);
  });
}

/// `x` (B, n) with `size` points: cut, or filled up with zeros.
static Value resized(ConversionContext &ctx, Value x, int64_t size) {
  int64_t own = getShape(x)[1];
  if (own >= size)
    return ctx.slice(x, 1, 0, size);
  return ctx.create<edge::PadOp>(
      x, edge::PadMode::Constant, SmallVector<int64_t>{0, 0},
      SmallVector<int64_t>{0, size - own}, APFloat(0.0));
}

/// The transform of the rows (B, n, 1 or 2) of `x` over `size` points, as
/// (B, kept, 2), or (B, size, 1) for the real one that `inverse` and `onesided`
/// ask for.
static Value transformRows(ConversionContext &ctx, Value x, int64_t size,
                           bool inverse, bool onesided) {
  int64_t batch = getShape(x)[0];
  auto part = [&](int64_t index) {
    return ctx.reshape(ctx.slice(x, 2, index, 1), getShape(x).drop_back());
  };
  Complex input{part(0), getShape(x)[2] == 2 ? part(1) : Value()};
  bool isReal = inverse && onesided;
  int64_t given = isReal ? size / 2 + 1 : size;
  input.real = resized(ctx, input.real, given);
  if (input.imaginary)
    input.imaginary = resized(ctx, input.imaginary, given);
  if (int64_t rest = size - given; isReal && rest > 0) {
    // The other half is this one backwards, conjugate.
    auto mirror = [&](Value value, bool negates) {
      Value back = ctx.create<edge::SliceOp>(
          value, SmallVector<int64_t>{0, rest},
          SmallVector<int64_t>{batch, rest}, SmallVector<int64_t>{1, -1});
      if (negates)
        back = ctx.create<edge::NegOp>(back);
      return ctx.create<edge::ConcatOp>(ValueRange{value, back},
                                        ctx.getBuilder().getI64IntegerAttr(1));
    };
    input.real = mirror(input.real, false);
    if (input.imaginary)
      input.imaginary = mirror(input.imaginary, true);
  }
  int64_t kept = onesided && !inverse ? size / 2 + 1 : size;
  FourierBuilder fourier(ctx, getElementType(x), inverse ? 1 : -1);
  FailureOr<Complex> output = fourier.transform(input, kept);
  if (failed(output))
    return {};
  auto column = [&](Value value) {
    return ctx.reshape(value, {batch, kept, 1});
  };
  Value result = column(output->real);
  if (!isReal)
    result = ctx.create<edge::ConcatOp>(
        ValueRange{result, column(output->imaginary)},
        ctx.getBuilder().getI64IntegerAttr(2));
  return inverse ? scale(ctx, result, 1.0 / size) : result;
}

namespace {

Value convertDft(ConversionContext &ctx) {
  if (failed(ctx.requireOperands(1)))
    return {};
  onnx::NodeOp node = ctx.getNode();
  Value x = ctx.operand(0);
  Type type = getElementType(x);
  x = ctx.widen(x);
  int64_t rank = getRank(x);
  if (rank < 2 || getShape(x).back() < 1 || getShape(x).back() > 2)
    return refuse(ctx, "needs an operand whose last dimension is 1 or 2");
  int64_t axisNumber = ctx.getVersion() < 20 ? node.getI64("axis", 1) : -2;
  if (ctx.getVersion() >= 20 && !node.isAbsent(2)) {
    FailureOr<SmallVector<int64_t>> list = ctx.ints(2, "axis");
    if (failed(list) || list->size() != 1)
      return failed(list) ? Value() : refuse(ctx, "needs one axis");
    axisNumber = list->front();
  }
  FailureOr<int64_t> axis = ctx.normalizeAxis(axisNumber, rank);
  if (failed(axis))
    return {};
  if (*axis == rank - 1)
    return refuse(ctx, "cannot transform the dimension of the complex parts");
  bool inverse = node.getI64("inverse", 0),
       onesided = node.getI64("onesided", 0);
  int64_t size = getShape(x)[*axis];
  if (inverse && onesided)
    size = 2 * (size - 1);
  if (!node.isAbsent(1)) {
    FailureOr<SmallVector<int64_t>> list = ctx.ints(1, "dft_length");
    if (failed(list) || list->size() != 1)
      return failed(list) ? Value() : refuse(ctx, "needs one length");
    size = list->front();
  }
  if (size < 1 || getTensorType(x).getNumElements() == 0)
    return refuse(ctx, "transforms no points");
  SmallVector<int64_t> order;
  for (int64_t i = 0; i < rank - 1; ++i)
    if (i != *axis)
      order.push_back(i);
  llvm::append_range(order, ArrayRef<int64_t>{*axis, rank - 1});
  Value rows = ctx.transpose(x, order);
  SmallVector<int64_t> shape(getShape(rows));
  int64_t points = shape[rank - 2], parts = shape[rank - 1];
  int64_t batch = getTensorType(rows).getNumElements() / (points * parts);
  rows = ctx.reshape(rows, {batch, points, parts});
  Value result = transformRows(ctx, rows, size, inverse, onesided);
  if (!result)
    return {};
  shape[rank - 2] = getShape(result)[1];
  shape[rank - 1] = getShape(result)[2];
  SmallVector<int64_t> back(rank);
  for (auto [to, from] : llvm::enumerate(order))
    back[from] = to;
  return ctx.cast(ctx.transpose(ctx.reshape(result, shape), back), type);
}

Value convertStft(ConversionContext &ctx) {
  if (failed(ctx.requireOperands(2)))
    return {};
  Value signal = ctx.operand(0), window = ctx.operand(2);
  Type type = getElementType(signal);
  signal = ctx.widen(signal);
  if (getRank(signal) == 2)
    signal = ctx.reshape(signal, {getShape(signal)[0], getShape(signal)[1], 1});
  if (getRank(signal) != 3)
    return refuse(ctx, "needs a signal of 3 dimensions");
  FailureOr<SmallVector<int64_t>> step = ctx.ints(1, "frame_step");
  if (failed(step) || step->size() != 1)
    return failed(step) ? Value() : refuse(ctx, "needs one frame step");
  int64_t length = window ? getTensorType(window).getNumElements() : 0;
  if (!ctx.getNode().isAbsent(3)) {
    FailureOr<SmallVector<int64_t>> list = ctx.ints(3, "frame_length");
    if (failed(list) || list->size() != 1)
      return failed(list) ? Value() : refuse(ctx, "needs one frame length");
    length = list->front();
  }
  int64_t batch = getShape(signal)[0], samples = getShape(signal)[1];
  int64_t parts = getShape(signal)[2];
  if (length < 1 || step->front() < 1 || samples < length ||
      (window && getTensorType(window).getNumElements() != length))
    return refuse(ctx, "has frames that do not fit the signal");
  int64_t frames = 1 + (samples - length) / step->front();
  SmallVector<int64_t> positions;
  for (int64_t frame = 0; frame < frames; ++frame)
    for (int64_t i = 0; i < length; ++i)
      positions.push_back(frame * step->front() + i);
  Value rows = ctx.create<edge::GatherOp>(
      signal, ctx.createInts(positions, {frames, length}),
      ctx.getBuilder().getI64IntegerAttr(1));
  if (window)
    rows = ctx.create<edge::MulOp>(
        rows, ctx.reshape(ctx.cast(window, getElementType(rows)), {length, 1}));
  rows = ctx.reshape(rows, {batch * frames, length, parts});
  bool onesided = ctx.getNode().getI64("onesided", 1);
  Value result = transformRows(ctx, rows, length, /*inverse=*/false, onesided);
  if (!result)
    return {};
  return ctx.cast(ctx.reshape(result, {batch, frames, getShape(result)[1], 2}),
                  type);
}

Value convertMelWeightMatrix(ConversionContext &ctx) {
  double numbers[5];
  for (unsigned i = 0; i < 5; ++i) {
    std::optional<double> number = constantNumber(ctx, ctx.operand(i));
    if (!number)
      return refuse(ctx,
                    "operand " + Twine(i) + " must be known at compile time");
    numbers[i] = *number;
  }
  auto [bins, length, rate, low, high] = numbers;
  int64_t numBins = bins, spectrogram = int64_t(length) / 2 + 1;
  if (numBins < 0 || length < 0 || rate <= 0 || numBins > (int64_t(1) << 20) ||
      spectrogram > (int64_t(1) << 20))
    return refuse(ctx, "has sizes out of range");
  Type type = getElementTypeOfOnnx(ctx.getBuilder(),
                                   ctx.getNode().getI64("output_datatype", 1));
  if (!type)
    return refuse(ctx, "has an output_datatype that edgecc does not compute "
                       "with");
  auto mel = [](double hertz) { return 2595 * std::log10(1 + hertz / 700); };
  double step = (mel(high) - mel(low)) / (numBins + 2);
  SmallVector<int64_t> edges;
  for (int64_t i = 0; i < numBins + 2; ++i) {
    double hertz = 700 * (std::pow(10.0, (i * step + mel(low)) / 2595) - 1);
    edges.push_back(std::clamp<int64_t>(std::floor((length + 1) * hertz / rate),
                                        0, spectrogram - 1));
  }
  SmallVector<float> matrix(spectrogram * numBins, 0);
  for (int64_t bin = 0; bin < numBins; ++bin) {
    int64_t left = edges[bin], center = edges[bin + 1], right = edges[bin + 2];
    auto at = [&](int64_t row) -> float & {
      return matrix[row * numBins + bin];
    };
    if (left == center)
      at(center) = 1;
    for (int64_t row = left; left < center && row <= center; ++row)
      at(row) = float(row - left) / float(center - left);
    for (int64_t row = center; row < right; ++row)
      at(row) = float(right - row) / float(right - center);
  }
  Value result = ctx.createFloats(matrix, {spectrogram, numBins},
                                  ctx.getBuilder().getF32Type());
  return ctx.cast(result, type);
}

} // namespace

void edgecc::registerSignalConverters(ConverterTable &table) {
  table.add("DFT", single(convertDft));
  table.add("MelWeightMatrix", single(convertMelWeightMatrix));
  table.add("STFT", single(convertStft));
}
