//===- Generator.cpp - tensors made from shapes and numbers -----*- C++ -*-===//
//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Operators whose result, or at least its shape, depends on values that must
// be known at compile time.
//
//===----------------------------------------------------------------------===//

#include "dialects/Edge/EdgeConstants.h"
#include "passes/OnnxToEdge/Arithmetic.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/xxhash.h"
#include <cmath>

using namespace mlir;
using namespace edgecc;

namespace {

Value convertConstantOfShape(ConversionContext &ctx) {
  FailureOr<SmallVector<int64_t>> shape = ctx.ints(0, "shape");
  if (failed(shape))
    return {};
  if (llvm::any_of(*shape, [](int64_t size) { return size < 0; }))
    return refuse(ctx, "has a shape with a negative size");
  ElementsAttr value = ctx.getNode().getTensor("value");
  if (!value)
    return ctx.createSplat(0.0, ctx.getBuilder().getF32Type(), *shape);
  if (value.getNumElements() != 1)
    return refuse(ctx, "attribute value has " + Twine(value.getNumElements()) +
                           " elements, not one");
  Type type = value.getElementType();
  if (!type.isIntOrFloat())
    return refuse(ctx, "makes a constant of type " +
                           llvm::formatv("{0}", type).str());
  // One element stands for all, however many they are.
  std::optional<edge::ConstantView> view = edge::ConstantView::get(value);
  if (type.isInteger(1))
    return ctx.createSplat(view->integer(0), type, *shape);
  return ctx.createConstant(DenseElementsAttr::getFromRawBuffer(
      RankedTensorType::get(*shape, type), view->bytes()));
}

/// Start, limit and delta are known at run time: as many places as the longest
/// range has, of which the first ones are there. That there are so many is what
/// the user says, or follows from what the graph does to these numbers.
Value createOpenRange(ConversionContext &ctx, Type type) {
  Type f64 = ctx.getBuilder().getF64Type(), i32 = ctx.getBuilder().getI32Type();
  Value start = ctx.reshape(ctx.operand(0), {});
  Value limit = ctx.reshape(ctx.operand(1), {});
  Value delta = ctx.reshape(ctx.operand(2), {});
  std::optional<int64_t> most;
  std::optional<double> step = constantNumber(ctx, delta), first, last;
  if (step && *step != 0) {
    first = findExtreme(ctx, start, /*isLargest=*/*step < 0);
    last = findExtreme(ctx, limit, /*isLargest=*/*step > 0);
  }
  if (first && last && (*last - *first) / *step < 0x1p31)
    most = std::max(std::ceil((*last - *first) / *step), 1.0);
  FailureOr<SizeBound> bound = ctx.findBound(
      0, 0, most, "start, limit and delta must be known at compile time");
  if (failed(bound) || failed(ctx.checkListed(bound->most)))
    return {};
  Value distance =
      ctx.create<edge::SubOp>(ctx.cast(limit, f64), ctx.cast(start, f64));
  Value count = ctx.create<edge::CeilOp>(
      ctx.create<edge::DivOp>(distance, ctx.cast(delta, f64)));
  count = ctx.cast(clamp(ctx, count, 0, kInfinity), i32);
  Value places = ctx.cast(iota(ctx, bound->most), type);
  places =
      ctx.create<edge::AddOp>(ctx.create<edge::MulOp>(places, delta), start);
  return ctx.bounded(places, 0, ctx.limit(count, *bound));
}

Value convertRange(ConversionContext &ctx) {
  if (failed(ctx.requireOperands(3)))
    return {};
  Type type = getElementType(ctx.operand(0));
  for (unsigned i = 0; i < 3; ++i) {
    if (getTensorType(ctx.operand(i)).getNumElements() != 1)
      return refuse(ctx, "needs one start, limit and delta");
    if (!ctx.constant(ctx.operand(i)))
      return createOpenRange(ctx, type);
  }
  if (isa<FloatType>(type)) {
    double numbers[3];
    for (unsigned i = 0; i < 3; ++i)
      numbers[i] = *constantNumber(ctx, ctx.operand(i));
    auto [start, limit, delta] = numbers;
    if (delta == 0.0)
      return refuse(ctx, "has the delta zero");
    double size = std::max(std::ceil((limit - start) / delta), 0.0);
    if (!(size < 0x1p62))
      return refuse(ctx, "has bounds that give no number of elements");
    return scale(ctx, ctx.cast(iota(ctx, size), type), delta, start);
  }
  auto start = ctx.ints(0, "start"), limit = ctx.ints(1, "limit"),
       delta = ctx.ints(2, "delta");
  if (failed(start) || failed(limit) || failed(delta))
    return {};
  if (delta->front() == 0)
    return refuse(ctx, "has the delta zero");
  int64_t first = start->front(), end = limit->front(), step = delta->front();
  // In double, the difference of any two of them is there.
  double distance = double(end) - double(first);
  int64_t size = std::max(std::ceil(distance / double(step)), 0.0);
  if (failed(ctx.checkListed(size)))
    return {};
  SmallVector<int64_t> values;
  for (int64_t i = 0; i < size; ++i)
    values.push_back(first + i * step);
  return ctx.cast(ctx.createInts(values, {size}), type);
}

Value convertEyeLike(ConversionContext &ctx) {
  Value x = ctx.operand(0);
  if (getRank(x) != 2)
    return refuse(ctx,
                  "needs an operand of rank 2, has rank " + Twine(getRank(x)));
  Type type = getElementType(x);
  if (std::optional<int64_t> number = ctx.getNode().findI64("dtype")) {
    type = getElementTypeOfOnnx(ctx.getBuilder(), *number);
    if (!type)
      return refuse(ctx, "attribute dtype = " + Twine(*number) +
                             " is not a type that edgecc computes with");
  }
  int64_t diagonal = ctx.getNode().getI64("k", 0);
  int64_t rows = getShape(x)[0], columns = getShape(x)[1];
  if (failed(ctx.checkListed(rows * columns)))
    return {};
  SmallVector<int64_t> values(rows * columns, 0);
  for (int64_t row = 0; row < rows; ++row)
    if (row + diagonal >= 0 && row + diagonal < columns)
      values[row * columns + row + diagonal] = 1;
  return ctx.cast(ctx.createInts(values, {rows, columns}), type);
}

Value convertOneHot(ConversionContext &ctx) {
  if (failed(ctx.requireOperands(3)))
    return {};
  Value depthOperand = ctx.operand(1), values = ctx.operand(2);
  std::optional<double> depth = constantNumber(ctx, depthOperand);
  if (!depth || *depth < 0)
    return refuse(ctx, "needs a constant depth that is not negative");
  if (getTensorType(values).getNumElements() != 2)
    return refuse(ctx, "needs two values, off and on");
  Value indices = ctx.cast(ctx.operand(0), ctx.getBuilder().getI64Type());
  int64_t rank = getRank(indices) + 1;
  FailureOr<int64_t> axis =
      ctx.normalizeAxis(ctx.getNode().getI64("axis", -1), rank);
  if (failed(axis))
    return {};
  Value negative = compare(ctx, edge::ComparePredicate::LT, indices,
                           scalar(ctx, indices, 0));
  indices = ctx.create<edge::SelectOp>(negative, scale(ctx, indices, 1, *depth),
                                       indices);
  SmallVector<int64_t> shape = llvm::to_vector(getShape(indices));
  shape.insert(shape.begin() + *axis, 1);
  Value hit =
      compare(ctx, edge::ComparePredicate::EQ, ctx.reshape(indices, shape),
              iota(ctx, *depth, *axis, rank));
  Value off = ctx.reshape(ctx.slice(values, 0, 0, 1), {});
  Value on = ctx.reshape(ctx.slice(values, 0, 1, 1), {});
  return ctx.create<edge::SelectOp>(hit, on, off);
}

//===----------------------------------------------------------------------===//
// Random numbers
//===----------------------------------------------------------------------===//

/// Numbers that look random: the same in every run, because a network has no
/// state to draw others from.
class RandomNumbers {
public:
  explicit RandomNumbers(ConversionContext &ctx) {
    float seed = ctx.getNode().getF32("seed", 0);
    state = llvm::bit_cast<uint32_t>(seed);
    // Nodes without a seed differ by their names.
    if (seed == 0)
      state = llvm::xxh3_64bits(ctx.getNode().describe());
  }
  /// From 0, included, to 1.
  double next() {
    // The generator splitmix64.
    uint64_t z = state += 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return double((z ^ (z >> 31)) >> 11) * 0x1p-53;
  }
  /// Of mean 0 and deviation 1, by the method of Box and Muller.
  double nextNormal() {
    double radius = std::sqrt(-2 * std::log(1 - next()));
    return radius * std::cos(2 * M_PI * next());
  }

private:
  uint64_t state;
};

/// A constant of `shape` with numbers of `draw`.
Value createRandom(ConversionContext &ctx, ArrayRef<int64_t> shape, Type type,
                   llvm::function_ref<double()> draw) {
  int64_t count = ShapedType::getNumElements(shape);
  if (failed(ctx.checkListed(count)))
    return {};
  SmallVector<float> numbers(count);
  for (float &number : numbers)
    number = draw();
  return ctx.cast(
      ctx.createFloats(numbers, shape, ctx.getBuilder().getF32Type()), type);
}

template <bool isNormal, bool isLike>
Value convertRandom(ConversionContext &ctx) {
  onnx::NodeOp node = ctx.getNode();
  SmallVector<int64_t> shape(node.getInts("shape"));
  Type type = ctx.getBuilder().getF32Type();
  if (isLike) {
    if (failed(ctx.requireOperands(1)))
      return {};
    shape.assign(getShape(ctx.operand(0)).begin(),
                 getShape(ctx.operand(0)).end());
    type = getElementType(ctx.operand(0));
  }
  if (std::optional<int64_t> number = node.findI64("dtype"))
    type = getElementTypeOfOnnx(ctx.getBuilder(), *number);
  if (!isa_and_nonnull<FloatType>(type) ||
      llvm::any_of(shape, [](int64_t size) { return size < 0; }))
    return refuse(ctx, "needs a shape and a type of floats");
  RandomNumbers numbers(ctx);
  double mean = node.getF32("mean", 0), scale = node.getF32("scale", 1);
  double low = node.getF32("low", 0), high = node.getF32("high", 1);
  return createRandom(ctx, shape, type, [&] {
    return isNormal ? mean + scale * numbers.nextNormal()
                    : low + (high - low) * numbers.next();
  });
}

/// In training, elements are left out at random and the others made larger.
Converted convertDropout(ConversionContext &ctx) {
  if (failed(ctx.requireOperands(1)))
    return failure();
  Value x = ctx.operand(0);
  Type maskType =
      ctx.getVersion() < 10 ? getElementType(x) : ctx.getBuilder().getI1Type();
  bool isTraining = false;
  if (Value training = ctx.operand(2)) {
    std::optional<double> flag = constantNumber(ctx, training);
    if (!flag)
      return ctx.error() << "operand 2 (training_mode) must be known at "
                            "compile time";
    isTraining = *flag != 0;
  }
  if (!isTraining)
    return SmallVector<Value>{x, ctx.createSplat(1, maskType, getShape(x))};
  Value ratio = ctx.operand(1);
  Type f32 = ctx.getBuilder().getF32Type();
  ratio =
      ratio ? ctx.reshape(ctx.cast(ratio, f32), {}) : ctx.createSplat(0.5, f32);
  RandomNumbers numbers(ctx);
  Value drawn =
      createRandom(ctx, getShape(x), f32, [&] { return numbers.next(); });
  if (!drawn)
    return failure();
  Value isKept = compare(ctx, edge::ComparePredicate::LE, ratio, drawn);
  Value factor = ctx.create<edge::DivOp>(ctx.createSplat(1, f32),
                                         scale(ctx, ratio, -1, 1));
  Value result = ctx.create<edge::SelectOp>(
      isKept, ctx.create<edge::MulOp>(x, ctx.cast(factor, getElementType(x))),
      scalar(ctx, x, 0));
  return SmallVector<Value>{result, ctx.cast(isKept, maskType)};
}

} // namespace

void edgecc::registerGeneratorConverters(ConverterTable &table) {
  table.add("ConstantOfShape", single(convertConstantOfShape));
  table.add("Range", single(convertRange));
  table.add("EyeLike", single(convertEyeLike));
  table.add("OneHot", single(convertOneHot));
  table.add("Dropout", convertDropout);
  table.add("RandomNormal", single(convertRandom<true, false>));
  table.add("RandomNormalLike", single(convertRandom<true, true>));
  table.add("RandomUniform", single(convertRandom<false, false>));
  table.add("RandomUniformLike", single(convertRandom<false, true>));
}
