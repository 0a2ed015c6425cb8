//===- Layers.cpp - operations as commands of edge-sim ----------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "codegen/npu/edge_sim/Layers.h"
#include "codegen/npu/Rules.h"
#include "passes/Place/Passes.h"
#include "passes/Quantization/Averages.h"

#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace edgecc;
using namespace edgecc::edge;
using namespace edgecc::npu;
using namespace edgecc::npu::edge_sim;
using namespace edgecc::quantization;

/// Where the constants of layers, and what is in them, begin.
static constexpr int64_t alignment = 16;

static constexpr int64_t tableBytes = 256;

/// The last three dimensions, filled up with ones in front; nothing if there
/// are others that are not one.
static std::optional<std::array<int64_t, 3>> imageShape(Value value) {
  std::array<int64_t, 3> image = {1, 1, 1};
  ArrayRef<int64_t> shape = typeOf(value).getShape();
  for (auto [i, size] : llvm::enumerate(llvm::reverse(shape)))
    if (i < image.size())
      image[image.size() - 1 - i] = size;
    else if (size != 1)
      return std::nullopt;
  return image;
}

/// The whole of `value`, which has an image shape.
static View imageOf(Value value) {
  auto [height, width, channels] = *imageShape(value);
  return View::dense(height, width, channels);
}

/// All elements of `value` as rows of the last dimension.
static View flatView(Value value) {
  int64_t count = typeOf(value).getNumElements();
  ArrayRef<int64_t> shape = typeOf(value).getShape();
  int64_t last = shape.empty() ? 1 : shape.back();
  return View::dense(count / std::max<int64_t>(last, 1), 1, last);
}

/// The last three of numbers per dimension.
static std::array<int64_t, 3> lastThree(ArrayRef<int64_t> numbers,
                                        int64_t filler) {
  std::array<int64_t, 3> last = {filler, filler, filler};
  for (auto [i, number] : llvm::enumerate(llvm::reverse(numbers)))
    if (i < last.size())
      last[last.size() - 1 - i] = number;
  return last;
}

//===----------------------------------------------------------------------===//
// Rules
//===----------------------------------------------------------------------===//

static std::string checkProducts(Operation *op) {
  std::optional<Contraction> contraction = Contraction::get(op);
  if (!bytesOfWeights(*contraction))
    return "its weights are not of 8 bits with one zero point";
  if (auto conv = dyn_cast<ConvOp>(op); conv && conv.getGroups() != 1)
    if (!conv.isDepthwise() ||
        contraction->channels() != int64_t(conv.getGroups()))
      return "it has " + std::to_string(conv.getGroups()) + " groups";
  return {};
}

/// The most rows or columns of a window.
static constexpr int64_t largestWindow = 64;

static std::string checkReduction(ReduceOp op) {
  RankedTensorType type = op.getInput().getType();
  for (int64_t axis : op.getAxes()) {
    if (type.getRank() != 4 || (axis != 1 && axis != 2))
      return "it is not over height and width";
    if (type.getDimSize(axis) > largestWindow)
      return "it adds up " + std::to_string(type.getDimSize(axis)) +
             " pixels of a row or column, and the NPU " +
             std::to_string(largestWindow) + " at most";
  }
  return {};
}

static std::string checkAverage(Operation *op) {
  if (auto pool = dyn_cast<PoolOp>(op); pool && pool.getKind() == PoolKind::Max)
    return quantizedType(pool.getInput()) == quantizedType(pool.getResult())
               ? ""
               : "it changes the scale of its values";
  if (!Average::getRaised(op))
    return "it is no average";
  auto reduce = dyn_cast<ReduceOp>(op);
  return reduce ? checkReduction(reduce) : "";
}

static std::string checkImages(Operation *op) {
  if (imageShape(op->getOperand(0)))
    return {};
  return "it has " +
         std::to_string(typeOf(op->getOperand(0)).getShape().front()) +
         " images, and the NPU takes one at a time";
}

std::string edge_sim::checkCommands(Operation *op) {
  if (std::string sentence =
          checkWindow(op, largestWindow, largestWindow, largestWindow);
      !sentence.empty())
    return sentence;
  if (isa<ConvOp, PoolOp, ReduceOp>(op))
    if (std::string sentence = checkImages(op); !sentence.empty())
      return sentence;
  return llvm::TypeSwitch<Operation *, std::string>(op)
      .Case<ConvOp, MatMulOp>([](Operation *op) { return checkProducts(op); })
      .Case<PoolOp, ReduceOp>([](Operation *op) { return checkAverage(op); })
      .Case<AddOp, SubOp, MulOp>([](Operation *op) { return checkSum(op); })
      .Case([](GatherOp op) { return checkTable(op); })
      .Case<PadOp, SliceOp>([](Operation *op) -> std::string {
        if (!imageShape(op->getOperand(0)) || !imageShape(op->getResult(0)))
          return "it has more than three dimensions";
        auto slice = dyn_cast<SliceOp>(op);
        if (slice && (llvm::any_of(slice.getStrides(),
                                   [](int64_t step) { return step < 1; }) ||
                      lastThree(slice.getStrides(), 1).back() != 1))
          return "it turns its elements round, or leaves channels out";
        return checkMovement(op);
      })
      .Case<ClampOp, ConcatOp, ReshapeOp>(
          [](Operation *op) { return checkMovement(op); })
      .Default([](Operation *op) {
        return "the NPU has no operator '" +
               op->getName().stripDialect().str() + "'";
      });
}

//===----------------------------------------------------------------------===//
// Commands
//===----------------------------------------------------------------------===//

/// The window of a convolution or of pooling.
template <typename OpTy>
static schema::Window windowOf(OpTy op, ArrayRef<int64_t> kernel) {
  return {uint32_t(kernel[0]),          uint32_t(kernel[1]),
          uint32_t(op.getStrides()[0]), uint32_t(op.getStrides()[1]),
          uint32_t(op.getDilation(0)),  uint32_t(op.getDilation(1)),
          uint32_t(op.getPadsLow()[0]), uint32_t(op.getPadsLow()[1])};
}

/// The constants of a product of matrices, with what fills blocks up.
static void describeWeights(int64_t depth, int64_t channels, const Machine &m,
                            Layer &layer) {
  layer.parameterBytes = llvm::alignTo(8 * channels, alignment);
  layer.bytesPerChannel = llvm::alignTo(depth, m.depth);
  layer.weightBytes =
      layer.bytesPerChannel * llvm::alignTo(channels, m.columns);
}

static void describeConv(ConvOp op, const Machine &m, Layer &layer) {
  ArrayRef<int64_t> weights = typeOf(op.getWeights()).getShape();
  Command command{op.getGroups() == 1 ? schema::Opcode_Convolve
                                      : schema::Opcode_ConvolveDepthwise,
                  imageOf(op.getInput()),
                  {},
                  imageOf(op.getResult())};
  command.window = windowOf(op, weights.take_front(2));
  layer.commands.push_back(command);
  describeWeights(weights[0] * weights[1] * weights[2], weights[3], m, layer);
}

static void describeMatMul(MatMulOp op, const Machine &m, Layer &layer) {
  ArrayRef<int64_t> weights = typeOf(op.getRhs()).getShape();
  int64_t rows = typeOf(op.getLhs()).getNumElements() / weights[0];
  layer.commands.push_back({schema::Opcode_Convolve,
                            View::dense(rows, 1, weights[0]),
                            {},
                            View::dense(rows, 1, weights[1])});
  describeWeights(weights[0], weights[1], m, layer);
}

static void describePool(Operation *op, Layer &layer) {
  Command command{schema::Opcode_MaxPool,
                  imageOf(op->getOperand(0)),
                  {},
                  imageOf(op->getResult(0))};
  if (auto pool = dyn_cast<PoolOp>(op))
    command.window = windowOf(pool, pool.getKernel());
  if (auto reduce = dyn_cast<ReduceOp>(op)) {
    // One position of a window that is as large as what is added up.
    auto sizeAlong = [&](int64_t axis, int64_t size) {
      return llvm::is_contained(reduce.getAxes(), axis) ? uint32_t(size) : 1;
    };
    command.window = {sizeAlong(1, command.a.height),
                      sizeAlong(2, command.a.width),
                      1,
                      1,
                      1,
                      1,
                      0,
                      0};
  }
  if (std::optional<Average> average = Average::getRaised(op)) {
    command.opcode = schema::Opcode_SumPool;
    command.multiplier = float(
        Parameters(average->inputType()).scale() /
        (Parameters(average->typeOfRaised()).scale() * double(average->count)));
  }
  layer.commands.push_back(command);
}

static void describeElementwise(Operation *op, schema::Opcode opcode,
                                Layer &layer) {
  layer.commands.push_back({opcode, flatView(op->getOperand(0)),
                            flatView(op->getOperands().back()),
                            flatView(op->getResult(0))});
}

static void describeConcat(ConcatOp op, Layer &layer) {
  RankedTensorType type = op.getType();
  int64_t inner = 1;
  for (int64_t size : type.getShape().drop_front(op.getAxis() + 1))
    inner *= size;
  int64_t pitch = inner * type.getDimSize(op.getAxis()), offset = 0;
  for (auto [i, input] : llvm::enumerate(op.getInputs())) {
    int64_t bytes = inner * typeOf(input).getDimSize(op.getAxis());
    Command copy{schema::Opcode_Copy};
    copy.a = View::dense(
        1, typeOf(input).getNumElements() / std::max<int64_t>(bytes, 1), bytes);
    copy.result = copy.a;
    copy.result.pixelPitch = pitch;
    copy.result.rowPitch = pitch * copy.result.width;
    copy.result.offset = offset;
    copy.inputOfA = i;
    layer.commands.push_back(copy);
    offset += bytes;
  }
}

/// The part of the tensor `whole` that begins at `low`, with these steps, and
/// is as large as `part`.
static View partOf(View whole, View part, std::array<int64_t, 3> low,
                   std::array<int64_t, 3> steps) {
  part.rowPitch = whole.rowPitch * steps[0];
  part.pixelPitch = whole.pixelPitch * steps[1];
  part.offset = low[0] * whole.rowPitch + low[1] * whole.pixelPitch + low[2];
  return part;
}

static void describePad(PadOp op, Layer &layer) {
  View input = imageOf(op.getInput()), result = imageOf(op.getResult());
  Parameters p(quantizedType(op.getResult()));
  Command fill{schema::Opcode_Fill};
  fill.result = flatView(op.getResult());
  fill.value = uint8_t(p.quantize(op.getValue().convertToDouble()));
  Command copy{schema::Opcode_Copy};
  copy.a = input;
  copy.result = partOf(result, input, lastThree(op.getLow(), 0), {1, 1, 1});
  layer.commands = {fill, copy};
}

static void describeSlice(SliceOp op, Layer &layer) {
  View input = imageOf(op.getInput()), result = imageOf(op.getResult());
  Command copy{schema::Opcode_Copy};
  copy.a = partOf(input, result, lastThree(op.getOffsets(), 0),
                  lastThree(op.getStrides(), 1));
  copy.result = result;
  layer.commands.push_back(copy);
}

Layer edge_sim::describe(Operation *op, const Machine &machine) {
  Layer layer{op};
  for (Value operand : op->getOperands())
    if (!place::isKnown(operand))
      layer.inputs.push_back(operand);
  llvm::TypeSwitch<Operation *>(op)
      .Case([&](ConvOp op) { describeConv(op, machine, layer); })
      .Case([&](MatMulOp op) { describeMatMul(op, machine, layer); })
      .Case<PoolOp, ReduceOp>([&](Operation *op) { describePool(op, layer); })
      .Case(
          [&](AddOp op) { describeElementwise(op, schema::Opcode_Add, layer); })
      .Case([&](SubOp op) {
        describeElementwise(op, schema::Opcode_Subtract, layer);
      })
      .Case([&](MulOp op) {
        describeElementwise(op, schema::Opcode_Multiply, layer);
      })
      .Case<ClampOp, GatherOp>([&](Operation *op) {
        // The only input, of a gather behind its table.
        layer.commands.push_back({schema::Opcode_Lookup,
                                  flatView(layer.inputs.front()),
                                  {},
                                  flatView(op->getResult(0))});
        layer.weightBytes = tableBytes;
      })
      .Case([&](ConcatOp op) { describeConcat(op, layer); })
      .Case([&](PadOp op) { describePad(op, layer); })
      .Case([&](SliceOp op) { describeSlice(op, layer); });
  layer.weightBytes = llvm::alignTo(layer.weightBytes, alignment);
  return layer;
}

bool Layer::canBeTiled() const {
  if (commands.size() != 1)
    return false;
  const Command &c = commands.front();
  if (c.opcode == schema::Opcode_Copy || c.opcode == schema::Opcode_Fill)
    return false;
  // The window of the last row does not lie below the input.
  int64_t last = (c.result.height - 1) * int64_t(c.window.stride_y());
  return last - int64_t(c.window.pad_top()) < c.a.height;
}

//===----------------------------------------------------------------------===//
// Constants
//===----------------------------------------------------------------------===//

/// Bias and multiplier of each channel.
static void writeParameters(const Contraction &contraction, uint8_t *to) {
  double scale =
      Parameters(quantizedType(contraction.op->getResult(0))).scale();
  SmallVector<int64_t> bias(contraction.channels(), 0);
  if (contraction.bias)
    bias = *contraction.integerBias();
  for (auto [i, number] : llvm::enumerate(bias)) {
    auto multiplier = float(contraction.scale(i) / scale);
    llvm::support::endian::write32le(to + 8 * i, uint32_t(number));
    llvm::support::endian::write32le(to + 8 * i + 4,
                                     llvm::bit_cast<uint32_t>(multiplier));
  }
}

/// Weights in the order in which the array takes them.
static void writeWeights(const Contraction &contraction, const Machine &m,
                         uint8_t *to) {
  SmallVector<int8_t> weights = bytesOfWeights(contraction)->bytes;
  int64_t channels = contraction.channels();
  int64_t depth = int64_t(weights.size()) / channels;
  int64_t blocks = llvm::divideCeil(depth, m.depth);
  for (int64_t k = 0; k < depth; ++k)
    for (int64_t n = 0; n < channels; ++n) {
      int64_t block = n / m.columns * blocks + k / m.depth;
      to[(block * m.columns + n % m.columns) * m.depth + k % m.depth] =
          uint8_t(weights[k * channels + n]);
    }
}

static void writeTable(ClampOp op, uint8_t *to) {
  quant::QuantizedType type = quantizedType(op.getResult());
  Parameters p(type);
  int64_t least = p.quantize(op.getMin().convertToDouble());
  int64_t most = p.quantize(op.getMax().convertToDouble());
  for (int64_t i = 0; i < tableBytes; ++i) {
    int64_t q = storageType(type).isUnsigned() ? i : int64_t(int8_t(i));
    to[i] = uint8_t(std::min(std::max(q, least), most));
  }
}

std::vector<uint8_t> edge_sim::constantsOf(const Layer &layer,
                                           const Machine &machine) {
  std::vector<uint8_t> bytes(layer.parameterBytes + layer.weightBytes);
  uint8_t *weights = bytes.data() + layer.parameterBytes;
  if (std::optional<Contraction> contraction = Contraction::get(layer.op)) {
    writeParameters(*contraction, bytes.data());
    writeWeights(*contraction, machine, weights);
  } else if (auto table = tableOf(layer.op)) {
    llvm::copy(*table, weights);
  } else if (auto clamp = dyn_cast<ClampOp>(layer.op)) {
    writeTable(clamp, weights);
  }
  return bytes;
}

int64_t edge_sim::weightZeroPointOf(const Layer &layer) {
  std::optional<Contraction> contraction = Contraction::get(layer.op);
  return contraction ? bytesOfWeights(*contraction)->zeroPoint : 0;
}

//===----------------------------------------------------------------------===//
// Costs
//===----------------------------------------------------------------------===//

static int64_t cyclesOf(const Command &c, const Machine &m) {
  int64_t pixels = c.result.height * c.result.width;
  int64_t taps = int64_t(c.window.kernel_height()) * c.window.kernel_width();
  int64_t ofVector = llvm::divideCeil(pixels * c.result.channels, m.lanes);
  switch (c.opcode) {
  case schema::Opcode_Convolve:
  case schema::Opcode_ConvolveDepthwise: {
    int64_t depth =
        c.opcode == schema::Opcode_Convolve ? taps * c.a.channels : taps;
    // While the array works on a block, the one before is scaled.
    int64_t perBlock = std::max(llvm::divideCeil(depth, m.depth),
                                llvm::divideCeil(m.rows * m.columns, m.lanes));
    return m.arrayStartCycles +
           int64_t(llvm::divideCeil(pixels, m.rows) *
                   llvm::divideCeil(c.result.channels, m.columns)) *
               perBlock;
  }
  case schema::Opcode_MaxPool:
  case schema::Opcode_SumPool:
    return m.vectorStartCycles + ofVector * taps;
  default:
    return m.vectorStartCycles + ofVector;
  }
}

int64_t edge_sim::cyclesOf(ArrayRef<Command> commands, const Machine &machine) {
  int64_t cycles = 0;
  for (const Command &command : commands)
    cycles += ::cyclesOf(command, machine);
  return cycles;
}
